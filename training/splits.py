"""Which rows train, validate and test: whole groups, and no near-duplicate on two sides."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from sklearn.model_selection import GroupShuffleSplit

from stance.errors import SettingsError
from training.copies import Clusters, fingerprint, known_groups, near_duplicates
from training.labelled import Example

MOST = 0.4  # of the rows that a base has not seen, where it has seen many, for validation or test


@dataclass(frozen=True)
class Split:
    """Examples for fitting, for choosing, and for the final figure, which is opened once."""

    train: list[Example]
    validation: list[Example]
    test: list[Example]


def split(
    examples: Sequence[Example],
    *,
    validation_share: float,
    test_share: float,
    seed: int,
    seen: Collection[str] = (),
) -> Split:
    """By the column ``split`` where all rows have one; otherwise by group, at random.

    Groups that hold near-duplicates of one another stay together. seen: fingerprints of quotations that
    the base was fitted to, whose groups can only train, as figures on them would flatter. Raises
    SettingsError where there are too few groups to divide, or only some rows say where they belong.
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
    known = known_groups(examples, seen)
    new = [example for example in examples if example.group not in known]
    if not new:
        raise SettingsError(
            f"The starting model was fitted to all {len(examples)} rows already, so none of them can measure "
            "it. Start from the model that it started from (--base), or fill the column split."
        )
    # As many as if all rows could be drawn, as long as enough new ones are left to learn from.
    if known:
        test_share, validation_share = (
            min(share * len(examples) / len(new), MOST) for share in (test_share, validation_share)
        )
    rest, test = _divide(new, test_share, seed)
    train, validation = _divide(rest, validation_share / (1 - test_share), seed)
    return Split([*(e for e in examples if e.group in known), *train], validation, test)


def grouped(examples: Sequence[Example]) -> list[str]:
    """The group of each example, where groups with near-duplicates of one another are one."""
    clusters: Clusters[str] = Clusters()
    alike = list(near_duplicates([example.quote.text for example in examples]))
    # A text that is found very often is no formula but a copy, if it is the whole text.
    places: dict[str, int] = {}
    for place, example in enumerate(examples):
        alike.append((places.setdefault(fingerprint(example.quote.text), place), place))
    for a, b in alike:
        clusters.join(examples[a].group, examples[b].group)
    return [clusters.of(example.group) for example in examples]


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
