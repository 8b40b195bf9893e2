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
ROWS = 30_000


@pytest.fixture(scope="module")
def cluster() -> Iterator[set[int]]:
    before = set(workers())
    ray.init(address="local", num_cpus=2, include_dashboard=False, logging_level="ERROR", log_to_driver=False)
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
    found = stance.ray.classify(dataset, columns={"quote": "Text"}, model=model_folder).take_all()
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
    dataset = ray.data.from_items(rows(ROWS), override_num_blocks=1)
    made = stance.ray.classify(dataset, columns={"quote": "Text"}, model=model_folder)
    found: list[tuple[int, str | None]] = []
    killed = 0
    for batch in made.iter_batches(batch_size=1000, batch_format="pyarrow"):
        found += zip(batch["n"].to_pylist(), batch["stance"].to_pylist(), strict=True)
        if not killed and len(found) < ROWS / 2:
            one, _ = set(workers()) - cluster  # all cores have work, even on data that Ray holds in one piece
            os.kill(one, signal.SIGKILL)
            killed = 1
    assert killed
    expected = {n: said for n, said in found if n < 35}  # the rows repeat every 35
    assert sorted(n for n, _ in found) == list(range(ROWS))
    assert all(said == expected[n % 35] for n, said in found)


@pytest.mark.parametrize(
    ("there", "workers", "cores", "gpus", "size", "share"),
    [
        ({"CPU": 2}, None, 1, 0, 2, 0.25),
        ({"CPU": 1}, None, 1, 0, 1, 0),
        ({"CPU": 96}, None, 4, 0, 24, 95 / 48),
        ({"CPU": 96}, 10, 4, 0, 10, 4),
        ({"CPU": 32, "GPU": 2}, None, 1, 0.5, 4, 1),
        ({"CPU": 32}, 3, 1, 1, 3, 1),
    ],
)
def test_a_place_is_left_for_what_reads_the_rows(
    there: dict[str, float], workers: int | None, cores: int, gpus: float, size: int, share: float
) -> None:
    found, asked = stance.ray._pool(there, workers, cores, gpus)
    assert (found, asked) == (size, pytest.approx(share))
    assert found * asked <= there["CPU"] - min(1, there["CPU"])


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({}, ColumnError, "has no column 'quote'"),
        ({"columns": {"quote": "Text"}, "workers": 0}, SettingsError, "workers is 0"),
        ({"columns": {"quote": "Text"}, "gpus": 1}, SettingsError, "gpus is 1, but the cluster has 0 now"),
    ],
)
def test_what_cannot_be_done_is_told_at_once(
    cluster: None, options: dict[str, Any], error: type[Exception], message: str, model_folder: Path
) -> None:
    with pytest.raises(error, match=message):
        stance.ray.classify(ray.data.from_items(rows(5)), model=model_folder, **options)
