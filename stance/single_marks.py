"""Single quotation marks, told from apostrophes: 'No,' he said, 'it is the workers' choice.'"""

import re
from collections.abc import Iterator, Sequence

from stance.marked import BEFORE_OPENING, FIRM, LOOKAHEAD, SPACES, Marked, Span, trimmed

# What looks like an opening or a closing mark; an apostrophe inside a word is neither. It begins with a
# set of characters, which the search skips to.
SINGLE = re.compile(
    r"['‘’](?:(?<![\w’'‘.,!?].)(?<=['‘])(?=[\w“\"\[(…$£€])|(?<=[\w.,!?…”\"\])—–-].)(?<=['’])(?!\w))",
    re.DOTALL,
)
ELISION = re.compile(r"(?:tis|twas|em|n|til|cause|bout|round|\d0s|\d\d)\b", re.IGNORECASE)


def singles(article: str) -> Iterator[Marked]:
    """Quotations between single marks, each told from apostrophes; paragraph by paragraph."""
    marks = [(found.start(), _opening(article, found.start())) for found in SINGLE.finditer(article)]
    spans: list[Span] = []
    index = 0
    while index < len(marks):
        place, opening = marks[index]
        if not opening or ELISION.match(article, place + 1):
            index += 1
            continue
        line_end = article.find("\n", place)
        line_end = line_end if line_end >= 0 else len(article)
        closing = _closing(article, marks, index + 1, line_end)
        if closing:
            spans.append(trimmed(article, place + 1, marks[closing][0]))
            yield Marked(spans)
            spans, index = [], closing + 1
            continue
        index += 1
        follows = index < len(marks) and marks[index][1] and marks[index][0] > line_end
        if follows and not article[line_end : marks[index][0]].strip():
            spans.append(trimmed(article, place + 1, line_end))
        else:
            spans = []


def _opening(article: str, place: int) -> bool:
    if article[place] == "‘":
        return True
    before = article[place - 1] if place else "\n"
    return before in BEFORE_OPENING and article[place + 1 : place + 2] not in ("", *SPACES)


def _closing(article: str, marks: Sequence[tuple[int, bool]], index: int, line_end: int) -> int:
    """Index of the mark that closes, 0 where none does; a possessive is passed over where one follows."""
    possible = 0
    for later in range(index, min(len(marks), index + LOOKAHEAD)):
        place, opening = marks[later]
        if place > line_end:
            break
        if opening and article[place] == "‘" and not ELISION.match(article, place + 1):
            break
        if opening:
            continue
        if article[place - 1] in FIRM:
            return later
        goes_on = article[place + 1 : place + 2] == " " and article[place + 2 : place + 3].islower()
        if not goes_on:
            return later
        # A possessive or a dropped letter, where a firmer mark follows.
        possible = possible or later
    return possible
