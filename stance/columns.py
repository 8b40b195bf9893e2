"""The columns that stance adds to a table: their names, and the types that Parquet asks for."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from stance import tables
from stance.errors import TableError
from stance.labels import LabelScheme

if TYPE_CHECKING:
    import pyarrow

PLACE = ("start", "end", "cue_start", "cue_end")  # of a quotation in its article


def answers(scheme: LabelScheme) -> Iterator[str]:
    """What a model says of a quotation."""
    for name in scheme.names:
        yield from (name, f"{name}_confidence", f"{name}_unsure")
    yield from ("truncated", "model")


def new_columns(scheme: LabelScheme, *, taken: Iterable[str]) -> dict[str, str]:
    """What is added to a row → the name of its column, with a prefix where the table has one of them."""
    new, taken = [*answers(scheme), "error"], set(taken)
    prefix = ""
    while {prefix + name for name in new} & taken:
        prefix += "predicted_"
    return {name: prefix + name for name in new}


def type_of(name: str) -> "pyarrow.DataType":
    """What the cells of a column that stance adds are, whatever happens to be in them."""
    import pyarrow

    if name.endswith("_confidence"):
        return pyarrow.float64()
    if name in PLACE:
        return pyarrow.int64()
    return pyarrow.bool_() if name == "truncated" or name.endswith("_unsure") else pyarrow.string()


def schema(
    output: Path, source: Path, kept: Mapping[str, str], added: Mapping[str, str]
) -> "pyarrow.Schema | None":
    """The types of a table that is made of another; None where the output is no Parquet, which has none.

    kept: the names of columns → those in the source. added: what stance adds → the names of its columns.
    TableError where a column of the source is now this, now that: better told before hours of work than
    after them.
    """
    if tables.kind(output) != ".parquet":
        return None
    import pyarrow
    import pyarrow.parquet

    known = pyarrow.schema([])  # what is not known is text, as all of a CSV
    if tables.kind(source) == ".parquet":
        known = pyarrow.parquet.read_schema(source)
    elif tables.kind(source) == ".jsonl":
        known = _met(source, set(kept.values()))
    types = {field.name: field.type for field in known if not pyarrow.types.is_null(field.type)}
    fields = [(name, types.get(column, pyarrow.string())) for name, column in kept.items()]
    return pyarrow.schema(fields + [(column, type_of(name)) for name, column in added.items()])


def _met(source: Path, names: Collection[str]) -> "pyarrow.Schema":
    """The types of some columns of a JSONL table, from its first row to its last."""
    import pyarrow

    found = pyarrow.schema([])
    for block in tables.blocks(tables.read_rows(source)):
        try:
            read = pyarrow.table({name: [row.get(name) for _, row in block] for name in names}).schema
            found = pyarrow.unify_schemas([found, read], promote_options="permissive")
        except (pyarrow.ArrowException, OverflowError, UnicodeEncodeError) as error:
            raise TableError(
                f"{source}, lines {block[0][0]:,} to {block[-1][0]:,}: a column holds what Parquet does "
                f"not allow: {error}. Write to a .csv or .jsonl file instead."
            ) from error
    return found
