"""How fast quotations are found: ``python -m tests.benchmarks.quotations [ARTICLES.jsonl ...]``.

The peer is ``re.findall(r"\\w+", text)`` over the same text in the same run: find_quotes is to run at a
seventh of its speed or more. Long texts (10 MB; 100,000 unclosed marks; a line of a million characters)
are to take time in proportion to their length.
"""

import json
import re
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from stance.quotes import find_quotes

HERE = Path(__file__).parents[1] / "articles.jsonl"
ROUNDS = 7
SHARE = 7
SENTENCE = 'Envoy Ann Roe said: "We came to listen, and we are still listening." Snow fell on the city. '
LONG = {
    "10 MB of articles": lambda texts, share: "\n\n".join(texts * 200)[: int(10e6 * share)],
    "100,000 unclosed marks": lambda texts, share: ' "a' * int(100_000 * share),
    "a line of a million characters": lambda texts, share: (SENTENCE * 12_000)[: int(1e6 * share)],
}


def best(work: Callable[[], object], rounds: int) -> float:
    """Seconds of the fastest of some rounds."""
    found = []
    for _ in range(rounds):
        begun = time.perf_counter()
        work()
        found.append(time.perf_counter() - begun)
    return min(found)


def ratio(texts: Sequence[str]) -> float:
    """How many times longer find_quotes takes than the peer, in alternating rounds."""
    peer = ours = float("inf")
    for _ in range(ROUNDS):
        peer = min(peer, best(lambda: [re.findall(r"\w+", text) for text in texts], 1))
        ours = min(ours, best(lambda: [find_quotes(text) for text in texts], 1))
    return ours / peer


def main(paths: Sequence[str]) -> None:
    """Print the ratios and the times; exit with 1 where one is not as it should be."""
    missed = False
    for path in [*map(Path, paths)] or [HERE]:
        texts = [json.loads(line)["text"] for line in path.read_text(encoding="utf-8").splitlines()]
        found = ratio(texts)
        size = sum(map(len, texts)) / 1e6
        print(f"{path.name}: {size:.1f} million characters, 1/{found:.1f} of the speed of re.findall")
        missed = missed or found > SHARE
    for name, make in LONG.items():
        half, whole = (best(partial(find_quotes, make(texts, share)), 2) for share in (0.5, 1))
        print(f"{name}: {whole:.2f} s, half of it {half:.2f} s")
        missed = missed or whole > 3 * half
    if missed:
        raise SystemExit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
