"""The mean of several fits, which errs less than each of them as a rule."""

import logging
from dataclasses import replace
from pathlib import Path

from stance.labels import LabelScheme
from training import network
from training.bases import Base
from training.config import FitConfig
from training.fitting import Fitting, Weights
from training.splits import Split

log = logging.getLogger(__name__)


def fitted(
    base: Base,
    scheme: LabelScheme,
    config: FitConfig,
    split: Split,
    folder: Path,
    *,
    logs: Path | None = None,
) -> Fitting:
    """A fit that is done, or the mean of ``config.soup`` fits of seeds that follow one another.

    All start from the same weights, also for labels that the base does not know: the mean of networks that
    do not is worth nothing (Wortsman et al. 2022, "Model soups"). folder, logs: of one fit; those of
    several are folders in them.
    """
    if config.soup == 1:
        one = Fitting(base, scheme, config, folder, logs=logs)
        one.fit(split)
        return one
    start: Weights | None = None
    weights = []
    for number in range(config.soup):
        log.info("fit %d of %d, whose mean is the model", number + 1, config.soup)
        name = f"fit-{number + 1}"
        seeded = replace(config, seed=config.seed + number)
        one = Fitting(base, scheme, seeded, folder / name, logs=logs and logs / name, start=start)
        start = one.start
        weights.append(one.fit(split).state_dict())
    one.become(network.mean(weights), split.validation)
    return one
