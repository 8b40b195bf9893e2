"""The axes, their labels, and where each label sits in a row of logits."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Self

from stance.errors import SchemeError

# An axis is an attribute of Prediction, which has attributes of its own, and a column of a table.
TAKEN = frozenset(
    {"quote", "truncated", "model", "axes", "as_dict", "text", "speaker", "attribution", "context"}
    | {"date", "group", "source", "clarity", "weight", "split", "id", "error"}
)


@dataclass(frozen=True, slots=True)
class Axis:
    """One question about a quotation, with its closed set of answers."""

    name: str
    labels: tuple[str, ...]
    start: int

    @property
    def slice(self) -> slice:
        """Where the labels of this axis sit in a row of logits."""
        return slice(self.start, self.start + len(self.labels))


@dataclass(frozen=True, slots=True)
class LabelScheme:
    """The axes of a model in the order of its logits."""

    axes: tuple[Axis, ...]

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> Self:
        """Read ``{"side": ["US", "China", "neutral"], ...}``; SchemeError where it makes no sense."""
        if not table:
            raise SchemeError("No axes found: name at least one, such as side = ['US', 'China'].")
        for name, labels in table.items():
            _check_axis(name, labels)
        starts = accumulate((len(labels) for labels in table.values()), initial=0)
        return cls(
            tuple(
                Axis(name, tuple(labels), start)
                for (name, labels), start in zip(table.items(), starts, strict=False)
            )
        )

    @classmethod
    def from_id2label(cls, id2label: Mapping[int, str]) -> Self:
        """Read the names of a network's outputs, such as ``{0: "side=US", 1: "side=China", ...}``."""
        table: dict[str, list[str]] = {}
        for index in sorted(id2label):
            name, equals, label = id2label[index].partition("=")
            if not equals or (name in table and name != next(reversed(table))):
                raise SchemeError(
                    f"The network's output {index} is called {id2label[index]!r}, but must be "
                    "called AXIS=LABEL, with the labels of an axis side by side."
                )
            table.setdefault(name, []).append(label)
        return cls.from_table(table)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the axes."""
        return tuple(axis.name for axis in self.axes)

    @property
    def width(self) -> int:
        """How many logits a row has."""
        return sum(len(axis.labels) for axis in self.axes)

    def table(self) -> dict[str, list[str]]:
        """The inverse of ``from_table``."""
        return {axis.name: list(axis.labels) for axis in self.axes}

    def id2label(self) -> dict[int, str]:
        """The inverse of ``from_id2label``."""
        names = [f"{axis.name}={label}" for axis in self.axes for label in axis.labels]
        return dict(enumerate(names))


def legal_label(found: str, legal: Sequence[str]) -> str | None:
    """The legal label that stands in a cell, also where it is written in other capitals."""
    if found in legal:
        return found
    alike = [label for label in legal if label.casefold() == found.casefold()]
    return alike[0] if len(alike) == 1 else None


def nearest(found: str, legal: Iterable[str], *, cutoff: float = 0.5) -> str | None:
    """The legal spelling that ``found`` was probably meant to be, if there is one. cutoff: how alike."""
    by_folded = {label.casefold(): label for label in legal}
    close = difflib.get_close_matches(found.strip().casefold(), by_folded, n=1, cutoff=cutoff)
    return by_folded[close[0]] if close else None


def _check_axis(name: str, labels: Any) -> None:
    if not name.isidentifier() or name.startswith("_") or name in TAKEN:
        raise SchemeError(
            f"{name!r} cannot be the name of an axis: choose letters, digits and underscores, "
            f"and none of {', '.join(sorted(TAKEN))}."
        )
    if isinstance(labels, str) or not isinstance(labels, Sequence):
        raise SchemeError(f"The labels of {name!r} must be a list, but are {labels!r}.")
    if not all(isinstance(label, str) and label.strip() for label in labels):
        raise SchemeError(f"The labels of {name!r} must be non-empty texts, but are {labels!r}.")
    if len(set(labels)) < max(2, len(labels)):
        raise SchemeError(f"The axis {name!r} needs two or more labels, each named once, but has {labels!r}.")
