from pathlib import Path

import pytest

from stance.actor_table import COLUMNS, Actor, iso_date, read_actors
from stance.actors import Actors
from stance.errors import ActorsError

SHIPPED = Path(__file__).parent.parent / "stance" / "actors.csv"


@pytest.mark.parametrize(
    ("speaker", "date", "seen"),
    [
        pytest.param("Mao Ning", None, "Mao Ning, Chinese Foreign Ministry spokeswoman", id="bare"),
        pytest.param(
            "Geng Shuang", "2019-10-09", "Geng Shuang, Chinese Foreign Ministry spokesman", id="at that time"
        ),
        pytest.param(
            "Geng Shuang",
            "2022-05-01",
            "Geng Shuang, Chinese deputy ambassador to the United Nations",
            id="later",
        ),
        pytest.param("Geng Shuang", "1999", "Geng Shuang", id="before any office"),
        pytest.param("Antony Blinken", "2026", "Antony Blinken, former US secretary of state", id="after it"),
        pytest.param("Mr. Trump", "2018", "Donald Trump, US president", id="an honorific and a family name"),
        pytest.param(
            "Trump",
            "May 4, 2016",
            "Donald Trump, Republican US presidential candidate",
            id="most of that year",
        ),
        pytest.param(
            "Secretary Blinken", None, "Antony Blinken, US secretary of state", id="title and family"
        ),
        pytest.param(
            "Foreign Minister Wang Yi", None, "Wang Yi, Chinese foreign minister", id="title and name"
        ),
        pytest.param(
            "Ambassador Qin Gang",
            None,
            "Qin Gang, Chinese ambassador to the United States",
            id="title decides",
        ),
        pytest.param(
            "Sen. Cotton", None, "Tom Cotton, Republican US senator from Arkansas", id="short title"
        ),
        pytest.param("Tsai Ing wen", "2018", "Tsai Ing-wen, Taiwanese President", id="another spelling"),
        pytest.param("MOFCOM", None, "MOFCOM, China's commerce ministry", id="a body"),
        pytest.param(
            "the Chinese embassy in Canberra",
            None,
            "the Chinese embassy in Canberra, Chinese embassy in Australia",
            id="an embassy",
        ),
        pytest.param("Wang", "2023", "Wang", id="a name of several people"),
        pytest.param("Mike Rogers", None, "Mike Rogers", id="two namesakes"),
        pytest.param("a baker in Ohio", None, "a baker in Ohio", id="nobody known"),
        pytest.param("spokesman for Xi Jinping", None, "spokesman for Xi Jinping", id="somebody else's name"),
        pytest.param(
            "Geng Shuang, Chinese Foreign Ministry spokesman",
            None,
            "Geng Shuang, Chinese Foreign Ministry spokesman",
            id="described already",
        ),
        pytest.param(
            "Geng Shuang, a careful man from Hebei",
            "2019",
            "Geng Shuang, a careful man from Hebei, Chinese Foreign Ministry spokesman",
            id="described otherwise",
        ),
    ],
)
def test_a_known_name_is_written_out(speaker: str, date: str | None, seen: str) -> None:
    assert Actors.shipped().written_out(speaker, date=date) == seen


def test_the_context_decides_between_people_of_one_name() -> None:
    actors = Actors.shipped()
    said = "Foreign Minister Wang Yi met the press."
    assert actors.written_out("Wang", context=said) == "Wang Yi, Chinese foreign minister"
    assert actors.find("Wang", context="Somebody called Wang met the press.") is None


def test_rows_of_the_users_own_replace_those_that_come_along(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("name,office\nGeng Shuang,ambassador\nAnn Roe,mayor of Ohio City\n", encoding="utf-8")
    actors = Actors.shipped(path)
    assert actors.written_out("Ann Roe") == "Ann Roe, mayor of Ohio City"
    assert actors.find("Geng Shuang") == Actor("Geng Shuang", "ambassador")


def test_own_rows_may_say_start_and_end_for_from_and_to(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("name,office,start,end,note\nAnn Roe,mayor,2019,2020,x\n", encoding="utf-8")
    assert read_actors(path) == [Actor("Ann Roe", "mayor", start="2019", end="2020")]


def test_a_name_of_two_people_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("name,aliases,office\nAnn Roe,Roe,mayor\nBob Roe,Roe,judge\n", encoding="utf-8")
    assert Actors.shipped(path).written_out("Roe") == "Roe"


def test_the_gender_is_known_where_all_of_a_name_share_it() -> None:
    actors = Actors.shipped()
    assert actors.genders["Mao Ning"] == "f"
    assert actors.genders["Li Bin"] == ""  # a minister and a diplomat
    assert "Nobody Known" not in actors.genders


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"who,what\nAnn,mayor\n", "has no column name and no column office"),
        (b"", "has no column name and no column office"),
        (b"name,office\nAnn,\n", "line 2: name or office is empty"),
        (b"name,office\nAnn,\xff\n", "cannot be read as a UTF-8 text"),
        (
            b"name,office,side\nAnn,mayor,usa\n",
            "line 2: side is 'usa', but must be one of US, China, neutral",
        ),
        (b"name,office,from\nAnn,mayor,May 2019\n", "line 2: 'May 2019' is no date. Write 2019-10-09"),
        (
            b"name,office,from,to\nAnn,mayor,2020,2019\n",
            r"line 2: Ann leaves \(2019\) before coming \(2020\)",
        ),
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


def test_the_shipped_rows_are_whole() -> None:
    rows = read_actors(SHIPPED)
    assert SHIPPED.read_text(encoding="utf-8").splitlines()[0] == ",".join(COLUMNS)
    assert len(rows) > 500
    assert len({(row.name, row.office, row.start) for row in rows}) == len(rows)
    for row in rows:
        assert row.side
        assert row.source
        assert bool(row.family) == bool(row.gender), row  # people have both, bodies neither
        assert len(row.office.split()) <= 10, row
    for side in ("US", "China", "neutral"):
        assert sum(row.side == side for row in rows) > 200


@pytest.mark.parametrize(
    ("speaker", "office"),
    [
        ("a spokesman for MOFCOM", "China's commerce ministry"),
        ("a colonel of the PLA", "China's military"),
        ("a Pentagon official", "US Defense Department"),
        ("a National People's Congress delegate", "China's parliament"),
    ],
)
def test_somebody_unnamed_is_told_with_the_body(speaker: str, office: str) -> None:
    assert Actors.shipped().written_out(speaker) == f"{speaker}, {office}"


@pytest.mark.parametrize(
    "speaker",
    [
        "an expert on the PLA",
        "a firm sanctioned by OFAC",
        "a former FBI agent",
        "a secretary of the chess club",
        "a Huawei engineer",
    ],
)
def test_whoever_does_not_speak_for_a_body_is_left_alone(speaker: str) -> None:
    assert Actors.shipped().written_out(speaker) == speaker
