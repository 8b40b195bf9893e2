"""Article → quotations with their speakers: pure functions, no model."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from stance.actors import iso_date
from stance.errors import QuoteError
from stance.speakers import SpeakerFinder

Span = tuple[int, int]

OPENING, CLOSING, STRAIGHT = "“", "”", '"'
PARAGRAPH = re.compile(r"[^\n]+")
CONTEXT = 250  # characters on either side of a quotation that are kept as its context
SPEECH_WORDS = 2  # a shorter span is speech only where an attribution stands beside it


@dataclass(frozen=True, slots=True)
class Quote:
    """A quotation and what is known about it.

    text: the words between the marks, never blank. speaker, context: as the source has them.
    date: when it was said or printed; ISO (2019-10-09, 2019-10, 2019) or any text with a year.
    spans: (start, end) pairs of its parts in the article. cue: span of the verb or phrase that named
    the speaker. speaker_confidence: how sure the attribution is, 0 to 1.
    """

    text: str
    speaker: str | None = None
    context: str | None = None
    date: str | None = None
    spans: tuple[Span, ...] = ()
    cue: Span | None = None
    speaker_confidence: float | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.text, str):
            raise QuoteError(f"A quotation must be a text, but this is {_named(self.text)}.")
        if not self.text.strip():
            raise QuoteError(f"A quotation needs words, but this is empty: {self.text!r}.")
        for name in ("speaker", "context", "date"):
            value = getattr(self, name)
            if value is not None and not isinstance(value, str):
                raise QuoteError(f"The {name} of a quotation must be a text or None, but is {_named(value)}.")
            if value is not None and not value.strip():
                object.__setattr__(self, name, None)
        if self.date and not iso_date(self.date):
            raise QuoteError(
                f"A date needs a year, such as 2019-10-09 or 2019, but this has none: {self.date!r}."
            )


def find_quotes(article: str, *, date: str | None = None) -> list[Quote]:
    """The quotations of an article in text order, each with its speaker where one is named.

    article: plain text, paragraphs on lines of their own. date: passed on to every Quote.
    Raises QuoteError where the article is blank or not a text.
    """
    if not isinstance(article, str):
        raise QuoteError(f"An article must be a text, but this is {_named(article)}.")
    if not article.strip():
        raise QuoteError("An article needs words, but this is empty.")
    spans = list(_continued(article, _marked(article)))
    finder = SpeakerFinder(article, [span for spans_ in spans for span in spans_])
    quotes = []
    for parts in _joined(spans, finder):
        said = finder.speaker_of(parts)
        text = " ".join(article[start:end] for start, end in parts)
        if said.name is None and len(text.split()) < SPEECH_WORDS:
            continue
        context = _context(article, parts)
        cue = said.cue
        quotes.append(Quote(text, said.name, context, date, tuple(parts), cue, said.confidence))
    return quotes


def _marked(article: str) -> Iterator[tuple[Span, bool]]:
    """What stands between double marks, and whether it was closed; else it ends with its paragraph."""
    for paragraph in PARAGRAPH.finditer(article):
        start = None
        for mark in re.finditer('[“”"]', paragraph[0]):
            place = paragraph.start() + mark.start()
            if start is None:
                if mark[0] != CLOSING:
                    start = place + 1
            elif mark[0] != OPENING:
                if article[start:place].strip():
                    yield (start, place), True
                start = None
        if start is not None and article[start : paragraph.end()].strip():
            yield _trimmed(article, start, paragraph.end()), False


def _continued(article: str, marked: Iterator[tuple[Span, bool]]) -> Iterator[list[Span]]:
    """Paragraphs that each open a mark, of which only the last closes it, are one quotation."""
    parts: list[Span] = []
    for span, closed in marked:
        between = article[parts[-1][1] : span[0]].strip() if parts else ""
        if parts and between not in (OPENING, STRAIGHT):
            yield parts
            parts = []
        parts.append(span)
        if closed:
            yield parts
            parts = []
    if parts:
        yield parts


def _joined(quotations: list[list[Span]], finder: SpeakerFinder) -> Iterator[list[Span]]:
    """An attribution in the middle of a sentence does not end the quotation that it interrupts."""
    parts: list[Span] = []
    for spans in quotations:
        if parts and not finder.interrupts(parts[-1], spans[0]):
            yield parts
            parts = []
        parts = [*parts, *spans]
    if parts:
        yield parts


def _context(article: str, parts: list[Span]) -> str:
    """The words around a quotation, itself included, cut at a word."""
    start, end = max(0, parts[0][0] - CONTEXT), min(len(article), parts[-1][1] + CONTEXT)
    before, after = article[start : parts[0][0]], article[parts[-1][1] : end]
    if start:
        before = before.partition(" ")[2]
    if end < len(article):
        after = after.rpartition(" ")[0]
    return " ".join((before + article[parts[0][0] : parts[-1][1]] + after).split())


def _trimmed(article: str, start: int, end: int) -> Span:
    text = article[start:end]
    return start + len(text) - len(text.lstrip()), end - len(text) + len(text.rstrip())


def _named(value: Any) -> str:
    shown = repr(value)
    return f"{shown if len(shown) <= 40 else shown[:39] + '…'} ({type(value).__name__})"
