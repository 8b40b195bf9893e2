"""Real quotations, whose texts belong to their publishers, and the readings of them → one labelled table.

The readings come with the project (data/readings.csv); the texts do not. Who has them gets the table that
the shipped model was fitted to.
"""

import csv
import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

from stance.errors import TableError
from stance.marked import Span
from stance.quotes import Quote, find_quotes
from training.copies import fingerprint, words

READINGS = Path(__file__).parent / "data" / "readings.csv"
TEXTS = {"train": "train.jsonl", "unlabelled": "unlabelled.jsonl.gz", "documents": "documents.jsonl.gz"}
AXES = ("side", "stance", "sentiment")
AROUND = 250  # characters on either side of a passage of a transcript that are its context
RUN, SHARED, HOLDERS = 8, 5, 6  # runs of words that two rows of one article share; more holders: a formula


@dataclass(frozen=True, slots=True)
class Reading:
    """What one reader said of a quotation; second: another stance that can be defended."""

    side: str
    stance: str
    sentiment: str
    clarity: str
    second: str = ""


@dataclass
class Gathered:
    """Rows, and of how many readings the quotation was not found where it was."""

    rows: list[dict[str, Any]]
    lost: Counter[str] = field(default_factory=Counter)


def gather(folder: Path, readings: Path = READINGS) -> Gathered:
    """The quotations of a folder with everything that readers said of them, grouped by article.

    folder: holds the files of TEXTS. A row's labels are those of its first reader, the columns
    ``side_readers`` and so on those of all. Raises TableError where a file cannot be read.
    """
    texts, found = _Texts(folder), Gathered([])
    for (table, row, spans), (check, said) in _readings(readings).items():
        quotation = texts.quotation(table, row, spans)
        if quotation is None or fingerprint(quotation["quote"]) != check:
            found.lost[table] += 1
            continue
        found.rows.append(_labelled(quotation, said))
    read = {row.get("id") for row in found.rows}
    found.rows += [_labelled(row, []) for name, row in texts.train.items() if name not in read]
    _group(found.rows)
    return found


def columns(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """All columns that some row has."""
    return list(dict.fromkeys(name for row in rows for name in row))


def _readings(path: Path) -> dict[tuple[str, str, str], tuple[str, list[Reading]]]:
    """Where a quotation stands → the fingerprint of its words, and what its readers said."""
    found: dict[tuple[str, str, str], tuple[str, list[Reading]]] = {}
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                said = Reading(*(row[name] for name in (*AXES, "clarity", "second")))
                place = row["table"], row["row"], row["spans"]
                found.setdefault(place, (row["check"], []))[1].append(said)
    except (OSError, UnicodeDecodeError, KeyError) as error:
        raise TableError(f"{path} cannot be read as a table of readings: {error!r}.") from error
    return found


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8") as lines:
            yield from map(json.loads, lines)
    except (OSError, ValueError) as error:
        raise TableError(
            f"{path} cannot be read: {error}. The folder must hold {', '.join(TEXTS.values())}."
        ) from error


class _Texts:
    """The quotations and documents of a folder."""

    def __init__(self, folder: Path) -> None:
        self.train = {row["id"]: row for row in _lines(folder / TEXTS["train"])}
        self._unlabelled = list(_lines(folder / TEXTS["unlabelled"]))
        self._documents = list(_lines(folder / TEXTS["documents"]))
        self._quotes: dict[int, list[Quote]] = {}

    def quotation(self, table: str, row: str, spans: str) -> dict[str, Any] | None:
        """The row that a reading is about, from its table or cut out of its document."""
        if table == "train":
            return self.train.get(row)
        place, rows = int(row), self._unlabelled if table == "unlabelled" else self._documents
        if place >= len(rows):
            return None
        one = {**rows[place], "group": f"{table} {row}"}
        if table == "unlabelled":
            return one
        ends = (span.split("-") for span in spans.split("+"))
        return self._passage(place, one, [(int(start), int(end)) for start, end in ends])

    def _passage(self, place: int, document: dict[str, Any], parts: list[Span]) -> dict[str, Any] | None:
        """A quotation of a document, or some sentences of a longer one."""
        text = document.pop("text")
        if place not in self._quotes:
            self._quotes[place] = find_quotes(text)
        first, last = parts[0][0], parts[-1][1]
        around = (one for one in self._quotes[place] if one.spans[0][0] <= first and last <= one.spans[-1][1])
        quote = next(around, None)
        if quote is None:
            return None
        near = " ".join(text[max(0, first - AROUND) : last + AROUND].split())
        return {
            "quote": " ".join(" ".join(text[start:end].split()) for start, end in parts),
            "speaker": quote.speaker,
            "context": quote.context if tuple(parts) == quote.spans else near,
            "origin": document.pop("kind"),
            **document,
        }


def _labelled(row: dict[str, Any], said: Sequence[Reading]) -> dict[str, Any]:
    """A row with the labels of all readers; one of train.jsonl has a reader of its own, who comes first."""
    came_with = {name: row[name] for name in (*AXES, "clarity") if name in row}
    own = [Reading(**came_with)] if came_with else []
    readers = [*own, *said]
    first = {axis: getattr(readers[0], axis) for axis in AXES}
    several = {f"{axis}_readers": [getattr(one, axis) for one in readers] for axis in AXES}
    return {**row, **first, **several, "clarity": readers[0].clarity}


def _group(rows: Sequence[dict[str, Any]]) -> None:
    """Rows of one article get one group: those of one document, and those whose contexts overlap."""
    leader = list(range(len(rows)))

    def find(one: int) -> int:
        while leader[one] != one:
            leader[one] = leader[leader[one]]
            one = leader[one]
        return one

    def join(a: int, b: int) -> None:
        first, second = sorted((find(a), find(b)))
        leader[second] = first

    named: dict[str, int] = {}
    holders: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        join(place, named.setdefault(row["group"], place))
        for run in _runs(row):
            holders[run].append(place)
    shared = Counter(
        pair for places in holders.values() if len(places) <= HOLDERS for pair in combinations(places, 2)
    )
    for (a, b), count in shared.items():
        if count >= SHARED:
            join(a, b)
    for place, row in enumerate(rows):
        row["group"] = f"g{find(place)}"


def _runs(row: Mapping[str, Any]) -> set[tuple[str, ...]]:
    texts = [words(str(row.get(name) or "")) for name in ("quote", "context")]
    return {tuple(text[i : i + RUN]) for text in texts for i in range(len(text) - RUN + 1)}
