from pathlib import Path

from stance.classifier import StanceClassifier
from tests.conftest import SCHEME
from training import labelled
from training.dataset import ATTRIBUTED, BARE
from training.evaluation import MASKED, evaluate


def test_a_report_has_every_axis_in_every_form(classifier: StanceClassifier, lessons: Path) -> None:
    report = evaluate(classifier, labelled.read([lessons], SCHEME), data="lessons")
    assert list(report.forms) == [BARE, ATTRIBUTED, MASKED]
    for axis in report.forms[ATTRIBUTED]:
        assert axis.macro_f1.value == 1.0
        assert axis.selection.error_when_sure.value == 0.0
        assert axis.rows == 176
    assert report.markdown().count("\n") == 1 + 3 * 3
    assert report.as_dict()["forms"][ATTRIBUTED][0]["axis"] == "side"


def test_rows_without_a_label_do_not_count(classifier: StanceClassifier, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(
        '{"quote": "They lie.", "side": "US", "clarity": "clear"}\n'
        '{"quote": "We hope.", "stance": "defensive"}\n',
        encoding="utf-8",
    )
    report = evaluate(classifier, labelled.read([path], SCHEME), data="rows")
    assert [(axis.axis, axis.rows) for axis in report.forms[ATTRIBUTED]] == [("side", 1), ("stance", 1)]
    side, stance = report.forms[ATTRIBUTED]
    assert side.macro_f1_clear is not None
    assert stance.macro_f1_clear is None
