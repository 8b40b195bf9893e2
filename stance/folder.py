"""A model folder: the names of its files, their checks, and what they hold."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from tokenizers import Tokenizer

from stance.calibration import AxisCalibration
from stance.errors import ModelFolderError
from stance.labels import LabelScheme
from stance.runtime import OnnxModel

SHIPPED = "stance-minilm"
FORMAT = 1

MANIFEST = "stance.json"
GRAPH = "model.onnx"
TOKENIZER = "tokenizer.json"
WEIGHTS = "model.safetensors"
CONFIG = "config.json"
CARD = "README.md"


@dataclass(frozen=True)
class ModelFolder:
    """What stance.json of a model folder says; its other files are checked when they are opened."""

    path: Path
    manifest: Mapping[str, Any]

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """Read and check stance.json; ModelFolderError where the folder cannot be a model."""
        path = Path(path)
        if not path.is_dir():
            raise ModelFolderError(f"There is no model folder {path}. Give the folder that holds {MANIFEST}.")
        try:
            manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise ModelFolderError(
                f"{path} has no {MANIFEST}, so it is not a stance model. "
                "Make one with: python -m training fit DATA --output FOLDER"
            ) from error
        except (OSError, ValueError) as error:
            raise ModelFolderError(f"{path / MANIFEST} cannot be read: {error}. {_RESTORE}") from error
        folder = cls(path, manifest if isinstance(manifest, dict) else {})
        folder._check_manifest()
        return folder

    @classmethod
    def shipped(cls) -> Self:
        """The model that comes with stance: in the wheel, or in the checkout."""
        return cls.open(shipped_path())

    @property
    def name(self) -> str:
        """Name and version, as every prediction carries them."""
        return f"{self.manifest['name']} {self.manifest['version']}"

    @property
    def signature(self) -> str:
        """What tells a model from another of the same name: a hash of all that stance.json says of it."""
        return sha256(json.dumps(self.manifest, sort_keys=True).encode())

    @cached_property
    def scheme(self) -> LabelScheme:
        """The axes and labels."""
        return LabelScheme.from_table(self.manifest["axes"])

    @property
    def calibration(self) -> dict[str, AxisCalibration]:
        """How to read the logits of each axis."""
        found = self.manifest["calibration"].items()
        return {name: AxisCalibration.from_table(table) for name, table in found}

    @property
    def window(self) -> int:
        """How many tokens the model reads at most."""
        return int(self.manifest["encoder"]["window"])

    @property
    def pad_id(self) -> int:
        """The token that fills up a batch."""
        return int(self.manifest["encoder"]["pad_id"])

    @property
    def precision(self) -> str:
        """How the graph computes: int8 for processors, fp16 for GPUs, fp32 for both."""
        return str(self.manifest.get("precision", "int8"))

    def tokenizer(self) -> Tokenizer:
        """The tokenizer, checked."""
        return Tokenizer.from_str(self.checked(TOKENIZER).decode("utf-8"))

    def model(self, *, threads: int | None = None) -> OnnxModel:
        """The graph, checked and opened; threads: how many cores it may use, all if None."""
        return OnnxModel(
            self.checked(GRAPH),
            where=str(self.path / GRAPH),
            width=self.scheme.width,
            threads=threads,
            gpu=self.precision == "fp16",
        )

    def checked(self, name: str) -> bytes:
        """The bytes of a file, if they are those that were written with the model."""
        path, expected = self.path / name, self.manifest["files"].get(name)
        if expected is None:
            raise ModelFolderError(f"{self.path / MANIFEST} does not list {name}. {_RESTORE}")
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ModelFolderError(f"{path} is missing or cannot be read: {error}. {_RESTORE}") from error
        if len(content) != expected["bytes"]:
            raise ModelFolderError(
                f"{path} has {len(content):,} bytes, but {expected['bytes']:,} were written: it was cut "
                f"off or replaced. {_RESTORE}"
            )
        if sha256(content) != expected["sha256"]:
            raise ModelFolderError(
                f"{path} was altered: its SHA-256 is {sha256(content)[:12]}…, but {MANIFEST} says "
                f"{expected['sha256'][:12]}…. {_RESTORE}"
            )
        return content

    def _check_manifest(self) -> None:
        where, found = self.path / MANIFEST, self.manifest
        needed = ("format", "name", "version", "axes", "encoder", "calibration", "files")
        missing = [key for key in needed if key not in found]
        if missing:
            raise ModelFolderError(f"{where} lacks {', '.join(missing)}. {_RESTORE}")
        if found["format"] != FORMAT:
            raise ModelFolderError(
                f"{where} has format {found['format']}, but this version of stance reads format {FORMAT}. "
                "Install a matching version of stance-quotes."
            )
        try:
            wrong = set(self.scheme.names) ^ set(self.calibration)
            ready = self.window > 8 and self.pad_id >= 0
            both = [one for found in self.calibration.values() for one in (found, found.bare) if one]
            ready = ready and all(len(one.needed) in (0, 99) for one in both)
        except (TypeError, KeyError, ValueError, AttributeError) as error:
            raise ModelFolderError(f"{where} makes no sense: {error!r}. {_RESTORE}") from error
        if wrong or not ready:
            raise ModelFolderError(
                f"{where} does not fit together: axes {', '.join(self.scheme.names)}, calibration for "
                f"{', '.join(self.calibration)}, window {self.window}. {_RESTORE}"
            )


_RESTORE = "Restore the folder from where it came, or export the model again."


def shipped_path() -> Path:
    """Where the model is that comes with stance: in the wheel, else in the checkout."""
    here = Path(__file__).parent
    in_wheel = here / "shipped"
    return in_wheel if in_wheel.is_dir() else here.parent / "models" / SHIPPED


def sha256(content: bytes) -> str:
    """The SHA-256 of some bytes in hexadecimal."""
    return hashlib.sha256(content).hexdigest()
