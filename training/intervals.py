"""Bootstrap intervals for any figure that can be computed from sums of counts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import norm
from scipy.stats import t as student

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


def score(counts: Floats, statistic: Statistic, *, edges: int | None = None, seed: int = 0) -> Score:
    """The figure of all groups together, with its BCa bootstrap interval over groups.

    counts: [groups, ...], one entry for each group (or row). statistic: summed counts → the figure, for
    any number of leading dimensions. edges: for a figure from 0 to 1, how many groups have rows that it
    counts; where all resamples are alike, as with no error at all, the bound is then that of a share in so
    many groups (Clopper & Pearson 1934), and not the figure itself.

    Source: Efron 1987, "Better Bootstrap Confidence Intervals"; widened for few groups as in Hesterberg
    2015, "What Teachers Should Know About the Bootstrap". tests/test_acceptance_statistics.py measures how
    often it holds the true macro-F1: 94 to 97 % of the time with 400 rows or 60 groups, also with a label
    that has 5 % of the rows; 93 % with 10 groups, and as often where 60 groups have 3 % errors in clumps.
    Where a label has two or three rows, less than 90 %: samples without them know nothing of it.
    """
    value = float(statistic(counts.sum(axis=0)))
    if not np.isfinite(value):
        return Score(0.0, 0.0, 0.0 if edges is None else 1.0)  # nothing is there to be counted
    values = np.sort(resampled(counts, statistic, seed=seed))
    values = values[np.isfinite(values)]
    if len(counts) < 2 or not len(values) or values[0] == values[-1]:
        return _edge(value, edges)
    low, high = np.quantile(values, _levels(counts, statistic, value, values))
    # A figure that resampling moves one way only, as the ECE of a calibrated model, may lie outside.
    return Score(value, min(float(low), value), max(float(high), value))


def flawless(groups: int) -> Score:
    """What no error in so many groups says of a share that is 1 then (Clopper & Pearson 1934)."""
    return _edge(1.0, groups)


def _edge(value: float, groups: int | None) -> Score:
    """What can be said where resampling says nothing."""
    if groups is None or value not in (0.0, 1.0):
        return Score(value, value, value)
    reach = 1 - ((1 - LEVEL) / 2) ** (1 / groups) if groups else 1.0
    return Score(value, max(0.0, value - reach), min(1.0, value + reach))


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
    groups = len(counts)
    wider = np.sqrt(groups / (groups - 1)) * student.ppf((1 + LEVEL) / 2, groups - 1)
    shifted = bias + np.array([-wider, wider])
    # The acceleration is below 1/6 and the shift below 6, so that the divisor stays above zero.
    return np.asarray(norm.cdf(bias + shifted / (1 - acceleration * shifted)))
