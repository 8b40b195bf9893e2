"""How a fit goes: a live bar on a terminal, lines in the log elsewhere."""

import logging
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from training.checkpoints import SCORE, scores

log = logging.getLogger(__name__)


class LiveProgress(TrainerCallback):  # type: ignore[misc]
    """Shows steps, loss and validation scores while they come."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        columns = (
            TextColumn("fitting"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("steps"),
            TimeRemainingColumn(),
            TextColumn("{task.description}"),
        )
        self._live = console.is_terminal or console.is_jupyter
        # A notebook would be redrawn ten times a second, which costs more than the fit.
        self._redrawn = console.is_jupyter
        self._bar = Progress(
            *columns, console=console, disable=not self._live, auto_refresh=not self._redrawn
        )
        self._loss = ""
        self._score = self._short = ""

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **rest: Any
    ) -> None:
        """Show the bar."""
        if state.is_world_process_zero:
            self._bar.start()
            self._task = self._bar.add_task("", total=state.max_steps, completed=state.global_step)

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **rest: Any
    ) -> None:
        """Move the bar."""
        if state.is_world_process_zero:
            self._bar.update(self._task, completed=state.global_step)

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **rest: Any,
    ) -> None:
        """Show loss or scores."""
        if not state.is_world_process_zero or not logs:
            return
        if "loss" in logs:
            self._loss = f"loss {logs['loss']:.3f}"
        if SCORE in logs:
            axes = ", ".join(
                f"{name.removeprefix('eval_axis_')} {value:.3f}"
                for name, value in logs.items()
                if name.startswith("eval_axis_")
            )
            best = max([*scores(state.log_history), logs[SCORE]])
            self._score = f"validation macro-F1 {logs[SCORE]:.3f} ({axes}; best {best:.3f})"
            self._short = f"macro-F1 {logs[SCORE]:.3f}"
        said = " · ".join(part for part in (self._loss, self._score) if part)
        if self._live and hasattr(self, "_task"):
            # The bar must fit beside it; all scores stay above it, where there is a line to write.
            shown = " · ".join(part for part in (self._loss, self._short) if part)
            self._bar.update(self._task, description=said if self._redrawn else shown, refresh=self._redrawn)
            if SCORE in logs and not self._redrawn:
                self._bar.console.print(f"step {state.global_step}: {self._score}", highlight=False)
        elif SCORE in logs or ("loss" in logs and state.global_step % args.eval_steps):  # one line a step
            log.info("step %d of %d: %s", state.global_step, state.max_steps, said)

    def close(self) -> None:
        """Take the bar away, also where the fit was stopped: the terminal's cursor comes back with it."""
        self._bar.stop()
