"""From labelled rows to a model folder with its figures: what ``python -m training fit`` does."""

import logging
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from stance.classifier import StanceClassifier, load
from stance.errors import SettingsError, UnreadableFileError
from stance.folder import GRAPH, MANIFEST, ModelFolder
from stance.quotes import Quote
from training import card, export, labelled, rehearsal, search
from training.comparison import Comparison
from training.config import FitConfig
from training.crossvalidation import check_folds, cross_validate
from training.dataset import ATTRIBUTED, FORMS
from training.fitting import Fitting, processes
from training.labelled import Example
from training.material import Material, Schema, prepared
from training.provenance import Provenance, check_names
from training.report import Report
from training.search import Trial
from training.sources import Source, all_columns, meant, tables_of
from training.worth import Beside, Worth, calibration_notes, measured

log = logging.getLogger(__name__)

PARITY_ROWS, SHOWN = 1000, 500  # that are compared, and that tell how large values are
SEARCHED = "The settings were chosen with a look at some of these rows (--search): expect a little less."
SETTINGS = "settings.json"


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """What to fit, on what, and where to put it.

    data: labelled tables. output: the model folder to write. measure: labelled tables that only give
    figures for the card. notes: a Markdown file that the card quotes. schema: a TOML file with axes, a
    mapping of axes, or "data" for the labels that occur; None: the axes of the starting model. columns:
    the user's own column names by what they hold. settings: of FitConfig, by name; the others are chosen
    by the number of rows. folds: of a cross-validation. trials: settings to try. logs: for TensorBoard.
    slices: columns by whose values the card gives figures, for tables that have them. baselines: whether
    it has those of simple models, which take minutes to learn from many rows. evaluate: whether
    it has figures at all; without, a fit ends when the model is written, as suits a teacher.
    """

    data: Source | Sequence[Source]
    output: Path
    measure: Sequence[Source] = ()
    notes: Path | None = None
    schema: Schema = None
    columns: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    version: str = "1.0.0"
    resume: bool = False
    folds: int = 0
    trials: int = 0
    logs: Path | None = None
    slices: Sequence[str] = ()
    baselines: bool = True
    evaluate: bool = True


@dataclass(frozen=True, repr=False)
class Run:
    """What a fit has made and found.

    folder: the model folder. config: the settings that were used. reports: figures on the test rows and on
    the tables that were to be measured. worth: the new model beside the one it started from, on test rows.
    kept: the same for axes without new labels, on authored rows that neither was fitted to; tells what
    they have lost. cross_validated, trials: what --cv and --search found.
    """

    folder: Path
    config: FitConfig
    reports: Sequence[Report] = ()
    worth: Comparison | None = None
    kept: Comparison | None = None
    cross_validated: Report | None = None
    trials: Sequence[Trial] = ()

    def __repr__(self) -> str:
        return "\n".join([f"Run that wrote {self.folder}", *map(repr, self.reports)])

    def load(self) -> StanceClassifier:
        """The model."""
        return load(self.folder)

    def markdown(self) -> str:
        """Everything that was found, as text."""
        return "\n\n".join(f"{title}\n\n{text}" for title, text in self._parts())

    def _parts(self) -> list[tuple[str, str]]:
        parts = []
        if self.trials:
            parts.append((f"Settings tried ({len(self.trials)}):", search.table(self.trials)))
        if self.cross_validated:
            parts.append((f"By {self.cross_validated.data}:", self.cross_validated.markdown()))
        parts += [(f"On {report.data}:", report.markdown()) for report in self.reports]
        if self.worth:
            new = "What is new" if self.cross_validated else "The new model"
            parts.append((f"{new} (A) beside the model it started from (B):", self.worth.markdown()))
            if self.worth.undecided and not self.cross_validated:
                parts.append(
                    ("Too few rows to tell?", "With --cv 5 (in Python: cv=5) all of your rows measure.")
                )
        if self.kept:
            parts.append(("What axes without new labels have kept:", self.kept.markdown()))
        return parts

    def _repr_html_(self) -> str:
        from training.report_page import markdown_table

        return markdown_table(self.markdown())


def fit(config: RunConfig) -> Run:
    """Fit, calibrate, export and measure; the folder appears when all of it is done.

    Raises StanceError where the data or the settings cannot be used. Under ``accelerate launch`` only
    the first process exports and measures; the Run of the others has no figures.
    """
    with processes().main_process_first():
        export.check_place(config.output)
    material, tables, provenance, beside = _read(config)
    notes = _notes(config.notes)
    if config.folds:
        check_folds(material.examples, config.folds)
    log.info(_rows(material))
    if (config.output / MANIFEST).exists():
        log.info("%s is a model already: the new one takes its place when it is done", config.output)
    checkpoints = _checkpoints(
        config, provenance.fingerprint(material, folds=config.folds, trials=config.trials)
    )
    trials: list[Trial] = []
    if config.trials:
        chosen, trials = search.search(material, config.trials, checkpoints)
        material = replace(material, config=chosen)
        provenance = replace(
            provenance, settings={**provenance.settings, **max(trials, key=lambda one: one.score).settings}
        )
    crossed = cross_validate(material, config.folds, checkpoints) if config.folds else None
    if crossed and trials:
        crossed = replace(crossed, report=replace(crossed.report, notes=(*crossed.report.notes, SEARCHED)))
    fitting = material.fit(checkpoints)
    found = crossed.report if crossed else None
    run = Run(config.output, material.config, cross_validated=found, trials=trials)
    if processes().is_main_process:
        with export.staged(config.output) as folder:
            log.info("writing %s", config.output)
            parity = _exported(folder, config, material, fitting, provenance)
            worth = Worth()
            if config.evaluate:
                worth = measured(load(folder), material, tables, crossed, beside)
            run = replace(run, reports=worth.reports, worth=worth.gain, kept=worth.kept)
            if not run.reports:
                for note in calibration_notes(material):
                    log.info(note)
            shown = [*([found] if found else []), *run.reports]
            export.card(folder, card.text(ModelFolder.open(folder), parity, shown, notes=notes))
            _close(checkpoints)
        shutil.rmtree(checkpoints)
    return run


def _read(config: RunConfig) -> tuple[Material, dict[str, list[Example]], Provenance, Beside]:
    """What to fit with, rows that only give figures by the name of their table, and what was asked for."""
    if config.measure and not config.evaluate:
        raise SettingsError("There are tables to measure, but evaluate is off. Leave out one of the two.")
    tables = tables_of(config.data, config.columns)
    others = tables_of(list(config.measure), config.columns, beside=tables) if config.measure else []
    check_names([*tables, *others])
    material = prepared(
        tables, schema=config.schema, columns=config.columns, settings=_settings(config), logs=config.logs
    )
    slices = meant(config.slices, all_columns([*tables, *others]), config.columns)
    further = {
        one.short: labelled.of_people(labelled.read_tables([one], material.scheme, config.columns))
        for one in others
    }
    measured = [row for rows in further.values() for row in rows]
    authored, taught = (rehearsal.without(rows, measured) for rows in (material.authored, material.taught))
    schema = Path(config.schema).name if isinstance(config.schema, str | Path) else None
    provenance = Provenance(tables, config.columns, schema, list(further), _settings(config))
    beside = Beside(slices, baselines=config.baselines)
    return replace(material, authored=authored, taught=taught), further, provenance, beside


def _settings(config: RunConfig) -> dict[str, Any]:
    # What cross-validation has measured needs no rows set aside.
    return {**({"test_share": 0.0} if config.folds else {}), **config.settings}


def _exported(
    folder: Path, config: RunConfig, material: Material, fitting: Fitting, provenance: Provenance
) -> list[export.Parity]:
    network = export.weights(folder, fitting.model, material.base)
    shown = export.shown(fitting.encoder, _sample(material.split.train, SHOWN))
    export.graph(folder / GRAPH, network, shown=shown)
    export.manifest(
        folder,
        name=config.output.name,
        version=config.version,
        encoder=fitting.encoder,
        scheme=material.scheme,
        calibration=material.calibration(export.opened_graph(folder, material.scheme), fitting),
        provenance=provenance.as_dict(material),
    )
    return export.parity(folder, network, fitting.encoder, _sample(material.split.validation, PARITY_ROWS))


def _rows(material: Material) -> str:
    """How the rows are divided; what was mixed in is said, because nobody gave it."""
    train, validation, test = map(len, vars(material.split).values())
    mixed = train + validation + test - len(material.examples)
    told = (
        f" ({train - mixed} of yours, {mixed} authored ones, so that it keeps what it knew)" if mixed else ""
    )
    on = " and ".join(filter(None, (material.config.calibrate_on, material.config.calibrate_as)))
    calibrating = f" ({len(material.calibration_rows)} of them, with {on}, to calibrate)" if on else ""
    taught = f", {len(material.taught)} beside that a model has labelled" if material.taught else ""
    return f"{train} rows to train{told}{taught}, {validation} to validate{calibrating}, {test} to test"


def _sample(examples: Sequence[Example], most: int) -> list[Quote]:
    """Rows from all over the table, with their speakers."""
    step = -(-len(examples) // most)
    return [FORMS[ATTRIBUTED](example.quote) for example in examples[::step]]


def _notes(path: Path | None) -> str:
    try:
        return path.read_text(encoding="utf-8").strip() if path else ""
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableFileError(f"{path} cannot be read as UTF-8 text: {error}") from error


def _checkpoints(config: RunConfig, wanted: str) -> Path:
    """The folder of this run's checkpoints; emptied, unless the same run is to go on."""
    folder = config.output.with_name(f".{config.output.name}.fitting")
    settings = folder / SETTINGS
    with processes().main_process_first():
        if config.resume and settings.exists():
            if settings.read_text(encoding="utf-8") != wanted:
                raise SettingsError(
                    f"{folder} holds the checkpoints of a fit with other data or settings. "
                    "Give the same ones to --resume, or leave it out to start anew."
                )
        elif processes().is_main_process:
            try:
                _opened(folder, wanted)
            except OSError as error:
                raise SettingsError(
                    f"{config.output} cannot be written: {error}. Give another --output."
                ) from error
    return folder


def _opened(folder: Path, wanted: str) -> None:
    _close(folder)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    # All at once, so that a killed process leaves no half of it.
    new = folder / f"{SETTINGS}.new"
    new.write_text(wanted, encoding="utf-8")
    new.replace(folder / SETTINGS)


def _close(folder: Path) -> None:
    # First what a fit could go on from: half of a folder that was being deleted must not count.
    (folder / SETTINGS).unlink(missing_ok=True)
