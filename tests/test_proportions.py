import json
import random
import sys
import warnings
from collections.abc import Callable
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from scipy.stats import binomtest
from scipy.stats import t as student

from stance.calibration import probabilities
from stance.errors import MissingPackageError, SettingsError
from stance.quotes import Quote
from stance.results import AxisScores, Prediction
from training.prevalence import Interval, estimate, wilson
from training.proportions import SampleWarning, Shares, shares

LABELS = ("accusatory", "conciliatory", "defensive")
DRAWS = 2000  # the standard error of a coverage of 95 % is 0.5 points
ROWS = 3000
BIAS = (1.0, -0.5, 0.0)  # in logits, so that the model finds too much of the first label


def corpus(
    truth: tuple[float, ...], *, skill: float, bias: tuple[float, ...] = (0.0, 0.0, 0.0), seed: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """One-hot true labels and a model's probabilities, [ROWS, labels] each, in random order."""
    rng = np.random.default_rng(seed)
    counts = np.round(np.array(truth) * ROWS).astype(int)
    true = np.eye(len(truth))[rng.permutation(np.repeat(np.arange(len(truth)), counts))]
    logits = skill * true + rng.normal(size=true.shape) + np.log(truth) + np.array(bias)
    return true, probabilities(logits)


def draws(labelled: int, *, rows: int = ROWS, seed: int = 2) -> np.ndarray:
    """[DRAWS, labelled] positions, each row a simple random sample without replacement."""
    keys = np.random.default_rng(seed).random((DRAWS, rows), dtype=np.float32)
    return np.asarray(np.argpartition(keys, labelled, axis=1)[:, :labelled])


def estimates(true: np.ndarray, scores: np.ndarray, sample: np.ndarray) -> Interval:
    return estimate(true[sample], scores[sample], scores.mean(axis=0), len(true))


def hand_alone(true: np.ndarray, sample: np.ndarray) -> Interval:
    nothing = np.zeros_like(true)
    return estimates(true, nothing, sample)


def coverage(found: Interval, truth: np.ndarray) -> np.ndarray:
    return np.asarray(((found.low <= truth) & (truth <= found.high)).mean(axis=0))


def width(found: Interval) -> np.ndarray:
    return np.asarray((found.high - found.low).mean(axis=0))


def proportion_interval(p: float, n: int) -> tuple[float, float]:
    """The interval of Wilson (1927), from scipy."""
    found = binomtest(round(p * n), n).proportion_ci(0.95, method="wilson")
    return float(found.low), float(found.high)


def predictions(scores: np.ndarray) -> list[Prediction]:
    return [
        Prediction(
            Quote("We agree."),
            {
                "stance": AxisScores(
                    "stance",
                    tuple(sorted(zip(LABELS, map(float, row), strict=True), key=lambda pair: -pair[1])),
                )
            },
            truncated=False,
            model="synthetic",
        )
        for row in scores
    ]


TRUE, SCORES = corpus((0.5, 0.45, 0.05), skill=2.5, bias=BIAS)
PREDICTIONS = predictions(SCORES)
SAMPLE = random.Random(3).sample(range(ROWS), 200)


def hand(positions: list[int] | range, true: np.ndarray = TRUE) -> dict[int, str]:
    return {position: LABELS[true[position].argmax()] for position in positions}


def quiet(by: list[str] | None = None, positions: list[int] | range = SAMPLE) -> Shares:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SampleWarning)
        return shares(PREDICTIONS, hand(positions), by=by)


@pytest.mark.parametrize(
    ("truth", "labelled"),
    [
        pytest.param((0.4, 0.35, 0.25), 200, id="common labels"),
        pytest.param((0.4, 0.35, 0.25), 50, id="few labelled rows"),
        pytest.param((0.5, 0.45, 0.05), 200, id="a label of 5 %"),
        pytest.param((0.9, 0.07, 0.03), 200, id="labels of 90 and 3 %"),
        pytest.param((0.4, 0.35, 0.25), 500, id="many labelled rows"),
    ],
)
def test_the_corrected_interval_holds_its_rate_and_the_naive_one_does_not(
    truth: tuple[float, ...], labelled: int
) -> None:
    true, scores = corpus(truth, skill=2.5, bias=BIAS)
    share = true.mean(axis=0)
    covered = coverage(estimates(true, scores, draws(labelled)), share)
    # Two standard errors below 95 %; above, the pseudo rows may cost a little with few labelled rows.
    assert (covered > 0.94).all(), covered
    assert (covered < (0.975 if labelled > 50 else 0.985)).all(), covered
    naive = np.eye(3)[scores.argmax(axis=1)].mean(axis=0)
    printed = wilson(naive, ROWS)
    assert not ((printed.low <= share) & (share <= printed.high)).any()


def test_naive_intervals_miss_in_most_corpora() -> None:
    held = []
    for seed in range(40):
        true, scores = corpus((0.5, 0.45, 0.05), skill=2.5, bias=BIAS, seed=seed)
        naive = np.eye(3)[scores.argmax(axis=1)].mean(axis=0)
        printed = wilson(naive, ROWS)
        held.append((printed.low <= true.mean(axis=0)) & (true.mean(axis=0) <= printed.high))
    assert np.mean(held) < 0.2


def test_a_normal_interval_of_the_same_estimate_would_not_hold_its_rate_for_a_rare_label() -> None:
    # Why the score interval is there: with 50 rows, one or two of which have the label.
    true, scores = corpus((0.9, 0.07, 0.03), skill=2.5, bias=BIAS)
    sample, share = draws(50), true.mean(axis=0)
    found = estimates(true, scores, sample)
    error = true[sample] - scores[sample]
    half = 1.96 * np.sqrt(error.var(axis=1, ddof=1) / 50 * (1 - 50 / ROWS))
    value = scores.mean(axis=0) + error.mean(axis=1)
    assert coverage(Interval(value, value - half, value + half), share)[2] < 0.85
    assert coverage(found, share)[2] > 0.94


def test_each_of_two_groups_is_covered_by_its_own_rows_and_would_not_be_by_pooled_ones() -> None:
    # The model errs in opposite directions, which a pooled correction cannot see.
    halves = [corpus((0.5, 0.3, 0.2), skill=2.5, bias=bias) for bias in (BIAS, (-1.0, 0.5, 0.0))]
    true, scores = (np.concatenate(part) for part in zip(*halves, strict=True))
    own: list[list[np.ndarray]] = [[], []]
    pooled = []
    for drawn in draws(200, rows=2 * ROWS)[: DRAWS // 2]:
        for half, (truth, _) in enumerate(halves):
            rows, inside = slice(half * ROWS, (half + 1) * ROWS), drawn[drawn // ROWS == half]
            share, corpus_mean = truth.mean(axis=0), scores[rows].mean(axis=0)
            found = estimate(true[inside], scores[inside], corpus_mean, ROWS)
            own[half].append((found.low <= share) & (share <= found.high))
            wrong = estimate(true[drawn], scores[drawn], corpus_mean, ROWS)
            pooled.append((wrong.low <= share) & (share <= wrong.high))
    for held in own:  # 1,000 draws: the standard error is 0.7 points
        assert (np.mean(held, axis=0) > 0.935).all()
        assert (np.mean(held, axis=0) < 0.98).all()
    assert np.mean(pooled, axis=0)[0] < 0.8


def test_a_good_model_makes_the_interval_much_narrower_than_hand_labels_alone() -> None:
    true, scores = corpus((0.5, 0.45, 0.05), skill=4.0)
    ratio = width(estimates(true, scores, draws(200))) / width(hand_alone(true, draws(200)))
    assert (ratio[:2] < 0.6).all()
    assert ratio[2] < 0.85


@pytest.mark.parametrize("labelled", [50, 200])
def test_a_useless_model_hardly_widens_it(labelled: int) -> None:
    true, scores = corpus((0.5, 0.45, 0.05), skill=0.0, bias=BIAS)
    ratio = width(estimates(true, scores, draws(labelled))) / width(hand_alone(true, draws(labelled)))
    assert (ratio < 1.03).all()


def test_a_label_whose_scores_are_noise_pays_little_for_the_others() -> None:
    true, scores = corpus((0.5, 0.45, 0.05), skill=4.0)
    noise = np.where(np.random.default_rng(5).random(ROWS) < 0.12, 0.8, 0.01)
    kept = scores[:, :2] / scores[:, :2].sum(axis=1, keepdims=True) * (1 - noise)[:, None]
    scores = np.column_stack([kept, noise])
    found = estimates(true, scores, draws(200))
    ratio = width(found) / width(hand_alone(true, draws(200)))
    assert ratio[2] < 1.25
    assert (coverage(found, true.mean(axis=0)) > 0.935).all()


def test_a_model_without_a_seen_error_is_not_taken_for_one_without_errors() -> None:
    # 2 % of the rows are wrong: more than a third of the samples of 50 hold none of them.
    true, _ = corpus((0.5, 0.45, 0.05), skill=0.0)
    wrong = np.random.default_rng(6).random(ROWS) < 0.02
    scores = np.where(wrong[:, None], np.roll(true, 1, axis=1), true)
    sample = draws(50)
    assert (~wrong[sample].any(axis=1)).mean() > 0.3
    assert (coverage(estimates(true, scores, sample), true.mean(axis=0)) > 0.94).all()


def test_without_help_from_the_model_it_is_the_interval_of_wilson() -> None:
    found = hand_alone(TRUE, np.array([SAMPLE]))
    p, t2 = TRUE[SAMPLE].mean(axis=0), student.ppf(0.975, 198) ** 2 * (1 - 200 / ROWS) / 200
    half = np.sqrt(t2 * p * (1 - p) + t2**2 / 4)
    assert found.low[0] == pytest.approx((p + t2 / 2 - half) / (1 + t2), abs=1e-6)
    assert found.high[0] == pytest.approx((p + t2 / 2 + half) / (1 + t2), abs=1e-6)


def test_shares_sum_to_one_and_lie_in_their_intervals() -> None:
    found = estimates(TRUE, SCORES, draws(50))
    assert found.value.sum(axis=-1) == pytest.approx(1)
    assert (found.low >= 0).all()
    assert (found.low <= found.value).all()
    assert (found.value <= found.high).all()
    assert (found.high <= 1).all()


def test_predictions_and_hand_labels_give_the_estimate_of_their_arrays() -> None:
    found = quiet()
    wanted = estimates(TRUE, SCORES, np.array([SAMPLE]))
    assert [row.label for row in found.rows] == list(LABELS)
    assert [row.share for row in found.rows] == pytest.approx(wanted.value[0])
    assert [row.low for row in found.rows] == pytest.approx(wanted.low[0])
    assert [row.high for row in found.rows] == pytest.approx(wanted.high[0])
    assert [row.naive for row in found.rows] == pytest.approx(np.eye(3)[SCORES.argmax(axis=1)].mean(axis=0))
    printed = [proportion_interval(row.naive, ROWS) for row in found.rows]
    assert [(row.naive_low, row.naive_high) for row in found.rows] == [
        pytest.approx(pair) for pair in printed
    ]
    assert sum(row.share or 0 for row in found.rows) == pytest.approx(1)
    assert {(row.rows, row.labelled, row.group, row.note) for row in found.rows} == {(ROWS, 200, None, "")}
    # Predictions of the first label are far too many, and the correction says so.
    assert found.rows[0].naive > 0.6 > 0.55 > (found.rows[0].share or 1) > 0.45


def test_a_corpus_that_is_labelled_to_the_last_row_is_known_exactly_and_needs_no_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = shares(PREDICTIONS, hand(range(ROWS)))
    for row, true in zip(found.rows, TRUE.mean(axis=0), strict=True):
        assert (row.share, row.low, row.high) == pytest.approx((true, true, true))


def test_groups_come_sorted_after_the_whole_and_say_how_many_rows_they_lack() -> None:
    inside = set(SAMPLE[:181])
    found = quiet(["2020" if row in inside or row % 2 else "2019" for row in range(ROWS)])
    assert [row.group for row in found.rows] == [None] * 3 + ["2019"] * 3 + ["2020"] * 3
    few, enough = found.rows[3:6], found.rows[6:]
    assert few[0].labelled < 20
    for row in few:
        assert (row.share, row.low, row.high) == (None, None, None)
        assert row.note == f"label {20 - row.labelled} more, drawn at random from this group"
        assert row.naive_low < row.naive < row.naive_high
    assert all(row.share is not None and not row.note for row in enough)


def test_a_group_is_corrected_by_its_own_rows_only() -> None:
    by = ["even" if row % 2 == 0 else "odd" for row in range(ROWS)]
    even = [row for row in quiet(by).rows if row.group == "even"]
    inside = [row for row in SAMPLE if row % 2 == 0]
    alone = estimate(TRUE[inside], SCORES[inside], SCORES[::2].mean(axis=0), ROWS // 2)
    assert [row.share for row in even] == pytest.approx(alone.value)
    assert [row.high for row in even] == pytest.approx(alone.high)
    assert {row.labelled for row in even} == {len(inside)}


def test_a_small_group_that_is_labelled_throughout_needs_no_more_rows() -> None:
    known = set(SAMPLE[:5])
    found = quiet(["small" if row in known else "large" for row in range(ROWS)])
    small = [row for row in found.rows if row.group == "small"]
    assert [row.share for row in small] == pytest.approx(TRUE[SAMPLE[:5]].mean(axis=0))
    assert all(row.low == row.share == row.high and not row.note for row in small)


def test_every_call_reminds_that_the_sample_must_be_random_and_blames_the_caller() -> None:
    with pytest.warns(SampleWarning, match="right only if the 200 .* random sample of the 3,000") as caught:
        shares(PREDICTIONS, hand(SAMPLE))
    assert len(caught) == 1
    assert caught[0].filename == __file__


CONFIDENT = SCORES.max(axis=1)


@pytest.mark.parametrize(
    ("positions", "by", "named"),
    [
        pytest.param(list(range(200)), None, "positions", id="the head of the corpus"),
        pytest.param(list(range(1400, 1600)), None, "positions", id="a run in the middle"),
        pytest.param(np.argsort(CONFIDENT)[:200].tolist(), None, "the model's confidences", id="unsure rows"),
        pytest.param(
            [row for row in SAMPLE if SCORES[row].argmax() != 0],
            None,
            "predicted labels",
            id="one label less",
        ),
        pytest.param(
            SAMPLE,
            ["a" if row in SAMPLE[:150] or row % 2 else "b" for row in range(ROWS)],
            "groups",
            id="groups",
        ),
    ],
)
def test_rows_that_do_not_look_random_are_pointed_out(
    positions: list[int], by: list[str] | None, named: str
) -> None:
    with pytest.warns(SampleWarning, match="does not look as if") as caught:
        shares(PREDICTIONS, hand(positions), by=by)
    assert len(caught) == 1
    assert named in str(caught[0].message)


def test_random_samples_are_rarely_called_suspicious() -> None:
    pointed = 0
    for seed in range(60):
        with pytest.warns(SampleWarning) as caught:
            shares(PREDICTIONS[:600], hand(random.Random(seed).sample(range(600), 60)))
        pointed += "does not look" in str(caught[0].message)
    assert pointed <= 1


def changed(position: int, scores: AxisScores) -> list[Prediction]:
    other = Prediction(Quote("No."), {"stance": scores}, truncated=False, model="another")
    return [*PREDICTIONS[:position], other, *PREDICTIONS[position + 1 : 100]]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        pytest.param(lambda: shares([], {}), "The corpus is empty: pass the predictions", id="empty corpus"),
        pytest.param(
            lambda: shares(PREDICTIONS, hand(SAMPLE), axis="tone"),
            "have no axis 'tone', only stance: name one",
            id="unknown axis",
        ),
        pytest.param(
            lambda: shares(PREDICTIONS, hand(SAMPLE) | {3000: "defensive", -1: "defensive"}),
            "2 of 202 labelled positions are not in the corpus, the first 3000: .* from 0 to 2,999",
            id="positions outside",
        ),
        pytest.param(
            lambda: shares(PREDICTIONS, {str(row): "defensive" for row in SAMPLE}),  # type: ignore[misc]
            "200 of 200 labelled positions are not in the corpus, the first '.*': positions are whole",
            id="positions that are text",
        ),
        pytest.param(
            lambda: shares(PREDICTIONS, hand(SAMPLE) | {7: "hostile"}),
            "1 of 20[01] hand labels are not of stance, the first 'hostile' at position 7: correct .* to",
            id="labels of no axis",
        ),
        pytest.param(
            lambda: shares(PREDICTIONS, hand(SAMPLE), by=["2019", "2020"]),
            "by has 2 groups for 3,000 predictions: give one for each, in order",
            id="by of another length",
        ),
        pytest.param(
            lambda: shares(PREDICTIONS, hand(SAMPLE[:12])),
            "12 rows are labelled, but a valid interval takes 20: label 8 more of the 3,000, drawn at random",
            id="too few labelled rows",
        ),
        pytest.param(
            lambda: shares(
                changed(40, AxisScores("stance", (("for", 0.9), ("against", 0.1)))), hand(range(30))
            ),
            "position 40 has other labels of stance than the first, for, against instead of accusatory",
            id="predictions of two models",
        ),
    ],
)
def test_what_cannot_be_used_is_named(call: Callable[[], Shares], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        call()


def test_results_are_frozen_and_json_ready() -> None:
    found = quiet(["<b>" if row % 300 == 0 else "rest" for row in range(ROWS)])
    with pytest.raises(FrozenInstanceError):
        found.axis = "side"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        found.rows[0].share = 0.5  # type: ignore[misc]
    read = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    assert read["axis"] == "stance"
    assert len(read["rows"]) == 9
    assert read["rows"][0]["label"] == "accusatory"


def test_the_text_is_a_table_with_both_shares_and_the_note() -> None:
    found = quiet(["x" if row % 300 == 0 else "rest" for row in range(ROWS)])
    lines = str(found).splitlines()
    first = found.rows[0]
    assert first.share is not None
    assert lines[0] == "Shares of stance, in %"
    assert lines[1].split("  ")[0] == "group"
    assert f"{100 * first.share:.1f} [" in lines[2]
    assert f"{100 * first.naive:.1f} [" in lines[2]
    assert lines[2].startswith("(all)")
    assert "label 10 more" in lines[-1] or "label 9 more" in lines[-1]
    assert len({line.index("3,000") for line in lines[2:5]}) == 1


def test_the_page_escapes_what_users_named() -> None:
    page = quiet(["<b>" if row % 2 else "rest" for row in range(ROWS)])._repr_html_()
    assert "&lt;b&gt;" in page
    assert "<b>" not in page
    assert page.count("<tr>") == 10


def test_a_frame_has_a_column_for_each_field() -> None:
    frame = quiet(["x" if row % 300 == 0 else "rest" for row in range(ROWS)]).to_frame()
    assert list(frame.columns[:5]) == ["group", "label", "share", "low", "high"]
    assert frame.share[frame.group == "x"].isna().all()
    assert frame.share.dtype == float


def test_a_frame_without_pandas_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingPackageError, match="pip install pandas"):
        quiet().to_frame()
