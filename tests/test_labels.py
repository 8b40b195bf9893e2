import pytest

from stance.errors import SchemeError
from stance.labels import LabelScheme, nearest
from tests.conftest import SCHEME


def test_every_axis_knows_its_slice_of_the_logits() -> None:
    assert [(axis.name, axis.slice) for axis in SCHEME.axes] == [
        ("side", slice(0, 3)),
        ("stance", slice(3, 6)),
        ("sentiment", slice(6, 9)),
    ]
    assert SCHEME.width == 9


def test_a_scheme_survives_the_way_through_a_networks_config() -> None:
    assert LabelScheme.from_id2label(SCHEME.id2label()) == SCHEME
    assert LabelScheme.from_table(SCHEME.table()) == SCHEME


@pytest.mark.parametrize(
    ("table", "message"),
    [
        pytest.param({}, "No axes found", id="nothing"),
        pytest.param({"quote": ["a", "b"]}, "'quote' cannot be the name", id="a name that is taken"),
        pytest.param({"two words": ["a", "b"]}, "cannot be the name", id="no identifier"),
        pytest.param({"x": ["a"]}, "two or more labels", id="one label"),
        pytest.param({"x": ["a", "a"]}, "each named once", id="a label twice"),
        pytest.param({"x": "ab"}, "must be a list", id="a text for a list"),
        pytest.param({"x": ["a", " "]}, "non-empty texts", id="an empty label"),
    ],
)
def test_a_scheme_that_makes_no_sense_is_refused(table: dict[str, object], message: str) -> None:
    with pytest.raises(SchemeError, match=message):
        LabelScheme.from_table(table)


def test_outputs_without_axis_names_are_refused() -> None:
    with pytest.raises(SchemeError, match="output 0 is called 'LABEL_0', but must be called AXIS=LABEL"):
        LabelScheme.from_id2label({0: "LABEL_0", 1: "LABEL_1"})


@pytest.mark.parametrize(
    ("found", "meant"),
    [("acusatory", "accusatory"), ("Defensive ", "defensive"), ("xyz", None)],
)
def test_a_misspelt_label_has_a_nearest_one(found: str, meant: str | None) -> None:
    assert nearest(found, SCHEME.axes[1].labels) == meant
