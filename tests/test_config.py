from pathlib import Path
from typing import Any

import pytest

from stance.errors import SettingsError
from training.config import FitConfig, defaults, options, parsed


def file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "fit.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_settings_from_a_command_line() -> None:
    found = FitConfig.from_table(parsed(["epochs=5", "class_weights=false", "learning_rate=1e-5", "seed=7"]))
    assert found == FitConfig(epochs=5, class_weights=False, learning_rate=1e-5, seed=7)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("epoch=5", r"Unknown setting epoch\. Known are bare_share, base"),
        ("epochs", "--set epochs must look like epochs=5"),
        ("epochs=many", "--set epochs=many must look like"),
        ('epochs="5"', "epochs must be int, but is '5'"),
        ("epochs=true", "epochs must be int, but is True"),
        ("class_weights=1", "class_weights must be bool, but is 1"),
        ("epochs=0", "epochs must be above zero, but is 0"),
        ("learning_rate=NaN", "learning_rate must be above zero, but is nan"),
        ("keep=1", "keep must be a share below one, but is 1"),
        ("calibrate_error=0", "calibrate_error must be a share between 0 and 1, .* but is 0"),
        ("calibrate_error=NaN", "calibrate_error must be a share between 0 and 1, .* but is nan"),
        ("calibrate_error=stance:0.1", "calibrate_error must be a share .* after one for all others"),
        ("calibrate_error=0.1,stance:few", "calibrate_error must be a share"),
        ("warmup_share=1.5", "warmup_share must be a share, at most one, but is 1.5"),
        ("bare_share=0.9", "bare_share and context_share must be shares of one whole"),
        ("bare_share=NaN", "bare_share and context_share must be shares of one whole"),
        ("test_share=-0.1", "validation_share and test_share must be shares"),
        ("test_share=0.9", "leave no rows to train"),
        ("window=8", "window must be 16 tokens or more"),
        ("precision=fp8", "precision must be one of auto, fp32, bf16, fp16, not 'fp8'"),
    ],
)
def test_a_setting_that_makes_no_sense(setting: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        FitConfig.from_table(parsed([setting]))


@pytest.mark.parametrize("start", ["same", "grown", "new"])
@pytest.mark.parametrize("rows", [0, 1, 50, 800, 5000, 100_000])
def test_what_suits_any_number_of_rows_is_a_configuration(rows: int, start: str) -> None:
    found = FitConfig.from_table(defaults(rows, start=start))
    assert found.validation_share + found.test_share <= 0.5


def test_few_rows_are_rehearsed_and_averaged_where_the_base_knows_their_labels() -> None:
    few = FitConfig.from_table(defaults(50, start="same"))
    assert few.rehearsal > 0
    assert few.keep > 0
    new = FitConfig.from_table(defaults(50, start="new"))
    assert (new.rehearsal, new.keep, new.frozen_layers) == (0, 0, 0)
    assert new.epochs > few.epochs


def test_what_was_typed_goes_before_what_the_file_says(tmp_path: Path) -> None:
    path = file(
        tmp_path,
        'data = "rows.csv"\noutput = "models/file"\ncv = 3\nversion = "0.1"\n'
        'columns = {quote = "Text", stance = "Haltung"}\n[fit]\nepochs = 2\nseed = 5\n',
    )
    typed = {"output": Path("models/typed"), "cv": 0, "columns": {"stance": "Ton"}, "logs": None}
    found = options(path, typed, {"epochs": 9})
    assert found == {
        "data": "rows.csv",
        "output": Path("models/typed"),
        "cv": 0,
        "version": "0.1",
        "columns": {"quote": "Text", "stance": "Ton"},
        "settings": {"epochs": 9, "seed": 5},
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "epochs = 2",
            r"fit\.toml has unknown keys: epochs\. Known are \[fit\] and baselines, columns, cv, data",
        ),
        ("[fit]\nepoch = 2", r"Unknown setting epoch\. Known are bare_share"),
        ("fit = 3", "fit must be a table, but is 3"),
        ('cv = "3"', "cv must be a whole number of zero or more, but is '3'"),
        ("cv = true", "cv must be a whole number of zero or more, but is True"),
        ("search = -1", "search must be a whole number of zero or more, but is -1"),
        ("output = 5", "output must be a text, but is 5"),
        ("version = 2.0", "version must be a text, but is 2.0"),
        ("data = [1, 2]", r"data must be a text or a list of texts, but is \[1, 2\]"),
        ("measure = {a = 1}", "measure must be a text or a list of texts"),
        ('columns = "Text"', "columns must be a table of texts, but is 'Text'"),
        ("columns = {quote = 1}", "columns must be a table of texts"),
        ("schema = ['a']", "schema must be a text or a table of axes"),
        ("data = [", "cannot be read as TOML"),
        ('output = "m"', "No data given. Type it, or write it into the file of --config"),
        ('data = "rows.csv"', "No output given"),
    ],
)
def test_a_file_of_options_that_makes_no_sense(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=message):
        options(file(tmp_path, text), {}, {})


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ('schema = "labels.toml"', "labels.toml"),
        ('schema = {tone = ["warm", "cold"], side = false}', {"tone": ["warm", "cold"], "side": False}),
    ],
)
def test_a_schema_may_stand_in_the_file_itself(line: str, found: Any, tmp_path: Path) -> None:
    text = f'data = ["a.csv", "b.csv"]\noutput = "m"\n{line}\n'
    assert options(file(tmp_path, text), {}, {})["schema"] == found
