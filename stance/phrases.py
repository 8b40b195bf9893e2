"""Words of a sentence → the phrase that names somebody, read forward: "said Ann Roe, a baker, on Monday"."""

from dataclasses import dataclass

from stance.lexicon import (
    ADVERBS,
    AUXILIARIES,
    DETERMINERS,
    POSSESSIVES,
    PREPOSITIONS,
    PRONOUNS,
    TIMES,
    TITLES,
    role_nouns,
    verb_forms,
)
from stance.words import DASHES, LINKING, MARKS, Words, is_name

STAND_ALONE = frozenset("he she they it we i another others both".split())
RELATIVE = frozenset("who whose which that".split())
JOINING = frozenset("of for at with and de von van al bin der la el the del".split())
LONGEST = 22  # words in a phrase


@dataclass(slots=True)
class Phrase:
    """Where a phrase stands among the words: its core, and the end of the apposition behind it."""

    first: int
    last: int  # one behind the core
    end: int  # one behind the apposition, else the same


def names_somebody(words: Words, index: int) -> bool:
    """Whether a word is a name or a human noun."""
    word = words.word[index]
    return words.low[index] in role_nouns() or (is_name(word) and words.low[index] not in TIMES)


def is_couple(words: Words, index: int) -> bool:
    """Whether "and" joins two names: "Ann Roe and Jo Poole"."""
    left, right = words.word[index - 1], words.word[index + 1]
    return is_name(left) and is_name(right) and words.low[index - 1] not in TIMES


def after(words: Words, start: int, highest: int) -> Phrase | None:
    """The noun phrase that begins here, with its apposition: "said Ann Roe, a baker in Ohio, on Monday"."""
    if start >= highest:
        return None
    alone = words.low[start] in STAND_ALONE
    if alone and not (words.low[start] == "another" and _is_noun_behind(words, start + 1, highest)):
        return Phrase(start, start + 1, start + 1)
    index = _without_loose_end(words, start, _reach(words, start, highest))
    if index <= start or not any(_can_name(words, i) for i in range(start, index)):
        return None
    return Phrase(start, index, _apposition(words, index, highest))


def _is_noun_behind(words: Words, start: int, highest: int) -> bool:
    """Whether a human noun follows soon: "another former official"."""
    return any(low in role_nouns() for low in words.low[start : min(highest, start + 4)])


def _reach(words: Words, start: int, highest: int) -> int:
    """How far the words belong to one noun phrase."""
    low, word = words.low, words.word
    index, named = start, False
    while index < highest and index - start < LONGEST:
        this = word[index]
        if this[0].isalnum():
            if _ends(words, index, start, highest, named=named):
                break
            named = named or (is_name(this) and low[index] not in TITLES) or low[index] in role_nouns()
        elif this == ".":
            if words.is_stop(index):
                break
        elif this == "(":
            index = _past_brackets(words, index, highest)
            if index < 0:
                return -index
        elif (
            low[index] in MARKS
            and index + 3 < highest
            and low[index + 2] in MARKS
            and is_name(word[index + 3])
        ):
            index += 2  # a nickname
        elif this not in ("&", "/"):
            break
        index += 1
    return index


def _past_brackets(words: Words, opening: int, highest: int) -> int:
    """The index of the bracket that closes a short insertion; less than zero where there is none."""
    closing = opening
    while closing < highest and words.word[closing] != ")":
        closing += 1
    return closing if closing < highest and closing - opening <= 6 else -opening


def _ends(words: Words, index: int, start: int, highest: int, *, named: bool) -> bool:
    """Whether a word does not belong to the noun phrase that begins at ``start``."""
    this, lower, roles = words.word[index], words.low[index], role_nouns()
    if lower in JOINING and (this[0].islower() or lower not in TITLES):
        return _joins_nothing(words, index, start, highest, named=named)
    if lower in PREPOSITIONS or lower in AUXILIARIES or lower in PRONOUNS or lower in RELATIVE:
        return True
    if (
        (lower in TIMES and index > start)
        or (lower in ADVERBS and lower not in DETERMINERS)
        or is_adverb(this)
    ):
        return True
    if not this[0].islower() or lower in roles:
        return False
    form = verb_forms().get(lower)
    if form and form[1] != "base":
        return True
    return named and (
        lower.endswith("ed") or (lower not in DETERMINERS and not _leads_to_name(words, index, highest))
    )


def _joins_nothing(words: Words, index: int, start: int, highest: int, *, named: bool) -> bool:
    """Whether "of", "for", "and" or "the" does not go on with the phrase."""
    low, word, lower = words.low, words.word, words.low[index]
    if (index == start and lower != "the") or index + 1 >= highest:
        return True
    if lower == "and":
        return not is_couple(words, index)
    if lower not in ("for", "with", "at"):
        return False
    if named and low[index - 1] not in role_nouns() and word[index - 1][0].islower():
        return True
    return not (is_name(word[index + 1]) or low[index + 1] in DETERMINERS or low[index + 1] in POSSESSIVES)


def _without_loose_end(words: Words, start: int, end: int) -> int:
    low = words.low
    while end > start and (
        words.word[end - 1] in (",", "&", "/") or low[end - 1] in LINKING or low[end - 1] in ("and", "the")
    ):
        end -= 1
    return end


def _can_name(words: Words, index: int) -> bool:
    low = words.low[index]
    return is_name(words.word[index]) or low in role_nouns() or low in DETERMINERS


def _leads_to_name(words: Words, index: int, highest: int) -> bool:
    """Whether a role and a name follow, as in "former trade official Ann Roe"."""
    roles = role_nouns()
    return any(words.low[i] in roles for i in range(index, min(highest, index + 4)))


def _apposition(words: Words, index: int, highest: int) -> int:
    """The end of an apposition that begins behind a name, or the index itself where there is none."""
    if index + 1 >= highest or words.word[index] != ",":
        return index
    first = words.low[index + 1]
    begins = (
        first in DETERMINERS
        or first in POSSESSIVES
        or first in role_nouns()
        or first in ("of", "who", "jr", "sr", "former", "deputy", "senior", "executive", "vice", "chief")
    )
    named = is_name(words.word[index + 1]) and first not in TIMES and not is_name(words.word[index - 1])
    if first != "who" and (begins or named):
        end = index + 1
        while end < highest and words.word[end] not in (",", ";", ":", *DASHES) and not words.is_stop(end):
            if words.low[end] in ("who", "which", "whose", "that") and end > index + 1:
                break
            if words.low[end] in AUXILIARIES and words.low[end] not in ("’s", "'s"):
                return index
            form = verb_forms().get(words.low[end])
            if (
                form
                and form[1] == "finite"
                and words.low[end] not in role_nouns()
                and not is_name(words.word[end])
            ):
                return index
            if named and not (
                is_name(words.word[end]) or words.low[end] in LINKING or words.word[end] == "."
            ):
                break
            end += 1
        return end if end - index <= LONGEST else index
    return index


def is_adverb(word: str) -> bool:
    """Whether a word looks like an adverb of manner."""
    return (
        word.endswith("ly")
        and word[0].islower()
        and word not in ("family", "ally", "assembly", "supply", "monopoly")
    )
