from collections.abc import Sequence

import numpy as np
import pytest

from stance.labels import LabelScheme
from stance.quotes import Quote
from tests.test_figures import AXIS, LABELS, example
from training import baselines
from training.baselines import FROZEN, WORDS, Baselines, Learn
from training.dataset import BARE
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


def cross_validated(learn: Learn, examples: list[Example]) -> list[str]:
    return baselines.cross_validated(learn, AXIS, examples)


def test_the_commonest_label_is_that_of_the_training_rows() -> None:
    found = Baselines([example(C), example(C), example(A)]).predicted(AXIS, rows(4))
    assert found["commonest label"] == [C] * 4
    assert cross_validated(baselines.majority, [*rows(9), example(D)]) == [D] * 10


@pytest.mark.parametrize("groups", [1, 2, 10])
def test_words_are_learnt_by_cross_validation(groups: int) -> None:
    examples = rows(groups=groups)
    assert cross_validated(baselines.words_only, examples) == truth(examples)
    assert Baselines().predicted(AXIS, examples)[WORDS] == truth(examples)


def test_the_speaker_alone_sees_the_speaker_alone() -> None:
    by_speaker, by_words = rows(speaker=True), rows()
    assert cross_validated(baselines.speaker_only, by_speaker) == truth(by_speaker)
    assert cross_validated(baselines.speaker_only, by_words) != truth(by_words)


@pytest.mark.parametrize("groups", [1, 40], ids=["one group", "a group for each row"])
def test_no_row_is_predicted_by_what_has_learnt_it(groups: int) -> None:
    rng = np.random.default_rng(0)
    # Labels drawn at random: who has seen a row knows it, who has not can only guess.
    made = [
        Example(Quote(f"Case {i} {i * 7}."), {"stance": str(rng.choice(LABELS))}, f"article {i % groups}")
        for i in range(40)
    ]
    found = cross_validated(baselines.words_only, made)
    right = np.mean([a == b for a, b in zip(found, truth(made), strict=True)])
    assert right < 0.6
    learnt = Baselines(made).predicted(AXIS, made)[WORDS]
    assert np.mean([a == b for a, b in zip(learnt, truth(made), strict=True)]) > 0.9


def test_one_row_and_one_label_are_no_errors() -> None:
    for learn in baselines.BASELINES.values():
        assert len(cross_validated(learn, [example(D)])) == 1
        assert cross_validated(learn, [example(D, "1"), example(D, "2")]) == [D, D]


def test_rows_to_learn_from_without_a_label_are_passed_over() -> None:
    found = Baselines([*rows(9), example(None)]).predicted(AXIS, rows(6))
    assert {name: len(labels) for name, labels in found.items()} == dict.fromkeys(baselines.BASELINES, 6)
    assert Baselines([example(None)]).predicted(AXIS, rows(6)) == {}


def test_bare_quotations_are_labelled_by_their_words_alone() -> None:
    found = Baselines(rows(speaker=True)).predicted(AXIS, rows(6, speaker=True), BARE)
    assert list(found) == [WORDS]
    assert len(set(found[WORDS])) == 1, "they all say the same"


def test_embeddings_are_made_once_and_learnt_from() -> None:
    asked: list[Quote] = []

    def embed(quotes: Sequence[Quote]) -> np.ndarray:
        asked.extend(quotes)
        return np.array([["lie" in one.text, "welcome" in one.text] for one in quotes], dtype=float)

    simple = Baselines(rows(), embed)
    for _ in range(2):
        assert simple.predicted(AXIS, rows(6))[FROZEN] == truth(rows(6))
    assert len(asked) == len(set(asked)) == 30
    assert FROZEN not in simple.predicted(AXIS, rows(6), BARE)


def test_tone_is_read_as_stance_only_where_both_axes_are_those() -> None:
    (other,) = LabelScheme.from_table({"stance": ["for", "against"]}).axes
    assert baselines.reads_tone_as_stance(AXIS, ["negative", "positive"])
    assert not baselines.reads_tone_as_stance(AXIS, ["angry"])
    assert not baselines.reads_tone_as_stance(other, ["negative"])
