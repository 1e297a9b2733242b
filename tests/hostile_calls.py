"""A valid call of every public function and method, and values that none of their arguments is."""

import math
from decimal import Decimal
from fractions import Fraction
from functools import partial
from types import MappingProxyType

import numpy as np

import spinglass
from spinglass import exact, experiments, meanfield, plotting, statistics, theory

SPINS = [1, -1, 1, 1, -1, 1, -1, -1, 1]
PATTERNS = [SPINS, [-x for x in SPINS[:4]] + SPINS[4:]]
ROWS = np.random.default_rng(0).integers(0, 2, (40, 6)).astype(np.float64)


class Graph:
    """What a graph of networkx looks like: it has nodes, a length, and items by node."""

    nodes, edges = (0, 1), ((0, 1),)

    def __len__(self):
        return 2

    def __iter__(self):
        return iter(self.nodes)

    def __getitem__(self, node):
        return {1 - node: {}}


class Moody:
    """An object that answers every question of Python with an error of its own."""

    def refuse(self, *_):
        raise TypeError("inside")

    __index__ = __int__ = __float__ = __complex__ = __array__ = __len__ = __iter__ = refuse
    __eq__ = __bool__ = __getitem__ = __fspath__ = refuse
    __hash__ = None


class Tensor:
    """What a tensor that needs a gradient looks like: a RuntimeError is all that it gives."""

    shape, requires_grad = (3,), True

    def refuse(self, *_):
        raise RuntimeError("Can't call numpy() on Tensor that requires grad.")

    __index__ = __int__ = __float__ = __array__ = __len__ = __iter__ = __fspath__ = refuse


class Nameless:
    """An object that cannot be shown."""

    def __repr__(self):
        raise RuntimeError("no words")


def hostile_values():
    """Return what is hostile, by name; each is made anew."""
    values = {
        "nothing": lambda: None,
        "text": lambda: "nonsense",
        "bytes": lambda: b"nonsense",
        "a dict": lambda: {"a": 1},
        "a set": lambda: {-1.5},
        "a generator": lambda: (x for x in ["a"]),
        "an object": object,
        "a type": lambda: int,
        "a module": lambda: math,
        "a graph": Graph,
        "a moody object": Moody,
        "a tensor": Tensor,
        "a nameless object": Nameless,
        "a large integer": lambda: 10**5000,
        "a large fraction": lambda: Fraction(10**5000, 3),
        "a large decimal": lambda: Decimal("1e4000"),
        "a signaling NaN": lambda: Decimal("sNaN"),
        "the nodes of a graph": lambda: {0: 1, 1: -1}.keys(),
        "a mapping of numbers": lambda: MappingProxyType({0: 1, 1: -1}),
        "text that cannot be encoded": lambda: "\ud800",
        "NaN": lambda: math.nan,
        "a complex number": lambda: 1j,
        "a date": lambda: np.datetime64("2020-01-01"),
        "unequal rows": lambda: [[1], [1, 2]],
        "an array of NaN": lambda: np.full((2, 3, 2), math.nan),
        "an array of objects": lambda: np.array([1, None, "x"], dtype=object),
        "an array of large integers": lambda: [10**400, 1],
        "an array of text": lambda: np.array(["a", "b"]),
        "an array of records": lambda: np.zeros(2, dtype=[("a", int)]),
    }
    try:
        import pandas as pd
    except ImportError:
        return values
    return values | {
        "NA": lambda: pd.NA,
        "a column with NA": lambda: pd.Series([1, pd.NA, 0], dtype="Int64"),
        "a table of text": lambda: pd.DataFrame({"a": ["x", "y"]}),
    }


def lattice():
    return spinglass.SquareLattice(3)


def machine(**parameters):
    return spinglass.BernoulliRBM(3, n_iter=1, random_state=0, **parameters)


def reals(**parameters):
    return spinglass.GaussianBernoulliRBM(3, n_iter=1, random_state=0, **parameters)


def fitted():
    return machine().fit(ROWS)


def fitted_reals():
    return reals().fit(ROWS)


def network():
    return spinglass.Hopfield(PATTERNS)


def memory():
    return spinglass.DenseAssociativeMemory(PATTERNS)


def coupled():
    return spinglass.rules.hebb(PATTERNS)


def sequence():
    return spinglass.SequenceMemory(PATTERNS)


def paired():
    return spinglass.BidirectionalMemory(PATTERNS, PATTERNS)


def of_hebb():
    return spinglass.rules.hebb(spinglass.random_patterns(1000, 9, seed=1))


def sparse():
    return spinglass.SparseHopfield(np.array(PATTERNS) > 0, 0.1)


def of_many():
    return spinglass.DenseAssociativeMemory(spinglass.random_patterns(1000, 9, seed=1))


def graded():
    return spinglass.GradedHopfield(network(), 3.0)


def tank():
    return spinglass.HopfieldTank(np.ones((3, 3)) - np.eye(3))


def modern():
    return spinglass.ModernHopfield([[0.5, -1.0, 2.0], [1.0, 1.0, 0.0], [-1.0, 0.0, 0.5]])


def inverse(**parameters):
    parameters = {"max_iter": 5, "tol": 1e-2, "random_state": 0} | parameters
    return spinglass.InverseIsing(**parameters).fit(np.where(ROWS > 0, 1, -1))


def measures():
    return ("overlap", "abs_local_field", spinglass.StructureFactor())


def run():
    return spinglass.sample(lattice(), 0.4, 12, 2, seed=1, measure=measures())


def side_by_side():
    return spinglass.sample(lattice(), [0.1, 0.4], 12, 2, seed=1, measure=measures())


def tempered():
    return spinglass.temper(lattice(), [0.1, 0.4], 12, 2, seed=1, measure=measures())


def glass(seed):
    return spinglass.EdwardsAnderson((3, 3), "gaussian", seed=seed)


def study():
    return experiments.TemperedGlass((0.5, 1.0), 20)


def stable_patterns():
    return experiments.capacity(
        (16, 24, 32), (0.1, 0.2, 0.5), 9, criterion="fixed_point", num_threads=1
    )


def calls():
    """Return, by name, a function and arguments with which it works."""
    common = {"num_threads": 1, "progress": False}
    sampled = common | {
        "model": lattice(), "n_sweeps": 4, "n_replicas": 2, "dynamics": "metropolis", "seed": 1,
        "initial": SPINS, "clamp": [True] + 8 * [False],
    }  # fmt: skip
    series = common | {"warmup": 1, "every": 2, "keep_states": True, "measure": measures()}
    found = {
        "Ising": (
            spinglass.Ising,
            {
                "couplings": np.ones((4, 4)) - np.eye(4), "fields": [1, 2, 3, 4],
                "constant": 1.0, "labels": "abcd",
            },
        ),
        "Ising.from_qubo": (spinglass.Ising.from_qubo, {"Q": np.eye(3), "offset": 1.0}),
        "SpinForm": (
            spinglass.SpinForm,
            {"couplings": np.ones((2, 2)) - np.eye(2), "fields": [1, 2], "constant": 1.0},
        ),
        "UnitForm": (
            spinglass.UnitForm,
            {"couplings": np.ones((2, 2)) - np.eye(2), "biases": [1, 2], "constant": 1.0},
        ),
        "SquareLattice": (spinglass.SquareLattice, {"size": 3, "coupling": 1.0, "field": 0.0}),
        "CubicLattice": (spinglass.CubicLattice, {"size": 3, "coupling": 1.0, "field": 0.0}),
        "EdwardsAnderson": (
            spinglass.EdwardsAnderson, {"shape": (3, 3), "disorder": "pm1", "seed": 1},
        ),
        "SherringtonKirkpatrick": (
            spinglass.SherringtonKirkpatrick, {"n_spins": 5, "disorder": "pm1", "seed": 1},
        ),
        "Mattis": (spinglass.Mattis, {"pattern": SPINS}),
        "Hopfield": (spinglass.Hopfield, {"patterns": PATTERNS, "thresholds": 9 * [0.5]}),
        "Hopfield.recall": (
            network().recall,
            common | {
                "states": PATTERNS, "update": "random", "beta": 2.0, "max_sweeps": 5,
                "clamp": 9 * [False], "seed": 1,
            },
        ),
        "Hopfield.energy": (network().energy, {"states": SPINS}),
        "Hopfield.local_fields": (network().local_fields, {"states": SPINS}),
        "Hopfield.overlaps": (network().overlaps, {"states": SPINS}),
        "Hopfield.couplings": (network().couplings, {"dtype": "float32"}),
        "CouplingMemory": (
            spinglass.CouplingMemory,
            {"couplings": np.zeros((9, 9)), "patterns": PATTERNS, "fields": 9 * [0.5]},
        ),
        "CouplingMemory.recall": (
            coupled().recall,
            common | {
                "states": PATTERNS, "update": "synchronous", "beta": 2.0, "max_sweeps": 5,
                "clamp": 9 * [False], "seed": 1,
            },
        ),
        "CouplingMemory.energy": (coupled().energy, {"states": SPINS}),
        "CouplingMemory.local_fields": (coupled().local_fields, {"states": SPINS}),
        "CouplingMemory.overlaps": (coupled().overlaps, {"states": SPINS}),
        "CouplingMemory.store": (coupled().store, {"patterns": PATTERNS}),
        "CouplingMemory.forget": (of_hebb().forget, {"which": [0]}),
        "CouplingMemory.stable_patterns": (coupled().stable_patterns, common),
        "SequenceMemory": (spinglass.SequenceMemory, {"patterns": PATTERNS, "cyclic": True}),
        "SequenceMemory.recall": (
            sequence().recall,
            common | {
                "states": PATTERNS, "update": "synchronous", "beta": 2.0, "max_sweeps": 5,
                "clamp": 9 * [False], "seed": 1,
            },
        ),
        "SequenceMemory.replay": (
            sequence().replay, common | {"state": PATTERNS[0], "n_sweeps": 3},
        ),
        "SequenceMemory.local_fields": (sequence().local_fields, {"states": SPINS}),
        "SequenceMemory.overlaps": (sequence().overlaps, {"states": SPINS}),
        "BidirectionalMemory": (spinglass.BidirectionalMemory, {"x": PATTERNS, "y": PATTERNS}),
        "BidirectionalMemory.recall": (
            paired().recall,
            common | {
                "states": PATTERNS, "side": "y", "beta": 2.0, "max_sweeps": 5, "seed": 1,
            },
        ),
        "BidirectionalMemory.energy": (paired().energy, {"x": SPINS, "y": SPINS}),
        "BidirectionalMemory.local_fields": (
            paired().local_fields, {"states": SPINS, "side": "x"},
        ),
        "BidirectionalMemory.overlaps": (paired().overlaps, {"states": SPINS, "side": "x"}),
        "SparseHopfield": (
            spinglass.SparseHopfield, {"patterns01": np.array(PATTERNS) > 0, "threshold": 0.3},
        ),
        "SparseHopfield.recall": (
            sparse().recall,
            common | {
                "states01": 9 * [1], "update": "synchronous", "beta": 2.0, "max_sweeps": 5,
                "clamp": 9 * [False], "seed": 1,
            },
        ),
        "SparseHopfield.energy": (sparse().energy, {"states01": 9 * [1]}),
        "SparseHopfield.local_fields": (sparse().local_fields, {"states01": 9 * [1]}),
        "SparseHopfield.overlaps": (sparse().overlaps, {"states01": 9 * [1]}),
        "DenseAssociativeMemory.stable_patterns": (memory().stable_patterns, common),
        "rules.hebb": (spinglass.rules.hebb, {"patterns": PATTERNS}),
        "rules.clipped": (spinglass.rules.clipped, {"patterns": PATTERNS}),
        "rules.covariance": (spinglass.rules.covariance, {"patterns": PATTERNS}),
        "rules.diluted": (
            spinglass.rules.diluted,
            {"patterns": PATTERNS, "share": 0.5, "symmetric": False, "seed": 1},
        ),
        "rules.minover": (
            spinglass.rules.minover,
            common | {"patterns": PATTERNS, "tolerance": 0.1, "max_updates": 9},
        ),
        "rules.perceptron": (
            spinglass.rules.perceptron,
            common | {"patterns": PATTERNS, "margin": 0.5, "max_epochs": 9},
        ),
        "rules.daydreaming": (
            spinglass.rules.daydreaming,
            common | {"patterns": PATTERNS, "steps": 5, "rate": 0.1, "seed": 1},
        ),
        "rules.projection": (spinglass.rules.projection, {"patterns": PATTERNS}),
        "rules.storkey": (spinglass.rules.storkey, {"patterns": PATTERNS}),
        "rules.unlearned": (
            spinglass.rules.unlearned,
            common | {"patterns": PATTERNS, "dreams": 5, "rate": 0.1, "seed": 1},
        ),
        "DenseAssociativeMemory": (
            spinglass.DenseAssociativeMemory,
            {"patterns": PATTERNS, "order": 4, "rectified": True},
        ),
        "DenseAssociativeMemory.recall": (
            memory().recall,
            common | {
                "states": PATTERNS, "update": "random", "beta": 2.0, "max_sweeps": 5,
                "clamp": 9 * [False], "seed": 1,
            },
        ),
        "DenseAssociativeMemory.energy": (memory().energy, {"states": SPINS}),
        "DenseAssociativeMemory.local_fields": (memory().local_fields, {"states": SPINS}),
        "DenseAssociativeMemory.overlaps": (memory().overlaps, {"states": SPINS}),
        "DenseAssociativeMemory.store": (memory().store, {"patterns": PATTERNS}),
        "DenseAssociativeMemory.forget": (of_many().forget, {"which": [0]}),
        "GradedHopfield": (
            spinglass.GradedHopfield,
            {
                "couplings": np.ones((3, 3)), "gain": 3.0, "resistance": [1.0, 2.0, 1.0],
                "capacitance": 1.0, "currents": 0.5,
            },
        ),
        "GradedHopfield.energy": (graded().energy, {"states": 9 * [0.5]}),
        "GradedHopfield.relax": (
            graded().relax,
            {
                "initial": 9 * [0.5], "n_starts": 1, "max_time": 2.0, "tolerance": 1e-3,
                "rtol": 1e-4, "method": "RK45", "keep_trajectory": True, "max_seconds": 9.0,
                "seed": 1, "progress": False,
            },
        ),
        "HopfieldTank": (
            spinglass.HopfieldTank,
            {
                "distances": np.ones((3, 3)) - np.eye(3), "A": 5.0, "B": 5.0, "C": 2.0, "D": 5.0,
                "u0": 0.1, "n_eff": 4.0, "flow": np.ones((3, 3)) - np.eye(3),
            },
        ),
        "HopfieldTank.lengths": (tank().lengths, {"tours": [2, 0, 1]}),
        "HopfieldTank.solve": (
            tank().solve,
            {
                "n_starts": 2, "max_time": 2.0, "method": "LSODA", "keep_trajectory": True,
                "max_seconds": 9.0, "seed": 1, "progress": False,
            },
        ),
        "HopfieldTank.tours": (tank().tours, {"states": 9 * [0.5]}),
        "ModernHopfield": (spinglass.ModernHopfield, {"patterns": PATTERNS, "beta": 1.0}),
        "ModernHopfield.recall": (
            modern().recall,
            {
                "states": [[0.5, 1.0, 0.0]], "max_steps": 5, "tol": 1e-3, "weights": True,
                "progress": False,
            },
        ),
        "ModernHopfield.energy": (modern().energy, {"states": [0.5, 1.0, 0.0]}),
        "ModernHopfield.weights": (modern().weights, {"states": [0.5, 1.0, 0.0]}),
        "ModernHopfield.update": (modern().update, {"states": [0.5, 1.0, 0.0]}),
        "ModernHopfield.retrieval_bound": (
            modern().retrieval_bound, {"pattern": 1, "state": [0.5, 1.0, 0.0]},
        ),
        "energy": (lattice().energy, {"states": SPINS}),
        "local_fields": (lattice().local_fields, {"states": SPINS}),
        "spin_form": (spinglass.spin_form, {"model": lattice()}),
        "unit_form": (spinglass.unit_form, {"model": lattice()}),
        "SpinForm.energy": (spinglass.spin_form(lattice()).energy, {"spins": SPINS}),
        "UnitForm.energy": (spinglass.unit_form(lattice()).energy, {"units": 9 * [1]}),
        "Patterns.random": (
            spinglass.Patterns.random, {"n_patterns": 2, "n_spins": 5, "seed": 1, "num_threads": 1},
        ),
        "Patterns.from_array": (spinglass.Patterns.from_array, {"array": PATTERNS}),
        "random_patterns": (
            spinglass.random_patterns, {"n_patterns": 2, "n_spins": 5, "seed": 1},
        ),
        "corrupt": (spinglass.corrupt, {"states": SPINS, "flip": 0.1, "seed": 1}),
        "overlaps": (spinglass.overlaps, {"states": SPINS, "patterns": PATTERNS}),
        "to_bits": (spinglass.to_bits, {"spins": SPINS}),
        "to_spins": (spinglass.to_spins, {"bits": [0, 1]}),
        "sample": (spinglass.sample, sampled | series | {"beta": 0.4}),
        "temper": (
            spinglass.temper, sampled | series | {"betas": [0.1, 0.4], "tune": False},
        ),
        "anneal": (
            spinglass.anneal,
            sampled | {"beta_range": (0.1, 1.0), "target": -99.0, "max_seconds": 9.0},
        ),
        "anneal at betas": (spinglass.anneal, {"model": lattice(), "betas": [0.1, 1.0]}),
        "annealing_range": (
            spinglass.annealing_range,
            {x: sampled[x] for x in ("model", "initial", "clamp", "num_threads")},
        ),
        "descend": (
            spinglass.descend,
            common | {
                "model": lattice(), "states": SPINS, "clamp": 9 * [False], "max_sweeps": 9,
            },
        ),
        "estimate_log_partition": (
            spinglass.estimate_log_partition,
            common | {
                "model": lattice(), "method": "ais", "beta": 0.4, "betas": 20, "n_chains": 20,
                "n_sweeps": 1, "dynamics": "heat-bath", "seed": 1,
            },
        ),
        "estimate_log_partition from above": (
            spinglass.estimate_log_partition,
            {
                "model": lattice(), "method": "reverse-ais", "beta": 0.4, "betas": 20, "seed": 1,
                "n_chains": 20, "warmup": 5, "initial": SPINS,
                "initial_is_exact": True,
            },
        ),
        "Run.overlaps_with": (run().overlaps_with, {"patterns": PATTERNS}),
        "Run.reweight": (
            run().reweight,
            {"beta": 0.4, "observables": None, "reference": 0.4},
        ),
        "TemperedRun.overlaps": (tempered().overlaps, {"index": 0}),
        "Overlaps.distribution": (run().overlaps().distribution, {"bins": 4, "symmetric": True}),
        "exact.states": (exact.states, {"n_spins": 3}),
        "exact.ground_states": (exact.ground_states, common | {"model": lattice()}),
    }  # fmt: skip
    for name in (
        "correlations", "distribution", "entropy", "free_energy", "log_partition",
        "magnetizations", "mean_energy",
    ):  # fmt: skip
        arguments = common | {"model": lattice(), "beta": 0.4}
        found[f"exact.{name}"] = getattr(exact, name), arguments
    return found | machines() | equations() | averages() | scans() | results() | figures()


def machines():
    """Return calls of estimators; their parameters are checked by `fit`."""

    def fit(kind, **parameters):
        return kind(**parameters).fit(ROWS)

    units = {
        "learning_rate": 0.1, "batch_size": 4, "verbose": 0, "k": 1, "momentum": 0.0,
        "weight_decay": 0.0, "num_threads": 1, "persistent": True,
    }  # fmt: skip
    model, real, solved = fitted(), fitted_reals(), inverse()
    drawn = {"n": 2, "n_steps": 3, "random_state": 1, "progress": False}
    found = {
        "BernoulliRBM": (partial(fit, machine), units | {"n_chains": None}),
        "GaussianBernoulliRBM": (partial(fit, reals), units | {"variance_rate": 0.1}),
        "InverseIsing": (
            inverse,
            {
                "method": "pseudolikelihood", "l1": 0.1, "l2": 0.1, "tol": 1e-2, "max_iter": 5,
                "random_state": 0, "num_threads": 1,
            },
        ),
        "InverseIsing.fit": (
            solved.fit,
            {"X": np.where(ROWS > 0, 1, -1), "sample_weight": 40 * [1.0], "progress": False},
        ),
        "InverseIsing.score": (
            solved.score, {"X": np.where(ROWS > 0, 1, -1), "sample_weight": 40 * [1.0]},
        ),
        "BernoulliRBM.fit": (
            machine().fit,
            {"X": ROWS, "initial_bias": "zeros", "callbacks": (), "progress": False},
        ),
        "GaussianBernoulliRBM.fit": (
            reals().fit, {"X": ROWS, "callbacks": (), "progress": False},
        ),
        "BernoulliRBM.energy": (model.energy, {"visible": ROWS, "hidden": np.ones((40, 3))}),
        "GaussianBernoulliRBM.energy": (real.energy, {"visible": ROWS, "hidden": np.ones((40, 3))}),
        "BernoulliRBM.sample": (
            model.sample, drawn | {"initial": ROWS[:2], "clamp": 6 * [True], "every": 1},
        ),
        "BernoulliRBM.sample means": (model.sample, drawn | {"means": True}),
        "GaussianBernoulliRBM.sample": (real.sample, drawn | {"initial": ROWS[:2]}),
        "GaussianBernoulliRBM.sample_means": (real.sample_means, drawn | {"initial": ROWS[:2]}),
        "GaussianBernoulliRBM.sample_hidden": (real.sample_hidden, drawn | {"initial": ROWS[:2]}),
        "GaussianBernoulliRBM.from_hopfield": (
            spinglass.GaussianBernoulliRBM.from_hopfield,
            {"network": network(), "beta": 0.7, "random_state": 1, "num_threads": 1},
        ),
        "GaussianBernoulliRBM.mean": (real.mean, {"hidden": np.ones((2, 3))}),
        "GaussianBernoulliRBM.reconstruct": (real.reconstruct, {"X": ROWS}),
        "BernoulliRBM.reconstruct": (
            model.reconstruct,
            {"X": ROWS, "n_steps": 2, "clamp": 6 * [True], "random_state": 1},
        ),
        "BernoulliRBM.equilibration": (
            model.equilibration,
            {"X": ROWS, "n_steps": 8, "n_chains": 4, "random_state": 1, "progress": False},
        ),
        "BernoulliRBM.log_partition": (
            model.log_partition,
            {
                "method": "ais", "n_chains": 9, "betas": 9, "warmup": 1, "random_state": 1,
                "progress": False,
            },
        ),
        "BernoulliRBM.log_likelihood": (model.log_likelihood, {"X": ROWS, "log_partition": "auto"}),
        "GaussianBernoulliRBM.log_likelihood": (
            real.log_likelihood, {"X": ROWS, "log_partition": real.log_partition()},
        ),
        "BernoulliRBM.set_output": (machine().set_output, {"transform": "default"}),
    }  # fmt: skip
    for name in ("transform", "free_energy", "score_samples", "gibbs", "partial_fit"):
        argument = "v" if name == "gibbs" else "X"
        found[f"BernoulliRBM.{name}"] = getattr(model, name), {argument: ROWS}
        found[f"GaussianBernoulliRBM.{name}"] = getattr(real, name), {argument: ROWS}
    return found


def equations():
    """Return calls of mean field and of the solved models."""
    solved = {
        "model": lattice(), "beta": 0.2, "damping": 0.5, "max_iterations": 200, "tolerance": 1e-6,
        "separation": 1e-3, "n_starts": 2, "seed": 1, "progress": False,
        "initial": np.full((2, 9), 0.1),
    }  # fmt: skip
    point = {"q": 9 * [0.1], "model": lattice(), "beta": 0.2}
    found = {
        "meanfield.naive": (meanfield.naive, solved),
        "meanfield.tap": (meanfield.tap, solved | {"order": "bolthausen"}),
        "meanfield.bethe": (meanfield.bethe, solved),
        "meanfield.coordinate_ascent": (meanfield.coordinate_ascent, point | {"n_sweeps": 2}),
        "meanfield.elbo": (meanfield.elbo, point),
        "meanfield.kl_divergence": (meanfield.kl_divergence, point),
        "ising2d.critical_beta": (theory.ising2d.critical_beta, {"coupling": 1.0}),
        "hopfield.retrieval_overlap": (
            theory.hopfield.retrieval_overlap, {"load": 0.05, "beta": 10.0},
        ),
        "hopfield.spin_glass_temperature": (
            theory.hopfield.spin_glass_temperature, {"load": 0.05},
        ),
        "hopfield.phase_diagram": (theory.hopfield.phase_diagram, {"n_points": 3}),
        "memories.cover_probability": (
            theory.memories.cover_probability, {"n_inputs": 40, "n_patterns": 60},
        ),
        "memories.critical_load": (
            theory.memories.critical_load, {"rule": "diluted", "share": 0.5, "activity": 0.5},
        ),
        "memories.critical_overlap": (
            theory.memories.critical_overlap, {"rule": "low-activity", "activity": 0.1},
        ),
        "memories.optimal_threshold": (
            theory.memories.optimal_threshold, {"load": 0.2, "activity": 0.1},
        ),
        "memories.dense_capacity": (
            theory.memories.dense_capacity,
            {"n_spins": 100, "order": 3, "error": 0.005, "rectified": False},
        ),
        "memories.dense_error": (
            theory.memories.dense_error,
            {"n_spins": 100, "n_patterns": 50, "order": 3, "rectified": False},
        ),
        "memories.exponential_estimate": (theory.memories.exponential_estimate, {"n_spins": 20}),
        "memories.exponential_guarantee": (
            theory.memories.exponential_guarantee, {"n_spins": 20, "radius": 0.1},
        ),
        "memories.gardner_load": (theory.memories.gardner_load, {"margin": 0.5}),
        "sk.de_almeida_thouless": (theory.sk.de_almeida_thouless, {"field": 0.5}),
        "sk.energy": (theory.sk.energy, {"beta": 0.5}),
        "sk.free_energy": (theory.sk.free_energy, {"beta": 0.5}),
        "sk.replica_symmetric": (theory.sk.replica_symmetric, {"beta": 0.5, "field": 0.5}),
        "sk.replica_symmetry_breaking": (
            theory.sk.replica_symmetry_breaking, {"beta": 2.0, "steps": 1},
        ),
    }  # fmt: skip
    for name in ("critical_load", "critical_overlap", "ferromagnetic_load"):
        found[f"hopfield.{name}"] = getattr(theory.hopfield, name), {"beta": 10.0}
    for name in ("energy", "free_energy", "log_partition_per_spin", "magnetization",
                 "specific_heat"):  # fmt: skip
        found[f"ising2d.{name}"] = getattr(theory.ising2d, name), {"beta": 0.4, "coupling": 1.0}
    for name in ("finite_energy", "finite_log_partition", "finite_specific_heat"):
        arguments = {"shape": (4, 4), "beta": 0.4, "coupling": 1.0}
        found[f"ising2d.{name}"] = getattr(theory.ising2d, name), arguments
    return found


def averages():
    """Return calls of `spinglass.statistics`."""
    series = np.sin(np.arange(60.0)).reshape(2, 30)
    return {
        "autocorrelation": (statistics.autocorrelation, {"series": series, "max_lag": 5}),
        "autocorrelation_time": (
            statistics.autocorrelation_time, {"series": series, "window": 5.0},
        ),
        "binning": (statistics.binning, {"series": series}),
        "standard_error": (statistics.standard_error, {"series": series}),
        "jackknife": (
            lambda **given: statistics.jackknife(np.mean, series, **given),
            {"n_blocks": 5, "bias_corrected": True},
        ),
        "jackknife of": (
            lambda function, series: statistics.jackknife(function, series),
            {"function": np.mean, "series": series},
        ),
        "summarize": (
            statistics.summarize,
            {"energy": series, "magnetization": series / 9, "n_spins": 9, "beta": 0.4},
        ),
        "crossing": (
            statistics.crossing,
            {
                "first": ([0, 1, 2], [0, 1, 2], [0.1, 0.1, 0.1]),
                "second": ([0, 1, 2], [2, 1, 0], [0.1, 0.1, 0.1]), "seed": 1, "degree": 1,
            },
        ),
        "effective_sample_size": (
            statistics.effective_sample_size, {"series": series, "method": "tail"},
        ),
        "reweight": (
            statistics.reweight,
            {
                "runs": tempered(), "beta": [0.2, 0.3], "reference": 0.1,
                "observables": {"m": tempered().magnetization},
            },
        ),
        "rhat": (statistics.rhat, {"series": series}),
        "finite_size_fit": (
            statistics.finite_size_fit,
            {
                "sizes": [1, 2, 4, 8], "values": [2, 1.5, 1.25, 1.12], "errors": 4 * [0.1],
                "exponents": (0.5, 1.5), "approach": "above",
            },
        ),
        "format_estimate": (statistics.format_estimate, {"value": 1.0, "error": 0.1}),
        "Estimate": (statistics.Estimate, {"value": 1.0, "error": 0.1}),
        "Estimate.of": (statistics.Estimate.of, {"estimates": 2 * [statistics.Estimate(1.0)]}),
    }  # fmt: skip


def scans():
    """Return calls of the experiments, as small as they can be."""
    running = {"seed": 1, "num_threads": 1, "progress": False}
    return {
        "experiments.disorder_average": (
            experiments.disorder_average,
            {"make_model": glass, "seeds": 2, "study": study(), "num_threads": 1,
             "progress": False},
        ),
        "experiments.TemperedGlass": (
            experiments.TemperedGlass,
            {"betas": (0.5, 1.0), "n_sweeps": 20, "n_replicas": 2, "dynamics": "metropolis",
             "coupling_variance": 1.0},
        ),
        "experiments.landscape": (
            experiments.landscape, running | {"model": spinglass.EdwardsAnderson((3, 3), seed=1)},
        ),
        "experiments.ising": (
            experiments.ising,
            running | {"sizes": [4], "temperatures": [2.0], "n_sweeps": 40, "n_replicas": 2} | {
                "warmup": 4, "dynamics": "metropolis", "snapshot_size": None,
            },
        ),
        "experiments.meanfield": (
            experiments.meanfield,
            running | {"size": 4, "temperatures": [2.0], "n_sweeps": 40, "n_replicas": 2},
        ),
        "experiments.memories": (
            experiments.memories, running | {"rows": ["projection"], "effort": 0.01},
        ),
        "experiments.renormalize": (
            experiments.renormalize,
            running | {
                "size": 16, "temperatures": [2.0, 2.5], "n_sweeps": 40, "n_replicas": 2,
                "picture_size": None,
            },
        ),
        "experiments.sk": (
            experiments.sk,
            running | {"n_spins": [8], "n_instances": 2, "n_sweeps": 40, "betas": [0.5, 1.0]},
        ),
        "experiments.avalanches": (
            experiments.avalanches,
            running | {"memory": network(), "n_starts": 4, "max_sweeps": 9},
        ),
        "experiments.basins": (
            experiments.basins,
            running | {
                "memory": network(), "distances": [0.1, 0.3], "n_starts": 4, "threshold": 0.9,
                "max_sweeps": 9,
            },
        ),
        "experiments.spurious": (
            experiments.spurious,
            running | {"memory": network(), "n_starts": 4, "max_sweeps": 9},
        ),
        "experiments.capacity": (
            experiments.capacity,
            running | {
                "n_spins": [64], "loads": [0.1], "n_instances": 2, "n_starts": 1, "flip": 0.0,
                "threshold": 0.9, "max_sweeps": 9,
            },
        ),
        "experiments.capacity of a memory": (
            experiments.capacity,
            running | {
                "n_spins": [16], "n_patterns": [2, 4], "n_instances": 2, "n_starts": 1,
                "memory": spinglass.Hopfield, "criterion": "fixed_point",
            },
        ),
    }  # fmt: skip


def results():
    """Return calls of the methods of results."""
    small = {"n_sweeps": 40, "n_replicas": 2, "num_threads": 1}
    ising = experiments.ising([4], [2.0], snapshot_size=None, **small)
    flow = experiments.renormalize(16, [2.0, 2.5], picture_size=None, **small)
    glasses = experiments.sk([8], n_instances=2, n_sweeps=40, betas=[0.5, 1.0])
    landscape = experiments.landscape("sk", n_spins=8)
    half = experiments.HalfPoint(100, 0.15, 0.01, 0.02)
    average = experiments.disorder_average(glass, 3, study())
    return {
        "DisorderAverage.mean": (average.mean, {"name": "energy"}),
        "experiments.DisorderAverage.jackknife": (
            lambda function, name: average.jackknife(function, name),
            {"function": np.negative, "name": "energy"},
        ),
        "DisorderAverage.equilibration": (average.equilibration, {"index": 0}),
        "IsingScan.of_size": (ising.of_size, {"size": 4}),
        "IsingScan.deviations": (ising.deviations, {"quantity": "energy"}),
        "Renormalization.curve": (flow.curve, {"size": 16, "step": 0}),
        "SkResult.of_size": (glasses.of_size, {"n_spins": 8}),
        "Landscape.barrier": (landscape.barrier, {"i": 0, "j": 1}),
        "Landscape.files": (landscape.files, {"format": "svg"}),
        "HalfPoint.probability": (half.probability, {"load": 0.15}),
    }


def figures():
    """Return calls of functions that draw, on one Axes each; none without Matplotlib."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return {}
    small = spinglass.EdwardsAnderson((3, 3), seed=1)
    estimate = spinglass.estimate_log_partition(small, "bridge", betas=20, n_chains=20, seed=1)
    patterns = np.array(PATTERNS)
    results = {
        "run": {"result": run()},
        "tempered_run": {"result": tempered()},
        "overlaps": {"result": run().overlaps()},
        "annealing": {"result": spinglass.anneal(lattice(), n_sweeps=9, seed=1)},
        "log_partition": {"result": estimate, "exact": 9.0},
        "avalanches": {
            "results": 3 * [experiments.avalanches(network(), 4)], "labels": ["a", "b", "c"],
        },
        "basins": {
            "results": 3 * [experiments.basins(network(), n_starts=4)], "labels": ["a", "b", "c"],
        },
        "capacity_growth": {
            "scans": 3 * [stable_patterns()], "labels": ["a", "b", "c"], "laws": "power",
            "theory": {"half": lambda n: n / 2},
        },
        "annealings": {"results": [estimate], "exact": 9.0},
        "solutions": {"result": meanfield.naive(small, 0.5, seed=1)},
        "phase_diagram": {"diagram": theory.hopfield.phase_diagram(3)},
        "recall": {"result": network().recall(patterns)},
        "landscape": {"result": experiments.landscape(small)},
        "inverse": {"model": inverse(), "true_couplings": np.zeros((6, 6))},
        "filters": {"model": fitted(), "image_shape": (2, 3), "count": 2},
        "chains": {"states": np.ones((2, 2, 6)), "steps": [0, 1], "image_shape": (2, 3)},
        "reconstructions": {
            "original": ROWS[:2], "erased": ROWS[:2], "reconstructed": ROWS[:2],
            "image_shape": (2, 3), "columns": 2,
        },
    }  # fmt: skip
    return {
        f"plotting.{name}": (
            getattr(plotting, name), arguments | {"ax": Figure().subplots()},
        )
        for name, arguments in results.items()
    } | {
        "plotting.picture": (
            partial(plotting.picture, result=run()), {"draw": plotting.run, "format": "svg"},
        ),
    }  # fmt: skip
