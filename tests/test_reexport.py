import json
from pathlib import Path

import numpy as np
import pytest

import stance
from stance.errors import SettingsError
from stance.folder import ModelFolder
from tests.test_training_cli import run
from training.api import export_model

QUOTES = [{"quote": "They steal and lie.", "speaker": "a US senator"}, {"quote": "We hope for peace."}]


@pytest.mark.parametrize("precision", ["fp16", "fp32"])
def test_another_precision_says_the_same(precision: str, model_folder: Path, tmp_path: Path) -> None:
    parity = export_model(model_folder, tmp_path / "other", precision=precision, quotes=[QUOTES])
    assert [one.agreement for one in parity] == [1, 1, 1]
    before, after = stance.load(model_folder), stance.load(tmp_path / "other")
    quotes = [stance.Quote(row["quote"], row.get("speaker")) for row in QUOTES]
    assert np.abs(before.logits(quotes) - after.logits(quotes)).max() < 0.01
    assert after.name == "other 1.0.0"
    assert ModelFolder.open(tmp_path / "other").precision == precision
    card = (tmp_path / "other/README.md").read_text(encoding="utf-8")
    assert f"The {precision} graph is compared with the fp32 network on 1 quotations" in card
    assert card.count("## The graph against the weights") == 1
    assert "## What it must not be used for" in card


def test_the_command_line_says_how_far_it_is(model_folder: Path, tmp_path: Path) -> None:
    table = tmp_path / "mine.jsonl"
    table.write_text("".join(json.dumps(row) + "\n" for row in QUOTES), encoding="utf-8")
    told = run("export", model_folder, "-o", tmp_path / "other", "--precision", "fp32", "--quotes", table)
    assert "stance     the same label on 100.0%" in told.stdout


def test_what_cannot_be_done_is_told(model_folder: Path, tmp_path: Path) -> None:
    told = run("export", model_folder, "-o", tmp_path / "x", "--precision", "int4", code=2)
    assert "must be one of int8, fp16, fp32" in told.stderr
    with pytest.raises(SettingsError, match="is the model that is exported"):
        export_model(model_folder, model_folder, quotes=[QUOTES])
