"""Does starting from a model that knows the task pay? A table for training/results/warm_start.md.

The topics of the authored rows make three groups. For each, a stand-in for the shipped model is
fitted on the two other groups; 100 or 300 rows of the group are new, and the rest of it is held back. A model
retrained from the stand-in is compared with the stand-in and with one fitted from the base on the same rows.

    python -m tests.benchmarks.warm_start sentence-transformers/all-MiniLM-L6-v2 FOLDER
"""

import argparse
import json
import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from scipy import stats
from transformers import AutoTokenizer

from training import bases, export, rehearsal, splits
from training.config import FitConfig, defaults
from training.dataset import ATTRIBUTED, FORMS
from training.fitting import Fitting
from training.labelled import Example
from training.metrics import macro_f1

SEEDS, SIZES = 5, (100, 300)
# What is new to a model is a subject: settings were chosen with topics dealt at random.
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

    @property
    def mean(self) -> float:
        return float(np.mean(list(self.by_axis.values())))


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
        fitting = Fitting(base, SCHEME, settings, Path(checkpoints))
        fitting.fit(splits.Split(train, split.validation, []))
    return fitting


def saved(fitting: Fitting, base: bases.Base, folder: Path) -> bases.Base:
    """The stand-in as a base: what a model folder is for fitting, without the graph."""
    fitting.model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(base.folder).save_pretrained(folder)
    return bases.Base(folder, "stand-in")


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


def scores(base: bases.Base, folder: Path, *, seeds: Sequence[int], groups: Sequence[int]) -> Iterator[Score]:
    dealt = topic_groups(rehearsal.authored_rows(SCHEME))
    for g in groups:
        others = [row for h, rows in enumerate(dealt) if h != g for row in rows]
        recipe = chosen(len(others), warm=False, seed=13)
        kept = folder / f"stand-in-{g}"
        if not (kept / "config.json").exists():
            saved(fitted(base, others, recipe), base, kept)
        stand_in = bases.Base(kept, "stand-in")
        start = Fitting(stand_in, SCHEME, recipe, folder / "none")
        for seed in seeds:
            shuffled = random.Random(seed).sample(dealt[g], len(dealt[g]))
            held_back = shuffled[max(SIZES) :]
            if (folder / f"{g}-{seed}-{max(SIZES)}-from the base.json").exists():
                continue
            yield Score(g, seed, 0, "stand-in", by_axis(start, held_back))
            for size in SIZES:
                for name, origin in (("retrained", stand_in), ("from the base", base)):
                    warm = origin is stand_in
                    settings = chosen(size, warm=warm, seed=seed)
                    model = fitted(origin, shuffled[:size], settings, others if warm else ())
                    yield Score(g, seed, size, name, by_axis(model, held_back))


def interval(values: Sequence[float], groups: Sequence[int]) -> str:
    """Mean and 95 % t interval over all runs, and the one over the groups' means alone."""
    low, high = stats.t.interval(0.95, len(values) - 1, np.mean(values), stats.sem(values))
    means = [np.mean([v for v, h in zip(values, groups, strict=True) if h == g]) for g in sorted(set(groups))]
    return f"{np.mean(values):+.3f} [{low:+.3f}, {high:+.3f}] | {', '.join(f'{m:+.3f}' for m in means)}"


def table(found: Sequence[Score]) -> str:
    at = {(s.group, s.seed, s.size, s.model): s for s in found}
    lines = [
        "| new rows | axis | stand-in | from the base | retrained | gain over the stand-in [95 %] | by group "
        "| gain over the base [95 %] | by group |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    runs = sorted({(s.group, s.seed) for s in found})
    for size in SIZES:
        for axis in (*SCHEME.names, "mean"):

            def values(name: str, size: int = size, axis: str = axis) -> list[float]:
                rows = [at[g, seed, 0 if name == "stand-in" else size, name] for g, seed in runs]
                return [row.mean if axis == "mean" else row.by_axis[axis] for row in rows]

            before, cold, warm = values("stand-in"), values("from the base"), values("retrained")
            gains = [
                interval(np.subtract(warm, other).tolist(), [g for g, _ in runs]) for other in (before, cold)
            ]
            means = [f"{np.mean(v):.3f}" for v in (before, cold, warm)]
            lines.append(f"| {size} | {axis} | {' | '.join(means)} | {' | '.join(gains)} |")
    return "\n".join(lines)


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
        name = f"{score.group}-{score.seed}-{score.size}-{score.model}.json"
        (given.folder / name).write_text(json.dumps(asdict(score)), encoding="utf-8")
    found = [Score(**json.loads(path.read_text())) for path in sorted(given.folder.glob("*-*.json"))]
    print(table(found))


if __name__ == "__main__":
    main()
