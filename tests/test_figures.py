"""From labels and predictions to the figures of an axis."""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import f1_score

from stance.labels import LabelScheme
from stance.quotes import Quote
from stance.results import AxisScores, Prediction
from training import figures
from training.labelled import Example
from training.report import AxisReport

LABELS = ("accusatory", "conciliatory", "defensive")
(AXIS,) = LabelScheme.from_table({"stance": list(LABELS)}).axes


def example(label: str | None, group: str = "article", **fields: Any) -> Example:
    return Example(Quote("We hope."), {"stance": label}, group, **fields)


def said(label: str, confidence: float = 0.8, *, threshold: float = 0.5) -> Prediction:
    """A prediction whose other labels share what is left."""
    others = [(other, (1 - confidence) / 2) for other in LABELS if other != label]
    scores = AxisScores("stance", ((label, confidence), *others), threshold)
    return Prediction(Quote("We hope."), {"stance": scores}, truncated=False, model="made up")


def report_of(pairs: Sequence[tuple[Example, Prediction]]) -> AxisReport:
    report = figures.axis_report(AXIS, [one for one, _ in pairs], [one for _, one in pairs])
    assert report is not None
    return report


def simulated(rows: int = 240, groups: int = 60, seed: int = 0) -> list[tuple[Example, Prediction]]:
    """Rows of groups whose answers are right as often as the confidences say."""
    rng = np.random.default_rng(seed)
    pairs = []
    for place in range(rows):
        true, sure = str(rng.choice(LABELS)), float(rng.uniform(0.4, 1))
        wrong = str(rng.choice([label for label in LABELS if label != true]))
        found = said(true if rng.random() < sure else wrong, sure)
        pairs.append((example(true, f"article {place % groups}"), found))
    return pairs


def test_every_figure_has_an_interval_and_lies_in_it() -> None:
    pairs = simulated()
    report = report_of(pairs)
    true, found = [e.labels["stance"] for e, _ in pairs], [p.stance.label for _, p in pairs]
    assert (report.rows, report.groups) == (240, 60)
    assert report.macro_f1.value == pytest.approx(f1_score(true, found, average="macro"))
    scores = [report.macro_f1, report.accuracy, report.mcc, report.alpha]
    scores += [score for one in report.by_label for score in (one.precision, one.recall, one.f1)]
    scores += [score for row in report.confusion_shares for score in row]
    scores += [report.calibration.ece, report.calibration.brier, report.selection.unsure]
    for score in scores:
        assert score.low <= score.value <= score.high
        assert score.low < score.high


def test_the_confusion_counts_rows_and_its_shares_are_of_the_hand_label() -> None:
    report = report_of(
        [
            (example("accusatory", "1"), said("defensive")),
            (example("accusatory", "2"), said("accusatory")),
            (example("defensive", "3"), said("defensive")),
        ]
    )
    assert report.confusion == ((1, 0, 1), (0, 0, 0), (0, 0, 1))
    assert [score.value for score in report.confusion_shares[0]] == [0.5, 0.0, 0.5]
    assert [(one.rows, one.found) for one in report.by_label] == [(2, 1), (0, 0), (1, 2)]


def test_bins_hold_every_row_and_their_gaps_are_the_ece() -> None:
    calibration = report_of(simulated()).calibration
    assert sum(one.rows for one in calibration.bins) == 240
    gaps = sum(one.rows * abs(one.confidence - one.accuracy) for one in calibration.bins) / 240
    assert calibration.ece.value == pytest.approx(gaps)
    assert all(one.low <= one.confidence <= one.high for one in calibration.bins)


def test_the_curve_ends_with_all_rows_and_the_share_of_errors() -> None:
    report = report_of(simulated(rows=900))
    assert len(report.selection.coverage) == figures.POINTS
    assert report.selection.coverage[-1] == 1.0
    assert report.selection.risk[-1] == pytest.approx(1 - report.accuracy.value)
    assert report.selection.area < report.selection.risk[-1]


def test_unsure_answers_are_counted_and_left_out_of_the_error() -> None:
    right = [(example("defensive", f"{i}"), said("defensive", 0.9)) for i in range(6)]
    wrong = [(example("defensive", f"w{i}"), said("accusatory", 0.4)) for i in range(2)]
    selection = report_of(right + wrong).selection
    assert selection.unsure.value == 0.25
    assert selection.error_when_sure is not None
    assert (selection.error_when_sure.value, selection.error_when_sure.low) == (0.0, 0.0)
    assert selection.error_when_sure.high > 0.3  # six rows without an error prove little


def test_where_all_answers_are_unsure_there_is_no_error_when_sure() -> None:
    selection = report_of(
        [(example("defensive", f"{i}"), said("defensive", 0.45)) for i in range(4)]
    ).selection
    assert selection.unsure.value == 1.0
    assert selection.error_when_sure is None


def test_one_row_gives_figures_that_claim_nothing() -> None:
    report = report_of([(example("defensive"), said("defensive"))])
    assert (report.rows, report.groups, report.macro_f1.value) == (1, 1, 1.0)
    assert report.macro_f1.low == pytest.approx(0.025)
    json.dumps(asdict(report), allow_nan=False)


def test_one_label_only_gives_figures_without_dividing_by_zero() -> None:
    with np.errstate(all="raise"):
        report = report_of([(example("defensive", f"{i}"), said("defensive")) for i in range(30)])
    assert (report.macro_f1.value, report.mcc.value, report.alpha.value) == (1.0, 0.0, 1.0)
    never = report.by_label[0]
    assert (never.f1.value, never.f1.low, never.f1.high) == (0.0, 0.0, 1.0)
    json.dumps(asdict(report), allow_nan=False)


def test_no_error_at_all_is_no_proof_in_any_figure() -> None:
    labels = ["defensive"] * 20 + ["accusatory"] * 5
    report = report_of([(example(label, f"{i}"), said(label)) for i, label in enumerate(labels)])
    for score in (report.macro_f1, report.mcc, report.alpha):
        assert (score.value, score.high) == (1.0, 1.0)
        assert score.low == pytest.approx(0.025 ** (1 / 5))  # five rows have the rarer label


def test_an_axis_without_labels_has_no_report() -> None:
    assert figures.axis_report(AXIS, [example(None)], [said("defensive")]) is None


def test_clear_rows_have_a_figure_of_their_own() -> None:
    clear = [(example("defensive", f"{i}", clarity="clear"), said("defensive")) for i in range(3)]
    unclear = [(example("defensive", f"u{i}", clarity="borderline"), said("accusatory")) for i in range(3)]
    report = report_of(clear + unclear)
    assert report.macro_f1_clear is not None
    assert report.macro_f1_clear.value == 1.0 > report.macro_f1.value


def test_sets_of_labels_are_counted_by_whether_they_hold_the_true_one() -> None:
    assert report_of(simulated()).selection.sets is None, "the model knows none"
    quarter = tuple([0.25] * 99)
    sure, torn = said("accusatory", 0.9), said("accusatory", 0.4)
    known = [
        replace(one, axes={"stance": replace(one.stance, needed=quarter)}) for one in (sure, torn, sure, torn)
    ]
    true = ["accusatory", "defensive", "defensive", "conciliatory"]
    found = report_of([(example(label, str(i)), known[i]) for i, label in enumerate(true)]).selection.sets
    assert found is not None
    assert (found.coverage, found.held.value, found.size) == (0.9, 0.75, 2.0)
