"""From logits to honest probabilities, and where not to answer."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

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
    bare: the same for quotations without a speaker, where it was measured (without context); else they are
        read alike.
    """

    temperature: float = 1.0
    threshold: float = 0.0
    needed: tuple[float, ...] = ()
    bare: "AxisCalibration | None" = None

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> Self:
        """From the names and values that ``dataclasses.asdict`` gives; TypeError for an unknown name."""
        bare = table.get("bare")
        needed = tuple(table.get("needed", ()))
        return cls(**{**table, "needed": needed, "bare": cls.from_table(bare) if bare else None})

    def reading(self, speaker: str | None) -> "AxisCalibration":
        """What holds for a quotation with this speaker, or with none."""
        return self.bare if speaker is None and self.bare else self

    def probabilities(self, logits: Sequence[float]) -> list[float]:
        """The logits of one quotation → its probabilities, faster than an array for so few."""
        scaled = [one / self.temperature for one in logits]
        highest = max(scaled)
        weights = [math.exp(one - highest) for one in scaled]
        total = sum(weights)
        return [one / total for one in weights]


def probabilities(logits: Floats, temperature: float = 1.0) -> Floats:
    """Rows [quotes, labels] of logits → rows that sum to one: those of ``AxisCalibration`` for many."""
    scaled = logits.astype(np.float64) / temperature
    # Shifting by the row maximum changes nothing in the result, but exp() no longer overflows.
    weights = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))
