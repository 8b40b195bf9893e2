"""Ray beside one process: ``python -m tests.benchmarks.cluster [ROWS]`` (by default 200,000).

Authored quotations with their speakers, over and over, from Parquet to Parquet on a local cluster that has a
worker for each core, and in one process in memory, before and after. What Ray takes to start is told apart.
"""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import ray
import torch

import stance.ray
from stance.classifier import load
from stance.quotes import Quote
from tests.benchmarks.speed import machine, quotes_of, rows, seconds
from training.markdown import table

FILES = 8
IN_MEMORY = 10_000
CORES = torch.get_num_threads()


def repeated(count: int) -> list[Quote]:
    quotes = quotes_of(rows("authored.jsonl"))
    return [quotes[n % len(quotes)] for n in range(count)]


def in_memory() -> float:
    """Quotations a second."""
    classifier, quotes = load(), repeated(IN_MEMORY)
    classifier.classify_many(quotes[:1000])
    return len(quotes) / seconds(lambda: classifier.classify_many(quotes))


def on_cluster(quotes: Sequence[Quote], folder: Path) -> float:
    """Seconds from the first file to the last."""
    given, found = folder / f"{len(quotes)}", folder / f"{len(quotes)}.out"
    given.mkdir()
    for n in range(FILES):
        some = quotes[n::FILES]
        columns = {"quote": [one.text for one in some], "speaker": [one.speaker for one in some]}
        pq.write_table(pa.table(columns), given / f"{n}.parquet")
    taken = seconds(lambda: stance.ray.classify(ray.data.read_parquet(str(given))).write_parquet(str(found)))
    if ray.data.read_parquet(str(found)).count() != len(quotes):
        raise SystemExit("Rows were lost.")
    return taken


def main(count: int) -> None:
    """Print the figures."""
    ray.init(
        address="local", num_cpus=CORES, include_dashboard=False, logging_level="ERROR", log_to_driver=False
    )
    before = in_memory()
    with tempfile.TemporaryDirectory() as folder:
        start = on_cluster(repeated(FILES), Path(folder))
        rate = count / (on_cluster(repeated(count), Path(folder)) - start)
    alone = (before + in_memory()) / 2
    lines = [
        (name, f"{found:,.0f}", f"{found / alone:.0%}", f"{CORES * 1e6 / found / 3600:.2f}")
        for name, found in (("one process, in memory", alone), ("Ray, Parquet to Parquet", rate))
    ]
    print(table(("", "quotations a second", "of one process", "core-hours a million"), lines))
    print(f"\n{machine()}, ray {ray.__version__}; {start:.0f} s to start Ray's workers are not in it.")


if __name__ == "__main__":
    main(*[int(one.replace(",", "")) for one in sys.argv[1:]] or [200_000])
