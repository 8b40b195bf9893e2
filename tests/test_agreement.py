import krippendorff
import numpy as np
import pytest
from sklearn.metrics import f1_score

from tests.test_figures import AXIS, LABELS, example
from training import agreement
from training.labelled import Example

A, C, D = LABELS


def coded(*codings: tuple[str, ...]) -> list[Example]:
    return [example(D, f"{i}", readers={"stance": labels}) for i, labels in enumerate(codings)]


def random_codings(coders: int, rows: int = 60, *, gaps: float = 0.0, seed: int = 0) -> list[tuple[str, ...]]:
    rng = np.random.default_rng(seed)

    def label(true: str) -> str:
        return "" if rng.random() < gaps else true if rng.random() < 0.6 else str(rng.choice(LABELS))

    return [tuple(label(true) for _ in range(coders)) for true in rng.choice(LABELS, rows).tolist()]


def test_without_two_coders_of_one_row_there_is_no_ceiling() -> None:
    assert agreement.ceiling(AXIS, [example(D)], [D]) is None
    assert agreement.ceiling(AXIS, coded((A, ""), ("", D)), [A, D]) is None


def test_two_coders_are_compared_with_each_other_and_with_the_model() -> None:
    codings = random_codings(2)
    found = [first for first, _ in codings]  # a model that says what the first coder says
    ceiling = agreement.ceiling(AXIS, coded(*codings), found)
    assert ceiling is not None
    assert (ceiling.coders, ceiling.rows) == (2, 60)
    first, second = zip(*codings, strict=True)
    between = f1_score(first, second, average="macro")
    assert ceiling.macro_f1.value == pytest.approx(between)
    assert ceiling.model_macro_f1.value == pytest.approx((1 + between) / 2)
    wanted = krippendorff.alpha(
        reliability_data=[first, second], value_domain=LABELS, level_of_measurement="nominal"
    )
    assert ceiling.alpha.value == pytest.approx(wanted)
    for score in (ceiling.alpha, ceiling.macro_f1, ceiling.model_macro_f1):
        assert score.low < score.value < score.high


def test_several_coders_with_gaps_and_lists_of_unequal_length() -> None:
    codings = random_codings(3, gaps=0.3)
    shorter = [labels[:2] if not labels[2] else labels for labels in codings]
    found = [D] * len(codings)
    assert agreement.ceiling(AXIS, coded(*shorter), found) == agreement.ceiling(AXIS, coded(*codings), found)


def test_rows_with_one_coder_do_not_count() -> None:
    ceiling = agreement.ceiling(AXIS, coded((A, A), (D, D), (C, "")), [A, D, A])
    assert ceiling is not None
    assert (ceiling.rows, ceiling.model_macro_f1.value) == (2, 1.0)


def test_coders_who_never_met_do_not_lower_the_mean() -> None:
    ceiling = agreement.ceiling(AXIS, coded((A, A, "", ""), (D, D, "", ""), ("", "", C, C)), [A, D, C])
    assert ceiling is not None
    assert (ceiling.coders, ceiling.macro_f1.value, ceiling.model_macro_f1.value) == (4, 1.0, 1.0)


def test_coders_who_never_agree() -> None:
    ceiling = agreement.ceiling(AXIS, coded((A, D), (D, A)), [A, A])
    assert ceiling is not None
    assert ceiling.macro_f1.value == 0.0
    assert ceiling.alpha.value < 0
