"""What must hold before a release, too slow or too hungry for every day: ``make acceptance``."""

import os
import subprocess
import sys
import time
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CALL = "import stance; print(stance.classify('We welcome the talks.', speaker='a US trade official'))"

pytestmark = pytest.mark.acceptance


def run(*command: object, folder: Path) -> str:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    done = subprocess.run(
        [str(part) for part in command], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def python_in(folder: Path, *packages: object) -> Path:
    """The interpreter of a new environment with nothing but these packages and what they need."""
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    run(python, "-m", "pip", "install", "--quiet", *packages, folder=folder)
    return python


def assert_it_classifies(python: Path, folder: Path) -> None:
    assert "side=US" in run(python, "-c", CALL, folder=folder)
    heavy = (
        "from importlib.util import find_spec; print([n for n in ('torch', 'transformers') if find_spec(n)])"
    )
    assert run(python, "-c", heavy, folder=folder) == "[]\n"


def test_a_wheel_works_alone_in_another_folder(tmp_path: Path) -> None:
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", tmp_path, ROOT, folder=tmp_path)
    (wheel,) = tmp_path.glob("*.whl")
    python = python_in(tmp_path / "empty", wheel)
    assert_it_classifies(python, tmp_path)
    where = run(python, "-c", "import stance; print(stance.__file__)", folder=tmp_path)
    assert str(ROOT) not in where
    names = run(python, "-m", "zipfile", "-l", wheel, folder=tmp_path)
    for needed in ("training/run.py", "training/data/authored.jsonl", "stance/shipped/model.safetensors"):
        assert needed in names


def test_an_editable_install_works_in_the_checkout(tmp_path: Path) -> None:
    python = python_in(tmp_path / "empty", "--editable", ROOT)
    assert_it_classifies(python, tmp_path)
    where = run(python, "-c", "import stance; print(stance.__file__)", folder=tmp_path)
    assert Path(where.strip()).is_relative_to(ROOT)


def test_retraining_on_200_rows_takes_less_than_five_minutes(tmp_path: Path) -> None:
    rows = (ROOT / "training/data/news_held_out.jsonl").read_text(encoding="utf-8").splitlines()[:200]
    (tmp_path / "mine.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    begun = time.monotonic()
    command = ("-m", "training", "fit", tmp_path / "mine.jsonl", "--output", tmp_path / "mine")
    shown = run(sys.executable, *command, folder=ROOT)
    assert time.monotonic() - begun < 300
    assert "On the test rows:" in shown
    run(sys.executable, "-c", f"import stance; stance.load({str(tmp_path / 'mine')!r})", folder=ROOT)
