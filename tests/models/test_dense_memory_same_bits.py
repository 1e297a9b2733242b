"""Same seed, same bits of a dense associative memory, whatever the threads or instruction set."""

import os
import subprocess
import sys

import numpy as np
import pytest

from spinglass import DenseAssociativeMemory, Patterns, corrupt

# Prints one line a case: what was run and a digest of all that came out.
DIGESTS = """
import hashlib
import numpy as np
from spinglass import DenseAssociativeMemory, Patterns, corrupt, simd_level

def digest(*arrays):
    content = hashlib.sha256()
    for array in arrays:
        content.update(np.ascontiguousarray(array).tobytes())
    return content.hexdigest()

print(simd_level())
for n_patterns, n_spins in [(1, 2), (60, 401), (1100, 77), (5000, 300), (40, 5001)]:
    patterns = Patterns.random(n_patterns, n_spins, seed=n_spins)
    starts = corrupt(np.resize(patterns[:4], (4, n_spins)), 0.2, seed=2)
    for order in (2, 3, 4, 5, 6):
        for rectified in (False, True):
            memory = DenseAssociativeMemory(patterns, order, rectified=rectified)
            print(order, rectified, digest(memory.energy(starts), memory.local_fields(starts)))
            for update in ("sequential", "random"):
                for beta in (0.4, np.inf):
                    r = memory.recall(starts, update, beta=beta, seed=5, max_sweeps=4)
                    print(update, beta, digest(r.states, r.sweeps, r.flips, r.energy, r.overlap))
"""


def run_script(script, **environment):
    return subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        env=os.environ | environment,
        check=False,
    )


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
    assert len(lines) == 1 + 5 * 10 * 5


@pytest.mark.parametrize("beta", [0.5, np.inf])
@pytest.mark.parametrize("update", ["sequential", "random"])
def test_recall_is_the_same_on_every_thread_count_and_in_every_batch(update, beta):
    patterns = Patterns.random(900, 201, seed=1)
    memory = DenseAssociativeMemory(patterns, 3)
    starts = corrupt(patterns[:7], 0.3, seed=8)
    first = memory.recall(starts, update, beta=beta, seed=4, max_sweeps=9, num_threads=1)
    for num_threads in (2, 3, 7, None):
        other = memory.recall(
            starts, update, beta=beta, seed=4, max_sweeps=9, num_threads=num_threads
        )
        for name in ("states", "sweeps", "flips", "converged", "energy", "overlap"):
            np.testing.assert_array_equal(getattr(other, name), getattr(first, name), name)
    few = memory.recall(starts[:3], update, beta=beta, seed=4, max_sweeps=9)
    np.testing.assert_array_equal(few.states, first.states[:3])
