"""What the README shows is what a reader gets."""

import contextlib
import io
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    """The first fenced block of a language."""
    found = re.search(rf"```{language}\n(.*?)```", README, re.DOTALL)
    assert found
    return found[1]


def without_figures(text: str) -> str:
    # Eight-bit products differ a little between processors.
    return re.sub(r"\d\.\d+", "0.0", text).strip()


def test_the_first_lines_print_what_is_shown() -> None:
    printed = io.StringIO()
    with contextlib.chdir(ROOT), contextlib.redirect_stdout(printed):
        exec(block("python"), {})
    assert without_figures(printed.getvalue()) == without_figures(block("text"))


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
