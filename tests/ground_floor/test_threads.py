"""How many threads a call has that asks for none: read from the environment at each call."""

import os
import subprocess
import sys

import pytest

import spinglass
from spinglass._core import available_threads

OURS, RAYON, OPENMP = "SPINGLASS_NUM_THREADS", "RAYON_NUM_THREADS", "OMP_NUM_THREADS"


@pytest.fixture
def environment(monkeypatch):
    """Return what sets the variables to the words given, and removes the others."""

    def set_to(**words):
        for name in (OURS, RAYON, OPENMP):
            monkeypatch.delenv(name, raising=False)
        for name, word in words.items():
            monkeypatch.setenv(name, word)
        return available_threads()

    return set_to


def script(code, **words):
    kept = {name: x for name, x in os.environ.items() if name not in (OURS, RAYON, OPENMP)}
    run = subprocess.run(
        [sys.executable, "-c", code],
        env=kept | words,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return run.stdout.split()


def test_the_environment_counts_at_each_call_but_never_beyond_what_the_process_may_use(
    environment,
):
    most = environment()
    assert 1 <= most <= (os.cpu_count() or 1)
    assert environment(**{OPENMP: "1"}) == 1
    assert environment() == most
    assert environment(**{RAYON: "1", OPENMP: "1024"}) == 1
    assert environment(**{RAYON: "1024", OPENMP: "1,2"}) == 1
    assert environment(**{OURS: "1024", OPENMP: "1"}) == most
    assert environment(**{OURS: "1", RAYON: "1024"}) == 1
    assert environment(**{OURS: "", OPENMP: " 1 "}) == 1


@pytest.mark.parametrize("word", ["0", "abc", "-1", "1.5", "auto"])
def test_a_word_that_is_no_count_is_passed_over_but_in_the_variable_of_spinglass_it_is_named(
    word, environment
):
    most = environment()
    assert environment(**{RAYON: word, OPENMP: word}) == most
    assert environment(**{RAYON: word, OPENMP: "1"}) == 1
    with pytest.raises(ValueError, match=f"{OURS} must be an integer >= 1, got '?\"?{word}"):
        environment(**{OURS: word})
    lattice = spinglass.SquareLattice(8)
    with pytest.raises(ValueError, match=OURS):
        spinglass.sample(lattice, 0.4, 5)
    assert spinglass.sample(lattice, 0.4, 5, num_threads=1).n_sweeps == 5


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="binds itself to one processor")
def test_a_process_bound_to_one_processor_has_one_thread_whatever_the_environment_says():
    code = (
        "import os; os.sched_setaffinity(0, [min(os.sched_getaffinity(0))]); "
        "from spinglass._core import available_threads; print(available_threads())"
    )
    for words in ({}, {OURS: "8"}, {RAYON: "8"}, {OPENMP: "8,4"}):
        assert script(code, **words) == ["1"]


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="reads the names of threads")
def test_so_many_threads_are_started_as_the_environment_allows():
    code = (
        "from pathlib import Path; import spinglass; "
        "spinglass.sample(spinglass.SquareLattice(64), 0.4, 5, 4); "
        "names = [x.read_text().strip() for x in Path('/proc/self/task').glob('*/comm')]; "
        "print(sum(x.startswith('spinglass-') for x in names))"
    )
    assert script(code, **{OPENMP: "1"}) == ["1"]
    assert script(code, **{OURS: "1", OPENMP: "64"}) == ["1"]


@pytest.mark.parametrize("inner", [1, None])
def test_workers_of_joblib_share_the_processors(inner, environment):
    joblib = pytest.importorskip("joblib")
    executor = pytest.importorskip("joblib.externals.loky")
    most = environment()
    with joblib.parallel_config(backend="loky", n_jobs=2, inner_max_num_threads=inner):
        counts = joblib.Parallel()(joblib.delayed(lambda: available_threads())() for _ in range(4))
    executor.get_reusable_executor().shutdown(wait=True)
    share = max(1, joblib.cpu_count() // 2) if inner is None else inner
    assert counts == [min(share, most)] * 4


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="reads the names of threads")
@pytest.mark.parametrize(
    "call",
    [
        "spinglass.sample(lattice, 0.4, 5, 4, num_threads=1)",
        "spinglass.temper(lattice, [0.1, 0.2, 0.4], 5, 4, warmup=100, tune=True, num_threads=1)",
        "spinglass.anneal(lattice, n_sweeps=5, n_replicas=4, num_threads=1)",
        "spinglass.annealing_range(lattice, num_threads=1)",
        "machine.fit(rows), machine.sample(3, 5), machine.equilibration(rows, n_steps=8)",
        "reals.fit(rows), reals.sample(3, 5), reals.score_samples(rows)",
    ],
)
def test_one_thread_is_one_in_every_part_of_a_call(call):
    code = f"""
import os; from pathlib import Path; import numpy as np; import spinglass
lattice = spinglass.SquareLattice(64)
rows = np.eye(8)
machine = spinglass.BernoulliRBM(4, num_threads=1)
reals = spinglass.GaussianBernoulliRBM(4, num_threads=1)
os.environ["{OURS}"] = "64"
{call}
names = [x.read_text().strip() for x in Path('/proc/self/task').glob('*/comm')]
print(sum(x.startswith('spinglass-') for x in names))
"""
    assert script(code, **{OURS: "1"}) == ["1"]
