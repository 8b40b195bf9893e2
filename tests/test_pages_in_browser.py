"""What people look at, in Chromium: ``make browser``. Without Chromium these fail, they are not skipped."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, sync_playwright

import stance
import training

ROOT = Path(__file__).parent.parent
WIDTHS = {"a laptop": 1366, "a telephone": 390}
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = next((path for path in map(shutil.which, NAMES) if path), None)
    assert found, f"No browser found: looked for {', '.join(NAMES)}. Install Chromium."
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=found, args=quiet)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The pages by name: what ``evaluate --report`` writes, and what notebooks show."""
    folder = tmp_path_factory.mktemp("pages")
    model = stance.load()
    rows = ROOT / "training/data/news_held_out.jsonl"
    report = training.evaluate(model, rows, slices=("topic",))
    answer = model.classify(
        "They robbed our firms, but we hope for <b>serious</b> talks.", speaker="a US senator"
    )
    shown = {
        "explanation": stance.explain(answer, axis="stance")._repr_html_(),
        "summary": report._repr_html_(),
    }
    for name, html in shown.items():
        start = '<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        (folder / f"{name}.html").write_text(start + html, encoding="utf-8")
    return {"report": report.save(folder), **{name: folder / f"{name}.html" for name in shown}}


def opened(browser: Browser, path: Path, *, width: int, **settings: Any) -> tuple[Page, list[str]]:
    """A page, and what went wrong or was fetched while it is open."""
    page = browser.new_page(viewport={"width": width, "height": 900}, **settings)
    seen: list[str] = []

    def said(message: ConsoleMessage) -> None:
        seen.append(message.text)

    def asked(request: Request) -> None:
        if request.url != path.as_uri():
            seen.append(request.url)

    page.on("console", said)
    page.on("request", asked)
    page.on("pageerror", lambda error: seen.append(str(error)))
    page.goto(path.as_uri())
    return page, seen


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
@pytest.mark.parametrize("name", ["report", "explanation", "summary"])
def test_a_page_fits_the_screen_and_asks_for_nothing(
    browser: Browser, pages: dict[str, Path], name: str, width: int
) -> None:
    page, seen = opened(browser, pages[name], width=width)
    assert seen == []
    if name != "summary":  # a notebook gives wide tables a scroll bar of its own
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


def test_the_report_shows_every_axis_with_its_plots_and_tables(
    browser: Browser, pages: dict[str, Path]
) -> None:
    page, _ = opened(browser, pages["report"], width=1366)
    assert page.locator("h2").all_inner_texts() == ["By form of input", "side", "stance", "sentiment"]
    boxes = page.locator("svg").evaluate_all("all => all.map(one => one.getBoundingClientRect().toJSON())")
    assert len(boxes) == 12
    assert all(box["width"] > 200 and box["height"] > 150 and box["right"] <= 1366 for box in boxes)
    cut = "all => all.filter(one => one.scrollWidth > one.clientWidth + 1).length"
    assert page.locator("table").evaluate_all(cut) == 0
    page.close()


def test_no_plot_borrows_the_marks_of_another(browser: Browser, pages: dict[str, Path]) -> None:
    # Plots share a page: what an id means must not depend on which plot defines it first.
    page, _ = opened(browser, pages["report"], width=1366)
    found = page.locator("svg [id]").evaluate_all("all => all.map(one => [one.id, one.outerHTML])")
    markup = page.locator("svg").evaluate_all("all => all.map(one => one.outerHTML).join()")
    meant: dict[str, set[str]] = {}
    for name, drawn in found:
        meant.setdefault(name, set()).add(drawn)
    referred = set(re.findall(r'(?:href="|url\()#([^")]+)', markup))
    assert len(referred) > 10
    assert [name for name in referred if len(meant.get(name, ())) != 1] == []
    page.close()


def test_an_explanation_shades_words_and_shows_markup_as_text(
    browser: Browser, pages: dict[str, Path]
) -> None:
    page, _ = opened(browser, pages["explanation"], width=1366)
    assert "<b>serious</b>" in page.inner_text("body")
    shades = "all => all.map(one => getComputedStyle(one).backgroundColor)"
    found = page.locator("span").filter(has_text="robbed").evaluate_all(shades)
    assert found
    assert "rgba(0, 0, 0, 0)" not in found
    page.close()


# The page of a reading.

LONG = " ".join(f"They broke promise {n} of the spring and sent us the bill for it." for n in range(30))
ARTICLE = f"""Cranes, ledgers and <script>document.title = "ran"</script>

"They put <b onclick='document.title=1'>boxes</b> into our cranes," a US port official said. "It has to stop."

“We would rather sit here for a year,” said the deputy US trade negotiator, “than explain why we do not.”

The minister went on:

"We have kept every promise.

"{LONG}"

Averylongwordwithoutanyspace{"x" * 80} ended it. "Nobody knows which form is valid," a Belgian owner said.
"""
SCHEMES = ["light", "dark"]
LABELS = {
    "side": ("US", "China", "neutral"),
    "stance": ("accusatory", "conciliatory", "defensive"),
    "sentiment": ("negative", "neutral", "positive"),
}
at_each_width = pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)


def quoted(speaker: str | None, cue: str, *parts: str) -> stance.Quote:
    """A quotation of the article; its cue is the first one behind its beginning."""
    starts = [ARTICLE.index(part) for part in parts]
    spans = tuple((start, start + len(part)) for start, part in zip(starts, parts, strict=True))
    told = ARTICLE.index(cue, starts[0])
    return stance.Quote(" ".join(parts), speaker, None, None, spans, (told, told + len(cue)), 0.9)


@pytest.fixture(scope="module")
def reading() -> stance.Reading:
    quotes = [
        quoted(
            "a US port official", "said", "They put <b onclick='document.title=1'>boxes</b> into our cranes,"
        ),
        quoted("a US port official", "It", "It has to stop."),
        quoted(
            "the deputy US trade negotiator",
            "said",
            "We would rather sit here for a year,",
            "than explain why we do not.",
        ),
        quoted(None, "ended", "We have kept every promise.", LONG),
        quoted("a Belgian owner", "said", "Nobody knows which form is valid,"),
    ]
    return stance.Reading(ARTICLE, stance.load().classify_many(quotes))


@pytest.fixture(scope="module")
def page_file(reading: stance.Reading, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("reading") / "page.html"
    path.write_text(reading.to_html(), encoding="utf-8")
    return path


def point_at(page: Page, mark: Locator, *, height: float = 0.5) -> None:
    """Move the pointer to the first line of a mark, scrolled to some height of the screen."""
    place = "e => { const r = e.getClientRects()[0]; return [r.x + r.width / 2, r.y + r.height / 2] }"
    _, y = mark.evaluate(place)
    page.mouse.move(1, 450)  # a card that is open could lie over it
    page.evaluate("by => scrollBy(0, by)", y - 900 * height)
    page.mouse.move(*mark.evaluate(place))


def inside(page: Page, card: Locator) -> bool:
    """Whether a card is on the screen, whole, once it has appeared."""
    card.evaluate("e => Promise.all(e.getAnimations().map(a => a.finished))")
    box = card.bounding_box()
    seen = page.viewport_size
    assert box
    assert seen
    right, bottom = box["x"] + box["width"], box["y"] + box["height"]
    return box["x"] >= 0 and box["y"] >= 0 and right <= seen["width"] and bottom <= seen["height"]


def assert_it_has_all_probabilities(text: str, p: stance.Prediction) -> None:
    lines = " ".join(text.split())
    for axis, labels in LABELS.items():
        for label in labels:
            assert f"{label} {p[axis].scores[label]:.2f}" in lines
    unsure = sum(p[axis].unsure for axis in LABELS)
    assert lines.count("(unsure: below ") == unsure


@pytest.mark.parametrize("scheme", SCHEMES)
@at_each_width
def test_every_quotation_is_seen_and_nothing_runs_or_is_fetched(
    browser: Browser, page_file: Path, reading: stance.Reading, width: int, scheme: str
) -> None:
    page, seen = opened(browser, page_file, width=width, color_scheme=scheme)
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(255, 255, 255)") == (scheme == "light")
    marks = page.locator("mark").all()
    assert len(marks) == sum(len(p.quote.spans) for p in reading) == 7
    for mark in marks:
        mark.scroll_into_view_if_needed()
        line = mark.evaluate("e => getComputedStyle(e).borderBottomColor")
        assert line not in (ground, "rgba(0, 0, 0, 0)")
        boxes = mark.evaluate("e => [...e.getClientRects()].map(r => [r.left, r.right, r.height])")
        assert all(0 <= left < right <= width and height > 15 for left, right, height in boxes)
        point_at(page, mark)
        assert mark.evaluate("e => e.matches(':hover')")  # nothing lies over it
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.title().startswith("Cranes, ledgers and <script>")
    assert "<script>" in page.locator(".st-article").inner_text()
    assert "<b onclick=" in page.locator("mark").first.inner_text()
    assert seen == []
    page.context.close()


@pytest.mark.parametrize("height", [0.02, 0.5, 0.97], ids=["at the top", "in the middle", "at the foot"])
@at_each_width
def test_pointing_at_a_quotation_shows_all_probabilities(
    browser: Browser, page_file: Path, reading: stance.Reading, width: int, height: float
) -> None:
    page, seen = opened(browser, page_file, width=width)
    for n, p in enumerate(reading, 1):
        for mark in page.locator(f"mark.q{n}").all():
            point_at(page, mark, height=height)
            card = mark.locator(".st-card")
            assert inside(page, card)
            assert_it_has_all_probabilities(card.inner_text(), p)
            assert page.locator(".st-card:visible").count() == 1
    page.mouse.move(1, 450)
    assert page.locator(".st-card:visible").count() == 0
    assert seen == []
    page.context.close()


@at_each_width
def test_the_tab_key_goes_from_quotation_to_quotation(
    browser: Browser, page_file: Path, reading: stance.Reading, width: int
) -> None:
    page, _ = opened(browser, page_file, width=width)
    page.locator(".st-summary").focus()
    for p in reading:
        page.keyboard.press("Tab")
        card = page.locator("mark:focus .st-card")
        assert inside(page, card)
        assert_it_has_all_probabilities(card.inner_text(), p)
        described = page.locator("mark:focus").get_attribute("aria-describedby")
        assert_it_has_all_probabilities(page.locator(f"#{described}").inner_text(), p)
    page.context.close()


def test_a_tap_opens_a_card_and_a_tap_beside_it_closes_it(browser: Browser, page_file: Path) -> None:
    page, _ = opened(browser, page_file, width=390, has_touch=True, is_mobile=True)
    mark = page.locator("mark.q1")
    mark.tap()
    assert inside(page, mark.locator(".st-card"))
    assert mark.evaluate("e => e === document.activeElement")
    page.locator("p", has_text="The minister went on").tap()
    assert page.locator(".st-card:visible").count() == 0
    page.context.close()


def test_the_cue_and_all_parts_of_a_quotation_light_up_together(browser: Browser, page_file: Path) -> None:
    page, _ = opened(browser, page_file, width=1366)
    first, second = page.locator("mark.q3").all()
    cue = page.locator(".c3")
    line = "e => getComputedStyle(e).textDecorationColor"
    plain = second.evaluate("e => getComputedStyle(e).borderBottomColor")
    assert (cue.inner_text(), cue.evaluate(line)) == ("said", "rgba(0, 0, 0, 0)")
    point_at(page, first)
    assert cue.evaluate(line) != "rgba(0, 0, 0, 0)"
    assert second.evaluate("e => getComputedStyle(e).borderBottomColor") != plain
    page.context.close()


def test_the_margin_of_a_laptop_leaves_the_text_free(browser: Browser, page_file: Path) -> None:
    page, _ = opened(browser, page_file, width=1366)
    mark = page.locator("mark.q1")
    point_at(page, mark)
    article, card = page.locator(".st-article").bounding_box(), mark.locator(".st-card").bounding_box()
    assert article
    assert card
    assert card["x"] >= article["x"] + article["width"]
    page.context.close()


@pytest.mark.parametrize("height", [0.02, 0.97], ids=["at the top", "at the foot"])
@at_each_width
def test_browsers_that_cannot_place_a_card_show_it_whole_as_well(
    browser: Browser, page_file: Path, tmp_path: Path, width: int, height: float
) -> None:
    html = re.sub(r"<meta http-equiv[^>]+>", "", page_file.read_text(encoding="utf-8"))
    old = tmp_path / "old.html"
    old.write_text(html.replace("@supports (anchor-scope", "@supports (no-such-thing"), encoding="utf-8")
    page, _ = opened(browser, old, width=width)
    for n in (1, 5):
        mark = page.locator(f"mark.q{n}").last
        point_at(page, mark, height=height)
        assert inside(page, mark.locator(".st-card"))
    page.context.close()


def test_it_works_without_javascript_and_moves_for_nobody_who_minds(
    browser: Browser, page_file: Path, reading: stance.Reading
) -> None:
    page, _ = opened(browser, page_file, width=390, java_script_enabled=False, reduced_motion="reduce")
    mark = page.locator("mark.q1")
    mark.focus()
    card = mark.locator(".st-card")
    assert card.is_visible()
    assert card.evaluate("e => e.getAnimations().length") == 0
    assert_it_has_all_probabilities(card.inner_text(), reading[0])
    page.context.close()


def test_what_hovering_shows_is_printed(browser: Browser, page_file: Path, reading: stance.Reading) -> None:
    page, _ = opened(browser, page_file, width=700, color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    page.locator("mark.q1").focus()
    assert page.locator(".st-card:visible").count() == 0
    assert page.locator(".st-hint:visible").count() == 0
    notes = page.locator(".st-notes li").all()
    for note, p in zip(notes, reading, strict=True):
        assert note.is_visible()
        assert_it_has_all_probabilities(note.inner_text(), p)
    # Ink costs, and a page without backgrounds must be readable.
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(34, 34, 34)"
    badge = "e => { const s = getComputedStyle(e, '::before'); return [s.backgroundColor, s.color] }"
    ground, letters = page.locator("mark.q1").evaluate(badge)
    assert (ground, letters == "rgb(255, 255, 255)") == ("rgba(0, 0, 0, 0)", False)
    assert page.evaluate("document.documentElement.scrollWidth") <= 700
    page.context.close()


@at_each_width
def test_a_reading_in_a_notebook_changes_nothing_else_there(
    browser: Browser, reading: stance.Reading, tmp_path: Path, width: int
) -> None:
    others = (
        "<h2>a</h2><p>b <mark>c</mark></p><table><tr><th>d</th><td>e</td></tr></table><ol><li>f</li></ol>"
    )
    styles = "all => all.map(e => [...getComputedStyle(e)].map(k => k + getComputedStyle(e)[k]).join())"
    found = []
    for shown in ("", reading._repr_html_()):
        path = tmp_path / "notebook.html"
        head = '<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        path.write_text(f'{head}<div id="others">{others}</div>{shown}', encoding="utf-8")
        page, seen = opened(browser, path, width=width)
        found.append(page.locator("#others *").evaluate_all(styles))
        assert seen == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if shown:
            mark = page.locator("mark.q2")
            point_at(page, mark)
            assert inside(page, mark.locator(".st-card"))
        page.context.close()
    assert found[0] == found[1]
