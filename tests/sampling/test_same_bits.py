"""Same seed, same bits: sampling on any number of threads and on every instruction set."""

import os
import subprocess
import sys

import numpy as np
import pytest

from sampling.measured import observables_of
from sampling.test_runs import CASES, LARGER
from spinglass import anneal, sample, temper

# Prints one line a case: what was run and a digest of all that came out.
DIGESTS = """
import hashlib, warnings
import numpy as np
import spinglass
from scipy import sparse

def digest(*arrays):
    content = hashlib.sha256()
    for array in arrays:
        content.update(np.ascontiguousarray(array).tobytes())
    return content.hexdigest()

rng = np.random.default_rng(1)
upper = np.triu(rng.normal(size=(130, 130)), 1)
thin = np.where(rng.random((130, 130)) < 0.05, upper, 0)
models = {
    "square": spinglass.SquareLattice((22, 100)),
    "fast": spinglass.SquareLattice((34, 2048)),
    "antiferromagnet": spinglass.SquareLattice((10, 1024), coupling=-1.3),
    "field": spinglass.SquareLattice((33, 65), field=0.3),
    "cube": spinglass.CubicLattice((7, 8, 9), coupling=0.4),
    "+-J": spinglass.EdwardsAnderson((11, 12), seed=1),
    "Gaussian glass": spinglass.EdwardsAnderson((5, 6, 4), "gaussian", seed=2),
    "SK": spinglass.SherringtonKirkpatrick(200, seed=3),
    "SK, +-1": spinglass.SherringtonKirkpatrick(65, "pm1", seed=4),
    "dense": spinglass.Ising(upper + upper.T, rng.normal(size=130), layout="dense"),
    "sparse": spinglass.Ising(sparse.csr_array(thin + thin.T), rng.normal(size=130)),
    "Hopfield": spinglass.Hopfield(spinglass.random_patterns(20, 300, seed=5)),
}
print(spinglass.simd_level())
for name, model in models.items():
    states = rng.choice(np.array([-1, 1], dtype=np.int8), (3, model.n_spins))
    print(name, digest(model.energy(states), model.local_fields(states)))
    for dynamics in ("metropolis", "heat-bath"):
        for beta in (0.0, 0.44, 1.7, np.inf):
            run = spinglass.sample(model, beta, 4, 19, dynamics, seed=1)
            print(name, dynamics, beta, digest(run.energy, run.magnetization, run.final_states))
    run = spinglass.temper(model, [0.1, 0.15, 0.2], 4, 3, seed=1)
    print(name, "temper", digest(run.energy, run.final_states, run.swap_rates))
    measure = ["overlap", "abs_magnetization", "abs_local_field", "local_fields"]
    if hasattr(model, "shape"):
        vectors = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [2, -3, 1], [5, 7, 0]])
        vectors = vectors[:, -len(model.shape):]
        measure += ["link_overlap"] if name == "+-J" else []
        measure += [spinglass.StructureFactor(vectors), spinglass.OverlapStructureFactor(vectors)]
    measure += ["largest_overlap"] if name == "Hopfield" else []
    run = spinglass.sample(model, [0.1, 0.2], 3, 5, seed=1, measure=measure)
    print(name, "measured", digest(*run.measured.values()))
    found = spinglass.anneal(model, (0.1, 3.0), 20, 5, seed=1)
    print(name, "anneal", digest(found.energy, found.best_states, found.final_states))
for name in ("square", "fast", "antiferromagnet", "cube"):
    for dynamics in ("wolff", "swendsen-wang"):
        run = spinglass.sample(models[name], 0.3, 4, 3, dynamics, seed=1)
        print(name, dynamics, digest(run.energy, run.final_states))
"""


def run_script(**environment):
    return subprocess.run(
        [sys.executable, "-c", DIGESTS],
        capture_output=True,
        text=True,
        env=os.environ | environment,
        check=False,
    )


@pytest.fixture(scope="module")
def default_digests():
    run = run_script(SPINGLASS_SIMD="", RAYON_NUM_THREADS="2")
    assert run.returncode == 0, run.stderr
    return run.stdout.splitlines()


@pytest.mark.parametrize("path", ["portable", "avx2", "avx512"])
def test_every_instruction_set_gives_the_same_bits(path, default_digests):
    run = run_script(SPINGLASS_SIMD=path, RAYON_NUM_THREADS="3")
    if run.returncode and "this machine has only" in run.stderr:
        pytest.skip(f"this machine has no {path}")
    assert run.returncode == 0, run.stderr
    lines = run.stdout.splitlines()
    assert lines[0] == path
    assert lines[1:] == default_digests[1:]
    assert len(lines) == 1 + 12 * 12 + 4 * 2


@pytest.mark.parametrize("n_replicas", [1, 5, 70])
@pytest.mark.parametrize(("name", "dynamics"), CASES)
def test_sampling_is_the_same_on_every_thread_count(name, dynamics, n_replicas):
    runs = [
        sample(LARGER[name], 0.5, 6, n_replicas, dynamics, seed=1, num_threads=count)
        for count in (1, 2, 3, 7, None)
    ]
    for run in runs[1:]:
        np.testing.assert_array_equal(run.energy, runs[0].energy)
        np.testing.assert_array_equal(run.final_states, runs[0].final_states)
        np.testing.assert_array_equal(run.acceptance, runs[0].acceptance)


@pytest.mark.parametrize("name", LARGER)
def test_series_are_the_same_on_every_thread_count(name):
    model = LARGER[name]
    for n_replicas in (2, 9):
        given = {"measure": observables_of(model), "seed": 1}
        runs = [
            sample(model, 0.4, 6, n_replicas, num_threads=count, **given) for count in (1, 2, 7)
        ]
        ladders = [
            temper(model, [0.2, 0.3, 0.4], 6, n_replicas, num_threads=count, **given)
            for count in (1, 3)
        ]
        for run, *others in (runs, ladders):
            for other in others:
                for key, series in run.measured.items():
                    np.testing.assert_array_equal(other.measured[key], series, key)


@pytest.mark.parametrize("name", LARGER)
def test_tempering_and_annealing_are_the_same_on_every_thread_count(name):
    for n_replicas in (1, 4):
        runs = [
            temper(LARGER[name], [0.2, 0.3, 0.4, 0.5], 8, n_replicas, seed=1, num_threads=count)
            for count in (1, 2, 3, 7)
        ]
        found = [
            anneal(LARGER[name], (0.1, 2.0), 8, n_replicas, seed=1, num_threads=count)
            for count in (1, 2, 3, 7)
        ]
        for k in (1, 2, 3):
            np.testing.assert_array_equal(runs[k].energy, runs[0].energy)
            np.testing.assert_array_equal(runs[k].final_states, runs[0].final_states)
            np.testing.assert_array_equal(found[k].energy, found[0].energy)
            np.testing.assert_array_equal(found[k].best_states, found[0].best_states)
