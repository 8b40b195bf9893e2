"""CSV, JSONL and Parquet, row by row, in and out, in bounded memory."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from stance.errors import ColumnError, EmptyTableError, QuoteError, TableError
from stance.quotes import Quote

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
    rows = readers[_kind(path)](path)
    try:
        yield from rows
    except UnicodeDecodeError as error:
        raise TableError(
            f"{path} is not UTF-8 text: byte {error.start} is {error.object[error.start]:#x}. "
            "Save it as UTF-8 (in Excel: CSV UTF-8)."
        ) from error
    except OSError as error:
        raise TableError(f"{path} cannot be read: {error.strerror or error}.") from error


def columns_of(path: Path) -> list[str]:
    """The names of the columns, in order; EmptyTableError where there is no row."""
    names: dict[str, None] = {}
    for _, row in read_rows(path):
        names.update(dict.fromkeys(row))
        if _kind(path) != ".jsonl":
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


class Writer(Protocol):
    """Takes rows for a table in the making."""

    def __init__(self, path: Path, columns: Sequence[str], delimiter: str) -> None: ...

    def write(self, rows: Iterable[Row]) -> None:
        """Append rows."""
        ...

    def close(self) -> None:
        """Write what is left."""
        ...


@contextmanager
def writing(path: Path, columns: Sequence[str]) -> Iterator[Writer]:
    """A table in the making; it gets its name only when it is complete."""
    writers: dict[str, type[Writer]] = {
        ".csv": _CsvWriter,
        ".tsv": _CsvWriter,
        ".jsonl": _JsonlWriter,
        ".parquet": _ParquetWriter,
    }
    writer_of = writers[_kind(path)]
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        writer = writer_of(unfinished, columns, "\t" if _kind(path) == ".tsv" else ",")
        try:
            yield writer
        finally:
            writer.close()
        unfinished.replace(path)
    except OSError as error:
        raise TableError(f"{path} cannot be written: {error.strerror or error}.") from error
    finally:
        unfinished.unlink(missing_ok=True)


def blocks(rows: Iterable[tuple[int, Row]]) -> Iterator[list[tuple[int, Row]]]:
    """Rows in blocks that fit into memory."""
    remaining = iter(rows)
    while block := list(islice(remaining, BLOCK)):
        yield block


def _kind(path: Path) -> str:
    kind = path.suffix.lower()
    if kind not in KINDS:
        raise TableError(f"{path} is no table that stance knows: its name must end in {', '.join(KINDS)}.")
    return kind


def _csv_rows(path: Path) -> Iterator[tuple[int, Row]]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        header = lines.readline()
        lines.seek(0)
        reader = csv.reader(lines, delimiter=max(",;\t|", key=header.count))
        names = next(reader, [])
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise ColumnError(f"{path} has more than one column {', '.join(sorted(twice))}: rename them.")
        for values in reader:
            if len(values) > len(names):
                raise TableError(
                    f"{path}, line {reader.line_num}: {len(values)} cells, but the header has "
                    f"{len(names)} columns. A quotation with commas needs quotation marks around it."
                )
            if values:
                yield reader.line_num, dict(zip(names, values + [""] * len(names), strict=False))


def _jsonl_rows(path: Path) -> Iterator[tuple[int, Row]]:
    with path.open(encoding="utf-8-sig") as lines:
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


class _CsvWriter:
    def __init__(self, path: Path, columns: Sequence[str], delimiter: str) -> None:
        self._file = path.open("w", encoding="utf-8", newline="")
        self._writer = csv.DictWriter(self._file, columns, delimiter=delimiter, restval="")
        self._writer.writeheader()

    def write(self, rows: Iterable[Row]) -> None:
        self._writer.writerows(rows)

    def close(self) -> None:
        self._file.close()


class _JsonlWriter:
    def __init__(self, path: Path, columns: Sequence[str], delimiter: str) -> None:
        self._file = path.open("w", encoding="utf-8", newline="\n")

    def write(self, rows: Iterable[Row]) -> None:
        self._file.writelines(json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in rows)

    def close(self) -> None:
        self._file.close()


class _ParquetWriter:
    def __init__(self, path: Path, columns: Sequence[str], delimiter: str) -> None:
        self._path, self._columns = path, columns
        self._writer: Any = None

    def write(self, rows: Iterable[Row]) -> None:
        import pyarrow
        import pyarrow.parquet

        by_column = {name: [row.get(name) for row in rows] for rows in [list(rows)] for name in self._columns}
        try:
            if self._writer is None:
                table = pyarrow.table(by_column)
                # A column that begins with nothing but gaps is taken for text.
                fields = [
                    pyarrow.field(f.name, pyarrow.string()) if pyarrow.types.is_null(f.type) else f
                    for f in table.schema
                ]
                self._schema = pyarrow.schema(fields)
                self._writer = pyarrow.parquet.ParquetWriter(self._path, self._schema)
            self._writer.write_table(pyarrow.table(by_column, schema=self._schema))
        except pyarrow.ArrowException as error:
            raise TableError(
                f"A column changes its type midway, which Parquet does not allow: {error}. "
                "Write to a .csv or .jsonl file instead."
            ) from error

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
