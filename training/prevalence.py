"""How common a label is, from many predictions and a few hand labels: estimate and interval."""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from scipy.stats import t as student

from stance.calibration import Floats

Z = NormalDist().inv_cdf(0.975)
PSEUDO_ROWS = 2  # added to each class, as Agresti & Coull (1998) do: errors not seen yet are not impossible


@dataclass(frozen=True, slots=True)
class Interval:
    """Values with the bounds of their 95 % intervals, arrays of one shape."""

    value: Floats
    low: Floats
    high: Floats


def estimate(truth: Floats, scores: Floats, corpus: Floats, size: int) -> Interval:
    """The corrected shares of all labels from a simple random sample, [..., labels].

    truth: [..., labelled, labels], one-hot. scores: the same rows' probabilities, same shape. corpus:
    [labels], their mean over all rows. size: how many rows that is. Leading axes are independent samples.

    The interval holds every share p with (estimate - p)² ≤ t² (1 - n/size) V(p) / n, where V(p) is the
    variance of the error if p were the share: the score interval of Wilson (1927), which it is where the
    model is no help. V(p) = p(1 - p)(1 - fD)² + f²(p v₁ + (1 - p) v₀), with f the factor, D the distance
    of the mean scores of rows that have the label and rows that do not, v₁ and v₀ their variances.
    In simulations with 50 to 500 labelled rows and shares of 3 to 90 % it held the truth in 93 to 98 % of
    samples, more with a model that hardly ever errs, and 88 % at worst: rare errors that all go one way.
    """
    n = truth.shape[-2]
    factor = _factor(truth, scores)
    raw = truth.mean(axis=-2) + factor * (corpus - scores.mean(axis=-2))
    value = np.clip(raw, 0, 1) / np.clip(raw, 0, 1).sum(axis=-1, keepdims=True)
    mean_with, variance_with = _moments(scores, truth, corpus)
    mean_without, variance_without = _moments(scores, 1 - truth, corpus)
    between = (1 - factor * (mean_with - mean_without)) ** 2
    within = factor**2 * variance_without
    slope = factor**2 * (variance_with - variance_without)
    return _score_interval(value, _scale(n, size), between, within, slope)


def wilson(value: Floats, rows: int) -> Interval:
    """The interval of shares counted on so many rows, when counts are the truth (Wilson 1927)."""
    return _score_interval(value, Z**2 / rows, 1.0, 0.0, 0.0)


def _scale(n: int, size: int) -> float:
    # A corpus that is labelled to its last row leaves nothing to estimate.
    return 0.0 if n == size else float(student.ppf(0.975, n - 2) ** 2 * (1 - n / size) / n)


def _factor(truth: Floats, scores: Floats) -> Floats:
    # The least-squares slope over all labels, [..., 1]: a common one, or the shares would not sum to one.
    # Labels weigh as in chi-square, so that a useless score of a rare one is not outvoted by common ones.
    n = truth.shape[-2]
    likely = (truth.sum(axis=-2, keepdims=True) + PSEUDO_ROWS) / (n + 2 * PSEUDO_ROWS)
    weights = 1 / (likely * (1 - likely))
    spread = scores - scores.mean(axis=-2, keepdims=True)
    together = (weights * spread * truth).sum(axis=(-2, -1))
    alone = (weights * spread**2).sum(axis=(-2, -1))
    factor: Floats = np.clip(together / np.maximum(alone, 1e-12), 0, 1)[..., None]
    return factor


def _moments(scores: Floats, members: Floats, corpus: Floats) -> tuple[Floats, Floats]:
    # Mean and variance over the members and PSEUDO_ROWS rows of the corpus mean: a class without a
    # row, or without an error yet, would otherwise pass for one in which the model never errs.
    size = members.sum(axis=-2) + PSEUDO_ROWS
    mean = ((members * scores).sum(axis=-2) + PSEUDO_ROWS * corpus) / size
    squares = (members * (scores - mean[..., None, :]) ** 2).sum(axis=-2)
    return mean, (squares + PSEUDO_ROWS * (corpus - mean) ** 2) / size


def _score_interval(
    value: Floats, scale: float, between: Floats | float, within: Floats | float, slope: Floats | float
) -> Interval:
    """The p with (value - p)² ≤ scale (between p (1 - p) + within + slope p): the roots of a quadratic."""
    a = 1 + scale * between
    b = value + scale * (between + slope) / 2
    root = np.sqrt(np.maximum(b**2 - a * (value**2 - scale * within), 0))
    # Rounding may leave a bound a hair on the wrong side of the value.
    low, high = np.minimum((b - root) / a, value), np.maximum((b + root) / a, value)
    return Interval(value, np.clip(low, 0, 1), np.clip(high, 0, 1))
