"""An ONNX graph in fp32 → one with int8 weights that multiplies in bytes, several times as fast."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from stance.calibration import Floats
from training.fusion import CONTRIB, Graph
from training.ranges import Range

LARGE = 1 << 16  # values of a constant from which it is worth storing in half precision
LONG = 1 << 10  # rows of a table from which bytes are worth three operations more for a look-up
WORTH = 1 << 12  # values of a weight from which it is worth multiplying in bytes: not a few outputs
MOST = 127  # of a weight, and of two neighbours together
MIDDLE, LOW = 128, 32  # bytes that stand for nothing, where values are of both signs or nearly all of one
EVEN = 6.0  # times the usual token that the largest may be, to share a scale with it
RARE = 0.1  # of the usual column: so large a column can become at least
BALANCE = 0.7  # how much of the way small columns and large ones are brought together


def multiplied(model: Any) -> dict[str, list[Any]]:
    """The values that a graph multiplies with large constant weights, and the products of each."""
    graph = Graph(model)
    found: dict[str, list[Any]] = {}
    for node in graph.onnx.node:
        if node.op_type != "MatMul" or node.input[1] not in graph.constants:
            continue
        shape = graph.constants[node.input[1]].dims
        if len(shape) == 2 and np.prod(shape) >= WORTH:
            found.setdefault(node.input[0], []).append(node)
    return found


def quantise(model: Any, ranges: Mapping[str, Range] | None = None) -> None:
    """Store weights as int8 and multiply in bytes, in place.

    ranges: the values of what ``multiplied`` names. Where they are known and no token is much larger than
    the others, all tokens share a scale, and large columns are first brought nearer to small ones (Xiao et
    al. 2023, "SmoothQuant"). Otherwise each token has a scale of its own (Yao et al. 2022, "ZeroQuant").
    Either way no text changes with its neighbours in a batch, as it does with one scale for what happens to
    be in it. Weights have a scale for each column, and are small enough that no processor overflows (see
    ``_in_bytes``). Embeddings are looked up in bytes and scaled back by token.
    """
    products, graph = multiplied(model), Graph(model)
    _embed_in_bytes(graph)
    # From the end: columns may be scaled by a product before, which must not be in bytes by then.
    for given, nodes in reversed(products.items()):
        _multiply_in_bytes(graph, given, nodes, (ranges or {}).get(given))
    if products and not any(one.domain == CONTRIB for one in model.opset_import):
        model.opset_import.append(helper.make_opsetid(CONTRIB, 1))
    graph.prune()
    _store_in_half(graph)


@dataclass(frozen=True)
class _Bytes:
    """Values as bytes: byte = value / (scale of its column or token) + zero.

    name: of the bytes. columns: what the rows of a weight are multiplied with in exchange. by_token: the
    scales [..., 1] with which products are multiplied, if each token has one.
    """

    name: str
    zero: int
    columns: Floats
    by_token: str | None = None


def _multiply_in_bytes(graph: Graph, given: str, nodes: list[Any], known: Range | None) -> None:
    """Products [..., width] · weight [width, out] → the same in bytes, scaled back."""
    weights = [np.asarray(graph.value(node.input[1])) for node in nodes]
    first = min(nodes, key=list(graph.onnx.node).index)
    columns = _shared(known, weights) if known else None
    new: list[Any] = []
    made = (
        _by_token(graph, given, weights[0].shape[0], known, new)
        if known is None or columns is None
        else _by_column(graph, given, known, columns, new)
    )
    graph.insert_before(first, new)
    for node, weight in zip(nodes, weights, strict=True):
        _product(graph, node, weight * made.columns[:, None], made)
    graph.refresh()


def _shared(known: Range, weights: list[Floats]) -> Floats | None:
    """What each column is divided by so that all tokens can share a scale; None where they cannot."""
    largest = np.maximum(known.high, -known.low)
    # A column that was silent on these quotations may speak on others.
    largest = np.maximum(largest, max(RARE * float(np.median(largest)), 1e-6))
    heaviest = np.maximum(np.max([np.abs(weight).max(axis=1) for weight in weights], axis=0), 1e-6)
    columns = largest**BALANCE / heaviest ** (1 - BALANCE)
    usual = np.median(np.abs(known.tokens / columns).max(axis=1))
    return np.asarray(columns) if (largest / columns).max() <= EVEN * usual else None


def _by_column(graph: Graph, given: str, known: Range, columns: Floats, new: list[Any]) -> _Bytes:
    low, high = min((known.low / columns).min(), 0.0), max((known.high / columns).max(), 0.0)
    scale = (high - low) / 255
    zero = round(-low / scale)
    usual = np.median(columns)
    even, made = given, f"{given}_bytes"
    factors = (usual / columns).astype(np.float32)
    if not _scaled_before(graph, given, factors):
        even = f"{given}_even"
        new.append(helper.make_node("Mul", [given, _constant(graph, f"{given}_factors", factors)], [even]))
    step = _constant(graph, f"{given}_step", np.float32(scale * usual))
    nothing = _constant(graph, f"byte_{zero}", np.uint8(zero))
    new.append(helper.make_node("QuantizeLinear", [even, step, nothing], [made]))
    return _Bytes(made, zero, columns * scale)


def _scaled_before(graph: Graph, given: str, factors: Floats) -> bool:
    """Scale the values of an attention, of which ``given`` is made column by column; False if it is not."""
    attention = graph.made_by(given, "MultiHeadAttention")
    added = attention and graph.only_maker(attention.input[2], "Add")
    product = added and next((one for name in added.input if (one := graph.only_maker(name, "MatMul"))), None)
    bias = added and graph.constant_in(added)
    if not product or not bias or product.input[1] not in graph.constants:
        return False
    for node, name in ((product, product.input[1]), (added, bias)):
        place = list(node.input).index(name)
        node.input[place] = _constant(graph, f"{given}_{name}", graph.value(name) * factors)
    graph.refresh()
    return True


def _by_token(graph: Graph, given: str, width: int, known: Range | None, new: list[Any]) -> _Bytes:
    """Each token as fine as it can be; values that are hardly ever negative have more bytes above nothing."""
    zero, least, size = MIDDLE, 1e-12, given
    if known is not None:
        covering = -known.low.min() * (255 - LOW) / LOW
        if covering <= np.median(known.tokens.max(axis=1)):
            zero, least = LOW, max(covering, 1e-12)
    names = {
        one: f"{given}_{one}" for one in "abs most some scales scale count zeros flat rows shape".split()
    }
    if zero == MIDDLE:
        size = names["abs"]
        new.append(helper.make_node("Abs", [given], [size]))
    last = _constant(graph, "byte_last", np.array([-1]))
    floor = _constant(graph, f"{given}_least", np.float32(least))
    step = _constant(graph, f"byte_step_{zero}", np.float32(1 / (255 - zero)))
    flat = _constant(graph, f"byte_tokens_{width}", np.array([-1, width]))
    nothing = _constant(graph, f"byte_{zero}", np.uint8(zero))
    new += [
        helper.make_node("ReduceMax", [size, last], [names["most"]], keepdims=1),
        helper.make_node("Max", [names["most"], floor], [names["some"]]),
        helper.make_node("Mul", [names["some"], step], [names["scales"]]),
        # A scale by row is one operation only in two dimensions.
        helper.make_node("Reshape", [names["scales"], last], [names["scale"]]),
        helper.make_node("Shape", [names["scale"]], [names["count"]]),
        helper.make_node("Expand", [nothing, names["count"]], [names["zeros"]]),
        helper.make_node("Reshape", [given, flat], [names["flat"]]),
        helper.make_node(
            "QuantizeLinear", [names["flat"], names["scale"], names["zeros"]], [names["rows"]], axis=0
        ),
        helper.make_node("Shape", [given], [names["shape"]]),
        helper.make_node("Reshape", [names["rows"], names["shape"]], [f"{given}_bytes"]),
    ]
    return _Bytes(f"{given}_bytes", zero, np.ones(width, np.float32), names["scales"])


def _product(graph: Graph, node: Any, weight: Floats, given: _Bytes) -> None:
    """One product, with the bias that is added to it where that is all that happens to it."""
    found = node.output[0]
    values, scales = _in_bytes(weight)
    stored = [
        _constant(graph, f"{found}_weight", values),
        _constant(graph, "byte_one", np.float32(1)),
        _constant(graph, f"{found}_scales", scales),
        _constant(graph, f"byte_{given.zero}", np.uint8(given.zero)),
    ]
    bias, end = _bias(graph, found) if given.by_token is None else (None, None)
    inputs = [given.name, *stored, "", *([bias] if bias else [])]
    if end is not None:
        graph.onnx.node.remove(end)
        found = end.output[0]
    whole = found if given.by_token is None else f"{found}_whole"
    new = [helper.make_node("MatMulIntegerToFloat", inputs, [whole], domain=CONTRIB)]
    if given.by_token is not None:
        new.append(helper.make_node("Mul", [whole, given.by_token], [found]))
    graph.insert_before(node, new)
    graph.onnx.node.remove(node)
    graph.refresh()


def _bias(graph: Graph, product: str) -> tuple[str | None, Any]:
    added = graph.only_reader(product, "Add")
    bias = graph.constant_in(added) if added else None
    # onnxruntime adds that of a GELU in passing.
    if bias is None or len(graph.constants[bias].dims) != 1 or graph.only_reader(added.output[0], "Gelu"):
        return None, None
    return bias, added


def _in_bytes(weight: Floats) -> tuple[Any, Floats]:
    """A weight [width, out] as int8 with a scale for each column.

    Processors without VNNI add two neighbouring products in 16 bits, and what is larger is cut off without
    a word. 255 times 128 is not: so two neighbours of one sign have at most that together. Seven bits for
    every weight (onnxruntime's reduce_range) would do the same and be half as fine.
    """
    pairs = np.pad(weight, ((0, len(weight) % 2), (0, 0))).reshape(-1, 2, weight.shape[1])
    both = np.maximum(np.maximum(pairs, 0).sum(axis=1), np.maximum(-pairs, 0).sum(axis=1)).max(axis=0)
    scales = np.maximum(both, 1e-12).astype(np.float32) / MOST
    return np.round(weight / scales).astype(np.int8), scales


def _embed_in_bytes(graph: Graph) -> None:
    """Long embedding tables [tokens, width] → int8 rows, each with a scale of its own."""
    for name in list(graph.constants):
        readers = graph.readers.get(name, [])
        table = graph.value(name)
        embeds = readers and all(_looks_up(node, name) for node in readers)
        if not embeds or table.dtype != np.float32 or table.ndim != 2 or len(table) < LONG:
            continue
        scales = np.maximum(np.abs(table).max(axis=1, keepdims=True), 1e-12) / MOST
        rows = _constant(graph, f"{name}_token_rows", np.round(table / scales).astype(np.int8))
        scale = _constant(graph, f"{name}_token_scales", scales.astype(np.float32))
        for node in readers:
            graph.insert_before(node, _scaled_lookup(rows, scale, node.input[1], node.output[0]))
            graph.onnx.node.remove(node)
    graph.refresh()


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


def _constant(graph: Graph, name: str, value: Any) -> str:
    if name not in graph.constants:
        made = numpy_helper.from_array(np.asarray(value), name)
        graph.onnx.initializer.append(made)
        graph.constants[name] = graph.onnx.initializer[-1]
    return name


def _store_in_half(graph: Graph) -> None:
    """Large fp32 constants → half precision, as the network's weights were saved, and a cast back."""
    for constant in list(graph.onnx.initializer):
        if constant.data_type == TensorProto.FLOAT and np.prod(constant.dims) >= LARGE:
            values, name = numpy_helper.to_array(constant), f"{constant.name}_half"
            cast = helper.make_node("Cast", [name], [constant.name], to=TensorProto.FLOAT)
            graph.onnx.initializer.remove(constant)
            graph.onnx.initializer.append(numpy_helper.from_array(values.astype(np.float16), name))
            graph.onnx.node.insert(0, cast)
