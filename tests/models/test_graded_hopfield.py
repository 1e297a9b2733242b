"""Graded neurons: the energy falls, one neuron is solved exactly, the rest is that of spins."""

import itertools
import json
import pickle
import subprocess
import sys

import numpy as np
import pytest
from scipy import sparse

import spinglass
from spinglass import GradedHopfield, Hopfield, Interrupted, meanfield

# Promised are 0.2 s; shared machines that test wheels get five times that.
BOUND = 1.0

METHODS = ["LSODA", "BDF", "Radau", "RK45", "DOP853"]


def random_couplings(n, seed, diagonal=0.0):
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(n, n)) / np.sqrt(n)
    matrix = matrix + matrix.T
    np.fill_diagonal(matrix, diagonal)
    return matrix


def circuit(n=12, seed=1, gain=4.0):
    """A circuit in which all neurons differ, with couplings to themselves."""
    rng = np.random.default_rng(seed)
    return GradedHopfield(
        random_couplings(n, seed, rng.normal(size=n)),
        gain * rng.uniform(0.5, 2.0, n),
        rng.uniform(0.5, 2.0, n),
        rng.uniform(0.5, 2.0, n),
        rng.normal(size=n),
    )


# ---- the energy --------------------------------------------------------------------------------


def test_the_force_on_a_neuron_is_the_slope_of_the_energy():
    network = circuit()
    u = np.random.default_rng(2).normal(size=12) / network.gain
    V, step = np.tanh(network.gain * u), 1e-6
    slopes = [
        (network.energy(V + step * unit) - network.energy(V - step * unit)) / (2 * step)
        for unit in np.eye(12)
    ]
    # C du/dt = -dE/dV, so that dE/dt = -sum C dV/du (du/dt)^2.
    currents = network._imbalance(u) / network._resistance
    np.testing.assert_allclose(currents, -np.array(slopes), rtol=0, atol=1e-7)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("gain", [0.5, 4.0, 200.0])
def test_the_energy_falls_at_every_step_within_the_error_of_the_step(method, gain):
    network, rtol = circuit(gain=gain), 1e-7
    found = network.relax(n_starts=3, method=method, rtol=rtol, seed=3)
    assert found.converged.all()
    for k, path in enumerate(found.trajectory):
        ends = found.start_energy[k], found.energy[k]
        assert (path.energy[0], path.energy[-1]) == pytest.approx(ends, abs=1e-13)
        assert ends[1] < ends[0]
        # A step is wrong by at most sqrt(N) (rtol |u| + atol) in u_i, and E by its slope times it.
        errors = rtol * (np.abs(path.potentials) + 1 / network.gain) * np.sqrt(12)
        forces = [np.abs(network._imbalance(u)) / network._resistance for u in path.potentials]
        slopes = np.array(forces) * network.gain * (1 - path.states**2)
        rounding = 1e-14 * np.abs(path.energy).max()
        assert (np.diff(path.energy) <= (slopes * errors)[1:].sum(axis=1) + rounding).all()


def test_the_energy_of_corners_is_that_of_spins_but_for_the_cost_of_outputs():
    patterns = spinglass.random_patterns(2, 9, seed=1)
    model = Hopfield(patterns, thresholds=np.linspace(-0.5, 0.5, 9))
    network = GradedHopfield(model, gain=5.0, resistance=2.0)
    states = np.array(list(itertools.product([-1, 1], repeat=9)))
    # int_0^1 artanh(V) dV = ln 2, over gain and resistance, for each neuron.
    expected = model.energy(states) + 9 * np.log(2) / 10
    np.testing.assert_allclose(network.energy(states), expected, rtol=0, atol=1e-12)


# ---- solved exactly ------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_one_uncoupled_neuron_is_a_capacitor_that_is_charged(method):
    rtol = 1e-9
    neuron = GradedHopfield([[0.0]], 3.0, resistance=2.0, capacitance=0.5, currents=1.5)
    path = neuron.relax([-1.0], max_time=5.0, rtol=rtol, method=method).trajectory
    expected = 3.0 - 4.0 * np.exp(-path.times)  # R I + (u_0 - R I) exp(-t / R C)
    # The equation contracts: errors of the steps do not grow, so they add up at most.
    allowed = len(path.times) * rtol * (3.0 + 1 / 3)
    np.testing.assert_allclose(path.potentials[:, 0], expected, rtol=0, atol=allowed)


def test_one_neuron_that_excites_itself_without_a_leak_is_solved_exactly():
    gain, coupling, capacitance, start, rtol = 2.0, 1.5, 0.7, 1e-3, 1e-10
    # The leak is 1e-11 of the current that the neuron feeds itself.
    neuron = GradedHopfield([[coupling]], gain, 1e11, capacitance)
    path = neuron.relax([start], max_time=4.0, rtol=rtol).trajectory
    # C du/dt = T tanh(gain u): sinh(gain u) grows by exp(gain T t / C).
    growth = np.exp(gain * coupling * path.times / capacitance)
    expected = np.arcsinh(np.sinh(gain * start) * growth) / gain
    # An error of u grows no faster than u itself in the linear part, and not at all beyond it.
    allowed = len(path.times) * rtol * (expected[-1] + (growth.max() / 1e3 + 1) / gain)
    np.testing.assert_allclose(path.potentials[:, 0], expected, rtol=0, atol=allowed + 1e-9)


# ---- states at rest ------------------------------------------------------------------------------


def test_at_a_large_gain_the_states_at_rest_are_the_fixed_points_of_the_binary_network():
    patterns = spinglass.random_patterns(3, 11, seed=4)  # odd: no field is zero
    model = Hopfield(patterns, thresholds=np.full(11, 0.037))
    states = np.array(list(itertools.product([-1, 1], repeat=11)), dtype=np.int8)
    stable = states[model.recall(states, max_sweeps=1).flips == 0]
    network = GradedHopfield(model, gain=1e4)
    kept = network.relax(model.local_fields(stable))
    assert kept.converged.all()
    np.testing.assert_array_equal(np.sign(kept.states), stable)
    np.testing.assert_allclose(kept.energy, model.energy(stable), rtol=0, atol=1e-3)
    found = np.sign(network.relax(n_starts=60, seed=1, keep_trajectory=False).states)
    assert {tuple(x) for x in found} <= {tuple(x) for x in stable}
    assert len({tuple(x) for x in found}) > 3


def test_a_state_at_rest_is_a_solution_of_naive_mean_field():
    model = spinglass.SquareLattice((3, 4), field=0.3)
    network = GradedHopfield(model, gain=0.4, resistance=2.0)
    found = network.relax(np.full(12, 0.5), rtol=1e-10, tolerance=1e-9)
    solution = meanfield.naive(model, 0.8, initial=np.full(12, 0.5)).best
    np.testing.assert_allclose(found.states, solution.magnetizations, rtol=0, atol=1e-7)
    free_energy = found.energy - 12 * np.log(2) / 0.8
    assert free_energy == pytest.approx(solution.free_energy, abs=1e-9)


def test_a_memory_comes_back_from_noise():
    patterns = spinglass.random_patterns(5, 200, seed=1)
    starts = spinglass.corrupt(patterns, flip=0.25, seed=2)
    found = GradedHopfield(Hopfield(patterns), gain=10.0).relax(0.01 * starts)
    assert found.converged.all()
    np.testing.assert_array_equal(np.sign(found.states), patterns)


# ---- what it is made of --------------------------------------------------------------------------


@pytest.mark.parametrize("as_sparse", [False, True])
def test_a_model_and_its_couplings_make_the_same_circuit(as_sparse):
    lattice = spinglass.SquareLattice((3, 3), field=0.2)
    couplings = lattice.couplings() if as_sparse else lattice.to_ising().couplings().toarray()
    direct = GradedHopfield(couplings, 2.0, currents=np.full(9, 0.2))
    assert sparse.issparse(direct.couplings()) == as_sparse
    of_model = GradedHopfield(lattice, 2.0)
    u = np.random.default_rng(1).normal(size=9)
    np.testing.assert_allclose(direct._rates(0, u), of_model._rates(0, u), rtol=1e-14)
    np.testing.assert_allclose(direct._jacobian(0, u), of_model._jacobian(0, u), rtol=1e-14)


def test_units_are_turned_into_outputs_between_minus_and_plus_one():
    form = spinglass.UnitForm(random_couplings(5, 3), [1.0, 2.0, 0.0, -1.0, 0.5])
    spins = spinglass.spin_form(form)
    network = GradedHopfield(form, 3.0, currents=1.0)
    np.testing.assert_array_equal(network.couplings(), spins.couplings)
    np.testing.assert_allclose(network.currents, 1.0 + spins.fields, rtol=1e-15)


def test_the_derivatives_of_the_rates_are_those_of_differences():
    network = circuit()
    u, step = np.random.default_rng(5).normal(size=12) / network.gain, 1e-6
    columns = [
        (network._rates(0, u + step * e) - network._rates(0, u - step * e)) / (2 * step)
        for e in np.eye(12)
    ]
    np.testing.assert_allclose(network._jacobian(0, u), np.transpose(columns), rtol=0, atol=1e-7)


# ---- starts, ends, results -----------------------------------------------------------------------


def test_a_start_does_not_depend_on_the_others():
    network = circuit()
    many = network.relax(n_starts=4, seed=7)
    few = network.relax(n_starts=2, seed=7)
    alone = network.relax(many.trajectory[3].potentials[0])
    for path, other in zip(many.trajectory, few.trajectory, strict=False):
        np.testing.assert_array_equal(path.potentials[0], other.potentials[0])
    # At rest to within the tolerance.
    np.testing.assert_allclose(many.states[:2], few.states, rtol=0, atol=1e-5)
    np.testing.assert_allclose(many.states[3], alone.states, rtol=0, atol=1e-5)
    assert alone.converged is True
    assert isinstance(alone.energy, float)
    assert np.abs(many.trajectory[0].potentials[0] * network.gain).max() <= 0.1


def test_a_circuit_that_has_no_time_is_not_at_rest():
    network = circuit()
    found = network.relax(n_starts=2, max_time=0.1, seed=1)
    assert found.converged.tolist() == [False, False]
    assert found.time.tolist() == [0.1, 0.1]
    late = network.relax(n_starts=3, max_seconds=1e-9, seed=1)
    assert (late.steps.tolist(), late.converged.any()) == ([0, 0, 0], False)
    np.testing.assert_array_equal(late.energy, late.start_energy)


def test_a_state_at_rest_is_told_at_once():
    saddle = GradedHopfield([[0, 1], [1, 0]], 5.0).relax([0.0, 0.0])
    assert (saddle.converged, saddle.steps, saddle.time) == (True, 0, 0.0)


def test_a_result_pickles_prints_and_may_have_no_trajectory():
    found = circuit().relax(n_starts=2, seed=1, keep_trajectory=False)
    assert found.trajectory is None
    again = pickle.loads(pickle.dumps(found))
    np.testing.assert_array_equal(again.states, found.states)
    assert str(found).startswith("12 neurons, LSODA: 2 starts, 2 at rest\nlowest energy -")
    network = pickle.loads(pickle.dumps(circuit()))
    states = network.relax(n_starts=2, seed=1).states
    np.testing.assert_allclose(states, found.states, rtol=0, atol=1e-5)
    assert repr(GradedHopfield([[0.0]], 2.0)) == "GradedHopfield(<couplings of 1 neuron>, gain=2)"


def test_an_interrupted_relaxation_keeps_the_starts_that_are_finished():
    def stop(done, total):
        if done == 2:
            raise KeyboardInterrupt

    network = circuit()
    with pytest.raises(Interrupted) as caught:
        network.relax(n_starts=5, seed=1, progress=stop)
    assert (caught.value.done, caught.value.total) == (2, 5)
    whole = network.relax(n_starts=2, seed=1)
    np.testing.assert_allclose(caught.value.result.states, whole.states, rtol=0, atol=1e-5)


@pytest.mark.parametrize("method", ["LSODA", "BDF", "Radau", "RK45", "DOP853"])
def test_the_shortest_relaxation_ends(method):
    found = circuit().relax(n_starts=2, max_time=1e-30, method=method, seed=1)
    assert (found.time <= 1e-30).all()
    assert not found.converged.any()


SCRIPT = """
import json, os, signal, sys, threading, time
import numpy as np, spinglass

n, method = int(sys.argv[1]), sys.argv[2]
network = spinglass.GradedHopfield(spinglass.SherringtonKirkpatrick(n, seed=1), 50.0)
network.relax(n_starts=1, max_time=1e-3, method=method)
sent = []

def send():
    time.sleep(0.6)
    sent.append(time.monotonic())
    os.kill(os.getpid(), signal.SIGINT)

threading.Thread(target=send, daemon=True).start()
try:
    network.relax(n_starts=1000, method=method, keep_trajectory=False)
except spinglass.Interrupted:
    print(json.dumps(time.monotonic() - sent[0]))
"""


@pytest.mark.parametrize(("n", "method"), [(30, "LSODA"), (1000, "LSODA"), (3000, "RK45")])
def test_ctrl_c_ends_a_relaxation_soon(n, method):
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(n), method], capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout) < BOUND


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: GradedHopfield([[0, 1], [2, 0]], 1.0), "couplings must be symmetric"),
        (lambda: GradedHopfield([[np.nan]], 1.0), "couplings must be finite"),
        (lambda: GradedHopfield([[0.0]], 0.0), "gain must be from 1e-50 to 1e.50, got 0.0"),
        (lambda: GradedHopfield([[0.0]], [1.0, 2.0]), r"gain must be a number or .* \(1,\)"),
        (lambda: GradedHopfield([[0.0]], 1.0, -1.0), "resistance must be from"),
        (lambda: GradedHopfield([[0.0]], 1.0, 1.0, np.inf), "capacitance must be finite"),
        (lambda: GradedHopfield([[0.0]], 1.0, currents=np.nan), "currents must be finite"),
        (lambda: GradedHopfield([[1e9]], 1e9), r"gain times .* at most 1e\+12, got 1e\+18"),
        (lambda: circuit().energy(np.full(12, 1.5)), "states must lie between -1 and .* got 1.5"),
        (lambda: circuit().energy([1.0]), r"states must have shape \(12,\)"),
        (lambda: circuit().relax([1.0]), r"initial must have shape \(12,\)"),
        (lambda: circuit().relax(np.zeros((0, 12))), "initial must have at least one start"),
        (
            lambda: circuit().relax(np.zeros((3, 12)), n_starts=2),
            r"n_starts must be left out with initial \(3 starts\), got 2",
        ),
        (lambda: circuit().relax(np.full(12, np.inf)), "initial must be finite"),
        (lambda: circuit().relax(n_starts=0), "n_starts must be an integer >= 1"),
        (lambda: circuit().relax(method="Euler"), 'method must be "LSODA"'),
        (lambda: circuit().relax(rtol=0.5), "rtol must be from 1e-13 to 0.01, got 0.5"),
        (lambda: circuit().relax(tolerance=0), "tolerance must be > 0"),
        (lambda: circuit().relax(max_time=-1), "max_time must be > 0"),
        (lambda: circuit().relax(max_time=1e300), "max_time must be from 1e-30 to 1e15 R C"),
        (lambda: circuit().relax(max_time=1e-300), "max_time must be from 1e-30 to 1e15 R C"),
        (lambda: circuit().relax(max_seconds=0), "max_seconds must be > 0"),
    ],
)
def test_what_is_out_of_range_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("name", ["gain", "resistance", "capacitance", "currents"])
@pytest.mark.parametrize("value", [True, np.array([True])])
def test_truth_values_are_no_numbers(name, value):
    with pytest.raises(TypeError, match=f"{name} must hold real numbers, got "):
        GradedHopfield([[0.0]], **({"gain": 1.0} | {name: value}))


def test_a_model_without_pairs_of_spins_is_named_as_the_argument():
    memory = spinglass.DenseAssociativeMemory([[1, -1]], 2)
    with pytest.raises(TypeError, match=r"^couplings must have pairs of spins or units"):
        GradedHopfield(memory, 2.0)


def test_no_state_has_no_energy_and_too_many_starts_are_named():
    assert circuit().energy(np.zeros((0, 12))).shape == (0,)
    with pytest.raises(MemoryError, match="n_starts: 1000000000000000 starts"):
        circuit().relax(n_starts=10**15)
