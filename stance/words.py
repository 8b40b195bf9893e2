"""The words and punctuation of a stretch of an article, and where each stands."""

import re

from stance.lexicon import ABBREVIATIONS, TITLES, given_names

TOKEN = re.compile(
    r" ?(\w(?:\w++(?:[’'‑&-]\w++)*+|\.(?:[A-Za-z]\.)+|(?:[’'‑&-]\w++)*+)|[^\w\s&-]|\n|--+|&#?\w+;|[&-])"
)
DASHES = frozenset("–—―-") | {"--", "---"}
# A pronoun and its verb are two words: "he’s", "they’d"; "it’s" is left alone, it seldom speaks.
CONTRACTED = {
    f"{pronoun}{mark}{verb}": (pronoun, f"{mark}{verb}")
    for form in ("he", "she", "they")
    for pronoun in (form, form.capitalize())
    for mark in "’'"
    for verb in ("s", "d", "ll", "re", "ve")
}
OTHERWISE = frozenset(("He", "May", "Under", *CONTRACTED))  # "He" may be part of a name, "Under" of an office
MARKS = frozenset("\"“”„«»'‘’`*_>•")
LINKING = frozenset(
    "of for at in from with on to de la von van der den del al bin bint el da di du le".split()
)


class Words:
    """The words and punctuation of a stretch of an article."""

    __slots__ = ("_article", "_offsets", "end", "low", "start", "word")

    def __init__(self, article: str, start: int, end: int) -> None:
        self._article, self.start, self.end = article, start, end
        self.word = TOKEN.findall(article, start, end)
        otherwise = not OTHERWISE.isdisjoint(self.word)
        if otherwise:
            self.word = [part for word in self.word for part in CONTRACTED.get(word, (word,))]
        self.low = [word.lower() for word in self.word]
        if "&" in article[start:end]:
            self.low = [
                '"' if word[0] == "&" and word[-1] == ";" else low
                for word, low in zip(self.word, self.low, strict=True)
            ]
        if otherwise:
            self._keep_apart_the_names()
        self._offsets: list[int] = []

    def _keep_apart_the_names(self) -> None:
        """ "He" beside another name is one, too, "May" behind one: "Liu He", "He Lifeng", "Theresa May"."""
        for index, word in enumerate(self.word):
            if (
                word == "May"
                and index
                and (self.word[index - 1] in given_names() or self.low[index - 1] in TITLES)
            ):
                self.low[index] = "may (name)"
            if word == "Under" and self.word[index + 1 : index + 2] == ["Secretary"]:
                self.low[index] = "under (office)"
            beside = [self.word[i] for i in (index - 1, index + 1) if 0 <= i < len(self.word)]
            if word == "He" and any(is_name(other) and len(other) > 1 for other in beside):
                self.low[index] = "he (name)"

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Where the words from first to last, excluded, stand in the article."""
        offsets = self._offsets
        known = len(offsets)
        if known < last:
            find = self._article.find
            place = offsets[-1] + len(self.word[known - 1]) if known else self.start
            for word in self.word[known:last]:
                place = find(word, place)
                offsets.append(place)
                place += len(word)
        return offsets[first], offsets[last - 1] + len(self.word[last - 1])

    def text(self, first: int, last: int) -> str:
        """The words from first to last, excluded, as the article has them, on one line."""
        start, end = self.span(first, last)
        return " ".join(self._article[start:end].split())

    def is_stop(self, index: int) -> bool:
        """Whether a sentence ends at this word."""
        word = self.word[index]
        if word in "!?\n":
            return True
        if word != ".":
            return False
        following = self.word[index + 1] if index + 1 < len(self.word) else "\n"
        last = self.low[index - 1].rpartition("-")[2] if index else ""
        if last in ABBREVIATIONS or (len(last) == 1 and last.isalpha()):
            return following == "\n"
        return not following[0].islower() and following not in ",;)"


def is_name(word: str) -> bool:
    """Whether a word could belong to a name."""
    return word[0].isupper() or (
        word[:2] in ("al", "el", "d’", "d'") and word[2:3] in "-’'" and len(word) > 4
    )
