import numpy as np
import pytest
from sklearn.metrics import f1_score

from training import intervals
from training.metrics import confusions, macro_f1, macro_f1_score

LABELS = ("a", "b", "c")
RNG = np.random.default_rng(5)


def test_macro_f1_counts_the_labels_that_occur() -> None:
    assert macro_f1(["a", "a", "b"], ["a", "b", "b"], LABELS) == pytest.approx((2 / 3 + 2 / 3) / 2)


def test_the_value_is_that_of_scikit_learn_and_lies_in_its_interval() -> None:
    true = RNG.choice(LABELS, 300).tolist()
    found = [t if RNG.random() < 0.7 else str(RNG.choice(LABELS)) for t in true]
    score = intervals.score(confusions(true, found, LABELS), macro_f1_score)
    assert score.value == pytest.approx(f1_score(true, found, average="macro"))
    assert score.low < score.value < score.high
    assert str(score) == f"{score.value:.3f} [{score.low:.3f}, {score.high:.3f}]"
