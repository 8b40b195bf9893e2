from itertools import combinations

import numpy as np
import pytest

from stance.classifier import StanceClassifier
from stance.errors import SettingsError
from stance.quotes import Quote
from stance.tables import Row
from tests.conftest import SCHEME
from training.splits import near_duplicates
from training.suggestion import Suggestion, suggest, to_fill_in

SUBJECTS = "we they the_chinese_ministry the_us_official a_senator an_expert".split()
DEEDS = "welcome_talks hope_for_peace steal_and_lie never_did_it must_stop_now will_work_together".split()
THINGS = "ports chips solar_panels students balloons tariffs fentanyl soybeans visas cranes".split()


def texts() -> list[str]:
    """360 sentences of a few words each: some that the small model knows, many that it does not."""
    made = [f"{s} {d} on {t} {t} today" for s in SUBJECTS for d in DEEDS for t in THINGS]
    return [text.replace("_", " ") for text in made]


def rows(*given: str) -> list[tuple[Row, Quote]]:
    return [({"id": str(place), "quote": text}, Quote(text)) for place, text in enumerate(given)]


def quotes_of(found: list[Suggestion]) -> list[str]:
    return [one.row["quote"] for one in found]


def spread(chosen: list[str]) -> float:
    """Mean share of words that two of the texts do not have in common."""
    words = [set(text.split()) for text in chosen]
    return float(np.mean([1 - len(a & b) / len(a | b) for a, b in combinations(words, 2)]))


def test_the_choice_is_less_sure_than_average_and_more_diverse_than_the_least_sure(
    classifier: StanceClassifier,
) -> None:
    everything = suggest(classifier, rows(*texts()), count=1000)
    chosen = suggest(classifier, rows(*texts()), count=12)
    least_sure = everything[:12]
    margins = [one.margin for one in everything]
    assert np.mean([one.margin for one in chosen]) < np.mean(margins)
    assert spread(quotes_of(chosen)) > spread(quotes_of(least_sure))
    assert margins == sorted(margins)


def test_the_same_seed_gives_the_same_choice(classifier: StanceClassifier) -> None:
    first = suggest(classifier, rows(*texts()), count=10)
    assert len(first) == 10
    assert quotes_of(first) == quotes_of(suggest(classifier, rows(*texts()), count=10))


def test_no_near_duplicates_among_themselves_or_of_what_is_known(classifier: StanceClassifier) -> None:
    longer = "They must stop now , they lie and they steal , and our law is legal , never true"
    known = "We hope for peace and we welcome the talks , we will work together , it is true"
    given = [longer, longer.upper(), f"{longer} .", f"Now {longer}", f"{known} now", known.lower(), "We hope."]
    found = quotes_of(suggest(classifier, rows(*given), count=7, known=[known]))
    assert len(found) == 2
    assert "We hope." in found
    assert not list(near_duplicates([*found, known]))


def test_copies_do_not_push_out_all_others(classifier: StanceClassifier) -> None:
    odd = "unheard of words about unheard of things"
    found = quotes_of(suggest(classifier, rows(*[odd] * 60, *texts()[:20]), count=3))
    assert len(found) == len(set(found)) == 3


def test_fewer_rows_than_asked_are_all_given_and_none_is_none(classifier: StanceClassifier) -> None:
    assert len(suggest(classifier, rows("We hope.", "They lie."), count=50)) == 2
    assert suggest(classifier, [], count=5) == []


def test_as_many_as_asked_even_where_texts_are_alike(classifier: StanceClassifier) -> None:
    alike = [" ".join(["peace"] * number) for number in range(1, 7)]
    assert len(suggest(classifier, rows(*alike, "We hope.", "They lie."), count=4)) == 4


@pytest.mark.parametrize("count", [0, -3])
def test_at_least_one_must_be_asked_for(classifier: StanceClassifier, count: int) -> None:
    with pytest.raises(SettingsError, match=f"At least one row must be asked for, not {count}"):
        suggest(classifier, rows("We hope."), count=count)


def test_rows_come_back_with_their_cells_and_empty_columns(classifier: StanceClassifier) -> None:
    found = suggest(classifier, rows("We hope."), count=1)
    empty = {"side": "", "stance": "", "sentiment": ""}
    assert to_fill_in(found, SCHEME.names) == [{"id": "0", "quote": "We hope.", **empty}]
    (guessed,) = to_fill_in(found, SCHEME.names, guesses=True)
    assert guessed["stance"] == ""
    assert guessed["stance_guess"] == found[0].prediction.stance.label
