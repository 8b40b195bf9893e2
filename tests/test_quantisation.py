from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from training import quantisation
from training.quantisation import quantise

WIDTH, WIDE, TOKENS = 16, 64, 50


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    """ids → embeddings → feed-forward there and back → logits, as small as that can be."""
    rng = np.random.default_rng(0)
    sizes = {"table": (TOKENS, WIDTH), "out": (WIDTH, WIDE), "back": (WIDE, WIDTH), "last": (WIDTH, WIDTH)}
    constants = [
        numpy_helper.from_array(rng.normal(size=size).astype(np.float32), name)
        for name, size in sizes.items()
    ]
    nodes = [
        helper.make_node("Gather", ["table", "ids"], ["once"], name="look up"),
        helper.make_node("Gather", ["table", "ids"], ["again"], name="look up again"),
        helper.make_node("Add", ["once", "again"], ["x"]),
        helper.make_node("MatMul", ["x", "out"], ["wide"], name="there"),
        helper.make_node("Relu", ["wide"], ["active"]),
        helper.make_node("MatMul", ["active", "back"], ["narrow"], name="back again"),
        helper.make_node("MatMul", ["narrow", "last"], ["logits"], name="last"),
    ]
    shape = ["quotes", "length"]
    made = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("ids", TensorProto.INT64, shape)],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [*shape, WIDTH])],
        constants,
    )
    path = tmp_path / "plain.onnx"
    onnx.save(helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)], ir_version=10), path)
    return path


def logits(path: Path, ids: np.ndarray) -> np.ndarray:
    return onnxruntime.InferenceSession(path).run(["logits"], {"ids": ids})[0]


def scale_table(path: Path, factors: np.ndarray) -> None:
    """Multiply the embeddings of the graph by factors [tokens, 1]."""
    model = onnx.load(path)
    table = next(one for one in model.graph.initializer if one.name == "table")
    table.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(table) * factors, "table"))
    onnx.save(model, path)


def test_a_quantised_graph_says_nearly_the_same(
    graph: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quantisation, "WORTH", 256)
    ids = np.arange(TOKENS, dtype=np.int64).reshape(5, 10)
    before = logits(graph, ids)
    quantise(graph, tmp_path / "small.onnx")
    after = logits(tmp_path / "small.onnx", ids)
    assert np.abs(after - before).mean() < 0.02 * np.abs(before).mean()


def test_what_is_stored_is_small_and_a_few_outputs_stay_in_floating_point(
    graph: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quantisation, "WORTH", 512)
    quantise(graph, tmp_path / "small.onnx")
    written = onnx.load(tmp_path / "small.onnx").graph
    types = {constant.name: constant.data_type for constant in written.initializer}
    assert types["table_token_rows"] == types["wide_columns"] == types["narrow_columns"] == TensorProto.INT8
    assert not {"table", "out", "back"} & types.keys()
    assert types["last"] == TensorProto.FLOAT
    assert {node.name for node in written.node if node.op_type == "MatMul"} == {"last"}


def test_large_constants_that_are_not_multiplied_in_bytes_are_stored_in_half(
    graph: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quantisation, "LARGE", 256)
    quantise(graph, tmp_path / "small.onnx")
    types = {one.name: one.data_type for one in onnx.load(tmp_path / "small.onnx").graph.initializer}
    assert types["last_half"] == types["out_half"] == TensorProto.FLOAT16


def test_a_text_is_read_alike_whatever_stands_beside_it(
    graph: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With one scale for all tokens of a batch, a large value in one of them would change all others."""
    monkeypatch.setattr(quantisation, "WORTH", 256)
    factors = np.ones((TOKENS, 1), dtype=np.float32)
    factors[7] = 1000
    scale_table(graph, factors)
    quantise(graph, tmp_path / "small.onnx")
    ids = np.array([[1, 2, 3], [4, 5, 6], [7, 7, 7]])
    together = logits(tmp_path / "small.onnx", ids)
    for row, found in zip(ids, together, strict=True):
        assert logits(tmp_path / "small.onnx", row[None])[0] == pytest.approx(found, rel=1e-5)


def test_a_token_of_nothing_stays_nothing(
    graph: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quantisation, "WORTH", 256)
    scale_table(graph, np.zeros((TOKENS, 1), dtype=np.float32))
    quantise(graph, tmp_path / "small.onnx")
    assert not logits(tmp_path / "small.onnx", np.array([[1, 2]])).any()


def test_a_weight_that_something_else_reads_is_kept(
    graph: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quantisation, "WORTH", 256)
    model = onnx.load(graph)
    model.graph.node[-1].output[0] = "product"
    model.graph.node.append(helper.make_node("ReduceSum", ["last"], ["sum"]))
    model.graph.node.append(helper.make_node("Add", ["product", "sum"], ["logits"]))
    onnx.save(model, graph)
    ids = np.arange(10)[None]
    before = logits(graph, ids)
    quantise(graph, tmp_path / "small.onnx")
    after = logits(tmp_path / "small.onnx", ids)
    assert np.abs(after - before).mean() < 0.02 * np.abs(before).mean()
