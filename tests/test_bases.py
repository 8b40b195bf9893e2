import shutil
from pathlib import Path

import pytest

from stance.errors import ModelFolderError, SettingsError
from training import bases, network


def test_a_folder_is_a_base(tiny_base: Path) -> None:
    assert bases.resolve(str(tiny_base)) == bases.Base(tiny_base, tiny_base.name)


def test_a_model_folder_is_a_base_and_is_checked(model_folder: Path, tmp_path: Path) -> None:
    assert bases.resolve(str(model_folder)).name == "tiny 1.0.0"
    copy = Path(shutil.copytree(model_folder, tmp_path / "copy"))
    (copy / "model.safetensors").write_bytes(b"x")
    with pytest.raises(ModelFolderError, match="safetensors has 1 bytes"):
        bases.resolve(str(copy))


def test_a_folder_without_an_encoder(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"holds no config\.json"):
        bases.resolve(str(tmp_path))


def test_a_config_that_transformers_cannot_open(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "nonsense"}', encoding="utf-8")
    with pytest.raises(SettingsError, match="not an encoder that transformers can open"):
        network.encoder(bases.resolve(str(tmp_path)), window=48)


def test_a_name_that_cannot_be_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(SettingsError, match=r"The base 'nobody/nothing' is no folder here.*leave --base out"):
        bases.resolve("nobody/nothing")


def test_a_known_base_in_the_cache_must_have_its_hash(
    monkeypatch: pytest.MonkeyPatch, tiny_base: Path
) -> None:
    monkeypatch.setattr("huggingface_hub.snapshot_download", lambda *_, **__: str(tiny_base))
    with pytest.raises(SettingsError, match=r"is not the file of sentence-transformers/all-MiniLM-L6-v2"):
        bases.resolve("sentence-transformers/all-MiniLM-L6-v2")
    assert bases.resolve("somebody/something").folder == tiny_base
