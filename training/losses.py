"""What training makes small: the cross-entropy of every label that is there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional

from stance.labels import LabelScheme
from training.labelled import Example
from training.swapping import SIDE

MISSING = -100  # stands for a label that a row does not have


def label_row(example: Example, scheme: LabelScheme) -> list[int]:
    """The position of each axis's label, MISSING where there is none."""
    found = ((axis, example.labels.get(axis.name)) for axis in scheme.axes)
    return [axis.labels.index(label) if label is not None else MISSING for axis, label in found]


def target_row(example: Example, scheme: LabelScheme) -> list[float]:
    """What each output should say, by axis: the shares that are given, else those of several coders.

    Else all for the label; one that most coders did not give was decided otherwise, and goes before them.
    """
    targets: list[float] = []
    for axis in scheme.axes:
        if shares := example.shares.get(axis.name):
            targets += [shares.get(one, 0.0) for one in axis.labels]
            continue
        given = [one for one in example.readers.get(axis.name, ()) if one]
        label = example.labels.get(axis.name)
        most = max(map(given.count, given), default=0)
        said = given if label is not None and given.count(label) == most > 0 else [label]
        targets += [said.count(one) / len(said) for one in axis.labels]
    return targets


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
    """Mean cross-entropy over the labels that are there, summed over the axes.

    Where several coders have labelled a row, its target is the shares of their labels, as in Peterson et
    al. 2019, "Human uncertainty makes classification more robust". consistency: what it weighs that a row
    and its twin, the same words by a speaker of another side, get other probabilities on the other axes:
    symmetric Kullback–Leibler divergence, as between two passes in Liang et al. 2021, "R-Drop".
    """

    scheme: LabelScheme
    class_weights: Sequence[torch.Tensor]
    consistency: float = 0.0

    def __call__(self, outputs: Any, labels: torch.Tensor, num_items_in_batch: object = None) -> torch.Tensor:
        """outputs.logits [rows, width]; labels [rows, axes + width + 2]: the position of the label of each
        axis, the targets of all outputs, the row's weight, and whose twin it is, -1 for nobody's."""
        logits, weight, twin_of = outputs.logits, labels[:, -2], labels[:, -1].long()
        targets = labels[:, len(self.scheme.axes) : -2]
        total = torch.zeros((), device=logits.device)
        for place, axis in enumerate(self.scheme.axes):
            weighed = targets[:, axis.slice] * self.class_weights[place].to(logits.device)
            losses = -(weighed * functional.log_softmax(logits[:, axis.slice], dim=-1)).sum(dim=-1)
            there = (targets[:, axis.slice].sum(dim=-1) > 0) * weight
            total = total + (losses * weight).sum() / there.sum().clamp(min=1e-6)
        twins = twin_of >= 0
        if self.consistency and bool(twins.any()):
            apart = self._apart(logits[twin_of[twins]], logits[twins]) * weight[twins]
            total = total + self.consistency * apart.sum() / weight[twins].sum().clamp(min=1e-6)
        return total

    def _apart(self, some: torch.Tensor, others: torch.Tensor) -> torch.Tensor:
        """How far two readings [rows, width] of the same words are from one another: [rows]."""
        found = torch.zeros(len(some), device=some.device)
        for axis in self.scheme.axes:
            if axis.name != SIDE:
                one, other = (
                    functional.log_softmax(logits[:, axis.slice], dim=-1) for logits in (some, others)
                )
                found = found + ((one.exp() - other.exp()) * (one - other)).sum(dim=-1)
        return found
