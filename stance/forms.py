"""Forms of a name, such as "Ms. Roe" and "Ann Roe, a baker": which belong together, which tells most."""

import re
from dataclasses import dataclass

from stance.lexicon import ABBREVIATIONS, DETERMINERS, PREPOSITIONS, TIMES, TITLES, role_nouns
from stance.phrases import Phrase
from stance.subjects import holds_office
from stance.words import LINKING, MARKS, Words, is_name

Name = tuple[str, ...]

LONGEST = 14  # words in the form of a name
CUTS = frozenset("and at of for in who which that with on from to as".split())
RELATIVE = re.compile(r", (?:who|whose|whom|which)\b")
INSERTED = re.compile(
    r", (?:meanwhile|however|though|too|also|in turn|by contrast|for (?:his|her|its|their) part)$"
)
ENDS = " ,;:–—-\xa0\t"


@dataclass(frozen=True, slots=True)
class Form:
    """One mention of a name that tells more than the name alone."""

    place: int
    name: Name
    text: str
    gender: str
    human: bool


def name_of(words: Words, phrase: Phrase) -> Name:
    """The words of a name at the end of a phrase, at most three, without titles and initials.

    None in "the director of the Ann Roe Institute", whose head is the director.
    """
    name: list[str] = []
    index = phrase.last - 1
    roles = role_nouns()
    for i in range(phrase.first + 1, index):
        if (
            words.low[i] in LINKING
            and words.low[i - 1] in roles
            and roles[words.low[i - 1]][0] in ("person", "people")
            and not holds_office(words, i, index)
        ):
            return ()
    for i in range(phrase.first + 1, index):
        if words.low[i] == "at" and is_name(words.word[i - 1]) and words.low[i - 1] not in roles:
            index = i - 1  # "Roe at Springfield Bank"
            break
    while index >= phrase.first and len(name) < 4:
        word, low = words.word[index], words.low[index].rstrip(".")
        if (
            word == "."
            or low in MARKS
            or (len(word) == 1 and word.isupper())
            or (len(word) == 2 and word[1] == ".")
        ):
            index -= 1
            continue
        if low in TIMES:
            return ()
        if (
            not is_name(word)
            or low in TITLES
            or low in DETERMINERS
            or low in ABBREVIATIONS
            or low in PREPOSITIONS
        ):
            if name or low not in ("jr", "sr"):
                break
            index -= 1
            continue
        if name and (low in role_nouns() or word.endswith(("’s", "'s"))):
            break
        name.append(word[:-2] if word.endswith(("’s", "'s")) else word)
        index -= 1
    if name and name[0] in ("Jr", "Sr", "II", "III"):
        name.pop(0)
    return tuple(reversed(name[:3]))


def agrees(one: Name, other: Name) -> bool:
    """Whether two names can be the same person's: one is part of the other."""
    short, long = (one, other) if len(one) <= len(other) else (other, one)
    if not short:
        return False
    if len(short) == 1:
        return short[0] == long[-1] or short[0] == long[0]
    return short[-1] == long[-1] and short[0] in long


def worth(text: str) -> tuple[bool, bool, int]:
    """How much a form of a name tells: not too long, more than a surname, with office and title."""
    words = text.split()
    names = sum(word[0].isupper() and word.lower().rstrip(".,") not in TITLES for word in words)
    return len(words) <= LONGEST, names > 1, len(words)


def clean(text: str) -> str:
    """A form without the possessive and the punctuation at its ends."""
    text = text.strip(ENDS)
    return text[:-2].rstrip(ENDS) if text.endswith(("’s", "'s")) else text


def shortened(text: str) -> str:
    """A form with an apposition, cut before a relative clause, else where it may end, at LONGEST words."""
    if ", wh" in text:
        text = clean(RELATIVE.split(text, maxsplit=1)[0]) or text
    if ", " in text:
        text = INSERTED.sub("", text) or text
    words = text.split()
    if len(words) > LONGEST and "who" in words[3:]:
        words = words[: words.index("who", 3)]
        text = clean(" ".join(words))
    if len(words) <= LONGEST:
        return text
    cuts = [i for i in range(3, LONGEST + 1) if words[i].lower() in CUTS or words[i - 1][-1] == ","]
    return clean(" ".join(words[: cuts[-1] if cuts else LONGEST]))
