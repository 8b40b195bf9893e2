"""The attribution in front of a quotation: 'Ann Roe said that "…', 'According to Ann Roe, "…'."""

from stance.cues import BE, Source, acts, author, cue_words, form_at, somebody, subject
from stance.lexicon import (
    ADVERBS,
    AUXILIARIES,
    DETERMINERS,
    JUDGE,
    NOBODIES,
    NOUN_CUES,
    POSSESSIVES,
    PREPOSITIONS,
    PRONOUNS,
    QUOTING,
    SAY,
    TELL,
    THINK,
    TIMES,
    role_nouns,
    verb_forms,
)
from stance.phrases import Phrase, after
from stance.subjects import before, ending
from stance.words import MARKS, Words, is_name

# Verbs behind which somebody else may still be the one who speaks: "Ann Roe said Jo Poole agreed to a …".
VAGUE = frozenset(
    "agree agreed agrees offer offered offers continue continued continues promise repeat repeats "
    "repeated express expressed expresses voice voiced voices lodge lodged lodges".split()
)
INSERTS = BE | ADVERBS | frozenset(("that", "but", "and", "has", "had", "will", "would"))
ISSUED = frozenset("issued released published sent posted wrote written tweeted signed".split())
CHARGES = frozenset("charge charges charged".split())  # "charged that", but "charged with", "the charges"
ADJUNCTS = frozenset("to by of before after in".split())


def leading(words: Words) -> Source | None:
    """The attribution that leads up to an opening mark; None where nothing says that somebody speaks."""
    end = len(words.word)
    while end and (words.low[end - 1] in MARKS or words.word[end - 1] in "(["):
        end -= 1
    if not end:
        return None
    return _label(words, end) or _Lead(words, end).source()


class _Lead:
    """A look at the cues in front of a quotation, from the nearest one back."""

    def __init__(self, words: Words, end: int) -> None:
        self._words, self._end = words, end
        self._weak: Source | None = None  # counts where nothing better comes
        self._pending: int | None = None  # a verb whose subject is not found yet
        self._void = False  # whether the words in front rule out that somebody speaks

    def source(self) -> Source | None:
        """The best attribution of all cues."""
        low, cues = self._words.low, cue_words()
        for index in [index for index in range(self._end - 1, -1, -1) if low[index] in cues]:
            found = self._fixed(index) or self._owned(index) or self._verb(index)
            if found or self._void:
                return found
        return self._last_resort()

    def _fixed(self, index: int) -> Source | None:
        """ "according to", "in the words of", "condemned by", "was told"."""
        words, low, end = self._words, self._words.low, self._end
        if low[index : index + 2] in (["according", "to"], ["words", "of"]):
            phrase = author(words, after(words, index + 2, end), end)
            return Source(words, phrase, (index, index + 2), direct=True) if phrase else None
        if low[index] == "by" and index and index + 1 < end:
            passive = low[index - 1] in verb_forms() and low[index - 1].endswith(("d", "n"))
            phrase = after(words, index + 1, end) if passive and not is_name(words.word[index - 1]) else None
            return Source(words, phrase, (index - 1, index + 1), direct=True) if phrase else None
        if low[index - 1 : index + 1] == ["as", "saying"]:
            quoted = next((i for i in range(index - 2, -1, -1) if low[i] in QUOTING), index)
            phrase = after(words, quoted + 1, index - 1)
            return Source(words, phrase, (quoted, quoted + 1), direct=True) if phrase else None
        if form_at(words, index) == (TELL, "finite") and index and low[index - 1] in BE:
            return Source(words, None, (index, index + 1), direct=False)
        return None

    def _owned(self, index: int) -> Source | None:
        """ "Ann Roe's claim that"."""
        words = self._words
        phrase = _owner(words, index) if words.low[index] in NOUN_CUES else None
        if not phrase:
            return None
        found = Source(words, phrase, (index, index + 1), direct=self._end - index <= 3)
        judged = _after_verb_of(JUDGE, words, phrase)  # "called Ann Roe's claim"
        if found.direct and not judged:
            return found
        if not judged and self._pending is None:
            self._weak = self._weak or found
        return None

    def _verb(self, index: int) -> Source | None:
        words = self._words
        form = form_at(words, index)
        noun = words.low[index] in NOUN_CUES and _owner(words, index)
        if words.low[index] in CHARGES and words.low[index + 1 : index + 2] != ["that"]:
            return None
        belongs = index > 0 and words.low[index] in ISSUED and words.low[index - 1] in NOUN_CUES
        if (
            not form
            or noun
            or belongs
            or (is_name(words.word[index]) and index and not words.word[index].isupper())
        ):
            return None
        inverted = self._inverted(index, form)
        if inverted:
            return inverted
        if not acts(words, index, form, 0):
            return self._without_subject(index, form)
        phrase = _antecedent(words, index) or before(words, index, 0)
        if not phrase:
            self._wait(index)
            return None
        if form[0] in (JUDGE, THINK) and not somebody(words, phrase):
            self._void = index == self._end - 1  # "a dish called"
            return None
        return self._ranked(index, form, phrase)

    def _ranked(self, index: int, form: tuple[str, str], phrase: Phrase) -> Source | None:
        """A verb with its subject, unless a better one may stand before it."""
        words, low = self._words, self._words.low
        first = low[phrase.first] if phrase.last - phrase.first == 1 else ""
        if first in ("i", "we", "you") or (first == "who" and self._is_nobody(phrase.first - 1)):
            return None
        cue = index if self._pending is None else self._pending
        found = Source(words, phrase, (cue, cue + 1), direct=True)
        resolved = first in PRONOUNS and first != "who" and (form[0] == JUDGE or form[1] == "base")
        resolved = resolved or (first == "it" and _after_verb_of(SAY, words, phrase))  # "She says it shows"
        if form[0] == THINK or low[index] in VAGUE or resolved:
            self._weak = self._weak or found
            return None
        return self._weak if self._weak and form[0] not in (SAY, TELL) else found

    def _is_nobody(self, index: int) -> bool:
        """Whether who is told, or nobody in particular, stands before "who": "anybody who complains"."""
        owner = ending(self._words, index, 0)
        told = _after_verb_of(TELL, self._words, owner)
        return told or self._words.low[index] in NOBODIES

    def _inverted(self, index: int, form: tuple[str, str]) -> Source | None:
        """'As said Ann Roe: "…', 'It was, said Ann Roe, "…'."""
        words, low, end = self._words, self._words.low, self._end
        inserted = form == (SAY, "finite") and index > 1 and words.word[index - 1] == ","
        inserted = inserted and low[index - 2] in INSERTS
        if form[1] != "finite" or not (index == 0 or low[index - 1] == "as" or inserted):
            return None
        phrase = after(words, index + 1, end)
        if not phrase:
            return None
        if inserted:
            fits = low[phrase.end : phrase.end + 1] in ([","], ["who"])
        else:
            fits = form[0] == SAY and words.word[end - 1] in ":," and phrase.end >= end - 1
        return Source(words, phrase, (index, index + 1), direct=True) if fits else None

    def _without_subject(self, index: int, form: tuple[str, str]) -> Source | None:
        """ "footage of Ann Roe saying"; else a verb that waits for the subject of its sentence."""
        words, low = self._words, self._words.low
        kind, shape = form
        if shape == "participle" and index and is_name(words.word[index - 1]) and low[index - 1] not in TIMES:
            phrase = ending(words, index - 1, 0, alone=True)
            if phrase and phrase.first and low[phrase.first - 1] in PREPOSITIONS:
                return Source(words, phrase, (index, index + 1), direct=True)
        infinitive = kind != THINK and index > 0 and low[index - 1] in ADJUNCTS
        finite = shape == "finite" and low[index - 1] not in BE and low[index] not in role_nouns()
        if shape == "participle" or infinitive or finite:
            self._wait(index)
        return None

    def _wait(self, index: int) -> None:
        if self._pending is None:
            self._pending = index

    def _last_resort(self) -> Source | None:
        """The subject of the sentence, where a verb, a colon or "as" shows that somebody speaks."""
        words, low, end, weak = self._words, self._words.low, self._end, self._weak
        colon = words.word[end - 1] == ":"
        if weak and self._is_object(weak):
            weak = None
        if weak and not (colon and low[weak.cue[0]] in verb_forms() and end - weak.cue[1] > 3):
            return weak
        if colon:
            self._wait(end - 1)
        if (
            self._pending is None
            and low[end - 1] in ("as", "a", "an", "the")
            and "as" in low[max(0, end - 2) : end]
        ):
            verb = end - (2 if low[end - 1] == "as" else 3)
            if verb > 0 and low[verb - 1] in BE:
                return None  # "is seen as"
            self._pending = end - 1
        if self._pending is None:
            return None
        cue = (self._pending, self._pending + 1)
        phrase = subject(words)
        if phrase and somebody(words, phrase):
            return Source(words, phrase, cue, direct=True)
        return Source(words, None, cue, direct=False) if low[self._pending] in verb_forms() else None

    def _is_object(self, weak: Source) -> bool:
        """Whether somebody else says so: "a letter saying that Ann Roe had shown"."""
        waits = self._pending
        if waits is None or not weak.phrase or waits >= weak.phrase.first:
            return False
        form = verb_forms().get(self._words.low[waits])
        return bool(form and form[0] == SAY) and self._words.low[waits + 1] == "that"


def _after_verb_of(kind: str, words: Words, phrase: Phrase | None) -> bool:
    """Whether a verb of some class stands right in front of a phrase."""
    form = verb_forms().get(words.low[phrase.first - 1]) if phrase and phrase.first else None
    return bool(form and form[0] == kind)


def _antecedent(words: Words, verb: int) -> Phrase | None:
    """The noun in front of "that" in "a report that said"."""
    that = verb - 1
    while that > 0 and words.low[that] in ADVERBS:
        that -= 1
    if that < 1 or words.low[that] != "that" or words.low[that - 1] not in role_nouns():
        return None
    found = ending(words, that - 1, 0)
    if found and words.low[that - 1] in NOUN_CUES and found.first and words.low[found.first - 1] in ISSUED:
        return subject(words) or found  # "The ministry has released a statement that says"
    return found


def _label(words: Words, end: int) -> Source | None:
    """'Ann Roe: "…', 'Said Ann Roe: "…', 'The Daily Post reports: "…' – a name and a colon."""
    if words.word[end - 1] != ":" or end < 2 or end > 14:
        return None
    low = words.low
    if any(low[i] in AUXILIARIES or low[i] in PRONOUNS for i in range(end - 1)):
        return None
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
    forms = verb_forms()
    opens = forms.get(low[0], ("", ""))[1] == "finite"
    captioned = 2 if low[1] == "caption" else 0  # "Media caption Ann Roe:"
    phrase = after(words, 1 if opens else captioned, end - 1)
    if phrase and phrase.end == end - 1 and _is_verb_behind_name(words, end - 2):
        return Source(words, Phrase(phrase.first, end - 2, end - 2), (end - 2, end - 1), direct=True)
    if not phrase or phrase.end < end - 1 or low[phrase.last - 1] in NOUN_CUES:
        return None
    return Source(words, phrase, (end - 1, end), direct=True)


def _is_verb_behind_name(words: Words, index: int) -> bool:
    """Whether a word that is a noun, too, is a verb here: "The Daily Post reports"."""
    form = verb_forms().get(words.low[index])
    return bool(
        form and form[1] == "finite" and words.word[index].islower() and is_name(words.word[index - 1])
    )


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
