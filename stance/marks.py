"""Quotation marks → what stands between them: typography alone, no meaning."""

import re
from collections.abc import Iterator, Sequence

from stance.marked import BEFORE_OPENING, FIRM, LOOKAHEAD, SPACES, Marked, Span, trimmed
from stance.single_marks import singles as singles_in

# Both begin with a set of characters, which the search skips to.
DOUBLE = re.compile(
    r"[\"“”„‟«»″＂'`&](?:(?<=[\"“”„‟«»″＂])|(?<=')'(?!')|(?<=`)`|(?<=&)(?:quot|[lr]dquo|[lr]aquo|bdquo|#34|#8220|#8221);)"
)
ENTITIES = {
    "&ldquo;": "“",
    "&#8220;": "“",
    "&rdquo;": "”",
    "&#8221;": "”",
    "&laquo;": "«",
    "&raquo;": "»",
    "&bdquo;": "„",
}
AFTER_CLOSING = frozenset(" \t\n\r\xa0\u2009\u202f,.;:!?)]}-—–/…’'”»")
STOPS = (". ", "! ", "? ", ".\n", "… ")

OPENINGS = (" '", "\n'", "('", "—'", "\"'", "“'")  # of single marks; an apostrophe stands inside a word

OPENS, CLOSES, EITHER, NEITHER = "opens", "closes", "either", "neither"


def marked(article: str) -> list[Marked]:
    """What stands between marks, in text order; a quotation inside a quotation belongs to the outer one."""
    doubles = _filled(_doubles(article, [(m.start(), m[0]) for m in DOUBLE.finditer(article)]))
    if "‘" not in article and article[0] != "'" and not any(start in article for start in OPENINGS):
        return doubles
    singles = _filled(singles_in(article))
    if _british(article, singles, doubles):
        return _merged(singles, doubles)
    for quotation in singles:
        quotation.single = True
    return _merged(doubles, singles)


def _filled(quotations: Iterator[Marked]) -> list[Marked]:
    """Without what is empty."""
    found = []
    for quotation in quotations:
        quotation.spans = [span for span in quotation.spans if span[0] < span[1]]
        if quotation.spans:
            found.append(quotation)
    return found


def _doubles(article: str, marks: Sequence[tuple[int, str]]) -> Iterator[Marked]:
    spans: list[Span] = []
    opened, opener, passed = -1, "", 0
    for index, (place, mark) in enumerate(marks):
        if index < passed:
            continue
        after = place + len(mark)
        if opened < 0 and index + 1 < len(marks) and _is_pair(article, place, mark, *marks[index + 1]):
            yield Marked([trimmed(article, after, marks[index + 1][0])])
            passed = index + 2
            continue
        if opened >= 0:
            line_end = article.find("\n", opened, place)
            if line_end >= 0:
                spans.append(trimmed(article, opened, line_end))
                opened = -1
                goes_on = _role(article, place, after, mark, "") in (OPENS, EITHER)
                if goes_on and not article[line_end:place].strip():
                    opened, opener = after, mark
                    continue
                yield Marked(spans)
                spans = []
        role = _role(article, place, after, mark, opener if opened >= 0 else "")
        if opened < 0:
            if role in (OPENS, EITHER):
                opened, opener = after, mark
        elif role == CLOSES and _is_measure(article, marks, index):
            continue
        elif role == OPENS:
            inner = _inner(article, marks, index, opener)
            if inner:
                passed = inner + 1
                continue
            spans.append(_unclosed(article, opened, place))
            yield Marked(spans)
            spans, opened, opener = [], after, mark
        elif role in (CLOSES, EITHER):
            spans.append(trimmed(article, opened, place))
            yield Marked(spans)
            spans, opened = [], -1
    if opened >= 0:
        line_end = article.find("\n", opened)
        spans.append(trimmed(article, opened, line_end if line_end >= 0 else len(article)))
        yield Marked(spans)


def _is_pair(article: str, place: int, mark: str, where: int, other: str) -> bool:
    """Whether a mark and the next one enclose a quotation beyond doubt: most do."""
    if mark == "“":
        return other == "”" and article.find("\n", place, where) < 0
    if mark != '"' or other != '"':
        return False
    before, first = article[place - 1 : place], article[place + 1]
    last, behind = article[where - 1], article[where + 1 : where + 2]
    plain = (
        before in (" ", "\n", "")
        and first.isalnum()
        and (last.isalpha() or last in FIRM)
        and behind in (" ", "\n", "", ".")
    )
    return plain and article.find("\n", place, where) < 0


def _role(article: str, place: int, after: int, mark: str, opener: str) -> str:
    """What a double mark can do here; opener: the mark that is open, or nothing."""
    mark, opener = ENTITIES.get(mark, mark), ENTITIES.get(opener, opener)
    if mark in "“‟":
        before, behind = article[place - 1 : place], article[after : after + 1]
        misplaced = opener and before not in SPACES and behind in AFTER_CLOSING and behind not in "—–-…’'("
        return CLOSES if opener == "„" or misplaced else OPENS
    if mark in ("„", "``"):
        return OPENS
    if mark in "«»":
        if opener in ("«", "»"):
            return NEITHER if mark == opener else CLOSES
        return NEITHER if opener else OPENS
    before = article[place - 1] if place else "\n"
    behind = article[after] if after < len(article) else "\n"
    opening = before in BEFORE_OPENING and behind not in AFTER_CLOSING.difference("—–-…’'(")
    if mark == "”":
        if opener:
            return CLOSES
        return OPENS if before in SPACES and behind not in SPACES and behind.isalnum() else NEITHER
    if opening and not (before == "'" and behind in SPACES):
        return OPENS
    if before not in SPACES and behind in AFTER_CLOSING:
        # 6" and 5'10" are measures.
        return CLOSES if opener or not before.isdigit() else NEITHER
    if not opener and (before.isdigit() or behind in SPACES):
        return NEITHER
    return EITHER


def _is_measure(article: str, marks: Sequence[tuple[int, str]], index: int) -> bool:
    """Whether a mark behind a number counts inches: the sentence goes on, and another mark closes it."""
    place, mark = marks[index]
    if (
        mark != '"'
        or not article[place - 1].isdigit()
        or not article[place + 1 : place + 3].strip().islower()
    ):
        return False
    if index + 1 >= len(marks) or article.find("\n", place, marks[index + 1][0]) >= 0:
        return False
    where = marks[index + 1][0]
    return _role(article, where, where + 1, marks[index + 1][1], mark) == CLOSES


def _inner(article: str, marks: Sequence[tuple[int, str]], index: int, opener: str) -> int:
    """Index of the mark that closes a quotation inside a quotation, or 0 where it is none."""
    depth, place = 2, marks[index][0]
    for later in range(index + 1, min(len(marks), index + LOOKAHEAD)):
        where, mark = marks[later]
        if article.find("\n", place, where) >= 0:
            return 0
        role = _role(article, where, where + len(mark), mark, marks[index][1])
        if role == OPENS:
            depth += 1
        elif role in (CLOSES, EITHER):
            depth -= 1
            if depth == 1 and _closed_later(article, marks, later, opener):
                return later
    return 0


def _closed_later(article: str, marks: Sequence[tuple[int, str]], index: int, opener: str) -> bool:
    """Whether the outer quotation is closed after its inner one, or goes on in the next paragraph."""
    if index + 1 >= len(marks):
        return False
    place, (where, mark) = marks[index][0], marks[index + 1]
    line_end = article.find("\n", place, where)
    if line_end >= 0:
        # Different marks inside and outside: the outer one may stay open to the paragraph's end.
        return mark != marks[index][1] and not article[line_end:where].strip() and mark == opener
    role = _role(article, where, where + len(mark), mark, opener)
    return role in (CLOSES, EITHER) or (role == OPENS and mark != opener and mark in "“”")


def _british(article: str, singles: Sequence[Marked], doubles: Sequence[Marked]) -> bool:
    """Whether single marks are the article's marks of speech."""
    if not singles or not doubles:
        return bool(singles)
    firm = [q.spans for q in singles if article[q.spans[-1][1] - 1] in FIRM]
    inside = sum(_within(spans[0], doubles) for spans in firm)
    return len(firm) - inside > len(doubles) - sum(_within(q.spans[0], singles) for q in doubles)


def _within(span: Span, quotations: Sequence[Marked]) -> bool:
    return any(start < span[0] and span[1] < end for q in quotations for start, end in q.spans)


def _merged(outer: Sequence[Marked], others: Sequence[Marked]) -> list[Marked]:
    """Both in text order, without those that touch one of the outer ones."""
    merged: list[Marked] = []
    waiting = iter([*others, None])
    other = next(waiting)
    reached = 0
    for quotation in outer:
        start, end = quotation.spans[0][0], quotation.spans[-1][1]
        while other and other.spans[0][0] < start:
            if other.spans[0][0] >= reached and other.spans[-1][1] < start:
                merged.append(other)
            other = next(waiting)
        merged.append(quotation)
        reached = end
    while other:
        if other.spans[0][0] >= reached:
            merged.append(other)
        other = next(waiting)
    return merged


def _unclosed(article: str, start: int, end: int) -> Span:
    """An unclosed quotation before another one ends with its last whole sentence."""
    stop = max(article.rfind(stop, start, end) for stop in STOPS)
    return trimmed(article, start, stop + 1 if stop >= 0 else end)
