"""Whom a pronoun means: the most salient of the people or bodies that the sentences before it name."""

from dataclasses import dataclass

from stance.forms import Name, agrees, name_of
from stance.lexicon import role_nouns
from stance.mentions import Mention
from stance.phrases import Phrase
from stance.resolver import Resolver, name_in
from stance.words import Words

FEMALE = frozenset("she her".split())
SUBJECT, MENTION, AGAIN = 220.0, 100.0, 120.0
PARAGRAPHS, REACH = 4, 4  # paragraphs and sentences in which an antecedent is looked for
LONG_GAP = 800  # characters between a quotation and a pronoun that means its speaker, if nobody else is named
FAR = 2000  # characters from a speaker to a pronoun before which nobody who could be meant is named
NEAR_GAP = 600  # the same for "it" and "they"
LAST_SPEAKER = 200.0
UNSURE = 0.4  # of the weight where nothing tells the gender, or that it is a person


@dataclass(slots=True)
class Last:
    """The speaker of the quotation before: the form of the name, and where that quotation ends."""

    name: str | None = None
    end: int = -1


class Pronouns:
    """Resolves the pronouns of one article."""

    def __init__(self, article: str, resolver: Resolver) -> None:
        self._article = article
        self._resolver = resolver
        self._names, self._mentions = resolver.names, resolver.mentions
        self._genders: dict[str, str] = {}  # of speakers whom a pronoun has meant
        self._heard: dict[str, int] = {}  # the speakers so far, and where each ended last

    def heard(self, name: str, end: int) -> None:
        """Takes note of a speaker, the end of whose quotation is given."""
        self._heard.pop(name, None)
        self._heard[name] = end

    def could_be(self, words: Words, phrase: Phrase, pronoun: str) -> bool:
        """Whether a phrase is one that a pronoun behind it in its sentence can mean."""
        name = name_of(words, phrase)
        low = words.low[phrase.first : phrase.last]
        kinds = [role_nouns()[word] for word in low if word in role_nouns()]
        if pronoun in ("it", "its"):
            return not any(kind == "person" for kind, _ in kinds) and (bool(name) or bool(kinds))
        if pronoun in ("they", "their"):
            return bool(name) or bool(kinds)
        wanted = "f" if pronoun in FEMALE else "m"
        title = low[0].rstrip(".")
        person = any(kind == "person" for kind, _ in kinds)
        if name and (person or self._names.is_human(name, title)):
            return self._names.gender(name, title) in ("", wanted)
        return person and not name and all(gender in ("", wanted) for _, gender in kinds)

    def meant_by(self, pronoun: str, place: int, last: Last) -> str | None:
        """Whom a pronoun means, of the people or bodies of the sentences before it; None where nobody fits.

        Salience as in Lappin and Leass (1994), An algorithm for pronominal anaphora resolution, without a
        parser as in Kennedy and Boguraev (1996): a subject counts more, a sentence further away half as much.
        """
        if pronoun in ("it", "its", "they", "their"):
            return self._body_meant(place, last, plural=pronoun in ("they", "their"))
        wanted = "f" if pronoun in FEMALE else "m"
        found = (
            last.name if self._undisturbed(last, place, wanted) else self._most_salient(wanted, place, last)
        )
        if found:
            self._genders.setdefault(found, wanted)
        return found

    def _most_salient(self, wanted: str, place: int, last: Last) -> str | None:
        scores: dict[Name, float] = {}
        people: dict[Name, Mention] = {}
        for sentence in self._sentences_before(place):
            for name in scores:
                scores[name] /= 2
            for mention in sentence:
                if mention.place < place:
                    self._weigh(mention, wanted, scores, people)
        self._add_last(scores, wanted, place, last)
        if not scores:
            return last.name if last.name and self._fits(last.name, wanted) else self._heard_of(wanted, place)
        best = max(scores, key=lambda key: scores[key])
        return self._resolver.form_of(people[best], place) if best in people else last.name

    def _heard_of(self, wanted: str, place: int) -> str | None:
        """The latest speaker of a gender, where the sentences between name nobody else."""
        near = [name for name, end in self._heard.items() if place - end < FAR]
        return next((name for name in reversed(near) if self._gender_of(name) == wanted), None)

    def _sentences_before(self, place: int) -> list[list[Mention]]:
        """The mentions in the sentences before a place, in text order.

        At most REACH sentences, beside those that only hold a pronoun: they go on about somebody.
        """
        found: list[list[Mention]] = []
        counted = 0
        for line in self._mentions.lines_before(place, PARAGRAPHS):
            end = min(place, self._mentions.end_of(line))
            for sentence in reversed(self._mentions.in_paragraph(line, end)):
                counted += not sentence or any(mention.name for mention in sentence)
                found.append(sentence)
                if counted == REACH:
                    return found[::-1]
        return found[::-1]

    def _weigh(
        self, mention: Mention, wanted: str, scores: dict[Name, float], people: dict[Name, Mention]
    ) -> None:
        """Adds a mention to the salience of its person; a pronoun to that of the one it most likely means."""
        if not mention.name:
            if scores and mention.gender == wanted:
                scores[max(scores, key=lambda key: scores[key])] += AGAIN
            return
        if mention.gender not in ("", wanted):
            return
        weight = SUBJECT if mention.first else MENTION
        weight *= (1 if mention.gender else UNSURE) * (1 if mention.sure else UNSURE)
        key = next((known for known in scores if agrees(known, mention.name)), mention.name)
        scores[key] = scores.get(key, 0) + weight
        people[key] = mention

    def _add_last(self, scores: dict[Name, float], wanted: str, place: int, last: Last) -> None:
        name = name_in(last.name) if last.name else ()
        if not last.name or not name or not self._has_gender(last.name, wanted):
            return
        between = self._article.count(". ", last.end, place) + self._article.count("\n\n", last.end, place)
        key = next((known for known in scores if agrees(known, name)), name)
        scores[key] = scores.get(key, 0) + LAST_SPEAKER * 0.5 ** min(between, REACH)

    def _gender_of(self, text: str) -> str:
        """f, m, nothing where it is not known, or "none" where it is no name."""
        if text in self._genders:
            return self._genders[text]
        name = name_in(text)
        return self._names.gender(name, _title(text)) if name else "none"

    def _has_gender(self, text: str, wanted: str) -> bool:
        gender = self._gender_of(text)
        if gender:
            return gender == wanted
        nouns = (role_nouns().get(word.lower().rstrip(","), ("",))[0] for word in text.split())
        return "person" in nouns or self._names.is_human(name_in(text), _title(text))

    def _undisturbed(self, last: Last, place: int, wanted: str) -> bool:
        """Whether nobody else who could be meant is named between the last quotation and a pronoun."""
        if not last.name or not 0 <= last.end < place or place - last.end > LONG_GAP:
            return False
        if not self._has_gender(last.name, wanted):
            return False
        speaker = name_in(last.name)
        return not any(
            mention.name and mention.gender in ("", wanted) and not agrees(mention.name, speaker)
            for mention in self._mentions.between(last.end, place)
        )

    def _fits(self, text: str, wanted: str) -> bool:
        """Whether a speaker such as "a spokeswoman" can be meant."""
        if self._gender_of(text) not in ("", "none", wanted):
            return False
        nouns = [role_nouns()[word] for word in text.lower().replace(",", "").split() if word in role_nouns()]
        return any(kind == "person" and gender in ("", wanted) for kind, gender in nouns)

    def _body_meant(self, place: int, last: Last, *, plural: bool) -> str | None:
        """The body or group that "it" or "they" means: the last speaker, else the subject of a sentence."""
        if (
            last.name
            and self._resolver.is_body(last.name, plural=plural, strictly=True)
            and place - last.end < NEAR_GAP
        ):
            return last.name
        for text, words, phrase in self._mentions.subjects(place):
            if self._resolver.is_body(text, plural=plural):
                return self._resolver.named(words, phrase)
        return None


def _title(text: str) -> str:
    """The first word of a speaker, which may be a title: "mr", "sen"."""
    return text.partition(" ")[0].lower().rstrip(".")
