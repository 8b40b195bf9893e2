"""A report as Markdown, from first to last, as terminals and cards show it."""

from training import markdown
from training.agreement import HumanCeiling
from training.dataset import ATTRIBUTED, BARE
from training.report import SLICE_COLUMNS, AxisReport, Report


def text(report: Report) -> str:
    """By form of input, then what stands beside the model on each axis."""
    return "\n\n".join([f"{report.model} on {report.data}:", report.markdown(), *details(report)])


def details(report: Report) -> list[str]:
    """Paragraphs and tables for each axis: by label, against simple models and coders, by slice."""
    bare = {axis.axis: axis for axis in report.forms.get(BARE, ())}
    return [part for axis in report.forms.get(ATTRIBUTED, ()) for part in _axis(axis, bare.get(axis.axis))]


def _axis(axis: AxisReport, bare: AxisReport | None) -> list[str]:
    head = f"{axis.axis}, quotation and speaker: Matthews {axis.mcc}, Krippendorff's alpha {axis.alpha}"
    labels = [(one.label, one.rows, one.precision, one.recall, one.f1) for one in axis.by_label]
    parts = [head, markdown.table(("label", "rows", "precision", "recall", "F1"), labels)]
    rows = [(one.name, one.macro_f1, one.gain) for one in axis.baselines]
    rows += [(f"{one.name}, bare", one.macro_f1, one.gain) for one in (bare.baselines if bare else ())]
    if rows:
        parts.append(markdown.table(("baseline", "macro-F1", "the model's gain"), rows))
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
