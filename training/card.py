"""The model card: what a user must know before relying on a model."""

import csv
import json
import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib import resources
from string import Template
from typing import Any

from stance.folder import ModelFolder
from training import report_text
from training.export import Parity
from training.markdown import table
from training.report import Report
from training.splits import Split

TEXT = Template(
    """\
---
language: en
library_name: transformers
pipeline_tag: text-classification
tags: [stance-detection, quotations, news]
---
# $name

Labels quotations in news. One pass gives all axes:

$axes

Use it with `stance.load(FOLDER)` (calibrated probabilities, `unsure`, articles), or load the half-precision
weights with plain `transformers.AutoModelForSequenceClassification`: the outputs are named `axis=label`,
one softmax an axis. Started from $base. Licence of the base, and of these weights: $licence.

$notes

## Data

$rows

$sources

Text that was not written for the project is not distributed. Each labelled quotation was shown in three
forms, drawn at random: alone, with its speaker, with speaker and context.

## Figures

Measured on the int8 graph through the public API, unless a note says otherwise. Macro-F1 with 95 % bootstrap
intervals, resampled by article or document; *clear rows* are those whose stance a second reader would surely
share; ECE over ten equal-width bins, with that of a perfectly calibrated model whose rows are independent;
*unsure* is the share of answers below the model's threshold, *error when sure* the error of the others.

$reports

$graph

## What it must not be used for

- Judging persons: the labels say what words do, not what a speaker believes or deserves.
- Automatic decisions about people, accounts or publications.
- Shares for a paper without hand labels beside them: errors do not cancel out. Label a random sample, too.
- Languages other than English, and matters that the training rows do not cover.

## How it was made

```
$command
```

with the paths to your own copies of these files; $settings; on $versions.
"""
)


SECTION = "## The graph against the weights"
COMPARED = Template(
    """\
$title

The $precision graph is compared with the fp32 network on $rows, quotation and speaker. *Neighbours*
is the most that a probability moved between computing a quotation alone and in a batch, and *flips* the
share of labels that changed with it.
$bytes
$parity
"""
)
BYTES = """\
Values are multiplied in bytes. No two neighbouring weights come to more than 128 together, so that
processors without VNNI, which add up two products in 16 bits, compute the same; seven bits for every
weight would do that, too, and be half as fine.
"""


def text(folder: ModelFolder, parity: Sequence[Parity], reports: Sequence[Report], *, notes: str) -> str:
    """The card of a model folder as Markdown, from what its run has measured.

    notes: Markdown of its maker, such as known failures.
    """
    provenance = folder.manifest["provenance"]
    return TEXT.substitute(
        name=folder.name,
        axes="\n".join(f"- **{axis.name}**: {', '.join(axis.labels)}" for axis in folder.scheme.axes),
        base=provenance["base"],
        licence=provenance["licence"],
        notes=notes,
        rows=_rows(provenance),
        sources=_sources(provenance["sources"]),
        reports=_reports(reports) if reports else "**None: this model was not measured.**",
        graph=_compared(folder, parity, "validation rows"),
        command=_command(folder),
        settings=_listed(
            {**provenance["settings"], "base": provenance["settings"]["base"] or "the model that comes along"}
        ),
        versions=_listed(provenance["versions"]),
    )


def with_parity(text: str, folder: ModelFolder, parity: Sequence[Parity], rows: str) -> str:
    """A card with what is to be said of another graph of the same weights. rows: what it was measured on."""
    before, found, after = text.partition(SECTION)
    rest = after.partition("\n## ")[2]
    return f"{before}{_compared(folder, parity, rows)}\n\n{'## ' if found else ''}{rest}"


def _compared(folder: ModelFolder, parity: Sequence[Parity], rows: str) -> str:
    return COMPARED.substitute(
        title=SECTION,
        precision=folder.precision,
        rows=rows,
        bytes=BYTES if folder.precision == "int8" else "",
        parity=_parity(parity),
    ).strip()


def _rows(provenance: Mapping[str, Any]) -> str:
    rows, calibrated = provenance["rows"], provenance["calibrated_on"]
    on = provenance["settings"]["calibrate_on"]
    chosen = f", those with {on}" if on else ", all"
    if weighed := provenance["settings"]["calibrate_as"]:
        chosen += f" (weighed so that the kinds have the shares {weighed}, and no other kinds)"
    speakers = f"{calibrated['with speaker']:,} with their speakers"
    if unchecked := calibrated.get("unchecked"):
        speakers += f" (for the side all but the {unchecked:,} whose speaker nobody has checked)"
    biased = provenance["settings"]["calibrate_bias"]
    biased = f" Those with speakers shift the outputs of {biased}, too." if biased else ""
    taught = "".join(
        f" Beside those to train there were {count:,} rows that the model {name} had labelled, each shown "
        "once at most, as it stood; they are not on record as rows that it was fitted to."
        for name, count in provenance.get("taught", {}).items()
    )
    return (
        f"{rows['train']:,} rows to train, {rows['validation']:,} to validate (when to stop), "
        f"{rows['test']:,} to test. Of those that validate{chosen} set temperatures, thresholds and label "
        f"sets: {speakers}, and {calibrated['without']:,} bare."
        f"{biased}"
        f"{taught}"
    )


def sources(split: Split) -> dict[str, int]:
    """How many rows came from each source; single web pages (``page:…``) are one."""
    found = Counter(
        "single web pages" if example.source.startswith("page:") else example.source or "not stated"
        for example in (*split.train, *split.validation, *split.test)
    )
    return dict(found.most_common())


def _command(folder: ModelFolder) -> str:
    """What to type for such a model; a reader puts tables of their own in the place of those they lack."""
    provenance = folder.manifest["provenance"]
    chosen = provenance.get("given", {})
    options = [
        ("schema", provenance["schema"]),
        *(("column", f"{role}={name}") for role, name in provenance["columns"].items()),
        ("base", provenance["settings"]["base"]),
        *(("set", f"{key}={json.dumps(value)}") for key, value in chosen.items()),
        ("seed", str(provenance["settings"]["seed"])),
        *(("measure", name) for name in provenance["measured"]),
        ("version", folder.manifest["version"]),
        ("output", folder.manifest["name"]),
    ]
    parts = ["python -m training fit", *map(shlex.quote, provenance["data_sha256"])]
    parts += [f"--{name} {shlex.quote(value)}" for name, value in options if value]
    return " \\\n    ".join(parts)


def _reports(reports: Sequence[Report]) -> str:
    figures = [f"On {one.data}:\n\n{one.markdown()}" for one in reports]
    details = [_details(one) for one in reports]
    limits = (
        "These figures are for rows like those in the tables. On other outlets, years or topics expect less."
    )
    return "\n\n".join([*figures, *details, limits])


def _details(report: Report) -> str:
    parts = report_text.details(report)
    return "\n\n".join([f"### More of {report.data}", *parts]) if parts else ""


def _listed(table: Mapping[str, object]) -> str:
    return ", ".join(f"{key} {value}" for key, value in table.items())


def _sources(counts: Mapping[str, int]) -> str:
    facts = resources.files("training").joinpath("data/sources.csv").read_text(encoding="utf-8")
    known = {row["source"]: row for row in csv.DictReader(facts.splitlines())}
    rows = []
    for source, count in counts.items():
        fact = known.get(source, {})
        rows.append((source, f"{count:,}", fact.get("licence") or "none stated", fact.get("what") or "–"))
    return table(("source", "rows", "licence", "what it is"), rows)


def _parity(parity: Sequence[Parity]) -> str:
    rows = [
        (
            one.axis,
            f"{one.agreement:.1%}",
            f"{one.difference:.3f}",
            f"{one.neighbours:.3f}",
            f"{one.flips:.1%}",
        )
        for one in parity
    ]
    return table(("axis", "same label", "mean difference of probability", "neighbours", "flips"), rows)
