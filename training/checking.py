"""Everything about a labelled table that would spoil a fit or a figure, found before anything trains."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from stance.encoding import Encoder
from stance.labels import LabelScheme, legal_label
from training.findings import Finding, Places, of_pairs
from training.labelled import Example, examine
from training.schema import ENOUGH, labels_in
from training.sources import Table

SHOWN = 20  # findings that a Check prints
RARE = 10  # rows with a label, below which nobody can learn or measure it
# What becomes of letters on the way: UTF-8 read as Windows-1252 or on a Mac, Windows-1252 read as Latin-1
# (control characters) or on a Mac (an apostrophe as Õ), and what stands for a letter that was lost.
GARBLED = re.compile(
    "â€|[ÂÃ][\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|ï¿½|ï»¿|�|‚Ä[ôúùìî]|√[©®§±º†]|[\x80-\x9f]"
    r"|(?<=[a-z])[Õ?](?=(?:s|t|re|ve|ll|d|m)\b)"
)


@dataclass(frozen=True, slots=True, repr=False)
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

    def __repr__(self) -> str:
        head = f"Check of {self.rows} rows: {self.counted()}"
        lines = [f"  {finding}" for finding in self.findings[:SHOWN]]
        more = [f"  ... and {len(self.findings) - SHOWN} more: .findings has all"]
        return "\n".join([head, *lines, *(more if len(self.findings) > SHOWN else [])])

    def counted(self) -> str:
        """How many errors and warnings there are."""
        errors = sum(finding.serious for finding in self.findings)
        counts = (errors, "error"), (len(self.findings) - errors, "warning")
        return ", ".join(f"{count} {what}{'' if count == 1 else 's'}" for count, what in counts)

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
    rows, bad = examine(tables, scheme, columns)
    findings = [Finding(True, one.kind, one.message, one.table, one.unit, one.line) for one in bad]
    # What a model has labelled is no more than its opinion: there is nothing to find in it.
    examples = [one for one in rows if not one.taught_by]
    if rows and not examples:
        findings.append(Finding(True, "labels of a model", "all rows were labelled by a model (taught_by)."))
    findings += _empty_rows(tables)
    where = Places(tables)
    amiss = {(one.table, one.line) for one in bad}
    findings += _of_rows(examples, where, amiss)
    findings += _of_splits([one for one in examples if (one.table, one.line) not in amiss])
    findings += of_pairs(examples, where)
    findings += _of_labels(examples, scheme, tables, columns)
    findings += _of_spellings(tables, scheme, columns)
    findings += _of_columns(examples)
    if encoder:
        findings += _too_long(examples, where, encoder)
    order = {table.name: place for place, table in enumerate(tables)}
    findings.sort(key=lambda one: (not one.serious, order.get(one.table, -1), one.line or 0))
    lengths = [len(example.quote.text.split()) for example in examples] or [0]
    return Check(
        rows=sum(len(table.rows) for table in tables),
        groups=len({example.group for example in examples}),
        balance={name: dict(Counter(e.labels[name] or "" for e in examples)) for name in scheme.names},
        splits=dict(Counter(example.split or "" for example in examples)),
        speakers=sum(bool(example.quote.speaker) for example in examples),
        words=(min(lengths), median(lengths), max(lengths)),
        findings=tuple(findings),
    )


def _empty_rows(tables: Sequence[Table]) -> list[Finding]:
    said = "nothing stands in it: it is passed over."
    lines = [(table, line) for table in tables for line in table.empty]
    return [Finding(False, "empty row", said, table.name, table.unit, line) for table, line in lines]


def _of_rows(
    examples: Sequence[Example], where: Places, amiss: Collection[tuple[str, int]]
) -> Iterator[Finding]:
    for example in examples:
        if not any(example.labels.values()) and (example.table, example.line) not in amiss:
            yield where.finding("unlabelled", example, "no label on any axis: it is not used.")
        quote = example.quote
        for name, text in (("quotation", quote.text), ("speaker", quote.speaker), ("context", quote.context)):
            if garbled := GARBLED.search(text or ""):
                around = garbled.string[max(0, garbled.start() - 8) : garbled.end() + 8]
                said = f"the {name} has {around!r}: the file was once read in a wrong encoding."
                yield where.finding("garbled letters", example, said)


def _of_splits(examples: Sequence[Example]) -> Iterator[Finding]:
    """What the splitting of a fit would refuse; rows with errors of their own are left out."""
    counts = Counter(example.split for example in examples)
    if 0 < (missing := counts[None]) < len(examples):
        said = f"{missing} of {len(examples)} rows have no split. Fill the column for all, or leave it out."
        yield Finding(True, "incomplete split", said)
    for name in ("train", "validation") if counts and not missing else ():
        if not counts[name]:
            yield Finding(True, "empty split", f"no row belongs to {name}: a fit needs some.")


def _of_labels(
    examples: Sequence[Example], scheme: LabelScheme, tables: Sequence[Table], columns: Mapping[str, str]
) -> Iterator[Finding]:
    for axis in scheme.axes:
        counts = Counter(example.labels[axis.name] for example in examples)
        if not labels_in(tables, columns.get(axis.name, axis.name)):
            yield Finding(False, "no labels", f"{axis.name}: no row has a label, so it stays as it is.")
            continue
        for label in axis.labels:
            if counts[label] < RARE:
                said = (
                    f"{axis.name}: {label!r} has {counts[label]} row(s), too few to learn or to measure it."
                )
                yield Finding(False, "rare label", said)


def _of_columns(examples: Sequence[Example]) -> Iterator[Finding]:
    """What is missing from all rows, and would be missed."""
    if examples and not any(example.quote.speaker for example in examples):
        said = "no row has a speaker, without whom the side is often a guess. Name the column: speaker=NAME."
        yield Finding(False, "no speakers", said)
    if len(examples) > 1 and len({example.group for example in examples}) == len(examples):
        said = (
            "every row is an article of its own. If some are from the same one, name the column that says so "
            "(group=NAME): the split keeps them together, and intervals need it."
        )
        yield Finding(False, "no groups", said)


def _of_spellings(
    tables: Sequence[Table], scheme: LabelScheme, columns: Mapping[str, str]
) -> Iterator[Finding]:
    for axis in scheme.axes:
        column = columns.get(axis.name, axis.name)
        for label, count in labels_in(tables, column).items():
            meant = legal_label(label, axis.labels)
            if meant and meant != label:
                said = f"{column}: {label!r} stands in {count} rows and is read as {meant!r}."
                yield Finding(False, "other capitals", said)
            elif not meant and count >= ENOUGH:
                said = (
                    f"{column}: {label!r} stands in {count} rows. If it is meant, take the labels from the "
                    "data (--schema data), or draft a schema file (--write-schema labels.toml)."
                )
                yield Finding(False, "new label", said)


def _too_long(examples: Sequence[Example], where: Places, encoder: Encoder) -> Iterator[Finding]:
    seen = encoder.encode([example.quote for example in examples]) if examples else []
    for example, encoded in zip(examples, seen, strict=True):
        if encoded.truncated:
            said = (
                f"longer than the model reads ({encoder.window} tokens with context): the middle is cut out."
            )
            yield where.finding("too long", example, said)
