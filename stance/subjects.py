"""Words of a sentence → the phrase in front of a verb, read backwards: "Ann Roe, a baker in Ohio, said"."""

from stance.lexicon import (
    ABBREVIATIONS,
    ADVERBS,
    AUXILIARIES,
    DETERMINERS,
    FAMILY_NAMES,
    POSSESSIVES,
    PREPOSITIONS,
    PRONOUNS,
    TIMES,
    TITLES,
    given_names,
    role_nouns,
    verb_forms,
)
from stance.phrases import LONGEST, Phrase, is_adverb, is_couple, names_somebody
from stance.words import DASHES, LINKING, MARKS, Words, is_name

SHARES = frozenset("one two three some several many most both".split())  # "one of the envoys"
CONJUNCTIONS = frozenset(
    "because while when whether if although though where how why whereas unless than so but and or "
    "nor yet according what whatever whose as like until since before after once".split()
)
ADJUNCTS = PREPOSITIONS - CONJUNCTIONS


def before(words: Words, index: int, lowest: int = 0) -> Phrase | None:
    """The subject that stands before a verb, over adverbs, auxiliaries and an apposition."""
    low, word = words.low, words.word
    end = index - 1
    while end >= lowest and (low[end] in ADVERBS or low[end] in AUXILIARIES or is_adverb(word[end])):
        end -= 1
    if end < lowest:
        return None
    if word[end] == ")":
        opening = end
        while opening > lowest and word[opening] != "(":
            opening -= 1
        return ending(words, opening - 1, lowest) if opening > lowest else None
    if word[end] == "," or word[end] in DASHES:
        return _before_apposition(words, end, lowest)
    found = ending(words, end, lowest)
    if found and found.first - 1 >= lowest and _within_adjunct(words, found, lowest):
        return _clause_subject(words, found.first - 1, lowest) or found
    return found


def _within_adjunct(words: Words, phrase: Phrase, lowest: int) -> bool:
    """Whether a phrase hangs on a preposition: "the streets" in "Protesters in the streets chanted"."""
    previous = words.low[phrase.first - 1]
    return previous in ADJUNCTS and words.low[phrase.first] not in PRONOUNS


def _clause_subject(words: Words, preposition: int, lowest: int) -> Phrase | None:
    """The phrase in front of an adjunct, over one participle: "Protesters marching through the streets"."""
    end = preposition - 1
    while end > lowest and preposition - end < 4 and words.low[end].endswith(("ing", "ed")):
        end -= 1
    if end < lowest or not names_somebody(words, end):
        return None
    return ending(words, end, lowest)


def _before_apposition(words: Words, comma: int, lowest: int) -> Phrase | None:
    """The phrase in front of what commas hem in: "Ann Roe, a baker in Ohio, said"."""
    right = comma
    inserted = True
    name_last = False
    while True:
        left = right - 1
        while left >= lowest and words.word[left] != "," and words.word[left] not in DASHES:
            left -= 1
        start = left + 1
        if start >= right:
            return None
        if inserted:
            name_last = all(is_name(words.word[i]) or words.word[i] == "." for i in range(start, right))
        if inserted or (
            not (name_last and words.low[start] in DETERMINERS)
            and left > lowest
            and _hangs_on(words, start)
            and _can_bear(words, left - 1, lowest)
        ):
            if left < lowest:
                return ending(words, right - 1, start)
            right, inserted = left, False
            continue
        head = right - 1
        if words.word[head] == ")":
            while head > start and words.word[head] != "(":
                head -= 1
            head -= 1
        found = ending(words, head, start) if head >= start else None
        return Phrase(found.first, found.last, comma) if found else None


def _hangs_on(words: Words, start: int) -> bool:
    """Whether a stretch between commas looks like an apposition, an age or a relative clause."""
    first = words.low[start]
    return (
        first in DETERMINERS
        or first in PREPOSITIONS
        or first in ("who", "whose", "which", "jr", "sr")
        or first[0].isdigit()
        or (words.word[start][0].islower() and first not in PRONOUNS and first not in POSSESSIVES)
    )


def _can_bear(words: Words, index: int, lowest: int) -> bool:
    """Whether an apposition can follow here: behind a name or a human noun, not behind "In Rome"."""
    if words.word[index] == ")":
        return True
    if words.low[index] in ADVERBS:
        return False
    found = ending(words, index, lowest)
    if not found or (not is_name(words.word[index]) and words.low[index] not in role_nouns()):
        return bool(words.word[index][0].isdigit()) or words.word[index] == "."
    before_it = found.first - 1
    if before_it < lowest or words.word[before_it] in (",", *DASHES):
        return True
    return words.low[before_it] not in PREPOSITIONS or words.low[before_it] in (
        "and",
        "but",
        "as",
        "while",
        "when",
    )


def ending(words: Words, end: int, lowest: int = 0, *, alone: bool = False) -> Phrase | None:
    """The noun phrase that ends with the word at ``end``; alone: without "Ann Roe and", "a friend of"."""
    low = words.low
    if end < lowest:
        return None
    if low[end] in PRONOUNS or low[end] in (
        "another",
        "others",
        "many",
        "some",
        "several",
        "both",
        "one",
        "everyone",
    ):
        return Phrase(end, end + 1, end + 1)
    first = _run(words, end, lowest, couples=not alone)
    if first > end:
        return None
    # "a spokesman for the ministry", "the University of Michigan", "the director of an institute in Berlin"
    if alone and first - 2 >= lowest and holds_office(words, first - 1, end):
        first = min(first, _run(words, first - 2, lowest))
    while not alone and first - 2 >= lowest and low[first - 1] in LINKING and end - first < LONGEST:
        further = _run(words, first - 2, lowest)
        if further > first - 2 or not (names_somebody(words, first - 2) or _chained(words, further, lowest)):
            break
        first = further
    if not alone and first - 2 >= lowest and low[first - 1] == "of" and low[first - 2] in SHARES:
        first -= 2
    if low[first] in PREPOSITIONS or not _nominal(words, first, end):
        return None
    return Phrase(first, end + 1, end + 1)


def holds_office(words: Words, of: int, end: int) -> bool:
    """Whether the name that ends a phrase is the holder's: "Secretary of State Ann Roe"."""
    low, word = words.low, words.word
    if low[of] != "of" or not is_name(word[of - 1]) or low[of - 1] not in role_nouns():
        return False
    if role_nouns()[low[of - 1]][0] == "person":
        return any(other in given_names() or other in FAMILY_NAMES for other in word[of + 2 : end])
    return any(role_nouns().get(other, ("",))[0] == "person" for other in low[of + 1 : end])


def _nominal(words: Words, first: int, end: int) -> bool:
    """Whether a run of words can name somebody: by a capital, an article or a human noun."""
    low, roles = words.low, role_nouns()
    if low[first] in DETERMINERS or low[first] in POSSESSIVES:
        return end > first or low[first] in ("one", "several", "many", "some", "few", "all", "both", "those")
    return any(is_name(words.word[i]) or low[i] in roles for i in range(first, end + 1))


def _chained(words: Words, first: int, lowest: int) -> bool:
    """Whether what stands before "an institute" in "the director of an institute in Berlin" is somebody."""
    low = words.low
    steps = 0
    while first - 2 >= lowest and low[first - 1] in LINKING and steps < 3:
        if names_somebody(words, first - 2):
            return True
        first = _run(words, first - 2, lowest)
        steps += 1
    return False


def _run(words: Words, end: int, lowest: int, *, couples: bool = True) -> int:
    """Where the run of nouns, adjectives and names begins that ends here; behind the end: there is none."""
    low, word = words.low, words.word
    roles = role_nouns()
    first = end + 1
    seen_role = False
    named = is_name(word[end]) or word[end] == "."
    index = end
    while index >= lowest and end - index < LONGEST:
        this, lower = word[index], low[index]
        if lower in DETERMINERS or lower in POSSESSIVES:
            return index if index < end and lower not in ("that", "this") else first
        if lower in PRONOUNS:
            break
        if this == ".":
            if index == lowest or not (low[index - 1] in ABBREVIATIONS or len(word[index - 1]) == 1):
                break
        elif is_name(this):
            if (lower in PREPOSITIONS or lower in TIMES or is_adverb(this)) and lower not in TITLES:
                break
            first = index
        elif this[0].isdigit():
            if index == end:
                break
        elif this[0].isalpha():
            if lower in PREPOSITIONS or lower in AUXILIARIES or lower in ADVERBS or lower == "that":
                if lower == "and" and couples and named and index > lowest and is_couple(words, index):
                    index -= 1
                    continue
                break
            if lower in LINKING and index != end and is_name(word[index - 1]) and index > lowest:
                index -= 1
                continue
            is_role = lower in roles or lower.rstrip("s") in roles
            if (
                named
                and not seen_role
                and not (is_role and roles.get(lower, ("person",))[0] in ("person", "people"))
                and lower not in TITLES
                and lower not in ("de", "von", "van", "der", "bin", "al", "la", "el")
            ):
                break
            form = verb_forms().get(lower)
            if form and not is_role and (seen_role or named or index != end) and form[1] != "base":
                break
            seen_role = seen_role or is_role
            if index == end and not is_role and lower.endswith(("ing", "ed", "ly")):
                break
            first = index
        elif this in ("&", "/"):
            pass
        elif (
            low[index] in MARKS
            and index - 3 >= lowest
            and low[index - 2] in MARKS
            and is_name(word[index - 3])
        ):
            index -= 2
        else:
            break
        index -= 1
    return first
