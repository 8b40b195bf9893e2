"""CSV, JSONL and Parquet, row by row, in bounded memory."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from stance.errors import ColumnError, EmptyTableError, QuoteError, TableError, UnreadableFileError
from stance.quotes import Quote
from stance.textfiles import encoding_of

Row = dict[str, Any]

KINDS = (".csv", ".tsv", ".jsonl", ".parquet")
# What a column is taken for, by its name. The first name of a line is the one that messages use.
QUOTE_COLUMNS = {
    "quote": ("quote",),
    "speaker": ("speaker", "attribution"),
    "context": ("context",),
    "date": ("date",),
}
BLOCK = 2048  # rows that are held at a time

csv.field_size_limit(2**31 - 1)


def read_rows(path: Path) -> Iterator[tuple[int, Row]]:
    """The rows of a table with their line numbers; TableError where it cannot be read.

    In a Parquet table, which has no lines, the first row is 1.
    """
    readers = {".csv": _csv_rows, ".tsv": _csv_rows, ".jsonl": _jsonl_rows, ".parquet": _parquet_rows}
    rows = readers[kind(path)](path)
    try:
        yield from rows
    except UnreadableFileError as error:
        raise TableError(str(error)) from error
    except OSError as error:
        raise TableError(f"{path} cannot be read: {error.strerror or error}.") from error


def columns_of(path: Path) -> list[str]:
    """The names of the columns, in order; EmptyTableError where there is no row."""
    names: dict[str, None] = {}
    for _, row in read_rows(path):
        names.update(dict.fromkeys(row))
        if kind(path) != ".jsonl":
            break
    if not names:
        raise EmptyTableError(f"{path} has no rows. Give a table with a header and at least one row.")
    return list(names)


def quote_columns(path: Path, names: Sequence[str], mapping: Mapping[str, str]) -> dict[str, str]:
    """Which column holds the quotation, the speaker, the context and the date.

    mapping: the user's own names, ``{"quote": "Text"}``. ColumnError where one is not in the table, or
    where none holds the quotation.
    """
    for role, name in mapping.items():
        if name not in names:
            raise ColumnError(
                f"{path} has no column {name!r}, which was given for {role}. It has {', '.join(names)}."
            )
    found = {
        role: mapping.get(role, next((name for name in spellings if name in names), ""))
        for role, spellings in QUOTE_COLUMNS.items()
    }
    if not found["quote"]:
        raise ColumnError(
            f"{path} has no column 'quote', only {', '.join(names)}. Rename the column that holds the "
            "quotation, or name it: --column quote=NAME"
        )
    return {role: name for role, name in found.items() if name}


def quote_of(row: Row, columns: Mapping[str, str]) -> Quote:
    """The Quote in a row; QuoteError where it is blank or not a text."""
    values = {role: row.get(columns.get(role, "")) for role in QUOTE_COLUMNS}
    if values["quote"] is None or values["quote"] == "":
        raise QuoteError(f"The column {columns['quote']!r} is empty.")
    speaker, context, date = (
        None if values[role] is None else str(values[role]) for role in ("speaker", "context", "date")
    )
    return Quote(values["quote"], speaker, context, date)


def blocks(rows: Iterable[tuple[int, Row]]) -> Iterator[list[tuple[int, Row]]]:
    """Rows in blocks that fit into memory."""
    remaining = iter(rows)
    while block := list(islice(remaining, BLOCK)):
        yield block


def kind(path: Path) -> str:
    """The ending that tells how a table is written; TableError where it is none that stance knows."""
    found = path.suffix.lower()
    if found not in KINDS:
        raise TableError(f"{path} is no table that stance knows: its name must end in {', '.join(KINDS)}.")
    return found


def _csv_rows(path: Path) -> Iterator[tuple[int, Row]]:
    with path.open(encoding=encoding_of(path), newline="") as lines:
        skipped, delimiter = _delimiter(lines)
        # Strict: a quotation mark that is not closed would swallow the rows below it.
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        try:
            names = _names(path, next(reader, []))
            for values in reader:
                line = reader.line_num + skipped
                if len(values) > len(names):
                    raise TableError(
                        f"{path}, line {line}: {len(values)} cells, but the header has {len(names)} columns. "
                        "A quotation with commas needs quotation marks around it."
                    )
                if any(values):
                    yield line, dict(zip(names, values + [""] * len(names), strict=False))
        except csv.Error as error:
            raise TableError(
                f"{path}, line {reader.line_num + skipped} is not CSV: {error}. Quotation marks in a cell "
                'must be doubled (""), and those around it closed.'
            ) from error


def _delimiter(lines: TextIO) -> tuple[int, str]:
    """Leaves ``lines`` at the header; how many lines lie before it, and what parts its cells."""
    first = lines.readline()
    if first.lower().startswith("sep=") and len(first.rstrip()) == 5:
        return 1, first[4]
    lines.seek(0)
    return 0, max(",;\t|", key=first.count)


def _names(path: Path, header: Sequence[str]) -> list[str]:
    names = [name.strip() or f"column {place}" for place, name in enumerate(header, 1)]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ColumnError(f"{path} has more than one column {', '.join(sorted(twice))}: rename them.")
    return names


def _jsonl_rows(path: Path) -> Iterator[tuple[int, Row]]:
    with path.open(encoding=encoding_of(path)) as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError as error:
                raise TableError(f"{path}, line {number} is not JSON: {error}.") from error
            if not isinstance(row, dict):
                raise TableError(f"{path}, line {number} must be an object {{...}}, but is {line[:40]!r}.")
            yield number, row


def _parquet_rows(path: Path) -> Iterator[tuple[int, Row]]:
    # Half as long again as everything else that stance imports, for a format that few runs need.
    import pyarrow
    import pyarrow.parquet

    try:
        with pyarrow.parquet.ParquetFile(path) as table:
            rows = (row for batch in table.iter_batches(BLOCK) for row in batch.to_pylist())
            yield from enumerate(rows, 1)
    except pyarrow.ArrowInvalid as error:
        raise TableError(f"{path} is not a Parquet file: {error}.") from error
