from dataclasses import replace

import pytest

from stance.labels import LabelScheme
from stance.quotes import Quote
from training import copies, rehearsal
from training.labelled import Example

SCHEME = rehearsal.authored_scheme()


def table(**axes: list[str]) -> LabelScheme:
    return LabelScheme.from_table({**SCHEME.table(), **axes})


def test_authored_rows_have_labels_on_the_axes_that_are_as_they_were() -> None:
    rows = rehearsal.authored_rows(table(stance=["accusatory", "conciliatory", "defensive", "neutral"]))
    assert {one.labels["stance"] for one in rows} == {None}
    assert {one.labels["side"] for one in rows} >= {"US", "China", "neutral"}
    assert any(one.labels["sentiment"] for one in rows)


def test_the_order_of_the_labels_does_not_change_an_axis_but_another_label_does() -> None:
    other = table(side=["China", "US", "neutral"], stance=["accusatory", "conciliatory", "defence"])
    assert rehearsal.unchanged(SCHEME, other) == ["side", "sentiment"]


def test_there_is_nothing_to_rehearse_for_axes_of_ones_own() -> None:
    assert rehearsal.authored_rows(LabelScheme.from_table({"tone": ["warm", "cold"]})) == []


@pytest.mark.parametrize("written", [str, str.upper, lambda text: f"“{text.replace(',', ' ,')}”"])
def test_a_text_that_the_user_has_is_not_rehearsed(written: object) -> None:
    assert callable(written)
    rows = rehearsal.authored_rows(SCHEME)
    own = [replace(rows[3], quote=Quote(written(rows[3].quote.text)))]
    left = rehearsal.authored_rows(SCHEME, known=own)
    assert len(left) == len(rows) - 1
    assert rows[3] not in left


def test_held_out_rows_are_none_that_are_rehearsed_or_known() -> None:
    held_out = rehearsal.held_out_rows(SCHEME, ["side"], known=[])
    assert len(held_out) > 100
    assert {one.labels["stance"] for one in held_out} == {None}
    rehearsed = {one.quote.text for one in rehearsal.authored_rows(SCHEME)}
    assert not rehearsed & {one.quote.text for one in held_out}
    assert len(rehearsal.held_out_rows(SCHEME, ["side"], known=held_out[:5])) == len(held_out) - 5


def test_so_many_rows_are_mixed_in_as_far_as_they_go_and_the_seed_says_which() -> None:
    own = [Example(Quote(f"We hope {i}."), {}, group=str(i)) for i in range(4)]
    authored = [Example(Quote(f"They lie {i}."), {}, group=f"a{i}") for i in range(10)]
    mixed = rehearsal.mixed(own, authored, share=1.5, seed=1)
    assert mixed[:4] == own
    assert len(mixed) == 10
    assert len({one.group for one in mixed}) == 10
    assert mixed == rehearsal.mixed(own, authored, share=1.5, seed=1)
    assert mixed != rehearsal.mixed(own, authored, share=1.5, seed=2)
    assert len(rehearsal.mixed(own, authored, share=20, seed=1)) == 14
    assert rehearsal.mixed(own, authored, share=0, seed=1) == own


def test_fingerprints_are_packed_into_a_text_and_come_out_of_it() -> None:
    prints = {copies.fingerprint(text) for text in ("We hope.", "They lie.", "It is over.")}
    assert copies.unpacked(copies.packed([*prints, *prints])) == prints
    assert copies.unpacked(sorted(prints)) == prints, "as older manifests have them"
    assert copies.unpacked(copies.packed([])) == frozenset()
