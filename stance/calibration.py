"""From logits to honest probabilities, and where not to answer."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class AxisCalibration:
    """How to read the logits of one axis.

    temperature: what the logits are divided by (Guo et al. 2017, "On Calibration of Modern Neural
        Networks"); above one makes probabilities less sure.
    threshold: an answer with a confidence below it is marked unsure.
    needed: for a coverage of 1 %, 2 %, …, 99 %, the probability that a label needs to be in the set;
        nothing where the calibration rows were too few to say.
    """

    temperature: float = 1.0
    threshold: float = 0.0
    needed: tuple[float, ...] = ()


def probabilities(logits: Floats, temperature: float = 1.0) -> Floats:
    """Rows [quotes, labels] of logits → rows that sum to one."""
    scaled = logits.astype(np.float64) / temperature
    # Shifting by the row maximum changes nothing in the result, but exp() no longer overflows.
    weights = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))
