"""Forked processes, more threads than processors, and the last moments of an interpreter."""

import os
import subprocess
import sys

import pytest

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")

BEGIN = """
import os, sys, time, warnings
import numpy as np
import spinglass
from spinglass import exact, meanfield

warnings.simplefilter("ignore")

def ended(child):
    "Return the exit status of a child, which is killed after a while."
    for _ in range(600):
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.05)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return "hangs"

def slow(progress):
    network = spinglass.Hopfield(spinglass.Patterns.random(100, 1000, seed=1))
    starts = spinglass.corrupt(np.resize(network.patterns[:100], (400, 1000)), 0.2, seed=2)
    found = network.recall(starts, "random", beta=3.0, max_sweeps=40, seed=1, progress=progress)
    return found.states
"""


def output_of(script, *arguments):
    run = subprocess.run(
        [sys.executable, "-c", BEGIN + script, *arguments],
        capture_output=True,
        text=True,
        timeout=250,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.split(), run.stderr


DOORS = """
spins = np.random.default_rng(0).choice(np.array([-1, 1], np.int8), (500, 12))
units = (spins > 0).astype(float)
glass = spinglass.SherringtonKirkpatrick(12, seed=1)
graph = spinglass.EdwardsAnderson((8, 8), "gaussian", seed=1)
bits = spinglass.EdwardsAnderson((8, 8), seed=1)
lattice = spinglass.SquareLattice(8)
network = spinglass.Hopfield(spins[:2])

DOORS = {
    "making": lambda: spinglass.SherringtonKirkpatrick(60, seed=1).couplings(),
    "dense": lambda: spinglass.sample(glass, beta=1.0, n_sweeps=5, seed=1),
    "graph": lambda: spinglass.sample(graph, beta=1.0, n_sweeps=5, seed=1),
    "bits": lambda: spinglass.sample(bits, beta=1.0, n_sweeps=5, seed=1),
    "lattice": lambda: spinglass.sample(lattice, beta=1.0, n_sweeps=5, seed=1),
    "clusters": lambda: spinglass.sample(
        lattice, beta=0.4, n_sweeps=5, dynamics="wolff", seed=1
    ),
    "temper": lambda: spinglass.temper(graph, betas=[0.5, 1.0], n_sweeps=5, seed=1),
    "anneal": lambda: spinglass.anneal(graph, n_sweeps=5, seed=1),
    "descend": lambda: spinglass.descend(graph, np.ones(64)),
    "energy": lambda: graph.energy(np.ones(64)),
    "recall": lambda: network.recall(spins),
    "overlaps": lambda: network.overlaps(spins),
    "hebb": lambda: network.couplings(),
    "patterns": lambda: spinglass.Patterns.from_array(spins).to_array(),
    "exact": lambda: exact.correlations(glass, beta=1.0),
    "mean field": lambda: meanfield.naive(glass, beta=0.5),
    "estimate": lambda: spinglass.estimate_log_partition(graph, seed=1),
    "landscape": lambda: spinglass.experiments.landscape(glass),
    "bernoulli": lambda: spinglass.BernoulliRBM(4, n_iter=2, random_state=0).fit(units),
    "gaussian": lambda: spinglass.GaussianBernoulliRBM(4, n_iter=2, random_state=0).fit(units),
    "inverse": lambda: spinglass.InverseIsing().fit(spins),
    "chains": lambda: spinglass.InverseIsing("boltzmann", max_iter=3, random_state=1).fit(spins),
}
"""


@needs_fork
def test_a_forked_child_can_call_whatever_its_parent_has_called():
    script = (
        DOORS
        + """
for name, door in DOORS.items():
    door()
    child = os.fork()
    if child == 0:
        door()
        os._exit(0)
    print(name.replace(" ", "-"), ended(child))
"""
    )
    words, _ = output_of(script)
    assert set(words[1::2]) == {"0"}, words
    assert len(words) > 40


@needs_fork
def test_workers_of_multiprocessing_may_be_forked_after_a_call():
    script = """
import multiprocessing

def energy(seed):
    return float(spinglass.sample(glass, beta=1.0, n_sweeps=5, seed=seed).energy.sum())

glass = spinglass.EdwardsAnderson((8, 8), "gaussian", seed=1)
alone = [energy(seed) for seed in range(4)]
with multiprocessing.get_context("fork").Pool(2) as workers:
    print(workers.map_async(energy, range(4)).get(timeout=60) == alone)
"""
    assert output_of(script)[0] == ["True"]


@needs_fork
def test_a_child_forked_in_a_progress_callback_may_call_and_leave():
    script = """
children = []

def progress(done, total):
    if not children:
        children.append(os.fork())
        if not children[0]:
            print((slow(False) == expected).all(), flush=True)
            os._exit(0)

expected = slow(False)
same = (slow(progress) == expected).all()
print(ended(children[0]), same)
"""
    assert output_of(script)[0] == ["True", "0", "True"]


@needs_fork
def test_a_child_that_comes_back_from_a_progress_callback_ends_with_an_error():
    script = """
children = []

def progress(done, total):
    if not children:
        children.append(os.fork())

expected = slow(False)
same = (slow(progress) == expected).all()
print(ended(children[0]), same, flush=True)
"""
    words, errors = output_of(script)
    assert words == ["1", "True"]
    assert "RuntimeError: a process that is forked within a progress callback must end" in errors


@needs_fork
@pytest.mark.parametrize("back", ["return", "raise KeyError(1)", "sys.exit(0)"])
def test_a_child_that_comes_back_into_an_experiment_ends_with_an_error(back, tmp_path):
    # Its threads are in the parent, and the store is the parent's to write.
    script = """
from spinglass.experiments import capacity, open_store

children = []

def progress(done, total):
    if not children:
        children.append(os.fork())
        if not children[0]:
            BACK

def scan(**how):
    return capacity(100, loads=(0.05, 0.1, 0.3), n_instances=5, seed=1, **how).trials

same = (scan(store=sys.argv[1], progress=progress) == scan()).all()
print(ended(children[0]), same, open_store(sys.argv[1]).verify(), flush=True)
"""
    words, errors = output_of(script.replace("BACK", back), str(tmp_path / "scan.sqlite"))
    assert words == ["1", "True", "True"]
    assert "RuntimeError: a process that is forked within a progress callback must end" in errors


@needs_fork
def test_a_child_forked_between_epochs_goes_on_with_the_fit():
    script = """
children = []

def fork(epoch):
    if not children:
        children.append(os.fork())

X = np.random.default_rng(0).integers(0, 2, (500, 20))
fit = lambda callbacks: spinglass.BernoulliRBM(8, n_iter=3, random_state=0).fit(
    X, callbacks=callbacks
).components_
expected = fit([])
same = (fit([fork]) == expected).all()
if children[0] == 0:
    os._exit(0 if same else 1)
print(ended(children[0]), same)
"""
    assert output_of(script)[0] == ["0", "True"]


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="threads are not listed")
def test_no_call_has_more_threads_than_processors():
    script = """
before = len(os.listdir("/proc/self/task"))
network = spinglass.Hopfield([[1, -1, 1]])
for num_threads in (1024, 1000, 64):
    network.recall([1, -1, 1], num_threads=num_threads)
    spinglass.Patterns.random(3, 3, seed=1, num_threads=num_threads)
print(len(os.listdir("/proc/self/task")) - before <= len(os.sched_getaffinity(0)))
"""
    assert output_of(script)[0] == ["True"]


@pytest.mark.parametrize("num_threads", [0, 1025, 2**40])
def test_a_number_of_threads_that_cannot_be_meant_is_refused(num_threads):
    import spinglass

    with pytest.raises((ValueError, OverflowError), match="num_threads must be"):
        spinglass.Hopfield([[1, -1, 1]]).recall([1, -1, 1], num_threads=num_threads)


def test_the_first_array_may_be_made_when_the_interpreter_ends():
    # NumPy's interface for other languages can no longer be imported then.
    script = """
class Last:
    def __del__(self):
        print(self.patterns[0].shape[0], self.patterns.shape[0], flush=True)

last = Last()
last.patterns = spinglass.Patterns.random(3, 8, seed=1)
sys.modules["last"] = last.itself = last
"""
    words, errors = output_of(script)
    assert words == ["8", "3"]
    assert not errors


def test_an_experiment_that_would_begin_when_python_ends_is_refused_and_not_waited_for():
    script = """
from spinglass.experiments import capacity

class Last:
    def __del__(self):
        try:
            capacity(100, loads=(0.1,), n_instances=2, seed=1)
        except RuntimeError as error:
            print(error, flush=True)

last = Last()
"""
    words, _ = output_of(script)
    assert " ".join(words) == "an experiment must begin before Python ends"
