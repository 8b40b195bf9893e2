"""Every error that a user of stance can meet; each says what was found, where, and what to do.

StanceError
├── QuoteError              a quotation or article that is empty, or is not text
├── UnreadableFileError     a text file that is missing, or is not UTF-8
├── ActorsError             a table of actors that cannot be used
├── TableError              a table that cannot be read or written
│   ├── ColumnError         columns that are missing, or named twice
│   ├── EmptyTableError     a table without a single row
│   └── LabelledFileError   a labelled table with bad rows: all of them at once
├── SchemeError             axes and labels that contradict themselves or each other
├── ModelFolderError        a model folder with a missing, cut off or altered file
├── SettingsError           a setting that cannot be used, alone or with another
└── MissingPackageError     an optional package that is not installed
"""

from collections.abc import Sequence


class StanceError(Exception):
    """The root of all errors that stance raises on purpose."""


class QuoteError(StanceError):
    """A quotation or an article that is empty, or is not text."""


class UnreadableFileError(StanceError):
    """A text file that is missing, or is not UTF-8."""


class ActorsError(StanceError):
    """A table of actors that cannot be used."""


class TableError(StanceError):
    """A table that cannot be read or written."""


class ColumnError(TableError):
    """Columns that are missing, or named twice."""


class EmptyTableError(TableError):
    """A table without a single row."""


class LabelledFileError(TableError):
    """A labelled table with bad rows; ``findings`` holds a sentence for each of them."""

    def __init__(self, message: str, findings: Sequence[str] = ()) -> None:
        super().__init__("\n  ".join([message, *findings]))
        self.findings = tuple(findings)


class SchemeError(StanceError):
    """Axes and labels that contradict themselves or each other."""


class ModelFolderError(StanceError):
    """A model folder with a missing, cut off or altered file."""


class SettingsError(StanceError):
    """A setting that cannot be used, alone or with another."""


class MissingPackageError(StanceError):
    """An optional package that is not installed."""
