"""Token ids → logits, through onnxruntime."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from stance.calibration import Floats
from stance.encoding import Batch, Encoded, Encoder, Ids, batches
from stance.errors import ModelFolderError, SettingsError

Result = TypeVar("Result")
Other = TypeVar("Other")

BATCH_TOKENS = 512  # padding included; what a batch computes then stays near the core, which more does not
LEAST_TOKENS = 128  # of a batch, if there are many cores
CUDA, CPU = "CUDAExecutionProvider", "CPUExecutionProvider"


class Model(Protocol):
    """Anything that turns a batch into one row of logits a quotation."""

    def logits(self, batch: Batch) -> Floats:
        """Arrays [quotes, length] → logits [quotes, width]."""
        ...


@dataclass(frozen=True)
class Begun(Generic[Result]):
    """Work that has begun: call it to wait for the result, or cancel what has not been computed yet."""

    wait: Callable[[], Result]
    cancel: Callable[[], None]

    def __call__(self) -> Result:
        """The result, or the error that was met."""
        return self.wait()

    def then(self, make: Callable[[Result], Other]) -> "Begun[Other]":
        """The same work with something made of its result."""
        return Begun(lambda: make(self.wait()), self.cancel)


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
        session = self._opened.single
        return self._opened.lanes.submit(lambda: _run(session, padded()))

    @property
    def cores(self) -> int:
        """How many batches are computed at a time."""
        return self._opened.cores

    @property
    def _opened(self) -> "_Opened":
        found = vars(self).get("_here")
        if found is None or found.process != os.getpid():
            if found is not None:
                # The threads of its sessions did not come along into this process: to close them would hang.
                _left_behind.append(found)
            found = _Opened(self.graph, self.where, self.threads, self.gpu, os.getpid())
            object.__setattr__(self, "_here", found)
        return found


_left_behind: list["_Opened"] = []


@dataclass(frozen=True)
class _Opened:
    """The sessions of a model in one process, opened when they are needed."""

    graph: bytes
    where: str
    threads: int | None
    gpu: bool
    process: int

    @cached_property
    def providers(self) -> list[str]:
        # A quarter of a second that nobody pays who only imports stance or finds quotations.
        import onnxruntime

        return [CUDA, CPU] if self.gpu and CUDA in onnxruntime.get_available_providers() else [CPU]

    @cached_property
    def cores(self) -> int:
        return 1 if CUDA in self.providers else self.threads or _cores()

    @cached_property
    def whole(self) -> Any:
        return self._session(self.cores)

    @cached_property
    def single(self) -> Any:
        # On the cores of a laptop many small batches side by side are a fifth faster than one on all cores.
        return self.whole if self.cores == 1 else self._session(1)

    @cached_property
    def lanes(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self.cores, thread_name_prefix="stance")

    def _session(self, threads: int) -> Any:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.enable_mem_pattern = False  # it would keep a plan for every length that comes by
        try:
            return onnxruntime.InferenceSession(self.graph, options, providers=self.providers)
        except Exception as error:  # onnxruntime has no common root for what a bad graph raises
            raise ModelFolderError(
                f"{self.where} is not a graph that onnxruntime can run: {error}"
            ) from error


def _cores() -> int:
    """Those that this process may use."""
    allowed = getattr(os, "sched_getaffinity", None)  # not everywhere
    return len(allowed(0)) if allowed else os.cpu_count() or 1


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
) -> Begun[Floats]:
    """Begin with it: meanwhile others can be encoded. Little work is done at once, on all cores."""
    lengths = [len(one.ids) for one in encoded]
    onnx = model if isinstance(model, OnnxModel) and sum(lengths) > 2 * tokens else None
    if onnx and onnx.cores > 1:
        tokens = min(tokens, max(LEAST_TOKENS, sum(lengths) // (2 * onnx.cores)))
    places = list(batches(lengths, tokens=tokens))
    padded = [partial(encoder.pad, [encoded[i] for i in positions]) for positions in places]
    found: list[Future[Floats] | Floats]
    found = [onnx.submit(batch) if onnx else model.logits(batch()) for batch in padded]

    def finished() -> Floats:
        rows = np.zeros((len(encoded), width), dtype=np.float32)
        for positions, one in zip(places, found, strict=True):
            rows[positions] = one.result() if isinstance(one, Future) else one
        return rows

    def cancelled() -> None:
        for one in found:
            if isinstance(one, Future):
                one.cancel()

    return Begun(finished, cancelled)
