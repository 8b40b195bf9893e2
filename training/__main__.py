"""The command line: fit, evaluate."""

import json
import logging
from pathlib import Path
from typing import Annotated

import typer

from stance.cli import column_names, reported, with_progress

app = typer.Typer(
    help="Fit a model to your own labelled quotations, and measure it.",
    no_args_is_help=True,
    add_completion=False,
)
Data = Annotated[list[Path], typer.Argument(help="Labelled tables: CSV, JSONL or Parquet.")]
Columns = Annotated[
    list[str] | None, typer.Option("--column", help="A name of yours, such as quote=Text; may be repeated.")
]


@app.command()
@reported
def fit(
    data: Data,
    output: Annotated[Path, typer.Option(help="The model folder to write, such as models/mine.")],
    base: Annotated[str | None, typer.Option(help="A folder or a Hub name; else the shipped model.")] = None,
    schema: Annotated[Path | None, typer.Option(help="Axes and labels in TOML; else the base's.")] = None,
    column: Columns = None,
    measure: Annotated[list[Path] | None, typer.Option(help="Further tables to put on the card.")] = None,
    notes: Annotated[Path | None, typer.Option(help="Markdown to put into the card.")] = None,
    version: Annotated[str, typer.Option(help="What the model calls its version.")] = "1.0.0",
    setting: Annotated[
        list[str] | None, typer.Option("--set", help="A setting of FitConfig, such as epochs=5.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Everything random follows from it.")] = 13,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the last checkpoint.")] = False,
) -> None:
    """Fit, calibrate, export and measure; the model folder appears when all is done."""
    _log()
    # torch and transformers take seconds to import: not for --help or evaluate --help.
    from training import run
    from training.config import FitConfig

    config = run.RunConfig(
        data=tuple(data),
        output=output,
        measure=tuple(measure or ()),
        notes=notes,
        schema=schema,
        columns=column_names(column),
        version=version,
        resume=resume,
        fit=FitConfig.from_text(setting or (), base=base, seed=seed),
    )
    for report in run.fit(config):
        typer.echo(f"\nOn {report.data}:\n\n{report.markdown()}")
    typer.echo(f"\nWritten: {output}. Use it with stance.load({str(output)!r}).")


@app.command()
@reported
def evaluate(
    model: Annotated[str, typer.Argument(help="A model folder, or 'shipped'.")],
    data: Data,
    column: Columns = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Measure a model on labelled quotations, in all three forms of input."""
    from training import run

    folder = None if model == "shipped" else Path(model)
    report = run.measure(
        folder, data, columns=column_names(column), watch=lambda quotes: with_progress(quotes, "evaluating")
    )
    if as_json:
        typer.echo(json.dumps(report.as_dict(), indent=1))
    else:
        typer.echo(f"{report.model} on {report.data}:\n\n{report.markdown()}")


def _log() -> None:
    logging.basicConfig(format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    logging.getLogger("training").setLevel(logging.INFO)


if __name__ == "__main__":
    app()
