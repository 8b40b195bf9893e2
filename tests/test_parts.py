"""A long table that goes on after a kill: each row once, in order, as if nothing had happened."""

import csv
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stance.errors import SettingsError, TableError
from stance.parts import PLAN, Parts, in_parts
from stance.tables import read_rows, surveyed
from stance.writing import join, writing
from tests.test_cli import refused, run

COLUMNS = ["quote", "n"]
SAID = ["We welcome talks.", "They lie, and steal.", 'Not "true".\nWe never did it.', "", "Our law is legal."]


def write_table(path: Path, rows: int) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["n", "quote", "speaker"])
        writer.writerows(
            [n, SAID[n % 5] + " now" * (n % 11 if n % 5 != 3 else 0), "a US official"] for n in range(rows)
        )
    return path


def killed_until_done(
    command: list[str], *, kills: int, longest: float, seed: int
) -> tuple[int, subprocess.CompletedProcess[str]]:
    """Start, kill at a random moment, start again; after so many kills let it end."""
    moments, done = random.Random(seed), 0
    while done < kills:
        process = subprocess.Popen([*command, "--resume"], stderr=subprocess.DEVNULL)
        try:
            process.wait(moments.uniform(0, longest))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            done += 1
        else:
            break
    return done, subprocess.run([*command, "--resume"], capture_output=True, text=True, check=True)


def classify(table: Path, output: Path, *options: object) -> list[str]:
    program = Path(sys.executable).with_name("stance")
    return [str(part) for part in (program, "classify", table, "-o", output, *options)]


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".jsonl", ".parquet"])
def test_parts_make_the_table_that_one_piece_makes(ending: str, tmp_path: Path) -> None:
    rows = [{"quote": f'He said "{n}",\nthen', "n": None if n < 3 else f"{n}"} for n in range(10)]
    with in_parts(tmp_path / f"parts{ending}", COLUMNS, {}, total=12, resume=None) as parts:
        for place in range(0, 10, 4):
            parts.add(rows[place : place + 4], taken=4, counts=[1, 2])
        assert (parts.taken, parts.counts) == (12, (3, 6))
    with writing(tmp_path / f"whole{ending}", COLUMNS) as writer:
        writer.write(rows)
    found, whole = (list(read_rows(tmp_path / f"{name}{ending}")) for name in ("parts", "whole"))
    assert found == whole
    assert len(found) == 10
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_header_over_several_lines_is_there_once(tmp_path: Path) -> None:
    columns = ["what\nwas said", "n"]
    for name in "ab":
        with writing(tmp_path / f"{name}.csv", columns) as writer:
            writer.write([{"what\nwas said": name, "n": 1}])
    join([tmp_path / "a.csv", tmp_path / "b.csv"], tmp_path / "both.csv", columns)
    assert surveyed(tmp_path / "both.csv") == (columns, 2)


def test_a_run_that_was_killed_goes_on(tmp_path: Path, model_folder: Path) -> None:
    table = write_table(tmp_path / "in.csv", 30_000)
    whole, broken = tmp_path / "whole.csv", tmp_path / "broken.csv"
    subprocess.run(classify(table, whole, "--model", model_folder), check=True, capture_output=True)
    kills, ended = killed_until_done(
        classify(table, broken, "--model", model_folder), kills=4, longest=3, seed=7
    )
    assert kills == 4
    assert "30,000 rows written" in ended.stderr
    assert "6,000 could not be classified" in ended.stderr
    assert broken.read_bytes() == whole.read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"in.csv", "whole.csv", "broken.csv"}


def begun(output: Path, plan: dict[str, str], *, parts: int = 1) -> None:
    """A run that was interrupted behind some parts of two rows."""

    def interrupted() -> None:
        with in_parts(output, COLUMNS, plan, total=9, resume=None) as made:
            for _ in range(parts):
                made.add([{"quote": "a", "n": 1}, {"quote": "b", "n": 2}], taken=2, counts=[0])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()


def end(output: Path, *, model: str = "one", resume: bool | None = True, total: int = 2) -> Parts:
    with in_parts(output, COLUMNS, {"model": model}, total=total, resume=resume) as parts:
        return parts


def test_what_is_done_is_not_lost_by_chance(tmp_path: Path) -> None:
    output = tmp_path / "out.csv"
    begun(output, {"model": "one"})
    with pytest.raises(SettingsError, match="Give --resume to go on behind them, or --anew"):
        end(output, resume=None)
    with pytest.raises(SettingsError, match="a run with another model"):
        end(output, model="two")
    parts = end(output)
    assert (parts.taken, parts.counts) == (2, (0,))
    assert [row["quote"] for _, row in read_rows(output)] == ["a", "b"]


def test_anew_does_all_again(tmp_path: Path) -> None:
    output = tmp_path / "out.csv"
    begun(output, {"model": "one"})
    with in_parts(output, COLUMNS, {"model": "two"}, total=1, resume=False) as parts:
        assert parts.taken == 0
        parts.add([{"quote": "c", "n": 3}], taken=1, counts=[0])
    assert [row["quote"] for _, row in read_rows(output)] == ["c"]


def test_a_part_that_is_gone_is_noticed(tmp_path: Path) -> None:
    output = tmp_path / "out.csv"
    begun(output, {"model": "one"}, parts=3)
    next(iter((tmp_path / ".out.csv.parts").glob("*2-2-0.csv"))).unlink()
    with pytest.raises(SettingsError, match="lacks the rows from 2 on, but has those from 4 on"):
        end(output)


def test_a_plan_that_is_gone_is_told(tmp_path: Path) -> None:
    output = tmp_path / "out.csv"
    begun(output, {"model": "one"})
    (tmp_path / ".out.csv.parts" / PLAN).write_text("")
    with pytest.raises(SettingsError, match=r"not what they were made with\. Give --anew"):
        end(output)


def test_a_table_that_became_shorter_is_told(tmp_path: Path) -> None:
    output = tmp_path / "out.csv"
    begun(output, {"model": "one"})
    with pytest.raises(TableError, match="had 3 rows at first, but 2 later: it was changed"):
        end(output, total=3)
    assert not output.exists()


def test_a_kill_while_the_parts_are_deleted_does_no_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "out.csv"
    begun(output, {"model": "one"}, parts=3)

    def killed(folder: Path, ignore_errors: bool = False) -> None:
        if folder.exists():
            next(iter(folder.glob("0*"))).unlink()
            raise KeyboardInterrupt

    monkeypatch.setattr(shutil, "rmtree", killed)
    with pytest.raises(KeyboardInterrupt):
        end(output, total=6)
    monkeypatch.undo()
    assert len(list(read_rows(output))) == 6
    with in_parts(output, COLUMNS, {"model": "one"}, total=1, resume=True) as parts:
        assert parts.taken == 0
        parts.add([{"quote": "c", "n": 3}], taken=1, counts=[0])
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


def test_two_runs_do_not_write_one_table(tmp_path: Path) -> None:
    output = tmp_path / "out.csv"
    with in_parts(output, COLUMNS, {}, total=1, resume=None) as parts:
        with pytest.raises(SettingsError, match="is being written by another run"):
            end(output, resume=False)
        parts.add([{"quote": "c", "n": 3}], taken=1, counts=[0])
    assert len(list(read_rows(output))) == 1


def test_a_table_that_is_classified_again_keeps_what_it_had(tmp_path: Path, model_folder: Path) -> None:
    table = write_table(tmp_path / "0.csv", 4)
    for n in range(3):
        run("classify", tmp_path / f"{n}.csv", "-o", tmp_path / f"{n + 1}.csv", "--model", model_folder)
    names, _ = surveyed(tmp_path / "3.csv")
    assert {"stance", "predicted_stance", "predicted_predicted_stance"} <= set(names)
    assert surveyed(table)[1] == 4


def test_a_changed_table_does_not_go_on(tmp_path: Path, model_folder: Path) -> None:
    table, output = write_table(tmp_path / "in.csv", 30_000), tmp_path / "out.csv"
    process = subprocess.Popen(classify(table, output, "--model", model_folder), stderr=subprocess.DEVNULL)
    folder = tmp_path / ".out.csv.parts"
    for _ in range(3000):
        if list(folder.glob("0*.csv")):
            break
        time.sleep(0.01)
    process.kill()
    process.wait()
    assert list(folder.glob("0*.csv")), "the run was over, or slow, before it could be killed"
    write_table(table, 2001)
    assert "a run with another table" in refused(
        "classify", table, "-o", output, "--model", model_folder, "--resume"
    )
    assert "Give --resume" in refused("classify", table, "-o", output, "--model", model_folder)
    assert "2,001 rows" in run("classify", table, "-o", output, "--model", model_folder, "--anew").stderr


def test_a_bad_line_is_found_before_anything_is_computed(tmp_path: Path) -> None:
    table = write_table(tmp_path / "in.csv", 3000)
    with table.open("a", encoding="utf-8") as file:
        file.write("1,a,b,c,d\n")
    assert "5 cells, but the header has 3 columns" in refused("classify", table, "-o", tmp_path / "out.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]
