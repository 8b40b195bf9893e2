"""What an article says: its quotations, classified, in the order of the text."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, overload

from stance import page
from stance.errors import MissingPackageError
from stance.results import Prediction

if TYPE_CHECKING:
    import pandas


class Reading(Sequence[Prediction]):
    """The predictions for one article, in text order; empty where nobody is quoted."""

    def __init__(self, article: str, predictions: Sequence[Prediction]) -> None:
        self.article = article
        self._predictions = tuple(predictions)

    @overload
    def __getitem__(self, index: int) -> Prediction: ...
    @overload
    def __getitem__(self, index: slice) -> "Reading": ...
    def __getitem__(self, index: int | slice) -> "Prediction | Reading":
        if isinstance(index, slice):
            return Reading(self.article, self._predictions[index])
        return self._predictions[index]

    def __len__(self) -> int:
        return len(self._predictions)

    def __iter__(self) -> Iterator[Prediction]:
        return iter(self._predictions)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Reading):
            return NotImplemented
        return (self.article, self._predictions) == (other.article, other._predictions)

    def __hash__(self) -> int:
        return hash(self.article)

    def __repr__(self) -> str:
        lines = [f"Reading of {len(self.article):,} characters, {len(self)} quotation(s)"]
        return "\n".join([*lines, *(f"  {prediction!r}" for prediction in self)])

    def as_dicts(self) -> list[dict[str, Any]]:
        """One flat row a quotation: that of ``Prediction.as_dict`` with start and end in the article."""
        return [{"start": p.quote.spans[0][0], "end": p.quote.spans[-1][1], **p.as_dict()} for p in self]

    def to_frame(self) -> "pandas.DataFrame":
        """A pandas table, one row a quotation; MissingPackageError where pandas is not installed."""
        return frame_of(self.as_dicts())

    def to_html(self) -> str:
        """The article as a page that stands alone: quotations marked, counted and explained."""
        return page.document(self.article, self._predictions)

    def _repr_html_(self) -> str:
        """The same page inside a notebook."""
        return page.fragment(self.article, self._predictions)


def frame_of(rows: Sequence[dict[str, Any]]) -> "pandas.DataFrame":
    """Flat rows as a pandas table; MissingPackageError where pandas is not installed."""
    try:
        import pandas
    except ImportError as error:
        raise MissingPackageError(
            "to_frame() needs pandas, which is not installed: pip install pandas"
        ) from error
    return pandas.DataFrame(rows)
