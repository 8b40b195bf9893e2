import inspect

import stance


def test_the_public_names_are_these() -> None:
    assert sorted(stance.__all__) == [
        "Explanation", "Prediction", "Quote", "Reading", "StanceError",
        "classify", "classify_many", "explain", "find_quotes", "load", "read",
    ]  # fmt: skip


def test_the_signatures_are_the_contract() -> None:
    found = {name: list(inspect.signature(getattr(stance, name)).parameters) for name in stance.__all__[-6:]}
    assert found == {
        "classify": ["text", "speaker", "context", "date"],
        "classify_many": ["quotes"],
        "explain": ["p", "axis"],
        "find_quotes": ["article", "date"],
        "load": ["folder", "actors", "threads"],
        "read": ["article", "date"],
    }
    assert list(inspect.signature(stance.Quote).parameters) == [
        "text", "speaker", "context", "date", "spans", "cue", "speaker_confidence",
    ]  # fmt: skip
