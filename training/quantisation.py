"""An ONNX graph in fp32 → one with int8 weights that a laptop runs several times faster."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

LARGE = 1 << 16  # values of a constant from which it is worth storing in half precision


def quantise(plain: Path, path: Path) -> None:
    """Write the graph in ``plain`` to ``path`` with int8 weights, one scale for each column or token.

    Products are computed in eight bits as well (dynamic quantisation), except one: the first projection
    back from a feed-forward layer stays in floating point, for what goes into it has rare values so large
    that eight bits are too few for the others. Embeddings are looked up in eight bits and scaled back by
    token. ``plain`` is changed on the way.
    """
    model = onnx.load(plain)
    # Shapes that the exporter wrote down for inner values do not survive the quantiser's changes.
    del model.graph.value_info[:]
    for node in model.graph.node:
        del node.metadata_props[:]  # stack traces of the exporter
    _scale_by_token(model.graph)
    # The exporter has simplified the graph already; unmarked, the quantiser would say so on the root logger.
    helper.set_model_props(model, {"onnx.quant.pre_process": "onnxruntime.quant"})
    onnx.save(model, plain)
    quantize_dynamic(
        plain,
        path,
        weight_type=QuantType.QInt8,
        per_channel=True,
        op_types_to_quantize=["MatMul"],
        nodes_to_exclude=_first_projection_back(model.graph),
    )
    model = onnx.load(path)
    _store_in_half(model.graph)
    onnx.save(model, path)


def _first_projection_back(graph: Any) -> list[str]:
    narrowing = {c.name for c in graph.initializer if len(c.dims) == 2 and c.dims[0] > c.dims[1]}
    for node in graph.node:
        if node.op_type == "MatMul" and node.input[1] in narrowing:
            return [node.name]
    return []


def _scale_by_token(graph: Any) -> None:
    """Embedding tables [tokens, width] → int8 rows, each with a scale of its own."""
    for table in list(graph.initializer):
        readers = [node for node in graph.node if table.name in node.input]
        embeds = readers and all(_looks_up(node, table.name) for node in readers)
        if not embeds or table.data_type != TensorProto.FLOAT or len(table.dims) != 2:
            continue
        values = numpy_helper.to_array(table)
        scales = np.maximum(np.abs(values).max(axis=1, keepdims=True), 1e-12).astype(np.float32) / 127
        rows, scale = f"{table.name}_token_rows", f"{table.name}_token_scales"
        graph.initializer.remove(table)
        graph.initializer.append(numpy_helper.from_array(np.round(values / scales).astype(np.int8), rows))
        graph.initializer.append(numpy_helper.from_array(scales, scale))
        for node in readers:
            _replace(graph, node, _scaled_lookup(rows, scale, node.input[1], node.output[0]))


def _looks_up(node: Any, table: str) -> bool:
    by_row = not any(attribute.name == "axis" and attribute.i for attribute in node.attribute)
    return node.op_type == "Gather" and node.input[0] == table and by_row


def _scaled_lookup(rows: str, scales: str, places: str, found: str) -> list[Any]:
    row, cast, scale = f"{found}_token_row", f"{found}_token_cast", f"{found}_token_scale"
    return [
        helper.make_node("Gather", [rows, places], [row]),
        helper.make_node("Cast", [row], [cast], to=TensorProto.FLOAT),
        helper.make_node("Gather", [scales, places], [scale]),
        helper.make_node("Mul", [cast, scale], [found]),
    ]


def _replace(graph: Any, node: Any, instead: list[Any]) -> None:
    place = list(graph.node).index(node)
    graph.node.remove(node)
    for offset, new in enumerate(instead):
        graph.node.insert(place + offset, new)


def _store_in_half(graph: Any) -> None:
    """Large fp32 constants → half precision, as the network's weights were saved, and a cast back."""
    casts = []
    for constant in list(graph.initializer):
        if constant.data_type == TensorProto.FLOAT and np.prod(constant.dims) >= LARGE:
            values, name = numpy_helper.to_array(constant), f"{constant.name}_half"
            casts.append(helper.make_node("Cast", [name], [constant.name], to=TensorProto.FLOAT))
            graph.initializer.remove(constant)
            graph.initializer.append(numpy_helper.from_array(values.astype(np.float16), name))
    for cast in casts:
        graph.node.insert(0, cast)
