"""Labelled file → model folder → predictions: overfit, save, reload, compare."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from transformers import AutoModelForSequenceClassification

import stance
from stance.classifier import StanceClassifier
from stance.encoding import Encoder
from stance.errors import ModelFolderError, SettingsError, UnreadableFileError
from stance.folder import ModelFolder
from stance.quotes import Quote
from stance.runtime import OnnxModel
from tests.conftest import LESSONS, SCHEME
from training import bases, export, network, run
from training.run import RunConfig

QUOTES = [Quote(text, speaker) for text, speaker, *_ in LESSONS]


def test_a_fitted_folder_repeats_what_it_was_taught(classifier: StanceClassifier) -> None:
    predictions = classifier.classify_many(QUOTES)
    found = [tuple(p[axis].label for axis in SCHEME.names) for p in predictions]
    assert found == [tuple(labels) for _, _, *labels in LESSONS]


def test_the_folder_holds_what_the_card_and_plain_transformers_need(model_folder: Path) -> None:
    names = {path.name for path in model_folder.iterdir()}
    needed = {"model.onnx", "model.safetensors", "config.json", "tokenizer.json", "stance.json", "README.md"}
    assert needed <= names
    loaded = AutoModelForSequenceClassification.from_pretrained(model_folder)
    assert loaded.config.id2label == SCHEME.id2label()


def test_the_weights_in_plain_transformers_give_the_labels_of_the_graph(
    model_folder: Path, classifier: StanceClassifier
) -> None:
    base = bases.resolve(str(model_folder))
    model = network.network(base, SCHEME).eval()
    fitted = export.network_logits(model, network.encoder(base, window=48), QUOTES)
    shipped = classifier.logits(QUOTES)
    for axis in SCHEME.axes:
        same = fitted[:, axis.slice].argmax(1) == shipped[:, axis.slice].argmax(1)
        assert same.mean() >= 0.97


def test_one_by_one_equals_batch_on_the_unquantised_graph(model_folder: Path, tmp_path: Path) -> None:
    base = bases.resolve(str(model_folder))
    export.graph(tmp_path / "model.onnx", network.network(base, SCHEME).eval(), quantised=False)
    graph = OnnxModel((tmp_path / "model.onnx").read_bytes(), where="the graph", width=SCHEME.width)
    folder = ModelFolder.open(model_folder)
    encoder = Encoder(folder.tokenizer(), window=folder.window)
    plain = StanceClassifier(graph, encoder, SCHEME, folder.calibration, name="plain")
    alone = np.concatenate([plain.logits([quote]) for quote in QUOTES])
    np.testing.assert_allclose(alone, plain.logits(QUOTES), atol=1e-5)


def test_same_seed_same_report(
    run_config: Callable[..., RunConfig], model_folder: Path, tmp_path: Path
) -> None:
    first = run.fit(run_config(tmp_path / "a", epochs=3))
    second = run.fit(run_config(tmp_path / "a", epochs=3))
    assert first.reports == second.reports
    assert ModelFolder.open(tmp_path / "a").manifest["files"]["model.onnx"]["bytes"] > 0


def test_an_interrupted_fit_goes_on_to_the_same_model(
    run_config: Callable[..., RunConfig], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run.fit(run_config(tmp_path / "m", epochs=4)).reports
    kept = (tmp_path / "m" / "model.safetensors").read_bytes()
    shutil.rmtree(tmp_path / "m")

    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        # The fit has left its checkpoints when the export is interrupted; the last one is taken away.
        patch.setattr(export, "weights", stopped)
        with pytest.raises(KeyboardInterrupt):
            run.fit(run_config(tmp_path / "m", epochs=4))
    checkpoints = sorted((tmp_path / ".m.fitting").glob("checkpoint-*"), key=lambda p: int(p.name[11:]))
    assert len(checkpoints) == 2
    shutil.rmtree(checkpoints[-1])
    assert not (tmp_path / "m").exists()
    assert run.fit(run_config(tmp_path / "m", epochs=4, resume=True)).reports == whole
    assert (tmp_path / "m" / "model.safetensors").read_bytes() == kept


def test_resume_refuses_checkpoints_of_another_fit(
    run_config: Callable[..., RunConfig], tmp_path: Path
) -> None:
    config = run_config(tmp_path / "m", epochs=2, resume=True)
    folder = tmp_path / ".m.fitting"
    folder.mkdir()
    (folder / "settings.json").write_text("{}", encoding="utf-8")
    with pytest.raises(SettingsError, match="checkpoints of a fit with other data or settings"):
        run.fit(config)


def test_a_failing_run_leaves_no_model_folder(
    run_config: Callable[..., RunConfig], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "LEAST_AGREEMENT", 1.1)
    with pytest.raises(ModelFolderError, match="The graph gives another"):
        run.fit(run_config(tmp_path / "m", epochs=1))
    assert not (tmp_path / "m").exists()
    assert not list(tmp_path.glob("*unfinished*"))


def test_a_base_without_axes_needs_a_schema(run_config: Callable[..., RunConfig], tmp_path: Path) -> None:
    config = replace(run_config(tmp_path / "m"), schema=None)
    with pytest.raises(SettingsError, match=r"knows no axes of its own.*--schema labels\.toml"):
        run.fit(config)


def test_new_axes_keep_the_heads_of_the_old_ones(model_folder: Path) -> None:
    base = bases.resolve(str(model_folder))
    wider = type(SCHEME).from_table({**SCHEME.table(), "stance": [*SCHEME.axes[1].labels, "neutral"]})
    grown, before = network.network(base, wider), network.network(base, SCHEME)
    np.testing.assert_array_equal(
        grown.classifier.weight[:6].detach().numpy(), before.classifier.weight[:6].detach().numpy()
    )
    np.testing.assert_array_equal(
        grown.classifier.weight[7:].detach().numpy(), before.classifier.weight[6:].detach().numpy()
    )


def test_the_card_states_data_figures_and_limits(model_folder: Path) -> None:
    card = (model_folder / "README.md").read_text(encoding="utf-8")
    for part in ("source 0", "Macro-F1", "quotation and speaker", "must not be used for", "Neighbours"):
        assert part in card
    assert "$" not in card


def test_the_manifest_says_where_the_model_comes_from(model_folder: Path) -> None:
    found = json.loads((model_folder / "stance.json").read_text(encoding="utf-8"))["provenance"]
    assert found["rows"] == {"train": 160, "validation": 8, "test": 8}
    assert found["settings"]["seed"] == 13
    assert {"torch", "transformers", "onnxruntime", "python"} <= found["versions"].keys()


def test_retraining_starts_from_a_model_folder_with_its_axes(
    run_config: Callable[..., RunConfig], model_folder: Path, tmp_path: Path
) -> None:
    config = run_config(tmp_path / "again", epochs=1)
    settings = {**config.settings, "base": str(model_folder), "learning_rate": 1e-5}
    warm = replace(config, schema=None, settings=settings)
    reports = run.fit(warm).reports
    assert stance.load(tmp_path / "again").scheme == SCHEME
    assert [axis.macro_f1.value for axis in reports[0].forms["quotation and speaker"]] == [1.0, 1.0, 1.0]
    card = (tmp_path / "again" / "README.md").read_text(encoding="utf-8")
    assert "Started from tiny 1.0.0" in card
    assert "    --base tiny \\\n" in card


def test_two_tables_of_one_name_are_refused(run_config: Callable[..., RunConfig], tmp_path: Path) -> None:
    config = run_config(tmp_path / "m")
    with pytest.raises(SettingsError, match=r"More than one table is called lessons\.jsonl"):
        run.fit(replace(config, measure=config.data))


def test_notes_that_cannot_be_read_are_refused(run_config: Callable[..., RunConfig], tmp_path: Path) -> None:
    config = replace(run_config(tmp_path / "m"), notes=tmp_path / "nowhere.md")
    with pytest.raises(UnreadableFileError, match=r"nowhere\.md cannot be read as UTF-8 text"):
        run.fit(config)
