import pytest

from stance.errors import SettingsError
from stance.quotes import Quote
from training.copies import near_duplicates
from training.labelled import Example
from training.splits import Split, grouped, split


def example(text: str, group: str, given: str | None = None) -> Example:
    return Example(Quote(text), {"side": "US"}, group=group, split=given)


def divided(examples: list[Example]) -> Split:
    return split(examples, validation_share=0.2, test_share=0.2, seed=1)


def test_a_group_is_never_divided_and_every_row_has_its_place() -> None:
    examples = [example(f"text number {i}", f"group {i % 20}") for i in range(100)]
    found = divided(examples)
    parts = [{e.group for e in part} for part in (found.train, found.validation, found.test)]
    assert len(set.union(*parts)) == sum(len(part) for part in parts)
    assert sum(len(part) for part in vars(found).values()) == 100
    assert [len(part) for part in parts] == [12, 4, 4]


def test_the_seed_decides() -> None:
    examples = [example(f"text number {i}", f"group {i}") for i in range(50)]
    assert divided(examples) == divided(examples)
    assert split(examples, validation_share=0.2, test_share=0.2, seed=2) != divided(examples)


def test_near_duplicates_stay_on_one_side() -> None:
    text = "we have always said that the door to talks is open to everybody who comes"
    examples = [example(f"{text} {i}", f"group {i}") for i in range(5)]
    examples += [example(f"another thing {i} altogether", f"other {i}") for i in range(10)]
    assert len(set(grouped(examples))) == 11
    found = divided(examples)
    assert [sum("door to talks" in e.quote.text for e in part) for part in vars(found).values()].count(0) == 2


def test_short_quotations_are_duplicates_only_when_equal() -> None:
    assert list(near_duplicates(["We hope so.", "we hope so", "We hope not."])) == [(0, 1)]


def test_a_given_split_is_kept() -> None:
    examples = [example("a", "1", "train"), example("b", "1", "validation"), example("c", "1", "test")]
    assert [len(part) for part in vars(divided(examples)).values()] == [1, 1, 1]


def test_a_split_for_some_rows_only_is_refused() -> None:
    with pytest.raises(SettingsError, match="1 of 2 rows have no split"):
        divided([example("a", "1", "train"), example("b", "2")])


def test_one_group_cannot_be_divided() -> None:
    with pytest.raises(SettingsError, match=r"2 rows in 1 group\(s\) cannot be divided"):
        divided([example("a", "1"), example("b", "1")])
