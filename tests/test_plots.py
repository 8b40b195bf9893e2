import sys
import warnings
from collections.abc import Callable
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from matplotlib.figure import Figure

from stance.errors import MissingPackageError, SettingsError
from tests.test_figures import LABELS, example, report_of, said, simulated
from training import plots
from training.intervals import Score
from training.proportions import Share, Shares
from training.report import AxisReport, Slice

WORTH = Score(0.7, 0.6, 0.8)


def sliced(*values: str) -> AxisReport:
    slices = tuple(Slice("outlet", value, 20, WORTH, WORTH, WORTH) for value in values)
    return replace(report_of(simulated()), slices=slices)


def text_of(figure: Figure) -> str:
    """All that stands in a figure, as the page shows it."""
    return " ".join(ElementTree.fromstring(plots.svg(figure)).itertext())


def shares_of(*groups: str | None, noted: bool = False) -> Shares:
    rows = []
    for group in groups:
        for label in LABELS:
            corrected = (None, None, None) if noted else (0.3, 0.2, 0.4)
            rows.append(
                Share(group, label, *corrected, 0.4, 0.35, 0.45, 90, 30, "label more" if noted else "")
            )
    return Shares("stance", tuple(rows))


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (plots.confusion, ["stance: macro-F1", "hand label", "model", *LABELS]),
        (plots.reliability, ["stance: ECE", "confidence", "share of right answers", "rows"]),
        (plots.risk_coverage, ["stance: risk–coverage", "share of answers kept", "sure: "]),
    ],
)
def test_figures_of_an_axis_say_what_they_show(
    draw: Callable[[AxisReport], Figure], words: list[str]
) -> None:
    shown = text_of(draw(report_of(simulated())))
    for word in words:
        assert word in shown


@pytest.mark.parametrize("draw", [plots.confusion, plots.reliability, plots.risk_coverage])
@pytest.mark.parametrize("confidence", [1.0, 0.4], ids=["sure", "all unsure"])
def test_one_row_can_be_drawn(draw: Callable[[AxisReport], Figure], confidence: float) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        shown = text_of(draw(report_of([(example("defensive"), said("defensive", confidence))])))
    assert ("sure: 100%" in shown) == (draw is plots.risk_coverage and confidence == 1.0)


def test_slices_stand_in_order_with_their_rows() -> None:
    figure = plots.slices(sliced("wire", "paper", "radio"), "outlet")
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["radio (20)", "paper (20)", "wire (20)"]
    left, right = axes.get_xlim()
    assert left <= WORTH.low
    assert right == 1.0


def test_slices_by_another_column_are_refused() -> None:
    with pytest.raises(SettingsError, match=r"no slices by 'date', but by outlet: evaluate with slices="):
        plots.slices(sliced("wire"), "date")


def test_names_are_drawn_as_they_are_whatever_stands_in_them() -> None:
    odd = ["cost $5 and $6", r"$\frac$", "<script>alert(1)</script>", "人民日报", "a & b", "-->"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        shown = text_of(plots.slices(sliced(*odd), "outlet"))
    for name in odd:
        assert f"{name} (20)" in shown


def test_long_names_are_cut() -> None:
    shown = text_of(plots.slices(sliced("x" * 300, "long words " * 30), "outlet"))
    assert f"{'x' * 31}… (20)" in shown
    assert "long words long words long … (20)" in shown


def test_shares_have_a_panel_for_each_label_or_for_one() -> None:
    found = shares_of(None, "2018", "2019")
    figure = plots.shares(found)
    assert [axes.get_title() for axes in figure.axes] == list(LABELS)
    assert [tick.get_text() for tick in figure.axes[0].get_xticklabels()] == ["2018", "2019"]
    assert len(plots.shares(found, label="defensive").axes) == 1


def test_shares_without_groups_or_without_corrected_figures_can_be_drawn() -> None:
    whole = plots.shares(shares_of(None))
    assert [tick.get_text() for tick in whole.axes[0].get_xticklabels()] == ["all"]
    assert "2018" in text_of(plots.shares(shares_of(None, "2018", noted=True)))


def test_shares_of_an_unknown_label_are_refused() -> None:
    with pytest.raises(SettingsError, match=r"no label 'angry', only accusatory, conciliatory, defensive"):
        plots.shares(shares_of(None), label="angry")


def test_the_same_figure_is_the_same_svg() -> None:
    report = report_of(simulated())
    assert plots.svg(plots.confusion(report)) == plots.svg(plots.confusion(report))


def test_without_matplotlib_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    report = report_of(simulated())
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingPackageError, match=r"pip install 'stance-quotes\[train\]'"):
        plots.confusion(report)
