"""Mixing times of chains, where they are known."""

import pickle

import numpy as np
import pytest

from machines.enumeration import Exact, all_states, random_machine, striped


def exact_time(exact):
    """1/2 + sum_t rho(t) of the visible states, from the transition matrix."""
    T, v, p = exact.transition(), all_states(exact.n_visible), exact.visible
    centred = v - p @ v
    moved, rho = centred, []
    for _ in range(2000):
        moved = T @ moved
        rho.append((p[:, None] * centred * moved).sum())
    return 0.5 + np.sum(rho) / (p[:, None] * centred**2).sum()


@pytest.mark.parametrize("width", [0.5, 1.5, 2.5])
def test_the_mixing_time_is_that_of_the_transition_matrix(width):
    exact = random_machine(4, 6, seed=1, width=width)
    found = exact.estimator(random_state=2).equilibration(n_steps=2000, n_chains=100)
    known = exact_time(exact)
    # Sokal: the relative error of tau is sqrt((4 W + 2) / N), W = 5 tau, N = 200 chains of 1000
    # steps; the cut at the window leaves out at most e^-5 of it.
    bound = 4 * np.sqrt((20 * known + 2) / 200_000) + 0.01
    assert abs(found.mixing_time / known - 1) < bound
    assert not found.is_bound
    assert found.meeting_step < 100
    assert found.autocorrelation[0] == 1.0
    assert (found.n_chains, found.n_steps, found.k) == (100, 2000, 1)


def test_chains_that_do_not_mix_are_seen():
    # Two deep wells, all on and all off, between which no chain passes.
    exact = Exact(np.full((6, 6), 6.0), np.full(6, -18.0), np.full(6, -18.0))
    model = exact.estimator(random_state=3, k=2)
    found = model.equilibration(np.ones((50, 6)), n_steps=200, n_chains=50)
    assert found.is_bound
    assert found.mixing_time > 20
    assert found.k == 2


def test_starts_that_stay_apart_never_meet():
    # The data sit in a well that is much less likely than the other.
    exact = Exact(np.full((8, 8), 5.0), np.full(8, -18.0), np.full(8, -18.0))
    model = exact.estimator(random_state=3)
    found = model.equilibration(np.ones((50, 8)), n_steps=100, n_chains=50)
    assert np.isinf(found.meeting_step)
    assert (found.data_free_energy[-1] < found.random_free_energy[-1]) or found.is_bound


@pytest.mark.parametrize("scale", [1, 0.5])
def test_fewer_rows_than_chains_and_real_rows_are_enough(scale):
    model = random_machine(4, 6, seed=1).estimator()
    found = model.equilibration(striped(7, 6, seed=4) * scale, n_steps=20, n_chains=16)
    assert found.data_free_energy.shape == found.steps.shape
    assert found.steps[-1] == 20
    again = model.equilibration(n_steps=20, n_chains=16, random_state=5)
    same = model.equilibration(n_steps=20, n_chains=16, random_state=5)
    assert (again.autocorrelation == same.autocorrelation).all()
    assert found.seed != again.seed


def test_frozen_chains_say_that_nothing_is_known():
    exact = Exact(np.zeros((2, 3)), np.zeros(2), np.array([80.0, -80.0, 80.0]))
    found = exact.estimator().equilibration(n_steps=16, n_chains=4)
    assert found.is_bound


def test_a_result_pickles_and_draws_itself():
    pytest.importorskip("matplotlib").use("Agg")
    found = random_machine(4, 6, seed=1).estimator().equilibration(n_steps=40, n_chains=8)
    assert pickle.loads(pickle.dumps(found)).mixing_time == found.mixing_time
    memory, energies = found.plot()
    assert "autocorrelation" in memory.get_ylabel()
    assert energies.get_xlabel() == "Gibbs steps"
    assert found.plot(ax=memory) is memory
    with pytest.raises(ValueError, match="one Axes or two, got 3"):
        found.plot(ax=[memory] * 3)
