"""What stands around a quotation: the sentence that it is part of, the paragraph, how it ends."""

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from stance.lexicon import ABBREVIATIONS
from stance.marked import Span
from stance.words import Words

NEAR = 400  # characters of a sentence that are looked at on either side
STOP = re.compile(r"[.!?][”\"’')\]]*(?:\s+|$)")
# A name on the line behind a quotation: "– Ann Roe, mayor of Springfield", "Ann Roe, Springfield Times".
SIGNATURE = re.compile(
    r"\s{1,4}(?P<name>(?:(?:--|[–—―-])\s*[A-Z][^\n]{2,100}"
    r"|[A-Z][^\n,.:;!?“”\"]{2,40}, [A-Z][^\n:;!?“”\"]{2,60}))(?=\n|$)"
)
CLOSING = "”\"'’‘»“„«`"
BLANK = " \t\r\xa0"


@dataclass(slots=True)
class Place:
    """A quotation's place in its article.

    line: where its paragraph begins. lead: the words of its sentence in front of it, None where it begins
    one. tail: the words behind it up to the end of the sentence or the next mark. comma, ended: whether it
    closes with a comma, or as a sentence does. goes_on: whether it shares its sentence with the one before.
    """

    start: int
    end: int
    line: int
    lead: Words | None
    tail: Words | None
    comma: bool
    ended: bool
    goes_on: bool


class Surroundings:
    """The places of the quotations of one article."""

    def __init__(self, article: str, spans: Sequence[Span]) -> None:
        self._article = article
        self._starts = [start for start, _ in spans]
        self._ends = [end for _, end in spans]

    def place(self, start: int, end: int) -> Place:
        """What is around one span."""
        article = self._article
        line = article.rfind("\n", 0, start) + 1
        preceding = bisect_left(self._starts, start) - 1
        before = self._ends[preceding] if preceding >= 0 else -1
        floor = max(before, line, start - NEAR)
        begins = sentence_start(article, floor, start)
        lead = None if begins >= start else Words(article, begins, start)
        lead = lead if lead and any(word[0].isalnum() for word in lead.word) else None
        comma, ended = self.close_of(end)
        goes_on = floor == before and begins == floor and not (self.close_of(before)[1] or lead is None)
        return Place(start, end, line, lead, self.tail(end), comma, ended, goes_on)

    def close_of(self, end: int) -> tuple[bool, bool]:
        """Whether a quotation closes with a comma or a dash, and whether as a sentence does."""
        article = self._article
        last = end - 1
        while last > end - 4 and article[last] in "'’‘”\"“":
            last -= 1
        closing = article[last]
        if closing in ",;–—-":
            return True, False
        if closing in ".!?…":
            return False, True
        behind = end
        while behind < end + 3 and article[behind : behind + 1] in ("”", '"', "'", "’", "»"):
            behind += 1
        following = article[behind : behind + 1]
        return following == ",", following == "."

    def tail(self, end: int) -> Words | None:
        """The words behind a quotation up to the end of the sentence, of the paragraph, or the next mark."""
        article = self._article
        following = bisect_left(self._starts, end)
        limit = self._starts[following] - 1 if following < len(self._starts) else len(article)
        limit = min(limit, end + NEAR)
        line_end = article.find("\n", end, limit)
        if line_end >= 0:
            if line_end - end < 9 and not article[end:line_end].strip(CLOSING + BLANK):
                signature = SIGNATURE.match(article, line_end)
                return Words(article, signature.start("name"), signature.end()) if signature else None
            limit = line_end
        words = Words(article, end, sentence_end(article, end + 2, limit))
        return words if words.word else None


def sentence_start(article: str, floor: int, end: int) -> int:
    """Where the last sentence of a stretch begins."""
    begins = floor
    for stop in STOP.finditer(article, floor, end):
        if _is_stop(article, stop.start(), stop.end()):
            begins = stop.end()
    return begins


def sentences(article: str, start: int, end: int) -> list[Span]:
    """The sentences of a stretch."""
    found, begin = [], start
    for stop in STOP.finditer(article, start, end):
        if _is_stop(article, stop.start(), stop.end()):
            found.append((begin, stop.end()))
            begin = stop.end()
    return [*found, (begin, end)] if begin < end else found


def sentence_end(article: str, start: int, limit: int) -> int:
    """Where the first sentence of a stretch ends, its stop excluded."""
    for stop in STOP.finditer(article, start, limit):
        if _is_stop(article, stop.start(), stop.end()):
            return stop.start()
    return max(start, limit)


def _is_stop(article: str, place: int, behind: int) -> bool:
    if article[behind : behind + 1].islower():
        return False
    if article[place] != ".":
        return True
    word = article[max(0, place - 12) : place].rpartition(" ")[2].lstrip("(“\"'‘").lower()
    if "-" in word or "\n" in word:
        word = word.rpartition("-")[2].rpartition("\n")[2]
    return not (
        word in ABBREVIATIONS or (len(word) == 1 and word.isalpha()) or (len(word) > 2 and word[-2] == ".")
    )
