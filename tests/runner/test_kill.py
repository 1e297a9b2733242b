"""SIGKILL at any moment: what was finished is there, and the end is the same bit for bit."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import pytest

from spinglass.experiments import capacity, open_store
from walks import __file__ as walks_file

pytestmark = pytest.mark.skipif(os.name != "posix", reason="forks and kills")

LOADS = [0.1 + k / 400 for k in range(60)]
SCAN = {"n_spins": (900, 1200), "loads": LOADS, "n_instances": 20, "n_starts": 4, "seed": 7}

# Imports once and forks for each line it reads. A fork is a process of its own, and is killed: so
# many seconds after it began, or after it began to work.
FORKS = f"""
import os, signal, sys, time
sys.path.insert(0, {str(Path(walks_file).parent)!r})
from spinglass.experiments import capacity
from spinglass.runner.stores.store import Store
class Telling(Store):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        os.write(tells, b".")
runner = sys.modules["spinglass.runner.loop"]
runner.Store = Telling
for line in sys.stdin:
    after, seconds = line.split()
    hears, tells = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            capacity(**{SCAN!r}, store=sys.argv[1], num_threads=2)
        finally:
            os._exit(0)
    os.close(tells)
    if after == "work":
        os.read(hears, 1)
    time.sleep(float(seconds))
    os.kill(pid, signal.SIGKILL)
    os.close(hears)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""

# Kills itself before the n-th thing it does with a file, while it makes a store, puts rows
# into it and closes it.
EVENTS = f"""
import os, signal, sys
sys.path.insert(0, {str(Path(walks_file).parent)!r})
from pathlib import Path
from spinglass.runner.stores.store import Store
from walks import walks
experiment = walks(3)
task = experiment.tasks()[0]
def work(path, n):
    count = 0
    names = {{"execute", "executemany", "connect", "close", "replace", "unlink"}}
    def die(frame, event, function):
        nonlocal count
        if event == "c_call" and function.__name__ in names:
            count += 1
            if count == n:
                os.kill(os.getpid(), signal.SIGKILL)
    rows = experiment.work(task, None)
    sys.setprofile(die)
    store = Store(Path(path), experiment, 1)
    store.put(min(set(range(3)) - store.done, default=0), rows, 0.1)
    store.close()
    sys.setprofile(None)
    return count
for line in sys.stdin:
    n, path = line.rstrip("\\n").split(" ", 1)
    pid = os.fork()
    if not pid:
        try:
            work(path, int(n))
        finally:
            os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""


@contextmanager
def script(code, *arguments):
    """Run a script that answers each line with an exit code; yield what asks it."""
    with subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:

        def ask(line):
            print(line, file=process.stdin, flush=True)
            return int(process.stdout.readline())

        yield ask
        process.stdin.close()


def tasks_done(path):
    """Return what a store has, which must be a store: by task the bytes of its rows."""
    if not path.exists():
        return {}
    assert open_store(path).status().tasks > 0
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as db:
        return dict(db.execute("SELECT number, rows FROM done"))


def test_a_scan_killed_fifty_times_ends_as_one_that_was_not(tmp_path):
    path, chance = tmp_path / "scan.sqlite", random.Random(7)
    whole = capacity(**SCAN)
    command = [sys.executable, "-m", "spinglass", "capacity", "--quiet", "--threads", "2"]
    command += ["--spins", *map(str, SCAN["n_spins"]), "--instances", str(SCAN["n_instances"])]
    command += ["--loads", *map(str, LOADS)]
    command += ["--starts", str(SCAN["n_starts"]), "--seed", str(SCAN["seed"])]
    command += ["--store", str(path), "--out", str(tmp_path / "out")]
    before, in_work, delay = {}, 0, 0.02
    with script(FORKS, path) as ask:
        for kill in range(50):
            if kill % 10 == 9:  # a process that has to start first
                process = subprocess.Popen(command)
                time.sleep(chance.uniform(0.3, 2.0))
                process.kill()
                code = process.wait()
            elif kill < 9:  # while the store is made
                code = ask(f"start {chance.uniform(0, 0.03)}")
            else:  # so that there is work for all of them
                code = ask(f"work {chance.uniform(0, 2 * delay)}")
                delay = 0.5 * delay if len(before) / 120 > kill / 50 else min(0.3, 1.4 * delay)
            assert code in (-signal.SIGKILL, 0)
            in_work += code == -signal.SIGKILL
            after = tasks_done(path)
            assert before.items() <= after.items()
            before = after
    assert in_work >= 45
    status, partial = open_store(path).status(), open_store(path).result().trials
    assert status.sessions >= 35
    assert np.isin(partial, whole.trials).all()
    assert capacity(**SCAN, store=path).trials.tobytes() == whole.trials.tobytes()
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stderr == ""
    whole.save(tmp_path / "whole", figure=False)
    for name in ("trials.csv", "summary.json"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "out",
        "scan.sqlite",
        "scan.sqlite.lock",
        "whole",
    ]


def test_a_kill_at_any_step_of_making_a_store_leaves_none_or_a_whole_one(tmp_path):
    with script(EVENTS) as ask:
        assert ask(f"0 {tmp_path / 'whole'}") == 0
        n, made, codes = 0, 0, []
        while not codes or codes[-1]:
            n += 1
            path = tmp_path / f"store {n}"
            codes.append(ask(f"{n} {path}"))
            there = tasks_done(path)
            made += path.exists()
            # Whoever comes next gets in, and finds what was there.
            assert ask(f"0 {path}") == 0
            assert there.items() <= tasks_done(path).items()
            assert not list(tmp_path.glob("*.part*"))
    assert n > 40
    assert 0 < made < n
