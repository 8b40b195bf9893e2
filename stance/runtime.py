"""Token ids → logits, through onnxruntime."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from stance.calibration import Floats
from stance.encoding import Batch, Encoded, Encoder, batches
from stance.errors import ModelFolderError

BATCH_TOKENS = 4096  # padding included; larger batches are no faster on a laptop's cores


class Model(Protocol):
    """Anything that turns a batch into one row of logits a quotation."""

    def logits(self, batch: Batch) -> Floats:
        """Arrays [quotes, length] → logits [quotes, width]."""
        ...


class OnnxModel:
    """A graph run by onnxruntime on the CPU; safe to use from several threads."""

    def __init__(self, graph: bytes, *, where: str, width: int) -> None:
        # A quarter of a second that nobody pays who only imports stance or finds quotations.
        import onnxruntime

        try:
            self._session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime has no common root for what a bad graph raises
            raise ModelFolderError(f"{where} is not a graph that onnxruntime can run: {error}") from error
        self._inputs = {given.name for given in self._session.get_inputs()}
        found = self._session.get_outputs()[0].shape[-1]
        if found != width:
            raise ModelFolderError(
                f"{where} gives {found} logits, but the axes in stance.json have {width} labels. "
                "The files come from different models: export them again, together."
            )

    def logits(self, batch: Batch) -> Floats:
        """Arrays [quotes, length] → logits [quotes, width]."""
        feeds = {"input_ids": batch.ids, "attention_mask": batch.mask, "token_type_ids": batch.types}
        return np.asarray(
            self._session.run(["logits"], {k: v for k, v in feeds.items() if k in self._inputs})[0]
        )


def logits_of(
    model: Model, encoder: Encoder, encoded: Sequence[Encoded], *, width: int, tokens: int = BATCH_TOKENS
) -> Floats:
    """Logits [quotes, width] in the order given, computed in batches of alike lengths."""
    rows = np.zeros((len(encoded), width), dtype=np.float32)
    for positions in batches([len(one.ids) for one in encoded], tokens=tokens):
        rows[positions] = model.logits(encoder.pad([encoded[i] for i in positions]))
    return rows
