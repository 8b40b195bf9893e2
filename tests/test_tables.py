import csv
from pathlib import Path
from typing import Any

import pytest

from stance.errors import ColumnError, EmptyTableError, QuoteError, TableError
from stance.tables import columns_of, quote_columns, quote_of, read_rows
from stance.writing import writing

ROWS: list[dict[str, Any]] = [
    {"quote": 'He said "yes", twice.\nThen no.', "speaker": "Ann Roe", "n": 1},
    {"quote": "Größe, 世界", "speaker": "", "n": 2},
]


@pytest.mark.parametrize("kind", [".csv", ".tsv", ".jsonl", ".parquet"])
def test_what_is_written_is_read_again(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"table{kind}"
    with writing(path, ["quote", "speaker", "n"]) as writer:
        writer.write(ROWS[:1])
        writer.write(ROWS[1:])
    found = [{**row, "n": int(row["n"])} for _, row in read_rows(path)]
    assert found == ROWS
    assert columns_of(path) == ["quote", "speaker", "n"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_any_common_delimiter_and_a_byte_order_mark(delimiter: str, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows([["quote", "speaker"], ["We, too; hope | now.", "x"]])
    assert [row for _, row in read_rows(path)] == [{"quote": "We, too; hope | now.", "speaker": "x"}]


@pytest.mark.parametrize(
    ("name", "content", "error", "message"),
    [
        ("t.txt", b"", TableError, r"no table that stance knows: its name must end in \.csv"),
        ("t.csv", b"", EmptyTableError, "has no rows"),
        ("t.csv", b"quote,speaker\n", EmptyTableError, "has no rows"),
        ("t.jsonl", b"\n", EmptyTableError, "has no rows"),
        (
            "t.csv",
            b"quote\n\xc3\xa9 ol\xe9\n",
            TableError,
            r"damaged: byte 11 \(0xe9\) is no UTF-8.*CSV UTF-8",
        ),
        ("t.csv", b"quote,speaker\na,b,c\n", TableError, "line 2: 3 cells, but the header has 2 columns"),
        ("t.csv", b"quote,quote\na,b\n", ColumnError, "more than one column quote"),
        ("t.jsonl", b'{"quote": "a"}\n{"quote"\n', TableError, "line 2 is not JSON"),
        ("t.jsonl", b'["a"]\n', TableError, "line 1 must be an object"),
        ("t.parquet", b"nonsense", TableError, "is not a Parquet file"),
    ],
)
def test_a_bad_table_says_where_and_what(
    name: str, content: bytes, error: type[TableError], message: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(error, match=message):
        columns_of(tmp_path / name)


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl", "t.parquet"])
def test_a_missing_table(name: str, tmp_path: Path) -> None:
    with pytest.raises(TableError, match=rf"{name} cannot be read: .*No such file"):
        columns_of(tmp_path / name)


def test_the_quotation_may_have_another_name(tmp_path: Path) -> None:
    found = quote_columns(tmp_path, ["Text", "attribution"], {"quote": "Text"})
    assert found == {"quote": "Text", "speaker": "attribution"}
    assert quote_of({"Text": "We hope.", "attribution": "Ann"}, found).speaker == "Ann"


def test_a_quotation_is_needed(tmp_path: Path) -> None:
    with pytest.raises(ColumnError, match=r"no column 'quote', only Text.*--column quote=NAME"):
        quote_columns(tmp_path / "t.csv", ["Text"], {})
    with pytest.raises(ColumnError, match=r"no column 'Words', which was given for quote\. It has Text"):
        quote_columns(tmp_path / "t.csv", ["Text"], {"quote": "Words"})
    with pytest.raises(QuoteError, match="The column 'Text' is empty"):
        quote_of({"Text": ""}, {"quote": "Text"})


def test_an_unfinished_table_never_has_its_name(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    with pytest.raises(RuntimeError), writing(path, ["a"]) as writer:  # noqa: PT012
        writer.write([{"a": 1}])
        raise RuntimeError
    assert not list(tmp_path.iterdir())


def test_a_parquet_column_keeps_its_type(tmp_path: Path) -> None:
    with writing(tmp_path / "t.parquet", ["a"]) as writer:
        writer.write([{"a": 1}])
        with pytest.raises(TableError, match=r"changes its type midway.*\.csv or \.jsonl"):
            writer.write([{"a": "x"}])
