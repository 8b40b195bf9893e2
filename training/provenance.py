"""Where a model comes from: what its card and its manifest say of data, settings and versions."""

import json
import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version as version_of
from typing import Any

from stance.errors import SettingsError
from stance.folder import MANIFEST, WEIGHTS, sha256
from training import card
from training.copies import packed
from training.labelled import RULES
from training.material import Material
from training.sources import Table


@dataclass(frozen=True)
class Provenance:
    """What a fit was asked for, beside its material.

    schema: name of the schema file. measured: names of the tables that only gave figures. settings: those
    that were not left to the number of rows.
    """

    tables: Sequence[Table]
    columns: Mapping[str, str]
    schema: str | None
    measured: Sequence[str]
    settings: Mapping[str, Any]

    def hashes(self) -> dict[str, str]:
        """The name of every table and a fingerprint of it."""
        return {table.short: table.sha256() for table in self.tables}

    def fingerprint(self, material: Material, *, folds: int, trials: int) -> str:
        """What must be the same for an interrupted fit to go on."""
        weights = material.base.folder / WEIGHTS
        beside = (*material.authored, *material.taught)
        same = {
            # Calibration comes after the fit: it may be chosen otherwise when this goes on.
            "fit": {
                name: value
                for name, value in asdict(material.config).items()
                if not name.startswith("calibrate")
            },
            "base": sha256(weights.read_bytes()) if weights.exists() else None,
            "cv": folds,
            "search": trials,
            "data": list(self.hashes().values()),
            # Rows that are also to be measured are left out of these.
            "beside": sha256("\n".join(row.quote.text for row in beside).encode()),
            "axes": material.scheme.table(),
            "columns": dict(self.columns),
        }
        return json.dumps(same, indent=1)

    def as_dict(self, material: Material) -> dict[str, Any]:
        """All of it, for the manifest."""
        split = material.split
        return {
            "base": material.base.name,
            "licence": material.base.licence,
            "settings": {**asdict(material.config), "base": _base(material)},
            "given": {name: value for name, value in self.settings.items() if name not in ("base", "seed")},
            "schema": self.schema,
            "columns": dict(self.columns),
            "measured": list(self.measured),
            "rows": {name: len(rows) for name, rows in vars(split).items()},
            "taught": dict(Counter(row.taught_by for row in material.taught)),
            "calibrated_on": {
                "with speaker": len(material.spoken_rows),
                "without": len(material.calibration_rows),
                "unchecked": sum(row.speaker_by == RULES for row in material.spoken_rows),
            },
            "sources": card.sources(split),
            "seen": packed(material.fitted_to),
            "data_sha256": self.hashes(),
            "versions": {name: version_of(name) for name in ("torch", "transformers", "onnxruntime")}
            | {"python": platform.python_version()},
        }


def check_names(tables: Sequence[Table]) -> None:
    """SettingsError where two tables would have the same name in card and reports."""
    short = [table.short for table in tables]
    twice = sorted({name for name in short if short.count(name) > 1})
    if twice:
        raise SettingsError(
            f"More than one table is called {', '.join(twice)}. Card and reports tell tables apart by their "
            "names: rename one."
        )


def _base(material: Material) -> str | None:
    """What to type after --base on another machine; None where it is left out."""
    if material.config.base is None:
        return None
    base = material.base
    return base.folder.name if (base.folder / MANIFEST).exists() else base.name
