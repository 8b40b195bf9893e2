"""The command line: read, classify, quotes, info."""

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sized
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, ParamSpec, TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from stance import batch, tables
from stance.classifier import StanceClassifier, load
from stance.errors import SettingsError, StanceError, UnreadableFileError
from stance.folder import ModelFolder
from stance.reading import Reading
from stance.results import AxisScores
from stance.textfiles import encoding_of

P = ParamSpec("P")
R = TypeVar("R")
Item = TypeVar("Item")

PATIENCE = 2.0  # seconds before a progress bar appears
SWITCH = 0.0005  # seconds
PERIOD = 60.0  # seconds over which a rate is taken, and between two lines where there is no terminal

app = typer.Typer(
    help="Who says what in news about US–China relations.", no_args_is_help=True, add_completion=False
)
Model = Annotated[Path | None, typer.Option("--model", help="A model folder; else the one that comes along.")]
ActorsFile = Annotated[
    Path | None,
    typer.Option(
        "--actors", help="A CSV of your own: name, office and, if known, family, aliases, from, to."
    ),
]
Output = Annotated[Path, typer.Option("-o", "--output", help="The table to write.")]
Columns = Annotated[
    list[str] | None, typer.Option("--column", help="A name of yours, such as quote=Text; may be repeated.")
]


Resume = Annotated[
    bool | None,
    typer.Option(
        "--resume/--anew",
        help="Go on behind the rows of an interrupted run, or do them again.",
        show_default=False,
    ),
]
ArticleColumns = Annotated[
    list[str] | None, typer.Option("--column", help="A name of yours, such as text=Body; may be repeated.")
]


def reported(command: Callable[P, R]) -> Callable[P, R]:
    """An error on purpose becomes one line on stderr and exit code 2, an interruption 130."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except StanceError as error:
            typer.echo(f"stance: {error}", err=True)
            raise typer.Exit(2) from error
        except KeyboardInterrupt as error:
            typer.echo("stance: stopped. classify, and read with a table, go on with --resume.", err=True)
            raise typer.Exit(130) from error

    return run


def column_names(given: list[str] | None) -> dict[str, str]:
    """``["quote=Text"]`` → ``{"quote": "Text"}``; SettingsError where one is no pair, or is named twice."""
    pairs = [item.partition("=") for item in given or ()]
    for role, equals, name in pairs:
        if not (role and equals and name):
            raise SettingsError(f"--column {role}{equals}{name} must look like quote=NAME.")
    roles = [role for role, _, _ in pairs]
    twice = sorted({role for role in roles if roles.count(role) > 1})
    if twice:
        raise SettingsError(f"--column names {', '.join(twice)} more than once. Give one column for each.")
    return {role: name for role, _, name in pairs}


@app.command()
@reported
def read(
    article: Annotated[
        str, typer.Argument(help="A text file, - for standard input, or a table with columns id and text.")
    ],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="For a table of articles: the table to write.")
    ] = None,
    column: ArticleColumns = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    html: Annotated[
        Path | None, typer.Option("--html", help="Write a page with the quotations marked, and no table.")
    ] = None,
    date: Annotated[str | None, typer.Option(help="When the article appeared, such as 2019-10-09.")] = None,
    model: Model = None,
    actors: ActorsFile = None,
    resume: Resume = None,
) -> None:
    """Find the quotations of an article and say who speaks and what they do.

    With a table of articles (columns id, text and, if known, date) and -o: one row a quotation.
    """
    if output or Path(article).suffix.lower() in tables.KINDS:
        alone = not (as_json or html or date)
        _read_table(article, output, column, (model, actors), alone=alone, resume=resume)
        return
    if html:
        _check_page(html, article)
    text = _text(article)
    reading = load(model, actors=actors).read(text, date=date)
    if html:
        _write_page(html, reading)
    if as_json:
        typer.echo(json.dumps(reading.as_dicts(), ensure_ascii=False, indent=1))
    elif html:
        return
    elif not reading:
        typer.echo("No quotations found.")
    else:
        Console().print(_as_table(reading))


@app.command()
@reported
def classify(
    table: Annotated[Path, typer.Argument(help="CSV, JSONL or Parquet with a column quote.")],
    output: Output,
    column: Columns = None,
    model: Model = None,
    actors: ActorsFile = None,
    resume: Resume = None,
) -> None:
    """Classify the quotations of a table; all its columns are kept.

    Bounded memory, however long the table is. What is done when a run is interrupted is kept: --resume.
    """
    names = column_names(column)
    loading = _loading(model, actors)
    told = batch.classify_table(table, output, loading, names, with_progress, resume=resume)
    typer.echo(told, err=True)


@app.command()
@reported
def quotes(
    articles: Annotated[
        Path, typer.Argument(help="Articles: CSV, JSONL or Parquet with columns id and text.")
    ],
    output: Output,
    column: ArticleColumns = None,
) -> None:
    """Find the quotations of many articles and their speakers, without a model; one row an article."""
    batch.find_in_table(articles, output, column_names(column), with_progress)


@app.command()
@reported
def info(
    model: Annotated[
        Path | None, typer.Argument(help="A model folder; else the one that comes along.")
    ] = None,
) -> None:
    """Say what a model is, and check that its files are whole."""
    folder = ModelFolder.open(model) if model else ModelFolder.shipped()
    sizes = {name: len(folder.checked(name)) for name in folder.manifest["files"]}
    typer.echo(f"{folder.name}\n  folder   {folder.path}")
    typer.echo(f"  reads    up to {folder.window} tokens a quotation, with speaker and context")
    for axis in folder.scheme.axes:
        found = folder.calibration[axis.name]
        bare = f", without speaker below {found.bare.threshold:.2f}" if found.bare else ""
        typer.echo(
            f"  {axis.name:<8} {', '.join(axis.labels)} "
            f"(temperature {found.temperature:.2f}, unsure below {found.threshold:.2f}{bare})"
        )
    for key in ("base", "rows", "sources"):
        if key in folder.manifest.get("provenance", {}):
            typer.echo(f"  {key:<8} {_inline(folder.manifest['provenance'][key])}")
    typer.echo(
        f"  files    {', '.join(f'{name} {size / 1e6:.1f} MB' for name, size in sizes.items())}: whole"
    )


def _read_table(
    articles: str,
    output: Path | None,
    column: list[str] | None,
    opened: tuple[Path | None, Path | None],
    *,
    alone: bool,
    resume: bool | None,
) -> None:
    if output is None:
        raise SettingsError(
            f"{articles} is a table of articles. Say where its quotations go: -o quotations.csv"
        )
    if not alone:
        raise SettingsError(
            "--json, --html and --date are for one article. For a table give -o; dates are a column."
        )
    model, actors = opened
    names = column_names(column)
    loading = _loading(model, actors)
    told = batch.read_table(Path(articles), output, loading, names, with_progress, resume=resume)
    typer.echo(told, err=True)


def _loading(model: Path | None, actors: Path | None) -> Callable[[], StanceClassifier]:
    # So long a thread that is ready to compute waits for one that parses rows; by default ten times as long.
    sys.setswitchinterval(SWITCH)
    return lambda: load(model, actors=actors)


def _text(article: str) -> str:
    try:
        if article == "-":
            return sys.stdin.buffer.read().decode("utf-8-sig")
        path = Path(article)
        return path.read_text(encoding=encoding_of(path))
    except OSError as error:
        raise UnreadableFileError(f"{article} cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise UnreadableFileError(
            f"{article} is not UTF-8 text: byte {error.start} is {error.object[error.start]:#x}. "
            "Save it as UTF-8."
        ) from error


def _check_page(path: Path, article: str) -> None:
    if article != "-" and path.exists() and Path(article).exists() and path.samefile(article):
        raise SettingsError(f"{path} is the article that is read, and would be lost. Give another --html.")
    if path.is_dir() or path == Path("-"):
        raise SettingsError(f"{path} is no file. Give --html the name of one, such as page.html.")


def _write_page(path: Path, reading: Reading) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(reading.to_html(), encoding="utf-8", newline="\n")
    except OSError as error:
        raise SettingsError(f"The page {path} cannot be written: {error.strerror or error}.") from error
    count = f"{len(reading):,} quotation{'' if len(reading) == 1 else 's'}"
    typer.echo(f"{count} marked in {path}", err=True)


def _as_table(reading: Reading) -> Table:
    table = Table(header_style="bold", show_lines=True, expand=True)
    table.add_column("speaker", ratio=2)
    for name in reading[0].axes:
        table.add_column(name, no_wrap=True)
    table.add_column("quotation", ratio=3)
    for prediction in reading:
        cells = [_cell(scores) for scores in prediction.axes.values()]
        # Square brackets are everyday news, and not rich's markup.
        table.add_row(escape(prediction.quote.speaker or "–"), *cells, escape(prediction.quote.text))
    table.caption = "Beside a label, its probability; with ? the model would rather not say."
    return table


def _cell(scores: AxisScores) -> str:
    label, _, confidence = escape(str(scores)).rpartition(" ")
    shown = f"{label}\n{confidence}"
    return f"[dim]{shown}[/dim]" if scores.unsure else shown


def with_progress(
    items: Iterable[Item],
    label: str,
    *,
    total: int | None = None,
    done: int = 0,
    size: Callable[[Item], int] = lambda item: 1,
) -> Iterator[Item]:
    """The items, counted once it takes longer than anybody likes to wait in silence.

    On a terminal with a bar, elsewhere with a line a minute. total: how many there will be, if that is known;
    done: how many there have been before; size: how many one item counts for.
    """
    console, begun = Console(stderr=True), time.monotonic()
    total = len(items) if total is None and isinstance(items, Sized) else total
    if not console.is_terminal:
        yield from _with_lines(items, label, total, done, size)
        return
    columns = (TextColumn(label), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, speed_estimate_period=PERIOD) as progress:
        task = progress.add_task(label, total=total, completed=done, visible=False)
        for item in items:
            yield item
            progress.update(task, advance=size(item), visible=time.monotonic() - begun > PATIENCE)


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f} a second" if task.speed else "")


def _with_lines(
    items: Iterable[Item], label: str, total: int | None, done: int, size: Callable[[Item], int]
) -> Iterator[Item]:
    begun = told = time.monotonic()
    new = 0
    for item in items:
        yield item
        new += size(item)
        if (now := time.monotonic()) - told > PERIOD:
            told, rate = now, new / (now - begun)
            left = f" of {total:,}" if total else ""
            wait = f", {(total - done - new) / rate / 60:,.0f} minutes left" if total else ""
            typer.echo(f"{label}: {done + new:,}{left}, {rate:,.0f} a second{wait}", err=True)


def _inline(value: Any) -> str:
    return ", ".join(f"{k} {v:,}" for k, v in value.items()) if isinstance(value, dict) else str(value)
