"""Two workers on this machine, one of which is killed."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import ray

import stance.ray
from stance.classifier import load
from stance.errors import ColumnError, SettingsError

WORKER = b"ray::MapWorker"
ROWS = 60_000


@pytest.fixture(scope="module")
def cluster() -> Iterator[set[int]]:
    before = set(workers())
    ray.init(num_cpus=3, include_dashboard=False, logging_level="ERROR", log_to_driver=False)
    yield before
    ray.shutdown()


def rows(count: int) -> list[dict[str, Any]]:
    said = ["We welcome talks.", "They lie.", "Not true. We never did it.", "", "Our law is legal."]
    return [
        {"n": n, "Text": said[n % 5] + " now" * (n % 7) if n % 5 != 3 else "", "speaker": "a US official"}
        for n in range(count)
    ]


def workers() -> list[int]:
    """The processes of this machine that classify."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if (folder / "cmdline").read_bytes().startswith(WORKER):
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def test_a_cluster_says_what_one_process_says(cluster: None, model_folder: Path) -> None:
    given = rows(500)
    dataset = ray.data.from_items(given)
    found = stance.ray.classify(dataset, columns={"quote": "Text"}, model=model_folder, workers=2).take_all()
    good = [row for row in given if row["Text"]]
    quotes = [stance.Quote(row["Text"], row["speaker"]) for row in good]
    expected = {
        row["n"]: said.as_dict()
        for row, said in zip(good, load(model_folder).classify_many(quotes), strict=True)
    }
    assert sorted(row["n"] for row in found) == list(range(500))
    for row in found:
        if row["n"] in expected:
            assert row["error"] is None
            assert {name: row[name] for name in ("side", "stance_confidence", "sentiment_unsure")} == {
                name: expected[row["n"]][name] for name in ("side", "stance_confidence", "sentiment_unsure")
            }
        else:
            assert row["error"] == "The column 'Text' is empty."
            assert row["stance"] is None


def test_a_killed_worker_loses_no_row(cluster: set[int], model_folder: Path) -> None:
    dataset = ray.data.from_items(rows(ROWS), override_num_blocks=40)
    made = stance.ray.classify(dataset, columns={"quote": "Text"}, model=model_folder, workers=2)
    found: list[tuple[int, str | None]] = []
    killed = 0
    for batch in made.iter_batches(batch_size=1000, batch_format="pyarrow"):
        found += zip(batch["n"].to_pylist(), batch["stance"].to_pylist(), strict=True)
        if not killed and len(found) < ROWS / 2:
            os.kill(next(one for one in workers() if one not in cluster), signal.SIGKILL)
            killed = 1
    assert killed
    expected = {n: said for n, said in found if n < 35}  # the rows repeat every 35
    assert sorted(n for n, _ in found) == list(range(ROWS))
    assert all(said == expected[n % 35] for n, said in found)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({}, ColumnError, "has no column 'quote'"),
        ({"columns": {"quote": "Text"}, "workers": 0}, SettingsError, "workers is 0"),
    ],
)
def test_what_cannot_be_done_is_told_at_once(
    cluster: None, options: dict[str, Any], error: type[Exception], message: str, model_folder: Path
) -> None:
    with pytest.raises(error, match=message):
        stance.ray.classify(ray.data.from_items(rows(5)), model=model_folder, **options)
