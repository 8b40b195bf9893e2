"""Whatever kind of table labelled rows come from, they are the same Examples."""

import csv
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import datasets
import huggingface_hub.constants
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest

from stance.errors import ColumnError, EmptyTableError, TableError
from tests.conftest import SCHEME
from training import labelled
from training.labelled import Example
from training.sources import Table, short_names, table_of, tables_of

Rows = list[dict[str, Any]]
ROWS: Rows = [
    {
        "quote": "We won’t haggle at anybody’s café table — “not once”, as he put it.",
        "speaker": "José, a US trade official",
        "side": "US",
        "stance": "defensive",
        "sentiment": "negative",
        "date": "2019-10-09",
        "weight": 2.0,
        "group": 7.0,
        "clarity": "clear",
        "split": "train",
        "stance_readers": ["defensive", "accusatory", ""],
    },
    {
        "quote": "First we talk;\nthen, if need be, we talk again.\n\nThat is all.",
        "speaker": None,
        "side": "China",
        "stance": "conciliatory",
        "sentiment": None,
        "date": None,
        "weight": 0.5,
        "group": 8.0,
        "clarity": None,
        "split": "validation",
        "stance_readers": ["conciliatory", "conciliatory", "defensive"],
    },
    {
        "quote": 'They call it "dialogue"; I call it a détour, and a dear one.',
        "speaker": "an analyst",
        "side": "neutral",
        "stance": None,
        "sentiment": "negative",
        "date": "2020-02-29",
        "weight": None,
        "group": None,
        "clarity": "borderline",
        "split": "test",
        "stance_readers": None,
    },
]
COLUMNS = list(ROWS[0])


def in_columns(rows: Rows) -> Rows:
    """The labels of the coders in a column for each of them."""
    made = []
    for row in rows:
        coders = row["stance_readers"] or [""] * 3
        rest = {name: value for name, value in row.items() if name != "stance_readers"}
        made.append({**rest, **{f"stance_{i}": label for i, label in enumerate(coders, 1)}})
    return made


def frame(rows: Rows) -> pd.DataFrame:
    """With the types that pandas would give such columns."""
    made = pd.DataFrame(rows)
    made["date"] = pd.to_datetime(made["date"])
    made["clarity"] = made["clarity"].astype("category")
    return made


def excel(
    path: Path, rows: Rows, encoding: str, *, first: str = "", delimiter: str = ";", decimal: str = ","
) -> Path:
    """As Excel saves: CRLF, LF within cells, lists as typed by hand, numbers as the country writes them."""

    def cell(value: Any) -> str:
        if isinstance(value, float):
            return f"{value:g}".replace(".", decimal)
        return ", ".join(value) if isinstance(value, list) else value or ""

    with path.open("w", encoding=encoding, newline="") as file:
        file.write(first)
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(rows[0])
        writer.writerows([cell(value) for value in row.values()] for row in rows)
    return path


def jsonl(path: Path, rows: Rows) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def by_pandas(path: Path, rows: Rows) -> Path:
    made = frame(rows)
    if path.suffix == ".csv":
        made.to_csv(path, index=False)
    elif path.suffix == ".jsonl":
        made.to_json(path, orient="records", lines=True, date_format="iso")
    else:
        # What is left of a larger frame has an index worth keeping, in pandas' eyes.
        made.index = pd.Index([4, 9, 11][: len(made)])
        made.to_parquet(path)
    return path


def by_arrow(path: Path, rows: Rows) -> Path:
    table = pa.Table.from_pylist(rows)
    day = pa.array([row["date"] and date.fromisoformat(row["date"]) for row in rows], pa.date32())
    table = table.set_column(table.column_names.index("date"), "date", day)
    pa.parquet.write_table(table, path)
    return path


def saved(path: Path, made: Any) -> Path:
    made.save_to_disk(str(path))
    return path


def numbered(rows: Rows) -> datasets.Dataset:
    """Labels as the numbers of a ClassLabel, as most datasets of the Hub have them."""
    made = datasets.Dataset.from_list(rows)
    for axis in SCHEME.axes:
        made = made.cast_column(axis.name, datasets.ClassLabel(names=list(axis.labels)))
    return made


def in_splits(rows: Rows) -> datasets.DatasetDict:
    parts = {row["split"]: [{name: value for name, value in row.items() if name != "split"}] for row in rows}
    schema = pa.Table.from_pylist(rows).schema
    features = datasets.Features.from_arrow_schema(schema)
    del features["split"]
    return datasets.DatasetDict(
        {name: datasets.Dataset.from_list(part, features=features) for name, part in parts.items()}
    )


SOURCES: dict[str, Callable[[Path, Rows], Any]] = {
    "a DataFrame": lambda _, rows: frame(rows),
    "a list of dicts": lambda _, rows: rows,
    "Excel's CSV UTF-8": lambda to, rows: excel(to / "t.csv", rows, "utf-8-sig"),
    "Excel's CSV, Windows-1252": lambda to, rows: excel(to / "t.csv", rows, "cp1252"),
    "Excel's CSV with commas": lambda to, rows: excel(
        to / "t.csv", rows, "cp1252", delimiter=",", decimal="."
    ),
    "Excel's Unicode text": lambda to, rows: excel(to / "t.tsv", rows, "utf-16", delimiter="\t"),
    "UTF-16, big end first": lambda to, rows: excel(to / "t.csv", rows, "utf-16-be", first="\ufeffsep=;\r\n"),
    "sep=; in UTF-8": lambda to, rows: excel(to / "t.csv", rows, "utf-8-sig", first="sep=;\r\n"),
    "sep=; in Windows-1252": lambda to, rows: excel(to / "t.csv", rows, "cp1252", first="SEP=;\r\n"),
    "sep= and a tab": lambda to, rows: excel(to / "t.csv", rows, "utf-8", first="sep=\t\r\n", delimiter="\t"),
    "blank lines above the header": lambda to, rows: excel(to / "t.csv", rows, "utf-8-sig", first="\r\n\r\n"),
    "CSV by pandas": lambda to, rows: by_pandas(to / "t.csv", rows),
    "JSONL": lambda to, rows: jsonl(to / "t.jsonl", rows),
    "JSONL by pandas": lambda to, rows: by_pandas(to / "t.jsonl", rows),
    "Parquet by pandas": lambda to, rows: by_pandas(to / "t.parquet", rows),
    "Parquet by Arrow": lambda to, rows: by_arrow(to / "t.parquet", rows),
    "a Dataset": lambda _, rows: datasets.Dataset.from_list(rows),
    "a Dataset from pandas": lambda _, rows: datasets.Dataset.from_pandas(frame(rows)),
    "a Dataset of ClassLabels": lambda _, rows: numbered(rows),
    "a saved Dataset": lambda to, rows: saved(to / "set", datasets.Dataset.from_list(rows)),
    "a saved Dataset of ClassLabels": lambda to, rows: saved(to / "set", numbered(rows)),
    "a DatasetDict": lambda _, rows: in_splits(rows),
    "a saved DatasetDict": lambda to, rows: saved(to / "set", in_splits(rows)),
}


def expected(readers: bool) -> list[Example]:
    return labelled.read(ROWS if readers else in_columns(ROWS), SCHEME)


@pytest.mark.parametrize("readers", [True, False], ids=["a list of coders", "a column a coder"])
@pytest.mark.parametrize("kind", SOURCES)
def test_every_kind_of_table_gives_the_same_examples(kind: str, readers: bool, tmp_path: Path) -> None:
    source = SOURCES[kind](tmp_path, ROWS if readers else in_columns(ROWS))
    assert labelled.read(source, SCHEME) == expected(readers)


def test_the_examples_are_those_that_were_meant() -> None:
    first, second, third = expected(readers=True)
    assert first.quote.text == ROWS[0]["quote"]
    assert second.quote.text.count("\n") == 3
    assert (first.quote.speaker, second.quote.speaker) == ("José, a US trade official", None)
    assert (first.quote.date, second.quote.date) == ("2019-10-09", None)
    assert [one.weight for one in (first, second, third)] == [2.0, 0.5, 1.0]
    assert [one.group for one in (first, second, third)] == ["7", "8", "row 2"]
    assert third.labels == {"side": "neutral", "stance": None, "sentiment": "negative"}
    assert [one.split for one in (first, second, third)] == ["train", "validation", "test"]
    assert first.readers == {"stance": ("defensive", "accusatory", "")}
    assert third.readers == {}
    assert [one.readers for one in expected(readers=False)] == [first.readers, second.readers, {}]


def test_rows_of_a_file_are_counted_by_the_lines_on_which_they_begin(tmp_path: Path) -> None:
    path = excel(tmp_path / "t.csv", ROWS, "cp1252", first="sep=;\r\n")
    assert [example.line for example in labelled.read(path, SCHEME)] == [3, 4, 8]
    assert table_of(path).unit == "line"
    parquet = by_arrow(tmp_path / "t.parquet", ROWS)
    assert [example.line for example in labelled.read(parquet, SCHEME)] == [1, 2, 3]
    assert table_of(parquet).unit == "row"


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        pytest.param(2, "2", id="a number"),
        pytest.param(2.0, "2", id="a whole number among fractions"),
        pytest.param("2.0", "2", id="the same as text"),
        pytest.param(Decimal("2.00"), "2", id="a decimal"),
        pytest.param(np.float64(0.5), "0.5", id="numpy's number"),
        pytest.param("2.0.1", "2.0.1", id="no number"),
        pytest.param(True, "true", id="yes"),
        pytest.param(date(2019, 10, 9), "2019-10-09", id="a day"),
        pytest.param(pd.Timestamp("2019-10-09"), "2019-10-09", id="pandas' day"),
        pytest.param("2019-10-09 00:00:00", "2019-10-09", id="a day as Excel shows it"),
        pytest.param("2019-10-09T00:00:00.000Z", "2019-10-09", id="a day in JSON"),
        pytest.param(datetime(2019, 10, 9, 14, 5), "2019-10-09T14:05:00", id="a time"),
        pytest.param("2019-10-09 14:05", "2019-10-09T14:05:00", id="a time without seconds"),
        pytest.param(datetime(2019, 10, 9, 14, 5, tzinfo=UTC), "2019-10-09T14:05:00+00:00", id="in a zone"),
        pytest.param("2019-10-09T14:05:00Z", "2019-10-09T14:05:00+00:00", id="Zulu time"),
        pytest.param("one\r\ntwo\rthree", "one\ntwo\nthree", id="line breaks of all systems"),
        pytest.param("café".encode(), "café", id="bytes of a Parquet that says not what they are"),
        pytest.param({"a": date(2019, 1, 1)}, '{"a": "2019-01-01"}', id="an object"),
        pytest.param(np.array(["a", None], dtype=object), ["a", ""], id="numpy's list"),
        pytest.param([float("nan"), 2.0], ["", "2"], id="a list with gaps"),
    ],
)
def test_a_cell_is_text_in_one_spelling(cell: Any, text: Any) -> None:
    assert table_of([{"quote": "We hope.", "cell": cell}]).rows == ((1, {"quote": "We hope.", "cell": text}),)


@pytest.mark.parametrize("cell", [None, "", float("nan"), pd.NA, pd.NaT, [], np.array([])], ids=repr)
def test_an_empty_cell_is_left_out(cell: Any) -> None:
    assert table_of([{"quote": "We hope.", "cell": cell}]).rows == ((1, {"quote": "We hope."}),)


@pytest.mark.parametrize("kind", ["csv", "jsonl", "frame"])
def test_an_empty_row_is_passed_over_and_remembered(kind: str, tmp_path: Path) -> None:
    rows = [{"quote": "We hope.", "side": "US"}, {"quote": "", "side": None}, {"quote": "They lie."}]
    (tmp_path / "t.csv").write_text("quote;side\nWe hope.;US\n;\nThey lie.;\n", encoding="utf-8")
    jsonl(tmp_path / "t.jsonl", rows)
    source = pd.DataFrame(rows) if kind == "frame" else tmp_path / f"t.{kind}"
    table = table_of(source)
    first = 1 if kind != "csv" else 2
    assert table.empty == (first + 1,)
    assert [number for number, _ in table.rows] == [first, first + 2]
    assert [example.group for example in labelled.read(source, SCHEME)] == ["row 0", "row 1"]


def test_several_sources_of_any_kind_are_read_one_after_the_other(tmp_path: Path) -> None:
    found = labelled.read([jsonl(tmp_path / "t.jsonl", ROWS), frame(ROWS[:1])], SCHEME)
    assert [Path(example.table).name for example in found] == ["t.jsonl"] * 3 + ["DataFrame"]
    assert found[3].quote == found[0].quote


def test_a_name_that_one_of_several_tables_has_need_not_be_in_all() -> None:
    mine = {"Text": "They lie.", "Who": "a US senator", "Article": "a", "Move": "accusatory"}
    filled_in = {"Text": "We hope.", "attribution": "an aide in Beijing", "stance": "conciliatory"}
    columns = {"quote": "Text", "speaker": "Who", "group": "Article", "stance": "Move"}
    both = [pd.DataFrame([mine]), pd.DataFrame([filled_in])]
    first, second = labelled.read(both, SCHEME, columns=columns)
    assert (first.labels["stance"], first.group) == ("accusatory", "a")
    assert (second.labels["stance"], second.quote.speaker) == ("conciliatory", "an aide in Beijing")
    assert second.group == "row 1"
    with pytest.raises(ColumnError, match="has no column 'Wer', which was given for speaker"):
        labelled.read(both, SCHEME, columns={**columns, "speaker": "Wer"})
    slip = pd.DataFrame([{"Text": "We hope.", "move": "conciliatory"}])
    with pytest.raises(ColumnError, match="has no column 'Move', which was given for stance"):
        labelled.read([both[0], slip], SCHEME, columns=columns)
    coded = pd.DataFrame([{**filled_in, "stance_1": "conciliatory", "stance_2": "defensive"}])
    (_, read) = labelled.read([both[0], coded], SCHEME, columns=columns)
    assert read.readers == {"stance": ("conciliatory", "defensive")}
    without = pd.DataFrame([{"Words": "We hope.", "stance": "conciliatory"}])
    with pytest.raises(ColumnError, match="has no column 'Text', which was given for quote"):
        labelled.read([both[0], without], SCHEME, columns=columns)


@pytest.mark.parametrize(
    ("name", "mark"),
    [("train", None), ("validation", "validation"), ("dev", "validation"), ("test", "test"), ("all", None)],
)
def test_a_single_split_is_marked_unless_it_is_there_to_learn_from(name: str, mark: str | None) -> None:
    (example,) = labelled.read(
        datasets.DatasetDict({name: datasets.Dataset.from_list([{"quote": "We hope.", "side": "US"}])}),
        SCHEME,
    )
    assert example.split == mark


def test_numbers_of_a_class_label_may_be_missing() -> None:
    label = datasets.ClassLabel(names=["US", "China", "neutral"])
    made = datasets.Dataset.from_dict(
        {"quote": ["We hope.", "They lie."], "side": [1, -1], "side_readers": [[1, 0], [-1, 2]]},
        features=datasets.Features(
            {"quote": datasets.Value("string"), "side": label, "side_readers": datasets.List(label)}
        ),
    )
    first, second = labelled.read(made, SCHEME)
    assert (first.labels["side"], first.readers["side"]) == ("China", ("China", "US"))
    assert (second.labels["side"], second.readers["side"]) == (None, ("", "neutral"))


def test_a_folder_of_tables_is_read_as_datasets_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", str(tmp_path / "cache"))
    (tmp_path / "mine").mkdir()
    for split in ("train", "test"):
        jsonl(tmp_path / "mine" / f"{split}.jsonl", [{"quote": f"We {split}.", "side": "US"}])
    found = labelled.read(str(tmp_path / "mine"), SCHEME)
    assert [(example.quote.text, example.split) for example in found] == [
        ("We train.", "train"),
        ("We test.", "test"),
    ]


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        pytest.param(7, TableError, r"cannot be read from a int\. Give a path", id="a number"),
        pytest.param(None, TableError, "cannot be read from a NoneType", id="nothing"),
        pytest.param({"quote": ["a"]}, TableError, "cannot be read from a dict", id="columns in a dict"),
        pytest.param([], EmptyTableError, "the list has no rows", id="an empty list"),
        pytest.param(pd.DataFrame({"quote": []}), EmptyTableError, "DataFrame has no rows", id="no row"),
        pytest.param(
            [["a"]], TableError, "The list, row 1 must be a dict such as .* but is a str", id="cells"
        ),
        pytest.param("", TableError, "name of a table is empty", id="an empty name"),
        pytest.param("We hope. " * 100, TableError, "is no path: File name too long", id="a quotation"),
        pytest.param("nowhere/at/all", TableError, "There is no table nowhere/at/all", id="no folder"),
        pytest.param("mine.xlsx", TableError, r"There is no table mine\.xlsx", id="no workbook"),
        pytest.param("They said no.", TableError, "There is no table They said no", id="no name on the Hub"),
        pytest.param(
            pd.DataFrame([["a", "b"]], columns=["quote", "quote"]),
            ColumnError,
            "The DataFrame has more than one column quote: rename them",
            id="a column twice",
        ),
    ],
)
def test_what_is_no_table_is_told_as_such(source: Any, error: type[TableError], message: str) -> None:
    with pytest.raises(error, match=message):
        tables_of(source)


def test_a_file_in_a_folder_that_exists_is_not_sought_on_the_hub(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("data").mkdir()
    with pytest.raises(TableError, match="There is no table data/rows"):
        table_of("data/rows")


def test_splits_of_which_nobody_knows_the_use_are_refused() -> None:
    part = datasets.Dataset.from_list([{"quote": "We hope."}])
    with pytest.raises(TableError, match=r"splits train, gold, of which gold is none of.*\['gold'\]"):
        table_of(datasets.DatasetDict({"train": part, "gold": part}))


def test_a_name_that_the_hub_does_not_give_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    with pytest.raises(TableError, match="somebody/quotations is no table here, and datasets cannot load"):
        table_of("somebody/quotations")


def test_a_table_is_known_by_its_content(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "t.jsonl", ROWS)
    before = table_of(path).sha256()
    jsonl(path, ROWS[:1])
    assert table_of(path).sha256() != before
    assert (
        table_of(frame(ROWS)).sha256() == table_of(frame(ROWS)).sha256() != table_of(frame(ROWS[:1])).sha256()
    )


def test_tables_are_called_by_their_names_unless_two_have_the_same() -> None:
    assert short_names(["/a/b/one.csv", "/a/b/two.csv"]) == {
        "/a/b/one.csv": "one.csv",
        "/a/b/two.csv": "two.csv",
    }
    assert short_names(["/a/one.csv", "/b/one.csv"]) == {
        "/a/one.csv": "/a/one.csv",
        "/b/one.csv": "/b/one.csv",
    }
    assert Table("/a/one.csv", "line", (), ()).short == "one.csv"
