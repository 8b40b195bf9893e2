"""What a model folder is worth on labelled quotations, through the public API."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from stance.classifier import StanceClassifier
from stance.labels import Axis
from stance.quotes import Quote
from stance.results import AxisScores
from training.dataset import FORMS
from training.labelled import Example
from training.metrics import Score, expected_calibration_error, macro_f1_score

Watch = Callable[[Iterable[Quote]], Iterable[Quote]]

COLUMNS = (
    "input",
    "axis",
    "rows",
    "macro-F1 [95 %]",
    "clear rows",
    "accuracy",
    "ECE",
    "unsure",
    "error when sure",
)


@dataclass(frozen=True, slots=True)
class AxisReport:
    """One axis in one form of input.

    rows: how many have a label. ece: expected calibration error. unsure: share of answers that are
    marked so. error_when_sure: share of wrong ones among the others, None
    where there are no others.
    """

    axis: str
    rows: int
    macro_f1: Score
    macro_f1_clear: Score | None
    accuracy: float
    ece: float
    unsure: float
    error_when_sure: float | None


@dataclass(frozen=True, slots=True)
class Report:
    """Figures by form of input, then by axis."""

    model: str
    data: str
    forms: dict[str, list[AxisReport]]

    def as_dict(self) -> dict[str, Any]:
        """The same, JSON-ready."""
        return asdict(self)

    def markdown(self) -> str:
        """A table, as it stands in the card."""
        lines = [
            f"| {' | '.join(COLUMNS)} |",
            "|---" * len(COLUMNS) + "|",
        ]
        for form, axes in self.forms.items():
            lines += [f"| {form} | {' | '.join(_cells(axis))} |" for axis in axes]
        return "\n".join(lines)


def evaluate(
    classifier: StanceClassifier, examples: Sequence[Example], *, data: str, watch: Watch = iter
) -> Report:
    """Figures for the three forms of input; intervals are resampled by group.

    data: what the report calls the examples. watch: sees every quotation pass, to show progress. Rows
    without a label on an axis do not count there.
    """
    forms = {}
    for form, shown in FORMS.items():
        predictions = list(classifier.stream(watch([shown(example.quote) for example in examples])))
        reports = (
            _axis_report(axis, examples, [p[axis.name] for p in predictions])
            for axis in classifier.scheme.axes
        )
        forms[form] = [report for report in reports if report]
    return Report(classifier.name, data, forms)


def _axis_report(axis: Axis, examples: Sequence[Example], scores: Sequence[AxisScores]) -> AxisReport | None:
    labelled = [(e, s) for e, s in zip(examples, scores, strict=True) if e.labels.get(axis.name)]
    if not labelled:
        return None
    right = [example.labels[axis.name] == score.label for example, score in labelled]
    sure = [hit for hit, (_, score) in zip(right, labelled, strict=True) if not score.unsure]
    clear = [(example, score) for example, score in labelled if example.clarity == "clear"]
    return AxisReport(
        axis=axis.name,
        rows=len(labelled),
        macro_f1=_macro_f1(axis, labelled),
        macro_f1_clear=_macro_f1(axis, clear) if clear else None,
        accuracy=sum(right) / len(right),
        ece=expected_calibration_error([score.confidence for _, score in labelled], right),
        unsure=1 - len(sure) / len(right),
        error_when_sure=1 - sum(sure) / len(sure) if sure else None,
    )


def _macro_f1(axis: Axis, labelled: Sequence[tuple[Example, AxisScores]]) -> Score:
    true = [str(example.labels[axis.name]) for example, _ in labelled]
    found = [score.label for _, score in labelled]
    return macro_f1_score(true, found, axis.labels, groups=[example.group for example, _ in labelled])


def _cells(axis: AxisReport) -> list[str]:
    return [
        axis.axis,
        str(axis.rows),
        str(axis.macro_f1),
        str(axis.macro_f1_clear or "–"),
        f"{axis.accuracy:.3f}",
        f"{axis.ece:.3f}",
        f"{axis.unsure:.0%}",
        "–" if axis.error_when_sure is None else f"{axis.error_when_sure:.1%}",
    ]
