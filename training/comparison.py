"""Is model A better than model B, on the same rows, by more than chance?"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from scipy.stats import binomtest

from stance.classifier import StanceClassifier
from stance.errors import SettingsError
from stance.labels import Axis
from stance.results import Prediction
from training import intervals, metrics
from training.dataset import ATTRIBUTED, FORMS
from training.evaluation import Watch, group_notes
from training.figures import difference, macro_f1, true_labels
from training.intervals import Score
from training.labelled import Example
from training.markdown import table

COLUMNS = (
    "axis",
    "rows",
    "macro-F1 of A",
    "macro-F1 of B",
    "A less B [95 %]",
    "only A right",
    "only B right",
    "p",
)
DIFFERENCE = ("table", "line", "group", "quote", "speaker", "axis", "true", "first", "second")
LEAST = 10  # groups, and rows that only one of two has right, below which nothing is called better or worse
NOTE = "Intervals resample groups; p is McNemar's exact test, which takes every row for a draw of its own."


@dataclass(frozen=True, slots=True)
class AxisComparison:
    """One axis. gain: macro-F1 of A less that of B, with a paired bootstrap interval over groups.

    only_first, only_second: rows that only one of the two has right. p: of McNemar's exact test, that
    these are as many by chance (McNemar 1947; exact binomial form). The test takes every row for itself:
    where rows of one article resemble one another, the interval of the gain says more. groups: articles or
    sources that the interval resamples.
    """

    axis: str
    rows: int
    groups: int
    first: Score
    second: Score
    gain: Score
    only_first: int
    only_second: int
    p: float


@dataclass(frozen=True, slots=True)
class Difference:
    """A row on which the two models differ on an axis."""

    example: Example
    axis: str
    true: str | None
    first: str
    second: str


@dataclass(frozen=True, slots=True, repr=False)
class Comparison:
    """Two models on the same rows: figures by axis, and the rows where they differ.

    fair: whether neither was fitted to some of the rows.
    """

    first: str
    second: str
    data: str
    axes: tuple[AxisComparison, ...]
    differences: tuple[Difference, ...]
    notes: tuple[str, ...] = ()
    fair: bool = True

    def __repr__(self) -> str:
        gains = ", ".join(f"{one.axis} {_signed(one.gain)}" for one in self.axes)
        return f"Comparison of {self.first} with {self.second} on {self.data}: {gains}"

    def as_dict(self) -> dict[str, Any]:
        """Figures, JSON-ready, without the rows."""
        return {
            "first": self.first,
            "second": self.second,
            "data": self.data,
            "axes": [asdict(one) for one in self.axes],
            "notes": list(self.notes),
            "fair": self.fair,
        }

    def rows(self) -> list[dict[str, Any]]:
        """One flat row for each difference: table, line, group, quote, speaker, axis, true, first, second."""
        return [
            {
                "table": one.example.table,
                "line": one.example.line,
                "group": one.example.group,
                "quote": one.example.quote.text,
                "speaker": one.example.quote.speaker,
                "axis": one.axis,
                "true": one.true,
                "first": one.first,
                "second": one.second,
            }
            for one in self.differences
        ]

    def markdown(self) -> str:
        """A table, with a line that says what A and B are."""
        said = f"A: {self.first}; B: {self.second}; on {self.data}."
        return "\n\n".join([said, table(COLUMNS, map(_cells, self.axes)), self.verdict(), NOTE, *self.notes])

    def verdict(self) -> str:
        """On which axes A is better or worse by more than chance, and on which nobody can tell."""
        if not self.fair:
            return "Which is better cannot be told on rows that one of them was fitted to."
        decided = [one for one in self.axes if one.axis not in self.undecided]
        better = [one.axis for one in decided if one.gain.value > 0]
        worse = [one.axis for one in decided if one.gain.value < 0]
        told = [
            f"A is {word} on {', '.join(on)}." for word, on in (("better", better), ("worse", worse)) if on
        ]
        if self.undecided:
            told.append(f"On {', '.join(self.undecided)} these rows cannot tell which is better.")
        return " ".join(told)

    @property
    def undecided(self) -> list[str]:
        """The axes whose gain may as well be none, or rests on groups or rows too few for its interval."""
        return [
            one.axis
            for one in self.axes
            if min(one.groups, one.only_first + one.only_second) < LEAST or one.gain.low <= 0 <= one.gain.high
        ]

    def _repr_html_(self) -> str:
        from training.report_page import markdown_table

        return markdown_table(self.markdown())


def compare(
    first: StanceClassifier,
    second: StanceClassifier,
    examples: Sequence[Example],
    *,
    data: str,
    fair: bool = True,
    notes: Sequence[str] = (),
    watch: Watch = iter,
) -> Comparison:
    """Compare two models on the axes that both have with the same labels, on quotation and speaker.

    fair: whether neither was fitted to some of the rows. notes: what a reader must know of the rows.
    SettingsError where they have no such axis in common.
    """
    quotes = [FORMS[ATTRIBUTED](example.quote) for example in examples]
    said = [list(model.stream(watch(quotes))) for model in (first, second)]
    axes = shared_axes(first, second)
    found = between(axes, (first.name, second.name), examples, said, data=data)
    return replace(found, fair=fair, notes=(*notes, *found.notes))


def between(
    axes: Sequence[Axis],
    names: tuple[str, str],
    examples: Sequence[Example],
    said: Sequence[Sequence[Prediction]],
    *,
    data: str,
) -> Comparison:
    """Compare what two models, called ``names``, have said of the same rows; notes where these are few."""
    figures, differences = [], []
    for axis in axes:
        labels = [[prediction[axis.name].label for prediction in one] for one in said]
        differences += [
            Difference(example, axis.name, example.labels.get(axis.name), a, b)
            for example, a, b in zip(examples, *labels, strict=True)
            if a != b
        ]
        if any(example.labels.get(axis.name) for example in examples):
            figures.append(_figures(axis, examples, labels[0], labels[1]))
    notes = group_notes(examples) if figures else ["No row has a label, so there is nothing to measure."]
    return Comparison(*names, data, tuple(figures), tuple(differences), tuple(notes))


def mcnemar(only_first: int, only_second: int) -> float:
    """The two-sided p of McNemar's exact test from the numbers of rows that one of two has right alone."""
    if only_first + only_second == 0:
        return 1.0
    return float(binomtest(only_first, only_first + only_second, 0.5).pvalue)


def _figures(
    axis: Axis, examples: Sequence[Example], first: Sequence[str], second: Sequence[str]
) -> AxisComparison:
    there = [i for i, example in enumerate(examples) if example.labels.get(axis.name)]
    rows = [examples[i] for i in there]
    true = true_labels(rows, axis)
    guesses = [[labels[i] for i in there] for labels in (first, second)]
    both = np.stack([metrics.confusions(true, found, axis.labels) for found in guesses], axis=1)
    groups = [row.group for row in rows]
    counts = intervals.by_group(both, groups)
    right = [[a == b for a, b in zip(true, found, strict=True)] for found in guesses]
    only = [sum(a and not b for a, b in zip(*pair, strict=True)) for pair in (right, right[::-1])]
    return AxisComparison(
        axis=axis.name,
        rows=len(rows),
        groups=len(counts),
        first=macro_f1(both[:, 0], groups),
        second=macro_f1(both[:, 1], groups),
        gain=intervals.score(counts, difference),
        only_first=only[0],
        only_second=only[1],
        p=mcnemar(*only),
    )


def shared_axes(first: StanceClassifier, second: StanceClassifier) -> list[Axis]:
    """The axes that two models have with the same labels; SettingsError where there are none."""
    theirs = {axis.name: set(axis.labels) for axis in second.scheme.axes}
    shared = [axis for axis in first.scheme.axes if theirs.get(axis.name) == set(axis.labels)]
    if not shared:
        raise SettingsError(
            f"{first.name} and {second.name} have no axis with the same labels, so they cannot be compared: "
            f"{first.scheme.table()} and {second.scheme.table()}."
        )
    return shared


def _cells(one: AxisComparison) -> list[object]:
    p = f"{one.p:.3f}" if one.p >= 0.001 else "< 0.001"
    gain = _signed(one.gain)
    return [one.axis, one.rows, one.first, one.second, gain, one.only_first, one.only_second, p]


def _signed(score: Score) -> str:
    return f"{score.value:+.3f} [{score.low:+.3f}, {score.high:+.3f}]"
