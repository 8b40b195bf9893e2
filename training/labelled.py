"""Labelled rows → Examples; every bad row is reported, all at once."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stance.errors import ColumnError, LabelledFileError, QuoteError, SettingsError
from stance.labels import Axis, LabelScheme, legal_label, nearest
from stance.quotes import Quote
from stance.tables import QUOTE_COLUMNS, Row, quote_columns, quote_of
from training import coders
from training.sources import Source, Table, tables_of

QUOTATION = "quotation"  # the kind of finding after which a row has nothing to be labelled
SPLITS = ("train", "validation", "test")
CLARITIES = ("clear", "borderline", "none")
# Beside those of a quotation and one an axis; all others are carried along.
KNOWN_COLUMNS = ("group", "source", "clarity", "weight", "split", "taught_by", "speaker_by")
RULES = "rules"  # in speaker_by: the speaker was found by a program, and may be another
COMMA = re.compile(r"\d+,\d\d?")  # a decimal comma, and surely none that parts thousands
SHOWN = 50  # findings that a message prints; the error holds all of them


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled quotation.

    labels: axis → label, None where it is missing. group: what must not be divided between training
    and test, such as an article. weight: how much the row counts in training. readers: axis → the labels
    of several coders, "" where one gave none. shares: axis → how much of the row each label has, where that
    is said. taught_by: the model whose labels these are, "" where people gave them. speaker_by: RULES
    where nobody has checked the speaker. row: all cells. table, line: where the row stands.
    """

    quote: Quote
    labels: Mapping[str, str | None]
    group: str
    source: str = ""
    clarity: str | None = None
    weight: float = 1.0
    split: str | None = None
    readers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    shares: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    taught_by: str = ""
    speaker_by: str = ""
    row: Mapping[str, Any] = field(default_factory=dict)
    table: str = field(default="", compare=False)
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class BadRow:
    """What is wrong with a row. unit: what the table counts by. kind: a short name. message: a sentence."""

    table: str
    unit: str
    line: int
    kind: str
    message: str


def read(
    data: Source | Sequence[Source], scheme: LabelScheme, *, columns: Mapping[str, str] | None = None
) -> list[Example]:
    """The labelled quotations of one or several sources: tables (CSV, JSONL, Parquet), datasets, DataFrames.

    columns: the user's own column names by what they hold, ``{"quote": "Text"}``. Raises ColumnError
    where the quotation or every axis is missing, LabelledFileError with every bad row of all tables.
    """
    return read_tables(tables_of(data, columns), scheme, columns or {})


def read_tables(tables: Sequence[Table], scheme: LabelScheme, columns: Mapping[str, str]) -> list[Example]:
    """The same from tables that are open."""
    examples, bad = examine(tables, scheme, columns)
    if bad:
        findings = [f"{one.table}, {one.unit} {one.line}: {one.message}" for one in bad]
        shown = findings[:SHOWN]
        more = [f"... and {len(findings) - SHOWN} more"] if len(findings) > SHOWN else []
        error = LabelledFileError(f"{len(findings)} bad row(s); correct them or take them out:", shown + more)
        error.findings = tuple(findings)
        raise error
    return examples


def of_people(examples: Sequence[Example]) -> list[Example]:
    """Those that people have labelled, no model; SettingsError where there are no others."""
    found = [example for example in examples if not example.taught_by]
    if examples and not found:
        raise SettingsError(
            f"All {len(examples)} rows were labelled by a model (column taught_by). Give some that people "
            "have labelled: what a model is good for is measured on these."
        )
    return found


def examine(
    tables: Sequence[Table], scheme: LabelScheme, columns: Mapping[str, str]
) -> tuple[list[Example], list[BadRow]]:
    """All rows that hold a quotation as Examples, without the cells that are wrong; and what is wrong."""
    examples: list[Example] = []
    bad: list[BadRow] = []
    place = 0
    for table in tables:
        reader = _Reader(table, scheme, columns)
        for number, row in table.rows:
            found = list(reader.findings(row))
            bad += [BadRow(table.name, table.unit, number, kind, said) for kind, said in found]
            if not any(kind == QUOTATION for kind, _ in found):
                examples.append(reader.example(number, row, place))
            place += 1
    return examples, bad


class _Reader:
    def __init__(self, table: Table, scheme: LabelScheme, mapping: Mapping[str, str]) -> None:
        self._table, self._scheme = table, scheme
        names = table.columns
        known = {*QUOTE_COLUMNS, *KNOWN_COLUMNS, *scheme.names}
        for role in mapping:
            if role not in known:
                raise ColumnError(
                    f"--column {role}=…: known are only {', '.join(sorted(known))}. An axis of your own must "
                    "stand in the schema file first (--schema labels.toml)."
                )
        self._quote = quote_columns(Path(table.name), names, mapping)
        self._name = {role: mapping.get(role, role) for role in (*KNOWN_COLUMNS, *scheme.names)}
        self._readers = {axis: coders.reader_columns(self._name[axis], names) for axis in scheme.names}
        homes = [self._name[axis] + end for axis in scheme.names for end in ("", coders.SHARES)]
        if not any(name in names for name in homes):
            raise ColumnError(
                f"{table.name} has a column for none of the axes {', '.join(scheme.names)}, only "
                f"{', '.join(names)}. Name it (--column {scheme.names[0]}=NAME), or give your axes "
                "(--schema labels.toml)."
            )

    def findings(self, row: Row) -> Iterator[tuple[str, str]]:
        """Everything that is wrong with a row: a short name and a sentence."""
        try:
            yield from _no_words(self._quote["quote"], quote_of(row, self._quote).text)
        except QuoteError as error:
            yield QUOTATION, str(error)
        for axis in self._scheme.axes:
            column, label = self._name[axis.name], self._cell(row, axis.name)
            if isinstance(row.get(column), list):
                yield "label", f"{column} is a list, but a row has one label; coders have {column}_readers."
            else:
                yield from _illegal("label", column, label, axis.labels, self._home(label))
            for given in self._labels_of_readers(row, axis.name):
                yield from _illegal("label of a coder", f"a coder's {column}", given, axis.labels)
            if self._shares(row, axis) is None:
                column = f"{self._name[axis.name]}{coders.SHARES}"
                yield (
                    "shares",
                    f"{column} is {str(row.get(column))[:60]}, but must hold shares of the labels, such as "
                    f'{{"{axis.labels[0]}": 0.7, "{axis.labels[-1]}": 0.3}}.',
                )
        yield from _illegal("clarity", self._name["clarity"], self._cell(row, "clarity"), CLARITIES)
        yield from _illegal("split", self._name["split"], self._cell(row, "split"), SPLITS)
        weight = self._cell(row, "weight")
        if _weight(weight) is None:
            yield (
                "weight",
                f"{self._name['weight']} is {weight!r}, but must be a number of zero or more, such as 0.5.",
            )

    def example(self, number: int, row: Row, place: int) -> Example:
        """A row as an Example; a cell with a finding counts as empty."""
        source = self._cell(row, "source")
        given = {
            axis.name: tuple(
                legal_label(one, axis.labels) or one for one in self._labels_of_readers(row, axis.name)
            )
            for axis in self._scheme.axes
        }
        shares = {axis.name: found for axis in self._scheme.axes if (found := self._shares(row, axis))}
        labels = {one.name: legal_label(self._cell(row, one.name), one.labels) for one in self._scheme.axes}
        for name, found in shares.items():
            labels[name] = labels[name] or max(found, key=found.__getitem__)
        # In one spelling, whatever kind of table they come from.
        spelt: Row = {one: list(given[name]) for name, (one, _) in self._readers.items() if one in row}
        if COMMA.fullmatch(weight := self._cell(row, "weight")):
            spelt[self._name["weight"]] = weight.replace(",", ".")
        return Example(
            quote=quote_of(row, self._quote),
            labels=labels,
            group=self._cell(row, "group") or source or f"row {place}",
            source=source,
            clarity=legal_label(self._cell(row, "clarity"), CLARITIES),
            weight=1.0 if (weighs := _weight(weight)) is None else weighs,
            split=legal_label(self._cell(row, "split"), SPLITS),
            readers={name: labels for name, labels in given.items() if any(labels)},
            shares=shares,
            taught_by=self._cell(row, "taught_by"),
            speaker_by=self._cell(row, "speaker_by"),
            row={**row, **spelt},
            table=self._table.name,
            line=number,
        )

    def _home(self, label: str) -> str:
        """What to say of a label that stands in the wrong column."""
        homes = [self._name[one.name] for one in self._scheme.axes if legal_label(label, one.labels)]
        return f" It is a label of {' and '.join(homes)}: are the columns swapped?" if homes else ""

    def _cell(self, row: Row, role: str) -> str:
        return str(row.get(self._name[role], "")).strip()

    def _shares(self, row: Row, axis: Axis) -> dict[str, float] | None:
        """The share of each label, nothing where none is said; None where the cell makes no sense."""
        try:
            return coders.shares_in(row.get(f"{self._name[axis.name]}{coders.SHARES}"), axis.labels)
        except (ValueError, TypeError):
            return None

    def _labels_of_readers(self, row: Row, axis: str) -> tuple[str, ...]:
        listed, single = self._readers[axis]
        if listed:
            return coders.labels_in(row.get(listed))
        return tuple(str(row.get(name, "")).strip() for name in single)


def has_words(text: str) -> bool:
    """Whether a quotation can be labelled at all: one of digits and marks says nothing."""
    return any(map(str.isalpha, text))


def _no_words(column: str, text: str) -> Iterator[tuple[str, str]]:
    if text.lstrip().startswith("{") and text.rstrip().endswith("}"):
        yield QUOTATION, f"The column {column!r} must hold texts, but this is an object: {text[:40]!r}."
    elif not has_words(text):
        yield QUOTATION, f"A quotation needs words, but {column} is {text[:40]!r}. Is it the right column?"


def _illegal(
    kind: str, column: str, found: str, legal: Sequence[str], home: str = ""
) -> Iterator[tuple[str, str]]:
    if found and legal_label(found, legal) is None:
        close = nearest(found, legal)
        hint = f" Did you mean {close!r}?" if close else home
        yield kind, f"{column} is {found!r}, but must be one of {', '.join(legal)}.{hint}"


def _weight(text: str) -> float | None:
    """The weight that a cell gives, 1 where it is empty; None where it makes no sense."""
    try:
        weight = float(text.replace(",", ".") if COMMA.fullmatch(text) else text or 1)
    except ValueError:
        return None
    return weight if 0 <= weight < float("inf") else None
