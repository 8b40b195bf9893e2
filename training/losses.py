"""What training makes small: the cross-entropy of every label that is there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional

from stance.labels import LabelScheme
from training.labelled import Example

MISSING = -100  # stands for a label that a row does not have


def label_row(example: Example, scheme: LabelScheme) -> list[int]:
    """The position of each axis's label, MISSING where there is none."""
    found = ((axis, example.labels.get(axis.name)) for axis in scheme.axes)
    return [axis.labels.index(label) if label is not None else MISSING for axis, label in found]


def class_weights(rows: Sequence[Sequence[int]], scheme: LabelScheme) -> list[torch.Tensor]:
    """For each axis, weights [labels] that let rare labels count as much as common ones."""
    weights = []
    for place, axis in enumerate(scheme.axes):
        counts = torch.tensor(
            [sum(row[place] == k for row in rows) for k in range(len(axis.labels))], dtype=torch.float
        )
        present = counts > 0
        balanced = torch.ones(len(axis.labels))
        balanced[present] = counts.sum() / (present.sum() * counts[present])
        weights.append(balanced)
    return weights


@dataclass(frozen=True)
class MaskedCrossEntropy:
    """Mean cross-entropy over the labels that are there, summed over the axes."""

    scheme: LabelScheme
    class_weights: Sequence[torch.Tensor]

    def __call__(self, outputs: Any, labels: torch.Tensor, num_items_in_batch: object = None) -> torch.Tensor:
        """outputs.logits [rows, width], labels [rows, axes + 1], whose last column is the row's weight."""
        logits, weight = outputs.logits, labels[:, -1]
        total = torch.zeros((), device=logits.device)
        for place, axis in enumerate(self.scheme.axes):
            losses = functional.cross_entropy(
                logits[:, axis.slice],
                labels[:, place].long(),
                weight=self.class_weights[place].to(logits.device),
                ignore_index=MISSING,
                reduction="none",
            )
            there = (labels[:, place] != MISSING) * weight
            total = total + (losses * weight).sum() / there.sum().clamp(min=1e-6)
        return total
