"""Does starting from a model that knows the task pay? A table for training/results/warm_start.md.

The topics of the authored rows make three groups. For each, and each seed, a stand-in for the shipped model
is fitted on the two other groups; 100 or 300 rows of the group are new, and the rest of it is held back. A
model retrained from the stand-in is compared with the stand-in, with one fitted from the base on the same
rows, and with the stand-in after two more epochs without any new row, which tells what of the gain the new
rows are.

    python -m tests.benchmarks.warm_start sentence-transformers/all-MiniLM-L6-v2 FOLDER
"""

import argparse
import json
import random
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
from scipy import stats
from transformers import AutoTokenizer

from training import bases, export, markdown, rehearsal, splits
from training.config import FitConfig, defaults
from training.dataset import ATTRIBUTED, FORMS
from training.fitting import Fitting
from training.labelled import Example
from training.metrics import macro_f1

SEEDS, SIZES = 5, (100, 300)
FIRST = 13  # seed of the first stand-in
STAND_IN, COLD, WARM = "stand-in", "from the base", "retrained"
CONTINUED = "fitted on without new rows"
# What is new to a model is a subject. Settings were chosen on groups that were cut differently.
THEMES = {
    "trade and technology": "tariffs and trade talks, semiconductors, agricultural purchases, rare earths, "
    "intellectual property and technology transfer, export controls and entity lists, investment screening, "
    "app bans and data security, customs inspections, currency and Treasury holdings, WTO cases, debt, "
    "telecom equipment bans, electric vehicles and overcapacity, steel dumping, financial crisis, "
    "belt and road",
    "security and rights": "hacking, espionage, sanctions on officials, detained citizens, Hong Kong, "
    "balloon, origin of the pandemic, taiwan, Tibet, human rights, religious freedom, forced labour, "
    "consulate closure, missile defence, ukraine, extradition, south china sea, nuclear arsenals, "
    "north korea sanctions, iran sanctions",
    "exchange and cooperation": "student visas, Confucius Institutes, Olympics boycott, vaccines, summits, "
    "fentanyl, journalists, military hotlines, exchanges, climate, pandas, state visits, sister cities, "
    "ai safety, space",
}
SCHEME = rehearsal.authored_scheme()


@dataclass(frozen=True)
class Score:
    """Macro-F1 of one model on one held-back set, by axis and on average."""

    group: int
    seed: int
    size: int
    model: str
    by_axis: dict[str, float]

    def on(self, axis: str) -> float:
        """The score on an axis, or the mean of all."""
        return float(np.mean(list(self.by_axis.values()))) if axis == "mean" else self.by_axis[axis]


def topic_groups(rows: Sequence[Example]) -> list[list[Example]]:
    places = [[one.strip() for one in topics.split(",")] for topics in THEMES.values()]
    assert {str(row.row["topic"]) for row in rows} == {topic for topics in places for topic in topics}
    return [[row for row in rows if row.row["topic"] in topics] for topics in places]


def fitted(
    base: bases.Base,
    rows: Sequence[Example],
    settings: FitConfig,
    extra: Sequence[Example] = (),
) -> Fitting:
    split = splits.split(rows, validation_share=settings.validation_share, test_share=0, seed=settings.seed)
    train = rehearsal.mixed(split.train, extra, share=settings.rehearsal, seed=settings.seed)
    with tempfile.TemporaryDirectory() as checkpoints:
        there = splits.Split(train, split.validation, [])
        fitting = Fitting(base, SCHEME, settings, Path(checkpoints))
        fitting.fit(there)
        return fitting


def by_axis(fitting: Fitting, rows: Sequence[Example]) -> dict[str, float]:
    quotes = [FORMS[ATTRIBUTED](row.quote) for row in rows]
    logits = export.network_logits(fitting.model.eval(), fitting.encoder, quotes)
    found = {}
    for axis in SCHEME.axes:
        there = [i for i, row in enumerate(rows) if row.labels[axis.name]]
        guesses = logits[there][:, axis.slice].argmax(axis=1)
        true = [str(rows[i].labels[axis.name]) for i in there]
        found[axis.name] = macro_f1(true, [axis.labels[k] for k in guesses], axis.labels)
    return found


def chosen(rows: int, *, warm: bool, seed: int) -> FitConfig:
    """What ``fit`` would choose."""
    return FitConfig.from_table({**defaults(rows, start="same" if warm else "new"), "seed": seed})


def kept(folder: Path, fit: Callable[[], Fitting], base: bases.Base) -> bases.Base:
    """What a model folder is for fitting, without the graph; fitted first if it is not there."""
    if not (folder / "config.json").exists():
        fit().model.save_pretrained(folder)
        AutoTokenizer.from_pretrained(base.folder).save_pretrained(folder)
    return bases.Base(folder, folder.name)


def scores(base: bases.Base, folder: Path, *, seeds: Sequence[int], groups: Sequence[int]) -> Iterator[Score]:
    """Fit and score what the folder does not have yet."""
    dealt = topic_groups(rehearsal.authored_rows(SCHEME))
    for g in groups:
        others = [row for h, rows in enumerate(dealt) if h != g for row in rows]
        for seed in seeds:
            # One stand-in for all seeds would bring its own luck into all of them.
            recipe = chosen(len(others), warm=False, seed=FIRST + seed)
            stand_in = kept(folder / f"stand-in-{g}-{seed}", partial(fitted, base, others, recipe), base)
            more = chosen(max(SIZES), warm=True, seed=FIRST + seed)
            again = partial(fitted, stand_in, others, more)
            continued = kept(folder / f"continued-{g}-{seed}", again, base)
            shuffled = random.Random(seed).sample(dealt[g], len(dealt[g]))
            for size in SIZES:
                new, held_back = shuffled[:size], shuffled[size:]
                models = {
                    STAND_IN: partial(Fitting, stand_in, SCHEME, recipe, folder / "none"),
                    CONTINUED: partial(Fitting, continued, SCHEME, recipe, folder / "none"),
                    WARM: partial(fitted, stand_in, new, chosen(size, warm=True, seed=seed), others),
                    COLD: partial(fitted, base, new, chosen(size, warm=False, seed=seed)),
                }
                for name, model in models.items():
                    if not place(folder, g, seed, size, name).exists():
                        yield Score(g, seed, size, name, by_axis(model(), held_back))


def place(folder: Path, group: int, seed: int, size: int, model: str) -> Path:
    """Where a score is kept."""
    return folder / f"{group}-{seed}-{size}-{model}.json"


def interval(values: Sequence[float]) -> str:
    """The 95 % t interval of their mean; a dash where there are fewer than two."""
    if len(values) < 2:
        return "–"
    low, high = stats.t.interval(0.95, len(values) - 1, np.mean(values), stats.sem(values))
    return f"[{low:+.3f}, {high:+.3f}]"


def table(found: Sequence[Score]) -> str:
    """The scores of all complete runs, and what the retrained models gain, in Markdown.

    Runs of one group share rows, so beside the interval over runs stands the one over the means of the
    groups, which are few.
    """
    at = {(s.group, s.seed, s.size, s.model): s for s in found}
    models = (STAND_IN, CONTINUED, COLD, WARM)
    wanted = list(product(SIZES, models))
    runs = sorted({(s.group, s.seed) for s in found if all((s.group, s.seed, *one) in at for one in wanted)})
    if not runs:
        return "No run is complete."
    groups = sorted({g for g, _ in runs})
    scored, gained = list[list[str]](), list[list[str]]()
    for size, axis in product(SIZES, (*SCHEME.names, "mean")):
        values = {name: np.array([at[g, seed, size, name].on(axis) for g, seed in runs]) for name in models}
        scored.append([str(size), axis, *(f"{one.mean():.3f}" for one in values.values())])
        for other in (STAND_IN, CONTINUED, COLD):
            gains = values[WARM] - values[other]
            means = [float(gains[[h == g for h, _ in runs]].mean()) for g in groups]
            signed = ", ".join(f"{mean:+.3f}" for mean in means)
            cells = [f"{gains.mean():+.3f}", interval(gains.tolist()), signed, interval(means)]
            gained.append([str(size), axis, other, *cells])
    return "\n\n".join(
        [
            f"{len(runs)} runs in {len(groups)} groups. Macro-F1 on the rows held back:",
            markdown.table(("new rows", "axis", *models), scored),
            f"What the {WARM} model gains:",
            markdown.table(
                ("new rows", "axis", "beside", "gain", "95 % over runs", "by group", "95 % over groups"),
                gained,
            ),
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("base", help="a folder or a name on the Hub")
    parser.add_argument(
        "folder", type=Path, help="keeps stand-ins and scores; what is done is not done again"
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(SEEDS)))
    parser.add_argument("--groups", type=int, nargs="+", default=list(range(len(THEMES))))
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    for score in scores(bases.resolve(given.base), given.folder, seeds=given.seeds, groups=given.groups):
        path = place(given.folder, score.group, score.seed, score.size, score.model)
        path.write_text(json.dumps(asdict(score)), encoding="utf-8")
    found = [Score(**json.loads(path.read_text())) for path in sorted(given.folder.glob("*-*.json"))]
    print(table(found))


if __name__ == "__main__":
    main()
