"""What a user waits for: ``python -m tests.benchmarks.cold_start`` prints medians on this machine.

import: what ``import stance`` costs beyond a bare interpreter. read: the command line on the bundled
article from a cold process, with its peak memory.
"""

import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
RUNS = 7
MOST_TO_IMPORT = 0.3  # seconds


def seconds(*command: str) -> float:
    """Median wall time of a command."""
    found = []
    for _ in range(RUNS):
        begun = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
        found.append(time.perf_counter() - begun)
    return statistics.median(found)


def peak_megabytes(*command: str) -> float:
    """Peak resident memory of a command, in MB."""
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=ROOT)
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} failed")
    # Linux counts in KiB, macOS in bytes.
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6


def main() -> None:
    """Print the figures as a table."""
    python = sys.executable
    read = (str(Path(python).with_name("stance")), "read", "notebooks/article.txt")
    bare, imported = (seconds(python, "-c", code) for code in ("pass", "import stance"))
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
    print("| what | median |\n|---|---|")
    if imported - bare > MOST_TO_IMPORT:
        raise SystemExit(f"import stance takes {imported - bare:.2f} s, more than {MOST_TO_IMPORT} s")
    print(f"| import stance, beyond a bare interpreter | {imported - bare:.2f} s |")
    print(f"| stance read notebooks/article.txt, cold process | {seconds(*read):.2f} s |")
    print(f"| its peak memory | {peak_megabytes(*read):.0f} MB |")


if __name__ == "__main__":
    main()
