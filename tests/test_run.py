"""Labelled file → model folder → predictions: overfit, save, reload, compare."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForSequenceClassification, BertForSequenceClassification

import stance
import training
from stance.classifier import StanceClassifier
from stance.encoding import Encoder
from stance.errors import ColumnError, ModelFolderError, SettingsError, UnreadableFileError
from stance.folder import ModelFolder
from stance.quotes import Quote
from stance.runtime import OnnxModel
from tests.conftest import LESSONS, SCHEME
from training import bases, export, network, rehearsal, run, worth
from training.baselines import BASELINES, FROZEN, WORDS
from training.copies import fingerprints
from training.material import Material, prepared
from training.run import Run, RunConfig
from training.sources import tables_of

QUOTES = [Quote(text, speaker) for text, speaker, *_ in LESSONS]


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def test_a_fitted_folder_repeats_what_it_was_taught(classifier: StanceClassifier) -> None:
    predictions = classifier.classify_many(QUOTES)
    found = [tuple(p[axis].label for axis in SCHEME.names) for p in predictions]
    assert found == [tuple(labels) for _, _, *labels in LESSONS]


def test_the_folder_holds_what_the_card_and_plain_transformers_need(model_folder: Path) -> None:
    names = {path.name for path in model_folder.iterdir()}
    needed = {"model.onnx", "model.safetensors", "config.json", "tokenizer.json", "stance.json", "README.md"}
    assert needed <= names
    assert len({path.stat().st_mode for path in model_folder.iterdir()}) == 1  # all as readable
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


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_one_by_one_equals_batch(precision: str, model_folder: Path, tmp_path: Path) -> None:
    base = bases.resolve(str(model_folder))
    export.graph(tmp_path / "model.onnx", network.network(base, SCHEME).eval(), precision=precision)
    graph = OnnxModel((tmp_path / "model.onnx").read_bytes(), where="the graph", width=SCHEME.width)
    folder = ModelFolder.open(model_folder)
    encoder = Encoder(folder.tokenizer(), window=folder.window)
    plain = StanceClassifier(graph, encoder, SCHEME, folder.calibration, name="plain")
    alone = np.concatenate([plain.logits([quote]) for quote in QUOTES])
    np.testing.assert_allclose(alone, plain.logits(QUOTES), atol=1e-5)


def test_same_seed_same_report(
    run_config: Callable[..., RunConfig], model_folder: Path, tmp_path: Path
) -> None:
    authored = pd.read_json(Path(training.__file__).parent / "data" / "authored.jsonl", lines=True)[:500]
    given = replace(run_config(tmp_path / "a", epochs=2), data=authored, baselines=False)
    first, second = run.fit(given), run.fit(given)
    assert first.reports == second.reports
    other = run.fit(replace(given, settings={**given.settings, "seed": 14, "split_seed": 13}))
    assert other.reports != first.reports, "else the seed decides nothing"


@pytest.mark.parametrize("consistency", [0.0, 1.0])
def test_an_interrupted_fit_goes_on_to_the_same_model(
    run_config: Callable[..., RunConfig],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    consistency: float,
) -> None:
    config = run_config(tmp_path / "m", epochs=4, consistency=consistency)
    whole = run.fit(config).reports
    kept = (tmp_path / "m" / "model.safetensors").read_bytes()
    shutil.rmtree(tmp_path / "m")

    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        # The fit has left its checkpoints when the export is interrupted; the last one is taken away.
        patch.setattr(export, "weights", stopped)
        with pytest.raises(KeyboardInterrupt):
            run.fit(config)
    checkpoints = sorted((tmp_path / ".m.fitting").glob("checkpoint-*"), key=lambda p: int(p.name[11:]))
    assert len(checkpoints) == 2
    shutil.rmtree(checkpoints[-1])
    assert not (tmp_path / "m").exists()
    assert run.fit(replace(config, resume=True)).reports == whole
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
    assert "not measured" not in card
    assert "$" not in card


def test_the_card_has_slices_and_simple_models_as_asked(
    run_config: Callable[..., RunConfig], tmp_path: Path
) -> None:
    config = replace(run_config(tmp_path / "m", epochs=1), slices=("side",))
    run.fit(config)
    card = (tmp_path / "m" / "README.md").read_text(encoding="utf-8")
    assert "### More of the test rows" in card
    assert "| side | China | " in card
    for name in (*BASELINES, FROZEN, f"{WORDS}, bare"):
        assert f"| {name} | " in card
    run.fit(replace(config, baselines=False))
    plain = (tmp_path / "m" / "README.md").read_text(encoding="utf-8")
    assert not any(word in plain for word in ("logistic regression", "read as stance", "aselines"))


def test_a_model_that_is_not_to_be_measured_says_so(
    run_config: Callable[..., RunConfig], lessons: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = replace(run_config(tmp_path / "m", epochs=1), evaluate=False)
    said: list[str] = []
    monkeypatch.setattr(run.log, "info", lambda line, *filled: said.append(line % filled))
    made = run.fit(config)
    assert said[-1].startswith(
        "Few validation rows say how sure is sure: side (8), stance (8), sentiment (8)"
    )
    assert (made.reports, made.worth, made.markdown()) == ((), None, "")
    card = (tmp_path / "m" / "README.md").read_text(encoding="utf-8")
    assert "this model was not measured" in card
    assert "These figures" not in card
    assert made.load().classify("We hope.").model == "m 1.0.0"
    with pytest.raises(SettingsError, match="There are tables to measure, but evaluate is off"):
        run.fit(replace(config, measure=[lessons]))


def test_what_would_spoil_a_card_is_refused_before_anything_trains(
    run_config: Callable[..., RunConfig], tmp_path: Path
) -> None:
    with pytest.raises(ColumnError, match="There is no column outlett to slice by, only group, "):
        run.fit(replace(run_config(tmp_path / "m"), slices=("side", "outlett")))
    with pytest.raises(SettingsError, match="calibrate_on is source=nobody, but none of 8 validation rows"):
        run.fit(run_config(tmp_path / "m", calibrate_on="source=nobody"))
    assert not list(tmp_path.iterdir())


def test_the_calibration_of_a_folder_is_that_of_its_rows(model_folder: Path) -> None:
    side = ModelFolder.open(model_folder).calibration["side"]
    assert side.bare is not None, "too"


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


# Axes and labels of one's own.


def own_rows() -> pd.DataFrame:
    """Fifty rows and some more: two sides, a fourth stance that the base does not know, no sentiment."""
    lessons = [
        *((text, speaker, side, stance) for text, speaker, side, stance, _ in LESSONS),
        ("The law says together we will work.", "a expert", "EU", "neutral"),
        ("It is our law, the ministry says.", "the expert", "EU", "neutral"),
    ]
    return pd.DataFrame(
        [
            {
                "Text": text,
                "Who": speaker,
                "side": side,
                "stance": stance,
                "split": split,
                "group": f"lesson {number}",
            }
            for split, times in (("train", 4), ("validation", 1), ("test", 1))
            for number, (text, speaker, side, stance) in enumerate(lessons * times)
        ]
    )


@pytest.fixture(scope="module")
def grown(model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A model with a new side and a new stance, from a DataFrame; what it says of sentiment is as before."""
    return training.fit(
        own_rows(),
        tmp_path_factory.mktemp("grown") / "mine",
        schema="data",
        columns={"quote": "Text", "speaker": "Who"},
        settings={
            "base": str(model_folder),
            "learning_rate": 3e-3,
            "epochs": 20,
            "batch_size": 8,
            "patience": 20,
            "rehearsal": 0,
            "bare_share": 0.0,
        },
    )


def test_labels_of_ones_own_come_from_the_data_and_are_learnt(grown: Run) -> None:
    model = grown.load()
    assert model.scheme.table() == {
        "side": ["US", "China", "neutral", "EU"],
        "stance": ["accusatory", "conciliatory", "defensive", "neutral"],
        "sentiment": ["negative", "neutral", "positive"],
    }
    found = model.classify("It is our law, the ministry says.", speaker="the expert")
    assert (found.side.label, found.stance.label) == ("EU", "neutral")


def test_an_axis_without_new_labels_keeps_its_calibration_and_its_place_in_the_network(
    grown: Run, model_folder: Path
) -> None:
    before, after = ModelFolder.open(model_folder), ModelFolder.open(grown.folder)
    assert after.calibration["sentiment"] == before.calibration["sentiment"]
    assert after.calibration["stance"] != before.calibration["stance"]
    rows = [
        load_file(folder.path / "model.safetensors")["classifier.weight"][folder.scheme.axes[2].slice].float()
        for folder in (before, after)
    ]
    # Only the decay of all weights has touched them.
    np.testing.assert_allclose(rows[1], rows[0], rtol=0.05, atol=0.01)


def test_a_run_says_what_axes_without_new_labels_have_kept(grown: Run) -> None:
    assert grown.worth is None, "no axis is as it was and has labels"
    assert grown.kept is not None
    assert [axis.axis for axis in grown.kept.axes] == ["sentiment"]
    assert grown.kept.axes[0].rows > 100
    shown = grown.markdown()
    assert "What axes without new labels have kept:" in shown
    assert "On the test rows:" in shown
    assert "<table" in grown._repr_html_()


def test_what_is_kept_is_not_measured_on_rows_that_the_starting_model_was_fitted_to(
    grown: Run, model_folder: Path
) -> None:
    columns, settings = {"quote": "Text", "speaker": "Who"}, {"base": str(model_folder)}
    material = prepared(tables_of(own_rows()), schema="data", columns=columns, settings=settings)
    held_out = rehearsal.rows_of(rehearsal.HELD_OUT)
    seen = replace(material, seen=frozenset(fingerprints(held_out[:-20])))
    kept = worth.measured(grown.load(), seen, {}, None, worth.Beside(baselines=False)).kept
    assert kept is not None
    assert 0 < kept.axes[0].rows <= 20


def test_a_run_says_what_it_is_worth_beside_the_start_and_by_cross_validation(
    model_folder: Path, tmp_path: Path
) -> None:
    rows = own_rows().query("stance != 'neutral'").drop(columns=["side", "split"])
    found = training.fit(
        rows.assign(Text=rows["Text"] + " Now."),  # what the base has not seen
        tmp_path / "mine",
        columns={"quote": "Text", "speaker": "Who"},
        settings={"base": str(model_folder), "rehearsal": 0, "epochs": 1, "test_share": 0.3},
        cv=2,
        search=1,
    )
    assert found.folder == tmp_path / "mine"
    assert found.config.epochs == 1
    assert found.worth is not None
    assert [(axis.axis, axis.rows) for axis in found.worth.axes] == [("stance", len(rows))]
    assert found.worth.first == "2 models, each on the rows it has not seen"
    assert found.kept is not None
    assert [axis.axis for axis in found.kept.axes] == ["side", "sentiment"]
    assert found.cross_validated is not None
    assert [trial.settings["epochs"] for trial in found.trials] == [1]
    shown = found.markdown()
    for part in (
        "Settings tried (1):",
        "By 2-fold cross-validation:",
        "What is new (A) beside the model it started from (B):",
    ):
        assert part in shown
    assert "2-fold cross-validation" in (tmp_path / "mine" / "README.md").read_text(encoding="utf-8")


# Where a model may be written, and what an interrupted fit goes on from.


@pytest.fixture
def not_fitted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every fit is interrupted when it begins to train."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Material, "fit", interrupted)


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("full", r"full exists and is not a model, so it is not replaced.*such as .*full/mine"),
        ("file", r"file exists and is not a model"),
        ("file/mine", r"file/mine cannot be written: .*Give another --output"),
        (".", r"\. is no name for a model"),
        ("full/..", r"is no name for a model"),
    ],
)
def test_nothing_but_a_model_is_replaced(
    output: str,
    message: str,
    run_config: Callable[..., RunConfig],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("years", encoding="utf-8")
    (tmp_path / "file").write_text("years", encoding="utf-8")
    with pytest.raises(SettingsError, match=message):
        run.fit(run_config(Path(output)))
    assert (tmp_path / "full" / "thesis.txt").read_text(encoding="utf-8") == "years"


@pytest.mark.usefixtures("not_fitted")
@pytest.mark.parametrize(
    "change",
    [
        {"folds": 2},
        {"trials": 2},
        {"settings": {"seed": 14}},
        {"columns": {"speaker": "source"}},
        {"settings": {"base": "other"}},
        # Rows that are measured are not to be trained on.
        {"measure": [str(resources.files("training") / "data/authored.jsonl")]},
    ],
    ids=str,
)
def test_a_fit_goes_on_only_as_it_was_begun(
    change: dict[str, Any], run_config: Callable[..., RunConfig], tiny_base: Path, tmp_path: Path
) -> None:
    config = run_config(tmp_path / "m", base=str(shutil.copytree(tiny_base, tmp_path / "base")))
    with pytest.raises(KeyboardInterrupt):
        run.fit(config)
    with pytest.raises(KeyboardInterrupt):  # the same one goes on
        run.fit(replace(config, resume=True))
    if change.get("settings") == {"base": "other"}:
        other = BertForSequenceClassification.from_pretrained(tiny_base)
        torch.nn.init.zeros_(other.classifier.weight)
        other.save_pretrained(tmp_path / "base")
        change = {}
    settings = {**config.settings, **change.get("settings", {})}
    with pytest.raises(SettingsError, match="checkpoints of a fit with other data or settings"):
        run.fit(replace(config, **{**change, "settings": settings}, resume=True))


@pytest.mark.usefixtures("not_fitted")
def test_a_model_may_be_fitted_on_in_its_own_place_also_after_a_kill(
    run_config: Callable[..., RunConfig], model_folder: Path, tmp_path: Path
) -> None:
    output = tmp_path / "m"
    shutil.copytree(model_folder, tmp_path / ".m.former")  # its process was killed between two renames
    config = run_config(output, base=str(output))
    with pytest.raises(KeyboardInterrupt):
        run.fit(replace(config, resume=True))
    assert stance.load(output).scheme == SCHEME


def test_too_few_groups_for_the_folds_are_told_before_anything_is_fitted(
    run_config: Callable[..., RunConfig], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Material, "fit", pytest.fail)
    with pytest.raises(SettingsError, match=r"999 fold\(s\) were asked for"):
        run.fit(replace(run_config(tmp_path / "m"), folds=999, trials=3))
    assert not list(tmp_path.iterdir())


def test_a_run_says_what_was_mixed_in_and_where_few_rows_decide(model_folder: Path, tmp_path: Path) -> None:
    rows = own_rows().query("stance != 'neutral'").drop(columns=["side", "split"])
    twice = pd.concat(
        [rows.assign(Text=rows["Text"] + word, group=rows["group"] + word) for word in (" Now.", " Must.")]
    )
    made = tables_of(twice)
    given = {"base": str(model_folder), "rehearsal": 1, "validation_share": 0.4, "test_share": 0.2}
    found = prepared(made, schema=None, columns={"quote": "Text", "speaker": "Who"}, settings=given)
    own = len(found.split.train) - len(found.authored[: len(found.split.train) // 2])
    assert f"({own} of yours, {own} authored ones, so that it keeps what it knew)" in run._rows(found)
    (note,) = worth.calibration_notes(found)
    count = len(found.split.validation)
    assert note.startswith(f"Few validation rows say how sure is sure: stance ({count}).")
    half = tables_of(twice[: len(rows)])
    fewer = prepared(half, schema=None, columns={"quote": "Text", "speaker": "Who"}, settings=given)
    (note,) = worth.calibration_notes(fewer)
    count = len(fewer.split.validation)
    assert note.startswith(f"Only {count} validation rows have a label of stance: its probabilities")
