"""The network: a stock encoder with one flat row of logits, named by axis and label."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer
from transformers.utils import logging

from stance.actors import Actors
from stance.calibration import Floats
from stance.encoding import Batch, Encoder, batches
from stance.errors import SettingsError
from stance.folder import TOKENIZER
from stance.labels import LabelScheme
from stance.quotes import Quote
from stance.runtime import BATCH_TOKENS
from training.bases import Base

CLASSIFIER = "ForSequenceClassification"  # how the architecture of a base ends that was one
VOCABULARIES = (TOKENIZER, "vocab*", "*.model", "*.tiktoken")


def network(base: Base, scheme: LabelScheme) -> Any:
    """A sequence classifier with an output for every label, started from a base.

    Outputs that the base has under the same name (``side=US``) keep their weights; the others are new.
    """
    _quiet()
    names = scheme.id2label()
    config = _config(base.folder)
    before = dict(config.id2label)
    config.id2label, config.label2id = names, {name: index for index, name in names.items()}
    try:
        model = AutoModelForSequenceClassification.from_pretrained(
            base.folder,
            config=config,
            dtype=torch.float32,
            ignore_mismatched_sizes=True,
        )
    except (ValueError, OSError) as error:
        raise SettingsError(f"{base.folder} is not an encoder of text that can classify: {error}") from error
    if before != names:
        _carry_over(base.folder, before, model)
    model.config.architectures = [type(model).__name__]  # as it says when it is saved
    return model


def known_outputs(base: Base, scheme: LabelScheme) -> list[int]:
    """Which outputs the base has under the same name, as positions in the scheme's row of logits."""
    before = set(_config(base.folder).id2label.values())
    return [place for place, name in scheme.id2label().items() if name in before]


def average(model: Any, start: dict[str, torch.Tensor], *, keep: float, outputs: Sequence[int]) -> None:
    """Mix ``keep`` of the starting weights into a fitted network; of its outputs only those given.

    Source: Wortsman et al. 2022, "Robust fine-tuning of zero-shot models".
    """
    last = _last_layer(model)
    heads = {name for name, value in model.named_parameters() if value is last.weight or value is last.bias}
    for name, value in model.state_dict().items():
        if value.is_floating_point():
            mixed = (1 - keep) * value + keep * start[name]
            if name in heads:
                value[outputs] = mixed[outputs]
            else:
                value.copy_(mixed)


def shift(model: Any, outputs: slice, by: Floats) -> None:
    """Add to the biases of some outputs [outputs], and so to their logits for every text."""
    with torch.no_grad():
        bias = _last_layer(model).bias
        bias[outputs] += torch.from_numpy(by).to(bias)


@dataclass(frozen=True)
class TorchModel:
    """A network as inference sees a model: a batch in, logits out.

    half: whether it computes in bf16.
    """

    network: Any
    half: bool = False

    def logits(self, batch: Batch) -> Floats:
        """Arrays [quotes, length] → logits [quotes, width]."""
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=self.half):
            return np.asarray(self.network(**_tensors(batch, self.network)).logits.float().numpy())


def embedder(base: Base, *, window: int) -> Callable[[Sequence[Quote]], Floats]:
    """What makes of each quotation the mean [quotes, width] of the encoder's last layer, loaded once."""
    _quiet()
    loaded = AutoModelForSequenceClassification.from_pretrained(base.folder, dtype=torch.float32)
    network, reader = loaded.base_model.eval(), encoder(base, window=window)

    def embeddings(quotes: Sequence[Quote]) -> Floats:
        encoded = reader.encode(quotes)
        found = np.zeros((len(quotes), loaded.config.hidden_size), dtype=np.float32)
        for places in batches([len(one.ids) for one in encoded], tokens=BATCH_TOKENS):
            batch = reader.pad([encoded[i] for i in places])
            with torch.inference_mode():
                states = network(**_tensors(batch, loaded)).last_hidden_state
            mask = torch.from_numpy(batch.mask)[..., None]
            found[places] = ((states * mask).sum(dim=1) / mask.sum(dim=1)).numpy()
        return found

    return embeddings


def encoder(base: Base, *, window: int, actors: Actors | None = None) -> Encoder:
    """The Encoder for a base: its tokenizer, and a window no longer than the network's own."""
    loaded = _tokenizer(base)
    longest = getattr(_config(base.folder), "max_position_embeddings", None) or window
    fast = Tokenizer.from_str(loaded.backend_tokenizer.to_str())
    return Encoder(fast, window=min(window, longest), pad_id=loaded.pad_token_id or 0, actors=actors)


def has_bf16() -> bool:
    """Whether the processor multiplies in bf16 as such: twice as fast as in fp32."""
    can = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    return bool(can.get("avx512_bf16") or can.get("amx_bf16"))


def takes_types(model: Any) -> bool:
    """Whether the network tells the two texts of a pair apart by token types."""
    return getattr(model.config, "type_vocab_size", 0) > 1


def _tensors(batch: Batch, network: Any) -> dict[str, torch.Tensor]:
    given = {"input_ids": batch.ids, "attention_mask": batch.mask}
    if takes_types(network):
        given["token_type_ids"] = batch.types
    return {name: torch.from_numpy(array) for name, array in given.items()}


def _tokenizer(base: Base) -> Any:
    _config(base.folder)
    if not any(path for pattern in VOCABULARIES for path in base.folder.glob(pattern)):
        # transformers would make one that knows no word.
        raise SettingsError(
            f"{base.folder} holds no tokenizer, such as {TOKENIZER}. Put that of the base beside its weights."
        )
    try:
        loaded = AutoTokenizer.from_pretrained(base.folder)
    except (ValueError, OSError) as error:
        raise SettingsError(f"{base.folder} has no tokenizer that transformers can open: {error}") from error
    if not getattr(loaded, "is_fast", False):
        raise SettingsError(
            f"The tokenizer of {base.name} has no fast version, which inference needs. Choose another base."
        )
    return loaded


def _config(folder: Path) -> Any:
    try:
        return AutoConfig.from_pretrained(folder)
    except (ValueError, OSError) as error:
        raise SettingsError(f"{folder} is not an encoder that transformers can open: {error}") from error


def _carry_over(folder: Path, before: dict[int, str], model: Any) -> None:
    """A fresh last layer, but for the rows whose labels the base knew under the same name."""
    last = _last_layer(model)
    torch.nn.init.normal_(last.weight, std=0.02)
    torch.nn.init.zeros_(last.bias)
    if not set(before.values()) & set(model.config.label2id):
        if not any(name.endswith(CLASSIFIER) for name in model.config.architectures or ()):
            _plain_pooler(model)
        return
    old = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32)
    former = _last_layer(old)
    places = {name: index for index, name in before.items()}
    with torch.no_grad():
        for index, name in model.config.id2label.items():
            if name in places:
                last.weight[index] = former.weight[places[name]]
                last.bias[index] = former.bias[places[name]]


def _plain_pooler(model: Any) -> None:
    """Let the layer between encoder and outputs, where there is one, at first pass on what it gets.

    Encoders of sentences were fitted without it, and others for another end: it stands in the way, which was
    measured on the default base (training/results/recipe.md).
    """
    pooler = getattr(model.base_model, "pooler", None) or getattr(model, "classifier", None)
    dense = getattr(pooler, "dense", None)
    if isinstance(dense, torch.nn.Linear) and dense.in_features == dense.out_features:
        torch.nn.init.eye_(dense.weight)
        torch.nn.init.zeros_(dense.bias)


def _last_layer(model: Any) -> torch.nn.Linear:
    linear = [m for m in model.modules() if isinstance(m, torch.nn.Linear)]
    return next(m for m in reversed(linear) if m.out_features == model.config.num_labels)


def _quiet() -> None:
    # Every fresh head is announced as a defect; here it is the plan.
    logging.set_verbosity_error()
    logging.disable_progress_bar()
