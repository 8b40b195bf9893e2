"""What a user waits for: ``python -m tests.benchmarks.cold_start`` prints medians on this machine.

import: what ``import stance`` costs beyond a bare interpreter. read: the command line on the bundled
article from a cold process, with its peak memory.
"""

import os
import platform
import statistics
import sys
from pathlib import Path

from tests.benchmarks.processes import cost

RUNS = 7
MOST_TO_IMPORT = 0.3  # seconds


def seconds(*command: str) -> float:
    """Median wall time of a command."""
    return statistics.median(cost(command).seconds for _ in range(RUNS))


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
    print(f"| its peak memory | {cost(read).megabytes:.0f} MB |")


if __name__ == "__main__":
    main()
