"""A quotation without its speaker's name: does a model read words and office, or does it know people?"""

import re
from collections.abc import Iterator
from dataclasses import replace

from stance.actors import Actors
from stance.quotes import Quote

MASK = "the speaker"
RUN = re.compile(r"[A-Z][\w.’'-]*(?:\s+(?:(?:de|da|van|von|bin|al|el|der)\s+)?[A-Z][\w.’'-]*)*")
# Words of offices, bodies and places, which are capitalised as names are.
OFFICES = frozenset(
    (
        "a an acting administration administrator admiral adviser advisor affairs agency ambassador america "
        "american asia association attorney authority bank beijing board britain british bureau business "
        "cabinet center central centre chair chairman chairperson chairwoman chamber chief china chinese "
        "college commander commerce commission commissioner committee communist company congress "
        "congressman congresswoman consul council counsel daily defence defense democrat democratic "
        "department deputy director dr embassy energy eu europe european exchange executive federal finance "
        "first foreign former general global governor group high hong house industry institute intelligence "
        "interior international japan japanese joint justice kong labor leader liberation macau majority "
        "military minister ministry minority mr mrs ms national navy news office officer official "
        "organization panel party people's people’s permanent premier president press prime professor "
        "provincial representative representatives republic republican research reserve school secretary "
        "security senate senator senior shanghai society speaker special spokesman spokesperson spokeswoman "
        "state states taiwan the think times trade treasury u.k. u.n. u.s. uk un under undersecretary union "
        "united university us vice washington white world xinhua"
    ).split()
)
TITLED = frozenset(
    (
        "admiral ambassador chairman chairwoman congressman congresswoman dr gen general governor minister "
        "mr mrs ms premier president professor rep representative secretary sen senator spokesman "
        "spokesperson spokeswoman"
    ).split()
)


def masked(quote: Quote, actors: Actors | None = None) -> Quote:
    """The same quotation with "the speaker" for a name, in speaker and context; the office stays.

    A bare name in the table of actors gives way to its office.
    """
    if not quote.speaker:
        return quote
    speaker = (actors or Actors.shipped()).written_out(quote.speaker, date=quote.date)
    context = quote.context
    for name in names(speaker):
        speaker = speaker.replace(name, MASK)
        if context:
            context = _without(context, name)
    return replace(quote, speaker=speaker, context=context)


def names(speaker: str) -> list[str]:
    """The names of persons in the description of a speaker, as they stand there."""
    return list(_names(speaker))


def _names(speaker: str) -> Iterator[str]:
    for run in RUN.finditer(speaker):
        before = speaker[: run.start()].split()
        words = run[0].split()
        title = before[-1] if before else ""
        while words and _institutional(words[0]):
            title = words.pop(0)
        while words and _institutional(words[-1]):
            words.pop()
        whole = " ".join(words) == speaker.strip()
        titled = title.strip(".,").casefold() in TITLED
        personal = len(words) > 1 or (len(words) == 1 and (whole or titled))
        if personal and not any(_institutional(word) for word in words):
            yield " ".join(words).rstrip(".,")


def _institutional(word: str) -> bool:
    plain = word.casefold().removesuffix("'s").removesuffix("’s").rstrip(",")
    return plain in OFFICES or plain.rstrip(".") in OFFICES or (word.isupper() and len(word) > 2)


def _without(context: str, name: str) -> str:
    """The context without the name, or a part of it that stands alone, such as the family name."""
    parts = [name, *(word for word in (name.split()[-1], name.split()[0]) if len(word) > 1)]
    for part in parts:
        context = re.sub(rf"\b{re.escape(part)}\b", MASK, context)
    return context
