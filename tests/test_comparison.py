import json
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from statsmodels.stats.contingency_tables import mcnemar

from stance.classifier import StanceClassifier
from stance.errors import SettingsError
from stance.labels import LabelScheme
from stance.quotes import Quote
from stance.results import AxisScores, Prediction
from training import comparison
from training.evaluation import evaluate
from training.labelled import Example

LABELS = ["accusatory", "conciliatory", "defensive"]


class Recited(StanceClassifier):
    """A model whose answers are written into the quotation: ``0 2`` is the first label, then the third."""

    def __init__(self, place: int, table: dict[str, list[str]], name: str) -> None:
        self._place, self.scheme, self.name = place, LabelScheme.from_table(table), name

    def stream(self, quotes: Iterable[str | Quote]) -> Iterator[Prediction]:
        for quote in quotes:
            assert isinstance(quote, Quote)
            number = int(quote.text.split()[self._place])
            axes = {}
            for axis in self.scheme.axes:
                label = axis.labels[number % len(axis.labels)]
                others = [(other, 0.0) for other in axis.labels if other != label]
                axes[axis.name] = AxisScores(axis.name, ((label, 1.0), *others))
            yield Prediction(quote, axes, truncated=False, model=self.name)


A, B = Recited(0, {"stance": LABELS}, "A 1.0"), Recited(1, {"stance": LABELS}, "B 1.0")


def rows(*answers: tuple[int, int, int | None]) -> list[Example]:
    """One row for what A says, what B says, and the label."""
    return [
        Example(Quote(f"{a} {b}", "Ann"), {"stance": None if true is None else LABELS[true]}, f"article {i}")
        for i, (a, b, true) in enumerate(answers)
    ]


@pytest.mark.parametrize("only", [(0, 1), (5, 5), (1, 9), (30, 12), (200, 260)])
def test_the_p_of_mcnemar_is_that_of_statsmodels(only: tuple[int, int]) -> None:
    table = np.array([[50, only[0]], [only[1], 20]])
    assert comparison.mcnemar(*only) == pytest.approx(mcnemar(table, exact=True).pvalue)


def test_the_same_model_twice_makes_no_difference() -> None:
    found = comparison.compare(A, A, rows((0, 0, 0), (1, 1, 0), (2, 2, 2)), data="rows")
    (one,) = found.axes
    assert (one.gain.value, one.gain.low, one.gain.high, one.p) == (0.0, 0.0, 0.0, 1.0)
    assert (one.only_first, one.only_second, found.differences) == (0, 0, ())


def test_a_better_model_gains_by_more_than_chance() -> None:
    good = [(i % 3, i % 3, i % 3) for i in range(60)]
    worse = [(i % 3, (i + 1) % 3, i % 3) for i in range(40)]
    (one,) = comparison.compare(A, B, rows(*good, *worse), data="rows").axes
    assert (one.rows, one.only_first, one.only_second) == (100, 40, 0)
    assert one.first.value == 1.0 > one.second.value
    assert one.gain.value == pytest.approx(one.first.value - one.second.value)
    assert 0 < one.gain.low < one.gain.value < one.gain.high
    assert one.p < 0.001
    (turned,) = comparison.compare(B, A, rows(*good, *worse), data="rows").axes
    assert turned.gain.value == -one.gain.value
    assert turned.p == one.p


def test_a_comparison_says_in_words_what_can_be_told() -> None:
    worse = rows(*[(i % 3, (i + 1) % 3, i % 3) for i in range(40)])
    found = comparison.compare(A, B, worse, data="rows")
    assert (found.verdict(), found.undecided) == ("A is better on stance.", [])
    assert comparison.compare(B, A, worse, data="rows").verdict() == "A is worse on stance."
    same = comparison.compare(A, A, worse, data="rows", notes=["Some rows were known."])
    assert same.undecided == ["stance"]
    assert "On stance these rows cannot tell which is better." in same.markdown()
    assert "\n\nSome rows were known.\n\n" in same.markdown()
    assert same.as_dict()["notes"][0] == "Some rows were known."
    assert comparison.compare(A, A, rows((0, 0, None)), data="rows").notes == (
        "No row has a label, so there is nothing to measure.",
    )


def test_nothing_is_called_better_on_the_word_of_a_few_articles() -> None:
    one = [
        replace(row, group="the only one") for row in rows(*[(i % 3, (i + 1) % 3, i % 3) for i in range(40)])
    ]
    found = comparison.compare(A, B, one, data="rows")
    assert found.axes[0].gain.low > 0
    assert (found.axes[0].groups, found.undecided) == (1, ["stance"])
    assert "All rows are of one group" in found.markdown()


def test_nothing_is_called_better_on_the_word_of_a_few_rows() -> None:
    few = rows(*[(i % 3, i % 3, i % 3) for i in range(40)], *[(i % 3, (i + 1) % 3, i % 3) for i in range(9)])
    found = comparison.compare(A, B, few, data="rows")
    assert found.axes[0].gain.low > 0
    assert found.undecided == ["stance"]


def test_nothing_is_called_better_on_rows_that_one_was_fitted_to() -> None:
    worse = rows(*[(i % 3, (i + 1) % 3, i % 3) for i in range(40)])
    found = comparison.compare(A, B, worse, data="rows", fair=False)
    assert found.verdict() == "Which is better cannot be told on rows that one of them was fitted to."
    assert found.as_dict()["fair"] is False


def test_a_model_has_the_interval_that_its_own_report_gives_it() -> None:
    answers = [(i % 3, i % 3, i % 3) for i in range(30)]
    (found,) = comparison.compare(A, A, rows(*answers), data="rows").axes
    report = evaluate(A, rows(*answers), data="rows")
    assert found.first == found.second == report.axis("stance").macro_f1


def test_rows_where_they_differ_are_listed_with_or_without_a_label() -> None:
    found = comparison.compare(A, B, rows((0, 0, 0), (0, 2, 0), (1, 0, None)), data="rows")
    assert found.axes[0].rows == 2
    assert found.rows() == [
        {
            "table": "",
            "line": 0,
            "group": "article 1",
            "quote": "0 2",
            "speaker": "Ann",
            "axis": "stance",
            "true": "accusatory",
            "first": "accusatory",
            "second": "defensive",
        },
        {
            "table": "",
            "line": 0,
            "group": "article 2",
            "quote": "1 0",
            "speaker": "Ann",
            "axis": "stance",
            "true": None,
            "first": "conciliatory",
            "second": "accusatory",
        },
    ]


def test_rows_without_any_label_are_compared_without_figures() -> None:
    found = comparison.compare(A, B, rows((0, 1, None)), data="rows")
    assert found.axes == ()
    assert len(found.differences) == 1


def test_only_axes_that_both_have_with_the_same_labels_count() -> None:
    first = Recited(0, {"topic": ["a", "b"], "stance": LABELS, "tone": ["x", "y"]}, "A 1.0")
    second = Recited(1, {"stance": LABELS[::-1], "tone": ["x", "z"], "own": ["p", "q"]}, "B 1.0")
    found = comparison.compare(first, second, rows((0, 2, 0), (2, 2, 2)), data="rows")
    assert [one.axis for one in found.axes] == ["stance"]
    assert [one.example.quote.text for one in found.differences] == ["2 2"]  # the order of labels differs


def test_models_without_a_common_axis_cannot_be_compared() -> None:
    other = Recited(1, {"stance": ["for", "against"]}, "B 1.0")
    with pytest.raises(SettingsError, match=r"A 1\.0 and B 1\.0 have no axis with the same labels"):
        comparison.compare(A, other, rows((0, 0, 0)), data="rows")


def test_the_models_see_quotation_and_speaker_only() -> None:
    example = Example(Quote("0 0", "Ann", "around it"), {"stance": "accusatory"}, "article")
    seen: list[Quote] = []

    def watch(quotes: Iterable[Quote]) -> Iterable[Quote]:
        for quote in quotes:
            seen.append(quote)
            yield quote

    comparison.compare(A, B, [example], data="rows", watch=watch)
    assert seen == [Quote("0 0", "Ann")] * 2


def test_a_comparison_prints_as_a_table_and_as_json_and_html() -> None:
    odd = Recited(1, {"stance": LABELS}, "<b>B")
    found = comparison.compare(A, odd, rows(*[(i % 3, 0, i % 3) for i in range(30)]), data="rows.csv")
    text = found.markdown()
    assert text.startswith("A: A 1.0; B: <b>B; on rows.csv.")
    assert "| stance | 30 | 1.000 [" in text
    assert "| 20 | 0 | < 0.001 |" in text
    assert "<b>B" not in found._repr_html_()
    assert "<td>stance</td>" in found._repr_html_()
    assert json.loads(json.dumps(found.as_dict(), allow_nan=False))["axes"][0]["only_first"] == 20
