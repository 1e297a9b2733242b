"""What an installed package does on every machine: seconds long, with the core dependencies alone.

Each test runs another part of the core. The whole suite has the tests with statistics.
"""

import hashlib
import itertools
import os

import numpy as np
import pytest

import spinglass
from spinglass import exact, meanfield
from spinglass.cli import main
from spinglass.theory import hopfield

# Digests of what comes of a seed, on every processor. The changelog tells a change of the core that
# changes them. `python tests/smoke/test_smoke.py` prints those of the version that is installed.
BITS = {
    "recall": "6936f758189bed2e",
    "lattice": "04565f981c1f6f6a",
    "lattice in a field": "4e23a84034003c72",
    "cubic lattice": "0b9b1c060330ea97",
    "sparse": "0daa844df9e2efa5",
    "sparse, real": "3a2bb6792231b702",
    "dense": "287706112c570300",
    "clusters": "fde6dcda87e9fa54",
    "tempering": "98f68a46cd1959e5",
    "machine": "bb20e613effde0a0",
}


def digest(*arrays):
    """Return a short digest of the bytes of arrays, little-endian."""
    content = hashlib.sha256()
    for array in arrays:
        content.update(np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes())
    return content.hexdigest()[:16]


def recalled():
    patterns = spinglass.Patterns.random(20, 401, seed=1)
    start = spinglass.corrupt(patterns[:5], 0.2, seed=2)
    return spinglass.Hopfield(patterns).recall(start, "random", beta=4.0, seed=3, max_sweeps=5)


def sampled(model, **options):
    return spinglass.sample(model, 0.5, 20, n_replicas=3, seed=4, num_threads=2, **options)


def trained():
    rows = np.random.default_rng(5).integers(0, 2, (40, 30), dtype=np.uint8)
    return spinglass.BernoulliRBM(20, batch_size=8, n_iter=3, random_state=6).fit(rows)


def bits():
    """Return a digest of one result of each kernel."""
    recall, machine = recalled(), trained()
    glass = spinglass.SherringtonKirkpatrick(70, seed=7)
    tempered = spinglass.temper(glass, [0.3, 0.6, 1.2], 20, seed=8)
    models = {
        "lattice": spinglass.SquareLattice(64),
        "lattice in a field": spinglass.SquareLattice(32, field=0.2),
        "cubic lattice": spinglass.CubicLattice(12),
        "sparse": spinglass.EdwardsAnderson((6, 6, 6), seed=9),
        "sparse, real": spinglass.EdwardsAnderson((8, 8), "gaussian", seed=9),
        "dense": glass,
    }
    runs = {name: sampled(model) for name, model in models.items()}
    clusters = sampled(models["lattice"], dynamics="swendsen-wang")
    return {
        "recall": digest(recall.states, recall.energy),
        **{name: digest(run.final_states) for name, run in runs.items()},
        "clusters": digest(clusters.final_states, clusters.energy),
        "tempering": digest(tempered.final_states),
        "machine": digest(machine.components_, machine.intercept_hidden_),
    }


def test_every_public_name_is_there():
    assert all(getattr(spinglass, name) is not None for name in spinglass.__all__)


def test_the_instruction_set_is_the_one_that_is_asked_for():
    level = spinglass.simd_level()
    assert level == os.environ.get("SPINGLASS_SIMD", level)
    assert level in ("portable", "avx2", "avx512")


@pytest.mark.parametrize("name", BITS)
def test_a_seed_gives_the_bits_of_every_other_processor(name, request):
    assert request.getfixturevalue("found_bits")[name] == BITS[name]


@pytest.fixture(scope="module")
def found_bits():
    return bits()


def test_a_network_recalls_its_pattern_from_noise():
    patterns = spinglass.Patterns.random(10, 500, seed=1)
    recall = spinglass.Hopfield(patterns).recall(spinglass.corrupt(patterns[3], 0.15, seed=2))
    assert (recall.best_pattern, recall.overlap, recall.converged) == (3, 1.0, True)


def test_exact_sums_are_those_over_all_states():
    glass = spinglass.SherringtonKirkpatrick(10, seed=1)
    states = np.array(list(itertools.product([-1, 1], repeat=10)), dtype=np.int8)
    energies = -0.5 * np.einsum("ki,ij,kj->k", states, glass.couplings(), states)
    assert np.allclose(glass.energy(states), energies, rtol=1e-12, atol=1e-12)
    assert exact.log_partition(glass, 0.7) == pytest.approx(np.log(np.exp(-0.7 * energies).sum()))
    state, energy = spinglass.anneal(glass, seed=2).best
    assert energy == pytest.approx(energies.min())
    assert state.tolist() in exact.ground_states(glass).tolist()


def test_a_sampled_energy_is_within_its_error_of_the_exact_one():
    lattice = spinglass.SquareLattice(4)
    run = spinglass.sample(lattice, 0.4, 2000, n_replicas=4, warmup=100, seed=3)
    energy = run.summary().energy
    assert abs(energy.value - exact.mean_energy(lattice, 0.4) / 16) < 5 * energy.error


def test_theory_and_mean_field_solve_their_equations():
    assert hopfield.critical_load() == pytest.approx(0.137905566, abs=1e-8)
    solution = meanfield.naive(spinglass.Mattis(np.ones(100, np.int8)), beta=1.5, seed=1).solutions[
        0
    ]
    m = abs(solution.magnetizations.mean())
    assert m > 0.8
    assert m == pytest.approx(np.tanh(1.5 * 99 / 100 * m), abs=1e-6)


def test_couplings_are_found_from_samples():
    glass = spinglass.SherringtonKirkpatrick(6, seed=1)
    found = spinglass.InverseIsing().fit(exact_samples(glass, 0.5, 4000)).couplings_
    # The error of a coupling is about 1 / sqrt(samples); the largest of 15 is within five of them.
    assert np.abs(found - 0.5 * glass.couplings()).max() < 5 / np.sqrt(4000)


def exact_samples(model, beta, count):
    states = exact.states(model.n_spins)
    law = exact.distribution(model, beta)
    return states[np.random.default_rng(2).choice(len(states), count, p=law)]


def test_a_machine_learns():
    rows = np.tile([[0, 0, 1, 1, 1, 0], [1, 1, 0, 0, 0, 1]], (20, 1))
    machine = spinglass.BernoulliRBM(8, persistent=False, n_iter=200, random_state=1).fit(rows)
    # Independent units need 6 bits a row, and the two kinds of row 1.
    assert machine.log_likelihood(rows).value > -3 * np.log(2)


def test_a_bad_argument_is_named():
    with pytest.raises(ValueError, match=r"beta must be .*, got -1"):
        spinglass.sample(spinglass.SquareLattice(4), -1.0, 10)


def test_the_command_measures_a_capacity(tmp_path, capsys):
    sizes = ["--spins", "60", "120", "--loads", "0.1:0.3:0.1", "--instances", "2"]
    assert main(["capacity", *sizes, "--out", str(tmp_path), "--quiet"]) == 0
    assert "half-point" in capsys.readouterr().out
    assert (tmp_path / "trials.csv").stat().st_size > 0
    assert main(["capacity", "--spins", "no"]) == 2


if __name__ == "__main__":
    for name, value in bits().items():
        print(f'    "{name}": "{value}",')
