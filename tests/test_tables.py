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
        ("t.parquet", b"PAR1nonsense", TableError, "is a Parquet file that is cut off, or damaged"),
        ("t.csv", b"quote,side\n,\n,\n", EmptyTableError, "has no rows"),
        ("t.csv", b"sep=;\n\nquote;side\n\na;b;c\n", TableError, "line 5: 3 cells, but the header has 2"),
        (
            "t.csv",
            b'quote,side\n"a\nb",x\n"c\nd,x\n',
            TableError,
            "line 4 is not CSV: the quotation mark that",
        ),
        ("t.csv", b'quote,side\n"a\n"b" c",x\n', TableError, "line 2 is not CSV: a quotation mark stands"),
        ("t.csv", b"quote,side,n\na;b;c\n", TableError, "line 2: one cell.*parted by ',', this line by ';'"),
        ("t.jsonl", b'\xef\xbb\xbf{"quote": "a"}\n\n7\n', TableError, "line 3 must be an object"),
    ],
)
def test_a_bad_table_says_where_and_what(
    name: str, content: bytes, error: type[TableError], message: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(error, match=message):  # noqa: PT012
        columns_of(tmp_path / name)
        list(read_rows(tmp_path / name))


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


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        pytest.param('"a, b";c\n1;2\n', [{"a, b": "1", "c": "2"}], id="a comma in the name of a column"),
        pytest.param("a,b\n1,2,,\n", [{"a": "1", "b": "2"}], id="empty cells beyond the header"),
        pytest.param("a,b\n1\n", [{"a": "1", "b": ""}], id="cells that are left out"),
        pytest.param("a\nx; y\n", [{"a": "x; y"}], id="a single column"),
        pytest.param("sep=\t\na\tb\n1\t2\n", [{"a": "1", "b": "2"}], id="sep and a tab"),
        pytest.param("\n\na|b\n\n1|2\n", [{"a": "1", "b": "2"}], id="blank lines"),
        pytest.param("a,b\r1,2\r", [{"a": "1", "b": "2"}], id="line ends of old Macs"),
        pytest.param(" a ,\n1,2\n", [{"a": "1", "column 2": "2"}], id="a column without name"),
    ],
)
def test_csv_as_people_have_it(text: str, rows: list[dict[str, str]], tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(text.encode())
    assert [row for _, row in read_rows(tmp_path / "t.csv")] == rows


def test_a_row_stands_where_it_begins(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('a,b\n"1\n\n2",x\n,\n3,y\n', encoding="utf-8")
    assert [line for line, _ in read_rows(tmp_path / "t.csv")] == [2, 6]
    assert [line for line, _ in read_rows(tmp_path / "t.csv", empty=True)] == [2, 5, 6]


def test_half_a_letter_is_refused_but_can_be_written(tmp_path: Path) -> None:
    with pytest.raises(QuoteError, match=r"The column 'Who' holds half a letter, '\\ud83d': mend it"):
        quote_of({"quote": "We hope.", "Who": "A\ud83d"}, {"quote": "quote", "speaker": "Who"})
    for kind in ("csv", "jsonl"):
        with writing(tmp_path / f"t.{kind}", ["a"]) as writer:
            writer.write([{"a": "A\ud83d"}])
        assert "A\\ud83d" in (tmp_path / f"t.{kind}").read_text(encoding="utf-8")
    with (
        pytest.raises(TableError, match=r"half a letter, which Parquet does not allow.*\.jsonl"),
        writing(tmp_path / "t.parquet", ["a"]) as writer,
    ):
        writer.write([{"a": "A\ud83d"}])


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_a_table_without_rows_can_be_written(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"t.{kind}"
    with writing(path, ["quote", "side"]):
        pass
    assert list(read_rows(path)) == []


def test_a_place_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "t.csv").mkdir()
    for path, why in (
        (tmp_path / "file" / "t.csv", "(File exists|Not a directory)"),
        (tmp_path / "t.csv", "Is a dir"),
    ):
        with pytest.raises(TableError, match=f"t.csv cannot be written: {why}"), writing(path, ["a"]):
            pass
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "t.csv"]


def test_long_names_of_columns_are_shortened_in_messages(tmp_path: Path) -> None:
    with pytest.raises(ColumnError, match=r"only x{37}\.\.\., b\."):
        quote_columns(tmp_path / "t.csv", ["x" * 500, "b"], {})
