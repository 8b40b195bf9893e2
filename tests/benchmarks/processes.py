"""What a command costs in a process of its own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PERIOD = 10.0  # seconds
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


def cost(command: Sequence[str], *, between: Callable[[], object] | None = None) -> Cost:
    """Run a command in the project's folder; one that fails ends the benchmark with what it said.

    between: what is done every ten seconds while the command is stopped, so that both meet the same moods
    of a shared machine; its time is not counted.
    """
    child = subprocess.Popen(
        [sys.executable, "-c", WATCH, *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        start_new_session=True,
    )
    paused = 0.0
    while True:
        try:
            output, errors = child.communicate(timeout=PERIOD if between else None)
            break
        except subprocess.TimeoutExpired:
            begun = time.perf_counter()
            os.killpg(child.pid, signal.SIGSTOP)
            if between:
                between()
            os.killpg(child.pid, signal.SIGCONT)
            paused += time.perf_counter() - begun
        except BaseException:
            os.killpg(child.pid, signal.SIGKILL)
            raise
    if child.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{errors}")
    seconds, peak = output.split()
    # Linux counts in KiB, macOS in bytes.
    return Cost(
        float(seconds) - paused, float(peak) * (1 if sys.platform == "darwin" else 1024) / 1e6, errors
    )
