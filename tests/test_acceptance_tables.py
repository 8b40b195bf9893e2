"""Long runs of the shipped model: killed at random moments, and shuffled in batches of any size."""

import json
import random
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

import stance
from stance.calibration import Floats, probabilities
from stance.classifier import StanceClassifier
from stance.runtime import logits_of
from tests.test_parts import classify, killed_until_done, write_table

DATA = Path(__file__).parent.parent / "training/data"
QUOTES, KILLS, ROWS = 2000, 30, 50_000
CLOSE = 1e-3

pytestmark = pytest.mark.acceptance


def test_thirty_kills_change_nothing(tmp_path: Path) -> None:
    table = write_table(tmp_path / "in.csv", ROWS)
    whole, broken = tmp_path / "whole.csv", tmp_path / "broken.csv"
    begun = time.monotonic()
    subprocess.run(classify(table, whole), check=True, capture_output=True)
    # So that the last kill comes before the end, on a fast machine and on a slow one.
    longest = 2 * (time.monotonic() - begun) / KILLS + 0.5
    kills, ended = killed_until_done(classify(table, broken), kills=KILLS, longest=longest, seed=13)
    assert kills == KILLS
    assert f"{ROWS:,} rows written" in ended.stderr
    assert broken.read_bytes() == whole.read_bytes()


@pytest.fixture(scope="module")
def quotes() -> list[stance.Quote]:
    rows = [
        json.loads(line)
        for name in ("authored", "news_held_out", "contrast_pairs")
        for line in (DATA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    random.Random(0).shuffle(rows)
    return [
        stance.Quote(
            row["quote"], row.get("speaker") if n % 3 else None, row.get("context") if n % 5 == 0 else None
        )
        for n, row in enumerate(rows[:QUOTES])
    ]


def in_batches(classifier: StanceClassifier, quotes: Sequence[stance.Quote], size: int) -> Floats:
    """The probabilities of all axes [quotes, width], computed in batches of neighbours as they come."""
    model, encoder = classifier._model, classifier._encoder
    encoded = encoder.encode(quotes)
    logits = np.concatenate(
        [model.logits(encoder.pad(encoded[i : i + size])) for i in range(0, len(encoded), size)]
    )
    return side_by_side(classifier, logits)


def side_by_side(classifier: StanceClassifier, logits: Floats) -> Floats:
    return np.concatenate([probabilities(logits[:, axis.slice]) for axis in classifier.scheme.axes], axis=1)


def labels(classifier: StanceClassifier, found: Floats) -> Floats:
    return np.stack([found[:, axis.slice].argmax(axis=1) for axis in classifier.scheme.axes])


@pytest.mark.parametrize("size", [1, 7, 32, 256])
def test_neighbours_do_not_matter(size: int, quotes: list[stance.Quote]) -> None:
    classifier = stance.load()
    encoded = classifier._encoder.encode(quotes)
    expected = side_by_side(
        classifier, logits_of(classifier._model, classifier._encoder, encoded, width=classifier.scheme.width)
    )
    for seed in range(2):
        order = random.Random(seed).sample(range(len(quotes)), len(quotes))
        found = np.empty_like(expected)
        found[order] = in_batches(classifier, [quotes[i] for i in order], size)
        assert np.abs(found - expected).max() <= CLOSE
        assert (labels(classifier, found) == labels(classifier, expected)).all()
