"""A long table in the making: written in parts, so that a run that was killed at any moment can go on."""

import json
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stance.errors import SettingsError, StanceError, TableError
from stance.tables import Row
from stance.writing import join, writing

PLAN = "plan.json"


@dataclass
class Parts:
    """The parts of a table that are there.

    types: as ``writing.writing`` takes them. taken: how many rows of the source are done. counts: what their
    maker wants to know of them at the end.
    """

    folder: Path
    output: Path
    columns: Sequence[str]
    types: Any = None
    taken: int = 0
    counts: tuple[int, ...] = ()

    def add(self, rows: Sequence[Row], *, taken: int, counts: Sequence[int]) -> None:
        """Write the rows that ``taken`` further rows of the source have given."""
        name = "-".join(map(str, (f"{self.taken:012d}", taken, *counts))) + self.output.suffix
        path = self.folder / name
        with writing(path, self.columns, types=self.types) as writer:
            writer.write(rows)
        self._count(taken, counts)

    def files(self) -> list[Path]:
        """The parts, in order."""
        return sorted(self.folder.glob(f"[0-9]*{self.output.suffix}"))

    def resume(self) -> None:
        """Go on behind the parts that are there; SettingsError where one of them is gone."""
        for path in self.files():
            start, taken, *counts = map(int, path.stem.split("-"))
            if start != self.taken:
                raise SettingsError(
                    f"{self.folder} lacks the rows from {self.taken:,} on, but has those from {start:,} on. "
                    "Give --anew to do all of them again."
                )
            self._count(taken, counts)

    def _count(self, taken: int, counts: Sequence[int]) -> None:
        self.taken += taken
        self.counts = tuple(a + b for a, b in zip(self.counts or (0,) * len(counts), counts, strict=True))


@contextmanager
def in_parts(
    output: Path,
    columns: Sequence[str],
    plan: Mapping[str, Any],
    *,
    total: int,
    resume: bool | None,
    types: Any = None,
) -> Iterator[Parts]:
    """The parts of a table, which becomes one when all are there.

    plan: what must be the same for a run to go on. total: rows of the source. types: as
    ``writing.writing`` takes them. resume: whether to go on behind the parts of an interrupted run (True) or
    to start anew (False); None: SettingsError if there are any, which would be lost.
    """
    folder, done = (output.with_name(f".{output.name}.parts{end}") for end in ("", ".done"))
    wanted = json.dumps({**plan, "columns of the output": list(columns)}, sort_keys=True, indent=1)
    with _alone(output):
        shutil.rmtree(done, ignore_errors=True)
        parts = Parts(folder, output, columns, types)
        if resume is not False and parts.files():
            _check(folder, wanted, resume)
            parts.resume()
        else:
            _start(folder, wanted)
        try:
            yield parts
            if parts.taken != total:
                raise TableError(
                    f"The table had {total:,} rows at first, but {parts.taken:,} later: it was changed. "
                    "Leave it as it is, and give --anew."
                )
            join(parts.files(), output, columns)
        except TableError as error:
            if parts.taken and isinstance(error.__cause__, OSError):
                kept = f"The {parts.taken:,} rows that are done are kept: --resume goes on behind them."
                raise TableError(f"{error} {kept}") from error
            raise
        # At once out of the way: half of a folder that was being deleted must not be gone on from.
        folder.rename(done)
        shutil.rmtree(done, ignore_errors=True)


@contextmanager
def _alone(output: Path) -> Iterator[None]:
    """Nobody else writes the same table meanwhile; a lock that ends with the process, however it ends."""
    path = output.with_name(f".{output.name}.lock")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a") as file:
            if not _locked(file.fileno()):
                raise SettingsError(
                    f"{output} is being written by another run. Wait for it, or give another --output."
                )
            try:
                yield
            finally:
                path.unlink(missing_ok=True)
    except StanceError:
        raise
    except OSError as error:
        raise TableError(f"{output} cannot be written: {error.strerror or error}.") from error


def _locked(file: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _start(folder: Path, plan: str) -> None:
    if folder.exists():
        # First what could be gone on from.
        (folder / PLAN).unlink(missing_ok=True)
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    new = folder / f"{PLAN}.new"
    new.write_text(plan, encoding="utf-8")
    new.replace(folder / PLAN)


def _check(folder: Path, wanted: str, resume: bool | None) -> None:
    if resume is None:
        raise SettingsError(
            f"{folder} holds rows of a run that was interrupted. Give --resume to go on behind them, or "
            "--anew to do them again."
        )
    try:
        there, now = json.loads((folder / PLAN).read_text(encoding="utf-8")), json.loads(wanted)
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"{folder} holds rows, but not what they were made with. Give --anew to do them again."
        ) from error
    other = sorted(name for name in now if now[name] != there.get(name))
    if other:
        raise SettingsError(
            f"{folder} holds rows of a run with another {', another '.join(other)}. Give what it was given "
            "to go on, or --anew to start anew."
        )
