"""Fit, check, evaluate and compare models of quotations; ``python -m training`` is the command line.

fit, evaluate, compare, check, suspects, suggest, teach, export_model, shares and plots are what notebooks and
scripts use.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from training import plots
    from training.api import check, compare, evaluate, export_model, fit, suggest, suspects, teach
    from training.proportions import SampleWarning, shares

__all__ = [
    "SampleWarning",
    "check",
    "compare",
    "evaluate",
    "export_model",
    "fit",
    "plots",
    "shares",
    "suggest",
    "suspects",
    "teach",
]


def __getattr__(name: str) -> Any:
    # torch and transformers take seconds to import: only who uses them waits.
    if name not in __all__:
        raise AttributeError(f"training has no {name!r}, only {', '.join(__all__)}")
    import importlib

    room = "training.proportions" if name in ("shares", "SampleWarning") else "training.api"
    try:
        if name == "plots":
            return importlib.import_module("training.plots")
        return getattr(importlib.import_module(room), name)
    except ModuleNotFoundError as error:
        from stance.errors import MissingPackageError

        raise MissingPackageError(missing(error)) from error


def missing(error: ModuleNotFoundError) -> str:
    """What to do about a package of the trade that is not installed; raises the error where it is no such."""
    if (error.name or "").partition(".")[0] in ("stance", "training"):
        raise error
    return (
        f"Training needs the package {error.name!r}: install stance with pip install 'stance-quotes[train]'."
    )
