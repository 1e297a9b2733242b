"""What the three methods share: their equations, their starts, their report, their arguments."""

import math
import pickle

import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import brentq

import reference
import spinglass
from partition.meanfield_models import FORMS, Truth, random_model
from spinglass import meanfield

METHODS = {"naive": meanfield.naive, "tap": meanfield.tap, "bethe": meanfield.bethe}
every_method = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
every_form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)


# ---- the equations ------------------------------------------------------------------------------


@every_form
@pytest.mark.parametrize("seed", range(5))
def test_naive_solutions_satisfy_their_equations(seed, form):
    model, beta = random_model(20, seed, density=0.5, form=form), 1.5
    J, h = reference.dense_couplings(model), reference.dense_fields(model)
    found = meanfield.naive(model, beta, seed=seed)
    assert found.converged
    for x in found.solutions:
        m = x.magnetizations
        np.testing.assert_allclose(m, np.tanh(beta * (h + J @ m)), atol=1e-9)
        assert x.residual < 1e-9
        assert x.energy == pytest.approx(-0.5 * m @ J @ m - h @ m)
        assert x.entropy == pytest.approx(x.log_partition + beta * x.energy)
        assert x.free_energy == pytest.approx(x.energy - x.entropy / beta)


@every_form
@pytest.mark.parametrize("order", ["bolthausen", "plain"])
def test_tap_solutions_satisfy_their_equations(order, form):
    model, beta = random_model(40, 1, form=form), 0.8
    J, h = reference.dense_couplings(model), reference.dense_fields(model)
    found = meanfield.tap(model, beta, order=order, damping=0.3, seed=1)
    assert found.converged
    for x in found.solutions:
        m = x.magnetizations
        reaction = beta * m * (J**2 @ (1 - m**2))
        np.testing.assert_allclose(m, np.tanh(beta * (h + J @ m - reaction)), atol=1e-9)
        pairs = (J**2 * np.outer(1 - m**2, 1 - m**2)).sum()
        # F = E - T S holds with the Onsager term: E is the derivative of beta F by beta.
        onsager = beta**2 / 4 * pairs
        entropy = -sum((1 + s * m) / 2 @ np.log((1 + s * m) / 2) for s in (-1, 1))
        assert x.log_partition == pytest.approx(entropy + beta * (h @ m + m @ J @ m / 2) + onsager)
        assert x.energy == pytest.approx(-(h @ m) - m @ J @ m / 2 - beta / 2 * pairs)
        assert x.entropy == pytest.approx(entropy - onsager)


@every_form
def test_bethe_solutions_satisfy_the_equations_of_cavity_fields(form):
    model, beta = random_model(9, 2, density=0.6, form=form), 0.9
    J, h = reference.dense_couplings(model), reference.dense_fields(model)
    u = np.zeros((9, 9))  # u[i, j] from i to j, by the textbook's formula, one at a time
    for _ in range(2000):
        before = u.copy()
        for i in range(9):
            for j in np.flatnonzero(J[i]):
                cavity = h[i] + u[:, i].sum() - u[j, i]
                u[i, j] = np.arctanh(np.tanh(beta * J[i, j]) * np.tanh(beta * cavity)) / beta
        if np.abs(u - before).max() < 1e-14:
            break
    found = meanfield.bethe(model, beta, n_starts=3, seed=1)
    assert found.converged
    assert len(found.solutions) == 1
    m = found.best.magnetizations
    np.testing.assert_allclose(m, np.tanh(beta * (h + u.sum(axis=0))), atol=1e-9)
    assert found.best.residual < 1e-9


@every_method
def test_free_energies_are_stationary_so_their_derivatives_are_the_averages(method):
    # d ln Z / d beta = -E and d ln Z / d (beta h_i) = m_i, of the method's own ln Z.
    model, beta, step = random_model(12, 3), 0.7, 1e-4
    J, h = reference.dense_couplings(model), reference.dense_fields(model)
    kind = {"n_starts": 1, "tolerance": 1e-13}
    here = method(model, beta, **kind).best

    def log_partition(beta, field):
        return method(spinglass.Ising(J, field), beta, **kind).best.log_partition

    slope = (log_partition(beta + step, h) - log_partition(beta - step, h)) / (2 * step)
    assert slope == pytest.approx(-here.energy, abs=1e-6)
    push = np.zeros(12)
    push[5] = step
    slope = (log_partition(beta, h + push) - log_partition(beta, h - push)) / (2 * step * beta)
    assert slope == pytest.approx(here.magnetizations[5], abs=1e-6)


@every_method
def test_dense_and_sparse_couplings_have_the_same_solutions(method):
    dense, thin = (random_model(30, 4, density=0.2, form=form) for form in FORMS.values())
    first, second = (method(model, 1.0, seed=1) for model in (dense, thin))
    assert len(first.solutions) == len(second.solutions)
    for x, y in zip(first.solutions, second.solutions, strict=True):
        np.testing.assert_allclose(x.magnetizations, y.magnetizations, atol=1e-8)
        assert x.log_partition == pytest.approx(y.log_partition, abs=1e-9)


# ---- limits -------------------------------------------------------------------------------------


@every_method
@every_form
def test_spins_without_bonds_are_exact_in_every_method(method, form):
    h = np.array([0.3, -1.0, 0.0, 2.0, 700.0])
    found = method(spinglass.Ising(form(np.zeros((5, 5))), h), 1.3, damping=0.0)
    assert found.converged
    assert len(found.solutions) == 1
    np.testing.assert_allclose(found.best.magnetizations, np.tanh(1.3 * h), atol=1e-12)
    assert found.best.log_partition == pytest.approx(np.logaddexp(1.3 * h, -1.3 * h).sum())
    assert found.best.energy == pytest.approx(-(h @ np.tanh(1.3 * h)))
    alone = method(spinglass.Ising([[0.0]], [0.5]), 2.0).best
    assert alone.magnetizations[0] == pytest.approx(math.tanh(1.0))


@every_method
def test_at_beta_zero_every_state_is_as_likely(method):
    found = method(random_model(7, 5), 0.0, damping=0.0)
    assert len(found.solutions) == 1
    x = found.best
    np.testing.assert_allclose(x.magnetizations, 0.0, atol=1e-12)
    assert x.log_partition == pytest.approx(7 * math.log(2))
    assert x.entropy == pytest.approx(7 * math.log(2))
    assert x.free_energy == -math.inf
    assert np.isfinite(x.energy)


@every_method
def test_huge_beta_neither_overflows_nor_loses_the_ground_state(method):
    model = spinglass.SquareLattice(4, field=0.1)
    for beta in (1e3, 1e8, 1e100):
        found = method(model, beta, initial=np.ones(16))
        assert found.converged
        assert found.best.free_energy == pytest.approx(-2 * 16 - 0.1 * 16)
        assert found.best.energy == pytest.approx(-2 * 16 - 0.1 * 16)


@every_method
def test_parts_of_a_disconnected_model_add_up(method):
    a, b = random_model(5, 6), random_model(6, 7)
    J = sparse.block_diag(
        [sparse.csr_array(reference.dense_couplings(x)) for x in (a, b)], format="csr"
    )
    h = np.concatenate([reference.dense_fields(x) for x in (a, b)])
    whole = method(spinglass.Ising(J, h), 0.5, n_starts=1).best
    parts = [method(x, 0.5, n_starts=1).best for x in (a, b)]
    assert whole.log_partition == pytest.approx(sum(x.log_partition for x in parts), abs=1e-9)
    m = np.concatenate([x.magnetizations for x in parts])
    np.testing.assert_allclose(whole.magnetizations, m, atol=1e-8)


# ---- lattices -----------------------------------------------------------------------------------


def scalar_magnetization(name, beta):
    """Solve the equation of a homogeneous square lattice, by bisection."""
    if name == "naive":
        return brentq(lambda m: m - math.tanh(4 * beta * m), 1e-3, 1)
    if name == "tap":
        right = lambda m: math.tanh(4 * beta * m - 4 * beta**2 * m * (1 - m * m))  # noqa: E731
        return brentq(lambda m: m - right(m), 0.5, 1)
    right = lambda x: 3 * math.atanh(math.tanh(beta) * math.tanh(x))  # noqa: E731
    cavity = brentq(lambda x: x - right(x), 1e-3, 20)
    return math.tanh(4 * cavity / 3)


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("size", [4, (3, 5), 24])
def test_the_lattice_solves_the_scalar_equation_of_its_method(name, size):
    beta = 0.45
    found = METHODS[name](spinglass.SquareLattice(size), beta, n_starts=2)
    up, down = found.solutions
    m = scalar_magnetization(name, beta)
    np.testing.assert_allclose(up.magnetizations, m, atol=1e-8)
    np.testing.assert_allclose(down.magnetizations, -m, atol=1e-8)
    assert up.free_energy == pytest.approx(down.free_energy)
    assert (up.starts, down.starts) == ((0,), (1,))


@pytest.mark.parametrize(("name", "critical"), [("naive", 4.0), ("bethe", 2 / math.log(2))])
def test_the_lattice_orders_at_the_temperature_of_its_method(name, critical):
    lattice = spinglass.SquareLattice(8)
    above = METHODS[name](lattice, 1 / (1.04 * critical), n_starts=2, separation=1e-3)
    assert [x.n_starts for x in above.solutions] == [2]
    np.testing.assert_allclose(above.best.magnetizations, 0.0, atol=1e-6)
    below = METHODS[name](lattice, 1 / (0.96 * critical), n_starts=2)
    assert len(below.solutions) == 2
    assert below.best.magnetizations.min() > 0.2


@every_method
def test_the_zero_solution_of_a_cold_ferromagnet_is_one_but_unstable(method):
    lattice, beta = spinglass.CubicLattice(4), 0.4
    at_zero = method(lattice, beta, initial=np.zeros(64))
    assert at_zero.best.iterations[0] <= 2
    np.testing.assert_array_equal(at_zero.best.magnetizations, 0.0)
    beside = method(lattice, beta, initial=np.full(64, 1e-3), damping=0.5)
    assert beside.best.magnetizations.min() > 0.8
    assert beside.best.free_energy < at_zero.best.free_energy


def test_the_tap_paramagnet_of_the_square_lattice_never_becomes_unstable():
    # Its equation has the slope 4 beta (1 - beta) at m = 0, which exceeds 1 nowhere: an artefact.
    beside = meanfield.tap(spinglass.SquareLattice(6), 0.6, initial=np.full(36, 0.1), damping=0.5)
    np.testing.assert_allclose(beside.best.magnetizations, 0.0, atol=1e-8)
    ordered = meanfield.tap(spinglass.SquareLattice(6), 0.6, n_starts=1).best
    assert ordered.free_energy < beside.best.free_energy


@every_method
def test_a_side_of_two_is_a_bond_of_twice_the_strength(method):
    lattice = spinglass.SquareLattice(2, coupling=0.3, field=0.2)
    J = 0.6 * np.array([[0, 1, 1, 0], [1, 0, 0, 1], [1, 0, 0, 1], [0, 1, 1, 0]])
    by_hand = spinglass.Ising(J, np.full(4, 0.2))
    x, y = (method(model, 0.7, n_starts=1).best for model in (lattice, by_hand))
    np.testing.assert_allclose(x.magnetizations, y.magnetizations, atol=1e-9)
    assert x.log_partition == pytest.approx(y.log_partition, abs=1e-9)
    truths = [Truth(model, 0.7).log_partition for model in (lattice, by_hand)]
    assert truths[0] == pytest.approx(truths[1], abs=1e-12)


@every_method
def test_mirrored_starts_and_fields_have_mirrored_solutions(method):
    model = random_model(25, 8, strength=1.5)
    J, h = reference.dense_couplings(model), reference.dense_fields(model)
    start = np.random.default_rng(1).uniform(-1, 1, 25)
    kind = {"damping": 0.5}
    x = method(model, 0.6, initial=start, **kind).best
    y = method(spinglass.Ising(J, -h), 0.6, initial=-start, **kind).best
    np.testing.assert_allclose(x.magnetizations, -y.magnetizations, atol=1e-12)
    assert x.log_partition == pytest.approx(y.log_partition, rel=1e-14)


# ---- memories -----------------------------------------------------------------------------------


def test_one_pattern_is_an_ordered_magnet_in_disguise():
    xi = reference.random_spins(np.random.default_rng(2), 60)
    found = meanfield.naive(spinglass.Mattis(xi), 2.0, seed=3)
    m = brentq(lambda m: m - math.tanh(2 * (1 - 1 / 60) * m), 1e-3, 1)
    assert len(found.solutions) == 2
    for x in found.solutions:
        np.testing.assert_allclose(xi * x.magnetizations * np.sign(x.magnetizations @ xi), m)


@pytest.mark.parametrize("name", ["naive", "bethe"])
def test_stored_patterns_are_solutions_of_their_own(name):
    N, P, beta = 300, 4, 2.0
    xi = reference.random_spins(np.random.default_rng(4), P, N)
    found = METHODS[name](spinglass.Hopfield(xi), beta, initial=xi)
    assert found.converged
    assert len(found.solutions) == P
    for x in found.solutions:
        overlaps = xi @ x.magnetizations / N
        # For P << N the overlap solves m = tanh(beta m) = 0.9575; others are of order N^(-1/2).
        assert overlaps[x.starts[0]] == pytest.approx(0.9575, abs=0.03)
        assert np.sort(np.abs(overlaps))[-2] < 0.3


@every_method
def test_thresholds_are_fields_of_the_opposite_sign(method):
    rng = np.random.default_rng(5)
    xi, theta = reference.random_spins(rng, 2, 12), rng.normal(size=12)
    network = spinglass.Hopfield(xi, thresholds=theta)
    by_hand = spinglass.Ising(reference.dense_couplings(network), -theta)
    x, y = (method(model, 0.5, n_starts=1).best for model in (network, by_hand))
    # Both stop within 1e-10 of one fixed point; BLAS rounds as the memory lies.
    np.testing.assert_allclose(x.magnetizations, y.magnetizations, rtol=0, atol=1e-9)


# ---- starts and report --------------------------------------------------------------------------


def test_a_start_depends_on_the_seed_and_its_number_alone():
    model = spinglass.SherringtonKirkpatrick(40, seed=1)
    few, many = (meanfield.naive(model, 2.0, n_starts=k, seed=7) for k in (5, 9))
    for k in range(5):
        x, y = (found.solutions[found.starts["solution"][k]] for found in (few, many))
        np.testing.assert_allclose(x.magnetizations, y.magnetizations, atol=1e-7)
    again = meanfield.naive(model, 2.0, n_starts=5, seed=7)
    np.testing.assert_array_equal(again.best.magnetizations, few.best.magnetizations)
    drawn = meanfield.naive(model, 2.0, n_starts=5)
    repeated = meanfield.naive(model, 2.0, n_starts=5, seed=drawn.seed)
    np.testing.assert_array_equal(repeated.best.magnetizations, drawn.best.magnetizations)


def test_solutions_are_ordered_and_account_for_every_start():
    model = spinglass.SherringtonKirkpatrick(50, seed=2)
    found = meanfield.naive(model, 3.0, n_starts=20, seed=1)
    energies = [x.free_energy for x in found.solutions]
    assert len(energies) > 2
    assert np.diff(energies).min() > -1e-7
    led = sorted(k for x in found.solutions for k in x.starts)
    assert sorted([*led, *found.failed]) == list(range(20))
    for number, x in enumerate(found.solutions):
        assert all(found.starts["solution"][k] == number for k in x.starts)
        assert x.iterations == tuple(found.starts["iterations"][list(x.starts)])
        for other in found.solutions[:number]:
            assert np.abs(x.magnetizations - other.magnetizations).max() > found.separation


def test_what_did_not_converge_is_said_and_can_go_on():
    model = spinglass.SherringtonKirkpatrick(60, seed=3)
    whole = meanfield.naive(model, 1.5, n_starts=6, seed=1)
    part = meanfield.naive(model, 1.5, n_starts=6, seed=1, max_iterations=5)
    assert part.failed == tuple(range(6))
    assert not part.converged
    assert not part.solutions
    assert part.unfinished.shape == (6, 60)
    assert "not converged after 5 iterations: 6 starts (0, 1, 2, 3, 4, 5)" in str(part)
    with pytest.raises(RuntimeError, match="no start of 6 converged within 5 iterations"):
        _ = part.best
    rest = meanfield.naive(model, 1.5, initial=part.unfinished)
    np.testing.assert_allclose(rest.best.magnetizations, whole.best.magnetizations, atol=1e-7)


def test_tap_says_that_it_fails_in_the_glass():
    found = meanfield.tap(spinglass.SherringtonKirkpatrick(200, seed=1), 4.0, max_iterations=200)
    assert found.failed
    assert "not converged" in str(found)


def test_the_report_fits_a_terminal_and_names_the_bound():
    lattice = spinglass.SquareLattice(8)
    found = {name: method(lattice, 0.5, seed=1) for name, method in METHODS.items()}
    for report in found.values():
        assert all(len(line) <= 80 for line in str(report).splitlines())
        assert "starts converged" in repr(report)
    assert "a bound" in str(found["naive"])
    assert "no bound" in str(found["tap"])
    assert "no bound" in str(found["bethe"])
    assert found["naive"].bonds is None
    assert found["naive"].best.correlations is None


@pytest.mark.parametrize("max_iterations", [1, 2000])
def test_solutions_are_drawn_in_ascending_order(max_iterations):
    ax = pytest.importorskip("matplotlib.figure").Figure().subplots()
    glass = spinglass.SherringtonKirkpatrick(60, seed=1)
    found = meanfield.naive(glass, 2.0, n_starts=30, seed=1, max_iterations=max_iterations)
    assert found.plot(ax=ax) is ax
    assert len(ax.lines) == min(6, len(found.solutions))
    for line, x in zip(ax.lines, found.solutions, strict=False):
        np.testing.assert_array_equal(line.get_ydata(), np.sort(x.magnetizations))
    words = [text.get_text() for text in ax.texts]
    assert words == ([] if found.solutions else ["no start converged"])


@every_method
def test_results_pickle(method):
    found = method(spinglass.SquareLattice(4), 0.5, seed=1)
    copy = pickle.loads(pickle.dumps(found))
    assert str(copy) == str(found)
    np.testing.assert_array_equal(copy.best.magnetizations, found.best.magnetizations)


def test_ctrl_c_keeps_what_has_converged():
    def stop(done, total):
        if done:
            raise KeyboardInterrupt

    with pytest.raises(meanfield.MeanFieldInterrupted) as caught:
        meanfield.naive(spinglass.SquareLattice(8), 0.5, seed=1, progress=stop)
    result = caught.value.result
    done = int(result.starts["converged"].sum())
    assert 0 < done < 8
    assert (caught.value.done, caught.value.total, caught.value.unit) == (done, 8, "starts")
    assert sum(x.n_starts for x in result.solutions) == done
    assert result.unfinished.shape == (8 - done, 64)
    assert pickle.loads(pickle.dumps(caught.value)).result.starts.shape == (8,)


def test_progress_counts_starts():
    seen = []
    meanfield.bethe(
        spinglass.SquareLattice(4), 0.2, seed=1, progress=lambda *args: seen.append(args)
    )
    assert seen[-1] == (8, 8)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


# ---- arguments ----------------------------------------------------------------------------------


@every_method
def test_bad_arguments_are_named(method):
    lattice = spinglass.SquareLattice(4)
    cases = [
        ({"beta": -1.0}, "beta must be >= 0"),
        ({"beta": math.nan}, "beta must be a number, got nan"),
        ({"beta": math.inf}, r"beta must be finite, got inf.*anneal"),
        ({"beta": 1e160}, "beta must be at most 2.5e"),
        ({"damping": 1.0}, "damping must be at least 0 and below 1, got 1"),
        ({"damping": -0.1}, "damping must be at least 0 and below 1, got -0.1"),
        ({"tolerance": 0.0}, "tolerance must be > 0, got 0.0"),
        ({"separation": -1.0}, "separation must be > 0"),
        ({"max_iterations": 0}, "max_iterations must be an integer >= 1, got 0"),
        ({"n_starts": 0}, "n_starts must be an integer >= 1, got 0"),
        ({"initial": np.zeros(15)}, r"initial must have shape \(16,\) or \(n_starts, 16\)"),
        ({"initial": np.zeros((0, 16))}, r"initial must have shape .* got \(0, 16\)"),
        ({"initial": np.full(16, 1.5)}, "initial must hold magnetizations between -1 and"),
        ({"initial": np.full(16, math.nan)}, "initial must hold magnetizations .* got nan"),
        ({"seed": -1}, "seed must be"),
    ]
    for changed, message in cases:
        with pytest.raises(ValueError, match=message):
            method(lattice, **{"beta": 0.5, **changed})
    for changed, message in (
        ({"beta": "cold"}, "beta must be a real number"),
        ({"initial": ["up"] * 16}, "initial must hold real numbers"),
        ({"n_starts": 2.5}, "n_starts must be an integer"),
        ({"progress": 3}, "progress must be"),
    ):
        with pytest.raises(TypeError, match=message):
            method(lattice, **{"beta": 0.5, **changed})
    with pytest.raises(TypeError, match=r"model must have an energy .* got ndarray"):
        method(np.zeros((4, 4)), 1.0)
    with pytest.raises(ValueError, match="is not fitted yet"):
        method(spinglass.BernoulliRBM(4), 1.0)


def test_an_unknown_order_of_tap_is_named():
    with pytest.raises(ValueError, match=r'order must be "bolthausen" or "plain", got .fast'):
        meanfield.tap(spinglass.SquareLattice(4), 0.5, order="fast")


def test_messages_that_do_not_fit_in_memory_are_refused(monkeypatch):
    from spinglass import _arguments

    model = spinglass.SherringtonKirkpatrick(100, seed=1)
    model.to_ising()
    monkeypatch.setattr(_arguments, "available_memory", lambda: 2_000_000)
    with pytest.raises(MemoryError, match="belief propagation with 9900 messages from 8 starts"):
        meanfield.bethe(model, 1.0)
