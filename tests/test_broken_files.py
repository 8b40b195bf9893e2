"""Every way in which a labelled table can be broken has a message of its own."""

import gzip
import io
import json
import os
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import datasets
import huggingface_hub.constants
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest

from stance.errors import ColumnError, EmptyTableError, LabelledFileError, StanceError, TableError
from tests.conftest import SCHEME
from training import checking, labelled
from training.sources import tables_of

HEADER = "quote,side,stance\n"
GOOD = {"quote": "We hope for talks.", "side": "US", "stance": "conciliatory"}


@dataclass(frozen=True)
class Broken:
    """What is written, or given, and what is said of it."""

    make: Callable[[Path], Any]
    error: type[StanceError]
    message: str
    columns: Mapping[str, str] = field(default_factory=dict)


def text(name: str, content: str, encoding: str = "utf-8") -> Callable[[Path], Path]:
    return raw(name, content.encode(encoding))


def raw(name: str, content: bytes) -> Callable[[Path], Path]:
    def made(folder: Path) -> Path:
        (folder / name).write_bytes(content)
        return folder / name

    return made


def row(**cells: object) -> Callable[[Path], Path]:
    """A table with a good row and another that differs in some cells."""
    lines = [json.dumps(cells_) for cells_ in (GOOD, {**GOOD, "quote": "They lie.", **cells})]
    return text("t.jsonl", "\n".join(lines))


def given(value: Any) -> Callable[[Path], Any]:
    return lambda _: value


def archive(content: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as file:
        file.writestr("xl/workbook.xml", content)
    return held.getvalue()


def parquet(table: pa.Table) -> bytes:
    held = io.BytesIO()
    pa.parquet.write_table(table, held)
    return held.getvalue()


def column(values: pa.Array | list[Any]) -> bytes:
    return parquet(pa.table({"quote": values, "side": ["US"] * len(values)}))


def folder(*files: tuple[str, bytes], name: str = "set") -> Callable[[Path], Path]:
    def made(inside: Path) -> Path:
        (inside / name).mkdir()
        for file, content in files:
            (inside / name / file).write_bytes(content)
        return inside / name

    return made


def saved_without(pattern: str) -> Callable[[Path], Path]:
    def made(inside: Path) -> Path:
        datasets.Dataset.from_list([GOOD]).save_to_disk(str(inside / "set"))
        for path in (inside / "set").glob(pattern):
            path.unlink()
        return inside / "set"

    return made


def in_splits(*names: str) -> datasets.DatasetDict:
    return datasets.DatasetDict({name: datasets.Dataset.from_list([GOOD]) for name in names})


def missing(name: str) -> Callable[[Path], Path]:
    return lambda inside: inside / name


WHOLE = column(["We hope for talks."] * 50)
OTHER_TEXT = pa.array([b"caf\xe9"], pa.binary()).cast(pa.string(), safe=False)

BROKEN = {
    # Files of another kind.
    "an empty file": Broken(raw("t.csv", b""), EmptyTableError, r"t\.csv is empty: it has no rows"),
    "a header alone": Broken(text("t.csv", HEADER), EmptyTableError, r"t\.csv has no rows"),
    "empty rows alone": Broken(text("t.tsv", "quote\tside\n\t\n"), EmptyTableError, r"t\.tsv has no rows"),
    "blank lines alone": Broken(text("t.jsonl", "\n\n"), EmptyTableError, r"t\.jsonl has no rows"),
    "a workbook as CSV": Broken(
        raw("t.csv", archive("x")), TableError, r"no text but a workbook or an archive \(\.xlsx, \.zip\)"
    ),
    "an old workbook as CSV": Broken(
        raw("t.csv", b"\xd0\xcf\x11\xe0\xa1\xb1" + bytes(99)),
        TableError,
        r"workbook of an old Excel \(\.xls\)",
    ),
    "a compressed CSV": Broken(
        raw("t.csv", gzip.compress(HEADER.encode())), TableError, r"a compressed file \(\.gz\)"
    ),
    "a Parquet as CSV": Broken(raw("t.csv", WHOLE), TableError, r"Parquet table, whose name must end in"),
    "a PDF as CSV": Broken(raw("t.csv", b"%PDF-1.7\n"), TableError, "no text but a PDF"),
    "a picture as CSV": Broken(
        raw("t.csv", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4), TableError, "no text but binary data"
    ),
    "a workbook": Broken(raw("t.xls", b"\xd0"), TableError, r"t\.xls is no table.*In Excel, save it as 'CSV"),
    "a document": Broken(raw("t.docx", archive("x")), TableError, r"t\.docx is no table that stance knows"),
    "a text file": Broken(text("t.txt", HEADER), TableError, r"t\.txt is no table that stance knows"),
    # Letters.
    "UTF-16 without mark": Broken(
        text("t.csv", HEADER + "We hope.,US,\n", "utf-16-le"),
        TableError,
        "looks like UTF-16 without its mark",
    ),
    "UTF-16 that lost a byte": Broken(
        raw("t.csv", (HEADER + "We hope.,US,\n").encode("utf-16")[:-1]),
        TableError,
        "is damaged UTF-16: it is cut",
    ),
    "a zero byte": Broken(text("t.csv", HEADER + "We\0 hope.,US,\n"), TableError, "line 2 holds a zero byte"),
    "two encodings": Broken(
        raw("t.csv", HEADER.encode() + "A café,US,\n".encode() + "A café,US,\n".encode("cp1252")),
        TableError,
        r"is damaged: byte 35 \(0xe9\) is no UTF-8, while other letters are \(line 3\)",
    ),
    "a mark of UTF-8 before other letters": Broken(
        raw("t.csv", b"\xef\xbb\xbf" + (HEADER + "A café,US,\n").encode("cp1252")),
        TableError,
        r"is damaged: byte 26 \(0xe9\) is no UTF-8, while other letters are \(line 2\)",
    ),
    "cut off in a letter": Broken(
        raw("t.csv", (HEADER + "Café à la carte, vis-à-vis").encode()[:-5]),
        TableError,
        "is cut off: line 2 ends in the middle of a letter",
    ),
    "a byte of no encoding": Broken(
        raw("t.csv", HEADER.encode() + b"We \x81 hope,US,\n"),
        TableError,
        "nor Windows-1252: byte 21 in line 2 is 0x81",
    ),
    "a Chinese code page": Broken(
        text("t.csv", HEADER + "我们希望对话,China,\n", "gb18030"),
        TableError,
        "nor Windows-1252: byte 18 in line 2",
    ),
    "half a letter": Broken(
        row(quote="We \ud83d hope."), LabelledFileError, r"'quote' holds half a letter, '\\ud83d': mend it"
    ),
    # CSV.
    "no column for the quotation": Broken(
        text("t.csv", "text,side\nWe hope.,US\n"), ColumnError, "no column 'quote', only text, side"
    ),
    "the quotation in other letters": Broken(
        text("t.csv", "Quote,side\nWe hope.,US\n"), ColumnError, r"name it: --column quote=Quote\."
    ),
    "no header": Broken(
        text("t.csv", f"{'We hope. ' * 9},US\nThey lie.,US\n"),
        ColumnError,
        r"no column 'quote', only We hope\. We hope\. We hope\. We hope\. W\.\.\., US",
    ),
    "an unknown delimiter": Broken(
        text("t.csv", "quote^side\nWe hope.^US\n"), ColumnError, r"must be parted by one of , ; \| or tabs"
    ),
    "a column twice": Broken(
        text("t.csv", "quote,side,quote\nWe hope.,US,x\n"),
        ColumnError,
        r"t\.csv has more than one column quote",
    ),
    "no axis": Broken(
        text("t.csv", "quote,topic\nWe hope.,chips\n"),
        ColumnError,
        "column for none of the axes side, stance",
    ),
    "too many cells": Broken(
        text("t.csv", HEADER + "We hope, too.,US,,x\n"), TableError, "line 2: 5 cells, but the header has 3"
    ),
    "a title above the header": Broken(
        text("t.csv", f"My table\n{HEADER}We hope.,US,\n"),
        TableError,
        "line 2: 3 cells, but the header has 1",
    ),
    "two delimiters": Broken(
        text("t.csv", HEADER + "We hope.;US;\n"), TableError, "header is parted by ',', this line by ';'"
    ),
    "a quotation mark that is not closed": Broken(
        text("t.csv", HEADER + 'A,US,\n"We hope,\nUS,\nThey lie,US,\n'),
        TableError,
        "line 3 is not CSV: the quotation mark that opens a cell here is never closed",
    ),
    "quotation marks that are not doubled": Broken(
        text("t.csv", HEADER + '"He said "no" to it",US,\n'),
        TableError,
        "line 2 is not CSV: a quotation mark stands inside a cell",
    ),
    # JSONL.
    "an array": Broken(
        text("t.jsonl", json.dumps([GOOD])), TableError, r"must be an object.*'\[{.*every object of the list"
    ),
    "an array over many lines": Broken(
        text("t.jsonl", json.dumps([GOOD], indent=1)),
        TableError,
        r"but is '\['\. Write every object of the list",
    ),
    "a broken line": Broken(
        text("t.jsonl", json.dumps(GOOD) + '\n{"quote": }\n'),
        TableError,
        "line 2 is not JSON: Expecting value, at character 11",
    ),
    "a line that is cut off": Broken(
        text("t.jsonl", '{"quote": "We ho'), TableError, "line 1 is not JSON: Unterminated string"
    ),
    "a line that is a list": Broken(
        text("t.jsonl", '["We hope.", "US"]'),
        TableError,
        r"must be an object \{\.\.\.\}, but is '\[\"We hope",
    ),
    "a line that is a number": Broken(text("t.jsonl", "7\n"), TableError, r"\{\.\.\.\}, but is '7'\.$"),
    "a line of brackets": Broken(
        text("t.jsonl", '{"quote": ' + "[" * 200_000), TableError, "is not JSON: maximum recursion depth"
    ),
    # Parquet.
    "Parquet that is garbage": Broken(
        raw("t.parquet", b"nonsense" * 9), TableError, "not a Parquet file.*magic bytes not found"
    ),
    "Parquet that is cut off": Broken(
        raw("t.parquet", WHOLE[:99]), TableError, "is a Parquet file that is cut off, or damaged"
    ),
    "Parquet that is empty": Broken(raw("t.parquet", b""), TableError, "not a Parquet file.*size is 0"),
    "Parquet without rows": Broken(
        raw("t.parquet", column(pa.array([], pa.string()))), EmptyTableError, r"t\.parquet has no rows"
    ),
    "Parquet with a column twice": Broken(
        raw("t.parquet", parquet(pa.table([["a"], ["b"]], names=["quote", "quote"]))),
        ColumnError,
        r"t\.parquet has more than one column quote",
    ),
    "Parquet with lists of quotations": Broken(
        raw("t.parquet", column([["We hope.", "They lie."]])),
        LabelledFileError,
        "row 1: A quotation must be a text, but this is",
    ),
    "Parquet with objects for quotations": Broken(
        raw("t.parquet", column([{"text": "We hope."}])),
        LabelledFileError,
        "row 1: The column 'quote' must hold texts, but this is an object",
    ),
    "Parquet with other letters": Broken(
        raw("t.parquet", column(OTHER_TEXT)), TableError, "holds text that is no UTF-8"
    ),
    # What is missing, or is something else.
    "no file": Broken(missing("t.csv"), TableError, r"t\.csv cannot be read: No such file"),
    "no file of a known kind": Broken(missing("t.xlsx"), TableError, r"There is no table .*t\.xlsx"),
    "an empty folder": Broken(
        folder(), TableError, "set is no table here, and datasets cannot load it: Empty"
    ),
    "a folder called like a table": Broken(
        folder(name="t.csv"), TableError, r"t\.csv is no table here, and datasets cannot load it"
    ),
    "a folder of broken tables": Broken(
        folder(("t.jsonl", b"{")), TableError, "set is no table here.* DatasetGenerationError"
    ),
    "a dataset without its rows": Broken(
        saved_without("*.arrow"), TableError, r"set is no table here.*No such file.*\.arrow"
    ),
    "a dataset without its columns": Broken(
        saved_without("dataset_info.json"),
        TableError,
        "set is no table here.* is neither a `Dataset` directory",
    ),
    "splits of no known use": Broken(
        given(in_splits("train", "gold")), TableError, "splits train, gold, of which gold is none of"
    ),
    "a number": Broken(given(7), TableError, "cannot be read from a int"),
    "an empty list": Broken(given([]), EmptyTableError, "the list has no rows"),
    "a list of texts": Broken(given([("We hope.",)]), TableError, "The list, row 1 must be a dict"),
    "a DataFrame without rows": Broken(
        given(pd.DataFrame(columns=["quote", "side"])), EmptyTableError, "DataFrame has no rows"
    ),
    "a DataFrame with a column twice": Broken(
        given(pd.DataFrame([["a", "b"]], columns=["quote", "quote"])),
        ColumnError,
        "The DataFrame has more than",
    ),
    "a column for something unknown": Broken(
        row(), ColumnError, "--column stanse=…: known are only", {"stanse": "stance"}
    ),
    "a column that is not there": Broken(
        row(), ColumnError, "no column 'Haltung', which was given for stance", {"stance": "Haltung"}
    ),
    # Rows.
    "an empty quotation": Broken(row(quote=""), LabelledFileError, "line 2: The column 'quote' is empty"),
    "a blank quotation": Broken(
        row(quote=" \t"), LabelledFileError, "line 2: A quotation needs words, but this"
    ),
    "a quotation of dots": Broken(
        row(quote="“...”"), LabelledFileError, "line 2: A quotation needs words, but quote is '“...”'"
    ),
    "a number for a quotation": Broken(
        row(quote=42), LabelledFileError, r"but quote is '42'\. Is it the right column\?"
    ),
    "an object for a quotation": Broken(
        row(quote={"en": "We"}), LabelledFileError, "line 2: The column 'quote' must hold texts"
    ),
    "a list for a quotation": Broken(
        row(quote=["We"]), LabelledFileError, "line 2: A quotation must be a text, but this is"
    ),
    "an unknown label": Broken(
        row(side="Mars"),
        LabelledFileError,
        r"line 2: side is 'Mars', but must be one of US, China, neutral\.$",
    ),
    "a misspelt label": Broken(row(stance="acusatory"), LabelledFileError, r"Did you mean 'accusatory'\?"),
    "columns that are swapped": Broken(
        row(side="defensive", stance="US"),
        LabelledFileError,
        r"side is 'defensive', .* It is a label of stance: are the columns swapped\?",
    ),
    "two labels in a cell": Broken(
        row(stance=["accusatory", "defensive"]),
        LabelledFileError,
        "stance is a list, but a row has one label; coders have stance_readers",
    ),
    "a coder's label": Broken(
        row(stance_2="hostile"),
        LabelledFileError,
        "a coder's stance is 'hostile', but must be one of accusatory",
    ),
    "a label in a list of coders": Broken(
        row(side_readers=["US", "China", "EU"]),
        LabelledFileError,
        "a coder's side is 'EU', but must be one of US",
    ),
    "a weight in words": Broken(
        row(weight="heavy"), LabelledFileError, "weight is 'heavy', but must be a number"
    ),
    "a weight below zero": Broken(
        row(weight=-1), LabelledFileError, "weight is '-1', but must be a number of zero"
    ),
    "a weight that is no number": Broken(
        row(weight="nan"), LabelledFileError, "weight is 'nan', but must be"
    ),
    "a weight without end": Broken(
        row(weight=float("inf")), LabelledFileError, "weight is 'inf', but must be"
    ),
    "a weight in thousands": Broken(row(weight="1,000"), LabelledFileError, "weight is '1,000', but must be"),
    "an unknown split": Broken(
        row(split="training"), LabelledFileError, r"split is 'training', .* Did you mean 'train'\?"
    ),
    "an unknown clarity": Broken(
        row(clarity="foggy"), LabelledFileError, "clarity is 'foggy', but must be one of"
    ),
    "a date without a year": Broken(
        row(date="last week"), LabelledFileError, "A date needs a year.*this has none: 'last week'"
    ),
}


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", str(tmp_path / ".cache"))


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_table_is_told_as_what_it_is(kind: str, tmp_path: Path) -> None:
    broken = BROKEN[kind]
    source = broken.make(tmp_path)
    with pytest.raises(broken.error, match=broken.message) as caught:
        labelled.read(source, SCHEME, columns=broken.columns)
    assert type(caught.value) is broken.error
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("kind", BROKEN)
def test_check_says_the_same(kind: str, tmp_path: Path) -> None:
    broken = BROKEN[kind]
    source = broken.make(tmp_path)
    if broken.error is not LabelledFileError:
        with pytest.raises(broken.error, match=broken.message):
            checking.check(tables_of(source), SCHEME, broken.columns)
        return
    found = checking.check(tables_of(source), SCHEME, broken.columns)
    assert not found.usable
    said = [f"{one.unit} {one.line}: {one.message}" for one in found.findings if one.serious]
    assert any(re.search(broken.message, one) for one in said), said


def test_no_two_kinds_of_damage_are_told_alike(tmp_path: Path) -> None:
    said = {}
    for place, (kind, broken) in enumerate(BROKEN.items()):
        (tmp_path / str(place)).mkdir()
        with pytest.raises(StanceError) as caught:
            labelled.read(broken.make(tmp_path / str(place)), SCHEME, columns=broken.columns)
        said[kind] = str(caught.value)
    alike = [
        (kind, other)
        for kind, broken in BROKEN.items()
        for other, message in said.items()
        if other != kind and re.search(broken.message, message)
    ]
    assert not alike
    assert len(set(said.values())) == len(BROKEN) >= 80


def test_a_split_for_some_rows_is_found_by_check(tmp_path: Path) -> None:
    found = checking.check(tables_of(row(split="train")(tmp_path)), SCHEME, {})
    assert not found.usable
    assert "1 of 2 rows have no split" in found.findings[0].message


def test_a_name_on_the_hub_that_cannot_be_reached() -> None:
    with pytest.raises(TableError, match=r"somebody/quotes is no table here.*Offline"):
        labelled.read("somebody/quotes", SCHEME)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_must_not_be_read(tmp_path: Path) -> None:
    path = text("t.csv", HEADER)(tmp_path)
    path.chmod(0)
    with pytest.raises(TableError, match=r"t\.csv cannot be read: Permission denied"):
        labelled.read(path, SCHEME)
