import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from stance.encoding import Encoder, batches
from stance.quotes import Quote


@pytest.fixture(scope="module")
def encoder(tokenizer: Tokenizer) -> Encoder:
    return Encoder(tokenizer, window=24)


def seen(encoder: Encoder, quote: Quote) -> str:
    (encoded,) = encoder.encode([quote])
    return " ".join(encoder._tokenizer.id_to_token(i) for i in encoded.ids)


@pytest.mark.parametrize(
    ("quote", "text"),
    [
        pytest.param(Quote("We hope."), "[CLS] we hope . [SEP]", id="quotation"),
        pytest.param(
            Quote("We hope.", "a senator"),
            "[CLS] we hope . [SEP] a senator [SEP]",
            id="quotation and speaker",
        ),
        pytest.param(
            Quote("We hope.", "a senator", "They lie. We hope."),
            "[CLS] we hope . [SEP] a senator — they lie . … [SEP]",
            id="the context does not repeat the quotation",
        ),
        pytest.param(
            Quote("We hope.", "a senator", '"We hope."'),
            "[CLS] we hope . [SEP] a senator [SEP]",
            id="a context of nothing but the quotation",
        ),
        pytest.param(
            Quote("We hope.", context="They lie."),
            "[CLS] we hope . [SEP] they lie . [SEP]",
            id="context without a speaker",
        ),
    ],
)
def test_the_three_forms_of_input(encoder: Encoder, quote: Quote, text: str) -> None:
    assert seen(encoder, quote) == text


def test_a_known_name_is_written_out_with_its_office(tokenizer: Tokenizer) -> None:
    bare, office = Encoder(tokenizer, window=48).encode(
        [
            Quote("We hope.", "Geng Shuang", date="2019"),
            Quote("We hope.", "Geng Shuang, Chinese Foreign Ministry spokesman"),
        ]
    )
    assert bare == office


def test_a_long_quotation_loses_its_middle_and_keeps_its_speaker(encoder: Encoder) -> None:
    quote = Quote("We " + "lie " * 50 + "hope.", "a senator")
    text = seen(encoder, quote)
    assert text.startswith("[CLS] we lie")
    assert "lie … lie" in text
    assert text.endswith("lie hope . [SEP] a senator [SEP]")


def test_a_long_context_goes_before_a_long_speaker(encoder: Encoder) -> None:
    long = Quote("We hope.", "a us ministry senator expert", "peace " * 50)
    assert "a us ministry senator expert — peace" in seen(encoder, long)
    endless = Quote("We hope.", "senator " * 50, "peace " * 50)
    assert "peace" not in seen(encoder, endless)
    assert "we hope" in seen(encoder, endless)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 60), st.integers(0, 60), st.integers(0, 60))
def test_nothing_is_longer_than_the_window_and_a_cut_is_told(
    encoder: Encoder, quote: int, speaker: int, context: int
) -> None:
    (encoded,) = encoder.encode([Quote("we " * quote, "us " * speaker or None, "they " * context or None)])
    assert len(encoded.ids) <= encoder.window
    whole = quote + speaker + context + 3 + (speaker > 0 and context > 0)
    if encoded.truncated:
        assert whole > encoder.window - 1
    else:
        assert len(encoded.ids) <= whole


def test_a_batch_is_padded_on_the_right(encoder: Encoder) -> None:
    batch = encoder.pad(encoder.encode([Quote("We hope."), Quote("Peace.", "us")]))
    assert batch.ids.shape == batch.mask.shape == batch.types.shape == (2, 6)
    assert batch.mask.tolist() == [[1, 1, 1, 1, 1, 0], [1, 1, 1, 1, 1, 1]]
    assert batch.types.tolist()[1] == [0, 0, 0, 0, 1, 1]
    assert batch.ids.dtype == "int64"


@given(st.lists(st.integers(1, 40), max_size=60), st.integers(40, 200))
def test_batches_hold_every_position_once_within_their_budget(lengths: list[int], tokens: int) -> None:
    found = list(batches(lengths, tokens=tokens))
    assert sorted(i for batch in found for i in batch) == list(range(len(lengths)))
    assert all(len(batch) * max(lengths[i] for i in batch) <= tokens for batch in found)


def test_half_a_letter_is_read_as_one_that_is_lost(encoder: Encoder) -> None:
    broken, lost = (Quote(f"We {letter} hope.", f"a {letter} senator") for letter in ("\ud83d", "\ufffd"))
    assert encoder.encode([broken]) == encoder.encode([lost])


def test_the_context_may_tell_who_a_family_name_is(tokenizer: Tokenizer) -> None:
    context = "Foreign Minister Wang Yi met the press."
    encoder = Encoder(tokenizer, window=48)
    assert (
        encoder.written_out(Quote("We hope.", "Wang", context)).speaker == "Wang Yi, Chinese foreign minister"
    )
    assert encoder.written_out(Quote("We hope.", "Wang")).speaker == "Wang"
