"""The attribution behind a quotation: '…," Ann Roe said', '…," said Ann Roe', '…" – Ann Roe'."""

from stance.cues import BE, Source, acts, author, cue_words, form_at
from stance.lexicon import (
    ADVERBS,
    ASK,
    AUXILIARIES,
    CLAUSE_STARTS,
    DETERMINERS,
    JUDGE,
    NOUN_CUES,
    PREPOSITIONS,
    PRONOUNS,
    QUOTING,
    TELL,
    TIMES,
    role_nouns,
    verb_forms,
)
from stance.phrases import Phrase, after
from stance.subjects import before
from stance.words import DASHES, LINKING, MARKS, Words, is_name

NO_SPEAKERS = frozenset("it that him them this what as".split())  # "said it", "told them"
QUESTION_WORDS = frozenset("that if whether why how".split())

# What somebody does behind a finished quotation need not be done by its speaker.
GESTURES = frozenset("smile smiled smiles laugh laughed laughs grin grinned grins".split())


def behind(words: Words, *, comma: bool, ended: bool) -> Source | None:
    """The attribution that follows a closing mark.

    comma, ended: whether the quotation closes with a comma, or as a sentence does.
    """
    first, dash = _past_marks(words)
    end = _sentence_end(words, first)
    if first >= end:
        return None
    if ended and (dash or (end == len(words.word) and _byline(words, first, end))):
        return _signature(words, first, end)
    start = _past_adverbs(words, first, end)
    return (
        _inverted(words, start, end, comma=comma)
        or _according_to(words, start, end)
        or _pointed_at(words, start, end, ended=ended)
        or _by_verb(words, first, start, end, comma=comma, ended=ended)
    )


def _past_marks(words: Words) -> tuple[int, bool]:
    """Where the words begin, and whether a dash stands before them."""
    first, dash = 0, False
    while first < len(words.word):
        if words.word[first] in DASHES:
            dash = True
        elif words.word[first] not in ",;)" and words.low[first] not in MARKS:
            break
        first += 1
    return first, dash


def _past_adverbs(words: Words, start: int, end: int) -> int:
    low = words.low
    while start < end and not is_name(words.word[start]):
        if low[start] not in ADVERBS and low[start] not in ("and", "but", "so", "thus"):
            break
        start += 1
    return start


def _inverted(words: Words, start: int, end: int, *, comma: bool) -> Source | None:
    """'…," said Ann Roe'."""
    form = verb_forms().get(words.low[start]) if start + 1 < end else None
    if not form or form[1] != "finite" or (form[0] in (JUDGE, TELL) and not comma):
        return None
    if words.low[start + 1] in NO_SPEAKERS:
        return None
    phrase = after(words, start + 1, end)
    return Source(words, phrase, (start, start + 1), direct=True) if phrase else None


def _according_to(words: Words, start: int, end: int) -> Source | None:
    low = words.low
    if low[start : start + 2] != ["according", "to"] and low[start : start + 1] != ["per"]:
        return None
    name = start + (1 if low[start] == "per" else 2)
    phrase = author(words, after(words, name, end), end)
    return Source(words, phrase, (start, name), direct=True) if phrase else None


def _by_verb(words: Words, first: int, start: int, end: int, *, comma: bool, ended: bool) -> Source | None:
    """'…," Ann Roe, a baker in Ohio, said', '…" that, Ann Roe said', '…," Ann Roe was told by Jo Poole'."""
    low, cues = words.low, cue_words()
    for verb in [index for index in range(start + 1, end) if low[index] in cues]:
        form = form_at(words, verb)
        if form and form[0] in (TELL, ASK) and low[verb - 1] in BE and form[1] == "finite":
            told = after(words, verb + 2, end) if low[verb + 1 : verb + 2] == ["by"] else None
            return Source(words, told, (verb, verb + 1), direct=told is not None)
        if low[verb] in QUOTING:
            quoted = after(words, verb + 1, end)
            if quoted and low[quoted.end : quoted.end + 2] == ["as", "saying"]:
                return Source(words, quoted, (verb, verb + 1), direct=True)
        if not form or not acts(words, verb, form, start) or (ended and low[verb] in GESTURES):
            continue
        relative = next((i for i in range(start, verb) if low[i] == "who"), verb)
        if relative == verb - 1:
            continue  # "an official who spoke in private said"
        phrase = _whole(words, start, relative) or before(words, verb, first)
        if not phrase:
            continue
        direct = phrase.first <= start + 1 and (comma or (ended and _bare(words, verb, form[0], end)))
        if ended and not direct:
            return None
        if direct or (not ended and (comma or _parenthetical(words, phrase))):
            return Source(words, phrase, (verb, verb + 1), direct)
    return None


def _pointed_at(words: Words, start: int, end: int, *, ended: bool) -> Source | None:
    """'…" was the verdict of Ann Roe', '…" Those were the words of Ann Roe', '…" was how Ann Roe put it'."""
    low = words.low
    if start >= end:
        return None
    first = start + 1 if ended and low[start] in ("that", "those", "these", "this", "such", "so") else start
    if first >= end or low[first] not in BE or (ended and first == start):
        return None
    for index in range(first + 1, min(end, first + 6)):
        if low[index] in NOUN_CUES and low[index + 1 : index + 2] in (["of"], ["from"]):
            phrase = after(words, index + 2, end)
            return Source(words, phrase, (index, index + 1), direct=True) if phrase else None
        if low[index] in ("how", "what"):
            for verb in range(index + 1, end):
                form = form_at(words, verb)
                found = before(words, verb, index + 1) if form and form[1] == "finite" else None
                if found:
                    return Source(words, found, (verb, verb + 1), direct=True)
    return None


def agent(words: Words) -> Source | None:
    """'was called "…" by Ann Roe': the one who acts, behind a quotation that a passive verb led up to."""
    first = next((i for i, low in enumerate(words.low) if low not in MARKS), 0)
    if words.low[first : first + 1] != ["by"]:
        return None
    phrase = after(words, first + 1, _sentence_end(words, first))
    return Source(words, phrase, (first, first + 1), direct=True) if phrase else None


def is_passive(words: Words) -> bool:
    """Whether a lead ends with a passive verb of speech: "Ann Roe was called", "Asked"."""
    low = words.low
    last = len(low) - 1
    while last >= 0 and (low[last] in MARKS or low[last] in ("a", "an", "the", "as", ",", ":")):
        last -= 1
    form = verb_forms().get(low[last]) if last >= 0 else None
    return bool(
        form and form[1] == "finite" and (last == 0 or low[last - 1] in BE or low[last - 1] in ADVERBS)
    )


def _whole(words: Words, start: int, verb: int) -> Phrase | None:
    """All words up to the verb, where they are one phrase: "a narrator in the Clinton ad asks"."""
    low, word = words.low, words.word
    end = verb
    while end > start and (low[end - 1] in ADVERBS or low[end - 1] in AUXILIARIES):
        end -= 1
    if not 0 < end - start <= 14 or low[start] in PREPOSITIONS or low[start] in CLAUSE_STARTS:
        return None
    forms, roles = verb_forms(), role_nouns()
    for index in range(start, end):
        lower = low[index]
        if not word[index][0].isalnum() and word[index] != ".":
            return None
        if lower in AUXILIARIES or (lower in CLAUSE_STARTS and lower != "and"):
            return None
        if lower in ("he", "she", "they") and end - start > 1:
            return None
        if not is_name(word[index]) and lower in forms and lower not in roles and forms[lower][1] != "base":
            return None
    named = any(is_name(word[i]) or low[i] in roles for i in range(start, end))
    return Phrase(start, end, end) if named and low[start] not in PRONOUNS else None


def _bare(words: Words, verb: int, kind: str, end: int) -> bool:
    """Whether a verb has no clause of its own behind it: then it belongs to the finished quotation."""
    low = words.low
    following = verb + 1
    while following < end and low[following] in ADVERBS:
        following += 1
    if following >= end or not words.word[following][0].isalpha():
        return True
    if kind == TELL or low[verb] in ("asked", "told"):
        near = low[following : min(end, following + 5)]
        return near[0] not in QUESTION_WORDS and not {"that", "to", "whether", "if"} & set(near)
    if low[following] == "that" or low[following] in CLAUSE_STARTS - {"as", "while", "when"}:
        return False
    return low[following] in PREPOSITIONS or low[following] in TIMES or low[following].endswith("ing")


def _parenthetical(words: Words, phrase: Phrase) -> bool:
    """Whether "…, he said" ends or interrupts the sentence behind a fragment."""
    return (
        phrase.first == 0
        or words.word[phrase.first - 1] in (",", *DASHES)
        or words.low[phrase.first - 1] in ("as", "that", "and", "how", "what")
    )


def _byline(words: Words, first: int, end: int) -> bool:
    """Whether nothing but "Ann Roe, Springfield Times" is left of a paragraph."""
    if end - first > 14 or "," not in words.word[first + 1 : end]:
        return False
    return all(
        is_name(word) or not word[0].isalpha() or low in LINKING or low == "and"
        for word, low in zip(words.word[first:end], words.low[first:end], strict=True)
    )


def _signature(words: Words, first: int, end: int) -> Source | None:
    """'…" – Ann Roe, mayor of Springfield' at the end of a paragraph."""
    low = words.low
    if end - first > 24 or not (is_name(words.word[first]) or low[first] in DETERMINERS):
        return None
    phrase = after(words, first, end)
    if not phrase or phrase.last - first > 8 or any(low[i] in AUXILIARIES for i in range(first, end)):
        return None
    forms = verb_forms()
    if phrase.end < end and words.word[phrase.end] not in (",", "(", "/", "|"):
        return None
    if any(
        forms.get(low[i], ("", ""))[1] == "finite" and not is_name(words.word[i])
        for i in range(first, phrase.last)
    ):
        return None
    longer = end if end - phrase.last <= 14 else phrase.end
    cue = (first - 1, first) if first else (first, longer)
    return Source(words, Phrase(phrase.first, phrase.last, longer), cue, direct=True)


def _sentence_end(words: Words, first: int) -> int:
    for index in range(first, len(words.word)):
        if words.is_stop(index):
            return index
    return len(words.word)
