import krippendorff
import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, matthews_corrcoef, precision_recall_fscore_support

from stance.calibration import Floats
from training import metrics
from training.intervals import Statistic

LABELS = ("a", "b", "c")


def labels_and_guesses(seed: int, *, rows: int = 300, right: float = 0.7) -> tuple[list[str], list[str]]:
    rng = np.random.default_rng(seed)
    true = rng.choice(LABELS, rows, p=[0.6, 0.3, 0.1]).tolist()
    return true, [t if rng.random() < right else str(rng.choice(LABELS)) for t in true]


def confusion_of(true: list[str], found: list[str]) -> Floats:
    return np.asarray(metrics.confusions(true, found, LABELS).sum(axis=0))


def calibrated(rows: int, seed: int = 0) -> tuple[Floats, Floats]:
    """Confidences [rows], and whether the answers are right [rows], as often as the confidences say."""
    rng = np.random.default_rng(seed)
    sure = rng.uniform(1 / 3, 1, rows)
    return sure, (rng.random(rows) < sure).astype(float)


def test_macro_f1_counts_the_labels_that_occur() -> None:
    assert metrics.macro_f1(["a", "a", "b"], ["a", "b", "b"], LABELS) == pytest.approx((2 / 3 + 2 / 3) / 2)


@pytest.mark.parametrize("seed", range(5))
def test_the_figures_are_those_of_scikit_learn(seed: int) -> None:
    true, found = labels_and_guesses(seed)
    confusion = confusion_of(true, found)
    assert metrics.macro_f1_score(confusion) == pytest.approx(f1_score(true, found, average="macro"))
    assert metrics.accuracy_score(confusion) == pytest.approx(accuracy_score(true, found))
    assert metrics.matthews_corrcoef(confusion) == pytest.approx(matthews_corrcoef(true, found))
    each = zip(*precision_recall_fscore_support(true, found, labels=LABELS), strict=True)
    for place, (precision, recall, f1, _) in enumerate(each):
        assert metrics.precision_score(confusion, place) == pytest.approx(precision)
        assert metrics.recall_score(confusion, place) == pytest.approx(recall)
        assert metrics.f1_score(confusion, place) == pytest.approx(f1)


def test_true_labels_are_in_rows_and_found_ones_in_columns() -> None:
    confusion = confusion_of(["a", "a", "b"], ["b", "b", "c"])
    assert confusion.tolist() == [[0, 2, 0], [0, 0, 1], [0, 0, 0]]


@pytest.mark.parametrize(
    "metric",
    [
        metrics.macro_f1_score,
        metrics.accuracy_score,
        metrics.matthews_corrcoef,
        metrics.alpha_of_two,
        lambda confusion: metrics.f1_score(confusion, 1),
    ],
)
def test_one_call_serves_all_resamples(metric: Statistic) -> None:
    several = np.stack([confusion_of(*labels_and_guesses(seed)) for seed in range(6)]).reshape(2, 3, 3, 3)
    together = metric(several)
    assert together.shape == (2, 3)
    assert together[1, 2] == pytest.approx(float(metric(several[1, 2])))


def test_a_label_that_never_occurs_has_no_figure_and_does_not_divide_by_zero() -> None:
    confusion = confusion_of(["a", "b"], ["a", "b"])
    with np.errstate(all="raise"):
        assert metrics.f1_score(confusion, 2) == 0
        assert np.isnan(metrics.precision_score(confusion, 2))
        assert np.isnan(metrics.recall_score(confusion, 2))
        assert metrics.macro_f1_score(confusion) == 1
        assert metrics.matthews_corrcoef(confusion_of(["a"], ["a"])) == 0
        assert metrics.accuracy_score(np.zeros((3, 3))) == metrics.macro_f1_score(np.zeros((3, 3))) == 0


@pytest.mark.parametrize("seed", range(5))
def test_alpha_of_two_coders_is_that_of_the_package_krippendorff(seed: int) -> None:
    true, found = labels_and_guesses(seed, rows=60)
    wanted = krippendorff.alpha(
        reliability_data=[true, found], value_domain=LABELS, level_of_measurement="nominal"
    )
    assert metrics.alpha_of_two(confusion_of(true, found)) == pytest.approx(wanted)


@pytest.mark.parametrize("seed", range(5))
def test_alpha_of_several_coders_with_gaps_is_that_of_the_package_krippendorff(seed: int) -> None:
    rng = np.random.default_rng(seed)
    true, _ = labels_and_guesses(seed, rows=80)
    coded = [[t if rng.random() < 0.6 else str(rng.choice(LABELS)) for t in true] for _ in range(4)]
    with_gaps = [["" if rng.random() < 0.35 else label for label in coder] for coder in coded]
    numbers = [[np.nan if not x else LABELS.index(x) for x in coder] for coder in with_gaps]
    wanted = krippendorff.alpha(reliability_data=np.array(numbers), level_of_measurement="nominal")
    units = list(zip(*with_gaps, strict=True))
    found = metrics.krippendorff_alpha(metrics.coincidences(units, LABELS).sum(axis=0))
    assert found == pytest.approx(wanted)


def test_alpha_where_only_one_label_occurs_is_agreement() -> None:
    assert metrics.alpha_of_two(confusion_of(["a", "a"], ["a", "a"])) == 1
    assert metrics.alpha_of_two(confusion_of(["a", "b"], ["b", "a"])) < 0


def test_the_brier_loss_of_two_labels_is_twice_that_of_scikit_learn() -> None:
    from sklearn.metrics import brier_score_loss

    rng = np.random.default_rng(1)
    second = rng.random(200)
    true = (rng.random(200) < 0.4).astype(float)
    losses = metrics.brier_losses(np.stack([1 - second, second], axis=1), true)
    assert losses.mean() == pytest.approx(2 * brier_score_loss(true, second))


def test_the_brier_loss_of_several_labels_is_that_of_scikit_learn() -> None:
    from sklearn.metrics import brier_score_loss

    rng = np.random.default_rng(2)
    probabilities = rng.dirichlet(np.ones(3), size=200)
    true = rng.integers(3, size=200)
    wanted = brier_score_loss(true, probabilities, labels=[0, 1, 2], scale_by_half=False)
    assert metrics.brier_losses(probabilities, true).mean() == pytest.approx(wanted)
    assert metrics.brier_losses(np.eye(3), np.array([0, 1, 0])).tolist() == [0, 0, 2]


def test_the_ece_of_a_calibrated_model_is_next_to_nothing() -> None:
    counts = metrics.calibration_counts(*calibrated(100_000)).sum(axis=0)
    assert metrics.expected_calibration_error(counts) < 0.01


def test_the_ece_of_a_model_that_is_too_sure_is_by_how_much() -> None:
    sure, right = calibrated(100_000)
    counts = metrics.calibration_counts(np.minimum(sure + 0.1, 1), right).sum(axis=0)
    assert 0.08 < metrics.expected_calibration_error(counts) < 0.11


def test_the_ece_by_chance_is_what_calibrated_models_show_on_average() -> None:
    found = []
    for seed in range(100):
        sure, right = calibrated(200, seed=seed)
        found.append(metrics.expected_calibration_error(metrics.calibration_counts(sure, right).sum(axis=0)))
    by_chance = metrics.calibration_error_by_chance(calibrated(200)[0])
    assert by_chance == pytest.approx(np.mean(found), abs=0.01)
    assert by_chance > 5 * metrics.calibration_error_by_chance(calibrated(20_000)[0])


def test_the_surest_and_the_least_sure_fall_into_a_bin() -> None:
    counts = metrics.calibration_counts(np.array([0.0, 0.3, 1.0]), np.array([0.0, 1.0, 1.0]))
    assert counts.argmax(axis=1)[:, 0].tolist() == [0, 3, 9]
    assert counts[:, :, 0].sum() == 3


def test_risk_and_coverage_take_the_surest_first_and_ties_together() -> None:
    sure, right = np.array([0.6, 0.9, 0.6, 0.8]), np.array([0.0, 1.0, 1.0, 0.0])
    coverage, risk = metrics.risk_coverage(sure, right)
    assert coverage.tolist() == [0.25, 0.5, 1.0]
    assert risk.tolist() == [0.0, 0.5, 0.5]
    assert metrics.area_under_risk_coverage(coverage, risk) == pytest.approx(0.375)


def test_confidences_that_know_more_have_less_area() -> None:
    sure, right = calibrated(5000)
    informed = metrics.area_under_risk_coverage(*metrics.risk_coverage(sure, right))
    shuffled = np.random.default_rng(3).permutation(sure)
    blind = metrics.area_under_risk_coverage(*metrics.risk_coverage(shuffled, right))
    assert informed < blind - 0.1
    assert blind == pytest.approx(1 - right.mean(), abs=0.02)
