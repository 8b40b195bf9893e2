"""Whom a pronoun, a bare noun or a label means: people and bodies that the article has named."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from stance.cues import subject
from stance.lexicon import (
    ADVERBS,
    AUXILIARIES,
    DETERMINERS,
    GENDERED_TITLES,
    IRREGULAR_PASTS,
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
from stance.names import Name, Names, Span, agrees, clean, name_of, shortened, worth
from stance.phrases import Phrase, after, ending
from stance.surroundings import sentences
from stance.words import Words, is_name

NAME = re.compile(
    r"[A-Z][\w’'-]*(?:\.(?= ?[A-Z]))?(?: (?:(?:de|von|van|bin|al|der|la|del|da) )?[A-Z][\w’'-]*(?:\.(?= [A-Z]))?)*"
)
NOT_NAMES = PREPOSITIONS | DETERMINERS | POSSESSIVES | PRONOUNS | TIMES | ADVERBS | frozenset(("here", "yes"))
FEMALE = frozenset("she her".split())
SUBJECT, MENTION, AGAIN = 180.0, 100.0, 120.0
PARAGRAPHS = 4
NOUNS = 12  # mentions of a noun that are looked at
LONG_GAP = 1500  # characters
LAST_SPEAKER = 200.0
UNSURE = 0.5  # of the weight where nothing tells the gender, or that it is a person
REACH = 4  # sentences in which an antecedent is looked for


@dataclass(frozen=True, slots=True)
class Mention:
    """A name in a sentence that could be a person's."""

    place: int
    name: Name
    title: str
    gender: str
    first: bool  # whether it opens its sentence
    sure: bool  # whether it surely is a person


@dataclass(slots=True)
class Last:
    """The speaker of the quotation before: the form of the name, and where that quotation ends."""

    name: str | None = None
    end: int = -1


class Resolver:
    """Resolves what stands for a name, within one article."""

    def __init__(self, article: str, spans: Sequence[Span]) -> None:
        self._article = article
        self.names = Names(article, spans)
        self._genders: dict[str, str] = {}  # of speakers whom a pronoun has meant
        self._named: dict[str, str] = {}
        self._introduced: dict[Name, str] = {}  # full names with their office, as speakers were introduced
        self._paragraphs: dict[int, tuple[int, list[list[Mention]]]] = {}

    def named(self, words: Words, phrase: Phrase) -> str:
        """The fullest form of what a phrase names, as the article has it so far; else the phrase."""
        place = words.span(phrase.first, phrase.first + 1)[0]
        here = self.names.without_dateline(place, shortened(clean(words.text(phrase.first, phrase.end))))
        if here not in self._named:
            self._named[here] = self._fullest(words, phrase, here)
        return self._named[here]

    def _fullest(self, words: Words, phrase: Phrase, here: str) -> str:
        name = name_of(words, phrase) or _name_behind(words, phrase)
        if not name:
            return self._by_role(words, phrase, words.span(phrase.first, phrase.first + 1)[0]) or here
        title = words.low[phrase.first].rstrip(".")
        if len(name) > 1 and _tells_office(words, phrase):
            self._introduced[name] = here
            return here
        known = [text for full, text in self._introduced.items() if agrees(full, name)]
        if len(known) == 1 and (title not in GENDERED_TITLES or len(name) > 1):
            return known[0]
        fullest = self.names.fullest(name, title, words.span(phrase.first, phrase.first + 1)[0])
        return max(here, fullest, key=worth) if fullest else here

    def behind_label(self, label: str, place: int) -> str:
        """ "MR. HALE" → the fullest form of the name in the article, else the label as it stands."""
        words = label.replace(".", "").split()
        key = words[-1]
        key = key.title() if key.isupper() and len(key) > 1 else key
        fullest = self.names.fullest((key,), words[0].lower(), place)
        return fullest if len(fullest.split()) > len(label.split()) else label

    def introduced(self, place: int) -> str | None:
        """The person whom the text before an interview names, if it names just one."""
        people: list[Mention] = []
        for line in self._lines_before(place, 6):
            for mention in (one for sentence in self._mentions(line, self._end_of(line)) for one in sentence):
                before = self._article[max(0, mention.place - 6) : mention.place].split()
                if before and before[-1] in ("to", "by", "with"):
                    continue
                if mention.name and not any(agrees(mention.name, known.name) for known in people):
                    people.append(mention)
        sure = [person for person in people if person.sure] or people
        return self._form(sure[0], place) if len(sure) == 1 else None

    def could_be(self, words: Words, phrase: Phrase, pronoun: str) -> bool:
        """Whether a phrase is one that a pronoun behind it in its sentence can mean."""
        name = name_of(words, phrase)
        low = words.low[phrase.first : phrase.last]
        kinds = [role_nouns()[word] for word in low if word in role_nouns()]
        if pronoun in ("it", "its"):
            return not any(kind == "person" for kind, _ in kinds) and (bool(name) or bool(kinds))
        if pronoun in ("they", "their"):
            return bool(name) or bool(kinds)
        wanted = "f" if pronoun in FEMALE else "m"
        title = low[0].rstrip(".")
        person = any(kind == "person" for kind, _ in kinds)
        if name and (person or self.names.is_human(name, title)):
            return self.names.gender(name, title) in ("", wanted)
        return person and not name and all(gender in ("", wanted) for _, gender in kinds)

    def meant_by(self, pronoun: str, place: int, last: Last) -> str | None:
        """Whom a pronoun means, of the people or bodies of the sentences before it; None where nobody fits.

        Salience as in Lappin and Leass (1994), An algorithm for pronominal anaphora resolution, without a
        parser as in Kennedy and Boguraev (1996): a subject counts more, a sentence further away half as much.
        """
        if pronoun in ("it", "its", "they", "their"):
            return self._body_meant(place, last, plural=pronoun in ("they", "their"))
        wanted = "f" if pronoun in FEMALE else "m"
        found = (
            last.name if self._undisturbed(last, place, wanted) else self._most_salient(wanted, place, last)
        )
        if found:
            self._genders.setdefault(found, wanted)
        return found

    def _most_salient(self, wanted: str, place: int, last: Last) -> str | None:
        scores: dict[Name, float] = {}
        people: dict[Name, Mention] = {}
        for sentence in self._sentences_before(place):
            for name in scores:
                scores[name] /= 2
            for mention in sentence:
                if mention.place < place:
                    self._weigh(mention, wanted, scores, people)
        self._add_last(scores, wanted, place, last)
        if not scores:
            return last.name if last.name and self._fits(last.name, wanted) else None
        best = max(scores, key=lambda key: scores[key])
        return self._form(people[best], place) if best in people else last.name

    def _sentences_before(self, place: int) -> list[list[Mention]]:
        """The mentions in the sentences before a place, at most REACH, in text order."""
        found: list[list[Mention]] = []
        for line in self._lines_before(place, PARAGRAPHS):
            found = [*self._mentions(line, min(place, self._end_of(line)))[-REACH:], *found]
            if len(found) >= REACH:
                break
        return found[-REACH:]

    def _weigh(
        self, mention: Mention, wanted: str, scores: dict[Name, float], people: dict[Name, Mention]
    ) -> None:
        """Adds a mention to the salience of its person; a pronoun to that of the one it most likely means."""
        if not mention.name:
            if scores and mention.gender == wanted:
                scores[max(scores, key=lambda key: scores[key])] += AGAIN
            return
        if mention.gender not in ("", wanted):
            return
        weight = SUBJECT if mention.first else MENTION
        weight *= (1 if mention.gender else UNSURE) * (1 if mention.sure else UNSURE)
        key = next((known for known in scores if agrees(known, mention.name)), mention.name)
        scores[key] = scores.get(key, 0) + weight
        people[key] = mention

    def _add_last(self, scores: dict[Name, float], wanted: str, place: int, last: Last) -> None:
        name = _name_in(last.name) if last.name else ()
        if not last.name or not name or not self._has_gender(last.name, wanted):
            return
        between = self._article.count(". ", last.end, place) + self._article.count("\n\n", last.end, place)
        key = next((known for known in scores if agrees(known, name)), name)
        scores[key] = scores.get(key, 0) + LAST_SPEAKER * 0.5 ** min(between, REACH)

    def _has_gender(self, text: str, wanted: str) -> bool:
        if text in self._genders:
            return self._genders[text] == wanted
        name, title = _name_in(text), text.partition(" ")[0].lower().rstrip(".")
        gender = self.names.gender(name, title) if name else "none"
        return gender == wanted or (not gender and self._is_person(text, name, title))

    def _is_person(self, text: str, name: Name, title: str) -> bool:
        nouns = (role_nouns().get(word.lower().rstrip(","), ("",))[0] for word in text.split())
        return "person" in nouns or self.names.is_human(name, title)

    def _undisturbed(self, last: Last, place: int, wanted: str) -> bool:
        """Whether nobody else who could be meant is named between the last quotation and a pronoun."""
        if not last.name or not 0 <= last.end < place or place - last.end > LONG_GAP:
            return False
        if not self._has_gender(last.name, wanted):
            return False
        speaker = _name_in(last.name)
        for begin, close in self.names.outside(last.end, place):
            for match in NAME.finditer(self._article, begin, close):
                mention = self._mention(match, opening=True)
                if not mention or agrees(mention.name, speaker):
                    continue
                if mention.gender in ("", wanted):
                    return False
        return True

    def _fits(self, text: str, wanted: str) -> bool:
        """Whether a speaker without a name, such as "a spokeswoman", can be meant."""
        nouns = [role_nouns()[word] for word in text.lower().replace(",", "").split() if word in role_nouns()]
        return any(kind == "person" and gender in ("", wanted) for kind, gender in nouns)

    def _form(self, mention: Mention, place: int) -> str:
        here = " ".join(mention.name)
        if " " in mention.name[0]:
            words = Words(self._article, mention.place, mention.place + len(here))
            return self.named(words, Phrase(0, len(words.word), len(words.word)))
        known = [text for full, text in self._introduced.items() if agrees(full, mention.name)]
        if len(known) == 1:
            return known[0]
        fullest = self.names.fullest(mention.name, mention.title, place)
        return max(here, fullest, key=worth) if fullest else here

    def _lines_before(self, place: int, most: int) -> list[int]:
        """Where the lines that hold text begin, from that of a place upwards."""
        starts: list[int] = []
        end = place
        while len(starts) < most and end > 0:
            start = self._article.rfind("\n", 0, end) + 1
            if self._article[start:end].strip():
                starts.append(start)
            end = start - 1
        return [start for start in starts if start >= self.names.body]

    def _end_of(self, line: int) -> int:
        end = self._article.find("\n", line)
        return len(self._article) if end < 0 else end

    def _mentions(self, line: int, end: int) -> list[list[Mention]]:
        """The names in a paragraph outside quotations, sentence by sentence, up to a place."""
        known, mentions = self._paragraphs.get(line, (line, []))
        if known < end:
            fresh = [self._in_sentence(*span) for span in sentences(self._article, known, end)]
            if mentions and fresh and known > line:
                mentions[-1] += fresh.pop(0)
            mentions += fresh
            self._paragraphs[line] = end, mentions
        return mentions

    def _in_sentence(self, start: int, end: int) -> list[Mention]:
        found: list[Mention] = []
        for begin, close in self.names.outside(start, end):
            pronouns = [
                Mention(place, (), "", gender, first=True, sure=True)
                for pronoun, gender in ((" he ", "m"), (" she ", "f"), ("He ", "m"), ("She ", "f"))
                if (place := self._article.find(pronoun, begin, close)) >= 0
            ]
            earliest = min((mention.place for mention in pronouns), default=end)
            noun = self._human_noun(begin, close)
            for match in NAME.finditer(self._article, begin, close):
                mention = self._mention(match, opening=not found and not noun and match.start() < earliest)
                if mention:
                    found.append(mention)
            if noun and not any(mention.place < noun.place + len(noun.name[0]) for mention in found):
                found.insert(0, noun)
            if pronouns:
                found = sorted([*found, *pronouns], key=lambda mention: mention.place)
        return found

    def _human_noun(self, start: int, end: int) -> Mention | None:
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
        return Mention(words.span(0, 1)[0], (words.text(0, phrase.last),), "", gender, first=True, sure=True)

    def _mention(self, match: re.Match[str], *, opening: bool) -> Mention | None:
        """A name as a mention of a person; None where it is none, or only describes a noun behind it."""
        text, (start, end) = match[0], match.span()
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
        gender = (
            GENDERED_TITLES.get(title)
            or given_names().get(words[0] if len(words) > 1 else "")
            or self.names.people.get(key)
        )
        sure = gender is not None or bool(title)
        previous = self._article[max(0, start - 16) : start].rstrip(" ").rpartition(" ")[2].rstrip(",")
        noun = role_nouns().get(previous)
        if noun and noun[0] == "person":
            sure, gender = True, gender or noun[1] or given_names().get(key)
        if not sure and len(words) == 1 and not opening:
            return None
        if (key.isupper() and len(key) < 5) or key.lower() in PLACES:
            return None
        following = self._word_behind(end)
        roles = role_nouns()
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

    def _body_meant(self, place: int, last: Last, *, plural: bool) -> str | None:
        """The body or group that "it" or "they" means: the last speaker, else the subject of a sentence."""
        if last.name and self._is_body(last.name, plural=plural, strictly=True) and place - last.end < 600:
            return last.name
        for text, words, phrase in self._subjects(place):
            if self._is_body(text, plural=plural):
                return self.named(words, phrase)
        return None

    def _is_body(self, text: str, *, plural: bool, strictly: bool = False) -> bool:
        """Whether a phrase names a body or a group; strictly: not by having no sign of a person alone."""
        words = text.replace(",", "").split()
        kinds = [role_nouns().get(word.lower(), ("", ""))[0] for word in words]
        if (
            "body" in kinds
            or (not plural and "text" in kinds)
            or (plural and "people" in kinds)
            or (plural and " and " in text)
        ):
            return True
        name = _name_in(text)
        if strictly and len(name) > 1 and not text.startswith(("The ", "the ")):
            return False
        return (
            bool(name)
            and "person" not in kinds
            and not self.names.is_human(name, words[0].lower().rstrip("."))
        )

    def _subjects(self, place: int) -> list[tuple[str, Words, Phrase]]:
        """The subjects of the sentences before a place, the nearest first."""
        found = []
        for line in self._lines_before(place, 2):
            end = min(place, self._end_of(line))
            for begin, _ in reversed(sentences(self._article, line, end)):
                if self.names.quoted(begin + 1) or begin >= end:
                    continue
                words = Words(self._article, begin, min(end, begin + 150))
                phrase = subject(words)
                if phrase and words.low[phrase.first] not in PRONOUNS:
                    found.append((words.text(phrase.first, phrase.last), words, phrase))
        return found

    def _by_role(self, words: Words, phrase: Phrase, place: int) -> str | None:
        """ "the mayor" → "Mayor Ann Roe", "the ministry" → "China's Commerce Ministry", where named so far."""
        noun = words.low[phrase.last - 1]
        kind = role_nouns().get(noun, ("", ""))[0]
        if noun in ("statement", "release") and words.low[phrase.first] == "the":
            return self._issuer(place)
        if kind not in ("person", "body") or words.low[phrase.first] not in ("the", "this", "that"):
            return None
        if kind == "body":
            return self._body_named(noun, place, alone=phrase.last - phrase.first == 2)
        for start in self._mentions_of(noun, place):
            holder = self._holder(start, start + len(noun))
            if holder:
                return holder
        return None

    def _issuer(self, place: int) -> str | None:
        """Who made "the statement": the person or body that the sentences before it are about."""
        for text, words, phrase in self._subjects(place):
            kinds = [role_nouns().get(low, ("",))[0] for low in words.low[phrase.first : phrase.last]]
            if "text" not in kinds and ("person" in kinds or self._is_body(text, plural=False)):
                return self.named(words, phrase)
        return None

    def _mentions_of(self, noun: str, place: int) -> Iterator[int]:
        """Where a noun stands outside quotations, the nearest before a place first, with or without a capital."""
        article, ends = self._article, {noun: place, noun.capitalize(): place}
        for _ in range(NOUNS):
            starts = {form: article.rfind(form, 0, end) for form, end in ends.items()}
            form = max(starts, key=lambda form: starts[form])
            start = ends[form] = starts[form]
            if start < 0:
                return
            whole = not (
                article[start - 1 : start].isalnum()
                or article[start + len(noun) : start + len(noun) + 1].isalnum()
            )
            if whole and not self.names.quoted(start):
                yield start

    def _body_named(self, noun: str, place: int, *, alone: bool) -> str | None:
        end = place
        for _ in range(5):
            start = self._article.rfind(noun.capitalize(), 0, end)
            if start < 0:
                break
            end = start
            line = self._article.rfind("\n", 0, start) + 1
            words = Words(self._article, max(line, start - 80), start + len(noun))
            phrase = ending(words, len(words.word) - 1, 0, alone=True)
            if phrase and phrase.last - phrase.first > 1 and not self.names.quoted(start):
                return clean(words.text(phrase.first, phrase.last))
        if not alone:
            return None
        for text, words, phrase in self._subjects(place):
            proper = all(
                is_name(words.word[i]) or low in DETERMINERS
                for i, low in enumerate(words.low[phrase.first : phrase.last], phrase.first)
            )
            behind = words.low[phrase.end] if phrase.end < len(words.low) else ","
            ends = (
                behind in AUXILIARIES
                or behind.endswith("ed")
                or behind == ","
                or behind in verb_forms()
                or behind in IRREGULAR_PASTS
            )
            if proper and ends and self._is_body(text, plural=False):
                return self.named(words, phrase)
        return None

    def _holder(self, start: int, end: int) -> str | None:
        """Who bears a noun: "Mayor Ann Roe", "Ann Roe, the mayor"."""
        article = self._article
        match = NAME.match(article, end + 1) if article[end : end + 1] == " " else None
        if match and not any(word.lower() in TIMES for word in match[0].split(" ")):
            words = Words(article, match.start(), match.end())
            return self.named(words, Phrase(0, len(words.word), len(words.word))) if words.word else None
        line = article.rfind("\n", 0, start) + 1
        comma = article.rfind(", ", max(line, start - 60), start)
        between = article[comma + 2 : start].lower().split()
        if comma < 0 or not between or between[0] not in DETERMINERS | POSSESSIVES or len(between) > 6:
            return None
        if any(word in AUXILIARIES or verb_forms().get(word, ("", ""))[1] == "finite" for word in between):
            return None
        words = Words(article, max(line, comma - 80), comma)
        phrase = ending(words, len(words.word) - 1, 0, alone=True) if words.word else None
        return self.named(words, phrase) if phrase and name_of(words, phrase) else None


def _tells_office(words: Words, phrase: Phrase) -> bool:
    """Whether a phrase has an apposition or a human noun beside the name."""
    return phrase.end > phrase.last + 1 or any(
        low in role_nouns() for low in words.low[phrase.first : phrase.last]
    )


def _name_behind(words: Words, phrase: Phrase) -> Name:
    """The name in an apposition: "the bailiff, Ann Roe"."""
    if phrase.end - phrase.last < 2 or not is_name(words.word[phrase.last + 1]):
        return ()
    return name_of(words, Phrase(phrase.last + 1, phrase.end, phrase.end))


@lru_cache(maxsize=256)
def _name_in(text: str) -> Name:
    words = Words(text, 0, len(text))
    end = next((i for i, word in enumerate(words.word) if word == "," and i), len(words.word))
    name = name_of(words, Phrase(0, end, end))
    if name or end == len(words.word):
        return name
    return name_of(words, Phrase(end + 1, len(words.word), len(words.word)))
