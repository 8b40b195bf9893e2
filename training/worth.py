"""What a fitted model is worth: on rows set aside, and beside the model that it started from."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from stance.classifier import StanceClassifier
from training import network, rehearsal
from training.baselines import Baselines
from training.comparison import Comparison, between, compare
from training.copies import fingerprint
from training.crossvalidation import CrossValidated
from training.dataset import ATTRIBUTED, FORMS
from training.evaluation import evaluate
from training.labelled import Example
from training.material import Material, starting_model
from training.report import Report
from training.temperature import ENOUGH
from training.unseen import flattered, without_seen

FEW = 100  # validation rows, below which a threshold is rough


@dataclass(frozen=True)
class Worth:
    """reports: figures by table. gain: the model beside the one it started from, where that knows the labels.

    kept: the same for axes without new labels, on authored rows that neither was fitted to.
    """

    reports: Sequence[Report] = ()
    gain: Comparison | None = None
    kept: Comparison | None = None


@dataclass(frozen=True)
class Beside:
    """What to find out beside a model's own figures.

    slices: columns by whose values to give figures, for tables that have them. baselines: whether simple
    models learn from the same rows.
    """

    slices: Sequence[str] = ()
    baselines: bool = True

    def simple(self, material: Material) -> Baselines | None:
        """Simple models, one of them on what a base that knows no labels makes of quotations."""
        if not self.baselines:
            return None

        fresh = starting_model(material.base) is None  # else its embeddings are those of a fitted model
        embed = network.embedder(material.base, window=material.config.window) if fresh else None
        return Baselines(material.split.train, embed)


def measured(
    model: StanceClassifier,
    material: Material,
    tables: Mapping[str, Sequence[Example]],
    crossed: CrossValidated | None,
    beside: Beside,
) -> Worth:
    """Measure a model on the test rows and on further tables.

    crossed: a cross-validation, whose predictions take the place of test rows.
    """
    test = material.split.test
    named = {"the test rows": test, **tables}
    notes = list(calibration_notes(material))
    simple = beside.simple(material)
    reports = [
        evaluate(
            model,
            rows,
            data=name,
            slices=[one for one in beside.slices if any(one in row.row for row in rows)],
            simple=simple,
            notes=[*flattered("The model, or the one it started from,", rows, material.fitted_to), *notes],
        )
        for name, rows in named.items()
        if rows
    ]
    start = starting_model(material.base)
    shared = rehearsal.unchanged(start.scheme, material.scheme) if start else []
    if start is None or not shared:
        return Worth(reports)
    former = StanceClassifier.from_folder(start)
    labelled_axes = material.labelled_axes & set(shared)
    gain = None
    if labelled_axes and crossed:
        gain = _crossed_gain(crossed, former, material, labelled_axes)
    elif labelled_axes and test:
        fair = not flattered(former.name, test, material.seen)
        gain = compare(model, former, test, data="the test rows", fair=fair)
    untouched = [name for name in shared if name not in labelled_axes]
    held_out = rehearsal.held_out_rows(material.scheme, untouched, known=material.examples)
    held_out = without_seen(held_out, material.seen)
    kept = compare(model, former, held_out, data="authored rows held out") if held_out else None
    return Worth(reports, gain, kept)


def _crossed_gain(
    crossed: CrossValidated, former: StanceClassifier, material: Material, axes: Collection[str]
) -> Comparison | None:
    """What cross-validation says beside the starting model, on rows that this has not seen either."""
    new = [
        place
        for place, row in enumerate(crossed.examples)
        if fingerprint(row.quote.text) not in material.seen
    ]
    if not new:
        return None
    rows = [crossed.examples[place] for place in new]
    before = former.classify_many([FORMS[ATTRIBUTED](row.quote) for row in rows])
    found = between(
        [axis for axis in material.scheme.axes if axis.name in axes],
        (crossed.report.model, former.name),
        rows,
        ([crossed.predictions[place] for place in new], before),
        data=f"{len(new)} rows",
    )
    return replace(found, notes=(*crossed.report.notes, *found.notes))


def calibration_notes(material: Material) -> Iterator[str]:
    """A note where few rows say how far probabilities can be believed."""
    few = []
    for axis in material.scheme.names:
        count = material.calibrates(axis)
        if axis not in material.labelled_axes:
            continue
        if axis in material.former and count < ENOUGH:
            yield (
                f"Only {count} validation rows have a label of {axis}: its probabilities and what is unsure "
                "are calibrated as in the model that it started from."
            )
        elif not count:
            yield f"No validation row has a label of {axis}: its probabilities are not calibrated."
        elif count < FEW:
            few.append(f"{axis} ({count})")
    if few:
        yield (
            f"Few validation rows say how sure is sure: {', '.join(few)}. Expect another error among sure "
            f"answers than is aimed at ({material.config.calibrate_error}): the one in the table is measured."
        )
