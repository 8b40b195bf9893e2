"""How often intervals hold the true figure, on simulated samples: ``make acceptance``."""

import numpy as np
import pytest

from tests.test_intervals import ERRORS, coverage
from training.intervals import Statistic
from training.metrics import accuracy_score, macro_f1_score

SAMPLES = 1000
GOOD = np.array([[0.33, 0.006, 0.004], [0.004, 0.32, 0.006], [0.005, 0.005, 0.32]])
RARE = np.array([[0.40, 0.05, 0.01], [0.06, 0.42, 0.01], [0.01, 0.01, 0.03]])  # a label with 5 % of the rows

pytestmark = pytest.mark.acceptance


@pytest.mark.parametrize("groups", [None, 60], ids=["rows", "60 groups"])
def test_the_interval_of_macro_f1_holds_the_true_one_in_93_to_97_percent(groups: int | None) -> None:
    assert 0.93 <= coverage(SAMPLES, groups=groups) <= 0.97


@pytest.mark.parametrize(
    ("shares", "statistic", "groups", "least"),
    [
        pytest.param(RARE, macro_f1_score, None, 0.93, id="rare label"),
        pytest.param(RARE, macro_f1_score, 60, 0.93, id="rare label, 60 groups"),
        pytest.param(GOOD, accuracy_score, None, 0.93, id="3 % errors"),
        # A few of the groups hold all the errors, and a sample easily misses them.
        pytest.param(GOOD, accuracy_score, 60, 0.90, id="3 % errors, 60 groups"),
        pytest.param(ERRORS, macro_f1_score, 10, 0.9, id="10 groups"),
    ],
)
def test_harder_cases_stay_near_what_the_docstring_says(
    shares: np.ndarray, statistic: Statistic, groups: int | None, least: float
) -> None:
    assert least <= coverage(SAMPLES, statistic, shares, groups=groups) <= 0.985
