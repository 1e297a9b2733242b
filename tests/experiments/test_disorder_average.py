"""Averages over samples of disorder: what a sample depends on, errors, failures, files."""

import csv
import itertools
import json
import math
import pickle
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest

import spinglass
from spinglass import _arguments, exact
from spinglass.experiments import (
    DisorderAverage,
    ExperimentStopped,
    Interrupted,
    StoreError,
    TemperedGlass,
    disorder_average,
    open_store,
)
from spinglass.experiments.quenched_disorder.config import described


def glass(seed):
    return spinglass.SherringtonKirkpatrick(8, seed=seed)


def ground_energy(model, seed):
    energy = model.energy(exact.ground_states(model)[0])
    return {"energy": energy / model.n_spins, "places": [seed, 2.0 * seed]}


def uniform(seed):
    """Return what is no model: any object will do for a study that knows it."""
    return np.random.default_rng(seed)


def moments(random, seed):
    x = random.uniform(size=4)
    return {"x": x, "square": x**2, "first": x[0]}


def assert_same(one, other):
    np.testing.assert_array_equal(one.seeds, other.seeds)
    assert list(one.values) == list(other.values)
    for name, values in one.values.items():
        np.testing.assert_array_equal(values, other.values[name], strict=True)


@pytest.fixture(scope="module")
def result():
    return disorder_average(glass, 12, ground_energy)


# ---- samples -----------------------------------------------------------------------------------


def test_a_sample_depends_on_its_seed_alone_and_not_on_its_place(result):
    other = disorder_average(glass, (7, 2, 100), ground_energy)
    assert other.seeds.tolist() == [7, 2, 100]
    assert other.values["energy"][:2].tolist() == result.values["energy"][[7, 2]].tolist()
    assert result.seeds.tolist() == list(range(12))
    assert result.values["places"][5].tolist() == [5.0, 10.0]
    assert result.values["energy"][3] == ground_energy(glass(3), 3)["energy"]


@pytest.mark.parametrize("num_threads", [1, 3])
def test_threads_change_nothing(result, num_threads):
    assert_same(disorder_average(glass, 12, ground_energy, num_threads=num_threads), result)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_processes_change_nothing(result):
    with ProcessPoolExecutor(2) as executor:
        assert_same(disorder_average(glass, 12, ground_energy, executor=executor), result)


def test_threads_of_an_executor_take_functions_that_cannot_be_pickled():
    with ThreadPoolExecutor(2) as executor:
        found = disorder_average(glass, 5, lambda model, seed: {"n": 8}, executor=executor)
    assert found.values["n"].tolist() == 5 * [8.0]


@pytest.mark.parametrize("name", ["make_model", "study"])
def test_a_function_that_processes_cannot_be_sent_is_named_with_the_way_out(name):
    functions = {"make_model": glass, "study": ground_energy} | {name: lambda *_: {"x": 1.0}}
    with ProcessPoolExecutor(1) as executor, pytest.raises(TypeError) as caught:
        disorder_average(functions["make_model"], 2, functions["study"], executor=executor)
    message = str(caught.value)
    assert message.startswith(f"{name} must be picklable")
    assert "leave executor out" in message
    assert "<lambda>" in message


def test_calls_within_a_sample_take_its_threads():
    def study(model, seed):
        return {"threads": _arguments.thread_count(None)}

    assert _arguments.thread_count(None) is None
    with ThreadPoolExecutor(1) as executor:
        found = disorder_average(glass, 3, study, executor=executor, num_threads=3)
        assert executor.submit(_arguments.thread_count, None).result() is None
    assert found.values["threads"].tolist() == [3, 3, 3]


# ---- means and errors --------------------------------------------------------------------------


def test_means_and_errors_are_those_over_samples(result):
    energies = result.values["energy"]
    mean = result.mean("energy")
    assert mean.value == pytest.approx(energies.mean(), rel=1e-14)
    assert mean.error == pytest.approx(energies.std(ddof=1) / math.sqrt(12), rel=1e-14)
    places = result.summary()["places"]
    assert places.value.tolist() == [5.5, 11.0]
    assert result.means["quantity"].tolist() == ["energy", "places[0]", "places[1]"]
    assert result.means["mean"][1:].tolist() == [5.5, 11.0]


def test_errors_cover_the_truth_as_often_as_they_say():
    # [x] = 1/2, [x^2] - [x]^2 = 1/12 of uniform numbers; 2 standard errors hold 95.4 % of normal
    # deviations, and 94.5 % of those of 60 samples (Student's t).
    n_runs, inside = 200, np.zeros(2)
    for k in range(n_runs):
        run = disorder_average(uniform, range(60 * k, 60 * k + 60), moments, num_threads=1)
        variance = run.jackknife(lambda square, x: square - x**2, "square", "x")
        for place, (estimate, truth) in enumerate([(run.mean("x"), 1 / 2), (variance, 1 / 12)]):
            inside[place] += (np.abs(estimate.value - truth) < 2 * estimate.error).mean()
    share, spread = inside / n_runs, math.sqrt(0.945 * 0.055 / (4 * n_runs))
    assert (np.abs(share - 0.945) < 4 * spread).all()


def test_the_jackknife_of_a_mean_is_the_mean():
    found = disorder_average(uniform, 30, moments)
    same = found.jackknife(lambda x: x, "x")
    np.testing.assert_allclose(same.value, found.mean("x").value, rtol=1e-12)
    np.testing.assert_allclose(same.error, found.mean("x").error, rtol=1e-12)
    mixed = found.jackknife(lambda x, first: x / first, "x", "first")
    assert mixed.value.shape == (4,)
    assert mixed.value[0] == pytest.approx(1.0)
    single = found.jackknife(np.exp, "first")
    assert isinstance(single.value, float)


def test_a_single_sample_has_no_error():
    found = disorder_average(uniform, [3], moments)
    assert np.isnan(found.mean("x").error).all()
    assert np.isnan(found.jackknife(np.exp, "x").error).all()
    assert found.jackknife(np.exp, "first").value == math.exp(found.values["first"][0])
    assert "(?)" in found.report()


# ---- what goes wrong ---------------------------------------------------------------------------


def failing(model, seed):
    if seed == 3:
        raise LookupError("nothing here")
    return {"x": float(seed)}


@pytest.mark.parametrize("processes", [False, True])
def test_a_study_that_fails_names_its_seed_and_keeps_what_is_finished(processes):
    if processes:
        with ProcessPoolExecutor(1) as executor, pytest.raises(ExperimentStopped) as caught:
            disorder_average(glass, 9, failing, executor=executor)
    else:
        with pytest.raises(ExperimentStopped) as caught:
            disorder_average(glass, 9, failing, num_threads=1)
        assert isinstance(caught.value.__cause__, LookupError)
    assert "study failed for the seed 3: LookupError('nothing here')" in str(caught.value)
    kept = caught.value.result
    assert set(kept.seeds.tolist()) >= {0, 1, 2}
    assert 3 not in kept.seeds
    assert kept.values["x"].tolist() == kept.seeds.tolist()
    assert not kept.complete


def test_a_model_that_cannot_be_made_names_its_seed():
    def made(seed):
        if seed >= 2:
            raise LookupError("no such model")
        return glass(seed)

    with pytest.raises(ExperimentStopped, match="make_model failed for the seed 2: LookupError"):
        disorder_average(made, 9, ground_energy, num_threads=1)
    with pytest.raises(ValueError, match=r"make_model must return a model .* and for 5 raised"):
        disorder_average(made, [5, 0], ground_energy)


@pytest.mark.parametrize(
    ("study", "message"),
    [
        (lambda model, seed: 1.0, "study must return a mapping of names to numbers .* got 1.0"),
        (lambda model, seed: {}, "study must return a mapping of names to numbers .* got {}"),
        (lambda model, seed: {"a b": 1}, "the name 'a b', which is no identifier"),
        (lambda model, seed: {"seed": 1}, "the name 'seed'"),
        (lambda model, seed: {"x": "much"}, "what study returns as 'x' must hold real numbers"),
        (lambda model, seed: {"x": 1j}, "what study returns as 'x' must hold real numbers"),
        (lambda model, seed: {"x": np.zeros(seed)}, "same names and shapes for every sample"),
    ],
)
def test_what_a_study_may_not_return_is_told(study, message):
    with pytest.raises(ExperimentStopped, match=message):
        disorder_average(glass, (1, 2, 3), study, num_threads=1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"make_model": 3}, "make_model must be callable, got 3"),
        ({"study": "energy"}, "study must be callable, got 'energy'"),
        ({"seeds": 0}, "seeds must be a number of samples, at least 1, or a sequence of seeds"),
        ({"seeds": ()}, "seeds must not be empty"),
        ({"seeds": (1, 2, 1)}, "seeds must hold each seed once, got 1 more than once"),
        ({"seeds": (1, -2)}, "a seed in seeds must be an integer >= 0, got -2"),
        ({"seeds": 1.5}, "seeds must be a number of samples"),
        ({"num_threads": 0}, "num_threads must be an integer >= 1"),
    ],
)
def test_a_bad_argument_is_named(arguments, message):
    given = {"make_model": glass, "seeds": 2, "study": ground_energy} | arguments
    with pytest.raises((TypeError, ValueError), match=message):
        disorder_average(**given)


def test_samples_that_do_not_fit_are_refused():
    with pytest.raises(MemoryError, match="seeds: 1000000000000 samples"):
        disorder_average(glass, 10**12, ground_energy)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda r: r.mean("mass"), r"name must be that of a quantity \(energy, places\), got"),
        (lambda r: r.jackknife(3, "energy"), "function must be callable, got 3"),
        (lambda r: r.jackknife(np.exp), "names must be those of one quantity or more, got none"),
        (lambda r: r.jackknife(np.exp, 3), "name must be that of a quantity"),
        (lambda r: r.equilibration(), "equilibration needs finished samples of a study"),
    ],
)
def test_a_bad_argument_of_a_result_is_named(result, call, message):
    with pytest.raises((TypeError, ValueError), match=message):
        call(result)


def test_quantities_of_other_shapes_or_not_finite_are_refused_by_the_jackknife():
    found = disorder_average(
        uniform, 3, lambda random, seed: {"a": [1.0, 2.0], "b": [1.0], "c": math.nan}
    )
    with pytest.raises(ValueError, match=r"one shape, got \[\(1,\), \(2,\)\]"):
        found.jackknife(np.add, "a", "b")
    with pytest.raises(ValueError, match="finite, got"):
        found.jackknife(np.exp, "c")
    assert math.isnan(found.mean("c").value)


# ---- interrupts and stores ---------------------------------------------------------------------


def test_an_interrupt_keeps_the_finished_samples_and_ends_calls_of_the_core():
    # The study hands on neither threads nor progress, and would sample for years.
    def study(model, seed):
        n_sweeps = 1 if seed == 0 else 10**12
        run = spinglass.sample(model, 1.0, n_sweeps, every=n_sweeps, seed=seed)
        return {"energy": run.energy.mean()}

    def interrupt(done, total):
        raise KeyboardInterrupt

    with pytest.raises(Interrupted, match="after 1 of 3 samples") as caught:
        disorder_average(glass, 3, study, num_threads=2, progress=interrupt)
    kept = pickle.loads(pickle.dumps(caught.value)).result
    assert kept.seeds.tolist() == [0]
    assert not kept.complete


def test_a_store_goes_on_and_can_be_read(tmp_path, result):
    path, calls = tmp_path / "samples.sqlite", []

    def interrupt(done, total):
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted):
        disorder_average(glass, 12, ground_energy, store=path, progress=interrupt, num_threads=1)
    partial_result = open_store(path).result()
    assert 4 <= partial_result.n_samples < 12
    progress = lambda *x: calls.append(x)  # noqa: E731
    found = disorder_average(glass, 12, ground_energy, store=path, progress=progress)
    assert_same(found, result)
    assert calls[0][0] == partial_result.n_samples
    stored = open_store(path)
    assert_same(stored.result(), result)
    assert stored.config == result.config
    assert stored.verify()


def test_a_store_of_other_models_studies_or_seeds_is_refused(tmp_path):
    path = tmp_path / "samples.sqlite"

    def run(make_model=glass, seeds=2, study=ground_energy):
        return disorder_average(make_model, seeds, study, store=path)

    run()
    with pytest.raises(ValueError, match="seeds"):
        run(seeds=3)
    with pytest.raises(ValueError, match="study"):
        run(study=failing)

    def larger(seed):
        return spinglass.SherringtonKirkpatrick(9, seed=seed)

    larger.__qualname__ = "glass"  # as if its code had been edited
    with pytest.raises(ValueError, match=r"model is .*Kirkpatrick\(8"):
        run(make_model=larger)
    path.write_bytes(b"no store")
    with pytest.raises(StoreError):
        run()


def test_functions_are_described_alike_in_every_process():
    study = TemperedGlass(np.linspace(0.1, 2.0, 30), 100)
    assert described(glass) == f"{__name__}.glass"
    assert described(study) == repr(study)
    assert "2.0" in described(study)
    of_size = partial(spinglass.EdwardsAnderson, (4, 4), disorder="gaussian")
    assert described(of_size) == (
        "partial(spinglass.models.glass.EdwardsAnderson, (4, 4), disorder='gaussian')"
    )
    assert described(glass(1)) == "SherringtonKirkpatrick(8, disorder='gaussian', seed=1)"
    assert described(object()) == "a builtins.object"


# ---- results -----------------------------------------------------------------------------------


def test_save_writes_tables_that_read_back(result, tmp_path):
    paths = result.save(tmp_path / "new", figure=False)
    assert [path.name for path in paths] == ["samples.csv", "means.csv", "summary.json"]
    with paths[0].open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["seed", "energy", "places[0]", "places[1]"]
    assert [int(row["seed"]) for row in rows] == list(range(12))
    assert [float(row["energy"]) for row in rows] == result.values["energy"].tolist()
    summary = json.loads(paths[2].read_text())
    assert summary["complete"] is True
    assert summary["means"][0]["mean"] == result.mean("energy").value
    assert summary["config"]["model"] == repr(glass(0))


def test_a_table_has_one_row_a_sample(result):
    pytest.importorskip("pandas")
    frame = result.to_dataframe()
    assert frame.columns.tolist() == ["seed", "energy", "places[0]", "places[1]"]
    assert frame["energy"].mean() == pytest.approx(result.mean("energy").value)


def test_a_result_pickles(result):
    again = pickle.loads(pickle.dumps(result))
    assert isinstance(again, DisorderAverage)
    assert_same(again, result)
    assert again.to_dict() == result.to_dict()


def test_a_report_names_the_models_and_every_quantity(result):
    lines = str(result).splitlines()
    assert lines[0] == "12 samples, the first seed's model:"
    assert lines[1] == repr(glass(0))
    assert [line.split()[0] for line in lines[3:6]] == ["quantity", "energy", "places"]
    assert str(result.mean("energy")) in lines[4]
    assert max(map(len, lines)) <= 80


def test_a_result_without_samples_has_files_and_a_figure(result, tmp_path):
    pytest.importorskip("matplotlib")
    empty = DisorderAverage(result.config, "test", np.empty(0, np.int64), {})
    assert empty.report().startswith("0 samples")
    assert empty.to_dict()["means"] == []
    assert [path.name for path in empty.save(tmp_path)][-1] == "disorder_average.png"
    with pytest.raises(ValueError, match="none, since no sample is finished"):
        empty.mean("energy")
    with pytest.raises(ValueError, match="equilibration needs finished samples"):
        empty.equilibration()


def test_the_figure_shows_the_samples_of_a_quantity(result):
    from matplotlib.figure import Figure

    from spinglass import plotting

    axes = Figure().subplots(1, 2)
    for ax, quantity, values in zip(
        axes,
        ("energy", "places"),
        (result.values["energy"], result.values["places"][:, -1]),
        strict=True,
    ):
        assert plotting.disorder_average(result, ax, quantity) is ax
        assert sum(bar.get_height() for bar in ax.patches[:4]) == 12
        assert ax.lines[0].get_xdata()[0] == pytest.approx(values.mean())
    with pytest.raises(ValueError, match="name must be that of a quantity"):
        plotting.disorder_average(result, axes[0], "mass")


@pytest.mark.parametrize("n_sweeps", [50, 400, 800, 1500, 3000])
def test_labels_of_sweeps_do_not_overlap_and_the_legend_covers_no_point(n_sweeps):
    make_model = partial(spinglass.EdwardsAnderson, (4, 4), "gaussian")
    study = TemperedGlass((0.5, 1.0), n_sweeps)
    test = disorder_average(lambda seed: make_model(seed=seed), 3, study).equilibration()
    panels = test.plot()
    figure = panels[0].figure
    figure.canvas.draw()
    for ax in panels:
        labels = [x for x in ax.get_xticklabels() + ax.get_xticklabels(minor=True) if x.get_text()]
        boxes = sorted((x.get_window_extent() for x in labels), key=lambda box: box.x0)
        inside = [box for box in boxes if ax.bbox.x0 - 1 < (box.x0 + box.x1) / 2 < ax.bbox.x1 + 1]
        assert len(inside) >= 2
        assert all(a.x1 < b.x0 for a, b in itertools.pairwise(inside))
        legend = ax.get_legend().get_window_extent()
        for line in (line for line in ax.lines if len(line.get_xdata()) == len(test.bins)):
            points = ax.transData.transform(line.get_xydata())
            assert not any(legend.contains(*point) for point in points)
