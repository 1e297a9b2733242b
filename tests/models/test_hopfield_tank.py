"""The network of Hopfield and Tank: its energy and motion as published, tours, assignments."""

import itertools
import pickle

import numpy as np
import pytest

import spinglass
from spinglass import HopfieldTank, Interrupted, exact


def plane(n, seed=1):
    cities = np.random.default_rng(seed).random((n, 2))
    return np.linalg.norm(cities[:, None] - cities, axis=2)


def assignment(n, seed=2):
    """Distances and flow without any symmetry."""
    rng = np.random.default_rng(seed)
    matrices = rng.random((2, n, n)) * (1 - np.eye(n))
    return matrices[0], matrices[1]


def published_energy(V, d, F, A, B, C, D, n_eff):
    """Equations 8 and 9 of the paper, by loops; the last term with any flow."""
    n, pairs = len(d), list(itertools.product(range(len(d)), repeat=2))
    rows = sum(V[X, i] * V[X, j] for X in range(n) for i, j in pairs if i != j)
    columns = sum(V[X, i] * V[Y, i] for i in range(n) for X, Y in pairs if X != Y)
    costs = sum(d[X, Y] * F[i, j] * V[X, i] * V[Y, j] for X, Y in pairs for i, j in pairs)
    return A / 2 * rows + B / 2 * columns + C / 2 * (V.sum() - n_eff) ** 2 + D * costs


def held_karp(distances):
    """Return the length of the shortest tour, by dynamic programming over sets of cities."""
    n = len(distances)
    best = {(1 << k, k): distances[0, k] for k in range(1, n)}
    for size in range(2, n):
        for cities in itertools.combinations(range(1, n), size):
            bits = sum(1 << k for k in cities)
            for k in cities:
                before = [best[bits ^ 1 << k, j] + distances[j, k] for j in cities if j != k]
                best[bits, k] = min(before)
    whole = 2**n - 2
    return min(best[whole, k] + distances[k, 0] for k in range(1, n))


# ---- the energy --------------------------------------------------------------------------------


@pytest.mark.parametrize("n_eff", [4.0, 6.5])
def test_the_energy_of_spins_is_the_published_one(n_eff):
    d, F = assignment(4)
    tank = HopfieldTank(d, 3.0, 5.0, 2.0, 7.0, n_eff=n_eff, flow=F)
    states = np.random.default_rng(3).choice([-1, 1], (50, 16))
    expected = [
        published_energy((s.reshape(4, 4) + 1) / 2, d, F, 3.0, 5.0, 2.0, 7.0, n_eff) for s in states
    ]
    np.testing.assert_allclose(tank.to_ising().energy(states), expected, rtol=0, atol=1e-11)
    np.testing.assert_allclose(spinglass.spin_form(tank).energy(states), expected, atol=1e-11)


def test_the_energy_of_the_circuit_is_twice_that_of_outputs_anywhere_in_the_cube():
    d, F = assignment(3)
    tank = HopfieldTank(d, 3.0, 5.0, 2.0, 7.0, 1e-9, flow=F)  # at this gain outputs cost nothing
    outputs = np.random.default_rng(4).uniform(-1, 1, (20, 9))
    expected = [
        published_energy((s.reshape(3, 3) + 1) / 2, d, F, 3.0, 5.0, 2.0, 7.0, 4.5) for s in outputs
    ]
    differences = tank.network.energy(outputs) - 2 * np.array(expected)
    np.testing.assert_allclose(differences, differences[0], rtol=0, atol=1e-6)


def test_neurons_move_by_the_published_equation():
    n, A, B, C, D, u0 = 5, 500.0, 500.0, 200.0, 500.0, 0.02
    d = plane(n)
    tank = HopfieldTank(d, A, B, C, D, u0, n_eff=7.0)
    u = 0.02 * np.random.default_rng(5).normal(size=(n, n))
    V = (1 + np.tanh(u / u0)) / 2
    expected = np.empty((n, n))
    for X, i in itertools.product(range(n), repeat=2):
        row = sum(V[X, j] for j in range(n) if j != i)
        column = sum(V[Y, i] for Y in range(n) if Y != X)
        way = sum(d[X, Y] * (V[Y, (i + 1) % n] + V[Y, i - 1]) for Y in range(n))
        expected[X, i] = -u[X, i] - A * row - B * column - C * (V.sum() - 7.0) - D * way
    found = tank.network._rates(0.0, u.ravel())
    np.testing.assert_allclose(found.reshape(n, n), expected, rtol=1e-12)


def test_the_states_of_lowest_energy_are_the_shortest_tours_if_no_stop_is_worth_leaving_out():
    d = plane(4, seed=6)
    # Without a stop the third term rises by C / 2 = 100, and two ways of at most 40 are saved.
    tank = HopfieldTank(d, D=40.0 / d.max(), n_eff=4.0)
    lowest = exact.ground_states(tank)
    orders = np.array(list(itertools.permutations(range(4))))
    lengths = tank.lengths(orders)
    shortest = orders[np.isclose(lengths, lengths.min(), rtol=1e-12)]
    assert sorted(map(tuple, tank.tours(lowest))) == sorted(map(tuple, shortest))
    assert len(shortest) == 8  # four first stops, two directions
    greedy = exact.ground_states(HopfieldTank(d, D=500.0, n_eff=4.0))
    assert (tank.tours(greedy) == -1).all()


# ---- tours -------------------------------------------------------------------------------------


def test_a_state_is_a_tour_if_every_city_has_one_stop():
    tank = HopfieldTank(plane(4))
    order = [2, 0, 3, 1]
    state = -np.ones((4, 4))
    state[order, range(4)] = 0.3
    twice, none, full = state.copy(), state.copy(), np.ones((4, 4))
    twice[0, 0], none[2, 0] = 1.0, -0.1
    states = np.array([state, twice, none, full, state.T]).reshape(5, 16)
    tours = tank.tours(states)
    assert tours.tolist() == [order, [-1] * 4, [-1] * 4, [-1] * 4, [1, 3, 0, 2]]
    np.testing.assert_array_equal(tank.tours(states[0]), order)
    lengths = tank.lengths(tours)
    assert np.isnan(lengths).tolist() == [False, True, True, True, False]
    d = tank.distances
    assert lengths[0] == pytest.approx(d[2, 0] + d[0, 3] + d[3, 1] + d[1, 2])


def test_a_tour_has_the_length_of_its_direction():
    d, _ = assignment(5)
    tank = HopfieldTank(d, n_eff=5.0)
    order = np.array([3, 1, 4, 0, 2])
    there, back = tank.lengths([order, order[::-1]])
    assert there == pytest.approx(sum(d[order[k - 1], order[k]] for k in range(5)))
    assert back == pytest.approx(sum(d[order[k], order[k - 1]] for k in range(5)))
    assert there != pytest.approx(back)
    spins = 2 * (order[None, :] == np.arange(5)[:, None]) - 1
    assert tank.to_ising().energy(spins.ravel()) == pytest.approx(500 * there, rel=1e-12)


def test_an_assignment_costs_distance_times_flow():
    d, F = assignment(4)
    tank = HopfieldTank(d, flow=F)
    for order in itertools.permutations(range(4)):
        cost = sum(d[order[i], order[j]] * F[i, j] for i in range(4) for j in range(4))
        assert tank.lengths(order) == pytest.approx(cost)


def test_two_cities_have_a_way_there_and_back():
    tank = HopfieldTank([[0, 3], [3, 0]])
    assert tank.lengths([0, 1]) == 6.0
    assert tank.solve(n_starts=2, max_time=1.0, seed=1).tours.shape == (2, 2)


def test_annealing_on_the_same_energy_finds_the_shortest_tour():
    d = plane(8, seed=3)
    tank = HopfieldTank(d)
    found = spinglass.anneal(tank, n_sweeps=4000, n_replicas=20, seed=1)
    tours = tank.tours(found.best_states)
    lengths = tank.lengths(tours)
    shortest = held_karp(d)
    assert np.nanmin(lengths) == pytest.approx(shortest, rel=1e-12)
    orders = np.array([(0, *x) for x in itertools.permutations(range(1, 8))])
    assert shortest == pytest.approx(tank.lengths(orders).min(), rel=1e-12)


# ---- solving -----------------------------------------------------------------------------------


def test_starts_are_nearly_equal_and_their_outputs_add_up_to_n():
    tank = HopfieldTank(plane(10))
    found = tank.solve(n_starts=3, max_time=1e-9, keep_trajectory=True, seed=1)
    for path in found.relaxation.trajectory:
        start, outputs = path.potentials[0], (1 + path.states[0]) / 2
        assert np.ptp(start) < 0.2 * 0.02
        assert outputs.sum() == pytest.approx(10, rel=0.1)
    assert not found.relaxation.converged.any()


def test_what_is_found_are_tours_no_shorter_than_the_shortest():
    d = plane(7, seed=2)
    tank = HopfieldTank(d)
    found = tank.solve(n_starts=40, seed=1)
    assert found.relaxation.converged.all()
    # The energy of the start is above that of any state at rest that it leads to.
    assert (found.relaxation.energy < found.relaxation.start_energy).all()
    assert 0 < found.valid.sum() < 40  # most are no tour, and the result says so
    assert (np.isnan(found.lengths) == ~found.valid).all()
    assert (found.tours[~found.valid] == -1).all()
    assert (np.sort(found.tours[found.valid], axis=1) == np.arange(7)).all()
    assert found.best[1] >= held_karp(d) * (1 - 1e-12)
    assert found.best[1] == np.nanmin(found.lengths)
    assert str(found) == (
        f"40 starts: {found.valid.sum()} valid, the shortest {found.best[1]:.6g}; 40 at rest"
    )
    again = pickle.loads(pickle.dumps((tank, found)))
    np.testing.assert_array_equal(again[1].tours, found.tours)
    np.testing.assert_array_equal(again[0].lengths(found.tours), found.lengths)


def test_an_interrupted_search_keeps_the_tours_that_are_finished():
    def stop(done, total):
        if done == 3:
            raise KeyboardInterrupt

    tank = HopfieldTank(plane(5))
    with pytest.raises(Interrupted) as caught:
        tank.solve(n_starts=9, seed=1, progress=stop)
    assert (caught.value.done, caught.value.total, caught.value.unit) == (3, 9, "starts")
    assert caught.value.result.tours.shape == (3, 5)

    def refuse(done, total):
        raise KeyboardInterrupt

    with pytest.raises(Interrupted) as caught:
        HopfieldTank(plane(10)).solve(n_starts=9, seed=1, progress=refuse)
    assert caught.value.result.tours.shape[1] == 10


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: HopfieldTank([[0.0]]), r"distances must have shape \(n, n\) with n >= 2"),
        (lambda: HopfieldTank([[0, 1]]), r"distances must have shape .* got \(1, 2\)"),
        (lambda: HopfieldTank([[0, -1], [1, 0]]), "distances must be finite, >= 0 .* got -1"),
        (lambda: HopfieldTank([[0, np.nan], [1, 0]]), "distances must be finite.* got nan"),
        (lambda: HopfieldTank([[0, 1], [1, 2]]), r"distances must have a zero .* 2 at \(1, 1\)"),
        (lambda: HopfieldTank(plane(3), flow=np.ones((3, 3))), "flow must have a zero diagonal"),
        (lambda: HopfieldTank(plane(3), flow=plane(4)), r"flow must have shape \(3, 3\)"),
        (lambda: HopfieldTank(plane(3), A=-1), "A must be from 0 to"),
        (lambda: HopfieldTank(plane(3), u0=0), "u0 must be from 1e-30"),
        (lambda: HopfieldTank(plane(3), u0=1e-12), "u0 must be at least .* got 1e-12"),
        (lambda: HopfieldTank(plane(3), n_eff=np.inf), "n_eff must be finite"),
        (lambda: HopfieldTank(plane(3)).tours(np.ones(8)), r"states must have shape \(9,\)"),
        (lambda: HopfieldTank(plane(3)).tours(np.full(9, np.nan)), "states must be finite"),
        (lambda: HopfieldTank(plane(3)).lengths([0, 1, 1]), "tours must .* 0 to 2 .*1, 1"),
        (lambda: HopfieldTank(plane(3)).lengths([0, 1]), r"tours must have shape \(3,\)"),
        (lambda: HopfieldTank(plane(3)).solve(0), "n_starts must be an integer >= 1"),
    ],
)
def test_what_is_out_of_range_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_couplings_that_fit_in_no_memory_are_refused():
    distances = np.broadcast_to(0.0, (1500, 1500))
    with pytest.raises(MemoryError, match="distances: the couplings of 2250000 neurons"):
        HopfieldTank(distances)


def test_no_states_have_no_tours():
    tank = HopfieldTank(plane(3))
    assert tank.tours(np.zeros((0, 9))).shape == (0, 3)
    assert tank.lengths(np.zeros((0, 3), int)).shape == (0,)
