"""Who said it: the attribution of each quotation, resolved to a person or an institution of the article."""

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace

from stance.attribution import Source, agent, behind, is_passive, leading, subject
from stance.lexicon import POSSESSIVES, PREPOSITIONS, PRONOUNS, role_nouns, verb_forms
from stance.resolver import Last, Resolver
from stance.transcripts import is_question
from stance.phrases import MARKS, Phrase, Words, is_name
from stance.phrases import before as preceding

Span = tuple[int, int]

SIGNATURE = re.compile(r"\s{1,4}(?P<name>(?:(?:--|[–—―-])\s*[A-Z][^\n]{2,100}|[A-Z][^\n,.:;!?“”\"]{2,40}, [A-Z][^\n:;!?“”\"]{2,60}))(?=\n|$)")
NEAR = 400  # characters of a sentence that are looked at on either side
DOCUMENTS = frozenset("statement letter message note memo email tweet post speech reply answer text diary".split())
SURE, RESOLVED, CARRIED, SUPPOSED = 0.95, 0.8, 0.85, 0.5


@dataclass(frozen=True, slots=True)
class Attribution:
    """A speaker's name, the span of the words that gave it, and how sure it is; or nothing at all."""

    name: str | None = None
    cue: Span | None = None
    confidence: float | None = None
    beside: bool = False  # whether the words of the quotation's own sentence say that somebody speaks


NOBODY = Attribution()


@dataclass(slots=True)
class _Place:
    """A marked span with the words around it in its own sentence."""

    start: int
    end: int
    lead: Words | None  # the words of its sentence before it; None where it begins the sentence
    tail: Words | None  # the words behind it, up to the next mark
    opens_paragraph: bool
    same_sentence: bool  # as the span before


def _turns(tail: Words) -> bool:
    """Whether what follows is a clause of its own: "but he said", "as Ann Roe put it"."""
    first = next((low for low, word in zip(tail.low, tail.word, strict=True) if word[0].isalpha()), "")
    return first in ("but", "and", "as", "while", "though", "although", "when", "because")


class SpeakerFinder:
    """Attributes the quotations of one article, in text order."""

    def __init__(self, article: str, spans: Sequence[Span]) -> None:
        self._article = article
        self._spans = spans
        self._resolver = Resolver(article, spans)
        self._last = NOBODY
        self._last_end = -1
        self._last_beside = False
        self._gaps: dict[int, Words | None] = {}

    def interrupts(self, first: Span, second: Span) -> bool:
        """Whether nothing but an attribution stands between two spans of one sentence."""
        gap = self._article[first[1] : second[0]]
        inside = gap.strip('“”"\'’‘` \n')
        if "\n" in gap or not inside or len(inside) > 250 or not inside.endswith((",", "--", "—", "–")):
            return False
        closes = self._article[first[1] - 1]
        if closes in ".!?" or closes.isalnum() and not inside.startswith((",", "—", "–", "--")):
            return False
        words = self._between(first[1], second[0])
        found = behind(words, comma=True, ended=False) if words else None
        if words and found and any(form in verb_forms() and verb_forms()[form][1] == "participle" for form in words.low[found.cue[1] :]):
            return False
        return bool(found and found.direct and not any(words.is_stop(i) for i in range(len(words.word) - 1)))

    def speaker_of(self, parts: Sequence[Span]) -> Attribution:
        """The speaker of one quotation, given as the spans of its parts."""
        found = self._beside(parts)
        if found is None:
            found = self._carried(parts)
        elif not found.beside:
            found = replace(found, beside=True)
        if found.name:
            self._last = found
        self._last_end, self._last_beside = parts[-1][1], found.beside
        return found

    def labelled(self, label: Span, parts: Sequence[Span]) -> Attribution:
        """The speaker whom a label of a transcript names; nobody where it only says that somebody asks."""
        text = self._article[slice(*label)].strip()
        if is_question(text):
            return Attribution(None, label, None)
        name = self._resolver.introduced(label[0]) if text == "A" else self._resolver.behind_label(text, label[0])
        confidence = None if name is None else RESOLVED if text == "A" else SURE
        self._last, self._last_end = Attribution(name, label, confidence), parts[-1][1]
        return self._last

    def within_sentence(self, start: int) -> bool:
        """Whether words of its own sentence stand in front of a quotation."""
        return self._lead(start) is not None

    def _beside(self, parts: Sequence[Span]) -> Attribution | None:
        sources = []
        for place, (start, end) in enumerate(parts):
            closing = self._article[max(start, end - 4) : end].rstrip("'’‘”\"“")[-1:] or " "
            comma = closing in ",;" or self._article[end : end + 3].strip("”\"'’»“")[:1] == ","
            ended = closing in ".!?…" or self._article[end : end + 2].strip("”\"'’»“")[:1] == "."
            if closing in "—–-":
                comma = True
            lead = self._lead(start) if place == 0 else None
            before_it = leading(lead) if lead else None
            tail = self._tail(end)
            behind_it = behind(tail, comma=comma, ended=ended) if tail else None
            passive = agent(tail) if lead and tail and is_passive(lead) else None
            if passive:
                sources.append(passive)
            elif before_it and behind_it:
                turns = comma and behind_it.direct and not (tail and _turns(tail))
                sources.append(behind_it if turns else before_it)
            elif before_it or behind_it:
                sources.append(before_it or behind_it)
            if sources:
                break
        if not sources:
            return None
        source = sources[0]
        if source.phrase is None and tail and source.words.start < start:
            # "Asked about it, Ann Roe …": the one who acts stands behind the quotation.
            acting = subject(tail)
            opening = lead.low[0] if lead else ""
            if acting and comma and (opening in PREPOSITIONS or opening in verb_forms()):
                source = replace(source, words=tail, phrase=acting, cue=(acting.first, acting.last))
        found = self._resolved(source, parts[0][0])
        if found and found.name is None and self._goes_on(parts[0][0]):
            return replace(self._last, beside=True, confidence=RESOLVED)
        return found

    def _goes_on(self, start: int) -> bool:
        """Whether a quotation stands in the sentence of the last one, which has a speaker."""
        lead = self._lead(start)
        same = lead is not None and lead.start == self._last_end and not self._ended(self._last_end)
        return same and self._last_beside and self._last.name is not None

    def _resolved(self, source: Source, before: int) -> Attribution | None:
        words, phrase = source.words, source.phrase
        cue = words.span(*source.cue)
        if phrase is None:
            return Attribution(None, cue, None)
        first = words.low[phrase.first]
        if phrase.last - phrase.first == 1 and (first in PRONOUNS or first in POSSESSIVES):
            if first in ("who", "which", "whose") and phrase.first:
                owner = preceding(words, phrase.first, 0)
                return Attribution(self._named(words, owner), cue, SURE) if owner else None
            return self._pronoun(first, words, phrase, cue, before)
        if first in ("his", "her") and words.low[phrase.last - 1] in DOCUMENTS:
            return self._pronoun(first, words, phrase, cue, before)
        return Attribution(self._named(words, phrase), cue, SURE if source.direct else RESOLVED)

    def _named(self, words: Words, phrase: Phrase) -> str:
        return self._resolver.named(words, phrase)

    def _pronoun(self, pronoun: str, words: Words, phrase: Phrase, cue: Span, before: int) -> Attribution:
        if pronoun in ("i", "we", "my", "our", "you", "your"):
            return Attribution(None, cue, None)
        place = words.span(phrase.first, phrase.last)[0]
        above = subject(words)
        if above and above.last <= phrase.first and words.low[above.first] not in PRONOUNS:
            named = self._resolver.could_be(words, above, pronoun)
            if named:
                return Attribution(self._named(words, above), cue, RESOLVED)
        name = self._resolver.meant_by(pronoun, place, Last(self._last.name, self._last_end))
        return Attribution(name, cue, RESOLVED if name else None)

    def _carried(self, parts: Sequence[Span]) -> Attribution:
        """A quotation without attribution: the paragraph's last speaker, or the one just introduced."""
        start = parts[0][0]
        line = self._article.rfind("\n", 0, start) + 1
        lead = self._lead(start)
        if lead and self._last_end > line and self._last_beside and lead.start == self._last_end and not self._ended(self._last_end):
            return replace(self._last, beside=True, confidence=CARRIED if self._last.name else None)
        if not lead:
            introduced = self._introduced(line, start)
            if introduced:
                return introduced
        if self._last.name and self._last_end > line:
            return Attribution(self._last.name, self._last.cue, CARRIED)
        if self._article[line:start].strip(" \t\"“”„«'‘’`") == "" and self._last.name and self._follows(line):
            return Attribution(self._last.name, self._last.cue, SUPPOSED)
        return NOBODY

    def _introduced(self, line: int, start: int) -> Attribution | None:
        """The sentence before it, or the paragraph before it where that ends with a colon."""
        floor = max(line, self._last_end + 1)
        text = self._article[floor:start].strip(" \t\"“”„«'‘’`")
        if not text:
            if floor != line:
                return None
            floor = self._article.rfind("\n", 0, len(self._article[:line].rstrip())) + 1
            text = self._article[floor:line].rstrip()
            if not text.endswith(":"):
                return None
            start = floor + len(text)
            floor = max(floor, self._last_end + 1)
        words = self._sentence(max(floor, start - NEAR), start, finished_too=True)
        if not words:
            return None
        if self._last.cue and self._last.name and words.start <= self._last.cue[0]:
            return Attribution(self._last.name, self._last.cue, CARRIED)
        source = leading(words)
        if source:
            return self._resolved(source, start)
        found = subject(words)
        if not found:
            return None
        low = words.low[found.first]
        human = low in ("he", "she") or any(
            words.low[i] in role_nouns() or (is_name(words.word[i]) and self._resolver.names.is_human((words.word[i],))) for i in range(found.first, found.last)
        )
        if not human:
            return None
        cue = words.span(found.first, found.last)
        if low in PRONOUNS:
            resolved = self._pronoun(low, words, found, cue, start)
            return Attribution(resolved.name, cue, SUPPOSED) if resolved.name else None
        return Attribution(self._named(words, found), cue, SUPPOSED)

    def _ended(self, end: int) -> bool:
        """Whether a quotation ends as a sentence does."""
        return self._article[max(0, end - 3) : end].rstrip("'’‘”\"“")[-1:] in (".", "!", "?")

    def _follows(self, line: int) -> bool:
        """Whether the paragraph before ends with the last quotation or its attribution."""
        return len(self._article[self._last_end : line].strip()) < 80

    def _lead(self, start: int) -> Words | None:
        """The words of the sentence in front of an opening mark."""
        preceding = bisect_left(self._spans, (start, start)) - 1
        floor = self._spans[preceding][1] if preceding >= 0 else 0
        floor = max(floor, self._article.rfind("\n", 0, start) + 1, start - NEAR)
        return self._sentence(floor, start)

    def _sentence(self, floor: int, start: int, *, finished_too: bool = False) -> Words | None:
        """The last sentence of a stretch, unless it is finished."""
        words = Words(self._article, floor, start)
        end = len(words.word)
        while end and words.low[end - 1] in MARKS:
            end -= 1
        if not end:
            return None
        finished = words.is_stop(end - 1)
        stop = next((i for i in range(end - 2, -1, -1) if words.is_stop(i)), -1)
        if finished and not finished_too:
            return None
        if stop >= 0 or finished:
            begin = words.span(stop, stop + 1)[1] if stop >= 0 else floor
            close = words.span(end - 1, end)[0] if finished else start
            words = Words(self._article, begin, close)
        return words if any(low not in MARKS for low in words.low) else None

    def _between(self, end: int, start: int) -> Words | None:
        words = Words(self._article, end, start)
        return words if words.word else None

    def _tail(self, end: int) -> Words | None:
        following = bisect_left(self._spans, (end, end))
        limit = self._spans[following][0] - 1 if following < len(self._spans) else len(self._article)
        line_end = self._article.find("\n", end, limit)
        if line_end >= 0 and not self._article[end:line_end].strip("”\"'’»“ \t\r\xa0"):
            following = SIGNATURE.match(self._article, line_end)
            if following:
                return Words(self._article, following.start("name"), following.end())
        limit = min(limit if line_end < 0 else line_end, end + NEAR)
        words = Words(self._article, end, limit)
        return words if words.word else None
