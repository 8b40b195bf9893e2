import numpy as np
import pytest

from stance.calibration import AxisCalibration, probabilities
from training.config import TARGET_ERROR
from training.temperature import BIAS, ENOUGH, bias, fit, needed, threshold

RNG = np.random.default_rng(3)


def drawn(rows: int, sharpness: float, ease: float = 1.5) -> tuple[np.ndarray, np.ndarray]:
    """Logits that are too sure by ``sharpness``, and labels drawn from the honest probabilities."""
    honest = RNG.normal(size=(rows, 3)) * ease
    chances = probabilities(honest)
    return honest * sharpness, np.array([RNG.choice(3, p=row) for row in chances])


@pytest.mark.parametrize("sharpness", [0.5, 1.0, 3.0])
def test_finds_by_how_much_the_logits_are_too_sure(sharpness: float) -> None:
    found = fit(*drawn(20_000, sharpness))
    assert found.temperature == pytest.approx(sharpness, rel=0.05)


def test_answers_above_the_threshold_err_as_rarely_as_asked() -> None:
    logits, labels = drawn(20_000, 2.0)
    sure = probabilities(logits, 2.0)
    found = threshold(sure.max(axis=1), sure.argmax(axis=1) == labels, 0.1)
    error, kept = selective(found)
    assert error == pytest.approx(0.1, abs=0.01)
    assert 0.1 < kept < 0.9


def selective(limit: float, rows: int = 20_000, ease: float = 1.5) -> tuple[float, float]:
    """The error among new answers from a confidence on, and how many these are."""
    logits, labels = drawn(rows, 2.0, ease)
    sure = probabilities(logits, 2.0)
    kept = sure.max(axis=1) >= limit
    wrong = (sure.argmax(axis=1) != labels) & kept
    return float(wrong.sum() / max(1, kept.sum())), float(kept.mean())


@pytest.mark.parametrize(("rows", "allowed"), [(100, 0.115), (500, TARGET_ERROR + 0.005)])
def test_new_answers_that_are_not_unsure_err_as_rarely_as_aimed_at(rows: int, allowed: float) -> None:
    found = [selective(fit(*drawn(rows, 2.0)).threshold) for _ in range(80)]
    errors = [error for error, kept in found if kept]
    assert len(errors) > 20
    assert np.mean(errors) <= allowed


def test_the_threshold_is_the_lowest_that_keeps_the_promise() -> None:
    confidences = np.array([0.9, 0.8, 0.7, 0.6])
    right = np.array([True, True, False, True])
    # With one row and one error more than there are: 1/2, 1/3, 2/4, 2/5.
    assert threshold(confidences, right, 0.4) == pytest.approx(0.6)
    assert threshold(confidences, right, 0.34) == pytest.approx(0.8)
    assert threshold(confidences, right, 0.3) == 1.0
    assert threshold(confidences, ~right, 0.0) == 1.0


def test_a_few_rows_without_an_error_promise_little() -> None:
    confidences = np.linspace(0.99, 0.5, 30)
    assert threshold(confidences, np.ones(30, dtype=bool), 0.1) == pytest.approx(0.5)
    assert threshold(confidences[:8], np.ones(8, dtype=bool), 0.1) == 1.0


def test_without_labels_nothing_changes() -> None:
    assert fit(np.zeros((0, 3)), np.zeros(0, dtype=int)) == AxisCalibration()


@pytest.mark.parametrize("rows", [200, 2_000])
@pytest.mark.parametrize("percent", [50, 80, 90, 95])
def test_label_sets_hold_the_true_label_as_often_as_promised(rows: int, percent: int) -> None:
    """The mean over many calibrations; a single one varies by its rows."""
    held = []
    for _ in range(100):
        calibration = fit(*drawn(rows, 2.0))
        logits, labels = drawn(500, 2.0)
        shares = probabilities(logits, calibration.temperature)
        held.append((shares[np.arange(500), labels] >= calibration.needed[percent - 1]).mean())
    assert np.mean(held) == pytest.approx(percent / 100, abs=0.015)


def test_what_a_label_needs_is_a_rank_among_the_rows() -> None:
    found = needed(np.arange(1, 100) / 100)  # 99 rows, so that each percent is one rank
    assert found[:3] == pytest.approx((0.99, 0.98, 0.97))
    assert found[-1] == pytest.approx(0.01)
    assert needed(np.array([0.4, 0.6]))[89] == 0  # of two rows none can promise 90 %


def test_weights_make_a_calibration_that_of_rows_as_they_will_be() -> None:
    """Of the rows three quarters are easy; of those to come a fifth will be."""
    thresholds, held = [], []
    for _ in range(30):
        easy, hard = drawn(1500, 2.0, ease=4.0), drawn(500, 2.0, ease=1.0)
        weights = np.repeat([0.2 / 1500, 0.8 / 500], [1500, 500])
        rows = [np.concatenate(pair) for pair in zip(easy, hard, strict=True)]
        found = fit(rows[0], rows[1], weights)
        plain = fit(rows[0], rows[1])
        errors, shares = zip(
            *(selective(one.threshold, 4000, ease) for one in (found, plain) for ease in (4.0, 1.0)),
            strict=True,
        )
        kept = np.array(shares) * [0.2, 0.8, 0.2, 0.8]
        wrong = np.array(errors) * kept
        thresholds.append((wrong[:2].sum() / kept[:2].sum(), wrong[2:].sum() / kept[2:].sum()))
        logits, labels = (
            np.concatenate(pair) for pair in zip(drawn(200, 2.0, 4.0), drawn(800, 2.0, 1.0), strict=True)
        )
        true = probabilities(logits, found.temperature)[np.arange(1000), labels]
        held.append((true >= found.needed[89]).mean())
    weighted, plain_error = np.mean(thresholds, axis=0)
    assert weighted == pytest.approx(TARGET_ERROR, abs=0.01)
    assert plain_error > TARGET_ERROR + 0.02
    assert np.mean(held) == pytest.approx(0.9, abs=0.01)


def test_weights_that_are_all_alike_change_nothing() -> None:
    logits, labels = drawn(300, 2.0)
    found, plain = fit(logits, labels, np.full(300, 7.0)), fit(logits, labels)
    assert found.temperature == pytest.approx(plain.temperature)
    assert found.threshold == pytest.approx(plain.threshold)
    assert found.needed == pytest.approx(plain.needed)


@pytest.mark.parametrize("sharpness", [0.5, 2.0])
def test_biases_give_labels_back_a_share_of_the_frequency_that_they_have(sharpness: float) -> None:
    logits, labels = drawn(20_000, sharpness)
    wrong = np.array([1.0, -0.6, -0.4]) * sharpness
    found = bias(logits + wrong, labels)
    assert found == pytest.approx(-BIAS * wrong, abs=0.06 * sharpness)
    assert found.sum() == pytest.approx(0, abs=1e-9)


def test_biases_are_those_of_the_rows_that_weigh() -> None:
    logits = np.zeros((200, 2))
    labels = np.repeat([0, 1], 100)
    assert bias(logits, labels) == pytest.approx([0, 0], abs=1e-3)
    weights = np.repeat([3.0, 1.0], 100)
    weighed = logits + bias(logits, labels, weights) / BIAS
    shares = probabilities(weighed, fit(weighed, labels, weights).temperature)
    assert shares[0] == pytest.approx([0.75, 0.25], abs=0.01)


def test_a_few_rows_say_nothing_of_biases() -> None:
    logits, labels = drawn(ENOUGH - 1, 1.0)
    assert not bias(logits, labels).any()
    assert not bias(logits[:0], labels[:0]).any()


def test_rows_of_which_few_weigh_nearly_all_promise_nothing() -> None:
    logits, labels = drawn(100, 2.0)
    weights = np.array([0.8 / 2] * 2 + [0.2 / 98] * 98)
    assert fit(logits, labels, weights).threshold == fit(logits[:29], labels[:29]).threshold


def test_answers_that_are_as_sure_as_one_another_are_unsure_together() -> None:
    confidences = np.full(100, 0.8)
    right = np.arange(100) < 60
    assert threshold(confidences, right, TARGET_ERROR) == 1.0
    assert threshold(confidences, right | (np.arange(100) < 95), TARGET_ERROR) == 0.8
