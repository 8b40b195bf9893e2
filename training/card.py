"""The model card: what a user must know before relying on a model."""

import csv
from collections import Counter
from collections.abc import Sequence
from importlib import resources
from string import Template

from stance.folder import ModelFolder
from training.evaluation import Report
from training.export import Parity
from training.splits import Split

TEXT = Template(
    """\
---
license: apache-2.0
language: en
library_name: transformers
pipeline_tag: text-classification
tags: [stance-detection, quotations, news, US-China]
---
# $name

Reads quotations in news about US–China relations: for whom the speaker speaks, what the quotation
does, and how it sounds. One pass gives all axes:

$axes

Use it with `import stance` (calibrated probabilities, `unsure`, articles), or load the half-precision
weights with plain `transformers.AutoModelForSequenceClassification`: the outputs are named `axis=label`,
one softmax an axis. Weights: Apache-2.0. Started from $base.

## Data

$rows

$sources

Text that was not written for this project is not distributed with the model. Each quotation was shown in
three forms, drawn at random: alone, with its speaker, with speaker and context.

## Figures

Macro-F1 with 95 % bootstrap intervals, resampled by article or document; ECE over ten equal-width bins;
*unsure* is the share of answers below the confidence from which on the error on validation rows was at
most 10 %.

$reports

These figures are for rows like those in the tables. On other outlets, years or topics expect less.

## The graph against the weights

The int8 graph is compared with the fp32 network on validation rows, quotation and speaker. *Neighbours*
is the most that a probability moved between computing a quotation alone and in a batch.

$parity

## What it must not be used for

- Judging persons: the labels say what words do, not what a speaker believes or deserves.
- Automatic decisions about people, accounts or publications.
- Shares for a paper without hand labels beside them: errors do not cancel out. Label a random sample, too.
- Languages other than English, and topics other than the dispute between governments.

## Known weaknesses

- Where a measure is justified by what the other side did, *accusatory* and *defensive* are close; so are they
  where a denial goes on to attack.
- Quotations that do none of the three acts still get the nearest label; `unsure` catches only a part of them.
- Without the speaker, the side is often a guess: see the rows for the bare quotation.
- Stance partly follows the speaker: a Chinese spokesperson's words are read as defensive more easily.

## How it was made

`python -m training fit` with $settings
"""
)


def text(folder: ModelFolder, split: Split, parity: Sequence[Parity], reports: Sequence[Report]) -> str:
    """The card of a model folder as Markdown, from what its run has measured."""
    provenance = folder.manifest["provenance"]
    return TEXT.substitute(
        name=folder.name,
        axes="\n".join(f"- **{axis.name}**: {', '.join(axis.labels)}" for axis in folder.scheme.axes),
        base=provenance["base"],
        rows=f"{len(split.train):,} rows to train, {len(split.validation):,} to validate (early stopping and "
        f"calibration), {len(split.test):,} to test.",
        sources=_sources(split),
        reports="\n\n".join(f"On {one.data}:\n\n{one.markdown()}" for one in reports),
        parity=_parity(parity),
        settings=", ".join(f"{key} {value}" for key, value in provenance["settings"].items()),
    )


def sources(split: Split) -> dict[str, int]:
    """How many rows came from each source; single web pages (``page:…``) are one."""
    found = Counter(
        "single web pages" if example.source.startswith("page:") else example.source or "not stated"
        for example in (*split.train, *split.validation, *split.test)
    )
    return dict(found.most_common())


def _sources(split: Split) -> str:
    facts = resources.files("training").joinpath("data/sources.csv").read_text(encoding="utf-8")
    known = {row["source"]: row for row in csv.DictReader(facts.splitlines())}
    lines = ["| source | rows | licence | what it is |", "|---|---|---|---|"]
    for source, count in sources(split).items():
        fact = known.get(source, {})
        lines.append(
            f"| {source} | {count:,} | {fact.get('licence') or 'none stated'} | {fact.get('what') or '–'} |"
        )
    return "\n".join(lines)


def _parity(parity: Sequence[Parity]) -> str:
    lines = ["| axis | same label | mean difference of probability | neighbours |", "|---|---|---|---|"]
    for one in parity:
        lines.append(f"| {one.axis} | {one.agreement:.1%} | {one.difference:.3f} | {one.neighbours:.3f} |")
    return "\n".join(lines)
