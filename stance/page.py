"""The HTML page of a reading: its quotations counted, marked in the article, and listed with all answers."""

import re
from base64 import b64encode
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from importlib import resources
from string import Template

from stance.passages import UNNAMED, View, article, doubt, evidence, safe, short, speaker
from stance.quotes import Quote
from stance.results import AxisScores, Prediction

PAGE = Template(
    """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="$policy">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>$title</title>
<style>$style</style>
</head>
<body class="stance-reading stance-page $name">
<main>
<header><h1>Who says what</h1></header>
$parts
</main>
</body>
</html>
"""
)
# Nothing runs and nothing is fetched; of styles, only this very one.
POLICY = "default-src 'none'; style-src '{style}'; base-uri 'none'; form-action 'none'"
LINE_END = re.compile(r"[\r\n]")
TITLE = 80  # characters of the article in the title
EXCERPT = 160  # characters of a quotation in the list of answers
SPEAKERS = 8  # of a side that get a line of their own in the table
EVERYTHING = "all quotations"


def document(text: str, predictions: Sequence[Prediction]) -> str:
    """A page that stands alone, runs nothing and fetches nothing."""
    view = View(text, predictions)
    style = _style(view)
    return PAGE.substitute(
        policy=POLICY.format(style=f"sha256-{b64encode(sha256(style.encode()).digest()).decode()}"),
        title=f"{short(text, TITLE)} – who says what",
        style=style,
        name=view.name,
        parts=_parts(view),
    )


def fragment(text: str, predictions: Sequence[Prediction]) -> str:
    """The same for a notebook: its style and its names hold for nothing else there."""
    view = View(text, predictions)
    return f'<div class="stance-reading {view.name}"><style>{_style(view)}</style>{_parts(view)}</div>'


def _parts(view: View) -> str:
    # A tap beside a quotation must take the focus from it, so that its card closes.
    text = f'<section class="st-article" aria-label="Article" tabindex="-1">{article(view)}</section>'
    if not view.predictions:
        return f"<section><h2>This reading holds no quotations</h2></section>\n{text}"
    return f"{_summary(view)}\n{text}\n{_notes(view)}"


def _style(view: View) -> str:
    sheet = resources.files("stance").joinpath("page.css").read_text(encoding="utf-8")
    return sheet + "".join(_pointed_at(view, n, p.quote) for n, p in view.numbered())


def _pointed_at(view: View, n: int, quote: Quote) -> str:
    """All parts of a quotation and its cue change their lines where one of the parts is pointed at."""
    places = [place for span in (*quote.spans, quote.cue or ()) for place in span]
    several = LINE_END.search(view.article, min(places, default=0), max(places, default=0))
    # A browser is quicker where it need not look beyond the paragraph.
    part = f"{':has(' if several else ' p:has(>'}.q{n}:is(:hover,:focus))"
    lines = "{border-color:currentColor;text-decoration-color:currentColor}"
    return f".{view.name}{part} :is(.q{n},.c{n}){lines}\n"


def _summary(view: View) -> str:
    """How many quotations, and who says what how often."""
    speakers = {p.quote.speaker.casefold() for p in view.predictions if p.quote.speaker}
    legend = " ".join(f'<span class="{_label(view, label)}">{safe(label)}</span>' for label in view.labels)
    return (
        f'<section class="st-summary" tabindex="0" aria-labelledby="{view.name}-summary">'
        f'<h2 id="{view.name}-summary">{_many(len(view.predictions), "quotation")},'
        f" {_many(len(speakers), 'named speaker')}</h2>"
        f'<p class="st-legend">{legend}</p>{_counts(view)}{_remarks(view)}</section>'
    )


def _counts(view: View) -> str:
    # Signs alone, so that many labels fit on a telephone; the legend above has the words.
    head = "".join(
        f'<th scope="col" class="{_label(view, label)}"><span class="st-unseen">{safe(label)}</span></th>'
        for label in view.labels
    )
    return (
        f'<table class="st-counts"><thead><tr><th scope="col">Who</th>{head}<th scope="col">all</th></tr>'
        f"</thead>{''.join(_groups(view))}</table>"
    )


def _groups(view: View) -> Iterator[str]:
    """For each side a line of its counts, then one for each of its speakers, the most quoted first."""
    groups: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    spelt: dict[str, str] = {}
    for p in view.predictions:
        name = p.quote.speaker or UNNAMED
        side = p[view.badge].label if view.badge != view.tone else EVERYTHING
        groups[side][spelt.setdefault(name.casefold(), name)][p[view.tone].label] += 1
    for side, speakers in sorted(groups.items()):
        ranked = sorted(speakers.items(), key=lambda pair: -pair[1].total())
        rows, rest = ranked[:SPEAKERS], [counts for _, counts in ranked[SPEAKERS:]]
        rows += [(f"{len(rest):,} more", _total(rest))] if rest else []
        whole = _row(view, side, _total(speakers.values()), kind="group")
        yield f"<tbody>{whole}{''.join(_row(view, *row) for row in rows)}</tbody>"


def _row(view: View, name: str, counts: Counter[str], *, kind: str = "") -> str:
    cells = "".join(
        f"<td>{count:,}</td>" for count in [*(counts[label] for label in view.labels), counts.total()]
    )
    return f'<tr class="st-{kind or "one"}"><th scope="row{kind}"><bdi>{safe(name)}</bdi></th>{cells}</tr>'


def _remarks(view: View) -> str:
    models = ", ".join(dict.fromkeys(p.model for p in view.predictions))
    unsure = sum(p[view.tone].unsure for p in view.predictions)
    badge = f" In the badge: {safe(view.badge)}." if view.badge != view.tone else ""
    return (
        f'<p class="st-small">Counts of the answers of {safe(models)}, not corrected for its errors;'
        f" {unsure:,} of {len(view.predictions):,} on {safe(view.tone)} are unsure.</p>"
        f'<p class="st-small">Colour and sign: {safe(view.tone)}.{badge} Dashed, or with ?: the model is'
        ' unsure. <span class="st-hint">Hover over a quotation, tap it, or go to it with the tab key to see'
        " all probabilities and how its speaker was found.</span></p>"
    )


def _notes(view: View) -> str:
    """All answers as a list: what is printed, and what screen readers are told."""
    rows = "".join(_note(view, n, p) for n, p in view.numbered())
    return (
        f'<section aria-labelledby="{view.name}-notes"><h2 id="{view.name}-notes">All answers</h2>'
        f'<ol class="st-notes">{rows}</ol></section>'
    )


def _note(view: View, n: int, p: Prediction) -> str:
    answers = "".join(f"<span>{safe(name)}: {_answers(scores)}.</span> " for name, scores in p.axes.items())
    proofs = "".join(f'<span class="st-proof">{line}.</span> ' for line in evidence(view, p))
    said = f"{speaker(p)}: <bdi>“{short(p.quote.text, EXCERPT)}”</bdi>"
    return (
        f'<li><p><a href="#{view.name}-q{n}">{n}</a>{said}</p>'
        f'<p class="st-answers" id="{view.name}-n{n}">{answers}{proofs}</p></li>'
    )


def _answers(scores: AxisScores) -> str:
    first, *others = (f"{safe(label)}\xa0{share:.2f}" for label, share in scores.by_label)
    return ", ".join([f"<b>{first}</b>{doubt(scores)}", *others])


def _label(view: View, label: str) -> str:
    return f"st-label {view.tone_of(label)}"


def _total(counts: Iterable[Counter[str]]) -> Counter[str]:
    return sum(counts, Counter())


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
