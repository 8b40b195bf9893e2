import copy
import json
import pickle
from typing import Any

import pytest

from stance.errors import SettingsError
from stance.quotes import Quote
from stance.results import AxisScores, Prediction

SIDE = AxisScores("side", (("US", 0.9), ("China", 0.1)))
STANCE = AxisScores("stance", (("defensive", 0.6), ("accusatory", 0.4)), threshold=0.7)
PREDICTION = Prediction(
    Quote("We agree.", "Ann Roe"), {"side": SIDE, "stance": STANCE}, truncated=False, model="tiny 1"
)


def test_an_axis_is_an_attribute_and_an_item() -> None:
    assert PREDICTION.side is PREDICTION["side"] is SIDE
    assert SIDE.label == "US"
    assert SIDE.confidence == 0.9
    assert STANCE.scores == {"defensive": 0.6, "accusatory": 0.4}


def test_below_the_threshold_it_would_rather_not_say() -> None:
    assert STANCE.unsure
    assert not SIDE.unsure


NEEDED = tuple(1 - percent / 100 for percent in range(1, 100))  # a label needs 0.1 for 90 %


def test_a_label_set_grows_with_its_coverage_and_is_never_empty() -> None:
    scores = AxisScores("stance", (("defensive", 0.55), ("accusatory", 0.33), ("neither", 0.12)), 0.0, NEEDED)
    assert scores.label_set(0.3) == ("defensive",)  # though none has 0.7
    assert scores.label_set(0.7) == ("defensive", "accusatory")
    assert scores.label_set() == ("defensive", "accusatory", "neither")
    assert scores.label_set(coverage=0.895) == scores.label_set(0.9)
    assert "needed" not in repr(scores)


@pytest.mark.parametrize("coverage", [0, 0.999, 1, 90, float("nan"), "0.9", None])
def test_a_coverage_that_makes_no_sense_is_refused(coverage: Any) -> None:
    scores = AxisScores("side", (("US", 0.9), ("China", 0.1)), 0.0, NEEDED)
    with pytest.raises(SettingsError, match=r"must be a share from 0\.01 to 0\.99"):
        scores.label_set(coverage)


def test_a_model_calibrated_on_too_few_rows_knows_no_label_sets() -> None:
    with pytest.raises(
        SettingsError, match="knows no label sets for side: it was calibrated on too few rows"
    ):
        SIDE.label_set()


def test_the_repr_is_worth_printing() -> None:
    assert repr(PREDICTION) == (
        "Prediction(side=US 0.90, stance=defensive? 0.60, 'We agree.', speaker='Ann Roe')"
    )


def test_a_row_is_flat_and_json_ready() -> None:
    row = PREDICTION.as_dict()
    assert list(row) == [
        "quote", "speaker", "side", "side_confidence", "side_unsure",
        "stance", "stance_confidence", "stance_unsure", "truncated", "model",
    ]  # fmt: skip
    assert json.loads(json.dumps(row)) == row


def test_an_axis_that_is_not_there_is_named() -> None:
    with pytest.raises(AttributeError, match="no axis 'tone' in this prediction, only side, stance"):
        _ = PREDICTION.tone
    with pytest.raises(KeyError, match="no axis 'tone'"):
        _ = PREDICTION["tone"]


def test_a_prediction_can_be_copied_and_pickled() -> None:
    assert pickle.loads(pickle.dumps(PREDICTION)) == PREDICTION
    assert copy.deepcopy(PREDICTION) == PREDICTION


def test_a_prediction_is_frozen() -> None:
    with pytest.raises(AttributeError):
        PREDICTION.model = "other"  # type: ignore[misc]
