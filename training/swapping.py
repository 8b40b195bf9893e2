"""The same words by the other side: does a model read what is said, or who says it?"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from stance.classifier import StanceClassifier
from stance.quotes import Quote
from training import intervals
from training.intervals import Score
from training.labelled import Example

SIDE = "side"  # the axis that the speaker decides, and for which a change is right
SPOKESPEOPLE = ("a US State Department spokesperson", "a Chinese Foreign Ministry spokesperson")


@dataclass(frozen=True, slots=True)
class Swap:
    """One axis. flips: share of quotations to which the two speakers give different labels."""

    axis: str
    flips: Score


def swapped(
    classifier: StanceClassifier,
    examples: Sequence[Example],
    *,
    speakers: tuple[str, str] = SPOKESPEOPLE,
    watch: Callable[[Iterable[Quote]], Iterable[Quote]] = iter,
) -> tuple[Swap, ...]:
    """How often the speaker changes the label of a quotation, by axis; nothing for a model without sides.

    Each quotation is read twice, without its context, as said by each of the speakers; intervals are
    resampled by group.
    """
    sides = next((axis.labels for axis in classifier.scheme.axes if axis.name == SIDE), ())
    axes = [axis for axis in classifier.scheme.axes if axis.name != SIDE]
    if not {"US", "China"} <= set(sides) or not examples:
        return ()
    bare = [replace(example.quote, speaker=None, context=None) for example in examples]
    first, second = (
        list(classifier.stream(watch([replace(quote, speaker=speaker) for quote in bare])))
        for speaker in speakers
    )
    groups = [example.group for example in examples]
    found = []
    for axis in axes:
        differ = [a[axis.name].label != b[axis.name].label for a, b in zip(first, second, strict=True)]
        counts = np.array([[flipped, 1] for flipped in differ], dtype=float)
        grouped = intervals.by_group(counts, groups)
        found.append(Swap(axis.name, intervals.score(grouped, _share, edges=len(grouped))))
    return tuple(found)


def _share(sums: np.ndarray) -> np.ndarray:
    return np.asarray(sums[..., 0] / np.maximum(sums[..., 1], 1))
