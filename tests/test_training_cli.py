"""`python -m training`: from a table to a model folder and to figures, as a user types it."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import stance
from training.__main__ import app


def run(*arguments: object, code: int = 0) -> Any:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output
    return result


def settings(**given: object) -> list[str]:
    return [part for name, value in given.items() for part in ("--set", f"{name}={json.dumps(value)}")]


def test_fit_writes_a_folder_that_stance_can_load(
    tiny_base: Path, schema_file: Path, lessons: Path, tmp_path: Path
) -> None:
    output = tmp_path / "models" / "mine"
    others = Path(shutil.copy(lessons, tmp_path / "others.jsonl"))
    options = ["--base", tiny_base, "--schema", schema_file, "--version", "2.0.0", "--measure", others]
    quick = settings(epochs=1, batch_size=8, window=48)
    shown = run("fit", lessons, "--output", output, *options, *quick).stdout
    assert "On the test rows:" in shown
    assert "On others.jsonl:" in shown
    assert f"stance.load('{output}')" in shown
    assert stance.load(output).classify("We hope.").model == "mine 2.0.0"


def test_evaluate_prints_a_line_for_every_axis_in_every_form(model_folder: Path, lessons: Path) -> None:
    lines = run("evaluate", model_folder, lessons).stdout.splitlines()
    rows = [line for line in lines if line.startswith("| quotation")]
    assert len(rows) == 9
    assert "1.000 [1.000, 1.000]" in rows[3]


def test_evaluate_prints_json(model_folder: Path, lessons: Path) -> None:
    found = json.loads(run("evaluate", model_folder, lessons, "--json").stdout)
    assert found["forms"]["quotation and speaker"][0]["macro_f1"]["value"] == 1.0


def test_evaluate_takes_the_names_of_the_users_columns(model_folder: Path, tmp_path: Path) -> None:
    table = tmp_path / "mine.csv"
    table.write_text("Text;Haltung\nThey lie now.;accusatory\n", encoding="utf-8")
    columns = ["--column", "quote=Text", "--column", "stance=Haltung"]
    shown = run("evaluate", model_folder, table, *columns).stdout
    assert "| quotation | stance | 1 |" in shown
    assert "| side |" not in shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fit", "rows.csv", "--output", "m", "--set", "epoch=3"], "Unknown setting epoch. Known are"),
        (["fit", "rows.csv", "--output", "m", "--set", "epochs"], "must look like epochs=5"),
        (["fit", "rows.csv", "--output", "m", "--base", "no/where/at/all"], "is no folder here"),
        (["evaluate", "nowhere", "rows.csv"], "There is no model folder nowhere"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_line(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rows.csv").write_text("quote,stance\nWe hope.,conciliatory\n", encoding="utf-8")
    result = run(*arguments, code=2)
    assert result.stderr.startswith("stance: ")
    assert message in result.stderr


def test_every_bad_row_of_a_labelled_table_is_printed(model_folder: Path, tmp_path: Path) -> None:
    table = tmp_path / "rows.csv"
    table.write_text("quote,stance\nWe hope.,friendly\n,accusatory\nThey lie.,acusatory\n", encoding="utf-8")
    shown = run("evaluate", model_folder, table, code=2).stderr
    assert "3 bad row(s)" in shown
    for line in ("line 2: stance is 'friendly'", "line 3: The column 'quote' is empty", "Did you mean 'acc"):
        assert line in shown
