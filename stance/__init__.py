"""Who says what in news about US–China relations: side, stance and sentiment of quotations."""

from stance.classifier import classify, classify_many, explain, load, read
from stance.errors import StanceError
from stance.explanation import Explanation
from stance.quotes import Quote, find_quotes
from stance.reading import Reading
from stance.results import Prediction

__all__ = [
    "Explanation",
    "Prediction",
    "Quote",
    "Reading",
    "StanceError",
    "classify",
    "classify_many",
    "explain",
    "find_quotes",
    "load",
    "read",
]
__version__ = "0.1.0"
