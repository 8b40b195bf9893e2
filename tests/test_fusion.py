from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from transformers import AutoModelForSequenceClassification, BertConfig, ModernBertConfig

from stance.encoding import Batch
from stance.errors import SettingsError
from training import export, optimisation, quantisation
from training.fusion import KEY_MASK, fuse

IDS = np.array([[2, 5, 6, 7, 3], [2, 8, 3, 0, 0]])
FEEDS = {"input_ids": IDS, "attention_mask": (IDS > 0).astype(np.int64), "token_type_ids": IDS * 0}


@pytest.fixture(scope="module")
def network() -> Any:
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=50,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        initializer_range=0.2,
        num_labels=9,
    )
    return AutoModelForSequenceClassification.from_config(config, attn_implementation="eager").eval()


@pytest.fixture
def plain(network: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(optimisation, "fuse", lambda model: None)
    export.graph(tmp_path / "plain.onnx", network, precision="fp32")
    return onnx.load(tmp_path / "plain.onnx")


def run(model: Any, *names: str) -> list[np.ndarray]:
    tapped = onnx.ModelProto()
    tapped.CopyFrom(model)
    tapped.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in names)
    session = onnxruntime.InferenceSession(tapped.SerializeToString())
    return session.run(["logits", *names], {one.name: FEEDS[one.name] for one in session.get_inputs()})


def kinds(model: Any) -> Counter[str]:
    return Counter(node.op_type for node in model.graph.node)


def test_a_fused_graph_says_the_same(plain: Any) -> None:
    before, (expected,) = kinds(plain), run(plain)
    fuse(plain)
    assert run(plain)[0] == pytest.approx(expected, abs=1e-6)
    assert before["Softmax"] == kinds(plain)["MultiHeadAttention"] == 2
    assert not {"Softmax", "Transpose"} & kinds(plain).keys()


def test_the_last_layer_computes_only_the_token_that_is_read(plain: Any) -> None:
    fuse(plain)
    norms = [node.output[0] for node in plain.graph.node if node.op_type == "LayerNormalization"]
    lengths = [found.shape[1] for found in run(plain, *norms)[1:]]
    assert lengths == [5, 5, 5, 1, 1]


def test_what_is_not_like_bert_stays_as_it_is(tmp_path: Path) -> None:
    torch.manual_seed(0)
    config = ModernBertConfig(
        vocab_size=50,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        num_labels=9,
        pad_token_id=0,
        reference_compile=False,
    )
    network = AutoModelForSequenceClassification.from_config(config, attn_implementation="eager").eval()
    export.graph(tmp_path / "modern.onnx", network, precision="fp32")
    with torch.inference_mode():
        given = {name: torch.from_numpy(FEEDS[name]) for name in ("input_ids", "attention_mask")}
        expected = network(**given).logits.numpy()
    assert run(onnx.load(tmp_path / "modern.onnx"))[0] == pytest.approx(expected, abs=1e-4)


def test_half_precision_is_close(network: Any, tmp_path: Path) -> None:
    for name in ("fp32", "fp16"):
        export.graph(tmp_path / f"{name}.onnx", network, precision=name)
    exact, close = (run(onnx.load(tmp_path / f"{name}.onnx"))[0] for name in ("fp32", "fp16"))
    assert close == pytest.approx(exact, abs=0.02)


@pytest.mark.parametrize("shows", [False, True])
def test_a_network_in_bytes_is_close(
    network: Any, shows: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quantisation, "WORTH", 512)
    export.graph(tmp_path / "fp32.onnx", network, precision="fp32")
    shown = [Batch(FEEDS["input_ids"], FEEDS["attention_mask"], FEEDS["token_type_ids"])] if shows else []
    export.graph(tmp_path / "int8.onnx", network, shown=shown)
    exact, small = (onnx.load(tmp_path / f"{name}.onnx") for name in ("fp32", "int8"))
    assert kinds(small)["MatMulIntegerToFloat"] == kinds(exact)["MatMul"] == 12
    assert ("ReduceMax" in kinds(small)) is not shows
    if shows:  # All that is made bytes is first multiplied by column, but for what attention gives.
        assert kinds(small)["Mul"] == kinds(small)["QuantizeLinear"] - 2
    assert run(small)[0] == pytest.approx(run(exact)[0], abs=0.1)


def test_a_fused_graph_that_says_something_else_is_not_taken(
    network: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(model: Any) -> None:
        for node in model.graph.node:
            if node.op_type == "Softmax":
                node.op_type = "LogSoftmax"

    monkeypatch.setattr(optimisation, "fuse", wrong)
    export.graph(tmp_path / "fp32.onnx", network, precision="fp32")
    assert kinds(onnx.load(tmp_path / "fp32.onnx"))["Softmax"] == 2


def test_another_precision_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="is 'int4', but must be one of int8, fp16, fp32"):
        optimisation.save(onnx.ModelProto(), tmp_path / "x.onnx", precision="int4")


def test_a_mask_of_padding_is_one_of_keys(
    plain: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (expected,) = run(plain)
    monkeypatch.undo()
    optimisation.save(plain, tmp_path / "fused.onnx", precision="fp32")
    fused = onnx.load(tmp_path / "fused.onnx")
    assert {node.input[4] for node in fused.graph.node if node.op_type == "MultiHeadAttention"} == {KEY_MASK}
    assert not {"Where", "Expand", "GatherND"} & kinds(fused).keys()
    assert run(fused)[0] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("sees", "low", "known"), [(9999, -1e9, True), (500, -1e9, False), (9999, -1, False)]
)
def test_a_mask_that_does_something_else_is_known(sees: int, low: float, known: bool) -> None:
    """Such as one where tokens see only those near them, which short texts do not show."""
    constants = {"axes": np.array([1, 2]), "zero": np.array(0), "one": np.array(1), "sees": np.array(sees)}
    constants |= {"nothing": np.float32(0), "low": np.float32(low), "last": np.array(1)}
    nodes = [
        helper.make_node("Shape", ["attention_mask"], ["shape"]),
        helper.make_node("Gather", ["shape", "last"], ["length"]),
        helper.make_node("Range", ["zero", "length", "one"], ["places"]),
        helper.make_node("Less", ["places", "sees"], ["near"]),
        helper.make_node("Cast", ["attention_mask"], ["there"], to=TensorProto.BOOL),
        helper.make_node("And", ["there", "near"], ["seen"]),
        helper.make_node("Unsqueeze", ["seen", "axes"], ["by_head"]),
        helper.make_node("Where", ["by_head", "nothing", "low"], ["mask"]),
    ]
    graph = helper.make_graph(
        nodes,
        "mask",
        [helper.make_tensor_value_info("attention_mask", TensorProto.INT64, ["quotes", "length"])],
        [helper.make_empty_tensor_value_info("mask")],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    assert optimisation._hides_padding(model, "mask") is known
