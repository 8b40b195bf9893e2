import numpy as np
import pytest

from stance.labels import LabelScheme
from stance.quotes import Quote
from tests.test_figures import AXIS, LABELS, example
from training import baselines
from training.labelled import Example

A, C, D = LABELS
SAYINGS = {A: "They lie and steal", C: "We welcome the talks", D: "Nothing of the kind was done"}
SPEAKERS = {A: "a US senator", C: "a trade envoy", D: "a ministry spokesman"}


def rows(count: int = 30, *, groups: int = 10, speaker: bool = False) -> list[Example]:
    """Rows whose label can be told from the words, or from the speaker alone."""
    made = []
    for place in range(count):
        label = LABELS[place % 3]
        quote = Quote("No.", SPEAKERS[label]) if speaker else Quote(f"{SAYINGS[label]}, case {place}.")
        made.append(Example(quote, {"stance": label}, f"article {place % groups}"))
    return made


def truth(examples: list[Example]) -> list[str | None]:
    return [one.labels["stance"] for one in examples]


def test_the_commonest_label_is_that_of_the_training_rows() -> None:
    found = baselines.predicted(baselines.majority, AXIS, rows(4), [example(C), example(C), example(A)])
    assert found == [C] * 4
    without = baselines.predicted(baselines.majority, AXIS, [*rows(9), example(D)], None)
    assert without == [D] * 10


@pytest.mark.parametrize("groups", [1, 2, 10])
def test_words_are_learnt_by_cross_validation(groups: int) -> None:
    examples = rows(groups=groups)
    assert baselines.predicted(baselines.words_only, AXIS, examples, None) == truth(examples)


def test_the_speaker_alone_sees_the_speaker_alone() -> None:
    by_speaker, by_words = rows(speaker=True), rows()
    assert baselines.predicted(baselines.speaker_only, AXIS, by_speaker, None) == truth(by_speaker)
    assert baselines.predicted(baselines.speaker_only, AXIS, by_words, None) != truth(by_words)


@pytest.mark.parametrize("groups", [1, 40], ids=["one group", "a group for each row"])
def test_no_row_is_predicted_by_what_has_learnt_it(groups: int) -> None:
    rng = np.random.default_rng(0)
    # Labels drawn at random: who has seen a row knows it, who has not can only guess.
    made = [
        Example(Quote(f"Case {i} {i * 7}."), {"stance": str(rng.choice(LABELS))}, f"article {i % groups}")
        for i in range(40)
    ]
    found = baselines.predicted(baselines.words_only, AXIS, made, None)
    right = np.mean([a == b for a, b in zip(found, truth(made), strict=True)])
    assert right < 0.6
    learnt = baselines.predicted(baselines.words_only, AXIS, made, made)
    assert np.mean([a == b for a, b in zip(learnt, truth(made), strict=True)]) > 0.9


def test_one_row_and_one_label_are_no_errors() -> None:
    for predict in baselines.BASELINES.values():
        assert len(baselines.predicted(predict, AXIS, [example(D)], None)) == 1
        assert baselines.predicted(predict, AXIS, [example(D, "1"), example(D, "2")], None) == [D, D]


def test_rows_to_learn_from_without_a_label_are_passed_over() -> None:
    train = [*rows(9), example(None)]
    for predict in baselines.BASELINES.values():
        assert len(baselines.predicted(predict, AXIS, rows(6), train)) == 6
        assert len(baselines.predicted(predict, AXIS, rows(6), [example(None)])) == 6


def test_tone_is_read_as_stance_only_where_both_axes_are_those() -> None:
    (other,) = LabelScheme.from_table({"stance": ["for", "against"]}).axes
    assert baselines.reads_tone_as_stance(AXIS, ["negative", "positive"])
    assert not baselines.reads_tone_as_stance(AXIS, ["angry"])
    assert not baselines.reads_tone_as_stance(other, ["negative"])
