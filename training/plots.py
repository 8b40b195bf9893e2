"""Pictures for a paper: each function takes figures and returns a matplotlib Figure."""

import io
import warnings
from collections.abc import Iterable
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from stance.errors import MissingPackageError, SettingsError
from training.report import AxisReport

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from training.proportions import Shares

INK, BLUE, ORANGE, GREY = "#222222", "#0072b2", "#d55e00", "#999999"  # told apart by colour-blind readers
WIDEST = 32  # letters of a name beside an axis


def confusion(report: AxisReport) -> "Figure":
    """The confusion matrix: shares of each true label's rows, with the counts below them."""
    size = 1.5 + 0.8 * len(report.labels)
    figure, axes = _figure(size + 0.6, size)
    shares = [[score.value for score in row] for row in report.confusion_shares]
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for i, row in enumerate(report.confusion):
        for j, count in enumerate(row):
            colour = "white" if shares[i][j] > 0.5 else INK
            axes.text(j, i, f"{shares[i][j]:.0%}\n{count}", ha="center", va="center", color=colour)
    places = range(len(report.labels))
    axes.set(xlabel="model", ylabel="hand label")
    axes.set_xticks(places, _names(report.labels), rotation=30, ha="right", parse_math=False)
    axes.set_yticks(places, _names(report.labels), parse_math=False)
    _title(axes, f"{report.axis}: macro-F1 {report.macro_f1}")
    return figure


def reliability(report: AxisReport) -> "Figure":
    """The reliability diagram: how often answers of some confidence are right, and how many there are."""
    figure, axes = _figure(4.0, 3.6)
    bins = report.calibration.bins
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1, label="believable")
    points = [b.confidence for b in bins], [b.accuracy for b in bins]
    axes.plot(*points, "o-", color=BLUE, label="model", clip_on=False)
    below = axes.twinx()
    below.bar(
        [(b.low + b.high) / 2 for b in bins], [b.rows for b in bins], width=0.09, color=BLUE, alpha=0.15
    )
    most = max(b.rows for b in bins)
    below.set(ylim=(0, 4 * most), yticks=[0, most])
    below.set_ylabel("rows", y=0.125)
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="confidence", ylabel="share of right answers")
    _title(axes, f"{report.axis}: ECE {report.calibration.ece}")
    axes.legend(loc="upper left", frameon=False)
    return figure


def risk_coverage(report: AxisReport) -> "Figure":
    """The error among the surest answers, by how many are kept; a mark where ``unsure`` begins."""
    figure, axes = _figure(4.0, 3.6)
    found = report.selection
    axes.plot(found.coverage, found.risk, color=BLUE, marker="." if len(found.risk) < 3 else "")
    if found.error_when_sure:
        kept, error = 1 - found.unsure.value, found.error_when_sure.value
        axes.plot([kept], [error], "o", color=ORANGE, clip_on=False)
        # Left of the mark and above it nothing is drawn, as the curve rises.
        side = "right" if kept > 0.3 else "left"
        axes.annotate(f"sure: {kept:.0%}", (kept, error), (-4, 7), textcoords="offset points", ha=side)
    top = 1.15 * max([*found.risk, found.error_when_sure.value if found.error_when_sure else 0, 0.02])
    axes.set(xlim=(0, 1), ylim=(0, top), xlabel="share of answers kept", ylabel="share of wrong ones")
    _title(axes, f"{report.axis}: risk–coverage, area {found.area:.3f}")
    return figure


def slices(report: AxisReport, column: str) -> "Figure":
    """Macro-F1 with intervals for every value of a column whose rows have two labels or more.

    SettingsError where there are no such slices.
    """
    found = [(one, one.macro_f1) for one in report.slices if one.column == column and one.macro_f1]
    if not found:
        columns = ", ".join(dict.fromkeys(one.column for one in report.slices if one.macro_f1)) or "nothing"
        raise SettingsError(
            f"The report of {report.axis} has no slices by {column!r}, but by {columns}: evaluate with "
            f"slices=[{column!r}]."
        )
    figure, axes = _figure(5.0, 1.2 + 0.32 * len(found))
    for place, (_, score) in enumerate(reversed(found)):
        axes.plot([score.low, score.high], [place, place], color=BLUE)
        axes.plot([score.value], [place], "o", color=BLUE, clip_on=False)
    axes.axvline(report.macro_f1.value, color=GREY, linestyle="--", linewidth=1)
    shown = _names(one.value for one, _ in found)
    names = [f"{name} ({one.rows})" for name, (one, _) in zip(shown, found, strict=True)]
    axes.set_yticks(range(len(found)), names[::-1], parse_math=False)
    # From the whole tenth below the lowest bound: most models lie close together.
    lowest = min(0.8, int(10 * min(score.low for _, score in found)) / 10)
    axes.set(xlim=(lowest, 1), ylim=(-0.6, len(found) - 0.4))
    axes.set_xlabel("macro-F1, 95 % interval; dashed: all rows")
    _title(axes, f"{report.axis} by {column}")
    return figure


def shares(found: "Shares", *, label: str | None = None) -> "Figure":
    """Corrected shares with intervals, and the naive ones beside them, by group or over time.

    label: only this one; None: all, in panels of their own. SettingsError where there is no such label.
    """
    rows = [row for row in found.rows if row.group is not None] or list(found.rows)
    labels = list(dict.fromkeys(row.label for row in rows))
    if label is not None:
        if label not in labels:
            raise SettingsError(f"{found.axis} has no label {label!r}, only {', '.join(labels)}: name one.")
        labels = [label]
    figure, panels = _panels(len(labels), 3.3 * len(labels), 3.2)
    for name, axes in zip(labels, panels, strict=True):
        own = [row for row in rows if row.label == name]
        places = range(len(own))
        beside = [place - 0.2 for place in places]
        axes.plot(beside, [row.naive for row in own], "x", color=ORANGE, label="counted from predictions")
        there = [
            (place, row.share, row.low, row.high)
            for place, row in zip(places, own, strict=True)
            if row.share is not None and row.low is not None and row.high is not None
        ]
        axes.errorbar(
            [place for place, *_ in there],
            [share for _, share, _, _ in there],
            [[s - low for _, s, low, _ in there], [high - s for _, s, _, high in there]],
            fmt="o",
            color=BLUE,
            capsize=3,
            label="corrected",
        )
        groups = ["all" if row.group is None else row.group for row in own]
        axes.set_xticks(places, _names(groups), rotation=45, ha="right", parse_math=False)
        axes.set(ylim=(0, 1), xlim=(-0.5, len(own) - 0.5))
        _title(axes, name)
    panels[0].set_ylabel("share of quotations, 95 % interval")
    panels[0].legend(frameon=False, fontsize=8)
    return figure


def svg(figure: "Figure") -> str:
    """A figure as an element for a page; the page's fonts write its text, in any script."""
    import matplotlib

    content = io.StringIO()
    # The salt goes into the names of clip paths, which would be others every time.
    settings = {"svg.fonttype": "none", "svg.hashsalt": "stance", "font.family": "sans-serif"}
    with matplotlib.rc_context(settings), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        figure.savefig(content, format="svg", metadata={"Date": None})
    return content.getvalue()[content.getvalue().index("<svg") :]


def _title(axes: Any, text: str) -> None:
    axes.set_title(text, fontsize=10, parse_math=False)


def _names(names: Iterable[str]) -> list[str]:
    """Names short enough to stand beside an axis."""
    return [shorten(name, WIDEST, placeholder=" …") if " " in name else _cut(name) for name in names]


def _cut(name: str) -> str:
    return name if len(name) <= WIDEST else f"{name[: WIDEST - 1]}…"


def _figure(width: float, height: float) -> tuple["Figure", Any]:
    """A figure that no window keeps, with its axes."""
    figure, panels = _panels(1, width, height)
    return figure, panels[0]


def _panels(count: int, width: float, height: float) -> tuple["Figure", list[Any]]:
    """A figure that no window keeps, with ``count`` axes side by side."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingPackageError(
            "Plots need matplotlib, which is not installed: pip install 'stance-quotes[train]'"
        ) from error

    class Picture(Figure):
        """A figure that notebooks show of themselves, with or without pyplot."""

        def _repr_png_(self) -> bytes:
            content = io.BytesIO()
            self.savefig(content, format="png", dpi=110)
            return content.getvalue()

    figure = Picture(figsize=(width, height), layout="constrained")
    panels = list(figure.subplots(1, count, squeeze=False, sharey=True)[0])
    for axes in panels:
        axes.spines[["top", "right"]].set_visible(False)
    return figure, panels
