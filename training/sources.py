"""Where labelled rows come from: tables, datasets of the Hub or on disk, DataFrames. One shape for all."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import datasets

from stance.errors import EmptyTableError, TableError
from stance.folder import sha256
from stance.tables import KINDS, Row, columns_of, read_rows

Source = Any  # a path, a name on the Hub, a pandas DataFrame, a datasets.Dataset or DatasetDict
SPLIT_NAMES = {"train": "train", "validation": "validation", "valid": "validation", "dev": "validation"} | {
    "test": "test"
}


@dataclass(frozen=True)
class Table:
    """Rows from anywhere, with a word for where each of them stands.

    name: what messages and cards call it. unit: what its rows are counted by: line, or row. columns: their
    names. rows: number → row, in which empty cells are left out and all others are text, or lists of texts.
    """

    name: str
    unit: str
    columns: tuple[str, ...]
    rows: tuple[tuple[int, Row], ...]

    def where(self, number: int) -> str:
        """How a message names a row."""
        return f"{self.name}, {self.unit} {number}"

    @property
    def short(self) -> str:
        """Its name without folders."""
        return Path(self.name).name

    def sha256(self) -> str:
        """The SHA-256 of the file that it is, or else of its rows."""
        if Path(self.name).is_file():
            return sha256(Path(self.name).read_bytes())
        return sha256(json.dumps([row for _, row in self.rows], sort_keys=True).encode())


def tables_of(data: Source | Sequence[Source]) -> list[Table]:
    """The tables in whatever was given: one source or several.

    TableError where one is missing or cannot be read, EmptyTableError where it has no rows.
    """
    several = isinstance(data, list | tuple) and not all(isinstance(one, dict) for one in data)
    return [table_of(one) for one in (data if several else [data])]


def table_of(source: Source) -> Table:
    """One source as a Table."""
    if hasattr(source, "to_dict") and hasattr(source, "columns"):  # a DataFrame, without importing pandas
        return _made("DataFrame", source.to_dict("records"), list(source.columns))
    if isinstance(source, datasets.Dataset):
        return _made("Dataset", source, source.column_names)
    if isinstance(source, datasets.DatasetDict):
        return _made_of_splits("DatasetDict", source)
    if isinstance(source, list | tuple):
        return _made("the list", source, list(dict.fromkeys(name for row in source for name in row)))
    if not isinstance(source, str | Path):
        raise TableError(
            f"Rows cannot be read from a {type(source).__name__}. Give a path, a name on the Hub, a "
            "DataFrame or a datasets.Dataset."
        )
    return _from_path(source)


def _from_path(source: str | Path) -> Table:
    path = Path(source)
    if path.is_dir():
        return _loaded(str(path), lambda: _from_folder(path))
    if path.suffix.lower() in KINDS or path.exists():
        columns = columns_of(path)
        rows = tuple((number, _plain_row(row)) for number, row in read_rows(path))
        unit = "row" if path.suffix.lower() == ".parquet" else "line"
        return _checked(Table(str(path), unit, tuple(columns), rows))
    if isinstance(source, Path) or str(source).count("/") > 1 or str(source).startswith("."):
        raise TableError(
            f"There is no table {source}. Give a file ({', '.join(KINDS)}), a folder that datasets saved, "
            "or a name on the Hub."
        )
    return _loaded(str(source), lambda: datasets.load_dataset(str(source)))


def _from_folder(path: Path) -> Any:
    saved = (path / "state.json").exists() or (path / "dataset_dict.json").exists()
    return datasets.load_from_disk(str(path)) if saved else datasets.load_dataset(str(path))


def _loaded(name: str, load: Any) -> Table:
    try:
        found = load()
    except Exception as error:  # datasets has no common root for what goes wrong in a folder or on the way
        raise TableError(
            f"{name} is no table here, and datasets cannot load it: {type(error).__name__}: {error}"
        ) from error
    if isinstance(found, datasets.Dataset):
        return _made(name, found, found.column_names)
    return _made_of_splits(name, found)


def _made_of_splits(name: str, found: Any) -> Table:
    """Several splits become one table, whose column ``split`` says which row belongs where."""
    unknown = [split for split in found if split not in SPLIT_NAMES]
    if unknown and len(found) > 1:
        raise TableError(
            f"{name} has the splits {', '.join(found)}, of which {', '.join(unknown)} is none of "
            f"{', '.join(SPLIT_NAMES)}. Give one of them: datasets.load_dataset(...)[{unknown[0]!r}]."
        )
    mark = len(found) > 1
    rows = [
        {**row, "split": SPLIT_NAMES[split]} if mark else row for split, part in found.items() for row in part
    ]
    columns = dict.fromkeys(column for part in found.values() for column in part.column_names)
    return _made(name, rows, [*columns, *(["split"] if mark and "split" not in columns else [])])


def _made(name: str, rows: Any, columns: Sequence[Any]) -> Table:
    plain = tuple((number, _plain_row(row)) for number, row in enumerate(rows, 1))
    return _checked(Table(name, "row", tuple(str(column) for column in columns), plain))


def _checked(table: Table) -> Table:
    if not table.rows:
        raise EmptyTableError(f"{table.name} has no rows. Give a table with a header and at least one row.")
    return table


def _plain_row(row: Row) -> Row:
    cells = {str(name): _plain(value) for name, value in row.items()}
    return {name: value for name, value in cells.items() if value not in (None, "", [])}


def _plain(value: Any) -> str | list[str] | None:
    """A cell as text, whatever kind of table it comes from; None where it is empty."""
    if hasattr(value, "tolist"):  # numpy
        value = value.tolist()
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list | tuple):
        return ["" if one is None else str(one) for one in value]
    # NaN, and what pandas calls missing, are not equal to themselves, or do not say.
    if value is None or value is False or value is True:
        return None if value is None else str(value).lower()
    if type(value).__name__ in ("NAType", "NaTType") or value != value:
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if hasattr(value, "isoformat"):
        return str(value.isoformat()).removesuffix("T00:00:00")
    return str(value)
