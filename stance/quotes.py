"""Article → quotations with their speakers: pure functions, no model."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from stance.actor_table import iso_date
from stance.errors import QuoteError
from stance.marked import Marked, Span
from stance.marks import marked
from stance.speakers import SpeakerFinder
from stance.speech import is_nickname_or_title, is_speech
from stance.transcripts import outside, split_by_label, turns

PIECE = 50_000  # characters; a longer text is read in pieces
CONTEXT = 250  # characters on either side of a quotation that are kept as its context


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
        for name, value in (("speaker", self.speaker), ("context", self.context), ("date", self.date)):
            if value is None:
                continue
            gap = _is_gap(value)
            if not (gap or isinstance(value, str)):
                raise QuoteError(f"The {name} of a quotation must be a text or None, but is {_named(value)}.")
            if gap or not value or value.isspace():
                object.__setattr__(self, name, None)
        if self.date and not iso_date(self.date):
            raise QuoteError(
                f"A date needs a year, such as 2019-10-09 or 2019, but this has none: {self.date!r}."
            )


def _is_gap(value: object) -> bool:
    # As pandas has it in a column of texts.
    return isinstance(value, float) and value != value


def find_quotes(article: str, *, date: str | None = None) -> list[Quote]:
    """The quotations of an article in text order, each with its speaker where one is named.

    article: plain text, paragraphs on lines of their own. date: passed on to every Quote.
    Raises QuoteError where the article is blank or not a text.
    """
    if not isinstance(article, str):
        raise QuoteError(f"An article must be a text, but this is {_named(article)}.")
    if not article.strip():
        raise QuoteError("An article needs words, but this is empty.")
    if len(article) > PIECE:
        return [
            quote for start, end in _pieces(article) for quote in _shifted(article[start:end], start, date)
        ]
    return _quotes(article, date)


def _quotes(article: str, date: str | None) -> list[Quote]:
    found = _spoken(article)
    finder = SpeakerFinder(article, [span for quotation in found for span in quotation.spans])
    headline = article.find("\n\n")
    quotes = []
    for quotation in _joined(found, finder):
        parts = quotation.spans
        said = finder.labelled(quotation.label, parts) if quotation.label else finder.speaker_of(parts)
        if not quotation.label:
            if quotation.single and (not said.beside or parts[0][0] < headline):
                continue
            if not said.beside and not is_speech(
                article, parts[0][0], parts[-1][1], named=said.name is not None, whole=said.whole
            ):
                continue
        text = " ".join(article[start:end] for start, end in parts)
        context = _context(article, parts)
        quotes.append(Quote(text, said.name, context, date, tuple(parts), said.cue, said.confidence))
    return quotes


def _pieces(article: str) -> Iterator[Span]:
    """A long text in pieces that end with a paragraph, else with a sentence: a name means who is near."""
    start = 0
    while len(article) - start > PIECE:
        half, full = start + PIECE // 2, start + PIECE
        ends = (article.rfind(mark, half, full) + len(mark) for mark in ("\n\n", "\n", ". ", " "))
        end = next((end for end in ends if end > half), full)
        yield start, end
        start = end
    yield start, len(article)


def _shifted(piece: str, offset: int, date: str | None) -> Iterator[Quote]:
    if not piece.strip():
        return
    for quote in _quotes(piece, date):
        spans = tuple((start + offset, end + offset) for start, end in quote.spans)
        cue = (quote.cue[0] + offset, quote.cue[1] + offset) if quote.cue else None
        yield replace(quote, spans=spans, cue=cue)


def _spoken(article: str) -> list[Marked]:
    """What stands between marks or behind labels, without nicknames and titles."""
    quotations = [
        turn
        for quotation in marked(article)
        if not is_nickname_or_title(article, quotation.spans[0][0], quotation.spans[-1][1])
        for turn in split_by_label(article, quotation)
    ]
    return outside(quotations, turns(article))


def _joined(quotations: list[Marked], finder: SpeakerFinder) -> Iterator[Marked]:
    """An attribution in the middle of a sentence does not end the quotation that it interrupts."""
    last: Marked | None = None
    for quotation in quotations:
        if last and not quotation.label and finder.interrupts(last.spans[-1], quotation.spans[0]):
            last = Marked([*last.spans, *quotation.spans], last.single, last.label)
            continue
        if last:
            yield last
        last = quotation
    if last:
        yield last


def _context(article: str, parts: list[Span]) -> str:
    """The words around a quotation, itself included, cut at a word."""
    first, last = parts[0][0], parts[-1][1]
    start, end = max(0, first - CONTEXT), min(len(article), last + CONTEXT)
    if start:
        start = max(start, article.find(" ", start, first) + 1)
    if end < len(article):
        end = max(last, article.rfind(" ", last, end))
    lines = [line for line in article[start:end].splitlines() if line]
    context = lines[0] if len(lines) == 1 else " ".join(lines)
    uneven = "  " in context or "\t" in context or "\xa0" in context
    return " ".join(context.split()) if uneven else context.strip()


def _named(value: Any) -> str:
    shown = repr(value)
    return f"{shown if len(shown) <= 40 else shown[:39] + '…'} ({type(value).__name__})"
