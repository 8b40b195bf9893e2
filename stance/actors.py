"""Who speaks on US–China matters, in which office and when: the facts in actors.csv."""

import csv
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from stance.errors import ActorsError
from stance.lexicon import PREPOSITIONS, TITLES

COLUMNS = ("name", "family", "aliases", "office", "body", "side", "gender", "from", "to", "source")
SIDES = ("US", "China", "neutral")
FORMER_NAMES = {"start": "from", "end": "to"}
HONORIFICS = frozenset("mr mrs ms miss dr sir madam lady lord".split())
# What a title in front of a name is called in an office: "Sen. Ann Roe", "US senator from Ohio".
SAME_TITLES = {
    "sen": "senator",
    "rep": "representative",
    "congressman": "representative",
    "congresswoman": "representative",
    "gov": "governor",
    "spokesperson": "spokesman spokeswoman spokesperson",
    "spokesman": "spokesman spokesperson",
    "spokeswoman": "spokeswoman spokesperson",
    "gen": "general commander chief chairman",
    "general": "general commander chief chairman attorney secretary-general",
    "adm": "admiral commander chief",
    "admiral": "admiral commander chief",
    "ceo": "executive",
    "chair": "chair chairman chairwoman",
    "premier": "premier minister",
}
IDLE = frozenset("the a an former then us american chinese china china's vice deputy acting top senior".split())


@dataclass(frozen=True, slots=True)
class Actor:
    """A person in one office, or a body. Dates are ISO, as exact as is known; empty where open."""

    name: str  # of two who share a name, each has a word in brackets behind it and the name itself as an alias
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


class Actors:
    """Finds the office that belongs to a name."""

    def __init__(self, rows: Iterable[Actor]) -> None:
        self._rows: dict[str, list[Actor]] = {}
        self._names: dict[str, list[str]] = {}  # key of a name or alias → the names it can mean
        self._families: dict[str, list[str]] = {}
        for actor in rows:
            known = self._rows.setdefault(actor.name, [])
            if not known:
                for form in {_key(form): None for form in (actor.name, *actor.aliases.split("|")) if form}:
                    self._names.setdefault(form, []).append(actor.name)
                if actor.family:
                    self._families.setdefault(_key(actor.family), []).append(actor.name)
            known.append(actor)

    @classmethod
    def shipped(cls, extra: Path | None = None) -> "Actors":
        """The table that comes with stance, after the rows of ``extra``, a CSV of the user's own."""
        if extra is None:
            return _shipped_actors()
        own = read_actors(extra)
        names = {actor.name for actor in own}
        return cls([*own, *(actor for actor in _shipped_rows() if actor.name not in names)])

    def find(self, speaker: str, *, date: str | None = None, context: str | None = None) -> Actor | None:
        """The row that a speaker's name meets; None where no name is known, or where two people share it.

        speaker: a bare name, a title and a name, or a name with an apposition. date: decides between
        people and between the offices of one; without it the present or last office counts. context: text
        that may tell the full name.
        """
        day = iso_date(date or "")
        found = {name: rows for name in self._named(speaker, context) if (rows := self._held(name, day))}
        if len(found) > 1 and context:
            there = _key(context)
            found = {name: rows for name, rows in found.items() if f" {_key(name)} " in f" {there} "}
        return _foremost(next(iter(found.values())), day) if len(found) == 1 else None

    def written_out(self, speaker: str, *, date: str | None = None, context: str | None = None) -> str:
        """A known name → name and office; everything else, and a name of two people, unchanged."""
        actor = self.find(speaker, date=date, context=context)
        if actor is None:
            return speaker
        day = iso_date(date or "")
        office = f"former {actor.office}" if day and not actor.held_on(day) else actor.office
        told = set(_key(speaker).split())
        return speaker if set(_key(office).split()) <= told else f"{speaker}, {office}"

    def gender_of(self, name: str) -> str:
        """f or m of a person with this name, nothing where it is not known or differs."""
        genders = {self._rows[one][0].gender for one in self._names.get(_key(name), ())}
        return genders.pop() if len(genders) == 1 else ""

    def _named(self, speaker: str, context: str | None) -> Sequence[str]:
        """The names that a speaker can mean."""
        for text in dict.fromkeys((speaker, speaker.partition(",")[0])):
            words = _key(text).split()
            whole = self._names.get(" ".join(words))
            if whole:
                return whole
            for first in range(1, len(words) - 1):
                found = self._names.get(" ".join(words[first:]))
                if found and words[first - 1] not in PREPOSITIONS and self._rows[found[0]][0].family:
                    return found
            found = self._titled(words) or self._in_context(words, context)
            if found:
                return found
        return ()

    def _titled(self, words: list[str]) -> list[str]:
        """ "Foreign Minister Wang" → those of that family name whose office has the words of the title."""
        for first in range(1, len(words)):
            bearers = self._families.get(" ".join(words[first:]), ())
            title = [word for word in words[:first] if word not in IDLE]
            if bearers and title and any(word in TITLES or word in SAME_TITLES for word in title):
                return [name for name in bearers if any(_fits(title, row.office) for row in self._rows[name])]
        return []

    def _in_context(self, words: list[str], context: str | None) -> list[str]:
        """A family name alone → the bearer whose full name the context has."""
        bearers = self._families.get(" ".join(words), ())
        if not context or not bearers:
            return []
        there = f" {_key(context)} "
        return [name for name in bearers if f" {_key(name)} " in there]

    def _held(self, name: str, day: str | None) -> list[Actor]:
        """The rows of a person that can count on a day: those held, else those held before."""
        rows = self._rows[name]
        if not day:
            return rows
        held = [row for row in rows if row.held_on(day)]
        return held or [row for row in rows if row.end and row.end < day]


def read_actors(path: Path) -> list[Actor]:
    """The rows of a CSV of actors; an ActorsError where it cannot be used.

    Columns: name and office are needed; family, aliases, body, side, gender, from, to, source may be there.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            return _rows(lines, str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise ActorsError(f"{path} cannot be read as a UTF-8 text: {error}") from error


def iso_date(text: str) -> str | None:
    """The date in a text as exactly as it is known: ISO, else its year; None where there is no year."""
    if match := re.search(r"\b(?:19|20)\d\d-\d\d(?:-\d\d)?\b", text):
        return match[0]
    match = re.search(r"\b(?:19|20)\d\d\b", text)
    return match[0] if match else None


def _rows(lines: Iterable[str], where: str) -> list[Actor]:
    reader = csv.DictReader(lines)
    columns = [FORMER_NAMES.get(name, name) for name in reader.fieldnames or ()]
    missing = [name for name in ("name", "office") if name not in columns]
    if missing:
        raise ActorsError(
            f"{where} has no column {' and no column '.join(missing)}; a table of actors has the "
            f"columns {', '.join(COLUMNS)}, of which name and office are needed."
        )
    reader.fieldnames = columns
    return [_actor(row, f"{where}, line {reader.line_num}") for row in reader]


def _actor(row: dict[str, str], where: str) -> Actor:
    cells = {column: (row.get(column) or "").strip() for column in COLUMNS}
    if not (cells["name"] and cells["office"]):
        raise ActorsError(f"{where}: name or office is empty. Fill in both.")
    if cells["side"] and cells["side"] not in SIDES:
        raise ActorsError(f"{where}: side is {cells['side']!r}, but must be one of {', '.join(SIDES)} or empty.")
    for column in ("from", "to"):
        if cells[column] and iso_date(cells[column]) != cells[column]:
            raise ActorsError(f"{where}: {column} is {cells[column]!r}, but must be a date such as 2019-10-09 or 2019.")
    start, end = cells.pop("from"), cells.pop("to")
    return Actor(**cells, start=start, end=end)


def _foremost(rows: Sequence[Actor], day: str | None) -> Actor:
    """The row that counts: on a day the office that began last, else the present or the last one."""
    if day:
        return max(rows, key=lambda row: row.start)
    return max(rows, key=lambda row: (not row.end, row.start if not row.end else row.end))


def _fits(title: Iterable[str], office: str) -> bool:
    words = set(_key(office).split())
    return all(words & {word, *SAME_TITLES.get(word, "").split()} for word in title)


@cache
def _shipped_actors() -> Actors:
    return Actors(_shipped_rows())


@cache
def _shipped_rows() -> tuple[Actor, ...]:
    text = resources.files("stance").joinpath("actors.csv").read_text(encoding="utf-8")
    return tuple(_rows(text.splitlines(), "actors.csv"))


def _key(text: str) -> str:
    """A name in small letters, without accents, possessives, full stops, hyphens and honorifics."""
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text.replace("’", "'"))
        text = "".join(letter for letter in text if not unicodedata.combining(letter))
    text = text.casefold().replace("'s ", " ").replace(".", "").replace("-", " ")
    words = re.findall(r"[^\W_]+(?:'[^\W_]+)*", text.removesuffix("'s"))
    if words and words[0] == "the":
        words = words[1:]
    return " ".join(word for word in words if word not in HONORIFICS)
