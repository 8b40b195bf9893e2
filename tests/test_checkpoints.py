"""Where a fit left off, and that no moment to kill it is a bad one; all of it again, slower, in
test_acceptance_resume.py.
"""

import json
import multiprocessing
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

import stance
from stance.folder import ModelFolder
from stance.quotes import Quote
from tests.conftest import LESSONS, SCHEME
from training import bases, checkpoints, export, run
from training.checkpoints import Checkpoint
from training.config import FitConfig
from training.fitting import Fitting
from training.labelled import Example
from training.run import RunConfig
from training.splits import Split

# Children of a process that has imported everything, but computed nothing: torch takes no fork after that.
if sys.platform == "win32":
    pytest.skip("a process is killed as it is elsewhere", allow_module_level=True)
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["training.run"])
FILE_EVENTS = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "shutil.rmtree"}


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def checkpoint(folder: Path, step: int, text: str | None = None, **state: Any) -> Path:
    path = folder / f"checkpoint-{step}"
    path.mkdir(parents=True)
    content = json.dumps({"global_step": step, "max_steps": 40, "log_history": [], **state})
    (path / checkpoints.STATE).write_text(content if text is None else text, encoding="utf-8")
    return path


def test_a_fit_goes_on_from_the_newest_checkpoint(tmp_path: Path) -> None:
    assert checkpoints.last(tmp_path) is None
    for step in (9, 10, 8):
        checkpoint(tmp_path, step, best_global_step=8)
    found = checkpoints.last(tmp_path)
    assert found is not None
    assert (found.step, found.best) == (10, tmp_path / "checkpoint-8")


@pytest.mark.parametrize("text", ["", '{"global_step": 20, "max_'])
def test_a_checkpoint_that_is_half_written_does_not_count_and_is_deleted(text: str, tmp_path: Path) -> None:
    whole = checkpoint(tmp_path, 10)
    half = checkpoint(tmp_path, 20, text)
    (tmp_path / "checkpoint-30").mkdir()
    found = checkpoints.last(tmp_path)
    assert found is not None
    assert (found.path, found.best) == (whole, None)
    assert not half.exists()
    assert not (tmp_path / "checkpoint-30").exists()


@pytest.mark.parametrize(
    ("scores", "patience", "over"),
    [
        ([], 1, False),
        ([0.5], 1, False),
        ([0.5, 0.5], 1, True),
        ([0.5, 0.6], 1, False),
        ([0.5, 0.6, 0.6], 2, False),
        ([0.5, 0.6, 0.4, 0.6], 2, True),
    ],
)
def test_a_fit_ends_when_its_best_score_is_so_old(scores: list[float], patience: int, over: bool) -> None:
    assert checkpoints.stopped(scores, patience) is over


def test_a_fit_is_finished_at_its_last_step_or_when_it_was_stopped() -> None:
    early = [{checkpoints.SCORE: 0.5}, {"loss": 1.0}, {checkpoints.SCORE: 0.4}]
    state = {"global_step": 20, "max_steps": 40, "log_history": early}
    assert Checkpoint(Path(), state).finished(patience=1)
    assert not Checkpoint(Path(), state).finished(patience=2)
    assert Checkpoint(Path(), {**state, "global_step": 40}).finished(patience=2)


# Fits that are killed.


class KilledAt:
    """Kills its process at the so-many-th change of a file below a folder; counts them until then."""

    def __init__(self, folder: Path, place: int | None = None) -> None:
        self._folder, self._place, self.count = str(folder), place, 0
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event not in FILE_EVENTS or not str(arguments[0]).startswith(self._folder):
            return
        if event == "open" and not arguments[2] & (os.O_WRONLY | os.O_RDWR):
            return
        if self.count == self._place:
            os.kill(os.getpid(), signal.SIGKILL)
        self.count += 1


def in_child(work: Callable[..., None], *arguments: object, moment: float | None = None) -> bool:
    """Whether the work was done by a process of its own, before the moment (seconds) to kill it had come."""
    process = CONTEXT.Process(target=work, args=arguments)
    process.start()
    process.join(moment)
    process.kill()
    process.join()
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode == 0


@pytest.fixture(scope="module")
def dropping_base(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base with dropout: its fit draws random numbers at every step."""
    folder = tmp_path_factory.mktemp("bases") / "dropping"
    shutil.copytree(tiny_base, folder)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config |= {"hidden_dropout_prob": 0.2, "attention_probs_dropout_prob": 0.2}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder


def fit_alone(base: Path, folder: Path, place: int | None = None) -> None:
    """A fit without export, of few steps and many checkpoints."""
    torch.set_num_threads(1)
    split = Split(
        *(
            [
                Example(Quote(text, speaker), dict(zip(SCHEME.names, labels, strict=True)), group=text)
                for text, speaker, *labels in LESSONS
            ]
            for _ in range(2)
        ),
        [],
    )
    config = FitConfig(epochs=5, batch_size=2, learning_rate=3e-3, window=48, patience=9, checkpoint_steps=3)
    changes = KilledAt(folder, place)
    fitting = Fitting(bases.resolve(str(base)), SCHEME, config, folder)
    fitting.fit(split)
    save_file(fitting.model.state_dict(), folder / "fitted.safetensors")
    (folder / "changes").write_text(str(changes.count), encoding="utf-8")


@pytest.fixture(scope="module")
def whole_fit(dropping_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, not interrupted."""
    folder = tmp_path_factory.mktemp("whole")
    in_child(fit_alone, dropping_base, folder)
    return folder


def assert_same_weights(one: Path, other: Path) -> None:
    first, second = (load_file(folder / "fitted.safetensors") for folder in (one, other))
    assert first.keys() == second.keys()
    for name, value in first.items():
        torch.testing.assert_close(value, second[name], atol=0, rtol=0, msg=name)


@pytest.mark.parametrize("part", [0.1, 0.35, 0.6, 0.8, 0.95])
def test_a_fit_killed_while_it_writes_goes_on_to_the_same_weights(
    part: float, dropping_base: Path, whole_fit: Path, tmp_path: Path
) -> None:
    changes = int((whole_fit / "changes").read_text(encoding="utf-8"))
    assert changes > 50
    assert not in_child(fit_alone, dropping_base, tmp_path, int(part * changes))
    assert in_child(fit_alone, dropping_base, tmp_path)
    assert_same_weights(whole_fit, tmp_path)


def test_a_fit_killed_again_and_again_goes_on_to_the_same_weights(
    dropping_base: Path, whole_fit: Path, tmp_path: Path
) -> None:
    steps = set()
    while not in_child(fit_alone, dropping_base, tmp_path, 25):
        found = checkpoints.last(tmp_path)
        steps.add(found.step if found else 0)
    assert len(steps) > 2
    assert_same_weights(whole_fit, tmp_path)


# Runs that are killed, with another model in their place.


def assert_whole(folder: Path) -> str:
    """What the model calls itself, if nothing of it is missing."""
    found = ModelFolder.open(folder)
    for name in found.manifest["files"]:
        found.checked(name)
    assert (folder / "README.md").exists()
    assert stance.load(folder).classify("We hope.").model == found.name
    return found.name


def exchange(output: Path, new: Path, place: int | None = None) -> int:
    """Write a model into the place of another; how many changes of files that takes."""
    changes = KilledAt(output.parent, place)
    export.check_place(output)
    with export.staged(output) as folder:
        shutil.copytree(new, folder, dirs_exist_ok=True)
    return changes.count


def killed(work: Callable[..., object], *arguments: object) -> bool:
    """Whether the work was killed, in a child that only changes files."""
    child = os.fork()
    if not child:
        work(*arguments)
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def test_a_model_takes_the_place_of_another_whole_or_not_at_all(model_folder: Path, tmp_path: Path) -> None:
    new = versioned(model_folder, tmp_path / "new", "2.0.0")
    old = versioned(model_folder, tmp_path / "old", "1.0.0")
    output, seen, place = tmp_path / "models" / "m", [], 0
    while True:
        shutil.rmtree(tmp_path / "models", ignore_errors=True)
        shutil.copytree(old, output)
        if not killed(exchange, output, new, place):
            break
        seen.append(assert_whole(output) if output.exists() else None)
        export.check_place(output)
        assert assert_whole(output) == (seen[-1] or "tiny 1.0.0")
        place += 1
    assert seen == sorted(seen, key=["tiny 1.0.0", None, "tiny 2.0.0"].index)
    assert seen.count(None) == 1, "there is one moment between two renames"
    assert [path.name for path in output.parent.iterdir()] == ["m"]


def versioned(model: Path, folder: Path, version: str) -> Path:
    shutil.copytree(model, folder)
    manifest = json.loads((folder / "stance.json").read_text(encoding="utf-8"))
    (folder / "stance.json").write_text(json.dumps({**manifest, "version": version}), encoding="utf-8")
    return folder


def run_alone(config: RunConfig, place: int | None = None) -> None:
    torch.set_num_threads(1)
    KilledAt(config.output.parent, place)
    run.fit(config)


def test_a_run_killed_three_times_ends_with_the_same_model(
    dropping_base: Path, run_config: Callable[..., RunConfig], model_folder: Path, tmp_path: Path
) -> None:
    config = run_config(tmp_path / "whole" / "m", base=str(dropping_base), epochs=4, checkpoint_steps=7)
    begun = time.monotonic()
    assert in_child(run_alone, config)
    lasted = time.monotonic() - begun

    output = tmp_path / "killed" / "m"
    shutil.copytree(model_folder, output)
    before = assert_whole(output)
    rng = random.Random(5)
    again = replace(config, output=output, resume=True)
    for number in range(3):
        done = in_child(run_alone, again, moment=lasted * (number + rng.random()) / 3)
        assert done or not output.exists() or assert_whole(output) == before
    assert in_child(run_alone, again)
    assert_same_model(config.output, output)


def assert_same_model(one: Path, other: Path) -> None:
    assert_whole(other)
    for name in ("model.safetensors", "model.onnx", "stance.json", "tokenizer.json"):
        assert (one / name).read_bytes() == (other / name).read_bytes(), name
    assert [path.name for path in other.parent.iterdir()] == [other.name]


def test_after_an_early_stop_only_the_export_is_made_up_for(
    run_config: Callable[..., RunConfig], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = run_config(tmp_path / "m", epochs=9, patience=1, learning_rate=1e-9)
    monkeypatch.setattr(export, "weights", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run.fit(config)
    found = checkpoints.last(tmp_path / ".m.fitting")
    assert found is not None
    assert found.step < found.state["max_steps"]
    monkeypatch.setattr(Fitting, "_train", pytest.fail)
    with pytest.raises(KeyboardInterrupt):  # it has come to the export again, without a step of training
        run.fit(replace(config, resume=True))


def interrupted(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_half_deleted_checkpoints_do_not_count(
    run_config: Callable[..., RunConfig], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = run_config(tmp_path / "m", epochs=1)
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", interrupted_in(tmp_path / ".m.fitting", shutil.rmtree))
        with pytest.raises(KeyboardInterrupt):
            run.fit(config)
    assert_whole(tmp_path / "m")
    left = tmp_path / ".m.fitting"
    assert left.exists()
    run.fit(replace(config, resume=True))
    assert_whole(tmp_path / "m")
    assert not left.exists()


def interrupted_in(folder: Path, rmtree: Callable[..., None]) -> Callable[..., None]:
    """Deletes half of a folder and stops there."""

    def deleted(path: Path, **options: Any) -> None:
        if path != folder or not list(folder.glob("*/model.safetensors")):
            return rmtree(path, **options)
        for weights in folder.glob("*/model.safetensors"):
            weights.unlink()
        raise KeyboardInterrupt

    return deleted
