import json
from pathlib import Path

import pytest

from stance.errors import ColumnError, EmptyTableError, LabelledFileError
from stance.labels import legal_label
from tests.conftest import SCHEME
from training import labelled
from training.sources import tables_of

GOOD = {
    "quote": "We hope.",
    "speaker": "Ann",
    "side": "US",
    "stance": "conciliatory",
    "sentiment": "positive",
}


def table(tmp_path: Path, *rows: dict[str, object]) -> Path:
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_a_row_becomes_an_example_and_carries_the_rest_along(tmp_path: Path) -> None:
    row = {**GOOD, "group": "g1", "source": "s", "clarity": "clear", "weight": 2, "topic": "chips"}
    (example,) = labelled.read([table(tmp_path, row)], SCHEME)
    assert example.quote.speaker == "Ann"
    assert example.labels == {"side": "US", "stance": "conciliatory", "sentiment": "positive"}
    assert (example.group, example.source, example.clarity, example.weight) == ("g1", "s", "clear", 2.0)
    assert example.row["topic"] == "chips"


def test_labels_may_be_missing(tmp_path: Path) -> None:
    (example,) = labelled.read([table(tmp_path, {"quote": "We hope.", "side": "US", "stance": ""})], SCHEME)
    assert example.labels == {"side": "US", "stance": None, "sentiment": None}


def test_the_same_rows_from_csv_and_jsonl_and_own_column_names(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("Text;Who;Haltung\nWe hope.;Ann;conciliatory\n", encoding="utf-8-sig")
    columns = {"quote": "Text", "speaker": "Who", "stance": "Haltung"}
    (example,) = labelled.read([path], SCHEME, columns=columns)
    (other,) = labelled.read(
        [table(tmp_path, {"quote": "We hope.", "attribution": "Ann", "stance": "conciliatory"})], SCHEME
    )
    assert (example.quote, example.labels) == (other.quote, other.labels)


def test_every_bad_row_is_reported_at_once(tmp_path: Path) -> None:
    path = table(
        tmp_path,
        GOOD,
        {**GOOD, "stance": "acusatory"},
        {**GOOD, "quote": " "},
        {**GOOD, "side": "Mars", "sentiment": "neutrall"},
        {**GOOD, "weight": "heavy"},
        {**GOOD, "clarity": "foggy", "split": "training"},
    )
    with pytest.raises(LabelledFileError) as caught:
        labelled.read([path], SCHEME)
    assert [finding.removeprefix(f"{path}, ") for finding in caught.value.findings] == [
        "line 2: stance is 'acusatory', but must be one of accusatory, conciliatory, defensive. "
        "Did you mean 'accusatory'?",
        "line 3: A quotation needs words, but this is empty: ' '.",
        "line 4: side is 'Mars', but must be one of US, China, neutral.",
        "line 4: sentiment is 'neutrall', but must be one of negative, neutral, positive. "
        "Did you mean 'neutral'?",
        "line 5: weight is 'heavy', but must be a number of zero or more, such as 0.5.",
        "line 6: clarity is 'foggy', but must be one of clear, borderline, none.",
        "line 6: split is 'training', but must be one of train, validation, test. Did you mean 'train'?",
    ]
    assert str(caught.value).startswith("7 bad row(s); correct them or take them out:\n  ")


def test_a_long_list_of_findings_is_cut_in_the_message_only(tmp_path: Path) -> None:
    with pytest.raises(LabelledFileError, match=r"\.\.\. and 10 more") as caught:
        labelled.read([table(tmp_path, *[{**GOOD, "side": "Mars"}] * 60)], SCHEME)
    assert len(caught.value.findings) == 60


@pytest.mark.parametrize(
    ("row", "columns", "message"),
    [
        ({"text": "We hope.", "side": "US"}, {}, "no column 'quote', only text, side"),
        ({"quote": "We hope."}, {}, "a column for none of the axes side, stance, sentiment, only quote"),
        (GOOD, {"stanse": "x"}, "--column stanse=…: known are only"),
        (GOOD, {"quote": "Text"}, "no column 'Text', which was given for quote"),
    ],
)
def test_columns_that_are_missing(
    row: dict[str, object], columns: dict[str, str], message: str, tmp_path: Path
) -> None:
    with pytest.raises(ColumnError, match=message):
        labelled.read([table(tmp_path, row)], SCHEME, columns=columns)


def test_a_table_without_rows(tmp_path: Path) -> None:
    with pytest.raises(EmptyTableError, match="has no rows"):
        labelled.read([table(tmp_path)], SCHEME)


def test_own_column_names_hold_for_weights_splits_and_coders_too(tmp_path: Path) -> None:
    row = {"Text": "We hope.", "Haltung": "conciliatory", "Gewicht": "0,5", "Teil": "test"}
    row |= {"Haltung_10": "accusatory", "Haltung_2": "defensive"}
    columns = {"quote": "Text", "stance": "Haltung", "weight": "Gewicht", "split": "Teil"}
    (example,) = labelled.read(table(tmp_path, row), SCHEME, columns=columns)
    assert (example.weight, example.split) == (0.5, "test")
    assert example.readers == {"stance": ("defensive", "accusatory")}  # by number, not as they stand
    assert example.row["Gewicht"] == "0.5"


@pytest.mark.parametrize(
    "cell",
    [
        ["defensive", None, "accusatory"],
        '["defensive", "", "accusatory"]',
        '["defensive", null, "accusatory"]',
        "['defensive', None, 'accusatory']",
        "['defensive' None 'accusatory']",
        "['defensive' nan\n 'accusatory']",
        "defensive, , accusatory",
        "defensive;;accusatory",
        "defensive||accusatory",
    ],
    ids=str,
)
def test_coders_labels_may_be_written_in_many_ways(cell: object, tmp_path: Path) -> None:
    (example,) = labelled.read(table(tmp_path, {**GOOD, "stance_readers": cell}), SCHEME)
    assert example.readers == {"stance": ("defensive", "", "accusatory")}
    assert example.row["stance_readers"] == ["defensive", "", "accusatory"]


@pytest.mark.parametrize(
    "cell",
    [
        {"accusatory": 0.7, "defensive": 0.3},
        {"Accusatory": 7, "defensive": 3, "conciliatory": None},
        '{"accusatory": 1.4, "defensive": 0.6}',
        "{'accusatory': 0.7, 'conciliatory': None, 'defensive': 0.3}",
        {"accusatory": 0.4, "Accusatory": 0.3, "defensive": 0.3},
    ],
    ids=str,
)
def test_labels_may_have_shares_of_a_row(cell: object, tmp_path: Path) -> None:
    (example,) = labelled.read(table(tmp_path, {**GOOD, "stance_shares": cell}), SCHEME)
    found = dict(example.shares["stance"])
    assert found.pop("conciliatory", 0) == 0
    assert found == pytest.approx({"accusatory": 0.7, "defensive": 0.3})


@pytest.mark.parametrize("cell", ["", None, {}, {"accusatory": None}])
def test_a_row_without_shares(cell: object, tmp_path: Path) -> None:
    rows = [{**GOOD, "stance_shares": {"accusatory": 1}}, {**GOOD, "stance_shares": cell}]
    first, second = labelled.read(table(tmp_path, *rows), SCHEME)
    assert (first.shares, second.shares) == ({"stance": {"accusatory": 1}}, {})


def test_shares_alone_are_labels_enough(tmp_path: Path) -> None:
    row = {"quote": "We hope.", "stance_shares": {"conciliatory": 0.6, "defensive": 0.4}}
    (example,) = labelled.read(table(tmp_path, row), SCHEME)
    assert example.labels["stance"] == "conciliatory"


@pytest.mark.parametrize(
    "cell",
    [
        {"friendly": 1},
        {"accusatory": 0},
        {"accusatory": 2, "defensive": -1},
        {"accusatory": "much"},
        '{"accusatory": 0.7',
        "accusatory: 0.7",
        [0.7, 0.3],
        0.7,
    ],
    ids=str,
)
def test_shares_that_make_no_sense(cell: object, tmp_path: Path) -> None:
    wanted = r'stance_shares is .*, but must hold shares of the labels, such as \{"accusatory": 0.7, "defens'
    with pytest.raises(LabelledFileError, match=wanted):
        labelled.read(table(tmp_path, {**GOOD, "stance_shares": cell}), SCHEME)


@pytest.mark.parametrize(
    ("cell", "weight"),
    [(2, 2.0), ("2.0", 2.0), (0, 0.0), ("0,25", 0.25), (" 3 ", 3.0), ("", 1.0), (None, 1.0)],
)
def test_a_weight_is_a_number_with_a_point_or_a_comma(cell: object, weight: float, tmp_path: Path) -> None:
    (example,) = labelled.read(table(tmp_path, {**GOOD, "weight": cell}), SCHEME)
    assert example.weight == weight


def test_without_a_group_the_source_is_one_and_else_every_row(tmp_path: Path) -> None:
    rows = ({**GOOD, "group": "a"}, {**GOOD, "source": "s"}, GOOD)
    assert [one.group for one in labelled.read(table(tmp_path, *rows), SCHEME)] == ["a", "s", "row 2"]


def test_a_row_that_is_wrong_in_part_is_examined_in_the_rest(tmp_path: Path) -> None:
    rows = ({**GOOD, "stance": "hostile", "weight": "x", "split": "y", "clarity": "z"}, {**GOOD, "quote": ""})
    examples, bad = labelled.examine(tables_of(table(tmp_path, *rows)), SCHEME, {})
    assert [one.kind for one in bad] == ["label", "clarity", "split", "weight", "quotation"]
    (example,) = examples
    assert example.labels == {"side": "US", "stance": None, "sentiment": "positive"}
    assert (example.weight, example.split, example.clarity) == (1.0, None, None)


def test_labels_in_other_capitals_are_the_labels(tmp_path: Path) -> None:
    path = table(tmp_path, {**GOOD, "side": "CHINA", "stance": "Accusatory", "split": "Train"})
    (found,) = labelled.read([path], SCHEME)
    assert (found.labels["side"], found.labels["stance"], found.split) == ("China", "accusatory", "train")
    assert found.row["side"] == "CHINA"


def test_capitals_that_tell_two_labels_apart_do() -> None:
    assert legal_label("us", ["US", "us"]) == "us"
    assert legal_label("Us", ["US", "us"]) is None
