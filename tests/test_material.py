from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from stance.errors import SettingsError
from stance.folder import ModelFolder
from stance.labels import LabelScheme
from stance.quotes import Quote
from stance.runtime import logits_of
from tests.conftest import LESSONS, SCHEME
from training import material, rehearsal
from training.config import FitConfig
from training.material import Material
from training.network import TorchModel
from training.sources import tables_of

NEUTRAL = {"stance": ["accusatory", "conciliatory", "defensive", "neutral"]}


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def rows(count: int, **more: Any) -> pd.DataFrame:
    """Labelled quotations, each in a group of its own, and none like another."""
    made = [
        {
            "quote": text.replace(" ", f" {i} "),
            "speaker": speaker,
            "side": side,
            "stance": stance,
            "sentiment": mood,
        }
        for i in range(count)
        for text, speaker, side, stance, mood in [LESSONS[i % len(LESSONS)]]
    ]
    return pd.DataFrame([{**row, **more} for row in made])


def prepared(data: Any, base: Path, *, schema: Any = None, **settings: Any) -> Material:
    return material.prepared(
        tables_of(data), schema=schema, columns={}, settings={"base": str(base), **settings}
    )


def test_what_the_base_knows_decides_how_few_rows_are_fitted(model_folder: Path, tiny_base: Path) -> None:
    same = prepared(rows(50), model_folder)
    grown = prepared(rows(50), model_folder, schema=NEUTRAL)
    new = prepared(rows(50), tiny_base, schema=SCHEME.table())
    assert same.config.keep > 0
    assert grown.config.keep == new.config.keep == 0
    assert same.config.epochs < grown.config.epochs < new.config.epochs


def test_new_labels_on_an_axis_without_rows_do_not_count_as_learnt(model_folder: Path) -> None:
    found = prepared(rows(50).drop(columns="stance"), model_folder, schema=NEUTRAL)
    assert found.config.keep > 0


def test_fifty_rows_are_split_and_rehearsed(model_folder: Path) -> None:
    found = prepared(rows(50), model_folder)
    sizes = {name: len(part) for name, part in vars(found.split).items()}
    assert sizes["validation"] >= 5
    assert sizes["test"] >= 10
    own = 50 - sizes["validation"] - sizes["test"]
    assert sizes["train"] == own + 20 * own
    assert {one.source for one in found.split.train} == {"", "authored"}
    assert {one.source for one in (*found.split.validation, *found.split.test)} == {""}


def test_rehearsed_rows_are_none_of_the_users_not_even_in_the_test(model_folder: Path) -> None:
    authored = rehearsal.authored_rows(rehearsal.authored_scheme())
    own = pd.DataFrame([{"quote": one.quote.text, **one.labels} for one in authored[:60]])
    found = prepared(own, model_folder)
    assert len(found.authored) == len(authored) - 60
    held_out = {one.quote.text for one in (*found.split.validation, *found.split.test)}
    assert not held_out & {one.quote.text for one in found.split.train}


def test_rehearsed_rows_say_nothing_of_an_axis_that_has_changed(model_folder: Path) -> None:
    found = prepared(rows(50), model_folder, schema=NEUTRAL)
    assert {one.labels["stance"] for one in found.authored} == {None}
    assert {one.labels["side"] for one in found.authored} >= {"US", "China"}


@pytest.mark.parametrize(
    ("data", "settings", "message"),
    [
        (rows(3, split="train"), {}, "No labelled rows to validate: the split gives 3 for train, 0 for val"),
        (rows(3, split="test"), {}, "No labelled rows to train and none to validate"),
        (rows(30), {"validation_share": 0}, "No labelled rows to validate"),
        (rows(3, group="one"), {}, r"3 rows in 1 group\(s\) cannot be divided"),
        (pd.concat([rows(3, split="train"), rows(3)]), {}, "3 of 6 rows have no split"),
        (
            pd.concat(
                [rows(3, split="train"), rows(3, split="validation", side="", stance="", sentiment="")]
            ),
            {},
            "No labelled rows to validate: the split gives 3 for train, 0 for validation",
        ),
    ],
)
def test_a_split_that_leaves_nothing_to_learn_or_to_choose_by(
    data: pd.DataFrame, settings: dict[str, Any], message: str, model_folder: Path
) -> None:
    with pytest.raises(SettingsError, match=message):
        _ = prepared(data, model_folder, **settings).split


class Logits:
    """A network that says the same of everything, and is sure of it."""

    def __init__(self, width: int) -> None:
        self._row = np.zeros(width, dtype=np.float32)
        self._row[0] = 9.0

    def logits(self, batch: Any) -> np.ndarray:
        return np.tile(self._row, (len(batch.ids), 1))


@pytest.mark.parametrize(("count", "kept"), [(29, True), (30, False)])
def test_few_validation_rows_leave_a_calibration_as_it_was(
    count: int, kept: bool, model_folder: Path, tmp_path: Path
) -> None:
    data = pd.concat([rows(10, split="train"), rows(count, split="validation").drop(columns="sentiment")])
    found = prepared(data, model_folder, epochs=1, rehearsal=0)
    before = ModelFolder.open(model_folder).calibration
    after = found.calibration(Logits(SCHEME.width), found.fit(tmp_path))
    assert (after["side"] == before["side"]) is kept
    assert after["sentiment"] == before["sentiment"], "no row says anything of it"


def test_an_axis_that_has_changed_is_calibrated_from_the_rows_there_are(
    model_folder: Path, tmp_path: Path
) -> None:
    data = pd.concat([rows(10, split="train"), rows(10, split="validation").drop(columns="sentiment")])
    found = prepared(data, model_folder, schema=NEUTRAL, epochs=1, rehearsal=0)
    before = ModelFolder.open(model_folder).calibration
    after = found.calibration(Logits(found.scheme.width), found.fit(tmp_path))
    assert after["stance"] != before["stance"]
    assert after["side"] == before["side"]
    assert after["sentiment"] == before["sentiment"]


class SideOfTheSpeaker:
    """A network that knows the side where a second text says it, and is as sure of China where none does."""

    def __init__(self, width: int) -> None:
        self._width = width

    def logits(self, batch: Any) -> np.ndarray:
        found = np.zeros((len(batch.ids), self._width), dtype=np.float32)
        side = np.where((batch.types == 1).any(axis=1), 0, 1)
        found[np.arange(len(found)), side] = 4.0
        return found


def test_quotations_without_a_speaker_have_a_calibration_of_their_own(
    model_folder: Path, tmp_path: Path
) -> None:
    data = pd.concat([rows(10, split="train"), rows(60, split="validation", side="US")])
    found = prepared(data, model_folder, epochs=1, rehearsal=0)
    after = found.calibration(SideOfTheSpeaker(SCHEME.width), found.fit(tmp_path))["side"]
    assert after.bare is not None
    assert after.threshold < after.bare.threshold == 1.0, "all of them are wrong"
    assert after.temperature < 1 < after.bare.temperature


def test_consistency_needs_speakers_of_two_sides(model_folder: Path) -> None:
    with pytest.raises(SettingsError, match="no rows by speakers of two sides to train"):
        _ = prepared(rows(30, speaker=None), model_folder, consistency=1.0).split


def test_a_calibration_on_the_rows_that_matter(model_folder: Path, tmp_path: Path) -> None:
    ours, others = rows(40, split="validation", domain="ours"), rows(40, split="validation", domain="other")
    others["side"] = "neutral"
    data = pd.concat([rows(10, split="train"), ours.assign(side="US"), others])
    settings: dict[str, Any] = {"epochs": 1, "rehearsal": 0}
    everything = prepared(data, model_folder, **settings)
    some = prepared(data, model_folder, calibrate_on="domain=ours", **settings)
    assert (len(everything.calibration_rows), len(some.calibration_rows)) == (80, 40)
    model, fitting = SideOfTheSpeaker(SCHEME.width), everything.fit(tmp_path)
    assert everything.calibration(model, fitting)["side"].threshold == 1.0
    assert some.calibration(model, fitting)["side"].threshold < 1.0
    with pytest.raises(SettingsError, match="calibrate_on is domain=theirs, but none of 80 validation rows"):
        _ = prepared(data, model_folder, calibrate_on="domain=theirs", **settings).calibration_rows


def test_a_calibration_as_if_there_were_more_of_a_kind(model_folder: Path, tmp_path: Path) -> None:
    news, briefings = (
        rows(80, split="validation", origin="news"),
        rows(240, split="validation", origin="briefing"),
    )
    briefings["side"] = "neutral"  # which the model below never says
    data = pd.concat([rows(10, split="train"), news.assign(side="US"), briefings])
    settings: dict[str, Any] = {"epochs": 1, "rehearsal": 0}
    plain = prepared(data, model_folder, **settings)
    weighed = prepared(data, model_folder, calibrate_as="origin=news:99,briefing:1", **settings)
    model, fitting = SideOfTheSpeaker(SCHEME.width), plain.fit(tmp_path)
    assert plain.calibration(model, fitting)["side"].threshold == 1.0
    assert weighed.calibration(model, fitting)["side"].threshold < 1.0
    only = prepared(data, model_folder, calibrate_as="origin=news:1", **settings)
    assert len(only.calibration_rows) == 80
    with pytest.raises(SettingsError, match="of 320 rows to calibrate on none has blog"):
        _ = prepared(data, model_folder, calibrate_as="origin=news:1,blog:1", **settings).calibration_rows


def test_a_side_is_not_calibrated_on_speakers_that_nobody_has_checked(
    model_folder: Path, tmp_path: Path
) -> None:
    checked = rows(60, split="validation", side="US")
    found_by_rules = rows(60, split="validation", side="China", speaker_by="rules")
    data = pd.concat([rows(10, split="train"), checked, found_by_rules])
    material = prepared(data, model_folder, epochs=1, rehearsal=0)
    assert (material.calibrates("side"), len(material.spoken_rows)) == (60, 120)
    after = material.calibration(SideOfTheSpeaker(SCHEME.width), material.fit(tmp_path))["side"]
    assert after.threshold < 1.0, "with a speaker only the sixty count, of which all are right"
    assert after.bare is not None
    assert after.bare.threshold == 1.0, "without one all do, of which half are wrong"


def test_how_many_errors_are_aimed_at_is_a_setting(model_folder: Path, tmp_path: Path) -> None:
    right, wrong = rows(90, split="validation", side="US"), rows(10, split="validation", side="China")
    data = pd.concat([rows(10, split="train"), right, wrong])
    strict, lax = (
        prepared(data, model_folder, epochs=1, rehearsal=0, calibrate_error=error)
        for error in ("0.2,side:0.05", 0.2)
    )
    fitting = strict.fit(tmp_path)
    thresholds = [
        one.calibration(SideOfTheSpeaker(SCHEME.width), fitting)["side"].threshold for one in (strict, lax)
    ]
    assert thresholds[0] == 1.0 > thresholds[1]


def test_a_shift_of_the_outputs_follows_the_validation_rows(model_folder: Path, tmp_path: Path) -> None:
    data = pd.concat([rows(10, split="train"), rows(60, split="validation", stance="defensive")])
    settings: dict[str, Any] = {"epochs": 1, "rehearsal": 0, "keep": 0.0}
    plain, shifted = (
        prepared(data, model_folder, calibrate_bias=axes, **settings).fit(tmp_path / (axes or "none"))
        for axes in ("", "stance")
    )
    quotes = [Quote("They lie."), Quote("We welcome the talks.", "a senator")]
    before, after = (
        logits_of(TorchModel(one.model), one.encoder, one.encoder.encode(quotes), width=SCHEME.width)
        for one in (plain, shifted)
    )
    moved = after - before
    assert moved == pytest.approx(np.tile(moved[0], (2, 1)), abs=1e-4), "every text alike"
    by_label = dict(zip(SCHEME.id2label().values(), moved[0], strict=True))
    assert by_label["stance=defensive"] > 0.3 > 0 > by_label["stance=accusatory"]
    assert max(abs(by) for name, by in by_label.items() if not name.startswith("stance")) < 1e-5


def test_a_shift_of_an_axis_that_is_not_there_is_refused_before_the_fit(model_folder: Path) -> None:
    with pytest.raises(
        SettingsError, match=r"calibrate_bias is tone, but there is no axis tone\. Axes are side"
    ):
        prepared(rows(30), model_folder, calibrate_bias="tone")
    with pytest.raises(SettingsError, match=r"calibrate_error is 0\.1,mood:0\.2, but there is no axis mood"):
        prepared(rows(30), model_folder, calibrate_error="0.1,mood:0.2")


@pytest.mark.parametrize(
    "asked", ["origin", "origin=", "origin=news", "=news:1", "origin=news:0", "origin=news:x"]
)
def test_shares_that_make_no_sense_are_refused(asked: str) -> None:
    with pytest.raises(SettingsError, match="calibrate_as must be a column and shares"):
        FitConfig(calibrate_as=asked)


def test_axes_come_from_the_schema_the_data_or_the_base(
    model_folder: Path, tiny_base: Path, schema_file: Path
) -> None:
    data = rows(50)
    data.loc[:9, "stance"] = "neutral"
    data.loc[:4, "side"] = "EU"
    wanted = LabelScheme.from_table({**SCHEME.table(), **NEUTRAL, "side": ["US", "China", "neutral", "EU"]})
    assert prepared(data, model_folder, schema="data").scheme == wanted
    assert prepared(rows(50), model_folder).scheme == SCHEME
    assert prepared(rows(50), tiny_base, schema=schema_file).scheme == SCHEME
    with pytest.raises(SettingsError, match="knows no axes of its own"):
        prepared(rows(50), tiny_base)


def test_fits_with_several_seeds_can_divide_the_rows_alike(model_folder: Path) -> None:
    def tested(**settings: int) -> list[str]:
        return [example.quote.text for example in prepared(rows(60), model_folder, **settings).split.test]

    assert tested(seed=14, split_seed=13) == tested(seed=15, split_seed=13) == tested(seed=13)
    assert tested(seed=14) != tested(seed=13)
