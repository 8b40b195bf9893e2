"""Fitted models that a fit learns from, beside the labels: so a small one gets what a larger one knows."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stance.calibration import Floats
from stance.classifier import StanceClassifier
from stance.errors import SettingsError
from stance.folder import MANIFEST, ModelFolder, sha256
from stance.labels import LabelScheme
from stance.quotes import Quote
from training import bases, network
from training.dataset import ATTRIBUTED, BARE, FORMS
from training.labelled import Example

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Teachers:
    """Models with the axes of the one to be, whose mean probabilities are targets beside the labels.

    Source: Hinton, Vinyals and Dean 2015, "Distilling the knowledge in a neural network".
    """

    folders: Sequence[ModelFolder]

    @classmethod
    def open(cls, paths: Iterable[str | Path], scheme: LabelScheme) -> "Teachers":
        """Model folders; ModelFolderError or SettingsError where one cannot be a teacher."""
        folders = [ModelFolder.open(path) for path in paths]
        for folder in folders:
            if folder.scheme != scheme:
                raise SettingsError(
                    f"The teacher {folder.path} has the axes {folder.scheme.table()}, but the model to be "
                    f"has {scheme.table()}. Give teachers with the same ones."
                )
        return cls(folders)

    @property
    def names(self) -> list[str]:
        """What the folders are called."""
        return [folder.path.resolve().name for folder in self.folders]

    def hashes(self) -> list[str]:
        """The SHA-256 of every manifest, which has those of all other files."""
        return [sha256((folder.path / MANIFEST).read_bytes()) for folder in self.folders]

    def read(self, examples: Sequence[Example]) -> Floats:
        """Calibrated probabilities [rows, 2, width] of all outputs: for the words alone, and with speaker."""
        models = [_opened(folder) for folder in self.folders]
        forms = [[FORMS[form](example.quote) for example in examples] for form in (BARE, ATTRIBUTED)]
        by_model = [[_probabilities(model, quotes) for quotes in forms] for model in models]
        return np.asarray(np.mean(by_model, axis=0).swapaxes(0, 1), dtype=np.float32)


def _opened(folder: ModelFolder) -> StanceClassifier:
    # With its weights as they were fitted: in eight bits a large network can lose what it knows.
    base = bases.resolve(str(folder.path))
    model = network.TorchModel(network.network(base, folder.scheme).eval(), half=network.has_bf16())
    encoder = network.encoder(base, window=folder.window)
    return StanceClassifier(model, encoder, folder.scheme, folder.calibration, name=folder.name)


def _probabilities(model: StanceClassifier, quotes: Sequence[Quote]) -> Floats:
    labels = [(axis.name, label) for axis in model.scheme.axes for label in axis.labels]
    log.info("the teacher %s reads %d quotations", model.name, len(quotes))
    return np.array([[p[axis].scores[label] for axis, label in labels] for p in model.stream(quotes)])
