"""How a model is fitted: frozen values; a key that nobody knows is a mistake, not a hope."""

import json
import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self, get_args, get_type_hints

from stance.errors import SettingsError

PRECISIONS = ("auto", "fp32", "bf16", "fp16")
# Settings that are, or may be, texts.
TYPED = ("precision", "calibrate_on", "calibrate_as", "calibrate_error", "calibrate_bias")
TARGET_ERROR = 0.08  # among the answers that are not unsure, where nothing else is asked for
MANY = 5000  # rows from which on nothing depends on their number

TEXT, TEXTS = "a text", "a text or a list of texts"
NAMES, AXES, COUNT = "a table of texts", "a text or a table of axes", "a whole number of zero or more"
YES = "true or false"
# What a file of --config may hold beside its table [fit].
OPTIONS = {
    "data": TEXTS,
    "output": TEXT,
    "schema": AXES,
    "columns": NAMES,
    "measure": TEXTS,
    "notes": TEXT,
    "version": TEXT,
    "cv": COUNT,
    "search": COUNT,
    "logs": TEXT,
    "slices": TEXTS,
    "baselines": YES,
    "evaluate": YES,
}


@dataclass(frozen=True, kw_only=True)
class FitConfig:
    """How long, how fast and from where to train.

    The defaults are those for many rows; ``defaults`` has better ones for fewer
    (training/results/learning_rate.md and warm_start.md).
    """

    base: str | None = None  # None: the model that comes with stance; else a folder or a name on the Hub
    epochs: int = 3
    batch_size: int = 32
    learning_rate: float = 2e-4
    frozen_epochs: int = 0  # at first only the last layer learns, then all do
    frozen_layers: int = 0  # of the encoder, counted from below, that never learn
    rehearsal: float = 0.0  # authored rows mixed in for each row of one's own, as far as they go
    keep: float = 0.0  # share of the starting weights in their average with the fitted ones
    weight_decay: float = 0.01
    warmup_share: float = 0.1
    patience: int = 2  # evaluations without gain, one an epoch, after which training stops
    class_weights: bool = True
    window: int = 256  # tokens; what is longer is cut by rule
    bare_share: float = 0.25  # rows shown without speaker; the rest of the shares is speaker alone
    context_share: float = 0.3  # rows shown with speaker and context
    consistency: float = 0.0  # weight of saying the same, but for the side, of words by another side
    calibrate_on: str = ""  # such as domain=us-china: the validation rows that say how sure is sure, else all
    calibrate_as: str = ""  # such as origin=news:0.8,transcript:0.2: what their shares are where it is used
    calibrate_error: float | str = TARGET_ERROR  # of sure answers on these rows; or such as 0.08,stance:0.125
    calibrate_bias: str = ""  # such as stance,sentiment: axes whose outputs these rows shift, too
    validation_share: float = 0.1
    test_share: float = 0.1
    precision: str = "auto"  # bf16 where the device multiplies in it, else fp32
    checkpoint_steps: int = 100  # and after every epoch
    seed: int = 13
    split_seed: int | None = None  # divides the rows, where fits with several seeds must divide them alike

    def __post_init__(self) -> None:
        for name, wanted in _types(type(self)).items():
            value = getattr(self, name)
            if not (type(value) in wanted or (float in wanted and type(value) is int)):
                raise SettingsError(f"{name} must be {wanted[0].__name__}, but is {value!r}.")
        for name in ("epochs", "batch_size", "learning_rate", "patience", "checkpoint_steps"):
            if not getattr(self, name) > 0:
                raise SettingsError(f"{name} must be above zero, but is {getattr(self, name)}.")
        for name in (
            "frozen_epochs",
            "frozen_layers",
            "rehearsal",
            "weight_decay",
            "warmup_share",
            "consistency",
        ):
            if not getattr(self, name) >= 0:
                raise SettingsError(f"{name} must be zero or more, but is {getattr(self, name)}.")
        if not 0 <= self.keep < 1:
            raise SettingsError(f"keep must be a share below one, but is {self.keep}.")
        if self.warmup_share > 1:
            raise SettingsError(f"warmup_share must be a share, at most one, but is {self.warmup_share}.")
        for names in (("bare_share", "context_share"), ("validation_share", "test_share")):
            shares = [getattr(self, name) for name in names]
            if not (min(shares) >= 0 and sum(shares) <= 1):
                told = " and ".join(names), " and ".join(map(str, shares))
                raise SettingsError(f"{told[0]} must be shares of one whole, but are {told[1]}.")
        if self.validation_share + self.test_share == 1:
            raise SettingsError("validation_share and test_share leave no rows to train: they add up to one.")
        if self.window < 16:
            raise SettingsError(f"window must be 16 tokens or more, but is {self.window}.")
        if not (errors := self.calibration_errors) or not all(0 < one < 1 for one in errors.values()):
            raise SettingsError(
                "calibrate_error must be a share between 0 and 1, or shares by axis after one for all "
                f"others, such as 0.08,stance:0.125, but is {self.calibrate_error}."
            )
        if self.calibrate_on and not all(name and cell for name, cell in self.calibration_cells.items()):
            raise SettingsError(
                "calibrate_on must be columns and what stands there, such as domain=us-china,origin=news, "
                f"not {self.calibrate_on!r}."
            )
        if self.calibrate_as and not self.calibration_shares:
            raise SettingsError(
                "calibrate_as must be a column and shares above zero of what stands there, such as "
                f"origin=news:0.8,transcript:0.2, not {self.calibrate_as!r}."
            )
        if self.precision not in PRECISIONS:
            raise SettingsError(f"precision must be one of {', '.join(PRECISIONS)}, not {self.precision!r}.")

    @property
    def biased_axes(self) -> list[str]:
        """The axes whose outputs are shifted before they are calibrated."""
        return [name.strip() for name in self.calibrate_bias.split(",") if name.strip()]

    @property
    def calibration_errors(self) -> dict[str, float]:
        """The error that is aimed at by axis, under "" that of all others; nothing where it is no share."""
        parts = [part.rpartition(":") for part in str(self.calibrate_error).split(",")]
        try:
            found = {axis.strip(): float(share) for axis, _, share in parts}
        except ValueError:
            return {}
        return found if "" in found else {}

    @property
    def calibration_cells(self) -> dict[str, str]:
        """What a row must have to be calibrated on: column → cell."""
        parts = [part.partition("=") for part in self.calibrate_on.split(",") if self.calibrate_on]
        return {name.strip(): cell.strip() for name, _, cell in parts}

    @property
    def calibration_shares(self) -> tuple[str, dict[str, float]] | None:
        """A column, and what share of the rows each of its cells stands for; None where nothing is asked."""
        column, _, listed = self.calibrate_as.partition("=")
        cells = [part.rpartition(":") for part in listed.split(",")]
        try:
            shares = {cell.strip(): float(share) for cell, _, share in cells}
        except ValueError:
            return None
        if not column.strip() or "" in shares or not all(0 < share < math.inf for share in shares.values()):
            return None
        return column.strip(), {cell: share / sum(shares.values()) for cell, share in shares.items()}

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> Self:
        """The settings in a mapping; SettingsError where one has a name that nobody knows."""
        known = {field.name for field in fields(cls)}
        unknown = table.keys() - known
        if unknown:
            raise SettingsError(
                f"Unknown setting {', '.join(sorted(unknown))}. Known are {', '.join(sorted(known))}."
            )
        return cls(**table)


def defaults(rows: int, *, start: str) -> dict[str, Any]:
    """What suits so many rows, of all splits together.

    start: ``same``, where the base knows all labels that the rows have: few layers learn, among many
    rows that it knows, and the weights are averaged with those before (Wortsman et al. 2022, "Robust
    fine-tuning of zero-shot models"); ``grown``, where it knows some; ``new``, where it knows none.
    """
    if rows > MANY:
        return {} if start == "new" else {"rehearsal": 1.0}
    held_out = max(0.1, min(0.25, 50 / max(rows, 1)))
    chosen: dict[str, dict[str, Any]] = {
        "same": {
            "epochs": 2 if rows <= 1000 else 3,
            "frozen_layers": 3,
            "rehearsal": 20.0,
            "keep": 0.25,
            # Nothing much is chosen by them here, and each row that is left to train on counts.
            "validation_share": 0.1,
        },
        "grown": {"epochs": 8 if rows <= 1000 else 5, "learning_rate": 1e-4, "rehearsal": 1.0, "patience": 3},
        "new": {"epochs": 5 if rows > 1000 else max(8, min(20, 3600 // max(rows, 1))), "patience": 4},
    }
    return {
        "batch_size": 16 if rows <= 1000 else 32,
        "validation_share": held_out,
        "test_share": held_out,
        **chosen[start],
    }


def read_settings(path: Path) -> dict[str, Any]:
    """The keys of a TOML file; SettingsError where it cannot be read."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path} cannot be read as TOML: {error}") from error


def options(path: Path | None, typed: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a fit, as in OPTIONS, and its settings: what was typed goes before what a file says.

    typed: options, None where one was left out. settings: of FitConfig. SettingsError where the file has
    a key that nobody knows or a value of another kind, or where data or output are missing.
    """
    file = read_settings(path) if path else {}
    unknown = file.keys() - OPTIONS.keys() - {"fit"}
    if unknown:
        raise SettingsError(
            f"{path} has unknown keys: {', '.join(sorted(unknown))}. Known are [fit] and "
            f"{', '.join(sorted(OPTIONS))}."
        )
    fit = file.pop("fit", {})
    for name, kind, value in [
        *((name, OPTIONS[name], value) for name, value in file.items()),
        ("fit", "a table", fit),
    ]:
        if not _is(value, kind):
            raise SettingsError(f"{path}: {name} must be {kind}, but is {value!r}.")
    merged = {**file, **{name: value for name, value in typed.items() if value is not None}}
    merged["columns"] = {**file.get("columns", {}), **(typed.get("columns") or {})}
    merged["settings"] = {**fit, **settings}
    FitConfig.from_table(merged["settings"])
    for name in ("data", "output"):
        if not merged.get(name):
            raise SettingsError(f"No {name} given. Type it, or write it into the file of --config.")
    return merged


def parsed(settings: Iterable[str]) -> dict[str, Any]:
    """Settings as a command line gives them: ``["epochs=5", "class_weights=false"]``."""
    table: dict[str, Any] = {}
    for item in settings:
        name, _, value = item.partition("=")
        try:
            table[name.strip()] = json.loads(value)
        except ValueError as error:
            if name.strip() not in TYPED or not value:
                raise SettingsError(
                    f"--set {item} must look like epochs=5 or class_weights=false."
                ) from error
            table[name.strip()] = value
    return table


def _is(value: object, kind: str) -> bool:
    if kind == YES:
        return type(value) is bool
    if kind == COUNT:
        return type(value) is int and value >= 0
    if isinstance(value, dict):
        texts = all(isinstance(one, str) for one in value.values())
        return kind in ("a table", AXES) or (kind == NAMES and texts)
    if isinstance(value, list):
        return kind == TEXTS and all(isinstance(one, str) for one in value)
    return isinstance(value, str) and kind in (TEXT, TEXTS, AXES)


def _types(cls: type) -> dict[str, tuple[type, ...]]:
    return {name: get_args(hint) or (hint,) for name, hint in get_type_hints(cls).items()}
