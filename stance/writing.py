"""Tables in the making: CSV, JSONL and Parquet, which get their name only when they are complete."""

import csv
import io
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

from stance.errors import SettingsError, TableError
from stance.tables import Row, kind

HALVES = "backslashreplace"  # half a letter is written as JSON writes it: \ud83d


class Writer(Protocol):
    """Takes rows for a table in the making."""

    def __init__(self, path: Path, columns: Sequence[str], delimiter: str, types: Any) -> None: ...

    def write(self, rows: Iterable[Row]) -> None:
        """Append rows."""
        ...

    def close(self) -> None:
        """Write what is left."""
        ...


def check_output(path: Path, read: Iterable[object]) -> None:
    """SettingsError where a table to be written is one of those that are read: it would be lost."""
    for source in read:
        if not isinstance(source, str | Path):
            continue
        both = path.exists() and Path(source).exists()
        if path.resolve() == Path(source).resolve() or (both and path.samefile(source)):
            raise SettingsError(
                f"{path} is the table that is read, and would be lost. Give another --output."
            )


@contextmanager
def writing(path: Path, columns: Sequence[str], *, types: Any = None) -> Iterator[Writer]:
    """A table in the making; it gets its name only when it is complete.

    types: a ``pyarrow.Schema`` for Parquet; None: as the rows that are written first have them.
    """
    writers: dict[str, type[Writer]] = {
        ".csv": _CsvWriter,
        ".tsv": _CsvWriter,
        ".jsonl": _JsonlWriter,
        ".parquet": _ParquetWriter,
    }
    writer_of = writers[kind(path)]
    with _complete(path) as unfinished:
        writer = writer_of(unfinished, columns, _delimiter(path), types)
        try:
            yield writer
        finally:
            writer.close()


def join(parts: Sequence[Path], path: Path, columns: Sequence[str]) -> None:
    """One table of several that ``writing`` has made with the same columns."""
    with _complete(path) as unfinished:
        if kind(path) == ".parquet":
            _join_parquet(parts, unfinished)
            return
        header = (
            0 if kind(path) == ".jsonl" else len(_header(columns, _delimiter(path)).encode("utf-8", HALVES))
        )
        with unfinished.open("wb") as table:
            for place, part in enumerate(parts):
                with part.open("rb") as rows:
                    rows.seek(header if place else 0)
                    shutil.copyfileobj(rows, table)


@contextmanager
def _complete(path: Path) -> Iterator[Path]:
    """The name of a file until it is complete and on the disk."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield unfinished
        with unfinished.open("r+b") as written:
            os.fsync(written.fileno())
        unfinished.replace(path)
    except OSError as error:
        raise TableError(f"{path} cannot be written: {error.strerror or error}.") from error
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)


def _delimiter(path: Path) -> str:
    return "\t" if kind(path) == ".tsv" else ","


def _header(columns: Sequence[str], delimiter: str) -> str:
    line = io.StringIO(newline="")
    csv.writer(line, delimiter=delimiter).writerow(columns)
    return line.getvalue()


def _join_parquet(parts: Sequence[Path], path: Path) -> None:
    import pyarrow.parquet

    with pyarrow.parquet.ParquetWriter(path, pyarrow.parquet.read_schema(parts[0])) as table:
        for part in parts:
            table.write_table(pyarrow.parquet.read_table(part))


class _CsvWriter:
    def __init__(self, path: Path, columns: Sequence[str], delimiter: str, types: Any) -> None:
        self._file = path.open("w", encoding="utf-8", errors=HALVES, newline="")
        self._file.write(_header(columns, delimiter))
        self._writer = csv.DictWriter(self._file, columns, delimiter=delimiter, restval="")

    def write(self, rows: Iterable[Row]) -> None:
        self._writer.writerows(rows)

    def close(self) -> None:
        self._file.close()


class _JsonlWriter:
    def __init__(self, path: Path, columns: Sequence[str], delimiter: str, types: Any) -> None:
        self._file = path.open("w", encoding="utf-8", errors=HALVES, newline="\n")

    def write(self, rows: Iterable[Row]) -> None:
        self._file.writelines(json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in rows)

    def close(self) -> None:
        self._file.close()


class _ParquetWriter:
    def __init__(self, path: Path, columns: Sequence[str], delimiter: str, types: Any) -> None:
        self._path, self._columns, self._types = path, columns, types
        self._writer: Any = None

    def write(self, rows: Iterable[Row]) -> None:
        import pyarrow
        import pyarrow.parquet

        by_column = {name: [row.get(name) for row in rows] for rows in [list(rows)] for name in self._columns}
        try:
            if self._writer is None:
                self._types = self._types or _types_in(pyarrow.table(by_column))
                self._writer = pyarrow.parquet.ParquetWriter(self._path, self._types)
            self._writer.write_table(pyarrow.table(by_column, schema=self._types))
        except pyarrow.ArrowException as error:
            raise TableError(
                f"A column changes its type midway, which Parquet does not allow: {error}. "
                "Write to a .csv or .jsonl file instead."
            ) from error
        except UnicodeEncodeError as error:
            raise TableError(
                f"A text holds half a letter, which Parquet does not allow: {error.reason}. "
                "Write to a .csv or .jsonl file instead."
            ) from error

    def close(self) -> None:
        if self._writer is None:
            self.write([])
        self._writer.close()


def _types_in(table: Any) -> Any:
    """Those of its columns; one that begins with nothing but gaps is taken for text."""
    import pyarrow

    types = {f.name: pyarrow.string() if pyarrow.types.is_null(f.type) else f.type for f in table.schema}
    return pyarrow.schema(types)
