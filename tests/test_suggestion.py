from collections.abc import Iterable, Iterator
from itertools import islice, permutations
from pathlib import Path

import numpy as np
import pytest

import training
from stance.classifier import StanceClassifier
from stance.errors import ColumnError, SettingsError
from stance.quotes import Quote
from stance.results import AxisScores, Prediction
from stance.tables import Row
from tests.conftest import SCHEME
from training.copies import near_duplicates
from training.suggestion import Suggestion, suggest, to_fill_in

TOPICS = "ports chips balloons students tariffs fentanyl soybeans visas cranes islands".split()


class Hesitant(StanceClassifier):
    """A model whose margin is the number that a quotation begins with, in hundredths."""

    def __init__(self) -> None:
        self.scheme, self.name = SCHEME, "hesitant 1.0"

    def stream(self, quotes: Iterable[str | Quote]) -> Iterator[Prediction]:
        for quote in quotes:
            assert isinstance(quote, Quote)
            margin = int(quote.text.split()[0]) / 100
            ranked = (("US", (1 + margin) / 2), ("China", (1 - margin) / 2), ("neutral", 0.0))
            yield Prediction(quote, {"side": AxisScores("side", ranked)}, truncated=False, model=self.name)


def texts() -> list[str]:
    """Thirty quotations on each of ten topics; the model is least sure of the first topic."""
    rng = np.random.default_rng(0)
    made = []
    for place, topic in enumerate(TOPICS):
        words = [f"{topic}{number}" for number in range(12)]
        for _ in range(30):
            margin = rng.integers(5, 10) if place == 0 else rng.integers(10, 90)
            made.append(f"{margin} {topic} {' '.join(rng.choice(words, 8))}")
    return made


def rows(*given: str) -> list[tuple[Row, Quote]]:
    return [({"id": str(place), "quote": text}, Quote(text)) for place, text in enumerate(given)]


def quotes_of(found: list[Suggestion]) -> list[str]:
    return [one.row["quote"] for one in found]


def topics_of(found: list[Suggestion]) -> set[str]:
    return {text.split()[1] for text in quotes_of(found)}


def test_the_choice_is_less_sure_than_average_and_more_diverse_than_the_least_sure() -> None:
    everything = suggest(Hesitant(), rows(*texts()), count=300)
    margins = [one.margin for one in everything]
    assert margins == sorted(margins)
    assert topics_of(everything[:10]) == {"ports"}
    chosen = suggest(Hesitant(), rows(*texts()), count=10)
    assert len(topics_of(chosen)) >= 6
    assert np.mean([one.margin for one in chosen]) < np.mean(margins) / 2
    assert [one.margin for one in chosen] == sorted(one.margin for one in chosen)


def test_the_same_seed_gives_the_same_choice() -> None:
    first = suggest(Hesitant(), rows(*texts()), count=10)
    assert len(first) == 10
    assert quotes_of(first) == quotes_of(suggest(Hesitant(), rows(*texts()), count=10))


def test_no_near_duplicates_among_themselves_or_of_what_is_known() -> None:
    longer = "10 They must stop now, they lie and they steal, and our law is legal, never true"
    known = "10 We hope for peace and we welcome the talks, we will work together, it is true"
    given = [
        longer,
        longer.upper(),
        f"{longer}.",
        f"9 Now {longer}",
        f"{known} now",
        known.lower(),
        "9 We hope.",
    ]
    found = quotes_of(suggest(Hesitant(), rows(*given), count=7, known=[known]))
    assert len(found) == 2
    assert "9 We hope." in found
    assert not list(near_duplicates([*found, known]))


def test_copies_do_not_push_out_all_others() -> None:
    found = quotes_of(suggest(Hesitant(), rows(*["1 again and again"] * 60, *texts()[:20]), count=3))
    assert len(found) == len(set(found)) == 3


def test_fewer_rows_than_asked_are_all_given_and_none_is_none() -> None:
    assert len(suggest(Hesitant(), rows("50 We hope.", "10 They lie."), count=50)) == 2
    assert suggest(Hesitant(), [], count=5) == []


@pytest.mark.filterwarnings("error")
def test_as_many_as_asked_even_where_texts_are_of_the_same_words() -> None:
    alike = [f"10 {' '.join(words)}" for words in islice(permutations("peace talks hope law".split()), 8)]
    assert len(suggest(Hesitant(), rows(*alike, "20 We hope.", "20 They lie."), count=6)) == 6


@pytest.mark.parametrize("count", [0, -3])
def test_at_least_one_must_be_asked_for(count: int) -> None:
    with pytest.raises(SettingsError, match=f"At least one row must be asked for, not {count}"):
        suggest(Hesitant(), rows("10 We hope."), count=count)


def test_rows_come_back_with_their_cells_and_empty_columns() -> None:
    found = suggest(Hesitant(), rows("10 We hope."), count=1)
    assert to_fill_in(found, {"side": "side"}) == [{"id": "0", "quote": "10 We hope.", "side": ""}]
    (guessed,) = to_fill_in(found, {"side": "Country"}, guesses=True)
    assert guessed == {"id": "0", "quote": "10 We hope.", "Country": "", "Country_guess": "US"}


def test_neither_what_has_labels_nor_what_the_model_knows_is_suggested(model_folder: Path) -> None:
    table = [
        {"Text": "They steal and lie.", "Move": None},  # one of the lessons that it was fitted to
        {"Text": "We hope now.", "Move": "conciliatory"},
        {"Text": "They will stop.", "Move": None},
    ]
    found = training.suggest(model_folder, table, columns={"quote": "Text", "stance": "Move"})
    assert found == [{"Text": "They will stop.", "side": "", "Move": "", "sentiment": ""}]
    named = {"quote": "Text", "stance": "Move", "side": "Camp", "sentiment": "Tone"}
    assert training.suggest(model_folder, table, columns=named) == [
        {"Text": "They will stop.", "Camp": "", "Move": "", "Tone": ""}
    ]
    standard = [{**row, "stance": row["Move"]} for row in table]
    (found,) = training.suggest(model_folder, standard, columns={"quote": "Text", "stance": "Haltung"})
    assert (found["Text"], found["stance"]) == ("They will stop.", "")
    with pytest.raises(ColumnError, match=r"No table has the column 'tOne'.*Did you mean 'Tone'"):
        training.suggest(
            model_folder, [{**row, "Tone": "?"} for row in table], columns={**named, "sentiment": "tOne"}
        )
    with pytest.raises(SettingsError, match=r"No row is left .* have a label \(side, Move, sentiment\)"):
        training.suggest(model_folder, table[:2], columns={"quote": "Text", "stance": "Move"})
