"""Layouts in which a label names the speaker: transcripts, briefings, interviews."""

import re
from collections import Counter
from collections.abc import Sequence

from stance.marked import Marked

LINE = re.compile(r"[^\n]+")
CAPITALS = r"(?:[A-Z][A-Z.’'&-]*[A-Z.]|[A-Z]\.)(?:[ ,]+(?:[A-Z][A-Z.’'&-]*[A-Z.]|[A-Z]\.))*"
NAMED = r"(?:[A-Z][\w.’'-]*)(?: (?:[A-Z][\w.’'-]*|of|the|de|von|van)){0,6}"
LABEL = re.compile(
    rf"[ \t>*•-]*(?P<label>Q|A|{CAPITALS}|{NAMED})"
    rf"(?:(?<=Q)[ \xa0\t]{{2,}}|(?: ?\([^)\n]{{1,60}}\))?:\**\s+)(?=[^\s\"“'‘«„])"
)
QUESTION = frozenset(("q", "question", "questioner", "follow-up", "follow up", "follow-up question"))
NOT_LABELS = frozenset(
    "note notes correction update updated read see also editor source sources photo image video "
    "caption copyright contact tel phone email fax website url date time where when who what why how "
    "subject re from to cc bcc by ps warning disclaimer summary abstract background key tags related "
    "more story topics location price".split()
)
COLON = re.compile(r"\n(?:[^\n:]{1,70}:\**\s+|Q[ \xa0\t]{2,})[^\s\"“'‘«„]")
Line = tuple[int, int, re.Match[str] | None]

LEAST_TURNS = 3
LONGEST_TURN = 12  # paragraphs


def turns(article: str) -> list[Marked]:
    """The turns of a transcript without quotation marks, each with its label; none in any other text."""
    if len(COLON.findall(article)) < 2:
        return []
    lines = [
        (found.start(), found.end(), LABEL.match(article, *found.span())) for found in LINE.finditer(article)
    ]
    labels = Counter(label["label"] for _, _, label in lines if label)
    labelled = [
        i
        for i, (start, end, label) in enumerate(lines)
        if label and _plausible(label["label"], labels, asks=article[start:end].rstrip().endswith("?"))
    ]
    found: list[Marked] = []
    run: list[int] = []
    for index in [*labelled, len(lines) + LONGEST_TURN]:
        if run and index - run[-1] > LONGEST_TURN:
            found += _turns_of(article, lines, run)
            run = []
        run.append(index)
    return found


def _turns_of(article: str, lines: Sequence[Line], run: Sequence[int]) -> list[Marked]:
    """The turns of one stretch of a transcript, given the indices of its labelled lines."""
    names = [label["label"] for label in (lines[index][2] for index in run) if label]
    least = 2 if {"Q", "A"} <= set(names) else LEAST_TURNS
    if len(run) < least or len(set(names)) < 2:
        return []
    found: list[Marked] = []
    for index, following in zip(run, [*run[1:], run[-1] + 1], strict=True):
        label = lines[index][2]
        spans = [(label.end(), _stripped(article, lines[index][1]))] if label else []
        for start, end, _ in lines[index + 1 : following]:
            begin = start + len(article[start:end]) - len(article[start:end].lstrip())
            if begin < _stripped(article, end) and not _is_direction(article[begin:end]):
                spans.append((begin, _stripped(article, end)))
        if label and not _is_direction(article[slice(*spans[0])]):
            found.append(Marked(spans, label=label.span("label")))
    return found


def split_by_label(article: str, quotation: Marked) -> list[Marked]:
    """A transcript inside quotation marks, a paragraph a turn, becomes its turns."""
    if len(quotation.spans) < 2:
        return [quotation]
    labels = [LABEL.match(article, start, end) for start, end in quotation.spans]
    if sum(label is not None and label["label"].isupper() for label in labels) < 2:
        return [quotation]
    parts: list[Marked] = []
    for (start, end), label in zip(quotation.spans, labels, strict=True):
        if _is_direction(article[start:end]):
            continue
        if label:
            parts.append(Marked([(label.end(), end)], label=label.span("label")))
        elif parts:
            parts[-1].spans.append((start, end))
        else:
            parts.append(Marked([(start, end)]))
    return parts


def outside(quotations: Sequence[Marked], turns: Sequence[Marked]) -> list[Marked]:
    """Quotations and turns together in text order, without the quotations inside turns."""
    if not turns:
        return list(quotations)
    covered = [(turn.spans[0][0], turn.spans[-1][1]) for turn in turns]
    kept = [q for q in quotations if not any(s < q.spans[-1][1] and q.spans[0][0] < e for s, e in covered)]
    return sorted([*kept, *turns], key=lambda quotation: quotation.spans[0])


def is_question(label: str) -> bool:
    """Whether a label stands for somebody unnamed who asks."""
    return label.strip(". ").lower() in QUESTION


def _plausible(label: str, counts: Counter[str], *, asks: bool) -> bool:
    words = label.lower().replace("’", "'").split()
    if words[0].rstrip(".") in NOT_LABELS or (len(words) > 1 and words[-1] in NOT_LABELS):
        return False
    return label.isupper() or is_question(label) or asks or counts[label] > 1 or len(words) in (2, 3)


def _is_direction(text: str) -> bool:
    """A stage direction such as "(CROSSTALK)" or "[Laughter]"."""
    bare = text.strip(' \t"“”*_.')
    return not bare or (bare[0] in "([" and bare[-1] in ")]")


def _stripped(article: str, end: int) -> int:
    while end and article[end - 1] in " \t\r\xa0":
        end -= 1
    return end
