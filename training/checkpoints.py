"""Where a fit left off: the checkpoints that are whole, and whether it had come to its end."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STATE = "trainer_state.json"  # the Trainer writes it last
SCORE = "eval_macro_f1"


@dataclass(frozen=True)
class Checkpoint:
    """A whole checkpoint of the Trainer.

    path: its folder. state: what it says of the fit until then.
    """

    path: Path
    state: dict[str, Any]

    @property
    def step(self) -> int:
        """How many steps were made."""
        return int(self.state["global_step"])

    @property
    def best(self) -> Path | None:
        """The folder of the best evaluation so far."""
        step = self.state.get("best_global_step")
        return self.path.with_name(f"checkpoint-{step}") if step else None

    def finished(self, patience: int) -> bool:
        """Whether nothing was left to train."""
        return self.step >= self.state["max_steps"] or stopped(scores(self.state["log_history"]), patience)


def last(folder: Path) -> Checkpoint | None:
    """The newest whole checkpoint; what a killed process left half-written is deleted."""
    found = []
    for path in folder.glob("checkpoint-*"):
        try:
            found.append(Checkpoint(path, json.loads((path / STATE).read_text(encoding="utf-8"))))
        except (OSError, ValueError):
            shutil.rmtree(path, ignore_errors=True)  # another process may be at it, too
    return max(found, key=lambda one: one.step, default=None)


def scores(log_history: Sequence[dict[str, float]]) -> list[float]:
    """The validation scores in a Trainer's log, in order."""
    return [entry[SCORE] for entry in log_history if SCORE in entry]


def stopped(found: Sequence[float], patience: int) -> bool:
    """Whether the best score is ``patience`` evaluations old."""
    return bool(found) and len(found) - 1 - found.index(max(found)) >= patience
