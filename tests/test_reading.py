import sys

import pytest

from stance.classifier import StanceClassifier
from stance.errors import MissingPackageError
from stance.reading import Reading

ARTICLE = 'A US senator said: "They steal and lie."\n\n"We never did it," a Chinese ministry official said.'


def test_a_reading_is_a_sequence_in_text_order(classifier: StanceClassifier) -> None:
    reading = classifier.read(ARTICLE)
    assert [p.quote.text for p in reading] == ["They steal and lie.", "We never did it,"]
    assert reading[0].quote.speaker == "A US senator"
    assert [p.quote.text for p in reading[1:]] == ["We never did it,"]
    assert reading == classifier.read(ARTICLE)


def test_an_article_without_quotations_gives_an_empty_reading(classifier: StanceClassifier) -> None:
    assert len(classifier.read("Nobody spoke.")) == 0


def test_rows_say_where_a_quotation_stands(classifier: StanceClassifier) -> None:
    for row in classifier.read(ARTICLE).as_dicts():
        assert ARTICLE[row["start"] : row["end"]] == row["quote"]


def test_a_frame_has_a_row_a_quotation(classifier: StanceClassifier) -> None:
    frame = classifier.read(ARTICLE).to_frame()
    assert list(frame["quote"]) == ["They steal and lie.", "We never did it,"]


def test_a_frame_without_pandas_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingPackageError, match="pip install pandas"):
        Reading("", []).to_frame()


def test_the_repr_lists_what_was_said(classifier: StanceClassifier) -> None:
    lines = repr(classifier.read(ARTICLE)).splitlines()
    assert "2 quotation(s)" in lines[0]
    assert len(lines) == 3


def test_a_notebook_shows_the_page_of_the_same_text(classifier: StanceClassifier) -> None:
    reading = classifier.read(ARTICLE)
    page, shown = reading.to_html(), reading._repr_html_()
    assert page.startswith("<!doctype html>")
    assert shown.startswith('<div class="stance-reading ')
    for part in ("They steal and lie.", "We never did it,", "a Chinese ministry official"):
        assert part in page
        assert part in shown
