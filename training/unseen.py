"""Which rows may measure a model: those that it was fitted to flatter it."""

from collections.abc import Sequence
from pathlib import Path

from stance.classifier import StanceClassifier
from stance.errors import SettingsError
from stance.folder import ModelFolder
from training import rehearsal
from training.copies import fingerprint
from training.labelled import Example

Model = str | Path | StanceClassifier


def measurable(
    models: Sequence[tuple[str, Model]], examples: list[Example], *, unseen: bool
) -> tuple[list[Example], list[str]]:
    """The rows to measure on, and what a reader must know: that a model was fitted to some of them."""
    notes: list[str] = []
    seen: set[str] = set()
    for name, model in models:
        theirs = seen_by(model)
        count = sum(fingerprint(example.quote.text) in theirs for example in examples)
        if count and not unseen:
            notes.append(
                f"{name} was fitted to {count} of these {len(examples)} rows: the figures flatter it. "
                "Leave such rows out: --unseen, or unseen=True."
            )
        seen |= theirs
    if not unseen:
        return examples, notes
    rest = [example for example in examples if fingerprint(example.quote.text) not in seen]
    if examples and not rest:
        raise SettingsError(
            f"All {len(examples)} rows were there when {' or '.join(name for name, _ in models)} was fitted, "
            "so none is left to measure on. Label others."
        )
    return rest, [f"Left out are {len(examples) - len(rest)} rows to which a model was fitted."]


def seen_by(model: Model) -> frozenset[str]:
    """Fingerprints of what a model was fitted to; none where only the classifier is given."""
    if isinstance(model, StanceClassifier):
        return frozenset()
    folder = ModelFolder.shipped() if str(model) == "shipped" else ModelFolder.open(model)
    return rehearsal.seen_by(dict(folder.manifest.get("provenance", {})))
