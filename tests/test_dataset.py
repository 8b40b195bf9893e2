from dataclasses import replace

import pytest
from tokenizers import Tokenizer

from stance.encoding import Encoder
from stance.quotes import Quote
from tests.conftest import SCHEME
from training.config import FitConfig
from training.dataset import ATTRIBUTED, BARE, FORMS, IN_CONTEXT, Collator, scoring_rows, training_rows
from training.labelled import Example

EXAMPLES = [
    Example(
        Quote("We hope. " * (1 + i % 7), "a senator", "They lie now."),
        {"side": "US", "stance": None, "sentiment": "neutral"},
        group=str(i),
        weight=0.5,
    )
    for i in range(100)
]


@pytest.fixture(scope="module")
def encoder(tokenizer: Tokenizer) -> Encoder:
    return Encoder(tokenizer, window=48)


def test_every_form_is_shown_about_as_often_as_asked(encoder: Encoder) -> None:
    config = FitConfig(epochs=10, batch_size=8, bare_share=0.2, context_share=0.5)
    rows = training_rows(EXAMPLES, SCHEME, encoder, config)
    assert len(rows) == 1000
    bare = sum(max(types) == 0 for types in rows["types"]) / 1000
    context = sum(sum(types) > 4 for types in rows["types"]) / 1000
    assert bare == pytest.approx(0.2, abs=0.05)
    assert context == pytest.approx(0.5, abs=0.05)


def test_the_seed_fixes_the_order(encoder: Encoder) -> None:
    config = FitConfig(epochs=2, batch_size=8)
    first = training_rows(EXAMPLES, SCHEME, encoder, config)
    assert first["ids"][:] == training_rows(EXAMPLES, SCHEME, encoder, config)["ids"][:]
    other = training_rows(EXAMPLES, SCHEME, encoder, FitConfig(epochs=2, batch_size=8, seed=14))
    assert first["ids"][:] != other["ids"][:]


def test_rows_of_a_batch_are_alike_in_length(encoder: Encoder) -> None:
    rows = training_rows(EXAMPLES, SCHEME, encoder, FitConfig(epochs=4, batch_size=8))
    lengths = [len(ids) for ids in rows["ids"]]
    padding = sum(
        max(lengths[i : i + 8]) * len(lengths[i : i + 8]) - sum(lengths[i : i + 8]) for i in range(0, 400, 8)
    )
    assert padding < 0.1 * sum(lengths)


def test_labels_have_a_gap_where_one_is_missing(encoder: Encoder) -> None:
    rows = scoring_rows(EXAMPLES[:1], SCHEME, encoder)
    assert rows[0]["labels"] == [0.0, -100.0, 1.0, *(1, 0, 0, 0, 0, 0, 0, 1, 0), 0.5]
    batch = Collator(encoder, with_types=True)([rows[0]])
    assert batch["labels"].shape == (1, 14)
    assert "token_type_ids" not in Collator(encoder, with_types=False)([rows[0]])


def test_without_the_speaker_there_is_no_context_either() -> None:
    quote = Quote("We hope.", "Ann", "Ann said.")
    assert FORMS[BARE](quote) == Quote("We hope.")
    assert FORMS[ATTRIBUTED](quote) == Quote("We hope.", "Ann")
    assert FORMS[IN_CONTEXT](quote) == quote


def test_a_row_seldom_meets_itself_in_a_batch(encoder: Encoder) -> None:
    texts = ["We hope" + " now" * more for more in range(40)]
    examples = [Example(Quote(text), {"side": "US"}, group=text) for text in texts]
    rows = training_rows(
        examples, SCHEME, encoder, FitConfig(epochs=8, batch_size=8, bare_share=1.0, context_share=0.0)
    )
    batches = [rows[start : start + 8]["ids"] for start in range(0, len(rows), 8)]
    distinct = [len(set(map(tuple, batch))) / len(batch) for batch in batches]
    assert sum(distinct) / len(distinct) > 0.9


def test_half_of_the_rows_have_a_twin_by_another_side_where_that_shall_change_nothing(
    encoder: Encoder,
) -> None:
    quotes = [Quote(f"We will answer number {n} soon.", speaker="a US senator") for n in range(99)]
    there = {"side": "US", "stance": "defensive", "sentiment": None}
    rows = [Example(one, there, one.text, weight=3.0) for one in quotes]
    rows.append(Example(Quote("We meet.", "the Chinese ministry"), {**there, "side": "China"}, "other"))
    config = FitConfig(epochs=4, context_share=0.0, consistency=1.0)
    shown = training_rows(rows, SCHEME, encoder, config)
    twins = [row["twin"] for row in shown if row["twin"]]
    assert len(twins) == 200
    assert {tuple(twin["labels"][:3]) for twin in twins} <= {(1, -100, -100), (0, -100, -100)}
    assert {twin["labels"][-1] for twin in twins} <= {3.0, 1.0}
    again = training_rows(rows, SCHEME, encoder, config)
    assert list(again) == list(shown)
    assert not any(training_rows(rows, SCHEME, encoder, replace(config, consistency=0.0))["twin"])


def test_twins_come_behind_the_rows_and_say_whose_they_are(encoder: Encoder) -> None:
    row, other = ({"ids": [2, 5, 3], "types": [0, 0, 0], "labels": [k]} for k in (1.0, 7.0))
    twin = {"ids": [2, 5, 6, 3], "types": [0, 0, 1, 1], "labels": [9.0]}
    batch = Collator(encoder, with_types=True)([{**row, "twin": None}, {**other, "twin": twin}])
    assert batch["input_ids"].shape == (3, 4)
    assert batch["labels"].tolist() == [[1, -1], [7, -1], [9, 1]]
