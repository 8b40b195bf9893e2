import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import stance
from stance.errors import ModelFolderError
from stance.folder import ModelFolder


@pytest.fixture
def copy(model_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(model_folder, tmp_path / "copy"))


def changed(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = folder / "stance.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    change(manifest)
    path.write_text(json.dumps(manifest), encoding="utf-8")


def test_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(ModelFolderError, match=r"There is no model folder .*nowhere.*stance\.json"):
        stance.load(tmp_path / "nowhere")


def test_a_folder_of_something_else(tmp_path: Path) -> None:
    with pytest.raises(ModelFolderError, match=r"has no stance\.json.*python -m training fit"):
        stance.load(tmp_path)


def test_a_manifest_that_is_not_json(copy: Path) -> None:
    (copy / "stance.json").write_text("{", encoding="utf-8")
    with pytest.raises(ModelFolderError, match=r"stance\.json cannot be read.*Restore the folder"):
        stance.load(copy)


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_a_missing_file(copy: Path, name: str) -> None:
    (copy / name).unlink()
    with pytest.raises(ModelFolderError, match=f"{name} is missing or cannot be read.*Restore"):
        stance.load(copy)


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_a_file_that_was_cut_off(copy: Path, name: str) -> None:
    content = (copy / name).read_bytes()
    (copy / name).write_bytes(content[:-7])
    with pytest.raises(ModelFolderError, match=rf"{name} has [\d,]+ bytes, but [\d,]+ were written.*cut off"):
        stance.load(copy)


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_a_file_with_one_bit_turned(copy: Path, name: str) -> None:
    content = bytearray((copy / name).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / name).write_bytes(content)
    with pytest.raises(ModelFolderError, match=rf"{name} was altered: its SHA-256 is"):
        stance.load(copy)


def test_weights_are_checked_when_they_are_opened(copy: Path) -> None:
    (copy / "model.safetensors").write_bytes(b"")
    stance.load(copy)
    with pytest.raises(ModelFolderError, match="safetensors has 0 bytes"):
        ModelFolder.open(copy).checked("model.safetensors")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: m.pop("axes"), "lacks axes"),
        (lambda m: m.update(format=99), "has format 99, but this version of stance reads format 1"),
        (lambda m: m["calibration"].pop("side"), "does not fit together"),
        (lambda m: m["calibration"]["side"].update(slope=2), "makes no sense"),
        (lambda m: m["calibration"]["side"].update(bare={"needed": [0.1]}), "does not fit together"),
        (lambda m: m.update(encoder={"window": "wide", "pad_id": 0}), "makes no sense"),
        (lambda m: m["files"].pop("model.onnx"), r"does not list model\.onnx"),
    ],
)
def test_a_manifest_that_makes_no_sense(
    copy: Path, change: Callable[[dict[str, Any]], object], message: str
) -> None:
    changed(copy, change)
    with pytest.raises(ModelFolderError, match=message):
        stance.load(copy)
