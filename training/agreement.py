"""How well human coders agree, and how well the model agrees with each of them: the ceiling of a figure."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from stance.calibration import Floats
from stance.labels import Axis
from training import intervals, metrics
from training.intervals import Score
from training.labelled import Example


@dataclass(frozen=True, slots=True)
class HumanCeiling:
    """Coders among themselves, and the model among them, on rows that several of them have coded.

    coders: how many there are. rows: how many rows two or more have coded. alpha: Krippendorff's alpha of
    the coders. macro_f1: one coder against another, mean of all pairs with rows in common.
    model_macro_f1: the model against one coder, mean of all coders: to be compared with macro_f1, which is
    measured against one person, too.
    """

    coders: int
    rows: int
    alpha: Score
    macro_f1: Score
    model_macro_f1: Score


def ceiling(axis: Axis, examples: Sequence[Example], found: Sequence[str]) -> HumanCeiling | None:
    """The agreement of coders on an axis; None where no two of them have coded the same row.

    found: the model's labels, one for each example.
    """
    coded = [
        (example, label)
        for example, label in zip(examples, found, strict=True)
        if sum(map(bool, example.readers.get(axis.name, ()))) > 1
    ]
    if not coded:
        return None
    coders = max(len(example.readers[axis.name]) for example, _ in coded)
    codings = [_filled(example.readers[axis.name], coders) for example, _ in coded]
    groups = [example.group for example, _ in coded]
    pairs = [_confusions(codings, codings, pair, axis) for pair in combinations(range(coders), 2)]
    ours = [(label,) for _, label in coded]
    models = [_confusions(codings, ours, (coder, 0), axis) for coder in range(coders)]
    coincidences = intervals.by_group(metrics.coincidences(codings, axis.labels), groups)
    return HumanCeiling(
        coders=coders,
        rows=len(coded),
        alpha=intervals.score(coincidences, metrics.krippendorff_alpha, edges=len(coincidences)),
        macro_f1=_mean_macro_f1(pairs, groups),
        model_macro_f1=_mean_macro_f1(models, groups),
    )


def _filled(labels: Sequence[str], coders: int) -> tuple[str, ...]:
    return tuple(labels) + ("",) * (coders - len(labels))


def _confusions(
    first: Sequence[Sequence[str]], second: Sequence[Sequence[str]], pair: tuple[int, int], axis: Axis
) -> Floats:
    """[rows, labels, labels] of two coders; zero where one of them gave no label."""
    counts = np.zeros((len(first), len(axis.labels), len(axis.labels)))
    for row, (a, b) in enumerate(zip(first, second, strict=True)):
        if a[pair[0]] and b[pair[1]]:
            counts[row, axis.labels.index(a[pair[0]]), axis.labels.index(b[pair[1]])] = 1
    return counts


def _mean_macro_f1(confusions: Sequence[Floats], groups: Sequence[str]) -> Score:
    counts = intervals.by_group(np.stack(confusions, axis=1), groups)

    def mean(sums: Floats) -> Floats:
        there = sums.sum(axis=(-1, -2)) > 0  # a pair without rows in common says nothing
        return np.asarray(metrics.macro_f1_score(sums).sum(axis=-1) / np.maximum(there.sum(axis=-1), 1))

    return intervals.score(counts, mean, edges=len(counts))
