"""Axes and labels of one's own: from a file, from the data, and what is refused as a slip."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from stance.errors import SchemeError
from stance.labels import LabelScheme
from tests.conftest import SCHEME
from training import labelled, schema
from training.schema import draft, read_scheme, scheme_from_data, scheme_of
from training.sources import Table, tables_of

FRAMES = ("economy", "security", "rights")


def rows(times: int = 4, **given: Any) -> list[dict[str, Any]]:
    """As many rows with each label of the stance and each frame, and with whatever else is given."""
    return [
        {"quote": f"We hope {i}.", "side": "US", "stance": stance, "Frame": FRAMES[i % 3], **given}
        for i in range(times)
        for stance in ("accusatory", "conciliatory", "defensive")
    ]


def tables(*more: Mapping[str, Any]) -> list[Table]:
    return tables_of([*rows(), *(dict(one) for one in more)])


def from_data(*more: Mapping[str, Any], **columns: str) -> dict[str, list[str]]:
    return scheme_from_data(tables(*more), SCHEME, columns).table()


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "labels.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_schema_file_gives_the_axes(schema_file: Path) -> None:
    assert read_scheme(schema_file) == SCHEME


def test_axes_that_a_file_does_not_name_are_kept_and_false_leaves_one_out(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        '[axes]\nstance = ["accusatory", "conciliatory", "defensive", "neutral"]\nside = false\n'
        'frame = ["economy", "security"]\n',
    )
    assert read_scheme(path, SCHEME).table() == {
        "stance": ["accusatory", "conciliatory", "defensive", "neutral"],
        "sentiment": ["negative", "neutral", "positive"],
        "frame": ["economy", "security"],
    }
    assert read_scheme(written(tmp_path, '[axes]\nframe = ["a", "b"]')).table() == {"frame": ["a", "b"]}


def test_a_mapping_is_read_like_a_file() -> None:
    assert scheme_of({"side": False, "sentiment": False, "stance": ["for", "against"]}, SCHEME).table() == {
        "stance": ["for", "against"]
    }


def test_a_file_from_notepad_may_begin_with_a_mark(tmp_path: Path) -> None:
    (tmp_path / "labels.toml").write_text('[axes]\nframe = ["a", "b"]', encoding="utf-8-sig")
    assert read_scheme(tmp_path / "labels.toml").names == ("frame",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("axes = [", "cannot be read as TOML"),
        ("[labels]\na = ['b', 'c']", r"must hold one table \[axes\], but holds labels"),
        ("", r"must hold one table \[axes\], but holds nothing"),
        ("axes = 3", r"must hold one table \[axes\], but holds axes"),
        ("[axes]\nside = ['US']", "'side' needs two or more labels"),
        ("[axes]\nside = ['US', 'US']", "'side' needs two or more labels, each named once"),
        (
            "[axes]\nside = ['US', ' China']",
            r"'side' has labels that begin or end with a blank: \[' China'\]",
        ),
        ("[axes]\nside = ['US', '']", "labels of 'side' must be non-empty texts"),
        ("[axes]\nside = ['US', 1]", "labels of 'side' must be non-empty texts"),
        ("[axes]\nside = 'US'", "labels of 'side' must be a list"),
        ("[axes]\nside = true", "labels of 'side' must be a list, but are True"),
        ("[axes]\nsied = false", "sied = false leaves out an axis that there is not; known: side, stance"),
        ("[axes]\nside = false\nstance = false\nsentiment = false", "No axes found"),
        ("[axes]\nspeaker = ['a', 'b']", "'speaker' cannot be the name of an axis"),
        ("[axes]\n'my axis' = ['a', 'b']", "'my axis' cannot be the name of an axis"),
    ],
)
def test_a_schema_file_that_makes_no_sense(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(SchemeError, match=message):
        read_scheme(written(tmp_path, text), SCHEME)


def test_a_schema_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(SchemeError, match=r"nowhere\.toml cannot be read as TOML: .*No such file"):
        read_scheme(tmp_path / "nowhere.toml")
    (tmp_path / "labels.toml").write_bytes(b"# caf\xe9\n[axes]")
    with pytest.raises(SchemeError, match=r"labels\.toml cannot be read as TOML: 'utf-8'"):
        read_scheme(tmp_path / "labels.toml")


def test_a_fourth_stance_and_a_new_axis_come_from_the_data() -> None:
    more = [{"quote": "We wait.", "stance": "neutral"}] * 3
    found = from_data(*more, frame="Frame")
    assert found["stance"] == ["accusatory", "conciliatory", "defensive", "neutral"]
    assert sorted(found["frame"]) == sorted(FRAMES)
    assert list(found) == ["side", "stance", "sentiment", "frame"]
    assert found["side"] == list(SCHEME.axes[0].labels)  # all that the model knew, in its order
    examples = labelled.read_tables(
        tables(*more), scheme_from_data(tables(*more), SCHEME, {"frame": "Frame"}), {"frame": "Frame"}
    )
    assert examples[-1].labels == {"side": None, "stance": "neutral", "sentiment": None, "frame": None}
    assert examples[0].labels["frame"] == "economy"


def test_without_a_starting_model_all_axes_come_from_the_columns_that_are_named() -> None:
    found = scheme_from_data(tables(), None, {"quote": "quote", "frame": "Frame", "stance": "stance"})
    assert set(found.names) == {"frame", "stance"}
    with pytest.raises(SchemeError, match="The data name no axis: say which columns hold labels"):
        scheme_from_data(tables(), None, {})


@pytest.mark.parametrize(
    ("more", "message"),
    [
        pytest.param(
            [{"quote": "They lie.", "stance": "acusatory"}],
            r"slips: stance 'acusatory' \(1 rows\) is like 'accusatory'\. Correct them",
            id="misspelt",
        ),
        pytest.param(
            [{"quote": "They lie.", "stance": "Acusatory"}] * 90,
            r"stance 'Acusatory' \(90 rows\) is like 'accusatory'",
            id="misspelt, however often",
        ),
        pytest.param(
            [{"quote": "They lie.", "stance": "hostile"}] * 2, "stance 'hostile' has only 2 rows", id="rare"
        ),
        pytest.param(
            [{"quote": "They lie.", "stance": "hostile"}] * 4 + [{"quote": "No.", "stance": "hostil"}],
            r"slips: stance 'hostil' \(1 rows\) is like 'hostile'\. Correct",
            id="a new one misspelt, and not the commoner one",
        ),
        pytest.param(
            [{"quote": "They lie.", "stance": f"{i}{i}{i}"} for i in range(25)],
            r"stance '999' has only 1 rows; and 15 more\. Correct them, or say which.*--write-schema",
            id="no labels at all",
        ),
    ],
)
def test_what_may_be_a_slip_is_refused(more: list[dict[str, str]], message: str) -> None:
    with pytest.raises(SchemeError, match=message):
        from_data(*more)


def test_a_new_axis_needs_its_column() -> None:
    with pytest.raises(SchemeError, match="The new axis 'frame' needs a column 'Rahmen', which no table has"):
        from_data(frame="Rahmen")


def test_a_draft_names_what_is_new_and_what_may_be_a_slip(tmp_path: Path) -> None:
    more = [{"quote": "We wait.", "stance": "neutral", "Frame": "Right"}] * 3
    more += [{"quote": "They lie.", "stance": "acusatory", "topic": "x"}]
    text = draft(tables(*more), SCHEME, {"frame": "Frame"})
    assert "# new: 'neutral', 3 rows\n" in text
    assert "# new: 'acusatory', 1 rows  <- stance 'acusatory' (1 rows) is like 'accusatory'" in text
    assert "<- frame 'Right' (3 rows) is like 'rights'" in text
    found = read_scheme(written(tmp_path, text), SCHEME).table()
    assert found["stance"] == ["accusatory", "conciliatory", "defensive", "neutral", "acusatory"]
    assert sorted(found["frame"]) == sorted([*FRAMES, "Right"])


def test_a_draft_points_to_columns_that_could_be_axes(tmp_path: Path) -> None:
    data = tables_of([{**row, "n": i, "note": f"remark {i}"} for i, row in enumerate(rows())])
    text = draft(data, SCHEME, {})
    assert '# Frame = ["economy", "security", "rights"]  # a column with few values: an axis?' in text
    assert "# n =" not in text
    assert "# note =" not in text
    assert read_scheme(written(tmp_path, text)) == SCHEME


def test_a_draft_can_be_read_whatever_the_axis_is_called(tmp_path: Path) -> None:
    data = tables_of([{"quote": f"We {i}.", "Größe": 'sehr "groß"' if i % 2 else "klein"} for i in range(8)])
    text = draft(data, None, {"größe": "Größe"})
    assert sorted(tomllib.loads(text)["axes"]["größe"]) == ["klein", 'sehr "groß"']
    assert isinstance(read_scheme(written(tmp_path, text)), LabelScheme)


def test_labels_are_counted_in_all_tables_without_blanks() -> None:
    found = schema.labels_in(tables_of([rows(1), rows(1, stance=" defensive ")]), "stance")
    assert found == {"accusatory": 1, "conciliatory": 1, "defensive": 4}
