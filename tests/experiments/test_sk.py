"""Sherrington-Kirkpatrick glasses tempered: against enumeration, theory, and an exact identity."""

import csv
import importlib
import itertools
import json
import math
import pickle

import numpy as np
import pytest

import spinglass
from spinglass import SherringtonKirkpatrick, plotting
from spinglass._random import seed_word
from spinglass.experiments import Interrupted, SkResult, sk
from spinglass.experiments.legs import leg_ends
from spinglass.experiments.sherrington_kirkpatrick.instance import (
    ladder,
    lowest_energy,
    overlap_sums,
)
from spinglass.theory import sk as theory

room = importlib.import_module("spinglass.experiments.sherrington_kirkpatrick.experiment")


@pytest.fixture(scope="module")
def result():
    return sk((12, 33, 48), (30, 20, 10), (200, 100, 60), seed=3)


def glass_of(n_spins, instance, disorder="gaussian", seed=0):
    """Return the glass that the experiment draws for these coordinates."""
    return SherringtonKirkpatrick(n_spins, disorder, seed=seed_word(seed, n_spins, instance, 0))


# ---- physics -----------------------------------------------------------------------------------


@pytest.mark.parametrize("disorder", ["gaussian", "pm1"])
@pytest.mark.parametrize("n_spins", [2, 9, 16])
def test_ground_states_are_those_of_all_states_enumerated(n_spins, disorder):
    result = sk(n_spins, n_instances=12, n_sweeps=200, disorder=disorder, seed=5)
    half = itertools.product([-1.0, 1.0], repeat=n_spins - 1)  # the other half is their negative
    states = np.array([(1.0, *rest) for rest in half])
    for glass in result.instances:
        couplings = glass_of(n_spins, glass.instance, disorder, seed=5).couplings()
        lowest = -0.5 * np.einsum("ki,ij,kj->k", states, couplings, states, optimize=True).max()
        np.testing.assert_allclose(glass.lowest, lowest / n_spins, rtol=0, atol=1e-12)
    assert result.ground_states["agree"] == 1
    assert result.ground_states["gap"] < 1e-12


def test_annealing_finds_no_lower_states():
    result = sk(64, n_instances=10, seed=1)
    for glass in result.instances:
        model = glass_of(64, glass.instance, seed=1)
        found = spinglass.anneal(model, (0.3, 6.0), n_sweeps=1000, n_replicas=32, seed=2)
        # 32 anneals find the ground state of 64 spins; a lower one would be our failure.
        assert found.best[1] / 64 >= glass.lowest.min() - 1e-9
        assert found.best[1] / 64 == pytest.approx(glass.lowest.min(), abs=0.005)


def test_above_the_critical_temperature_the_energy_is_that_of_theory():
    betas = (0.15, 0.3, 0.5)
    table = sk(256, 24, 240, betas=betas).temperatures
    for row in table:
        beta = float(row["beta"])
        # The identity with <q^2> = 1 / (N (1 - beta^2)), the leading term.
        corrected = theory.energy(beta) * (1 - 1 / (256 * (1 - beta**2)))
        assert abs(row["energy"] - corrected) < 5 * row["energy_error"] + 0.1 / 256
        # The error is that of thermal noise and of the couplings, sigma = beta/N.
        noise = math.sqrt((0.5 / 256 / 120 + (beta / 256) ** 2) / 24)
        assert noise / 2.5 < row["energy_error"] < 2.5 * noise


@pytest.mark.parametrize(("n_spins", "count"), [(2, 200), (20, 150), (64, 60)])
def test_energy_and_overlap_obey_the_identity_in_equilibrium(n_spins, count):
    table = sk(n_spins, count, 400, seed=2).temperatures
    assert (np.abs(table["difference"]) < 5 * table["difference_error"] + 1e-4).all()
    expected = -table["beta"] / 2 * (1 - table["square_overlap"])
    np.testing.assert_allclose(table["from_overlap"], expected)
    np.testing.assert_allclose(table["difference"], table["energy"] - expected)


def test_a_run_that_is_too_short_fails_the_identity():
    rows = sk(256, 12, 16, seed=2).coldest
    assert rows["difference"] > 5 * rows["difference_error"]


def test_below_the_critical_temperature_the_energy_approaches_theory():
    table = sk(256, 12, 1500, seed=4).temperatures
    for row in table[table["beta"] > 1.5]:
        distance = row["energy"] - theory.GROUND_STATE_ENERGY
        assert distance > -5 * row["energy_error"]
        # The correction is about 0.8 N^(-2/3).
        scaled = 256 ** (2 / 3) * (row["energy"] - float(_glass(row["beta"])))
        assert abs(scaled - 0.8) < 0.4 + 5 * 256 ** (2 / 3) * row["energy_error"]


def _glass(beta):
    return importlib.import_module("spinglass.plotting.sk_figure").glass_energy(beta)


def test_overlaps_spread_from_one_peak_to_two():
    result = sk(64, 40, 640, betas=(0.5, 0.8, 1.1, 1.5, 2.0, 3.0))
    hot, cold = (result.distribution(64, k) for k in (0, -1))
    assert hot["q"][np.argmax(hot["density"])] == pytest.approx(0, abs=0.1)
    assert abs(cold["q"][np.argmax(cold["density"])]) > 0.6
    middle = np.abs(cold["q"]) < 0.3
    # Parisi's plateau: well below the peaks, but not empty.
    assert 0.05 < cold["density"][middle].mean() < cold["density"].max() / 3


# ---- rows --------------------------------------------------------------------------------------


def test_there_is_one_row_a_glass(result):
    assert result.complete
    assert [(x.n_spins, x.instance) for x in result.instances] == [
        (n, k) for n, count in ((12, 30), (33, 20), (48, 10)) for k in range(count)
    ]
    assert result.ground_states["n_instances"].tolist() == [30, 20, 10]
    lowest = [x.lowest.min() for x in result.of_size(12)]
    assert result.ground_states["energy"][0] == pytest.approx(np.mean(lowest))
    assert result.ground_states["energy_error"][0] == pytest.approx(
        np.std(lowest, ddof=1) / math.sqrt(30)
    )


def differences(one, other):
    """Return the names of what differs between two glasses."""
    arrays = ("lowest", "energy", "square_overlap", "overlaps", "swap_rates")
    found = [
        name
        for name in arrays
        if not np.array_equal(getattr(one, name), getattr(other, name), equal_nan=True)
    ]
    return found + ["round_trips"] * (one.round_trips != other.round_trips)


def test_a_glass_depends_on_its_own_coordinates_and_not_on_the_plan(result):
    alone = sk(33, 7, 100, seed=3).instances
    assert len(alone) == 7
    for one, other in zip(result.of_size(33)[:7], alone, strict=True):
        assert differences(one, other) == []


@pytest.mark.parametrize("num_threads", [1, 3, 200])
def test_threads_change_nothing(result, num_threads):
    again = sk((12, 33, 48), (30, 20, 10), (200, 100, 60), seed=3, num_threads=num_threads)
    for one, other in zip(result.instances, again.instances, strict=True):
        assert differences(one, other) == []


def test_another_seed_is_another_glass(result):
    other = sk(12, 5, 50, seed=4)
    assert "lowest" in differences(other.instances[0], result.instances[0])
    assert (other.instances[0].lowest != result.instances[0].lowest).all()


def test_the_seed_that_was_drawn_is_recorded():
    first = sk(8, 3, 20, seed=None)
    again = sk(8, 3, 20, seed=first.config.seed)
    assert differences(first.instances[2], again.instances[2]) == []


def test_coldest_is_the_last_row_of_each_size(result):
    assert result.coldest["n_spins"].tolist() == [12, 33, 48]
    assert result.coldest["beta"].tolist() == [4, 4, 4]
    last = [n == 48 and s == 60 for n, s in result.legs[["n_spins", "last_sweep"]].tolist()]
    assert result.legs[last]["energy"] == result.coldest["energy"][-1]


# ---- one glass ---------------------------------------------------------------------------------


def test_overlap_sums_are_those_of_the_run():
    glass = SherringtonKirkpatrick(30, seed=1)
    run = spinglass.temper(glass, [0.5, 1.0, 2.0], 50, 2, keep_states=True, seed=2)
    for k in range(3):
        np.testing.assert_allclose(overlap_sums(run)[k] / 30, run.overlaps(k).values[0])


def test_the_histogram_of_overlaps_and_the_squared_overlap_tell_the_same(result):
    for x in result.instances:
        q = (2 * np.arange(x.n_spins + 1) - x.n_spins) / x.n_spins
        share = x.overlaps / x.overlaps.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(share @ q**2, x.square_overlap[-1])


def test_a_quench_ends_in_states_that_no_single_flip_improves():
    glass = SherringtonKirkpatrick(40, seed=1)
    states = spinglass.sample(glass, 0.0, 1, n_replicas=700, seed=1).final_states
    best = lowest_energy(glass, states)
    assert best < glass.energy(states).min() - 5
    quenched = spinglass.sample(
        glass, math.inf, 200, dynamics="heat-bath", initial=states, seed=9
    ).final_states
    assert (quenched * glass.local_fields(quenched) >= 0).all()
    assert best == pytest.approx(glass.energy(quenched).min(), abs=1e-9)


@pytest.mark.parametrize("n_spins", [32, 128, 500])
def test_neighbours_on_a_ladder_exchange_about_equally_often(n_spins):
    betas = ladder(n_spins, 4.0)
    assert betas[0] == 0.3
    assert betas[-1] == 4.0
    assert (np.diff(betas) > 0).all()
    rates = sk(n_spins, 4, 400).temperatures["swap_rate"][:-1]
    assert len(rates) == len(betas) - 1
    # erfc(0.75) = 0.29 for infinite glasses; small ones have fewer states and exchange more.
    assert rates.min() > 0.18
    assert rates.max() < 0.5


def test_legs_double():
    assert leg_ends(1000) == [31, 62, 125, 250, 500, 1000]
    assert leg_ends(31) == [31]
    assert leg_ends(1) == [1]


@pytest.mark.parametrize("n_spins", [2, 3, 12, 33, 48, 201, 256])
def test_p_of_q_is_symmetric_and_normal(n_spins):
    result = sk(n_spins, 3, 40)
    for index in (0, -1):
        table = result.distribution(n_spins, index)
        q, density = table["q"], table["density"]
        assert len(q) <= 66
        np.testing.assert_allclose(q, -q[::-1], atol=1e-12)
        np.testing.assert_allclose(density, density[::-1], atol=1e-12)
        assert (density * np.diff(q)[0]).sum() == pytest.approx(1)
    with pytest.raises(ValueError, match="n_spins must be a size that was run, got 7"):
        result.distribution(7)


# ---- results -----------------------------------------------------------------------------------


def test_save_writes_tables_that_read_back(result, tmp_path):
    paths = result.save(tmp_path / "new", figure=False)
    tables = ["instances.csv", "temperatures.csv", "equilibration.csv", "overlaps.csv"]
    assert [path.name for path in paths] == [*tables, "summary.json"]
    rows = {}
    for path in paths[:-1]:
        with path.open() as file:
            rows[path.name] = list(csv.DictReader(file))
    assert len(rows["instances.csv"]) == 60
    first = rows["instances.csv"][0]
    assert float(first["lowest_0"]) == result.instances[0].lowest[0]
    assert len(rows["temperatures.csv"]) == sum(map(len, result.config.betas))
    summary = json.loads(paths[-1].read_text())
    assert summary["complete"] is True
    assert summary["n_instances"] == 60
    assert summary["version"] == spinglass.__version__
    assert summary["config"]["n_spins"] == [12, 33, 48]
    assert summary["ground_energy"]["value"] == result.ground_energy.value
    assert summary["theory"]["ground_energy"] == theory.GROUND_STATE_ENERGY
    assert [row["n_spins"] for row in summary["coldest"]] == [12, 33, 48]


def test_a_result_pickles(result):
    again = pickle.loads(pickle.dumps(result))
    assert isinstance(again, SkResult)
    assert again.to_dict() == result.to_dict()


def test_a_size_on_which_the_ladders_disagree_is_not_extrapolated(result):
    bad = [pickle.loads(pickle.dumps(x)) if x.n_spins == 48 else x for x in result.instances]
    for x in bad:
        if x.n_spins == 48:
            x.lowest[1] += 0.01
    spoiled = SkResult(result.config, "test", tuple(bad))
    assert spoiled.ground_states["agree"][2] == 0
    assert spoiled.ground_states["gap"][2] == pytest.approx(0.01, abs=1e-3)
    assert spoiled.ground_energy.n_spins == (12, 33)


def test_an_interrupt_carries_the_glasses_that_were_finished(monkeypatch):
    measure = room.measure

    def interrupted(n_spins, instance, *rest):
        if instance == 2:
            raise KeyboardInterrupt
        return measure(n_spins, instance, *rest)

    monkeypatch.setattr(room, "measure", interrupted)
    with pytest.raises(Interrupted, match="after 2 of 5 glasses") as caught:
        sk(12, 5, 30, num_threads=1)
    partial = pickle.loads(pickle.dumps(caught.value)).result
    assert [x.instance for x in partial.instances] == [0, 1]
    assert not partial.complete
    assert partial.ground_states["n_instances"] == 2


def test_progress_counts_glasses():
    calls = []
    sk((8, 9), (3, 4), 20, progress=lambda *x: calls.append(x))
    assert calls[-1] == (7, 7)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_spins": ()}, "n_spins must not be empty"),
        ({"n_spins": 1}, "n_spins must be an integer >= 2, got 1"),
        ({"n_spins": (8, 8)}, "n_spins must hold each value once, got 8"),
        ({"n_instances": 0}, "n_instances must be an integer >= 1, got 0"),
        ({"n_instances": (1, 2)}, "n_instances must be one number, or one for each of the 1 sizes"),
        ({"n_sweeps": 0}, "n_sweeps must be an integer >= 1, got 0"),
        ({"betas": (1.0, 0.5)}, "betas must ascend strictly"),
        ({"betas": (1.0, math.inf)}, "betas must be finite, got inf"),
        ({"betas": ()}, "betas must"),
        ({"beta_max": 0.3}, "beta_max must be above 0.3 and at most 100, got 0.3"),
        ({"beta_max": math.nan}, "beta_max must"),
        ({"disorder": "none"}, 'disorder must be "gaussian" or "pm1", got \'none\''),
        ({"num_threads": 2000}, "num_threads must be at most 1024, got 2000"),
        ({"seed": -1}, "seed must be"),
    ],
)
def test_a_bad_argument_is_named(arguments, message):
    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        sk(**{"n_spins": 8, "n_instances": 1, "n_sweeps": 10, **arguments})


def test_glasses_that_do_not_fit_are_refused():
    with pytest.raises(MemoryError):
        sk(1000, 10**12)
    with pytest.raises(MemoryError):
        sk(2**20, 1, 1)


# ---- figures -----------------------------------------------------------------------------------


def test_the_curve_that_is_drawn_is_that_of_theory():
    drawing = importlib.import_module("spinglass.plotting.sk_figure")
    for beta in (0.3, 1.0, 1.6, 3.0, 4.5):
        assert drawing.glass_energy(beta) == pytest.approx(theory.energy(beta), abs=1e-4)
    broken = theory.replica_symmetry_breaking(2.0, steps=3)
    assert drawing.largest_overlap(2.0) == pytest.approx(broken.overlaps[-1], abs=1e-3)


@pytest.mark.parametrize(
    "arguments",
    [
        {"n_spins": 8, "n_instances": 1, "n_sweeps": 1},
        {"n_spins": (8, 9), "n_instances": 2, "n_sweeps": 20, "disorder": "pm1"},
        {"n_spins": 10, "n_instances": 3, "n_sweeps": 50, "betas": (0.7,)},
        {"n_spins": (10, 20), "n_instances": 3, "n_sweeps": 50, "betas": (0, 0.5, 20)},
        {"n_spins": (8, 16, 24, 33), "n_instances": 2, "n_sweeps": 20},
    ],
)
def test_any_result_makes_a_figure_and_files(arguments, tmp_path):
    pytest.importorskip("matplotlib")
    result = sk(**arguments)
    assert plotting.png(plotting.sk, result).startswith(b"\x89PNG")
    result.save(tmp_path, figure=False)
    empty = SkResult(result.config, "test", ())
    assert plotting.png(plotting.sk, empty).startswith(b"\x89PNG")
    empty.save(tmp_path, figure=False)


def test_the_figure_shows_what_was_measured(result):
    figure = pytest.importorskip("matplotlib.figure").Figure()
    axes = figure.subplots(2, 2).ravel()
    assert (result.plot(axes) == axes).all()
    points = [x.lines[0].get_xydata()[0] for x in axes[1].containers]
    for row, point in zip(result.ground_states, points, strict=False):
        np.testing.assert_allclose(point, [row["n_spins"] ** (-2 / 3), row["energy"]])
    single = figure.add_subplot()
    assert result.plot(single) is single
    with pytest.raises(ValueError, match="ax must be one Axes or four, got 3"):
        result.plot(axes[:3])
