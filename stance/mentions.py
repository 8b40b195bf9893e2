"""The people whom the sentences of an article mention, and what each sentence is about."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from stance.cues import subject
from stance.forms import Name
from stance.lexicon import (
    ADVERBS,
    DETERMINERS,
    FAMILY_NAMES,
    GENDERED_TITLES,
    PLACES,
    POSSESSIVES,
    PREPOSITIONS,
    PRONOUNS,
    TIMES,
    TITLES,
    given_names,
    role_nouns,
    verb_forms,
)
from stance.names import Names
from stance.phrases import Phrase, after
from stance.surroundings import BLANK, CLOSING, sentences
from stance.words import Words, is_name

NAME = re.compile(
    r"[A-Z][\w’'-]*+(?:\.(?= ?[A-Z]))?"
    r"(?: (?:(?:de|von|van|bin|al|der|la|del|da) )?[A-Z][\w’'-]*+(?:\.(?= [A-Z]))?)*"
)
NOT_BEFORE_PEOPLE = frozenset("the in at near above across outside inside".split())
PLACE_NOUNS = frozenset(
    "county road avenue boulevard highway island islands sea strait straits university peninsula reef shoal "
    "basin canal airport province prefecture archipelago stadium cathedral".split()
)
NOT_NAMES = PREPOSITIONS | DETERMINERS | POSSESSIVES | PRONOUNS | TIMES | ADVERBS | frozenset(("here", "yes"))


@dataclass(frozen=True, slots=True)
class Mention:
    """A name in a sentence that could be a person's."""

    place: int
    name: Name
    title: str
    gender: str
    first: bool  # whether it opens its sentence
    sure: bool  # whether it surely is a person


class Mentions:
    """Finds who is mentioned in the paragraphs of one article, each looked at once."""

    def __init__(self, article: str, names: Names) -> None:
        self._article = article
        self._names = names
        self._paragraphs: dict[int, tuple[int, list[list[Mention]]]] = {}

    def lines_before(self, place: int, most: int) -> list[int]:
        """Where the lines that hold text begin, from that of a place upwards."""
        starts: list[int] = []
        end = place
        while len(starts) < most and end > 0:
            start = self._article.rfind("\n", 0, end) + 1
            if self._article[start:end].strip():
                starts.append(start)
            end = start - 1
        return [start for start in starts if start >= self._names.body]

    def line_of(self, place: int) -> int:
        """Where the line of a place begins."""
        return self._article.rfind("\n", 0, place) + 1

    def end_of(self, line: int) -> int:
        """Where the line that begins here ends."""
        end = self._article.find("\n", line)
        return len(self._article) if end < 0 else end

    def in_paragraph(self, line: int, end: int) -> list[list[Mention]]:
        """The names in a paragraph outside quotations, sentence by sentence, up to a place."""
        known, mentions = self._paragraphs.get(line, (line, []))
        if known < end:
            spans = sentences(self._article, known, end)
            if spans and not self._article[slice(*spans[-1])].strip(CLOSING + BLANK):
                spans.pop()
            fresh = [self._in_sentence(*span) for span in spans]
            if mentions and fresh and known > line:
                mentions[-1] += fresh.pop(0)
            mentions += fresh
            self._paragraphs[line] = end, mentions
        return mentions

    def between(self, start: int, end: int) -> Iterator[Mention]:
        """The mentions between two places, the nearest paragraph first."""
        line = self.line_of(end)
        while True:
            for sentence in self.in_paragraph(line, min(end, self.end_of(line))):
                yield from (mention for mention in sentence if start <= mention.place < end)
            if line <= start:
                return
            line = self.line_of(line - 1)

    def subjects(self, place: int) -> list[tuple[str, Words, Phrase]]:
        """The subjects of the sentences before a place, the nearest first."""
        found = []
        for line in self.lines_before(place, 2):
            end = min(place, self.end_of(line))
            for begin, _ in reversed(sentences(self._article, line, end)):
                if self._names.quoted(begin + 1) or begin >= end:
                    continue
                words = Words(self._article, begin, min(end, begin + 150))
                phrase = subject(words)
                if phrase and words.low[phrase.first] not in PRONOUNS:
                    found.append((words.text(phrase.first, phrase.last), words, phrase))
        return found

    def _in_sentence(self, start: int, end: int) -> list[Mention]:
        found: list[Mention] = []
        for begin, close in self._names.outside(start, end):
            pronouns = [
                Mention(place, (), "", gender, first=True, sure=True)
                for pronoun, gender in ((" he ", "m"), (" she ", "f"), ("He ", "m"), ("She ", "f"))
                if (place := self._article.find(pronoun, begin, close)) >= 0
                and not (pronoun[0] == "H" and self._is_family_name(place))
            ]
            earliest = min((mention.place for mention in pronouns), default=end)
            noun = self.human_noun(begin, close)
            taken = bool(found or noun)
            for match in NAME.finditer(self._article, begin, close):
                opening = not taken and match.start() < earliest
                adjunct = opening and self._in_adjunct(begin, match.start())
                mention = self.mention(match, opening=opening and not adjunct)
                if mention:
                    found.append(mention)
                    taken = taken or not adjunct
            if noun and not any(mention.place < noun.place + len(noun.name[0]) for mention in found):
                found.insert(0, noun)
            if pronouns:
                found = sorted([*found, *pronouns], key=lambda mention: mention.place)
        return found

    def _in_adjunct(self, start: int, place: int) -> bool:
        """Whether nothing but prepositions leads up to a name: "As for Ann Roe, Jo Poole said"."""
        before = self._article[start:place].lower().split()
        return 0 < len(before) < 3 and all(word in PREPOSITIONS for word in before)

    def _is_family_name(self, place: int) -> bool:
        """Whether "He" is a name here: "Liu He", "He Lifeng"."""
        return (
            self._article[place + 3 : place + 4].isupper() or self._article[place - 2 : place - 1].isalpha()
        )

    def human_noun(self, start: int, end: int) -> Mention | None:
        """A person without a name with whom a sentence opens: "A senior official", "His mother"."""
        first = self._article[start : start + 9].partition(" ")[0]
        if not first[:1].isupper() or not (first.lower() in DETERMINERS or first.lower() in POSSESSIVES):
            return None
        words = Words(self._article, start, min(end, start + 80))
        phrase = after(words, 0, len(words.word))
        if not phrase or is_name(words.word[phrase.last - 1]):
            return None
        if phrase.end > phrase.last + 1 and is_name(words.word[phrase.last + 1]):
            return None  # "His wife, Ann Roe," is found by the name
        kind, gender = role_nouns().get(words.low[phrase.last - 1], ("", ""))
        kinds = [role_nouns()[low] for low in words.low[: phrase.last] if low in role_nouns()]
        if kind != "person" and not (kinds and kinds[0][0] == "person"):
            return None
        gender = gender or (kinds[0][1] if kinds else "")
        # "The governor" may be somebody named, of whatever gender.
        sure = bool(gender) or words.low[0] != "the"
        return Mention(words.span(0, 1)[0], (words.text(0, phrase.last),), "", gender, first=True, sure=sure)

    def mention(self, match: re.Match[str], *, opening: bool) -> Mention | None:
        """A name as a mention of a person; None where it is none, or only describes a noun behind it."""
        text, (start, end) = match[0], match.span()
        if text.lower() in NOT_NAMES:
            return None
        possessive = text[-2:] in ("’s", "'s")
        words = (text[:-2] if possessive else text).split(" ")
        owned = (
            max((i for i, word in enumerate(words[:-1], 1) if word[-2:] in ("’s", "'s")), default=0)
            if " " in text
            else 0
        )
        if owned or words[0].lower() in NOT_NAMES:
            words = words[owned or 1 :]
        title = ""
        while len(words) > 1 and words[0].lower().rstrip(".") in TITLES:
            title = words.pop(0).lower().rstrip(".")
        if not words or words[0].lower() in NOT_NAMES:
            return None
        key = words[-1]
        if (key.isupper() and len(key) < 5) or key.lower() in PLACES:
            return None
        previous = self._article[max(0, start - 16) : start].rstrip(" ").rpartition(" ")[2].rstrip(",")
        noun = role_nouns().get(previous)
        human = noun is not None and noun[0] == "person"
        gender = (
            GENDERED_TITLES.get(title)
            or (noun[1] if noun and human else "")
            or next((given_names()[word] for word in words[:-1] if word in given_names()), "")
            or self._gender_of_surname(key, alone=len(words) == 1)
            or (self._names.people.get(words[0]) if words[0] in FAMILY_NAMES else None)
        )
        sure = gender is not None or bool(title)
        if key.lower() in PLACE_NOUNS and len(words) > 1:
            return None
        if not sure and (previous in NOT_BEFORE_PEOPLE or text.startswith("The ")):
            return None
        if human:
            sure, gender = True, gender or given_names().get(key)
        following = self._word_behind(end)
        roles = role_nouns()
        if len(words) == 1 and not title and roles.get(key.lower(), ("",))[0] == "people":
            return None  # "Delegates said"
        role = roles.get(following)
        if role and role[0] != "person" and not possessive:
            return None
        if len(words) > 1 and any(roles.get(word.lower(), ("",))[0] == "body" for word in words):
            return None
        speaks = not role and verb_forms().get(following, ("", ""))[1] == "finite"
        spoken = not noun and verb_forms().get(previous, ("", ""))[1] == "finite"
        if not sure and len(words) == 1 and not speaks:
            return None
        sure = sure or speaks or self._has_apposition(end)
        name = tuple(word for word in words if len(word) > 2 or "." not in word)[-3:]
        first = (opening or spoken) and not possessive
        return Mention(start, name, title, gender or "", first, sure) if name else None

    def _gender_of_surname(self, surname: str, *, alone: bool) -> str | None:
        """The gender of those with a surname; behind another given name only that it is a person's."""
        gender = self._names.people.get(surname)
        return gender if alone or gender is None else ""

    def _word_behind(self, end: int) -> str:
        article = self._article
        return (
            article[end + 1 : end + 24].partition(" ")[0].rstrip(",.;:")
            if article[end : end + 1] == " "
            else ""
        )

    def _has_apposition(self, end: int) -> bool:
        """Whether "a baker in Ohio" stands behind a comma."""
        if self._article[end : end + 2] != ", ":
            return False
        words = self._article[end + 2 : end + 50].split(" ", 6)[:6]
        return any(role_nouns().get(word.rstrip(",."), ("",))[0] == "person" for word in words)
