"""What typography calls a quotation: its spans, and how they were marked."""

from dataclasses import dataclass

Span = tuple[int, int]

BEFORE_OPENING = frozenset(" \t\n\r\xa0\u2009\u202f([{-—–/…‘'“«")
SPACES = " \t\r\n\xa0\u2009\u202f\u200b"
LOOKAHEAD = 8  # marks in which a quotation inside a quotation must close
FIRM = ",.!?…"  # before a single mark these show that it closes speech


@dataclass(slots=True)
class Marked:
    """One quotation as typography has it: the spans of its paragraphs, and how they were marked."""

    spans: list[Span]
    single: bool = False  # between single marks, in an article that otherwise uses double ones
    label: Span | None = None  # of the words that name the speaker in a transcript


def trimmed(article: str, start: int, end: int) -> Span:
    """A span without the spaces at its ends."""
    while start < end and article[start] in SPACES:
        start += 1
    while start < end and article[end - 1] in SPACES:
        end -= 1
    return start, end
