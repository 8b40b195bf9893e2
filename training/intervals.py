"""Bootstrap intervals for any figure that can be computed from sums of counts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from stance.calibration import Floats

Statistic = Callable[[Floats], Floats]  # [..., *counts] → [...]

RESAMPLES = 2000
LEVEL = 0.95
HELD = 5_000_000  # weights that are in memory at a time


@dataclass(frozen=True, slots=True)
class Score:
    """A figure with its 95 % bootstrap interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def by_group(counts: Floats, groups: Sequence[str]) -> Floats:
    """Counts [rows, ...] → [groups, ...]: what is resampled is the group, such as an article."""
    _, places = np.unique(np.asarray(groups), return_inverse=True)
    summed = np.zeros((places.max() + 1, *counts.shape[1:]))
    np.add.at(summed, places, counts)
    return summed


def score(counts: Floats, statistic: Statistic, *, seed: int = 0) -> Score:
    """The figure of all groups together, with its BCa bootstrap interval over groups.

    counts: [groups, ...], one entry for each group (or row). statistic: summed counts → the figure, for
    any number of leading dimensions. Source: Efron 1987, "Better Bootstrap Confidence Intervals". The
    interval is widened for few groups as Hesterberg 2015 ("What Teachers Should Know About the
    Bootstrap") does, since the spread among resamples is too small by sqrt((n - 1) / n).
    """
    value = float(statistic(counts.sum(axis=0)))
    values = np.sort(resampled(counts, statistic, seed=seed))
    values = values[np.isfinite(values)]
    if len(counts) < 2 or not len(values) or values[0] == values[-1]:
        return Score(value, value, value)
    low, high = np.quantile(values, _levels(counts, statistic, value, values))
    return Score(value, float(low), float(high))


def resampled(counts: Floats, statistic: Statistic, *, seed: int = 0) -> Floats:
    """The figure [RESAMPLES] in resamples of the groups, drawn with replacement."""
    # Groups with the same counts are interchangeable: how many of each come is all that matters.
    kinds, sizes = np.unique(counts.reshape(len(counts), -1), axis=0, return_counts=True)
    rng = np.random.default_rng(seed)
    block = max(1, HELD // len(kinds))
    values = []
    for start in range(0, RESAMPLES, block):
        weights = rng.multinomial(len(counts), sizes / len(counts), size=min(block, RESAMPLES - start))
        sums = (weights @ kinds).reshape(len(weights), *counts.shape[1:])
        values.append(np.asarray(statistic(sums), dtype=float))
    return np.concatenate(values)


def _levels(counts: Floats, statistic: Statistic, value: float, values: Floats) -> npt.NDArray[np.float64]:
    """Which quantiles of the resamples bound the interval."""
    below = (values < value).mean() + (values == value).mean() / 2
    bias = norm.ppf(np.clip(below, 1 / len(values), 1 - 1 / len(values)))
    left_out = np.asarray(statistic(counts.sum(axis=0) - counts), dtype=float)
    gaps = left_out[np.isfinite(left_out)].mean() - left_out[np.isfinite(left_out)]
    spread = (gaps**2).sum() ** 1.5
    acceleration = (gaps**3).sum() / (6 * spread) if spread else 0.0
    wider = np.sqrt(len(counts) / (len(counts) - 1))
    tails = wider * norm.ppf([(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    shifted = bias + tails
    return np.asarray(norm.cdf(bias + shifted / (1 - acceleration * shifted)))
