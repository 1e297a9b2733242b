"""Overlaps of replica pairs: bit for bit those of the states, and on average those of the law."""

import json
import math
import pickle

import numpy as np
import pytest
from scipy import sparse
from scipy.stats import binom

import reference
import spinglass
from sampling.models import LOCAL, MODELS, PAIRS, random_couplings
from sampling.test_runs import CASES, LARGER
from spinglass import Run, sample, temper
from spinglass.sampling.overlaps import Overlaps

TWO = math.erf(math.sqrt(2))
BOTH = ("overlap", "link_overlap")
GRAPHS = {
    "random graph": spinglass.Ising(sparse.csr_array(random_couplings(150, 1, 0.03))),
    "random graph, +-1": spinglass.Ising(
        sparse.csr_array(np.sign(random_couplings(130, 2, 0.03))),
    ),
    "graph with a field": spinglass.Ising(
        sparse.csr_array(random_couplings(70, 3, 0.1)), np.linspace(-1, 1, 70)
    ),
}
ALL = MODELS | LARGER | GRAPHS


def bonds_of(model):
    """The sites of each bond, one line a bond; none where all pairs are coupled or J is zero."""
    shape = getattr(model, "shape", None)
    if shape is not None and getattr(model, "coupling", 1.0) != 0.0:
        sites = np.arange(np.prod(shape)).reshape(shape)
        steps = [np.roll(sites, -1, axis).ravel() for axis in range(len(shape))]
        return np.concatenate([np.stack([sites.ravel(), step], axis=1) for step in steps])
    if shape is None and getattr(model, "layout", None) == "sparse":
        upper = sparse.triu(sparse.csr_array(model.couplings())).tocoo()
        upper.eliminate_zeros()
        return np.stack([upper.row, upper.col], axis=1)
    return np.empty((0, 2), int)


def measures_of(model):
    return BOTH if len(bonds_of(model)) else ("overlap",)


def overlaps_of_states(states, bonds):
    """q and q_l, (n_pairs, n_measurements), by the definitions."""
    n_replicas, _, n_spins = states.shape
    first, second = np.triu_indices(n_replicas, 1)
    states = states.astype(np.int64)
    q = [(states[a] * states[b]).sum(axis=1) for a, b in zip(first, second, strict=True)]
    values = states[:, :, bonds[:, 0]] * states[:, :, bonds[:, 1]]
    links = [(values[a] * values[b]).sum(axis=1) for a, b in zip(first, second, strict=True)]
    return np.array(q) / n_spins, np.array(links) / max(len(bonds), 1)


def check(run, states, bonds, index=()):
    q, links = overlaps_of_states(states, bonds)
    found = run.overlaps(*index)
    np.testing.assert_array_equal(found.values, q)
    if len(bonds):
        np.testing.assert_array_equal(found.link_values, links)
    else:
        assert found.link_values is None


@pytest.mark.parametrize(
    ("name", "dynamics"), PAIRS + CASES + [(x, y) for x in GRAPHS for y in LOCAL]
)
def test_overlaps_are_those_of_the_states(name, dynamics):
    model = ALL[name]
    bonds = bonds_of(model)
    for n_replicas, every, threads in ((2, 1, 1), (13, 3, 2), (17, 1, 1)):
        given = {"every": every, "keep_states": True, "seed": 1, "num_threads": threads}
        run = sample(
            model, 0.4, 10, n_replicas, dynamics, warmup=1, measure=measures_of(model), **given
        )
        check(run, run.states, bonds)


@pytest.mark.parametrize("n_replicas", [64, 65, 130])
@pytest.mark.parametrize("name", ["+-J lattice", "+-J with double bonds", "SK", "lattice"])
def test_overlaps_of_many_replicas_are_those_of_their_states(name, n_replicas):
    model = ALL[name]
    for threads in (1, 2):
        run = sample(model, 0.4, 3, n_replicas, measure=measures_of(model), keep_states=True,
                     seed=1, num_threads=threads)  # fmt: skip
        check(run, run.states, bonds_of(model))


@pytest.mark.parametrize("name", ALL)
def test_overlaps_of_ladders_are_those_of_their_states(name):
    model = ALL[name]
    for n_ladders, n_betas, every, threads in ((2, 3, 1, 1), (5, 4, 2, 2), (3, 70, 1, 2)):
        betas = np.linspace(0.1, 0.5, n_betas)
        given = {"every": every, "keep_states": True, "seed": 1, "num_threads": threads}
        run = temper(model, betas, 6, n_ladders, warmup=1, measure=measures_of(model), **given)
        for k in range(n_betas):
            check(run, run.states[:, k], bonds_of(model), (k,))


def test_long_rows_are_compared_in_many_rounds():
    # A round holds a megabyte of states: here that of 3 measurements.
    model = spinglass.EdwardsAnderson((80, 80, 80), seed=1)
    run = sample(model, 0.5, 5, 4, measure=BOTH, keep_states=True, seed=1)
    check(run, run.states, bonds_of(model))


@pytest.mark.parametrize("name", ["lattice", "+-J lattice", "SK"])
def test_a_continued_run_has_the_overlaps_of_one_long_run(name):
    model = LARGER[name]
    for call in (sample, temper):
        betas = 0.4 if call is sample else [0.2, 0.4, 0.6]
        given = {"every": 2, "measure": measures_of(model)}
        whole = call(model, betas, 30, 3, seed=6, warmup=5, **given)
        part = call(model, betas, 12, 3, seed=6, warmup=5, **given)
        rest = call(model, betas, 18, initial=pickle.loads(pickle.dumps(part)), **given)
        assert part.measured.keys() == set(measures_of(model))
        for name, series in part.measured.items():
            joined = np.concatenate([series, rest.measured[name]], -1)
            np.testing.assert_array_equal(joined, whole.measured[name])


@pytest.mark.parametrize("name", ["+-J lattice", "lattice", "SK"])
def test_an_interrupted_run_keeps_the_overlaps_so_far(name):
    model = LARGER[name]

    def stop(done, total):
        if done > 600:
            raise KeyboardInterrupt

    for call in (sample, temper):
        betas = 0.4 if call is sample else [0.2, 0.4, 0.6]
        given = {"every": 300, "measure": measures_of(model), "keep_states": True, "seed": 1}
        with pytest.raises(spinglass.Interrupted) as caught:
            call(model, betas, 3_000_000, 3, progress=stop, **given)
        run = caught.value.result
        assert 0 < run.n_measurements < 10_000
        if call is sample:
            check(run, run.states, bonds_of(model))
        else:
            check(run, run.states[:, 1], bonds_of(model), (1,))


@pytest.mark.parametrize("name", ALL)
def test_every_bond_is_known_once(name):
    assert ALL[name]._model.n_bonds() == len(bonds_of(ALL[name]))


# ---- averages ----------------------------------------------------------------------------------

BETAS = [0.0, 0.3, 0.8]
N_SEEDS = 400


def exact_averages(model, beta, bonds):
    """<|q|>, <q^2>, g and <q_l> by the sum over all pairs of states."""
    law, _ = reference.ising_law(model, beta)
    states = reference.all_states(model.n_spins).astype(np.int64)
    q = (states @ states.T) / model.n_spins
    weights = np.outer(law, law)
    second, fourth = (weights * q**2).sum(), (weights * q**4).sum()
    means = {
        "overlap": (weights * q).sum(),
        "absolute_overlap": (weights * np.abs(q)).sum(),
        "squared_overlap": second,
        "binder_ratio": 1.5 - 0.5 * fourth / second**2,
    }
    if len(bonds):
        values = states[:, bonds[:, 0]] * states[:, bonds[:, 1]]
        means["link_overlap"] = (law @ values) @ (law @ values) / len(bonds)
    return means


SMALL = ["+-J lattice", "+-J with double bonds", "sparse with fields", "SK", "Hopfield",
         "dense with fields", "3 x 3 lattice in a negative field"]  # fmt: skip


@pytest.mark.parametrize("beta", BETAS)
@pytest.mark.parametrize("name", SMALL)
def test_averages_are_those_of_all_pairs_of_states(name, beta):
    model = MODELS[name]
    bonds = bonds_of(model)
    exact = exact_averages(model, beta, bonds)
    run = sample(model, beta, 20_000, 6, "heat-bath", warmup=50, measure=measures_of(model), seed=1)
    found = run.overlaps().summary()
    ladder = temper(model, [beta, 2.0], 5000, 6, "heat-bath", warmup=50, seed=2,
                    measure=measures_of(model)).overlaps(0).summary()  # fmt: skip
    for averages in (found, ladder):
        for key, truth in exact.items():
            value, error = getattr(averages, key)
            assert abs(value - truth) < 5 * error, (key, value, error, truth)
    assert not found.note


def test_averages_of_held_spins_are_those_of_their_law():
    model = MODELS["+-J lattice"]
    clamp = np.arange(9) < 2
    law, _ = reference.ising_law(model, 0.6)
    states = reference.all_states(9)
    law = np.where((states[:, clamp] == 1).all(axis=1), law, 0.0)
    law /= law.sum()
    q = (states.astype(int) @ states.T.astype(int)) / 9
    run = sample(model, 0.6, 20_000, 4, "heat-bath", warmup=50, initial=np.ones((4, 9)),
                 clamp=clamp, seed=1)  # fmt: skip
    found = run.overlaps().summary()
    assert abs(found.overlap.value - law @ q @ law) < 5 * found.overlap.error
    assert abs(found.squared_overlap.value - law @ q**2 @ law) < 5 * found.squared_overlap.error


@pytest.mark.parametrize("n_replicas", [2, 3, 8])
@pytest.mark.parametrize("length", [60, 1500])
def test_two_errors_cover_the_averages_as_often_as_they_say(n_replicas, length):
    model, beta = MODELS["+-J lattice"], 0.8
    exact = exact_averages(model, beta, bonds_of(model))
    start = sample(model, beta, 60, N_SEEDS * n_replicas, "heat-bath", every=60, seed=3)
    runs = sample(model, beta, length, initial=start.final_states, keep_states=True, seed=4)
    outside = dict.fromkeys(exact, 0)
    for states in np.split(runs.states, N_SEEDS):
        q, links = overlaps_of_states(states, bonds_of(model))
        found = Overlaps(q, beta, 9, links).summary()
        for key, truth in exact.items():
            value, error = getattr(found, key)
            is_silent = np.isfinite(error) and not found.note
            outside[key] += is_silent and abs(value - truth) > 2 * error
    print(outside)
    for key, count in outside.items():
        assert count <= binom.isf(1e-4, N_SEEDS, 1 - TWO), key


def test_replicas_in_valleys_of_both_signs_leave_the_mean_overlap_without_error():
    lattice = sample(
        spinglass.SquareLattice(16), 0.6, 1000, 4, warmup=500, seed=0, measure=("overlap",)
    )
    glass = spinglass.Ising(*glass_in_fields(10))
    runs = [sample(glass, 1.2, 600, 4, "heat-bath", warmup=100, seed=seed) for seed in range(40)]
    both = [run for run in [lattice, *runs] if np.ptp(np.sign(run.overlaps().values.mean(1)))]
    assert len(both) > 20
    for run in both:
        assert np.isnan(run.overlaps().summary().overlap.error)


def glass_in_fields(n):
    rng = np.random.default_rng(4)
    couplings = np.triu(rng.normal(size=(10, 10)), 1)[:n, :n]
    return couplings + couplings.T, rng.normal(size=10)[:n] / 2


@pytest.mark.parametrize("n_replicas", [2, 3, 6])
def test_two_errors_cover_the_mean_overlap_in_fields(n_replicas):
    couplings, fields = glass_in_fields(8)
    model, beta = spinglass.Ising(couplings, fields), 0.4
    truth = exact_averages(model, beta, bonds_of(model))["overlap"]
    runs = [
        sample(model, beta, 1000, n_replicas, "heat-bath", warmup=100, seed=seed)
        for seed in range(200)
    ]
    found = [run.overlaps().summary().overlap for run in runs]
    known = [one for one in found if np.isfinite(one.error)]
    assert len(known) > 150
    outside = sum(abs(one.value - truth) > 2 * one.error for one in known)
    assert outside <= 0.08 * len(known)


# ---- what is measured ---------------------------------------------------------------------------


def test_overlaps_of_a_few_replicas_are_measured_by_default():
    for name in ("+-J lattice", "Gaussian glass", "SK", "Hopfield"):
        for n_replicas in (2, 8):
            found = sample(LARGER[name], 0.5, 6, n_replicas, seed=1).overlaps()
            assert found.values.shape == (n_replicas * (n_replicas - 1) // 2, 6)
            assert found.n_replicas == n_replicas
            assert found.link_values is None
    start = np.ones((3, LARGER["SK"].n_spins))
    assert sample(LARGER["SK"], 0.5, 6, initial=start).overlaps().values.shape == (3, 6)
    assert temper(LARGER["SK"], [0.1, 0.2], 6, 3, seed=1).overlaps(0).values.shape == (3, 6)


@pytest.mark.parametrize(
    ("model", "n_replicas", "options"),
    [("SK", 9, {}), ("lattice", 2, {}), ("SK", 2, {"measure": ()}), ("SK", 70, {})],
)
def test_final_states_never_stand_for_overlaps(model, n_replicas, options):
    message = f"of {n_replicas} replicas measured no overlaps and kept no states.*measure="
    with pytest.raises(ValueError, match=message):
        sample(LARGER[model], 0.5, 5, n_replicas, seed=1, **options).overlaps()
    with pytest.raises(ValueError, match=message):
        temper(LARGER[model], [0.5, 0.6], 5, n_replicas, seed=1, **options).overlaps(0)
    kept = sample(LARGER[model], 0.5, 5, n_replicas, seed=1, keep_states=True, **options)
    check(kept, kept.states, np.empty((0, 2), int))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"measure": ("overlaps",)}, ValueError, "measure must be .*overlap.*link_overlap"),
        ({"measure": (3,)}, ValueError, "measure must be"),
        ({"measure": "overlap"}, TypeError, "measure must be a sequence of names"),
        ({"measure": 1}, TypeError, "measure must be a sequence of names"),
        ({"measure": ("overlap",), "n_replicas": 1}, ValueError, "at least 2 replicas, got 1"),
        ({"measure": BOTH}, ValueError, "measure can hold .link_overlap. only for a model that"),
        ({"n_replicas": 3, "n_sweeps": 2**52}, MemoryError, "n_sweeps"),
        ({"n_replicas": 10**6, "measure": ("overlap",), "n_sweeps": 50}, MemoryError, "measure"),
    ],
)
def test_what_cannot_be_measured_is_named(options, error, message):
    given = {"n_sweeps": 5, "n_replicas": 2, "seed": 1} | options
    with pytest.raises(error, match=message):
        sample(MODELS["SK"], 0.5, **given)
    with pytest.raises(error, match=message):
        temper(MODELS["SK"], [0.5, 0.6], **given)


def test_a_lattice_without_coupling_has_no_bonds():
    with pytest.raises(ValueError, match="link_overlap"):
        sample(MODELS["no coupling"], 0.5, 5, 2, measure=BOTH)


def test_couplings_that_are_all_zero_are_not_said_to_couple_all_pairs():
    zeros = sparse.csr_array(([0.0, 0.0], ([0, 1], [1, 0])), shape=(2, 2))
    with pytest.raises(
        ValueError, match=r"sparse couplings other than 0, got Ising.*In a model whose"
    ):
        sample(spinglass.Ising(zeros), 0.5, 5, 2, measure=BOTH)


def test_overlaps_are_saved_and_old_files_still_load(tmp_path):
    for run in (
        sample(LARGER["+-J lattice"], 0.5, 6, 3, measure=BOTH, seed=1),
        temper(LARGER["+-J lattice"], [0.3, 0.5], 6, 3, measure=BOTH, seed=1),
    ):
        run.save(tmp_path / "run")
        again = Run.load(tmp_path / "run")
        np.testing.assert_array_equal(again.overlaps().values, run.overlaps().values)
        np.testing.assert_array_equal(again.overlaps().link_values, run.overlaps().link_values)
        # A file from before overlaps were measured.
        with np.load(tmp_path / "run") as archive:
            kept = [x for x in archive.files if "overlap" not in x and x != "digest"]
            arrays = {name: archive[name] for name in kept}
        about = json.loads(str(arrays["about"]))
        observables = about.pop("_observables")
        arrays["about"] = np.array(json.dumps(about))
        with (tmp_path / "old").open("wb") as file:
            np.savez(file, **arrays)
        with pytest.raises(ValueError, match="measured no overlaps"):
            Run.load(tmp_path / "old").overlaps()
        arrays["about"] = np.array(json.dumps(about | {"_observables": observables[:1]}))
        arrays["measured overlap"] = np.zeros((4, 6))
        with (tmp_path / "wrong").open("wb") as file:
            np.savez(file, **arrays)
        with pytest.raises(ValueError, match="measured overlap must be float64 of shape"):
            Run.load(tmp_path / "wrong")
