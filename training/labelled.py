"""Labelled tables → Examples; every bad row is reported, all at once."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stance.errors import ColumnError, LabelledFileError, QuoteError, SchemeError
from stance.labels import LabelScheme, nearest
from stance.quotes import Quote
from stance.tables import QUOTE_COLUMNS, Row, columns_of, quote_columns, quote_of, read_rows

SPLITS = ("train", "validation", "test")
CLARITIES = ("clear", "borderline", "none")
# Beside those of a quotation and one an axis; all others are carried along.
KNOWN_COLUMNS = ("group", "source", "clarity", "weight", "split")
SHOWN = 50  # findings that a message prints; the error holds all of them


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled quotation.

    labels: axis → label, None where it is missing. group: what must not be divided between training
    and test, such as an article. weight: how much the row counts in training.
    """

    quote: Quote
    labels: Mapping[str, str | None]
    group: str
    source: str = ""
    clarity: str | None = None
    weight: float = 1.0
    split: str | None = None
    row: Mapping[str, Any] = field(default_factory=dict)


def read(
    paths: Sequence[Path], scheme: LabelScheme, *, columns: Mapping[str, str] | None = None
) -> list[Example]:
    """The labelled quotations of one or several tables (CSV, JSONL, Parquet).

    columns: the user's own column names by what they hold, ``{"quote": "Text"}``. Raises ColumnError
    where the quotation or every axis is missing, LabelledFileError with every bad row of all tables.
    """
    examples: list[Example] = []
    findings: list[str] = []
    for path in paths:
        reader = _Reader(path, scheme, columns or {})
        for found in reader.examples():
            if isinstance(found, Example):
                examples.append(found)
            else:
                findings.append(found)
    if findings:
        shown = findings[:SHOWN]
        more = [f"... and {len(findings) - SHOWN} more"] if len(findings) > SHOWN else []
        error = LabelledFileError(f"{len(findings)} bad row(s); correct them or take them out:", shown + more)
        error.findings = tuple(findings)
        raise error
    return examples


def read_scheme(path: Path) -> LabelScheme:
    """The axes and labels in a schema file: ``[axes]`` and lines such as ``side = ["US", "China"]``."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SchemeError(f"{path} cannot be read as TOML: {error}") from error
    if set(table) != {"axes"} or not isinstance(table["axes"], dict):
        raise SchemeError(f"{path} must hold one table [axes], but holds {', '.join(table) or 'nothing'}.")
    return LabelScheme.from_table(table["axes"])


class _Reader:
    def __init__(self, path: Path, scheme: LabelScheme, mapping: Mapping[str, str]) -> None:
        self._path = path
        self._scheme = scheme
        names = columns_of(path)
        known = {*QUOTE_COLUMNS, *KNOWN_COLUMNS, *scheme.names}
        for role in mapping:
            if role not in known:
                raise ColumnError(f"--column {role}=…: known are only {', '.join(sorted(known))}.")
        self._quote = quote_columns(path, names, mapping)
        self._name = {role: mapping.get(role, role) for role in (*KNOWN_COLUMNS, *scheme.names)}
        if not any(self._name[axis] in names for axis in scheme.names):
            raise ColumnError(
                f"{path} has a column for none of the axes {', '.join(scheme.names)}, only "
                f"{', '.join(names)}. Name it (--column side=NAME), or give your axes (--schema labels.toml)."
            )

    def examples(self) -> Iterator[Example | str]:
        for line, row in read_rows(self._path):
            found = list(self._findings(row))
            if found:
                yield from (f"{self._path}, line {line}: {finding}" for finding in found)
            else:
                yield self._example(line, row)

    def _findings(self, row: Row) -> Iterator[str]:
        try:
            quote_of(row, self._quote)
        except QuoteError as error:
            yield str(error)
        for axis in self._scheme.axes:
            yield from _illegal(self._name[axis.name], self._cell(row, axis.name), axis.labels)
        yield from _illegal(self._name["clarity"], self._cell(row, "clarity"), CLARITIES)
        yield from _illegal(self._name["split"], self._cell(row, "split"), SPLITS)
        weight = self._cell(row, "weight")
        if weight and not _is_weight(weight):
            yield f"weight is {weight!r}, but must be a number of zero or more."

    def _example(self, line: int, row: Row) -> Example:
        quote = quote_of(row, self._quote)
        source = self._cell(row, "source")
        return Example(
            quote=quote,
            labels={name: self._cell(row, name) or None for name in self._scheme.names},
            group=self._cell(row, "group") or source or f"{self._path.name}:{line}",
            source=source,
            clarity=self._cell(row, "clarity") or None,
            weight=float(self._cell(row, "weight") or 1),
            split=self._cell(row, "split") or None,
            row=row,
        )

    def _cell(self, row: Row, role: str) -> str:
        value = row.get(self._name[role])
        return "" if value is None else str(value).strip()


def _illegal(column: str, found: str, legal: Iterable[str]) -> Iterator[str]:
    legal = tuple(legal)
    if found and found not in legal:
        close = nearest(found, legal)
        hint = f" Did you mean {close!r}?" if close else ""
        yield f"{column} is {found!r}, but must be one of {', '.join(legal)}.{hint}"


def _is_weight(text: str) -> bool:
    try:
        return 0 <= float(text) < float("inf")
    except ValueError:
        return False
