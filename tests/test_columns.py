"""What the columns of a Parquet table hold is known before the work begins, not when it comes by."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stance.columns import schema
from stance.tables import BLOCK, read_rows
from tests.test_cli import refused, run

LATE = BLOCK + 50  # rows before the one that tells what a column holds


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "out.parquet"


def jsonl(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


def test_columns_that_begin_with_gaps_keep_their_type(
    tmp_path: Path, output: Path, model_folder: Path
) -> None:
    last = {"quote": "We hope.", "page": 7, "weight": 0.5, "tags": ["x"]}
    rows = [{"quote": "", "page": None, "weight": 2}] * LATE + [last]
    run("classify", jsonl(tmp_path / "in.jsonl", rows), "-o", output, "--model", model_folder)
    first, *_, found = (row for _, row in read_rows(output))
    assert (first["page"], first["weight"], first["tags"]) == (None, 2.0, None)
    assert first["stance_confidence"] is None
    assert {name: found[name] for name in last} == last
    assert isinstance(found["stance_confidence"], float)
    assert isinstance(found["stance_unsure"], bool)


def test_a_parquet_table_keeps_its_types(tmp_path: Path, output: Path, model_folder: Path) -> None:
    given = pa.table(
        {
            "quote": pa.array(["We hope."] * LATE, pa.large_string()),
            "page": pa.array([None] * (LATE - 1) + [3], pa.int32()),
            "day": pa.array([date(2020, 5, 1)] * LATE),
            "outlet": pa.array(["wire"] * LATE, pa.dictionary(pa.int8(), pa.string())),
            "gap": pa.nulls(LATE),
        }
    )
    pq.write_table(given, tmp_path / "in.parquet")
    run("classify", tmp_path / "in.parquet", "-o", output, "--model", model_folder)
    found = pq.read_table(output).select(given.column_names)
    text = given.schema.set(4, pa.field("gap", pa.string()))
    assert found.schema.remove_metadata() == text
    assert found.to_pylist() == given.to_pylist()


@pytest.mark.parametrize(
    ("late", "message"),
    [
        ({"page": "four"}, "incompatible types: int64 vs string"),
        ({"page": 2**70}, "too large"),
        ({"page": 4, "who": "A\ud83d"}, "surrogates not allowed"),
    ],
)
def test_what_parquet_does_not_allow_is_told_before_the_work(
    late: dict[str, Any], message: str, tmp_path: Path, output: Path, model_folder: Path
) -> None:
    rows = [{"quote": "We hope.", "page": 1}] * BLOCK + [{"quote": "We hope.", **late}] * 2
    line = refused("classify", jsonl(tmp_path / "in.jsonl", rows), "-o", output, "--model", model_folder)
    assert (
        f"in.jsonl, lines {BLOCK + 1:,} to {BLOCK + 2:,}: a column holds what Parquet does not allow" in line
    )
    assert message in line
    assert "Write to a .csv or .jsonl file instead." in line
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]


def test_the_ids_of_articles_keep_their_type(tmp_path: Path, output: Path, model_folder: Path) -> None:
    rows: list[dict[str, Any]] = [{"id": n, "text": "Nobody spoke.", "note": n} for n in range(100)]
    rows.append({"id": 100, "text": '"We agree," she said.', "note": "of another type, but not carried on"})
    run("read", jsonl(tmp_path / "in.jsonl", rows), "-o", output, "--model", model_folder)
    (found,) = pq.read_table(output).to_pylist()
    assert (found["id"], found["start"]) == (100, 1)


def test_a_csv_holds_text(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("quote,n\nWe hope.,1\n", encoding="utf-8")
    found = schema(
        tmp_path / "out.parquet", tmp_path / "in.csv", {"quote": "quote", "n": "n"}, {"truncated": "cut"}
    )
    assert found == pa.schema({"quote": pa.string(), "n": pa.string(), "cut": pa.bool_()})
