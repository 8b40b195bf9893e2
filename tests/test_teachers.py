"""What several fitted models know goes into the targets of a fit."""

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
from training.swapping import SPOKESPEOPLE
from training.teachers import Teachers

QUOTES = [Quote("They steal and lie.", "a US senator"), Quote("We welcome talks.", "the Chinese ministry")]
PLAIN = FitConfig(epochs=1, bare_share=0.0, context_share=0.0, teacher_share=0.5)


def said(folder: Path, quotes: list[Quote]) -> np.ndarray:
    """All probabilities [quotes, width] of a model."""
    found = load(folder).classify_many(quotes)
    return np.array(
        [[p[axis.name].scores[one] for axis in SCHEME.axes for one in axis.labels] for p in found]
    )


def test_targets_are_the_mean_of_what_the_teachers_say(model_folder: Path) -> None:
    found = Teachers.open([model_folder, model_folder], SCHEME).targets(QUOTES)
    assert found.shape == (2, SCHEME.width)
    np.testing.assert_allclose(found[:, :3], said(model_folder, QUOTES)[:, :3], atol=1e-6)


def test_of_the_words_teachers_say_the_same_whoever_says_them(model_folder: Path) -> None:
    teachers = Teachers.open([model_folder], SCHEME)
    heard = [QUOTES[0], *(replace(QUOTES[0], speaker=who) for who in SPOKESPEOPLE)]
    found = teachers.targets([replace(QUOTES[0], context="They met.")])[0]
    alone = np.concatenate([said(model_folder, [quote]) for quote in heard])
    np.testing.assert_allclose(found[3:], alone[:, 3:].mean(axis=0), atol=1e-6)


def test_a_quotation_is_read_once(model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    teachers = Teachers.open([model_folder], SCHEME)
    first = teachers.targets([*QUOTES, *QUOTES])
    monkeypatch.setattr(teachers, "_read", lambda *_: pytest.fail("read again"))
    np.testing.assert_array_equal(teachers.targets(QUOTES[::-1]), first[1::-1])


def test_a_row_is_fitted_to_label_and_teachers_on_the_axes_that_it_has(
    model_folder: Path, tokenizer: Tokenizer
) -> None:
    teachers = Teachers.open([model_folder], SCHEME)
    row = Example(QUOTES[0], {"side": "US", "stance": None, "sentiment": "negative"}, "g")
    labels = training_rows([row], SCHEME, Encoder(tokenizer, window=48), PLAIN, teachers)[0]["labels"]
    taught = teachers.targets([replace(QUOTES[0], context=None)])[0]
    targets = np.array(labels[3:12])
    np.testing.assert_allclose(targets[:3], (np.array([1, 0, 0]) + taught[:3]) / 2, atol=1e-6)
    assert labels[1] == MISSING
    assert targets[3:6].tolist() == [0, 0, 0]
    np.testing.assert_allclose(targets[6:].sum(), 1, atol=1e-6)


def test_a_teacher_with_other_axes_or_none_at_all_is_refused(model_folder: Path, tmp_path: Path) -> None:
    other = LabelScheme.from_table({"tone": ["kind", "harsh"]})
    with pytest.raises(
        SettingsError, match=r"The teacher .* has the axes .*Give teachers with the same ones"
    ):
        Teachers.open([model_folder], other)
    with pytest.raises(ModelFolderError, match="no model folder"):
        Teachers.open([tmp_path / "nothing"], SCHEME)


def test_a_fit_says_who_taught_it(
    run_config: Callable[..., RunConfig], model_folder: Path, tmp_path: Path
) -> None:
    asked = replace(run_config(tmp_path / "student", teacher_share=0.5), teachers=[model_folder])
    made = fit(asked)
    manifest = json.loads((made.folder / "stance.json").read_text())
    assert manifest["provenance"]["teachers"] == ["tiny"]
    assert "--teacher tiny" in (made.folder / "README.md").read_text()
