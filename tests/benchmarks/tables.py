"""Long tables: ``python -m tests.benchmarks.tables [ROWS ...]`` (by default 20,000 and 200,000).

Rows of some eight words, with speakers, go through ``stance classify``. Memory may not grow with their number
and stays below 500 MB, and a row takes at most a tenth longer than in memory: ``classify_many`` on 5,000,
before, after, and every ten seconds meanwhile, with the command stopped. The time to start is taken out.
"""

import csv
import itertools
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from stance.classifier import StanceClassifier, load
from stance.quotes import Quote
from tests.benchmarks.processes import cost
from training.markdown import table

MOST, GROWTH, SLOWEST = 500, 1.1, 0.9  # MB, times, and times
IN_MEMORY = 5_000
# Not for training or measuring: words that tokenise like any others.
PARTS = (
    ("We", "They", "Both sides", "Our partners", "These firms"),
    ("welcome", "reject", "have seen", "never asked for", "will study"),
    ("the talks", "such claims", "new tariffs", "this visit", "the export rules"),
    ("in spring", "without delay", "as always", "on principle", "for now"),
)
SPEAKERS = ("a US trade official", "a Chinese Foreign Ministry spokesperson", "an analyst", "")


def rows(count: int) -> Iterator[tuple[str, str, int]]:
    said = [" ".join(words) + "." for words in itertools.product(*PARTS)]
    return ((said[n % len(said)], SPEAKERS[n % len(SPEAKERS)], n) for n in range(count))


@dataclass
class InMemory:
    """Rows a second, over all that has been measured."""

    classifier: StanceClassifier
    quotes: list[Quote]
    rows: int = 0
    seconds: float = 0.0

    def measure(self) -> None:
        begun = time.perf_counter()
        self.classifier.classify_many(self.quotes)
        self.seconds += time.perf_counter() - begun
        self.rows += len(self.quotes)

    @property
    def rate(self) -> float:
        return self.rows / self.seconds


def classified(
    count: int, folder: Path, *, between: Callable[[], object] | None = None
) -> tuple[float, float]:
    """Seconds and peak memory in MB of the command line."""
    path = folder / f"{count}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["quote", "speaker", "n"])
        writer.writerows(rows(count))
    command = [Path(sys.executable).with_name("stance"), "classify", path, "-o", folder / f"{count}.out.csv"]
    found = cost([str(part) for part in command], between=between)
    if f"{count:,} rows written" not in found.errors:
        raise SystemExit(f"stance classify failed: {found.errors}")
    return found.seconds, found.megabytes


def main(counts: list[int]) -> None:
    """Print the figures; exit with 1 where one is not as it should be."""
    found: dict[int, tuple[float, float, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        start = statistics.median(classified(1, Path(folder))[0] for _ in range(3))
        quotes = [Quote(text, speaker or None) for text, speaker, _ in rows(IN_MEMORY)]
        classifier = load()
        classifier.classify_many(quotes)
        for count in counts:
            memory = InMemory(classifier, quotes)
            memory.measure()
            seconds, peak = classified(count, Path(folder), between=memory.measure)
            memory.measure()
            rate = count / (seconds - start)
            found[count] = rate, rate / memory.rate, peak
    lines = [
        (f"{count:,}", f"{rate:,.0f}", f"{share:.0%}", f"{peak:,.0f} MB")
        for count, (rate, share, peak) in found.items()
    ]
    print(table(("rows", "rows a second", "of those in memory", "peak memory"), lines), flush=True)
    first = found[counts[0]][2]
    if any(peak > min(MOST, GROWTH * first) or share < SLOWEST for _, share, peak in found.values()):
        raise SystemExit("A table is too slow, or takes too much memory.")


if __name__ == "__main__":
    main([int(one.replace(",", "")) for one in sys.argv[1:]] or [20_000, 200_000])
