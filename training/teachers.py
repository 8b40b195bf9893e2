"""Fitted models that a fit learns from, beside the labels: what several know goes into one."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from stance.calibration import Floats
from stance.classifier import StanceClassifier, load
from stance.errors import SettingsError
from stance.folder import MANIFEST, ModelFolder, sha256
from stance.labels import LabelScheme
from stance.quotes import Quote
from training.swapping import SIDE, both_sides


class Teachers:
    """Models with the same axes, whose mean probabilities are targets.

    On all axes but the side they are also asked what they would say had a US or a Chinese spokesperson said
    it, so that their pupil learns what the words say, whoever says them.

    Source: Hinton, Vinyals and Dean 2015, "Distilling the knowledge in a neural network".
    """

    def __init__(self, folders: Sequence[ModelFolder], scheme: LabelScheme) -> None:
        self._scheme, self.folders = scheme, folders
        for folder in folders:
            if folder.scheme != scheme:
                raise SettingsError(
                    f"The teacher {folder.path} has the axes {folder.scheme.table()}, but the model to be "
                    f"has {scheme.table()}. Give teachers with the same ones."
                )
        self._models: list[StanceClassifier] = []
        self._known: dict[Quote, Floats] = {}

    @classmethod
    def open(cls, paths: Iterable[str | Path], scheme: LabelScheme) -> "Teachers":
        """Model folders; ModelFolderError or SettingsError where one cannot be a teacher."""
        return cls([ModelFolder.open(path) for path in paths], scheme)

    @property
    def names(self) -> list[str]:
        """What the folders are called."""
        return [folder.path.resolve().name for folder in self.folders]

    def hashes(self) -> list[str]:
        """The SHA-256 of every manifest, which has those of all other files."""
        return [sha256((folder.path / MANIFEST).read_bytes()) for folder in self.folders]

    def targets(self, quotes: Sequence[Quote]) -> Floats:
        """The mean calibrated probabilities [quotes, width] of all outputs, of quotations without context."""
        found = self._mean([replace(quote, context=None) for quote in quotes])
        others = [
            self._mean([replace(quote, speaker=who, context=None) for quote in quotes])
            for who in both_sides(self._scheme)
        ]
        for axis in self._scheme.axes:
            if axis.name != SIDE:
                found[:, axis.slice] = np.mean([one[:, axis.slice] for one in (found, *others)], axis=0)
        return found

    def _mean(self, quotes: Sequence[Quote]) -> Floats:
        """Each quotation is read once, however often it is asked for."""
        new = list(dict.fromkeys(quote for quote in quotes if quote not in self._known))
        if new:
            self._models = self._models or [load(folder.path) for folder in self.folders]
            mean = np.mean([self._read(model, new) for model in self._models], axis=0)
            self._known.update(zip(new, mean, strict=True))
        return np.array([self._known[quote] for quote in quotes])

    def _read(self, model: StanceClassifier, quotes: Sequence[Quote]) -> Floats:
        rows = []
        for p in model.stream(quotes):
            rows.append([p[axis.name].scores[label] for axis in self._scheme.axes for label in axis.labels])
        return np.array(rows)
