"""Token ids → logits, through onnxruntime."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Protocol

import numpy as np

from stance.calibration import Floats
from stance.encoding import Batch, Encoded, Encoder, Ids, batches
from stance.errors import ModelFolderError, SettingsError

BATCH_TOKENS = 512  # padding included; what a batch computes then stays near the core, which more does not


class Model(Protocol):
    """Anything that turns a batch into one row of logits a quotation."""

    def logits(self, batch: Batch) -> Floats:
        """Arrays [quotes, length] → logits [quotes, width]."""
        ...


@dataclass(frozen=True, repr=False, eq=False)
class OnnxModel:
    """A graph run by onnxruntime; safe to use from several threads, and in processes that are forked.

    threads: how many cores it may use; None: all. gpu: whether it is to run on one, if there is one.
    """

    graph: bytes
    where: str
    width: int
    threads: int | None = None
    gpu: bool = False

    def __post_init__(self) -> None:
        if self.threads is not None and self.threads < 1:
            raise SettingsError(f"threads is {self.threads}, but must be 1 or more, or None for all cores.")
        found = self._opened.whole.get_outputs()[0].shape[-1]
        if found != self.width:
            raise ModelFolderError(
                f"{self.where} gives {found} logits, but the axes in stance.json have {self.width} labels. "
                "The files come from different models: export them again, together."
            )

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if not name.startswith("_")}

    def logits(self, batch: Batch) -> Floats:
        """Arrays [quotes, length] → logits [quotes, width], on all cores."""
        return _run(self._opened.whole, batch)

    def submit(self, padded: Callable[[], Batch]) -> "Future[Floats]":
        """The same for one of many batches, each of which has a core of its own."""
        opened = self._opened
        return opened.lanes.submit(lambda: _run(opened.single, padded()))

    @property
    def cores(self) -> int:
        """How many batches are computed at a time."""
        return 1 if self.gpu else self.threads or _cores()

    @property
    def _opened(self) -> "_Opened":
        # The threads of a session do not come along into a process that is forked.
        if (found := vars(self).get("_here")) is None or found.process != os.getpid():
            found = _Opened(self, os.getpid())
            object.__setattr__(self, "_here", found)
        return found


def _cores() -> int:
    """Those that this process may use."""
    allowed = getattr(os, "sched_getaffinity", None)  # not everywhere
    return len(allowed(0)) if allowed else os.cpu_count() or 1


@dataclass(frozen=True)
class _Opened:
    """The sessions of a model in one process, opened when they are needed."""

    model: OnnxModel
    process: int

    @cached_property
    def whole(self) -> Any:
        return _session(self.model, threads=self.model.cores)

    @cached_property
    def single(self) -> Any:
        # On the cores of a laptop many small batches side by side are a fifth faster than one on all cores.
        return self.whole if self.model.cores == 1 else _session(self.model, threads=1)

    @cached_property
    def lanes(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self.model.cores, thread_name_prefix="stance")


def _session(model: OnnxModel, *, threads: int) -> Any:
    # A quarter of a second that nobody pays who only imports stance or finds quotations.
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    wanted = (["CUDAExecutionProvider"] if model.gpu else []) + ["CPUExecutionProvider"]
    providers = [name for name in wanted if name in onnxruntime.get_available_providers()]
    try:
        return onnxruntime.InferenceSession(model.graph, options, providers=providers)
    except Exception as error:  # onnxruntime has no common root for what a bad graph raises
        raise ModelFolderError(f"{model.where} is not a graph that onnxruntime can run: {error}") from error


def _run(session: Any, batch: Batch) -> Floats:
    return np.asarray(session.run(["logits"], feeds(session, batch))[0])


def feeds(session: Any, batch: Batch) -> dict[str, Ids]:
    """What an onnxruntime session takes of a batch."""
    given = {"input_ids": batch.ids, "attention_mask": batch.mask, "token_type_ids": batch.types}
    return {one.name: given[one.name] for one in session.get_inputs()}


def logits_of(
    model: Model, encoder: Encoder, encoded: Sequence[Encoded], *, width: int, tokens: int = BATCH_TOKENS
) -> Floats:
    """Logits [quotes, width] in the order given, computed in batches of alike lengths."""
    return started(model, encoder, encoded, width=width, tokens=tokens)()


def started(
    model: Model, encoder: Encoder, encoded: Sequence[Encoded], *, width: int, tokens: int = BATCH_TOKENS
) -> Callable[[], Floats]:
    """Begin with it, and return what waits for the logits: meanwhile others can be encoded."""
    places = list(batches([len(one.ids) for one in encoded], tokens=tokens))
    padded = [partial(encoder.pad, [encoded[i] for i in positions]) for positions in places]
    found: list[Future[Floats] | Floats]
    if isinstance(model, OnnxModel) and len(places) > 2 * model.cores:
        found = [model.submit(batch) for batch in padded]
    else:
        found = [model.logits(batch()) for batch in padded]

    def finished() -> Floats:
        rows = np.zeros((len(encoded), width), dtype=np.float32)
        for positions, one in zip(places, found, strict=True):
            rows[positions] = one.result() if isinstance(one, Future) else one
        return rows

    return finished
