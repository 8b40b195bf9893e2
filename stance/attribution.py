"""The attribution beside a quotation: which words name the speaker, and which words say so."""

from dataclasses import dataclass
from functools import cache

from stance.lexicon import (
    ADVERBS,
    ASK,
    AUXILIARIES,
    CLAUSE_STARTS,
    DETERMINERS,
    JUDGE,
    NOUN_CUES,
    POSSESSIVES,
    PREPOSITIONS,
    PRONOUNS,
    SAY,
    TELL,
    THINK,
    TIMES,
    role_nouns,
    verb_forms,
)
from stance.phrases import DASHES, LINKING, MARKS, Phrase, Words, after, before, ending, is_name

VAGUE = frozenset(
    "agree agreed agrees offer offered offers continue continued continues promise repeat repeats repeated".split()
)
BE = frozenset("is are was were be been being".split())
PHRASAL = {
    "put": ("it", "this"),
    "puts": ("it", "this"),
    "went": ("on",),
    "goes": ("on",),
    "chimed": ("in",),
    "piped": ("up",),
}
INSERTS = BE | ADVERBS | frozenset(("that", "but", "and", "has", "had", "will", "would"))
EXPLETIVES = frozenset("it that there what here he she let who".split())
OBJECTS = frozenset("it that him her them this what his its their the a an as".split())


@dataclass(slots=True)
class Source:
    """The words of an attribution: who, by which cue, and how directly; nobody, where only the cue is there."""

    words: Words
    phrase: Phrase | None
    cue: tuple[int, int]  # among the words
    direct: bool  # whether the cue is bound to the quotation and to nothing else


def behind(words: Words, *, comma: bool, ended: bool) -> Source | None:
    """The attribution that follows a closing mark: '…," Ann Roe said', '…," said Ann Roe', '…" – Ann Roe'.

    comma, ended: whether the quotation closes with a comma, or as a sentence does.
    """
    low, word = words.low, words.word
    first, dash = 0, False
    while first < len(word) and (word[first] in ",;)" or word[first] in DASHES or low[first] in MARKS):
        dash = dash or word[first] in DASHES
        first += 1
    end = _sentence_end(words, first)
    if first >= end:
        return None
    if ended and (dash or (end == len(word) and _byline(words, first, end))):
        return _signature(words, first, end)
    forms = verb_forms()
    start = first
    while (
        start < end
        and (low[start] in ADVERBS or low[start] in ("and", "but", "so", "thus"))
        and not is_name(word[start])
    ):
        start += 1
    if start < end and forms.get(low[start], ("", ""))[1] == "finite":
        kind = forms[low[start]][0]
        phrase = after(words, start + 1, end) if (kind != JUDGE and kind != TELL) or comma else None
        if phrase and low[start + 1] not in OBJECTS - {"the", "a", "an", "his", "her", "its", "their"}:
            return Source(words, phrase, (start, start + 1), direct=True)
    if low[start : start + 2] == ["according", "to"] or low[start : start + 1] == ["per"]:
        name = start + (1 if low[start] == "per" else 2)
        phrase = _author(words, after(words, name, end), end)
        return Source(words, phrase, (start, name), direct=True) if phrase else None
    pointed = _pointed_at(words, start, end, ended=ended)
    if pointed:
        return pointed
    cues = _cue_words()
    for verb in [index for index in range(start + 1, end) if low[index] in cues]:
        form = _form(words, verb)
        if form and form[0] in (TELL, ASK) and low[verb - 1] in BE and form[1] == "finite":
            told = after(words, verb + 2, end) if low[verb + 1 : verb + 2] == ["by"] else None
            return Source(words, told, (verb, verb + 1), direct=told is not None)
        if not form or not _acts(words, verb, form, start):
            continue
        phrase = _whole(words, start, verb) or before(words, verb, first)
        if not phrase:
            continue
        direct = phrase.first <= start + 1 and (comma or (ended and _bare(words, verb, form[0], end)))
        if ended and not direct:
            return None
        if direct or (not ended and (comma or _parenthetical(words, phrase))):
            return Source(words, phrase, (verb, verb + 1), direct)
    return None


def _pointed_at(words: Words, start: int, end: int, *, ended: bool) -> Source | None:
    """'…" was the verdict of Ann Roe', '…" Those were the words of Ann Roe', '…" That was how Ann Roe put it'."""
    low = words.low
    first = start + 1 if ended and low[start] in ("that", "those", "these", "this", "such", "so") else start
    if first >= end or low[first] not in BE or (ended and first == start):
        return None
    for index in range(first + 1, min(end, first + 6)):
        if low[index] in NOUN_CUES and low[index + 1 : index + 2] in (["of"], ["from"]):
            phrase = after(words, index + 2, end)
            return Source(words, phrase, (index, index + 1), direct=True) if phrase else None
        if low[index] in ("how", "what"):
            for verb in range(index + 1, end):
                form = _form(words, verb)
                found = before(words, verb, index + 1) if form and form[1] == "finite" else None
                if found:
                    return Source(words, found, (verb, verb + 1), direct=True)
    return None


def agent(words: Words, cue: tuple[int, int] | None = None) -> Source | None:
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


def _antecedent(words: Words, verb: int) -> Phrase | None:
    """The noun in front of "that" in "a report that said"."""
    that = verb - 1
    while that > 0 and words.low[that] in ADVERBS:
        that -= 1
    if that < 1 or words.low[that] != "that" or words.low[that - 1] not in role_nouns():
        return None
    return ending(words, that - 1, 0)


def _author(words: Words, phrase: Phrase | None, end: int) -> Phrase | None:
    """ "according to a statement from Ann Roe" → Ann Roe."""
    if not phrase or role_nouns().get(words.low[phrase.last - 1], ("",))[0] != "text":
        return phrase
    behind_it = phrase.last + (
        1 if words.low[phrase.last : phrase.last + 1] in (["issued"], ["released"]) else 0
    )
    if words.low[behind_it : behind_it + 1] not in (["by"], ["from"], ["of"]):
        return phrase
    return after(words, behind_it + 1, end) or phrase


@cache
def _cue_words() -> frozenset[str]:
    """All words that can be the cue of an attribution, or the first of one."""
    return frozenset((*verb_forms(), *NOUN_CUES, *PHRASAL, "according", "words", "by"))


def _form(words: Words, index: int) -> tuple[str, str] | None:
    """The class and shape of a verb of speech; "put it" is one, too."""
    following = PHRASAL.get(words.low[index])
    if following and words.low[index + 1 : index + 2] and words.low[index + 1] in following:
        return SAY, "finite"
    return verb_forms().get(words.low[index])


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
        if (
            lower in AUXILIARIES
            or (lower in CLAUSE_STARTS and lower != "and")
            or (lower in ("he", "she", "they") and end - start > 1)
        ):
            return None
        if not is_name(word[index]) and lower in forms and lower not in roles and forms[lower][1] != "base":
            return None
    named = any(is_name(word[i]) or low[i] in roles for i in range(start, end))
    return Phrase(start, end, end) if named and low[start] not in PRONOUNS else None


def leading(words: Words) -> Source | None:
    """The attribution that leads up to an opening mark: 'Ann Roe said that "…', 'According to Ann Roe, "…'."""
    low, word = words.low, words.word
    end = len(word)
    while end and (low[end - 1] in MARKS or word[end - 1] in "(["):
        end -= 1
    if not end:
        return None
    label = _label(words, end)
    if label:
        return label
    forms = verb_forms()
    pending: int | None = None
    weak: Source | None = None
    cues = _cue_words()
    for verb in [index for index in range(end - 1, -1, -1) if low[index] in cues]:
        form = _form(words, verb)
        if (low[verb] == "according" and low[verb + 1 : verb + 2] == ["to"]) or low[verb : verb + 2] == [
            "words",
            "of",
        ]:
            phrase = _author(words, after(words, verb + 2, end), end)
            if phrase:
                return Source(words, phrase, (verb, verb + 2), direct=True)
        if (
            low[verb] == "by"
            and verb
            and forms.get(low[verb - 1])
            and verb + 1 < end
            and _passive(words, verb - 1)
        ):
            phrase = after(words, verb + 1, end)
            if phrase:
                return Source(words, phrase, (verb - 1, verb + 1), direct=True)
        if form and form[0] == TELL and form[1] == "finite" and verb and low[verb - 1] in BE:
            return Source(words, None, (verb, verb + 1), direct=False)
        if low[verb] in NOUN_CUES:
            phrase = _owner(words, verb)
            if phrase:
                owned = Source(words, phrase, (verb, verb + 1), direct=end - verb <= 3)
                judged = _judged(words, phrase)
                if owned.direct and not judged:
                    return owned
                weak = weak or (None if judged or pending is not None else owned)
                continue
        if not form or (is_name(word[verb]) and verb and not word[verb].isupper()):
            continue
        inserted = verb > 1 and word[verb - 1] == "," and form == (SAY, "finite") and low[verb - 2] in INSERTS
        if verb == 0 or low[verb - 1] == "as" or inserted:
            inverted = after(words, verb + 1, end) if form[1] == "finite" and verb + 1 < end else None
            if inverted and inserted and low[inverted.end : inverted.end + 1] in ([","], ["who"]):
                return Source(words, inverted, (verb, verb + 1), direct=True)
            if (
                inverted
                and form[0] == SAY
                and word[end - 1] in ":,"
                and inverted.end >= end - 1
                and not inserted
            ):
                return Source(words, inverted, (verb, verb + 1), direct=True)
        if not _acts(words, verb, form, 0):
            if form[1] == "participle" and verb and is_name(word[verb - 1]) and low[verb - 1] not in TIMES:
                phrase = ending(words, verb - 1, 0, alone=True)
                if phrase and phrase.first and low[phrase.first - 1] in PREPOSITIONS:
                    return Source(words, phrase, (verb, verb + 1), direct=True)
            if (
                form[1] == "participle"
                or (
                    form[0] != THINK and verb and low[verb - 1] in ("to", "by", "of", "before", "after", "in")
                )
                or (form[1] == "finite" and low[verb - 1] not in BE and low[verb] not in role_nouns())
            ):
                pending = pending if pending is not None else verb
            continue
        phrase = _antecedent(words, verb) or before(words, verb, 0)
        if (
            phrase
            and form[0] in (JUDGE, THINK)
            and not _somebody(words, phrase)
            and low[phrase.first] != "it"
        ):
            if verb == end - 1:
                return None  # "a dish called"
            continue
        if not phrase:
            pending = pending if pending is not None else verb
            continue
        cue = (verb, verb + 1) if pending is None else (pending, pending + 1)
        found = Source(words, phrase, cue, direct=True)
        pronoun = phrase.last - phrase.first == 1 and low[phrase.first] in PRONOUNS
        if pronoun and low[phrase.first] in ("i", "we", "you"):
            continue
        if pronoun and low[phrase.first] == "who" and _told(words, phrase.first):
            continue
        if (
            form[0] == THINK
            or low[verb] in VAGUE
            or (pronoun and low[phrase.first] != "who" and (form[0] == JUDGE or form[1] == "base"))
        ):
            weak = weak or found
            continue
        if weak and form[0] not in (SAY, TELL):
            return weak
        return found
    if weak and not (word[end - 1] == ":" and low[weak.cue[0]] in forms and end - weak.cue[1] > 3):
        return weak
    if pending is None and end and word[end - 1] == ":":
        pending = end - 1
    if (
        pending is None
        and end
        and low[end - 1] in ("as", "a", "an", "the")
        and "as" in low[max(0, end - 2) : end]
    ):
        verb = end - 2 if low[end - 1] == "as" else end - 3
        if verb > 0 and low[verb - 1] in BE:
            return None  # "is seen as"
        pending = end - 1
    if pending is not None:
        phrase = subject(words)
        if phrase and _somebody(words, phrase):
            return Source(words, phrase, (pending, pending + 1), direct=True)
        if low[pending] in forms:
            return Source(words, None, (pending, pending + 1), direct=False)
    return None


def _judged(words: Words, phrase: Phrase) -> bool:
    """Whether the claim is what somebody else calls names: "called Ann Roe's claim"."""
    form = verb_forms().get(words.low[phrase.first - 1]) if phrase.first else None
    return bool(form and form[0] == JUDGE)


def _somebody(words: Words, phrase: Phrase) -> bool:
    """Whether a phrase names a person or a body, or stands for one."""
    head = phrase.last - 1
    while head > phrase.first and not words.word[head][0].isalpha():
        head -= 1
    low = words.low
    if is_name(words.word[head]) or low[head] in (
        "he",
        "she",
        "they",
        "who",
        "which",
        "it",
        "one",
        "others",
        "another",
        "some",
        "many",
    ):
        return low[head] not in DETERMINERS or low[head] in ("another", "some", "many", "one")
    return any(low[i] in role_nouns() for i in range(phrase.first, phrase.last))


def _told(words: Words, who: int) -> bool:
    """Whether "who" is somebody who was told something: "told a woman who suggested that"."""
    phrase = ending(words, who - 1, 0)
    form = verb_forms().get(words.low[phrase.first - 1]) if phrase and phrase.first else None
    return bool(form and form[0] == TELL)


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
            or (low[first].endswith(("ing", "ed")) and not is_name_inside(words, first))
        )
        phrase = None if opening else after(words, first, end)
        if phrase:
            return phrase
        comma = next((i for i in range(first, end) if word[i] == ","), -1)
        if comma < 0:
            return None
        first = comma + 1
    return None


def is_name_inside(words: Words, index: int) -> bool:
    """Whether a word that begins a sentence is followed by a name: "Ed Miller"."""
    return index + 1 < len(words.word) and is_name(words.word[index + 1])


def _label(words: Words, end: int) -> Source | None:
    """'Ann Roe: "…' – a name and a colon, without a verb."""
    if words.word[end - 1] != ":" or end < 2 or end > 14:
        return None
    low = words.low
    if any(
        low[i] in verb_forms() and low[i] not in role_nouns() and not is_name(words.word[i])
        for i in range(end - 1)
    ):
        return None
    if low[0] in NOUN_CUES or low[0] in PREPOSITIONS:
        if low[:1] == ["from"] and end > 2:
            phrase = after(words, 1, end - 1)
            return Source(words, phrase, (0, 1), direct=True) if phrase else None
        return None
    if not is_name(words.word[0]):
        return None
    phrase = after(words, 0, end - 1)
    if not phrase or phrase.end < end - 1 or low[phrase.last - 1] in NOUN_CUES:
        return None
    return Source(words, phrase, (end - 1, end), direct=True)


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
    return Source(words, Phrase(phrase.first, phrase.last, longer), (max(0, first - 1), first), direct=True)


def _sentence_end(words: Words, first: int) -> int:
    for index in range(first, len(words.word)):
        if words.is_stop(index):
            return index
    return len(words.word)


def _acts(words: Words, verb: int, form: tuple[str, str], lowest: int) -> bool:
    """Whether a form of a verb of speech is one that has a subject in front of it here."""
    low, word = words.low, words.word
    kind, shape = form
    if verb <= lowest or (is_name(word[verb]) and not word[verb].isupper()):
        return False
    previous = low[verb - 1]
    if low[verb] in role_nouns() or low[verb] in NOUN_CUES:
        # "report", "comment", "tweets": a verb only right behind its subject.
        if (
            previous in DETERMINERS
            or previous in PREPOSITIONS
            or previous in POSSESSIVES
            or previous.endswith(("’s", "'s"))
        ):
            return False
        bare = previous not in AUXILIARIES and previous not in PRONOUNS and not _plural(words, verb - 1)
        if shape != "finite" and bare:
            return False
    if previous.endswith(("’s", "'s")) and previous not in AUXILIARIES and shape != "participle":
        return False
    if previous in BE or (previous in ADVERBS and verb - 2 >= lowest and low[verb - 2] in BE):
        # "was quoted as saying", "was asked": not the one who speaks, but for "is saying".
        return shape == "participle" or low[verb] in ("quoted", "cited", "heard")
    if shape == "finite":
        return previous not in PREPOSITIONS or previous in (
            "and",
            "but",
            "while",
            "when",
            "as",
            "though",
            "although",
        )
    if shape == "base":
        return _auxiliary_before(words, verb, lowest) or previous in PRONOUNS or _plural(words, verb - 1)
    return False


def _auxiliary_before(words: Words, verb: int, lowest: int) -> bool:
    index = verb - 1
    while index >= lowest and words.low[index] in ADVERBS:
        index -= 1
    return index >= lowest and words.low[index] in AUXILIARIES and words.low[index] not in BE


def _plural(words: Words, index: int) -> bool:
    kind = role_nouns().get(words.low[index])
    couple = is_name(words.word[index]) and "and" in words.low[max(0, index - 3) : index]
    return bool(kind and kind[0] == "people") or couple


def _passive(words: Words, verb: int) -> bool:
    low = words.low
    return low[verb].endswith(("ed", "n", "d")) and not is_name(words.word[verb])


def _owner(words: Words, noun: int) -> Phrase | None:
    """Whose claim it is: "Ann Roe's claim", "his claim", "the ministry's earlier statement"."""
    low, word = words.low, words.word
    for index in range(noun - 1, max(-1, noun - 5), -1):
        if low[index] in POSSESSIVES:
            return Phrase(index, index + 1, index + 1)
        if low[index].endswith(("’s", "'s")):
            return ending(words, index, 0)
        if word[index] in "’'" and index and low[index - 1].endswith("s"):
            return ending(words, index - 1, 0)
        if low[index] in PREPOSITIONS or low[index] in DETERMINERS or not word[index][0].isalpha():
            break
    if low[noun + 1 : noun + 2] == ["by"]:
        return after(words, noun + 2, len(word))
    return None


def _bare(words: Words, verb: int, kind: str, end: int) -> bool:
    """Whether a verb has no clause of its own behind it: then it belongs to the finished quotation."""
    low = words.low
    following = verb + 1
    while following < end and low[following] in ADVERBS:
        following += 1
    if following >= end or not words.word[following][0].isalpha():
        return True
    if kind == TELL or low[verb] in ("asked", "told"):
        return low[following] not in ("that", "if", "whether", "why", "how") and not any(
            low[i] in ("that", "to", "whether", "if") for i in range(following, min(end, following + 5))
        )
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
