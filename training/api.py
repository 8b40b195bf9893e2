"""The functions behind ``import training`` and the command line: data and a model in, a result out."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from stance.classifier import StanceClassifier, load
from stance.encoding import Encoder
from stance.errors import ColumnError, SettingsError, TableError
from stance.folder import ModelFolder
from stance.labels import LabelScheme, nearest
from stance.quotes import Quote
from stance.tables import kind, quote_columns, quote_of
from training import (
    bases,
    checking,
    comparison,
    evaluation,
    label_errors,
    labelled,
    network,
    rehearsal,
    run,
    suggestion,
    teaching,
)
from training.baselines import Baselines
from training.checking import Check
from training.comparison import Comparison, shared_axes
from training.config import read_settings
from training.copies import fingerprint
from training.evaluation import Watch
from training.export import Parity
from training.label_errors import Suspect
from training.material import Schema, scheme_for, starting_model
from training.optimisation import INT8
from training.reexport import export_again
from training.report import Report
from training.run import SHOWN, Run, RunConfig
from training.schema import draft
from training.sources import SLIP, Source, Table, all_columns, meant, tables_of
from training.unseen import Model, measurable, seen_by

Data = Source | Sequence[Source]


def fit(
    data: Data,
    output: str | Path,
    *,
    schema: Schema = None,
    columns: Mapping[str, str] | None = None,
    settings: Mapping[str, Any] | str | Path | None = None,
    cv: int = 0,
    search: int = 0,
    resume: bool = False,
) -> Run:
    """Fit a model to labelled quotations and write its folder; the Run holds its figures.

    data: a table (CSV, JSONL, Parquet), a DataFrame, a dataset, or a list of such. output: the folder,
    such as ``models/mine``. schema: a TOML file or a mapping of axes to labels, or "data" for those that
    occur; None: the axes of the starting model. columns: your column names by what they hold,
    ``{"quote": "Text"}``. settings: of FitConfig by name, ``{"epochs": 5, "base": ...}``, or a TOML file;
    what is left open is chosen by the number of rows. cv: folds of a cross-validation, whose figures take
    the place of a test split. search: settings to try on validation rows. resume: go on after an
    interruption. Raises StanceError that says what cannot be used, and where.
    """
    given = dict(read_settings(Path(settings)) if isinstance(settings, str | Path) else settings or {})
    given = dict(given.get("fit", given))  # the file of --config has them in a table of their own
    return run.fit(
        RunConfig(
            data=data,
            output=Path(output),
            schema=schema,
            columns=columns or {},
            settings=given,
            folds=cv,
            trials=search,
            resume=resume,
        )
    )


def evaluate(
    model: Model,
    data: Data,
    *,
    columns: Mapping[str, str] | None = None,
    slices: Sequence[str] = (),
    train: Data | None = None,
    unseen: bool = False,
    watch: Watch = iter,
) -> Report:
    """The figures of a model on labelled rows.

    model: a folder, "shipped", or a classifier. data, columns: as for fit. slices: columns by whose
    values figures are given, too. train: rows from which the baselines learn; None: they are
    cross-validated on ``data``. unseen: leave out rows to which the model was fitted, which only its folder
    knows. watch: sees every quotation pass, to show progress.
    """
    classifier, columns = opened(model), columns or {}
    tables = tables_of(data, columns)
    examples = labelled.of_people(labelled.read_tables(tables, classifier.scheme, columns))
    learnt = None
    if train is not None:
        beside = tables_of(train, columns, beside=tables)
        learnt = labelled.of_people(labelled.read_tables(beside, classifier.scheme, columns))
    examples, notes, _ = measurable([(classifier.name, model)], examples, unseen=unseen)
    present = all_columns(tables)
    return evaluation.evaluate(
        classifier,
        examples,
        data=_named(tables),
        slices=meant(slices, present, columns),
        simple=Baselines(learnt),
        notes=notes,
        watch=watch,
    )


def compare(
    first: Model,
    second: Model,
    data: Data,
    *,
    columns: Mapping[str, str] | None = None,
    unseen: bool = False,
    watch: Watch = iter,
) -> Comparison:
    """Two models on the same labelled rows, on the axes that both have; arguments as for evaluate.

    unseen: leave out rows to which either was fitted.
    """
    models, tables = (opened(first), opened(second)), tables_of(data, columns)
    shared = LabelScheme.from_table({axis.name: list(axis.labels) for axis in shared_axes(*models)})
    other = {name for model in models for name in model.scheme.names} - set(shared.names)
    columns = {role: name for role, name in (columns or {}).items() if role not in other}
    examples = labelled.of_people(labelled.read_tables(tables, shared, columns))
    named = [(model.name, given) for model, given in zip(models, (first, second), strict=True)]
    examples, notes, fair = measurable(named, examples, unseen=unseen)
    if other:
        notes = [f"Not compared, as the models have other labels there: {', '.join(sorted(other))}.", *notes]
    return comparison.compare(*models, examples, data=_named(tables), fair=fair, notes=notes, watch=watch)


def teach(
    model: str | Path,
    unlabelled: Data,
    output: str | Path,
    *,
    columns: Mapping[str, str] | None = None,
    resume: bool = False,
) -> int:
    """Write what a model says of quotations that nobody has labelled, for the fit of a smaller one.

    model: a folder with weights, which are read as they were fitted. output: a table (JSONL), of which
    ``fit`` takes the rows beside labelled ones: they only train, and each is shown once. resume: go on
    behind the rows that an interrupted run of the same has left. How many rows there are, without those
    that hold no words. Raises StanceError that says what cannot be used.
    """
    output = Path(output)
    if kind(output) != ".jsonl":
        raise TableError(f"{output} must end in .jsonl: shares of labels are no cells of other tables.")
    read = _all_quotes(tables_of(unlabelled), columns or {})
    quotes = [quote for _, quote in read if labelled.has_words(quote.text)]
    teacher = teaching.teacher(model)
    return teaching.write(teacher, quotes, output, same=teaching.fingerprint(model, quotes), resume=resume)


def export_model(
    model: str | Path,
    output: str | Path,
    *,
    precision: str = INT8,
    quotes: Data | None = None,
    columns: Mapping[str, str] | None = None,
) -> list[Parity]:
    """Write a model folder again with another graph: int8 for processors, fp16 for GPUs, or fp32.

    model: a folder with weights, or "shipped". quotes: some hundreds of quotations like those that will be
    read, by which int8 is set and the graph is compared with the weights; None: the authored ones that come
    along. How far the graph is from the weights, by axis. Raises StanceError that says what cannot be done.
    """
    folder = ModelFolder.shipped() if str(model) == "shipped" else ModelFolder.open(model)
    if quotes is None:
        given = [row.quote for row in rehearsal.authored_rows(rehearsal.authored_scheme())]
    else:
        given = [quote for _, quote in _all_quotes(tables_of(quotes, columns), columns or {})]
    step = -(-len(given) // SHOWN)
    return export_again(folder, Path(output), given[::step], precision=precision)


def suggest(
    model: Model,
    unlabelled: Data,
    n: int = 100,
    *,
    columns: Mapping[str, str] | None = None,
    labelled: Data | None = None,
    guesses: bool = False,
) -> list[dict[str, Any]]:
    """The n rows most worth labelling next, with an empty column for each axis, ready to fill in.

    They are harder than the rest: train on them, but measure on rows that were drawn at random. Left out
    are quotations that the model was fitted to, and those that have a label on each axis of which the tables
    have a column, with their near-duplicates. labelled: further tables with labels. columns: may name those
    of the axes, too; where no table has them, the empty columns get these names. guesses: put the model's
    labels beside the empty columns, which saves time and biases coders.
    """
    classifier, columns = opened(model), columns or {}
    seen, tables = seen_by(model), tables_of(unlabelled)
    names = all_columns(tables)
    given = {axis: columns.get(axis, axis) for axis in classifier.scheme.names}
    axes = {axis: axis if axis in names and own not in names else own for axis, own in given.items()}
    for axis, name in axes.items():
        close = nearest(name, names - set(columns.values()), cutoff=SLIP)
        if name not in names and close:
            raise ColumnError(
                f"No table has the column {name!r}, which was given for {axis}. Did you mean {close!r}?"
            )
    filled = [name for name in axes.values() if name in names]
    rows, known = list[tuple[dict[str, Any], Quote]](), list[str]()
    for row, quote in _all_quotes(tables, columns):
        if filled and all(row.get(name) for name in filled):
            known.append(quote.text)
        elif fingerprint(quote.text) not in seen:
            rows.append((row, quote))
    if labelled is not None:
        known += [quote.text for _, quote in _all_quotes(tables_of(labelled), columns)]
    found = suggestion.suggest(classifier, rows, count=n, known=known)
    if not found:
        raise SettingsError(
            f"No row is left to suggest: all have a label ({', '.join(axes.values())}), or the model was "
            "fitted to them. Give quotations that nobody has labelled yet."
        )
    return suggestion.to_fill_in(found, axes, guesses=guesses)


def check(
    data: Data,
    *,
    schema: Schema = None,
    columns: Mapping[str, str] | None = None,
    base: str | None = None,
) -> Check:
    """Everything about labelled data that would spoil a fit or a figure; arguments as for fit."""
    tables = tables_of(data, columns)
    start = bases.resolve(base)
    scheme = scheme_for(schema, start, tables, columns or {})
    model = starting_model(start)
    encoder = Encoder(model.tokenizer(), window=model.window, pad_id=model.pad_id) if model else None
    return checking.check(tables, scheme, columns or {}, encoder=encoder)


def draft_schema(data: Data, *, columns: Mapping[str, str] | None = None, base: str | None = None) -> str:
    """A schema file to go through and correct: the labels that occur, how often, and what may be slips."""
    model = starting_model(bases.resolve(base))
    return draft(tables_of(data, columns), model.scheme if model else None, columns or {})


def suspects(
    data: Data,
    *,
    schema: Schema = None,
    columns: Mapping[str, str] | None = None,
    base: str | None = None,
) -> list[Suspect]:
    """Labels that are probably wrong, the likeliest first; arguments as for fit.

    Training data only: SettingsError where rows belong to a test split.
    """
    tables, start = tables_of(data, columns), bases.resolve(base)
    scheme = scheme_for(schema, start, tables, columns or {})
    examples = labelled.of_people(labelled.read_tables(tables, scheme, columns or {}))
    label_errors.refuse_test_rows(examples)
    window = ModelFolder.shipped().window
    features = network.embedder(start, window=window)([example.quote for example in examples])
    return label_errors.suspects(examples, scheme, features)


def opened(model: Model) -> StanceClassifier:
    """A classifier as it is, or from its folder; "shipped" is the model that comes with stance."""
    if isinstance(model, StanceClassifier):
        return model
    return load(None if str(model) == "shipped" else model)


def _named(tables: Sequence[Table]) -> str:
    return ", ".join(table.short for table in tables)


def _all_quotes(
    tables: Sequence[Table], columns: Mapping[str, str]
) -> Iterable[tuple[dict[str, Any], Quote]]:
    return (pair for table in tables for pair in _quotes(table, columns))


def _quotes(table: Table, columns: Mapping[str, str]) -> Iterable[tuple[dict[str, Any], Quote]]:
    """The rows of a table with the quotations in them; rows without one are passed over."""
    theirs = {role: name for role, name in columns.items() if name in table.columns}
    names = quote_columns(Path(table.name), table.columns, theirs)
    return ((row, quote_of(row, names)) for _, row in table.rows if row.get(names["quote"]))
