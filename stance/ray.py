"""Quotations on a Ray cluster: the columns of ``stance classify``, on as many machines as there are."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from stance import tables
from stance.actors import Actors
from stance.batch import begin_rows
from stance.classifier import load
from stance.columns import new_columns, type_of
from stance.errors import MissingPackageError, SettingsError
from stance.folder import ModelFolder

if TYPE_CHECKING:
    import pyarrow
    import ray.data

BATCH = tables.BLOCK  # rows that a worker gets at a time: seconds of work


def classify(
    dataset: "ray.data.Dataset",
    *,
    columns: Mapping[str, str] | None = None,
    model: str | Path | None = None,
    actors: str | Path | None = None,
    workers: int | None = None,
    cores: int = 1,
    gpus: float = 0,
) -> "ray.data.Dataset":
    """The dataset with what a model says of each quotation, lazily, by workers that load it once.

    columns: your own names, ``{"quote": "Text"}``. model: a folder that every machine can read, such as one
    on shared storage; None: the model that comes with stance, which must be installed everywhere. actors:
    a CSV of your own, read here. workers: how many; None: as many as the cluster has cores (or GPUs) for
    now. cores, gpus: of each worker; for a GPU give a model that was exported in fp16. A row that cannot be
    classified is kept, with the reason in the column ``error``. Ray starts workers that have died again and
    repeats what they had not finished. Rows keep their order only if Ray is told so (``preserve_order``).

    Raises MissingPackageError without ray, ColumnError without quotations, ModelFolderError, SettingsError.
    """
    try:
        import ray
    except ImportError as error:
        raise MissingPackageError("Ray is not installed: pip install 'stance-quotes[ray]'") from error
    if cores < 1 or (workers is not None and workers < 1):
        raise SettingsError(f"workers is {workers} and cores {cores}, but both must be 1 or more.")
    folder = ModelFolder.open(model) if model is not None else ModelFolder.shipped()
    names = dataset.columns() or []
    found = tables.quote_columns(Path("The dataset"), names, columns or {})
    size, share = _pool(ray.cluster_resources(), workers, cores, gpus)
    # Ray cuts data by bytes, of which quotations have few: one worker would do what is for all of them.
    return dataset.repartition(target_num_rows_per_block=BATCH).map_batches(
        _Worker,
        fn_constructor_kwargs={
            "model": None if model is None else str(Path(model).resolve()),
            "actors": _checked(Path(actors)) if actors is not None else None,
            "columns": found,
            "new": new_columns(folder.scheme, taken=names),
            "threads": cores,
        },
        batch_format="pyarrow",
        batch_size=BATCH,
        num_cpus=share,
        num_gpus=gpus,
        # A pool that grows by itself stops at what Ray reserves for reading and writing, which need little.
        compute=ray.data.ActorPoolStrategy(size=size),
    )


def _pool(there: Mapping[str, float], workers: int | None, cores: int, gpus: float) -> tuple[int, float]:
    """How many workers, and how many of the cluster's cores each asks for.

    Workers that asked for all cores would wait for rows that nothing could read.
    """
    total = there.get("CPU", 1)
    most = total // cores if not gpus else min(total // cores, there.get("GPU", 0) // gpus)
    if workers is None and gpus and most < 1:
        raise SettingsError(
            f"gpus is {gpus}, but the cluster has {there.get('GPU', 0):.0f} now. Where it grows on demand, "
            "say how many workers there are to be."
        )
    size = workers or max(1, int(most))
    return size, cores if size * cores < total else (total - 1) / size / 2


def _checked(actors: Path) -> bytes:
    Actors.shipped(actors)  # better an error here than one in every worker
    return actors.read_bytes()


class _Worker:
    def __init__(
        self,
        model: str | None,
        actors: bytes | None,
        columns: Mapping[str, str],
        new: Mapping[str, str],
        threads: int,
    ) -> None:
        with tempfile.TemporaryDirectory() as folder:
            table = Path(folder, "actors.csv") if actors is not None else None
            if table is not None and actors is not None:
                table.write_bytes(actors)
            self._classifier = load(model, actors=table, threads=threads)
        self._columns, self._new = columns, new

    def __call__(self, batch: "pyarrow.Table") -> "pyarrow.Table":
        import pyarrow

        rows = batch.to_pylist()
        found = begin_rows(rows, self._columns, self._classifier, self._new)()
        for name, column in self._new.items():
            # Blocks of a dataset must agree on types, whatever happens to be in them.
            values = pyarrow.array([row[column] for row in found], type_of(name))
            batch = batch.append_column(column, [values])
        return batch
