"""Which rows may measure a model: those that it was fitted to flatter it."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from stance.classifier import StanceClassifier
from stance.errors import SettingsError
from stance.folder import ModelFolder
from training import rehearsal
from training.copies import fingerprint
from training.labelled import Example

Model = str | Path | StanceClassifier


def measurable(
    models: Sequence[tuple[str, Model]], examples: list[Example], *, unseen: bool
) -> tuple[list[Example], list[str], bool]:
    """The rows to measure on, what a reader must know, and whether no model was fitted to some of them."""
    notes: list[str] = []
    seen: set[str] = set()
    for name, model in models:
        if unseen and isinstance(model, StanceClassifier):
            raise SettingsError(
                f"Only its folder knows what {name} was fitted to: give that in the place of the classifier."
            )
        theirs = seen_by(model)
        if not unseen:
            notes += [f"{one} Leave such rows out: --unseen." for one in flattered(name, examples, theirs)]
        elif not isinstance(model, StanceClassifier) and "seen" not in _provenance(model):
            notes.append(f"{name} keeps no list of all that it was fitted to: more may be among these rows.")
        seen |= theirs
    if not unseen:
        return examples, notes, not notes
    rest = without_seen(examples, seen)
    if examples and not rest:
        raise SettingsError(
            f"All {len(examples)} rows were there when {' or '.join(name for name, _ in models)} was fitted, "
            "so none is left to measure on. Label others."
        )
    count = len(examples) - len(rest)
    return rest, [f"Rows left out because a model was fitted to them: {count}.", *notes], True


def without_seen(examples: Sequence[Example], seen: Collection[str]) -> list[Example]:
    """The rows that a model was not fitted to. seen: fingerprints of what it was fitted to."""
    return [example for example in examples if fingerprint(example.quote.text) not in seen]


def flattered(name: str, examples: Sequence[Example], seen: Collection[str]) -> list[str]:
    """A note where a model was fitted to some of the rows. seen: fingerprints of what it was fitted to."""
    count = sum(fingerprint(example.quote.text) in seen for example in examples)
    said = f"{name} was fitted to {count} of these {len(examples)} rows: the figures flatter it."
    return [said] if count else []


def seen_by(model: Model) -> frozenset[str]:
    """Fingerprints of what a model was fitted to; none where only the classifier is given."""
    return frozenset() if isinstance(model, StanceClassifier) else rehearsal.seen_by(_provenance(model))


def _provenance(model: str | Path) -> dict[str, Any]:
    folder = ModelFolder.shipped() if str(model) == "shipped" else ModelFolder.open(model)
    return dict(folder.manifest.get("provenance", {}))
