"""Which rows train, validate and test: whole groups, and no near-duplicate on two sides."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sklearn.model_selection import GroupShuffleSplit

from stance.errors import SettingsError
from training.labelled import Example

RUN = 6  # words in a row by which near-duplicates are told
SHARED = 1 / 3  # of the shorter quotation's runs that make two of them near-duplicates
COMMON = 50  # a run found in more quotations than this is a formula, not a copy


@dataclass(frozen=True)
class Split:
    """Examples for fitting, for choosing, and for the final figure, which is opened once."""

    train: list[Example]
    validation: list[Example]
    test: list[Example]


def split(examples: Sequence[Example], *, validation_share: float, test_share: float, seed: int) -> Split:
    """By the column ``split`` where all rows have one; otherwise by group, at random.

    Groups that hold near-duplicates of one another stay together. Raises SettingsError where there are
    too few groups to divide, or only some rows say where they belong.
    """
    given = {example.split for example in examples}
    if None not in given and given:
        return Split(*(_of(examples, name) for name in ("train", "validation", "test")))
    if given - {None}:
        missing = sum(example.split is None for example in examples)
        raise SettingsError(
            f"{missing} of {len(examples)} rows have no split. Fill the column for all rows, or leave it out."
        )
    examples = [replace(e, group=g) for e, g in zip(examples, grouped(examples), strict=True)]
    rest, test = _divide(examples, test_share, seed)
    train, validation = _divide(rest, validation_share / (1 - test_share), seed)
    return Split(train, validation, test)


def grouped(examples: Sequence[Example]) -> list[str]:
    """The group of each example, where groups with near-duplicates of one another are one."""
    leader = {example.group: example.group for example in examples}

    def find(group: str) -> str:
        while leader[group] != group:
            leader[group] = leader[leader[group]]
            group = leader[group]
        return group

    for a, b in near_duplicates([example.quote.text for example in examples]):
        first, second = sorted((find(examples[a].group), find(examples[b].group)))
        leader[second] = first
    return [find(example.group) for example in examples]


def near_duplicates(texts: Sequence[str]) -> Iterable[tuple[int, int]]:
    """Pairs of positions whose texts share a third of the shorter one's runs of six words."""
    runs = [_runs(text) for text in texts]
    holders: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for position, found in enumerate(runs):
        for run in found:
            holders[run].append(position)
    for position, found in enumerate(runs):
        shared = Counter(
            other
            for run in found
            if len(holders[run]) <= COMMON
            for other in holders[run]
            if other > position
        )
        for other, count in shared.items():
            if count >= SHARED * min(len(found), len(runs[other])):
                yield position, other


def _runs(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.casefold())
    return {tuple(words[i : i + RUN]) for i in range(max(1, len(words) - RUN + 1))}


def _of(examples: Sequence[Example], name: str) -> list[Example]:
    return [example for example in examples if example.split == name]


def _divide(examples: Sequence[Example], share: float, seed: int) -> tuple[list[Example], list[Example]]:
    if share == 0:
        return list(examples), []
    groups = [example.group for example in examples]
    try:
        splitter = GroupShuffleSplit(n_splits=1, test_size=share, random_state=seed)
        first, second = next(splitter.split(groups, groups=groups))
    except ValueError as error:
        raise SettingsError(
            f"{len(examples)} rows in {len(set(groups))} group(s) cannot be divided: label more articles, "
            "give each article its own group, or fill the column split."
        ) from error
    return [examples[i] for i in first], [examples[i] for i in second]
