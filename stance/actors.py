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
    "china": "chinese",
    "american": "us",
    "america": "us",
    "japan": "japanese",
    "taiwan": "taiwanese taiwan's",
}
ISO = re.compile(r"(?:19|20)\d\d(?:-\d\d(?:-\d\d)?)?")
# Whoever is described so speaks about a body rather than for it: "an expert on the PLA".
OUTSIDERS = frozenset(
    "who that critic critics analyst expert scholar specialist watcher historian researcher professor "
    "lecturer author biographer journalist reporter lawyer attorney victim against by suing sanctioned "
    "former ex retired dissident activist contractor supplier".split()
)
LONGEST = 7  # words in the name of a body inside a description
DESCRIBED = 3  # words beside a name from which on the speaker counts as described
PLAIN = {ord("."): "", ord("’"): "'"} | dict.fromkeys(map(ord, '-–—‑,;:()[]{}"“”!?*/&_\xa0'), " ")
IDLE = frozenset(
    "the a an former then us american chinese china china's vice deputy acting top senior".split()
)


@dataclass(frozen=True, slots=True)
class Actor:
    """A person in one office, or a body. Dates are ISO, as exact as is known; empty where open."""

    name: (
        str  # of two who share a name, each has a word in brackets behind it and the name itself as an alias
    )
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
        self._bodies: dict[str, Actor] = {}  # those of the two sides, by the keys of their names
        for actor in rows:
            known = self._rows.setdefault(actor.name, [])
            if not known:
                for form in {_key(form): None for form in (actor.name, *actor.aliases.split("|")) if form}:
                    self._names.setdefault(form, []).append(actor.name)
                    if not actor.family and actor.side in ("US", "China"):
                        self._bodies.setdefault(form, actor)
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
        names = self._named(speaker, context)
        found = {name: rows for name in names if (rows := self._held(name, day))}
        if len(found) > 1 and context:
            there = f" {_key(context)} "
            found = {name: rows for name, rows in found.items() if f" {_key(name)} " in there}
        if len(found) != 1:
            return None
        name, rows = next(iter(found.items()))
        told = [word for word in _beside(speaker, name) if word not in IDLE]
        return _foremost([row for row in rows if told and _fits(told, row.office)] or rows, day)

    def written_out(self, speaker: str, *, date: str | None = None, context: str | None = None) -> str:
        """A known name → name and office; everything else, and a name of two people, unchanged.

        So is a speaker who is described at length already: with the office, or with words enough. Somebody
        unnamed of a body of the two sides is told with what the body is: "a MOFCOM official".
        """
        actor = self.find(speaker, date=date, context=context)
        if actor is None:
            body = self._body_of(speaker)
            return f"{speaker}, {body.office}" if body else speaker
        day = iso_date(date or "")
        office = f"former {actor.office}" if day and not actor.held_on(day) else actor.office
        if not actor.family:
            return f"{speaker}, {office}"
        name = actor.name.partition(" (")[0]
        beside = _beside(speaker, name)
        if len(beside) < DESCRIBED:
            return f"{name}, {office}"
        return speaker if _fits(beside, office) else f"{speaker}, {office}"

    def _body_of(self, speaker: str) -> Actor | None:
        """The body with the longest name among the words of a speaker, where none of them is an office's."""
        words = _key(speaker).split()
        if not OUTSIDERS.isdisjoint(words):
            return None
        for length in range(min(len(words), LONGEST), 0, -1):
            for first in range(len(words) - length + 1):
                body = self._bodies.get(" ".join(words[first : first + length]))
                if body:
                    return None if _fits(_key(body.office).split(), speaker) else body
        return None

    def is_person(self, name: str) -> bool | None:
        """Whether a full name or alias is a person's; None where the table does not have it."""
        found = self._names.get(_key(name))
        return bool(self._rows[found[0]][0].family) if found else None

    def gender_of(self, name: str) -> str:
        """f or m of a person with this name, nothing where it is not known or differs."""
        genders = {self._rows[one][0].gender for one in self._names.get(_key(name), ())}
        return genders.pop() if len(genders) == 1 else ""

    def _named(self, speaker: str, context: str | None) -> Sequence[str]:
        """The names that a speaker can mean: all of the words, those behind a title, a family name."""
        for text in dict.fromkeys((speaker, speaker.partition(",")[0])):
            words = _key(text).split()
            for first in range(len(words)):
                found = self._names.get(" ".join(words[first:]), [])
                if found and first == 0:
                    return found
                several = len(words) - first > 1 and words[first - 1] not in PREPOSITIONS
                if found and several and self._rows[found[0]][0].family:
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
            if bearers and any(word in TITLES or word in SAME_TITLES for word in title):
                return [one for one in bearers if any(_fits(title, row.office) for row in self._rows[one])]
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


def _foremost(rows: Sequence[Actor], day: str | None) -> Actor:
    """The row that counts: the office held for most of a day, month or year, else the present or last one."""
    if day:
        return max(rows, key=lambda row: (_days_in(row, day), row.start))
    return max(rows, key=lambda row: (not row.end, row.start if not row.end else row.end))


def _days_in(row: Actor, period: str) -> int:
    """For how much of a period an office was held, in days of a calendar of even months."""
    begins, ends = _number(period, first=True), _number(period, first=False)
    start = _number(row.start, first=True) if row.start else begins
    end = _number(row.end, first=False) if row.end else ends
    return min(ends, end) - max(begins, start)


def _number(date: str, *, first: bool) -> int:
    year, month, day = ([int(part) for part in date.split("-")] + [0, 0])[:3]
    return year * 372 + (month or (1 if first else 12)) * 31 + (day or (1 if first else 31))


def _beside(speaker: str, name: str) -> list[str]:
    """The words of a speaker that are not the name: a title, an office."""
    known = _key(name.partition(" (")[0]).split()
    return [word for word in _key(speaker).split() if word not in known]


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
    words = text.casefold().translate(PLAIN).replace("'s ", " ").removesuffix("'s").split()
    if words and words[0] == "the":
        words = words[1:]
    return " ".join([word for word in words if word not in HONORIFICS])
