"""What is wrong with labelled rows, and quotations that stand there twice: copies, contradictions, leaks."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from training.copies import near_duplicates, words
from training.labelled import Example
from training.sources import Table, short_names


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

    def __str__(self) -> str:
        place = "" if self.line is None else f"{self.table}, {self.unit} {self.line}: "
        return f"{'error' if self.serious else 'warning'}, {self.kind}: {place}{self.message}"


class Places:
    """From an Example back to its table and line."""

    def __init__(self, tables: Sequence[Table]) -> None:
        self._units = {table.name: table.unit for table in tables}
        self._short = short_names(self._units)

    def finding(self, kind: str, example: Example, said: str) -> Finding:
        """A warning about the row of an example."""
        return Finding(False, kind, said, example.table, self._units[example.table], example.line)

    def named(self, example: Example, beside: Example) -> str:
        """Where an example stands, as said of another row; its table only where that is another."""
        where = f"{self._units[example.table]} {example.line}"
        return where if example.table == beside.table else f"{self._short[example.table]}, {where}"


def of_pairs(examples: Sequence[Example], where: Places) -> Iterator[Finding]:
    """Copies, near-copies, contradictions, and what stands on two sides of a given split."""
    keys = [tuple(words(example.quote.text)) for example in examples]
    earlier: dict[tuple[str, ...], dict[Any, Example]] = defaultdict(dict)
    for key, example in zip(keys, examples, strict=True):
        if alike := earlier[key]:
            yield from _of_copies(list(alike.values()), example, where)
        alike.setdefault((example.split, example.quote.speaker, *example.labels.values()), example)
    near: set[int] = set()
    for a, b in near_duplicates([example.quote.text for example in examples]):
        if keys[a] != keys[b]:
            said = f"nearly the same quotation as {where.named(examples[a], examples[b])}"
            if _divided(examples[a], examples[b]):
                yield _leak(said, examples[a], examples[b], where)
            elif b not in near:
                near.add(b)
                yield where.finding("near-duplicate", examples[b], f"{said}.")
    yield from _divided_groups(examples, where)


def _of_copies(alike: Sequence[Example], copy: Example, where: Places) -> Iterator[Finding]:
    """What is to be said of a row whose quotation stands in others above it."""
    for other in [one for one in alike if _divided(one, copy)][:1]:
        yield _leak(f"the same quotation as {where.named(other, copy)}", other, copy, where)
    other = next((one for one in alike if _differing(one, copy)), alike[0])
    said, differing = f"the same quotation as {where.named(other, copy)}", _differing(other, copy)
    if differing:
        yield where.finding("two labels", copy, f"{said}, with other labels: {differing}.")
    else:
        yield where.finding("duplicate", copy, f"{said}.")


def _divided(one: Example, other: Example) -> bool:
    return bool(one.split and other.split and one.split != other.split)


def _leak(said: str, first: Example, second: Example, where: Places) -> Finding:
    message = f"{said}, but one is in {first.split}, the other in {second.split}: take one out."
    return where.finding("leak between splits", second, message)


def _differing(first: Example, second: Example) -> str:
    """Labels that two rows with the same quotation and speaker cannot both have."""
    if first.quote.speaker != second.quote.speaker:
        return ""
    return "; ".join(
        f"{axis} {first.labels[axis]} there, {label} here"
        for axis, label in second.labels.items()
        if label and first.labels[axis] and label != first.labels[axis]
    )


def _divided_groups(examples: Sequence[Example], where: Places) -> Iterator[Finding]:
    splits: dict[str, dict[str, Example]] = defaultdict(dict)
    for example in examples:
        if example.split:
            splits[example.group].setdefault(example.split, example)
    for group, found in splits.items():
        if len(found) > 1:
            *_, last = found.values()
            stands = " and ".join(f"{name} ({where.named(one, last)})" for name, one in found.items())
            said = f"group {group!r} stands in {stands}: keep an article's rows together."
            yield where.finding("leak between splits", last, said)
