"""Who speaks on US–China matters, in which office and when: the facts in actors.csv."""

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import cache
from importlib import resources
from pathlib import Path

from stance.errors import ActorsError

HONORIFICS = frozenset("mr mrs ms miss dr sir madam".split())


@dataclass(frozen=True, slots=True)
class Actor:
    """One person in one office. Dates are ISO, as exact as is known; empty where open."""

    name: str
    aliases: str  # other spellings and short forms, separated by |
    office: str  # as news would write it: "Chinese Foreign Ministry spokesman"
    side: str
    start: str
    end: str

    def held_on(self, date: str) -> bool:
        """Whether the office was held on an ISO date, compared as exactly as both are known."""
        begun = not self.start or self.start <= date or self.start.startswith(date)
        return begun and (not self.end or date[: len(self.end)] <= self.end)


COLUMNS = tuple(field.name for field in fields(Actor))


class Actors:
    """Finds the office that belongs to a bare name."""

    def __init__(self, rows: Iterable[Actor]) -> None:
        self._by_name: dict[str, list[Actor]] = {}
        for actor in rows:
            for name in (actor.name, *actor.aliases.split("|")):
                if name.strip():
                    self._by_name.setdefault(_key(name), []).append(actor)

    @classmethod
    def shipped(cls, extra: Path | None = None) -> "Actors":
        """The table that comes with stance, after the rows of ``extra``, a CSV of the user's own."""
        return cls([*read_actors(extra), *_shipped_rows()]) if extra else _shipped_actors()

    def written_out(self, speaker: str, *, date: str | None = None) -> str:
        """A bare known name → name and office; everything else, and a name of two people, unchanged."""
        found = self._by_name.get(_key(speaker), [])
        if day := iso_date(date or ""):
            found = [actor for actor in found if actor.held_on(day)]
        if not found or len({actor.name for actor in found}) > 1:
            return speaker
        return f"{found[0].name}, {found[0].office}"


def iso_date(text: str) -> str:
    """What is surely known of a date: an ISO date as it is, else the year in the text, else nothing."""
    iso = re.match(r"\s*((?:19|20)\d\d(?:-\d\d(?:-\d\d)?)?)(?!\d)", text)
    year = iso or re.search(r"(?<!\d)((?:19|20)\d\d)(?!\d)", text)
    return year[1] if year else ""


def read_actors(path: Path) -> list[Actor]:
    """The rows of a CSV with the columns name, aliases, office, side, start, end; or an ActorsError."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            return _rows(lines, str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise ActorsError(f"{path} cannot be read as a UTF-8 text: {error}") from error


def _rows(lines: Iterable[str], where: str) -> list[Actor]:
    reader = csv.DictReader(lines)
    missing = [name for name in ("name", "office") if name not in (reader.fieldnames or ())]
    if missing:
        raise ActorsError(
            f"{where} has no column {' and no column '.join(missing)}; a table of actors has the "
            f"columns {', '.join(COLUMNS)}, of which name and office are needed."
        )
    rows = []
    for row in reader:
        actor = Actor(**{column: (row.get(column) or "").strip() for column in COLUMNS})
        if not (actor.name and actor.office):
            raise ActorsError(f"{where}, line {reader.line_num}: name or office is empty.")
        rows.append(actor)
    return rows


@cache
def _shipped_actors() -> Actors:
    return Actors(_shipped_rows())


@cache
def _shipped_rows() -> tuple[Actor, ...]:
    text = resources.files("stance").joinpath("actors.csv").read_text(encoding="utf-8")
    return tuple(_rows(text.splitlines(), "actors.csv"))


def _key(name: str) -> str:
    found = re.findall(r"[^\W_]+(?:['’-][^\W_]+)*", name.casefold().replace("’s", "").replace("'s", ""))
    return " ".join(word for word in found if word not in HONORIFICS)
