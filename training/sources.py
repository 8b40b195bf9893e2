"""Where labelled rows come from: tables, datasets of the Hub or on disk, DataFrames. One shape for all."""

import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import datasets

from stance.errors import ColumnError, EmptyTableError, TableError
from stance.folder import sha256
from stance.labels import nearest
from stance.tables import KINDS, QUOTE_COLUMNS, Row, columns_of, read_rows

Source = Any  # a path, a name on the Hub, a pandas DataFrame, a datasets.Dataset or DatasetDict
SPLIT_NAMES = {"train": "train", "validation": "validation", "valid": "validation", "dev": "validation"} | {
    "test": "test"
}
# Endings that no name on the Hub has, so that what is missing is a file.
ENDINGS = (*KINDS, *".txt .json .xls .xlsx .ods .docx .doc .pdf .zip .gz .html .xml .rds .dta .sav".split())
SLIP = 0.8  # how alike a name is to that of a column which was probably meant
WHOLE = re.compile(r"-?\d+\.0+")  # a whole number, as pandas writes it where others are missing
MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d)?(?:\.(\d+))?(Z|[+-]\d\d:?\d\d)?")
INDEX = re.compile(r"__index_level_\d+__")  # what pandas adds to a Parquet


@dataclass(frozen=True)
class Table:
    """Rows from anywhere, with a word for where each of them stands.

    name: what messages and cards call it. unit: what its rows are counted by: line, or row. columns: their
    names. rows: number → row, in which empty cells are left out and all others are text, or lists of texts.
    empty: the numbers of rows that had nothing but empty cells, and are left out.
    """

    name: str
    unit: str
    columns: tuple[str, ...]
    rows: tuple[tuple[int, Row], ...]
    empty: tuple[int, ...] = ()

    @property
    def short(self) -> str:
        """Its name without folders."""
        return Path(self.name).name

    def sha256(self) -> str:
        """The SHA-256 of the file that it is, or else of its rows."""
        if Path(self.name).is_file():
            return sha256(Path(self.name).read_bytes())
        return sha256(json.dumps([row for _, row in self.rows], sort_keys=True).encode())


def tables_of(
    data: Source | Sequence[Source],
    columns: Mapping[str, str] | None = None,
    *,
    beside: Sequence[Table] = (),
) -> list[Table]:
    """The tables in whatever was given: one source or several.

    columns: the user's own column names by what they hold. Of several tables, those of ``beside`` included,
    one may lack a name that another has: its column of the standard name is then called so, or else that of
    the others is empty in it. TableError where one is missing or cannot be read, EmptyTableError where it
    has no rows.
    """
    several = isinstance(data, list | tuple) and not all(isinstance(one, dict) for one in data)
    tables = [table_of(one) for one in (data if several else [data])]
    anywhere = all_columns([*tables, *beside])
    given = {role: name for role, name in (columns or {}).items() if name in anywhere}
    return [_renamed(table, given) for table in tables]


def meant(names: Sequence[str], present: Collection[str], columns: Mapping[str, str]) -> list[str]:
    """The columns that names are about: one of a table, or a standard name that has another there.

    ColumnError where no table has such a column.
    """
    found = [name if name in present else columns.get(name, name) for name in names]
    missing = [name for name in found if name not in present]
    if missing:
        raise ColumnError(
            f"There is no column {' and no '.join(missing)} to slice by, only {', '.join(sorted(present))}."
        )
    return found


def all_columns(tables: Iterable[Table]) -> set[str]:
    """The names of all columns of several tables."""
    return {name for table in tables for name in table.columns}


def short_names(names: Iterable[str]) -> dict[str, str]:
    """What to call tables where space is short: without folders, unless two would be called the same."""
    all_names = set(names)
    counts = Counter(Path(name).name for name in all_names)
    return {name: Path(name).name if counts[Path(name).name] == 1 else name for name in all_names}


def table_of(source: Source) -> Table:
    """One source as a Table."""
    if hasattr(source, "to_dict") and hasattr(source, "columns"):  # a DataFrame, without importing pandas
        columns = [str(name) for name in source.columns]
        _refuse_twins(columns)
        return _made("DataFrame", enumerate(source.to_dict("records"), 1), columns)
    if isinstance(source, datasets.Dataset):
        return _made("Dataset", _dataset_rows(source), source.column_names)
    if isinstance(source, datasets.DatasetDict):
        return _made_of_splits("DatasetDict", source)
    if isinstance(source, list | tuple):
        return _made_of_list(source)
    if not isinstance(source, str | Path):
        raise TableError(
            f"Rows cannot be read from a {type(source).__name__}. Give a path, a name on the Hub, a "
            "DataFrame or a datasets.Dataset."
        )
    return _from_path(source)


def _renamed(table: Table, columns: Mapping[str, str]) -> Table:
    """The table with the names given: of its columns that have standard names, or of new, empty ones."""
    free = [name for name in table.columns if name not in columns.values()]
    new, added = dict[str, str](), list[str]()
    for role, name in columns.items():
        if name in table.columns:
            continue
        found = _standing_for(role, free)
        new |= {one: name + end for one, end in found.items()}
        slip = role == "quote" or nearest(name, table.columns, cutoff=SLIP)  # which is an error
        if "" not in found.values() and (found or not slip):
            added.append(name)
    if not new and not added:
        return table
    names = [*(new.get(name, name) for name in table.columns), *added]
    rows = [(number, {new.get(name, name): cell for name, cell in row.items()}) for number, row in table.rows]
    return replace(table, columns=tuple(dict.fromkeys(names)), rows=tuple(rows))


def _standing_for(role: str, names: Sequence[str]) -> dict[str, str]:
    """The columns with the standard name of a role, and what they have behind it.

    With that of an axis go the labels of several coders and their shares, which may be all that there is.
    """
    for own in QUOTE_COLUMNS.get(role, (role,)):
        coders = re.compile(rf"{re.escape(own)}(_readers|_shares|_\d+)?")
        found = {name: name.removeprefix(own) for name in names if coders.fullmatch(name)}
        if own in found or (found and role not in QUOTE_COLUMNS):
            return found
    return {}


def _refuse_twins(columns: Sequence[str]) -> None:
    twice = sorted(name for name, count in Counter(columns).items() if count > 1)
    if twice:
        raise ColumnError(f"The DataFrame has more than one column {', '.join(twice)}: rename them.")


def _made_of_list(rows: Sequence[Any]) -> Table:
    wrong = next((place for place, row in enumerate(rows, 1) if not isinstance(row, dict)), None)
    if wrong:
        raise TableError(
            f"The list, row {wrong} must be a dict such as {{'quote': ..., 'stance': ...}}, but is a "
            f"{type(rows[wrong - 1]).__name__}."
        )
    return _made("the list", enumerate(rows, 1), list(dict.fromkeys(name for row in rows for name in row)))


def _from_path(source: str | Path) -> Table:
    path = Path(source)
    if not str(source).strip():
        raise TableError("The name of a table is empty. Give a path, or a name on the Hub.")
    if _is_folder(path):
        return _loaded(str(path), lambda: _from_folder(path))
    if path.suffix.lower() in KINDS or path.exists():
        unit = "row" if path.suffix.lower() == ".parquet" else "line"
        return _made(str(path), read_rows(path, empty=True), columns_of(path), unit)
    on_hub = isinstance(source, str) and re.fullmatch(r"[\w-][\w.-]*/[\w.-]+", source)
    inside = path.parent != Path() and path.parent.is_dir()
    if not on_hub or inside or path.suffix.lower() in ENDINGS:
        raise TableError(
            f"There is no table {source}. Give a file ({', '.join(KINDS)}), a folder that datasets saved, "
            "or a name on the Hub, such as owner/name. A name with blanks needs quotation marks."
        )
    return _loaded(str(source), lambda: datasets.load_dataset(str(source)))


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError as error:
        raise TableError(f"{str(path)[:60]!r} is no path: {error.strerror}.") from error


def _from_folder(path: Path) -> Any:
    saved = (path / "state.json").exists() or (path / "dataset_dict.json").exists()
    return datasets.load_from_disk(str(path)) if saved else datasets.load_dataset(str(path))


def _loaded(name: str, load: Any) -> Table:
    try:
        found = load()
    except Exception as error:  # datasets has no common root for what goes wrong in a folder or on the way
        raise TableError(
            f"{name} is no table here, and datasets cannot load it: {type(error).__name__}: {error}. "
            f"Check the name: a file's must end in {', '.join(KINDS)}."
        ) from error
    if isinstance(found, datasets.Dataset):
        return _made(name, _dataset_rows(found), found.column_names)
    return _made_of_splits(name, found)


def _made_of_splits(name: str, found: Any) -> Table:
    """Splits become one table, whose column ``split`` says which row belongs where.

    A split alone needs no mark, unless it is there to measure a model.
    """
    unknown = [split for split in found if split not in SPLIT_NAMES]
    if unknown and len(found) > 1:
        raise TableError(
            f"{name} has the splits {', '.join(found)}, of which {', '.join(unknown)} is none of "
            f"{', '.join(SPLIT_NAMES)}. Give one of them: datasets.load_dataset(...)[{unknown[0]!r}]."
        )
    mark = not unknown and list(found) != ["train"]
    rows = [
        {**row, "split": SPLIT_NAMES[split]} if mark else row
        for split, part in found.items()
        for _, row in _dataset_rows(part)
    ]
    columns = dict.fromkeys(column for part in found.values() for column in part.column_names)
    if mark:
        columns["split"] = None
    return _made(name, enumerate(rows, 1), list(columns))


def _dataset_rows(found: datasets.Dataset) -> Iterator[tuple[int, Row]]:
    """The rows, counted, in which the names of a ClassLabel stand for its numbers; -1 is none."""
    labels = {
        column: [*of.names, None]
        for column, feature in found.features.items()
        if isinstance(of := getattr(feature, "feature", feature), datasets.ClassLabel)
    }
    for number, row in enumerate(found, 1):
        yield number, {**row, **{column: _named(names, row[column]) for column, names in labels.items()}}


def _named(names: Sequence[str | None], found: Any) -> Any:
    if isinstance(found, list):
        return [_named(names, one) for one in found]
    return None if found is None else names[found]


def _made(name: str, rows: Iterable[tuple[int, Any]], columns: Sequence[Any], unit: str = "row") -> Table:
    plain = [(number, _plain_row(row)) for number, row in rows]
    kept = tuple(pair for pair in plain if pair[1])
    if not kept:
        raise EmptyTableError(f"{name} has no rows. Give a table with a header and at least one row.")
    named = tuple(str(column) for column in columns if not INDEX.fullmatch(str(column)))
    return Table(name, unit, named, kept, tuple(number for number, row in plain if not row))


def _plain_row(row: Row) -> Row:
    cells = {str(name): _plain(value) for name, value in row.items() if not INDEX.fullmatch(str(name))}
    return {name: value for name, value in cells.items() if value not in (None, "", [])}


def _plain(value: Any) -> str | list[str] | None:
    """A cell as text, whatever kind of table it comes from; None where it is empty."""
    if hasattr(value, "tolist"):  # numpy
        value = value.tolist()
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, list | tuple):
        return [str(_plain(one) or "") for one in value]
    if isinstance(value, bytes):  # text in a Parquet that was not written by Arrow
        value = value.decode("utf-8", errors="replace")
    # NaN, and what pandas calls missing, are not equal to themselves, or do not say.
    if value is None or value is False or value is True:
        return None if value is None else str(value).lower()
    if type(value).__name__ in ("NAType", "NaTType") or value != value:
        return None
    return _text(value.isoformat() if hasattr(value, "isoformat") else str(value))


def _text(written: str) -> str:
    """Numbers, times and line breaks in one spelling, whoever wrote them."""
    if WHOLE.fullmatch(written):
        return written.partition(".")[0]
    if moment := MOMENT.fullmatch(written):
        day, hour, second, fraction, zone = moment.groups()
        fraction = f".{fraction.rstrip('0')}" if (fraction or "").strip("0") else ""
        time = f"{hour}{second or ':00'}{fraction}"
        return day if time == "00:00:00" else f"{day}T{time}{'+00:00' if zone == 'Z' else zone or ''}"
    return written.replace("\r\n", "\n").replace("\r", "\n")
