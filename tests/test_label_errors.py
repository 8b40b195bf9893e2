"""Suspects on made features: most of the injected errors are among them, and few that are none."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest

from stance.errors import SettingsError
from stance.labels import LabelScheme
from stance.quotes import Quote
from training.label_errors import refuse_test_rows, suspects
from training.labelled import Example

LABELS = ("accusatory", "conciliatory", "defensive")
SCHEME = LabelScheme.from_table({"stance": list(LABELS)})
ROWS, DIMENSIONS = 300, 16

Floats = npt.NDArray[np.floating]


def examples(labels: Sequence[str | None], *, groups: int = 60, split: str | None = None) -> list[Example]:
    return [
        Example(Quote(f"We say {i}."), {"stance": label}, group=f"article {i % groups}", split=split, line=i)
        for i, label in enumerate(labels)
    ]


def made(*, spread: float = 1.0, rows: int = ROWS, seed: int = 0) -> tuple[list[str], Floats]:
    """True labels in equal shares, and features that lie around a place of their own for each."""
    random = np.random.default_rng(seed)
    true = random.integers(0, len(LABELS), rows)
    places = random.normal(0, 2, (len(LABELS), DIMENSIONS))
    return [LABELS[i] for i in true], places[true] + random.normal(0, spread, (rows, DIMENSIONS))


def with_errors(true: Sequence[str], share: float, seed: int = 1) -> tuple[list[str], set[int]]:
    """The labels, some of them another's; and which."""
    random = np.random.default_rng(seed)
    wrong = set(random.choice(len(true), int(share * len(true)), replace=False).tolist())
    given = [random.choice([x for x in LABELS if x != t]) if i in wrong else t for i, t in enumerate(true)]
    return [str(label) for label in given], wrong


@pytest.mark.parametrize(
    ("spread", "recall", "precision"),
    [pytest.param(1.0, 0.75, 0.95, id="plain"), pytest.param(3.0, 0.55, 0.75, id="labels that overlap")],
)
def test_most_errors_are_suspected_and_little_else(spread: float, recall: float, precision: float) -> None:
    injected = suspected = hits = 0
    for seed in range(2):
        true, features = made(spread=spread, seed=seed)
        given, wrong = with_errors(true, 0.1, seed)
        lines = [one.example.line for one in suspects(examples(given), SCHEME, features)]
        assert len(set(lines)) == len(lines)
        injected, suspected = injected + len(wrong), suspected + len(lines)
        hits += len(wrong & set(lines))
    assert hits >= recall * injected
    assert hits >= precision * suspected


def test_a_suspect_says_what_it_is_rather_and_how_sure_the_others_are() -> None:
    true, features = made()
    given, wrong = with_errors(true, 0.1)
    found = [one for one in suspects(examples(given), SCHEME, features) if one.example.line in wrong]
    for one in found:
        assert (one.axis, one.given) == ("stance", given[one.example.line])
        assert one.suggested == true[one.example.line]
        assert 0 <= one.confidence < 0.5
    confidences = [one.confidence for one in found]
    assert confidences == sorted(confidences)  # the likeliest errors first


def test_where_nothing_is_wrong_hardly_anything_is_suspected() -> None:
    true, features = made()
    assert len(suspects(examples(true), SCHEME, features)) <= 0.02 * ROWS


def test_rows_without_a_label_and_axes_with_few_are_passed_over() -> None:
    true, features = made()
    given: list[str | None] = [*true]
    given[::2] = [None] * len(given[::2])
    assert all(one.example.line % 2 for one in suspects(examples(given), SCHEME, features))
    assert suspects(examples(given[:60]), SCHEME, features[:60]) == []  # thirty labelled rows
    assert suspects(examples(["accusatory"] * 90), SCHEME, features[:90]) == []
    assert suspects([], SCHEME, np.zeros((0, DIMENSIONS))) == []


def test_a_rare_label_does_not_hide_the_errors_of_the_others() -> None:
    true, features = made()
    kept = [i for i, label in enumerate(true) if label != "defensive"]
    given, wrong = [true[i] for i in kept], range(10, 30)
    for i in wrong:
        given[i] = "accusatory" if given[i] == "conciliatory" else "conciliatory"
    given[:3] = ["defensive"] * 3
    found = {one.example.line for one in suspects(examples(given), SCHEME, features[kept])}
    assert len(found & set(wrong)) > len(wrong) / 2
    assert not found & {0, 1, 2}


@pytest.mark.parametrize("groups", [1, 2, 3])
def test_few_groups_give_few_suspects_but_no_failure(groups: int) -> None:
    true, features = made()
    given, wrong = with_errors(true, 0.1)
    found = {one.example.line for one in suspects(examples(given, groups=groups), SCHEME, features)}
    assert bool(found & wrong) == (groups > 1)


def test_a_label_that_only_two_articles_have() -> None:
    true, features = made()
    given = ["defensive" if i % 60 in (0, 1) else "accusatory" for i in range(ROWS)]
    assert isinstance(suspects(examples(given), SCHEME, features), list)
    assert len(true) == len(given)


def test_test_rows_are_refused() -> None:
    true, features = made(rows=60)
    mixed = [*examples(true[:50]), *examples(true[50:], split="test")]
    with pytest.raises(SettingsError, match="10 rows belong to the test split, which must not be cleaned"):
        suspects(mixed, SCHEME, features)
    refuse_test_rows(examples(true, split="train"))


def test_the_same_seed_gives_the_same_suspects() -> None:
    true, features = made(spread=3)
    given, _ = with_errors(true, 0.1)
    assert suspects(examples(given), SCHEME, features) == suspects(examples(given), SCHEME, features)
