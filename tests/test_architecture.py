"""Who may import whom: the order in which a stranger reads the package."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ORDER = (
    "ray cli batch columns parts writing tables textfiles classifier folder reading page passages "
    "explanation runtime calibration encoding results quotes speech speakers pronouns resolver "
    "mentions names "
    "forms leads tails cues surroundings subjects phrases words transcripts marks single_marks "
    "marked actors actor_table lexicon labels errors"
).split()
HOMES = {
    "onnxruntime": {"stance/runtime.py", "training/ranges.py", "training/optimisation.py"},
    "tokenizers": {"stance/encoding.py", "stance/folder.py", "training/network.py"},
    "pyarrow": {"stance/tables.py", "stance/writing.py", "stance/columns.py", "stance/ray.py"},
    "ray": {"stance/ray.py"},
    "typer": {"stance/cli.py", "training/__main__.py"},
    "rich": {"stance/cli.py", "training/views.py", "training/progress.py"},
    "pandas": {"stance/reading.py", "training/proportions.py"},
    "transformers": {
        "training/network.py",
        "training/fitting.py",
        "training/progress.py",
        "training/export.py",
    },
    "accelerate": {"training/fitting.py", "training/run.py"},
    "datasets": {"training/dataset.py", "training/sources.py"},
    "sklearn": {
        "training/splits.py",
        "training/crossvalidation.py",
        "training/baselines.py",
        "training/label_errors.py",
        "training/suggestion.py",
    },
    "cleanlab": {"training/label_errors.py"},
    "optuna": {"training/search.py"},
    "matplotlib": {"training/plots.py"},
    "scipy": {
        "training/temperature.py",
        "training/intervals.py",
        "training/comparison.py",
        "training/prevalence.py",
    },
    "onnx": {f"training/{name}.py" for name in ("fusion", "optimisation", "quantisation", "ranges")},
    "huggingface_hub": {"training/bases.py"},
}


def imports(path: Path) -> Iterator[tuple[str, ...]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (tuple(alias.name.split(".")) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            module = tuple(node.module.split("."))
            yield from ((*module, alias.name) for alias in node.names) if len(module) == 1 else [module]


FILES = sorted([*ROOT.glob("stance/*.py"), *ROOT.glob("training/*.py")])


def test_every_room_of_stance_has_its_place_in_the_order() -> None:
    assert {path.stem for path in ROOT.glob("stance/*.py")} == {*ORDER, "__init__"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}.{path.stem}")
def test_imports_follow_the_rules(path: Path) -> None:
    where = f"{path.parent.name}/{path.name}"
    for module in imports(path):
        if path.parent.name == "stance":
            assert module[0] != "training"
            if module[0] == "stance" and path.stem in ORDER:
                assert ORDER.index(module[1]) > ORDER.index(path.stem), module
            assert module[0] not in {"torch", "transformers", "datasets", "sklearn"}
        if module[0] in HOMES:
            assert where in HOMES[module[0]], f"{module[0]} has another home"


def test_importing_stance_loads_nothing_heavy() -> None:
    code = "import sys, stance; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    heavy = {"torch", "transformers", "onnxruntime", "pandas", "pyarrow", "datasets", "sklearn", "typer"}
    assert not heavy & set(loaded.stdout.split())


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}.{path.stem}")
def test_only_the_command_lines_print(path: Path) -> None:
    calls = (node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
    assert not [call for call in calls if isinstance(call, ast.Name) and call.id == "print"]
