"""The command line as a user meets it: what it prints, what it writes, how it fails."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from rich.text import Text
from typer.testing import CliRunner

from stance.classifier import StanceClassifier
from stance.cli import _cell, app
from stance.results import AxisScores
from stance.tables import read_rows

ARTICLE = 'A US senator said: "They steal and lie."\n\n"We never did it," a Chinese ministry official said.\n'


@pytest.fixture
def article(tmp_path: Path) -> Path:
    path = tmp_path / "article.txt"
    path.write_text(ARTICLE, encoding="utf-8")
    return path


def run(*arguments: object, stdin: str | None = None, code: int = 0) -> Any:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin)
    assert result.exit_code == code, result.output
    return result


def refused(*arguments: object) -> str:
    """The one line that a command prints on stderr when it gives up."""
    result = run(*arguments, code=2)
    assert result.stdout == ""
    line: str = result.stderr
    assert line.startswith("stance: ")
    assert "Traceback" not in line
    return line


@pytest.mark.parametrize("width", [60, 80, 200])
def test_read_prints_a_table_that_fits_the_terminal(
    article: Path,
    model_folder: Path,
    classifier: StanceClassifier,
    width: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    lines = run("read", article, "--model", model_folder).stdout.splitlines()
    assert max(map(len, lines)) <= width
    shown = " ".join(lines)
    first, second = (prediction.stance.label for prediction in classifier.read(ARTICLE))
    for word in ("senator", first, second, "steal"):
        assert word in shown


def test_square_brackets_are_printed_as_they_stand(model_folder: Path) -> None:
    said = '"They [the others] lie [sic], [/b] now," a US senator said.'
    shown = " ".join(run("read", "-", "--model", model_folder, stdin=said).stdout.split())
    for part in ("[the", "[sic]", "[/b]"):
        assert part in shown


def test_a_label_may_have_two_words() -> None:
    scores = AxisScores("stance", (("[very] hostile", 0.75), ("mild", 0.25)), threshold=0.9)
    assert Text.from_markup(_cell(scores)).plain == "[very] hostile?\n0.75"


def test_read_prints_json_with_a_row_a_quotation(
    article: Path, model_folder: Path, classifier: StanceClassifier
) -> None:
    rows = json.loads(run("read", article, "--json", "--model", model_folder).stdout)
    assert rows == classifier.read(ARTICLE).as_dicts()
    assert [row["speaker"] for row in rows] == ["A US senator", "a Chinese ministry official"]
    assert ARTICLE[rows[0]["start"] : rows[0]["end"]] == "They steal and lie."


def test_read_takes_standard_input(article: Path, model_folder: Path) -> None:
    piped = run("read", "-", "--json", "--model", model_folder, stdin=ARTICLE).stdout
    assert piped == run("read", article, "--json", "--model", model_folder).stdout


def test_read_finds_the_same_under_windows_line_ends(tmp_path: Path, model_folder: Path) -> None:
    path = tmp_path / "windows.txt"
    path.write_bytes(b"\xef\xbb\xbf" + ARTICLE.replace("\n", "\r\n").encode())
    rows = json.loads(run("read", path, "--json", "--model", model_folder).stdout)
    assert [row["quote"] for row in rows] == ["They steal and lie.", "We never did it,"]


def test_read_says_so_where_nobody_is_quoted(model_folder: Path) -> None:
    assert run("read", "-", "--model", model_folder, stdin="Nobody spoke.").stdout == "No quotations found.\n"
    assert run("read", "-", "--json", "--model", model_folder, stdin="Nobody spoke.").stdout == "[]\n"


def test_read_writes_a_page_and_says_where(
    article: Path, tmp_path: Path, model_folder: Path, classifier: StanceClassifier
) -> None:
    page = tmp_path / "new" / "page.html"
    result = run("read", article, "--html", page, "--model", model_folder)
    assert page.read_text(encoding="utf-8") == classifier.read(ARTICLE).to_html()
    assert (result.stdout, result.stderr) == ("", f"2 quotations marked in {page}\n")


def test_read_prints_json_beside_a_page(article: Path, tmp_path: Path, model_folder: Path) -> None:
    page = tmp_path / "page.html"
    result = run("read", article, "--html", page, "--json", "--model", model_folder)
    assert len(json.loads(result.stdout)) == 2
    assert page.exists()


def test_read_writes_a_page_without_quotations(tmp_path: Path, model_folder: Path) -> None:
    page = tmp_path / "page.html"
    result = run("read", "-", "--html", page, "--model", model_folder, stdin="Nobody spoke.")
    assert "Nobody spoke." in page.read_text(encoding="utf-8")
    assert result.stderr == f"0 quotations marked in {page}\n"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("article.txt", "is the article that is read, and would be lost. Give another --html."),
        ("x/../article.txt", "is the article that is read"),
        (".", "is no file. Give --html the name of one, such as page.html."),
        ("article.txt/page.html", "cannot be written: "),
    ],
)
def test_read_refuses_a_page_that_cannot_be_written(
    article: Path, name: str, message: str, tmp_path: Path, model_folder: Path
) -> None:
    (tmp_path / "x").mkdir()
    assert message in refused("read", article, "--html", tmp_path / name, "--model", model_folder)
    assert article.read_text(encoding="utf-8") == ARTICLE


def test_a_page_is_not_written_to_a_file_called_dash(article: Path, model_folder: Path) -> None:
    assert "- is no file" in refused("read", article, "--html", "-", "--model", model_folder)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(None, "a.txt cannot be read: No such file or directory", id="missing"),
        pytest.param(b" \n", "An article needs words, but this is empty", id="blank"),
        pytest.param(
            b"caf\xe9 \xc3\xa0 deux", "a.txt is damaged: byte 3 (0xe9) is no UTF-8, while", id="not UTF-8"
        ),
    ],
)
def test_read_refuses_in_one_line(
    content: bytes | None, message: str, tmp_path: Path, model_folder: Path
) -> None:
    path = tmp_path / "a.txt"
    if content is not None:
        path.write_bytes(content)
    line = refused("read", path, "--model", model_folder)
    assert message in line
    assert line.count("\n") == 1


def test_a_folder_that_is_no_model_is_refused(article: Path, tmp_path: Path) -> None:
    assert "has no stance.json, so it is not a stance model" in refused("read", article, "--model", tmp_path)


def test_classify_keeps_every_row_and_column(tmp_path: Path, model_folder: Path) -> None:
    table, output = tmp_path / "in.csv", tmp_path / "out.csv"
    rows = [["Text", "Who", "n"], ["They steal and lie.", "a US senator", "1"], ["", "nobody", "2"]]
    with table.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    columns = ["--column", "quote=Text", "--column", "speaker=Who"]
    result = run("classify", table, "-o", output, *columns, "--model", model_folder)
    found = [row for _, row in read_rows(output)]
    assert [(row["Text"], row["Who"], row["n"], row["stance"]) for row in found] == [
        ("They steal and lie.", "a US senator", "1", "accusatory"),
        ("", "nobody", "2", ""),
    ]
    assert found[1]["error"] == "The column 'Text' is empty."
    assert "2 rows written" in result.stderr
    assert "1 could not be classified, the column error says why" in result.stderr


def test_classify_does_not_overwrite_labels_that_the_table_has(tmp_path: Path, model_folder: Path) -> None:
    table, output = tmp_path / "in.jsonl", tmp_path / "out.parquet"
    row = {"quote": "They steal and lie.", "speaker": "a US senator", "stance": "by hand"}
    table.write_text(json.dumps(row), encoding="utf-8")
    result = run("classify", table, "-o", output, "--model", model_folder)
    (row,) = (row for _, row in read_rows(output))
    assert (row["stance"], row["predicted_stance"]) == ("by hand", "accusatory")
    assert "new columns are called predicted_" in result.stderr


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("in.csv", "quote\n", "has no rows"),
        ("in.csv", "Text,Who\na,b\n", "has no column 'quote', only Text, Who"),
        ("in.jsonl", "{\n", "line 1 is not JSON"),
        ("in.xlsx", "x", "is no table that stance knows"),
    ],
)
def test_classify_refuses_and_leaves_nothing(
    name: str, content: str, message: str, tmp_path: Path, model_folder: Path
) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    output = tmp_path / "out.csv"
    line = refused("classify", tmp_path / name, "-o", output, "--model", model_folder)
    assert message in line
    assert not output.exists()


def test_a_column_name_needs_two_sides(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("quote\nWe hope.\n", encoding="utf-8")
    line = refused("classify", tmp_path / "in.csv", "-o", tmp_path / "out.csv", "--column", "Text")
    assert "--column Text must look like quote=NAME" in line


def test_quotes_needs_no_model(tmp_path: Path) -> None:
    articles, output = tmp_path / "articles.jsonl", tmp_path / "quotes.jsonl"
    lines = [{"id": "a", "text": ARTICLE}, {"id": "b", "text": "Nobody spoke."}]
    articles.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    run("quotes", articles, "-o", output)
    first, second = (row for _, row in read_rows(output))
    assert [quote["speaker"] for quote in first["quotes"]] == ["A US senator", "a Chinese ministry official"]
    (start, end), *_ = first["quotes"][0]["spans"]
    assert ARTICLE[start:end] == "They steal and lie."
    assert second == {"id": "b", "quotes": []}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"id": "a"}\n', "has no column text, only id"),
        ('{"id": "a", "text": "x"}\n{"text": "y"}\n', "line 2 has no id"),
        ('{"id": "a", "text": "x"}\n{"id": "b", "text": ""}\n', "line 2: An article needs words"),
    ],
)
def test_quotes_says_which_article_is_bad(content: str, message: str, tmp_path: Path) -> None:
    articles = tmp_path / "articles.jsonl"
    articles.write_text(content, encoding="utf-8")
    assert message in refused("quotes", articles, "-o", tmp_path / "quotes.jsonl")


def test_info_names_the_model_and_checks_its_files(model_folder: Path) -> None:
    shown = run("info", model_folder).stdout
    for part in ("tiny 1.0.0", "accusatory, conciliatory, defensive", "unsure below", "train 160", "whole"):
        assert part in shown


def test_no_command_shows_the_help() -> None:
    shown = run(code=2).output
    for command in ("read", "classify", "quotes", "info"):
        assert command in shown


def test_the_table_that_is_read_is_not_written_over(tmp_path: Path) -> None:
    table = tmp_path / "quotes.csv"
    table.write_text("quote\nWe hope.\n", encoding="utf-8")
    result = run("classify", table, "-o", tmp_path / "x" / ".." / "quotes.csv", code=2)
    assert "is the table that is read, and would be lost. Give another --output." in result.stderr
    assert table.read_text(encoding="utf-8") == "quote\nWe hope.\n"
