"""What each step of the export is worth: a table for training/results/graph.md.

    python -m tests.benchmarks.graphs [TABLE]

The shipped weights are exported with one step or another left out. For each graph: how long a batch of 19 by
40 tokens takes on one core, as a ratio to the graph as it is shipped, median over alternating rounds; on the
quotations of a table (by default those of invented news) the share of rows with the label of the network in
fp32, and the mean difference of the probability of its label; how far a probability moves when quotations are
computed one by one instead of 32 together.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from onnxruntime.quantization import QuantType, quantize_dynamic

from stance.calibration import Floats, probabilities
from stance.encoding import Batch, Encoder
from stance.folder import ModelFolder
from stance.quotes import Quote
from stance.runtime import OnnxModel, logits_of
from stance.tables import read_rows
from tests.benchmarks.speed import quotes_of, rows
from training import export, optimisation, quantisation
from training.markdown import table

ROUNDS, SHAPE, TOGETHER, ALONE = 25, (19, 40), 32, 500
FOLDER = ModelFolder.shipped()
ENCODER = Encoder(FOLDER.tokenizer(), window=FOLDER.window, pad_id=FOLDER.pad_id)


def plain(most: int) -> Callable[[Floats], tuple[Any, Floats]]:
    """Weights as bytes up to ``most``, whatever their neighbours are."""

    def in_bytes(weight: Floats) -> tuple[Any, Floats]:
        scales = np.maximum(np.abs(weight).max(axis=0), 1e-12).astype(np.float32) / most
        return np.round(weight / scales).astype(np.int8), scales

    return in_bytes


@contextmanager
def nothing() -> Iterator[None]:
    yield


def unfused() -> Any:
    return patch.object(optimisation, "fuse", lambda model: None)


def quantiser(**values: Any) -> Callable[[], Any]:
    return lambda: patch.multiple(quantisation, **values)


# Name → precision, whether it is shown quotations, and what is left out.
GRAPHS: dict[str, tuple[str, bool, Callable[[], Any]]] = {
    "as shipped": ("int8", True, nothing),
    "fp32, as the exporter writes it": ("fp32", False, unfused),
    "fp32, fused": ("fp32", False, nothing),
    "int8 as shipped, not fused": ("int8", True, unfused),
    "a scale for each token everywhere": ("int8", False, nothing),
    "one scale for all tokens everywhere": ("int8", True, quantiser(EVEN=np.inf)),
    "columns not brought together": ("int8", True, quantiser(BALANCE=0.0, EVEN=np.inf)),
    "weights in 7 bits": ("int8", True, quantiser(_in_bytes=plain(63))),
    "weights in 8 bits, neighbours may overflow": ("int8", True, quantiser(_in_bytes=plain(127))),
}
PLAIN = "onnxruntime's quantize_dynamic"


def graphs(folder: Path, shown: Sequence[Quote]) -> dict[str, OnnxModel]:
    network = export.written(FOLDER.path)
    batches = export.shown(ENCODER, shown)
    found = {}
    for name, (precision, shows, change) in GRAPHS.items():
        path = folder / f"{len(found)}.onnx"
        with change():
            export.graph(path, network, precision=precision, shown=batches if shows else ())
        found[name] = opened(path)
    with unfused():
        export.graph(folder / "plain.onnx", network, precision="fp32")
    quantize_dynamic(
        folder / "plain.onnx", folder / "dynamic.onnx", weight_type=QuantType.QInt8, per_channel=True
    )
    return found | {PLAIN: opened(folder / "dynamic.onnx")}


def opened(path: Path) -> OnnxModel:
    return OnnxModel(path.read_bytes(), where=str(path), width=FOLDER.scheme.width, threads=1)


def ratios(models: dict[str, OnnxModel]) -> dict[str, float]:
    rng = np.random.default_rng(0)
    ids = rng.integers(1000, 20000, SHAPE)
    encoded = [Batch(ids, np.ones_like(ids), np.zeros_like(ids))] * ROUNDS
    taken: dict[str, list[float]] = {name: [] for name in models}
    for batch in encoded:
        for name, model in models.items():
            begun = time.perf_counter()
            model.logits(batch)
            taken[name].append(time.perf_counter() - begun)
    shipped = np.array(taken["as shipped"])
    return {name: statistics.median(np.array(times) / shipped) for name, times in taken.items()}


def main(paths: Sequence[str]) -> None:
    """Print the table."""
    given = [row for _, row in read_rows(Path(paths[0]))] if paths else rows("news_held_out.jsonl")
    quotes, shown = quotes_of(given), quotes_of(rows("authored.jsonl")[::3])
    encoded, width = ENCODER.encode(quotes), FOLDER.scheme.width
    with tempfile.TemporaryDirectory() as folder:
        models = graphs(Path(folder), shown)
        exact = logits_of(models["fp32, as the exporter writes it"], ENCODER, encoded, width=width)
        times, cells = ratios(models), []
        for name, model in models.items():
            found = logits_of(model, ENCODER, encoded, width=width)
            some = encoded[:ALONE]
            alone = np.concatenate([model.logits(ENCODER.pad([one])) for one in some])
            together = np.concatenate(
                [model.logits(ENCODER.pad(some[i : i + TOGETHER])) for i in range(0, len(some), TOGETHER)]
            )
            same, apart, moved = list[str](), list[float](), 0.0
            for axis in FOLDER.scheme.axes:
                one, other = (probabilities(each[:, axis.slice]) for each in (found, exact))
                top = other.argmax(axis=1)
                same.append(f"{(one.argmax(axis=1) == top).mean():.1%}")
                apart.append(float(np.abs(one - other)[np.arange(len(top)), top].mean()))
                pair = [probabilities(each[:, axis.slice]) for each in (alone, together)]
                moved = max(moved, float(np.abs(pair[0] - pair[1]).max()))
            cells.append((name, f"{times[name]:.2f}", *same, f"{np.mean(apart):.4f}", f"{moved:.4f}"))
    print(f"{len(quotes):,} quotations\n")
    print(table(("graph", "time", *FOLDER.scheme.names, "probability", "neighbours"), cells))


if __name__ == "__main__":
    main(sys.argv[1:])
