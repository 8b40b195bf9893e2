"""Sentences of real documents that nobody has labelled, for a large model to teach a small one with."""

import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from stance.surroundings import sentences as spans
from training.copies import fingerprint, runs_of
from training.gather import documents
from training.labelled import has_words

SHORTEST, LONGEST = 8, 60  # words
SPOKEN = 0.5  # of the sentences, that are given a speaker


def sentences(folder: Path, rows: Sequence[Mapping[str, Any]], *, seed: int = 13) -> list[dict[str, Any]]:
    """Sentences that share no six words in a row with a gathered quotation, each once, in random order.

    rows: what ``gather`` has found in the same folder. Half of them are given a speaker of these rows, drawn
    at random: whoever might say it. TableError where the documents cannot be read.
    """
    rng = random.Random(seed)
    known = {run for row in rows for run in runs_of(str(row["quote"]))}
    speakers = [row["speaker"] for row in rows if row.get("speaker")]
    found = {
        fingerprint(text): text
        for document in documents(folder)
        for text in _sentences(document["text"])
        if known.isdisjoint(runs_of(text))
    }
    texts = sorted(found.values())
    rng.shuffle(texts)
    return [
        {"quote": text, "speaker": rng.choice(speakers) if speakers and rng.random() < SPOKEN else ""}
        for text in texts
    ]


def _sentences(document: str) -> Iterator[str]:
    for line in document.splitlines():
        for start, end in spans(line, 0, len(line)):
            text = line[start:end].strip(' \t"“”')
            if SHORTEST <= len(text.split()) <= LONGEST and has_words(text):
                yield " ".join(text.split())
