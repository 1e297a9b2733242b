"""A run goes on with its own model, which is known by its content and not by its name."""

import pickle

import numpy as np
import pytest
from scipy import sparse

import spinglass
from sampling.models import planted, random_couplings
from spinglass import estimate_log_partition, sample, temper

J = random_couplings(9, 1, 0.6)
OTHER = J.copy()
OTHER[2, 5] = OTHER[5, 2] = J[2, 5] + 1e-12
H = np.linspace(-1, 1, 9)
PATTERNS = planted(3, 9, 2)


def with_minus_zeros(couplings):
    return np.where(couplings == 0, -0.0, couplings)


class OwnModel:
    """A model of a user's own, whose repr has an address in it."""

    def __init__(self, couplings, constant=0.0):
        self.couplings, self.constant = couplings, constant

    def structure(self):
        return spinglass.models.Pairwise("spins", self.couplings, None, self.constant)


def dense(couplings, fields=None):
    return spinglass.Ising(couplings, fields, layout="dense")


SAME = {
    "array": lambda: spinglass.Ising(J.copy()),
    "dense": lambda: dense(J.copy()),
    "dense with fields": lambda: dense(J, H),
    "sparse": lambda: spinglass.Ising(sparse.csr_array(J), H),
    "lattice": lambda: spinglass.SquareLattice((3, 4), coupling=0.7, field=0.1),
    "cube": lambda: spinglass.CubicLattice(2),
    "+-J": lambda: spinglass.EdwardsAnderson((3, 3), seed=4),
    "SK": lambda: spinglass.SherringtonKirkpatrick(9, seed=4),
    "Hopfield": lambda: spinglass.Hopfield(PATTERNS, thresholds=H),
    "spin form": lambda: spinglass.SpinForm(J, H, 1.5),
    "own": lambda: OwnModel(J, 0.5),
}
# Of each pair the first and the second are one model, written in two ways.
EQUAL = {
    "minus zeros": (dense(J, H * 0), dense(with_minus_zeros(J), -H * 0)),
    "minus zeros of an array": (spinglass.Ising(J), spinglass.Ising(with_minus_zeros(J))),
    "no fields": (dense(J), dense(J, np.zeros(9))),
    "integers": (dense(np.sign(J)), dense(np.sign(J).astype(np.int8))),
    "singles": (dense(J.astype(np.float32)), dense(J.astype(np.float32).astype(np.float64))),
    "order in memory": (dense(J), dense(np.asfortranarray(J))),
    "array and sparse": (spinglass.Ising(J, H), spinglass.Ising(sparse.csr_array(J), H)),
    "array and sparse, both kept as dense": (dense(J, H), dense(sparse.csr_array(J), H)),
    "sparse formats": (
        spinglass.Ising(sparse.csr_array(J)),
        spinglass.Ising(sparse.coo_array(J)),
    ),
    "stored zeros": (
        spinglass.Ising(sparse.csr_array(np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]]))),
        spinglass.Ising(
            sparse.coo_array(
                ([1, 1, 1, 1, 0, 0], ([0, 1, 1, 2, 0, 2], [1, 0, 2, 1, 2, 0])), shape=(3, 3)
            )
        ),
    ),
    "lattice without field": (
        spinglass.SquareLattice(3, field=0.0),
        spinglass.SquareLattice((3, 3), coupling=1, field=-0.0),
    ),
    "+-J and its matrix": (
        spinglass.EdwardsAnderson((3, 3), seed=4),
        spinglass.EdwardsAnderson((3, 3), seed=4).to_ising(),
    ),
    "SK and its matrix": (
        spinglass.SherringtonKirkpatrick(9, seed=4),
        spinglass.SherringtonKirkpatrick(9, seed=4).to_ising(),
    ),
    "Mattis": (spinglass.Mattis(PATTERNS[0]), spinglass.Hopfield(PATTERNS[:1])),
    "zero thresholds": (
        spinglass.Hopfield(PATTERNS),
        spinglass.Hopfield(PATTERNS, thresholds=np.zeros(9)),
    ),
    "packed patterns": (
        spinglass.Hopfield(PATTERNS),
        spinglass.Hopfield(spinglass.Patterns.from_array(PATTERNS.astype(float))),
    ),
    "spin form": (spinglass.SpinForm(J, H), spinglass.Ising(J, H)),
    "own": (OwnModel(J), spinglass.Ising(J)),
}
# These have equal shapes, and most of them equal names.
DIFFERENT = {
    "dense": (dense(J), dense(OTHER)),
    "array": (spinglass.Ising(J), spinglass.Ising(OTHER)),
    "sparse": (spinglass.Ising(sparse.csr_array(J)), spinglass.Ising(sparse.csr_array(OTHER))),
    "layouts": (dense(J), spinglass.Ising(J, layout="sparse")),
    "fields": (dense(J, H), dense(J, H[::-1])),
    "fields of a sparse one": (
        spinglass.Ising(sparse.csr_array(J), H),
        spinglass.Ising(sparse.csr_array(J), -H),
    ),
    "reordered": (dense(J, H), dense(J[::-1, ::-1], H[::-1])),
    "patterns": (spinglass.Hopfield(PATTERNS), spinglass.Hopfield(planted(3, 9, 3))),
    "reordered patterns": (
        spinglass.Hopfield(PATTERNS),
        spinglass.Hopfield(PATTERNS[:, ::-1]),
    ),
    "thresholds": (
        spinglass.Hopfield(PATTERNS, thresholds=H),
        spinglass.Hopfield(PATTERNS, thresholds=2 * H),
    ),
    "Mattis": (spinglass.Mattis(PATTERNS[0]), spinglass.Mattis(PATTERNS[1])),
    "disorder": (
        spinglass.SherringtonKirkpatrick(9, seed=4),
        spinglass.SherringtonKirkpatrick(9, seed=5),
    ),
    "disorder of a glass": (
        spinglass.EdwardsAnderson((3, 3), seed=4),
        spinglass.EdwardsAnderson((3, 3), seed=5),
    ),
    "shape": (spinglass.SquareLattice((3, 4)), spinglass.SquareLattice((4, 3))),
    "digits that a name leaves out": (
        spinglass.SquareLattice(3, coupling=0.1234567),
        spinglass.SquareLattice(3, coupling=0.12345671),
    ),
    "a lattice and its matrix": (
        spinglass.SquareLattice(3),
        spinglass.SquareLattice(3).to_ising(),
    ),
    "constant": (spinglass.SpinForm(J, H, 1.0), spinglass.SpinForm(J, H, 2.0)),
    "own": (OwnModel(J), OwnModel(OTHER)),
}


@pytest.mark.parametrize("name", SAME)
def test_a_model_made_again_goes_on_with_a_run(name):
    run = sample(SAME[name](), 0.5, 3, 2, seed=1)
    again = pickle.loads(pickle.dumps(run))
    whole = sample(SAME[name](), 0.5, 7, 2, seed=1)
    rest = sample(SAME[name](), 0.5, 4, initial=again)
    np.testing.assert_array_equal(rest.energy, whole.energy[:, 3:])
    ladder = temper(SAME[name](), [0.2, 0.5], 3, seed=1)
    assert temper(SAME[name](), [0.2, 0.5], 2, initial=ladder).sweeps == 5


@pytest.mark.parametrize("name", EQUAL)
def test_one_model_written_in_two_ways_goes_on_with_the_same_bits(name):
    for one, other in (EQUAL[name], EQUAL[name][::-1]):
        run = sample(one, 0.5, 3, 2, seed=1)
        rest = sample(other, 0.5, 4, initial=run)
        whole = sample(one, 0.5, 7, 2, seed=1)
        np.testing.assert_array_equal(rest.final_states, whole.final_states)
        np.testing.assert_array_equal(rest.energy, whole.energy[:, 3:])


@pytest.mark.parametrize("name", DIFFERENT)
def test_another_model_does_not_go_on_with_a_run(name):
    for one, other in (DIFFERENT[name], DIFFERENT[name][::-1]):
        run, ladder = sample(one, 0.5, 2, seed=1), temper(one, [0.2, 0.5], 2, seed=1)
        with pytest.raises(ValueError, match="initial must be a run of the same model"):
            sample(other, 0.5, 2, initial=run)
        with pytest.raises(ValueError, match="initial must be a run of the same model"):
            temper(other, [0.2, 0.5], 2, initial=ladder)
        assert sample(other, 0.5, 2, initial=run.final_states, seed=1).sweeps == 2


def test_the_message_says_what_differs_where_the_names_do_not():
    one, other = DIFFERENT["dense"]
    run = sample(one, 0.5, 2, seed=1)
    with pytest.raises(ValueError, match=r"another Ising.*, whose couplings, fields or constant"):
        sample(other, 0.5, 2, initial=run)


@pytest.mark.parametrize("name", ["dense", "patterns", "disorder", "own"])
def test_annealing_back_does_not_start_from_a_run_of_another_model(name):
    one, other = DIFFERENT[name]
    if name == "own":
        one, other = (spinglass.SpinForm(model.couplings) for model in (one, other))
    run = sample(one, 0.5, 20, 10, seed=1)
    arguments = {"beta": 0.5, "betas": 5, "n_chains": 10, "warmup": 5, "initial": run, "seed": 1}
    with pytest.raises(ValueError, match="initial must be a run of the same model"):
        estimate_log_partition(other, "reverse-ais", **arguments)
    assert estimate_log_partition(one, "reverse-ais", **arguments).method == "reverse-ais"


def test_a_machine_is_annealed_from_a_run_of_its_spin_form():
    machine = spinglass.BernoulliRBM(2, n_iter=1, random_state=0).fit([[0, 1, 1], [1, 0, 0]])
    run = sample(spinglass.spin_form(machine), 1.0, 20, 10, seed=1)
    found = estimate_log_partition(machine, "bridge", n_chains=10, betas=10, initial=run, seed=1)
    assert abs(found.value - machine.log_partition().value) < 1.0
