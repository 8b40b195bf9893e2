"""The quotations written for this project are what their datasheet says."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from training import copies, labelled, schema

DATA = Path(__file__).parent.parent / "training" / "data"
SCHEME = schema.read_scheme(DATA / "labels.toml")
# Each with the name that its agreement has in the datasheet.
FILES = {
    "authored.jsonl": "authored",
    "contrast_pairs.jsonl": "pairs",
    "contrast_pairs_held_out.jsonl": "held out",
    "news_style.jsonl": "news style",
    "rule_pairs.jsonl": "rule pairs",
    "rule_pairs_held_out.jsonl": "rules, held out",
}
PAIRS = [name for name in FILES if "pairs" in name]
FITTED = [name for name in FILES if "held_out" not in name]


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATA / name).read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("name", FILES)
def test_every_row_can_be_trained_on_and_was_read_twice(name: str) -> None:
    examples = labelled.read([DATA / name], SCHEME)
    assert all(example.clarity for example in examples)
    for example in examples:
        missing = {axis for axis, label in example.labels.items() if label is None}
        assert missing == set(json.loads(example.row.get("disputed", "{}"))) - set(example.shares)


@pytest.mark.parametrize("name", FILES)
def test_the_datasheet_counts_the_rows_and_their_agreement(name: str) -> None:
    found = rows(name)
    sheet = (DATA / "README.md").read_text(encoding="utf-8")
    assert f"| `{name}` | {len(found):,} |" in sheet
    line = next(line for line in sheet.splitlines() if line.startswith(f"| {FILES[name]}: same label"))
    shares = [float(share) for share in re.findall(r"([\d.]+) %", line)]
    same = [1 - sum(axis in row.get("disputed", {}) for row in found) / len(found) for axis in SCHEME.names]
    assert shares == [round(100 * share, 1) for share in same]


def test_identifiers_are_unique() -> None:
    found = Counter(row["id"] for name in FILES for row in rows(name))
    assert found.most_common(1)[0][1] == 1


def test_a_pair_has_one_speaker_one_rule_and_two_stances() -> None:
    pairs: dict[str, list[dict[str, Any]]] = {}
    for row in [row for name in PAIRS for row in rows(name)]:
        pairs.setdefault(row["group"], []).append(row)
    for first, second in pairs.values():
        assert (first["side"], first["rule"]) == (second["side"], second["rule"])
        assert first["stance"] != second["stance"]


def test_what_measures_the_rules_shares_no_five_words_with_what_was_written_to_be_fitted() -> None:
    known = {run for name in FITTED for row in rows(name) for run in fives(row["quote"])}
    measured = rows("rule_pairs_held_out.jsonl")
    assert not [row["id"] for row in measured if fives(row["quote"]) & known]
    groups = Counter(row["rule"] for row in measured)
    assert sorted(groups) == [1, 2, 3, 4, 5]
    assert min(groups.values()) >= 40  # twenty pairs a rule


def fives(text: str) -> set[tuple[str, ...]]:
    found = copies.words(text)
    return {tuple(found[i : i + 5]) for i in range(len(found) - 4)}


def test_no_near_duplicates_stand_in_two_groups() -> None:
    examples = labelled.read([DATA / name for name in FILES], SCHEME)
    for a, b in copies.near_duplicates([example.quote.text for example in examples]):
        assert examples[a].group == examples[b].group, (examples[a].quote.text, examples[b].quote.text)
