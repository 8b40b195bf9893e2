"""Which axes and labels a model shall have: from a schema file, the data, the model it starts from."""

import difflib
import json
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from stance.errors import SchemeError
from stance.labels import LabelScheme, legal_label
from stance.tables import QUOTE_COLUMNS
from training.labelled import KNOWN_COLUMNS
from training.sources import Table, all_columns

FROM_DATA = "data"
ENOUGH = 3  # rows with a new label, below which it is taken for a slip
ALIKE = 0.8  # likeness from which on a new label is taken for a misspelt one
SHOWN = 10  # slips that a message names
MOST = 12  # labels of a column that could be an axis


def read_scheme(path: Path, start: LabelScheme | None = None) -> LabelScheme:
    """The axes and labels in a schema file: ``[axes]`` and lines such as ``side = ["US", "China"]``.

    Axes of the starting model that the file does not name are kept; ``side = false`` leaves one out.
    SchemeError where the file cannot be read or makes no sense.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))  # Notepad may set a mark
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SchemeError(f"{path} cannot be read as TOML: {error}") from error
    if set(table) != {"axes"} or not isinstance(table["axes"], dict):
        raise SchemeError(f"{path} must hold one table [axes], but holds {', '.join(table) or 'nothing'}.")
    return scheme_of(table["axes"], start)


def scheme_of(axes: Mapping[str, Any], start: LabelScheme | None = None) -> LabelScheme:
    """The axes in a mapping, ``{"stance": ["for", "against"], "side": False}``, as in a schema file."""
    known = start.table() if start else {}
    for name, labels in axes.items():
        if labels is False and name not in known:
            raise SchemeError(
                f"{name} = false leaves out an axis that there is not; known: {', '.join(known) or 'none'}."
            )
        texts = [one for one in labels if isinstance(one, str)] if isinstance(labels, list | tuple) else []
        if blank := [one for one in texts if one.strip() and one != one.strip()]:
            raise SchemeError(f"The axis {name!r} has labels that begin or end with a blank: {blank}.")
    named = {**known, **axes}
    return LabelScheme.from_table({name: labels for name, labels in named.items() if labels is not False})


def scheme_from_data(
    tables: Sequence[Table], start: LabelScheme | None, columns: Mapping[str, str]
) -> LabelScheme:
    """The axes of the starting model with the labels that occur in the data added, and new axes.

    columns: the user's column names; a name that stands for nothing known (``frame=Frame``) is a new axis.
    SchemeError where a label is so rare, or so like another, that it may be a slip.
    """
    known = start.table() if start else {}
    new = [role for role in columns if role not in (*QUOTE_COLUMNS, *KNOWN_COLUMNS, *known)]
    axes, slips = {}, []
    for axis in (*known, *new):
        column = columns.get(axis, axis)
        if axis in new and not any(column in table.columns for table in tables):
            raise SchemeError(f"The new axis {axis!r} needs a column {column!r}, which no table has.")
        labels = list(known.get(axis, ()))
        for label, count in labels_in(tables, column).most_common():
            if legal_label(label, labels) is None:
                slips += _slip(axis, label, count, labels)
                labels.append(label)
        axes[axis] = labels
    if slips:
        more = f"; and {len(slips) - SHOWN} more" if len(slips) > SHOWN else ""
        raise SchemeError(
            f"Some labels in the data may be slips: {'; '.join(slips[:SHOWN])}{more}. Correct them, or "
            "say which labels there are: python -m training check DATA --write-schema labels.toml drafts "
            "the file."
        )
    if not axes:
        raise SchemeError(
            "The data name no axis: say which columns hold labels, such as --column stance=Haltung."
        )
    return LabelScheme.from_table(axes)


def draft(tables: Sequence[Table], start: LabelScheme | None, columns: Mapping[str, str]) -> str:
    """A schema file to go through and correct: the labels that occur, how often, and what may be slips."""
    lines = ["# Which labels each axis has. Go through it, and take out what is a slip.", "[axes]"]
    known = start.table() if start else {}
    named = {role for role in columns if role not in (*QUOTE_COLUMNS, *KNOWN_COLUMNS)}
    for axis in (*known, *sorted(named - known.keys())):
        labels = list(known.get(axis, []))
        for label, count in labels_in(tables, columns.get(axis, axis)).most_common():
            if legal_label(label, labels) is None:
                doubt = _slip(axis, label, count, labels)
                lines.append(f"# new: {label!r}, {count} rows{'  <- ' + doubt[0] if doubt else ''}")
                labels.append(label)
        key = axis if axis.isascii() else json.dumps(axis, ensure_ascii=False)
        lines.append(f"{key} = {json.dumps(labels, ensure_ascii=False)}")
    for column in sorted(_candidates(tables, {*known, *columns, *columns.values()})):
        values = json.dumps(list(labels_in(tables, column)), ensure_ascii=False)
        lines.append(f"# {column} = {values}  # a column with few values: an axis?")
    return "\n".join(lines) + "\n"


def labels_in(tables: Sequence[Table], column: str) -> Counter[str]:
    """How often each value stands in a column."""
    values = (row.get(column) for table in tables for _, row in table.rows)
    return Counter(value.strip() for value in values if isinstance(value, str) and value.strip())


def _slip(axis: str, label: str, count: int, others: Sequence[str]) -> list[str]:
    """Why a label may be a slip, if it may; others: the labels that are there in any case, or commoner."""
    folded = {other.casefold(): other for other in others}
    like = difflib.get_close_matches(label.casefold(), folded, n=1, cutoff=ALIKE)
    if like:
        return [f"{axis} {label!r} ({count} rows) is like {folded[like[0]]!r}"]
    return [f"{axis} {label!r} has only {count} rows"] if count < ENOUGH else []


def _candidates(tables: Sequence[Table], known: set[str]) -> set[str]:
    names = all_columns(tables)
    used = {*known, *KNOWN_COLUMNS, *(name for spellings in QUOTE_COLUMNS.values() for name in spellings)}
    return {name for name in names - used if name.isidentifier() and _looks_like_labels(tables, name)}


def _looks_like_labels(tables: Sequence[Table], column: str) -> bool:
    counts = labels_in(tables, column)
    wordy = all(len(label) <= 30 and not label.replace(".", "").isdigit() for label in counts)
    return 2 <= len(counts) <= MOST and counts.total() >= ENOUGH * len(counts) and wordy
