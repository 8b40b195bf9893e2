import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from stance.classifier import StanceClassifier
from stance.errors import ColumnError
from tests.conftest import LESSONS, SCHEME
from tests.test_comparison import Recited
from training import labelled
from training.baselines import BASELINES, SENTIMENT_AS_STANCE, WORDS, Baselines
from training.dataset import ATTRIBUTED, BARE, IN_CONTEXT
from training.evaluation import MASKED, MASKED_IN_CONTEXT, SHOWN, evaluate
from training.report import Report

AXES = ("side", "stance", "sentiment")


def rows(count: int = 16, **more: object) -> list[dict[str, Any]]:
    """The lessons over and over, each row an article of its own."""
    made = []
    for place in range(count):
        quote, speaker, *labels = LESSONS[place % len(LESSONS)]
        row = {
            "quote": quote,
            "speaker": speaker,
            **dict(zip(AXES, labels, strict=True)),
            "group": f"{place}",
        }
        made.append({**row, **more})
    return made


def measured(
    classifier: StanceClassifier, given: list[dict[str, Any]], slices: tuple[str, ...] = (), **settings: Any
) -> Report:
    examples = labelled.read(given, classifier.scheme)
    return evaluate(classifier, examples, data="rows", slices=slices, **{"simple": Baselines(), **settings})


def slices_of(report: Report, column: str) -> Mapping[str, int]:
    return {one.value: one.rows for one in report.axis("stance").slices if one.column == column}


def test_a_report_has_every_axis_in_every_form(classifier: StanceClassifier, lessons: Path) -> None:
    report = evaluate(classifier, labelled.read([lessons], SCHEME), data="lessons")
    assert list(report.forms) == [BARE, ATTRIBUTED, MASKED]
    for axis in report.forms[ATTRIBUTED]:
        assert axis.macro_f1.value == 1.0
        assert axis.selection.error_when_sure is not None
        assert axis.selection.error_when_sure.value == 0.0
        assert axis.rows == 176
    assert sum(line.startswith("| quotation") for line in report.markdown().splitlines()) == 3 * 3
    assert report.as_dict()["forms"][ATTRIBUTED][0]["axis"] == "side"
    assert [one.axis for one in report.swaps] == ["stance", "sentiment"]
    assert "the same words get another label: stance in" in report.markdown()


def test_forms_that_the_rows_do_not_have_are_left_out(classifier: StanceClassifier) -> None:
    assert list(measured(classifier, rows(context="the ministry says")).forms) == [
        BARE,
        ATTRIBUTED,
        IN_CONTEXT,
        MASKED,
        MASKED_IN_CONTEXT,
    ]
    bare = [{key: cell for key, cell in row.items() if key != "speaker"} for row in rows()]
    found = measured(classifier, bare)
    assert list(found.forms) == [BARE, ATTRIBUTED]
    assert found.axis("stance").confusion == found.axis("stance", BARE).confusion
    assert set(SHOWN) == {BARE, ATTRIBUTED, IN_CONTEXT, MASKED, MASKED_IN_CONTEXT}


def test_rows_without_a_label_do_not_count(classifier: StanceClassifier, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(
        '{"quote": "They lie.", "side": "US", "clarity": "clear"}\n'
        '{"quote": "We hope.", "stance": "defensive"}\n',
        encoding="utf-8",
    )
    report = evaluate(classifier, labelled.read([path], SCHEME), data="rows")
    assert [(axis.axis, axis.rows) for axis in report.forms[ATTRIBUTED]] == [("side", 1), ("stance", 1)]
    side, stance = report.forms[ATTRIBUTED]
    assert side.macro_f1_clear is not None
    assert stance.macro_f1_clear is None


def test_rows_without_any_label_give_a_report_that_says_so(classifier: StanceClassifier) -> None:
    report = measured(classifier, [{"quote": "We hope.", "side": ""}])
    assert report.notes == (
        "No row has a label of side, stance, sentiment, so there is nothing to measure: label some.",
    )
    assert not any(report.forms.values())
    assert report.notes[0] in report.html()


def test_one_row_with_one_label_is_a_whole_report(classifier: StanceClassifier, tmp_path: Path) -> None:
    report = measured(classifier, rows(1), ("speaker",))
    assert report.axis("stance").macro_f1.low < 0.05
    assert report.axis("stance").slices[0].value == LESSONS[0][1]
    assert report.notes[0].startswith("All rows are of one group, so no interval can be given")
    json.dumps(report.as_dict(), allow_nan=False)
    assert report.save(tmp_path).exists()


@pytest.mark.parametrize(
    ("groups", "note"),
    [
        (1, "All rows are of one group"),
        (5, "The rows are of 5 groups only, and with fewer than 20"),
        (40, "No column group or source binds rows together"),
    ],
)
def test_notes_say_what_the_intervals_are_worth(classifier: StanceClassifier, groups: int, note: str) -> None:
    given = [{**row, "group": f"{i % groups}"} for i, row in enumerate(rows(40))]
    notes = measured(classifier, given, simple=Baselines(labelled.read(rows(8), SCHEME))).notes
    assert [text.startswith(note) for text in notes] == [True, False]
    assert notes[1].startswith("Masking took a name out of 0 of 40 rows")
    alone = measured(classifier, given, notes=("Seen before.",)).notes
    assert alone[0] == "Seen before."
    assert alone[2].startswith("Baselines that learn were cross-validated")


def test_slices_by_any_column_with_empty_cells_last(classifier: StanceClassifier) -> None:
    given = [{**row, "outlet": "wire" if i % 2 else "paper"} for i, row in enumerate(rows(8))]
    for row in given[:3]:
        row["outlet"] = ""
    report = measured(classifier, given, ("outlet", "side"))
    assert list(slices_of(report, "outlet").items()) == [("paper", 2), ("wire", 3), ("(empty)", 3)]
    assert sum(slices_of(report, "side").values()) == 8
    assert report.axis("stance", BARE).slices == ()


def test_a_slice_in_which_all_rows_have_one_label_has_no_macro_f1(classifier: StanceClassifier) -> None:
    report = measured(classifier, rows(16), ("stance", "side"))
    of_stance = {one.value: one for one in report.axis("stance").slices if one.column == "stance"}
    assert [one.macro_f1 for one in of_stance.values()] == [None] * 3
    assert of_stance["accusatory"].accuracy.value == 1.0
    assert all(one.macro_f1 for one in report.axis("stance").slices if one.column == "side")
    assert report.html().count("stance by side") == 1


def test_dates_are_sliced_by_year_whatever_their_column_is_called(classifier: StanceClassifier) -> None:
    days = ["2018-01-23", "2018-11-02", "2019-05-05"]
    given = [
        {**row, "published": days[i % 3], "date": f"May {2018 + i % 2}"} for i, row in enumerate(rows(6))
    ]
    report = measured(classifier, given, ("published", "date"))
    assert slices_of(report, "published") == {"2018": 4, "2019": 2}
    assert slices_of(report, "date") == {"2018": 3, "2019": 3}


def test_rare_values_are_one_slice(classifier: StanceClassifier) -> None:
    given = [{**row, "topic": "chips" if i < 10 else f"topic {i}"} for i, row in enumerate(rows(40))]
    found = slices_of(measured(classifier, given, ("topic",)), "topic")
    assert len(found) == 20
    assert found["chips"] == 10
    assert list(found)[-1] == "(others)"
    assert sum(found.values()) == 40


def test_a_column_that_is_not_there_is_refused(classifier: StanceClassifier) -> None:
    with pytest.raises(ColumnError, match=r"There is no column outlett to slice by, only group, .*speaker"):
        measured(classifier, rows(), ("group", "outlett"))


def test_baselines_stand_beside_the_model_on_the_same_rows(classifier: StanceClassifier) -> None:
    report = measured(classifier, rows(24))
    stance = report.axis("stance")
    assert [one.name for one in stance.baselines] == [*BASELINES, SENTIMENT_AS_STANCE]
    assert [one.name for one in report.axis("side").baselines] == list(BASELINES)
    for one in stance.baselines:
        assert one.gain.value == pytest.approx(stance.macro_f1.value - one.macro_f1.value)
    assert stance.baselines[0].gain.low > 0
    assert [one.name for one in report.axis("stance", BARE).baselines] == [WORDS]
    assert report.axis("stance", MASKED).baselines == ()


def test_without_baselines_there_is_no_word_of_them(classifier: StanceClassifier) -> None:
    report = measured(classifier, rows(24), simple=None)
    assert report.axis("stance").baselines == report.axis("stance", BARE).baselines == ()
    assert not any("aselines" in note for note in report.notes)


def test_a_model_with_axes_of_its_own_is_measured_on_them() -> None:
    tone = ["negative", "neutral", "positive"]
    own = Recited(0, {"stance": ["for", "against"], "sentiment": tone}, "own 1.0")
    given = [{"quote": f"{i % 2} yes", "stance": ["for", "against"][i % 2]} for i in range(10)]
    report = measured(own, given)
    assert [axis.axis for axis in report.forms[ATTRIBUTED]] == ["stance"]
    assert report.axis("stance").macro_f1.value == 1.0
    assert [one.name for one in report.axis("stance").baselines] == list(BASELINES)


def test_coders_in_a_list_or_in_columns_give_the_same_ceiling(classifier: StanceClassifier) -> None:
    listed, single = rows(16), rows(16)
    for place, (one, other) in enumerate(zip(listed, single, strict=True)):
        second = "accusatory" if place % 4 == 0 else one["stance"]
        one["stance_readers"] = [one["stance"], second]
        other["stance_1"], other["stance_2"] = one["stance"], second
    human = measured(classifier, listed).axis("stance").human
    assert human is not None
    assert (human.coders, human.rows) == (2, 16)
    assert human.macro_f1.value < human.model_macro_f1.value
    again = measured(classifier, single)
    assert again.axis("stance").human == human
    assert again.axis("side").human is None
    assert "2 coders, 16 rows that several have coded" in again.html()


def test_a_page_of_rows_full_of_markup_is_safe(classifier: StanceClassifier) -> None:
    odd = "<img src=x onerror=alert(1)>"
    given = [{**row, "quote": f"{odd} {row['quote']}", odd: f"{odd} $x$"} for row in rows(8)]
    page = measured(classifier, given, (odd,)).html()
    assert odd not in page
    assert "onerror" in page


def test_every_quotation_passes_the_watch_in_every_form(classifier: StanceClassifier) -> None:
    seen: list[int] = []

    def watch(quotes: Any) -> Any:
        quotes = list(quotes)
        seen.append(len(quotes))
        return quotes

    assert len(measured(classifier, rows(5), watch=watch).forms) == 3
    assert len(seen) == 3 + 2  # and once for each side's speaker
    assert seen == [5] * 5
