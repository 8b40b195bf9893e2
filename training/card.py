"""The model card: what a user must know before relying on a model."""

from collections.abc import Sequence

from stance.folder import ModelFolder
from training.evaluation import Report
from training.export import Parity
from training.splits import Split


def text(folder: ModelFolder, split: Split, parity: Sequence[Parity], reports: Sequence[Report]) -> str:
    return ""
