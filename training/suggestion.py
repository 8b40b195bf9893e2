"""Which quotations to label next: those that the model knows least about, and unlike one another."""

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import nlargest
from typing import Any

import numpy as np
from sklearn.cluster import KMeans
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

from stance.calibration import Floats
from stance.classifier import StanceClassifier
from stance.errors import SettingsError
from stance.quotes import Quote
from stance.results import Prediction
from stance.tables import Row
from training.coders import SHARES
from training.copies import near_duplicates, words

POOL = 10  # candidates for each row that is wanted
DIMENSIONS = 100


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A row worth labelling. margin: by how much the two likeliest labels differ, mean of the axes."""

    row: Row
    prediction: Prediction
    margin: float


def suggest(
    classifier: StanceClassifier,
    rows: Iterable[tuple[Row, Quote]],
    *,
    count: int,
    known: Sequence[str] = (),
    seed: int = 13,
) -> list[Suggestion]:
    """The ``count`` rows most worth labelling next, the least sure first.

    rows: any number of rows with the quotation in each, of which only the least sure are held. known:
    texts that are labelled already, which are left out with their near-duplicates. Uncertainty is the
    margin of the two likeliest labels; diversity comes from choosing one candidate in each of ``count``
    clusters, weighted by uncertainty (Zhdanov 2019, "Diverse mini-batch Active Learning").
    """
    if count < 1:
        raise SettingsError(f"At least one row must be asked for, not {count}.")
    pool = nlargest(POOL * count, _each_once(classifier, rows, known), key=lambda one: -one.margin)
    pool = _without_copies(pool, known)
    return pool if len(pool) <= count else _unlike(pool, count, seed)


def _each_once(
    classifier: StanceClassifier, rows: Iterable[tuple[Row, Quote]], known: Sequence[str]
) -> Iterator[Suggestion]:
    """Every row with its prediction, but for exact copies, of which news is full: they would crowd a pool."""
    waiting: deque[Row] = deque()

    def quotes() -> Iterable[Quote]:
        for row, quote in rows:
            waiting.append(row)
            yield quote

    seen = {_folded(text) for text in known}
    for said in classifier.stream(quotes()):
        row = waiting.popleft()
        if (text := _folded(said.quote.text)) not in seen:
            seen.add(text)
            yield Suggestion(row, said, _margin(said))


def _unlike(pool: Sequence[Suggestion], count: int, seed: int) -> list[Suggestion]:
    """One of each cluster of a pool, the least sure first."""
    texts = [one.prediction.quote.text for one in pool]
    weights = np.array([1 - one.margin for one in pool]) + 1e-6
    vectors = _vectors(texts, seed)
    # Texts of the same words are one point, and there are no more clusters than points.
    clusters = KMeans(
        min(count, len(np.unique(vectors.round(6), axis=0))), random_state=seed, n_init=1
    ).fit_predict(vectors, None, weights)
    chosen = {int(cluster): one for one, cluster in reversed(list(zip(pool, clusters, strict=True)))}
    best = {id(one) for one in chosen.values()}
    others = [one for one in pool if id(one) not in best][: count - len(chosen)]
    return sorted([*chosen.values(), *others], key=lambda one: one.margin)


def to_fill_in(
    suggestions: Sequence[Suggestion], axes: Mapping[str, str], *, guesses: bool = False
) -> list[dict[str, Any]]:
    """The rows with an empty column for each axis.

    axes: what the column of each is called. guesses: the model's labels beside them.

    Guesses save time, but a coder who sees them agrees with them too often; what another model has said of
    a row (``teach``) is left out.
    """
    said = {"taught_by", *(f"{axis}{SHARES}" for axis in axes)}
    return [
        {
            **_without(one.row, said if one.row.get("taught_by") else ()),
            **{name: one.row.get(name) or "" for name in axes.values()},
            **(
                {f"{name}_guess": one.prediction[axis].label for axis, name in axes.items()}
                if guesses
                else {}
            ),
        }
        for one in suggestions
    ]


def _without(row: Row, names: Collection[str]) -> dict[str, Any]:
    return {name: cell for name, cell in row.items() if name not in names}


def _folded(text: str) -> int:
    """A short stand-in for a text, the same for texts that differ in nothing but case, marks and spaces."""
    return hash(tuple(words(text)))


def _margin(prediction: Prediction) -> float:
    margins = [scores.by_label[0][1] - scores.by_label[1][1] for scores in prediction.axes.values()]
    return float(np.mean(margins))


def _without_copies(pool: Sequence[Suggestion], known: Sequence[str]) -> list[Suggestion]:
    """Of near-duplicates only the first; of those of known texts none."""
    texts = [*known, *(one.prediction.quote.text for one in pool)]
    left_out = {later for _, later in near_duplicates(texts)}
    return [one for place, one in enumerate(pool, len(known)) if place not in left_out]


def _vectors(texts: Sequence[str], seed: int) -> Floats:
    terms = TfidfVectorizer(sublinear_tf=True, token_pattern=r"(?u)\b\w+\b").fit_transform(texts)
    dimensions = min(DIMENSIONS, min(terms.shape) - 1)
    if dimensions < 2:
        return np.asarray(terms.todense())
    return np.asarray(TruncatedSVD(dimensions, random_state=seed).fit_transform(terms))
