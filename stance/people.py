"""The people and bodies of one article: the fullest form of each name, and whom a pronoun means."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from stance.lexicon import (
    ABBREVIATIONS,
    DETERMINERS,
    GENDERED_TITLES,
    POSSESSIVES,
    PREPOSITIONS,
    TIMES,
    TITLES,
    given_names,
    role_nouns,
    verb_forms,
)
from stance.phrases import Phrase, Words, after, ending, is_name

Span = tuple[int, int]

NAMES = re.compile(r"[A-Z][\w’'-]*(?:\.(?= [A-Z]))?(?:(?: | (?:de|von|van|bin|al|der|la) )[A-Z][\w’'-]*(?:\.(?= [A-Z]))?)*")
FEMALE = frozenset("she her".split())
MALE = frozenset("he his".split())
LONGEST = 14  # words in the form of a name
WINDOW = 1500  # characters before a pronoun in which its antecedent stands


@dataclass(slots=True)
class Form:
    """One mention of a person: where, the words of the name, what stands before and behind."""

    place: int
    name: tuple[str, ...]
    text: str
    title: str
    described: str


@dataclass(slots=True)
class Person:
    """Everything that an article says of one bearer of a name."""

    key: str
    forms: list[Form] = field(default_factory=list)
    gender: str = ""


class People:
    """Looks names up in the article that they stand in, only as far as a quotation asks for it."""

    def __init__(self, article: str, spans: Sequence[Span]) -> None:
        self._article = article
        self._spans = spans
        self._forms: dict[str, list[Form]] = {}
        first_line = article.strip().partition("\n")[0]
        self._body = article.find(first_line) + len(first_line) if _in_title_case(first_line) else 0

    def fullest(self, words: Words, phrase: Phrase, place: int) -> str:
        """The longest form of a name that the article has used, at most LONGEST words; else as it stands."""
        here = _clean(words.text(phrase.first, phrase.end), LONGEST) if phrase.end - phrase.first <= LONGEST else _clean(
            words.text(phrase.first, phrase.last), 20
        )
        name = _name_of(words, phrase) or _name_behind(words, phrase)
        if not name:
            role = self._by_role(words, phrase, place)
            return role or here
        best = self._best(name, words.low[phrase.first], place)
        if not best:
            return here
        return max(here, best, key=_worth)

    def behind_label(self, label: str, place: int) -> str:
        """ "MR. HALE" → the form of the name that the article has used, else the label as it stands."""
        key = label.rpartition(" ")[2]
        key = key.title() if key.isupper() and len(key) > 1 else key
        forms = [form for form in self.forms(key) if len(form.name) > 1 or " " in form.text]
        best = max((form.text for form in forms), key=_worth, default="")
        return best if len(best.split()) > len(label.split()) else label

    def introduced(self, place: int) -> str | None:
        """The person whom the text before an interview names, if it names just one."""
        names: list[tuple[str, ...]] = []
        found: tuple[Words, Phrase] | None = None
        for sentence in self._sentences(0, place)[:12]:
            for name, words, phrase in self._persons(*sentence):
                if not any(_agrees(name, known) for known in names):
                    names.append(name)
                    found = found or (words, phrase)
        return self.fullest(*found, place) if found and len(names) == 1 else None

    def _best(self, name: tuple[str, ...], title: str, place: int) -> str:
        forms = self.forms(name[-1])
        same = [form for form in forms if _agrees(form.name, name)]
        if len(name) == 1:
            gender = GENDERED_TITLES.get(title.rstrip("."), "")
            full = [form for form in same if len(form.name) > 1]
            if gender:
                full = [form for form in full if self._gender(form) in ("", gender)] or full
            chosen = _likeliest(full, place)
            if chosen:
                same = [form for form in same if len(form.name) > 1 and _agrees(form.name, chosen.name)]
        elif not same:
            return ""
        earlier = [form for form in same if form.place <= place] or same
        return max((form.text for form in earlier), key=_worth, default="")

    def forms(self, key: str) -> list[Form]:
        """Every mention of a name outside quotations, in text order; at most some twenty."""
        if key not in self._forms:
            self._forms[key] = list(self._mentions(key))
        return self._forms[key]

    def _mentions(self, key: str) -> list[Form]:
        found, place, tries = [], self._article.find(key, self._body), 0
        while place >= 0 and tries < 40:
            tries += 1
            end = place + len(key)
            whole = not self._article[place - 1 : place].isalnum() and not self._article[end : end + 1].isalnum()
            if whole and not self._quoted(place):
                form = self._form(place, end)
                if form:
                    found.append(form)
            place = self._article.find(key, end)
        return found

    def _form(self, place: int, end: int) -> Form | None:
        line = self._article.rfind("\n", 0, place) + 1
        start = max(line, place - 110)
        limit = min(len(self._article), end + 120)
        line_end = self._article.find("\n", end, limit)
        words = Words(self._article, start, limit if line_end < 0 else line_end)
        index = next((i for i, _ in enumerate(words.word) if words.span(i, i + 1)[0] >= place), -1)
        if index < 0 or not words.word[index].startswith(self._article[place:end]):
            return None
        last = index
        while last + 1 < len(words.word) and is_name(words.word[last + 1]) and words.low[last + 1] not in TIMES:
            last += 1
        possessive = words.low[last].endswith(("’s", "'s"))
        if last > index + 2:
            last = index
        phrase = ending(words, last, 0, alone=True)
        if not phrase:
            return None
        name = _name_of(words, phrase)
        if not name or (not possessive and _modifies(words, last, phrase)):
            return None
        stretch = after(words, phrase.first, len(words.word)) if not possessive else None
        finish = stretch.end if stretch and stretch.last == phrase.last else phrase.last
        text = _clean(words.text(phrase.first, finish), LONGEST + 8)
        if len(text.split()) > LONGEST:
            text = _clean(words.text(phrase.first, phrase.last), LONGEST)
        return Form(place, name, text, words.low[phrase.first], words.text(phrase.first, finish).lower())

    def is_person(self, word: str) -> bool:
        """Whether a word is (part of) the name of a person of this article."""
        if not is_name(word):
            return False
        bare = _bare(word)
        return bare in given_names() or any(self._gender(form) for form in self._forms.get(bare, ()))

    def _gender(self, form: Form) -> str:
        for word in form.described.replace(".", " ").split():
            gender = GENDERED_TITLES.get(word) or role_nouns().get(word, ("", ""))[1]
            if gender:
                return gender
        return given_names().get(form.name[0], "") if len(form.name) > 1 else ""

    def gender_of(self, name: tuple[str, ...], title: str) -> str:
        """f or m, where a title, a noun or a given name says so anywhere in the article."""
        told = GENDERED_TITLES.get(title.rstrip("."), "")
        if told:
            return told
        if len(name) > 1 and name[0] in given_names():
            return given_names()[name[0]]
        for form in self.forms(name[-1]):
            if _agrees(form.name, name):
                gender = self._gender(form)
                if gender:
                    return gender
        return ""

    def could_be(self, words: Words, phrase: Phrase, pronoun: str) -> bool:
        """Whether a phrase is one that a pronoun of its sentence can mean."""
        name = _name_of(words, phrase)
        nouns = [role_nouns()[low] for low in words.low[phrase.first : phrase.last] if low in role_nouns()]
        if pronoun in ("it", "they", "its", "their"):
            return bool(name) or bool(nouns)
        wanted = "f" if pronoun in FEMALE else "m"
        person = any(kind == "person" for kind, _ in nouns)
        if name and (person or name[0] in given_names() or words.low[phrase.first].rstrip(".") in TITLES or self._known(name)):
            return self.gender_of(name, words.low[phrase.first]) in ("", wanted)
        return person and not name and all(gender in ("", wanted) for _, gender in nouns)

    def meant_by(self, pronoun: str, place: int, last: str | None, last_end: int) -> str | None:
        """Whom a pronoun means: salience by recency and by standing first in a sentence.

        The weights follow Lappin and Leass (1994), An algorithm for pronominal anaphora resolution, without
        a parser as in Kennedy and Boguraev (1996): halved with each sentence, more for a subject.
        """
        if pronoun in ("they", "it", "their", "its"):
            return last
        wanted = "f" if pronoun in FEMALE else "m"
        scores: dict[tuple[str, ...], float] = {}
        texts: dict[tuple[str, ...], tuple[Words, Phrase]] = {}
        start = max(self._body, place - WINDOW)
        for distance, sentence in enumerate(reversed(list(self._sentences(start, place)))):
            weight = 0.5**distance
            first = True
            for name, words, phrase in self._persons(*sentence):
                gender = self.gender_of(name, words.low[phrase.first])
                if gender and gender != wanted:
                    first = False
                    continue
                worth = (100 + (80 if first else 0)) * weight * (1 if gender else 0.5)
                first = False
                key = self._same(name, scores)
                scores[key] = scores.get(key, 0) + worth
                texts.setdefault(key, (words, phrase))
            if distance > 8:
                break
        last_name = _words_of(last) if last else ()
        if last and last_name:
            gender = self.gender_of(last_name, last.split()[0].lower())
            if gender in ("", wanted):
                key = self._same(last_name, scores)
                between = self._article.count(". ", last_end, place) + self._article.count("\n\n", last_end, place)
                scores[key] = scores.get(key, 0) + 200 * 0.5 ** min(between, 6)
        if not scores:
            return last if last and not last_name else None
        best = max(scores, key=lambda key: scores[key])
        if best in texts:
            words, phrase = texts[best]
            return self.fullest(words, phrase, place)
        return last

    def _same(self, name: tuple[str, ...], scores: dict[tuple[str, ...], float]) -> tuple[str, ...]:
        return next((key for key in scores if _agrees(key, name)), name)

    def _sentences(self, start: int, end: int) -> list[Span]:
        """The stretches outside quotations, sentence by sentence; one that starts with a quotation goes on."""
        sentences, begin = [], start
        for found in re.finditer(r"[.!?][”\"’']*\s+(?=[A-Z“\"‘'])|\n+", self._article[start:end]):
            sentences.append((begin, start + found.start()))
            begin = start + found.end()
        sentences.append((begin, end))
        return [span for span in sentences if span[1] > span[0]]

    def _persons(self, start: int, end: int) -> list[tuple[tuple[str, ...], Words, Phrase]]:
        persons = []
        words = Words(self._article, start, end)
        index = 0
        while index < len(words.word):
            word = words.word[index]
            if not is_name(word) or words.low[index] in TIMES or not word[0].isalpha():
                index += 1
                continue
            last = index
            while last + 1 < len(words.word) and (
                is_name(words.word[last + 1]) or (words.word[last + 1] == "." and not words.is_stop(last + 1))
            ):
                last += 1
            phrase = ending(words, last, 0, alone=True)
            index = last + 1
            if not phrase or _modifies(words, last, phrase):
                continue
            if self._quoted(words.span(phrase.first, phrase.last)[0]):
                continue
            name = _name_of(words, phrase)
            if name and self._human(name, words, phrase):
                if persons and persons[-1][2].last > phrase.first:
                    persons.pop()
                persons.append((name, words, phrase))
        return persons

    def _human(self, name: tuple[str, ...], words: Words, phrase: Phrase) -> bool:
        if words.low[phrase.first].rstrip(".") in TITLES or name[0] in given_names() or self._known(name):
            return True
        end = after(words, phrase.first, len(words.word))
        nouns = words.low[phrase.first : end.end if end else phrase.last]
        return any(role_nouns().get(noun, ("",))[0] == "person" for noun in nouns)

    def _known(self, name: tuple[str, ...]) -> bool:
        return any(
            (len(form.name) > 1 and form.name[0] in given_names()) or form.title.rstrip(".") in TITLES
            for form in self.forms(name[-1])
        )

    def _quoted(self, place: int) -> bool:
        from bisect import bisect_right

        index = bisect_right(self._spans, (place, 1 << 60)) - 1
        return index >= 0 and self._spans[index][0] <= place < self._spans[index][1]

    def _by_role(self, words: Words, phrase: Phrase, place: int) -> str | None:
        """ "the mayor" → "Mayor Ann Roe", where the article has named one mayor so far."""
        if words.low[phrase.first] not in ("the", "this", "that", "his", "her", "their"):
            return None
        noun = words.low[phrase.last - 1]
        if noun not in role_nouns() or role_nouns()[noun][0] != "person":
            return None
        found: str | None = None
        for match in re.finditer(rf"\b{re.escape(noun)}\b", self._article[:place], re.IGNORECASE):
            if self._quoted(match.start()):
                continue
            name = self._holder(match.start(), match.end())
            found = name or found
        return found

    def _holder(self, start: int, end: int) -> str | None:
        line = self._article.rfind("\n", 0, start) + 1
        line_end = self._article.find("\n", end)
        line_end = len(self._article) if line_end < 0 else line_end
        behind = Words(self._article, end, min(line_end, end + 60))
        if behind.word and is_name(behind.word[0]) and behind.low[0] not in TIMES:
            last = 0
            while last + 1 < len(behind.word) and is_name(behind.word[last + 1]):
                last += 1
            phrase = ending(behind, last, 0)
            name = _name_of(behind, phrase) if phrase else ()
            if phrase and name:
                return self.fullest(behind, phrase, behind.span(phrase.first, phrase.last)[0])
        front = Words(self._article, max(line, start - 140), end)
        comma = next((i for i in range(len(front.word) - 1, 0, -1) if front.word[i] == ","), 0)
        if comma and len(front.word) - comma <= 9 and front.low[comma + 1] in DETERMINERS | POSSESSIVES | {noun for noun in ()}:
            phrase = ending(front, comma - 1, 0)
            name = _name_of(front, phrase) if phrase else ()
            if phrase and name:
                return self.fullest(front, phrase, front.span(phrase.first, phrase.last)[0])
        return None


def _name_of(words: Words, phrase: Phrase) -> tuple[str, ...]:
    """The words of a personal or institutional name at the end of a phrase, without titles."""
    last = phrase.last
    name: list[str] = []
    index = last - 1
    while index >= phrase.first:
        word = words.word[index]
        if word == "." or (len(word) == 1 and word.isupper()) or (len(word) == 2 and word.endswith(".")):
            index -= 1
            continue
        low = words.low[index].rstrip(".")
        if not is_name(word) or low in TITLES or low in DETERMINERS or low in ABBREVIATIONS or low in PREPOSITIONS:
            break
        if words.low[index] in role_nouns() and name:
            break
        if name and word.endswith(("’s", "'s")):
            break
        name.insert(0, _bare(word))
        index -= 1
    while name and name[-1].rstrip(".") in ("Jr", "Sr", "II", "III"):
        name.pop()
    return tuple(name[-3:])


def _modifies(words: Words, last: int, phrase: Phrase) -> bool:
    """Whether a name only describes a noun behind it: "the Clinton campaign", "Trump aides"."""
    if last + 1 >= len(words.word):
        return False
    following = words.low[last + 1]
    return following in role_nouns() and role_nouns()[following][0] != "person" and following not in verb_forms() or (
        words.low[phrase.first] in ("the", "a", "an") and following in role_nouns() and words.word[last + 1][0].islower()
    )


def _in_title_case(line: str) -> bool:
    """Whether a line is a headline, in which every longer word has a capital."""
    words = [word for word in line.split() if len(word) > 4 and word[0].isalpha()]
    return len(line) < 200 and len(words) > 3 and sum(word[0].isupper() for word in words) > 0.7 * len(words)


def _name_behind(words: Words, phrase: Phrase) -> tuple[str, ...]:
    """The name in an apposition: "the bailiff, Ann Roe"."""
    if phrase.end - phrase.last < 2 or not is_name(words.word[phrase.last + 1]):
        return ()
    return _name_of(words, Phrase(phrase.last + 1, phrase.end, phrase.end))


def _words_of(text: str) -> tuple[str, ...]:
    words = Words(text, 0, len(text))
    phrase = after(words, 0, len(words.word))
    return _name_of(words, phrase) if phrase else ()


def _bare(word: str) -> str:
    return word[:-2] if word.endswith(("’s", "'s")) else word


def _agrees(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether two names can be the same person's: one is part of the other."""
    short, long = sorted((one, other), key=len)
    if len(short) == 1:
        return short[0] == long[-1] or (short[0] == long[0] and len(long) < 4)
    return short[-1] == long[-1] and short[0] in long


def _likeliest(forms: list[Form], place: int) -> Form | None:
    """Of several bearers of a name the one named most often so far, then the nearest."""
    earlier = [form for form in forms if form.place <= place] or forms
    counts: dict[str, int] = {}
    for form in earlier:
        counts[form.name[0]] = counts.get(form.name[0], 0) + 1
    return max(earlier, key=lambda form: (counts[form.name[0]], form.place), default=None)


def _worth(text: str) -> tuple[bool, bool, int]:
    """How much a form of a name tells: not too long, more than a surname, with office and title."""
    words = text.split()
    names = sum(word[0].isupper() and word.lower().rstrip(".,") not in TITLES for word in words)
    return len(words) <= LONGEST, names > 1, len(words)


def _clean(text: str, longest: int) -> str:
    text = text.strip(" ,;:–—-")
    text = re.sub(r"[’']s$", "", text)
    words = text.split()
    return " ".join(words[:longest]).strip(" ,;:–—-")
