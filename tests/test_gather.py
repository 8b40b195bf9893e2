"""Real quotations stay where they are: what readers said of them finds them there."""

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from stance.errors import TableError
from training.__main__ import app
from training.copies import fingerprint
from training.gather import gather

COLUMNS = ("table", "row", "spans", "check", "side", "stance", "second", "clarity", "sentiment")
FIRST = {"side": "US", "stance": "accusatory", "sentiment": "negative", "clarity": "clear"}
KNOWN = [
    {"id": "r1", "quote": "They closed the harbour.", "speaker": "Ann Roe", "group": "a", **FIRST},
    {"id": "r2", "quote": "We met halfway.", "speaker": "Jo Poole", "group": "b", **FIRST},
]
LOOSE = [{"quote": "Nobody asked us about the cranes.", "speaker": "Ann Roe", "source": "paper"}]
TURN = "We read the letter twice. We found no charge in it. We will answer in spring."
ARTICLE = f'The wind fell.\n\n"{TURN}" said Envoy Ivan Poole. "Nothing more."'


def row(table: str, place: str | int, quote: str, spans: str = "", **said: str) -> dict[str, Any]:
    labels = {**FIRST, "second": "", "stance": "defensive"} | said
    return {"table": table, "row": place, "spans": spans, "check": fingerprint(quote), **labels}


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    (tmp_path / "train.jsonl").write_text("".join(json.dumps(one) + "\n" for one in KNOWN))
    for name, rows in (
        ("unlabelled", LOOSE),
        ("documents", [{"text": ARTICLE, "kind": "news", "source": "p"}]),
    ):
        with gzip.open(tmp_path / f"{name}.jsonl.gz", "wt") as lines:
            lines.writelines(json.dumps(one) + "\n" for one in rows)
    return tmp_path


def readings(folder: Path, *rows: dict[str, Any]) -> Path:
    path = folder / "readings.csv"
    with path.open("w", newline="") as lines:
        writer = csv.DictWriter(lines, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_a_second_reader_stands_beside_the_label_that_was_there(texts: Path) -> None:
    found = gather(texts, readings(texts, row("train", "r1", KNOWN[0]["quote"])))
    by_id = {one["id"]: one for one in found.rows}
    assert by_id["r1"]["stance"] == "accusatory"
    assert by_id["r1"]["stance_readers"] == ["accusatory", "defensive"]
    assert by_id["r2"]["stance_readers"] == ["accusatory"]  # read once


def test_of_unlabelled_quotations_the_first_reader_gives_the_label(texts: Path) -> None:
    two = [row("unlabelled", 0, LOOSE[0]["quote"], stance=one) for one in ("conciliatory", "defensive")]
    found = gather(texts, readings(texts, *two)).rows[0]
    assert (found["quote"], found["stance"]) == (LOOSE[0]["quote"], "conciliatory")
    assert found["stance_readers"] == ["conciliatory", "defensive"]


def test_speakers_that_nobody_has_checked_are_said_to_be_so(texts: Path) -> None:
    rows = [row("train", "r1", KNOWN[0]["quote"]), row("unlabelled", 0, LOOSE[0]["quote"])]
    rows.append(row("documents", 0, TURN, f"{ARTICLE.index(TURN)}-{ARTICLE.index(TURN) + len(TURN)}"))
    found = {one["quote"]: one.get("speaker_by") for one in gather(texts, readings(texts, *rows)).rows}
    assert found == {
        KNOWN[0]["quote"]: None,
        KNOWN[1]["quote"]: None,
        LOOSE[0]["quote"]: "rules",
        TURN: "rules",
    }


def test_a_stance_is_shared_with_what_else_could_be_defended_and_where_there_is_none(texts: Path) -> None:
    def shares(*said: dict[str, str]) -> dict[str, float]:
        rows = [row("unlabelled", 0, LOOSE[0]["quote"], **one) for one in said]
        return dict(gather(texts, readings(texts, *rows)).rows[0]["stance_shares"])

    clear = {"stance": "defensive"}
    torn = {"stance": "defensive", "second": "accusatory", "clarity": "borderline"}
    none = {"stance": "defensive", "clarity": "none"}
    assert shares(clear) == {"accusatory": 0, "conciliatory": 0, "defensive": 1}
    assert shares(torn) == {"accusatory": 0.3, "conciliatory": 0, "defensive": 0.7}
    assert shares(none) == {"accusatory": 0.2, "conciliatory": 0.2, "defensive": 0.6}
    assert shares(clear, torn) == {"accusatory": 0.15, "conciliatory": 0, "defensive": 0.85}


def test_the_stance_is_that_with_the_most_and_of_two_the_first_readers(texts: Path) -> None:
    def stance(*said: dict[str, str]) -> str:
        rows = [row("unlabelled", 0, LOOSE[0]["quote"], **one) for one in said]
        return str(gather(texts, readings(texts, *rows)).rows[0]["stance"])

    torn = {"stance": "accusatory", "second": "defensive", "clarity": "borderline"}
    assert stance(torn) == "accusatory"
    assert stance(torn, {"stance": "defensive"}) == "defensive"
    assert stance({"stance": "conciliatory"}, {"stance": "accusatory"}) == "conciliatory"


def test_what_names_china_is_told_from_other_matters(texts: Path) -> None:
    with gzip.open(texts / "unlabelled.jsonl.gz", "at") as lines:
        lines.write(json.dumps({**LOOSE[0], "quote": "We will ask.", "context": "as Beijing said"}) + "\n")
    rows = [row("unlabelled", 0, LOOSE[0]["quote"]), row("unlabelled", 1, "We will ask.")]
    assert [one["domain"] for one in gather(texts, readings(texts, *rows)).rows[:2]] == ["other", "us-china"]


def test_a_passage_of_a_document_has_the_speaker_of_the_quotation_that_it_stands_in(texts: Path) -> None:
    passage = "We found no charge in it."
    start = ARTICLE.index(passage)
    found = gather(texts, readings(texts, row("documents", 0, passage, f"{start}-{start + len(passage)}")))
    assert found.rows[0]["quote"] == passage
    assert found.rows[0]["speaker"] == "Envoy Ivan Poole"
    assert found.rows[0]["origin"] == "news"


def test_a_quotation_that_has_changed_or_gone_is_counted_and_left_out(texts: Path) -> None:
    gone = [
        row("unlabelled", 0, "Some other words."),
        row("unlabelled", 7, "Nobody asked us."),
        row("documents", 0, "The wind fell.", "0-14"),
    ]
    found = gather(texts, readings(texts, *gone))
    assert dict(found.lost) == {"unlabelled": 2, "documents": 1}
    assert len(found.rows) == len(KNOWN)


def test_rows_of_one_article_are_one_group(texts: Path) -> None:
    context = "In the morning the two envoys walked along the quay and looked at all of the old cranes there."
    rows = [{**one, "context": context} for one in KNOWN] + [{**KNOWN[0], "id": "r3", "group": "c"}]
    (texts / "train.jsonl").write_text("".join(json.dumps(one) + "\n" for one in rows))
    groups = {one["id"]: one["group"] for one in gather(texts, readings(texts)).rows}
    assert groups["r1"] == groups["r2"] != groups["r3"]


def test_a_folder_without_the_texts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"train\.jsonl cannot be read: .*must hold train\.jsonl"):
        gather(tmp_path, readings(tmp_path))


def test_a_label_that_is_none_and_a_line_that_is_cut_off_are_refused(texts: Path) -> None:
    table = readings(texts, row("unlabelled", 0, LOOSE[0]["quote"], stance="hostile", clarity="clear"))
    with pytest.raises(TableError, match="line 2: nobody can have read stance 'hostile'"):
        gather(texts, table)
    table = readings(texts, row("unlabelled", 0, LOOSE[0]["quote"]))
    table.write_text(table.read_text() + "documents,0")
    with pytest.raises(TableError, match="line 3: nobody can have read side None or stance None"):
        gather(texts, table)


@pytest.mark.parametrize(
    ("place", "message"),
    [
        (("unlabeled", "0", ""), "line 2: unlabeled 0 .*is no place"),
        (("documents", "0", "12"), "line 2: documents 0 12 is no place"),
        (("unlabelled", "x1", ""), "line 2: unlabelled x1 .*is no place"),
    ],
)
def test_a_reading_of_no_place_is_refused(texts: Path, place: tuple[str, str, str], message: str) -> None:
    with pytest.raises(TableError, match=message):
        gather(texts, readings(texts, row(place[0], place[1], "We met.", place[2])))


def test_a_text_that_lacks_something_or_is_cut_off_is_refused(texts: Path) -> None:
    whole = (texts / "documents.jsonl.gz").read_bytes()
    (texts / "documents.jsonl.gz").write_bytes(whole[:-12])
    with pytest.raises(TableError, match=r"documents\.jsonl\.gz cannot be read"):
        gather(texts, readings(texts))
    (texts / "documents.jsonl.gz").write_bytes(whole)
    (texts / "train.jsonl").write_text('{"id": "r1", "quote": "We met."}\n')
    with pytest.raises(TableError, match=r"train\.jsonl, line 1 lacks group, side, stance"):
        gather(texts, readings(texts))


def test_many_quotations_of_one_paragraph_are_one_group(texts: Path) -> None:
    rows = [
        {**KNOWN[0], "id": f"r{n}", "group": f"{n}", "context": "They met on the quay."} for n in range(9)
    ]
    (texts / "train.jsonl").write_text("".join(json.dumps(one) + "\n" for one in rows))
    assert len({one["group"] for one in gather(texts, readings(texts)).rows}) == 1


def test_the_texts_are_not_overwritten(texts: Path) -> None:
    before = (texts / "train.jsonl").read_bytes()
    known = readings(texts)
    made = CliRunner().invoke(
        app, ["gather", str(texts), "-o", str(texts / "train.jsonl"), "--readings", str(known)]
    )
    assert made.exit_code == 2
    assert (texts / "train.jsonl").read_bytes() == before


def test_the_command_writes_a_table_that_can_be_fitted_to(texts: Path) -> None:
    known = readings(texts, row("train", "r1", KNOWN[0]["quote"]), row("unlabelled", 3, "Gone."))
    output = texts / "real.jsonl"
    made = CliRunner().invoke(app, ["gather", str(texts), "-o", str(output), "--readings", str(known)])
    assert made.exit_code == 0
    assert "2 quotations written" in made.stderr
    assert "1 of unlabelled have lost their readings" in made.stderr
    assert [json.loads(line)["id"] for line in output.read_text().splitlines()] == ["r1", "r2"]
