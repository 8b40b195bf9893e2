"""Examples → what the Trainer reads: one row for each time that an example is shown, in its order."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import datasets
import numpy as np
import torch

from stance.calibration import Floats
from stance.encoding import Encoded, Encoder
from stance.labels import LabelScheme
from stance.quotes import Quote
from training import swapping
from training.config import FitConfig
from training.labelled import Example
from training.losses import MISSING, label_row, target_row
from training.teachers import Teachers

# The three forms of input, by the names that reports use.
FORMS: dict[str, Callable[[Quote], Quote]] = {
    "quotation": lambda quote: replace(quote, speaker=None, context=None),
    "quotation and speaker": lambda quote: replace(quote, context=None),
    "quotation, speaker and context": lambda quote: quote,
}
BARE, ATTRIBUTED, IN_CONTEXT = FORMS
SWAPPED = "quotation and a speaker of another side"  # in training alone
POOL = 50  # batches among which rows are sorted by length, at most


def training_rows(
    examples: Sequence[Example],
    scheme: LabelScheme,
    encoder: Encoder,
    config: FitConfig,
    teachers: Teachers | None = None,
) -> datasets.Dataset:
    """All epochs one after the other: every row in a form drawn at random, batches of alike lengths.

    teachers: give a share of the targets, for the form in which the row is shown.

    The order is fixed by the seed alone, so that an interrupted run goes on where it was.
    """
    rng = random.Random(config.seed)
    rows: list[dict[str, Any]] = []
    speakers = swapping.speakers_by_side(examples)
    for _ in range(config.epochs):
        forms = [_drawn(rng, config) for _ in examples]
        shown = [
            swapping.by_another(example, speakers, rng) if form == SWAPPED else example
            for example, form in zip(examples, forms, strict=True)
        ]
        forms = [ATTRIBUTED if form == SWAPPED else form for form in forms]
        epoch = _encoded_rows(shown, forms, scheme, encoder)
        if teachers:
            quotes = [FORMS[form](example.quote) for example, form in zip(shown, forms, strict=True)]
            _mix(epoch, teachers.targets(quotes), scheme, config.teacher_share)
        rng.shuffle(epoch)
        rows += epoch
    # No pool is longer than an epoch, or the times that a row is shown would meet in one batch.
    pool = min(POOL, max(1, len(examples) // config.batch_size))
    return datasets.Dataset.from_list(_by_length(rows, config.batch_size, pool, rng))


def scoring_rows(
    examples: Sequence[Example], scheme: LabelScheme, encoder: Encoder, form: str = ATTRIBUTED
) -> datasets.Dataset:
    """Every example once, in order, in one form."""
    rows = _encoded_rows(examples, [form] * len(examples), scheme, encoder)
    return datasets.Dataset.from_list(rows)


@dataclass(frozen=True)
class Collator:
    """Rows → the tensors [rows, length] that a network takes."""

    encoder: Encoder
    with_types: bool

    def __call__(self, rows: Sequence[dict[str, Any]]) -> dict[str, torch.Tensor]:
        """Pad the rows to the longest of them."""
        batch = self.encoder.pad([Encoded(row["ids"], row["types"], False) for row in rows])
        tensors = {
            "input_ids": torch.from_numpy(batch.ids),
            "attention_mask": torch.from_numpy(batch.mask),
            "labels": torch.tensor(np.array([row["labels"] for row in rows], dtype=np.float32)),
        }
        if self.with_types:
            tensors["token_type_ids"] = torch.from_numpy(batch.types)
        return tensors


def _encoded_rows(
    examples: Sequence[Example], forms: Sequence[str], scheme: LabelScheme, encoder: Encoder
) -> list[dict[str, Any]]:
    quotes = [FORMS[form](example.quote) for example, form in zip(examples, forms, strict=True)]
    return [
        {
            "ids": encoded.ids,
            "types": encoded.types,
            "labels": [*map(float, label_row(example, scheme)), *target_row(example, scheme), example.weight],
        }
        for example, encoded in zip(examples, encoder.encode(quotes), strict=True)
    ]


def _mix(rows: Sequence[dict[str, Any]], taught: Floats, scheme: LabelScheme, share: float) -> None:
    """Let teachers give a share of the targets, on the axes that a row has a label of."""
    for row, said in zip(rows, taught, strict=True):
        labels, first = row["labels"], len(scheme.axes)
        for place, axis in enumerate(scheme.axes):
            if labels[place] != MISSING:
                for k in range(axis.slice.start, axis.slice.stop):
                    labels[first + k] = (1 - share) * labels[first + k] + share * float(said[k])


def _drawn(rng: random.Random, config: FitConfig) -> str:
    bare, around, swap = config.bare_share, config.context_share, config.swap_share
    shares = bare, 1 - bare - around - swap, around, swap
    return rng.choices((BARE, ATTRIBUTED, IN_CONTEXT, SWAPPED), weights=shares)[0]


def _by_length(
    rows: list[dict[str, Any]], batch_size: int, pool: int, rng: random.Random
) -> list[dict[str, Any]]:
    """Shuffled rows, of which those in a batch are alike in length; the batches stay in random order.

    pool: batches among which rows are sorted.
    """
    ordered: list[dict[str, Any]] = []
    for start in range(0, len(rows), batch_size * pool):
        near = sorted(rows[start : start + batch_size * pool], key=lambda row: len(row["ids"]))
        batches = [near[i : i + batch_size] for i in range(0, len(near), batch_size)]
        # Only a full batch may come before another, or the Trainer would cut all that follow elsewhere.
        last = batches.pop()
        rng.shuffle(batches)
        ordered += [row for batch in (*batches, last) for row in batch]
    return ordered
