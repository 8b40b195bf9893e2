"""Examples → what the Trainer reads: one row for each time that an example is shown, in its order."""

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import datasets
import numpy as np
import torch

from stance.encoding import Encoded, Encoder
from stance.labels import LabelScheme
from stance.quotes import Quote
from training import swapping
from training.config import FitConfig
from training.labelled import Example
from training.losses import label_row, target_row

# The three forms of input, by the names that reports use.
FORMS: dict[str, Callable[[Quote], Quote]] = {
    "quotation": lambda quote: replace(quote, speaker=None, context=None),
    "quotation and speaker": lambda quote: replace(quote, context=None),
    "quotation, speaker and context": lambda quote: quote,
}
BARE, ATTRIBUTED, IN_CONTEXT = FORMS
TWINS = 0.5  # of the rows, that are shown as said by another side, too, where that shall change nothing
POOL = 50  # batches among which rows are sorted by length, at most


def training_rows(
    examples: Sequence[Example],
    scheme: LabelScheme,
    encoder: Encoder,
    config: FitConfig,
    taught: Sequence[Example] = (),
) -> datasets.Dataset:
    """All epochs one after the other: every row in a form drawn at random, batches of alike lengths.

    taught: rows with a model's labels, which are many and less sure: each is shown in one epoch only
    (``taught_in_epoch``), as it is.

    Where the settings ask for consistency, some rows have a twin: the same words by a speaker of another
    side, with that side for its only label.

    The order is fixed by the seed alone, so that an interrupted run goes on where it was.
    """
    rng = random.Random(config.seed)
    rows: list[dict[str, Any]] = []
    speakers = swapping.speakers_by_side(examples) if config.consistency else {}
    once = rng.sample(list(taught), len(taught)) if taught else []
    share = taught_in_epoch(taught, config)
    for number in range(config.epochs):
        forms = [_drawn(rng, config) for _ in examples]
        epoch = _encoded_rows(examples, forms, scheme, encoder)
        if config.consistency:
            _add_twins(epoch, examples, speakers, scheme, encoder, rng)
        others = once[number * share : (number + 1) * share]
        epoch += _encoded_rows(others, [IN_CONTEXT] * len(others), scheme, encoder)
        rng.shuffle(epoch)
        rows += epoch
    # No pool is longer than an epoch, or the times that a row is shown would meet in one batch.
    pool = min(POOL, max(1, len(examples) // config.batch_size))
    return datasets.Dataset.from_list(_by_length(rows, config.batch_size, pool, rng))


def taught_in_epoch(taught: Sequence[Example], config: FitConfig) -> int:
    """How many of the rows with a model's labels an epoch shows; the last one may show fewer."""
    return math.ceil(len(taught) / config.epochs)


def scoring_rows(
    examples: Sequence[Example], scheme: LabelScheme, encoder: Encoder, form: str = ATTRIBUTED
) -> datasets.Dataset:
    """Every example once, in one form; those of alike length lie together, so that little is padded."""
    rows = _encoded_rows(examples, [form] * len(examples), scheme, encoder)
    return datasets.Dataset.from_list(sorted(rows, key=lambda row: len(row["ids"])))


@dataclass(frozen=True)
class Collator:
    """Rows, and behind them their twins → the tensors [rows, length] that a network takes."""

    encoder: Encoder
    with_types: bool

    def __call__(self, rows: Sequence[dict[str, Any]]) -> dict[str, torch.Tensor]:
        """Pad the rows to the longest of them; the last label of a twin says whose it is, else -1."""
        twins = [(place, row["twin"]) for place, row in enumerate(rows) if row["twin"]]
        shown = [*((-1, row) for row in rows), *twins]
        batch = self.encoder.pad([Encoded(row["ids"], row["types"], False) for _, row in shown])
        labels = np.array([[*row["labels"], place] for place, row in shown], dtype=np.float32)
        tensors = {
            "input_ids": torch.from_numpy(batch.ids),
            "attention_mask": torch.from_numpy(batch.mask),
            "labels": torch.from_numpy(labels),
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
            "twin": None,
        }
        for example, encoded in zip(examples, encoder.encode(quotes), strict=True)
    ]


def _add_twins(
    rows: Sequence[dict[str, Any]],
    examples: Sequence[Example],
    speakers: Mapping[str, Sequence[Quote]],
    scheme: LabelScheme,
    encoder: Encoder,
    rng: random.Random,
) -> None:
    drawn = rng.sample(range(len(examples)), round(TWINS * len(examples)))
    twins = {place: swapping.by_another(examples[place], speakers, rng) for place in drawn}
    twins = {place: twin for place, twin in twins.items() if twin is not examples[place]}
    encoded = _encoded_rows(list(twins.values()), [ATTRIBUTED] * len(twins), scheme, encoder)
    for place, row in zip(twins, encoded, strict=True):
        del row["twin"]
        rows[place]["twin"] = row


def _drawn(rng: random.Random, config: FitConfig) -> str:
    bare, around = config.bare_share, config.context_share
    return rng.choices((BARE, ATTRIBUTED, IN_CONTEXT), weights=(bare, 1 - bare - around, around))[0]


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
