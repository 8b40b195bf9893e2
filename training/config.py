"""How a model is fitted: frozen values; a key that nobody knows is a mistake, not a hope."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any, Self

from stance.errors import SettingsError


@dataclass(frozen=True, kw_only=True)
class FitConfig:
    """How long, how fast and from where to train.

    The learning rate was chosen on validation rows (training/results/learning_rate.md).
    """

    base: str | None = None  # None: the model that comes with stance; else a folder or a name on the Hub
    epochs: int = 3
    batch_size: int = 32
    learning_rate: float = 2e-4
    weight_decay: float = 0.01
    warmup_share: float = 0.1
    patience: int = 2  # evaluations without gain, one an epoch, after which training stops
    class_weights: bool = True
    window: int = 256  # tokens; what is longer is cut by rule
    bare_share: float = 0.25  # rows shown without speaker; the rest of the shares is speaker alone
    context_share: float = 0.3  # rows shown with speaker and context
    validation_share: float = 0.1
    test_share: float = 0.1
    seed: int = 13

    def __post_init__(self) -> None:
        for field in fields(self):
            value, wanted = getattr(self, field.name), type(field.default)
            if field.name != "base" and not (type(value) is wanted or (wanted is float and value in (0, 1))):
                raise SettingsError(f"{field.name} must be {wanted.__name__}, but is {value!r}.")
        for name in ("epochs", "batch_size", "learning_rate", "patience"):
            if not getattr(self, name) > 0:
                raise SettingsError(f"{name} must be above zero, but is {getattr(self, name)}.")
        for first, second in (("bare_share", "context_share"), ("validation_share", "test_share")):
            a, b = getattr(self, first), getattr(self, second)
            if a < 0 or b < 0 or a + b > 1:
                raise SettingsError(f"{first} and {second} must be shares of one whole, but are {a} and {b}.")
        if self.window < 16:
            raise SettingsError(f"window must be 16 tokens or more, but is {self.window}.")

    @classmethod
    def from_table(cls, table: dict[str, Any]) -> Self:
        """The settings in a mapping; SettingsError where one has a name that nobody knows."""
        known = {field.name for field in fields(cls)}
        unknown = table.keys() - known
        if unknown:
            raise SettingsError(
                f"Unknown setting {', '.join(sorted(unknown))}. Known are {', '.join(sorted(known))}."
            )
        return cls(**table)

    @classmethod
    def from_text(cls, settings: Iterable[str], *, base: str | None, seed: int) -> Self:
        """The settings as a command line gives them: ``["epochs=5", "class_weights=false"]``."""
        table: dict[str, Any] = {"base": base, "seed": seed}
        for item in settings:
            name, _, value = item.partition("=")
            try:
                table[name.strip()] = json.loads(value)
            except ValueError as error:
                raise SettingsError(
                    f"--set {item} must look like epochs=5 or class_weights=false."
                ) from error
        return cls.from_table(table)
