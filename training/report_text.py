"""A report as Markdown, from first to last, as terminals and cards show it."""

from collections.abc import Sequence

from training import markdown
from training.agreement import HumanCeiling
from training.dataset import ATTRIBUTED
from training.report import BASELINE_COLUMNS, SLICE_COLUMNS, AxisReport, Baseline, Report


def text(report: Report) -> str:
    """By form of input, then what stands beside the model on each axis."""
    return "\n\n".join([f"{report.model} on {report.data}:", report.markdown(), *details(report)])


def details(report: Report) -> list[str]:
    """Paragraphs and tables for each axis: by label, against simple models and coders, by slice."""
    axes = report.forms.get(ATTRIBUTED, ())
    return [part for axis in axes for part in _axis(axis, report.baselines(axis.axis))]


def _axis(axis: AxisReport, baselines: Sequence[Baseline]) -> list[str]:
    head = f"{axis.axis}, quotation and speaker: Matthews {axis.mcc}, Krippendorff's alpha {axis.alpha}"
    labels = [(one.label, one.rows, one.precision, one.recall, one.f1) for one in axis.by_label]
    parts = [head, markdown.table(("label", "rows", "precision", "recall", "F1"), labels)]
    if baselines:
        parts.append(markdown.table(BASELINE_COLUMNS, [one.cells() for one in baselines]))
    if axis.human:
        parts.append(_coders(axis.human))
    if axis.slices:
        parts.append(markdown.table(SLICE_COLUMNS, [one.cells() for one in axis.slices]))
    return parts


def _coders(found: HumanCeiling) -> str:
    return (
        f"{found.coders} coders on {found.rows} rows: alpha {found.alpha}; macro-F1 of one coder against "
        f"another {found.macro_f1}, of the model against one coder {found.model_macro_f1}"
    )
