"""What people look at, in Chromium: ``make browser``. Without Chromium these fail, they are not skipped."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

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


def opened(browser: Browser, path: Path, *, width: int) -> tuple[Page, list[str]]:
    """A page, and what went wrong or was fetched while it opened."""
    page = browser.new_page(viewport={"width": width, "height": 900})
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
