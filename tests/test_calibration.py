import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from stance.calibration import AxisCalibration, probabilities

ROWS = st.lists(st.lists(st.floats(-1e4, 1e4), min_size=3, max_size=3), min_size=1, max_size=5)


@given(ROWS, st.floats(0.05, 20))
def test_rows_sum_to_one_and_keep_their_order(rows: list[list[float]], temperature: float) -> None:
    logits = np.array(rows)
    found = probabilities(logits, temperature)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    np.testing.assert_array_equal(found.max(axis=1), found[np.arange(len(rows)), logits.argmax(axis=1)])


def test_a_higher_temperature_is_less_sure() -> None:
    logits = np.array([[3.0, 1.0, 0.0]])
    assert probabilities(logits, 2.0).max() < probabilities(logits, 1.0).max()


@given(ROWS, st.floats(0.05, 20))
@example([[1e4, 9999.0, 0.0]], 0.07)
@example([[0.0, 2842.4304366625183, 4178.910582112285]], 1.8604120520478242)
def test_one_quotation_is_read_as_many_are(rows: list[list[float]], temperature: float) -> None:
    calibration = AxisCalibration(temperature)
    alone = [calibration.probabilities(row) for row in rows]
    # Below the smallest normal number there are no twelve digits to compare.
    smallest = np.finfo(float).tiny
    np.testing.assert_allclose(alone, probabilities(np.array(rows), temperature), rtol=1e-12, atol=smallest)
