"""How fast quotations are classified, beside what else a user would pick: a page in Markdown for the README.

    python -m tests.benchmarks.speed [--quick] [--texts TABLE]

All in one run on one machine, in rounds that alternate between the peers, each of which has a process of its
own: medians of the rounds, and in brackets what half of the ratios lie between. The texts are 640 authored
quotations with their speakers, which vary in length as real ones do; --texts takes a table of yours. The
peers: the transformers pipeline on the weights of the same folder; mean embeddings of the same encoder with
logistic regression, as SetFit has them (its contrastive fine-tuning changes no speed); TF-IDF with logistic
regression. These two are fitted to the authored quotations, so that the table can tell what speed costs;
macro-F1 is on the quotations of invented news. Then what a quotation costs by its length, by the size of the
batch and by the number of cores, and which share of the machine's int8 products that is.
"""

import argparse
import importlib.metadata
import itertools
import json
import multiprocessing
import platform
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
import onnx
import onnxruntime
import torch
import transformers
from onnx import helper, numpy_helper
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score

from stance.classifier import load
from stance.encoding import Encoder
from stance.folder import GRAPH, ModelFolder, shipped_path
from stance.quotes import Quote
from stance.tables import read_rows
from tests.benchmarks.processes import ROOT, cost
from training import network
from training.bases import Base
from training.markdown import table

DATA = ROOT / "training/data"
FOLDER = shipped_path()
PEER = "transformers pipeline"
OURS = "stance"
TEXTS, SINGLE, BATCH = 640, 60, 32
FASTER, SOONER = 6, 5  # than the pipeline: in batches, and with one quotation
WORDS, BATCHES, AGAIN = (8, 16, 32, 64, 128), (1, 8, 32, 256), 20
CUBE = 2048  # of the product that shows the machine's peak
AXES = ("side", "stance", "sentiment")
LONG = "We have said it before and we say it again, because nobody seems to listen to us here. " * 20


def rows(name: str) -> list[dict[str, Any]]:
    lines = (DATA / name).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def quotes_of(found: Sequence[dict[str, Any]]) -> list[Quote]:
    return [Quote(row["quote"], row.get("speaker") or None) for row in found]


Result = TypeVar("Result")
Labels = list[tuple[str, ...]]
Work = Callable[[Sequence[Quote]], Labels]


@dataclass(frozen=True)
class Peer:
    """One way to classify: many at once, and one by one."""

    many: Work
    one: Work


def ours() -> Peer:
    classifier = load()

    def many(quotes: Sequence[Quote]) -> Labels:
        return [tuple(p[a].label for a in AXES) for p in classifier.classify_many(quotes)]

    def one(quotes: Sequence[Quote]) -> Labels:
        found = [classifier.classify(quote.text, speaker=quote.speaker) for quote in quotes]
        return [tuple(p[a].label for a in AXES) for p in found]

    return Peer(many, one)


def pipeline() -> Peer:
    pipe = transformers.pipeline(
        "text-classification",
        model=str(FOLDER),
        dtype=torch.float32,
        device="cpu",
        top_k=None,
        function_to_apply="none",
    )

    def labels(scores: list[dict[str, Any]]) -> tuple[str, ...]:
        best: dict[str, tuple[float, str]] = {}
        for one in scores:
            axis, _, label = one["label"].partition("=")
            best[axis] = max(best.get(axis, (-np.inf, "")), (one["score"], label))
        return tuple(best[axis][1] for axis in AXES)

    def shown(quotes: Sequence[Quote]) -> list[dict[str, str]]:
        return [{"text": q.text, "text_pair": q.speaker or ""} for q in quotes]

    return Peer(
        lambda quotes: [labels(found) for found in pipe(shown(quotes), batch_size=BATCH)],
        lambda quotes: [labels(pipe(one)) for one in shown(quotes)],
    )


def regressed(features: Callable[[Sequence[Quote]], Any]) -> Peer:
    train = authored()
    seen = features(quotes_of(train))
    fitted = [LogisticRegression(max_iter=1000).fit(seen, [row[axis] for row in train]) for axis in AXES]

    def many(quotes: Sequence[Quote]) -> Labels:
        found = features(quotes)
        return list(zip(*(model.predict(found) for model in fitted), strict=True))

    return Peer(many, lambda quotes: [many([quote])[0] for quote in quotes])


def authored() -> list[dict[str, Any]]:
    return [row for row in rows("authored.jsonl") if all(row.get(axis) for axis in AXES)]


def embedded() -> Peer:
    return regressed(network.embedder(Base(FOLDER, "shipped"), window=256))


def by_words() -> Peer:
    def joined(quotes: Sequence[Quote]) -> list[str]:
        return [f"{quote.text} | {quote.speaker or ''}" for quote in quotes]

    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True).fit(joined(quotes_of(authored())))
    return regressed(lambda quotes: words.transform(joined(quotes)))


PEERS = {
    OURS: ours,
    PEER: pipeline,
    "embeddings and logistic regression": embedded,
    "TF-IDF and logistic regression": by_words,
}


def timed(work: Callable[[], Result]) -> tuple[float, Result]:
    begun = time.perf_counter()
    said = work()
    return time.perf_counter() - begun, said


def seconds(work: Callable[[], object]) -> float:
    return timed(work)[0]


def serve(name: str, end: Connection) -> None:
    """One peer in a process of its own: quotations in, labels out, and seconds for all, or for one."""
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    peer = PEERS[name]()
    while (asked := end.recv()) is not None:
        how, quotes = asked
        if how == "many":
            end.send(timed(lambda quotes=quotes: peer.many(quotes)))
        else:
            found = [timed(lambda quote=quote: peer.one([quote])) for quote in quotes]
            end.send((statistics.median(taken for taken, _ in found), [said[0] for _, said in found]))


class Started:
    """A peer at work elsewhere."""

    def __init__(self, name: str) -> None:
        context = multiprocessing.get_context("spawn")
        self._end, theirs = context.Pipe()
        context.Process(target=serve, args=(name, theirs), daemon=True).start()

    def ask(self, how: str, quotes: Sequence[Quote]) -> tuple[float, Labels]:
        self._end.send((how, list(quotes)))
        return cast(tuple[float, Labels], self._end.recv())

    def close(self) -> None:
        self._end.send(None)


def ratio(found: Sequence[float]) -> str:
    """The median, and between what half of the rounds lie."""
    low, high = np.quantile(found, (0.25, 0.75))
    return f"{statistics.median(found):.1f}× ({low:.1f}–{high:.1f})"


def against_peers(texts: Sequence[Quote], rounds: int) -> tuple[str, float, float]:
    """The table, and by how much the pipeline is outdone: in throughput, and with one quotation."""
    measured = rows("news_held_out.jsonl")
    started = {name: Started(name) for name in PEERS}
    many: dict[str, list[float]] = {name: [] for name in PEERS}
    one: dict[str, list[float]] = {name: [] for name in PEERS}
    for peer in started.values():
        peer.ask("many", texts[:BATCH])
        peer.ask("one", texts[:3])
    for _ in range(rounds):
        # Short blocks, so that peers meet the same moods of a shared machine; threads of the one before rest.
        for name, peer in started.items():
            peer.ask("one", texts[:3])
            one[name].append(peer.ask("one", texts[:SINGLE])[0])
        for name, peer in started.items():
            peer.ask("one", texts[:3])
            many[name].append(len(texts) / peer.ask("many", texts)[0])
    lines = []
    outdone = 0.0, 0.0
    for name, peer in started.items():
        faster = [a / b for a, b in zip(many[name], many[PEER], strict=True)]
        sooner = [b / a for a, b in zip(one[name], one[PEER], strict=True)]
        if name == OURS:
            outdone = statistics.median(faster), statistics.median(sooner)
        said = peer.ask("many", quotes_of(measured))[1]
        right = f1_score([row["stance"] for row in measured], [one[1] for one in said], average="macro")
        lines.append(
            (
                name,
                f"{statistics.median(many[name]):,.0f}",
                ratio(faster),
                f"{statistics.median(one[name]) * 1e3:.1f} ms",
                ratio(sooner),
                f"{right:.2f}",
            )
        )
        peer.close()
    head = (
        "",
        "quotations a second",
        "to the pipeline",
        "one quotation",
        "to the pipeline",
        "stance, macro-F1",
    )
    return table(head, lines), *outdone


def start() -> str:
    """From a cold process with warm disk to the first answer, and its memory."""
    code = {
        OURS: "import stance; stance.classify('We welcome the talks.')",
        PEER: "import torch, transformers; transformers.pipeline('text-classification', "
        f"model={str(FOLDER)!r}, dtype=torch.float32)('We welcome the talks.')",
    }
    lines = []
    for name, program in code.items():
        command = [sys.executable, "-c", program]
        cost(command)
        found = [cost(command) for _ in range(5)]
        waited = [one.seconds for one in found]
        lines.append(
            (
                name,
                f"{statistics.median(waited):.2f} s ({min(waited):.2f}–{max(waited):.2f})",
                f"{max(one.megabytes for one in found):,.0f} MB",
            )
        )
    return table(("cold process", "first answer after", "peak memory"), lines)


def by_size(rounds: int) -> str:
    """What a quotation costs by its length, the size of the batch and the cores."""
    models = {cores: load(threads=cores) for cores in (1, 2)}
    found: dict[tuple[int, int, int], list[float]] = {}
    for _ in range(rounds):
        for words, batch, (cores, model) in itertools.product(WORDS, BATCHES, models.items()):
            quotes = [" ".join(LONG.split()[:words])] * batch
            work = partial(model.classify_many, quotes)
            taken = statistics.median(seconds(work) for _ in range(-(-AGAIN // batch)))
            found.setdefault((words, batch, cores), []).append(taken / batch * 1e3)
    lines = [
        (
            str(words),
            *(
                " / ".join(f"{statistics.median(found[words, batch, cores]):.2f}" for cores in models)
                for batch in BATCHES
            ),
        )
        for words in WORDS
    ]
    head = ("words, and ms on one core / on two", *(f"{batch} at a time" for batch in BATCHES))
    return table(head, lines)


def operations(tokens: int, quotes: int) -> float:
    """Multiplications and additions of the products with weights in the shipped graph."""
    graph = onnx.load(FOLDER / GRAPH).graph
    sizes = {one.name: int(np.prod(one.dims)) for one in graph.initializer}
    once = each = 0
    for node in graph.node:
        if node.op_type == "MatMulIntegerToFloat":
            size = sizes[node.input[1]]
            # The last layer computes one token a quotation, of which all that follows from it is named.
            once, each = (once + size, each) if "_first" in node.input[0] else (once, each + size)
    return 2.0 * (each * tokens + once * quotes)


def peak(cores: int) -> float:
    """Operations a second of a plain int8 product."""
    rng = np.random.default_rng(0)
    weight = rng.integers(-60, 60, (CUBE, CUBE), dtype=np.int8)
    graph = helper.make_graph(
        [helper.make_node("MatMulInteger", ["a", "w"], ["y"])],
        "product",
        [helper.make_tensor_value_info("a", onnx.TensorProto.UINT8, [CUBE, CUBE])],
        [helper.make_tensor_value_info("y", onnx.TensorProto.INT32, [CUBE, CUBE])],
        [numpy_helper.from_array(weight, "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = cores
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    given = {"a": rng.integers(0, 255, (CUBE, CUBE), dtype=np.uint8)}
    session.run(None, given)
    return 2.0 * CUBE**3 / statistics.median(seconds(lambda: session.run(None, given)) for _ in range(15))


def tokens_of(quotes: Sequence[Quote]) -> list[int]:
    folder = ModelFolder.shipped()
    return [len(one.ids) for one in Encoder(folder.tokenizer(), window=folder.window).encode(quotes)]


def lengths(quotes: Sequence[Quote]) -> str:
    found = tokens_of(quotes)
    padded = sum(max(found[i : i + BATCH]) * len(found[i : i + BATCH]) for i in range(0, len(found), BATCH))
    return (
        f"{len(found):,} quotations of {statistics.mean(found):.0f} tokens (standard deviation "
        f"{statistics.pstdev(found):.0f}); batches of {BATCH} in the order given are "
        f"{1 - sum(found) / padded:.0%} padding."
    )


def share_of_peak(quotes: Sequence[Quote], cores: int = 2) -> str:
    classifier = load(threads=cores)
    quotes = list(quotes) * 2
    tokens = sum(tokens_of(quotes))
    classifier.classify_many(quotes)
    best = peak(cores)
    taken = statistics.median(seconds(lambda: classifier.classify_many(quotes)) for _ in range(5))
    reached = operations(tokens, len(quotes)) / taken
    return (
        f"A plain int8 product of {CUBE}³ runs at {best / 1e9:,.0f} GOP/s on {cores} cores; the products of "
        f"the model, all else that a quotation needs included in the time, at {reached / 1e9:,.0f}: "
        f"{reached / best:.0%} of it ({len(quotes):,} quotations of {tokens / len(quotes):.0f} tokens)."
    )


def machine() -> str:
    packages = ("onnxruntime", "torch", "transformers")
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages)
    try:
        name = next(
            line.split(":")[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        )
    except (OSError, StopIteration):
        name = platform.processor() or platform.machine()
    return f"{name}, {torch.get_num_threads()} cores, Python {platform.python_version()}, {versions}"


def main() -> None:
    """Print the page; exit with 1 where the pipeline is not outdone as it should be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one round: to see that it runs")
    parser.add_argument("--texts", type=Path, help="quotations of your own, with columns quote and speaker")
    given = parser.parse_args()
    rounds = 1 if given.quick else 11
    own = [row for _, row in read_rows(given.texts)] if given.texts else rows("authored.jsonl")
    texts = quotes_of(own)[:TEXTS]
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    print(machine(), lengths(texts), sep="\n\n", end="\n\n", flush=True)
    found, faster, sooner = against_peers(texts, rounds)
    print(found, end="\n\n", flush=True)
    for part in (start, lambda: by_size(rounds), lambda: share_of_peak(texts)):
        print(part(), end="\n\n", flush=True)
    if not (given.quick or given.texts) and (faster < FASTER or sooner < SOONER):
        raise SystemExit(
            f"{faster:.1f} times the throughput of the pipeline and {sooner:.1f} times sooner with one "
            f"quotation, where {FASTER} and {SOONER} are wanted."
        )


if __name__ == "__main__":
    main()
