"""Whether the label of what is said depends on who says it."""

import random
from collections.abc import Iterable, Iterator
from dataclasses import replace

import pytest

from stance.classifier import StanceClassifier
from stance.labels import LabelScheme
from stance.quotes import Quote
from stance.results import AxisScores, Prediction
from tests.conftest import SCHEME
from training.labelled import Example
from training.swapping import SPOKESPEOPLE, by_another, speakers_by_side, swapped

WORDS = ["We regret it.", "They lie.", "We will see.", "We met halfway."]
EXAMPLES = [Example(Quote(words, "Ann Roe", f"{words} said Ann Roe"), {}, words) for words in WORDS]


class Reader(StanceClassifier):
    """Calls whatever a Chinese speaker regrets accusatory; reads nothing else off the speaker."""

    def __init__(self, scheme: LabelScheme = SCHEME) -> None:
        self.scheme, self.name = scheme, "reader"
        self.seen: list[Quote] = []

    def stream(self, quotes: Iterable[Quote | str]) -> Iterator[Prediction]:
        for quote in quotes:
            assert isinstance(quote, Quote)
            self.seen.append(quote)
            blamed = "regret" in quote.text and quote.speaker == SPOKESPEOPLE[1]
            labels = {"side": "US", "stance": "accusatory" if blamed else "defensive", "sentiment": "neutral"}
            axes = {name: AxisScores(name, ((label, 1.0),)) for name, label in labels.items()}
            yield Prediction(quote, axes, truncated=False, model=self.name)


def test_counts_the_rows_whose_label_changes_with_the_speaker() -> None:
    found = {one.axis: one.flips for one in swapped(Reader(), EXAMPLES)}
    assert list(found) == ["stance", "sentiment"]  # the side is the speaker's
    assert found["stance"].value == pytest.approx(1 / len(WORDS))
    assert found["stance"].low < found["stance"].value < found["stance"].high
    assert found["sentiment"].value == 0


def test_the_words_are_the_same_and_nothing_else_tells_who_spoke() -> None:
    reader = Reader()
    swapped(reader, EXAMPLES)
    for first, second in zip(reader.seen[: len(WORDS)], reader.seen[len(WORDS) :], strict=True):
        assert (first.speaker, second.speaker) == SPOKESPEOPLE
        assert replace(first, speaker=None) == replace(second, speaker=None)
        assert first.context is None


def test_a_model_without_the_two_sides_has_no_such_figure() -> None:
    assert swapped(Reader(LabelScheme.from_table({"tone": ["kind", "harsh"]})), EXAMPLES) == ()
    assert swapped(Reader(LabelScheme.from_table({"side": ["EU", "UK"], "tone": ["a", "b"]})), EXAMPLES) == ()
    assert swapped(Reader(), []) == ()


def spoken(
    speaker: str | None, side: str | None, readers: dict[str, tuple[str, ...]] | None = None
) -> Example:
    labels = {"side": side, "stance": "accusatory", "sentiment": "negative"}
    return Example(Quote("They lie.", speaker, "They met."), labels, "g", readers=readers or {})


def test_a_row_can_be_shown_as_said_by_another_side() -> None:
    readers = {"side": ("US", "US"), "stance": ("accusatory", "defensive")}
    rows = [spoken("a senator", "US", readers), spoken("a ministry", "China"), spoken(None, "neutral")]
    rows[1] = replace(rows[1], quote=replace(rows[1].quote, date="2019"))
    speakers = speakers_by_side(rows)
    assert speakers == {"US": [rows[0].quote], "China": [rows[1].quote]}
    found = by_another(rows[0], speakers, random.Random(1))
    assert found.quote == Quote("They lie.", "a ministry", date="2019")
    assert found.labels == {"side": "China", "stance": None, "sentiment": None}
    assert (found.readers, found.shares) == ({}, {})


def test_a_row_without_a_side_or_without_another_stays_as_it_is() -> None:
    row = spoken("a senator", "US")
    assert by_another(row, {"US": [row.quote]}, random.Random(1)) is row
    unknown = spoken("somebody", None)
    assert by_another(unknown, {"US": [row.quote]}, random.Random(1)) is unknown
