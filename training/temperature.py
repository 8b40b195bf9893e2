"""Calibration on validation rows: one temperature an axis, and where to say "unsure"."""

from itertools import takewhile

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.stats import binom

from stance.calibration import AxisCalibration, Floats, probabilities

TARGET_ERROR = 0.10  # among the answers that are not unsure
# Where rows are many and the model good enough, a threshold comes with a promise for rows like them: less
# error than is wanted, since others are harder, and how likely the promise may be broken.
PROMISED_ERROR, BREACH = 0.07, 0.10
STEPS = np.arange(99, 33, -1) / 100  # the thresholds that may be promised, the strictest first
STARTS = (0.95, 0.85, 0.75, 0.65, 0.55)  # where the search for one begins
BOUNDS = (0.05, 20.0)
ENOUGH = 30  # rows, below which a threshold would be chance


def fit(logits: Floats, labels: np.ndarray) -> AxisCalibration:
    """The calibration of one axis from validation rows.

    logits: [rows, labels] of the axis. labels: [rows], the position of the true label. The temperature
    minimises the negative log-likelihood (Guo et al. 2017) of labels that are a little uncertain, as if
    one row more had each of the other labels (after Platt 1999): a few rows that are all right do not
    make a model sure of everything. No rows, no change; below ENOUGH of them, nothing is called unsure.
    The threshold is one that can be promised (``promised``), or, where none can, a rule of thumb.
    """
    if not len(labels):
        return AxisCalibration()
    others = logits.shape[1] - 1
    wanted = np.full(logits.shape, 1 / (len(labels) + others + 1))
    wanted[np.arange(len(labels)), labels] = (len(labels) + 1) / (len(labels) + others + 1)

    def loss(log_temperature: float) -> float:
        found = probabilities(logits, float(np.exp(log_temperature)))
        return float(-(wanted * np.log(np.clip(found, 1e-12, 1))).sum(axis=1).mean())

    best = minimize_scalar(loss, bounds=np.log(BOUNDS), method="bounded")
    temperature = float(np.exp(best.x))
    sure = probabilities(logits, temperature)
    if len(labels) < ENOUGH:
        return AxisCalibration(temperature)
    confidences, right = sure.max(axis=1), sure.argmax(axis=1) == labels
    true = sure[np.arange(len(labels)), labels]
    found = promised(confidences, right) or threshold(confidences, right)
    return AxisCalibration(temperature, found, needed(true))


def needed(true: np.ndarray) -> tuple[float, ...]:
    """What a label needs to be in the set that holds the true one in 1 %, 2 %, …, 99 % of cases.

    true: [rows], the probability that each row's true label was given. Split conformal prediction: the
    true label of one row more is below the k-th lowest of n rows with a probability of k / (n + 1) at most.
    That is exact for rows which are independent and did not choose the model, else nearly so.
    """
    ranked = np.sort(true)
    ranks = [(len(ranked) + 1) * (100 - percent) // 100 for percent in range(1, 100)]
    # Rounded down, so that no label that is in is left out.
    return tuple(float(np.floor(ranked[rank - 1] * 1e6) / 1e6) if rank else 0.0 for rank in ranks)


def promised(
    confidences: np.ndarray, right: np.ndarray, *, error: float = PROMISED_ERROR, breach: float = BREACH
) -> float | None:
    """A confidence from which on the error is at most ``error``, for rows like these, but for ``breach``.

    The lowest of STEPS that is reached from some start by steps which all pass: a binomial test of the error
    above each, at the same share of ``breach`` for every start. So the chance that the error of new rows is
    more than promised is at most ``breach``, for independent rows that did not choose the model; where many
    rows come from one article it is a little more. None where nothing can be promised.

    Source: learn then test with several fixed sequences (Angelopoulos, Bates, Candès, Jordan and Lei 2021,
    "Learn then Test: Calibrating Predictive Algorithms to Achieve Risk Control").
    """
    kept = confidences[:, None] >= STEPS
    passes = binom.cdf((kept & ~right[:, None]).sum(axis=0), kept.sum(axis=0), error) <= breach / len(STARTS)
    reached: list[float] = []
    for start in STARTS:
        below = start >= STEPS
        passed = takewhile(lambda one: one[1], zip(STEPS[below], passes[below], strict=True))
        reached += [float(step) for step, _ in passed]
    return min(reached, default=None)


def threshold(confidences: np.ndarray, right: np.ndarray, target_error: float = TARGET_ERROR) -> float:
    """The lowest confidence from which on the error of the rows is at most ``target_error``.

    One row and one error are counted more than there are, so that few rows do not promise too much: a rule
    of thumb after Angelopoulos et al. 2022, "Conformal Risk Control", without its guarantee. 1.0 where no
    row is sure enough: then every answer is unsure.
    """
    order = np.argsort(-confidences, kind="stable")
    errors = (np.cumsum(~right[order]) + 1) / (np.arange(len(order)) + 2)
    # Answers of one confidence are taken together, or left out together.
    last_of_like = np.append(np.diff(confidences[order]) != 0, True)
    good = np.flatnonzero((errors <= target_error) & last_of_like)
    # Rounded down, because the threshold itself is an answer that is sure.
    return float(np.floor(confidences[order][good[-1]] * 1e6) / 1e6) if len(good) else 1.0
