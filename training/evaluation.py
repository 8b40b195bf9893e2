"""What a model is worth on labelled quotations, through the public API."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from stance.actor_table import iso_date
from stance.classifier import StanceClassifier
from stance.labels import Axis, LabelScheme
from stance.quotes import Quote
from stance.results import AxisScores, Prediction
from training import agreement, baselines, intervals, metrics
from training.baselines import Baselines
from training.dataset import ATTRIBUTED, BARE, FORMS, IN_CONTEXT
from training.figures import axis_report, difference, labelled, macro_f1, mean, true_labels
from training.labelled import Example
from training.masking import masked
from training.report import AxisReport, Baseline, Report, Slice
from training.sources import meant
from training.swapping import swapped

Watch = Callable[[Iterable[Quote]], Iterable[Quote]]

MASKED, MASKED_IN_CONTEXT = "quotation and masked speaker", "quotation, masked speaker and context"
SHOWN: dict[str, Callable[[Quote], Quote]] = {
    **FORMS,
    MASKED: lambda quote: masked(FORMS[ATTRIBUTED](quote)),
    MASKED_IN_CONTEXT: masked,
}
VALUES = 20  # of a column, beyond which the rarer ones are one slice
EMPTY, OTHERS = "(empty)", "(others)"
DAY = re.compile(r"(?:19|20)\d\d-\d\d-\d\d")
FEW = 20  # groups, below which intervals hold the true figure less often than they say


def evaluate(
    classifier: StanceClassifier,
    examples: Sequence[Example],
    *,
    data: str,
    slices: Sequence[str] = (),
    simple: Baselines | None = None,
    notes: Sequence[str] = (),
    watch: Watch = iter,
) -> Report:
    """Figures for all forms of input that the examples have; intervals are resampled by group.

    data: what the report calls the examples. slices: columns by whose values the figures are given, too.
    simple: models that this one must beat, if there shall be any. notes: what a reader must know beside what
    is found here. watch: sees every quotation pass, to show progress. Rows without a label on an axis do not
    count there.
    """
    slices = meant(slices, {name for example in examples for name in example.row}, {})
    forms = {}
    for form, shown in _forms(examples).items():
        predictions = list(classifier.stream(watch([shown(example.quote) for example in examples])))
        reports = [
            (axis, report)
            for axis in classifier.scheme.axes
            if (report := axis_report(axis, examples, predictions))
        ]
        by = slices if form == ATTRIBUTED else ()
        forms[form] = [
            _completed(report, axis, examples, predictions, by, simple, form)
            if form in (ATTRIBUTED, BARE)
            else report
            for axis, report in reports
        ]
    found = _notes(classifier.scheme, examples, simple)
    swaps = swapped(classifier, examples, watch=watch)
    return Report(classifier.name, data, forms, (*notes, *found, *_masking_note(examples)), swaps)


def _forms(examples: Sequence[Example]) -> dict[str, Callable[[Quote], Quote]]:
    """The forms that differ: without speakers or contexts in the data, some are the same."""
    spoken = any(example.quote.speaker for example in examples)
    around = any(example.quote.context for example in examples)
    left_out = set() if spoken else {MASKED, MASKED_IN_CONTEXT}
    left_out |= set() if around else {IN_CONTEXT, MASKED_IN_CONTEXT}
    return {name: form for name, form in SHOWN.items() if name not in left_out}


def _notes(scheme: LabelScheme, examples: Sequence[Example], simple: Baselines | None) -> Iterator[str]:
    rows = [example for example in examples if any(example.labels.get(name) for name in scheme.names)]
    if not rows:
        yield f"No row has a label of {', '.join(scheme.names)}, so there is nothing to measure: label some."
        return
    yield from group_notes(rows)
    if simple and simple.train is None:
        yield (
            "Baselines that learn were cross-validated on these rows, so they know this kind of text; "
            "give rows to learn from (--train) to compare on equal terms."
        )


def group_notes(rows: Sequence[Example]) -> Iterator[str]:
    """What the groups that rows come from leave of their intervals."""
    groups = {example.group for example in rows}
    if len(groups) == 1:
        yield (
            "All rows are of one group, so no interval can be given: unless a figure is 0 or 1, its bounds "
            "are the figure itself. Label rows from more articles or sources."
        )
    elif len(groups) == len(rows):
        yield (
            "No column group or source binds rows together: intervals take every row for an article of "
            "its own, and are too narrow where several quotations come from one."
        )
    if 1 < len(groups) < FEW:
        yield (
            f"The rows are of {len(groups)} groups only, and with fewer than {FEW} intervals are too narrow. "
            "Label rows from more articles or sources."
        )


def _masking_note(examples: Sequence[Example]) -> Iterator[str]:
    spoken = [example.quote for example in examples if example.quote.speaker]
    changed = sum(masked(quote) != quote for quote in spoken)
    if spoken:
        yield f"Masking took a name out of {changed} of {len(examples)} rows; the others are as they were."


def _completed(
    report: AxisReport,
    axis: Axis,
    examples: Sequence[Example],
    predictions: Sequence[Prediction],
    slices: Sequence[str],
    simple: Baselines | None,
    form: str,
) -> AxisReport:
    """The report with what stands beside the model: coders only where it knows the speaker as they did."""
    rows, scores = labelled(axis, examples, predictions)
    labels = [score.label for score in scores]
    tones = [
        prediction.axes["sentiment"].label
        for example, prediction in zip(examples, predictions, strict=True)
        if example.labels.get(axis.name) and "sentiment" in prediction.axes
    ]
    return replace(
        report,
        slices=tuple(found for column in slices for found in _slices(column, axis, rows, scores)),
        baselines=tuple(_baselines(axis, rows, labels, tones, simple, form)) if simple else (),
        human=agreement.ceiling(axis, examples, [p[axis.name].label for p in predictions])
        if form == ATTRIBUTED
        else None,
    )


def _slices(
    column: str, axis: Axis, rows: Sequence[Example], scores: Sequence[AxisScores]
) -> Iterator[Slice]:
    values = _values(column, rows)
    true = true_labels(rows, axis)
    counts = metrics.confusions(true, [score.label for score in scores], axis.labels)
    unsure = np.array([score.unsure for score in scores], dtype=float)
    for value in sorted(set(values), key=lambda value: (value in (EMPTY, OTHERS), value)):
        there = np.array([one == value for one in values])
        groups = [row.group for row, here in zip(rows, there, strict=True) if here]
        grouped = intervals.by_group(counts[there], groups)
        yield Slice(
            column=column,
            value=value,
            rows=int(there.sum()),
            macro_f1=macro_f1(counts[there], groups)
            if len({label for label, t in zip(true, there, strict=True) if t}) > 1
            else None,
            accuracy=intervals.score(grouped, metrics.accuracy_score, edges=len(grouped)),
            unsure=mean(unsure[there], groups),
        )


def _values(column: str, rows: Sequence[Example]) -> list[str]:
    """The values of a column; dates by their year, and the rarest ones as one."""
    cells = [str(example.row.get(column, EMPTY)) for example in rows]
    if column == "date" or all(DAY.match(cell) for cell in cells if cell != EMPTY):
        cells = [iso_date(cell)[:4] or cell for cell in cells]
    common = [cell for cell, _ in Counter(sorted(cells)).most_common()]
    kept = set(common if len(common) <= VALUES else common[: VALUES - 1])
    return [cell if cell in kept else OTHERS for cell in cells]


def _baselines(
    axis: Axis,
    rows: Sequence[Example],
    labels: Sequence[str],
    tones: Sequence[str],
    simple: Baselines,
    form: str,
) -> Iterator[Baseline]:
    found = simple.predicted(axis, rows, form)
    if form == ATTRIBUTED and tones and baselines.reads_tone_as_stance(axis, tones):
        found[baselines.SENTIMENT_AS_STANCE] = [baselines.TONE[tone] for tone in tones]
    groups = [example.group for example in rows]
    model = metrics.confusions(true_labels(rows, axis), labels, axis.labels)
    for name, guesses in found.items():
        counts = metrics.confusions(true_labels(rows, axis), guesses, axis.labels)
        both = intervals.by_group(np.stack([model, counts], axis=1), groups)
        yield Baseline(name, macro_f1(counts, groups), intervals.score(both, difference))
