"""The fit itself, without export: what learns, when it ends, and that it goes on after a kill."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForSequenceClassification

from stance.labels import LabelScheme
from stance.quotes import Quote
from tests.conftest import LESSONS, SCHEME
from training import bases, checkpoints
from training.bases import Base
from training.config import FitConfig
from training.fitting import Fitting
from training.labelled import Example
from training.splits import Split

HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"
QUICK = {"epochs": 2, "batch_size": 8, "learning_rate": 3e-3, "window": 48, "checkpoint_steps": 1000}


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def base(tiny_base: Path) -> Base:
    return bases.resolve(str(tiny_base))


@pytest.fixture(scope="module")
def split() -> Split:
    examples = [
        Example(
            Quote(text, speaker),
            dict(zip(SCHEME.names, labels, strict=True)),
            group=f"{text} {i}",
            source="s",
        )
        for i in range(5)
        for text, speaker, *labels in LESSONS
    ]
    return Split(train=examples[:32], validation=examples[32:], test=[])


@pytest.fixture
def fitted(base: Base, split: Split, tmp_path: Path) -> Callable[..., Fitting]:
    """A fit of the lessons: ``fitted(epochs=1)``; ``on`` for other rows, ``scheme`` for other axes."""
    count = 0

    def made(
        *, on: Split = split, scheme: LabelScheme = SCHEME, logs: Path | None = None, **settings: Any
    ) -> Fitting:
        nonlocal count
        count += 1
        config = FitConfig.from_table({**QUICK, **settings})
        fitting = Fitting(base, scheme, config, tmp_path / f"fit-{count}", logs=logs)
        fitting.fit(on)
        return fitting

    return made


def weights(fitting: Fitting) -> dict[str, np.ndarray]:
    return {name: value.detach().numpy() for name, value in fitting.model.state_dict().items()}


def changed(fitting: Fitting, start: dict[str, np.ndarray]) -> set[str]:
    return {name for name, value in weights(fitting).items() if not np.array_equal(value, start[name])}


@pytest.fixture
def start(base: Base) -> dict[str, np.ndarray]:
    """The weights before a fit: a plain pooler, and a head that is drawn anew."""
    loaded = AutoModelForSequenceClassification.from_pretrained(base.folder)
    plain = {"bert.pooler.dense.weight": np.eye(32), "bert.pooler.dense.bias": np.zeros(32)}
    return {name: value.numpy() for name, value in loaded.state_dict().items()} | plain


def state(tmp_path: Path, number: int = 1) -> dict[str, Any]:
    found = checkpoints.last(tmp_path / f"fit-{number}")
    assert found is not None
    return found.state


def test_the_same_seed_gives_the_same_weights_and_another_gives_others(
    fitted: Callable[..., Fitting],
) -> None:
    first = weights(fitted())
    assert changed(fitted(), first) == set()
    assert "classifier.weight" in changed(fitted(seed=14), first)


def test_a_fit_without_gain_stops_when_its_patience_is_over(
    fitted: Callable[..., Fitting], tmp_path: Path
) -> None:
    fitted(epochs=9, patience=2, learning_rate=1e-12)
    assert state(tmp_path)["max_steps"] == 36
    assert state(tmp_path)["global_step"] == 12  # the first evaluation and two without gain


def test_the_network_is_that_of_the_best_evaluation(fitted: Callable[..., Fitting], tmp_path: Path) -> None:
    fitting = fitted(epochs=8, patience=8, learning_rate=0.12)
    scores = checkpoints.scores(state(tmp_path)["log_history"])
    assert fitting.score == pytest.approx(max(scores))
    assert scores[-1] < max(scores), "this fit must get worse again, or the test says nothing"


def test_at_first_only_the_head_learns(fitted: Callable[..., Fitting], start: dict[str, np.ndarray]) -> None:
    head = {"classifier.weight", "classifier.bias"}
    assert changed(fitted(frozen_epochs=2), start) == head
    assert changed(fitted(frozen_epochs=1, patience=9), start) > head


def test_frozen_layers_learn_nothing(fitted: Callable[..., Fitting], start: dict[str, np.ndarray]) -> None:
    names = changed(fitted(frozen_layers=1), start)
    assert names == {"classifier.weight", "classifier.bias"} | {
        f"bert.pooler.dense.{x}" for x in ("weight", "bias")
    }


def test_what_is_kept_is_the_average_with_the_start_but_for_new_labels(
    fitted: Callable[..., Fitting], start: dict[str, np.ndarray]
) -> None:
    whole, mixed = weights(fitted(epochs=1)), weights(fitted(epochs=1, keep=0.25))
    for name, value in mixed.items():
        expected = whole[name] if "classifier" in name else 0.75 * whole[name] + 0.25 * start[name]
        np.testing.assert_allclose(value, expected, atol=1e-6, err_msg=name)


def test_what_is_kept_of_a_head_are_the_rows_of_known_labels(
    model_folder: Path, split: Split, tmp_path: Path
) -> None:
    base = bases.resolve(str(model_folder))
    grown = LabelScheme.from_table({**SCHEME.table(), "side": ["US", "China", "neutral", "EU"]})
    found = []
    for keep in (0.0, 0.5):
        config = FitConfig.from_table({**QUICK, "epochs": 1, "keep": keep})
        fitting = Fitting(base, grown, config, tmp_path / str(keep))
        before = weights(fitting)["classifier.weight"].copy()
        fitting.fit(split)
        found.append(weights(fitting)["classifier.weight"])
    whole, mixed = found
    eu = grown.axes[0].labels.index("EU")
    np.testing.assert_array_equal(mixed[eu], whole[eu])
    known = [place for place in range(grown.width) if place != eu]
    np.testing.assert_allclose(mixed[known], (whole[known] + before[known]) / 2, atol=1e-6)
    assert not np.allclose(mixed[known], whole[known], atol=1e-6)


def test_class_weights_let_a_rare_label_count(fitted: Callable[..., Fitting], split: Split) -> None:
    rare = [one for one in split.train if one.labels["stance"] == "defensive"][:1]
    common = [one for one in split.train if one.labels["stance"] == "accusatory"] * 2
    rows = Split(train=rare + common, validation=split.validation, test=[])
    place = SCHEME.axes[1].labels.index("defensive") + SCHEME.axes[1].slice.start
    said = {}
    for weighed in (False, True):
        fitting = fitted(on=rows, class_weights=weighed, epochs=3, patience=9, keep=0.0, learning_rate=3e-4)
        said[weighed] = weights(fitting)["classifier.bias"][place]
    assert said[True] > said[False]


@pytest.mark.parametrize("precision", ["bf16", "fp16", "auto"])
def test_half_precision_does_no_harm_where_there_is_no_gpu(
    precision: str, fitted: Callable[..., Fitting]
) -> None:
    fitting = fitted(precision=precision, epochs=6, patience=6)
    assert fitting.score > 0.6
    assert {value.dtype for value in fitting.model.parameters()} == {torch.float32}
    ids = torch.arange(5, 15).reshape(1, -1)
    with torch.inference_mode():
        found = fitting.model(input_ids=ids).logits
        again = type(fitting.model).forward(fitting.model, input_ids=ids).logits
    torch.testing.assert_close(found, again, rtol=0, atol=0)  # no cast to half precision is left


def test_an_axis_without_labels_in_the_validation_rows_is_left_out_of_the_score(
    fitted: Callable[..., Fitting], split: Split
) -> None:
    bare = [
        Example(one.quote, {**one.labels, "side": None, "sentiment": None}, group=one.group)
        for one in split.validation
    ]
    fitting = fitted(on=Split(split.train, bare, []), epochs=4)
    assert 0 < fitting.score <= 1


def test_one_row_is_enough_to_train(fitted: Callable[..., Fitting], split: Split, tmp_path: Path) -> None:
    fitted(on=Split(split.train[:1], split.validation[:1], []), epochs=2, patience=9, batch_size=1)
    assert state(tmp_path)["global_step"] == 2


def test_a_finished_fit_is_not_trained_again(
    base: Base, split: Split, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = FitConfig.from_table(QUICK)
    first = Fitting(base, SCHEME, config, tmp_path / "fit")
    first.fit(split)
    again = Fitting(base, SCHEME, config, tmp_path / "fit")
    monkeypatch.setattr(again, "_train", pytest.fail)
    again.fit(split)
    assert changed(again, weights(first)) == set()
    assert again.model.config.to_dict() == first.model.config.to_dict()
    assert again.score == first.score


class Lines(logging.Handler):
    """What was logged."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.found.append(record.getMessage())


@pytest.fixture
def lines() -> Iterator[list[str]]:
    handler, logger = Lines(), logging.getLogger("training")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield handler.found
    logger.removeHandler(handler)
    logger.setLevel(level)


def test_lines_tell_how_a_fit_goes_where_there_is_no_terminal(
    fitted: Callable[..., Fitting], lines: list[str]
) -> None:
    fitted()
    assert [line.partition(":")[0] for line in lines] == ["step 4 of 8", "step 8 of 8"]
    assert "loss" in lines[-1]
    assert "validation macro-F1" in lines[-1]
    assert "stance" in lines[-1]


def test_a_bar_tells_how_a_fit_goes_on_a_terminal(
    fitted: Callable[..., Fitting],
    lines: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich takes what it writes to for a terminal
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "200")
    fitted()
    shown = capsys.readouterr().err
    assert "fitting" in shown
    assert "8/8" in shown
    assert "validation macro-F1" in shown
    assert SHOW_CURSOR in shown
    assert lines == []


def test_the_terminal_has_its_cursor_back_after_an_interruption(
    base: Base,
    split: Split,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    fitting = Fitting(base, SCHEME, FitConfig.from_table(QUICK), tmp_path / "fit")

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(fitting, "_metrics", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fitting.fit(split)
    shown = capsys.readouterr().err
    assert shown.rindex(SHOW_CURSOR) > shown.rindex(HIDE_CURSOR)


def test_tensorboard_finds_loss_and_scores(fitted: Callable[..., Fitting], tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    fitted(logs=tmp_path / "logs")
    events = EventAccumulator(str(tmp_path / "logs"))
    events.Reload()
    assert {"train/loss", "eval/macro_f1", "eval/axis_stance"} <= set(events.Tags()["scalars"])
    assert [one.step for one in events.Scalars("eval/macro_f1")] == [4, 8]
