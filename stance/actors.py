"""Who speaks on US–China matters, in which office and when: looks names up in the table of actors."""

import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache, cached_property
from pathlib import Path

from stance.actor_table import Actor, days_in, iso_date, read_actors, shipped_rows
from stance.lexicon import PREPOSITIONS, TITLES

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
        return cls([*own, *(actor for actor in shipped_rows() if actor.name not in names)])

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

    @cached_property
    def genders(self) -> dict[str, str]:
        """Name of a person, as the table spells it → f or m, nothing where it is not known or differs."""
        found: dict[str, str] = {}
        for rows in self._rows.values():
            person = rows[0]
            forms = (person.name, *person.aliases.split("|")) if person.family else ()
            for form in filter(None, forms):
                found[form] = person.gender if found.get(form, person.gender) == person.gender else ""
        return found

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


def _foremost(rows: Sequence[Actor], day: str | None) -> Actor:
    """The row that counts: the office held for most of a day, month or year, else the present or last one."""
    if day:
        return max(rows, key=lambda row: (days_in(row, day), row.start))
    return max(rows, key=lambda row: (not row.end, row.start if not row.end else row.end))


def _beside(speaker: str, name: str) -> list[str]:
    """The words of a speaker that are not the name: a title, an office."""
    known = _key(name.partition(" (")[0]).split()
    return [word for word in _key(speaker).split() if word not in known]


def _fits(title: Iterable[str], office: str) -> bool:
    words = set(_key(office).split())
    return all(words & {word, *SAME_TITLES.get(word, "").split()} for word in title)


@cache
def _shipped_actors() -> Actors:
    return Actors(shipped_rows())


def _key(text: str) -> str:
    """A name in small letters, without accents, possessives, full stops, hyphens and honorifics."""
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text.replace("’", "'"))
        text = "".join(letter for letter in text if not unicodedata.combining(letter))
    words = text.casefold().translate(PLAIN).replace("'s ", " ").removesuffix("'s").split()
    if words and words[0] == "the":
        words = words[1:]
    return " ".join([word for word in words if word not in HONORIFICS])
