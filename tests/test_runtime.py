import os
import pickle
import subprocess
import sys
from concurrent.futures import CancelledError
from pathlib import Path

import numpy as np
import pytest

from stance.calibration import Floats
from stance.encoding import Batch, Encoder
from stance.errors import ModelFolderError
from stance.folder import ModelFolder
from stance.quotes import Quote
from stance.runtime import OnnxModel, logits_of, started


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


@pytest.mark.parametrize("threads", [1, 3])
def test_side_by_side_gives_what_one_by_one_does(model_folder: Path, threads: int) -> None:
    folder = ModelFolder.open(model_folder)
    model, encoder = folder.model(threads=threads), Encoder(folder.tokenizer(), window=48)
    encoded = encoder.encode([Quote("we lie " * (n % 9 + 1)) for n in range(200)])
    found = logits_of(model, encoder, encoded, width=9, tokens=64)
    alone = np.concatenate([model.logits(encoder.pad([one])) for one in encoded])
    assert found == pytest.approx(alone, abs=1e-5)


def test_work_that_nobody_wants_is_cancelled(model_folder: Path) -> None:
    folder = ModelFolder.open(model_folder)
    encoder = Encoder(folder.tokenizer(), window=48)
    encoded = encoder.encode([Quote("we lie " * 9)] * 3000)
    begun = started(folder.model(threads=2), encoder, encoded, width=9)
    begun.cancel()
    with pytest.raises(CancelledError):
        begun()


def test_a_model_goes_along_into_other_processes(model_folder: Path) -> None:
    model = ModelFolder.open(model_folder).model(threads=2)
    assert pickle.loads(pickle.dumps(model)).width == 9


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks here")
def test_a_model_that_was_used_works_in_a_fork(model_folder: Path, tmp_path: Path) -> None:
    code = (
        "import os, signal, sys, time, stance\n"
        "model, said = stance.load(sys.argv[1], threads=2), ['We hope.', 'They lie.'] * 2000\n"
        "before = [str(p) for p in model.classify_many(said)]\n"
        "time.sleep(1)\n"
        "if not (child := os.fork()):\n"
        "    signal.alarm(60)\n"
        "    os._exit(0 if [str(p) for p in model.classify_many(said)] == before else 3)\n"
        "sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(model_folder)], cwd=tmp_path, timeout=120)
    assert done.returncode == 0
