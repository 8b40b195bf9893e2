"""From labelled tables to a model folder, and from a model folder to its figures."""

import json
import logging
import platform
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any

import numpy as np

from stance.calibration import AxisCalibration, Floats
from stance.classifier import load
from stance.errors import SettingsError, UnreadableFileError
from stance.folder import GRAPH, MANIFEST, ModelFolder, sha256
from stance.labels import LabelScheme
from stance.quotes import Quote
from training import bases, card, export, labelled, splits, temperature
from training.config import FitConfig
from training.dataset import ATTRIBUTED, FORMS
from training.evaluation import Report, Watch, evaluate
from training.fitting import Fitting
from training.labelled import Example

log = logging.getLogger(__name__)

PARITY_ROWS = 1000


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """What to fit, on what, and where to put it.

    data: labelled tables. output: the model folder to write. measure: labelled tables that only give
    figures for the card. notes: a Markdown file that the card quotes. schema: a TOML file with axes;
    None: those of the starting model. columns: the user's own column names by what they hold.
    """

    data: tuple[Path, ...]
    output: Path
    measure: tuple[Path, ...] = ()
    notes: Path | None = None
    schema: Path | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    version: str = "1.0.0"
    resume: bool = False
    fit: FitConfig = field(default_factory=FitConfig)


def fit(config: RunConfig) -> list[Report]:
    """Fit, calibrate, export and measure; the folder appears when all of it is done.

    Returns the report on the test rows, then those on ``measure``. Raises StanceError where the data
    or the settings cannot be used.
    """
    _check_names(config)
    base = bases.resolve(config.fit.base)
    scheme = _scheme(config, base)
    split = splits.split(
        labelled.read(config.data, scheme, columns=config.columns),
        validation_share=config.fit.validation_share,
        test_share=config.fit.test_share,
        seed=config.fit.seed,
    )
    _check(split)
    measured = {p.name: labelled.read([p], scheme, columns=config.columns) for p in config.measure}
    notes = _notes(config.notes)
    checkpoints = _checkpoints(config)
    log.info("%d rows to train, %d to validate, %d to test", *map(len, vars(split).values()))
    fitting = Fitting(base, scheme, config.fit, checkpoints)
    model = fitting.fit(split)
    with export.staged(config.output) as folder:
        log.info("writing %s", config.output)
        model = export.weights(folder, model, base)
        export.graph(folder / GRAPH, model)
        export.manifest(
            folder,
            name=config.output.name,
            version=config.version,
            encoder=fitting.encoder,
            scheme=scheme,
            calibration=_calibration(folder, fitting, scheme, split.validation),
            provenance=_provenance(config, base, split),
        )
        parity = export.parity(folder, model, fitting.encoder, _sample(split.validation))
        reports = _reports(folder, {"the test rows": split.test} | measured)
        export.card(folder, card.text(ModelFolder.open(folder), parity, reports, notes=notes))
    shutil.rmtree(checkpoints)
    return reports


def measure(
    model: Path | None,
    data: Sequence[Path],
    *,
    columns: Mapping[str, str] | None = None,
    watch: Watch = iter,
) -> Report:
    """The figures of a model folder (None: the shipped model) on labelled tables."""
    classifier = load(model)
    examples = labelled.read(data, classifier.scheme, columns=columns)
    return evaluate(classifier, examples, data=", ".join(path.name for path in data), watch=watch)


def _scheme(config: RunConfig, base: bases.Base) -> LabelScheme:
    if config.schema is not None:
        return labelled.read_scheme(config.schema)
    if (base.folder / MANIFEST).exists():
        return ModelFolder.open(base.folder).scheme
    raise SettingsError(
        f"{base.name} knows no axes of its own: say which there are with --schema labels.toml, a file with "
        '[axes] and lines such as stance = ["accusatory", "conciliatory", "defensive"].'
    )


def _check_names(config: RunConfig) -> None:
    names = [path.name for path in (*config.data, *config.measure)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SettingsError(
            f"More than one table is called {', '.join(twice)}. Card and reports tell tables apart by their "
            "names: rename one."
        )


def _check(split: splits.Split) -> None:
    sizes = {name: len(rows) for name, rows in vars(split).items()}
    empty = [name for name in ("train", "validation") if not sizes[name]]
    if empty:
        raise SettingsError(
            f"No rows to {' and none to '.join(empty)}: the split gives {sizes}. Label more rows, or fill "
            "the column split with train, validation and test."
        )


def _sample(examples: Sequence[Example]) -> list[Quote]:
    """Rows from all over the table, with their speakers."""
    step = -(-len(examples) // PARITY_ROWS)
    return [FORMS[ATTRIBUTED](example.quote) for example in examples[::step]]


def _reports(folder: Path, tables: Mapping[str, Sequence[Example]]) -> list[Report]:
    classifier = load(folder)
    return [evaluate(classifier, rows, data=name) for name, rows in tables.items() if rows]


def _given_base(config: RunConfig, base: bases.Base) -> str | None:
    """What to type after --base on another machine; None where it is left out."""
    if config.fit.base is None:
        return None
    return base.folder.name if (base.folder / MANIFEST).exists() else base.name


def _notes(path: Path | None) -> str:
    try:
        return path.read_text(encoding="utf-8").strip() if path else ""
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableFileError(f"{path} cannot be read as UTF-8 text: {error}") from error


def _checkpoints(config: RunConfig) -> Path:
    """The folder of this run's checkpoints; emptied, unless the same run is to go on."""
    folder = config.output.with_name(f".{config.output.name}.fitting")
    settings = folder / "settings.json"
    wanted = json.dumps(_settings(config), indent=1)
    if config.resume and settings.exists():
        if settings.read_text(encoding="utf-8") != wanted:
            raise SettingsError(
                f"{folder} holds the checkpoints of a fit with other data or settings. "
                "Give the same ones to --resume, or leave it out to start anew."
            )
    else:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        settings.write_text(wanted, encoding="utf-8")
    return folder


def _settings(config: RunConfig) -> dict[str, Any]:
    data = list(_hashes(config).values())
    schema = config.schema.read_text(encoding="utf-8") if config.schema else None
    return {"fit": asdict(config.fit), "data": data, "schema": schema, "columns": dict(config.columns)}


def _hashes(config: RunConfig) -> dict[str, str]:
    return {path.name: sha256(path.read_bytes()) for path in config.data}


def _calibration(
    folder: Path, fitting: Fitting, scheme: LabelScheme, examples: Sequence[Example]
) -> dict[str, AxisCalibration]:
    quotes = [FORMS[ATTRIBUTED](example.quote) for example in examples]
    logits = export.graph_logits(folder, fitting.encoder, scheme, quotes)
    return {axis.name: _axis_calibration(logits, axis, examples) for axis in scheme.axes}


def _axis_calibration(logits: Floats, axis: Any, examples: Sequence[Example]) -> AxisCalibration:
    there = [i for i, example in enumerate(examples) if example.labels[axis.name]]
    true = [axis.labels.index(examples[i].labels[axis.name]) for i in there]
    return temperature.fit(logits[there][:, axis.slice], np.array(true, dtype=int))


def _provenance(config: RunConfig, base: bases.Base, split: splits.Split) -> dict[str, Any]:
    return {
        "base": base.name,
        "licence": base.licence,
        "settings": {**asdict(config.fit), "base": _given_base(config, base)},
        "schema": config.schema.name if config.schema else None,
        "columns": dict(config.columns),
        "measured": [path.name for path in config.measure],
        "rows": {name: len(rows) for name, rows in vars(split).items()},
        "sources": card.sources(split),
        "data_sha256": _hashes(config),
        "versions": {name: version_of(name) for name in ("torch", "transformers", "onnxruntime")}
        | {"python": platform.python_version()},
    }
