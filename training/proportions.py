"""How much of a corpus has each label, corrected for the model's errors by a hand-labelled random sample."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from stance.calibration import Floats
from stance.errors import SettingsError
from stance.labels import legal_label
from stance.reading import frame_of
from stance.results import Prediction
from training.prevalence import Interval, estimate, wilson

if TYPE_CHECKING:
    import pandas

ENOUGH = 20  # labelled rows; with fewer the interval no longer holds what it says
SUSPICIOUS = 0.001  # p-value from which on the labelled rows do not look like a random sample
COLUMNS = ("group", "label", "share [95 %]", "naive [95 %]", "rows", "labelled", "note")


class SampleWarning(UserWarning):
    """The labelled rows have to be a simple random sample, and nothing proves that they are."""


@dataclass(frozen=True, slots=True)
class Share:
    """The share of one label in the corpus (group None) or in one group; shares and bounds from 0 to 1.

    share, low, high: corrected, with its 95 % interval; None where ``note`` says how many rows to label.
    naive, naive_low, naive_high: share of the predicted label with the interval that takes every
    prediction for the truth (Wilson 1927). rows, labelled: how many there are, and how many by hand.
    """

    group: str | None
    label: str
    share: float | None
    low: float | None
    high: float | None
    naive: float
    naive_low: float
    naive_high: float
    rows: int
    labelled: int
    note: str


@dataclass(frozen=True, repr=False)
class Shares:
    """The corpus first, then its groups in sorted order, a row for each label in alphabetical order."""

    axis: str
    rows: tuple[Share, ...]

    def as_dict(self) -> dict[str, Any]:
        """The same, JSON-ready: axis, and rows with the fields of Share."""
        return {"axis": self.axis, "rows": [asdict(row) for row in self.rows]}

    def to_frame(self) -> "pandas.DataFrame":
        """A pandas table with the fields of Share; MissingPackageError where pandas is not installed."""
        return frame_of(self.as_dict()["rows"])

    def __repr__(self) -> str:
        table = [COLUMNS, *map(_cells, self.rows)]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = (
            "  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)) for line in table
        )
        return "\n".join([f"Shares of {self.axis}, in %", *(line.rstrip() for line in lines)])

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{name}</th>" for name in COLUMNS)
        lines = ("".join(f"<td>{escape(cell)}</td>" for cell in _cells(row)) for row in self.rows)
        body = "".join(f"<tr>{line}</tr>" for line in lines)
        caption = f"<caption>Shares of {escape(self.axis)}, in %</caption>"
        return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


@dataclass(frozen=True, slots=True)
class _Corpus:
    """scores: [rows, labels]. truth: [rows], the position of the hand label, -1 where there is none."""

    labels: tuple[str, ...]
    scores: Floats
    truth: np.ndarray


def shares(
    predictions: Sequence[Prediction],
    labelled: Mapping[int, str],
    *,
    axis: str = "stance",
    by: Sequence[str] | None = None,
) -> Shares:
    """The share of each label of ``axis``, corrected by hand labels, beside the naive share.

    predictions: the whole corpus, in order. labelled: position in it (from 0) → hand label. The positions
    MUST be a simple random sample of all positions, such as ``random.sample(range(len(predictions)), 200)``,
    and every drawn row must be labelled; rows picked because they are early, clear or unsure give wrong
    shares and wrong intervals. That cannot be seen from the rows, so a SampleWarning reminds of it, and
    says more where position, confidence, predicted labels or groups differ from the corpus (p < 0.001).
    by: a group or period for every prediction; each group is corrected by its own labelled rows only.

    The estimate is the model-assisted difference estimator (Särndal, Swensson & Wretman 1992), known as
    prediction-powered inference (Angelopoulos et al. 2023, Science 382; PPI++, 2023): the mean of the
    calibrated probabilities, times one factor, plus the mean error on the labelled rows. ``estimate``
    says how the interval is made. Raises SettingsError for what cannot be used.
    """
    corpus = _corpus(predictions, labelled, axis)
    if by is not None and len(by) != len(predictions):
        raise SettingsError(
            f"by has {len(by):,} groups for {len(predictions):,} predictions: give one for each, in order."
        )
    groups = None if by is None else np.array([str(group) for group in by])
    message = _sample_message(corpus, groups)
    if message:
        warnings.warn(message, SampleWarning, stacklevel=2)
    rows = list(_rows(corpus, None, np.ones(len(predictions), dtype=bool)))
    for group in [] if groups is None else np.unique(groups):
        rows += _rows(corpus, str(group), groups == group)
    return Shares(axis, tuple(rows))


def _rows(corpus: _Corpus, group: str | None, members: np.ndarray) -> Iterator[Share]:
    scores, truth = corpus.scores[members], corpus.truth[members]
    known, size, each = truth >= 0, len(truth), np.arange(len(corpus.labels))
    predicted = (scores.argmax(axis=1)[:, None] == each).mean(axis=0)
    naive = wilson(predicted, size)
    onehot = (truth[known, None] == each).astype(float)
    note = _note(int(known.sum()), size)
    found = None if note else estimate(onehot, scores[known], scores.mean(axis=0), size)
    for place, label in enumerate(corpus.labels):
        share, low, high = _at(found, place) if found else (None, None, None)
        yield Share(group, label, share, low, high, *_at(naive, place), size, int(known.sum()), note)


def _at(interval: Interval, place: int) -> tuple[float, float, float]:
    return float(interval.value[place]), float(interval.low[place]), float(interval.high[place])


def _note(labelled: int, rows: int) -> str:
    missing = min(ENOUGH, rows) - labelled  # a group that is labelled to the last row is known exactly
    return f"label {missing} more, drawn at random from this group" if missing > 0 else ""


def _corpus(predictions: Sequence[Prediction], labelled: Mapping[int, str], axis: str) -> _Corpus:
    if not len(predictions):
        raise SettingsError("The corpus is empty: pass the predictions for all of its rows.")
    if axis not in predictions[0].axes:
        raise SettingsError(
            f"The predictions have no axis {axis!r}, only {', '.join(predictions[0].axes)}: name one."
        )
    labels = tuple(sorted(predictions[0][axis].scores))
    _check_labelled(labelled, labels, axis, len(predictions))
    truth = np.full(len(predictions), -1)
    for position, label in labelled.items():
        truth[position] = labels.index(str(legal_label(label, labels)))
    scores = np.array([_row(p, axis, labels, place) for place, p in enumerate(predictions)])
    return _Corpus(labels, scores, truth)


def _row(prediction: Prediction, axis: str, labels: tuple[str, ...], place: int) -> list[float]:
    scores = prediction.axes[axis].scores if axis in prediction.axes else {}
    if scores.keys() != set(labels):
        raise SettingsError(
            f"The prediction at position {place:,} has other labels of {axis} than the first, "
            f"{', '.join(scores) or 'none'} instead of {', '.join(labels)}: predict all with one model."
        )
    return [scores[label] for label in labels]


def _check_labelled(labelled: Mapping[int, str], labels: tuple[str, ...], axis: str, size: int) -> None:
    outside = [at for at in labelled if not (isinstance(at, int | np.integer) and 0 <= at < size)]
    if outside:
        raise SettingsError(
            f"{len(outside):,} of {len(labelled):,} labelled positions are not in the corpus, the first "
            f"{outside[0]!r}: positions are whole numbers from 0 to {size - 1:,}, in the predictions' order."
        )
    strange = [(at, label) for at, label in labelled.items() if legal_label(str(label), labels) is None]
    if strange:
        raise SettingsError(
            f"{len(strange):,} of {len(labelled):,} hand labels are not of {axis}, the first "
            f"{strange[0][1]!r} at position {strange[0][0]}: correct them to one of {', '.join(labels)}."
        )
    if len(labelled) < ENOUGH:
        raise SettingsError(
            f"{len(labelled)} rows are labelled, but a valid interval takes {ENOUGH}: label "
            f"{ENOUGH - len(labelled)} more of the {size:,}, drawn at random."
        )


def _sample_message(corpus: _Corpus, groups: np.ndarray | None) -> str:
    size, drawn = len(corpus.truth), corpus.truth >= 0
    if drawn.all():
        return ""
    views = {
        "positions": np.arange(size),
        "the model's confidences": corpus.scores.max(axis=1),
        "predicted labels": corpus.scores.argmax(axis=1),
        "groups": np.zeros(size) if groups is None else np.unique(groups, return_inverse=True)[1],
    }
    differing = [name for name, values in views.items() if _differ(values, drawn)]
    sample = f"the {drawn.sum():,} labelled rows are a simple random sample of the {size:,}"
    if differing:
        return (
            f"It does not look as if {sample}, for they differ in {', '.join(differing)}: the shares are "
            "wrong then. Draw positions at random and label all of them."
        )
    return f"These shares are right only if {sample}; nothing here can prove that."


def _differ(values: np.ndarray, drawn: np.ndarray) -> bool:
    # Kolmogorov–Smirnov, sample against finite corpus; with ties it errs towards silence.
    places, codes = np.unique(values, return_inverse=True)
    corpus, sample = (np.bincount(rows, minlength=len(places)) for rows in (codes, codes[drawn]))
    gap = np.abs(np.cumsum(sample) / sample.sum() - np.cumsum(corpus) / corpus.sum()).max()
    scale = sample.sum() / (1 - drawn.mean())
    return bool(np.sqrt(scale) * gap > np.sqrt(-np.log(SUSPICIOUS / 2) / 2))


def _cells(row: Share) -> tuple[str, ...]:
    group, label, share, low, high, naive, naive_low, naive_high, rows, labelled, note = astuple(row)
    corrected = "–" if share is None else _percent(share, low, high)
    printed = _percent(naive, naive_low, naive_high)
    return (
        "(all)" if group is None else group,
        label,
        corrected,
        printed,
        f"{rows:,}",
        f"{labelled:,}",
        note,
    )


def _percent(value: float, low: float, high: float) -> str:
    return f"{100 * value:.1f} [{100 * low:.1f}, {100 * high:.1f}]"
