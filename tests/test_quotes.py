import pytest
from hypothesis import given
from hypothesis import strategies as st

from stance.errors import QuoteError
from stance.quotes import Quote, find_quotes


@pytest.mark.parametrize(
    ("article", "quoted"),
    [
        pytest.param('She said: "We agree."', ["We agree."], id="straight marks"),
        pytest.param("She said: “We agree.”", ["We agree."], id="curly marks"),
        pytest.param('“We agree," she said.', ["We agree,"], id="a curly mark closed by a straight one"),
        pytest.param('"We agree," he said, "and stay."', ["We agree, and stay."], id="interrupted"),
        pytest.param('"We agree," he said. "We stay."', ["We agree,", "We stay."], id="two sentences"),
        pytest.param(
            'He said "no and left.\n\nShe left too.',
            ["no and left."],
            id="an unclosed mark ends its paragraph",
        ),
        pytest.param("“One is this.\n\n“Two is that.”", ["One is this. Two is that."], id="two paragraphs"),
        pytest.param('The "reform" failed.', [], id="a single word without a speaker"),
        pytest.param("Nobody spoke.", [], id="no quotation at all"),
        pytest.param('An empty "" pair.', [], id="nothing between the marks"),
    ],
)
def test_finds_what_is_between_the_marks(article: str, quoted: list[str]) -> None:
    assert [quote.text for quote in find_quotes(article)] == quoted


@given(st.text(alphabet="ab .,\n“”\"'", min_size=1).filter(str.strip))
def test_spans_are_in_order_and_hold_the_text(article: str) -> None:
    ends = 0
    for quote in find_quotes(article):
        for start, end in quote.spans:
            assert ends <= start < end <= len(article)
            ends = end
        assert quote.text == " ".join(article[start:end] for start, end in quote.spans)


def test_the_context_holds_the_quotation_and_is_cut_at_words() -> None:
    article = "word " * 200 + 'He said: "We agree." ' + "word " * 200
    (quote,) = find_quotes(article)
    assert quote.context is not None
    assert quote.text in quote.context
    assert len(quote.context) < 600
    assert set(quote.context.split()) <= {"word", "He", "said:", '"We', 'agree."'}


def test_the_date_is_passed_on() -> None:
    (quote,) = find_quotes('"We agree," he said.', date="2019-10-09")
    assert quote.date == "2019-10-09"


@pytest.mark.parametrize(
    ("article", "message"), [("  \n", "An article needs words"), (None, "must be a text, but this is None")]
)
def test_an_article_without_text_is_refused(article: object, message: str) -> None:
    with pytest.raises(QuoteError, match=message):
        find_quotes(article)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"text": ""}, "A quotation needs words, but this is empty: ''"),
        ({"text": " \t"}, "A quotation needs words"),
        ({"text": 7}, r"must be a text, but this is 7 \(int\)"),
        ({"text": "Yes.", "speaker": 7}, "The speaker of a quotation must be a text or None"),
        ({"text": "Yes.", "date": "yesterday"}, "A date needs a year.*'yesterday'"),
    ],
)
def test_a_quotation_that_makes_no_sense_is_refused(fields: dict[str, object], message: str) -> None:
    with pytest.raises(QuoteError, match=message):
        Quote(**fields)  # type: ignore[arg-type]


def test_a_blank_speaker_is_no_speaker() -> None:
    assert Quote("Yes.", speaker=" ").speaker is None


def test_a_gap_in_a_column_of_pandas_is_nobody() -> None:
    assert Quote("Yes.", speaker=float("nan"), date=float("nan")) == Quote("Yes.")  # type: ignore[arg-type]
