"""Ctrl-C while a model is made or an array is copied: soon, at whatever moment it comes."""

import json
import os
import subprocess
import sys

import pytest

# Promised are 0.2 s; shared machines that test wheels get five times that.
BOUND = 1.0

SCRIPT = """
import json, os, signal, sys, threading, time, warnings
import numpy as np
import scipy.linalg, scipy.sparse
import spinglass

warnings.simplefilter("ignore")
rng = np.random.default_rng(1)

def ones(n, dtype):
    matrix = np.ones((n, n), dtype)
    np.fill_diagonal(matrix, 0)
    return matrix

def symmetric_but_for_a_rounding():
    matrix = ones(4000, np.float64)
    matrix[1:, 0] += 1e-16
    return lambda: spinglass.Ising(matrix)

def of(make, argument):
    return lambda: make(argument)

CALLS = {
    "SherringtonKirkpatrick": lambda: of(spinglass.SherringtonKirkpatrick, 5000),
    "Ising of doubles": lambda: of(spinglass.Ising, ones(5000, np.float64)),
    "Ising of bytes": lambda: of(spinglass.Ising, ones(5000, np.int8)),
    "Ising, rounded": symmetric_but_for_a_rounding,
    "EdwardsAnderson": lambda: of(spinglass.EdwardsAnderson, (1000, 1000)),
    "couplings": lambda: spinglass.SherringtonKirkpatrick(5000, seed=1).couplings,
    "few rows of random patterns": lambda: lambda: spinglass.Patterns.random(2**29, 10, seed=1),
    "patterns of bytes": lambda: of(
        spinglass.Patterns.from_array, np.ones((10_000, 40_000), np.int8)
    ),
    "patterns of singles": lambda: of(
        spinglass.Patterns.from_array, np.ones((5000, 40_000), np.float32)
    ),
    "array of patterns": lambda: spinglass.Patterns.random(10_000, 40_000, seed=1).to_array,
    "corrupt": lambda: lambda: spinglass.corrupt(np.ones(50_000_000, np.int8), 0.9, seed=1),
    "start of a sweep of spins in bits": lambda: lambda: spinglass.sample(
        spinglass.EdwardsAnderson((700, 700), seed=1), beta=1.0, n_sweeps=1, seed=1
    ),
    "start of a sweep of real couplings": lambda: lambda: spinglass.sample(
        spinglass.EdwardsAnderson((700, 700), "gaussian", seed=1), beta=1.0, n_sweeps=1, seed=1
    ),
    "samples of InverseIsing": lambda: of(
        spinglass.InverseIsing("mean-field").fit, rng.choice([-1, 1], (400_000, 100))
    ),
    "many samples of few spins": lambda: of(
        spinglass.InverseIsing("mean-field").fit,
        rng.choice(np.array([-1, 1], np.int8), (10_000_000, 10)),
    ),
    "a large machine": lambda: of(
        spinglass.BernoulliRBM(4000, n_iter=1, random_state=0).fit,
        rng.integers(0, 2, (20, 4000)),
    ),
    "the start of a Gaussian machine": lambda: of(
        spinglass.GaussianBernoulliRBM(8, n_iter=1, random_state=0).fit,
        rng.normal(size=(50_000, 300)),
    ),
}

call = CALLS[sys.argv[1]]()
spinglass.Ising([[0, 1], [1, 0]])
latencies = []
for moment in (0.03, 0.2, 0.5, 0.9):
    sent = []
    def send():
        time.sleep(moment)
        sent.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)
    threading.Thread(target=send, daemon=True).start()
    try:
        while True:  # a call may be over before it is interrupted
            call()
    except KeyboardInterrupt:
        latencies.append(time.monotonic() - sent[0])
# And the process goes on.
assert spinglass.SherringtonKirkpatrick(8, seed=1).couplings().shape == (8, 8)
print(json.dumps(latencies), flush=True)
# An interrupt that went through the `exec` of a late import would end Python by a signal even now.
os._exit(0)
"""

NAMES = [line.split('"')[1] for line in SCRIPT.split("CALLS = {")[1].splitlines() if '": ' in line]


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT")
@pytest.mark.parametrize("name", NAMES)
def test_making_a_model_stops_soon(name, record_property):
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT, name], capture_output=True, text=True, timeout=200
    )
    assert run.returncode == 0, run.stderr
    latencies = json.loads(run.stdout)
    record_property("latency", max(latencies))
    assert max(latencies) < BOUND, latencies
