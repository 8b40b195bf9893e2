"""StanceClassifier: quotations or an article in, predictions out."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice, zip_longest
from pathlib import Path
from typing import TypeVar

import numpy as np

from stance.actors import Actors
from stance.calibration import AxisCalibration, Floats
from stance.encoding import Encoded, Encoder
from stance.errors import QuoteError
from stance.explanation import Explanation, by_erasure, check_explicable
from stance.folder import ModelFolder, sha256
from stance.labels import Axis, LabelScheme
from stance.quotes import Quote, find_quotes
from stance.reading import Reading
from stance.results import AxisScores, Prediction
from stance.runtime import Begun, Model, logits_of, started

Item = TypeVar("Item")
Result = TypeVar("Result")
CHUNK = 1024  # quotations that are encoded at a time, while those before them are computed
ARTICLES = 64  # that read_many holds at a time


class StanceClassifier:
    """A model with everything that belongs to it; ``stance.load`` makes one."""

    def __init__(
        self,
        model: Model,
        encoder: Encoder,
        scheme: LabelScheme,
        calibration: dict[str, AxisCalibration],
        *,
        name: str,
        signature: str = "",
    ) -> None:
        self._model = model
        self._encoder = encoder
        self._calibration = calibration
        self.scheme = scheme
        self.name = name
        self.signature = signature  # tells models of one name apart

    @classmethod
    def from_folder(
        cls, folder: ModelFolder, *, actors: Actors | None = None, threads: int | None = None
    ) -> "StanceClassifier":
        """Open the files of a model folder; threads: how many cores to use, all if None."""
        encoder = Encoder(folder.tokenizer(), window=folder.window, pad_id=folder.pad_id, actors=actors)
        model = folder.model(threads=threads)
        return cls(
            model,
            encoder,
            folder.scheme,
            folder.calibration,
            name=folder.name,
            signature=folder.signature,
        )

    def __repr__(self) -> str:
        return f"StanceClassifier({self.name!r}, axes={list(self.scheme.names)})"

    def classify(
        self, text: str, *, speaker: str | None = None, context: str | None = None, date: str | None = None
    ) -> Prediction:
        """What one quotation says; QuoteError where it is blank or not a text.

        speaker: who said it, as the source has it. context: the text around it. date: when (ISO, or any
        text with a year); decides which office a bare name held.
        """
        return self.begin([Quote(text, speaker, context, date)])()[0]

    def classify_many(self, quotes: Iterable[str | Quote]) -> list[Prediction]:
        """A prediction for each quotation, in order.

        A blank quotation or one that is no text raises a QuoteError with its position, before anything
        is computed.
        """
        return list(self._predicted(list(_as_quotes(quotes))))

    def stream(self, quotes: Iterable[str | Quote]) -> Iterator[Prediction]:
        """The same, lazily: holds some two thousand quotations at a time, however many come."""
        return self._predicted(_as_quotes(quotes))

    def read(self, article: str, *, date: str | None = None) -> Reading:
        """The quotations of an article with their speakers, classified in text order."""
        return Reading(article, self.classify_many(find_quotes(article, date=date)))

    def read_many(
        self, articles: Iterable[str], *, dates: Iterable[str | None] | None = None
    ) -> Iterator[Reading]:
        """A Reading for each article, lazily; the quotations of several are classified together.

        dates: when they appeared, as many as there are articles. A blank article or one that is no text
        raises a QuoteError with its position, when its turn comes.
        """
        dated = _dated(_each(articles), dates)
        position = 0
        while chunk := list(islice(dated, ARTICLES)):
            found = [
                (article, _quotes_of(article, date, position + i)) for i, (article, date) in enumerate(chunk)
            ]
            said = iter(self.classify_many([quote for _, quotes in found for quote in quotes]))
            yield from (Reading(article, list(islice(said, len(quotes)))) for article, quotes in found)
            position += len(chunk)

    def explain(self, p: Prediction, *, axis: str = "stance") -> Explanation:
        """Which words carried the label of one axis of a prediction that this model made.

        Raises SettingsError where another model made it, or it has no such axis.
        """
        check_explicable(p, axis, model=self.name)
        asked = self.scheme.axes[self.scheme.names.index(axis)]

        def probability(quotes: Sequence[Quote]) -> Floats:
            found = self._scores(asked, quotes, self.logits(quotes))
            return np.array([scores.scores[p[axis].label] for scores in found])

        # Without one word of a bare name its office would go, too.
        return by_erasure(replace(p, quote=self._encoder.written_out(p.quote)), axis, probability)

    def logits(self, quotes: Sequence[Quote]) -> Floats:
        """The raw logits [quotes, width], for calibrating and for comparing models."""
        return self._logits(self._encoder.encode(quotes) if quotes else [])

    def begin(self, quotes: Sequence[Quote]) -> Begun[list[Prediction]]:
        """Begin to classify, and return what waits for the predictions; for callers with more to do."""
        encoded = self._encoder.encode(quotes) if quotes else []
        logits = started(self._model, self._encoder, encoded, width=self.scheme.width)
        return logits.then(lambda rows: list(self._read_off(quotes, encoded, rows)))

    def _predicted(self, quotes: Iterable[Quote]) -> Iterator[Prediction]:
        remaining = iter(quotes)
        chunks = iter(lambda: list(islice(remaining, CHUNK)), [])
        for found in ahead(chunks, self.begin):
            yield from found

    def _logits(self, encoded: Sequence[Encoded]) -> Floats:
        return logits_of(self._model, self._encoder, encoded, width=self.scheme.width)

    def _read_off(
        self, quotes: Sequence[Quote], encoded: Sequence[Encoded], logits: Floats
    ) -> Iterator[Prediction]:
        by_axis = [list(self._scores(axis, quotes, logits)) for axis in self.scheme.axes]
        for quote, seen, scores in zip(quotes, encoded, zip(*by_axis, strict=True), strict=True):
            axes = {one.axis: one for one in scores}
            yield Prediction(quote, axes, truncated=seen.truncated, model=self.name)

    def _scores(self, axis: Axis, quotes: Sequence[Quote], logits: Floats) -> Iterator[AxisScores]:
        calibration = self._calibration[axis.name]
        for quote, row in zip(quotes, logits[:, axis.slice].tolist(), strict=True):
            here = calibration.reading(quote.speaker)
            ranked = sorted(zip(axis.labels, here.probabilities(row), strict=True), key=lambda pair: -pair[1])
            yield AxisScores(axis.name, tuple(ranked), here.threshold, here.needed)


def ahead(items: Iterable[Item], begin: Callable[[Item], Begun[Result]]) -> Iterator[Result]:
    """What ``begin`` makes of each item, in order; the next is begun before one waits for the last.

    What has begun is not lost to an error of the next; where nobody wants the rest, it is cancelled.
    """
    remaining = iter(items)
    waiting: Begun[Result] | None = None
    try:
        while True:
            try:
                begun = begin(next(remaining))
            except StopIteration:
                break
            except Exception:
                if waiting:
                    yield waiting()
                raise
            last, waiting = waiting, begun
            if last:
                yield last()
        if waiting:
            yield waiting()
    finally:
        if waiting:
            waiting.cancel()


def load(
    folder: str | Path | None = None, *, actors: str | Path | None = None, threads: int | None = None
) -> StanceClassifier:
    """Open a model folder; None is the model that comes with stance.

    actors: a CSV of the user's own rows (columns name, aliases, office, side, start, end), which go
    before those that come with stance. threads: how many cores to use; None: all that the process may
    use. Raises ModelFolderError, ActorsError, SettingsError.
    """
    opened = ModelFolder.open(folder) if folder is not None else ModelFolder.shipped()
    table = Actors.shipped(Path(actors)) if actors is not None else None
    found = StanceClassifier.from_folder(opened, actors=table, threads=threads)
    if actors is not None:
        found.signature += sha256(Path(actors).read_bytes())
    return found


_lock = threading.Lock()
_loaded: list[StanceClassifier] = []


def shipped() -> StanceClassifier:
    """The model that comes with stance, opened once."""
    with _lock:
        if not _loaded:
            _loaded.append(load())
        return _loaded[0]


def classify(
    text: str, *, speaker: str | None = None, context: str | None = None, date: str | None = None
) -> Prediction:
    """``StanceClassifier.classify`` of the model that comes with stance."""
    return shipped().classify(text, speaker=speaker, context=context, date=date)


def classify_many(quotes: Iterable[str | Quote]) -> list[Prediction]:
    """``StanceClassifier.classify_many`` of the model that comes with stance."""
    return shipped().classify_many(quotes)


def read(article: str, *, date: str | None = None) -> Reading:
    """``StanceClassifier.read`` of the model that comes with stance."""
    return shipped().read(article, date=date)


def explain(p: Prediction, *, axis: str = "stance") -> Explanation:
    """``StanceClassifier.explain`` of the model that comes with stance."""
    return shipped().explain(p, axis=axis)


def _each(items: Iterable[Item]) -> Iterable[Item]:
    # A text is an iterable of its letters, which nobody means.
    if isinstance(items, str | bytes) or not isinstance(items, Iterable):
        raise QuoteError(
            f"Several texts are needed here, such as a list, but this is one {type(items).__name__}. "
            "For one quotation use classify(), for one article read()."
        )
    # A table is an iterable of its columns' names.
    if isinstance(items, Mapping) or hasattr(items, "columns"):
        raise QuoteError(
            f"A list of texts is needed here, but this is a table ({type(items).__name__}). Give its column, "
            "such as table['quote'], or with speakers [Quote(text, speaker), ...]."
        )
    return items


def _dated(articles: Iterable[str], dates: Iterable[str | None] | None) -> Iterator[tuple[str, str | None]]:
    if dates is None:
        yield from ((article, None) for article in articles)
        return
    missing = object()
    for position, (article, date) in enumerate(zip_longest(articles, dates, fillvalue=missing)):
        if article is missing or date is missing:
            more, fewer = ("dates", "articles") if article is missing else ("articles", "dates")
            raise QuoteError(
                f"There are more {more} than {fewer}, of which there are {position}. Give one for each."
            )
        yield article, date  # type: ignore[misc]


def _quotes_of(article: str, date: str | None, position: int) -> list[Quote]:
    try:
        return find_quotes(article, date=date)
    except QuoteError as error:
        raise QuoteError(f"Article {position} (counted from 0): {error}") from error


def _as_quotes(items: Iterable[str | Quote]) -> Iterator[Quote]:
    return (_as_quote(item, position) for position, item in enumerate(_each(items)))


def _as_quote(item: object, position: int) -> Quote:
    if isinstance(item, Quote):
        return item
    try:
        return Quote(item)  # type: ignore[arg-type]
    except QuoteError as error:
        raise QuoteError(f"Item {position} (counted from 0): {error}") from error
