"""The command line: check, fit, evaluate, compare, suggest, teach, export, gather."""

import json
import logging
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from stance.cli import column_names, reported, with_progress
from stance.errors import SchemeError, SettingsError
from stance.quotes import Quote
from stance.writing import check_output, writing
from training import missing
from training.config import options, parsed

app = typer.Typer(
    help="Fit a model to your own labelled quotations, and measure it.",
    no_args_is_help=True,
    add_completion=False,
)
SOURCES = "CSV, JSONL, Parquet, a folder of datasets, or a name on the Hub."
Data = Annotated[list[str], typer.Argument(help=f"Labelled tables: {SOURCES}")]
Columns = Annotated[
    list[str] | None, typer.Option("--column", help="A name of yours, such as quote=Text; may be repeated.")
]
SchemaFile = Annotated[
    str | None, typer.Option(help="Axes and labels in TOML, or 'data' for those that occur; else the base's.")
]
BaseModel = Annotated[str | None, typer.Option(help="A folder or a Hub name; else the shipped model.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
Model = Annotated[str, typer.Argument(help="A model folder, or 'shipped'.")]
Unseen = Annotated[
    bool, typer.Option("--unseen", help="Leave out rows that a model was fitted to, which would flatter it.")
]


@app.command()
@reported
def check(
    data: Data,
    schema: SchemaFile = None,
    column: Columns = None,
    base: BaseModel = None,
    suspects: Annotated[
        bool, typer.Option("--suspects", help="Also find labels that are probably wrong; takes a minute.")
    ] = False,
    write_schema: Annotated[Path | None, typer.Option(help="Draft a schema file from the data.")] = None,
    as_json: AsJson = False,
) -> None:
    """Find everything that would spoil a fit: labels, copies, contradictions, leaks, balance."""
    from training import api, views

    columns = column_names(column)
    if write_schema:
        check_output(write_schema, data)
        drafted = api.draft_schema(data, columns=columns, base=base)
        try:
            write_schema.write_text(drafted, encoding="utf-8")
        except OSError as error:
            raise SchemeError(f"{write_schema} cannot be written: {error.strerror or error}.") from error
        typer.echo(f"Written: {write_schema}. Go through it, then give it with --schema {write_schema}.")
        return
    found = api.check(data, schema=schema, columns=columns, base=base)
    if not as_json:
        views.print_check(found)
    doubtful = None
    if suspects and found.usable:
        doubtful = api.suspects(data, schema=schema, columns=columns, base=base)
    if as_json:
        listed = None if doubtful is None else [views.suspect_row(one) for one in doubtful]
        typer.echo(json.dumps({**found.as_dict(), "suspects": listed}, ensure_ascii=False, indent=1))
    elif suspects:
        views.print_suspects(doubtful)
    if not found.usable:
        raise typer.Exit(1)


@app.command()
@reported
def fit(
    data: Annotated[list[str] | None, typer.Argument(help=f"Labelled tables: {SOURCES}")] = None,
    output: Annotated[
        Path | None, typer.Option(help="The model folder to write, such as models/mine.")
    ] = None,
    base: BaseModel = None,
    schema: SchemaFile = None,
    column: Columns = None,
    config: Annotated[
        Path | None,
        typer.Option(help="A TOML file with these options, and base, seed and --set in a table \\[fit]."),
    ] = None,
    measure: Annotated[list[str] | None, typer.Option(help="Further tables to put on the card.")] = None,
    notes: Annotated[Path | None, typer.Option(help="Markdown to put into the card.")] = None,
    version: Annotated[str | None, typer.Option(help="What the model calls its version; 1.0.0.")] = None,
    setting: Annotated[
        list[str] | None, typer.Option("--set", help="A setting of FitConfig, such as epochs=5.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Everything random follows from it; 13.")] = None,
    cv: Annotated[
        int | None, typer.Option(min=0, help="Measure by so many folds instead of a test split.")
    ] = None,
    search: Annotated[
        int | None, typer.Option(min=0, help="Try so many settings on validation rows.")
    ] = None,
    logs: Annotated[Path | None, typer.Option(help="A folder for TensorBoard.")] = None,
    slices: Annotated[
        list[str] | None, typer.Option("--slice", help="A column by whose values the card gives figures.")
    ] = None,
    baselines: Annotated[
        bool | None,
        typer.Option("--baselines/--no-baselines", help="Whether the card has simple models, too; yes."),
    ] = None,
    evaluate: Annotated[
        bool | None, typer.Option("--evaluate/--no-evaluate", help="Whether to measure the model; yes.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the last checkpoint.")] = False,
) -> None:
    """Fit, calibrate, export and measure; the model folder appears when all is done."""
    _log()
    # torch and transformers take seconds to import: not for --help.
    from training import run, views

    given: dict[str, Any] = {
        "data": data or None,
        "output": output,
        "schema": schema,
        "columns": column_names(column),
        "measure": measure or None,
        "notes": notes,
        "version": version,
        "cv": cv,
        "search": search,
        "logs": logs,
        "slices": slices or None,
        "baselines": baselines,
        "evaluate": evaluate,
    }
    settings = {"base": base, "seed": seed, **parsed(setting or ())}
    given = options(config, given, {name: value for name, value in settings.items() if value is not None})
    try:
        made = run.fit(run.RunConfig(resume=resume, **_for_run(given)))
    except KeyboardInterrupt:
        typer.echo("Stopped. The same command with --resume goes on from the last checkpoint.", err=True)
        raise typer.Exit(130) from None
    if not _first_process():
        return
    if found := made.markdown():
        views.print_text(f"\n{found}")
    typer.echo(f"\nWritten: {made.folder}. Use it with stance.load({str(made.folder)!r}).")


@app.command()
@reported
def evaluate(
    model: Model,
    data: Data,
    column: Columns = None,
    slices: Annotated[
        list[str] | None, typer.Option("--slice", help="A column by whose values to give figures, too.")
    ] = None,
    train: Annotated[
        list[str] | None, typer.Option(help="Labelled tables from which the baselines learn.")
    ] = None,
    unseen: Unseen = False,
    report: Annotated[Path | None, typer.Option(help="A folder for report.html and report.json.")] = None,
    as_json: AsJson = False,
) -> None:
    """Measure a model on labelled quotations, in all forms of input, beside baselines and coders."""
    from training import api, report_text, views

    found = api.evaluate(
        model,
        data,
        columns=column_names(column),
        slices=slices or (),
        train=train,
        unseen=unseen,
        watch=_watched,
    )
    if as_json:
        typer.echo(json.dumps(found.as_dict(), ensure_ascii=False, indent=1))
    else:
        views.print_text(report_text.text(found))
    if report:
        typer.echo(f"Written: {found.save(report)} and report.json beside it.", err=as_json)


@app.command()
@reported
def compare(
    first: Model,
    second: Model,
    data: Data,
    column: Columns = None,
    unseen: Unseen = False,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="A table of the rows where they differ.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compare two models on the same rows: paired bootstrap, McNemar's test, and where they differ."""
    from training import api, views
    from training.comparison import DIFFERENCE

    if output:
        check_output(output, data)
    found = api.compare(first, second, data, columns=column_names(column), unseen=unseen, watch=_watched)
    if as_json:
        typer.echo(json.dumps(found.as_dict(), ensure_ascii=False, indent=1))
    else:
        views.print_text(found.markdown())
    if output:
        rows = found.rows()
        _write(output, rows, list(DIFFERENCE))
        typer.echo(f"{len(rows):,} rows where they differ written to {output}", err=True)


@app.command()
@reported
def suggest(
    model: Model,
    unlabelled: Annotated[list[str], typer.Argument(help=f"Tables of quotations: {SOURCES}")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The table to fill in.")],
    n: Annotated[int, typer.Option("-n", help="How many rows.")] = 100,
    column: Columns = None,
    labelled: Annotated[
        list[str] | None, typer.Option(help="Tables that are labelled already, to be left out.")
    ] = None,
    guesses: Annotated[
        bool,
        typer.Option("--guesses", help="Write the model's labels beside: quicker, but it biases coders."),
    ] = False,
) -> None:
    """Choose the quotations most worth labelling next, as a table ready to fill in."""
    from training import api

    check_output(output, [*unlabelled, *(labelled or [])])
    if output.exists():
        raise SettingsError(f"{output} exists, and may hold labels by now. Give another --output.")
    rows = api.suggest(model, unlabelled, n, columns=column_names(column), labelled=labelled, guesses=guesses)
    _write(output, rows, list(dict.fromkeys(name for row in rows for name in row)))
    fewer = ": there are no more" if len(rows) < n else ""
    typer.echo(f"{len(rows):,} rows to label written to {output}{fewer}", err=True)


@app.command()
@reported
def teach(
    model: Annotated[str, typer.Argument(help="A model folder: a larger one than that to be fitted.")],
    unlabelled: Annotated[list[str], typer.Argument(help=f"Tables of quotations or sentences: {SOURCES}")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The table to write: JSONL.")],
    column: Columns = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on behind what is written already.")] = False,
) -> None:
    """Let a large model label what nobody has, for a small one that is fitted to these rows, too."""
    from training import api

    _log()
    check_output(output, unlabelled)
    count = api.teach(model, unlabelled, output, columns=column_names(column), resume=resume)
    typer.echo(f"{count:,} rows written to {output}. Give them to fit beside labelled ones.", err=True)


@app.command()
@reported
def export(
    model: Model,
    output: Annotated[Path, typer.Option("-o", "--output", help="The model folder to write.")],
    precision: Annotated[str, typer.Option(help="int8 for processors, fp16 for GPUs, or fp32.")] = "int8",
    quotes: Annotated[
        list[str] | None, typer.Option(help="Quotations like those that will be read; else authored ones.")
    ] = None,
    column: Columns = None,
) -> None:
    """Write a model again with a graph of another precision, and compare it with the weights."""
    from training import api

    found = api.export_model(model, output, precision=precision, quotes=quotes, columns=column_names(column))
    for one in found:
        typer.echo(
            f"{one.axis:<10} the same label on {one.agreement:.1%}, probabilities {one.difference:.4f} apart"
        )
    typer.echo(f"Written: {output}", err=True)


@app.command()
@reported
def gather(
    texts: Annotated[Path, typer.Argument(help="The folder of real quotations and documents.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The labelled table to write: JSONL.")],
    readings: Annotated[Path | None, typer.Option(help="What readers said; else data/readings.csv.")] = None,
    sentences: Annotated[
        Path | None, typer.Option(help="A table of further sentences to write, for `teach`: JSONL.")
    ] = None,
) -> None:
    """Put real quotations, which do not come with stance, together with the readings of them, which do."""
    from training.gather import READINGS, TEXTS, columns
    from training.gather import gather as gathered
    from training.sentences import sentences as unlabelled

    inputs = [*(texts / name for name in TEXTS.values()), readings or READINGS]
    check_output(output, inputs)
    if sentences:
        check_output(sentences, [*inputs, output])
    found = gathered(texts, readings or READINGS)
    if sentences:
        rows = unlabelled(texts, found.rows)
        _write(sentences, rows, ["quote", "speaker"])
        typer.echo(f"{len(rows):,} sentences written to {sentences}", err=True)
    _write(output, found.rows, columns(found.rows))
    typer.echo(f"{len(found.rows):,} quotations written to {output}", err=True)
    for table, count in found.lost.items():
        typer.echo(f"{count:,} of {table} have lost their readings: the text is another now", err=True)


def _for_run(given: dict[str, Any]) -> dict[str, Any]:
    """The options of a fit under the names that RunConfig gives them."""
    named = {"cv": "folds", "search": "trials"}
    found = {named.get(name, name): value for name, value in given.items()}
    for name, value in found.items():
        if name in ("output", "notes", "logs"):
            found[name] = Path(value)
        elif name in ("measure", "slices") and isinstance(value, str):
            found[name] = [value]
    return found


def _first_process() -> bool:
    """Whether this one speaks, of all that ``accelerate launch`` has started."""
    return os.environ.get("RANK", "0") == "0"


def _write(output: Path, rows: list[dict[str, Any]], columns: list[str]) -> None:
    with writing(output, columns) as writer:
        writer.write(rows)


def _watched(quotes: Iterable[Quote]) -> Iterable[Quote]:
    return with_progress(quotes, "evaluating")


def _log() -> None:
    logging.basicConfig(format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    logging.getLogger("training").setLevel(logging.INFO if _first_process() else logging.WARNING)


def main() -> None:
    """The command line; a package that is not installed is told in a line."""
    try:
        app()
    except ModuleNotFoundError as error:
        typer.echo(f"stance: {missing(error)}", err=True)
        raise SystemExit(2) from error


if __name__ == "__main__":
    main()
