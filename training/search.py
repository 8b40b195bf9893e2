"""Try settings on validation rows, with Optuna, and keep the best; the test rows stay closed."""

import json
import logging
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution

from training import markdown
from training.config import FitConfig
from training.fitting import Fitting
from training.material import Material

log = logging.getLogger(__name__)

DONE = "trials.jsonl"


@dataclass(frozen=True, slots=True)
class Trial:
    """Settings that were tried, and their macro-F1 on validation rows, mean of the axes."""

    settings: dict[str, Any]
    score: float


def search(material: Material, trials: int, folder: Path) -> tuple[FitConfig, list[Trial]]:
    """The best of ``trials`` settings (Akiba et al. 2019, "Optuna"), with all that were tried.

    folder: keeps the trials that are done, which are not made again. The first trial is the configuration
    as it is: what comes out is no worse than that on validation rows.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    space, done = _space(material), _done(folder / DONE)
    for number in range(len(done), trials):
        if number == 0:
            settings = {name: getattr(material.config, name) for name in space}
        else:
            settings = _suggested(space, done, seed=material.config.seed + number)
        here = folder / f"trial-{number}"
        score = _tried(material, settings, here).score
        done.append(Trial(settings, score))
        _keep(folder / DONE, done)
        shutil.rmtree(here, ignore_errors=True)
        log.info("trial %d of %d: %.3f with %s", number + 1, trials, score, json.dumps(settings))
    best = max(done, key=lambda one: one.score)
    return replace(material.config, **best.settings), done


def table(trials: Sequence[Trial]) -> str:
    """The trials as Markdown, the best first."""
    names = list(trials[0].settings)
    rows = [
        (f"{trial.score:.3f}", *(f"{trial.settings[name]:.3g}" for name in names))
        for trial in sorted(trials, key=lambda one: -one.score)
    ]
    return markdown.table(("validation macro-F1", *names), rows)


def _tried(material: Material, settings: Mapping[str, Any], folder: Path) -> Fitting:
    config = replace(material.config, **settings)
    return replace(material, config=config, logs=material.logs and material.logs / folder.name).fit(folder)


def _space(material: Material) -> dict[str, BaseDistribution]:
    config = material.config
    space: dict[str, BaseDistribution] = {
        "learning_rate": FloatDistribution(
            min(1e-5, config.learning_rate), max(5e-4, config.learning_rate), log=True
        ),
        "epochs": IntDistribution(min(2, config.epochs), max(12, config.epochs)),
        "frozen_epochs": IntDistribution(0, max(2, config.frozen_epochs)),
    }
    if material.authored:
        space["rehearsal"] = FloatDistribution(0.0, max(3.0, config.rehearsal))
    return space


def _suggested(space: dict[str, BaseDistribution], done: Sequence[Trial], *, seed: int) -> dict[str, Any]:
    """What to try next: it follows from what was tried and the seed, also after an interruption."""
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed), direction="maximize")
    for trial in done:
        study.add_trial(optuna.create_trial(params=trial.settings, distributions=space, value=trial.score))
    return dict(study.ask(space).params)


def _done(path: Path) -> list[Trial]:
    if not path.exists():
        return []
    return [Trial(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def _keep(path: Path, done: Sequence[Trial]) -> None:
    # All at once, so that a killed process leaves no half line; several write the same.
    new = path.with_name(f"{path.name}.{os.getpid()}")
    new.write_text("".join(json.dumps(asdict(trial)) + "\n" for trial in done), encoding="utf-8")
    new.replace(path)
