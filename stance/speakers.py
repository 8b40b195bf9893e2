"""Who said it: the attribution of each quotation, resolved to a person or an institution of the article."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from stance.cues import Source, subject
from stance.leads import leading
from stance.lexicon import NOBODIES, POSSESSIVES, PREPOSITIONS, PRONOUNS, QUOTING, role_nouns, verb_forms
from stance.marked import Span
from stance.mentions import NOT_NAMES
from stance.phrases import Phrase
from stance.pronouns import Last, Pronouns
from stance.resolver import Resolver
from stance.subjects import before as preceding
from stance.subjects import ending
from stance.surroundings import BLANK, CLOSING, NEAR, Place, Surroundings, sentence_start
from stance.tails import agent, behind, is_passive
from stance.transcripts import is_question
from stance.words import Words, is_name

# How often each way of finding a speaker is right in annotated articles: a name beside a verb, a pronoun or
# a loose attribution, the speaker of the quotation before, of the paragraph before.
SURE, RESOLVED, CARRIED, SUPPOSED = 0.97, 0.8, 0.88, 0.5
DOCUMENTS = frozenset(
    "statement letter message note memo email tweet post speech reply answer text diary".split()
)
# Whoever is named behind these only passes on: '… said the talks were "open", Xinhua reported'.
RELAYED = frozenset("according per reported reports".split())
DASHES = ("--", "—", "–")
SIMPLE = re.compile(
    r"[”\"'’»]{1,3} (?P<who>he|she|(?:[A-Z][\w’-]*\.? ){0,3}[A-Z][\w’-]+) "
    r"(?P<cue>[a-z]+)(?=[.;:]|,? (?![a-z]+ that))"
)
ENDS = re.compile(r"[”\"'’»]{1,3}[ \r\xa0]*(?:\n|$)")


@dataclass(slots=True)
class Attribution:
    """A speaker's name, the span of the words that gave it, and how sure it is; or nothing at all."""

    name: str | None = None
    cue: Span | None = None
    confidence: float | None = None
    beside: bool = False  # whether the words of the quotation's own sentence say that somebody speaks
    whole: bool = True  # whether it is all of its sentence, but for an attribution


class SpeakerFinder:
    """Attributes the quotations of one article, in text order."""

    def __init__(self, article: str, spans: Sequence[Span]) -> None:
        self._article = article
        self._around = Surroundings(article, spans)
        self._resolver = Resolver(article, spans)
        self._pronouns = Pronouns(article, self._resolver)
        self._last = Attribution()
        self._last_end = -1
        self._last_beside = self._last_named = False
        self._interviewee: str | None = None

    def interrupts(self, first: Span, second: Span) -> bool:
        """Whether nothing but an attribution stands between two spans of one sentence."""
        if second[0] - first[1] > NEAR // 2 or self._article.find("\n", first[1], second[0]) >= 0:
            return False
        gap = self._article[first[1] : second[0]].strip(CLOSING + BLANK)
        if not gap.endswith((",", *DASHES)) or self._article[first[1] - 1] in ".!?":
            return False
        if self._article[first[1] - 1].isalnum() and not gap.startswith((",", *DASHES)):
            return False
        words = self._around.tail(first[1])
        found = behind(words, comma=True, ended=False) if words else None
        if not words or not found or not found.direct or words.end < second[0] - 4:
            return False
        return not any(
            verb_forms().get(low, ("", ""))[1] == "participle" for low in words.low[found.cue[1] :]
        )

    def speaker_of(self, parts: Sequence[Span]) -> Attribution:
        """The speaker of one quotation, given as the spans of its parts."""
        found = self._plain(*parts[0]) or self._attributed(parts)
        if found.name:
            self._last = found
            self._pronouns.heard(found.name, parts[-1][1])
        self._last_end, self._last_beside, self._last_named = parts[-1][1], found.beside, bool(found.name)
        return found

    def _plain(self, start: int, end: int) -> Attribution | None:
        """The two commonest cases, without a look at the sentence: '…," Ann Roe said' and what follows it."""
        article, closing = self._article, self._article[end - 1]
        if closing == ",":
            match = SIMPLE.match(article, end)
            form = verb_forms().get(match["cue"]) if match else None
            if not match or not form or form[1] != "finite" or match["cue"] in QUOTING:
                return None
            words = Words(article, *match.span("who"))
            if words.low[0] in NOT_NAMES and words.low[0] not in ("he", "she"):
                return None
            phrase = Phrase(0, len(words.word), len(words.word))
            found = self._resolved(Source(words, phrase, (0, 1), direct=True))
            if found:
                found.cue, found.beside = match.span("cue"), True
            return found
        cue = self._last.cue
        if closing not in ".!?" or not cue or not self._last_beside or not self._last.name:
            return None
        if (
            cue[0] < self._last_end
            or self._article.find(". ", cue[1], start) < start - 5
            or not ENDS.match(article, end)
        ):
            return None
        return Attribution(self._last.name, cue, CARRIED)

    def _attributed(self, parts: Sequence[Span]) -> Attribution:
        place = self._around.place(parts[0][0], parts[0][1])
        source = self._source(place, parts)
        found = self._resolved(source) if source else None
        if found is None:
            found = self._carried(place)
        else:
            if found.name is None and self._goes_on(place):
                found = Attribution(self._last.name, self._last.cue, RESOLVED)
            found.beside = True
        found.whole = place.lead is None
        return found

    def labelled(self, label: Span, parts: Sequence[Span]) -> Attribution:
        """The speaker whom a label of a transcript names; nobody where it only says that somebody asks."""
        text = self._article[slice(*label)].strip()
        if is_question(text):
            return Attribution(None, label, None)
        if text == "A" and self._interviewee is None:
            self._interviewee = self._resolver.introduced(label[0]) or ""
        name = (self._interviewee or None) if text == "A" else self._resolver.behind_label(text, label[0])
        confidence = None if name is None else RESOLVED if text == "A" else SURE
        self._last, self._last_end = Attribution(name, label, confidence), parts[-1][1]
        return self._last

    def _source(self, place: Place, parts: Sequence[Span]) -> Source | None:
        """The words beside a quotation that say who speaks; the sentence in front of it goes first."""
        lead, tail = place.lead, place.tail
        after = behind(tail, comma=True, ended=False) if tail and place.comma else None
        direct = tail is not None and after is not None and after.direct and not _turns(tail)
        relayed = direct and lead and after and after.words.low[after.cue[0]] in RELAYED
        if direct and not (relayed and self._article[place.start].islower()):
            return after
        ahead = leading(lead) if lead else None
        if direct and not (ahead and ahead.direct and ahead.phrase and ahead.cue[1] - ahead.cue[0] == 1):
            return after
        if lead and tail and is_passive(lead):
            ahead = agent(tail) or ahead
        if lead and tail and place.comma and ahead and ahead.phrase is None:
            # "Asked about it, Ann Roe …": the one who acts stands behind the quotation.
            acting = subject(tail)
            if acting and (lead.low[0] in PREPOSITIONS or lead.low[0] in verb_forms()):
                return Source(tail, acting, (acting.first, acting.last), direct=False)
        if ahead or after:
            return ahead or after
        if tail and not place.comma:
            after = behind(tail, comma=False, ended=place.ended)
        return after or (self._source_of_next(parts) if len(parts) > 1 else None)

    def _source_of_next(self, parts: Sequence[Span]) -> Source | None:
        """The attribution behind a later part of a quotation over several paragraphs."""
        for _, end in parts[1:]:
            tail = self._around.tail(end)
            comma, ended = self._around.close_of(end)
            found = behind(tail, comma=comma, ended=ended) if tail else None
            if found:
                return found
        return None

    def _goes_on(self, place: Place) -> bool:
        """Whether a quotation stands in the sentence of the last one, which has a speaker."""
        return place.goes_on and self._last_beside and self._last.name is not None

    def _resolved(self, source: Source) -> Attribution | None:
        words, phrase = source.words, source.phrase
        cue = words.span(*source.cue)
        if phrase is None:
            return Attribution(None, cue)
        first = words.low[phrase.first]
        if phrase.last - phrase.first == 1 and (first in PRONOUNS or first in POSSESSIVES):
            if first in ("who", "which", "whose") and phrase.first:
                mark = words.word[phrase.first - 1]
                last = phrase.first - (2 if mark in DASHES else 1)
                owner = preceding(words, phrase.first) if mark == "," else ending(words, last)
                return Attribution(self._resolver.named(words, owner), cue, SURE) if owner else None
            return self._pronoun(first, words, phrase, cue)
        if first in NOBODIES and phrase.last - phrase.first < 3:
            return Attribution(None, cue)
        if first in ("his", "her") and words.low[phrase.last - 1] in DOCUMENTS:
            return self._pronoun(first, words, phrase, cue)
        confidence = SURE if source.direct else RESOLVED
        return Attribution(self._resolver.named(words, phrase), cue, confidence)

    def _pronoun(self, pronoun: str, words: Words, phrase: Phrase, cue: Span) -> Attribution:
        if pronoun in ("i", "we", "my", "our", "you", "your"):
            return Attribution(None, cue)
        above = subject(words) if phrase.first > 1 else None
        apart = above is not None and above.last <= phrase.first and words.low[above.first] not in PRONOUNS
        if above and apart and self._pronouns.could_be(words, above, pronoun):
            return Attribution(self._resolver.named(words, above), cue, RESOLVED)
        place = words.span(phrase.first, phrase.last)[0]
        name = self._pronouns.meant_by(pronoun, place, Last(self._last.name, self._last_end))
        return Attribution(name, cue, RESOLVED if name else None)

    def _carried(self, place: Place) -> Attribution:
        """A quotation without attribution: the paragraph's last speaker, or the one just introduced."""
        if place.goes_on and self._last_beside and self._last_end > place.line:
            confidence = CARRIED if self._last.name else None
            return Attribution(self._last.name, self._last.cue, confidence, beside=True)
        introduced = self._introduced(place) if not place.lead else None
        if introduced:
            return introduced
        if self._last.name and self._last_end > place.line:
            return Attribution(self._last.name, self._last.cue, CARRIED)
        alone = not self._article[place.line : place.start].strip(CLOSING + BLANK)
        if alone and self._last.name and len(self._article[self._last_end : place.line].strip()) < NEAR // 5:
            return Attribution(self._last.name, self._last.cue, SUPPOSED)
        return Attribution()

    def _introduced(self, place: Place) -> Attribution | None:
        """Who speaks or acts in the sentence before, or in a paragraph before that ends with a colon."""
        article = self._article
        floor, end = max(place.line, self._last_end + 1), place.start
        if not article[floor:end].strip(CLOSING + BLANK):
            if floor != place.line:
                return None
            end = len(article[: place.line].rstrip()) if place.line < NEAR else place.line - 1
            while end and article[end - 1].isspace():
                end -= 1
            if article[end - 1 : end] != ":":
                return None
            floor = max(article.rfind("\n", 0, end) + 1, self._last_end + 1)
        else:
            while end > floor and not article[end - 1].isalnum():
                end -= 1
        words = Words(article, sentence_start(article, max(floor, end - NEAR), end), end)
        if not words.word:
            return None
        if self._last.cue and self._last.name and words.start <= self._last.cue[0]:
            return Attribution(self._last.name, self._last.cue, CARRIED)
        source = leading(words)
        if source:
            return self._resolved(source)
        rest = words.start <= self._last_end + 1 and words.word[0][0].islower()
        if rest and self._last_named:  # nobody acts in the rest of a sentence
            return Attribution(self._last.name, self._last.cue, CARRIED)
        return self._acting(words)

    def _acting(self, words: Words) -> Attribution | None:
        found = subject(words)
        if not found:
            return None
        low = words.low[found.first]
        cue = words.span(found.first, found.last)
        if low in PRONOUNS:
            name = self._pronoun(low, words, found, cue).name if low in ("he", "she") else None
            return Attribution(name, cue, SUPPOSED) if name else None
        range_ = range(found.first, found.last)
        human = any(words.low[i] in role_nouns() for i in range_) or any(
            is_name(words.word[i]) and self._resolver.names.is_human((words.word[i],)) for i in range_
        )
        return Attribution(self._resolver.named(words, found), cue, SUPPOSED) if human else None


def _turns(tail: Words) -> bool:
    """Whether what follows is a clause of its own: "but he said", "as Ann Roe put it"."""
    first = next((low for low in tail.low if low[0].isalpha()), "")
    return first in ("but", "and", "as", "while", "though", "although", "when", "because")
