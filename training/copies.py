"""Which quotations are copies or near-copies of one another."""

import base64
import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Generic, TypeVar

from training.labelled import Example

RUN = 6  # words in a row by which near-duplicates are told
SHARED = 1 / 3  # of the shorter quotation's runs that make two of them near-duplicates
COMMON = 50  # a run found in more quotations than this is a formula, not a copy
LENGTH = 10  # hexadecimal digits: one in a trillion pairs of texts is taken for the same


T = TypeVar("T", str, int)


class Clusters(Generic[T]):
    """Things of which some belong together, directly or through others; the first in order stands for all."""

    def __init__(self) -> None:
        self._leader: dict[T, T] = {}

    def of(self, one: T) -> T:
        """What stands for all that belong together with this one."""
        leader = self._leader
        while leader.setdefault(one, one) != one:
            leader[one] = leader[leader[one]]
            one = leader[one]
        return one

    def join(self, a: T, b: T) -> None:
        """Let two belong together."""
        first, second = sorted((self.of(a), self.of(b)))
        self._leader[second] = first


def words(text: str) -> list[str]:
    """The words of a text, whatever their case and whatever stands between them."""
    return re.findall(r"\w+", text.casefold())


def fingerprint(text: str) -> str:
    """A hash of a text's words, whatever stands between them."""
    return hashlib.sha256(" ".join(words(text)).encode()).hexdigest()[:LENGTH]


def packed(prints: Iterable[str]) -> str:
    """Fingerprints as one short text (base64), for a manifest."""
    return base64.b64encode(bytes.fromhex("".join(sorted(set(prints))))).decode()


def unpacked(text: str | Sequence[str]) -> frozenset[str]:
    """The fingerprints in such a text; also as a list, which older manifests have."""
    if not isinstance(text, str):
        return frozenset(text)
    digits = base64.b64decode(text).hex()
    return frozenset(digits[start : start + LENGTH] for start in range(0, len(digits), LENGTH))


def fingerprints(examples: Iterable[Example]) -> list[str]:
    """Those of many, each once, in order."""
    return sorted({fingerprint(example.quote.text) for example in examples})


def known_groups(examples: Sequence[Example], seen: Collection[str]) -> set[str]:
    """The groups that hold a quotation which was seen."""
    return {example.group for example in examples if fingerprint(example.quote.text) in seen}


def near_duplicates(texts: Sequence[str]) -> Iterable[tuple[int, int]]:
    """Pairs of positions whose texts share a third of the shorter one's runs of six words."""
    runs = [runs_of(text) for text in texts]
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


def runs_of(text: str) -> set[tuple[str, ...]]:
    """The runs of six words in a text, by which copies are told; a shorter one is a run itself."""
    found = words(text)
    return {tuple(found[i : i + RUN]) for i in range(max(1, len(found) - RUN + 1))}
