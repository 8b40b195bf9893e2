"""What an evaluation found: frozen values that print as Markdown, JSON and HTML."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from training.agreement import HumanCeiling
from training.dataset import ATTRIBUTED, BARE
from training.intervals import Score
from training.markdown import table
from training.swapping import SPOKESPEOPLE, Swap

COLUMNS = (
    "input",
    "axis",
    "rows",
    "macro-F1 [95 %]",
    "clear rows",
    "accuracy",
    "ECE (by chance)",
    "unsure",
    "error when sure",
)
BASELINE_COLUMNS = ("baseline", "macro-F1", "the model's gain")
SLICE_COLUMNS = ("column", "value", "rows", "macro-F1", "accuracy", "unsure")


@dataclass(frozen=True, slots=True)
class LabelReport:
    """One label. rows: how many have it. found: how many answers are it."""

    label: str
    rows: int
    found: int
    precision: Score
    recall: Score
    f1: Score


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers of like confidence. confidence and accuracy are means over the rows in it."""

    low: float
    high: float
    rows: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """How far probabilities can be believed; both losses are better the lower.

    ece: expected calibration error of the confidences, ten equal-width bins. by_chance: that of a perfectly
    calibrated model with the same confidences. brier: mean squared distance of all probabilities from the
    truth, 0 to 2. bins: the reliability diagram.
    """

    ece: Score
    by_chance: float
    brier: Score
    bins: tuple[Bin, ...]


@dataclass(frozen=True, slots=True)
class LabelSets:
    """What ``label_set(coverage)`` is worth. held: share of sets with the true label. size: labels in one."""

    coverage: float
    held: Score
    size: float


@dataclass(frozen=True, slots=True)
class Selection:
    """What is gained by leaving the unsure answers out.

    unsure: share of answers that are marked so. error_when_sure: share of wrong ones among the others, None
    where there are no others. coverage and risk: the curve when the surest answers are taken first.
    area: mean risk over all coverages. sets: None where the model knows none.
    """

    unsure: Score
    error_when_sure: Score | None
    coverage: tuple[float, ...]
    risk: tuple[float, ...]
    area: float
    sets: LabelSets | None = None


@dataclass(frozen=True, slots=True)
class Baseline:
    """A simple way to label. gain: by how much the model's macro-F1 is higher, on the same rows."""

    name: str
    macro_f1: Score
    gain: Score

    def cells(self) -> tuple[object, ...]:
        """Under BASELINE_COLUMNS."""
        return self.name, self.macro_f1, self.gain


@dataclass(frozen=True, slots=True)
class Slice:
    """The rows with one value in one column; macro_f1 is None where all of them have the same label.

    unsure: share of answers that are marked so.
    """

    column: str
    value: str
    rows: int
    macro_f1: Score | None
    accuracy: Score
    unsure: Score

    def cells(self) -> tuple[object, ...]:
        """Under SLICE_COLUMNS."""
        unsure = f"{self.unsure.value:.0%}"
        return self.column, self.value, self.rows, self.macro_f1 or "–", self.accuracy, unsure


@dataclass(frozen=True, slots=True)
class AxisReport:
    """One axis in one form of input.

    rows: how many have a label. groups: how many articles or sources they come from, which is what
    intervals resample. confusion: rows of true labels, columns of found ones; confusion_shares the same
    as shares of the true label's rows.
    """

    axis: str
    labels: tuple[str, ...]
    rows: int
    groups: int
    macro_f1: Score
    macro_f1_clear: Score | None
    accuracy: Score
    mcc: Score
    alpha: Score
    by_label: tuple[LabelReport, ...]
    confusion: tuple[tuple[int, ...], ...]
    confusion_shares: tuple[tuple[Score, ...], ...]
    calibration: Calibration
    selection: Selection
    slices: tuple[Slice, ...] = ()
    baselines: tuple[Baseline, ...] = ()
    human: HumanCeiling | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Report:
    """Figures by form of input, then by axis.

    Slices and human ceiling stand with the form "quotation and speaker", baselines also with "quotation".
    notes: what a reader must know of how the figures came about. swaps: how often the same words by a speaker
    of another side get another label.
    """

    model: str
    data: str
    forms: Mapping[str, list[AxisReport]]
    notes: tuple[str, ...] = field(default=())
    swaps: tuple[Swap, ...] = ()

    def axis(self, name: str, form: str = ATTRIBUTED) -> AxisReport:
        """One axis in one form of input; KeyError that names those that there are."""
        if form not in self.forms:
            raise KeyError(f"no form of input {form!r}, only {', '.join(self.forms)}")
        found = {report.axis: report for report in self.forms[form]}
        if name not in found:
            raise KeyError(f"no axis {name!r} with labelled rows, only {', '.join(found)}")
        return found[name]

    @property
    def main(self) -> list[AxisReport]:
        """The axes in the form "quotation and speaker", or the first that there is."""
        return self.forms.get(ATTRIBUTED) or next(iter(self.forms.values()), [])

    def baselines(self, axis: str) -> list[Baseline]:
        """The baselines of an axis, those of bare quotations last and named so."""
        return [
            replace(baseline, name=baseline.name + ending)
            for form, ending in ((ATTRIBUTED, ""), (BARE, ", bare"))
            for one in self.forms.get(form, ())
            if one.axis == axis
            for baseline in one.baselines
        ]

    def as_dict(self) -> dict[str, Any]:
        """The same, JSON-ready."""
        return asdict(self)

    def __repr__(self) -> str:
        found = ", ".join(f"{axis.axis} {axis.macro_f1}" for axis in self.main)
        return f"Report of {self.model} on {self.data}: macro-F1 {found}"

    def markdown(self) -> str:
        """A table, as it stands in the card."""
        rows = [(form, *_cells(axis)) for form, axes in self.forms.items() for axis in axes]
        return "\n\n".join([table(COLUMNS, rows), *self._label_sets(), *self._swapped(), *self.notes])

    def _label_sets(self) -> list[str]:
        sets = [(axis.axis, axis.selection.sets) for axis in self.main]
        known = [(name, one) for name, one in sets if one]
        if not known:
            return []
        told = ", ".join(f"{name} in {one.held} of the rows ({one.size:.2f} labels)" for name, one in known)
        return [f"`label_set({known[0][1].coverage})` holds the label: {told}."]

    def _swapped(self) -> list[str]:
        if not self.swaps:
            return []
        first, second = SPOKESPEOPLE
        shares = ", ".join(f"{one.axis} in {one.flips}" for one in self.swaps)
        return [f"Said by {first} and by {second}, the same words get another label: {shares} of the rows."]

    def html(self) -> str:
        """A page that stands alone, with its plots; MissingPackageError where matplotlib is not there."""
        from training.report_page import page

        return page(self)

    def _repr_html_(self) -> str:
        from training.report_page import summary

        return summary(self)

    def save(self, folder: str | Path) -> Path:
        """Write report.json and report.html into a folder; returns the path of the page."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        content = json.dumps(self.as_dict(), ensure_ascii=False, indent=1)
        (folder / "report.json").write_text(content + "\n", encoding="utf-8")
        page = folder / "report.html"
        page.write_text(self.html(), encoding="utf-8")
        return page


def _cells(axis: AxisReport) -> list[str]:
    error = axis.selection.error_when_sure
    return [
        axis.axis,
        str(axis.rows),
        str(axis.macro_f1),
        str(axis.macro_f1_clear or "–"),
        f"{axis.accuracy.value:.3f}",
        f"{axis.calibration.ece.value:.3f} ({axis.calibration.by_chance:.3f})",
        f"{axis.selection.unsure.value:.0%}",
        "–" if error is None else f"{error.value:.1%}",
    ]
