"""`python -m training`: from a table to a model folder and to figures, as a user types it."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import stance
from training import __main__ as command_line
from training import run as fitting
from training import views
from training.__main__ import app
from training.config import FitConfig


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


def test_a_file_of_options_says_the_same_as_typing_them_and_what_is_typed_wins(
    tiny_base: Path, schema_file: Path, lessons: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("fit.toml").write_text(
        f"""
data = {json.dumps(str(lessons))}
output = "models/from-file"
schema = {json.dumps(str(schema_file))}
version = "0.9"
logs = "logs"
slices = "side"
baselines = false
cv = 2
search = 1

[fit]
base = {json.dumps(str(tiny_base))}
epochs = 7
batch_size = 8
window = 48
""",
        encoding="utf-8",
    )
    shown = run("fit", "--config", "fit.toml", "--version", "1.1", "--set", "epochs=1").stdout
    assert "Settings tried (1):" in shown
    assert "By 2-fold cross-validation:" in shown
    assert stance.load("models/from-file").classify("We hope.").model == "from-file 1.1"
    made = json.loads(Path("models/from-file/stance.json").read_text(encoding="utf-8"))["provenance"]
    assert (made["settings"]["epochs"], made["settings"]["batch_size"]) == (1, 8)
    card = Path("models/from-file/README.md").read_text(encoding="utf-8")
    assert "| side | China | " in card
    assert "logistic regression" not in card
    logged = {path.parent.name for path in Path("logs").rglob("events.*")}
    assert logged == {"logs", "trial-0", "fold-1", "fold-2"}


def test_a_fit_says_what_it_does_in_plain_lines_and_nothing_else(
    tiny_base: Path, schema_file: Path, lessons: Path, tmp_path: Path
) -> None:
    options = ["--output", tmp_path / "m", "--base", tiny_base, "--schema", schema_file]
    quick = settings(epochs=1, batch_size=8, window=48)
    command = [sys.executable, "-m", "training", "fit", lessons, *options, *quick]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True)
    said = [re.fullmatch(r"\d\d:\d\d:\d\d (.*)", line) for line in done.stderr.splitlines()]
    assert all(said), done.stderr
    assert [line[1].split(":")[0] for line in said if line] == [
        "160 rows to train, 8 to validate, 8 to test",
        "step 20 of 20",
        f"writing {tmp_path / 'm'}",
    ]
    assert done.stdout.startswith("\nOn the test rows:\n\n| input | axis |")


@pytest.fixture
def fit_table(tmp_path: Path) -> list[Any]:
    table = tmp_path / "rows.csv"
    table.write_text("quote,stance\nWe hope.,conciliatory\nThey lie.,accusatory\n", encoding="utf-8")
    return ["fit", table, "--output", tmp_path / "m"]


def test_an_interrupted_fit_says_how_to_go_on(fit_table: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(fitting, "fit", interrupted)
    assert run(*fit_table, code=130).stderr == (
        "Stopped. The same command with --resume goes on from the last checkpoint.\n"
    )


def test_of_several_processes_only_the_first_speaks(
    fit_table: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitting, "fit", lambda config: fitting.Run(config.output, FitConfig()))
    assert "Written: " in run(*fit_table).stdout
    monkeypatch.setenv("RANK", "1")
    assert run(*fit_table).output == ""


def test_evaluate_prints_a_line_for_every_axis_in_every_form(model_folder: Path, lessons: Path) -> None:
    lines = run("evaluate", model_folder, lessons).stdout.splitlines()
    rows = [line for line in lines if line.startswith("| quotation")]
    assert len(rows) == 9
    assert "| 176 | 1.000 [" in rows[3]


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
        (["fit", "--output", "m"], "No data given. Type it, or write it into the file of --config"),
        (["fit", "rows.csv", "--output", "m", "--config", "no.toml"], "no.toml cannot be read as TOML"),
        (["fit", "rows.csv", "--output", "."], ". is no name for a model"),
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


def test_rows_that_a_model_was_fitted_to_are_told_and_can_be_left_out(
    model_folder: Path, lessons: Path, tmp_path: Path
) -> None:
    shown = run("evaluate", model_folder, lessons).stdout
    assert (
        "was fitted to 176 of these 176 rows: the figures flatter it. Leave such rows out: --unseen" in shown
    )
    shown = run("evaluate", model_folder, lessons, "--unseen", code=2).stderr
    assert "All 176 rows were there when tiny 1.0.0 was fitted" in shown
    both = tmp_path / "both.jsonl"
    new = {"quote": "Our law will stop now.", "speaker": "a US official", "stance": "defensive"}
    both.write_text(lessons.read_text(encoding="utf-8") + json.dumps(new), encoding="utf-8")
    shown = run("compare", model_folder, "shipped", both, "--unseen").stdout
    assert "| stance | 1 |" in shown
    assert "Rows left out because a model was fitted to them: 176." in shown
    assert "fitted to 176 of these 177 rows" in run("compare", model_folder, "shipped", both).stdout


def test_axes_with_other_labels_are_not_compared_and_that_is_told(
    model_folder: Path, tiny_base: Path, tmp_path: Path
) -> None:
    table, other = tmp_path / "rows.csv", tmp_path / "other"
    lines = [f"We hope {i}.;US;{'for' if i % 2 else 'against'};g{i}" for i in range(12)]
    table.write_text("\n".join(["quote;side;Move;group", *lines]), encoding="utf-8")
    options = ["--schema", "data", "--base", model_folder, "--column", "stance=Move"]
    run("fit", table, "--output", other, *options, *settings(epochs=1, rehearsal=0, window=48))
    shown = run("compare", other, model_folder, table, "--column", "stance=Move").stdout
    assert "Not compared, as the models have other labels there: stance." in shown
    assert "| side | 12 |" in shown


def test_a_table_that_is_read_is_not_written_over(model_folder: Path, lessons: Path) -> None:
    before = lessons.read_bytes()
    for command in (["compare", model_folder, "shipped"], ["suggest", model_folder]):
        shown = run(*command, lessons, "-o", lessons, code=2).stderr
        assert "is the table that is read, and would be lost. Give another --output." in shown
    assert lessons.read_bytes() == before


def test_what_was_suggested_is_not_written_over_and_goes_into_the_next_check(
    model_folder: Path, tmp_path: Path
) -> None:
    mine, more, output = (tmp_path / name for name in ("mine.csv", "more.csv", "to_label.csv"))
    mine.write_text("Text;Who;Article;Move\nThey lie now.;a senator;a;accusatory\n", encoding="utf-8")
    more.write_text("Text;Who\nOur law will stop now.;an aide\nWe hope we lie.;an aide\n", encoding="utf-8")
    names = {"quote": "Text", "speaker": "Who", "group": "Article", "stance": "Move"}
    columns = [part for pair in names.items() for part in ("--column", "=".join(pair))]
    shown = run("suggest", model_folder, more, "-n", 5, "-o", output, *columns).stderr
    assert f"2 rows to label written to {output}: there are no more" in shown
    head, *rows = output.read_text(encoding="utf-8").splitlines()
    assert head == "Text,Who,side,Move,sentiment"
    filled = "\n".join([head, *(row[:-2] + ",defensive," for row in rows)])
    output.write_text(filled, encoding="utf-8")
    shown = run("suggest", model_folder, more, "-o", output, *columns, code=2).stderr
    assert f"{output} exists, and may hold labels by now. Give another --output." in shown
    assert output.read_text(encoding="utf-8") == filled
    found = json.loads(run("check", mine, output, *columns, "--base", model_folder, "--json").stdout)
    assert (found["rows"], found["balance"]["stance"]["defensive"]) == (3, 2)


def test_a_slice_may_be_named_by_what_its_column_holds(model_folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("quote,Paper,stance\nThey lie now.,A,accusatory\nWe hope.,B,conciliatory\n")
    given = ("--column", "source=Paper", "--slice", "source", "--json")
    report = json.loads(run("evaluate", model_folder, path, *given).stdout)
    (axis,) = report["forms"]["quotation and speaker"]
    assert [(one["column"], one["value"]) for one in axis["slices"]] == [("Paper", "A"), ("Paper", "B")]


def test_a_column_is_named_once(model_folder: Path, lessons: Path) -> None:
    given = ("--column", "quote=quote", "--column", "quote=speaker")
    shown = run("evaluate", model_folder, lessons, *given, code=2).stderr
    assert "--column names quote more than once. Give one column for each." in shown


def test_a_package_that_is_missing_is_told_in_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["training", "evaluate", "shipped", "rows.csv"])

    def without(*_: object, **__: object) -> None:
        raise ModuleNotFoundError("No module named 'datasets'", name="datasets")

    monkeypatch.setattr(command_line, "app", without)
    with pytest.raises(SystemExit) as caught:
        command_line.main()
    assert caught.value.code == 2
    assert capsys.readouterr().err == (
        "stance: Training needs the package 'datasets': install stance with "
        "pip install 'stance-quotes[train]'.\n"
    )


def test_tables_on_a_terminal_have_lines_and_brackets_stay(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "On [b]rows[/b]:\n\n| axis | F1 |\n|---|---|\n| [red]side[/red] | 0.5 [0.4, 0.6] |\n\nEnd."
    views.print_text(text)
    assert capsys.readouterr().out == f"{text}\n"
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    views.print_text(text)
    shown = re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out)
    assert "On [b]rows[/b]:" in shown
    assert "│ [red]side[/red] │ 0.5 [0.4, 0.6] │" in shown
    assert "|---|" not in shown
