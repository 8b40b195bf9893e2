"""An ONNX graph in fp32 → one with int8 weights that a laptop runs about twice as fast."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

LARGE = 1 << 16  # values of a constant from which it is worth storing in half precision
WORTH = 1 << 12  # values of a weight from which it is worth multiplying in eight bits: not a few outputs
ZERO = 128  # what stands for nothing in unsigned bytes, which processors multiply fastest


def quantise(plain: Path, path: Path) -> None:
    """Write the graph in ``plain`` to ``path`` with int8 weights, one scale for each column or token.

    Products are computed in eight bits as well, and each token has a scale of its own there, too (Yao et al.
    2022, "ZeroQuant"): so no text changes with its neighbours in a batch, as it does with one scale for
    all, and a rare large value costs its own token only. Embeddings are looked up in eight bits and scaled
    back by token.
    """
    model = onnx.load(plain)
    # Shapes that the exporter wrote down for inner values are not those of what replaces them.
    del model.graph.value_info[:]
    for node in model.graph.node:
        del node.metadata_props[:]  # stack traces of the exporter
    _scale_by_token(model.graph)
    _multiply_in_eight_bits(model.graph)
    _store_in_half(model.graph)
    onnx.save(model, path)


def _multiply_in_eight_bits(graph: Any) -> None:
    """Products [..., width] · weight [width, out] → the same in bytes, scaled back by token and column."""
    tables = [one for one in graph.initializer if len(one.dims) == 2]
    weights = {one.name: one for one in tables if np.prod(one.dims) >= WORTH}
    products = [node for node in graph.node if node.op_type == "MatMul" and node.input[1] in weights]
    if not products:
        return
    for name, value in (
        ("byte_zero", np.uint8(ZERO)),
        ("byte_step", np.float32(1 / 127)),
        ("byte_least", np.float32(1e-12)),
        ("byte_last", np.array([-1])),
    ):
        graph.initializer.append(numpy_helper.from_array(np.asarray(value), name))
    in_bytes: set[str] = set()
    for node in products:
        given, weight = node.input
        new = [] if given in in_bytes else _to_bytes(graph, given, weights[weight].dims[0])
        in_bytes.add(given)
        _replace(graph, node, new + _product(graph, node, weights[weight]))
    still_used = {name for node in graph.node for name in node.input}
    for name in {node.input[1] for node in products} - still_used:
        graph.initializer.remove(weights[name])


def _to_bytes(graph: Any, given: str, width: int) -> list[Any]:
    """What makes ``given``_bytes and ``given``_scales [..., 1] of it, each token as fine as it can be."""
    flat = f"{given}_as_tokens"
    graph.initializer.append(numpy_helper.from_array(np.array([-1, width]), flat))
    names = {
        one: f"{given}_{one}"
        for one in ("abs", "most", "some", "scales", "scale", "count", "zeros", "tokens", "rows", "shape")
    }
    return [
        helper.make_node("Abs", [given], [names["abs"]]),
        helper.make_node("ReduceMax", [names["abs"], "byte_last"], [names["most"]], keepdims=1),
        helper.make_node("Max", [names["most"], "byte_least"], [names["some"]]),
        helper.make_node("Mul", [names["some"], "byte_step"], [names["scales"]]),
        # A scale by row is one operation only in two dimensions.
        helper.make_node("Reshape", [names["scales"], "byte_last"], [names["scale"]]),
        helper.make_node("Shape", [names["scale"]], [names["count"]]),
        helper.make_node("Expand", ["byte_zero", names["count"]], [names["zeros"]]),
        helper.make_node("Reshape", [given, flat], [names["tokens"]]),
        helper.make_node(
            "QuantizeLinear", [names["tokens"], names["scale"], names["zeros"]], [names["rows"]], axis=0
        ),
        helper.make_node("Shape", [given], [names["shape"]]),
        helper.make_node("Reshape", [names["rows"], names["shape"]], [f"{given}_bytes"]),
    ]


def _product(graph: Any, node: Any, weight: Any) -> list[Any]:
    (given, _), found = node.input, node.output[0]
    columns, scale = f"{found}_columns", f"{found}_column_scales"
    _store_in_bytes(graph, weight, columns, scale, across=0)
    whole, real, by_token = f"{found}_whole", f"{found}_real", f"{found}_by_token"
    return [
        helper.make_node("MatMulInteger", [f"{given}_bytes", columns, "byte_zero"], [whole]),
        helper.make_node("Cast", [whole], [real], to=TensorProto.FLOAT),
        helper.make_node("Mul", [real, f"{given}_scales"], [by_token]),
        helper.make_node("Mul", [by_token, scale], [found]),
    ]


def _scale_by_token(graph: Any) -> None:
    """Embedding tables [tokens, width] → int8 rows, each with a scale of its own."""
    for table in list(graph.initializer):
        readers = [node for node in graph.node if table.name in node.input]
        embeds = readers and all(_looks_up(node, table.name) for node in readers)
        if not embeds or table.data_type != TensorProto.FLOAT or len(table.dims) != 2:
            continue
        rows, scale = f"{table.name}_token_rows", f"{table.name}_token_scales"
        graph.initializer.remove(table)
        _store_in_bytes(graph, table, rows, scale, across=1)
        for node in readers:
            _replace(graph, node, _scaled_lookup(rows, scale, node.input[1], node.output[0]))


def _store_in_bytes(graph: Any, table: Any, name: str, scale: str, *, across: int) -> None:
    """A constant in two dimensions as int8, with a scale for each of what lies ``across`` an axis."""
    values = numpy_helper.to_array(table)
    scales = np.maximum(np.abs(values).max(axis=across, keepdims=True), 1e-12).astype(np.float32) / 127
    graph.initializer.append(numpy_helper.from_array(np.round(values / scales).astype(np.int8), name))
    graph.initializer.append(numpy_helper.from_array(scales, scale))


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
