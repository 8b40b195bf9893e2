"""What fitted models know goes into the targets of a fit."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from stance import load
from stance.encoding import Encoder
from stance.errors import ModelFolderError, SettingsError
from stance.labels import LabelScheme
from stance.quotes import Quote
from tests.conftest import SCHEME
from training.config import FitConfig
from training.dataset import training_rows
from training.labelled import Example
from training.losses import MISSING
from training.run import RunConfig, fit
from training.teachers import Teachers

QUOTES = [
    Quote("They steal and lie.", "a US senator", "They met."),
    Quote("We welcome talks.", "the Chinese ministry"),
]
NONE = {"side": None, "stance": None, "sentiment": None}
ROWS = [Example(quote, dict(NONE), "g") for quote in QUOTES]


def said(folder: Path, quotes: list[Quote]) -> np.ndarray:
    """All probabilities [quotes, width] of a model."""
    found = load(folder).classify_many(quotes)
    return np.array(
        [[p[axis.name].scores[one] for axis in SCHEME.axes for one in axis.labels] for p in found]
    )


def test_teachers_read_the_words_alone_and_with_their_speaker_but_no_context(model_folder: Path) -> None:
    found = Teachers.open([model_folder, model_folder], SCHEME).read(ROWS)
    assert found.shape == (2, 2, SCHEME.width)
    bare = said(model_folder, [replace(quote, speaker=None, context=None) for quote in QUOTES])
    spoken = said(model_folder, [replace(quote, context=None) for quote in QUOTES])
    # The teacher's weights answer, not its graph in eight bits: close, but not the same.
    np.testing.assert_allclose(found, np.stack([bare, spoken], axis=1), atol=0.02)
    assert np.abs(bare - spoken).max() > 0.1


def test_several_teachers_give_their_mean(model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([np.full((2, 9), 0.2), np.full((2, 9), 0.4), np.full((2, 9), 0.6), np.full((2, 9), 0.8)])
    monkeypatch.setattr("training.teachers._probabilities", lambda *_: next(answers))
    found = Teachers.open([model_folder, model_folder], SCHEME).read(ROWS)
    np.testing.assert_allclose(found[:, 0], 0.4, atol=1e-6)  # of 0.2 and 0.6
    np.testing.assert_allclose(found[:, 1], 0.6, atol=1e-6)


@pytest.mark.parametrize(("bare_share", "form"), [(1.0, 0), (0.0, 1)])
def test_a_row_is_fitted_to_label_and_teachers_on_the_axes_that_it_has(
    bare_share: float, form: int, tokenizer: Tokenizer
) -> None:
    config = FitConfig(epochs=1, bare_share=bare_share, context_share=0.0, teacher_share=0.5)
    taught = np.arange(18).reshape(1, 2, 9) / 18
    row = Example(QUOTES[0], {"side": "US", "stance": None, "sentiment": "negative"}, "g")
    labels = training_rows([row], SCHEME, Encoder(tokenizer, window=48), config, taught)[0]["labels"]
    targets, wanted = np.array(labels[3:12]), taught[0, form]
    np.testing.assert_allclose(targets[:3], (np.array([1, 0, 0]) + wanted[:3]) / 2, atol=1e-6)
    assert labels[1] == MISSING
    assert targets[3:6].tolist() == [0, 0, 0]
    np.testing.assert_allclose(targets[6:], (np.array([1, 0, 0]) + wanted[6:]) / 2, atol=1e-6)


def test_a_teacher_with_other_axes_or_none_at_all_is_refused(model_folder: Path, tmp_path: Path) -> None:
    other = LabelScheme.from_table({"tone": ["kind", "harsh"]})
    with pytest.raises(
        SettingsError, match=r"The teacher .* has the axes .*Give teachers with the same ones"
    ):
        Teachers.open([model_folder], other)
    with pytest.raises(ModelFolderError, match="no model folder"):
        Teachers.open([tmp_path / "nothing"], SCHEME)


def test_a_fit_says_who_taught_it_and_asks_once(
    run_config: Callable[..., RunConfig],
    model_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = replace(run_config(tmp_path / "student", teacher_share=0.5), teachers=[model_folder], resume=True)
    monkeypatch.setattr("training.fitting.Trainer.train", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        fit(asked)
    monkeypatch.undo()
    monkeypatch.setattr(Teachers, "read", lambda *_: pytest.fail("read again"))
    made = fit(asked)
    manifest = json.loads((made.folder / "stance.json").read_text())
    assert manifest["provenance"]["teachers"] == ["tiny"]
    assert "--teacher tiny" in (made.folder / "README.md").read_text()
