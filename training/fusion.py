"""An exported graph → the same with less to compute: attention in one piece, no token that nobody reads."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

CONTRIB = "com.microsoft"  # operations that onnxruntime has beyond the standard
HEADS_OUT, KEYS = [0, 2, 1, 3], [0, 2, 3, 1]  # how attention turns [quotes, length, heads, size]
MASK, KEY_MASK = "attention_mask", "attention_mask_of_keys"
BY_TOKEN = {"Add", "Mul", "Gelu", "LayerNormalization", "MatMul", "MultiHeadAttention"}


class Graph:
    """A graph with who makes and who reads each value."""

    def __init__(self, model: Any) -> None:
        self.onnx = model.graph
        self.refresh()

    def refresh(self) -> None:
        """Look again, after nodes have changed."""
        self.constants = {one.name: one for one in self.onnx.initializer}
        self.maker = {name: node for node in self.onnx.node for name in node.output}
        self.readers: dict[str, list[Any]] = {}
        for node in self.onnx.node:
            for name in node.input:
                self.readers.setdefault(name, []).append(node)

    def value(self, name: str) -> Any:
        """A constant as an array, or None."""
        return numpy_helper.to_array(self.constants[name]) if name in self.constants else None

    def made_by(self, name: str, kind: str, **attributes: Any) -> Any:
        """The node of this kind that makes a value, or None."""
        node = self.maker.get(name)
        if node is None or node.op_type != kind:
            return None
        found = {one.name: helper.get_attribute_value(one) for one in node.attribute}
        return node if all(found.get(key) == wanted for key, wanted in attributes.items()) else None

    def constant_in(self, node: Any) -> str | None:
        """The first of what a node takes that is a constant, such as the bias in an addition."""
        return next((name for name in node.input if name in self.constants), None)

    def only_maker(self, name: str, kind: str) -> Any:
        """The node of this kind that makes a value which is read once, or None."""
        return self.made_by(name, kind) if len(self.readers.get(name, [])) == 1 else None

    def only_reader(self, name: str, kind: str, **attributes: Any) -> Any:
        """The node of this kind that alone reads a value, or None."""
        readers = self.readers.get(name, [])
        return self.made_by(readers[0].output[0], kind, **attributes) if len(readers) == 1 else None

    def insert_before(self, node: Any, new: list[Any]) -> None:
        """Put nodes where a node stands that reads what they make."""
        place = list(self.onnx.node).index(node)
        for offset, one in enumerate(new):
            self.onnx.node.insert(place + offset, one)

    def prune(self) -> None:
        """Take out nodes and constants that nothing reads."""
        wanted = {one.name for one in self.onnx.output}
        for node in reversed(list(self.onnx.node)):
            if wanted.isdisjoint(node.output):
                self.onnx.node.remove(node)
            else:
                wanted.update(node.input)
        for constant in list(self.onnx.initializer):
            if constant.name not in wanted:
                self.onnx.initializer.remove(constant)
        self.refresh()


def fuse(model: Any) -> None:
    """Fuse and prune an ONNX model in place; what is not as in BERT and its kin stays as it is.

    Attention becomes one operation. Where only the first token of the last layer goes into the outputs, the
    layer computes no other: of six layers that is a seventh of all products.
    """
    graph = Graph(model)
    fused = [_fuse_attention(graph, node) for node in list(graph.onnx.node) if node.op_type == "Softmax"]
    if any(fused):
        model.opset_import.append(helper.make_opsetid(CONTRIB, 1))
    graph.prune()
    ends = [node for node in graph.onnx.node if node.op_type == "Gather" and _takes_first(graph, node)]
    if len(ends) == 1:
        _only_first(graph, ends[0])
        graph.prune()


def masks(model: Any) -> set[str]:
    """What a fused model adds to the scores of its attention."""
    return {node.input[5] for node in model.graph.node if node.op_type == "MultiHeadAttention"}


def mask_keys(model: Any) -> None:
    """Let attention pass over padding as such, in place: for a mask that hides nothing else.

    A mask for every pair of tokens takes some twenty operations to make.
    """
    graph = Graph(model)
    attention = [node for node in graph.onnx.node if node.op_type == "MultiHeadAttention"]
    for node in attention:
        node.input[:] = [*node.input[:3], "", KEY_MASK]
    cast = helper.make_node("Cast", [MASK], [KEY_MASK], to=onnx.TensorProto.INT32)
    graph.insert_before(attention[0], [cast])
    graph.prune()


def _fuse_attention(graph: Graph, softmax: Any) -> bool:
    """softmax(q · k * scale + mask) · v, each turned by heads and back, as one operation."""
    parts = _scores(graph, softmax.input[0])
    product = graph.only_reader(softmax.output[0], "MatMul")
    turned = product and graph.only_reader(product.output[0], "Transpose", perm=HEADS_OUT)
    end = turned and graph.only_reader(turned.output[0], "Reshape")
    if parts is None or not end:
        return False
    queries, keys, scale, mask = parts
    turns = ((queries, HEADS_OUT), (keys, KEYS), (product.input[1], HEADS_OUT))
    flat = [found for name, turn in turns if (found := _by_heads(graph, name, turn))]
    width = _width(graph, flat[0][0]) if len(flat) == len(turns) else 0
    if not width:
        return False
    (query, size), (key, _), (value, _) = flat
    fused = helper.make_node(
        "MultiHeadAttention",
        [query, key, value, "", "", mask],
        [end.output[0]],
        domain=CONTRIB,
        num_heads=width // size,
        scale=scale,
    )
    graph.insert_before(end, [fused])
    graph.onnx.node.remove(end)
    graph.refresh()
    return True


def _scores(graph: Graph, name: str) -> tuple[str, str, float, str] | None:
    """Queries, keys, scale and mask of q · k * scale + mask."""
    added = graph.made_by(name, "Add")
    scaled = added and graph.made_by(added.input[0], "Mul")
    factor = graph.value(scaled.input[1]) if scaled else None
    product = scaled and graph.made_by(scaled.input[0], "MatMul")
    if factor is None or factor.size != 1 or not product:
        return None
    return product.input[0], product.input[1], float(factor), added.input[1]


def _by_heads(graph: Graph, name: str, turn: list[int]) -> tuple[str, int] | None:
    """What was cut into heads and turned, and the size of a head."""
    turned = graph.made_by(name, "Transpose", perm=turn)
    cut = turned and graph.made_by(turned.input[0], "Reshape")
    shape = cut and graph.made_by(cut.input[1], "Concat")
    last = graph.value(shape.input[-1]) if shape else None
    return (cut.input[0], int(last[0])) if last is not None and last.size == 1 and last[0] > 0 else None


def _width(graph: Graph, name: str) -> int:
    added = graph.made_by(name, "Add")
    bias = graph.value(graph.constant_in(added) or "") if added else None
    return 0 if bias is None or bias.ndim != 1 else len(bias)


def _takes_first(graph: Graph, node: Any) -> bool:
    along = next((one.i for one in node.attribute if one.name == "axis"), 0)
    place = graph.value(node.input[1])
    return along == 1 and place is not None and place.size == 1 and not place.any()


def _only_first(graph: Graph, end: Any) -> None:
    """Let only the first token reach ``end``, which takes it: from the last attention on."""
    whole = set(
        _ancestors(
            graph, [n.input[i] for n in graph.onnx.node if n.op_type == "MultiHeadAttention" for i in (1, 2)]
        )
    )
    new: list[Any] = []
    known: dict[str, str] = {}
    bounds = {"first_start": [0], "first_end": [1], "token_axis": [1], "query_axis": [2]}
    if not whole:
        return

    def cut(name: str, axis: str) -> str:
        new.append(helper.make_node("Slice", [name, "first_start", "first_end", axis], [f"{name}_first"]))
        return f"{name}_first"

    def first(name: str) -> str:
        if name in known or name in graph.constants:
            return known.get(name, name)
        node = graph.maker.get(name)
        if node is None or name in whole or not _by_token(graph, node):
            known[name] = cut(name, "token_axis")
            return known[name]
        copy = onnx.NodeProto()
        copy.CopyFrom(node)
        if node.op_type == "MultiHeadAttention":
            query, keys, values, *_, mask = node.input
            given = [first(query), keys, values, "", "", cut(mask, "query_axis")]
        else:
            given = [first(one) for one in node.input]
        copy.input[:] = given
        copy.output[:] = [f"{name}_first"]
        copy.name = f"{node.name}_first" if node.name else ""
        new.append(copy)
        known[name] = copy.output[0]
        return known[name]

    end.input[0] = first(end.input[0])
    for name, value in bounds.items():
        graph.onnx.initializer.append(numpy_helper.from_array(np.array(value), name))
    graph.insert_before(end, new)
    graph.refresh()


def _by_token(graph: Graph, node: Any) -> bool:
    """Whether what a node makes of a token depends on it alone, or on it as a query."""
    return node.op_type in BY_TOKEN and (node.op_type != "MatMul" or node.input[1] in graph.constants)


def _ancestors(graph: Graph, names: list[str]) -> Iterator[str]:
    seen: set[str] = set()
    while names:
        name = names.pop()
        if name not in seen:
            seen.add(name)
            yield name
            if name in graph.maker:
                names.extend(graph.maker[name].input)
