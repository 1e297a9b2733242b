"""Gaussian couplings relate energy and link overlap, and log bins tell a glass from a young one."""

import math

import numpy as np
import pytest
from scipy.sparse import csr_array

import spinglass
from spinglass import exact
from spinglass.experiments import TemperedGlass, disorder_average
from spinglass.experiments.quenched_disorder.equilibration import equilibration_of
from spinglass.sampling.plan import sampled

VARIANCE = 0.7


def ring_with_chords(seed, layout="sparse"):
    """Return a graph of 10 spins whose bonds differ in number from seed to seed."""
    random = np.random.default_rng(seed)
    n, couplings = 10, np.zeros((10, 10))
    bonds = {(k, (k + 1) % n) for k in range(n)} | {
        (k, k + 4) for k in range(random.integers(1, 6))
    }
    for i, j in bonds:
        couplings[i, j] = couplings[j, i] = random.normal() * math.sqrt(VARIANCE)
    return spinglass.Ising(csr_array(couplings), constant=2.5, layout=layout)


GLASSES = {
    "a ring": lambda seed: spinglass.EdwardsAnderson((7,), "gaussian", seed=seed),
    "a square": lambda seed: spinglass.EdwardsAnderson((3, 3), "gaussian", seed=seed),
    "double bonds": lambda seed: spinglass.EdwardsAnderson((2, 4), "gaussian", seed=seed),
    "all pairs": lambda seed: spinglass.SherringtonKirkpatrick(10, seed=seed),
    "a graph": ring_with_chords,
}
BETAS = (0.3, 0.8, 1.5)


def study_of(model, n_sweeps, betas=BETAS, **more):
    variance = VARIANCE if isinstance(model, spinglass.Ising) else None
    return TemperedGlass(betas, n_sweeps, coupling_variance=variance, **more)


def bonds_of(model):
    """Return both ends of each bond; of a lattice from its shape, so that double bonds are two."""
    if not isinstance(model, spinglass.EdwardsAnderson):
        return np.argwhere(np.triu(exact_couplings(model)))
    sites = np.arange(model.n_spins).reshape(model.shape)
    return np.concatenate(
        [
            np.stack([sites, np.roll(sites, -1, axis)], -1).reshape(-1, 2)
            for axis in range(sites.ndim)
        ]
    )


def exact_couplings(model):
    couplings = model.couplings()
    return couplings.toarray() if hasattr(couplings, "toarray") else couplings


def enumerated(model):
    """Return both sides of the identity and moments of q by sums over states, (n_betas,) each."""
    n, (first, second), found = model.n_spins, bonds_of(model).T, []
    variance = VARIANCE if isinstance(model, spinglass.Ising) else model.coupling_variance
    for beta in BETAS:
        correlations = exact.correlations(model, beta)
        links = (correlations[first, second] ** 2).mean()
        told = model.constant - beta * variance * len(first) * (1 - links)
        energy, square = exact.mean_energy(model, beta), (correlations**2).sum() / n**2
        found.append((energy / n, told / n, links, square))
    names = ("energy", "energy_from_links", "link_overlap", "squared_overlap")
    return dict(zip(names, np.transpose(found), strict=True))


def difference_of(model, seed):
    """Return the energy minus what the link overlap tells."""
    sides = enumerated(model)
    return {
        "difference": sides["energy"] - sides["energy_from_links"],
        "energy": sides["energy"] - model.constant / model.n_spins,
    }


# ---- truth -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", GLASSES)
def test_energy_and_link_overlap_tell_the_same_in_the_average_over_gaussian_couplings(name):
    found = disorder_average(GLASSES[name], 1000, difference_of)
    difference, energy = found.mean("difference"), found.mean("energy")
    assert (np.abs(difference.value) < 4 * difference.error).all()
    # A factor N / (N - 1) would be seen.
    assert (4 * difference.error < np.abs(energy.value) / 10)[:2].all()


def test_couplings_of_one_size_break_the_identity():
    def glass(seed):
        return spinglass.EdwardsAnderson((3, 3), "pm1", seed=seed)

    difference = disorder_average(glass, 300, difference_of).mean("difference")
    assert (np.abs(difference.value) > 5 * difference.error)[:2].all()


@pytest.mark.parametrize("name", GLASSES)
def test_the_bonds_that_are_counted_are_those_of_the_model(name):
    model = GLASSES[name](3)
    n_bonds = sampled(model).core.n_bonds()
    if name == "all pairs":
        assert n_bonds == 0
        n_bonds = model.n_spins * (model.n_spins - 1) // 2
    assert n_bonds == len(bonds_of(model))


@pytest.mark.parametrize("name", GLASSES)
def test_tempered_averages_are_those_of_the_sum_over_all_states(name):
    def study(model, seed):
        found, truth = study_of(model, 4000)(model, seed), enumerated(model)
        return {key: found[key][-1] - truth[key] for key in truth}

    result = disorder_average(GLASSES[name], 40, study)
    for key, estimate in result.summary().items():
        assert (np.abs(estimate.value) < 4 * estimate.error + 1e-12).all(), key
        assert (estimate.error < 0.02).all(), key


def test_all_moments_of_the_overlap_are_those_of_pairs_of_states():
    model = GLASSES["a square"](1)
    states = exact.states(9).astype(float)
    overlaps = np.abs(states @ states.T / 9)

    def study(model, seed):
        found = study_of(model, 4000)(model, seed)
        return {name: found[name][-1] for name in ("absolute_overlap", "quartic_overlap")}

    result = disorder_average(lambda seed: model, 20, study)  # one model, 20 runs
    for k, beta in enumerate(BETAS):
        p = exact.distribution(model, beta)
        for name, power in (("absolute_overlap", 1), ("quartic_overlap", 4)):
            mean = result.mean(name)
            assert abs(mean.value[k] - p @ overlaps**power @ p) < 4 * mean.error[k]


# ---- the way to equilibrium --------------------------------------------------------------------


def cube(seed):
    return spinglass.EdwardsAnderson((4, 4, 4), "gaussian", seed=seed)


@pytest.fixture(scope="module")
def cubes():
    betas = (0.4, 0.6, 0.8, 1.0, 1.25)
    return disorder_average(cube, 60, TemperedGlass(betas, 4096))


def test_energy_comes_from_above_and_what_the_link_overlap_tells_from_below(cubes):
    for name, sign in (("energy", -1), ("energy_from_links", 1)):
        change = sign * (cubes.values[name][:, -1] - cubes.values[name][:, 0])
        error = change.std(axis=0, ddof=1) / math.sqrt(len(change))
        assert (change.mean(axis=0)[2:] > 5 * error[2:]).all(), name  # the hot ones are fast
    first = cubes.equilibration().bins[0]
    assert first["difference"] > 10 * first["difference_error"]


def test_glasses_that_ran_long_enough_are_found_in_equilibrium(cubes):
    for index in range(5):
        found = cubes.equilibration(index)
        assert found.is_equilibrated, found.verdict
        assert found.has_identity
    assert found.verdict.startswith("in equilibrium: the last 3 bins agree")
    assert found.beta == 1.25
    assert cubes.equilibration(0).beta == 0.4


def test_glasses_that_ran_too_short_are_found_out():
    def glass(seed):
        return spinglass.EdwardsAnderson((6, 6, 6), "gaussian", seed=seed)

    found = disorder_average(glass, 40, TemperedGlass((0.4, 0.6, 0.8, 1.0, 1.25), 256))
    assert not found.equilibration().is_equilibrated
    assert "still changed" in found.equilibration().verdict
    assert "link_overlap" in found.equilibration().verdict
    assert "not in equilibrium" in found.report()


def test_bins_are_compared_by_differences_within_samples(cubes):
    found = cubes.equilibration(2)
    energy = cubes.values["energy"][:, :, 2]
    change = energy[:, -1] - energy[:, -3]
    row = found.changes[0]
    assert row["quantity"] == "energy"
    assert row["last_sweep"] == 1024
    assert row["change"] == pytest.approx(change.mean())
    assert row["change_error"] == pytest.approx(change.std(ddof=1) / math.sqrt(60))
    # The scatter from glass to glass is not in it.
    assert row["change_error"] < 0.3 * found.bins["energy_error"][-1]
    both = energy - cubes.values["energy_from_links"][:, :, 2]
    last = found.bins[-1]
    assert last["difference"] == pytest.approx(both[:, -1].mean())
    assert last["difference_error"] == pytest.approx(both[:, -1].std(ddof=1) / math.sqrt(60))
    assert (found.bins["first_sweep"][1:] == found.bins["last_sweep"][:-1]).all()
    assert found.bins["first_sweep"][0] == 0


def synthetic(drift=0.0, gap=0.0, identity=True, n_samples=100, n_bins=4, seed=1):
    """Return values of samples whose energies drift, and differ from those that links tell."""
    random = np.random.default_rng(seed)
    glasses = random.normal(size=(n_samples, 1, 1))

    def series(drift=0.0):
        noise = 0.1 * random.normal(size=(n_samples, n_bins, 1))
        return glasses + noise + drift * np.arange(n_bins)[:, None]

    values = {"energy": series(drift), "absolute_overlap": series(), "squared_overlap": series(),
              "link_overlap": series()}  # fmt: skip
    if identity:
        values["energy_from_links"] = series(drift) + gap
    values["beta"] = np.full((n_samples, 1), 2.0)
    values["last_sweep"] = np.tile(16.0 * 2 ** np.arange(n_bins), (n_samples, 1))
    return values


@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        ({}, "in equilibrium: the last 3 bins agree within their errors, and so do energy"),
        ({"identity": False}, "no sign of change: the last 3 bins agree within their errors"),
        ({"drift": -0.1}, "not in equilibrium: energy still changed in the last 3 bins"),
        ({"gap": -0.1}, "not in equilibrium: the energy is not that which the link overlap tells"),
        ({"n_bins": 2}, "unknown: the test needs at least 2 samples and 3 bins, got 100 samples"),
        ({"n_samples": 1}, "unknown: the test needs at least 2 samples and 3 bins, got 1 sample"),
    ],
)
def test_the_verdict_says_what_the_bins_show(given, verdict):
    found = equilibration_of(synthetic(**given), -1)
    assert found.verdict.startswith(verdict)
    assert found.is_equilibrated == verdict.startswith(("in eq", "no sign"))
    assert verdict in " ".join(str(found).split())
    assert found.has_identity == given.get("identity", True)
    assert ("difference" in str(found).splitlines()[1]) == found.has_identity


@pytest.mark.parametrize("n_samples", [5, 60])
def test_glasses_in_equilibrium_are_seldom_refused(n_samples):
    n_trials = 400
    refused = sum(
        not equilibration_of(synthetic(n_samples=n_samples, seed=seed), 0).is_equilibrated
        for seed in range(n_trials)
    )
    most = n_trials * 9 * 0.0027  # nine differences, each three standard errors apart by chance
    assert refused < most + 4 * math.sqrt(most)


# ---- the study ---------------------------------------------------------------------------------


def test_only_gaussian_couplings_have_an_energy_from_links():
    gaussian = spinglass.EdwardsAnderson((4, 4), "gaussian", seed=1)
    for model, has in (
        (gaussian, True),
        (spinglass.EdwardsAnderson((4, 4), seed=1), False),
        (spinglass.SherringtonKirkpatrick(6, "pm1", seed=1), False),
        (gaussian.to_ising(), False),
    ):
        assert ("energy_from_links" in TemperedGlass((0.5, 1.0), 32)(model, 1)) == has


def test_a_model_and_its_matrix_have_the_same_energy_from_links():
    lattice = spinglass.EdwardsAnderson((3, 4), "gaussian", seed=1)
    matrix = lattice.to_ising()
    one = TemperedGlass((0.5, 1.0), 64)(lattice, 1)
    other = TemperedGlass((0.5, 1.0), 64, coupling_variance=1.0)(matrix, 1)
    bonds = 2 * 12 / 12  # each site has two of its own
    for found in (one, other):
        expected = -np.array([0.5, 1.0]) * bonds * (1 - found["link_overlap"])
        np.testing.assert_allclose(found["energy_from_links"], expected, rtol=1e-12)


def test_a_study_depends_on_the_seed_and_continues_its_legs():
    glass = spinglass.EdwardsAnderson((4, 4), "gaussian", seed=1)
    study = TemperedGlass((0.5, 1.0), 200, n_replicas=3)
    one, same, other = study(glass, 5), study(glass, 5), study(glass, 6)
    assert one["last_sweep"].tolist() == [25, 50, 100, 200]
    for name, values in one.items():
        np.testing.assert_array_equal(values, same[name])
    assert (one["energy"] != other["energy"]).all()
    whole = spinglass.temper(
        glass, (0.5, 1.0), 200, 3, measure=("overlap",),
        seed=spinglass._random.seed_word(5, 1),
    )  # fmt: skip
    mean = whole.energy[:, :, 100:].mean(axis=(0, 2)) / 16
    np.testing.assert_allclose(one["energy"][-1], mean, rtol=1e-12)
    squares = (whole.overlaps(0).values[:, 100:] ** 2).mean()
    assert one["squared_overlap"][-1, 0] == pytest.approx(squares, rel=1e-12)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"betas": (1.0, 0.5)}, "betas must ascend strictly"),
        ({"betas": (1.0, math.inf)}, "betas must be finite, got inf"),
        ({"n_sweeps": 0}, "n_sweeps must be an integer >= 1, got 0"),
        ({"n_replicas": 1}, "n_replicas must be an integer >= 2, got 1"),
        ({"dynamics": "glauber"}, "dynamics must be"),
        ({"coupling_variance": 0.0}, "coupling_variance must be above 0 and finite, got 0"),
        ({"coupling_variance": "one"}, "coupling_variance must be a real number"),
    ],
)
def test_a_bad_argument_of_a_study_is_named(arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        TemperedGlass(**{"betas": (0.5, 1.0), "n_sweeps": 10} | arguments)


def test_a_model_of_which_the_identity_is_not_known_is_refused():
    study = TemperedGlass((0.5, 1.0), 20, coupling_variance=1.0)
    couplings = np.ones((4, 4)) - np.eye(4)
    with pytest.raises(ValueError, match=r"coupling_variance: .* without fields"):
        study(spinglass.Ising(couplings, [1.0, 0, 0, 0]), 1)
    with pytest.raises(ValueError, match=r'model must keep its bonds .* layout="sparse"'):
        study(ring_with_chords(1, layout="dense"), 1)


# ---- figures -----------------------------------------------------------------------------------


def test_the_figure_shows_both_sides_and_the_overlaps(cubes):
    figure = pytest.importorskip("matplotlib.figure").Figure()
    found = cubes.equilibration()
    axes = found.plot(figure.subplots(1, 2))
    for ax, names in zip(
        axes,
        (("energy", "energy_from_links"),
         ("absolute_overlap", "squared_overlap", "link_overlap")),
        strict=True,
    ):  # fmt: skip
        for container, name in zip(ax.containers, names, strict=True):
            np.testing.assert_allclose(container.lines[0].get_ydata(), found.bins[name])
    single = figure.add_subplot()
    assert found.plot(single) is single
    for other in (equilibration_of(synthetic(n_bins=1, n_samples=1, identity=False), 0), found):
        other.plot(figure.subplots(1, 2))
