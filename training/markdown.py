"""Tables as Markdown, for cards, terminals and notebooks."""

import re
from collections.abc import Iterable, Sequence

BAR = re.compile(r"(?<!\\)\|")  # between cells, and not in one


def table(header: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    """A table with a line for the header and one for each row."""
    lines = [_line(header), "|---" * len(header) + "|", *map(_line, rows)]
    return "\n".join(lines)


def cells(text: str) -> list[list[str]]:
    """The header and the rows of a table in Markdown."""
    rows = [BAR.split(line.strip().removeprefix("|").removesuffix("|")) for line in text.splitlines()]
    return [[cell.strip().replace("\\|", "|") for cell in row] for row in (rows[0], *rows[2:])]


def _line(cells: Sequence[object]) -> str:
    escaped = [str(cell).replace("|", "\\|") for cell in cells]
    return f"| {' | '.join(escaped)} |"
