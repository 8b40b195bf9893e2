"""The page of a reading: not a letter of the article is lost or runs, and the figures are the model's."""

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from html.parser import HTMLParser
from importlib import resources
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stance.classifier import StanceClassifier
from stance.page import EVERYTHING, SPEAKERS
from stance.passages import UNNAMED, UNPRINTABLE
from stance.quotes import Quote, Span
from stance.reading import Reading
from stance.results import AxisScores, Prediction

ARTICLE = """Cranes and ledgers

"They put boxes into our cranes," a US port official said. "It has to stop."

“We kept our word,” said a ministry spokesperson, “and we will keep it.”

The minister went on:

"We are patient.

"We are not blind."
"""
PARTS = [
    ("a US port official", "They put boxes into our cranes,"),
    ("a US port official", "It has to stop."),
    ("a ministry spokesperson", "We kept our word,", "and we will keep it."),
    (None, "We are patient.", "We are not blind."),
]
SAFE_TAGS = set(
    "html head meta title style body main header h1 h2 section p span mark bdi b svg rect table thead tbody "
    "tr th td ol li a div".split()
)
SAFE_ATTRIBUTES = set(
    "lang charset http-equiv content name class id tabindex hidden aria-hidden aria-label aria-labelledby "
    "aria-describedby data-badge data-n dir viewbox preserveaspectratio width height scope href".split()
)
CSS = resources.files("stance").joinpath("page.css").read_text(encoding="utf-8")


@dataclass(eq=False)
class Element:
    tag: str
    attributes: dict[str, str | None]
    inside: tuple[str, ...] = ()
    text: str = ""  # without what cards say
    whole: str = ""

    @property
    def classes(self) -> list[str]:
        return (self.attributes.get("class") or "").split()


@dataclass
class Parsed(HTMLParser):
    """The elements of a page in the order of their beginnings; fails where tags are not nested."""

    elements: list[Element] = field(default_factory=list)
    open: list[Element] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attributes), inside=tuple(one.tag for one in self.open))
        self.elements.append(element)
        if tag != "meta":
            self.open.append(element)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append(Element(tag, dict(attributes)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        carded = any("st-card" in one.classes for one in self.open)
        for element in self.open:
            element.whole += data
            element.text += "" if carded else data

    def of_class(self, name: str) -> list[Element]:
        return [element for element in self.elements if name in element.classes]

    def of_tag(self, *tags: str) -> list[Element]:
        return [element for element in self.elements if element.tag in tags]


def parsed(html: str) -> Parsed:
    parser = Parsed()
    parser.feed(html)
    parser.close()
    assert parser.open == []
    return parser


def scores(
    axis: str, label: str, *others: str, confidence: float = 0.8, threshold: float = 0.0
) -> AxisScores:
    rest = [(other, (1 - confidence) / len(others)) for other in others]
    return AxisScores(axis, ((label, confidence), *rest), threshold)


def prediction(quote: Quote, side: str = "US", stance: str = "accusatory", **more: float) -> Prediction:
    sides = [side, *sorted({"US", "China", "neutral"} - {side})]
    stances = [stance, *sorted({"accusatory", "conciliatory", "defensive"} - {stance})]
    axes = {"side": scores("side", *sides), "stance": scores("stance", *stances, **more)}
    return Prediction(quote, axes, truncated=False, model="tiny 1.0")


def span(text: str) -> Span:
    return ARTICLE.index(text), ARTICLE.index(text) + len(text)


def quotations() -> list[Quote]:
    """Those of the article; the first two have their cue in common, the last one has none."""
    cues = (span("said"), span("said"), span("said a"), None)
    return [
        Quote(" ".join(parts), speaker, None, None, tuple(map(span, parts)), cue, 0.9 if cue else None)
        for (speaker, *parts), cue in zip(PARTS, cues, strict=True)
    ]


def reading(article: str = ARTICLE, quotes: Sequence[Quote] | None = None) -> Reading:
    found = quotations() if quotes is None else quotes
    return Reading(article, [prediction(quote) for quote in found])


def by_axes(axes: Mapping[str, AxisScores]) -> Parsed:
    made = [replace(p, axes=axes) for p in reading()]
    return parsed(Reading(ARTICLE, made).to_html())


def article_of(page: Parsed) -> str:
    (article,) = page.of_class("st-article")
    return article.text


def table_of(page: Parsed) -> list[list[str]]:
    rows, cells = page.of_tag("tr"), page.of_tag("th", "td")
    starts = [page.elements.index(row) for row in rows] + [len(page.elements)]
    places = [(page.elements.index(cell), cell.text) for cell in cells]
    return [[text for at, text in places if start < at < end] for start, end in pairwise(starts)]


def test_the_text_of_the_page_is_the_article() -> None:
    assert article_of(parsed(reading().to_html())) == ARTICLE


def test_every_quotation_is_marked_once_with_all_its_parts() -> None:
    read = reading()
    page = parsed(read.to_html())
    for n, p in enumerate(read, 1):
        marked = [mark.text for mark in page.of_class(f"q{n}")]
        assert marked == [ARTICLE[start:end] for start, end in p.quote.spans]
    assert len(page.of_tag("mark")) == sum(len(p.quote.spans) for p in read) == 6
    assert all(mark.inside[-1] == "p" for mark in page.of_tag("mark"))


def test_paragraphs_are_kept() -> None:
    paragraphs = [p.text for p in parsed(reading().to_html()).of_tag("p") if p.inside[-1] == "section"]
    wanted = [line for line in ARTICLE.splitlines() if line]
    assert [text for text in paragraphs if text in wanted] == wanted


def test_a_span_over_several_paragraphs_is_marked_in_each_of_them() -> None:
    text = "One two.\n\n\tThree four.\r\nFive."
    page = parsed(reading(text, [Quote("two Three", spans=((4, 16),))]).to_html())
    assert [mark.text for mark in page.of_tag("mark")] == ["two.", "\tThree"]
    assert article_of(page) == text


def test_a_quotation_is_one_stop_for_the_keyboard_and_says_where_its_answers_are() -> None:
    page = parsed(reading().to_html())
    for n in range(1, 5):
        first, *others = page.of_class(f"q{n}")
        assert first.attributes["tabindex"] == "0"
        assert {other.attributes["tabindex"] for other in others} <= {"-1"}
        (described,) = {mark.attributes["aria-describedby"] for mark in (first, *others)}
        (note,) = (one for one in page.elements if one.attributes.get("id") == described)
        assert note.text.startswith(
            "side: US\xa00.80, China\xa00.10, neutral\xa00.10. stance: accusatory\xa00.80"
        )
        assert f"#{first.attributes['id']}" in {a.attributes["href"] for a in page.of_tag("a")}


def test_ids_are_there_once() -> None:
    ids = [e.attributes["id"] for e in parsed(reading().to_html()).elements if "id" in e.attributes]
    assert len(ids) == len(set(ids)) == 4 + 4 + 2


def test_the_badge_is_the_side_and_the_colour_the_stance() -> None:
    quotes = quotations()
    made = [
        prediction(quotes[0], "US", "accusatory"),
        prediction(quotes[1], "China", "defensive"),
        prediction(quotes[2], "neutral", "conciliatory"),
    ]
    page = parsed(Reading(ARTICLE, made).to_html())
    marks = [mark for mark in page.of_tag("mark") if "data-badge" in mark.attributes]
    assert [mark.attributes["data-badge"] for mark in marks] == ["US", "China", "neutral"]
    legend = {
        one.text: one.classes[-1] for one in page.of_class("st-label") if "section" in one.inside[-2:-1]
    }
    assert sorted(legend) == ["accusatory", "conciliatory", "defensive"]
    for mark, label in zip(marks, ("accusatory", "defensive", "conciliatory"), strict=True):
        assert legend[label] in mark.classes


def test_a_card_has_all_probabilities_speaker_and_cue() -> None:
    page = parsed(reading().to_html())
    card = page.of_class("st-card")[0].whole
    assert card.startswith("a US port officialAttributed by “said”, confidence 0.9")
    for part in ("sideUS0.80China0.10neutral0.10", "stanceaccusatory0.80conciliatory0.10defensive0.10"):
        assert part in card
    widths = [rect.attributes["width"] for rect in page.of_tag("rect")]
    assert widths[:3] == ["80", "10", "10"]


def test_cards_are_hidden_where_a_notebook_is_shown_without_its_style() -> None:
    cards = parsed(reading()._repr_html_()).of_class("st-card")
    assert cards
    assert all("hidden" in card.attributes for card in cards)


def test_the_cue_is_tied_to_its_quotations() -> None:
    quotes = quotations()
    page = parsed(reading().to_html())
    for n, quote in enumerate(quotes, 1):
        wanted = ARTICLE[slice(*quote.cue)] if quote.cue else ""
        assert "".join(cue.text for cue in page.of_class(f"c{n}")) == wanted
    assert page.of_class("st-cue")[0].classes == ["st-cue", "c1", "c2"]
    assert len(page.of_class("st-cue")) == len({quote.cue for quote in quotes if quote.cue})


@pytest.mark.parametrize(
    ("cues", "pieces"),
    [
        pytest.param([(0, 3), (2, 5)], ["ab", "c", "de"], id="cues that overlap"),
        pytest.param([(6, 8)], ["gh"], id="a cue within its quotation"),
        pytest.param([(4, 8)], ["e", "f", "gh"], id="a cue that reaches into a quotation"),
    ],
)
def test_cues_may_lie_anywhere(cues: list[Span], pieces: list[str]) -> None:
    spans = [(5, 10), (10, 12)]
    quotes = [Quote("x", spans=(span,), cue=cue) for span, cue in zip(spans, cues, strict=False)]
    page = parsed(reading("abcdefghijklmn", quotes).to_html())
    assert article_of(page) == "abcdefghijklmn"
    found = sorted(cue.text for cue in page.of_class("st-cue"))
    assert "".join(found) == "".join(pieces)


def test_unsure_and_truncated_are_said_in_words_and_shown() -> None:
    quote = quotations()[0]
    made = replace(prediction(quote, confidence=0.5, threshold=0.75), truncated=True)
    page = parsed(Reading(ARTICLE, [made]).to_html())
    (mark,), (card,), (note,) = page.of_tag("mark"), page.of_class("st-card"), page.of_class("st-answers")
    assert "st-unsure" in mark.classes
    assert "st-doubt" not in mark.classes
    for text in (card.whole, note.text):
        assert "(unsure: below 0.75)" in text
        assert "Truncated: it was cut to fit the model" in text
    assert "1 of 1 on stance are unsure" in page.of_tag("section")[0].text


def test_an_unsure_side_has_a_question_mark() -> None:
    p = prediction(quotations()[0])
    p = replace(p, axes={**p.axes, "side": replace(p.side, threshold=0.9)})
    (mark,) = parsed(Reading(ARTICLE, [p]).to_html()).of_tag("mark")
    assert mark.attributes["data-badge"] == "US?"
    assert "st-doubt" in mark.classes


def test_the_table_counts_who_says_what() -> None:
    article = "x" * 12
    quotes = [
        Quote("x", name, spans=((i, i + 1),))
        for i, name in enumerate(["a US envoy", "A US envoy", None, "Bo"])
    ]
    said = [("US", "accusatory"), ("US", "defensive"), ("US", "accusatory"), ("China", "accusatory")]
    read = Reading(article, [prediction(q, *one) for q, one in zip(quotes, said, strict=True)])
    page = parsed(read.to_html())
    assert table_of(page) == [
        ["Who", "accusatory", "conciliatory", "defensive", "all"],
        ["China", "1", "0", "0", "1"],
        ["Bo", "1", "0", "0", "1"],
        ["US", "2", "0", "1", "3"],
        ["a US envoy", "1", "0", "1", "2"],
        [UNNAMED, "1", "0", "0", "1"],
    ]
    summary = page.of_class("st-summary")[0].text
    assert "4 quotations, 2 named speakers" in summary
    assert "Counts of the answers of tiny 1.0, not corrected for its errors" in summary


def test_many_speakers_share_a_line_and_none_is_lost() -> None:
    count = SPEAKERS + 5
    quotes = [Quote("x", f"official {i}", spans=((i, i + 1),)) for i in range(count)]
    rows = table_of(parsed(reading("x" * count, quotes).to_html()))
    assert len(rows) == 2 + SPEAKERS + 1
    assert rows[1][-1] == str(count)
    assert rows[-1] == ["5 more", "5", "0", "0", "5"]


@pytest.mark.parametrize(
    ("axes", "badge", "head"),
    [
        pytest.param(
            {"frame": scores("frame", "cost", "harm")}, "cost", ["cost", "harm"], id="no side, no stance"
        ),
        pytest.param({"side": scores("side", "US", "China")}, "US", ["China", "US"], id="a side alone"),
        pytest.param(
            {"side": scores("side", "EU", "UN"), "tone": scores("tone", "mild", "harsh")},
            "EU",
            ["harsh", "mild"],
            id="other labels, no stance",
        ),
        pytest.param(
            {"move": scores("move", "a", "b"), "stance": scores("stance", "for", "against")},
            "for",
            ["against", "for"],
            id="no side",
        ),
    ],
)
def test_models_with_other_axes(axes: dict[str, AxisScores], badge: str, head: list[str]) -> None:
    page = by_axes(axes)
    assert page.of_tag("mark")[0].attributes["data-badge"] == badge
    rows = table_of(page)
    assert rows[0] == ["Who", *head, "all"]
    assert rows[1][0] == (badge if "side" in axes and len(axes) > 1 else EVERYTHING)
    for label in head:
        assert label in page.of_class("st-card")[0].whole


def test_there_may_be_more_labels_than_colours() -> None:
    labels = [f"label {i}" for i in range(20)]
    page = by_axes({"frame": scores("frame", *labels)})
    assert table_of(page)[0][1:-1] == sorted(labels)
    tones = {name for element in page.elements for name in element.classes if re.fullmatch(r"st-t\d+", name)}
    assert all(f".{tone} " in CSS for tone in tones)


def test_a_page_without_quotations_says_so(classifier: StanceClassifier) -> None:
    page = parsed(classifier.read("Nobody spoke.\n").to_html())
    assert page.of_tag("h2")[0].text == "This reading holds no quotations"
    assert article_of(page) == "Nobody spoke.\n"
    assert page.of_tag("mark", "table", "ol") == []


def test_a_slice_marks_its_own_quotations_and_keeps_the_article() -> None:
    page = parsed(reading()[1:2].to_html())
    assert [mark.text for mark in page.of_tag("mark")] == ["It has to stop."]
    assert "1 quotation, 1 named speaker" in page.of_class("st-summary")[0].text
    assert article_of(page) == ARTICLE
    assert article_of(parsed(reading()[:0].to_html())) == ARTICLE


def test_a_quotation_that_was_not_read_in_the_article_is_listed() -> None:
    page = parsed(Reading("Nothing here.", [prediction(Quote("They lie."))]).to_html())
    assert page.of_tag("mark") == []
    assert "They lie." in page.of_class("st-notes")[0].text


HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</style></p></mark></section><h1>",
    '" onfocus="alert(1)" x="',
    "' autofocus '",
    "javascript:alert(1)",
    "]]><!-- --!> <![CDATA[",
    "&lt;b&gt; &amp; &#0; &#x202e;",
    "\x00\x07\x1b\x7f\x85\x9f",
    "\ud800 half \udfff",
    "\u202e right to left \u2066 \u2028 \ufeff",
    "$title ${parts} {style} %s",
    "\r\n\r\x0b\x0c",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_of_an_article_or_a_model_becomes_markup(text: str) -> None:
    article = f"{text} “{text}” said {text}"
    start = len(text) + 2
    quote = Quote(text + ".", text, spans=((start, start + len(text)),), cue=(0, len(text)))
    axes = {text: scores(text, text, text + "2")}
    read = Reading(article, [Prediction(quote, axes, truncated=True, model=text)])
    assert_harmless(read.to_html(), article)
    assert_harmless(read._repr_html_(), article)


def assert_harmless(html: str, article: str) -> None:
    html.encode()
    page = parsed(html)
    assert {element.tag for element in page.elements} <= SAFE_TAGS
    assert {name for element in page.elements for name in element.attributes} <= SAFE_ATTRIBUTES
    assert all((a.attributes["href"] or "").startswith("#r") for a in page.of_tag("a"))
    assert len(page.of_tag("style")) == 1
    assert article_of(page) == printable(article)
    assert not UNPRINTABLE.search(html)


def printable(text: str) -> str:
    return UNPRINTABLE.sub(lambda c: " " if c[0].isspace() else "\ufffd", text)


ANY = st.characters(exclude_categories=())  # half letters, too
TEXT = st.text(ANY | st.sampled_from("\r\n <>&\"'"), max_size=60)


@st.composite
def readings(draw: st.DrawFn) -> Reading:
    """Any article, any spans in it that do not overlap, any cues, speakers and labels."""
    article = draw(TEXT)
    place = st.integers(0, len(article))
    borders = sorted(draw(st.lists(place, max_size=8)))
    spans = list(zip(borders[::2], borders[1::2], strict=False))
    axis = scores("frame", draw(TEXT) + "1", draw(TEXT) + "2")
    cue = st.none() | st.tuples(place, place).map(lambda pair: (min(pair), max(pair)))
    quotes = [Quote("a", draw(st.none() | TEXT), spans=(span,), cue=draw(cue)) for span in spans]
    return Reading(article, [Prediction(quote, {"frame": axis}, False, draw(TEXT)) for quote in quotes])


@given(readings())
@settings(deadline=None)
def test_any_text_is_shown_as_it_is(read: Reading) -> None:
    html = read.to_html()
    assert_harmless(html, read.article)
    page = parsed(html)
    for n, p in enumerate(read, 1):
        marked = "".join(mark.text for mark in page.of_class(f"q{n}"))
        wanted = "".join(read.article[start:end] for start, end in p.quote.spans)
        assert "".join(marked.split()) == "".join(printable(wanted).split())
    assert not [mark for mark in page.of_tag("mark") if "mark" in mark.inside]


def test_the_policy_allows_this_style_and_nothing_else() -> None:
    html = reading().to_html()
    policy = next(
        m.attributes["content"] for m in parsed(html).of_tag("meta") if "http-equiv" in m.attributes
    )
    style = html.split("<style>")[1].split("</style>")[0]
    found = b64encode(sha256(style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{found}'; base-uri 'none'; form-action 'none'"
    assert not re.search(r"url\(|@import|@font-face|expression|https?:", style)


def test_the_style_of_a_notebook_reaches_nothing_else_in_it() -> None:
    style = reading()._repr_html_().split("<style>")[1].split("</style>")[0]
    rules = re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL)
    for prelude in re.findall(r"([^{}]+)\{", rules):
        name = prelude.strip()
        if re.match(r"@media|@supports|from\b", name):
            continue
        if name.startswith("@"):
            assert re.match(r"@(keyframes stance-|position-try --stance-)", name)
            continue
        for selector in re.split(r",(?![^(]*\))", name):
            assert re.match(r"\.stance-|\.r[0-9a-f]{8}\b|.* \.stance-reading$", selector.strip()), selector


def test_two_readings_in_a_notebook_have_names_of_their_own() -> None:
    first, second = (parsed(one._repr_html_()) for one in (reading(), reading()[1:]))
    ids = [{e.attributes["id"] for e in page.elements if "id" in e.attributes} for page in (first, second)]
    assert not ids[0] & ids[1]
    assert not set(first.elements[0].classes[1:]) & set(second.elements[0].classes[1:])


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    low, high = sorted(luminance(colour) + 0.05 for colour in (one, other))
    return high / low


def mixed(tone: str, paper: str, share: float) -> str:
    pairs = ((int(tone[i : i + 2], 16), int(paper[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(share * one + (1 - share) * other):02x}" for one, other in pairs)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_text_reads_well_on_what_it_stands_on(scheme: int) -> None:
    pairs = re.findall(r"--(\w+): light-dark\((#\w{6}), (#\w{6})\)", CSS)
    named = {name: pair[scheme] for name, *pair in pairs}
    tones = [pair[scheme] for name, *pair in pairs if name == "tone"]
    plain, lit = (int(share) / 100 for share in re.findall(r"var\(--tone\) (\d+)%", CSS))
    on_paper = [(named[text], named[ground]) for text in ("ink", "soft") for ground in ("paper", "card")]
    on_tone = [(tone, ground) for tone in tones for ground in (named["paper"], named["card"])]
    in_marks = [(tone, mixed(tone, named["paper"], plain)) for tone in tones]
    in_marks += [(named["ink"], mixed(tone, named["paper"], lit)) for tone in tones]
    assert len(tones) == 7
    assert [pair for pair in (*on_paper, *on_tone, *in_marks) if contrast(*pair) < 4.5] == []


def test_every_colour_has_a_sign_of_its_own() -> None:
    signs = re.findall(r'--sign: "(.)"', CSS)
    assert len(signs) == len(set(signs)) == 7


def test_a_long_article_with_many_quotations_is_a_page_of_reasonable_size() -> None:
    sentence = "The committee met again and went through the list as it had the week before. " * 5
    paragraphs = [
        f'{sentence}"They broke promise {i} and billed us for it," the office said.' for i in range(500)
    ]
    article = "\n\n".join(paragraphs)
    starts = [match.start() for match in re.finditer("They broke", article)]
    quotes = [
        Quote("They", f"official {i}", spans=((at, at + 25),), cue=(at - 9, at - 2))
        for i, at in enumerate(starts)
    ]
    read = reading(article, quotes)
    assert (len(read), len(article) > 200_000) == (500, True)
    page = read.to_html()
    assert len(page) < 2_000_000
    assert article_of(parsed(page)) == article
