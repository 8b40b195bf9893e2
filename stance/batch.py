"""Whole tables, a block at a time: quotations to classify, articles to read."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from importlib import metadata
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, TypeVar

from stance import tables, writing
from stance.classifier import StanceClassifier, ahead
from stance.columns import PLACE, answers, new_columns, schema
from stance.errors import StanceError, UnreadableFileError
from stance.parts import Parts, in_parts
from stance.quotes import Quote, find_quotes
from stance.results import Prediction
from stance.runtime import Begun
from stance.tables import Row

Item = TypeVar("Item")
Block = list[tuple[int, Row]]

ARTICLES = 64  # that are read at a time


class Progress(Protocol):
    """Lets items pass and shows how far it is.

    total: how many rows there will be; done: how many there have been before; size: how many an item is.
    """

    def __call__(
        self,
        items: Iterable[Item],
        label: str,
        *,
        total: int | None = None,
        done: int = 0,
        size: Callable[[Item], int] = ...,
    ) -> Iterator[Item]:
        """The items, as they come."""
        ...


def classify_table(
    table: Path,
    output: Path,
    load: Callable[[], StanceClassifier],
    names: Mapping[str, str],
    progress: Progress,
    *,
    resume: bool | None = None,
) -> str:
    """Write a table again with what a model says of each quotation, and tell how many rows it has.

    names: the user's own names of columns, as for ``tables.quote_columns``. A row that cannot be classified
    is kept, with the reason. resume: as for ``parts.in_parts``. Raises TableError, ColumnError,
    SettingsError.
    """
    writing.check_output(output, [table])
    taken, total = tables.surveyed(table)
    columns = tables.quote_columns(table, taken, names)
    classifier = load()
    new = new_columns(classifier.scheme, taken=taken)
    plan = _plan(table, columns, classifier)
    types = schema(output, table, {name: name for name in taken}, new)
    with in_parts(output, [*taken, *new.values()], plan, total=total, types=types, resume=resume) as parts:
        begin = partial(_begun, columns=columns, classifier=classifier, new=new)
        for rows in progress(
            ahead(_rest(table, parts), begin), "classifying", total=total, done=parts.taken, size=len
        ):
            bad = sum(row[new["error"]] is not None for row in rows)
            parts.add(rows, taken=len(rows), counts=[bad])
    renamed = " (new columns are called predicted_…: the table had some of these names)"
    (bad,) = parts.counts
    reasons = f"; {bad:,} could not be classified, the column {new['error']} says why" if bad else ""
    return f"{total:,} rows written to {output}{reasons}{renamed if new['error'] != 'error' else ''}"


def read_table(
    articles: Path,
    output: Path,
    load: Callable[[], StanceClassifier],
    mapping: Mapping[str, str],
    progress: Progress,
    *,
    resume: bool | None = None,
) -> str:
    """Write a row for each quotation of many articles, and tell how many there are.

    mapping: the user's own names of the columns id, text and date. An article that cannot be read has one
    row, with the reason. resume: as for ``parts.in_parts``. Raises TableError, ColumnError, SettingsError.
    """
    writing.check_output(output, [articles])
    taken, total = tables.surveyed(articles)
    columns = tables.article_columns(articles, taken, mapping)
    classifier = load()
    added = [*PLACE, "quote", "speaker", "speaker_confidence", *answers(classifier.scheme), "error"]
    names = ["id", *added]
    plan = _plan(articles, columns, classifier)
    types = schema(output, articles, {"id": columns["id"]}, {name: name for name in added})
    with in_parts(output, names, plan, total=total, types=types, resume=resume) as parts:
        begin = partial(_reading, columns=columns, classifier=classifier)
        for read in progress(
            ahead(_rest(articles, parts, size=ARTICLES), begin),
            "reading",
            total=total,
            done=parts.taken,
            size=len,
        ):
            rows = [{name: row.get(name) for name in names} for found in read for row in found]
            bad = sum(row["error"] is not None for row in rows)
            silent = sum(not found for found in read)
            parts.add(rows, taken=len(read), counts=[len(rows), silent, bad])
    said, silent, bad = parts.counts
    told = f"{said - bad:,} quotations of {total:,} articles written to {output}"
    told += f"; {silent:,} articles have none" if silent else ""
    return told + (f"; {bad:,} could not be read, the column error says why" if bad else "")


def _plan(table: Path, columns: Mapping[str, str], classifier: StanceClassifier) -> dict[str, Any]:
    """What must be as it was for a run to go on."""
    return {
        "table": tables.fingerprint(table),
        "columns": dict(columns),
        "model": f"{classifier.name} {classifier.signature}",
        "version of stance": _version(),
    }


def _version() -> str:
    try:
        return metadata.version("stance-quotes")
    except metadata.PackageNotFoundError:
        return ""


def _rest(table: Path, parts: Parts, *, size: int = tables.BLOCK) -> Iterator[Block]:
    return tables.blocks(islice(tables.read_rows(table), parts.taken, None), size=size)


def find_in_table(articles: Path, output: Path, names: Mapping[str, str], progress: Progress) -> None:
    """Write the quotations of each article and their speakers, a line an article, without a model."""
    writing.check_output(output, [articles])
    columns = tables.article_columns(articles, tables.columns_of(articles), names)
    with writing.writing(output, ["id", "quotes"]) as writer:
        for line, row in progress(tables.read_rows(articles), "reading"):
            if columns["id"] not in row:
                raise UnreadableFileError(f"{articles}, line {line} has no id. Give every article one.")
            try:
                found = _quotes_of(row, columns)
            except StanceError as error:
                raise UnreadableFileError(f"{articles}, line {line}: {error}") from error
            said = [
                {
                    "spans": q.spans,
                    "text": q.text,
                    "speaker": q.speaker,
                    "cue": q.cue,
                    "confidence": q.speaker_confidence,
                }
                for q in found
            ]
            writer.write([{"id": row[columns["id"]], "quotes": said}])


def _quotes_of(row: Row, columns: Mapping[str, str]) -> list[Quote]:
    date = row.get(columns.get("date", ""))
    return find_quotes(row.get(columns["text"]), date=None if date in (None, "") else str(date))  # type: ignore[arg-type]


def _reading(
    block: Block, columns: Mapping[str, str], classifier: StanceClassifier
) -> Begun[list[list[Row]]]:
    """Begin with some articles, and return what waits for the rows of the quotations of each."""
    found: list[list[Quote] | str] = []
    for _, row in block:
        try:
            found.append(_quotes_of(row, columns))
        except StanceError as error:
            found.append(str(error))
    said = classifier.begin([q for quotes in found if not isinstance(quotes, str) for q in quotes])

    def rows(one: Row, quotes: list[Quote] | str, predictions: Iterator[Prediction]) -> list[Row]:
        name = one.get(columns["id"])
        if isinstance(quotes, str):
            return [{"id": name, "error": quotes}]
        return [{"id": name, **_place(q), **next(predictions).as_dict(), "error": None} for q in quotes]

    def finished(predictions: list[Prediction]) -> list[list[Row]]:
        left = iter(predictions)
        return [rows(row, quotes, left) for (_, row), quotes in zip(block, found, strict=True)]

    return said.then(finished)


def _place(quote: Quote) -> Row:
    cue = quote.cue or (None, None)
    start, end = quote.spans[0][0], quote.spans[-1][1]
    confidence = quote.speaker_confidence
    return {
        "start": start,
        "end": end,
        "cue_start": cue[0],
        "cue_end": cue[1],
        "speaker_confidence": confidence,
    }


def _begun(
    block: Block, columns: Mapping[str, str], classifier: StanceClassifier, new: Mapping[str, str]
) -> Begun[list[Row]]:
    rows = [row for _, row in block]
    answers = begin_rows(rows, columns, classifier, new)
    return answers.then(lambda told: [{**row, **found} for row, found in zip(rows, told, strict=True)])


def begin_rows(
    rows: Sequence[Row], columns: Mapping[str, str], classifier: StanceClassifier, new: Mapping[str, str]
) -> Begun[list[Row]]:
    """Begin with some rows, and return what waits for what is new in each; a bad one has the reason.

    columns: as ``tables.quote_columns`` finds them. new: as ``new_columns`` names them.
    """
    good, errors = dict[int, Quote](), dict[int, str]()
    for place, row in enumerate(rows):
        try:
            good[place] = tables.quote_of(row, columns)
        except StanceError as error:
            errors[place] = str(error)
    said = classifier.begin(list(good.values()))

    def finished(told_of: list[Prediction]) -> list[Row]:
        predictions = dict(zip(good, told_of, strict=True))
        told = []
        for place in range(len(rows)):
            found = predictions[place].as_dict() if place in predictions else {}
            found["error"] = errors.get(place)
            told.append({column: found.get(name) for name, column in new.items()})
        return told

    return said.then(finished)
