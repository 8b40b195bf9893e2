"""A quotation without its speaker's name: does a model read words and office, or does it know people?"""

import re
from collections.abc import Iterator
from dataclasses import replace

from stance.actors import Actors
from stance.quotes import Quote

MASK = "a person"
RUN = re.compile(
    r"[A-Z][\w.’'-]*(?:\s+(?:(?:de|da|del|den|der|di|du|la|van|von|bin|al|el)\s+)*[A-Z][\w.’'-]*)*"
)
# Words of offices, bodies and places, which are capitalised as names are.
OFFICES = frozenset(
    (
        "a academy acting adm. administration administrator admiral adviser advisor affairs agency air "
        "ambassador america american an appropriations arizona armed army asia assistant associate "
        "association attorney australia australian authority aviation bank beijing board brazil britain "
        "british bureau business cabinet california canada canadian capt. captain center centers central "
        "centre chair chairman chairperson chairwoman chamber chief chiefs china chinese coast col. "
        "college colonel command commander commerce commission commissioner committee communications "
        "communist company conference congress congressman congresswoman consul consultative corporation "
        "corps council council's counsel customs cyberspace daily defence defense democrat democratic "
        "department deputy director dr e.u. east ecology economic economics education embassy energy "
        "environment envoy eu europe european exchange executive export federal federation finance first "
        "fleet florida force forces foreign former foundation france french fund gen. general german "
        "germany global gov. governor group guangdong guangzhou guard hainan health high homeland house "
        "india indian indo-pacific indonesia industry information institute institution intelligence "
        "interior international iowa iran italy japan japanese joint journal judiciary justice kansas "
        "korea korean labor laboratory labour leader legislative liberation lt. macau maj. majority "
        "malaysia maritime mexico michigan military minister ministry minority monetary mr mrs ms "
        "national nations nato navy netherlands news northern nuclear office officer official ohio "
        "ombudsman oregon organisation organization pacific pakistan panel party pentagon people's "
        "people’s permanent philippine philippines planning policy polish political premier president "
        "press prime professor provincial railway relations rep. representative representatives republic "
        "republican research reserve rights russia russian safety school science sciences secretariat "
        "secretary security sen. senate senator senior services sgt. shanghai shenzhen sichuan singapore "
        "society south southeast southern spain speaker special spokesman spokesperson spokeswoman staff "
        "state states statistics studies supreme taiwan tariff technology texas thailand the theater "
        "theatre think tibet times trade transportation treasury tribune u.k. u.n. u.s. uk ukraine un "
        "under undersecretary union united university university's us vice vietnam vietnamese washington "
        "western world wuhan xinhua xinjiang yunnan"
    ).split()
)
# Made of words that are names of persons, too.
PLACES = re.compile(r"\b(?:Hong Kong|White House|Los Angeles)\b")
TITLED = frozenset(
    (
        "adm admiral ambassador capt captain chairman chairwoman col colonel congressman congresswoman dr "
        "gen general gov governor lt maj minister mr mrs ms premier president professor rep representative "
        "secretary sen senator speaker spokesman spokesperson spokeswoman"
    ).split()
)
PLACING = frozenset("across at from in into near".split())  # a place or a body comes after them


def masked(quote: Quote, actors: Actors | None = None) -> Quote:
    """The same quotation with "a person" for a name, in speaker and context; the office stays.

    A bare name in the table of actors gives way to its office.
    """
    if not quote.speaker:
        return quote
    speaker = (actors or Actors.shipped()).written_out(quote.speaker, date=quote.date)
    context = quote.context
    for name in names(speaker, actors):
        speaker = re.sub(rf"\b{re.escape(name)}(?!\w)", MASK, speaker)
        if context:
            context = _without(context, name)
    return replace(quote, speaker=speaker, context=context)


def names(speaker: str, actors: Actors | None = None) -> list[str]:
    """The names of persons in the description of a speaker, as they stand there.

    Those in the table of actors are known, and so are its bodies; others are told by their capitals.
    """
    return list(_names(speaker, actors or Actors.shipped()))


def _names(speaker: str, actors: Actors) -> Iterator[str]:
    # As long as before, so that places still fit.
    blanked = PLACES.sub(lambda place: place[0].lower(), speaker)
    for run in RUN.finditer(blanked):
        before = speaker[: run.start()].split()
        words = run[0].split()
        known = _known(words, actors)
        if known is not None:
            yield from known
            continue
        title = before[-1] if before else ""
        while words and _institutional(words[0]):
            title = words.pop(0)
        while words and _institutional(words[-1]):
            words.pop()
        whole = " ".join(words) == speaker.strip()
        titled = title.strip(".,").casefold() in TITLED
        placed = title.casefold() in PLACING
        personal = (len(words) > 1 and not placed) or (len(words) == 1 and (whole or titled))
        if personal and not any(_institutional(word) for word in words):
            yield " ".join(words).rstrip(".,").removesuffix("'s").removesuffix("’s")


def _known(words: list[str], actors: Actors) -> list[str] | None:
    """The person whom the table has among some words; nobody, where they are a body; None, where neither."""
    spans = ((first, last) for first in range(len(words)) for last in range(len(words), first + 1, -1))
    for first, last in spans:
        if _institutional(words[first]):
            continue
        name = " ".join(words[first:last]).rstrip(".,").removesuffix("'s").removesuffix("’s")
        person = actors.is_person(name)
        if person:
            return [name]
        if person is False and last - first == len(words):
            return []
    return None


def _institutional(word: str) -> bool:
    plain = word.casefold().removesuffix("'s").removesuffix("’s").rstrip(",")
    return (
        plain in OFFICES
        or plain.rstrip(".") in OFFICES
        or (word.isupper() and len(word) > 2 and "." not in word)
    )


def _without(context: str, name: str) -> str:
    """The context without the name, or a part of it that stands alone, such as the family name."""
    parts = [name, *(word for word in (name.split()[-1], name.split()[0]) if len(word) > 1)]
    for part in parts:
        context = re.sub(rf"\b{re.escape(part)}\b", MASK, context)
    return context
