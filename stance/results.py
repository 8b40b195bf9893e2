"""What a user gets back: frozen values with a repr worth printing."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stance.errors import SettingsError
from stance.quotes import Quote


@dataclass(frozen=True, slots=True)
class AxisScores:
    """How likely each label of one axis is; likeliest first.

    axis: name of the axis. by_label: (label, calibrated probability) pairs that sum to one.
    threshold: the confidence below which the model would rather not say. needed: what a label needs to
    be in a set, as AxisCalibration has it.
    """

    axis: str
    by_label: tuple[tuple[str, float], ...]
    threshold: float = 0.0
    needed: tuple[float, ...] = field(default=(), repr=False)

    @property
    def label(self) -> str:
        """The likeliest label."""
        return self.by_label[0][0]

    @property
    def confidence(self) -> float:
        """The calibrated probability of the likeliest label."""
        return self.by_label[0][1]

    @property
    def unsure(self) -> bool:
        """Whether the model would rather not say."""
        return self.confidence < self.threshold

    @property
    def scores(self) -> dict[str, float]:
        """Every label with its calibrated probability, likeliest first."""
        return dict(self.by_label)

    def label_set(self, coverage: float = 0.9) -> tuple[str, ...]:
        """The labels that hold the true one in a share of cases, likeliest first, one at least.

        coverage: the share, from 0.01 to 0.99; it holds for quotations like the calibration rows. Sets as
        small as can be by split conformal prediction (Sadinle, Lei and Wasserman 2019, "Least ambiguous
        set-valued classifiers with bounded error levels"). Raises SettingsError where the share is another,
        or the model was calibrated on too few rows to say.
        """
        if not isinstance(coverage, int | float) or not 0.01 <= coverage <= 0.99:
            raise SettingsError(f"A coverage must be a share from 0.01 to 0.99, but is {coverage!r}.")
        if not self.needed:
            raise SettingsError(
                f"This model knows no label sets for {self.axis}: it was calibrated on too few rows, or "
                "with an older version. Fit it again, with more rows to validate."
            )
        needed = self.needed[math.ceil(round(100 * coverage, 6)) - 1]
        return tuple(
            name for place, (name, share) in enumerate(self.by_label) if not place or share >= needed
        )

    def __str__(self) -> str:
        return f"{self.label}{'?' if self.unsure else ''} {self.confidence:.2f}"


@dataclass(frozen=True, repr=False)
class Prediction:
    """What a model says of one quotation; every axis is an attribute and an item.

    quote: the Quote that was classified. axes: name → AxisScores, in the model's order.
    truncated: whether text was cut to fit the model. model: its name and version.
    """

    quote: Quote
    axes: Mapping[str, AxisScores]
    truncated: bool
    model: str

    def __getattr__(self, name: str) -> AxisScores:
        # Only called for names that are not fields. Copying and unpickling ask before "axes" is there.
        axes: Mapping[str, AxisScores] = self.__dict__.get("axes", {})
        if name in axes:
            return axes[name]
        raise AttributeError(f"no axis {name!r} in this prediction, only {', '.join(axes)}")

    def __getitem__(self, name: str) -> AxisScores:
        if name not in self.axes:
            raise KeyError(f"no axis {name!r} in this prediction, only {', '.join(self.axes)}")
        return self.axes[name]

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.axes]

    def __repr__(self) -> str:
        said = ", ".join(f"{name}={scores}" for name, scores in self.axes.items())
        speaker = f", speaker={self.quote.speaker!r}" if self.quote.speaker else ""
        cut = ", truncated" if self.truncated else ""
        return f"Prediction({said}, {_short(self.quote.text)!r}{speaker}{cut})"

    def as_dict(self) -> dict[str, Any]:
        """A flat, JSON-ready row: quote, speaker, side, side_confidence, side_unsure, ..., model."""
        row: dict[str, Any] = {"quote": self.quote.text, "speaker": self.quote.speaker}
        for name, scores in self.axes.items():
            row[name] = scores.label
            row[f"{name}_confidence"] = round(scores.confidence, 4)
            row[f"{name}_unsure"] = scores.unsure
        return row | {"truncated": self.truncated, "model": self.model}


def _short(text: str, limit: int = 60) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
