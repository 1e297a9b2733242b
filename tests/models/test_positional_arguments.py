"""Arguments that a stranger would confuse are refused without their name, or with a hint."""

import copy
import inspect
import pickle

import numpy as np
import pytest

import spinglass
from spinglass import experiments
from spinglass.theory import ising2d, sk

PATTERNS = np.array([[1, -1, 1], [1, 1, -1]])


@pytest.mark.parametrize(
    ("lattice", "arguments", "right"),
    [
        (spinglass.CubicLattice, (8, 8, 8), r"CubicLattice\(\(8, 8, 8\)\)"),
        (spinglass.CubicLattice, (4, 0.5), r"coupling and field are given by name"),
        (spinglass.SquareLattice, (16, 16), r"SquareLattice\(\(8, 8\)\)"),
        (spinglass.SquareLattice, ((3, 4), 1.0, 0.1), r"got \(\(3, 4\), 1.0, 0.1\)"),
    ],
)
def test_sides_of_a_lattice_are_not_taken_for_its_coupling_and_field(lattice, arguments, right):
    with pytest.raises(TypeError, match=right):
        lattice(*arguments)


@pytest.mark.parametrize("arguments", [(8,), (8, 8), (8, 8, 8), (np.int64(8),)])
def test_a_number_is_not_the_shape_of_a_glass(arguments):
    with pytest.raises(TypeError, match=r"shape|positional"):
        spinglass.EdwardsAnderson(*arguments)
    with pytest.raises(TypeError, match=r"\(8,\) is a ring of 8 spins, \(8, 8\) a square"):
        spinglass.EdwardsAnderson(8)
    assert spinglass.EdwardsAnderson((8,)).n_spins == 8
    assert spinglass.EdwardsAnderson([8, 8]).n_spins == 64


@pytest.mark.parametrize(
    "call",
    [
        lambda: spinglass.EdwardsAnderson((4, 4), "pm1", 3),
        lambda: spinglass.SherringtonKirkpatrick(8, "pm1", 3),
        lambda: spinglass.Hopfield(PATTERNS, [0.1, 0.2, 0.3]),  # fields have the other sign
        lambda: spinglass.Hopfield(PATTERNS).recall(PATTERNS[0], "sequential", 100),
        lambda: spinglass.random_patterns(3, 10, 1),
        lambda: spinglass.Patterns.random(3, 10, 1),
        lambda: spinglass.corrupt(PATTERNS, 0.1, 1),
        lambda: spinglass.sample(spinglass.SquareLattice(4), 1.0, 10, 2, "metropolis", 5),
        lambda: spinglass.temper(spinglass.SquareLattice(4), [1.0], 10, 2, "metropolis", 5),
        lambda: spinglass.anneal(spinglass.SquareLattice(4), (0.1, 1), 10, 2, "metropolis", [1.0]),
        lambda: ising2d.finite_energy(8, 8, 0.44),
        lambda: ising2d.finite_log_partition(8, 8, 0.44),
        lambda: ising2d.finite_specific_heat(8, 8, 0.44),
        lambda: ising2d.energy(0.44, 1.0),
        lambda: ising2d.free_energy(0.44, 1.0),
        lambda: ising2d.magnetization(0.44, 1.0),
        lambda: ising2d.specific_heat(0.44, 1.0),
        lambda: ising2d.log_partition_per_spin(0.44, 1.0),
        lambda: sk.replica_symmetric(1.0, 0.5),
    ],
)
def test_numbers_behind_the_first_ones_are_given_by_name(call):
    with pytest.raises(TypeError, match="positional argument"):
        call()


def test_no_public_experiment_takes_more_numbers_by_place_than_sizes_and_counts():
    for name in ("ising", "meanfield", "renormalize", "rbm", "recall_pictures"):
        parameters = inspect.signature(getattr(experiments, name)).parameters.values()
        by_place = [x for x in parameters if x.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD]
        assert len(by_place) <= 2


@pytest.mark.parametrize(
    "model",
    [
        spinglass.SquareLattice((3, 4), coupling=0.5, field=0.1),
        spinglass.CubicLattice(3, coupling=-1.0),
        spinglass.EdwardsAnderson((3, 4), "gaussian", seed=np.random.SeedSequence(1)),
        spinglass.SherringtonKirkpatrick(6, "pm1", seed=2),
        spinglass.Hopfield(PATTERNS, thresholds=[0.1, 0.2, 0.3]),
    ],
)
def test_copies_of_models_have_the_same_energies(model):
    states = spinglass.to_spins(np.random.default_rng(0).integers(0, 2, (5, model.n_spins)))
    for other in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        np.testing.assert_array_equal(other.energy(states), model.energy(states))
