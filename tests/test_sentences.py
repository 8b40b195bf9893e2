"""Sentences for a teacher: of real documents, but none that was labelled."""

import gzip
import json
from pathlib import Path

import pytest

from stance.errors import TableError
from training.sentences import sentences

LABELLED = "We never agreed to the terms that were read out in the hall last Tuesday"
TEXTS = [
    f"“{LABELLED},” said Envoy Ivan Poole. Four ships lay in the harbour when the wind began to fall.\n"
    "Too short.",
    "Four ships lay in the harbour when the wind began to fall. Mr. Poole went home "
    "before the others had read the second letter.",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with gzip.open(tmp_path / "documents.jsonl.gz", "wt") as lines:
        lines.writelines(json.dumps({"text": text, "kind": "news", "source": "p"}) + "\n" for text in TEXTS)
    return tmp_path


def test_each_sentence_once_without_those_that_hold_a_labelled_quotation(folder: Path) -> None:
    found = sentences(folder, [{"quote": LABELLED, "speaker": "Ivan Poole"}])
    assert sorted(row["quote"] for row in found) == [
        "Four ships lay in the harbour when the wind began to fall.",
        "Mr. Poole went home before the others had read the second letter.",
    ]


def test_about_half_get_a_speaker_who_has_said_something_else(tmp_path: Path) -> None:
    text = " ".join(f"The delegation number {n} came by the early train from the north." for n in range(400))
    with gzip.open(tmp_path / "documents.jsonl.gz", "wt") as lines:
        lines.write(json.dumps({"text": text, "kind": "news", "source": "p"}) + "\n")
    rows = [{"quote": "Enough.", "speaker": "Ann Roe"}, {"quote": "Go on."}]
    found = sentences(tmp_path, rows)
    assert len(found) == 400
    assert {row["speaker"] for row in found} == {"Ann Roe", ""}
    assert sum(bool(row["speaker"]) for row in found) == pytest.approx(200, abs=40)
    assert found == sentences(tmp_path, rows)
    assert found != sentences(tmp_path, rows, seed=14)


def test_without_documents_there_is_nothing(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"documents\.jsonl\.gz cannot be read"):
        sentences(tmp_path, [])
