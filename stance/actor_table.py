"""The table of actors: its rows, in actors.csv or a CSV of the user's own, and their dates."""

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from stance.errors import ActorsError

COLUMNS = ("name", "family", "aliases", "office", "body", "side", "gender", "from", "to", "source")
SIDES = ("US", "China", "neutral")
FORMER_NAMES = {"start": "from", "end": "to"}
ISO = re.compile(r"(?:19|20)\d\d(?:-\d\d(?:-\d\d)?)?")


@dataclass(frozen=True, slots=True)
class Actor:
    """A person in one office, or a body. Dates are ISO, as exact as is known; empty where open.

    Of two who share a name, each has a word in brackets behind it, and the name itself as an alias.
    """

    name: str
    office: str  # as news would write it: "Chinese Foreign Ministry spokesman"
    family: str = ""  # what news calls the person on second mention
    aliases: str = ""  # other spellings, orders and short forms, separated by |
    body: str = ""
    side: str = ""
    gender: str = ""
    start: str = ""
    end: str = ""
    source: str = ""

    def held_on(self, date: str) -> bool:
        """Whether the office was held on an ISO date, compared as exactly as both are known."""
        begun = not self.start or self.start <= date or self.start.startswith(date)
        return begun and (not self.end or date[: len(self.end)] <= self.end)


def read_actors(path: Path) -> list[Actor]:
    """The rows of a CSV of actors; an ActorsError where it cannot be used.

    Columns: name and office are needed; family, aliases, body, side, gender, from, to, source may be there.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            return _rows(lines, str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise ActorsError(f"{path} cannot be read as a UTF-8 text: {error}") from error


def iso_date(text: str) -> str:
    """What is surely known of a date: an ISO date as it is, else the year in the text, else nothing."""
    iso = re.match(r"\s*((?:19|20)\d\d(?:-\d\d(?:-\d\d)?)?)(?!\d)", text)
    year = iso or re.search(r"(?<!\d)((?:19|20)\d\d)(?!\d)", text)
    return year[1] if year else ""


def _rows(lines: Iterable[str], where: str) -> list[Actor]:
    reader = csv.reader(lines)
    columns = [FORMER_NAMES.get(name.strip(), name.strip()) for name in next(reader, [])]
    missing = [name for name in ("name", "office") if name not in columns]
    if missing:
        raise ActorsError(
            f"{where} has no column {' and no column '.join(missing)}; a table of actors has the "
            f"columns {', '.join(COLUMNS)}, of which name and office are needed."
        )
    places = [columns.index(name) if name in columns else -1 for name in COLUMNS]
    rows = []
    for cells in reader:
        if any(cells):
            given = [cells[place].strip() if 0 <= place < len(cells) else "" for place in places]
            rows.append(_actor(given, where, reader.line_num))
    return rows


def _actor(given: Sequence[str], where: str, line: int) -> Actor:
    name, family, aliases, office, body, side, gender, start, end, source = given
    if not (name and office):
        raise ActorsError(f"{where}, line {line}: name or office is empty. Fill in both.")
    if side and side not in SIDES:
        raise ActorsError(
            f"{where}, line {line}: side is {side!r}, but must be one of {', '.join(SIDES)} or empty."
        )
    for date in (start, end):
        if date and not ISO.fullmatch(date):
            raise ActorsError(
                f"{where}, line {line}: {date!r} is no date. Write 2019-10-09, 2019-10 or 2019."
            )
    if start and end and start[: len(end)] > end:
        raise ActorsError(
            f"{where}, line {line}: {name} leaves ({end}) before coming ({start}). Correct one of them."
        )
    return Actor(name, office, family, aliases, body, side, gender, start, end, source)


@cache
def shipped_rows() -> tuple[Actor, ...]:
    """The rows that come with stance."""
    text = resources.files("stance").joinpath("actors.csv").read_text(encoding="utf-8")
    return tuple(_rows(text.splitlines(), "actors.csv"))


def days_in(row: Actor, period: str) -> int:
    """For how much of a period an office was held, in days of a calendar of even months."""
    begins, ends = _number(period, first=True), _number(period, first=False)
    start = _number(row.start, first=True) if row.start else begins
    end = _number(row.end, first=False) if row.end else ends
    return min(ends, end) - max(begins, start)


def _number(date: str, *, first: bool) -> int:
    year, month, day = ([int(part) for part in date.split("-")] + [0, 0])[:3]
    return year * 372 + (month or (1 if first else 12)) * 31 + (day or (1 if first else 31))
