import numpy as np
import pytest
from sklearn.metrics import f1_score

from training.metrics import expected_calibration_error, macro_f1, macro_f1_score

LABELS = ("a", "b", "c")
RNG = np.random.default_rng(5)


def test_macro_f1_counts_the_labels_that_occur() -> None:
    assert macro_f1(["a", "a", "b"], ["a", "b", "b"], LABELS) == pytest.approx((2 / 3 + 2 / 3) / 2)


def test_the_value_is_that_of_scikit_learn_and_lies_in_its_interval() -> None:
    true = RNG.choice(LABELS, 300).tolist()
    found = [t if RNG.random() < 0.7 else str(RNG.choice(LABELS)) for t in true]
    score = macro_f1_score(true, found, LABELS, groups=[str(i) for i in range(300)])
    assert score.value == pytest.approx(f1_score(true, found, average="macro"))
    assert score.low < score.value < score.high
    assert str(score) == f"{score.value:.3f} [{score.low:.3f}, {score.high:.3f}]"


def test_rows_of_few_groups_say_less() -> None:
    true = RNG.choice(LABELS, 300).tolist()
    hits = np.repeat(RNG.random(10) < 0.7, 30)
    found = [t if hit else "a" for t, hit in zip(true, hits, strict=True)]
    alone = macro_f1_score(true, found, LABELS, groups=[str(i) for i in range(300)])
    together = macro_f1_score(true, found, LABELS, groups=[str(i // 30) for i in range(300)])
    assert together.high - together.low > 1.5 * (alone.high - alone.low)


def test_calibration_error_is_the_mean_gap_over_the_bins() -> None:
    assert expected_calibration_error([0.95, 0.95, 0.55, 0.55], [True, True, True, False]) == pytest.approx(
        0.05
    )
    assert expected_calibration_error([1.0, 1.0], [False, False]) == 1.0
