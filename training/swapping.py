"""The same words by the other side: does a model read what is said, or who says it?"""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
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


def speakers_by_side(examples: Sequence[Example]) -> dict[str, list[Quote]]:
    """The quotations of the rows that have a speaker, by the side of that speaker."""
    found: dict[str, list[Quote]] = {}
    for example in examples:
        side = example.labels.get(SIDE)
        if side and example.quote.speaker:
            found.setdefault(side, []).append(example.quote)
    return found


def by_another(example: Example, speakers: Mapping[str, Sequence[Quote]], rng: random.Random) -> Example:
    """The same words, without context, by a speaker of another side, drawn at random; labels but for it none.

    speakers: who said something, and when, by side. The row as it is where its side is not known or there is
    no other.
    """
    side = example.labels.get(SIDE)
    others = [one for one in speakers if one != side]
    if not side or not others:
        return example
    other = rng.choice(others)
    drawn = rng.choice(speakers[other])
    quote = replace(example.quote, speaker=drawn.speaker, date=drawn.date, context=None)
    labels = {axis: other if axis == SIDE else None for axis in example.labels}
    return replace(example, quote=quote, labels=labels, readers={}, shares={})


def swapped(
    classifier: StanceClassifier,
    examples: Sequence[Example],
    *,
    watch: Callable[[Iterable[Quote]], Iterable[Quote]] = iter,
) -> tuple[Swap, ...]:
    """How often the speaker changes the label of a quotation, by axis; nothing for a model without sides.

    Each quotation is read twice, without its context, as said by each of SPOKESPEOPLE; intervals are
    resampled by group.
    """
    sides = next((axis.labels for axis in classifier.scheme.axes if axis.name == SIDE), ())
    axes = [axis for axis in classifier.scheme.axes if axis.name != SIDE]
    if not {"US", "China"} <= set(sides) or not examples:
        return ()
    first, second = (
        list(classifier.stream(watch([replace(row.quote, speaker=who, context=None) for row in examples])))
        for who in SPOKESPEOPLE
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
