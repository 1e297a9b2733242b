"""Soak: scans, recalls, samples and fits for minutes on end, with Ctrl-C at random moments.

    python benches/soak.py --minutes 10 --memory 2GB --seed 1

Each piece of work is drawn at random (`soaked.py`), interrupted at random or not, taken up again
if it has a store, and done once more in peace: both must agree bit for bit, and so must what an
interruption carried. Meanwhile a second process sends SIGINT. The memory is capped, and what would
not fit must be refused before any work. In the end no memory, thread, process or file may have
been left behind. Exit code 1 if anything is wrong. Linux only.
"""

from __future__ import annotations

import argparse
import ctypes
import faulthandler
import gc
import multiprocessing
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import scipy.stats
import soaked

from spinglass._interrupted import Interrupted
from spinglass.experiments import capacity

# Sends as many signals as the last byte it was told says, at random.
SENDER = """
import os, random, select, signal, sys
draw, n = random.Random(int(sys.argv[2])), 0
while True:
    wait = draw.expovariate(1 / float(sys.argv[3])) if n else None
    if not select.select([0], [], [], wait)[0]:
        os.kill(int(sys.argv[1]), signal.SIGINT)
        n -= 1
    elif told := os.read(0, 64):
        n = told[-1]
    else:
        break
"""

# Seconds to a signal on average, and after which a piece of work is stuck.
GAP, STUCK = 0.15, 180


class Interrupts:
    """Has SIGINT sent while it is wanted, by another process; at other times it is ignored."""

    def __init__(self, seed: int) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        arguments = [str(os.getpid()), str(seed), str(GAP)]
        self._sender = subprocess.Popen(
            [sys.executable, "-c", SENDER, *arguments], stdin=subprocess.PIPE, bufsize=0
        )

    def close(self) -> None:
        assert self._sender.stdin is not None
        self._sender.stdin.close()
        self._sender.wait()

    def _tell(self, times: int) -> None:
        assert self._sender.stdin is not None
        self._sender.stdin.write(bytes([times]))

    @contextmanager
    def at_most(self, times: int) -> Iterator[None]:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            self._tell(times)
            yield
        finally:
            self._off()

    def _off(self) -> None:
        late = None
        while signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            try:
                signal.signal(signal.SIGINT, signal.SIG_IGN)
            except KeyboardInterrupt as error:
                late = error
        self._tell(0)
        if late:
            raise late


@dataclass
class Report:
    """What was done, and what was wrong."""

    done: Counter[str] = field(default_factory=Counter)
    interrupted: Counter[str] = field(default_factory=Counter)
    resumed: Counter[str] = field(default_factory=Counter)
    early: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    resident: list[tuple[float, float]] = field(default_factory=list)

    def wrong(self, what: str) -> None:
        self.faults.append(what)
        print(f"WRONG: {what}", flush=True)


class Soak:
    """One run: pieces of work until the time is over."""

    def __init__(self, seed: int, minutes: float) -> None:
        self.draw, self.minutes = random.Random(seed), minutes
        self.report, self.interrupts = Report(), Interrupts(seed)
        self.pool = self._new_pool()

    def _new_pool(self) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")
        # Of a Ctrl-C in a terminal the workers get one too; the parent is the one to answer.
        ignore = (signal.SIGINT, signal.SIG_IGN)
        return ProcessPoolExecutor(2, context, initializer=signal.signal, initargs=ignore)

    def piece(self, make: Any) -> None:
        """Draw a piece of work and do it."""
        piece = make(self.draw)
        faulthandler.dump_traceback_later(STUCK, exit=True)
        with tempfile.TemporaryDirectory() as folder:
            store = Path(folder, "store.sqlite") if self.draw.random() < 0.5 else None
            first = self.attempts(piece, store)
        whole = piece.call(num_threads=self.draw.randint(1, 2))
        kept, result = first
        if result is not None and not soaked.alike(result, whole):
            self.report.wrong(f"{piece.kind}: other rows than without interruption")
        for stopped in kept:
            if not piece.belongs(stopped, whole):
                self.report.wrong(f"{piece.kind}: what {stopped!r} kept is not of the whole")
        faulthandler.cancel_dump_traceback_later()
        self.report.done[piece.kind] += 1

    def attempts(self, piece: soaked.Piece, store: Path | None) -> tuple[list[Any], Any]:
        """Return what interruptions carried, and the result if it came to that.

        A stored scan is taken up again and again, each time somewhere else, at last in peace.
        """
        kept: list[Any] = []
        stored = piece.is_scan and store is not None
        for attempt in range(6):
            where: dict[str, Any] = {"num_threads": self.draw.randint(1, 2)}
            if piece.is_scan and self.draw.random() < 0.3:
                where |= {"executor": self.pool}
            if stored:
                where |= {"store": store}
            # Now and then somebody presses twice.
            times = 0 if attempt == 5 else 1 + (self.draw.random() < 0.1)
            try:
                with self.interrupts.at_most(times):
                    result = piece.call(**where)
                self.report.resumed[piece.kind] += attempt > 0
                return kept, result
            except piece.interruption as stopped:
                self.report.interrupted[piece.kind] += 1
                if isinstance(stopped, Interrupted):
                    kept.append(stopped)
            except KeyboardInterrupt as stopped:
                self.report.early[_place(stopped)] += 1
            except Exception as error:
                self.report.wrong(f"{piece.kind}: {error!r}\n{traceback.format_exc()}")
                return kept, None
            if not stored:
                return kept, None
        return kept, None

    def refused(self) -> None:
        """What does not fit under the cap is refused at once."""
        begun = time.monotonic()
        try:
            capacity(2_000_000, loads=[0.14], n_instances=1)
            self.report.wrong("a scan of 70 GB was begun")
        except MemoryError:
            if time.monotonic() - begun > 1:
                self.report.wrong("a scan of 70 GB was refused late")

    def run(self) -> None:
        """Warm up, take the baseline, work, and look what is left."""
        for make in soaked.ALL * 4:
            self.piece(make)
        self.refused()
        self.pool.submit(os.getpid).result()
        before, pools = left_behind(), in_pools()
        begun = shown = time.monotonic()
        while (now := time.monotonic()) < begun + 60 * self.minutes:
            self.piece(self.draw.choice(soaked.ALL))
            if self.draw.random() < 0.02:
                self.refused()
            self.report.resident.append((now - begun, resident()))
            if now - shown > 60:
                shown = now
                print(f"{(now - begun) / 60:.0f} min: {self.line()}", flush=True)
        after = settled(before)
        for what, count in before.items():
            if after[what] != count:
                self.report.wrong(f"{what}: {count} before, {after[what]} after")
        # Who presses twice does not wait for the first calls to end, and the next need pools too.
        if in_pools() > 2 * pools:
            self.report.wrong(f"threads of pools: {pools} before, {in_pools()} after")
        self.pool.shutdown(cancel_futures=True)
        self.interrupts.close()

    def line(self) -> str:
        r = self.report
        return (
            f"{r.done.total()} pieces, {r.interrupted.total()} interrupted, {r.resumed.total()} "
            f"resumed, {resident():.0f} MB, {len(r.faults)} wrong"
        )


def _place(error: BaseException) -> str:
    """Return where an interruption came from that carries nothing."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [f for f in frames if "spinglass" in f.filename] or frames
    return f"{Path(ours[-1].filename).name}, {ours[-1].name}: {ours[-1].line}"


# ---- what may be left behind ---------------------------------------------------------------------


def left_behind() -> dict[str, int]:
    """Return how many threads, open files and children there are."""
    gc.collect()
    tasks = list(Path("/proc/self/task").iterdir())
    children = " ".join((task / "children").read_text() for task in tasks).split()
    return {
        "threads of the process, pools aside": len(tasks) - in_pools(),
        "threads of Python": threading.active_count(),
        "open files": len(list(Path("/proc/self/fd").iterdir())),
        "children": len(children),
    }


def in_pools() -> int:
    """Return how many threads wait in the pools of the core, which keeps them for the next call."""
    names = [path.read_text() for path in Path("/proc/self/task").glob("*/comm")]
    return sum(name.startswith("spinglass-") for name in names)


def settled(before: dict[str, int]) -> dict[str, int]:
    """Look again for two seconds: a thread that ends takes a moment."""
    for _ in range(20):
        after = left_behind()
        if after == before:
            break
        time.sleep(0.1)
    return after


def resident() -> float:
    """Return the megabytes in use, after what is free has gone back to the system."""
    gc.collect()
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def growth(resident: list[tuple[float, float]]) -> tuple[float, float]:
    """Return how much the memory grew over the second half, and how much of that chance may do.

    The largest piece so far leaves gaps in the heap, so the memory rises in steps of any size, ever
    fewer. A leak rises steadily: the second half is cut into eleven blocks, and the ten steps of
    their medians are held against their own scatter by Student's t at one in a thousand.
    """
    sizes = np.array([size for _, size in resident[len(resident) // 2 :]])
    steps = np.diff([np.median(block) for block in np.array_split(sizes, 11)])
    error = steps.std(ddof=1) * len(steps) ** 0.5
    return float(steps.sum()), float(scipy.stats.t.ppf(0.999, len(steps) - 1) * error)


def watch(report: Report) -> None:
    """Take what would only be printed for a fault: dead threads, files never closed."""
    threading.excepthook = lambda x: report.wrong(f"a thread died of {x.exc_value!r}")

    def unraisable(x: Any) -> None:
        # Ctrl-C may come in a __del__: Python prints it and goes on.
        if not isinstance(x.exc_value, KeyboardInterrupt):
            report.wrong(f"{x.err_msg}: {x.exc_value!r} in {x.object!r}")

    sys.unraisablehook = unraisable
    warnings.simplefilter("error", ResourceWarning)


def show(report: Report) -> None:
    """Print what was done, the memory over time, and the verdict."""
    print(f"\n{'':<10} {'done':>6} {'interrupted':>12} {'resumed':>8}")
    for kind in report.done:
        counts = report.done[kind], report.interrupted[kind], report.resumed[kind]
        print("{:<10} {:>6} {:>12} {:>8}".format(kind, *counts))
    print(f"\ninterrupted before the work began or after it was over: {report.early.total()}")
    for place, count in report.early.most_common():
        print(f"{count:>6}  {place}")
    parts = np.array_split(np.array(report.resident), 20)
    print("\nresident memory, MB:", " ".join(f"{np.median(part[:, 1]):.1f}" for part in parts))
    grown, chance = growth(report.resident)
    print(f"in the second half it grew by {grown:.2f} MB, chance may do {chance:.2f}")
    if grown > chance:
        report.wrong("the memory grows")
    print(f"\n{'WRONG: ' + str(len(report.faults)) if report.faults else 'nothing is wrong'}")


def _size(text: str) -> int:
    for unit, factor in (("GB", 10**9), ("MB", 10**6)):
        if text.upper().endswith(unit):
            return int(float(text[:-2]) * factor)
    raise argparse.ArgumentTypeError(f"expected a size such as 2GB or 500MB, got {text!r}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=10, help="(default: 10)")
    parser.add_argument("--memory", type=_size, default=2 * 10**9, help="cap (default: 2GB)")
    parser.add_argument("--seed", type=int, default=1, help="of all that is drawn (default: 1)")
    chosen = parser.parse_args()
    if "MALLOC_ARENA_MAX" not in os.environ:
        # One heap for all threads: with many, what comes free in one does not serve another, and
        # memory rises for a long while without a leak.
        os.environ["MALLOC_ARENA_MAX"] = "1"
        os.execv(sys.executable, [sys.executable, *sys.argv])
    resource.setrlimit(resource.RLIMIT_DATA, (chosen.memory, chosen.memory))
    soak = Soak(chosen.seed, chosen.minutes)
    watch(soak.report)
    soak.run()
    show(soak.report)
    return 1 if soak.report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
