"""Real quotations, whose texts belong to their publishers, and the readings of them → one labelled table.

The readings come with the project (data/readings.csv); the texts do not.
"""

import csv
import gzip
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

from stance.errors import TableError
from stance.marked import Span
from stance.quotes import Quote, find_quotes
from training import labelled
from training.copies import Clusters, fingerprint, words
from training.rehearsal import authored_scheme

READINGS = Path(__file__).parent / "data" / "readings.csv"
TEXTS = {"train": "train.jsonl", "unlabelled": "unlabelled.jsonl.gz", "documents": "documents.jsonl.gz"}
LABELS = ("side", "stance", "sentiment", "clarity")
# How much of a reader's vote goes to another stance that the reader could defend; and, where a quotation does
# none of the three acts, to all of them alike (training/results/recipe.md).
TO_SECOND, TO_ALL = 0.3, 0.6
STANCES = ("accusatory", "conciliatory", "defensive")
COLUMNS = {
    "train": ("id", "quote", "group", *LABELS),
    "unlabelled": ("quote",),
    "documents": ("text", "kind", "source"),
}
# What a quotation about US–China relations, or what stands around it, names; agrees with the ``domain`` of
# train.jsonl on 99.5 % of its rows.
CHINA = re.compile(
    r"\bChina\b|Chinese|Beijing|\bXi\b|Huawei|Taiwan|Hong Kong|trade war|Xinjiang|Uyghur|Uighur|TikTok|"
    r"South China Sea|Shanghai|Tibet|renminbi|yuan\b|Hua Chunying|Geng Shuang|Lu Kang|Zhao Lijian"
)
SPANS = re.compile(r"\d+-\d+(?:\+\d+-\d+)*")
AROUND = 250  # characters on either side of a passage of a transcript that are its context
# Speakers of rows outside train.jsonl were found by rules, and no reader has left out those that are wrong.
BY_RULES = {"speaker_by": labelled.RULES}
RUN, SHARED, HOLDERS = 8, 5, 6  # runs of words that two rows of one article share; more holders: a formula


@dataclass(frozen=True, slots=True)
class Reading:
    """What one reader said of a quotation."""

    side: str
    stance: str
    sentiment: str
    clarity: str
    second: str = ""

    def shares(self) -> dict[str, float]:
        """What it says of the stance: how much of one is each of STANCES."""
        own = {self.stance: 1.0}
        if self.second and self.second != self.stance:
            own = {self.stance: 1 - TO_SECOND, self.second: TO_SECOND}
        spread = TO_ALL if self.clarity == "none" else 0.0
        return {one: spread / len(STANCES) + (1 - spread) * own.get(one, 0.0) for one in STANCES}


@dataclass
class Gathered:
    """Rows; lost: by table, how many quotations are not where, or what, they were when they were read."""

    rows: list[dict[str, Any]]
    lost: Counter[str] = field(default_factory=Counter)


def gather(folder: Path, readings: Path = READINGS) -> Gathered:
    """The quotations of a folder with everything that readers said of them, grouped by article.

    folder: holds the files of TEXTS. A row's labels are those of its first reader, the columns
    ``side_readers`` … ``clarity_readers`` those of all; ``stance_shares``, which are fitted, are the mean of
    what they say, and the stance is that with the most. ``domain`` is us-china or other. Speaker and context
    of a passage of a document are those that ``find_quotes`` finds now. TableError where a file cannot be
    read.
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
    axes = {axis.name: axis.labels for axis in authored_scheme().axes}
    allowed = {**axes, "clarity": labelled.CLARITIES, "second": ("", *STANCES)}
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            for number, row in enumerate(csv.DictReader(lines), 2):
                wrong = [f"{name} {row[name]!r}" for name in allowed if row[name] not in allowed[name]]
                if wrong:
                    raise TableError(f"{path}, line {number}: nobody can have read {' or '.join(wrong)}.")
                place = row["table"], row["row"], row["spans"]
                if not _is_place(*place):
                    raise TableError(f"{path}, line {number}: {' '.join(place)} is no place of a quotation.")
                said = Reading(**{name: row[name] for name in allowed})
                found.setdefault(place, (row["check"], []))[1].append(said)
    except (OSError, UnicodeDecodeError, KeyError) as error:
        raise TableError(f"{path} cannot be read as a table of readings: {error!r}.") from error
    return found


def _is_place(table: str, row: str, spans: str) -> bool:
    if table == "train":
        return bool(row)
    return row.isdecimal() and (bool(SPANS.fullmatch(spans)) if table == "documents" else table in TEXTS)


def _lines(folder: Path, table: str) -> Iterator[dict[str, Any]]:
    path = folder / TEXTS[table]
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                row = json.loads(line)
                missing = [name for name in COLUMNS[table] if name not in row]
                if missing:
                    raise TableError(f"{path}, line {number} lacks {', '.join(missing)}.")
                yield row
    except (OSError, EOFError, ValueError) as error:
        raise TableError(
            f"{path} cannot be read: {error}. The folder must hold {', '.join(TEXTS.values())}."
        ) from error


def documents(folder: Path) -> Iterator[dict[str, Any]]:
    """The articles and transcripts of such a folder; TableError where they cannot be read."""
    return _lines(folder, "documents")


class _Texts:
    """The quotations and documents of a folder."""

    def __init__(self, folder: Path) -> None:
        self.train = {row["id"]: row for row in _lines(folder, "train")}
        self._unlabelled = list(_lines(folder, "unlabelled"))
        self._documents = list(documents(folder))
        self._quotes: dict[int, list[Quote]] = {}

    def quotation(self, table: str, row: str, spans: str) -> dict[str, Any] | None:
        """The row that a reading is about, from its table or cut out of its document."""
        if table == "train":
            return self.train.get(row)
        place, rows = int(row), self._unlabelled if table == "unlabelled" else self._documents
        if place >= len(rows):
            return None
        one = {**rows[place], "group": f"{table} {row}", **BY_RULES}
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
    came_with = {name: row[name] for name in LABELS if name in row}
    own = [Reading(**came_with)] if came_with else []
    readers = [*own, *said]
    several = {f"{name}_readers": [getattr(one, name) for one in readers] for name in LABELS}
    shares = [one.shares() for one in readers]
    mean = {one: round(sum(said[one] for said in shares) / len(shares), 4) for one in STANCES}
    labels = {name: getattr(readers[0], name) for name in LABELS}
    # Of stances with the same share the first reader's.
    labels["stance"] = max(STANCES, key=lambda one: (mean[one], one == readers[0].stance))
    around = " ".join(str(row.get(name) or "") for name in ("quote", "speaker", "context"))
    domain = row.get("domain") or ("us-china" if CHINA.search(around) else "other")
    return {**row, **labels, **several, "domain": domain, "stance_shares": mean}


def _group(rows: Sequence[dict[str, Any]]) -> None:
    """Rows of one article get one group: those of one document, and those whose contexts overlap."""
    clusters: Clusters[int] = Clusters()
    named: dict[str, int] = {}
    holders: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        around = " ".join(words(str(row.get("context") or "")))
        for name in (row["group"], around):
            if name:
                clusters.join(place, named.setdefault(name, place))
        for run in _runs(row):
            holders[run].append(place)
    shared = Counter(
        pair for places in holders.values() if len(places) <= HOLDERS for pair in combinations(places, 2)
    )
    for (a, b), count in shared.items():
        if count >= SHARED:
            clusters.join(a, b)
    for place, row in enumerate(rows):
        row["group"] = f"g{clusters.of(place)}"


def _runs(row: Mapping[str, Any]) -> set[tuple[str, ...]]:
    texts = [words(str(row.get(name) or "")) for name in ("quote", "context")]
    return {tuple(text[i : i + RUN]) for text in texts for i in range(len(text) - RUN + 1)}
