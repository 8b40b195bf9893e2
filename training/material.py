"""What a fit is made of: rows, axes, a base and settings, checked before anything trains."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from stance.calibration import AxisCalibration, Floats
from stance.classifier import StanceClassifier
from stance.errors import SettingsError
from stance.folder import MANIFEST, ModelFolder
from stance.labels import Axis, LabelScheme
from stance.runtime import Model, logits_of
from training import bases, labelled, network, rehearsal, splits, temperature
from training.config import FitConfig, defaults
from training.copies import fingerprints
from training.dataset import ATTRIBUTED, BARE, FORMS
from training.fitting import Fitting
from training.labelled import Example
from training.schema import FROM_DATA, read_scheme, scheme_from_data, scheme_of
from training.sources import Table
from training.swapping import SIDE, speakers_by_side

log = logging.getLogger(__name__)

Schema = Path | str | Mapping[str, Any] | None


@dataclass(frozen=True)
class Material:
    """All that a fit needs.

    authored: rows that may be mixed in. logs: a folder for TensorBoard. seen: fingerprints of the
    quotations that the base was fitted to. taught: rows that a larger model has labelled, which only train.
    """

    base: bases.Base
    scheme: LabelScheme
    examples: Sequence[Example]
    authored: Sequence[Example]
    config: FitConfig
    logs: Path | None = None
    seen: frozenset[str] = frozenset()
    taught: Sequence[Example] = ()

    @cached_property
    def split(self) -> splits.Split:
        """The rows to train (authored ones mixed in), to validate and to test."""
        found = splits.split(
            self.examples,
            validation_share=self.config.validation_share,
            test_share=self.config.test_share,
            seed=self.config.seed if self.config.split_seed is None else self.config.split_seed,
            seen=self.seen,
        )
        _check(found)
        if self.config.consistency and len(speakers_by_side(found.train)) < 2:
            raise SettingsError(
                f"consistency is {self.config.consistency}, but there are no rows by speakers of two sides "
                "to train, which could stand in for one another. Leave it out, or give speakers and sides."
            )
        share, seed = self.config.rehearsal, self.config.seed
        return replace(found, train=rehearsal.mixed(found.train, self.authored, share=share, seed=seed))

    def fit(self, folder: Path) -> Fitting:
        """Fit the network; folder: for checkpoints, from which an interrupted fit goes on."""
        fitting = Fitting(self.base, self.scheme, self.config, folder, logs=self.logs, taught=self.taught)
        fitting.fit(self.split)
        if biased := _biased(self.scheme, self.config):
            rows, model = self.spoken_rows, network.TorchModel(fitting.model)
            logits = self._logits(rows, ATTRIBUTED, model, fitting)
            for axis in biased:
                by = temperature.bias(*self._labelled(axis, rows, ATTRIBUTED, logits))
                network.shift(fitting.model, axis.slice, by)
        return fitting

    def fitted(self, folder: Path) -> StanceClassifier:
        """A classifier over the fitted network, calibrated, without export."""
        fitting = self.fit(folder)
        model = network.TorchModel(fitting.model)
        calibration = self.calibration(model, fitting)
        return StanceClassifier(model, fitting.encoder, self.scheme, calibration, name="network")

    @cached_property
    def calibration_rows(self) -> list[Example]:
        """The validation rows that say how sure is sure."""
        rows, wanted = self.split.validation, self.config.calibration_cells.items()
        found = [row for row in rows if all(str(row.row.get(name, "")) == cell for name, cell in wanted)]
        if rows and not found:
            raise SettingsError(
                f"calibrate_on is {self.config.calibrate_on}, but none of {len(rows)} validation rows has "
                "that. Correct it (columns have the names that they have in the table), or leave it out to "
                "calibrate on all of them."
            )
        if (asked := self.config.calibration_shares) is None:
            return found
        column, shares = asked
        there = {str(row.row.get(column, "")) for row in found}
        if rows and (missing := shares.keys() - there):
            raise SettingsError(
                f"calibrate_as is {self.config.calibrate_as}, but of {len(found)} rows to calibrate on none "
                f"has {' or '.join(sorted(missing))} in the column {column}. Correct it, or leave it out."
            )
        return [row for row in found if str(row.row.get(column, "")) in shares]

    def _weights(self, rows: Sequence[Example]) -> np.ndarray:
        """How much each row counts [rows], so that the kinds have the shares that are asked for."""
        if (asked := self.config.calibration_shares) is None:
            return np.ones(len(rows))
        column, shares = asked
        kinds = [str(row.row.get(column, "")) for row in rows]
        counts = Counter(kinds)
        return np.array([shares[one] / counts[one] for one in kinds])

    @cached_property
    def spoken_rows(self) -> list[Example]:
        """Those of them that have a speaker; all, where these are few."""
        spoken = [row for row in self.calibration_rows if row.quote.speaker]
        return spoken if len(spoken) >= temperature.ENOUGH else self.calibration_rows

    def calibration(self, model: Model, fitting: Fitting) -> dict[str, AxisCalibration]:
        """The calibration of every axis, with and without speaker, where there are enough rows."""
        found = self._calibration(self.spoken_rows, ATTRIBUTED, model, fitting)
        bare = self._calibration(self.calibration_rows, BARE, model, fitting)
        return {
            name: one if one is self.former.get(name) else replace(one, bare=bare[name])
            for name, one in found.items()
        }

    def _calibration(
        self, rows: Sequence[Example], form: str, model: Model, fitting: Fitting
    ) -> dict[str, AxisCalibration]:
        logits = self._logits(rows, form, model, fitting)
        return {axis.name: self._axis_calibration(axis, rows, form, logits) for axis in self.scheme.axes}

    def _logits(self, rows: Sequence[Example], form: str, model: Model, fitting: Fitting) -> Floats:
        encoded = fitting.encoder.encode([FORMS[form](example.quote) for example in rows])
        return logits_of(model, fitting.encoder, encoded, width=self.scheme.width)

    def _axis_calibration(
        self, axis: Axis, rows: Sequence[Example], form: str, logits: Floats
    ) -> AxisCalibration:
        found, true, weights = self._labelled(axis, rows, form, logits)
        former = self.former.get(axis.name)
        if former is not None and len(true) < temperature.ENOUGH:
            return former
        return temperature.fit(found, true, weights, target_error=self._target_error(axis))

    def _target_error(self, axis: Axis) -> float:
        errors = self.config.calibration_errors
        return errors.get(axis.name, errors[""])

    def calibrates(self, axis: str) -> int:
        """How many rows, with their speakers, say how sure a label of the axis is."""
        return sum(_says(row, axis, ATTRIBUTED) for row in self.spoken_rows)

    def _labelled(
        self, axis: Axis, rows: Sequence[Example], form: str, logits: Floats
    ) -> tuple[Floats, np.ndarray, np.ndarray]:
        """Of the rows that say how sure it is: logits [rows, labels], the label's place, the weight."""
        there = [place for place, one in enumerate(rows) if _says(one, axis.name, form)]
        true = [axis.labels.index(str(rows[i].labels[axis.name])) for i in there]
        return (
            logits[there][:, axis.slice],
            np.array(true, dtype=int),
            self._weights([rows[i] for i in there]),
        )

    @cached_property
    def fitted_to(self) -> frozenset[str]:
        """Fingerprints of all quotations whose labels had a part in the fit, or in that of the base.

        Not of those that a model labelled: what people say of them was not seen, and they are many.
        """
        return self.seen | frozenset(fingerprints((*self.split.train, *self.split.validation)))

    @cached_property
    def labelled_axes(self) -> set[str]:
        """The axes of which some rows have a label."""
        return {name for name in self.scheme.names if any(row.labels[name] for row in self.examples)}

    @cached_property
    def former(self) -> dict[str, AxisCalibration]:
        """The starting model's calibration of the axes that are as they were."""
        start = starting_model(self.base)
        if start is None:
            return {}
        return {name: start.calibration[name] for name in rehearsal.unchanged(start.scheme, self.scheme)}


def prepared(
    tables: Sequence[Table],
    *,
    schema: Schema,
    columns: Mapping[str, str],
    settings: Mapping[str, Any],
    logs: Path | None = None,
) -> Material:
    """Read and check everything that a fit needs.

    settings: of FitConfig, by name; what they leave open is chosen by the number of rows.
    """
    base = bases.resolve(FitConfig.from_table(settings).base)
    start = starting_model(base)
    scheme = scheme_for(schema, base, tables, columns)
    rows = labelled.read_tables(tables, scheme, columns)
    examples = labelled.of_people(rows)
    # Of rows that people have labelled some will measure: a model must not have seen their words before.
    taught = rehearsal.without([row for row in rows if row.taught_by], known=examples)
    config = FitConfig.from_table(
        {**defaults(len(examples), start=_start(start, scheme, examples)), **settings}
    )
    _check_axes(scheme, config)
    authored = rehearsal.authored_rows(scheme, known=examples)
    seen = rehearsal.seen_by(dict(start.manifest.get("provenance", {}))) if start else frozenset()
    return Material(base, scheme, examples, authored, config, logs, seen, taught)


def starting_model(base: bases.Base) -> ModelFolder | None:
    """The model folder that a base is, if it is one of stance."""
    return ModelFolder.open(base.folder) if (base.folder / MANIFEST).exists() else None


def scheme_for(
    given: Schema, base: bases.Base, tables: Sequence[Table], columns: Mapping[str, str]
) -> LabelScheme:
    """The axes of a model to be: as given, as in the data, or as in the base; SettingsError without any."""
    model = starting_model(base)
    start = model.scheme if model else None
    if isinstance(given, Mapping):
        return scheme_of(given, start)
    if given == FROM_DATA:
        return scheme_from_data(tables, start, columns)
    if given is not None:
        return read_scheme(Path(given), start)
    if start is not None:
        return start
    raise SettingsError(
        f"{base.name} knows no axes of its own: say which there are with --schema labels.toml, a file with "
        '[axes] and lines such as stance = ["accusatory", "conciliatory", "defensive"].'
    )


def _says(row: Example, axis: str, form: str) -> bool:
    """Whether a row says how sure a label is: not of a side that hangs on a speaker that may be another."""
    unchecked = axis == SIDE and form == ATTRIBUTED and row.speaker_by == labelled.RULES
    return bool(row.labels[axis]) and not unchecked


def _biased(scheme: LabelScheme, config: FitConfig) -> list[Axis]:
    """The axes whose outputs are shifted."""
    return [axis for axis in scheme.axes if axis.name in config.biased_axes]


def _check_axes(scheme: LabelScheme, config: FitConfig) -> None:
    for setting, asked in (
        ("calibrate_bias", {*config.biased_axes}),
        ("calibrate_error", config.calibration_errors.keys() - {""}),
    ):
        if unknown := asked - {*scheme.names}:
            raise SettingsError(
                f"{setting} is {getattr(config, setting)}, but there is no axis {', '.join(sorted(unknown))}."
                f" Axes are {', '.join(scheme.names)}."
            )


def _start(start: ModelFolder | None, scheme: LabelScheme, examples: Sequence[Example]) -> str:
    """How much of the labels the starting model knows."""
    if start is None or not set(start.scheme.names) & set(scheme.names):
        return "new"
    unchanged = rehearsal.unchanged(start.scheme, scheme)
    learnt = {name for name in scheme.names if any(example.labels[name] for example in examples)}
    return "same" if learnt <= set(unchanged) else "grown"


def _check(split: splits.Split) -> None:
    labelled_rows = {
        name: sum(any(example.labels.values()) for example in rows) for name, rows in vars(split).items()
    }
    empty = [
        verb for name, verb in (("train", "train"), ("validation", "validate")) if not labelled_rows[name]
    ]
    if empty:
        found = ", ".join(f"{count} for {name}" for name, count in labelled_rows.items())
        raise SettingsError(
            f"No labelled rows to {' and none to '.join(empty)}: the split gives {found}. Label more rows, "
            "or fill the column split with train, validation and test."
        )
