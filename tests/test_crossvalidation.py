from dataclasses import replace
from pathlib import Path

import pytest
import torch

from stance.errors import SettingsError
from tests.conftest import LESSONS
from training import crossvalidation, material
from training.crossvalidation import cross_validate
from training.dataset import ATTRIBUTED
from training.fitting import Fitting
from training.material import Material
from training.sources import tables_of

FOLDS = 3


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def prepared(tiny_base: Path, schema_file: Path) -> Material:
    names = ("quote", "speaker", "side", "stance", "sentiment", "group", "split")
    rows = [
        dict(zip(names, (*lesson, f"article {i}-{number}", "test"), strict=True))
        for i in range(3)
        for number, lesson in enumerate(LESSONS)
    ]
    settings = {"base": str(tiny_base), "epochs": 1, "batch_size": 8, "window": 48, "rehearsal": 0}
    return material.prepared(tables_of(rows), schema=schema_file, columns={}, settings=settings)


def test_every_row_is_predicted_by_a_model_that_has_not_seen_its_group(
    prepared: Material, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[set[str]] = []
    fit = Fitting.fit

    def watched(self: Fitting, split: object) -> object:
        seen.append({one.group for part in vars(split).values() for one in part})
        return fit(self, split)  # type: ignore[arg-type]

    monkeypatch.setattr(Fitting, "fit", watched)
    found = cross_validate(prepared, FOLDS, tmp_path)
    report = found.report
    assert [one.quote.text for one in found.predictions] == [one.quote.text for one in prepared.examples]
    groups = set(crossvalidation.splits.grouped(prepared.examples))
    assert len(seen) == FOLDS
    for one in groups:
        assert sum(one not in rest for rest in seen) == 1
    assert {axis.axis: axis.rows for axis in report.forms[ATTRIBUTED]} == dict.fromkeys(
        prepared.scheme.names, len(prepared.examples)
    )
    assert report.data == "3-fold cross-validation"


def test_an_interrupted_cross_validation_fits_no_fold_twice(
    prepared: Material, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = cross_validate(prepared, FOLDS, tmp_path / "whole")
    trained: list[str] = []
    train = Fitting._train

    def cut(self: Fitting, *rest: object) -> None:
        if len(trained) == 2:
            trained.append("interrupted")
            raise KeyboardInterrupt
        trained.append(self._folder.name)
        train(self, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Fitting, "_train", cut)
    with pytest.raises(KeyboardInterrupt):
        cross_validate(prepared, FOLDS, tmp_path / "cut")
    again = cross_validate(prepared, FOLDS, tmp_path / "cut")
    assert trained == ["fold-1", "fold-2", "interrupted", "fold-3"]
    assert again == whole


@pytest.mark.parametrize("folds", [-1, 1, 9])
def test_folds_that_the_rows_do_not_give(folds: int, prepared: Material) -> None:
    few = prepared.examples[:8]
    groups = len(set(crossvalidation.splits.grouped(few)))
    with pytest.raises(SettingsError, match=rf"{folds} fold\(s\) were asked for, .* {groups} group\(s\)"):
        crossvalidation.check_folds(few, folds)


def test_every_fold_writes_logs_of_its_own(prepared: Material, tmp_path: Path) -> None:
    cross_validate(replace(prepared, logs=tmp_path / "logs"), 2, tmp_path / "folds")
    assert {path.name for path in (tmp_path / "logs").iterdir()} == {"fold-1", "fold-2"}


def test_a_teacher_who_may_know_the_held_out_rows_is_told(prepared: Material, tmp_path: Path) -> None:
    a_row = replace(prepared.examples[0], taught_by="large 1.0.0")
    alone, taught = (
        cross_validate(replace(prepared, taught=rows), 2, tmp_path / str(len(rows))).report.notes
        for rows in ([], [a_row])
    )
    assert set(taught) - set(alone) == {crossvalidation.TAUGHT}
