"""The model that comes with stance: whole, small, and the same in its two forms."""

import csv
import json
import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForSequenceClassification

import stance
from stance.calibration import probabilities
from stance.classifier import StanceClassifier
from stance.encoding import Encoder
from stance.folder import ModelFolder, sha256, shipped_path
from stance.quotes import Quote
from training import export
from training.swapping import SPOKESPEOPLE

ROOT = Path(__file__).parent.parent
ROWS = 300  # of each authored file, for comparing graph and weights


@pytest.fixture(scope="module")
def shipped() -> StanceClassifier:
    return stance.load()


@pytest.fixture(scope="module")
def quotes() -> list[Quote]:
    lines = [
        line
        for name in ("authored", "contrast_pairs")
        for line in (ROOT / f"training/data/{name}.jsonl").read_text(encoding="utf-8").splitlines()[-ROWS:]
    ]
    return [Quote(row["quote"], row["attribution"] or None) for row in map(json.loads, lines)]


def held_out(name: str) -> list[dict[str, Any]]:
    """Rows of the project that no model is fitted to."""
    lines = (ROOT / f"training/data/{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_every_file_is_whole_and_the_folder_small() -> None:
    folder = ModelFolder.open(shipped_path())
    for name in folder.manifest["files"]:
        folder.checked(name)
    assert sum(path.stat().st_size for path in folder.path.iterdir()) <= 70e6


def test_the_model_was_fitted_on_the_quotations_that_stand_here() -> None:
    hashes = ModelFolder.open(shipped_path()).manifest["provenance"]["data_sha256"]
    recipe = tomllib.loads((ROOT / "training/recipe.toml").read_text(encoding="utf-8"))
    here = [Path(name) for name in recipe["data"] if name.startswith("training/")]
    assert len(here) == 4
    assert set(hashes) == {Path(name).name for name in recipe["data"]}
    for path in here:
        assert sha256((ROOT / path).read_bytes()) == hashes[path.name]


def test_the_shipped_model_knows_label_sets(shipped: StanceClassifier) -> None:
    p = shipped.classify("We have differences, and talks go on.", speaker="a US trade official")
    for axis in p.axes.values():
        sets = [axis.label_set(coverage) for coverage in (0.5, 0.9, 0.99)]
        assert sets[0][0] == axis.label
        assert all(set(small) <= set(large) for small, large in pairwise(sets))


def test_nothing_in_the_folder_names_the_machine_that_made_it() -> None:
    folder = shipped_path()
    for name in ("stance.json", "README.md", "config.json", "tokenizer_config.json", "model.onnx"):
        content = (folder / name).read_bytes()
        for trace in (b"/home/", b"/tmp/", b"/root/", b"site-packages"):
            assert trace not in content, f"{trace!r} in {name}"


@pytest.mark.parametrize(
    ("text", "speaker", "labels"),
    [
        ("We welcome the talks.", "a US trade official", ("US", "conciliatory")),
        ("They robbed our firms for years and they lie about it.", "a US senator",
         ("US", "accusatory")),
        ("China has always abided by its commitments, and the allegation is groundless.",
         "a Chinese Foreign Ministry spokesperson", ("China", "defensive")),
        ("Beijing and Washington should both step back and talk.", "a professor in Singapore",
         ("neutral", "conciliatory")),
    ],
)  # fmt: skip
def test_plain_cases(shipped: StanceClassifier, text: str, speaker: str, labels: tuple[str, str]) -> None:
    found = shipped.classify(text, speaker=speaker)
    assert (found.side.label, found.stance.label) == labels


def test_a_bare_name_is_enough_for_the_side(shipped: StanceClassifier) -> None:
    assert shipped.classify("We will see.", speaker="Geng Shuang", date="2019").side.label == "China"
    assert shipped.classify("We will see.", speaker="Antony Blinken", date="2022").side.label == "US"


def test_the_bundled_article_reads_as_a_coder_reads_it() -> None:
    reading = stance.read((ROOT / "notebooks/article.txt").read_text(encoding="utf-8"))
    found = [(p.side.label, p.stance.label) for p in reading]
    assert found[:3] == [("US", "accusatory"), ("China", "defensive"), ("US", "conciliatory")]


@pytest.mark.parametrize("rule", range(1, 6))
def test_the_tie_break_rules_hold_on_pairs_that_it_has_not_seen(shipped: StanceClassifier, rule: int) -> None:
    rows = [row for row in held_out("rule_pairs_held_out") if row["rule"] == rule]
    found = shipped.classify_many([Quote(row["quote"], row["attribution"]) for row in rows])
    assert len(rows) >= 40
    right = [p.stance.label == row["stance"] for p, row in zip(found, rows, strict=True)]
    assert sum(right) / len(right) >= 0.85


def test_the_speakers_side_seldom_changes_the_stance(shipped: StanceClassifier) -> None:
    rows = held_out("news_held_out")
    said = [
        [p.stance.label for p in shipped.classify_many([Quote(row["quote"], who) for row in rows])]
        for who in SPOKESPEOPLE
    ]
    assert np.mean([a != b for a, b in zip(*said, strict=True)]) <= 0.05


def test_the_weights_in_plain_transformers_agree_with_the_graph(
    shipped: StanceClassifier, quotes: list[Quote]
) -> None:
    folder = ModelFolder.open(shipped_path())
    encoder = Encoder(folder.tokenizer(), window=folder.window, pad_id=folder.pad_id)
    model = AutoModelForSequenceClassification.from_pretrained(folder.path, dtype=torch.float32).eval()
    reference, found = export.network_logits(model, encoder, quotes), shipped.logits(quotes)
    for axis in folder.scheme.axes:
        temperature = folder.calibration[axis.name].temperature
        a, b = (probabilities(logits[:, axis.slice], temperature) for logits in (reference, found))
        assert (a.argmax(1) == b.argmax(1)).mean() >= 0.97, axis.name
        assert np.abs(a - b).mean() < 0.03, axis.name


def test_the_card_states_licence_data_and_limits() -> None:
    card = (shipped_path() / "README.md").read_text(encoding="utf-8")
    for part in ("Apache-2.0", "none stated", "is not distributed", "must not be used for"):
        assert part in card


def test_a_name_or_an_office_alone_tells_the_side(shipped: StanceClassifier) -> None:
    with (ROOT / "tests/speakers_by_side.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    right = [
        shipped.classify("We will see.", speaker=row["speaker"]).side.label == row["side"] for row in rows
    ]
    assert len(right) == 300
    assert sum(right) / len(right) >= 0.97
