from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pandas as pd
import pytest

from stance.classifier import CHUNK, StanceClassifier
from stance.errors import QuoteError
from stance.folder import ModelFolder
from stance.quotes import Quote


def test_one_is_a_batch_of_one(classifier: StanceClassifier) -> None:
    one = classifier.classify("They steal.", speaker="a US senator", context="now", date="2019")
    many = classifier.classify_many([Quote("They steal.", "a US senator", "now", "2019")])
    assert [one] == many


def test_texts_and_quotes_may_be_mixed_and_keep_their_order(classifier: StanceClassifier) -> None:
    texts = ["They steal.", Quote("We hope.", "a US official"), "We never did it. " * 20]
    found = classifier.classify_many(iter(texts))
    assert [p.quote.text for p in found] == ["They steal.", "We hope.", "We never did it. " * 20]
    assert [p.truncated for p in found] == [False, False, True]


def test_a_bare_quotation_is_read_by_its_own_calibration(model_folder: Path) -> None:
    folder = ModelFolder.open(model_folder)
    side = folder.calibration["side"]
    table = {
        **folder.manifest["calibration"],
        "side": {**asdict(side), "bare": {"temperature": 50.0, "threshold": 0.9}},
    }
    classifier = StanceClassifier.from_folder(
        ModelFolder(folder.path, {**folder.manifest, "calibration": table})
    )
    bare, spoken = classifier.classify_many(["They steal.", Quote("They steal.", "a US senator")])
    assert (bare.side.threshold, spoken.side.threshold) == (0.9, side.threshold)
    assert bare.side.confidence < 0.5 < spoken.side.confidence
    assert bare.stance.threshold == spoken.stance.threshold
    assert bare.side.unsure


def test_nothing_in_nothing_out(classifier: StanceClassifier) -> None:
    assert classifier.classify_many([]) == []


@pytest.mark.parametrize(
    ("item", "message"),
    [
        pytest.param("", r"Item 1 \(counted from 0\): A quotation needs words", id="empty"),
        pytest.param("  \n", "Item 1 .*needs words", id="blank"),
        pytest.param(None, "Item 1 .*must be a text, but this is None", id="none"),
        pytest.param(3.5, r"Item 1 .*must be a text, but this is 3.5 \(float\)", id="a number"),
        pytest.param(("a", "b"), "Item 1 .*tuple", id="a pair"),
    ],
)
def test_a_bad_item_is_named_by_its_position(
    classifier: StanceClassifier, item: object, message: str
) -> None:
    with pytest.raises(QuoteError, match=message):
        classifier.classify_many(["We hope.", item])  # type: ignore[list-item]


def test_one_text_where_several_are_needed(classifier: StanceClassifier) -> None:
    with pytest.raises(QuoteError, match=r"this is one str\. For one quotation use classify\(\)"):
        classifier.classify_many("We hope.")


def test_a_table_is_not_taken_for_a_list_of_texts(classifier: StanceClassifier) -> None:
    table = {"quote": ["We hope."], "speaker": ["Ann"]}
    for given in (table, pd.DataFrame(table)):
        with pytest.raises(
            QuoteError, match=r"this is a table \(.*\)\. Give its column, such as table\['quote'\]"
        ):
            classifier.classify_many(given)  # type: ignore[arg-type]
    assert len(classifier.classify_many(pd.DataFrame(table)["quote"])) == 1


def test_stream_is_lazy_and_says_the_same(classifier: StanceClassifier) -> None:
    taken = 0

    def endless() -> Iterator[str]:
        nonlocal taken
        while True:
            taken += 1
            yield "We hope."

    first = next(classifier.stream(endless()))
    assert taken == 2 * CHUNK
    assert first.as_dict() == classifier.classify("We hope.").as_dict()


def test_stream_names_the_position_of_a_bad_item_far_down(classifier: StanceClassifier) -> None:
    with pytest.raises(QuoteError, match=f"Item {CHUNK + 1} "):
        list(classifier.stream(["We hope."] * (CHUNK + 1) + [""]))


def test_articles_are_read_one_by_one(classifier: StanceClassifier) -> None:
    readings = list(classifier.read_many(['"They steal," Ann Roe said.', "Nobody spoke."]))
    assert [len(reading) for reading in readings] == [1, 0]


def test_many_articles_are_read_as_each_alone(classifier: StanceClassifier) -> None:
    articles = [f'"We agree," Ann Roe said in {n}. "So be it."' for n in range(150)]
    dates = [f"20{n % 20:02}" for n in range(150)]
    readings = list(classifier.read_many(iter(articles), dates=dates))
    assert [reading.article for reading in readings] == articles
    for reading, article, date in zip(readings, articles, dates, strict=True):
        assert [p.quote for p in reading] == [p.quote for p in classifier.read(article, date=date)]
        assert {p.quote.date for p in reading} == {date}


def test_a_bad_article_among_many_is_named(classifier: StanceClassifier) -> None:
    with pytest.raises(QuoteError, match=r"Article 1 \(counted from 0\): An article needs words"):
        list(classifier.read_many(["Nobody spoke.", " "]))
    with pytest.raises(QuoteError, match="more articles than dates, of which there are 1"):
        list(classifier.read_many(["Nobody spoke.", "Nor here."], dates=["2019"]))


def test_labels_are_ranked_and_sum_to_one(classifier: StanceClassifier) -> None:
    prediction = classifier.classify("They steal and lie.", speaker="a US senator")
    assert prediction.model == "tiny 1.0.0"
    for scores in prediction.axes.values():
        found = list(scores.scores.values())
        assert found == sorted(found, reverse=True)
        assert sum(found) == pytest.approx(1)


def test_what_has_begun_is_not_lost_to_a_later_error(classifier: StanceClassifier) -> None:
    def broken() -> Iterator[str]:
        yield from ["We hope."] * (2 * CHUNK)
        raise OSError("the disk is gone")

    seen = 0

    def read() -> None:
        nonlocal seen
        for _ in classifier.stream(broken()):
            seen += 1

    with pytest.raises(OSError, match="the disk is gone"):
        read()
    assert seen == 2 * CHUNK
