"""Pure functions of counts and labels: scores are higher the better.

A confusion is an array [..., labels, labels], true labels in rows and found ones in columns; whatever
comes before the last two dimensions is kept, so that one call serves all resamples of a bootstrap.
"""

from collections.abc import Sequence

import numpy as np

from stance.calibration import Floats

BINS = 10


def confusions(true: Sequence[str], found: Sequence[str], labels: Sequence[str]) -> Floats:
    """One confusion for each row: [rows, labels, labels]."""
    place = {label: index for index, label in enumerate(labels)}
    counts = np.zeros((len(true), len(labels), len(labels)))
    rows = np.arange(len(true))
    counts[rows, [place[label] for label in true], [place[label] for label in found]] = 1
    return counts


def macro_f1(true: Sequence[str], found: Sequence[str], labels: Sequence[str]) -> float:
    """Unweighted mean of the F1 of the labels that occur in ``true`` or ``found``."""
    return float(macro_f1_score(confusions(true, found, labels).sum(axis=0)))


def macro_f1_score(confusion: Floats) -> Floats:
    """Unweighted mean of the F1 of the labels that occur."""
    hits, sizes = _hits(confusion), confusion.sum(axis=-1) + confusion.sum(axis=-2)
    there = sizes > 0
    return np.asarray(_ratio(2 * hits, sizes).sum(axis=-1) / np.maximum(there.sum(axis=-1), 1))


def f1_score(confusion: Floats, label: int) -> Floats:
    """F1 of one label."""
    hits = confusion[..., label, label]
    return _ratio(2 * hits, confusion[..., label, :].sum(axis=-1) + confusion[..., label].sum(axis=-1))


def precision_score(confusion: Floats, label: int) -> Floats:
    """Share of right ones among the answers with this label; NaN where there are none."""
    return _ratio(confusion[..., label, label], confusion[..., label].sum(axis=-1), empty=np.nan)


def recall_score(confusion: Floats, label: int) -> Floats:
    """Share of the rows with this label that were found; NaN where there are none."""
    return recalled_as(confusion, label, label)


def recalled_as(confusion: Floats, label: int, found: int) -> Floats:
    """Share of the rows with one label that were found to have another; NaN where none has it."""
    return _ratio(confusion[..., label, found], confusion[..., label, :].sum(axis=-1), empty=np.nan)


def accuracy_score(confusion: Floats) -> Floats:
    """Share of right answers."""
    return _ratio(_hits(confusion).sum(axis=-1), confusion.sum(axis=(-1, -2)))


def matthews_corrcoef(confusion: Floats) -> Floats:
    """Matthews' correlation for several labels (Gorodkin 2004): 0 is chance, 1 is perfect."""
    total = confusion.sum(axis=(-1, -2))
    true, found = confusion.sum(axis=-1), confusion.sum(axis=-2)
    together = _hits(confusion).sum(axis=-1) * total - (true * found).sum(axis=-1)
    spreads = (total**2 - (true**2).sum(axis=-1)) * (total**2 - (found**2).sum(axis=-1))
    return _ratio(together, np.sqrt(spreads))


def krippendorff_alpha(coincidences: Floats) -> Floats:
    """Krippendorff's alpha for nominal labels (Krippendorff 2011, "Computing Krippendorff's
    Alpha-Reliability"): 0 is chance, 1 is perfect.

    coincidences: [..., labels, labels], symmetric; of two coders a confusion plus its transpose.
    """
    sizes = coincidences.sum(axis=-1)
    total = sizes.sum(axis=-1)
    observed = total - _hits(coincidences).sum(axis=-1)
    expected = _ratio(total**2 - (sizes**2).sum(axis=-1), total - 1)
    # Where only one label occurs nothing can be said; as others do, that counts as agreement.
    return np.where(expected > 0, 1 - _ratio(observed, expected), 1.0)


def alpha_of_two(confusion: Floats) -> Floats:
    """Krippendorff's alpha of two coders from their confusion."""
    return krippendorff_alpha(confusion + np.swapaxes(confusion, -1, -2))


def coincidences(codings: Sequence[Sequence[str]], labels: Sequence[str]) -> Floats:
    """One matrix [labels, labels] for each unit from the labels of its coders, "" where one gave none."""
    counts = np.array([[list(coding).count(label) for label in labels] for coding in codings], dtype=float)
    given = counts.sum(axis=-1, keepdims=True)[..., None]
    pairs = counts[:, :, None] * counts[:, None, :] - counts[:, :, None] * np.eye(len(labels))
    return np.asarray(np.where(given > 1, pairs / np.maximum(given - 1, 1), 0.0))


def calibration_counts(confidences: Floats, right: Floats, *, bins: int = BINS) -> Floats:
    """For each row, in which bin of confidence it falls: [rows, bins, (rows, confidence, right)]."""
    places = np.minimum((confidences * bins).astype(int), bins - 1)
    counts = np.zeros((len(confidences), bins, 3))
    counts[np.arange(len(places)), places] = np.stack([np.ones(len(places)), confidences, right], axis=1)
    return counts


def expected_calibration_error(counts: Floats) -> Floats:
    """Mean gap between confidence and accuracy over equal-width bins, by rows (Guo et al. 2017)."""
    gaps = np.abs(counts[..., 1] - counts[..., 2]).sum(axis=-1)
    return _ratio(gaps, counts[..., 0].sum(axis=-1))


def calibration_error_by_chance(confidences: Floats, *, draws: int = 200, seed: int = 0) -> float:
    """The expected calibration error of a perfectly calibrated model with these confidences.

    It is above zero, since rows are few: each answer is right by chance, as often as its confidence says.
    """
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(draws):
        right = (rng.random(len(confidences)) < confidences).astype(float)
        found.append(expected_calibration_error(calibration_counts(confidences, right).sum(axis=0)))
    return float(np.mean(found))


def brier_losses(probabilities: Floats, true: Floats) -> Floats:
    """Squared distance [rows] of probabilities [rows, labels] from the true labels [rows] (Brier 1950)."""
    wanted = np.eye(probabilities.shape[1])[true.astype(int)]
    return np.asarray(((probabilities - wanted) ** 2).sum(axis=1))


def risk_coverage(confidences: Floats, right: Floats) -> tuple[Floats, Floats]:
    """Coverage [rows] and risk [rows] when the surest answers are taken first (El-Yaniv & Wiener 2010).

    Answers of one confidence come together, since no threshold parts them.
    """
    order = np.argsort(-confidences, kind="stable")
    sure, wrong = confidences[order], 1 - right[order]
    ends = np.flatnonzero(np.append(sure[1:] != sure[:-1], True))
    taken = ends + 1
    return taken / len(sure), np.cumsum(wrong)[ends] / taken


def area_under_risk_coverage(coverage: Floats, risk: Floats) -> float:
    """Mean risk over all coverages (Geifman & El-Yaniv 2017); lower is better."""
    return float((risk * np.diff(coverage, prepend=0.0)).sum())


def _hits(confusion: Floats) -> Floats:
    return np.diagonal(confusion, axis1=-2, axis2=-1)


def _ratio(above: Floats, below: Floats, *, empty: float = 0.0) -> Floats:
    """above / below, and ``empty`` where nothing is there to divide by."""
    filled = np.full(np.shape(above), empty)
    return np.asarray(np.divide(above, below, out=filled, where=np.asarray(below) > 0))
