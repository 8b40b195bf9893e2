"""The article of a page: its paragraphs, its quotations marked, and beside each of them all answers."""

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from html import escape
from itertools import pairwise

from stance.marked import Span
from stance.results import AxisScores, Prediction

PARAGRAPH = re.compile(r"[^\r\n]+")
EMPTY_LINE = re.compile(r"(?:\r\n|\r|\n)[^\S\r\n]*[\r\n]")
# What no page may hold, or what a browser shows as nothing or as a box; half a letter is no Unicode.
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
TONES = 7  # colours with their signs in page.css
UNNAMED = "no speaker found"
CUE = 60  # characters of a cue that are shown

# Where a tag stands, its rank among those at the same place, and the tag.
Tag = tuple[int, int, str]


class View:
    """A reading as its page shows it.

    tone: the axis that gives colours and signs. badge: the axis whose label stands before a quotation.
    labels: those of the tone, in the order of their colours. name: tells this page from others.
    """

    def __init__(self, article: str, predictions: Sequence[Prediction]) -> None:
        self.article, self.predictions = article, predictions
        axes = list(predictions[0].axes) if predictions else []
        others = [name for name in axes if name != "side"]
        self.tone = "stance" if "stance" in axes else next(iter(others or axes), "")
        self.badge = "side" if "side" in axes else self.tone
        self.labels = sorted({label for p in predictions for label in p[self.tone].scores})
        seen = repr((article, predictions)).encode("utf-8", "backslashreplace")
        self.name = f"r{sha256(seen).hexdigest()[:8]}"

    def numbered(self) -> Iterator[tuple[int, Prediction]]:
        """The predictions, counted from one."""
        return enumerate(self.predictions, 1)

    def tone_of(self, label: str) -> str:
        """The class that gives a label its colour and its sign."""
        return f"st-t{self.labels.index(label) % TONES}"


def safe(text: str) -> str:
    """A text that shows as it is wherever a page has text or an attribute in quotes."""
    return escape(UNPRINTABLE.sub(lambda c: " " if c[0].isspace() else "\ufffd", text))


def short(text: str, limit: int) -> str:
    """The beginning of a text, on one line."""
    line = " ".join(text.split())
    return safe(line if len(line) <= limit else f"{line[: limit - 1].rstrip()}…")


def article(view: View) -> str:
    """The text with its paragraphs, its quotations and their cues, and not a letter more."""
    parts, done = list[str](), 0
    for place, _, tag in sorted(_tags(view), key=lambda tag: tag[:2]):
        parts += [safe(view.article[done:place]), tag]
        done = place
    return "".join([*parts, safe(view.article[done:])])


def speaker(p: Prediction) -> str:
    """Who said it, whichever way the name is written."""
    return f"<bdi>{safe(p.quote.speaker)}</bdi>" if p.quote.speaker else UNNAMED


def doubt(scores: AxisScores) -> str:
    """A word where the model would rather not say."""
    return f' <span class="st-why">(unsure: below {scores.threshold:.2f})</span>' if scores.unsure else ""


def evidence(view: View, p: Prediction) -> Iterator[str]:
    """What the speaker was found by, and whether the model has read all of the words."""
    cue, sure = p.quote.cue, p.quote.speaker_confidence
    by = f" by <bdi>“{short(view.article[slice(*cue)], CUE)}”</bdi>" if cue else ""
    confidence = f", confidence {sure:.2f}" if sure is not None else ""
    if by or confidence:
        yield f"Attributed{by}{confidence}"
    if p.truncated:
        yield "Truncated: it was cut to fit the model"


def _tags(view: View) -> Iterator[Tag]:
    """What closes at a place ranks before what opens there, the innermost first."""
    lines = [line.span() for line in PARAGRAPH.finditer(view.article) if not line[0].isspace()]
    for start, end in lines:
        yield from ((start, 3, f'<p dir="auto"{_tight(view.article, end)}>'), (end, 2, "</p>"))
    places = _places(lines)
    marks = [(n, p, list(_cut(view.article, p.quote.spans, places))) for n, p in view.numbered()]
    for n, p, pieces in marks:
        for i, (start, end) in enumerate(pieces):
            yield start, 4, _opening(view, n, p, first=i == 0, last=i == len(pieces) - 1)
            yield end, 1, f"{_card(view, p)}</mark>"
    yield from _cue_tags(view, [*lines, *(piece for *_, pieces in marks for piece in pieces)])


def _cue_tags(view: View, borders: Iterable[Span]) -> Iterator[Tag]:
    """Several quotations can have the same cue, or cues that overlap."""
    cues = [(n, p.quote.cue) for n, p in view.numbered() if p.quote.cue]
    places = _places([*borders, *(cue for _, cue in cues)])
    names: dict[Span, str] = defaultdict(str)
    for n, cue in cues:
        for piece in _cut(view.article, [cue], places):
            names[piece] += f" c{n}"
    for (start, end), classes in names.items():
        yield from ((start, 5, f'<span class="st-cue{classes}">'), (end, 0, "</span>"))


def _tight(text: str, end: int) -> str:
    # Some texts part their paragraphs by an empty line, some have none, some have lines of 80 characters.
    return "" if EMPTY_LINE.match(text, end) else ' class="st-tight"'


def _places(borders: Iterable[Span]) -> list[int]:
    return sorted({place for border in borders for place in border})


def _cut(text: str, spans: Iterable[Span], places: Sequence[int]) -> Iterator[Span]:
    """The spans in pieces, none of them blank or across a place."""
    for start, end in spans:
        inside = places[bisect_right(places, start) : bisect_left(places, end)]
        yield from (piece for piece in pairwise([start, *inside, end]) if text[slice(*piece)].strip())


def _opening(view: View, n: int, p: Prediction, *, first: bool, last: bool) -> str:
    tone, badge = p[view.tone], p[view.badge]
    names = ["st-q", view.tone_of(tone.label), f"q{n}"]
    names += ["st-unsure"] * tone.unsure + ["st-doubt"] * badge.unsure
    said = f' data-badge="{safe(badge.label)}{"?" * badge.unsure}" id="{view.name}-q{n}"' if first else ""
    number = f' data-n="{n}"' if last else ""
    # One stop for the keyboard, however many parts; all of them can be tapped.
    return (
        f'<mark class="{" ".join(names)}" tabindex="{0 if first else -1}"{said}{number}'
        f' aria-describedby="{view.name}-n{n}">'
    )


def _card(view: View, p: Prediction) -> str:
    """All answers on a quotation, seen beside it; screen readers are given those below the article."""
    why = "".join(f'<span class="st-why">{line}</span>' for line in evidence(view, p))
    axes = "".join(
        f'<span class="st-axis">{safe(name)}{doubt(scores)}</span>'
        f"{_bars(view, scores, toned=name == view.tone)}"
        for name, scores in p.axes.items()
    )
    who = f'<span class="st-who">{speaker(p)}</span>'
    return f'<span class="st-card" hidden aria-hidden="true">{who}{why}{axes}</span>'


def _bars(view: View, scores: AxisScores, *, toned: bool) -> str:
    return "".join(
        f'<span class="st-bar {view.tone_of(label) if toned else ""}">'
        f'<span class="{"st-label" if toned else ""}">{safe(label)}</span>'
        '<svg viewBox="0 0 100 6" preserveAspectRatio="none">'
        f'<rect width="{100 * share:.0f}" height="6"/></svg><span>{share:.2f}</span></span>'
        for label, share in scores.by_label
    )
