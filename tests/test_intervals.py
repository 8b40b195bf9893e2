import numpy as np
import pytest
from scipy.stats import binomtest

from training import intervals
from training.metrics import accuracy_score, calibration_counts, expected_calibration_error, macro_f1_score

ERRORS = np.array([[0.25, 0.06, 0.04], [0.05, 0.2, 0.05], [0.06, 0.06, 0.23]])  # true labels in rows
ROWS = 400


def sample(rng: np.random.Generator, shares: np.ndarray = ERRORS, *, groups: int | None = None) -> np.ndarray:
    """Confusions [rows or groups, 3, 3] of 400 rows; groups differ in size and in the errors made."""
    even = (shares / shares.sum()).ravel()
    if groups is None:
        return rng.multinomial(1, even, size=ROWS).reshape(ROWS, 3, 3).astype(float)
    sizes = rng.multinomial(ROWS - groups, rng.dirichlet(np.full(groups, 2.0))) + 1
    drawn = [rng.multinomial(size, rng.dirichlet(6 * even)) for size in sizes]
    return np.array(drawn, dtype=float).reshape(groups, 3, 3)


def coverage(
    samples: int,
    statistic: intervals.Statistic = macro_f1_score,
    shares: np.ndarray = ERRORS,
    *,
    groups: int | None = None,
) -> float:
    """In what share of samples the interval holds the figure of the population."""
    true = float(statistic(shares / shares.sum()))
    held = 0
    for seed in range(samples):
        counts = sample(np.random.default_rng(seed), shares, groups=groups)
        score = intervals.score(counts, statistic, edges=len(counts), seed=seed)
        held += score.low <= true <= score.high
    return held / samples


# With 200 samples the standard error of a coverage of 95 % is 1.5 points.
@pytest.mark.parametrize("groups", [None, 60], ids=["rows", "60 groups"])
def test_the_interval_holds_the_true_macro_f1_as_often_as_it_says(
    groups: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intervals, "RESAMPLES", 500)
    assert 0.9 <= coverage(200, groups=groups) <= 0.99


def test_groups_that_resemble_themselves_make_the_interval_wider() -> None:
    counts = sample(np.random.default_rng(1), groups=60)
    rows = np.repeat(np.eye(9), counts.sum(axis=0).ravel().astype(int), axis=0).reshape(-1, 3, 3)
    grouped, alone = (intervals.score(one, macro_f1_score) for one in (counts, rows))
    assert grouped.value == pytest.approx(alone.value)
    assert grouped.high - grouped.low > 1.2 * (alone.high - alone.low)


def test_rows_are_summed_by_group_and_nothing_is_lost() -> None:
    counts = sample(np.random.default_rng(2))
    names = [f"article {place % 7}" for place in range(ROWS)]
    grouped = intervals.by_group(counts, names)
    assert grouped.shape == (7, 3, 3)
    np.testing.assert_array_equal(grouped[3], counts[3::7].sum(axis=0))
    np.testing.assert_array_equal(grouped.sum(axis=0), counts.sum(axis=0))


def test_the_same_seed_gives_the_same_interval_whatever_the_order() -> None:
    counts = sample(np.random.default_rng(3))
    first = intervals.score(counts, macro_f1_score, seed=4)
    assert intervals.score(counts[::-1], macro_f1_score, seed=4) == first
    assert intervals.score(counts, macro_f1_score, seed=5) != first


def test_resamples_in_blocks_are_as_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intervals, "HELD", 700)
    assert len(intervals.resampled(sample(np.random.default_rng(3)), accuracy_score)) == intervals.RESAMPLES


@pytest.mark.parametrize("groups", [1, 5, 60])
def test_without_an_error_the_bound_is_that_of_clopper_and_pearson(groups: int) -> None:
    score = intervals.score(np.tile(np.eye(3), (groups, 1, 1)), accuracy_score, edges=groups)
    exact = binomtest(groups, groups).proportion_ci(0.95, "exact")
    assert (score.value, score.high) == (1.0, 1.0)
    assert score.low == pytest.approx(exact.low)


def test_without_a_hit_the_bound_is_its_mirror_image() -> None:
    wrong = np.tile(np.roll(np.eye(3), 1, axis=0), (60, 1, 1))
    score = intervals.score(wrong, accuracy_score, edges=60)
    assert (score.value, score.low) == (0.0, 0.0)
    assert score.high == pytest.approx(binomtest(0, 60).proportion_ci(0.95, "exact").high)


def test_of_a_figure_without_rows_nothing_is_known() -> None:
    score = intervals.score(np.zeros((9, 3, 3)), accuracy_score, edges=0)
    assert (score.value, score.low, score.high) == (0.0, 0.0, 1.0)


def test_one_group_has_no_interval() -> None:
    score = intervals.score(np.array([[[3.0, 1.0], [0.0, 4.0]]]), accuracy_score, edges=1)
    assert score == intervals.Score(0.875, 0.875, 0.875)


def test_very_uneven_groups_keep_their_order() -> None:
    counts = np.zeros((6, 2, 2))
    counts[:, 0, 0] = [1000, 1, 1, 1, 1, 1]
    counts[:, 0, 1] = [0, 1, 1, 1, 1, 1]
    score = intervals.score(counts, accuracy_score)
    assert 0 <= score.low <= score.value <= score.high <= 1
    assert score.low < score.high


def test_a_figure_lies_between_its_bounds_even_where_resampling_moves_it_one_way() -> None:
    # Every bin of this model is right just as often as it says, which no resample is.
    sure = np.repeat((np.arange(10) + 0.5) / 10, 100)
    right = (np.tile(np.arange(100), 10) < 100 * sure).astype(float)
    counts = calibration_counts(sure, right)
    score = intervals.score(counts, expected_calibration_error)
    assert score.low <= score.value <= score.high


def test_a_score_prints_as_it_stands_in_a_paper() -> None:
    assert str(intervals.Score(0.75, 0.7114, 0.7861)) == "0.750 [0.711, 0.786]"
