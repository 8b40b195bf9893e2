"""How well a recipe does on rows it has not seen, when there are too few to set some aside for good."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sklearn.model_selection import GroupKFold

from stance.classifier import StanceClassifier
from stance.errors import SettingsError
from stance.results import Prediction
from training import splits
from training.dataset import ATTRIBUTED, FORMS
from training.figures import axis_report
from training.labelled import Example
from training.material import Material
from training.report import Report
from training.unseen import flattered

log = logging.getLogger(__name__)

TAUGHT = (
    "Every fold was shown the rows that a model has labelled. If that was fitted to rows of this table, it "
    "has seen the labels of what is held out here, and the figures flatter."
)


@dataclass(frozen=True)
class CrossValidated:
    """All rows as predicted by a model that has not seen them, and the figures of that.

    examples: the rows, where groups with near-duplicates of one another are one.
    """

    examples: list[Example]
    predictions: list[Prediction]
    report: Report


def cross_validate(material: Material, folds: int, folder: Path) -> CrossValidated:
    """Fit ``folds`` models, each without a part of the groups, which it then predicts.

    folder: for checkpoints; an interrupted cross-validation does not fit again what it had fitted.
    SettingsError where there are fewer groups than folds.
    """
    grouped = check_folds(material.examples, folds)
    examples = [replace(e, group=g) for e, g in zip(material.examples, grouped, strict=True)]
    predictions: dict[int, Prediction] = {}
    for number, (rest, held_out) in enumerate(GroupKFold(folds).split(grouped, groups=grouped), 1):
        log.info("fold %d of %d", number, folds)
        here = folder / f"fold-{number}"
        model = _fitted(material, [examples[i] for i in rest], here)
        quotes = [FORMS[ATTRIBUTED](examples[i].quote) for i in held_out]
        predictions |= dict(zip(map(int, held_out), model.classify_many(quotes), strict=True))
    in_order = [predictions[place] for place in range(len(examples))]
    reports = [axis_report(axis, examples, in_order) for axis in material.scheme.axes]
    report = Report(
        model=f"{folds} models, each on the rows it has not seen",
        data=f"{folds}-fold cross-validation",
        forms={ATTRIBUTED: [report for report in reports if report]},
        notes=(
            *flattered("The starting model", examples, material.seen),
            *([TAUGHT] if material.taught else []),
            "Measured on networks before their export. The intervals are for these rows, and do not hold how "
            "much one fit differs from the next.",
        ),
    )
    return CrossValidated(examples, in_order, report)


def check_folds(examples: Sequence[Example], folds: int) -> list[str]:
    """The group of each example; SettingsError where there are too few to divide them so often."""
    grouped = splits.grouped(examples)
    if not 2 <= folds <= len(set(grouped)):
        raise SettingsError(
            f"Cross-validation needs two folds or more, and at least a group of rows for each: {folds} "
            f"fold(s) were asked for, and the rows are in {len(set(grouped))} group(s)."
        )
    return grouped


def _fitted(material: Material, rows: Sequence[Example], folder: Path) -> StanceClassifier:
    fold = replace(
        material,
        examples=[replace(row, split=None) for row in rows],
        config=replace(material.config, test_share=0.0, calibrate_on="", calibrate_as=""),
        logs=material.logs and material.logs / folder.name,
    )
    return fold.fitted(folder)
