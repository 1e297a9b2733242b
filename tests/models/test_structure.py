"""What a model of one's own answers is checked before anything is computed from it."""

import numpy as np
import pytest
from scipy.sparse import csr_array

import spinglass
from spinglass import exact, meanfield
from spinglass.models import Layered, Pairwise, Unstructured

PAIR = np.array([[0.0, 1.0], [1.0, 0.0]])


class Own:
    def __init__(self, structure):
        self._answer = structure

    def structure(self):
        return self._answer


@pytest.mark.parametrize(
    ("structure", "error", "message"),
    [
        (Pairwise("units", PAIR + np.eye(2)), ValueError, "couplings must have a zero diagonal"),
        (Pairwise("spins", np.triu(PAIR)), ValueError, "couplings must be symmetric"),
        (Pairwise("unit", PAIR), ValueError, 'variables must be "spins" or "units"'),
        (Pairwise("spins", PAIR[:1]), ValueError, "couplings must have shape"),
        (Pairwise("spins", PAIR * 1j), TypeError, "couplings must hold real numbers"),
        (Pairwise("spins", PAIR * np.nan), ValueError, "couplings must be finite"),
        (Pairwise("spins", PAIR, np.ones(1)), ValueError, r"fields must have shape \(2,\)"),
        (Pairwise("spins", PAIR, None, np.nan), ValueError, "constant must be a number"),
        (Layered("spins", PAIR, np.ones(2), np.ones(2)), ValueError, "visible must be"),
        (Layered("real", PAIR, np.ones(2), np.ones(2)), ValueError, "variances must be given"),
        (Layered("units", PAIR, np.ones(3), np.ones(2)), ValueError, "visible_biases must have"),
        (Layered("units", PAIR * np.nan, np.ones(2), np.ones(2)), ValueError, "weights must be"),
        (None, TypeError, "must return Pairwise, Layered or Unstructured.* got NoneType"),
        ({"couplings": PAIR}, TypeError, "got dict"),
        (Unstructured("spins", 3), TypeError, "must have pairs"),
    ],
)
def test_a_wrong_answer_is_refused_by_name(structure, error, message):
    with pytest.raises(error, match=message):
        exact.log_partition(Own(structure))


@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.float32, np.bool_])
def test_arrays_of_any_real_dtype_mean_their_numbers(dtype):
    large = 100 if dtype == np.int8 else 1
    couplings = (large * PAIR).astype(dtype)
    model = Own(Pairwise("spins", couplings, np.array([large, 0]).astype(dtype)))
    same = spinglass.Ising(large * PAIR, [large, 0.0])
    assert spinglass.unit_form(model).couplings.tolist() == (4.0 * large * PAIR).tolist()
    for value in (couplings, couplings.tolist(), csr_array(couplings)):
        if dtype == np.bool_ and not isinstance(value, np.ndarray):
            continue
        own = Own(Pairwise("spins", value, np.array([large, 0])))
        assert exact.log_partition(own, 0.1) == exact.log_partition(same, 0.1)


def test_layers_in_double_precision_are_summed_in_it():
    rng = np.random.default_rng(1)
    weights, a, b = rng.normal(0, 10, (3, 4)), rng.normal(size=4), rng.normal(size=3)
    model = Own(Layered("units", weights, a, b))
    pairs = spinglass.unit_form(model)
    for function in (exact.log_partition, exact.free_energy, exact.entropy, exact.mean_energy):
        assert function(model, 0.7) == pytest.approx(function(pairs, 0.7), rel=1e-12)


def test_a_spin_model_of_ones_own_is_estimated_and_summed():
    class Ring(spinglass.SpinModel):
        n_spins, fields = 6, None

        def couplings(self):
            step = np.roll(np.eye(6), 1, axis=1)
            return step + step.T

        def to_ising(self):
            return spinglass.Ising(self.couplings())

    found = spinglass.estimate_log_partition(Ring(), betas=50, seed=1)
    assert abs(found.value - exact.log_partition(Ring())) < 4 * found.error
    assert meanfield.naive(Ring(), 0.3, seed=1).solutions


def test_a_clamp_is_copied():
    mask = np.zeros((2, 16), bool)
    mask[:, :3] = True
    lattice = spinglass.SquareLattice(4)
    run = spinglass.sample(
        lattice, 0.1, 5, n_replicas=2, initial=np.ones((2, 16)), clamp=mask, seed=1
    )
    mask[:] = False
    longer = spinglass.sample(lattice, 0.1, 50, initial=run)
    assert run.clamp[:, :3].all()
    assert (longer.final_states[:, :3] == 1).all()


def test_a_run_of_a_form_says_what_it_is_of():
    form = spinglass.SpinForm(PAIR, constant=2.0)
    assert spinglass.sample(form, 1.0, 3, seed=1).model == repr(form)
