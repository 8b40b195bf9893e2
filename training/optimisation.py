"""An exported network → the graph that is written: fused, and in the precision of the processor it is for."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import onnx

from stance.encoding import Batch
from stance.errors import SettingsError
from training import quantisation, ranges
from training.fusion import fuse

INT8, FP16, FP32 = "int8", "fp16", "fp32"
PRECISIONS = (INT8, FP16, FP32)


def check_precision(precision: str) -> None:
    """SettingsError where no graph is written in such a precision."""
    if precision not in PRECISIONS:
        raise SettingsError(f"The precision is {precision!r}, but must be one of {', '.join(PRECISIONS)}.")


def save(model: Any, path: Path, *, precision: str, shown: Sequence[Batch] = ()) -> None:
    """Write an ONNX model, as ``export.graph`` describes it."""
    check_precision(precision)
    # Shapes that the exporter wrote down for inner values are not those of what replaces them.
    del model.graph.value_info[:]
    for node in model.graph.node:
        del node.metadata_props[:]  # stack traces of the exporter
    fuse(model)
    if precision == INT8:
        names = list(quantisation.multiplied(model))
        quantisation.quantise(model, ranges.measured(model, names, shown) if names and shown else None)
    elif precision == FP16:
        from onnxruntime.transformers.float16 import convert_float_to_float16

        model = convert_float_to_float16(model, keep_io_types=True, disable_shape_infer=True)
    onnx.save(model, path)
