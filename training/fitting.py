"""Fit a network with the Trainer: early stopping, frozen layers, checkpoints, resume."""

import logging
import math
import re
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import PartialState
from accelerate.utils import parse_flag_from_env
from safetensors.torch import load_file
from transformers import (
    EvalPrediction,
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
    set_seed,
)

from stance.encoding import Encoder
from stance.folder import WEIGHTS
from stance.labels import LabelScheme
from stance.runtime import logits_of
from training import checkpoints, network
from training.bases import Base
from training.config import FitConfig
from training.dataset import ATTRIBUTED, FORMS, Collator, scoring_rows, taught_in_epoch, training_rows
from training.labelled import Example
from training.losses import MISSING, MaskedCrossEntropy, class_weights, label_row
from training.metrics import macro_f1
from training.progress import LiveProgress
from training.splits import Split

log = logging.getLogger(__name__)


def processes() -> Any:
    """The state of accelerate: which process this is, of how many that share a fit."""
    return PartialState(cpu=_on_cpu())


class Fitting:
    """One fit: what it starts from, where its checkpoints lie, and how far it is.

    logs: a folder for TensorBoard, if it shall write there. taught: rows with a model's labels, which are
    shown beside those of the split.
    """

    def __init__(
        self,
        base: Base,
        scheme: LabelScheme,
        config: FitConfig,
        folder: Path,
        *,
        logs: Path | None = None,
        taught: Sequence[Example] = (),
    ) -> None:
        self._scheme, self._config, self._folder, self._logs = scheme, config, folder, logs
        self._taught = taught
        set_seed(config.seed)
        self.model: Any = network.network(base, scheme)
        # The Trainer writes it into the network; a fit that has nothing left to train must leave the same.
        self.model.config.use_cache = False
        self.encoder: Encoder = network.encoder(base, window=config.window)
        self._collator = Collator(self.encoder, with_types=network.takes_types(self.model))
        self._start = {name: value.clone() for name, value in self.model.state_dict().items()}
        self._known = network.known_outputs(base, scheme)
        self._validation: list[Example] = []

    def fit(self, split: Split) -> Any:
        """The network of the best evaluation; goes on from the last whole checkpoint, if there is one."""
        found = checkpoints.last(self._folder)
        if found is None or not found.finished(self._config.patience):
            self._train(split, found)
            found = checkpoints.last(self._folder)
        assert found is not None, "a fit ends with an evaluation and its checkpoint"
        self.model.cpu().load_state_dict(load_file((found.best or found.path) / WEIGHTS))
        if self._config.keep:
            network.average(self.model, self._start, keep=self._config.keep, outputs=self._known)
        self.model.eval()
        self._validation = split.validation
        processes().wait_for_everyone()  # all have read the checkpoints: they may be deleted
        return self.model

    @cached_property
    def score(self) -> float:
        """Macro-F1 of the fitted network on validation rows, mean of the axes."""
        encoded = self.encoder.encode([FORMS[ATTRIBUTED](example.quote) for example in self._validation])
        model = network.TorchModel(self.model)
        logits = logits_of(model, self.encoder, encoded, width=self._scheme.width)
        labels = np.array([label_row(example, self._scheme) for example in self._validation])
        return self._metrics(EvalPrediction(logits, labels))["macro_f1"]

    def _train(self, split: Split, found: checkpoints.Checkpoint | None) -> None:
        progress = LiveProgress()
        trainer = self._trainer(split, progress)
        if processes().num_processes > 1:
            log.info("%d processes share every step", processes().num_processes)
        if found is not None:
            log.info("going on from step %d", found.step)
        try:
            trainer.train(resume_from_checkpoint=str(found.path) if found else None)
        finally:
            progress.close()
            # Else the network would go on to compute in half precision, as it did while it was trained.
            self.model = trainer.accelerator.unwrap_model(self.model, keep_fp32_wrapper=False)

    def _trainer(self, split: Split, progress: LiveProgress) -> Trainer:
        rows = training_rows(split.train, self._scheme, self.encoder, self._config, self._taught)
        _freeze(self.model, self._config.frozen_layers)
        per_epoch = len(split.train) + taught_in_epoch(self._taught, self._config)
        arguments = self._arguments(per_epoch, len(rows))
        trainer = Trainer(
            model=self.model,
            args=arguments,
            train_dataset=rows,
            eval_dataset=scoring_rows(split.validation, self._scheme, self.encoder),
            data_collator=self._collator,
            compute_loss_func=MaskedCrossEntropy(
                self._scheme, self._weights(split.train), self._config.consistency
            ),
            compute_metrics=self._metrics,
            callbacks=[
                _Stopping(self._config.patience),
                _FrozenAtFirst(self.model, self._config.frozen_epochs * int(arguments.eval_steps)),
                _Saving(self._config.checkpoint_steps),
                progress,
                *self._tensorboard(),
            ],
        )
        trainer.remove_callback(PrinterCallback)
        return trainer

    def _arguments(self, per_epoch: int, rows: int) -> TrainingArguments:
        config = self._config
        steps = math.ceil(per_epoch / config.batch_size)
        return TrainingArguments(
            output_dir=str(self._folder),
            # As many rows a step as on one device, so that the learning rate means the same.
            per_device_train_batch_size=max(1, config.batch_size // _devices()),
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
            # The loss is a mean over the rows of a device: their mean needs no other scale.
            average_tokens_across_devices=False,
            remove_unused_columns=False,
            label_names=["labels"],
            dataloader_pin_memory=torch.cuda.is_available(),
            disable_tqdm=True,
            report_to="none",
            ddp_find_unused_parameters=config.frozen_epochs > 0,
            use_cpu=_on_cpu(),
            seed=config.seed,
            **_precision(config.precision),
        )

    def _tensorboard(self) -> list[TrainerCallback]:
        if self._logs is None or not processes().is_main_process:
            return []
        from torch.utils.tensorboard import SummaryWriter
        from transformers.integrations import TensorBoardCallback

        return [TensorBoardCallback(SummaryWriter(str(self._logs)))]

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
                found[f"axis_{axis.name}"] = macro_f1(true, [axis.labels[k] for k in guesses], axis.labels)
        return {**found, "macro_f1": float(np.mean(list(found.values())))}


def _freeze(model: Any, layers: int) -> None:
    """The embeddings and the lowest layers of an encoder learn nothing."""
    for name, parameter in model.base_model.named_parameters():
        layer = re.search(r"\.(\d+)\.", name)
        low = int(layer[1]) < layers if layer else "embed" in name
        parameter.requires_grad = not (layers and low)


def _on_cpu() -> bool:
    # Unless told, accelerate takes each of several processes without a GPU for the only one.
    return not torch.accelerator.is_available() or parse_flag_from_env("ACCELERATE_USE_CPU")


def _devices() -> int:
    """How many devices share a step: processes, or the GPUs among which one process divides it."""
    count = int(processes().num_processes)
    return count if count > 1 or _on_cpu() else torch.cuda.device_count()


def _precision(name: str) -> dict[str, bool]:
    if name == "auto":
        name = "bf16" if _has_bf16() else "fp32"
    return {"bf16": name == "bf16", "fp16": name == "fp16"}


def _has_bf16() -> bool:
    """Whether the device multiplies in bf16 as such."""
    if torch.cuda.is_available() and not _on_cpu():
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return _on_cpu() and network.has_bf16()


# Callbacks read all that they need off the Trainer's state: so an interrupted fit goes on as it was.


class _Stopping(TrainerCallback):  # type: ignore[misc]
    def __init__(self, patience: int) -> None:
        self._patience = patience

    def on_evaluate(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **rest: Any
    ) -> None:
        if checkpoints.stopped(checkpoints.scores(state.log_history), self._patience):
            control.should_training_stop = True


class _FrozenAtFirst(TrainerCallback):  # type: ignore[misc]
    def __init__(self, model: Any, steps: int) -> None:
        self._steps = steps
        self._encoder = [one for one in model.base_model.parameters() if one.requires_grad]

    def on_step_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **rest: Any
    ) -> None:
        for parameter in self._encoder:
            parameter.requires_grad = state.global_step >= self._steps


class _Saving(TrainerCallback):  # type: ignore[misc]
    def __init__(self, steps: int) -> None:
        self._steps = steps

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **rest: Any
    ) -> None:
        if state.global_step % self._steps == 0 or state.global_step >= state.max_steps:
            control.should_save = True
        # The last epoch may end between two evaluations.
        control.should_evaluate |= state.global_step >= state.max_steps
