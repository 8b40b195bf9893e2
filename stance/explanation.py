"""Which words carried a label: what its probability loses where each of them is left out."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import overload

import numpy as np

from stance.calibration import Floats
from stance.encoding import GAP
from stance.errors import SettingsError
from stance.quotes import Quote
from stance.results import AxisScores, Prediction

WordWeight = tuple[str, float]
Probability = Callable[[Sequence[Quote]], Floats]

RUNS = 64  # a longer text is left out in runs of words, so that it costs no more than this
AT_ONCE = 16  # quotations as long as the shipped model's window that runtime computes in one batch
SHOWN = 10  # words in a printed explanation
FULL_SHADE = 0.1  # weights below it are never fully shaded, however light the others are

# Okabe and Ito's orange and sky blue: apart for every kind of colour vision, dark text readable on both.
FOR, AGAINST = "230,159,0", "86,180,233"
BOX = "font:16px/1.7 system-ui,sans-serif;color:#111;background:#fff;padding:.6em .9em;max-width:44em"
SMALL = "font-size:13px;color:#444"


@dataclass(frozen=True, repr=False)
class Explanation(Sequence[WordWeight]):
    """(word, weight) pairs in text order: those of the quotation, then those of its speaker.

    A weight is how much of the label's calibrated probability goes where the word is left out; below
    zero, the word spoke against the label. scores: the axis that is explained. quotation, speaker: the
    two parts of the pairs; a text of more than 64 words is left out in runs, whose words share their
    weight equally. context: the weight of the words around the quotation, all together, where there are any.
    """

    scores: AxisScores
    quotation: tuple[WordWeight, ...]
    speaker: tuple[WordWeight, ...] = ()
    context: float | None = None

    @property
    def axis(self) -> str:
        """The name of the axis."""
        return self.scores.axis

    @property
    def label(self) -> str:
        """The label that is explained: the likeliest of its axis."""
        return self.scores.label

    @property
    def confidence(self) -> float:
        """The calibrated probability of the label."""
        return self.scores.confidence

    @overload
    def __getitem__(self, index: int) -> WordWeight: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[WordWeight, ...]: ...
    def __getitem__(self, index: int | slice) -> WordWeight | tuple[WordWeight, ...]:
        return (self.quotation + self.speaker)[index]

    def __len__(self) -> int:
        return len(self.quotation) + len(self.speaker)

    def top(self, n: int = 3) -> list[WordWeight]:
        """The n pairs that carried the label most, heaviest first."""
        return sorted(self, key=lambda pair: -pair[1])[: max(n, 0)]

    def __repr__(self) -> str:
        heaviest = ", ".join(f"{word} {weight:+.2f}" for word, weight in self.top())
        return f"Explanation({self.axis}={self.scores}, heaviest of {len(self)} words: {heaviest})"

    def __str__(self) -> str:
        rows = [(*pair, "") for pair in self.quotation] + [(*pair, "(speaker)") for pair in self.speaker]
        rows = sorted(rows, key=lambda row: -abs(row[1]))[:SHOWN]
        width = max(len(word) for word, _, _ in rows)
        lines = [f"  {word:{width}} {weight:+.3f} {part}".rstrip() for word, weight, part in rows]
        return "\n".join([f"{self.axis}: {self.scores}, and what it loses without a word", *lines])

    def _repr_html_(self) -> str:
        """The words shaded by weight, for notebooks; stands alone as well."""
        full = max(FULL_SHADE, *(abs(weight) for _, weight in self))
        said = f" — {_shaded(self.speaker, full)}" if self.speaker else ""
        around = "" if self.context is None else f" All the words around the quotation: {self.context:+.2f}."
        return (
            f'<div style="{BOX}"><div><b>{escape(self.axis)}: {escape(self.label)}</b> '
            f"{self.confidence:.2f}{' (unsure)' if self.scores.unsure else ''}</div>"
            f'<div style="margin:.3em 0">“{_shaded(self.quotation, full)}”{said}</div>'
            f'<div style="{SMALL}">Without the word, “{escape(self.label)}” would be '
            f"{_mark('less', 1.0)} or {_mark('more', -1.0)} probable; full colour: by {full:.2f}.{around}"
            "</div></div>"
        )


def by_erasure(p: Prediction, axis: str, probability: Probability) -> Explanation:
    """Explain one axis of a prediction by leaving out one word after another.

    probability: quotations → the probability of the label of that axis [quotes]. It is called with the
    whole quotation beside those that lack a word, because graphs of before 1.1 scale their activations by
    batch: only what was computed together is compared.
    Source: Li, Monroe and Jurafsky 2016, "Understanding Neural Networks through Representation Erasure".
    """
    # Whatever is left out of the quotation must not be read in its context.
    context = p.quote.context and p.quote.context.replace(p.quote.text, GAP)
    whole = replace(p.quote, context=context)
    quotation, speaker = _Runs(whole.text), _Runs(whole.speaker or "")
    lacking = [replace(whole, text=text) for text in quotation.left_out()]
    lacking += [replace(whole, speaker=text) for text in speaker.left_out()]
    lacking += [replace(whole, context=None)] if context else []
    falls = list(_falls(whole, lacking, probability))
    cut = len(quotation.starts)
    return Explanation(
        p[axis],
        quotation.weighted(falls[:cut]),
        speaker.weighted(falls[cut : cut + len(speaker.starts)]),
        falls[-1] if context else None,
    )


def check_explicable(p: Prediction, axis: str, *, model: str) -> None:
    """SettingsError where this is no prediction, not one by that model, or has no such axis."""
    if not isinstance(p, Prediction):
        raise SettingsError(
            f"explain() needs a Prediction, such as classify() gives, but this is {type(p).__name__}."
        )
    if p.model != model:
        raise SettingsError(
            f"This prediction was made by {p.model}, but {model} was asked to explain it. "
            "Use the explain() of the classifier that made it: load(folder).explain(prediction)."
        )
    if axis not in p.axes:
        raise SettingsError(f"This prediction has no axis {axis!r}, only {', '.join(p.axes)}.")


class _Runs:
    """The words of a text in at most RUNS runs, of one word each as long as there are enough."""

    def __init__(self, text: str) -> None:
        self.words = text.split()
        self.length = -(-len(self.words) // RUNS)
        self.starts = range(0, len(self.words), self.length or 1)

    def left_out(self) -> Iterator[str]:
        """The text without one run, for each of them; a gap where nothing is left."""
        for start in self.starts:
            yield " ".join(self.words[:start] + self.words[start + self.length :]) or GAP

    def weighted(self, falls: Sequence[float]) -> tuple[WordWeight, ...]:
        runs = (self.words[start : start + self.length] for start in self.starts)
        return tuple((word, fall / len(run)) for run, fall in zip(runs, falls, strict=True) for word in run)


def _falls(whole: Quote, lacking: Sequence[Quote], probability: Probability) -> Iterator[float]:
    for start in range(0, len(lacking), AT_ONCE - 1):
        found = probability([whole, *lacking[start : start + AT_ONCE - 1]])
        yield from np.subtract(found[0], found[1:]).tolist()


def _shaded(pairs: Sequence[WordWeight], full: float) -> str:
    return " ".join(_mark(word, weight / full, f"{weight:+.3f}") for word, weight in pairs)


def _mark(word: str, shade: float, title: str = "") -> str:
    # The line under words that speak against the label tells the two apart in black and white as well.
    line = ";border-bottom:2px dotted #0072b2" if shade < -0.2 else ""
    style = f"background:rgba({FOR if shade > 0 else AGAINST},{abs(shade):.2f});border-radius:3px{line}"
    return f'<span style="{style};padding:1px 2px" title="{title}">{escape(word)}</span>'
