"""What the command line shows: findings and reports as tables on a terminal."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from textwrap import shorten
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from training import markdown
from training.checking import Check
from training.findings import Finding
from training.label_errors import Suspect
from training.sources import short_names

SHOWN = 20  # findings of a kind
LINES = 10  # lines of rows with the same fault


def print_text(text: str) -> None:
    """Paragraphs and tables in Markdown: on a terminal with lines around the cells, elsewhere as they are."""
    console = Console()
    if not console.is_terminal:
        console.print(text, markup=False, highlight=False, emoji=False, soft_wrap=True)
        return
    for block in text.strip("\n").split("\n\n"):
        if block.startswith("|"):
            header, *rows = markdown.cells(block)
            table = Table(*map(escape, header), header_style="bold")
            for row in rows:
                table.add_row(*map(escape, row))
            console.print(table)
        else:
            console.print(block, markup=False, highlight=False, emoji=False)


def print_check(found: Check) -> None:
    """Findings by kind, then the balance of the labels."""
    console, short = Console(), short_names(finding.table for finding in found.findings)
    for kind in dict.fromkeys(finding.kind for finding in found.findings):
        console.print(_findings([one for one in found.findings if one.kind == kind], short))
    console.print(_balance(found))
    least, middle, most = found.words
    console.print(
        f"{found.rows:,} rows in {found.groups:,} groups, {found.speakers:,} with a speaker; "
        f"{least} to {most} words, half have {middle:g} or more.",
        highlight=False,
    )
    verdict = "These data can be used." if found.usable else "A fit would refuse these data."
    console.print(f"[bold]{verdict}[/bold] {found.counted()}.", highlight=False)


def print_suspects(found: Sequence[Suspect] | None) -> None:
    """Labels to look at again, the likeliest errors first."""
    console = Console()
    if found is None:
        console.print("Suspects were not sought: correct the errors first.")
        return
    table = Table(title=f"{len(found)} labels to look at again", header_style="bold", title_justify="left")
    short = short_names(one.example.table for one in found)
    for column in ("line", "axis", "given (its probability)", "rather", "quotation"):
        table.add_column(column)
    for one in found[:SHOWN]:
        given = f"{one.given} ({one.confidence:.0%})"
        text = shorten(one.example.quote.text, 100, placeholder=" …")
        name = f"{short[one.example.table]} " if len(short) > 1 else ""
        table.add_row(*map(escape, (f"{name}{one.example.line}", one.axis, given, one.suggested, text)))
    if len(found) > SHOWN:
        table.caption = f"... and {len(found) - SHOWN} more; --json has all."
    console.print(table)


def suspect_row(one: Suspect) -> dict[str, Any]:
    """A suspect, JSON-ready."""
    return {
        "table": one.example.table,
        "line": one.example.line,
        "axis": one.axis,
        "given": one.given,
        "suggested": one.suggested,
        "confidence": round(one.confidence, 4),
        "quote": one.example.quote.text,
    }


def _findings(found: Sequence[Finding], short: Mapping[str, str]) -> Table:
    """Findings of one kind; rows with the same fault share a line. short: what the tables are called."""
    title = f"{found[0].kind} ({len(found)}): {'error' if found[0].serious else 'warning'}"
    table = Table(title=title, title_justify="left", show_header=False, box=None, padding=(0, 1, 0, 2))
    table.add_column(overflow="fold")  # a long path has its end, too, by which tables are told apart
    rows: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for one in found:
        rows[one.table, one.unit, one.message] += [one.line] if one.line is not None else []
    for (name, unit, message), lines in list(rows.items())[:SHOWN]:
        table.add_row(escape(f"{_place(short[name], unit, lines)}{message}"))
    if len(rows) > SHOWN:
        table.add_row(f"... and {len(rows) - SHOWN} more; --json has all.")
    return table


def _place(name: str, unit: str, lines: Sequence[int]) -> str:
    if not lines:
        return ""
    numbers = ", ".join(map(str, lines[:LINES])) + (", …" if len(lines) > LINES else "")
    return f"{name}, {unit}{'s' if len(lines) > 1 else ''} {numbers}: "


def _balance(found: Check) -> Table:
    table = Table(title="Labels", title_justify="left", header_style="bold")
    for column in ("axis", "label", "rows", "share"):
        table.add_column(column, justify="right" if column in ("rows", "share") else "left")
    for axis, counts in found.balance.items():
        total = sum(counts.values()) or 1
        for label, rows in sorted(counts.items(), key=lambda pair: -pair[1]):
            table.add_row(escape(axis), escape(label) or "(none)", f"{rows:,}", f"{rows / total:.0%}")
        table.add_section()
    return table
