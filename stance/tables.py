"""CSV, JSONL and Parquet, row by row, in bounded memory."""

import csv
import hashlib
import json
import re
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
ARTICLE_COLUMNS = {"id": ("id",), "text": ("text", "article", "body"), "date": ("date",)}
DELIMITERS = ",;\t|"
WORKBOOKS = (".xlsx", ".xls", ".ods")
HALF = re.compile(r"[\ud800-\udfff]")  # of a pair in UTF-16, as JSON may hold: no text can be written with it
BLOCK = 1024  # rows that are held at a time

csv.field_size_limit(2**31 - 1)


def read_rows(path: Path, *, empty: bool = False) -> Iterator[tuple[int, Row]]:
    """The rows of a table with the lines on which they begin; TableError where it cannot be read.

    In a Parquet table, which has no lines, the first row is 1. empty: also give the rows of a CSV that
    hold delimiters and nothing else.
    """
    readers = {".csv": _csv_rows, ".tsv": _csv_rows, ".jsonl": _jsonl_rows, ".parquet": _parquet_rows}
    rows = readers[kind(path)](path)
    blank = not empty and kind(path) in (".csv", ".tsv")
    try:
        yield from ((number, row) for number, row in rows if not blank or any(row.values()))
    except UnreadableFileError as error:
        raise TableError(str(error)) from error
    except UnicodeDecodeError as error:
        raise TableError(f"{path} holds text that is no UTF-8: {error}. Write it again as UTF-8.") from error
    except OSError as error:
        raise TableError(f"{path} cannot be read: {error.strerror or error}.") from error


def columns_of(path: Path) -> list[str]:
    """The names of the columns, in order; EmptyTableError where there is no row."""
    return _surveyed(path, read_rows(path) if kind(path) == ".jsonl" else islice(read_rows(path), 1))[0]


def surveyed(path: Path) -> tuple[list[str], int]:
    """The names of the columns, and how many rows there are, all of which are looked at once.

    A row that cannot be read is better found before hours of work than after them. Raises as columns_of.
    """
    return _surveyed(path, read_rows(path))


def _surveyed(path: Path, rows: Iterable[tuple[int, Row]]) -> tuple[list[str], int]:
    names, count = dict[str, None](), 0
    for _, row in rows:
        names.update(dict.fromkeys(row))
        count += 1
    if not names:
        what = "has" if path.stat().st_size else "is empty: it has"
        raise EmptyTableError(f"{path} {what} no rows. Give a table with a header and at least one row.")
    return list(names), count


def fingerprint(path: Path) -> str:
    """What tells a table from another, or from itself after a change."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def quote_columns(path: Path, names: Sequence[str], mapping: Mapping[str, str]) -> dict[str, str]:
    """Which column holds the quotation, the speaker, the context and the date.

    mapping: the user's own names, ``{"quote": "Text"}``. ColumnError where one is not in the table, or
    where none holds the quotation.
    """
    found = _by_role(path, names, mapping, QUOTE_COLUMNS)
    if "quote" not in found:
        alike = next((name for name in names if name.casefold() == "quote"), "NAME")
        apart = f" Its cells must be parted by one of {' '.join(',;|')} or tabs." if len(names) == 1 else ""
        raise ColumnError(
            f"{path} has no column 'quote', only {', '.join(map(_shortened, names))}. Rename the column that "
            f"holds the quotation, or name it: --column quote={alike}.{apart}"
        )
    return found


def article_columns(path: Path, names: Sequence[str], mapping: Mapping[str, str]) -> dict[str, str]:
    """Which column holds an article's id, its text and its date.

    mapping: the user's own names, ``{"text": "Body"}``. ColumnError where one is not in the table, or
    where none holds the id or the text.
    """
    unknown = [role for role in mapping if role not in ARTICLE_COLUMNS]
    if unknown:
        raise ColumnError(
            f"--column {unknown[0]}={mapping[unknown[0]]}: an article has no {unknown[0]}, only "
            f"{', '.join(ARTICLE_COLUMNS)}."
        )
    found = _by_role(path, names, mapping, ARTICLE_COLUMNS)
    missing = [role for role in ("id", "text") if role not in found]
    if missing:
        raise ColumnError(
            f"{path} has no column {' and no '.join(missing)}, only {', '.join(map(_shortened, names))}. "
            f"Name the column of yours: {' '.join(f'--column {role}=NAME' for role in missing)}."
        )
    return found


def _by_role(
    path: Path, names: Sequence[str], mapping: Mapping[str, str], roles: Mapping[str, Sequence[str]]
) -> dict[str, str]:
    for role, name in mapping.items():
        if name not in names:
            raise ColumnError(
                f"{path} has no column {name!r}, which was given for {role}. It has "
                f"{', '.join(map(_shortened, names))}."
            )
    found = {
        role: mapping.get(role, next((name for name in spellings if name in names), ""))
        for role, spellings in roles.items()
    }
    return {role: name for role, name in found.items() if name}


def quote_of(row: Row, columns: Mapping[str, str]) -> Quote:
    """The Quote in a row; QuoteError where it is blank or not a text."""
    values = {role: row.get(columns.get(role, "")) for role in QUOTE_COLUMNS}
    if values["quote"] is None or values["quote"] == "":
        raise QuoteError(f"The column {columns['quote']!r} is empty.")
    speaker, context, date = (
        None if values[role] is None else str(values[role]) for role in ("speaker", "context", "date")
    )
    for role, text in (("quote", values["quote"]), ("speaker", speaker), ("context", context)):
        if isinstance(text, str) and (half := HALF.search(text)):
            raise QuoteError(f"The column {columns[role]!r} holds half a letter, {half[0]!a}: mend it.")
    return Quote(values["quote"], speaker, context, date)


def blocks(rows: Iterable[tuple[int, Row]], *, size: int = BLOCK) -> Iterator[list[tuple[int, Row]]]:
    """Rows in blocks that fit into memory."""
    remaining = iter(rows)
    while block := list(islice(remaining, size)):
        yield block


def kind(path: Path) -> str:
    """The ending that tells how a table is written; TableError where it is none that stance knows."""
    found = path.suffix.lower()
    if found not in KINDS:
        hint = " In Excel, save it as 'CSV UTF-8'." if found in WORKBOOKS else ""
        raise TableError(
            f"{path} is no table that stance knows: its name must end in {', '.join(KINDS)}.{hint}"
        )
    return found


def _shortened(name: str) -> str:
    return name if len(name) <= 40 else f"{name[:37]}..."


def _csv_rows(path: Path) -> Iterator[tuple[int, Row]]:
    with path.open(encoding=encoding_of(path), newline="") as lines:
        skipped, delimiter = _delimiter(lines)
        # Strict: a quotation mark that is not closed would swallow the rows below it.
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        line = skipped + 1
        try:
            names = _names(path, next(reader, []))
            line = skipped + reader.line_num + 1
            for values in reader:
                if values:
                    yield line, _cells(path, line, values, names, delimiter)
                line = skipped + reader.line_num + 1
        except csv.Error as error:
            raise TableError(f"{path}, line {line} is not CSV: {_csv_fault(error)}") from error


def _cells(path: Path, line: int, values: list[str], names: Sequence[str], delimiter: str) -> Row:
    """A row of a CSV by column; cells that it lacks are empty, as are those that it may have too many."""
    if len(values) == len(names):
        return dict(zip(names, values, strict=True))
    where = f"{path}, line {line}"
    if any(values[len(names) :]):
        raise TableError(
            f"{where}: {len(values)} cells, but the header has {len(names)} columns. "
            "A quotation with commas needs quotation marks around it."
        )
    parts = len(names) - 1
    other = next((mark for mark in DELIMITERS if parts and values[0].count(mark) >= parts), None)
    if len(values) == 1 and other:
        raise TableError(
            f"{where}: one cell, but the header has {len(names)} columns. The header is parted by "
            f"{delimiter!r}, this line by {other!r}: use one of them throughout."
        )
    return dict(zip(names, values + [""] * len(names), strict=False))


def _csv_fault(error: csv.Error) -> str:
    if "unexpected end" in str(error):
        return "the quotation mark that opens a cell here is never closed. Close it."
    if "expected after" in str(error):
        return (
            'a quotation mark stands inside a cell that has such marks around it. Double it (""), or close '
            "the cell before it."
        )
    return f"{error}."


def _delimiter(lines: TextIO) -> tuple[int, str]:
    """Leaves ``lines`` at the header; how many lines lie before it, and what parts its cells."""
    before, said = 0, ""
    while True:
        place, first = lines.tell(), lines.readline()
        if first.lower().startswith("sep=") and len(first.rstrip("\r\n")) == 5:
            said = first[4]
        elif first.strip() or not first:
            lines.seek(place)
            return before, said or max(DELIMITERS, key=re.sub(r'"(""|[^"])*"', "", first).count)
        before += 1


def _names(path: Path, header: Sequence[str]) -> list[str]:
    names = [name.strip() or f"column {place}" for place, name in enumerate(header, 1)]
    _refuse_twins(path, names)
    return names


def _refuse_twins(path: Path, names: Sequence[str]) -> None:
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ColumnError(f"{path} has more than one column {', '.join(sorted(twice))}: rename them.")


def _jsonl_rows(path: Path) -> Iterator[tuple[int, Row]]:
    with path.open(encoding=encoding_of(path)) as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield number, _json_row(f"{path}, line {number}", line)


def _json_row(where: str, line: str) -> Row:
    try:
        # An array over many lines is no JSON on its first one.
        row = [] if line.strip() == "[" else json.loads(line)
    except json.JSONDecodeError as error:
        raise TableError(f"{where} is not JSON: {error.msg}, at character {error.colno}.") from error
    except (ValueError, RecursionError) as error:
        raise TableError(f"{where} is not JSON: {error}.") from error
    if not isinstance(row, dict):
        listed = " Write every object of the list on a line of its own." if isinstance(row, list) else ""
        raise TableError(f"{where} must be an object {{...}}, but is {line.strip()[:40]!r}.{listed}")
    return row


def _parquet_rows(path: Path) -> Iterator[tuple[int, Row]]:
    # Half as long again as everything else that stance imports, for a format that few runs need.
    import pyarrow
    import pyarrow.parquet

    try:
        with pyarrow.parquet.ParquetFile(path) as table:
            _refuse_twins(path, table.schema_arrow.names)
            rows = (row for batch in table.iter_batches(BLOCK) for row in batch.to_pylist())
            yield from enumerate(rows, 1)
    except pyarrow.ArrowException as error:
        with path.open("rb") as file:
            begun = file.read(4) == b"PAR1"
        what = "is a Parquet file that is cut off, or damaged" if begun else "is not a Parquet file"
        raise TableError(f"{path} {what}: {error}.") from error
