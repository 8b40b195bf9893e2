"""Labels that are probably wrong, by cross-validated confident learning; in training rows only."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from cleanlab.filter import find_label_issues
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from stance.calibration import Floats
from stance.errors import SettingsError
from stance.labels import Axis, LabelScheme
from training.labelled import Example

FOLDS = 5
FEWEST = 50  # labelled rows of an axis, below which nothing can be said


@dataclass(frozen=True, slots=True)
class Suspect:
    """A label that the other rows speak against.

    given: the label. suggested: the one that they speak for. confidence: the probability of the given
    label, from a model that has not seen the row.
    """

    example: Example
    axis: str
    given: str
    suggested: str
    confidence: float


def suspects(
    examples: Sequence[Example], scheme: LabelScheme, features: Floats, *, seed: int = 13
) -> list[Suspect]:
    """The suspected label errors, the likeliest first (Northcutt, Jiang & Chuang 2021, "Confident
    Learning"), as cleanlab finds them.

    features: [rows, dimensions], such as an encoder's. SettingsError where there are test rows among
    the examples: labels that a model has corrected flatter every model.
    """
    refuse_test_rows(examples)
    found = [suspect for axis in scheme.axes for suspect in _of_axis(axis, examples, features, seed)]
    return sorted(found, key=lambda one: one.confidence)


def refuse_test_rows(examples: Sequence[Example]) -> None:
    """SettingsError where some of the examples are there to measure a model."""
    test = sum(example.split == "test" for example in examples)
    if test:
        raise SettingsError(
            f"{test} rows belong to the test split, which must not be cleaned with a model's help: figures "
            "would flatter it. Take them out first, and have a second person read them instead."
        )


def _of_axis(axis: Axis, examples: Sequence[Example], features: Floats, seed: int) -> list[Suspect]:
    there = _usable(axis, examples)
    given = np.array([axis.labels.index(str(examples[i].labels[axis.name])) for i in there], dtype=int)
    used = np.unique(given)
    if len(there) < FEWEST or len(used) < 2:
        return []
    probabilities = _out_of_fold(
        features[there], np.searchsorted(used, given), [examples[i].group for i in there], seed
    )
    issues = find_label_issues(
        np.searchsorted(used, given),
        probabilities,
        filter_by="low_self_confidence",
        return_indices_ranked_by="self_confidence",
        n_jobs=1,
    )
    return [
        Suspect(
            examples[there[i]],
            axis.name,
            given=axis.labels[given[i]],
            suggested=axis.labels[used[probabilities[i].argmax()]],
            confidence=float(probabilities[i, np.searchsorted(used, given[i])]),
        )
        for i in issues
    ]


def _usable(axis: Axis, examples: Sequence[Example]) -> list[int]:
    """Rows whose label occurs so often, and in so many groups, that each fold may have seen it."""
    there = [i for i, example in enumerate(examples) if example.labels.get(axis.name)]
    rows = Counter(examples[i].labels[axis.name] for i in there)
    pairs = {(examples[i].labels[axis.name], examples[i].group) for i in there}
    groups = Counter(label for label, _ in pairs)
    return [i for i in there if rows[label := examples[i].labels[axis.name]] >= FOLDS and groups[label] > 1]


def _out_of_fold(
    features: Floats, labels: npt.NDArray[np.integer], groups: Sequence[str], seed: int
) -> Floats:
    """Probabilities [rows, labels], each from a regression that has seen no row of the same group."""
    found = np.zeros((len(labels), labels.max() + 1))
    folds = StratifiedGroupKFold(min(FOLDS, len(set(groups))), shuffle=True, random_state=seed)
    for rest, held_out in folds.split(features, labels, groups):
        if len(np.unique(labels[rest])) < 2:  # nothing to tell apart: none of these is suspected
            found[held_out] = np.eye(found.shape[1])[labels[held_out]]
            continue
        model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=1000))
        model.fit(features[rest], labels[rest])
        found[np.ix_(held_out, model.classes_)] = model.predict_proba(features[held_out])
    return found
