"""What a model must beat: the commonest label, the speaker alone, words alone, tone taken for stance."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from stance.calibration import Floats
from stance.labels import Axis
from stance.quotes import Quote
from training.dataset import ATTRIBUTED, BARE, FORMS
from training.labelled import Example

Guess = Callable[[Sequence[Example]], list[str]]
Learn = Callable[[Sequence[Example], Axis], Guess]

FOLDS = 5
# Of the tones that the model has found, which need no label of their own.
TONE = {"negative": "accusatory", "neutral": "defensive", "positive": "conciliatory"}
SENTIMENT_AS_STANCE = "sentiment read as stance"
FROZEN = "frozen embeddings and logistic regression"


def majority(train: Sequence[Example], axis: Axis) -> Guess:
    """The commonest label of the training rows, for every row."""
    labels = [example.labels[axis.name] for example in train]
    commonest = max(axis.labels, key=labels.count)
    return lambda test: [commonest] * len(test)


def speaker_only(train: Sequence[Example], axis: Axis) -> Guess:
    """Logistic regression on the words of the speaker's description alone."""
    return _regressed(train, axis, lambda example: example.quote.speaker or "nobody")


def words_only(train: Sequence[Example], axis: Axis) -> Guess:
    """Logistic regression on TF-IDF of words and letters of quotation and speaker."""
    return _regressed(train, axis, lambda example: f"{example.quote.text} | {example.quote.speaker or ''}")


WORDS = "TF-IDF and logistic regression"
BASELINES: dict[str, Learn] = {
    "commonest label": majority,
    "speaker alone": speaker_only,
    WORDS: words_only,
}


@dataclass
class Baselines:
    """Simple models, each of which learns once.

    train: labelled rows to learn from; None: the rows that are to be labelled, cross-validated.
    embed: quotations → their embeddings [quotes, width], for one baseline more.
    """

    train: Sequence[Example] | None = None
    embed: Callable[[Sequence[Quote]], Floats] | None = None
    _guesses: dict[tuple[str, str, str], Guess] = field(default_factory=dict, init=False)
    _embedded: dict[Quote, Any] = field(default_factory=dict, init=False)

    def predicted(
        self, axis: Axis, examples: Sequence[Example], form: str = ATTRIBUTED
    ) -> dict[str, list[str]]:
        """The labels of each baseline for examples that all have one; of bare quotations only by words.

        form: of input. Nothing where no row to learn from has a label of the axis.
        """
        learnt = None
        if self.train is not None:
            learnt = [example for example in self.train if example.labels.get(axis.name)]
            if not learnt:
                return {}
        known: Mapping[str, Learn] = {WORDS: words_only} if form == BARE else BASELINES
        if self.embed and form != BARE:
            known = {**known, FROZEN: self._frozen}
        shown = _shown(examples, form)
        return {name: self._of(name, learn, axis, shown, learnt, form) for name, learn in known.items()}

    def _of(
        self,
        name: str,
        learn: Learn,
        axis: Axis,
        examples: Sequence[Example],
        train: Sequence[Example] | None,
        form: str,
    ) -> list[str]:
        if not train:
            return cross_validated(learn, axis, examples)
        place = name, axis.name, form
        if place not in self._guesses:
            self._guesses[place] = learn(_shown(train, form), axis)
        return self._guesses[place](examples)

    def _frozen(self, train: Sequence[Example], axis: Axis) -> Guess:
        """Logistic regression on embeddings of quotation and speaker that nothing was fitted to."""
        labels = [example.labels[axis.name] for example in train]
        if len(set(labels)) < 2:
            return majority(train, axis)
        model = make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced", max_iter=1000))
        with threadpool_limits(1):
            model.fit(self._features(train), labels)
        return lambda test: [str(label) for label in model.predict(self._features(test))]

    def _features(self, examples: Sequence[Example]) -> Floats:
        assert self.embed is not None
        quotes = [example.quote for example in examples]
        new = list(dict.fromkeys(quote for quote in quotes if quote not in self._embedded))
        if new:
            self._embedded.update(zip(new, self.embed(new), strict=True))
        return np.array([self._embedded[quote] for quote in quotes])


def cross_validated(learn: Learn, axis: Axis, examples: Sequence[Example]) -> list[str]:
    """A baseline's labels for examples that all have one, learnt from the others of them.

    Cross-validation over groups (over rows where all are of one) gives the baseline rows from where the
    model may have seen none. The commonest label of all examples is one answer for all of them.
    """
    if learn is majority:
        return majority(examples, axis)(examples)
    groups: Sequence[str | int] = [example.group for example in examples]
    if len(set(groups)) < 2:
        groups = range(len(examples))
    folds = min(FOLDS, len(set(groups)))
    if folds < 2:
        return learn([], axis)(examples)
    found = [""] * len(examples)
    for rest, held_out in GroupKFold(folds).split(groups, groups=groups):
        labels = learn([examples[i] for i in rest], axis)([examples[i] for i in held_out])
        for place, label in zip(held_out, labels, strict=True):
            found[place] = label
    return found


def reads_tone_as_stance(axis: Axis, tones: Sequence[str]) -> bool:
    """Whether an axis and the labels of another one are those that people take for one another."""
    return axis.name == "stance" and set(TONE.values()) <= set(axis.labels) and set(tones) <= set(TONE)


def _shown(examples: Sequence[Example], form: str) -> list[Example]:
    return [replace(example, quote=FORMS[form](example.quote)) for example in examples]


def _regressed(train: Sequence[Example], axis: Axis, text: Callable[[Example], str]) -> Guess:
    labels = [example.labels[axis.name] for example in train]
    if len(set(labels)) < 2:
        return majority(train, axis)
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"(?u)\b\w+\b")
    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True)
    # On many sparse columns this solver takes a third of the time of the default one, and less in one thread
    # than in several.
    regression = LogisticRegression(C=10, class_weight="balanced", solver="newton-cg")
    model = make_pipeline(make_union(words, letters), regression)
    with threadpool_limits(1):
        model.fit([text(example) for example in train], labels)
    return lambda test: [str(label) for label in model.predict([text(example) for example in test])]
