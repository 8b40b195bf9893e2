"""The cues of an attribution: verbs of speech and their like, and whether they have a subject here."""

from dataclasses import dataclass
from functools import cache

from stance.lexicon import (
    ADVERBS,
    AUXILIARIES,
    DETERMINERS,
    NOUN_CUES,
    POSSESSIVES,
    PREPOSITIONS,
    PRONOUNS,
    SAY,
    TIMES,
    role_nouns,
    verb_forms,
)
from stance.phrases import Phrase, after
from stance.words import DASHES, MARKS, Words, is_name

BE = frozenset("is are was were be been being".split())
CONTRACTED_BE = frozenset("’s 's ’re 're".split())
PHRASAL = {
    "put": ("it", "this"),
    "puts": ("it", "this"),
    "went": ("on",),
    "goes": ("on",),
    "chimed": ("in",),
    "piped": ("up",),
}
OWNED = DETERMINERS | PREPOSITIONS | POSSESSIVES  # before a noun, never before a verb with its subject
LED_BY = frozenset("of to with by from about against".split())  # behind these a name may describe a noun
COORDINATING = frozenset("and but while when as though although".split())
EXPLETIVES = frozenset("it that there what here he she let who".split())
STANDS_FOR = frozenset("he she they who which it one others another some many".split())


@dataclass(slots=True)
class Source:
    """The words of an attribution: who, by which cue, how directly; nobody, where only the cue is there."""

    words: Words
    phrase: Phrase | None
    cue: tuple[int, int]  # among the words
    direct: bool  # whether the cue is bound to the quotation and to nothing else


@cache
def cue_words() -> frozenset[str]:
    """All words that can be the cue of an attribution, or the first of one."""
    return frozenset((*verb_forms(), *NOUN_CUES, *PHRASAL, "according", "words", "by"))


def form_at(words: Words, index: int) -> tuple[str, str] | None:
    """The class and shape of a verb of speech; "put it" is one, too."""
    following = PHRASAL.get(words.low[index])
    if following and words.low[index + 1 : index + 2] and words.low[index + 1] in following:
        return SAY, "finite"
    return verb_forms().get(words.low[index])


def acts(words: Words, verb: int, form: tuple[str, str], lowest: int) -> bool:
    """Whether a form of a verb of speech is one that has a subject in front of it here."""
    low, word = words.low, words.word
    shape = form[1]
    if verb <= lowest or (is_name(word[verb]) and not word[verb].isupper()):
        return False
    previous = low[verb - 1]
    if low[verb] in role_nouns() or low[verb] in NOUN_CUES:
        # "report", "comment", "tweets": a verb only right behind its subject.
        if previous in OWNED or previous.endswith(("’s", "'s")):
            return False
        if shape == "finite" and _describes(words, verb - 1, lowest):
            return False
        bare = previous not in AUXILIARIES and previous not in PRONOUNS and not _plural(words, verb - 1)
        if shape != "finite" and bare:
            return False
    if previous.endswith(("’s", "'s")) and previous not in AUXILIARIES and shape != "participle":
        return False
    if previous in CONTRACTED_BE:
        return shape == "participle" or form[0] == SAY  # "he’s saying", "he’s said"
    if previous in BE or (previous in ADVERBS and verb - 2 >= lowest and low[verb - 2] in BE):
        # "was quoted as saying", "was asked": not the one who speaks, but for "is saying".
        return shape == "participle" or low[verb] in ("quoted", "cited", "heard")
    if shape == "finite":
        return previous not in PREPOSITIONS or previous in COORDINATING
    if shape == "base":
        return _auxiliary_before(words, verb, lowest) or previous in PRONOUNS or _plural(words, verb - 1)
    return False


def _describes(words: Words, index: int, lowest: int) -> bool:
    """Whether a name describes the noun behind it: in "a third of Nordic claims", not "the head of FEMA"."""
    led = index - 1 >= lowest and words.low[index - 1] in LED_BY
    before = index - 2
    return led and not (
        before >= lowest and (is_name(words.word[before]) or words.low[before] in role_nouns())
    )


def _auxiliary_before(words: Words, verb: int, lowest: int) -> bool:
    index = verb - 1
    while index >= lowest and words.low[index] in ADVERBS:
        index -= 1
    return index >= lowest and words.low[index] in AUXILIARIES and words.low[index] not in BE


def _plural(words: Words, index: int) -> bool:
    kind = role_nouns().get(words.low[index])
    couple = is_name(words.word[index]) and "and" in words.low[max(0, index - 3) : index]
    return bool(kind and kind[0] == "people") or couple


def somebody(words: Words, phrase: Phrase) -> bool:
    """Whether a phrase names a person or a body, or stands for one."""
    head = phrase.last - 1
    while head > phrase.first and not words.word[head][0].isalpha():
        head -= 1
    low = words.low
    if is_name(words.word[head]) or low[head] in STANDS_FOR:
        return low[head] not in DETERMINERS or low[head] in ("another", "some", "many", "one")
    return any(low[i] in role_nouns() for i in range(phrase.first, phrase.last))


def author(words: Words, phrase: Phrase | None, end: int) -> Phrase | None:
    """ "according to a statement from Ann Roe" → Ann Roe."""
    if not phrase or role_nouns().get(words.low[phrase.last - 1], ("",))[0] != "text":
        return phrase
    issued = words.low[phrase.last : phrase.last + 1] in (["issued"], ["released"])
    behind_it = phrase.last + (1 if issued else 0)
    if words.low[behind_it : behind_it + 1] not in (["by"], ["from"], ["of"]):
        return phrase
    return after(words, behind_it + 1, end) or phrase


def subject(words: Words) -> Phrase | None:
    """The first noun phrase of a sentence, behind "In Rome," and the like: its likely subject."""
    low, word = words.low, words.word
    first, end = 0, len(word)
    for _ in range(5):
        while first < end and (
            low[first] in MARKS
            or word[first] in "(,;:…"
            or word[first] in DASHES
            or (low[first] in ADVERBS and low[first] not in DETERMINERS)
            or low[first] in ("and", "but", "yet", "so", "that", "or")
        ):
            first += 1
        if first >= end or (low[first][-2:] in ("’s", "'s") and low[first][:-2] in EXPLETIVES):
            return None
        opening = (
            low[first] in PREPOSITIONS
            or low[first] in TIMES
            or (low[first].endswith(("ing", "ed")) and not _before_name(words, first))
        )
        phrase = None if opening else after(words, first, end)
        if phrase:
            return phrase
        comma = next((i for i in range(first, end) if word[i] == ","), -1)
        if comma < 0:
            return None
        first = comma + 1
    return None


def _before_name(words: Words, index: int) -> bool:
    """Whether a word that begins a sentence is followed by a name: "Ed Miller"."""
    return index + 1 < len(words.word) and is_name(words.word[index + 1])
