"""One job at one size in a process of its own: seconds, and the largest memory above the import."""

import json
import re
import subprocess
import sys
import time
from pathlib import Path

from benches.report import machine

ROOT = Path(__file__).parents[2]
SECONDS = 1.0  # of measuring a size, at least; a size that takes longer is measured once
MOST_TURNS = 7


def largest_memory():
    """Return the largest resident memory of this process so far, in bytes."""
    status = Path("/proc/self/status")
    if not status.exists():  # macOS says it in bytes
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(re.search(r"^VmHWM:\s*(\d+) kB", status.read_text(), re.MULTILINE)[1]) * 1024


def in_this_process(number, size, n_threads):
    """Return what is measured of a job, by its place in the list, at a size."""
    machine.pin(n_threads)
    from benches.scaling.jobs import JOBS

    job = JOBS[number]
    job.begin(job.few[0], n_threads)()  # imports what is imported late, starts threads
    before = largest_memory()
    work, seconds, began = job.begin(size, n_threads), [], time.perf_counter()
    while len(seconds) < MOST_TURNS and (not seconds or time.perf_counter() - began < SECONDS):
        start = time.perf_counter()
        times = work()
        seconds.append((time.perf_counter() - start) / times)
    seconds.sort()
    return {
        "size": job.size(size), "threads": n_threads, "seconds": seconds[len(seconds) // 2],
        "range": [seconds[0], seconds[-1]], "bytes": largest_memory() - before,
    }  # fmt: skip


def in_a_process(number, size, n_threads):
    """Return the same, from a process that does nothing else."""
    arguments = [
        sys.executable,
        "-m",
        "benches.scaling.measure",
        *map(str, (number, size, n_threads)),
    ]
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"job {number} of size {size} failed: {done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    print(json.dumps(in_this_process(*map(int, sys.argv[1:]))))
