"""Authored rows that a retrained model is shown again, so that it keeps what it knew."""

import random
from collections.abc import Sequence
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

from stance.labels import LabelScheme
from training import labelled, schema
from training.copies import fingerprint, fingerprints, near_duplicates, unpacked
from training.labelled import Example

AUTHORED = "data/authored.jsonl"
FITTED = {"authored": AUTHORED, "authored pairs": "data/contrast_pairs.jsonl"}  # by their source
HELD_OUT = "data/news_held_out.jsonl"  # no model that comes with stance was fitted to these
SCHEMA = "data/labels.toml"


def authored_scheme() -> LabelScheme:
    """The axes of the authored rows."""
    return schema.read_scheme(_path(SCHEMA))


def authored_rows(scheme: LabelScheme, *, known: Sequence[Example] = ()) -> list[Example]:
    """The authored rows with their labels on the axes that ``scheme`` has unchanged; but for ``known`` texts.

    None where no axis is unchanged.
    """
    return without(_rows(AUTHORED, scheme, unchanged(authored_scheme(), scheme)), known)


def held_out_rows(scheme: LabelScheme, axes: Sequence[str], *, known: Sequence[Example]) -> list[Example]:
    """Authored rows that are not to be trained on, with their labels on ``axes``; but for ``known`` texts."""
    shared = [name for name in unchanged(authored_scheme(), scheme) if name in axes]
    return without(_rows(HELD_OUT, scheme, shared), known)


def rows_of(name: str) -> list[Example]:
    """The rows of one of the files that come with this package, with all their labels."""
    return labelled.read([_path(name)], authored_scheme())


def seen_by(provenance: dict[str, Any]) -> frozenset[str]:
    """What a manifest says of it; one without fingerprints only tells which files of this package it had."""
    if "seen" in provenance:
        return unpacked(provenance["seen"])
    had = [name for source, name in FITTED.items() if source in provenance.get("sources", {})]
    return frozenset(fingerprints(row for name in had for row in rows_of(name)))


def unchanged(before: LabelScheme, after: LabelScheme) -> list[str]:
    """The axes that have the same labels in both."""
    labels = {axis.name: set(axis.labels) for axis in before.axes}
    return [axis.name for axis in after.axes if labels.get(axis.name) == set(axis.labels)]


def mixed(own: Sequence[Example], authored: Sequence[Example], *, share: float, seed: int) -> list[Example]:
    """The own rows, and for each of them ``share`` authored ones drawn at random, as far as they go."""
    count = min(len(authored), round(share * len(own)))
    drawn = random.Random(seed).sample(list(authored), count)
    return [*own, *drawn]


def _rows(name: str, scheme: LabelScheme, axes: Sequence[str]) -> list[Example]:
    if not axes:
        return []
    return [
        replace(
            example, labels={axis: example.labels[axis] if axis in axes else None for axis in scheme.names}
        )
        for example in rows_of(name)
    ]


def without(rows: Sequence[Example], known: Sequence[Example]) -> list[Example]:
    """The rows that are neither copies nor near-duplicates of known ones."""
    if not rows:
        return []
    texts = [example.quote.text for example in (*known, *rows)]
    near = {row for other, row in near_duplicates(texts) if other < len(known) <= row}
    exact = set(fingerprints(known))
    return [
        row
        for place, row in enumerate(rows, len(known))
        if place not in near and fingerprint(row.quote.text) not in exact
    ]


def _path(name: str) -> Path:
    return Path(str(resources.files("training").joinpath(name)))
