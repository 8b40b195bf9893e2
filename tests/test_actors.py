from pathlib import Path

import pytest

from stance.actors import Actors, iso_date
from stance.errors import ActorsError


@pytest.mark.parametrize(
    ("speaker", "date", "seen"),
    [
        ("Geng Shuang", None, "Geng Shuang, Chinese Foreign Ministry spokesman"),
        ("Geng Shuang", "2022-05-01", "Geng Shuang, Chinese deputy ambassador to the United Nations"),
        ("Mr. Trump", "2018", "Donald Trump, US President"),
        ("Trump", "May 4, 2016", "Donald Trump, US presidential candidate"),
        ("a baker in Ohio", None, "a baker in Ohio"),
        ("Foreign Ministry spokesman Geng Shuang", None, "Foreign Ministry spokesman Geng Shuang"),
        ("Geng Shuang", "1999", "Geng Shuang"),
    ],
)
def test_a_bare_known_name_is_written_out(speaker: str, date: str | None, seen: str) -> None:
    assert Actors.shipped().written_out(speaker, date=date) == seen


def test_rows_of_the_users_own_go_first(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("name,office\nGeng Shuang,ambassador\nAnn Roe,mayor of Ohio City\n", encoding="utf-8")
    actors = Actors.shipped(path)
    assert actors.written_out("Ann Roe") == "Ann Roe, mayor of Ohio City"
    assert actors.written_out("Geng Shuang") == "Geng Shuang, ambassador"


def test_a_name_of_two_people_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("name,aliases,office\nAnn Roe,Roe,mayor\nBob Roe,Roe,judge\n", encoding="utf-8")
    assert Actors.shipped(path).written_out("Roe") == "Roe"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"who,what\nAnn,mayor\n", "has no column name and no column office"),
        (b"name,office\nAnn,\n", "line 2: name or office is empty"),
        (b"name,office\nAnn,\xff\n", "cannot be read as a UTF-8 text"),
    ],
)
def test_a_table_that_makes_no_sense_is_refused(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_bytes(content)
    with pytest.raises(ActorsError, match=message):
        Actors.shipped(path)


def test_a_table_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ActorsError, match=r"nobody\.csv cannot be read"):
        Actors.shipped(tmp_path / "nobody.csv")


@pytest.mark.parametrize(
    ("text", "known"),
    [("2019-10-09", "2019-10-09"), ("2019-10", "2019-10"), ("9 October 2019", "2019"), ("soon", "")],
)
def test_a_date_is_read_as_exactly_as_it_is_known(text: str, known: str) -> None:
    assert iso_date(text) == known


def test_sides_and_dates_of_the_shipped_rows_are_in_order() -> None:
    from stance.actors import _shipped_rows

    for actor in _shipped_rows():
        assert actor.side in {"US", "China", "neutral"}
        assert actor.start <= (actor.end or "9"), actor
