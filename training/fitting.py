"""Fit a network with the Trainer: early stopping, checkpoints, resume."""

import logging
import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import (
    EarlyStoppingCallback,
    EvalPrediction,
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
    set_seed,
)
from transformers.trainer_utils import get_last_checkpoint

from stance.encoding import Encoder
from stance.labels import LabelScheme
from training import network
from training.bases import Base
from training.config import FitConfig
from training.dataset import Collator, scoring_rows, training_rows
from training.labelled import Example
from training.losses import MISSING, MaskedCrossEntropy, class_weights, label_row
from training.metrics import macro_f1
from training.splits import Split

log = logging.getLogger(__name__)


class Fitting:
    """One fit: what it starts from, where its checkpoints lie, and how far it is."""

    def __init__(self, base: Base, scheme: LabelScheme, config: FitConfig, checkpoints: Path) -> None:
        self._scheme, self._config, self._checkpoints = scheme, config, checkpoints
        set_seed(config.seed)
        self.model: Any = network.network(base, scheme)
        self.encoder: Encoder = network.encoder(base, window=config.window)
        self._collator = Collator(self.encoder, with_types=network.takes_types(self.model))

    def fit(self, split: Split) -> Any:
        """The network of the best evaluation; goes on from the last checkpoint, if there is one."""
        trainer = self._trainer(split)
        resumed = get_last_checkpoint(str(self._checkpoints)) if self._checkpoints.is_dir() else None
        if resumed:
            log.info("going on from %s", Path(resumed).name)
        trainer.train(resume_from_checkpoint=resumed)
        return self.model.cpu().eval()

    def _trainer(self, split: Split) -> Trainer:
        rows = training_rows(split.train, self._scheme, self.encoder, self._config)
        trainer = Trainer(
            model=self.model,
            args=self._arguments(len(split.train), len(rows)),
            train_dataset=rows,
            eval_dataset=scoring_rows(split.validation, self._scheme, self.encoder),
            data_collator=self._collator,
            compute_loss_func=MaskedCrossEntropy(self._scheme, self._weights(split.train)),
            compute_metrics=self._metrics,
            callbacks=[EarlyStoppingCallback(self._config.patience), _Progress()],
        )
        trainer.remove_callback(PrinterCallback)
        return trainer

    def _arguments(self, per_epoch: int, rows: int) -> TrainingArguments:
        config = self._config
        steps = math.ceil(per_epoch / config.batch_size)
        return TrainingArguments(
            output_dir=str(self._checkpoints),
            per_device_train_batch_size=config.batch_size,
            per_device_eval_batch_size=4 * config.batch_size,
            # The rows hold all epochs, one after the other, in the order in which they are shown.
            num_train_epochs=1,
            train_sampling_strategy="sequential",
            learning_rate=config.learning_rate,
            weight_decay=config.weight_decay,
            warmup_steps=int(config.warmup_share * math.ceil(rows / config.batch_size)),
            eval_strategy="steps",
            eval_steps=steps,
            save_strategy="steps",
            save_steps=steps,
            save_total_limit=2,
            load_best_model_at_end=True,
            metric_for_best_model="macro_f1",
            greater_is_better=True,
            logging_steps=max(1, min(50, steps)),
            remove_unused_columns=False,
            label_names=["labels"],
            dataloader_pin_memory=torch.cuda.is_available(),
            report_to="none",
            seed=config.seed,
        )

    def _weights(self, examples: list[Example]) -> list[torch.Tensor]:
        rows = [label_row(example, self._scheme) for example in examples]
        if self._config.class_weights:
            return class_weights(rows, self._scheme)
        return [torch.ones(len(axis.labels)) for axis in self._scheme.axes]

    def _metrics(self, evaluated: EvalPrediction) -> dict[str, float]:
        logits, labels = np.asarray(evaluated.predictions), np.asarray(evaluated.label_ids)
        found = {}
        for place, axis in enumerate(self._scheme.axes):
            there = labels[:, place] != MISSING
            if there.any():
                guesses = logits[there, axis.slice].argmax(axis=1)
                true = [axis.labels[int(k)] for k in labels[there, place]]
                found[axis.name] = macro_f1(true, [axis.labels[k] for k in guesses], axis.labels)
        return {**found, "macro_f1": float(np.mean(list(found.values())))}


class _Progress(TrainerCallback):  # type: ignore[misc]
    """Says in the log how the fit goes."""

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **rest: Any,
    ) -> None:
        shown = {key: value for key, value in (logs or {}).items() if key in ("loss", "learning_rate")}
        shown |= {k: v for k, v in (logs or {}).items() if k.startswith("eval_") and "per_second" not in k}
        if shown:
            figures = ", ".join(f"{key} {value:.4g}" for key, value in shown.items())
            log.info("step %d of %d: %s", state.global_step, state.max_steps, figures)
