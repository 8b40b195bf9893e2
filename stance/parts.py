"""A long table in the making: written in parts, so that a run that was killed at any moment can go on."""

import json
import shutil
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

    taken: how many rows of the source are done. counts: what their maker wants to know of them at the end.
    """

    folder: Path
    output: Path
    columns: Sequence[str]
    taken: int = 0
    counts: tuple[int, ...] = ()

    def add(self, rows: Sequence[Row], *, taken: int, counts: Sequence[int]) -> None:
        """Write the rows that ``taken`` further rows of the source have given."""
        name = "-".join(map(str, (f"{self.taken:012d}", taken, *counts))) + self.output.suffix
        with writing(self.folder / name, self.columns, like=next(iter(self.files()), None)) as writer:
            writer.write(rows)
        self._count(taken, counts)

    def files(self) -> list[Path]:
        """The parts, in order."""
        return sorted(self.folder.glob(f"[0-9]*{self.output.suffix}"))

    def resume(self) -> None:
        """Go on behind the parts that are there."""
        for path in self.files():
            _, taken, *counts = map(int, path.stem.split("-"))
            self._count(taken, counts)

    def _count(self, taken: int, counts: Sequence[int]) -> None:
        self.taken += taken
        self.counts = tuple(a + b for a, b in zip(self.counts or (0,) * len(counts), counts, strict=True))


@contextmanager
def in_parts(
    output: Path, columns: Sequence[str], plan: Mapping[str, Any], *, resume: bool | None
) -> Iterator[Parts]:
    """The parts of a table, which becomes one when all are there.

    plan: what must be the same for a run to go on. resume: whether to go on behind the parts of an
    interrupted run (True) or to start anew (False); None: SettingsError if there are any, which would be
    lost.
    """
    folder = output.with_name(f".{output.name}.parts")
    parts = Parts(folder, output, columns)
    wanted = json.dumps(plan, sort_keys=True, ensure_ascii=False, indent=1)
    if resume is not False and parts.files():
        _check(folder, wanted, resume)
        parts.resume()
    else:
        _start(folder, output, wanted)
    try:
        yield parts
        join(parts.files(), output, columns)
    except StanceError as error:
        kept = f" The {parts.taken:,} rows that are done are kept: --resume goes on behind them."
        raise type(error)(f"{error}{kept if parts.taken else ''}") from error
    shutil.rmtree(folder, ignore_errors=True)


def _start(folder: Path, output: Path, plan: str) -> None:
    try:
        if folder.exists():
            # First what could be gone on from: half of a folder that was being deleted must not count.
            (folder / PLAN).unlink(missing_ok=True)
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
        new = folder / f"{PLAN}.new"
        new.write_text(plan, encoding="utf-8")
        new.replace(folder / PLAN)
    except OSError as error:
        raise TableError(f"{output} cannot be written: {error.strerror or error}.") from error


def _check(folder: Path, wanted: str, resume: bool | None) -> None:
    if resume is None:
        raise SettingsError(
            f"{folder} holds rows of a run that was interrupted. Give --resume to go on behind them, or "
            "--anew to do them again."
        )
    try:
        there = (folder / PLAN).read_text(encoding="utf-8")
    except OSError:
        there = "{}"
    if there != wanted:
        before, now = json.loads(there), json.loads(wanted)
        other = sorted(name for name in now if now[name] != before.get(name))
        raise SettingsError(
            f"{folder} holds rows of a run with another {', another '.join(other)}. Give what it was given "
            "to go on, or --anew to start anew."
        )
