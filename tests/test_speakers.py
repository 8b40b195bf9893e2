import pytest

from stance.quotes import find_quotes


@pytest.mark.parametrize(
    ("article", "speaker"),
    [
        pytest.param('"We agree," Minister Li Na said.', "Minister Li Na", id="name and verb after"),
        pytest.param('"We agree," said Ann Roe on Monday.', "Ann Roe", id="verb and name after"),
        pytest.param('Ann Roe said: "We agree."', "Ann Roe", id="before, with a colon"),
        pytest.param('Ann Roe told reporters in Rome that "we agree".', "Ann Roe", id="before, a fragment"),
        pytest.param('According to the ministry, "we agree".', "the ministry", id="according to, before"),
        pytest.param('"We agree," according to Ann Roe.', "Ann Roe", id="according to, after"),
        pytest.param(
            '"We agree," Ann Roe, a baker in Ohio, said.', "Ann Roe, a baker in Ohio", id="an appositive"
        ),
        pytest.param('"We agree," said Mr. Roe.', "Mr. Roe", id="a stop after a title"),
        pytest.param('Ann Roe: "We agree."', "Ann Roe", id="a name and a colon"),
        pytest.param(
            '"We agree," said a spokesman for the firm.', "a spokesman for the firm", id="an office"
        ),
        pytest.param('Rain fell. "We agree." Snow fell.', None, id="nobody"),
        pytest.param(
            '"We agree," said the ministry, which met on Monday.', "the ministry", id="a relative clause"
        ),
    ],
)
def test_finds_who_said_it(article: str, speaker: str | None) -> None:
    (quote,) = find_quotes(article)
    assert quote.speaker == speaker


def test_a_surname_gets_the_full_form_from_earlier_in_the_article() -> None:
    article = 'Trade Minister Ann Roe arrived on Monday.\n\n"We agree," Roe said.'
    assert find_quotes(article)[0].speaker == "Trade Minister Ann Roe"


def test_a_pronoun_and_a_following_sentence_have_the_last_speaker() -> None:
    first, second, third = find_quotes('"One is so," Ann Roe said. "Two is so."\n\n"Three is so," she said.')
    assert first.speaker == second.speaker == third.speaker == "Ann Roe"
    assert first.speaker_confidence is not None
    assert second.speaker_confidence is not None
    assert first.speaker_confidence > second.speaker_confidence


def test_the_cue_is_where_the_verb_stands() -> None:
    article = '"We agree," Ann Roe said.'
    (quote,) = find_quotes(article)
    assert quote.cue is not None
    assert article[slice(*quote.cue)] == "said"
