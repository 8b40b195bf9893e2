"""Pure functions of labels: scores are higher the better."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import f1_score

RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Score:
    """A figure with the interval that holds it in 95 % of resamples."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def macro_f1(true: Sequence[str], found: Sequence[str], labels: Sequence[str]) -> float:
    """Unweighted mean of the F1 of the labels that occur in ``true`` or ``found``."""
    there = [label for label in labels if label in true or label in found]
    return float(f1_score(true, found, labels=there, average="macro", zero_division=0))


def macro_f1_score(
    true: Sequence[str], found: Sequence[str], labels: Sequence[str], *, groups: Sequence[str], seed: int = 0
) -> Score:
    """Macro-F1 with a percentile bootstrap interval (Efron 1979), resampled by whole groups."""
    order = {label: index for index, label in enumerate(labels)}
    pairs = np.array([(order[a], order[b]) for a, b in zip(true, found, strict=True)])
    confusions = _confusions_by_group(pairs, groups, len(labels))  # [groups, labels, labels]
    rng = np.random.default_rng(seed)
    draws = rng.integers(len(confusions), size=(RESAMPLES, len(confusions)))
    values = [_macro_f1_of(confusions[draw].sum(axis=0)) for draw in draws]
    low, high = np.quantile(values, (0.025, 0.975))
    return Score(macro_f1(true, found, labels), float(low), float(high))


def expected_calibration_error(
    confidences: Sequence[float], right: Sequence[bool], *, bins: int = 10
) -> float:
    """Mean gap between confidence and accuracy over equal-width bins, by rows (Guo et al. 2017)."""
    sure, hit = np.asarray(confidences), np.asarray(right, dtype=float)
    places = np.minimum((sure * bins).astype(int), bins - 1)
    gaps = [abs((sure - hit)[places == place].sum()) for place in range(bins)]
    return float(sum(gaps) / len(sure))


def _confusions_by_group(pairs: np.ndarray, groups: Sequence[str], width: int) -> np.ndarray:
    _, places = np.unique(np.asarray(groups), return_inverse=True)
    confusions = np.zeros((places.max() + 1, width, width))
    np.add.at(confusions, (places, pairs[:, 0], pairs[:, 1]), 1)
    return confusions


def _macro_f1_of(confusion: np.ndarray) -> float:
    hits, sizes = np.diag(confusion), confusion.sum(axis=0) + confusion.sum(axis=1)
    return float((2 * hits[sizes > 0] / sizes[sizes > 0]).mean())
