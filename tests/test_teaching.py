"""A large model labels what nobody has, and a small one learns from it."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tokenizers import Tokenizer
from typer.testing import CliRunner

from stance.classifier import StanceClassifier
from stance.encoding import Encoder
from stance.errors import ModelFolderError, SettingsError, TableError
from stance.quotes import Quote
from tests.conftest import SCHEME
from training import api, labelled, teaching
from training.__main__ import app
from training.config import FitConfig
from training.dataset import training_rows
from training.labelled import Example
from training.run import RunConfig, fit

QUOTES = [
    Quote("They steal and lie.", "a US senator"),
    Quote("We welcome talks.", "the Chinese ministry"),
    Quote("We hope it will work."),
]
NEW = ["They work together.", "We never steal.", "It is not true now.", "We hope they will stop now."]


@pytest.fixture(scope="module")
def teacher(model_folder: Path) -> StanceClassifier:
    return teaching.teacher(model_folder)


@pytest.fixture
def unlabelled(tmp_path: Path) -> Path:
    """A table of quotations, one of which is among the lessons, and one row without words."""
    path = tmp_path / "new.jsonl"
    texts = [*NEW, "They steal and lie.", "12 34."]
    rows = [{"quote": text, "speaker": "a US official", "date": "2014-02-01"} for text in texts]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_the_side_is_read_with_the_speaker_and_all_else_off_the_words(teacher: StanceClassifier) -> None:
    rows = list(teaching.taught(teacher, QUOTES))
    spoken = teacher.classify_many(QUOTES)
    alone = teacher.classify_many([Quote(quote.text) for quote in QUOTES])
    assert rows[0]["side_shares"] != pytest.approx(alone[0].side.scores, abs=0.01)
    for row, quote, said, words in zip(rows, QUOTES, spoken, alone, strict=True):
        assert (row["quote"], row["speaker"]) == (quote.text, quote.speaker or "")
        assert row["taught_by"] == "tiny 1.0.0"
        assert row["side_shares"] == pytest.approx(said.side.scores, abs=1e-3)
        assert row["stance_shares"] == pytest.approx(words.stance.scores, abs=1e-3)
        assert row["sentiment_shares"] == pytest.approx(words.sentiment.scores, abs=1e-3)


def test_the_teacher_answers_with_its_weights_close_to_its_graph(
    teacher: StanceClassifier, classifier: StanceClassifier
) -> None:
    for weights, graph in zip(teacher.classify_many(QUOTES), classifier.classify_many(QUOTES), strict=True):
        for axis in SCHEME.names:
            assert weights[axis].scores == pytest.approx(graph[axis].scores, abs=0.03)


@pytest.mark.parametrize("cut", [0, 1, 40])
def test_an_interrupted_run_goes_on_behind_its_last_whole_row(
    cut: int, teacher: StanceClassifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teaching, "AT_ONCE", 1)
    whole, output = tmp_path / "whole.jsonl", tmp_path / "taught.jsonl"
    assert teaching.write(teacher, QUOTES, whole, same="a" * 64, resume=False) == 3
    written = whole.read_bytes().splitlines(keepends=True)
    half = tmp_path / f".taught.jsonl.{'a' * 12}.unfinished"
    half.write_bytes(written[0] + written[1][:cut])
    asked: list[Quote] = []
    taught = teaching.taught
    monkeypatch.setattr(
        teaching, "taught", lambda model, quotes: asked.extend(quotes) or taught(model, quotes)
    )
    assert teaching.write(teacher, QUOTES, output, same="a" * 64, resume=True) == 3
    assert output.read_bytes() == whole.read_bytes()
    assert asked == QUOTES[1:]
    assert not half.exists()


@pytest.mark.parametrize(("left", "resume"), [("a", False), ("b", True)])
def test_without_resume_or_with_another_teacher_a_run_starts_anew(
    left: str, resume: bool, teacher: StanceClassifier, tmp_path: Path
) -> None:
    output = tmp_path / "taught.jsonl"
    (tmp_path / f".taught.jsonl.{left * 12}.unfinished").write_text("{}\n{}\n")
    assert teaching.write(teacher, QUOTES, output, same="a" * 64, resume=resume) == 3
    assert len(labelled.read([output], SCHEME)) == 3
    assert [path.name for path in tmp_path.iterdir()] == ["taught.jsonl"]


def test_another_model_or_other_quotations_are_not_gone_on_with(model_folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "stance.json").write_text("{}")
    prints = {
        teaching.fingerprint(model_folder, QUOTES),
        teaching.fingerprint(other, QUOTES),
        teaching.fingerprint(model_folder, QUOTES[:2]),
        teaching.fingerprint(model_folder, [replace(QUOTES[0], date="2014-02-01"), *QUOTES[1:]]),
    }
    assert len(prints) == 4


def test_what_cannot_teach_or_be_written_is_refused(model_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelFolderError, match="no model folder"):
        teaching.teacher(tmp_path / "nothing")
    with pytest.raises(TableError, match=r"taught\.csv must end in \.jsonl"):
        api.teach(model_folder, [], tmp_path / "taught.csv")


def test_taught_rows_are_shown_once_in_all_as_they_are_and_never_twisted(tokenizer: Tokenizer) -> None:
    labels = {"side": "US", "stance": "defensive", "sentiment": "neutral"}
    own = [Example(Quote(f"We hope {'now ' * n}", "a senator"), labels, str(n)) for n in range(8)]
    own.append(Example(Quote("We meet.", "the Chinese ministry"), {**labels, "side": "China"}, "other"))
    shares = {"stance": {"accusatory": 0.2, "defensive": 0.8}}
    taught = [
        Example(Quote(f"They {'lie ' * n}", "a senator"), labels, str(n), shares=shares, taught_by="large")
        for n in range(1, 8)
    ]
    config = FitConfig(epochs=3, batch_size=4, bare_share=1.0, context_share=0.0, consistency=1.0)
    rows = training_rows(own, SCHEME, Encoder(tokenizer, window=48), config, taught)
    assert len(rows) == 3 * len(own) + len(taught)
    theirs = [row for row in rows if row["labels"][6:9] == pytest.approx([0.2, 0, 0.8])]
    assert len({tuple(row["ids"]) for row in theirs}) == len(taught) == len(theirs)
    assert all(max(row["types"]) == 1 for row in theirs)  # with their speakers
    assert not any(row["twin"] for row in theirs)
    # Three, three and one; batches of alike lengths carry some over to the next epoch.
    epochs = [rows[start : start + 12]["labels"] for start in (0, 12, 24)]
    counts = [sum(np.isclose(labels[6], 0.2) for labels in epoch) for epoch in epochs]
    assert all(1 <= count <= 4 for count in counts)


def test_a_fit_learns_from_them_beside_labels_but_for_words_that_are_labelled_already(
    run_config: Callable[..., RunConfig], model_folder: Path, unlabelled: Path, tmp_path: Path
) -> None:
    taught = tmp_path / "taught.jsonl"
    made = CliRunner().invoke(app, ["teach", str(model_folder), str(unlabelled), "-o", str(taught)])
    assert made.exit_code == 0, made.stderr
    assert "5 rows written" in made.stderr
    config = run_config(tmp_path / "pupil", epochs=2)
    found = fit(replace(config, data=[*config.data, taught]))
    provenance: dict[str, Any] = json.loads((found.folder / "stance.json").read_text())["provenance"]
    assert provenance["taught"] == {"tiny 1.0.0": len(NEW)}
    plain = fit(run_config(tmp_path / "plain", epochs=2))
    before = json.loads((plain.folder / "stance.json").read_text())["provenance"]
    assert provenance["rows"] == before["rows"]
    assert provenance["seen"] == before["seen"], "nobody's labels of them were seen"
    assert {row.quote.date for row in labelled.read([taught], SCHEME)} == {"2014-02-01"}
    assert "4 rows that the model tiny 1.0.0 had labelled" in " ".join(
        (found.folder / "README.md").read_text().split()
    )


def test_rows_that_only_a_model_has_labelled_are_not_enough(
    run_config: Callable[..., RunConfig], model_folder: Path, unlabelled: Path, tmp_path: Path
) -> None:
    taught = tmp_path / "taught.jsonl"
    assert api.teach(model_folder, unlabelled, taught) == 5
    with pytest.raises(SettingsError, match="All 5 rows were labelled by a model"):
        fit(replace(run_config(tmp_path / "pupil"), data=[taught]))


def test_a_model_s_labels_measure_nothing(
    run_config: Callable[..., RunConfig], model_folder: Path, unlabelled: Path, tmp_path: Path
) -> None:
    taught = tmp_path / "taught.jsonl"
    api.teach(model_folder, unlabelled, taught)
    assert not api.check(taught, base=str(model_folder)).usable
    for ask in (
        api.suspects,
        lambda data, base: api.evaluate(base, data),
        lambda data, base: api.compare(base, base, data),
    ):
        with pytest.raises(SettingsError, match="All 5 rows were labelled by a model"):
            ask(taught, base=str(model_folder))
    lessons = run_config(tmp_path).data[0]
    both = api.evaluate(str(model_folder), [lessons, taught])
    assert both.as_dict()["forms"] == api.evaluate(str(model_folder), lessons).as_dict()["forms"]


def test_suggested_rows_forget_what_a_model_has_said_of_them(
    model_folder: Path, unlabelled: Path, tmp_path: Path
) -> None:
    taught = tmp_path / "taught.jsonl"
    api.teach(model_folder, unlabelled, taught)
    for row in api.suggest(model_folder, taught, 2):
        assert "taught_by" not in row
        assert not any(name.endswith("_shares") for name in row)
        assert row["stance"] == ""


def test_columns_of_another_name_take_the_shares_along(
    model_folder: Path, unlabelled: Path, tmp_path: Path
) -> None:
    taught = tmp_path / "taught.jsonl"
    api.teach(model_folder, unlabelled, taught)
    mine = tmp_path / "mine.csv"
    mine.write_text("Text,Haltung\nThey met twice.,defensive\n")
    rows = labelled.read([mine, taught], SCHEME, columns={"quote": "Text", "stance": "Haltung"})
    assert [row.labels["stance"] is not None for row in rows] == [True] * 6
    assert [bool(row.shares) for row in rows] == [False, *[True] * 5]
