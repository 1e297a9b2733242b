"""Runs as DataFrames, Datasets and trees: every number in its place, and ArviZ works on them."""

import pickle
import subprocess
import sys

import numpy as np
import pytest

import spinglass

pandas = pytest.importorskip("pandas")

GLASS = spinglass.EdwardsAnderson((3, 3), seed=1)
BETAS = np.array([0.2, 0.5, 1.0])
RUN = spinglass.sample(
    GLASS, 0.7, 60, 3, warmup=10, every=5, keep_states=True,
    measure=("overlap", "link_overlap"), seed=2,
)  # fmt: skip
LADDER = spinglass.temper(
    GLASS, BETAS, 60, 4, warmup=10, every=5, measure=("overlap", "link_overlap"), seed=3
)


def test_a_run_is_a_table_of_replicas_and_sweeps():
    frame = RUN.to_dataframe()
    assert list(frame.columns) == ["replica", "sweep", "energy", "magnetization"]
    assert frame.shape == (36, 4)
    assert frame["sweep"].unique().tolist() == list(range(5, 61, 5))
    for name in ("energy", "magnetization"):
        wide = frame.pivot(index="replica", columns="sweep", values=name)
        assert (wide.to_numpy() == getattr(RUN, name)).all()
    by_hand = GLASS.energy(RUN.states[2, 7])
    assert frame.query("replica == 2 and sweep == 40")["energy"].item() == by_hand


def test_a_tempered_run_has_a_column_of_temperatures():
    frame = LADDER.to_dataframe()
    assert list(frame.columns) == ["replica", "beta", "sweep", "energy", "magnetization"]
    assert frame.shape == (4 * 3 * 12, 5)
    means = frame.groupby("beta")["energy"].mean()
    assert means.index.tolist() == BETAS.tolist()
    assert np.allclose(means, LADDER.energy.mean(axis=(0, 2)), rtol=1e-12)
    one = frame.query("replica == 3 and beta == 0.5")
    assert (one["magnetization"] == LADDER.magnetization[3, 1]).all()


def test_overlaps_are_a_table_of_pairs():
    frame = RUN.to_dataframe(pairs=True)
    assert list(frame.columns) == ["first", "second", "sweep", "overlap", "link_overlap"]
    found = RUN.overlaps()
    for k, (a, b) in enumerate([(0, 1), (0, 2), (1, 2)]):
        pair = frame.query(f"first == {a} and second == {b}")
        assert (pair["overlap"] == found.values[k]).all()
        assert (pair["link_overlap"] == found.link_values[k]).all()
        products = (RUN.states[a].astype(int) * RUN.states[b]).mean(axis=1)
        assert np.allclose(pair["overlap"], products, rtol=0, atol=1e-15)
    ladder = LADDER.to_dataframe(pairs=True)
    assert list(ladder.columns)[:4] == ["first", "second", "beta", "sweep"]
    assert ladder.shape == (6 * 3 * 12, 6)
    last = ladder.query("first == 2 and second == 3 and beta == 1.0")
    assert (last["overlap"] == LADDER.overlaps(2).values[5]).all()


def test_overlaps_that_were_not_measured_are_those_of_kept_states_or_refused():
    kept = spinglass.sample(GLASS, 0.7, 10, 3, keep_states=True, measure=(), seed=2)
    assert list(kept.to_dataframe(pairs=True).columns)[-1] == "overlap"
    none = spinglass.sample(GLASS, 0.7, 10, 3, measure=(), seed=2)
    with pytest.raises(ValueError, match="measured no overlaps and kept no states"):
        none.to_dataframe(pairs=True)
    with pytest.raises(TypeError, match="pairs must be True or False"):
        RUN.to_dataframe(pairs="yes")


@pytest.mark.parametrize("betas", [0.7, [0.5, 0.7]])
def test_what_was_measured_of_pairs_is_a_table_without_their_overlaps(betas):
    axes = ["first", "second", *(["beta"] if np.ndim(betas) else []), "sweep"]
    measure = [spinglass.OverlapStructureFactor(), "link_overlap"]
    run = spinglass.sample(GLASS, betas, 10, 3, measure=measure, seed=2)
    frame = run.to_dataframe(pairs=True)
    factors = [f"overlap_structure_factor_{k}" for k in range(len(GLASS.shape) + 1)]
    assert list(frame.columns) == [*axes, "link_overlap", *factors]
    series = run.measured["overlap_structure_factor"]
    assert (frame[factors].to_numpy() == series.reshape(-1, len(factors))).all()
    kept = spinglass.sample(GLASS, betas, 10, 3, measure=measure, keep_states=True, seed=2)
    assert list(kept.to_dataframe(pairs=True).columns) == [
        *axes,
        "overlap",
        "link_overlap",
        *factors,
    ]


def test_an_annealing_is_a_table_of_replicas_and_sweeps():
    found = spinglass.anneal(GLASS, n_sweeps=20, n_replicas=3, seed=1)
    frame = found.to_dataframe()
    assert list(frame.columns) == ["replica", "sweep", "beta", "energy"]
    assert (frame.query("replica == 1")["energy"] == found.energy[1]).all()
    assert (frame.query("replica == 2")["beta"] == found.betas).all()


def test_a_run_without_measurements_is_an_empty_table():
    empty = spinglass.sample(GLASS, 0.7, 3, 2, every=5, seed=1)
    assert empty.to_dataframe().shape == (0, 4)


def test_a_dataset_has_every_array_with_its_axes():
    pytest.importorskip("xarray")
    found = RUN.to_xarray()
    assert dict(found.sizes) == {"chain": 3, "draw": 12, "spin": 9, "pair": 3}
    assert found["energy"].dims == ("chain", "draw")
    assert (found["energy"].values == RUN.energy).all()
    assert found["states"].dims == ("chain", "draw", "spin")
    assert (found["states"].values == RUN.states).all()
    assert (found["final_states"].values == RUN.final_states).all()
    assert found["sweep"].values.tolist() == list(range(5, 61, 5))
    pair = found["overlap"].isel(pair=1)
    assert (pair["first"].item(), pair["second"].item()) == (0, 2)
    assert (pair.values == RUN.overlaps().values[1]).all()
    assert {"clamp", "swap_rates", "round_trips"}.isdisjoint(found.data_vars)


def test_a_dataset_of_a_ladder_has_temperatures():
    pytest.importorskip("xarray")
    found = LADDER.to_xarray()
    assert found["energy"].dims == ("chain", "draw", "beta")
    for k, beta in enumerate(BETAS):
        one = found.sel(beta=beta)
        assert (one["energy"].values == LADDER.energy[:, k]).all()
        assert (one["acceptance"].values == LADDER.acceptance[:, k]).all()
        assert (one["overlap"].values == LADDER.overlaps(k).values).all()
        assert (one["link_overlap"].values == LADDER.overlaps(k).link_values).all()
        assert (one["final_states"].values == LADDER.final_states[:, k]).all()
    assert (found["swap_rates"].values == LADDER.swap_rates).all()
    assert (found["round_trips"].values == LADDER.round_trips).all()


def test_attributes_say_what_was_run():
    pytest.importorskip("xarray")
    about = RUN.to_xarray().attrs
    assert about["model"] == RUN.model
    assert (about["beta"], about["dynamics"], about["seed"]) == (0.7, "metropolis", 2)
    assert (about["n_spins"], about["warmup"], about["every"], about["sweeps"]) == (9, 10, 5, 70)
    assert about["version"] == about["inference_library_version"] == spinglass.__version__
    assert "beta" not in LADDER.to_xarray().attrs
    again = spinglass.sample(GLASS, about["beta"], 60, 3, warmup=10, every=5, seed=about["seed"])
    assert (again.energy == RUN.energy).all()
    child = spinglass.sample(GLASS, 0.7, 5, seed=np.random.SeedSequence(5))
    assert "entropy=5" in child.to_xarray().attrs["seed"]
    assert child.to_datatree().attrs["model"] == child.model


def test_held_spins_are_in_the_dataset():
    pytest.importorskip("xarray")
    clamp = np.arange(9) == 4
    run = spinglass.sample(GLASS, 0.7, 5, 2, initial=np.ones(9), clamp=clamp, seed=1)
    assert (run.to_xarray()["clamp"].values == clamp).all()


def test_a_tree_has_the_groups_of_the_schema():
    pytest.importorskip("xarray")
    tree = LADDER.to_datatree()
    assert set(tree.children) == {"posterior", "sample_stats", "overlaps"}
    assert set(tree["posterior"].data_vars) == {"energy", "magnetization"}
    assert set(tree["overlaps"].data_vars) == {"overlap", "link_overlap"}
    assert {"acceptance", "swap_rates", "round_trips"} <= set(tree["sample_stats"].data_vars)
    assert tree["posterior"]["energy"].dims == ("chain", "draw", "beta")
    alone = spinglass.sample(GLASS, 0.7, 5, seed=1).to_datatree()
    assert set(alone.children) == {"posterior", "sample_stats"}
    assert set(RUN.to_datatree()["posterior"].data_vars) == {"energy", "magnetization", "states"}


def test_arviz_knows_independent_draws_and_chains_that_are_apart():
    stats = pytest.importorskip("arviz_stats")
    names = ["energy", "magnetization"]
    # At beta = 0 the heat bath draws every spin anew: sweeps are independent.
    run = spinglass.sample(GLASS, 0.0, 4000, 4, dynamics="heat-bath", seed=5)
    ess = stats.ess(run.to_datatree(), var_names=names, method="mean")
    rhat = stats.rhat(run.to_datatree(), var_names=names, method="identity")
    for name in names:
        # n / ess is 1 + 2 sum_t rho_t. Each rho_t is known to n^-1/2, and Geyer's sum of pairs ends
        # at the first negative one, a coin: more than 20 terms come once in 2^10.
        assert abs(16_000 / float(ess[name]) - 1) < 5 * 2 * np.sqrt(20 / 16_000)
        # rhat^2 - 1 + 1/n is (chi-squared / 3) / n for 4 chains of n draws.
        chi_square = 3 * 4000 * (float(rhat[name]) ** 2 - 1 + 1 / 4000)
        assert 0 <= chi_square < 30
    up_and_down = [[1] * 64, [-1] * 64]
    stuck = spinglass.sample(spinglass.SquareLattice(8), 0.6, 200, 2, initial=up_and_down, seed=1)
    assert (stuck.magnetization[0] > 0).all()
    assert (stuck.magnetization[1] < 0).all()
    apart = stats.rhat(stuck.to_datatree(), var_names="magnetization", method="identity")
    assert float(apart["magnetization"]) > 2


def test_arviz_counts_as_many_independent_measurements_as_summary_does():
    stats = pytest.importorskip("arviz_stats")
    run = spinglass.temper(
        spinglass.SquareLattice(16), [0.3, 0.38], 4000, 4, warmup=200, measure=(), seed=1
    )
    ess = stats.ess(run.to_datatree(), var_names="energy", method="mean")["energy"]
    for k, tau in enumerate(run.summary().tau_energy):
        # Both estimate it from the same series; a window of 6 tau knows tau to (26 tau / n)^(1/2)
        # of itself (Sokal 1997).
        ours = 16_000 / (2 * tau)
        assert abs(float(ess[k]) / ours - 1) < 5 * np.sqrt(26 * tau / 16_000)


def test_a_tree_is_a_file_and_back(tmp_path):
    xarray = pytest.importorskip("xarray")
    pytest.importorskip("h5netcdf")
    LADDER.to_datatree().to_netcdf(tmp_path / "run.nc", engine="h5netcdf")
    with xarray.open_datatree(tmp_path / "run.nc", engine="h5netcdf") as again:
        assert (again["posterior"]["energy"].values == LADDER.to_xarray()["energy"].values).all()


def test_files_and_pickles_of_runs_become_the_same_tables(tmp_path):
    LADDER.save(tmp_path / "run.npz")
    loaded = spinglass.Run.load(tmp_path / "run.npz")
    for again in (loaded, pickle.loads(pickle.dumps(LADDER))):
        assert again.to_dataframe().equals(LADDER.to_dataframe())


WITHOUT = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("pandas", "xarray"):
            raise ImportError("blocked")

sys.meta_path.insert(0, Blocked())
import spinglass

run = spinglass.sample(spinglass.SquareLattice(4), 0.4, 5, 2, seed=1)
extras = {"to_dataframe": "tables", "to_xarray": "xarray", "to_datatree": "xarray"}
for method, extra in extras.items():
    try:
        getattr(run, method)()
    except ImportError as error:
        assert f"{method} needs" in str(error) and f"spinglass[{extra}]" in str(error), error
    else:
        raise AssertionError(method)
print("works")
"""


def test_missing_packages_are_named_with_the_command_that_installs_them():
    run = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True)
    assert run.stdout == "works\n", run.stderr


def test_importing_the_package_imports_neither():
    source = "import sys, spinglass; print({'pandas', 'xarray', 'arviz_base'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True)
    assert run.stdout == "set()\n", run.stderr
