"""A fitted network → a model folder that stance can load, used once before it gets its name."""

import json
import logging
import shutil
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from stance.calibration import AxisCalibration, Floats, probabilities
from stance.classifier import StanceClassifier
from stance.encoding import Batch, Encoder, batches
from stance.errors import ModelFolderError, SettingsError
from stance.folder import CARD, CONFIG, FORMAT, GRAPH, MANIFEST, TOKENIZER, WEIGHTS, ModelFolder, sha256
from stance.labels import LabelScheme
from stance.quotes import Quote
from stance.runtime import BATCH_TOKENS, OnnxModel, logits_of
from training import optimisation
from training.bases import Base
from training.network import TorchModel, takes_types
from training.optimisation import INT8

LEAST_AGREEMENT = 0.9  # below it the graph is not the network that was fitted
INPUTS = ("input_ids", "attention_mask", "token_type_ids")


@dataclass(frozen=True, slots=True)
class Parity:
    """How far the graph is from the weights, in fp32, on validation rows, by axis.

    agreement: share of rows with the same label. difference: mean absolute difference of the
    probabilities of the likeliest label. neighbours: the largest difference that it makes to a
    probability whether a quotation is computed alone or in a batch. flips: share of rows whose label
    changes with it.
    """

    axis: str
    agreement: float
    difference: float
    neighbours: float
    flips: float


def check_place(output: Path) -> None:
    """SettingsError where a model folder cannot be written to ``output`` without loss of something else.

    Gives a former model its name back, if a process was killed while the new one took its place.
    """
    if output.name in ("", ".."):
        raise SettingsError(f"{output} is no name for a model. Give a folder such as models/mine.")
    former = _former(output)
    if not output.exists() and (former / MANIFEST).exists():
        former.rename(output)
    if output.is_dir() and ((output / MANIFEST).exists() or not any(output.iterdir())):
        return
    if output.exists():
        raise SettingsError(
            f"{output} exists and is not a model, so it is not replaced. Give the name of a new folder, such "
            f"as {output / 'mine' if output.is_dir() else 'models/mine'}."
        )


@contextmanager
def staged(output: Path) -> Iterator[Path]:
    """A folder beside ``output`` that takes its name, and its place, only when all is done."""
    folder, former = output.with_name(f".{output.name}.unfinished"), _former(output)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
        _discard(former)
        if output.exists():
            output.rename(former)
        folder.rename(output)
        _discard(former)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _former(output: Path) -> Path:
    return output.with_name(f".{output.name}.former")


def _discard(model: Path) -> None:
    # First what makes it a model: half of one that was being deleted must not come back.
    (model / MANIFEST).unlink(missing_ok=True)
    shutil.rmtree(model, ignore_errors=True)


def weights(folder: Path, model: Any, base: Base) -> Any:
    """Write weights (half precision), config and tokenizer; returns the network as it was written."""
    model.half().save_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(base.folder)
    tokenizer.backend_tokenizer.no_truncation()
    tokenizer.backend_tokenizer.no_padding()
    tokenizer.save_pretrained(folder)
    path = folder / TOKENIZER
    compact = json.dumps(json.loads(path.read_text("utf-8")), ensure_ascii=False, separators=(",", ":"))
    path.write_text(compact, encoding="utf-8")
    # Some versions of safetensors let only the owner read it.
    (folder / WEIGHTS).chmod((folder / CONFIG).stat().st_mode)
    return written(folder)


def written(folder: Path) -> Any:
    """The network whose weights are in a folder, in fp32."""
    loaded = AutoModelForSequenceClassification.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager"
    )
    return loaded.eval()


def graph(path: Path, model: Any, *, precision: str = INT8, shown: Sequence[Batch] = ()) -> None:
    """Write the network as an ONNX graph.

    precision: int8 for processors, fp16 for GPUs, or fp32. shown: what the network will read, which tells
    how finely int8 has to divide the values; without, each token is measured when it is there.
    """
    names = INPUTS if takes_types(model) else INPUTS[:2]
    axes = {0: torch.export.Dim("quotes"), 1: torch.export.Dim("length")}
    with _quiet_exporter():
        program = torch.onnx.export(
            model,
            (),
            # The exporter takes one tensor that is given twice for one input.
            kwargs={name: torch.ones(2, 16, dtype=torch.int64) for name in names},
            input_names=list(names),
            output_names=["logits"],
            dynamic_shapes=dict.fromkeys(names, axes),
            dynamo=True,
            verbose=False,
        )
    assert program is not None  # as it is only where an export is to be continued by hand
    optimisation.save(program.model_proto, path, precision=precision, shown=shown)


def shown(encoder: Encoder, quotes: Sequence[Quote]) -> list[Batch]:
    """Quotations as the network reads them, in turn with and without what is known beside their words."""
    varied = [quote if place % 2 else Quote(quote.text) for place, quote in enumerate(quotes)]
    encoded = encoder.encode(varied)
    found = batches([len(one.ids) for one in encoded], tokens=BATCH_TOKENS)
    return [encoder.pad([encoded[i] for i in places]) for places in found]


@contextmanager
def _quiet_exporter() -> Iterator[None]:
    # It tells of packages that no network here needs, and of its own plans.
    exporter = logging.getLogger("torch.onnx")
    before = exporter.level
    exporter.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        exporter.setLevel(before)


def manifest(
    folder: Path,
    *,
    name: str,
    version: str,
    encoder: Encoder,
    scheme: LabelScheme,
    calibration: dict[str, AxisCalibration],
    provenance: dict[str, Any],
) -> None:
    """Write stance.json for an int8 graph, with the hashes of the files that are there."""
    content = {
        "format": FORMAT,
        "name": name,
        "version": version,
        "axes": scheme.table(),
        "encoder": {"window": encoder.window, "pad_id": encoder.pad_id},
        "calibration": {axis: asdict(found) for axis, found in calibration.items()},
        "precision": INT8,
        "provenance": provenance,
    }
    signed(folder, content)


def signed(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Write stance.json with these contents, and the hashes of the files that are there."""
    files = {path: (folder / path).read_bytes() for path in (GRAPH, TOKENIZER, WEIGHTS, CONFIG)}
    hashes = {path: {"bytes": len(data), "sha256": sha256(data)} for path, data in files.items()}
    content = {**manifest, "files": hashes}
    (folder / MANIFEST).write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")


def card(folder: Path, text: str) -> None:
    """Write the model card."""
    (folder / CARD).write_text(text, encoding="utf-8")


def opened_graph(folder: Path, scheme: LabelScheme) -> OnnxModel:
    """The graph as it was written."""
    path = folder / GRAPH
    return OnnxModel(path.read_bytes(), where=str(path), width=scheme.width)


def parity(folder: Path, model: Any, encoder: Encoder, quotes: Sequence[Quote]) -> list[Parity]:
    """Load what was written and compare it with the network; ModelFolderError where they differ much."""
    opened = ModelFolder.open(folder)
    classifier = StanceClassifier.from_folder(opened)
    together = classifier.logits(quotes)
    alone = np.concatenate([classifier.logits([quote]) for quote in quotes])
    reference = network_logits(model, encoder, quotes)
    found = []
    for axis in opened.scheme.axes:
        temperature = opened.calibration[axis.name].temperature
        shipped, single, fitted = (
            probabilities(logits[:, axis.slice], temperature) for logits in (together, alone, reference)
        )
        top = fitted.argmax(axis=1)
        rows = np.arange(len(top))
        found.append(
            Parity(
                axis.name,
                agreement=float((shipped.argmax(axis=1) == top).mean()),
                difference=float(np.abs(shipped - fitted)[rows, top].mean()),
                neighbours=float(np.abs(shipped - single).max()),
                flips=float((shipped.argmax(axis=1) != single.argmax(axis=1)).mean()),
            )
        )
    worst = min(found, key=lambda one: one.agreement)
    if worst.agreement < LEAST_AGREEMENT:
        raise ModelFolderError(
            f"The graph gives another {worst.axis} than the network on {1 - worst.agreement:.0%} of "
            f"{len(quotes)} rows, so it was not exported. Try another base, or more training rows."
        )
    return found


def network_logits(model: Any, encoder: Encoder, quotes: Sequence[Quote]) -> Floats:
    """Logits [quotes, width] of the network itself, in fp32."""
    return logits_of(TorchModel(model), encoder, encoder.encode(quotes), width=model.config.num_labels)
