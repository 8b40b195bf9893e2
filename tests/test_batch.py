"""Tables of articles at the command line: one row a quotation, and nothing lost."""

import csv
import json
from pathlib import Path

import pytest

from stance.tables import read_rows
from tests.test_cli import refused, run

HEADER = ("id", "text", "date")
ARTICLES = [
    ("a1", 'Geng Shuang spoke. "They steal and lie," Geng said. "We never did."', "2019-10-09"),
    ("a2", "Nobody spoke.", ""),
    ("a3", "   ", ""),
    ("a4", 'A US senator said: "We agree."', "2020"),
]


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    path = tmp_path / "articles.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADER, *ARTICLES])
    return path


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_one_row_a_quotation(articles: Path, ending: str, tmp_path: Path, model_folder: Path) -> None:
    output = tmp_path / f"quotations.{ending}"
    told = run("read", articles, "-o", output, "--model", model_folder).stderr
    assert "3 quotations of 4 articles written to" in told
    assert "1 articles have none; 1 could not be read, the column error says why" in told
    rows = [row for _, row in read_rows(output)]
    assert [row["id"] for row in rows] == ["a1", "a1", "a3", "a4"]
    assert [row["quote"] or "" for row in rows] == ["They steal and lie,", "We never did.", "", "We agree."]
    text, (first, *_) = ARTICLES[0][1], rows
    assert text[int(first["start"]) : int(first["end"])] == first["quote"]
    assert text[int(first["cue_start"]) : int(first["cue_end"])] == "said"
    assert first["speaker"] == "Geng Shuang"
    assert float(first["speaker_confidence"]) > 0.9
    assert first["side"] in ("US", "China", "neutral")
    assert "needs words" in rows[2]["error"]


def test_columns_may_have_other_names(tmp_path: Path, model_folder: Path) -> None:
    path, output = tmp_path / "mine.jsonl", tmp_path / "out.jsonl"
    path.write_text(json.dumps({"Nr": 7, "Body": '"Yes," she said.'}) + "\n", encoding="utf-8")
    named = ("--column", "id=Nr", "--column", "text=Body")
    run("read", path, "-o", output, "--model", model_folder, *named)
    assert [row["id"] for _, row in read_rows(output)] == [7]
    run("quotes", path, "-o", output, *named)
    (found,) = [row for _, row in read_rows(output)]
    assert found["id"] == 7
    assert found["quotes"][0]["text"] == "Yes,"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "is a table of articles. Say where its quotations go: -o quotations.csv"),
        (("-o", "out.csv", "--json"), "are for one article. For a table give -o"),
        (("-o", "out.csv", "--column", "quote=text"), "an article has no quote, only id, text, date"),
        (("-o", "out.csv", "--column", "text=Body"), "has no column 'Body', which was given for text"),
    ],
)
def test_what_cannot_be_done_is_told(articles: Path, options: tuple[str, ...], message: str) -> None:
    assert message in refused("read", articles, *options)


def test_a_table_without_the_columns_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("name,age\nAnn,7\n", encoding="utf-8")
    line = refused("read", path, "-o", tmp_path / "out.csv")
    assert "has no column id and no text, only name, age" in line
    assert "--column id=NAME --column text=NAME" in line


def test_the_table_that_is_read_is_not_written_over(articles: Path) -> None:
    assert "would be lost" in refused("read", articles, "-o", articles)
    assert articles.read_text(encoding="utf-8").startswith("id,text,date")
