"""What a model must beat: the commonest label, the speaker alone, words alone, tone taken for stance."""

from collections.abc import Callable, Sequence

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline, make_union
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from stance.labels import Axis
from training.labelled import Example

Predict = Callable[[Sequence[Example], Axis, Sequence[Example]], list[str]]

FOLDS = 5
# Of the tones that the model has found, which need no label of their own.
TONE = {"negative": "accusatory", "neutral": "defensive", "positive": "conciliatory"}
SENTIMENT_AS_STANCE = "sentiment read as stance"


def majority(train: Sequence[Example], axis: Axis, test: Sequence[Example]) -> list[str]:
    """The commonest label of the training rows, for every row."""
    labels = [example.labels[axis.name] for example in train]
    return [max(axis.labels, key=labels.count)] * len(test)


def speaker_only(train: Sequence[Example], axis: Axis, test: Sequence[Example]) -> list[str]:
    """Logistic regression on the words of the speaker's description alone."""
    return _regressed(train, axis, test, lambda example: example.quote.speaker or "nobody")


def words_only(train: Sequence[Example], axis: Axis, test: Sequence[Example]) -> list[str]:
    """Logistic regression on TF-IDF of words and letters of quotation and speaker."""
    return _regressed(
        train, axis, test, lambda example: f"{example.quote.text} | {example.quote.speaker or ''}"
    )


BASELINES: dict[str, Predict] = {
    "commonest label": majority,
    "speaker alone": speaker_only,
    "TF-IDF and logistic regression": words_only,
}


def predicted(
    predict: Predict, axis: Axis, examples: Sequence[Example], train: Sequence[Example] | None
) -> list[str]:
    """A baseline's labels for examples that all have one.

    train: labelled rows to learn from; None: the other examples, by cross-validation over groups (over
    rows where all are of one), which gives the baseline rows from where the model may have seen none. The
    commonest label of all examples is one answer for all of them.
    """
    if not train and predict is majority:
        return majority(examples, axis, examples)
    if train:
        return predict([example for example in train if example.labels.get(axis.name)], axis, examples)
    groups: Sequence[str | int] = [example.group for example in examples]
    if len(set(groups)) < 2:
        groups = range(len(examples))
    folds = min(FOLDS, len(set(groups)))
    if folds < 2:
        return predict([], axis, examples)
    found = [""] * len(examples)
    for rest, held_out in GroupKFold(folds).split(groups, groups=groups):
        labels = predict([examples[i] for i in rest], axis, [examples[i] for i in held_out])
        for place, label in zip(held_out, labels, strict=True):
            found[place] = label
    return found


def reads_tone_as_stance(axis: Axis, tones: Sequence[str]) -> bool:
    """Whether an axis and the labels of another one are those that people take for one another."""
    return axis.name == "stance" and set(TONE.values()) <= set(axis.labels) and set(tones) <= set(TONE)


def _regressed(
    train: Sequence[Example], axis: Axis, test: Sequence[Example], text: Callable[[Example], str]
) -> list[str]:
    labels = [example.labels[axis.name] for example in train]
    if len(set(labels)) < 2:
        return majority(train, axis, test)
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"(?u)\b\w+\b")
    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True)
    model = make_pipeline(
        make_union(words, letters), LogisticRegression(C=10, class_weight="balanced", max_iter=1000)
    )
    # The many small steps of the solver are slower in several threads than in one.
    with threadpool_limits(1):
        model.fit([text(example) for example in train], labels)
        return [str(label) for label in model.predict([text(example) for example in test])]
