"""A report as HTML: a page that stands alone, and what a notebook shows."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from html import escape
from string import Template

from training import plots
from training.intervals import Score
from training.markdown import cells
from training.report import BASELINE_COLUMNS, SLICE_COLUMNS, AxisReport, Baseline, Report

PAGE = Template(
    """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>$style</style>
</head>
<body>
<main>
<h1>$title</h1>
<p>Macro-F1 is the unweighted mean of the labels' F1. Figures in brackets are 95 % bootstrap intervals
(BCa), resampled by group: article or source, where the data have them. Unless a heading says otherwise, the
model was shown quotation and speaker.</p>
$notes
<h2>By form of input</h2>
$overview
$axes
</main>
</body>
</html>
"""
)
STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #222; background: #fff; margin: 0 }
main { max-width: 70rem; margin: 0 auto; padding: 1.5rem }
h1 { font-size: 1.5rem } h3 { font-size: 1rem }
h2 { font-size: 1.2rem; margin-top: 2.2rem; border-bottom: 1px solid #ccc }
table { border-collapse: collapse; font-size: .875rem; display: block; overflow-x: auto }
th, td { padding: .3rem .6rem; border-bottom: 1px solid #ddd; text-align: left; vertical-align: top }
th { vertical-align: bottom }
td { font-variant-numeric: tabular-nums; max-width: 24rem; overflow-wrap: break-word }
td.n { white-space: nowrap }
@media (max-width: 40rem) { main { padding: .8rem } th, td { padding: .25rem .4rem } }
.plots { display: flex; flex-wrap: wrap; gap: 1rem; margin: 1rem 0 }
.plots svg { max-width: 100%; height: auto }
.note { background: #fff7e0; border-left: 4px solid #e69f00; padding: .5rem .8rem; font-size: .9rem }
"""


def page(report: Report) -> str:
    """All figures of a report with their plots."""
    sections = [_axis(axis, report.baselines(axis.axis)) for axis in report.main]
    return PAGE.substitute(
        title=escape(f"{report.model} on {report.data}"),
        style=STYLE,
        notes="\n".join(f'<p class="note">{escape(note)}</p>' for note in report.notes),
        overview=markdown_table(replace(report, notes=()).markdown()),
        axes="\n".join(sections),
    )


def summary(report: Report) -> str:
    """What a notebook shows: the overview, without plots."""
    return f"<p><b>{escape(report.model)}</b> on {escape(report.data)}</p>{markdown_table(report.markdown())}"


def markdown_table(text: str) -> str:
    """Markdown made of paragraphs and tables → HTML."""
    parts, table = [], list[str]()
    for line in [*text.splitlines(), ""]:
        if line.startswith("|"):
            table.append(line)
            continue
        if table:
            header, *rows = cells("\n".join(table))
            parts.append(_table(header, rows))
            table = []
        if line:
            parts.append(f"<p>{escape(line)}</p>")
    return "\n".join(parts)


def _axis(axis: AxisReport, baselines: Sequence[Baseline]) -> str:
    figures = [plots.confusion(axis), plots.reliability(axis), plots.risk_coverage(axis)]
    columns = list(dict.fromkeys(one.column for one in axis.slices if one.macro_f1))
    figures += [plots.slices(axis, column) for column in columns]
    drawn = "\n".join(plots.svg(figure) for figure in figures)
    parts = [
        f"<h2>{escape(axis.axis)}</h2>",
        f"<p>{axis.rows} rows in {axis.groups} groups.</p>",
        _table(("figure", "value [95 %]", "what it is"), _rows(axis)),
        "<h3>Labels</h3>",
        _table(
            ("label", "rows", "found", "precision", "recall", "F1"),
            [(one.label, one.rows, one.found, one.precision, one.recall, one.f1) for one in axis.by_label],
        ),
        "<h3>Answers by hand label</h3>",
        "<p>What share of the rows with one hand label (left) got which answer (top).</p>",
        _table(
            ("", *axis.labels),
            [(label, *row) for label, row in zip(axis.labels, axis.confusion_shares, strict=True)],
        ),
        f'<div class="plots">{drawn}</div>',
        *_baselines(baselines),
        *_human(axis),
    ]
    if axis.slices:
        parts += ["<h3>Slices</h3>", _table(SLICE_COLUMNS, [one.cells() for one in axis.slices])]
    return "\n".join(parts)


def _rows(axis: AxisReport) -> Iterator[tuple[str, Score | str, str]]:
    yield "macro-F1", axis.macro_f1, "mean of the labels' F1"
    if axis.macro_f1_clear:
        yield "macro-F1, clear rows", axis.macro_f1_clear, "rows marked as clear by their coders"
    yield "accuracy", axis.accuracy, "share of right answers"
    yield "Matthews' correlation", axis.mcc, "0 is chance, 1 perfect"
    yield "Krippendorff's alpha", axis.alpha, "agreement with the hand labels beyond chance"
    yield "ECE", axis.calibration.ece, "gap between confidence and accuracy, ten equal-width bins"
    yield "ECE by chance", f"{axis.calibration.by_chance:.3f}", "that of a perfectly calibrated model"
    yield "Brier score", axis.calibration.brier, "squared distance of probabilities from the truth, 0 to 2"
    yield "unsure", axis.selection.unsure, "share of answers that the model would rather not give"
    if axis.selection.error_when_sure:
        yield "error when sure", axis.selection.error_when_sure, "share of wrong ones among the others"
    if sets := axis.selection.sets:
        told = (
            f"share of sets of labels for {sets.coverage:.0%} with the true one; {sets.size:.2f} labels each"
        )
        yield "label sets", sets.held, told
    yield "area under risk–coverage", f"{axis.selection.area:.3f}", "mean error over all shares kept"


def _baselines(found: Sequence[Baseline]) -> list[str]:
    if not found:
        return []
    return ["<h3>Simple baselines</h3>", _table(BASELINE_COLUMNS, [one.cells() for one in found])]


def _human(axis: AxisReport) -> list[str]:
    if axis.human is None:
        return []
    found = axis.human
    rows = [
        ("Krippendorff's alpha among coders", found.alpha),
        ("macro-F1 of one coder against another", found.macro_f1),
        ("macro-F1 of the model against one coder", found.model_macro_f1),
    ]
    title = f"<h3>{found.coders} coders, {found.rows} rows that several have coded</h3>"
    return [title, _table(("figure", "value [95 %]"), rows)]


def _table(header: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    head = "".join(f"<th>{escape(str(cell))}</th>" for cell in header)
    body = "".join(f"<tr>{''.join(_cell(str(cell)) for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(text: str) -> str:
    figure = text.lstrip("+-")[:1].isdigit()
    return f'<td class="n">{escape(text)}</td>' if figure else f"<td>{escape(text)}</td>"
