"""What stands for a name: a surname, a bare noun, a label; people and bodies that the article has named."""

from collections.abc import Iterator, Sequence
from functools import lru_cache

from stance.forms import Name, agrees, clean, name_of, shortened, worth
from stance.lexicon import (
    AUXILIARIES,
    DETERMINERS,
    GENDERED_TITLES,
    IRREGULAR_PASTS,
    POSSESSIVES,
    TIMES,
    role_nouns,
    verb_forms,
)
from stance.marked import Span
from stance.mentions import NAME, Mention, Mentions
from stance.names import Names
from stance.phrases import Phrase, after
from stance.subjects import ending
from stance.words import Words, is_name

NOUNS = 12  # mentions of a noun that are looked at
ABBREVIATED = {
    **dict.fromkeys(("congressman", "congresswoman", "representative", "lawmaker"), "Rep."),
    **{"senator": "Sen.", "governor": "Gov.", "general": "Gen.", "professor": "Prof.", "lieutenant": "Lt."},
}
ASKED = ("to", "by", "with")  # in front of the one who asks: "she talked to Ann Roe"


class Resolver:
    """Resolves what stands for a name, within one article."""

    def __init__(self, article: str, spans: Sequence[Span]) -> None:
        self._article = article
        self.names = Names(article, spans)
        self.mentions = Mentions(article, self.names)
        self._named: dict[str, str] = {}
        self._introduced: dict[Name, str] = {}  # full names with their office, as speakers were introduced

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

    def form_of(self, mention: Mention, place: int) -> str:
        """The fullest form of somebody mentioned, up to a place."""
        here = " ".join(mention.name)
        if " " in mention.name[0]:
            words = Words(self._article, mention.place, mention.place + len(here))
            return self.named(words, Phrase(0, len(words.word), len(words.word)))
        known = [text for full, text in self._introduced.items() if agrees(full, mention.name)]
        if len(known) == 1:
            return known[0]
        fullest = self.names.fullest(mention.name, mention.title, place)
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
        for line in self.mentions.lines_before(place, 6):
            for mention in (
                one
                for sentence in self.mentions.in_paragraph(line, self.mentions.end_of(line))
                for one in sentence
            ):
                before = self._article[max(0, mention.place - 6) : mention.place].split()
                if before and before[-1] in ASKED:
                    continue
                if mention.name and not any(agrees(mention.name, known.name) for known in people):
                    people.append(mention)
        sure = [person for person in people if person.sure] or people
        return self.form_of(sure[0], place) if len(sure) == 1 else None

    def is_body(self, text: str, *, plural: bool, strictly: bool = False) -> bool:
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
        if not plural and words[-1].islower() and words[-1].endswith("s") and not words[-1].endswith("ss"):
            return False
        name = name_in(text)
        if strictly and len(name) > 1 and not text.startswith(("The ", "the ")):
            return False
        return (
            bool(name)
            and "person" not in kinds
            and not self.names.is_human(name, words[0].lower().rstrip("."))
        )

    def _by_role(self, words: Words, phrase: Phrase, place: int) -> str | None:
        """ "the mayor" → "Mayor Ann Roe", "the ministry" → "China's Commerce Ministry", named so far."""
        noun = words.low[phrase.last - 1]
        kind = role_nouns().get(noun, ("", ""))[0]
        if noun in ("statement", "release") and words.low[phrase.first] == "the":
            return self._issuer(place)
        if kind not in ("person", "body") or words.low[phrase.first] not in ("the", "this", "that"):
            return None
        if kind == "body":
            return self._body_named(noun, place, alone=phrase.last - phrase.first == 2)
        for start, end in self._mentions_of(noun, place):
            holder = self._holder(start, end)
            if holder:
                return holder
        return self._described(noun, place) if phrase.last - phrase.first == 2 else None

    def _described(self, noun: str, place: int) -> str | None:
        """ "the spokeswoman" → "a State Department spokeswoman", where nobody is named."""
        for start, end in self._mentions_of(noun, place):
            words = Words(self._article, max(self.mentions.line_of(start), start - 80), end)
            found = ending(words, len(words.word) - 1, 0, alone=True)
            if (
                found
                and found.last - found.first > 2
                and words.low[found.first] not in ("the", "this", "that")
            ):
                text = clean(words.text(found.first, found.last))
                return text[0].lower() + text[1:] if words.low[found.first] in ("a", "an", "one") else text
        return None

    def _issuer(self, place: int) -> str | None:
        """Who made "the statement": the person or body that the sentences before it are about."""
        for text, words, phrase in self.mentions.subjects(place):
            kinds = [role_nouns().get(low, ("",))[0] for low in words.low[phrase.first : phrase.last]]
            if "text" not in kinds and ("person" in kinds or self.is_body(text, plural=False)):
                return self.named(words, phrase)
        return None

    def _mentions_of(self, noun: str, place: int) -> Iterator[Span]:
        """Where a noun stands outside quotations, the nearest first: "senator", "Senator", "Sen."."""
        article, ends = self._article, {noun: place, noun.capitalize(): place}
        if noun in ABBREVIATED:
            ends[ABBREVIATED[noun]] = place
        for _ in range(NOUNS):
            starts = {form: article.rfind(form, 0, end) for form, end in ends.items()}
            form = max(starts, key=lambda form: starts[form])
            start = ends[form] = starts[form]
            if start < 0:
                return
            whole = not (
                article[start - 1 : start].isalnum()
                or article[start + len(form) : start + len(form) + 1].isalnum()
            )
            if whole and not self.names.quoted(start):
                yield start, start + len(form)

    def _body_named(self, noun: str, place: int, *, alone: bool) -> str | None:
        end = place
        for _ in range(5):
            start = self._article.rfind(noun.capitalize(), 0, end)
            if start < 0:
                break
            end = start
            named = None if self.names.quoted(start) else self._whole_name(start, start + len(noun))
            if named:
                return named
        if not alone:
            return None
        for text, words, phrase in self.mentions.subjects(place):
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
            if proper and ends and self.is_body(text, plural=False):
                return self.named(words, phrase)
        return None

    def _whole_name(self, start: int, end: int) -> str | None:
        """A body's name around its noun: "China's Commerce Ministry", "the Ministry of Commerce"."""
        line = self.mentions.line_of(start)
        words = Words(self._article, max(line, start - 80), end)
        phrase = ending(words, len(words.word) - 1, 0, alone=True)
        if not phrase:
            return None
        if self._article[end : end + 4] == " of ":
            words = Words(self._article, words.span(phrase.first, phrase.last)[0], end + 80)
            phrase = after(words, 0, len(words.word)) or phrase
            owners = (i + 1 for i, low in enumerate(words.low) if low.endswith(("’s", "'s")))
            phrase.last = min(phrase.last, next(owners, phrase.last))
        elif phrase.last - phrase.first == 2 and words.low[phrase.first] in DETERMINERS:
            return None  # "the Ministry" tells no more
        return clean(words.text(phrase.first, phrase.last)) if phrase.last - phrase.first > 1 else None

    def _holder(self, start: int, end: int) -> str | None:
        """Who bears a noun: "Mayor Ann Roe", "Ann Roe, the mayor"."""
        article = self._article
        match = NAME.match(article, end + 1) if article[end : end + 1] == " " else None
        if match and not any(word.lower() in TIMES for word in match[0].split(" ")):
            words = Words(article, match.start(), match.end())
            return self.named(words, Phrase(0, len(words.word), len(words.word))) if words.word else None
        line = self.mentions.line_of(start)
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
def name_in(text: str) -> Name:
    """The name in the form of a speaker."""
    words = Words(text, 0, len(text))
    end = next((i for i, word in enumerate(words.word) if word == "," and i), len(words.word))
    name = name_of(words, Phrase(0, end, end))
    if name or end == len(words.word):
        return name
    return name_of(words, Phrase(end + 1, len(words.word), len(words.word)))
