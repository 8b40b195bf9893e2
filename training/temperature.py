"""Calibration on validation rows: a temperature and perhaps biases, and where to say "unsure"."""

import numpy as np
from scipy.optimize import minimize, minimize_scalar

from stance.calibration import AxisCalibration, Floats, probabilities
from training.config import TARGET_ERROR

BOUNDS = (0.05, 20.0)
BIAS = 0.5  # share of the likeliest biases that is added
ENOUGH = 30  # rows, below which a threshold would be chance


def fit(
    logits: Floats,
    labels: np.ndarray,
    weights: np.ndarray | None = None,
    *,
    target_error: float = TARGET_ERROR,
) -> AxisCalibration:
    """The calibration of one axis from validation rows.

    logits: [rows, labels] of the axis. labels: [rows], the position of the true label. weights: [rows], how
    much each counts, where some kind has more rows than there will be; None: all alike. The temperature
    minimises the negative log-likelihood (Guo et al. 2017) of labels that are a little uncertain, as if
    one row more had each of the other labels (after Platt 1999): a few rows that are all right do not
    make a model sure of everything. No rows, no change; below ENOUGH of them, nothing is called unsure.
    The threshold is that of ``target_error``, see below.
    """
    if not len(labels):
        return AxisCalibration()
    weights, worth = _worth(labels, weights)
    wanted = _uncertain(labels, logits.shape[1])

    def loss(log_temperature: float) -> float:
        return _loss(logits, wanted, weights, float(np.exp(log_temperature)))

    temperature = float(np.exp(minimize_scalar(loss, bounds=np.log(BOUNDS), method="bounded").x))
    sure = probabilities(logits, temperature)
    if worth < ENOUGH:
        return AxisCalibration(temperature)
    confidences, right = sure.max(axis=1), sure.argmax(axis=1) == labels
    true = sure[np.arange(len(labels)), labels]
    limit = threshold(confidences, right, target_error, weights=weights)
    return AxisCalibration(temperature, limit, needed(true, weights=weights))


def bias(logits: Floats, labels: np.ndarray, weights: np.ndarray | None = None) -> Floats:
    """What to add to the logits [labels], so that one temperature fits best: on average nothing.

    As for ``fit``, but with the labels' biases beside the temperature (Alexandari et al. 2020, "Maximum
    likelihood with bias-corrected calibration is hard-to-beat at label shift adaptation"). It gives labels
    the frequency that they have in the rows, where a fit with class weights has made all alike frequent:
    so it pays where they are as frequent in what will be read. As that is never sure, and since macro-F1
    counts labels alike, only a share of it is added (BIAS; results/recipe.md). Below ENOUGH rows nothing is.
    """
    width = logits.shape[1]
    if not len(labels):
        return np.zeros(width)
    weights, worth = _worth(labels, weights)
    if worth < ENOUGH:
        return np.zeros(width)
    wanted = _uncertain(labels, width)

    def loss(point: Floats) -> float:
        temperature = float(np.exp(np.clip(point[0], *np.log(BOUNDS))))
        return _loss(logits + np.append(point[1:], 0.0), wanted, weights, temperature)

    found = np.append(minimize(loss, np.zeros(width), method="L-BFGS-B").x[1:], 0.0)
    return np.asarray(BIAS * (found - found.mean()))


def _worth(labels: np.ndarray, weights: np.ndarray | None) -> tuple[np.ndarray, float]:
    """The weights so that they add up to the number of rows that they are worth, and that number.

    So many rows of one weight would be worth as much (Kish 1965, "Survey Sampling").
    """
    weights = np.ones(len(labels)) if weights is None else weights
    worth = float(weights.sum() ** 2 / (weights**2).sum())
    return weights * worth / weights.sum(), worth


def _uncertain(labels: np.ndarray, width: int) -> Floats:
    """Labels as targets [rows, width], as if one row more had each of the other labels."""
    rows = len(labels)
    wanted = np.full((rows, width), 1 / (rows + width))
    wanted[np.arange(rows), labels] = (rows + 1) / (rows + width)
    return wanted


def _loss(logits: Floats, wanted: Floats, weights: np.ndarray, temperature: float) -> float:
    """The mean negative log-likelihood of the targets [rows, labels]."""
    found = np.log(np.clip(probabilities(logits, temperature), 1e-12, 1))
    return float(-(wanted * found).sum(axis=1) @ weights / weights.sum())


def needed(true: np.ndarray, *, weights: np.ndarray | None = None) -> tuple[float, ...]:
    """What a label needs to be in the set that holds the true one in 1 %, 2 %, …, 99 % of cases.

    true: [rows], the probability that each row's true label was given. weights: [rows]; they add up to the
    number of rows that they are worth. Split conformal prediction: the true label of one row more is below
    the k-th lowest of n rows with a probability of k / (n + 1) at most. That is exact for rows which are
    independent and did not choose the model, else nearly so; with weights nearly so for new rows that are
    like the weighted ones (Tibshirani et al. 2019, "Conformal prediction under covariate shift").
    """
    order = np.argsort(true, kind="stable")
    ranked, mass = true[order], np.cumsum(np.ones(len(true)) if weights is None else weights[order])
    shares = [(mass[-1] + 1) * (100 - percent) / 100 for percent in range(1, 100)]
    ranks = [int(np.searchsorted(mass, share + 1e-9, side="right")) for share in shares]
    # Rounded down, so that no label that is in is left out.
    return tuple(float(np.floor(ranked[rank - 1] * 1e6) / 1e6) if rank else 0.0 for rank in ranks)


def threshold(
    confidences: np.ndarray, right: np.ndarray, target_error: float, *, weights: np.ndarray | None = None
) -> float:
    """The lowest confidence from which on the error of the rows is at most ``target_error``.

    confidences, right, weights: [rows]; the weights add up to the number of rows that they are worth.

    Conformal risk control (Angelopoulos et al. 2022): one error more than there are is counted among one row
    more, so that the error of new rows like these is that, at most, on average over such sets of rows. The
    proof is for errors that only fall as less is answered, which a share of answers does but nearly: with a
    hundred rows or fewer, of which most leave no answer at all, those that do promise too much (10 to 15 %
    instead of 8 % in simulations). So do rows of one article, which are alike. 1.0 where no row is sure
    enough: then every answer is unsure.
    """
    order = np.argsort(-confidences, kind="stable")
    mass = np.ones(len(order)) if weights is None else weights[order]
    errors = (np.cumsum(mass * ~right[order]) + 1) / (np.cumsum(mass) + 1)
    # Answers of one confidence are taken together, or left out together.
    last_of_like = np.append(np.diff(confidences[order]) != 0, True)
    good = np.flatnonzero((errors <= target_error) & last_of_like)
    # Rounded down, because the threshold itself is an answer that is sure.
    return float(np.floor(confidences[order][good[-1]] * 1e6) / 1e6) if len(good) else 1.0
