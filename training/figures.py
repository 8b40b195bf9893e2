"""The figures of one axis: labels and predictions in, an AxisReport out."""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from stance.calibration import Floats
from stance.labels import Axis
from stance.results import AxisScores, Prediction
from training import intervals, metrics
from training.intervals import Score
from training.labelled import Example
from training.report import AxisReport, Bin, Calibration, LabelReport, LabelSets, Selection

COVERAGE = 0.9  # that is asked of label sets
POINTS = 200  # of a risk–coverage curve


def axis_report(
    axis: Axis, examples: Sequence[Example], predictions: Sequence[Prediction]
) -> AxisReport | None:
    """The figures of one axis that need no more than labels and predictions; None without labels."""
    rows, scores = labelled(axis, examples, predictions)
    if not rows:
        return None
    counts = metrics.confusions(true_labels(rows, axis), [score.label for score in scores], axis.labels)
    groups = [example.group for example in rows]
    grouped = intervals.by_group(counts, groups)
    clear = np.array([example.clarity == "clear" for example in rows])
    total = counts.sum(axis=0).astype(int)
    return AxisReport(
        axis=axis.name,
        labels=axis.labels,
        rows=len(rows),
        groups=len(grouped),
        macro_f1=macro_f1(counts, groups),
        macro_f1_clear=macro_f1(counts[clear], [g for g, there in zip(groups, clear, strict=True) if there])
        if clear.any()
        else None,
        accuracy=intervals.score(grouped, metrics.accuracy_score, edges=len(grouped)),
        mcc=_agreement(grouped, metrics.matthews_corrcoef),
        alpha=_agreement(grouped, metrics.alpha_of_two),
        by_label=tuple(_label_report(place, label, grouped) for place, label in enumerate(axis.labels)),
        confusion=tuple(tuple(map(int, row)) for row in total),
        confusion_shares=tuple(
            tuple(_share_of_row(grouped, i, j) for j in range(len(axis.labels)))
            for i in range(len(axis.labels))
        ),
        calibration=_calibration(rows, scores, axis),
        selection=_selection(rows, scores, axis),
    )


def labelled(
    axis: Axis, examples: Sequence[Example], predictions: Sequence[Prediction]
) -> tuple[list[Example], list[AxisScores]]:
    """The examples with a label on an axis, and what the model says of them."""
    pairs = [(e, p[axis.name]) for e, p in zip(examples, predictions, strict=True) if e.labels.get(axis.name)]
    return [example for example, _ in pairs], [score for _, score in pairs]


def true_labels(rows: Sequence[Example], axis: Axis) -> list[str]:
    """The labels of examples that all have one."""
    return [str(example.labels[axis.name]) for example in rows]


def macro_f1(counts: Floats, groups: Sequence[str]) -> Score:
    """Macro-F1 of confusions [rows, labels, labels] with its interval."""
    grouped = intervals.by_group(counts, groups)
    return intervals.score(grouped, metrics.macro_f1_score, edges=_fewest(grouped))


def _agreement(grouped: Floats, statistic: intervals.Statistic) -> Score:
    found = intervals.score(grouped, statistic)
    # Of resamples without an error some have one label only, where agreement is no longer 1.
    return intervals.flawless(_fewest(grouped)) if round(found.value, 12) == 1 else found


def _fewest(grouped: Floats) -> int:
    """The groups that have the rarest label, which says least, and counts as much as the others."""
    holders = (grouped.sum(axis=-1) > 0).sum(axis=0)
    return int(holders[holders > 0].min())


def _label_report(place: int, label: str, grouped: Floats) -> LabelReport:
    total = grouped.sum(axis=0)
    true, found = grouped[:, place].sum(axis=-1) > 0, grouped[:, :, place].sum(axis=-1) > 0

    def scored(metric: Callable[[Floats, int], Floats], counted: npt.NDArray[np.bool_]) -> Score:
        return intervals.score(grouped, lambda sums: metric(sums, place), edges=int(counted.sum()))

    return LabelReport(
        label=label,
        rows=int(total[place].sum()),
        found=int(total[:, place].sum()),
        precision=scored(metrics.precision_score, found),
        recall=scored(metrics.recall_score, true),
        f1=scored(metrics.f1_score, true | found),
    )


def _share_of_row(grouped: Floats, true: int, found: int) -> Score:
    there = int((grouped[:, true].sum(axis=-1) > 0).sum())
    return intervals.score(grouped, lambda sums: metrics.recalled_as(sums, true, found), edges=there)


def _calibration(rows: Sequence[Example], scores: Sequence[AxisScores], axis: Axis) -> Calibration:
    right, sure = _right(rows, scores, axis), np.array([score.confidence for score in scores])
    groups = [example.group for example in rows]
    counts = intervals.by_group(metrics.calibration_counts(sure, right), groups)
    probabilities = np.array([[score.scores[label] for label in axis.labels] for score in scores])
    true = np.array([axis.labels.index(label) for label in true_labels(rows, axis)])
    losses = metrics.brier_losses(probabilities, true)
    return Calibration(
        ece=intervals.score(counts, metrics.expected_calibration_error),
        by_chance=metrics.calibration_error_by_chance(sure),
        brier=mean(losses, groups),
        bins=tuple(_bins(counts.sum(axis=0))),
    )


def _bins(counts: Floats) -> Iterator[Bin]:
    edges = np.linspace(0, 1, len(counts) + 1)
    for (low, high), (rows, confidence, right) in zip(pairwise(edges), counts, strict=True):
        if rows:
            yield Bin(float(low), float(high), int(rows), float(confidence / rows), float(right / rows))


def _selection(rows: Sequence[Example], scores: Sequence[AxisScores], axis: Axis) -> Selection:
    groups = [example.group for example in rows]
    right, sure = _right(rows, scores, axis), np.array([score.confidence for score in scores])
    kept = np.array([not score.unsure for score in scores])
    coverage, risk = metrics.risk_coverage(sure, right)
    shown = np.unique(np.linspace(0, len(coverage) - 1, min(POINTS, len(coverage))).astype(int))
    return Selection(
        unsure=mean(1.0 - kept, groups),
        error_when_sure=mean(1 - right[kept], [g for g, there in zip(groups, kept, strict=True) if there])
        if kept.any()
        else None,
        coverage=tuple(map(float, coverage[shown])),
        risk=tuple(map(float, risk[shown])),
        area=metrics.area_under_risk_coverage(coverage, risk),
        sets=_sets(rows, scores, axis),
    )


def _sets(rows: Sequence[Example], scores: Sequence[AxisScores], axis: Axis) -> LabelSets | None:
    if not all(score.needed for score in scores):
        return None
    found = [score.label_set(COVERAGE) for score in scores]
    holds = np.array([true in labels for true, labels in zip(true_labels(rows, axis), found, strict=True)])
    groups = [example.group for example in rows]
    return LabelSets(COVERAGE, mean(holds.astype(float), groups), float(np.mean([len(one) for one in found])))


def _right(rows: Sequence[Example], scores: Sequence[AxisScores], axis: Axis) -> Floats:
    return np.array(
        [label == s.label for label, s in zip(true_labels(rows, axis), scores, strict=True)], dtype=float
    )


def mean(values: Floats, groups: Sequence[str]) -> Score:
    """The mean of values [rows], with its interval."""
    counts = intervals.by_group(np.stack([values, np.ones(len(values))], axis=1), groups)
    return intervals.score(counts, lambda sums: np.asarray(sums[..., 0] / sums[..., 1]), edges=len(counts))


def difference(sums: Floats) -> Floats:
    """Macro-F1 of the first confusion less that of the second: [..., 2, labels, labels] → [...]."""
    found = metrics.macro_f1_score(sums)
    return np.asarray(found[..., 0] - found[..., 1])
