"""Pictures for a paper: each function takes figures and returns a matplotlib Figure."""

from typing import TYPE_CHECKING, Any

from stance.errors import MissingPackageError
from training.report import AxisReport

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from training.proportions import Shares

INK, BLUE, ORANGE, GREY = "#222222", "#0072b2", "#d55e00", "#999999"  # told apart by colour-blind readers
PALETTE = (BLUE, ORANGE, "#009e73", "#cc79a7", "#e69f00", "#56b4e9", INK)


def confusion(report: AxisReport) -> "Figure":
    """The confusion matrix: shares of each true label's rows, with the counts below them."""
    size = 1.5 + 1.0 * len(report.labels)
    figure, axes = _figure(size + 0.6, size)
    shares = [[score.value for score in row] for row in report.confusion_shares]
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for i, row in enumerate(report.confusion):
        for j, count in enumerate(row):
            colour = "white" if shares[i][j] > 0.5 else INK
            axes.text(j, i, f"{shares[i][j]:.0%}\n{count}", ha="center", va="center", color=colour)
    places = range(len(report.labels))
    axes.set(xticks=places, yticks=places, xlabel="model", ylabel="hand label")
    axes.set_xticklabels(report.labels, rotation=30, ha="right")
    axes.set_yticklabels(report.labels)
    axes.set_title(f"{report.axis}: macro-F1 {report.macro_f1}", fontsize=10)
    return figure


def reliability(report: AxisReport) -> "Figure":
    """The reliability diagram: how often answers of some confidence are right, and how many there are."""
    figure, axes = _figure(4.0, 3.6)
    bins = report.calibration.bins
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1, label="believable")
    axes.plot([b.confidence for b in bins], [b.accuracy for b in bins], "o-", color=BLUE, label="model")
    below = axes.twinx()
    below.bar(
        [(b.low + b.high) / 2 for b in bins], [b.rows for b in bins], width=0.09, color=BLUE, alpha=0.15
    )
    below.set(ylabel="rows", ylim=(0, 4 * max((b.rows for b in bins), default=1)))
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="confidence", ylabel="share of right answers")
    axes.set_title(f"{report.axis}: ECE {report.calibration.ece}", fontsize=10)
    axes.legend(loc="upper left", frameon=False)
    return figure


def risk_coverage(report: AxisReport) -> "Figure":
    """The error among the surest answers, by how many are kept; a mark where ``unsure`` begins."""
    figure, axes = _figure(4.0, 3.6)
    found = report.selection
    axes.plot(found.coverage, found.risk, color=BLUE)
    if found.error_when_sure:
        kept = 1 - found.unsure.value
        axes.plot([kept], [found.error_when_sure.value], "o", color=ORANGE)
        axes.annotate(
            f"sure: {kept:.0%}", (kept, found.error_when_sure.value), (6, 6), textcoords="offset points"
        )
    axes.set(xlim=(0, 1), ylim=(0, None), xlabel="share of answers kept", ylabel="share of wrong ones")
    axes.set_title(f"{report.axis}: risk–coverage, area {found.area:.3f}", fontsize=10)
    return figure


def slices(report: AxisReport, column: str) -> "Figure":
    """Macro-F1 with intervals for every value of a column."""
    found = [one for one in report.slices if one.column == column]
    figure, axes = _figure(5.0, 1.2 + 0.32 * len(found))
    for place, one in enumerate(reversed(found)):
        score = one.macro_f1
        axes.plot([score.low, score.high], [place, place], color=BLUE)
        axes.plot([score.value], [place], "o", color=BLUE)
    axes.axvline(report.macro_f1.value, color=GREY, linestyle="--", linewidth=1)
    axes.set_yticks(range(len(found)))
    axes.set_yticklabels([f"{one.value} ({one.rows})" for one in reversed(found)])
    axes.set(xlim=(0, 1), xlabel="macro-F1, 95 % interval; dashed: all rows")
    axes.set_title(f"{report.axis} by {column}", fontsize=10)
    return figure


def shares(found: "Shares", *, label: str | None = None) -> "Figure":
    """Corrected shares with intervals, and the naive ones beside them, by group or over time.

    label: only this one; None: all, in panels of their own.
    """
    rows = [row for row in found.rows if row.group is not None] or list(found.rows)
    labels = [label] if label else list(dict.fromkeys(row.label for row in rows))
    figure, panels = _panels(len(labels), 3.3 * len(labels), 3.2)
    for name, axes in zip(labels, panels, strict=True):
        own = [row for row in rows if row.label == name]
        places = range(len(own))
        axes.plot(places, [row.naive for row in own], "x", color=ORANGE, label="counted from predictions")
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
        axes.set_xticks(places)
        axes.set_xticklabels([str(row.group or "all") for row in own], rotation=45, ha="right")
        axes.set(ylim=(0, 1), title=f"{name}")
    panels[0].set_ylabel("share of quotations, 95 % interval")
    panels[0].legend(frameon=False, fontsize=8)
    return figure


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
    figure = Figure(figsize=(width, height), layout="constrained")
    panels = list(figure.subplots(1, count, squeeze=False, sharey=True)[0])
    for axes in panels:
        axes.spines[["top", "right"]].set_visible(False)
    return figure, panels
