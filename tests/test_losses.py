from types import SimpleNamespace

import pytest
import torch

from tests.conftest import SCHEME
from training.losses import MISSING, MaskedCrossEntropy, class_weights

EVEN = [torch.ones(3)] * 3


def loss(logits: list[list[float]], labels: list[list[float]], weights: list[torch.Tensor] = EVEN) -> float:
    outputs = SimpleNamespace(logits=torch.tensor(logits))
    return float(MaskedCrossEntropy(SCHEME, weights)(outputs, torch.tensor(labels)))


def test_a_sure_right_answer_costs_nothing_and_a_missing_label_neither() -> None:
    assert loss([[50.0, 0, 0, 0, 50, 0, 1, 2, 3]], [[0, 1, MISSING, 1]]) == pytest.approx(0)


def test_an_even_guess_costs_the_logarithm_of_the_labels_on_each_axis() -> None:
    assert loss([[0.0] * 9], [[0, 1, 2, 1]]) == pytest.approx(3 * torch.log(torch.tensor(3.0)).item())


def test_a_row_counts_by_its_weight() -> None:
    good, bad = [50.0] + [0.0] * 8, [0.0, 50.0] + [0.0] * 7
    rows = [[0, MISSING, MISSING, 3.0], [0, MISSING, MISSING, 1.0]]
    assert loss([good, bad], rows) == pytest.approx(50 / 4)


def test_rare_labels_weigh_more() -> None:
    side, stance, _ = class_weights([[0, 0, MISSING], [0, 1, MISSING], [1, 2, MISSING]], SCHEME)
    assert side.tolist() == pytest.approx([0.75, 1.5, 1.0])
    assert stance.tolist() == pytest.approx([1, 1, 1])
