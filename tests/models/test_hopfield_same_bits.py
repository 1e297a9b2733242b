"""Same seed, same bits: whatever the threads, the instruction set, the batch or the process."""

import multiprocessing
import os
import subprocess
import sys
import threading

import numpy as np
import pytest

from spinglass import Hopfield, Patterns, corrupt, random_patterns

THREADS = [1, 2, 3, 7]
UPDATES = ["sequential", "random", "synchronous"]
BETAS = [1.5, np.inf]

# Odd and even N, P in one chunk and in several, N P small and large enough to be shared.
SHAPES = [(3, 17), (60, 401), (513, 130), (130, 1000)]

# Prints one line a case: what was run and a digest of all that came out.
DIGESTS = """
import hashlib
import numpy as np
from spinglass import Hopfield, Patterns, corrupt, simd_level

def digest(*arrays):
    content = hashlib.sha256()
    for array in arrays:
        content.update(np.ascontiguousarray(array).tobytes())
    return content.hexdigest()

print(simd_level())
for n_patterns, n_spins in [(1, 2), (3, 17), (60, 401), (513, 130), (130, 1000), (1100, 77)]:
    patterns = Patterns.random(n_patterns, n_spins, seed=n_spins)
    name = f"P = {n_patterns}, N = {n_spins}"
    print(name, digest(patterns.to_array()))
    theta = np.random.default_rng(1).normal(size=n_spins) * 0.1
    starts = np.resize(patterns[:6], (6, n_spins))
    starts = np.vstack([starts, corrupt(starts, 0.3, seed=2)])
    for network in (Hopfield(patterns), Hopfield(patterns, thresholds=theta)):
        print(name, digest(network.energy(starts), network.local_fields(starts)))
        print(name, digest(network.overlaps(starts), network.couplings()))
        for update in ("sequential", "random", "synchronous"):
            for beta in (0.4, 3.0, np.inf):
                r = network.recall(starts, update, beta=beta, seed=5, max_sweeps=12)
                print(name, update, beta, digest(r.states, r.sweeps, r.flips, r.energy, r.overlap))
"""


def run_script(script, **environment):
    return subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        env=os.environ | environment,
        check=False,
    )


def assert_same(first, second):
    for name in ("states", "sweeps", "flips", "converged", "cycle_length", "energy", "overlap"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name), name)


def random_starts(patterns, count=5):
    starts = np.resize(patterns[:count], (count, patterns.n_spins))
    return corrupt(starts, 0.35, seed=8)


@pytest.mark.parametrize("beta", BETAS)
@pytest.mark.parametrize("update", UPDATES)
@pytest.mark.parametrize("shape", SHAPES)
def test_recall_is_the_same_on_every_thread_count(shape, update, beta):
    patterns = Patterns.random(*shape, seed=1)
    network = Hopfield(patterns, thresholds=np.linspace(-0.1, 0.1, shape[1]))
    starts = random_starts(patterns)

    def run(num_threads):
        return network.recall(
            starts, update, beta=beta, seed=4, max_sweeps=10, num_threads=num_threads
        )

    expected = run(1)
    for num_threads in [*THREADS[1:], None]:
        assert_same(run(num_threads), expected)


@pytest.mark.parametrize("shape", [*SHAPES, (2000, 700)])
def test_random_patterns_are_the_same_on_every_thread_count(shape):
    sets = [Patterns.random(*shape, seed=9, num_threads=count) for count in [*THREADS, None]]
    assert all(patterns == sets[0] for patterns in sets)


def test_threads_that_look_ahead_inside_one_recall_change_no_bit():
    # 12,100 rows of 768 bytes: above the 8 MiB from which several threads share one recall.
    patterns = Patterns.random(5900, 12_100, seed=1)
    network = Hopfield(patterns)
    start = corrupt(patterns[7], 0.1, seed=2)
    alone, shared = (network.recall(start, max_sweeps=3, num_threads=count) for count in (1, 3))
    assert alone.flips > 1000
    assert_same(shared, alone)
    # Once around the same network near a memory of a light load, where blocks are longest.
    light = Hopfield(Patterns.random(513, 70_000, seed=3))
    start = corrupt(light.patterns[0], 0.01, seed=4)
    alone, shared = (light.recall(start, num_threads=count) for count in (1, 3))
    assert alone.converged
    assert alone.overlap == 1
    assert_same(shared, alone)


@pytest.fixture(scope="module")
def default_digests():
    run = run_script(DIGESTS, SPINGLASS_SIMD="", RAYON_NUM_THREADS="2")
    assert run.returncode == 0, run.stderr
    return run.stdout.splitlines()


@pytest.mark.parametrize("path", ["portable", "avx2", "avx512"])
def test_every_instruction_set_gives_the_same_bits(path, default_digests):
    run = run_script(DIGESTS, SPINGLASS_SIMD=path, RAYON_NUM_THREADS="3")
    if run.returncode and "this machine has only" in run.stderr:
        pytest.skip(f"this machine has no {path}")
    assert run.returncode == 0, run.stderr
    lines = run.stdout.splitlines()
    assert lines[0] == path
    assert lines[1:] == default_digests[1:]
    assert len(lines) == 1 + 6 * (1 + 2 * (2 + 9))


USE = "import spinglass; {}; print(spinglass.simd_level())"
USES = ["spinglass.Patterns.random(2, 3)", "spinglass.Hopfield([[1, -1]])", "pass"]


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("path", ["portable", "avx2", "avx512"])
def test_asking_for_a_path_gives_it_or_an_error_that_names_the_variable(path, use):
    run = run_script(USE.format(use), SPINGLASS_SIMD=path)
    if run.returncode == 0:
        assert run.stdout.strip() == path
    else:
        expected = f"ValueError: SPINGLASS_SIMD asks for {path}, but this machine has only portable"
        assert expected in run.stderr


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("path", ["sse9", "AVX2", "avx2 ", "0"])
def test_asking_for_an_unknown_path_is_an_error_that_names_the_variable(path, use):
    run = run_script(USE.format(use), SPINGLASS_SIMD=path)
    assert run.returncode != 0
    expected = f'ValueError: SPINGLASS_SIMD must be one of portable, avx2, avx512, got "{path}"'
    assert expected in run.stderr


@pytest.mark.parametrize("beta", BETAS)
@pytest.mark.parametrize("update", UPDATES)
def test_a_replica_depends_on_the_seed_and_its_number_alone(update, beta):
    patterns = Patterns.random(40, 200, seed=1)
    network = Hopfield(patterns)
    starts = random_starts(patterns, 8)

    def run(states):
        return network.recall(states, update, beta=beta, seed=3, max_sweeps=8)

    eight, four, one = run(starts), run(starts[:4]), run(starts[0])
    np.testing.assert_array_equal(eight.states[:4], four.states)
    np.testing.assert_array_equal(eight.flips[:4], four.flips)
    np.testing.assert_array_equal(eight.states[0], one.states)


@pytest.mark.parametrize("update", UPDATES)
def test_replicas_of_one_start_all_go_their_own_way(update):
    network = Hopfield(random_patterns(30, 300, seed=1))
    starts = np.tile(random_patterns(1, 300, seed=2), (64, 1))
    result = network.recall(starts, update, beta=0.5, seed=3, max_sweeps=3)
    # Hot spins: two equal replicas of 300 have no chance worth counting.
    assert len(np.unique(result.states, axis=0)) == 64
    corrupted = corrupt(starts, 0.3, seed=1)
    assert len(np.unique(corrupted, axis=0)) == 64


def test_other_seeds_and_no_seed_give_other_runs():
    network = Hopfield(random_patterns(30, 300, seed=1))
    start = random_patterns(1, 300, seed=2)[0]
    runs = [
        network.recall(start, beta=0.5, seed=seed, max_sweeps=3).states
        for seed in (0, 1, 2**32, 2**64, 2**64 + 1, None, None)
    ]
    assert len(np.unique(runs, axis=0)) == len(runs)


def same_seeds(number):
    """Every way to spell one seed that has nothing to forget."""
    return [number, np.int64(number), np.uint8(number), np.random.SeedSequence(number)]


def test_a_seed_may_be_an_integer_or_a_seed_sequence():
    network = Hopfield(random_patterns(30, 300, seed=1))
    start = random_patterns(1, 300, seed=2)[0]
    results = [network.recall(start, beta=0.5, seed=s, max_sweeps=3) for s in same_seeds(7)]
    for result in results[1:]:
        assert_same(result, results[0])
    again = network.recall(start, beta=0.5, seed=results[0].seed, max_sweeps=3)
    assert_same(again, results[0])
    sets = [Patterns.random(5, 70, seed=s) for s in same_seeds(7)]
    assert all(patterns == sets[0] for patterns in sets)
    flips = [corrupt(start, 0.3, seed=s) for s in same_seeds(7)]
    assert all((state == flips[0]).all() for state in flips)


def test_a_seed_sequence_is_not_used_up_and_its_children_differ():
    sequence = np.random.SeedSequence(3)
    first, second = Patterns.random(5, 70, seed=sequence), Patterns.random(5, 70, seed=sequence)
    assert first == second
    assert sequence.n_children_spawned == 0
    children = [Patterns.random(5, 70, seed=child) for child in sequence.spawn(3)]
    sets = [first, *children]
    assert all(a != b for k, a in enumerate(sets) for b in sets[:k])


def test_a_generator_is_advanced_by_one_draw():
    one, two = np.random.default_rng(5), np.random.default_rng(5)
    assert Patterns.random(5, 70, seed=one) == Patterns.random(5, 70, seed=two)
    assert Patterns.random(5, 70, seed=one) != Patterns.random(5, 70, seed=7)
    assert Patterns.random(5, 70, seed=two) != Patterns.random(5, 70, seed=one)
    two.integers(0, 2**64, dtype=np.uint64)
    assert one.integers(2**62) == two.integers(2**62)


def test_calls_from_several_python_threads_do_not_meet():
    network = Hopfield(Patterns.random(60, 700, seed=1))
    starts = random_starts(network.patterns, 4)
    expected = network.recall(starts, beta=2.0, seed=6, max_sweeps=15)
    results = []

    def run():
        results.append(network.recall(starts, beta=2.0, seed=6, max_sweeps=15, num_threads=2))

    workers = [threading.Thread(target=run) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(results) == 6
    for result in results:
        assert_same(result, expected)


# The parent has used its pool; the child, whose pool threads are gone, must make its own. In a
# process of its own, so that a child that hangs is killed with it.
FORK = """
import os, signal, sys
import numpy as np
from spinglass import Hopfield, Patterns

def work():
    network = Hopfield(Patterns.random(130, 1000, seed=1))
    result = network.recall(network.patterns[:6], beta=2.0, seed=2, max_sweeps=4, num_threads=2)
    return result.states.tobytes() + network.recall(network.patterns[:6]).states.tobytes()

expected = work()
reader, writer = os.pipe()
child = os.fork()
if child == 0:
    signal.alarm(60)
    same = work() == expected
    grandchild = os.fork()
    if grandchild == 0:
        signal.alarm(60)
        os._exit(0 if work() == expected else 1)
    _, status = os.waitpid(grandchild, 0)
    os._exit(0 if same and status == 0 else 1)
_, status = os.waitpid(child, 0)
assert status == 0, status
assert work() == expected
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_works_and_gives_the_same_bits():
    run = run_script(FORK)
    assert run.returncode == 0, run.stderr


POOL = """
import multiprocessing, sys
from spinglass import Hopfield, Patterns

def work(seed):
    network = Hopfield(Patterns.random(130, 1000, seed=1))
    return network.recall(network.patterns[:4], beta=2.0, seed=seed, max_sweeps=3).states.tobytes()

if __name__ == "__main__":
    expected = [work(seed) for seed in range(4)]
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert pool.map_async(work, range(4)).get(timeout=60) == expected
    assert [work(seed) for seed in range(4)] == expected
"""


@pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods() or sys.platform == "darwin",
    reason="this system does not fork safely",
)
def test_forked_workers_of_a_parent_that_used_its_pool_give_the_same_bits():
    run = run_script(POOL)
    assert run.returncode == 0, run.stderr
