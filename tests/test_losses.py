from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from stance.quotes import Quote
from tests.conftest import SCHEME
from training.labelled import Example
from training.losses import MISSING, MaskedCrossEntropy, class_weights, target_row

EVEN = [torch.ones(3)] * 3


def row(side: int, stance: int, sentiment: int, weight: float = 1) -> list[float]:
    """The labels of a row as training gives them: positions, targets of all outputs, the weight, no twin."""
    places = (side, stance, sentiment)
    return [*places, *(float(place == k) for place in places for k in range(3)), weight, -1]


def loss(logits: list[list[float]], labels: list[list[float]], weights: list[torch.Tensor] = EVEN) -> float:
    outputs = SimpleNamespace(logits=torch.tensor(logits))
    return float(MaskedCrossEntropy(SCHEME, weights)(outputs, torch.tensor(labels)))


def example(stance: str | None, *readers: str) -> Example:
    labels = {"side": "US", "stance": stance, "sentiment": None}
    return Example(Quote("We will see."), labels, "g", readers={"stance": readers} if readers else {})


def test_a_sure_right_answer_costs_nothing_and_a_missing_label_neither() -> None:
    assert loss([[50.0, 0, 0, 0, 50, 0, 1, 2, 3]], [row(0, 1, MISSING)]) == pytest.approx(0)


def test_an_even_guess_costs_the_logarithm_of_the_labels_on_each_axis() -> None:
    assert loss([[0.0] * 9], [row(0, 1, 2)]) == pytest.approx(3 * torch.log(torch.tensor(3.0)).item())


def test_a_row_counts_by_its_weight() -> None:
    good, bad = [50.0] + [0.0] * 8, [0.0, 50.0] + [0.0] * 7
    rows = [row(0, MISSING, MISSING, 3), row(0, MISSING, MISSING)]
    assert loss([good, bad], rows) == pytest.approx(50 / 4)


def test_rare_labels_weigh_more() -> None:
    side, stance, _ = class_weights([[0, 0, MISSING], [0, 1, MISSING], [1, 2, MISSING]], SCHEME)
    assert side.tolist() == pytest.approx([0.75, 1.5, 1.0])
    assert stance.tolist() == pytest.approx([1, 1, 1])


def test_a_twin_that_is_read_otherwise_costs_on_all_axes_but_the_side() -> None:
    def cost(twin: list[float], consistency: float = 0.5) -> float:
        labels = [row(0, 1, MISSING), [*row(1, MISSING, MISSING)[:-1], 0]]
        outputs = SimpleNamespace(logits=torch.tensor([[50.0, 0, 0, 0, 50, 0, 0, 0, 0], twin]))
        return float(MaskedCrossEntropy(SCHEME, EVEN, consistency)(outputs, torch.tensor(labels)))

    assert cost([0.0, 50, 0, 0, 50, 0, 0, 0, 0]) == pytest.approx(0)
    assert cost([0.0, 50, 0, 0, 0, 50, 0, 0, 0]) == pytest.approx(0.5 * 2 * 50)
    assert cost([0.0, 50, 0, 0, 0, 50, 0, 0, 0], 0.0) == pytest.approx(0)
    assert cost([50.0, 0, 0, 0, 50, 0, 0, 0, 0]) == pytest.approx(50 / 2), "its side is another"


def test_the_target_is_what_the_coders_say_in_shares() -> None:
    both = target_row(example("accusatory", "accusatory", "defensive"), SCHEME)
    assert both == [1, 0, 0, 0.5, 0, 0.5, 0, 0, 0]
    gap = target_row(example("accusatory", "accusatory", "", "defensive", "accusatory"), SCHEME)
    assert gap[3:6] == pytest.approx([2 / 3, 0, 1 / 3])


def test_shares_that_are_given_go_before_coders() -> None:
    given = replace(
        example("accusatory", "accusatory", "defensive"),
        shares={"stance": {"accusatory": 0.7, "defensive": 0.3}},
    )
    assert target_row(given, SCHEME)[3:6] == [0.7, 0, 0.3]


def test_without_several_coders_the_target_is_the_label_and_without_a_label_nothing() -> None:
    assert target_row(example("defensive"), SCHEME)[3:6] == [0, 0, 1]
    assert target_row(example("defensive", "accusatory"), SCHEME)[3:6] == [0, 0, 1]
    decided = example("conciliatory", "accusatory", "defensive")  # by a third person
    assert target_row(decided, SCHEME)[3:6] == [0, 1, 0]
    assert target_row(example(None, "accusatory", "defensive"), SCHEME)[3:6] == [0, 0, 0]


def test_the_loss_of_two_coders_who_differ_is_least_halfway_between_them() -> None:
    labels = [[0, 0, MISSING, *target_row(example("accusatory", "accusatory", "defensive"), SCHEME), 1, -1]]
    sure, even = [50.0, 0, 0, 50, 0, 0, 0, 0, 0], [50.0, 0, 0, 50, 0, 50, 0, 0, 0]
    assert loss([even], labels) == pytest.approx(torch.log(torch.tensor(2.0)).item())
    assert loss([sure], labels) > 20
