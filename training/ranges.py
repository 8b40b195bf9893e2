"""How large the values are that a graph multiplies with its weights, measured on quotations."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
import onnxruntime

from stance.calibration import Floats
from stance.encoding import Batch
from stance.runtime import feeds

TOKENS = 3000  # that say how large a token usually is


@dataclass(frozen=True)
class Range:
    """The values of one tensor [tokens, width].

    low, high: the least and the most of each column. tokens: some of its rows.
    """

    low: Floats
    high: Floats
    tokens: Floats


def measured(model: Any, names: Sequence[str], batches: Sequence[Batch]) -> dict[str, Range]:
    """The values of inner tensors of a graph for some batches, without those of padding."""
    tapped = onnx.ModelProto()
    tapped.CopyFrom(model)
    del tapped.graph.output[:]
    tapped.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in names)
    session = onnxruntime.InferenceSession(tapped.SerializeToString(), providers=["CPUExecutionProvider"])
    found: dict[str, list[Floats]] = {name: [] for name in names}
    bounds: dict[str, tuple[Floats, Floats]] = {}
    for batch in batches:
        for name, values in zip(names, session.run(None, feeds(session, batch)), strict=True):
            rows = _tokens(values, batch)
            low, high = rows.min(axis=0), rows.max(axis=0)
            least, most = bounds.get(name, (low, high))
            bounds[name] = np.minimum(low, least), np.maximum(high, most)
            found[name].append(_some(rows, -(-TOKENS // len(batches))))
    return {name: Range(*bounds[name], np.concatenate(found[name])) for name in names}


def _tokens(values: Floats, batch: Batch) -> Floats:
    rows = values.reshape(-1, values.shape[-1])
    return rows[batch.mask.reshape(-1) > 0] if len(rows) == batch.mask.size else rows


def _some(rows: Floats, most: int) -> Floats:
    """Not all of them: a large network makes gigabytes of a few hundred quotations."""
    return rows[:: -(-len(rows) // most)].copy()
