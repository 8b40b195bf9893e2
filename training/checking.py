"""Everything about a labelled table that would spoil a fit or a figure, found before anything trains."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from stance.encoding import Encoder
from stance.labels import LabelScheme
from training.labelled import Example, examine
from training.schema import ENOUGH, labels_in
from training.sources import Table
from training.splits import near_duplicates

RARE = 10  # rows with a label, below which nobody can learn or measure it
# What UTF-8 looks like that was read as Windows-1252, and what stands for an unreadable letter.
GARBLED = re.compile(r"â€|Ã[\x80-\xbf©¤¶¼Ÿ]|ï¿½|�")


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with a row, or with all of them.

    serious: a fit refuses such data. unit, line: which row of the table; None where all are meant.
    """

    serious: bool
    kind: str
    message: str
    table: str = ""
    unit: str = ""
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """What was found in labelled data.

    balance: axis → label → rows, with "" for those without one. words: length of the quotations, (least,
    median, most).
    """

    rows: int
    groups: int
    balance: Mapping[str, Mapping[str, int]]
    splits: Mapping[str, int]
    speakers: int
    words: tuple[int, float, int]
    findings: tuple[Finding, ...]

    @property
    def usable(self) -> bool:
        """Whether a fit would accept the data."""
        return not any(finding.serious for finding in self.findings)

    def as_dict(self) -> dict[str, Any]:
        """The same, JSON-ready."""
        return {"usable": self.usable, **asdict(self)}


def check(
    tables: Sequence[Table],
    scheme: LabelScheme,
    columns: Mapping[str, str],
    *,
    encoder: Encoder | None = None,
) -> Check:
    """All findings at once.

    encoder: of the model that is to be fitted; tells which rows are too long for it. ColumnError where
    the quotation or every axis is missing.
    """
    examples, bad = examine(tables, scheme, columns)
    findings = [Finding(True, one.kind, one.message, one.table, one.unit, one.line) for one in bad]
    where = _Places(tables)
    findings += _of_rows(examples, where)
    findings += _of_pairs(examples, where)
    findings += _of_labels(examples, scheme)
    findings += _of_new_labels(tables, scheme, columns)
    if encoder:
        findings += _too_long(examples, where, encoder)
    order = {table.name: place for place, table in enumerate(tables)}
    findings.sort(key=lambda one: (not one.serious, order.get(one.table, -1), one.line or 0))
    words = [len(example.quote.text.split()) for example in examples] or [0]
    return Check(
        rows=sum(len(table.rows) for table in tables),
        groups=len({example.group for example in examples}),
        balance={name: dict(Counter(e.labels[name] or "" for e in examples)) for name in scheme.names},
        splits=dict(Counter(example.split or "" for example in examples)),
        speakers=sum(bool(example.quote.speaker) for example in examples),
        words=(min(words), median(words), max(words)),
        findings=tuple(findings),
    )


class _Places:
    """From an Example back to its table and line."""

    def __init__(self, tables: Sequence[Table]) -> None:
        self._units = {table.name: table.unit for table in tables}

    def finding(self, kind: str, example: Example, said: str) -> Finding:
        return Finding(False, kind, said, example.table, self._units[example.table], example.line)

    def named(self, example: Example, beside: Example) -> str:
        where = f"{self._units[example.table]} {example.line}"
        return where if example.table == beside.table else f"{example.table}, {where}"


def _of_rows(examples: Sequence[Example], where: _Places) -> Iterator[Finding]:
    for example in examples:
        if not any(example.labels.values()):
            yield where.finding("unlabelled", example, "no label on any axis: it is not used.")
        if garbled := GARBLED.search(example.quote.text):
            yield where.finding(
                "garbled letters",
                example,
                f"the quotation has {garbled[0]!r}: the file was once read in a wrong encoding.",
            )


def _of_pairs(examples: Sequence[Example], where: _Places) -> Iterator[Finding]:
    """Copies, near-copies, contradictions, and what stands on two sides of a given split."""
    first: dict[str, Example] = {}
    for example in examples:
        key = " ".join(re.findall(r"\w+", example.quote.text.casefold()))
        other = first.setdefault(key, example)
        if other is not example:
            yield from _of_copies(other, example, where, "the same quotation as")
    for a, b in near_duplicates([example.quote.text for example in examples]):
        if examples[a].quote.text.casefold() != examples[b].quote.text.casefold():
            yield from _of_copies(examples[a], examples[b], where, "nearly the same quotation as")
    yield from _divided_groups(examples, where)


def _of_copies(first: Example, second: Example, where: _Places, alike: str) -> Iterator[Finding]:
    there = f"{alike} {where.named(first, second)}"
    exact = alike.startswith("the")
    if first.split != second.split:
        said = f"{there}, but one is in {first.split}, the other in {second.split}: take one out."
        yield where.finding("leak between splits", second, said)
    differing = [
        f"{axis} {first.labels[axis]} there, {label} here"
        for axis, label in second.labels.items()
        if label and first.labels[axis] and label != first.labels[axis]
    ]
    if differing and exact and first.quote.speaker == second.quote.speaker:
        yield where.finding("two labels", second, f"{there}, with other labels: {'; '.join(differing)}.")
    else:
        yield where.finding("duplicate" if exact else "near-duplicate", second, f"{there}.")


def _divided_groups(examples: Sequence[Example], where: _Places) -> Iterator[Finding]:
    splits: dict[str, dict[str, Example]] = defaultdict(dict)
    for example in examples:
        if example.split:
            splits[example.group].setdefault(example.split, example)
    for group, found in splits.items():
        if len(found) > 1:
            last = list(found.values())[-1]
            said = f"group {group!r} stands in {' and '.join(found)}: keep an article's rows together."
            yield where.finding("leak between splits", last, said)


def _of_labels(examples: Sequence[Example], scheme: LabelScheme) -> Iterator[Finding]:
    for axis in scheme.axes:
        counts = Counter(example.labels[axis.name] for example in examples)
        if not counts.keys() - {None}:
            yield Finding(False, "no labels", f"{axis.name}: no row has a label, so it stays as it is.")
            continue
        for label in axis.labels:
            if counts[label] < RARE:
                said = (
                    f"{axis.name}: {label!r} has {counts[label]} row(s), too few to learn or to measure it."
                )
                yield Finding(False, "rare label", said)


def _of_new_labels(
    tables: Sequence[Table], scheme: LabelScheme, columns: Mapping[str, str]
) -> Iterator[Finding]:
    for axis in scheme.axes:
        column = columns.get(axis.name, axis.name)
        for label, count in labels_in(tables, column).items():
            if label not in axis.labels and count >= ENOUGH:
                said = (
                    f"{column}: {label!r} stands in {count} rows. If it is meant, take the labels from the "
                    "data (--schema data), or draft a schema file (--write-schema labels.toml)."
                )
                yield Finding(False, "new label", said)


def _too_long(examples: Sequence[Example], where: _Places, encoder: Encoder) -> Iterator[Finding]:
    seen = encoder.encode([example.quote for example in examples]) if examples else []
    for example, encoded in zip(examples, seen, strict=True):
        if encoded.truncated:
            said = (
                f"longer than the model reads ({encoder.window} tokens with context): the middle is cut out."
            )
            yield where.finding("too long", example, said)
