"""A model folder → the same model with another graph, such as one for GPUs."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from stance.encoding import Encoder
from stance.errors import SettingsError
from stance.folder import CARD, GRAPH, MANIFEST, WEIGHTS, ModelFolder
from stance.quotes import Quote
from training import card, export
from training.export import Parity
from training.optimisation import check_precision


def export_again(
    folder: ModelFolder, output: Path, quotes: Sequence[Quote], *, precision: str
) -> list[Parity]:
    """Write a model folder with a graph of another precision, made of the weights that are in the first.

    quotes: what the model will read; every second tells int8 how large values are, and on the others the
    graph is compared with the weights in fp32. Calibration and provenance stay as they are. Raises
    SettingsError, ModelFolderError.
    """
    check_precision(precision)
    export.check_place(output)
    if output.resolve() == folder.path.resolve():
        raise SettingsError(f"{output} is the model that is exported. Give another --output.")
    folder.checked(WEIGHTS)
    network = export.written(folder.path)
    encoder = Encoder(folder.tokenizer(), window=folder.window, pad_id=folder.pad_id)
    with export.staged(output) as new:
        for path in folder.path.iterdir():
            if path.is_file() and path.name not in (GRAPH, MANIFEST, CARD):
                shutil.copy2(path, new / path.name)
        export.graph(new / GRAPH, network, precision=precision, shown=export.shown(encoder, quotes[::2]))
        export.signed(new, {**folder.manifest, "name": output.name, "precision": precision})
        others = quotes[1::2] or quotes
        parity = export.parity(new, network, encoder, others)
        text = (folder.path / CARD).read_text(encoding="utf-8") if (folder.path / CARD).exists() else ""
        rows = f"{len(others):,} quotations"
        export.card(new, card.with_parity(text, ModelFolder.open(new), parity, rows))
    return parity
