"""The names of one article: every form of a name, the fullest of them, and the gender it shows."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import cache

from stance.actors import Actors
from stance.forms import Form, Name, agrees, clean, name_of, shortened, worth
from stance.lexicon import (
    ABBREVIATIONS,
    DETERMINERS,
    FAMILY_NAMES,
    GENDERED_TITLES,
    PLACES,
    POSSESSIVES,
    PREPOSITIONS,
    TIMES,
    TITLES,
    given_names,
    role_nouns,
    verb_forms,
)
from stance.phrases import Phrase, after
from stance.subjects import ending
from stance.words import MARKS, Words

Span = tuple[int, int]

MENTIONS, FORMS = 60, 3  # of one name that are looked at, and that are read closely
FULL_NAME = re.compile(r"([A-Z][\w’'-]*+)\.? (?=(?:[A-Z][\w’'-]*+\.? )?([A-Z][\w’'-]+))")
NUMBERS = frozenset("two three four five both all".split())  # "Ann Roe and Jo Poole, the two envoys"
DATELINE = 1000  # characters in which a dateline can stand
PARTICLES = frozenset("de la del della da di du von van der den bin al el".split())
BARE_ENDS = frozenset(".;:?!’' ")
WORD = re.compile(r"[\w’'-]+")


class Names:
    """Looks names up in the article that they stand in, only as far as a quotation asks for it."""

    def __init__(self, article: str, spans: Sequence[Span]) -> None:
        self.article = article
        self._spans = spans
        self._forms: dict[str, list[Form]] = {}
        self._best: dict[tuple[Name, str], Form | None] = {}
        self._people: dict[str, str] | None = None
        first_line = article.strip().partition("\n")[0]
        headline = _in_title_case(first_line)
        self.body = article.find(first_line) + len(first_line) if headline else 0

    def quoted(self, place: int) -> bool:
        """Whether a place lies inside a quotation."""
        index = bisect_right(self._spans, (place, len(self.article) + 1)) - 1
        return index >= 0 and place < self._spans[index][1]

    def without_dateline(self, place: int, text: str) -> str:
        """ "MANILA Ann Roe" → "Ann Roe", where a paragraph near the beginning opens with it."""
        first, _, rest = text.partition(" ")
        if place >= DATELINE or self.article[place - 1 : place] not in ("\n", "") or not first.isupper():
            return text
        office = rest.partition(" ")[0].lower().partition("-")[0] in role_nouns()
        return rest if rest and not office and len(first) > 3 and first.isalpha() else text

    def outside(self, start: int, end: int) -> list[Span]:
        """The stretches between two places that lie outside quotations."""
        index = bisect_right(self._spans, (start, len(self.article) + 1)) - 1
        stretches = []
        for begin, close in self._spans[max(0, index) :]:
            if begin >= end:
                break
            if close > start:
                if begin > start:
                    stretches.append((start, begin))
                start = close
        if start < end:
            stretches.append((start, end))
        return stretches

    def forms(self, key: str) -> list[Form]:
        """The telling mentions of a name outside quotations, in text order; key: its last word."""
        if key not in self._forms:
            self._forms[key] = self._mentions(key)
        return self._forms[key]

    def fullest(self, name: Name, title: str, place: int) -> str:
        """The form that tells most of those up to a place, else of all; empty where there is none."""
        gender = GENDERED_TITLES.get(title, "") if len(name) == 1 else ""
        if (name, gender) not in self._best:
            self._best[name, gender] = self._chosen(name, gender, len(self.article))
        best = self._best[name, gender]
        if best and best.place > place:
            best = self._chosen(name, gender, place)
        office = title in TITLES and title not in GENDERED_TITLES
        if best and best.place > place and office and len(name) == 1:
            return ""  # "President Roe" need not be the Roe who is named later
        return best.text if best else ""

    def gender(self, name: Name, title: str = "") -> str:
        """f or m, where a title, a given name or a noun says so anywhere in the article."""
        told = GENDERED_TITLES.get(title, "") or (given_names().get(name[0], "") if len(name) > 1 else "")
        told = told or self.people.get(name[-1], "")
        if told:
            return told
        genders = (form.gender for form in self.forms(name[-1]) if form.gender and agrees(form.name, name))
        found = next(genders, given_names().get(name[0], ""))
        return found or _genders().get(" ".join(name), "")

    def is_human(self, name: Name, title: str = "") -> bool:
        """Whether the article shows that a name is a person's."""
        if title in TITLES or name[-1] in self.people or any(word in given_names() for word in name[-2:]):
            return True
        return any(form.human for form in self.forms(name[-1]) if agrees(form.name, name))

    @property
    def people(self) -> dict[str, str]:
        """Surname → f, m or nothing, of those whom a title or a given name shows to be people."""
        if self._people is None:
            people: dict[str, str] = {}
            shared: set[str] = set()  # surnames of a man and a woman: they tell nothing
            shown, known = _person_words(), _genders()
            for first, last in FULL_NAME.findall(self.article):
                gender = shown.get(first)
                if first in FAMILY_NAMES and last.lower() not in role_nouns() and last.lower() not in PLACES:
                    people.setdefault(first, known.get(f"{first} {last}", ""))
                elif gender is not None:
                    if gender and people.get(last, gender) not in ("", gender):
                        shared.add(last)
                    people[last] = "" if last in shared else gender or people.get(last, "")
                    if first in given_names():
                        people.setdefault(first, gender)
                elif last not in people and known.get(f"{first} {last}"):
                    people[last] = known[f"{first} {last}"]
            self._people = people
        return self._people

    def _chosen(self, name: Name, gender: str, place: int) -> Form | None:
        same = [form for form in self.forms(name[-1]) if agrees(form.name, name)]
        if len(name) == 1:
            same = self._bearer(same, gender, place)
        earlier = [form for form in same if form.place <= place] or same
        if len(earlier) < 2:
            return earlier[0] if earlier else None
        return max(earlier, key=lambda form: worth(form.text))

    def _bearer(self, forms: list[Form], gender: str, place: int) -> list[Form]:
        """Of several bearers of a surname the one named most often so far, then the nearest."""
        full = [form for form in forms if len(form.name) > 1]
        if gender:
            full = [form for form in full if form.gender in ("", gender)]
        earlier = [form for form in full if form.place <= place] or full
        if not earlier:
            return forms if not full else []
        if len({form.name[0] for form in earlier}) > 1:
            most = {
                form.name: self.article.count(" ".join(form.name[-2:]), self.body, place) for form in earlier
            }
            chosen = max(earlier, key=lambda form: (most[form.name], form.place))
        else:
            chosen = earlier[-1]
        return [form for form in full if agrees(form.name, chosen.name)]

    def _mentions(self, key: str) -> list[Form]:
        """The first mention with each word in front of it, and the first appositions."""
        article, seen = self.article, dict[str, int]()
        found: list[Form] = []
        place = article.find(key, self.body)
        for _ in range(MENTIONS):
            if place < 0 or len(found) == FORMS:
                break
            end = place + len(key)
            kind = self._kind(place, end)
            if kind and seen.get(kind, 0) < (2 if kind == "," else 1) and not self.quoted(place):
                seen[kind] = seen.get(kind, 0) + 1
                form = self._bare(place, end, kind) or self._form(place, end)
                if form:
                    found.append(form)
            place = article.find(key, end)
        return found

    def _bare(self, place: int, end: int, kind: str) -> Form | None:
        """A given name and a surname with nothing beside them, which need no closer look."""
        gender = given_names().get(kind)
        if gender is None or self.article[end : end + 1] not in BARE_ENDS:
            return None
        start = place - len(kind) - 1
        before = self.article[max(0, start - 20) : start].rpartition(" ")[0].rpartition(" ")[2]
        if before[:1].isupper() or before in role_nouns() or before[-1:] in ',”"':
            return None
        key = self.article[place:end]
        return Form(place, (kind, key), f"{kind} {key}", gender, human=True)

    def _kind(self, place: int, end: int) -> str:
        """What stands beside a mention: the word before it, or an apposition; empty where nothing tells."""
        article = self.article
        if article[place - 1 : place].isalnum() or article[end : end + 1].isalnum():
            return ""
        before = article[max(0, place - 24) : place]
        last = before.rstrip(" ").rpartition(" ")[2] if before[-1:] == " " else ""
        if last:
            bare = last.strip('.,"”“').lower()
            if last[-1] == ".":
                telling = bare in ABBREVIATIONS or len(bare) == 1
            elif last[-1] == ",":
                telling = bare in role_nouns()
            else:
                telling = last[0].isupper() or last in role_nouns() or last in PARTICLES
            if telling and bare not in PREPOSITIONS and bare not in DETERMINERS:
                return last
        following = article[end : end + 2]
        if following[:1] == " " and following[1:].isupper():
            return following
        return "," if following == ", " and article[end + 2 : end + 3].islower() else ""

    def _form(self, place: int, end: int) -> Form | None:
        article = self.article
        line_end = article.find("\n", end)
        limit = min(len(article) if line_end < 0 else line_end, end + 120)
        while article[end : end + 1] == " " and article[end + 1 : end + 2].isupper():
            more = WORD.match(article, end + 1)
            if not more or more[0].lower() in TIMES or end - place > 30:
                break
            end = more.end()
        words = Words(article, max(article.rfind("\n", 0, place) + 1, place - 64), end)
        possessive = article[end : end + 2] in ("’s", "'s")
        phrase = ending(words, len(words.word) - 1, 0, alone=True)
        name = name_of(words, phrase) if phrase else ()
        if not phrase or not name or (not possessive and self._modifies(words, phrase, end)):
            return None
        text = clean(words.text(phrase.first, phrase.last))
        if article[end : end + 2] == ", ":
            whole = Words(article, words.span(phrase.first, phrase.last)[0], limit)
            stretch = after(whole, 0, len(whole.word))
            single = not NUMBERS & set(whole.low[phrase.last - phrase.first + 1 :][:3])
            if (
                stretch
                and single
                and stretch.last == phrase.last - phrase.first
                and stretch.end > stretch.last
            ):
                text = shortened(clean(whole.text(0, stretch.end)))
        text = self.without_dateline(words.span(phrase.first, phrase.last)[0], text)
        return self._made(place, name, words, phrase, text)

    def _modifies(self, words: Words, phrase: Phrase, end: int) -> bool:
        """Whether a name only describes a noun behind it: "the Clinton campaign", "Trump aides"."""
        if self.article[end : end + 1] != " " or not self.article[end + 1 : end + 2].islower():
            return False
        following, roles = self.article[end + 1 : end + 24].partition(" ")[0].rstrip(",.;:"), role_nouns()
        if following not in roles or following in verb_forms():
            return False
        return roles[following][0] != "person" or words.low[phrase.first] in DETERMINERS | POSSESSIVES

    def _made(self, place: int, name: Name, words: Words, phrase: Phrase, text: str) -> Form:
        described = text.replace(".", " ").replace(",", " ").lower().split()
        first = phrase.first
        comma = first - 2 if first > 1 and words.low[first - 1] in MARKS else first - 1
        if comma > 0 and words.word[comma] == ",":
            # "his daughter, Ann Roe": the noun in front tells as much.
            described.append(words.low[comma - 1])
        roles = role_nouns()
        nouns = [roles[word] for word in described if word in roles]
        gender = next((GENDERED_TITLES[word] for word in described if word in GENDERED_TITLES), "")
        gender = gender or (given_names().get(name[0], "") if len(name) > 1 else "")
        gender = gender or next((noun[1] for noun in nouns if noun[1]), "")
        person = bool(gender) or described[0] in TITLES or any(kind == "person" for kind, _ in nouns)
        body = any(roles.get(word.lower(), ("",))[0] == "body" for word in name)
        return Form(place, name, text, gender, person and not body)


def _genders() -> dict[str, str]:
    return Actors.shipped().genders


@cache
def _person_words() -> dict[str, str]:
    """Given names and titles with a capital → f, m or nothing."""
    titles = {title.capitalize(): GENDERED_TITLES.get(title, "") for title in TITLES}
    return {**titles, **given_names()}


def _in_title_case(line: str) -> bool:
    """Whether a line is a headline, in which every longer word has a capital."""
    words = [word for word in line.split() if len(word) > 4 and word[0].isalpha()]
    share = sum(word[0].isupper() for word in words) / max(1, len(words))
    return len(line) < 200 and len(words) > 4 and share > (0.85 if line.endswith(".") else 0.7)
