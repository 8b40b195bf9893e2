"""What a command costs in a process of its own."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
# From a small process, because a child counts the memory of what has started it as its own.
WATCH = (
    "import resource, subprocess, sys, time; begun = time.perf_counter(); "
    "done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL); "
    "print(time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); "
    "sys.exit(done.returncode)"
)


@dataclass(frozen=True)
class Cost:
    """Wall time in seconds, peak resident memory in MB, and what the command wrote to its errors."""

    seconds: float
    megabytes: float
    errors: str


def cost(command: Sequence[str]) -> Cost:
    """Run a command in the project's folder; one that fails ends the benchmark with what it said."""
    done = subprocess.run(
        [sys.executable, "-c", WATCH, *command], capture_output=True, text=True, cwd=ROOT, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr}")
    seconds, peak = done.stdout.split()
    # Linux counts in KiB, macOS in bytes.
    return Cost(float(seconds), float(peak) * (1 if sys.platform == "darwin" else 1024) / 1e6, done.stderr)
