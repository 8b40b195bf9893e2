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


def test_a_quantised_graph_says_nearly_the_same(
    graph: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quantisation, "LARGE", 512)
    ids = np.arange(TOKENS, dtype=np.int64).reshape(5, 10)
    before = logits(graph, ids)
    quantise(graph, tmp_path / "small.onnx")
    after = logits(tmp_path / "small.onnx", ids)
    assert np.abs(after - before).mean() < 0.02 * np.abs(before).mean()


def test_what_is_stored_is_small_and_the_product_back_stays_in_floating_point(
    graph: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quantisation, "LARGE", 512)
    quantise(graph, tmp_path / "small.onnx")
    written = onnx.load(tmp_path / "small.onnx").graph
    types = {constant.name: constant.data_type for constant in written.initializer}
    assert types["table_token_rows"] == TensorProto.INT8
    assert types["back_half"] == TensorProto.FLOAT16
    assert "back again" in {node.name for node in written.node if node.op_type == "MatMul"}
    assert sum(node.op_type == "MatMulInteger" for node in written.node) == 2
