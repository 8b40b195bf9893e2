import csv
from pathlib import Path

import pytest

import stance
from stance.actors import Actors
from stance.quotes import Quote
from training.masking import MASK, masked, names

ACTORS = list(csv.DictReader((Path(stance.__file__).parent / "actors.csv").open(encoding="utf-8")))
# Of one whose office holds a name of its own ("adviser to Vice President …"), two names are found.
PEOPLE = [row for row in ACTORS if row["family"] and not names(row["office"])]


@pytest.mark.parametrize(
    ("speaker", "found"),
    [
        ("Mao Ning, Chinese Foreign Ministry spokeswoman", ["Mao Ning"]),
        ("Chinese Foreign Ministry spokesman Wang Wenbin", ["Wang Wenbin"]),
        ("Foreign Minister Wang Yi", ["Wang Yi"]),
        ("Wang Yi's spokesman", ["Wang Yi"]),
        ("Chinese commerce minister Wang Wentao", ["Wang Wentao"]),
        ("Vice Premier Liu He", ["Liu He"]),
        ("President Xi", ["Xi"]),
        ("Xi", ["Xi"]),
        ("Ms. Hua", ["Hua"]),
        ("Hong Lei, a spokesman", ["Hong Lei"]),
        ("U.S. President Joe Biden", ["Joe Biden"]),
        ("US President Donald J. Trump", ["Donald J. Trump"]),
        ("H.R. McMaster, US National Security Advisor", ["H.R. McMaster"]),
        ("Sen. Marco Rubio, R-Fla.", ["Marco Rubio"]),
        ("Senator Rubio", ["Rubio"]),
        ("Speaker Nancy Pelosi", ["Nancy Pelosi"]),
        ("U.S. Secretary of State Antony J. Blinken", ["Antony J. Blinken"]),
        ("Pentagon spokesman Maj. Gen. Pat Ryder", ["Pat Ryder"]),
        ("Adm. Samuel Paparo, commander of the US Indo-Pacific Command", ["Samuel Paparo"]),
        ("Hong Kong Chief Executive John Lee", ["John Lee"]),
        ("Jean-Pierre O'Neill, a trade lawyer", ["Jean-Pierre O'Neill"]),
        ("Dr. Maria van der Berg of the University of Leiden", ["Maria van der Berg"]),
        ("Amartya Sen, an economist", ["Amartya Sen"]),
        ("Ann Coe, a bar owner in Wan Chai", ["Ann Coe"]),
    ],
)
def test_names_of_persons_are_found(speaker: str, found: list[str]) -> None:
    assert names(speaker) == found


@pytest.mark.parametrize(
    "speaker",
    [
        "the Chinese Foreign Ministry",
        "China's Ministry of Commerce",
        "a senior US official",
        "The White House",
        "a spokesperson for the Pentagon",
        "Xinhua News Agency",
        "Global Times editorial",
        "the People's Daily",
        "analysts",
        "a soybean farmer in Iowa",
        "an aviation consultant in Kuala Lumpur",
        "a Democratic congressman from New Jersey",
        "a Southeast Asian foreign minister",
        "the American Chamber of Commerce in Shanghai",
        "the Taiwan Affairs Office of the State Council",
        "an official of the US Bureau of Industry and Security",
        "the CEO of a Shenzhen drone maker",
        "a fellow at the Brookings Institution",
        "the Hong Kong government",
    ],
)
def test_offices_bodies_places_and_kinds_of_people_are_no_names(speaker: str) -> None:
    assert names(speaker) == []


@pytest.mark.parametrize("order", ["{name}, {office}", "{office} {name}"], ids=["name first", "office first"])
def test_every_known_official_is_told_from_the_office(order: str) -> None:
    wrong = []
    for row in PEOPLE:
        name = row["name"].partition(" (")[0]
        found = names(order.format(name=name, office=row["office"]))
        if found[:1] != [name] and found[-1:] != [name]:
            wrong.append(name)
    # Names of one word, with a particle or "Jr." behind are not all found.
    assert len(wrong) < 0.005 * len(PEOPLE), wrong


def test_the_office_stays_and_the_name_goes_from_speaker_and_context() -> None:
    quote = Quote("No.", "Foreign Minister Ann Coe", 'Ann Coe met the press. "No," Coe said of Coeburn.')
    found = masked(quote)
    assert found.speaker == f"Foreign Minister {MASK}"
    assert found.context == f'{MASK} met the press. "No," {MASK} said of Coeburn.'
    assert found.text == quote.text


def test_a_bare_known_name_gives_way_to_the_office_held_on_that_day() -> None:
    assert masked(Quote("No.", "Geng Shuang", date="2018-05-01")).speaker == (
        f"{MASK}, Chinese Foreign Ministry spokesman"
    )
    nobody = Actors([])
    assert masked(Quote("No.", "Geng Shuang"), nobody).speaker == MASK


def test_a_name_inside_another_word_stays() -> None:
    assert masked(Quote("No.", "President Xi of Xinland")).speaker == f"President {MASK} of Xinland"


def test_without_a_speaker_or_a_name_nothing_changes() -> None:
    nobody, official = Quote("No.", context="Ann Coe spoke."), Quote("No.", "a US official", "He spoke.")
    assert masked(nobody) == nobody
    assert masked(official) == official
