"""Mean field looks at the structure of an energy: units are spins, and a constant counts."""

import numpy as np
import pytest
from scipy.special import logsumexp, xlogy

import spinglass
from partition.meanfield_models import random_forest
from partition.structured_models import GAUSSIAN, STRUCTURES, Pairs, Quartic, spin_energies
from spinglass import meanfield

METHODS = {"naive": meanfield.naive, "tap": meanfield.tap, "bethe": meanfield.bethe}
every_method = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
every_structure = pytest.mark.parametrize("model", STRUCTURES.values(), ids=STRUCTURES)
BETA = 0.4

# Sums of as many terms as there are pairs, each of order one.
CLOSE = {"rel": 1e-12, "abs": 1e-12}

# Both stop within 1e-13 of one fixed point; BLAS rounds as the memory lies.
NEAR = {"rtol": 0, "atol": 1e-11}


@every_method
@every_structure
def test_solutions_are_those_of_the_spins_and_the_constant(method, model):
    form = spinglass.spin_form(model)
    options = {"n_starts": 4, "seed": 1, "tolerance": 1e-13}
    found, plain = method(model, BETA, **options), method(form.to_ising(), BETA, **options)
    assert found.converged
    assert len(found.solutions) == len(plain.solutions)
    for one, other in zip(found.solutions, plain.solutions, strict=True):
        np.testing.assert_allclose(one.magnetizations, other.magnetizations, **NEAR)
        shift = form.constant
        assert one.log_partition == pytest.approx(other.log_partition - BETA * shift, **CLOSE)
        assert one.free_energy == pytest.approx(other.free_energy + shift, **CLOSE)
        assert one.energy == pytest.approx(other.energy + shift, **CLOSE)
        assert one.elbo == pytest.approx(other.elbo - BETA * shift, **CLOSE)
        assert one.entropy == pytest.approx(other.entropy, rel=0, abs=1e-11)
        if other.correlations is not None:
            np.testing.assert_allclose(one.correlations, other.correlations, **NEAR)
    assert f", {form.couplings.shape[0]} spins, beta" in str(found)


@pytest.mark.parametrize("kind", ["dense", "sparse"])
def test_a_tree_of_units_is_exact(kind):
    tree = spinglass.unit_form(random_forest(9, 4))
    if kind == "sparse":
        from scipy import sparse

        couplings = sparse.csr_array(tree.couplings)
        tree = spinglass.UnitForm(couplings, tree.biases, tree.constant + 2.0)
    beta, (states, energies) = 0.8, spin_energies(tree)
    log_partition = logsumexp(-beta * energies)
    law = np.exp(-beta * energies - log_partition)
    found = meanfield.bethe(tree, beta, tolerance=1e-13).best
    assert found.log_partition == pytest.approx(log_partition, rel=1e-11)
    assert found.free_energy == pytest.approx(-log_partition / beta, rel=1e-11)
    assert found.energy == pytest.approx(law @ energies, rel=1e-9)
    on = law @ (states > 0)
    np.testing.assert_allclose(found.magnetizations, 2 * on - 1, atol=1e-9)


@every_structure
def test_the_bound_and_the_divergence_make_ln_z(model):
    states, energies = spin_energies(model)
    log_partition = logsumexp(-BETA * energies)
    q = np.random.default_rng(1).random((3, states.shape[1]))
    for one, bound in zip(q, meanfield.elbo(q, model, BETA), strict=True):
        law = np.where(states > 0, one, 1 - one).prod(axis=1)
        expected = -BETA * law @ energies - xlogy(law, law).sum()
        assert bound == pytest.approx(expected, rel=1e-12, abs=1e-11)
    # Weights of a machine are in fixed point of 24 bits in its exact sum, at most 9 of them on.
    close = {"abs": 1e-5 if hasattr(model, "components_") else 1e-11}
    divergences = meanfield.kl_divergence(q, model, BETA)
    assert divergences == pytest.approx(log_partition - meanfield.elbo(q, model, BETA), **close)
    found = meanfield.naive(model, BETA)
    assert found.best.log_partition < log_partition
    assert found.kl_divergence() == pytest.approx(
        [log_partition - x.elbo for x in found.solutions], **close
    )


@every_structure
def test_coordinate_ascent_ends_at_the_bound_of_what_it_found(model):
    start = np.random.default_rng(2).random(len(spin_energies(model)[0][0]))
    q, elbos = meanfield.coordinate_ascent(start, model, BETA, n_sweeps=3)
    assert elbos[0] == pytest.approx(meanfield.elbo(start, model, BETA), **CLOSE)
    assert elbos[-1] == pytest.approx(meanfield.elbo(q, model, BETA), rel=1e-12, abs=1e-11)
    assert (np.diff(elbos) >= -1e-12).all()


@every_method
def test_a_structure_that_is_none_is_named(method):
    pair = np.array([[0.0, 1.0], [1.0, 0.0]])
    for pairs, message in (
        (Pairs("spins", np.triu(pair)), "couplings must be symmetric"),
        (Pairs("units", pair + np.eye(2)), "couplings must have a zero diagonal"),
        (Pairs("spins", pair, np.ones(3)), r"fields must have shape \(2,\), got \(3,\)"),
        (Pairs("spins", pair, np.array([np.nan, 0])), "fields must be finite, got nan"),
        (Pairs("spins", pair, constant=np.inf), "constant must be finite"),
    ):
        with pytest.raises(ValueError, match=message):
            method(pairs, 1.0)


@pytest.mark.parametrize(
    "call",
    [*METHODS.values(), *(lambda m, b, f=f: f([0.5], m, b) for f in (
        meanfield.elbo, meanfield.coordinate_ascent, meanfield.kl_divergence
    ))],
)  # fmt: skip
def test_what_has_no_pairs_is_refused_by_its_structure(call):
    expected = "model must have pairs of spins or units, or two layers of units, got "
    with pytest.raises(TypeError, match=f"{expected}an energy without pairs of spins"):
        call(Quartic(), 1.0)
    with pytest.raises(TypeError, match=f"{expected}two layers with real visible variables"):
        call(GAUSSIAN, 1.0)
    with pytest.raises(TypeError, match="model must have an energy"):
        call("SK", 1.0)
    with pytest.raises(ValueError, match="is not fitted yet"):
        call(spinglass.BernoulliRBM(2), 1.0)
