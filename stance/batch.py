"""Whole tables, a block at a time: quotations to classify, articles to read."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from stance import tables, writing
from stance.classifier import StanceClassifier
from stance.errors import StanceError, UnreadableFileError
from stance.quotes import Quote, find_quotes
from stance.tables import Row

Rows = Iterator[tuple[int, Row]]
Progress = Callable[[Iterable[tuple[int, Row]], str], Rows]

ARTICLES = 64  # that are read at a time
PLACE = ("id", "start", "end", "cue_start", "cue_end")  # of a quotation in its article


def classify_table(
    table: Path,
    output: Path,
    load: Callable[[], StanceClassifier],
    names: Mapping[str, str],
    progress: Progress,
) -> str:
    """Write a table again with what a model says of each quotation, and tell how many rows it has.

    names: the user's own names of columns, as for ``tables.quote_columns``. A row that cannot be classified
    is kept, with the reason. Raises TableError, ColumnError, SettingsError.
    """
    writing.check_output(output, [table])
    taken = tables.columns_of(table)
    columns = tables.quote_columns(table, taken, names)
    classifier = load()
    new = _new_columns(classifier, taken=taken)
    done = bad = 0
    with writing.writing(output, [*taken, *new.values()]) as writer:
        for block in tables.blocks(progress(tables.read_rows(table), "classifying")):
            classified = list(_classified([row for _, row in block], columns, classifier, new))
            writer.write(classified)
            done += len(classified)
            bad += sum(row[new["error"]] is not None for row in classified)
    renamed = " (new columns are called predicted_…: the table had some of these names)"
    reasons = f"; {bad:,} could not be classified, the column {new['error']} says why" if bad else ""
    return f"{done:,} rows written to {output}{reasons}{renamed if new['error'] != 'error' else ''}"


def read_table(
    articles: Path,
    output: Path,
    load: Callable[[], StanceClassifier],
    mapping: Mapping[str, str],
    progress: Progress,
) -> str:
    """Write a row for each quotation of many articles, and tell how many there are.

    mapping: the user's own names of the columns id, text and date. An article that cannot be read has one
    row, with the reason. Raises TableError, ColumnError, SettingsError.
    """
    writing.check_output(output, [articles])
    columns = tables.article_columns(articles, tables.columns_of(articles), mapping)
    classifier = load()
    names = [*PLACE, "quote", "speaker", "speaker_confidence", *_answers(classifier), "error"]
    read = said = silent = bad = 0
    with writing.writing(output, names) as writer:
        for block in tables.blocks(progress(tables.read_rows(articles), "reading"), size=ARTICLES):
            rows = list(_read([row for _, row in block], columns, classifier))
            writer.write({name: row.get(name) for name in names} for found in rows for row in found)
            read += len(rows)
            silent += sum(not found for found in rows)
            bad += sum(row["error"] is not None for found in rows for row in found)
            said += sum(len(found) for found in rows)
    told = f"{said - bad:,} quotations of {read:,} articles written to {output}"
    told += f"; {silent:,} articles have none" if silent else ""
    return told + (f"; {bad:,} could not be read, the column error says why" if bad else "")


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


def _read(rows: list[Row], columns: Mapping[str, str], classifier: StanceClassifier) -> Iterator[list[Row]]:
    """For each article the rows of its quotations; all of a block are classified together."""
    found: list[list[Quote] | str] = []
    for row in rows:
        try:
            found.append(_quotes_of(row, columns))
        except StanceError as error:
            found.append(str(error))
    said = iter(
        classifier.classify_many([q for quotes in found if not isinstance(quotes, str) for q in quotes])
    )
    for row, quotes in zip(rows, found, strict=True):
        name = row.get(columns["id"])
        if isinstance(quotes, str):
            yield [{"id": name, "error": quotes}]
        else:
            yield [{"id": name, **_place(quote), **next(said).as_dict(), "error": None} for quote in quotes]


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


def _answers(classifier: StanceClassifier) -> Iterator[str]:
    for name in classifier.scheme.names:
        yield from (name, f"{name}_confidence", f"{name}_unsure")
    yield from ("truncated", "model")


def _new_columns(classifier: StanceClassifier, *, taken: Iterable[str]) -> dict[str, str]:
    """What is added to a row → the name of its column, with a prefix where the table has one of them."""
    new = [*_answers(classifier), "error"]
    prefix = "predicted_" if set(new) & set(taken) else ""
    return {name: prefix + name for name in new}


def _classified(
    rows: list[Row], columns: Mapping[str, str], classifier: StanceClassifier, new: Mapping[str, str]
) -> Iterator[Row]:
    """The rows with predictions; a bad one is kept, with the reason."""
    good, errors = {}, {}
    for place, row in enumerate(rows):
        try:
            good[place] = tables.quote_of(row, columns)
        except StanceError as error:
            errors[place] = str(error)
    said = dict(zip(good, classifier.classify_many(good.values()), strict=True))
    for place, row in enumerate(rows):
        found: dict[str, Any] = said[place].as_dict() if place in said else {}
        found["error"] = errors.get(place)
        yield {**row, **{column: found.get(name) for name, column in new.items()}}
