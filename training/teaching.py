"""What a large model says of sentences that nobody has labelled: rows that a small one can be fitted to."""

import glob
import json
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from stance.classifier import StanceClassifier
from stance.errors import TableError
from stance.folder import MANIFEST, ModelFolder, sha256
from stance.quotes import Quote
from training import bases, coders, network
from training.dataset import ATTRIBUTED, BARE, FORMS
from training.swapping import SIDE

log = logging.getLogger(__name__)

AT_ONCE = 1000  # sentences, after which what is done is on the disk
UNFINISHED = ".unfinished"


def teacher(path: str | Path) -> StanceClassifier:
    """A fitted model with its weights as they were fitted; in eight bits a large one can lose what it knows.

    ModelFolderError where the folder is none.
    """
    folder = ModelFolder.open(path)
    base = bases.resolve(str(folder.path))
    model = network.TorchModel(network.network(base, folder.scheme).eval(), half=network.has_bf16())
    encoder = network.encoder(base, window=folder.window)
    return StanceClassifier(model, encoder, folder.scheme, folder.calibration, name=folder.name)


def taught(classifier: StanceClassifier, quotes: Sequence[Quote]) -> Iterator[dict[str, Any]]:
    """A row for each quotation: its words, its speaker, and the share of each label, by axis.

    The shares are the calibrated probabilities, as in Hinton, Vinyals and Dean 2015, "Distilling the
    knowledge in a neural network". The side is that of the words with their speaker, everything else that of
    the words alone: so a model that is fitted to these rows learns to read it off the words.
    """
    alone = classifier.classify_many([FORMS[BARE](quote) for quote in quotes])
    spoken = iter(classifier.classify_many([FORMS[ATTRIBUTED](quote) for quote in quotes if quote.speaker]))
    for quote, words in zip(quotes, alone, strict=True):
        said = next(spoken) if quote.speaker else words
        shares = {
            f"{axis}{coders.SHARES}": _rounded((said if axis == SIDE else words)[axis].scores)
            for axis in classifier.scheme.names
        }
        given = {"quote": quote.text, "speaker": quote.speaker or "", "date": quote.date or ""}
        yield {**given, **shares, "taught_by": classifier.name}


def fingerprint(model: str | Path, quotes: Iterable[Quote]) -> str:
    """What must be the same for an interrupted run to go on: the model, and what it is to read."""
    read = json.dumps([[quote.text, quote.speaker, quote.date] for quote in quotes])
    return sha256((Path(model) / MANIFEST).read_bytes() + read.encode())


def write(
    classifier: StanceClassifier, quotes: Sequence[Quote], output: Path, *, same: str, resume: bool
) -> int:
    """The rows as JSONL; the file gets its name when all are there. How many they are.

    same: by ``fingerprint``. resume: go on behind the rows that an interrupted run of the same has left.
    TableError where it cannot be written.
    """
    half = output.with_name(f".{output.name}.{same[:12]}{UNFINISHED}")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        for left in output.parent.glob(f".{glob.escape(output.name)}.*{UNFINISHED}"):
            if left != half or not resume:
                left.unlink()
        done = _whole_lines(half)
        with half.open("ab") as lines:
            for start in range(done, len(quotes), AT_ONCE):
                block = quotes[start : start + AT_ONCE]
                rows = [json.dumps(row, ensure_ascii=False) + "\n" for row in taught(classifier, block)]
                lines.write("".join(rows).encode())
                lines.flush()
                log.info("%s has read %d", classifier.name, start + len(block))
        half.replace(output)
    except OSError as error:
        raise TableError(f"{output} cannot be written: {error.strerror or error}.") from error
    return len(quotes)


def _whole_lines(path: Path) -> int:
    """How many rows a file holds, without the last one where that was cut off, which is taken away."""
    if not path.exists():
        return 0
    whole = path.read_bytes().rpartition(b"\n")[0]
    content = whole + b"\n" if whole else b""
    with path.open("r+b") as lines:
        lines.truncate(len(content))
    return content.count(b"\n")


def _rounded(scores: Mapping[str, float]) -> dict[str, float]:
    return {label: round(score, 4) for label, score in scores.items()}
