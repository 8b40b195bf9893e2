import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from training import fitting, material, search
from training.material import Material
from training.search import Trial
from training.sources import tables_of


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def prepared(tiny_base: Path, schema_file: Path, lessons: Path) -> Material:
    settings = {"base": str(tiny_base), "epochs": 2, "batch_size": 16, "learning_rate": 3e-3, "window": 48}
    return material.prepared(tables_of(lessons), schema=schema_file, columns={}, settings=settings)


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The settings of every fit that was begun; a fit takes no time here, and more epochs score higher."""
    found: list[dict[str, Any]] = []

    def fit(self: Material, folder: Path) -> Any:
        found.append({name: getattr(self.config, name) for name in ("learning_rate", "epochs", "rehearsal")})
        folder.mkdir()
        return Trial({}, score=self.config.epochs / 100)

    monkeypatch.setattr(Material, "fit", fit)
    return found


def test_the_best_of_all_trials_is_kept_and_the_first_is_the_configuration_as_it_is(
    prepared: Material, tmp_path: Path
) -> None:
    alone = prepared.fit(tmp_path / "alone").score
    config, trials = search.search(replace(prepared, authored=[]), 2, tmp_path)
    assert (trials[0].settings["learning_rate"], trials[0].settings["epochs"]) == (3e-3, 2)
    assert trials[0].score == pytest.approx(alone)
    best = max(trials, key=lambda one: one.score)
    assert config == replace(prepared.config, **best.settings)
    assert {path.name for path in tmp_path.iterdir()} == {"alone", search.DONE}


def test_an_interrupted_search_makes_no_trial_twice_and_finds_the_same(
    prepared: Material, tried: list[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "whole").mkdir()
    (tmp_path / "cut").mkdir()
    whole = search.search(prepared, 13, tmp_path / "whole")
    at_once = list(tried)
    tried.clear()
    for trials in (1, 2, 5, 12, 13, 13):
        found = search.search(prepared, trials, tmp_path / "cut")
    assert tried == at_once
    assert found == whole
    assert len({json.dumps(one) for one in tried}) == 13


def test_a_trial_that_was_interrupted_goes_on_in_its_own_checkpoints(
    prepared: Material, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[tuple[str, Any]] = []

    def interrupted(self: Material, folder: Path) -> Any:
        begun.append((folder.name, self.config))
        if len(begun) in (1, 3):
            raise KeyboardInterrupt
        return Trial({}, score=0.5)

    monkeypatch.setattr(Material, "fit", interrupted)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            search.search(prepared, 2, tmp_path)
    search.search(prepared, 2, tmp_path)
    assert begun[0] == begun[1]
    assert begun[2] == begun[3]
    assert [name for name, _ in begun] == ["trial-0", "trial-0", "trial-1", "trial-1"]


def test_authored_rows_are_tried_only_where_there_are_any(
    prepared: Material, tried: list[dict[str, Any]], tmp_path: Path
) -> None:
    (tmp_path / "with").mkdir()
    (tmp_path / "without").mkdir()
    assert prepared.authored
    search.search(prepared, 3, tmp_path / "with")
    assert len({one["rehearsal"] for one in tried}) == 3
    _, trials = search.search(replace(prepared, authored=[]), 3, tmp_path / "without")
    assert all("rehearsal" not in one.settings for one in trials)


def test_the_test_rows_stay_closed(
    prepared: Material, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: set[str] = set()

    def scored(self: fitting.Fitting, split: Any) -> Any:
        seen.update(one.split for one in (*split.train, *split.validation))
        self.score = 0.5

    monkeypatch.setattr(fitting.Fitting, "fit", scored)
    search.search(replace(prepared, authored=[]), 1, tmp_path)
    assert seen == {"train", "validation"}


def test_trials_as_a_table_the_best_first() -> None:
    shown = search.table([Trial({"epochs": 2}, 0.5), Trial({"epochs": 12}, 0.75)])
    assert shown.splitlines() == [
        "| validation macro-F1 | epochs |",
        "|---|---|",
        "| 0.750 | 12 |",
        "| 0.500 | 2 |",
    ]


def test_every_trial_writes_logs_of_its_own(prepared: Material, tmp_path: Path) -> None:
    here = tmp_path / "study"
    here.mkdir()
    search.search(replace(prepared, authored=[], logs=tmp_path / "logs"), 2, here)
    assert {path.name for path in (tmp_path / "logs").iterdir()} == {"trial-0", "trial-1"}
