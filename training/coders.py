"""What several coders said of a row, as cells of tables hold it: their labels, or shares of the labels."""

import ast
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from stance.labels import legal_label

# An item of a list in a CSV cell as Python and numpy print it; and what stands between items elsewhere.
LIST_ITEM = re.compile(r"""(["'])(.*?)\1|\b(?:None|null|nan)\b""")
MARKS = re.compile(r"[,;|]")
SHARES = "_shares"


def reader_columns(axis: str, names: Sequence[str]) -> tuple[str | None, list[str]]:
    """The column with the labels of all coders (``stance_readers``), or one for each (``stance_1`` …)."""
    listed, prefix = f"{axis}_readers", f"{axis}_"
    single = [name for name in names if name.startswith(prefix) and name.removeprefix(prefix).isdecimal()]
    single.sort(key=lambda name: int(name.removeprefix(prefix)))
    return (listed if listed in names else None), single


def labels_in(cell: Any) -> tuple[str, ...]:
    """The labels in a cell, "" where a coder gave none: a list, or a text that looks like one."""
    if isinstance(cell, str):
        cell = _list_in(cell.strip())
    return tuple(str(label or "").strip() for label in cell or ())


def shares_in(cell: Any, labels: Sequence[str]) -> dict[str, float]:
    """The share of each label in a cell such as ``{"accusatory": 0.7, "defensive": 0.3}``, of one in all.

    Nothing in an empty cell; ValueError where it holds something else.
    """
    if isinstance(cell, str):
        cell = _object_in(cell.strip())
    if not isinstance(cell, Mapping | None):
        raise ValueError("no object")
    shares: dict[str, float] = {}
    for name, share in (cell or {}).items():
        if share is None:  # as tables with a column for each label have it
            continue
        label = legal_label(str(name), labels)
        if label is None or not 0 <= float(share) < float("inf"):
            raise ValueError("no share of a label")
        shares[label] = shares.get(label, 0.0) + float(share)
    if not shares:
        return {}
    total = sum(shares.values())
    if not total:
        raise ValueError("nothing has a share")
    return {name: share / total for name, share in shares.items()}


def _object_in(cell: str) -> Any:
    """What a text says in the spelling of JSON, or of Python, which prints such cells into CSV."""
    try:
        return json.loads(cell) if cell else None
    except ValueError:
        try:
            return ast.literal_eval(cell)
        except SyntaxError as error:
            raise ValueError("no object") from error


def _list_in(cell: str) -> list[Any]:
    if not cell.startswith("["):
        return MARKS.split(cell)
    try:
        return list(json.loads(cell))
    except ValueError:
        return [item[2] for item in LIST_ITEM.finditer(cell)]
