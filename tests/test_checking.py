"""Everything that would spoil a fit is found at once, with the lines on which it stands."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from stance.encoding import Encoder
from stance.labels import LabelScheme
from tests.conftest import SCHEME
from training.__main__ import app
from training.checking import Check, check
from training.schema import read_scheme
from training.sources import tables_of

LONG = "We have said so many times that the door to talks stays open to everybody who comes in good faith"
NAMES = ("quote", "speaker", "side", "stance", "sentiment", "split", "group")

Row = dict[str, Any]


def row(quote: str = "", *labels: str, **cells: Any) -> Row:
    labelled = dict(zip(("side", "stance", "sentiment"), labels, strict=False))
    return {"quote": quote, "side": "US", "stance": "defensive", "sentiment": "neutral", **labelled, **cells}


def many(times: int = 12) -> list[Row]:
    """Rows enough of every label, no two of which are alike."""
    axes = zip(*(axis.labels for axis in SCHEME.axes), strict=True)
    return [
        row(f"Number {i} of {stance} words", side, stance, tone, speaker="an official", group=f"g{i}")
        for side, stance, tone in axes
        for i in range(times)
    ]


def found(*rows: Row, encoder: Encoder | None = None) -> Check:
    return check(tables_of(list(rows)), SCHEME, {}, encoder=encoder)


def said(checked: Check, kind: str | None = None) -> list[str]:
    return [
        f"{one.unit} {one.line}: {one.message}" if one.line else one.message
        for one in checked.findings
        if kind in (None, one.kind)
    ]


def csv(path: Path, rows: list[Row]) -> Path:
    """A table by hand: no cell holds a delimiter."""
    lines = [";".join(NAMES), *(";".join(str(one.get(name, "")) for name in NAMES) for one in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8-sig")
    return path


def test_rows_without_fault_have_no_findings() -> None:
    checked = found(*many())
    assert checked.findings == ()
    assert checked.usable
    assert (checked.rows, checked.groups, checked.speakers) == (36, 12, 36)
    assert checked.balance["stance"] == {"accusatory": 12, "conciliatory": 12, "defensive": 12}
    assert checked.words == (5, 5, 5)
    assert checked.splits == {"": 36}


def test_labels_that_are_none_come_with_their_lines_and_the_nearest_legal_one() -> None:
    checked = found(*many(), row("They lie.", "US", "acusatory"), row("We hope.", "Mars", "defensiv"))
    assert not checked.usable
    assert said(checked, "label") == [
        "row 37: stance is 'acusatory', but must be one of accusatory, conciliatory, defensive. "
        "Did you mean 'accusatory'?",
        "row 38: side is 'Mars', but must be one of US, China, neutral.",
        "row 38: stance is 'defensiv', but must be one of accusatory, conciliatory, defensive. "
        "Did you mean 'defensive'?",
    ]


def test_labels_in_other_capitals_are_read_and_told() -> None:
    checked = found(*many(), *(row(f"We hope {i}.", "us", "Defensive") for i in range(2)))
    assert checked.usable
    assert said(checked, "other capitals") == [
        "side: 'us' stands in 2 rows and is read as 'US'.",
        "stance: 'Defensive' stands in 2 rows and is read as 'defensive'.",
    ]
    assert (checked.balance["side"], checked.balance["stance"]) == (
        found(*many(), *(row(f"We hope {i}.", "US", "defensive") for i in range(2))).balance["side"],
        found(*many(), *(row(f"We hope {i}.", "US", "defensive") for i in range(2))).balance["stance"],
    )


def test_a_table_without_speakers_or_groups_is_warned_of() -> None:
    bare = found(*({"quote": f"We hope {i}.", "side": "US"} for i in range(3)))
    assert bare.usable
    assert [one[:24] for one in said(bare, "no speakers")] == ["no row has a speaker, wi"]
    assert [one[:24] for one in said(bare, "no groups")] == ["every row is an article "]
    whole = found(
        *({"quote": f"We hope {i}.", "side": "US", "speaker": "a minister", "group": "g"} for i in range(3))
    )
    assert said(whole, "no speakers") == said(whole, "no groups") == []


def test_a_check_prints_as_text() -> None:
    lines = repr(found(*many(), row("They lie.", "US", "acusatory"))).splitlines()
    assert lines[0].startswith("Check of 37 rows: 1 error, ")
    assert "row 37: stance is 'acusatory'" in lines[1]


def test_empty_rows_unlabelled_rows_and_empty_quotations_are_told_apart() -> None:
    checked = found(*many(), {"quote": "", "side": None}, {"quote": "We wait."}, row(""), {"source": "s"})
    assert said(checked, "empty row") == ["row 37: nothing stands in it: it is passed over."]
    assert said(checked, "unlabelled") == ["row 38: no label on any axis: it is not used."]
    assert [one[:6] for one in said(checked, "quotation")] == ["row 39", "row 40"]


def test_a_row_whose_only_label_is_misspelt_is_not_called_unlabelled_as_well() -> None:
    assert said(found(*many(), {"quote": "They lie.", "stance": "acusatory"}), "unlabelled") == []


def test_duplicates_and_near_duplicates_are_found_once_each() -> None:
    checked = found(
        *many(), row(f"{LONG}."), row("We hope."), row(f"{LONG.upper()}!"), row(f"{LONG}, we said")
    )
    assert checked.usable
    assert said(checked, "duplicate") == ["row 39: the same quotation as row 37."]
    assert said(checked, "near-duplicate") == ["row 40: nearly the same quotation as row 37."]
    assert said(checked, "leak between splits") == []


def test_the_same_quotation_under_two_labels_is_a_contradiction_unless_somebody_else_speaks() -> None:
    checked = found(
        *many(),
        row("We hope.", "US", "", speaker="Ann"),
        row("We hope.", "US", "conciliatory", speaker="Ann"),
        row("We hope!", "US", "defensive", speaker="Ann"),
        row("We hope.", "China", "accusatory", speaker="Bo"),
    )
    assert said(checked, "two labels") == [
        "row 39: the same quotation as row 38, with other labels: stance conciliatory there, defensive here."
    ]
    assert said(checked, "duplicate") == [f"row {i}: the same quotation as row 37." for i in (38, 40)]


def test_what_stands_on_two_sides_of_a_split_leaks() -> None:
    given = [{**one, "split": "train"} for one in many()]
    checked = found(
        *given,
        row("Other words.", split="validation", group="v"),
        row("Number 3 of defensive words", "neutral", "defensive", "positive", split="test", group="t"),
        row(LONG, split="train", group="a"),
        row(f"{LONG}, as we said", split="test", group="b"),
        row("A thing apart.", split="test", group="g5"),
    )
    assert said(checked, "leak between splits") == [
        "row 38: the same quotation as row 28, but one is in train, the other in test: take one out.",
        "row 40: nearly the same quotation as row 39, but one is in train, the other in test: take one out.",
        "row 41: group 'g5' stands in train (row 6) and test (row 41): keep an article's rows together.",
    ]
    assert checked.splits == {"train": 37, "validation": 1, "test": 3}
    assert checked.usable


def test_a_leak_is_seen_behind_a_copy_in_the_same_split() -> None:
    copies = [row("We hope.", split=split, group=split) for split in ("train", "test", "validation", "test")]
    assert [one[:40] for one in said(found(*copies), "leak between splits")] == [
        "row 2: the same quotation as row 1, but ",
        "row 3: the same quotation as row 1, but ",
        "row 4: the same quotation as row 1, but ",
    ]


@pytest.mark.parametrize(
    ("splits", "message"),
    [
        (["train", "validation", "", "test"], "1 of 4 rows have no split. Fill the column for all"),
        (["train", "train", "test", "test"], "no row belongs to validation: a fit needs some."),
        (["test"] * 4, "no row belongs to train: a fit needs some."),
    ],
)
def test_splits_that_a_fit_would_refuse(splits: list[str], message: str) -> None:
    checked = found(*(row(f"We {i}.", split=split, group=split) for i, split in enumerate(splits)))
    assert not checked.usable
    assert any(one.serious and one.message.startswith(message) for one in checked.findings)


def test_rare_labels_missing_axes_and_labels_that_may_be_new() -> None:
    rows = [{**one, "sentiment": ""} for one in many()] + [row("We hope.", "China", "mixed", "")] * 3
    checked = found(*rows[8:])
    assert said(checked, "rare label") == [
        "side: 'US' has 4 row(s), too few to learn or to measure it.",
        "stance: 'accusatory' has 4 row(s), too few to learn or to measure it.",
    ]
    assert said(checked, "no labels") == ["sentiment: no row has a label, so it stays as it is."]
    (new,) = said(checked, "new label")
    assert new.startswith("stance: 'mixed' stands in 3 rows. If it is meant, take the labels from the data")
    assert checked.balance["sentiment"] == {"": 31}


@pytest.mark.parametrize(
    "text",
    [
        "We donâ€™t agree",
        "the cafÃ© table",
        "the Ã‰lysÃ©e meeting",
        "a thousand\u00c2\u00a0dollars",
        "ï»¿We hope",
        "we don�t agree",
        "we don?t agree",
        "China?s answer",
        "we donÕt agree",
        "we don‚Äôt agree",
        "the caf√© table",
        "we don\x92t agree",
    ],
    ids=ascii,
)
@pytest.mark.parametrize("name", ["quote", "speaker", "context"])
def test_letters_that_were_garbled_on_the_way_are_seen(text: str, name: str) -> None:
    checked = found(*many(), row(**{"quote": "We hope.", name: text}))
    (garbled,) = said(checked, "garbled letters")
    assert garbled.startswith(f"row 37: the {'quotation' if name == 'quote' else name} has '")
    assert checked.usable


@pytest.mark.parametrize(
    "text",
    [
        "Déjà vu, “not once” — the naïve Ângela said",
        "Really? So what? They ask: is it so?",
        "SÃO PAULO",
        "中国",
        "5 € a head",
    ],
)
def test_foreign_letters_are_not_taken_for_garbled_ones(text: str) -> None:
    assert said(found(*many(), row(text))) == []


def test_what_is_longer_than_the_model_reads(tokenizer: Any) -> None:
    checked = found(*many(), row("We hope. " * 40), encoder=Encoder(tokenizer, window=32))
    assert said(checked, "too long") == [
        "row 37: longer than the model reads (32 tokens with context): the middle is cut out."
    ]
    assert checked.words[2] == 80


def test_all_kinds_are_found_at_once_errors_first_and_every_table_named(tmp_path: Path) -> None:
    first = csv(tmp_path / "a.csv", [*many(), row("They lie.", "Mars"), row("Number 1 of defensive words")])
    second = csv(tmp_path / "b.csv", [row("Number 2 of defensive words"), {}, row("")])
    checked = check(tables_of([first, second]), SCHEME, {})
    assert [(one.kind, Path(one.table).name, one.line) for one in checked.findings] == [
        ("label", "a.csv", 38),
        ("quotation", "b.csv", 4),
        ("duplicate", "a.csv", 39),
        ("duplicate", "b.csv", 2),
        ("empty row", "b.csv", 3),
    ]
    (copy,) = [one.message for one in checked.findings if (one.line, Path(one.table).name) == (2, "b.csv")]
    assert copy.startswith("the same quotation as a.csv, line 28")  # short, as there is one a.csv only


@pytest.fixture(scope="module")
def run(tiny_base: Path, schema_file: Path) -> Callable[..., Any]:
    """``run(table, "--json", code=1)``: the command with a small base."""

    def made(*arguments: object, code: int = 0, schema: object = schema_file) -> Any:
        given = ["check", *arguments, "--base", tiny_base, *(["--schema", schema] if schema else [])]
        result = CliRunner().invoke(app, [str(one) for one in given])
        assert result.exit_code == code, (result.output, result.exception)
        return result

    return made


def test_the_command_prints_tables_with_short_names(run: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "a folder with a rather long name").mkdir()
    rows = [*many(), row("They lie.", "Mars"), row("They lie."), row("No [bold]way[/bold].", "Mars")]
    path = csv(tmp_path / "a folder with a rather long name" / "mine.csv", rows)
    shown = run(path, code=1).stdout
    assert "label (2): error" in shown
    assert "mine.csv, lines 38, 40: side is 'Mars', but must be one of US, China" in shown
    assert "duplicate (1): warning" in shown
    assert str(tmp_path) not in shown
    assert re.search(r"stance +│ accusatory +│ +12 │", shown)
    assert "39 rows in 15 groups, 36 with a speaker; 2 to 5 words" in shown
    assert "A fit would refuse these data. 2 errors, 1 warning." in " ".join(shown.split())


def test_the_command_ends_well_where_all_is_well(run: Callable[..., Any], tmp_path: Path) -> None:
    assert "These data can be used. 0 errors, 0 warnings." in run(csv(tmp_path / "mine.csv", many())).stdout


def test_two_tables_of_one_name_are_told_apart(run: Callable[..., Any], tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
        csv(tmp_path / name / "mine.csv", [*many(), row("They lie.", "Mars")])
    shown = "".join(run(tmp_path / "a" / "mine.csv", tmp_path / "b" / "mine.csv", code=1).stdout.split())
    assert "a/mine.csv,line38" in shown
    assert "b/mine.csv,line38" in shown


def test_the_command_prints_json(run: Callable[..., Any], tmp_path: Path) -> None:
    path = csv(tmp_path / "mine.csv", [*many(), row("They lie.", "Mars")])
    shown = json.loads(run(path, "--json", "--suspects", code=1).stdout)
    assert shown["usable"] is False
    assert shown["rows"] == 37
    assert shown["suspects"] is None
    assert shown["findings"][0] | {"message": ""} == {
        "serious": True,
        "kind": "label",
        "message": "",
        "table": str(path),
        "unit": "line",
        "line": 38,
    }


def test_a_table_that_cannot_be_read_is_told_in_one_line(run: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("text;side\nWe hope.;US\n", encoding="utf-8")
    assert run(tmp_path / "mine.csv", code=2).stderr.startswith("stance: ")


def test_the_command_drafts_a_schema_that_can_be_given_back(run: Callable[..., Any], tmp_path: Path) -> None:
    path = csv(tmp_path / "mine.csv", [*many(), *[row("We wait.", "US", "mixed")] * 3])
    draft = tmp_path / "labels.toml"
    columns = [part for axis in SCHEME.names for part in ("--column", f"{axis}={axis}")]
    shown = run(path, "--write-schema", draft, *columns, schema=None).stdout
    assert f"Written: {draft}. Go through it" in " ".join(shown.split())
    assert isinstance(read_scheme(draft), LabelScheme)
    assert set(read_scheme(draft).names) == set(SCHEME.names)
    assert "mixed" in read_scheme(draft).table()["stance"]
    assert "new label" not in run(path, schema=draft).stdout


def test_labels_may_be_taken_from_the_data(run: Callable[..., Any], tmp_path: Path) -> None:
    path = csv(tmp_path / "mine.csv", many())
    shown = run(path, "--column", "frame=stance", schema="data").stdout
    assert re.search(r"frame +│ accusatory", shown)


def test_suspects_are_sought_in_training_rows_only(run: Callable[..., Any], tmp_path: Path) -> None:
    rows = [
        {**one, "quote": f"{one['quote']} {one['stance']} we hope they lie", "split": "train"}
        for one in many(40)
    ]
    rows[7]["stance"] = "defensive"
    rows += [row("Other words.", split="validation")]
    shown = json.loads(run(csv(tmp_path / "mine.csv", rows), "--suspects", "--json").stdout)
    assert isinstance(shown["suspects"], list)
    table = run(csv(tmp_path / "mine.csv", rows), "--suspects").stdout
    assert "labels to look at again" in table
    rows += [row("Held out.", split="test")]
    refused = run(csv(tmp_path / "mine.csv", rows), "--suspects", code=2).stderr
    assert "1 rows belong to the test split, which must not be cleaned with a model's help" in refused
