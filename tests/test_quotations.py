"""What the extraction of quotations and speakers is held to: a specification, and whole articles."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stance.quotes import Quote, find_quotes

HERE = Path(__file__).parent
CASES = [json.loads(line) for line in (HERE / "quotation_cases.jsonl").read_text("utf-8").splitlines()]
ARTICLES = [json.loads(line) for line in (HERE / "articles.jsonl").read_text("utf-8").splitlines()]
ALIKE = 0.8  # intersection over union from which on two spans are the same


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['group']}: {case['id']}")
def test_specification(case: dict[str, Any]) -> None:
    found = find_quotes(case["article"])
    assert [quote.text for quote in found] == [quote["text"] for quote in case["quotes"]]
    for quote, wanted in zip(found, case["quotes"], strict=True):
        if wanted["speaker"] is None:
            assert quote.speaker is None
        else:
            assert quote.speaker is not None
            assert wanted["speaker"].casefold() in quote.speaker.casefold()
        for word in wanted.get("not", ()):
            assert word.casefold() not in (quote.speaker or "").casefold()


def test_the_specification_is_long_and_names_each_case_once() -> None:
    assert len(CASES) >= 150
    assert len({case["id"] for case in CASES}) == len(CASES)
    assert {quote["speaker"] is None for case in CASES for quote in case["quotes"]} == {True, False}
    assert any(not case["quotes"] for case in CASES)


def overlap(one: tuple[int, int], other: tuple[int, int]) -> float:
    shared = min(one[1], other[1]) - max(one[0], other[0])
    return max(0, shared) / (max(one[1], other[1]) - min(one[0], other[0]))


def right(speaker: str | None, annotated: dict[str, Any]) -> bool:
    """Whether a speaker is one of the annotated forms, part of one, or shares a proper name with one."""
    if not speaker:
        return False
    names = [name.casefold() for name in (*annotated["names"], annotated["source_text"])]
    proper = {word.strip(".,’'") for name in annotated["names"] for word in name.split() if word[0].isupper()}
    alike = any(name in speaker.casefold() or speaker.casefold() in name for name in names)
    return alike or bool(proper & {word.strip(".,’'") for word in speaker.split()})


def test_whole_articles() -> None:
    found = wanted = spans_found = spoken = named = resolved = resolved_right = named_right = 0
    for article in ARTICLES:
        text = article["text"]
        spans = [(span, quote) for quote in find_quotes(text) for span in quote.spans]
        spans = [(span, quote) for span, quote in spans if len(text[slice(*span)].split()) > 1]
        annotated = [((one["start"], one["end"]), one) for one in article["quotes"]]
        spoken += len(spans)
        spans_found += sum(any(overlap(span, gold) >= ALIKE for gold, _ in annotated) for span, _ in spans)
        for gold, one in annotated:
            wanted += 1
            quotes = [quote for span, quote in spans if overlap(span, gold) >= ALIKE]
            found += bool(quotes)
            if quotes and one["source_text"] not in ("Q", "QUESTION"):  # whoever asks has no name
                correct = right(quotes[0].speaker, one)
                resolved += one["pronoun"]
                resolved_right += one["pronoun"] and correct
                named += not one["pronoun"]
                named_right += not one["pronoun"] and correct
    assert spans_found / spoken >= 0.96
    assert 2 * spans_found / (spoken + wanted) >= 0.97 <= found / wanted
    assert named_right / named >= 0.9
    assert resolved_right / resolved >= 0.75


WORDS = [
    *("Ann Roe", "Wu", "he", "she", "it", "said", "told", "was told", "according to", "called", "the mayor"),
    *(
        "Mr.",
        "U.S.",
        "a",
        "who",
        "by",
        "adding",
        "put it",
        "Q:",
        "A:",
        "ROE:",
        "’s",
        "the statement",
        "His wife,",
    ),
    *("6", "-", "–", "…", "\n", "\n\n", "\r\n", '"', "“", "”", "‘", "’", "'", "''", "``", "«", "»", "„"),
    *("&quot;", ",", ".", "?", ":", "(", ")", "\xa0"),
]


def check(article: str, quotes: list[Quote]) -> None:
    """Spans are in order, inside the article, apart, and hold the text."""
    reached = 0
    for quote in quotes:
        assert quote.spans
        for start, end in quote.spans:
            assert reached <= start < end <= len(article)
            reached = end
        assert quote.text == " ".join(article[start:end] for start, end in quote.spans)
        assert quote.speaker is None or quote.speaker.strip()
        assert (quote.speaker is None) == (quote.speaker_confidence is None)
        if quote.cue:
            assert 0 <= quote.cue[0] < quote.cue[1] <= len(article)


@given(st.text(min_size=1).filter(str.strip))
def test_any_text_at_all(article: str) -> None:
    check(article, find_quotes(article))


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=60), st.sampled_from(["", " "]))
def test_any_mixture_of_marks_and_attributions(words: list[str], between: str) -> None:
    article = between.join(words)
    if article.strip():
        check(article, find_quotes(article))


def long_texts() -> Iterator[Any]:
    sentence = 'Envoy Ann Roe said: "We came to listen, and we are still listening." Snow fell on the city. '
    paragraph = f'"It is late," {sentence[6:13]} said. "It is not too late."\n\n{sentence}\n\n'
    yield pytest.param(paragraph * 300, 900, id="paragraphs")
    yield pytest.param(sentence * 600, 600, id="one line")
    yield pytest.param(' "a' * 10_000, 0, id="unclosed marks")
    yield pytest.param("word " * 20_000, 0, id="no mark at all")


@pytest.mark.parametrize(("article", "quotations"), list(long_texts()))
def test_a_long_text_is_read_in_pieces(article: str, quotations: int) -> None:
    found = find_quotes(article)
    assert len(found) == quotations
    check(article, found)
