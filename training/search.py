"""Try settings on validation rows, with Optuna, and keep the best; the test rows stay closed."""

import json
import logging
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import journal

from training.config import FitConfig
from training.material import Material

log = logging.getLogger(__name__)

STUDY = "search.journal"


@dataclass(frozen=True, slots=True)
class Trial:
    """Settings that were tried, and their macro-F1 on validation rows, mean of the axes."""

    settings: dict[str, Any]
    score: float


def search(material: Material, trials: int, folder: Path) -> tuple[FitConfig, list[Trial]]:
    """The best of ``trials`` settings (Akiba et al. 2019, "Optuna"), with all that were tried.

    folder: keeps the study, so that trials which are done are not made again. The first trial is the
    configuration as it is: what comes out is no worse than that on validation rows.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    backend = journal.JournalFileBackend(str(folder / STUDY))
    study = optuna.create_study(
        storage=optuna.storages.JournalStorage(backend),
        study_name="fit",
        sampler=optuna.samplers.TPESampler(seed=material.config.seed),
        direction="maximize",
        load_if_exists=True,
    )
    if not study.trials:
        study.enqueue_trial(_start(material.config))

    def objective(trial: optuna.Trial) -> float:
        settings = _suggested(trial, material.config)
        here = folder / f"trial-{trial.number}"
        score = replace(material, config=replace(material.config, **settings)).fit(here).score
        shutil.rmtree(here, ignore_errors=True)
        log.info("trial %d: %.3f with %s", trial.number + 1, score, json.dumps(settings))
        return score

    study.optimize(objective, n_trials=max(0, trials - _done(study.trials)))
    done = [Trial(trial.params, trial.value) for trial in study.trials if trial.value is not None]
    return replace(material.config, **study.best_params), done


def table(trials: Sequence[Trial]) -> str:
    """The trials as Markdown, the best first."""
    names = list(trials[0].settings)
    lines = [f"| validation macro-F1 | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    for trial in sorted(trials, key=lambda one: -one.score):
        cells = (f"{trial.settings[name]:.3g}" for name in names)
        lines.append(f"| {trial.score:.3f} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _suggested(trial: optuna.Trial, config: FitConfig) -> dict[str, Any]:
    return {
        "learning_rate": trial.suggest_float("learning_rate", 1e-5, 5e-4, log=True),
        "epochs": trial.suggest_int("epochs", 2, max(12, config.epochs)),
        "frozen_epochs": trial.suggest_int("frozen_epochs", 0, max(2, config.frozen_epochs)),
        "rehearsal": trial.suggest_float("rehearsal", 0.0, max(3.0, config.rehearsal)),
    }


def _start(config: FitConfig) -> dict[str, Any]:
    names = ("learning_rate", "epochs", "frozen_epochs", "rehearsal")
    return {name: getattr(config, name) for name in names}


def _done(trials: Sequence[optuna.trial.FrozenTrial]) -> int:
    return sum(trial.value is not None for trial in trials)
