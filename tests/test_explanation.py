"""Word weights: in order, readable, and those of the words that the label rests on."""

import json
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from html import unescape
from math import sqrt
from pathlib import Path
from statistics import fmean, stdev

import numpy as np
import pytest

import stance
from stance.calibration import Floats
from stance.classifier import StanceClassifier
from stance.errors import SettingsError
from stance.explanation import AT_ONCE, RUNS, Explanation, by_erasure
from stance.quotes import Quote
from stance.results import AxisScores, Prediction

ROOT = Path(__file__).parent.parent
REMOVED = 3  # words at a time, in the test of faithfulness
DRAWS = 8  # of random words, for each quotation


@pytest.fixture(scope="module")
def explanation(classifier: StanceClassifier) -> Explanation:
    return classifier.explain(classifier.classify("They  steal\nand lie.", speaker="a US senator"))


def test_the_words_come_back_in_order(explanation: Explanation) -> None:
    assert " ".join(word for word, _ in explanation.quotation) == "They steal and lie."
    assert " ".join(word for word, _ in explanation.speaker) == "a US senator"
    assert list(explanation) == [*explanation.quotation, *explanation.speaker]
    assert (len(explanation), explanation[0], explanation[-1]) == (
        7, explanation.quotation[0], explanation.speaker[-1],
    )  # fmt: skip
    assert explanation[:2] == explanation.quotation[:2]


def test_it_says_what_was_explained(classifier: StanceClassifier, explanation: Explanation) -> None:
    scores = classifier.classify("They steal and lie.", speaker="a US senator").stance
    found = (explanation.axis, explanation.label, explanation.confidence)
    assert found == ("stance", "accusatory", pytest.approx(scores.confidence, abs=0.05))


def by_hand(quote: Quote, probability: Callable[[Quote], float], batches: list[list[Quote]]) -> Explanation:
    """An explanation where a rule says how probable the label is; ``batches`` keeps what was asked."""

    def computed(quotes: Sequence[Quote]) -> Floats:
        batches.append(list(quotes))
        return np.array([probability(quote) for quote in quotes])

    scores = AxisScores("stance", (("accusatory", 0.9), ("defensive", 0.1)))
    return by_erasure(Prediction(quote, {"stance": scores}, False, "by hand"), "stance", computed)


@pytest.mark.parametrize(
    ("word", "carries"),
    [
        pytest.param("lie.", 0.5, id="a word of the quotation"),
        pytest.param("senator", 0.5, id="a word of the speaker"),
        pytest.param("hope", -0.5, id="a word that speaks against the label"),
    ],
)
def test_a_word_weighs_what_the_label_loses_without_it(word: str, carries: float) -> None:
    def probability(quote: Quote) -> float:
        return 0.5 + carries / 2 * (1 if word in f"{quote.text} {quote.speaker}".split() else -1)

    found = by_hand(Quote("We hope they lie.", "a US senator"), probability, [])
    assert list(found) == [(w, carries if w == word else 0) for w, _ in found]
    assert (found.top(1)[0][0] == word) == (carries > 0)


@pytest.mark.parametrize("word", ["lie.", "steal."])
def test_the_shipped_model_rests_on_the_word_that_decides(word: str) -> None:
    model = stance.load()
    found = model.explain(
        model.classify(f"They come here every year and they {word}", speaker="a US senator")
    )
    assert found.label == "accusatory"
    assert found.top(1)[0][0] == word


def test_one_word_can_be_explained(classifier: StanceClassifier) -> None:
    assert [word for word, _ in classifier.explain(classifier.classify("Peace"))] == ["Peace"]


def test_the_context_is_one_weight_and_does_not_repeat_what_was_left_out() -> None:
    asked: list[list[Quote]] = []
    quote = Quote("They lie", context='"They lie," she said.')
    found = by_hand(quote, lambda quote: 0.75 if quote.context else 0.5, asked)
    assert found.context == 0.25
    assert [(quote.text, quote.context) for quote in asked[0]] == [
        ("They lie", '"…," she said.'), ("lie", '"…," she said.'), ("They", '"…," she said.'),
        ("They lie", None),
    ]  # fmt: skip


def test_a_long_quotation_is_left_out_in_runs_always_beside_the_whole() -> None:
    asked: list[list[Quote]] = []
    quote = Quote(" ".join(f"w{i}" for i in range(301)))
    found = by_hand(quote, lambda quote: len(quote.text.split()) / 301, asked)
    assert [word for word, _ in found] == quote.text.split()
    assert [weight for _, weight in found] == pytest.approx([1 / 301] * 301)
    assert all(batch[0] == quote and len(batch) <= AT_ONCE for batch in asked)
    assert sum(len(batch) - 1 for batch in asked) <= RUNS


def test_it_prints_the_heaviest_words() -> None:
    scores = AxisScores("stance", (("accusatory", 0.93), ("defensive", 0.07)))
    made = Explanation(scores, (("They", 0.12), ("lie.", 0.41)), (("senator", -0.02),))
    assert repr(made) == (
        "Explanation(stance=accusatory 0.93, heaviest of 3 words: lie. +0.41, They +0.12, senator -0.02)"
    )
    assert str(made).splitlines() == [
        "stance: accusatory 0.93, and what it loses without a word",
        "  lie.    +0.410",
        "  They    +0.120",
        "  senator -0.020 (speaker)",
    ]


def test_the_page_is_the_quotation_shaded_and_escaped() -> None:
    scores = AxisScores("stance", (("<i>", 0.6), ("defensive", 0.4)), threshold=0.8)
    made = Explanation(scores, (("<b>They</b>", -0.2), ('"lie"&c', 0.4)), (("a&b", 0.0),), context=0.03)
    page = made._repr_html_()
    assert set(re.findall(r"</?(\w+)", page)) == {"div", "b", "span"}
    assert page.count("<b>") == page.count("</b>") == 1
    text = unescape(re.sub(r"<[^>]+>", "", page))
    assert text.startswith('stance: <i> 0.60 (unsure)“<b>They</b> "lie"&c” — a&bWithout the word')
    assert text.endswith("full colour: by 0.40. All the words around the quotation: +0.03.")
    assert re.search(r'rgba\(230,159,0,1\.00\)[^<]*title="\+0\.400">&quot;lie', page)
    assert re.search(r'rgba\(86,180,233,0\.50\)[^<]*dotted[^<]*title="-0\.200">&lt;b', page)


def test_a_prediction_by_another_model_is_refused(classifier: StanceClassifier) -> None:
    p = replace(classifier.classify("They lie."), model="other 2.0")
    with pytest.raises(SettingsError, match=rf"made by other 2\.0, but {classifier.name} was asked"):
        classifier.explain(p)


def test_an_unknown_axis_is_refused(classifier: StanceClassifier) -> None:
    with pytest.raises(SettingsError, match="no axis 'mood', only side, stance, sentiment"):
        classifier.explain(classifier.classify("They lie."), axis="mood")


def test_what_is_no_prediction_is_refused(classifier: StanceClassifier) -> None:
    with pytest.raises(SettingsError, match=r"needs a Prediction, .* but this is str"):
        classifier.explain("They lie.")  # type: ignore[arg-type]


# Faithfulness: what the shipped model loses without the words that its explanation names.


@pytest.fixture(scope="module")
def explained() -> list[tuple[Prediction, Explanation]]:
    """Every third quotation that was written for no model to see, so that this takes seconds."""
    lines = (ROOT / "training/data/contrast_pairs_held_out.jsonl").read_text(encoding="utf-8").splitlines()
    rows = map(json.loads, lines[::3])
    predictions = [stance.classify(row["quote"], speaker=row["attribution"] or None) for row in rows]
    return [(p, stance.explain(p)) for p in predictions]


def without(quote: Quote, positions: list[int], mark: str) -> Quote:
    words = [mark if i in positions else word for i, word in enumerate(quote.text.split())]
    return replace(quote, text=" ".join(filter(None, words)))


def falls(p: Prediction, found: Explanation, mark: str, draw: random.Random) -> tuple[float, float, float]:
    """How much of the label's probability goes with the top, random and bottom words."""
    ranked = sorted(range(len(found.quotation)), key=lambda i: -found.quotation[i][1])
    chosen = [ranked[:REMOVED], ranked[-REMOVED:], *(draw.sample(ranked, REMOVED) for _ in range(DRAWS))]
    quotes = [p.quote, *(without(p.quote, positions, mark) for positions in chosen)]
    whole, *rest = (q.stance.scores[found.label] for q in stance.classify_many(quotes))
    top, bottom, *random_ = (whole - one for one in rest)
    return top, fmean(random_), bottom


def lower_bound(differences: list[float]) -> float:
    """Of the paired 95 % interval."""
    return fmean(differences) - 1.96 * stdev(differences) / sqrt(len(differences))


@pytest.mark.parametrize("mark", [pytest.param("", id="left out"), pytest.param("[MASK]", id="masked")])
def test_the_label_rests_on_the_words_that_are_named(
    explained: list[tuple[Prediction, Explanation]], mark: str
) -> None:
    draw = random.Random(13)
    found = [falls(p, e, mark, draw) for p, e in explained]
    assert lower_bound([top - random_ for top, random_, _ in found]) > 0.1
    assert lower_bound([top - bottom for top, _, bottom in found]) > 0.1
    assert fmean(bottom for *_, bottom in found) < fmean(random_ for _, random_, _ in found)
