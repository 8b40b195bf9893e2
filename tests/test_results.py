import copy
import json
import pickle

import pytest

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
