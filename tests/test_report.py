import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.test_figures import example, report_of, said, simulated
from training.dataset import ATTRIBUTED, BARE
from training.intervals import Score
from training.report import AxisReport, Baseline, Report, Slice
from training.report_page import markdown_table

ODD = "<script>alert('x')</script> & \"co\""
WORTH = Score(0.7, 0.6, 0.8)


@pytest.fixture(scope="module")
def axis() -> AxisReport:
    report = report_of(simulated())
    slices = (Slice(ODD, ODD, 20, WORTH, WORTH, WORTH), Slice("date", "2018", 20, WORTH, WORTH, WORTH))
    return replace(
        report, slices=slices, baselines=(Baseline("commonest label", WORTH, Score(-0.1, -0.2, 0.0)),)
    )


@pytest.fixture(scope="module")
def report(axis: AxisReport) -> Report:
    return Report("mine 1.0", ODD, {BARE: [axis], ATTRIBUTED: [axis]}, (f"A note on {ODD}.",))


def test_an_axis_is_found_by_name_and_form(report: Report, axis: AxisReport) -> None:
    assert report.axis("stance") is axis
    assert report.axis("stance", BARE) is axis
    with pytest.raises(KeyError, match="no axis 'side' with labelled rows, only stance"):
        report.axis("side")
    with pytest.raises(KeyError, match="no form of input 'aloud', only quotation, quotation and speaker"):
        report.axis("stance", "aloud")


def test_as_dict_is_ready_for_json_and_has_every_figure_with_its_interval(report: Report) -> None:
    found = json.loads(json.dumps(report.as_dict(), allow_nan=False))
    axis = found["forms"][ATTRIBUTED][0]
    for name in ("macro_f1", "accuracy", "mcc", "alpha"):
        assert axis[name].keys() == {"value", "low", "high"}
    assert axis["by_label"][0].keys() == {"label", "rows", "found", "precision", "recall", "f1"}
    assert axis["confusion_shares"][2][1].keys() == {"value", "low", "high"}
    assert axis["calibration"].keys() == {"ece", "by_chance", "brier", "bins"}
    assert axis["selection"].keys() == {
        "unsure",
        "error_when_sure",
        "coverage",
        "risk",
        "area",
        "sets",
    }


def test_the_table_has_a_line_for_each_form_and_axis(report: Report) -> None:
    head, rule, *lines, blank, note = report.markdown().splitlines()
    assert (blank, note) == ("", report.notes[0])
    assert {line.count("|") for line in (head, rule, *lines)} == {10}
    assert [line.split(" | ")[:3] for line in lines] == [
        [f"| {BARE}", "stance", "240"],
        [f"| {ATTRIBUTED}", "stance", "240"],
    ]


def test_a_dash_stands_where_there_is_no_figure() -> None:
    unsure = report_of([(example("defensive"), said("defensive", 0.4))])
    assert Report("m", "d", {ATTRIBUTED: [unsure]}).markdown().endswith("| 100% | – |")


def test_saving_writes_the_page_and_the_figures(report: Report, tmp_path: Path) -> None:
    page = report.save(tmp_path / "new" / "folder")
    assert page.name == "report.html"
    assert page.read_text(encoding="utf-8") == report.html()
    figures = json.loads((page.parent / "report.json").read_text(encoding="utf-8"))
    assert figures == json.loads(json.dumps(report.as_dict()))
    report.save(tmp_path / "new" / "folder")


def test_the_page_shows_all_figures_and_plots_and_needs_nothing_from_elsewhere(report: Report) -> None:
    page = report.html()
    for part in (
        "By form of input",
        "240 rows in 60 groups",
        "Matthews&#x27; correlation",
        "Krippendorff&#x27;s alpha",
        "Brier score",
        "area under risk–coverage",
        "Answers by hand label",
        "Simple baselines",
        "-0.100 [-0.200, 0.000]",
        "Slices",
        "A note on",
    ):
        assert part in page
    assert page.count("<svg") == page.count("</svg>") == 5  # three of the axis, two columns
    assert not [part for part in ("src=", "<link", "@import", "url(http") if part in page]


def test_a_note_stands_once_on_the_page_and_in_a_notebook(report: Report) -> None:
    assert report.html().count("A note on") == report._repr_html_().count("A note on") == 1


def test_what_the_data_hold_cannot_become_part_of_the_page(report: Report) -> None:
    for shown in (report.html(), report._repr_html_()):
        assert "<script" not in shown
        assert "alert(" in shown


def test_labels_from_a_schema_cannot_either(axis: AxisReport) -> None:
    labels = (ODD, *axis.labels[1:])
    named = replace(axis, labels=labels, by_label=(replace(axis.by_label[0], label=ODD), *axis.by_label[1:]))
    assert "<script" not in Report("m", "d", {ATTRIBUTED: [named]}).html()


def test_a_notebook_shows_the_table_without_plots(report: Report) -> None:
    shown = report._repr_html_()
    assert "<b>mine 1.0</b>" in shown
    assert shown.count("<tr>") == 3
    assert "<svg" not in shown


def test_a_report_without_labelled_rows_is_a_page_that_says_so() -> None:
    empty = Report("m", "d", {ATTRIBUTED: []}, ("No row has a label.",))
    assert "No row has a label." in empty.html()
    assert "<svg" not in empty.html()


def test_a_report_without_the_usual_form_shows_the_first_one(axis: AxisReport) -> None:
    assert "240 rows in 60 groups" in Report("m", "d", {BARE: [axis]}).html()


def test_the_same_report_is_the_same_page(report: Report) -> None:
    assert report.html() == report.html()


def test_tables_and_paragraphs_become_html() -> None:
    html = markdown_table("Two & three:\n\n| a | b |\n|---|---|\n| <i> | 0.5 [0.4, 0.6] |\n\nEnd.")
    assert html == (
        "<p>Two &amp; three:</p>\n<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody>"
        '<tr><td>&lt;i&gt;</td><td class="n">0.5 [0.4, 0.6]</td></tr></tbody></table>\n<p>End.</p>'
    )
