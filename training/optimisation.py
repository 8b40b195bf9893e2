"""An exported network → the graph that is written: fused, and in the precision of the processor it is for."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime

from stance.calibration import Floats
from stance.encoding import Batch, Ids
from stance.errors import SettingsError
from stance.runtime import feeds
from training import quantisation, ranges
from training.fusion import Graph, fuse, mask_keys, masks

log = logging.getLogger(__name__)

CLOSE = 1e-3  # to each other the logits before and after
LONG = 600  # tokens with which a mask is tried
HIDDEN = -1e4  # what a mask adds at most to the score of a token that is not to be seen
INT8, FP16, FP32 = "int8", "fp16", "fp32"
PRECISIONS = (INT8, FP16, FP32)


def check_precision(precision: str) -> None:
    """SettingsError where no graph is written in such a precision."""
    if precision not in PRECISIONS:
        raise SettingsError(f"The precision is {precision!r}, but must be one of {', '.join(PRECISIONS)}.")


def _fused(model: Any) -> Any:
    """The model, fused; as it was where that does not compute, or not the same."""
    fused = onnx.ModelProto()
    fused.CopyFrom(model)
    fuse(fused)
    try:
        found = masks(fused)
        if found and all(_hides_padding(fused, mask) for mask in found):
            mask_keys(fused)
        before, after = (_logits(one) for one in (model, fused))
    except Exception as error:  # onnxruntime has no common root for what a bad graph raises
        log.info("the graph is not fused, which would have made it faster: %s", error)
        return model
    return fused if np.allclose(before, after, rtol=0, atol=CLOSE) else model


def _logits(model: Any) -> Any:
    return _run(model, np.arange(48).reshape(3, 16) % 16 + 4, (16, 9, 2))


def _hides_padding(model: Any, mask: str) -> bool:
    """Whether a mask hides padding and nothing else: not also what is far, or comes later."""
    part = onnx.ModelProto()
    part.CopyFrom(model)
    del part.graph.output[:]
    part.graph.output.append(onnx.helper.make_empty_tensor_value_info(mask))
    Graph(part).prune()
    ids = np.zeros((2, LONG), dtype=np.int64)
    try:
        found = _run(part, ids, (LONG, 5))
    except Exception:  # one that is made for fewer tokens; onnxruntime has no common root for what it raises
        return False
    hidden = np.broadcast_to(np.arange(LONG) >= np.array([LONG, 5])[:, None, None, None], found.shape)
    return bool((found[hidden] <= HIDDEN).all() and not found[~hidden].any())


def _run(model: Any, ids: Ids, lengths: Sequence[int]) -> Floats:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    mask = (np.arange(ids.shape[1]) < np.array(lengths)[:, None]).astype(np.int64)
    return np.asarray(session.run(None, feeds(session, Batch(ids, mask, np.zeros_like(ids))))[0])


def save(model: Any, path: Path, *, precision: str, shown: Sequence[Batch] = ()) -> None:
    """Write an ONNX model, as ``export.graph`` describes it."""
    check_precision(precision)
    # Shapes that the exporter wrote down for inner values are not those of what replaces them.
    del model.graph.value_info[:]
    for node in model.graph.node:
        del node.metadata_props[:]  # stack traces of the exporter
    model = _fused(model)
    if precision == INT8:
        names = list(quantisation.multiplied(model))
        quantisation.quantise(model, ranges.measured(model, names, shown) if names and shown else None)
    elif precision == FP16:
        from onnxruntime.transformers.float16 import convert_float_to_float16

        model = convert_float_to_float16(model, keep_io_types=True, disable_shape_infer=True)
    onnx.save(model, path)
