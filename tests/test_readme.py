"""What the README shows is what a reader gets."""

import contextlib
import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def block(language: str, place: int = 0) -> str:
    """A fenced block of a language, of which there may be several."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)[place]


def assert_alike(printed: str, shown: str) -> None:
    """The same but for the last digits: eight-bit products differ a little between processors."""
    figure = re.compile(r"\d\.\d+")
    found, given = ([line.rstrip() for line in text.strip().splitlines()] for text in (printed, shown))
    assert [figure.sub("#", line) for line in found] == [figure.sub("#", line) for line in given]
    found, given = ([float(one) for one in figure.findall(text)] for text in (printed, shown))
    assert given == pytest.approx(found, abs=0.02)


def test_the_first_lines_print_what_is_shown() -> None:
    printed = io.StringIO()
    with contextlib.chdir(ROOT), contextlib.redirect_stdout(printed):
        exec(block("python"), {})
    assert_alike(printed.getvalue(), block("text"))


def test_the_article_is_read_as_it_is_shown() -> None:
    shown = block("text", 2)
    assert shown.startswith("┏")
    command = [Path(sys.executable).with_name("stance"), "read", "notebooks/article.txt"]
    width = str(len(shown.splitlines()[0]))
    printed = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "COLUMNS": width},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert_alike(printed.stdout, shown)


def test_the_figures_are_those_of_the_card() -> None:
    card = (ROOT / "models/stance-minilm/README.md").read_text(encoding="utf-8")
    of_labels = README.split("Quotations and speakers, with 95 % intervals")[0]  # those of the rules follow
    figures = re.findall(r"\d\.\d{3} \[\d\.\d{3}, \d\.\d{3}\]", of_labels)
    assert len(figures) == 12
    # The card has tables for other rows, too: these figures are said to be of the real quotations.
    measured = card.split("On quotes_dev.jsonl:")[1].split("\nOn ")[0]
    assert not [figure for figure in figures if figure not in measured]


def test_the_make_targets_and_files_it_names_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"^make (\w+)", README, re.MULTILINE)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    for path in re.findall(r"\]\(([^)]+)\)", README):
        assert (ROOT / path).exists(), path
