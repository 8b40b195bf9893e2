from pathlib import Path

import numpy as np
import pytest

from stance.calibration import Floats
from stance.encoding import Batch, Encoder
from stance.errors import ModelFolderError
from stance.folder import ModelFolder
from stance.quotes import Quote
from stance.runtime import OnnxModel, logits_of


class Lengths:
    """A model whose only logit is how many tokens it was shown."""

    def logits(self, batch: Batch) -> Floats:
        return batch.mask.sum(axis=1, keepdims=True).astype(np.float32)


def test_logits_come_back_in_the_order_of_the_quotations(model_folder: Path) -> None:
    encoder = Encoder(ModelFolder.open(model_folder).tokenizer(), window=48)
    encoded = encoder.encode([Quote("we " * n) for n in (5, 1, 9, 3)])
    found = logits_of(Lengths(), encoder, encoded, width=1, tokens=16)
    assert found[:, 0].tolist() == [7, 3, 11, 5]


def test_a_file_that_is_no_graph_is_refused() -> None:
    with pytest.raises(ModelFolderError, match="here is not a graph that onnxruntime can run"):
        OnnxModel(b"nonsense", where="here", width=9)


def test_a_graph_of_another_width_is_refused(model_folder: Path) -> None:
    graph = ModelFolder.open(model_folder).checked("model.onnx")
    with pytest.raises(ModelFolderError, match=r"gives 9 logits, but the axes in stance\.json have 4"):
        OnnxModel(graph, where="model.onnx", width=4)
