"""Models of dimod and of this package have the same energies, whatever their labels."""

import importlib
import subprocess
import sys
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from scipy import sparse

import spinglass
from spinglass import Ising, exact
from spinglass.adapters.bqm import to_bqm

dimod = pytest.importorskip("dimod")

LABELS = [("a", 1), 7, "x", frozenset({2}), 2.5]
LINEAR = dict(zip(LABELS, [0.5, -1.0, 0.0, 2.0, -0.25], strict=True))
QUADRATIC = {
    (("a", 1), 7): 1.5,
    (7, "x"): -2.0,
    ("x", frozenset({2})): 0.75,
    (frozenset({2}), 2.5): 4.0,
    (2.5, 7): -1.0,
}
KINDS = {
    "float64": dimod.Float64BQM,
    "float32": dimod.Float32BQM,
    "dict": dimod.DictBQM,
}
STATES = np.array(list(product([-1, 1], repeat=5)), dtype=np.int8)


def energies_of(bqm, states, labels):
    values = states if bqm.vartype is dimod.SPIN else (states + 1) // 2
    return np.asarray(bqm.energies((values, list(labels))), dtype=float)


@pytest.mark.parametrize("vartype", ["SPIN", "BINARY"])
@pytest.mark.parametrize("kind", KINDS)
def test_energies_are_those_of_dimod(kind, vartype):
    bqm = KINDS[kind](LINEAR, QUADRATIC, 1.75, vartype)
    model = Ising.from_bqm(bqm)
    assert set(model.labels) == set(LABELS)
    # All biases are multiples of 1/4 and small, so that every sum is exact.
    assert model.energy(STATES).tolist() == energies_of(bqm, STATES, model.labels).tolist()
    assert all(type(x) is float for x in (model.constant, model.energy(STATES[0])))


def test_views_of_the_other_kind_have_the_same_energies():
    bqm = dimod.BinaryQuadraticModel(LINEAR, QUADRATIC, 1.75, "SPIN")
    for view in (bqm.spin, bqm.binary):
        model = Ising.from_bqm(view)
        np.testing.assert_array_equal(model.energy(STATES), energies_of(bqm, STATES, model.labels))


def test_signs_are_turned():
    bqm = dimod.BinaryQuadraticModel({0: 1.0, 1: 0.0}, {(0, 1): -2.0}, 0.0, "SPIN")
    model = Ising.from_bqm(bqm)
    assert model.couplings()[0, 1] == 2.0
    assert model.fields.tolist() == [-1.0, 0.0]


def test_labels_are_sorted_if_they_can_be():
    bqm = dimod.BinaryQuadraticModel({}, {("c", "a"): 1.0, ("b", "c"): -1.0}, 0.0, "SPIN")
    assert Ising.from_bqm(bqm).labels == ("a", "b", "c")
    assert Ising.from_bqm(dimod.BinaryQuadraticModel({1: 1, 0: 2}, {}, 0, "SPIN")).labels == range(
        2
    )


@pytest.mark.parametrize("vartype", ["SPIN", "BINARY"])
def test_a_model_goes_to_dimod_and_back(vartype):
    bqm = dimod.BinaryQuadraticModel(LINEAR, QUADRATIC, 1.75, vartype)
    back = Ising.from_bqm(bqm).to_bqm()
    dimod.testing.assert_bqm_almost_equal(back, bqm.change_vartype("SPIN", inplace=False))


MODELS = {
    "lattice": spinglass.SquareLattice((3, 2), field=0.5),
    "glass": spinglass.EdwardsAnderson((2, 3), seed=1),
    "SK": spinglass.SherringtonKirkpatrick(6, seed=2),
    "Hopfield": spinglass.Hopfield(spinglass.random_patterns(2, 6, seed=3), thresholds=[0.1] * 6),
    "Ising": Ising(np.ones((6, 6)) - np.eye(6), constant=-2.0, labels="ghijkl"),
}


@pytest.mark.parametrize("name", MODELS)
def test_every_spin_model_has_one_of_dimod(name):
    model, states = MODELS[name], exact.states(6)
    bqm = model.to_bqm()
    assert bqm.vartype is dimod.SPIN
    labels = getattr(model, "labels", range(6))
    np.testing.assert_allclose(
        energies_of(bqm, states, labels), model.energy(states), rtol=0, atol=1e-12
    )


def test_a_machine_becomes_one_of_binary_variables():
    machine = spinglass.BernoulliRBM(2, n_iter=1, random_state=0).fit([[0, 1, 1], [1, 0, 1]])
    bqm, states = to_bqm(machine), exact.states(5)
    assert bqm.vartype is dimod.BINARY
    np.testing.assert_allclose(
        energies_of(bqm, states, range(5)), spinglass.spin_form(machine).energy(states), atol=1e-12
    )


def lines_run(call):
    """Return what a call returns, and how many lines of Python it runs."""
    lines = 0

    def trace(frame, event, argument):
        nonlocal lines
        lines += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        return call(), lines
    finally:
        sys.settrace(before)


def test_a_bqm_of_a_million_interactions_takes_no_loop_over_them():
    n, rng = 5000, np.random.default_rng(1)
    ends = rng.integers(0, n, (2, 1_000_000))
    ends = ends[:, ends[0] != ends[1]]
    bqm = dimod.BinaryQuadraticModel.from_numpy_vectors(
        np.zeros(n), (*ends, rng.integers(-4, 5, ends.shape[1])), 0.0, "BINARY"
    )
    model, lines = lines_run(lambda: Ising.from_bqm(bqm))
    back, lines_back = lines_run(model.to_bqm)
    assert max(lines, lines_back) < bqm.num_interactions / 10  # some loops over labels
    states = rng.choice(np.array([-1, 1], np.int8), (2, n))
    assert model.energy(states).tolist() == energies_of(bqm, states, range(n)).tolist()
    assert back.num_interactions == np.count_nonzero(bqm.to_numpy_vectors().quadratic.biases)


def test_lines_are_counted():
    assert lines_run(lambda: [k for k in range(100)])[1] >= 100  # noqa: C416


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (None, TypeError, "bqm must be a dimod.BinaryQuadraticModel, got None"),
        ({(0, 1): 1.0}, TypeError, "bqm must be a dimod.BinaryQuadraticModel"),
        (dimod.QuadraticModel(), TypeError, "bqm must be a dimod.BinaryQuadraticModel"),
        (dimod.ConstrainedQuadraticModel(), TypeError, "bqm must be a dimod.BinaryQuadraticModel"),
        (dimod.DiscreteQuadraticModel(), TypeError, "bqm must be a dimod.BinaryQuadraticModel"),
        (dimod.BinaryQuadraticModel("SPIN"), ValueError, "bqm must have at least one variable"),
        (dimod.BinaryQuadraticModel({0: np.nan}, {}, 0, "SPIN"), ValueError, "must be finite"),
        (dimod.BinaryQuadraticModel({}, {(0, 1): np.inf}, 0, "SPIN"), ValueError, "must be finite"),
        (dimod.BinaryQuadraticModel({0: 1}, {}, np.inf, "SPIN"), ValueError, "must be finite"),
        (dimod.BinaryQuadraticModel({}, {(0, 1): np.inf}, 0, "BINARY"), ValueError, "finite"),
        (
            dimod.BinaryQuadraticModel({0: 1e308, 1: 1e308}, {}, 0, "BINARY"),
            ValueError,
            "finite|at most",
        ),
        (
            dimod.BinaryQuadraticModel({}, {(0, 1): 1e308, (1, 2): 1e308}, 0, "BINARY"),
            ValueError,
            "finite|at most",
        ),
        (dimod.BinaryQuadraticModel({0: 1j}, {}, 0, "SPIN", dtype=object), TypeError, "bqm must"),
        (dimod.BinaryQuadraticModel({0: "x"}, {}, 0, "SPIN", dtype=object), ValueError, "bqm must"),
    ],
)
def test_what_is_no_such_model_is_refused(given, error, message):
    with pytest.raises(error, match=message):
        Ising.from_bqm(given)


def test_biases_may_be_objects():
    quarter = Fraction(1, 4)
    linear, quadratic = {0: quarter, 1: quarter}, {(0, 1): quarter}
    bqm = dimod.BinaryQuadraticModel(linear, quadratic, quarter, "SPIN", dtype=object)
    assert Ising.from_bqm(bqm).energy([1, 1]) == 1.0


def test_without_dimod_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "dimod", None)
    for module in ("dimod", "reads"):
        monkeypatch.delitem(sys.modules, f"spinglass.adapters.{module}", raising=False)
    with pytest.raises(ImportError, match=r"pip install 'spinglass\[dimod\]'"):
        spinglass.SquareLattice(3).to_bqm()
    with pytest.raises(ImportError, match=r"pip install 'spinglass\[dimod\]'"):
        importlib.import_module("spinglass.adapters.dimod")


def test_other_packages_are_imported_only_when_they_are_asked_for():
    code = (
        "import sys, spinglass\n"
        "spinglass.adapters.read_max_cut\n"
        "spinglass.Ising.from_qubo({('a', 'b'): 1.0})\n"
        "assert not {'dimod', 'networkx'} & set(sys.modules)\n"
        "spinglass.SquareLattice(3).to_bqm()\n"
        "assert 'dimod' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_ising_tells_the_right_door():
    bqm = dimod.BinaryQuadraticModel({0: 1}, {}, 0.0, "SPIN")
    for door in (Ising, Ising.from_qubo):
        with pytest.raises(TypeError, match=r"a model of dimod; spinglass.Ising.from_bqm\(bqm\)"):
            door(bqm)


@pytest.mark.parametrize(
    "call",
    [
        lambda model: spinglass.sample(model, 1.0, 10),
        lambda model: spinglass.temper(model, [0.5, 1.0], 10),
        lambda model: spinglass.anneal(model, n_sweeps=10),
        lambda model: spinglass.exact.log_partition(model),
        lambda model: spinglass.estimate_log_partition(model),
        spinglass.spin_form,
    ],
)
def test_whoever_takes_a_model_tells_the_door_to_that_of_another_package(call):
    bqm = dimod.BinaryQuadraticModel({0: 1}, {}, 0.0, "SPIN")  # its to_ising() has no model
    networkx = pytest.importorskip("networkx")
    doors = [
        (bqm, r"got a model of dimod; spinglass.Ising.from_bqm\(bqm\) is its model"),
        (networkx.path_graph(3), r"got a graph; spinglass.Ising.from_networkx\(graph\) is its"),
        ({(0, 1): 1.0}, r"got a dict; spinglass.Ising.from_qubo\(Q\) is the model of a QUBO"),
        (sparse.dok_array((2, 2)), r"got dok_array; spinglass.Ising\(couplings\) is the model of"),
        (np.zeros((2, 2)), r"got ndarray; spinglass.Ising\(couplings\) is the model of a matrix"),
    ]
    for model, message in doors:
        with pytest.raises(TypeError, match="model must have an energy .*" + message):
            call(model)
