from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from training import quantisation
from training.quantisation import multiplied, quantise
from training.ranges import Range

WIDTH, WIDE, TOKENS = 16, 64, 50


@pytest.fixture
def graph(monkeypatch: pytest.MonkeyPatch) -> Any:
    """ids → embeddings → feed-forward there and back → logits, as small as that can be."""
    monkeypatch.setattr(quantisation, "WORTH", 256)
    monkeypatch.setattr(quantisation, "LONG", TOKENS)
    rng = np.random.default_rng(0)
    sizes = {"table": (TOKENS, WIDTH), "out": (WIDTH, WIDE), "back": (WIDE, WIDTH), "last": (WIDTH, WIDTH)}
    constants = [
        numpy_helper.from_array(rng.normal(size=size).astype(np.float32), name)
        for name, size in sizes.items()
    ]
    constants.append(numpy_helper.from_array(rng.normal(size=WIDTH).astype(np.float32), "bias"))
    nodes = [
        helper.make_node("Gather", ["table", "ids"], ["once"], name="look up"),
        helper.make_node("Gather", ["table", "ids"], ["again"], name="look up again"),
        helper.make_node("Add", ["once", "again"], ["x"]),
        helper.make_node("MatMul", ["x", "out"], ["wide"], name="there"),
        helper.make_node("Relu", ["wide"], ["active"]),
        helper.make_node("MatMul", ["active", "back"], ["narrow"], name="back again"),
        helper.make_node("Add", ["narrow", "bias"], ["biased"]),
        helper.make_node("MatMul", ["biased", "last"], ["logits"], name="last"),
    ]
    shape = ["quotes", "length"]
    made = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("ids", TensorProto.INT64, shape)],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [*shape, WIDTH])],
        constants,
    )
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def values(model: Any, ids: np.ndarray, *names: str) -> list[np.ndarray]:
    tapped = onnx.ModelProto()
    tapped.CopyFrom(model)
    tapped.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in names)
    return onnxruntime.InferenceSession(tapped.SerializeToString()).run(["logits", *names], {"ids": ids})


def logits(model: Any, ids: np.ndarray) -> np.ndarray:
    return values(model, ids)[0]


def ranges(model: Any, ids: np.ndarray) -> dict[str, Range]:
    names = list(multiplied(model))
    rows = [found.reshape(-1, found.shape[-1]) for found in values(model, ids, *names)[1:]]
    return {name: Range(r.min(axis=0), r.max(axis=0), r) for name, r in zip(names, rows, strict=True)}


def scale_table(model: Any, factors: np.ndarray) -> None:
    """Multiply the embeddings of the graph by factors [tokens, 1]."""
    table = next(one for one in model.graph.initializer if one.name == "table")
    table.CopyFrom(numpy_helper.from_array((numpy_helper.to_array(table) * factors).astype("f4"), "table"))


def kinds(model: Any) -> list[str]:
    return [node.op_type for node in model.graph.node]


ALL = np.arange(TOKENS, dtype=np.int64).reshape(5, 10)


@pytest.mark.parametrize("known", [False, True])
def test_a_quantised_graph_says_nearly_the_same(graph: Any, known: bool) -> None:
    before = logits(graph, ALL)
    quantise(graph, ranges(graph, ALL) if known else None)
    assert np.abs(logits(graph, ALL) - before).mean() < 0.02 * np.abs(before).mean()
    assert kinds(graph).count("MatMulIntegerToFloat") == 3
    assert ("ReduceMax" in kinds(graph)) is not known


def test_a_bias_is_added_with_the_product_where_tokens_share_a_scale(graph: Any) -> None:
    quantise(graph, ranges(graph, ALL))
    assert kinds(graph).count("Add") == 1
    assert [len(n.input) for n in graph.graph.node if n.op_type == "MatMulIntegerToFloat"].count(7) == 1


def test_where_one_token_is_far_larger_each_has_a_scale_of_its_own(graph: Any) -> None:
    factors = np.ones((TOKENS, 1), dtype=np.float32)
    factors[7] = 3000
    scale_table(graph, factors)
    before = logits(graph, ALL)
    quantise(graph, ranges(graph, ALL))
    assert kinds(graph).count("ReduceMax") == 3
    # What is never negative needs no absolute values.
    assert kinds(graph).count("Abs") == 2
    found = logits(graph, ALL)
    for after, once in zip(found.reshape(-1, WIDTH), before.reshape(-1, WIDTH), strict=True):
        assert np.abs(after - once).mean() < 0.05 * np.abs(once).mean()


def test_large_columns_are_brought_nearer_to_small_ones(graph: Any) -> None:
    columns = np.ones(WIDE, dtype=np.float32)
    columns[3] = 200
    for constant in graph.graph.initializer:
        if constant.name in ("out", "back"):
            by = columns if constant.name == "out" else 1 / columns[:, None]
            constant.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(constant) * by, constant.name))
    before = logits(graph, ALL)
    quantise(graph, ranges(graph, ALL))
    assert "ReduceMax" not in kinds(graph)
    assert np.abs(logits(graph, ALL) - before).mean() < 0.02 * np.abs(before).mean()


def test_no_two_neighbours_overflow_sixteen_bits(graph: Any) -> None:
    """What vpmaddubsw adds up on processors without VNNI."""
    for constant in graph.graph.initializer:
        if constant.name in ("out", "back", "last"):
            ones = np.abs(numpy_helper.to_array(constant))
            constant.CopyFrom(numpy_helper.from_array(ones, constant.name))
    quantise(graph)
    weights = [numpy_helper.to_array(c) for c in graph.graph.initializer if c.name.endswith("_weight")]
    assert len(weights) == 3
    for weight in weights:
        together = weight[0::2].astype(int) + weight[1::2]
        assert 120 < np.abs(together).max() <= 128
        assert np.abs(255 * together).max() < 1 << 15


def test_what_is_stored_is_small_and_a_few_outputs_stay_in_floating_point(
    graph: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quantisation, "WORTH", 512)
    quantise(graph)
    types = {constant.name: constant.data_type for constant in graph.graph.initializer}
    assert types["table_token_rows"] == types["wide_weight"] == types["narrow_weight"] == TensorProto.INT8
    assert not {"table", "out", "back"} & types.keys()
    assert types["last"] == TensorProto.FLOAT
    assert {node.name for node in graph.graph.node if node.op_type == "MatMul"} == {"last"}


def test_large_constants_that_are_not_multiplied_in_bytes_are_stored_in_half(
    graph: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quantisation, "WORTH", 1 << 20)
    monkeypatch.setattr(quantisation, "LARGE", 256)
    quantise(graph)
    types = {one.name: one.data_type for one in graph.graph.initializer}
    assert types["last_half"] == types["out_half"] == TensorProto.FLOAT16
    assert np.isfinite(logits(graph, ALL)).all()


@pytest.mark.parametrize("known", [False, True])
def test_a_text_is_read_alike_whatever_stands_beside_it(graph: Any, known: bool) -> None:
    """With one scale for all tokens of a batch, a large value in one of them would change all others."""
    factors = np.ones((TOKENS, 1), dtype=np.float32)
    factors[7] = 1000
    given = ranges(graph, ALL) if known else None
    scale_table(graph, factors)
    quantise(graph, given)
    ids = np.array([[1, 2, 3], [4, 5, 6], [7, 7, 7]])
    together = logits(graph, ids)
    for row, found in zip(ids, together, strict=True):
        assert logits(graph, row[None])[0] == pytest.approx(found, rel=1e-5)


def test_a_token_of_nothing_stays_nothing(graph: Any) -> None:
    scale_table(graph, np.zeros((TOKENS, 1), dtype=np.float32))
    bias = next(one for one in graph.graph.initializer if one.name == "bias")
    bias.CopyFrom(numpy_helper.from_array(np.zeros(WIDTH, np.float32), "bias"))
    quantise(graph)
    assert not logits(graph, np.array([[1, 2]])).any()


def test_a_weight_that_something_else_reads_is_kept(graph: Any) -> None:
    graph.graph.node[-1].output[0] = "product"
    graph.graph.node.append(helper.make_node("ReduceSum", ["last"], ["sum"]))
    graph.graph.node.append(helper.make_node("Add", ["product", "sum"], ["logits"]))
    before = logits(graph, ALL)
    quantise(graph)
    assert np.abs(logits(graph, ALL) - before).mean() < 0.02 * np.abs(before).mean()
