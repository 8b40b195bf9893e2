"""No moment to kill a fit is a bad one, as a user would do it; several processes; a real terminal."""

import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import stance
from stance.folder import ModelFolder

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(sys.platform == "win32", reason="a process is killed as it is elsewhere"),
]

ROOT = Path(__file__).parent.parent
KILLS = 20
SAME = ("model.safetensors", "model.onnx", "stance.json", "tokenizer.json", "config.json")


@dataclass(frozen=True)
class Fit:
    """What to type for a fit of a few seconds."""

    arguments: tuple[str, ...]

    def started(self, output: Path, *more: str, by: tuple[str, ...] = ()) -> subprocess.Popen[str]:
        """The fit as a process of its own; by: what starts Python instead."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
        return subprocess.Popen(
            [
                *(by or (sys.executable,)),
                "-m",
                "training",
                "fit",
                *self.arguments,
                "--output",
                str(output),
                *more,
            ],
            cwd=ROOT,
            env={**environment, "OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def done(self, output: Path, *more: str, by: tuple[str, ...] = ()) -> tuple[str, str]:
        """What it printed and what it logged, when it has come to its end."""
        process = self.started(output, *more, by=by)
        shown, logged = process.communicate(timeout=900)
        assert process.returncode == 0, logged
        return shown, logged

    def killed(self, output: Path, moment: float, *more: str) -> bool:
        """Whether it was killed after so many seconds, before it had come to its end."""
        process = self.started(output, *more)
        try:
            process.communicate(timeout=moment)
        except subprocess.TimeoutExpired:
            process.kill()
        process.communicate()
        assert process.returncode in (0, -signal.SIGKILL)
        return process.returncode != 0


@pytest.fixture(scope="module")
def fit(tiny_base: Path, schema_file: Path, lessons: Path, tmp_path_factory: pytest.TempPathFactory) -> Fit:
    base = tmp_path_factory.mktemp("bases") / "dropping"
    shutil.copytree(tiny_base, base)
    config = json.loads((base / "config.json").read_text(encoding="utf-8"))
    config |= {"hidden_dropout_prob": 0.2, "attention_probs_dropout_prob": 0.2}
    (base / "config.json").write_text(json.dumps(config), encoding="utf-8")
    settings = {"epochs": 6, "batch_size": 4, "learning_rate": 3e-3, "window": 48, "checkpoint_steps": 7}
    typed = [part for name, value in settings.items() for part in ("--set", f"{name}={value}")]
    return Fit((str(lessons), "--base", str(base), "--schema", str(schema_file), *typed))


@pytest.fixture(scope="module")
def whole(fit: Fit, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, float]:
    """The model of a fit that nobody killed, and how many seconds it took."""
    output = tmp_path_factory.mktemp("whole") / "m"
    begun = time.monotonic()
    fit.done(output)
    return output, time.monotonic() - begun


@pytest.fixture(scope="module")
def older(whole: tuple[Path, float], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that stands in the place of the new one."""
    folder = tmp_path_factory.mktemp("older") / "m"
    shutil.copytree(whole[0], folder)
    manifest = json.loads((folder / "stance.json").read_text(encoding="utf-8"))
    (folder / "stance.json").write_text(json.dumps({**manifest, "version": "0.1.0"}), encoding="utf-8")
    return folder


def whole_or_absent(output: Path) -> str | None:
    """The version of the model, if there is one: then nothing of it is missing."""
    if not output.exists():
        return None
    found = ModelFolder.open(output)
    for name in found.manifest["files"]:
        found.checked(name)
    assert (output / "README.md").exists()
    assert stance.load(output).classify("We hope.", speaker="a senator").side.label
    return str(found.manifest["version"])


def assert_same(output: Path, expected: Path) -> None:
    assert whole_or_absent(output) == "1.0.0"
    for name in SAME:
        assert (output / name).read_bytes() == (expected / name).read_bytes(), name
    assert [path.name for path in output.parent.iterdir()] == [output.name]


@pytest.mark.parametrize("number", range(KILLS))
def test_a_fit_killed_at_a_random_moment_goes_on_to_the_same_model(
    number: int, fit: Fit, whole: tuple[Path, float], older: Path, tmp_path: Path
) -> None:
    expected, lasts = whole
    output, before = tmp_path / "m", [None]
    if number % 2:
        shutil.copytree(older, output)
        before = ["0.1.0", None]  # there is a moment between two renames
    moment = lasts * (number + random.Random(number).random()) / KILLS
    if fit.killed(output, moment):
        assert whole_or_absent(output) in [*before, "1.0.0"]
    fit.done(output, "--resume")
    assert_same(output, expected)


def test_a_fit_killed_again_and_again_goes_on_to_the_same_model(
    fit: Fit, whole: tuple[Path, float], older: Path, tmp_path: Path
) -> None:
    expected, lasts = whole
    output, rng = tmp_path / "m", random.Random(7)
    shutil.copytree(older, output)
    for _ in range(6):
        fit.killed(output, lasts * rng.uniform(0.4, 0.9), "--resume")
        assert whole_or_absent(output) in ("0.1.0", None, "1.0.0")
    fit.done(output, "--resume")
    assert_same(output, expected)


def trials_and_folds(shown: str) -> str:
    return shown.partition("On the test rows:")[0]


def test_a_search_and_a_cross_validation_that_were_killed_go_on_to_the_same_figures(
    fit: Fit, whole: tuple[Path, float], tmp_path: Path
) -> None:
    _, lasts = whole
    more = ("--search", "3", "--cv", "2", "--set", "epochs=2")
    shown, _ = fit.done(tmp_path / "whole" / "m", *more)
    output, rng = tmp_path / "killed" / "m", random.Random(11)
    for _ in range(4):
        fit.killed(output, lasts * rng.uniform(0.5, 0.9), *more, "--resume")
    again, _ = fit.done(output, *more, "--resume")
    assert "Settings tried (3):" in again
    assert trials_and_folds(again) == trials_and_folds(shown)
    assert_same(output, tmp_path / "whole" / "m")


def free_port() -> str:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return str(found.getsockname()[1])


@pytest.fixture
def launchers() -> Iterator[dict[str, tuple[str, ...]]]:
    python = Path(sys.executable)
    return {
        "accelerate": (
            *(str(python.with_name("accelerate")), "launch", "--cpu", "--num_processes", "2"),
            *("--main_process_port", free_port()),
        ),
        # accelerate starts several processes by itself only on GPUs, or by way of MPI.
        "torchrun": (
            *(str(python), "-m", "torch.distributed.run", "--nproc_per_node", "2"),
            *("--master_port", free_port()),
        ),
    }


@pytest.mark.parametrize("launcher", ["accelerate", "torchrun"])
def test_several_processes_make_one_model(
    launcher: str, launchers: dict[str, tuple[str, ...]], fit: Fit, tmp_path: Path
) -> None:
    output = tmp_path / "m"
    more = ("--set", "frozen_epochs=1", "--search", "2") if launcher == "torchrun" else ()
    shown, logged = fit.done(output, *more, by=launchers[launcher])
    assert whole_or_absent(output) == "1.0.0"
    assert shown.count("Written: ") == 1
    assert logged.count("160 rows to train") == 1
    assert ("2 processes share every step" in logged) is (launcher == "torchrun")
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


def test_two_processes_that_were_killed_go_on_together(
    launchers: dict[str, tuple[str, ...]], fit: Fit, tmp_path: Path
) -> None:
    output = tmp_path / "m"
    process = fit.started(output, by=launchers["torchrun"])
    while not list(tmp_path.glob(".m.fitting/checkpoint-*/trainer_state.json")):
        assert process.poll() is None
        time.sleep(0.05)
    process.terminate()
    process.communicate()
    assert not output.exists()
    _, logged = fit.done(output, "--resume", by=launchers["torchrun"])
    assert "going on from step" in logged
    assert whole_or_absent(output) == "1.0.0"


def test_a_terminal_shows_a_bar_and_gets_its_cursor_back(fit: Fit, tmp_path: Path) -> None:
    import pty

    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "training", "fit", *fit.arguments, "--output", str(tmp_path / "m")]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "TERM": "xterm", "COLUMNS": "200"}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=follower)
    os.close(follower)
    shown = b""
    while part := read(leader):
        shown += part
    assert process.wait() == 0
    text = shown.decode("utf-8")
    assert "fitting" in text
    assert "240/240 steps" in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
    assert "\x1b[?25h" in text[text.rindex("\x1b[?25l") :]
    for noise in ("Warning", "W1", "it/s", "Loading weights", "pre-processing", "torchvision"):
        assert noise not in text


def read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other side has closed it
        return b""
