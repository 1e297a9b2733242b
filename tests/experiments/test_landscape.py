"""Landscapes: what is said of minima, basins and barriers is so, for models of every kind."""

import dataclasses
import json
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import spinglass
from partition.structured_models import GAUSSIAN, STRUCTURES, Quartic, spin_energies
from spinglass import exact
from spinglass.experiments import Landscape, LandscapeConfig, landscape


def all_energies(model):
    """The energy of every state, rounded so that equal ones are equal."""
    return np.round(model.energy(exact.states(model.n_spins)), 9)


def neighbours(n_spins):
    return np.arange(2**n_spins)[:, None] ^ (1 << np.arange(n_spins))


def reachable(energies, state, highest):
    """All states that paths from ``state`` reach without rising above ``highest``."""
    near, found, waiting = neighbours(int(np.log2(len(energies)))), {state}, [state]
    while waiting:
        for other in near[waiting.pop()].tolist():
            if energies[other] <= highest and other not in found:
                found.add(other)
                waiting.append(other)
    return found


def is_symmetric(model):
    fields = model.to_ising().fields
    return fields is None or not fields.any()


def of_sevenths(n_spins, seed, fields):
    """Couplings of few sizes, none of which is a double: many energies are equal but for noise."""
    generator = np.random.default_rng(seed)
    couplings = np.triu(generator.integers(-5, 6, (n_spins, n_spins)), 1)
    drawn = generator.integers(-5, 6, n_spins) if fields else np.zeros(n_spins)
    return spinglass.Ising((couplings + couplings.T) / 7, drawn / 7)


def ring(n_spins, coupling=1.0):
    couplings = np.zeros((n_spins, n_spins))
    for i in range(n_spins):
        couplings[i, (i + 1) % n_spins] = couplings[(i + 1) % n_spins, i] = coupling
    return spinglass.Ising(couplings)


MODELS = {
    "SK": spinglass.SherringtonKirkpatrick(10, seed=1),
    "SK of +-J": spinglass.SherringtonKirkpatrick(9, "pm1", seed=2),
    "Hopfield": spinglass.Hopfield(spinglass.random_patterns(3, 10, seed=3)),
    "thresholds": spinglass.Hopfield(spinglass.random_patterns(2, 9, seed=4), thresholds=[0.3] * 9),
    "lattice": spinglass.SquareLattice(3),
    "ring": ring(8),
    "frustrated ring": ring(7, -1.0),
    "+-J lattice": spinglass.EdwardsAnderson((3, 3), seed=5),
    "pairs apart": spinglass.Ising(np.kron(np.eye(4), [[0, 1.5], [1.5, 0]])),
    "no couplings": spinglass.Ising(np.zeros((6, 6))),
    "fields alone": spinglass.Ising(np.zeros((6, 6)), [1, -2, 0.5, 3, 0, 1]),
    "one spin": spinglass.Ising([[0.0]], [0.5]),
    "two spins": spinglass.Ising([[0, 1], [1, 0]]),
    "two spins opposed": spinglass.Ising([[0, -1], [-1, 0]]),
    "two spins apart": spinglass.Ising(np.zeros((2, 2))),
    "sevenths": of_sevenths(9, 1, fields=False),
    "sevenths in fields": of_sevenths(9, 2, fields=True),
}


def in_order(state, model):
    """Without fields a state and its mirror image are next to each other."""
    turned = 2**model.n_spins - 1 - state
    return (min(state, turned), state) if is_symmetric(model) else (state,)


def first_of(plateau, model):
    return min(plateau, key=lambda state: in_order(state, model))


@pytest.mark.parametrize("name", MODELS)
def test_minima_are_the_plateaus_that_nothing_leads_down_from(name):
    model = MODELS[name]
    result, energies = landscape(model), all_energies(model)
    expected = {}
    for state in range(len(energies)):
        plateau = reachable(energies, state, energies[state])
        if (energies[list(plateau)] == energies[state]).all():
            expected[first_of(plateau, model)] = len(plateau)
    assert dict(result.minima[["state", "plateau"]].tolist()) == expected
    order = [(row["energy"], in_order(int(row["state"]), model)) for row in result.minima]
    assert order == sorted(order)
    assert (np.diff(result.minima["energy"]) >= 0).all()
    assert np.allclose(result.minima["energy"], model.energy(result.spins), rtol=0, atol=1e-12)
    assert (result.spins == exact.states(model.n_spins)[result.minima["state"]]).all()
    assert result.n_ground_states == len(exact.ground_states(model))


@pytest.mark.parametrize("fields", [False, True])
@pytest.mark.parametrize("seed", range(20))
def test_plateaus_are_named_after_their_first_state_whatever_the_rounding(seed, fields):
    model = of_sevenths(8, seed, fields)
    result, energies = landscape(model), all_energies(model)
    exactly = landscape(spinglass.Ising(np.rint(7 * model.couplings()), np.rint(7 * model.fields)))
    for row in result.minima:
        plateau = reachable(energies, int(row["state"]), energies[row["state"]])
        first = first_of(plateau, model)
        assert row["state"] == first
        # Of two mirror images one at least has its lowest number, and with fields every one.
        turned = {255 - state for state in plateau}
        assert first == min(plateau) or (not fields and 255 - first == min(turned))
    for name in ("state", "plateau", "mirror"):  # which way a tie goes is noise
        assert (result.minima[name] == exactly.minima[name]).all()
    assert np.allclose(7 * result.minima["energy"], exactly.minima["energy"], rtol=0, atol=1e-12)
    barriers = 7 * result.minima["barrier"]
    assert np.allclose(barriers, exactly.minima["barrier"], rtol=0, atol=1e-12, equal_nan=True)
    ground = result.minima[: int((result.minima["energy"] == result.minima["energy"][0]).sum())]
    assert ground["plateau"].sum() == len(exact.ground_states(model)) == result.n_ground_states


@pytest.mark.parametrize("name", MODELS)
def test_saddles_are_the_lowest_that_join_two_minima(name):
    model = MODELS[name]
    result, energies = landscape(model), all_energies(model)
    states = result.minima["state"].tolist()
    for i in range(result.n_minima):
        for j in range(i):
            saddle = result.saddle(i, j)
            height = energies[saddle["state"]]
            assert saddle["energy"] == pytest.approx(height, abs=1e-8)
            assert states[j] in reachable(energies, states[i], height)
            below = energies[energies < height].max()
            assert states[j] not in reachable(energies, states[i], below)
            assert result.barrier(i, j) == saddle["energy"] - result.minima["energy"][i]
            assert result.saddle(j, i) == saddle


@pytest.mark.parametrize("name", MODELS)
def test_barriers_of_the_table_lead_to_minima_that_are_no_higher(name):
    result = landscape(MODELS[name])
    for i, row in enumerate(result.minima):
        others = [j for j in range(result.n_minima) if j != i]
        low = [result.barrier(i, j) for j in others if result.minima["energy"][j] <= row["energy"]]
        assert np.array_equal(row["barrier"], min(low, default=np.nan), equal_nan=True)


@pytest.mark.parametrize("name", MODELS)
def test_basins_hold_every_state_once(name):
    model = MODELS[name]
    result = landscape(model)
    assert result.minima["basin"].sum() == 2**model.n_spins
    assert (result.minima["basin"] >= 1).all()
    assert result.minima["basin_fraction"].sum() == pytest.approx(1)


def test_basins_are_those_of_steepest_descent():
    model = MODELS["SK"]
    result, energies = landscape(model), model.energy(exact.states(10))
    near = neighbours(10)
    lowest = near[np.arange(1024), energies[near].argmin(axis=1)]
    step = np.where(energies[lowest] < energies, lowest, np.arange(1024))
    for _ in range(10):
        step = step[step]
    states, sizes = np.unique(step, return_counts=True)
    assert dict(result.minima[["state", "basin"]].tolist()) == dict(
        zip(states.tolist(), sizes.tolist(), strict=True)
    )


@pytest.mark.parametrize("name", MODELS)
def test_mirrors_are_the_minima_with_all_spins_turned(name):
    model = MODELS[name]
    result, energies = landscape(model), all_energies(model)
    if not is_symmetric(model):
        assert (result.minima["mirror"] == -1).all()
        return
    for row in result.minima:
        plateau = reachable(energies, int(row["state"]), row["energy"] + 1e-9)
        turned = {2**model.n_spins - 1 - state for state in plateau}
        other = result.minima[row["mirror"]]
        assert int(other["state"]) in turned
        assert (other["basin"], other["plateau"]) == (row["basin"], row["plateau"])


def test_without_couplings_all_is_one_plateau():
    result = landscape(MODELS["no couplings"])
    assert result.minima[["state", "energy", "plateau", "basin"]].tolist() == [(0, 0.0, 64, 64)]
    assert len(result.merges) == 0
    assert np.isnan(result.minima["barrier"]).all()
    assert result.n_ground_states == 64


def test_rounding_of_the_couplings_makes_no_minima():
    """Tenths are no doubles: energies that are equal on paper differ in the last digits."""
    couplings = np.rint(10 * spinglass.SherringtonKirkpatrick(11, seed=8).couplings())
    exactly, rounded = (
        landscape(spinglass.Ising(couplings)),
        landscape(spinglass.Ising(couplings / 10)),
    )
    assert len(np.unique(exactly.minima["energy"])) < exactly.n_minima
    assert exactly.minima["plateau"].sum() == rounded.minima["plateau"].sum()
    assert len(np.unique(rounded.minima["energy"])) == len(np.unique(exactly.minima["energy"]))
    assert np.allclose(rounded.merges["energy"] * 10, exactly.merges["energy"], rtol=0, atol=1e-9)


def test_a_pattern_alone_is_a_minimum_with_its_reverse():
    patterns = spinglass.random_patterns(1, 12, seed=1)
    result = landscape(spinglass.Hopfield(patterns))
    assert sorted(result.minima[["pattern", "overlap", "kind"]].tolist()) == [
        (0, -1.0, "reversed"),
        (0, 1.0, "pattern"),
    ]
    for row, spins in zip(result.minima, result.spins, strict=True):
        assert (spins == row["overlap"] * patterns[0]).all()


@pytest.mark.parametrize("name", STRUCTURES)
def test_every_structure_of_pairs_has_the_landscape_of_its_spins(name):
    model = STRUCTURES[name]
    states, energies = spin_energies(model)
    n = states.shape[1]
    result = landscape(model)
    assert result.config == LandscapeConfig(type(model).__name__, n, None, None, None)
    assert result.model is model
    rounded = np.round(energies, 9)
    for row in result.minima:
        plateau = list(reachable(rounded, row["state"], rounded[row["state"]]))
        assert (rounded[plateau] == rounded[row["state"]]).all()
        assert len(plateau) == row["plateau"]
    assert result.minima["basin"].sum() == 2**n
    assert (result.spins == states[result.minima["state"]]).all()
    for rows in (result.minima, result.merges):
        np.testing.assert_allclose(rows["energy"], energies[rows["state"]], rtol=0, atol=1e-12)


def test_minima_of_a_hopfield_network_are_told_apart_by_their_overlaps():
    result = landscape("hopfield", n_spins=16, n_patterns=3, seed=4)
    overlaps = result.model.overlaps(result.spins)
    for row, m in zip(result.minima, overlaps, strict=True):
        assert abs(m[row["pattern"]]) == np.abs(m).max()
        assert row["overlap"] == m[row["pattern"]]
        kind = "pattern" if row["overlap"] > 0 else "reversed"
        assert row["kind"] == (kind if np.abs(m).max() >= 0.75 else "mixture")
    assert set(result.minima["kind"].tolist()) == {"pattern", "reversed", "mixture"}


@given(st.integers(0, 2**32), st.sampled_from(["gaussian", "pm1"]), st.integers(2, 9))
def test_what_is_drawn_is_repeated_on_any_number_of_threads(seed, disorder, n_spins):
    one = landscape("sk", n_spins, disorder=disorder, seed=seed, num_threads=1)
    other = landscape("sk", n_spins, disorder=disorder, seed=seed, num_threads=3)
    assert one.config == other.config == LandscapeConfig("sk", n_spins, None, disorder, seed)
    assert one.minima.tobytes() == other.minima.tobytes()
    assert one.merges.tobytes() == other.merges.tobytes()


def test_seeds_draw_different_models_and_none_is_recorded():
    assert (
        landscape(n_spins=8, seed=1).merges.tobytes()
        != landscape(n_spins=8, seed=2).merges.tobytes()
    )
    drawn = landscape(n_spins=8, seed=None)
    again = landscape(n_spins=8, seed=drawn.config.seed)
    assert drawn.minima.tobytes() == again.minima.tobytes()


def test_progress_counts_to_its_end():
    seen = []
    landscape(n_spins=12, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (2**12, 2**12)


def test_a_landscape_pickles_and_is_frozen():
    result = landscape("hopfield", n_spins=8)
    copy = pickle.loads(pickle.dumps(result))
    assert copy.minima.tobytes() == result.minima.tobytes()
    assert copy.barrier(0, 1) == result.barrier(0, 1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.minima = None


def test_a_landscape_prints_what_was_found():
    result = landscape(spinglass.Mattis([1] * 8))
    assert str(result).splitlines() == [
        "Energy landscape of 8 spins (Mattis)",
        "  local minima     2",
        "  ground states    2",
        "  ground energy    -3.5000 (-0.43750 per spin)",
        "  highest barrier  4.0000",
    ]
    drawn = str(landscape("hopfield", 8, 2, seed=5))
    assert drawn.startswith("Energy landscape of 8 spins (hopfield, 2 patterns, seed 5)\n")
    assert str(landscape(n_spins=8)).startswith(
        "Energy landscape of 8 spins (sk, gaussian, seed 0)"
    )
    assert "highest barrier  none" in str(landscape(MODELS["no couplings"]))


def test_a_landscape_on_disk_says_what_it_is(tmp_path):
    result = landscape("hopfield", n_spins=10, seed=2)
    paths = result.save(tmp_path, figure=False)
    assert [path.name for path in paths] == ["minima.csv", "merges.csv", "summary.json"]
    lines = (tmp_path / "minima.csv").read_text().splitlines()
    assert lines[0].split(",") == [*result.minima.dtype.names, "spins"]
    for line, spins in zip(lines[1:], result.spins, strict=True):
        assert line.split(",")[-1] == "".join("+" if s > 0 else "-" for s in spins)
    assert len((tmp_path / "merges.csv").read_text().splitlines()) == result.n_minima
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["n_minima"] == result.n_minima
    assert summary["config"]["n_patterns"] == 3
    assert sum(x["minima"] for x in summary["kinds"].values()) == result.n_minima
    whole = landscape(MODELS["no couplings"])
    whole.save(tmp_path, figure=False)
    assert json.loads((tmp_path / "summary.json").read_text())["highest_barrier"] == 0


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"model": "ising"}, ValueError, 'model must be "sk" or "hopfield", got \'ising\''),
        ({"model": 3}, TypeError, 'model must have an energy, or be "sk" or "hopfield", got int'),
        ({"n_spins": 1}, ValueError, "n_spins must be an integer >= 2, got 1"),
        ({"n_spins": 2.5}, TypeError, "n_spins must be an integer >= 2, got 2.5"),
        ({"n_spins": 29}, ValueError, "n_spins must be at most 28 to see all states, got 29: 2^29"),
        (
            {"n_spins": 40},
            ValueError,
            "2^40 states would take 15.4 TB of memory and about 31 hours",
        ),
        ({"n_spins": 30}, ValueError, "15.0 GB of memory and about 2 minutes"),
        ({"n_spins": 29}, ValueError, "7.5 GB of memory and about 1 minute"),
        ({"n_spins": 64}, ValueError, "of memory and many years"),
        ({"n_spins": 10**9}, ValueError, "would fit in no memory"),
        ({"n_patterns": 3}, ValueError, 'n_patterns is for model="hopfield"'),
        ({"model": "hopfield", "n_patterns": 0}, ValueError, "n_patterns must be an integer >= 1"),
        ({"model": "hopfield", "disorder": "pm1"}, ValueError, 'disorder is for model="sk"'),
        ({"disorder": "flat"}, ValueError, 'disorder must be "gaussian" or "pm1", got'),
        ({"seed": -1}, ValueError, "seed must be an integer >= 0, got -1"),
        ({"num_threads": 0}, ValueError, "num_threads must be an integer >= 1, got 0"),
        ({"progress": 1}, TypeError, "progress must be False, True or a callable, got 1"),
        ({"model": MODELS["ring"], "n_spins": 8}, ValueError, "n_spins must not be given with a"),
        ({"model": spinglass.SquareLattice(6)}, ValueError, "n_spins must be at most 28"),
        ({"model": spinglass.BernoulliRBM(2)}, ValueError, "is not fitted yet"),
        ({"model": Quartic()}, TypeError, "got an energy without pairs of spins"),
        ({"model": GAUSSIAN}, TypeError, "got two layers with real visible variables"),
    ],
)
def test_bad_arguments_are_refused_by_name(arguments, error, message):
    with pytest.raises(error) as caught:
        landscape(**arguments)
    assert message in str(caught.value)


def test_minima_that_are_none_are_refused_by_name():
    result = landscape(MODELS["ring"])
    assert isinstance(result, Landscape)
    with pytest.raises(ValueError, match="i and j must be different minima, got 0 twice"):
        result.barrier(0, 0)
    with pytest.raises(ValueError, match="j must be an integer >= 0 and at most 1, got 2"):
        result.saddle(0, 2)


def test_a_landscape_that_does_not_fit_says_what_it_needs(monkeypatch):
    monkeypatch.setattr("spinglass._arguments.available_memory", lambda: 10**6)
    with pytest.raises(MemoryError, match=r"the landscape of 20 spins needs 14\.7 MB, but only"):
        landscape(n_spins=20)
