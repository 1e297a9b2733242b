"""A valid call of all that is public: those of `hostile_calls`, and of every method left.

The arguments of a method are found by their names in `VALUES`. A public name of which no call can
be made this way is an error of `calls`: whoever adds one adds a value or an object here.
"""

import functools
import inspect
from functools import cache
from pathlib import Path

import networkx
import numpy as np

import hostile_calls
import spinglass
from fuzz.surface import public, underlying
from hostile_calls import PATTERNS, ROWS
from spinglass import experiments, meanfield, plotting, statistics, theory
from walks import Walks, WalksConfig

IMAGES = np.random.default_rng(1).integers(0, 2, (40, 4, 4)).astype(np.uint8)
TRAINING = {"n_components": 3, "n_epochs": 2, "batch_size": 10, "n_chains": 10, "n_betas": 20}


def walks():
    return Walks(WalksConfig(2, 0))


def trained():
    return experiments.rbm(IMAGES, num_threads=1, **TRAINING)


@cache
def files():
    """Write a file of each kind into this folder, and return their names."""
    spinglass.Patterns.random(3, 9, seed=1).save("patterns.bin")
    hostile_calls.fitted().save("model.safetensors")
    hostile_calls.run().save("run.npz")
    hostile_calls.tempered().save("tempered.npz")
    hostile_calls.side_by_side().save("ladder.npz")
    function, arguments = hostile_calls.scans()["experiments.capacity"]
    function(**arguments, store="scan.sqlite")
    for name in ("read_max_cut", "read_spin_glass"):
        Path(name).write_text("3 2\n1 2 1\n2 3 -1\n")
    return {
        "read_max_cut": "read_max_cut", "read_spin_glass": "read_spin_glass",
        "Patterns": "patterns.bin", "BernoulliRBM": "model.safetensors", "Run": "run.npz",
        "LadderRun": "ladder.npz", "TemperedRun": "tempered.npz", "open_store": "scan.sqlite",
    }  # fmt: skip


def scan(name):
    """Return the result of the experiment that `hostile_calls` has as an example."""
    function, arguments = hostile_calls.scans()[f"experiments.{name}"]
    return function(**arguments)


# What makes an object of each class whose methods are called.
OBJECTS = {
    "Annealing": lambda: spinglass.anneal(hostile_calls.lattice(), n_sweeps=9, seed=1),
    "Avalanches": lambda: scan("avalanches"),
    "Basins": lambda: scan("basins"),
    "BernoulliRBM": hostile_calls.fitted,
    "BidirectionalMemory": hostile_calls.paired,
    "BidirectionalRecall": lambda: hostile_calls.paired().recall(PATTERNS),
    "CapacityLine": lambda: experiments.CapacityLine((scan("capacity"),)),
    "CapacityGrowth": lambda: hostile_calls.stable_patterns().growth(),
    "CapacityScan": hostile_calls.stable_patterns,
    "CouplingMemory": hostile_calls.coupled,
    "CubicLattice": lambda: spinglass.CubicLattice(3),
    "DenseAssociativeMemory": hostile_calls.memory,
    "Descent": lambda: spinglass.descend(hostile_calls.lattice(), PATTERNS),
    "DisorderAverage": lambda: scan("disorder_average"),
    "EdwardsAnderson": lambda: spinglass.EdwardsAnderson((3, 3), seed=1),
    "Equilibration": lambda: hostile_calls.fitted().equilibration(
        ROWS, n_steps=8, n_chains=4, random_state=1
    ),
    "Estimate": lambda: statistics.Estimate(1.0, 0.1),
    "GaussianBernoulliRBM": hostile_calls.fitted_reals,
    "GlassEquilibration": lambda: scan("disorder_average").equilibration(),
    "GradedHopfield": hostile_calls.graded,
    "HalfPoint": lambda: experiments.HalfPoint(64, 0.1, 0.01, 0.02),
    "Hopfield": hostile_calls.network,
    "HopfieldTank": hostile_calls.tank,
    "InverseIsing": hostile_calls.inverse,
    "Ising": lambda: spinglass.Ising(np.ones((3, 3)) - np.eye(3)),
    "IsingScan": lambda: scan("ising"),
    "LadderRun": hostile_calls.side_by_side,
    "Landscape": lambda: scan("landscape"),
    "LogLikelihood": lambda: hostile_calls.fitted().log_likelihood(ROWS),
    "LogPartition": lambda: spinglass.estimate_log_partition(
        hostile_calls.lattice(), "bridge", betas=20, n_chains=20, seed=1
    ),
    "Mattis": lambda: spinglass.Mattis(PATTERNS[0]),
    "MeanField": lambda: meanfield.naive(hostile_calls.lattice(), 0.5, seed=1),
    "MeanFieldLattice": lambda: scan("meanfield"),
    "MemoryTable": lambda: scan("memories"),
    "ModernHopfield": hostile_calls.modern,
    "ModernRecall": lambda: hostile_calls.modern().recall(PATTERNS),
    "ObservableSummary": lambda: hostile_calls.run().observable("energy"),
    "Overlaps": lambda: hostile_calls.run().overlaps(),
    "Patterns": lambda: spinglass.Patterns.random(3, 9, seed=1),
    "PhaseDiagram": lambda: theory.hopfield.phase_diagram(3),
    "RbmLikelihood": lambda: trained().likelihood,
    "RbmTraining": trained,
    "Recall": lambda: hostile_calls.network().recall(np.array(PATTERNS)),
    "RecallPictures": lambda: experiments.recall_pictures(seed=1),
    "Relaxation": lambda: hostile_calls.graded().relax(n_starts=2, seed=1),
    "Renormalization": lambda: scan("renormalize"),
    "Reweighting": lambda: hostile_calls.run().reweight([0.3, 0.4]),
    "Run": hostile_calls.run,
    "SequenceMemory": hostile_calls.sequence,
    "SherringtonKirkpatrick": lambda: spinglass.SherringtonKirkpatrick(5, seed=1),
    "SkResult": lambda: scan("sk"),
    "SparseHopfield": hostile_calls.sparse,
    "SparseRecall": lambda: hostile_calls.sparse().recall(9 * [1]),
    "SpinForm": lambda: spinglass.spin_form(hostile_calls.lattice()),
    "SpuriousStates": lambda: scan("spurious"),
    "SquareLattice": hostile_calls.lattice,
    "Status": lambda: experiments.open_store(files()["open_store"]).status(),
    "StoredScan": lambda: experiments.open_store(files()["open_store"]),
    "TemperedRun": hostile_calls.tempered,
    "UnitForm": lambda: spinglass.unit_form(hostile_calls.lattice()),
}  # fmt: skip

# A valid value of an argument, by its name or by that of the call and its own.
VALUES = {
    "X": ROWS, "any_seed": False, "ax": None, "bias_corrected": True, "columns": 60, "deep": True,
    "directory": "results", "figure": False, "format": "png", "i": 0, "index": 0,
    "sample_weight": None,
    "input_features": None, "j": 0, "load": 0.1, "mapped": True, "model": hostile_calls.fitted,
    "n_spins": 8, "num_threads": 1, "path": "written", "patterns": np.array(PATTERNS),
    "pairs": False, "progress": False, "quantity": "energy", "quiet": True, "seed": 1,
    "shape": None, "size": 4,
    "step": 0, "true_couplings": None, "y": None, "executor": None, "store": None,
    "CapacityGrowth.n_patterns.n_spins": [16, 32], "CapacityScan.growth.law": "power",
    "Estimate.of.estimates": lambda: [statistics.Estimate(1.0, 0.1)],
    "Ising.from_bqm.bqm": lambda: hostile_calls.lattice().to_bqm(),
    "Ising.from_networkx.coupling": 1.0,
    "Ising.from_networkx.graph": lambda: networkx.path_graph(4),
    "Ising.from_networkx.weight": "weight",
    "Ising.from_qubo.Q": {(0, 1): 1.0},
    "Ising.from_qubo.offset": 0.5,
    "Observed.every": 2, "Observed.function": np.sum, "Observed.name": "sums",
    "PatternOverlaps.patterns": [0, 2],
    "Renormalization.curve.size": 16,
    "StructureFactor.wave_vectors": [(0, 0), (1, 0)], "OverlapStructureFactor.wave_vectors": None,
    "correlation_length.name": "structure_factor",
    "correlation_length.at_zero": 2 + np.sin(np.arange(60.0)).reshape(2, 30),
    "correlation_length.at_smallest": 1 + np.cos(np.arange(60.0)).reshape(2, 30) / 2,
    "correlation_length.momentum": 0.7,
    "correlation_length.of_pairs": False, "correlation_length.n_replicas": 2,
    "correlation_length.window": 3,
    "observable.name": "energy",
    "learning_curves.curves": lambda: trained().curves,
    "picture.draw": plotting.run, "picture.result": hostile_calls.run, "picture.size": (2.0, 2.0),
    "png.draw": plotting.run, "png.result": hostile_calls.run, "png.size": (2.0, 2.0),
    "rbm.data": IMAGES, "rbm.n_components": 3, "rbm.n_epochs": 2, "rbm.batch_size": 10,
    "rbm.n_chains": 10, "rbm.n_betas": 20, "rbm.learning_rate": 0.1, "rbm.schedule": "linear",
    "rbm.method": "pcd", "rbm.k": 1, "rbm.centered": True, "rbm.binarise": "bernoulli",
    "rbm.checkpoint": None,
    "recall_pictures.images": lambda: [np.array(PATTERNS[0]).reshape(3, 3)],
    "recall_pictures.flip": 0.2, "recall_pictures.size": None, "recall_pictures.max_sweeps": 9,
    "run.experiment": walks,
    "summarize_observable.series": np.sin(np.arange(30.0)).reshape(1, 30),
    "summarize_observable.name": "x", "summarize_observable.of_pairs": True,
    "summarize_observable.n_replicas": 2, "summarize_observable.window": 3,
    "summarize_observable.is_odd": True,
    "summarize_overlaps.overlaps": np.sin(np.arange(30.0)).reshape(1, 30),
    "summarize_overlaps.link_overlaps": np.cos(np.arange(30.0)).reshape(1, 30),
    "summarize_overlaps.n_replicas": 2, "summarize_overlaps.beta": 0.4,
}  # fmt: skip

# What the functions that draw results and lay out their figures take.
DRAWN = {
    "capacity": "CapacityScan", "capacity_line": "CapacityLine", "memories": "MemoryTable",
    "disorder_average": "DisorderAverage", "equilibration": "Equilibration",
    "glass_equilibration": "GlassEquilibration", "ising": "IsingScan",
    "ising_layout": "IsingScan", "landscape_layout": "Landscape", "meanfield": "MeanFieldLattice",
    "pictures": "RecallPictures", "pictures_layout": "RecallPictures", "rbm": "RbmTraining",
    "relaxation": "Relaxation",
    "renormalize": "Renormalization", "renormalize_layout": "Renormalization",
    "reweighting": "Reweighting", "sk": "SkResult", "spurious": "SpuriousStates",
}  # fmt: skip

# Not arguments of a method, though the signature has them: a report is a function of its result.
BOUND = ("self", "_")


@cache
def made(kind):
    return OBJECTS[kind]()


def value(owner, function, argument):
    """Return a valid value of an argument, or raise KeyError: it needs a line in `VALUES`."""
    if argument == "path" and function in ("load", "open_store", "read_max_cut", "read_spin_glass"):
        return files()[owner or function]
    names = (f"{owner}.{function}.{argument}", f"{function}.{argument}", argument)
    found = next((VALUES[name] for name in names if name in VALUES), KeyError)
    if found is KeyError:
        raise KeyError(f"the argument {argument} of {owner or ''}.{function} has no valid value")
    return found() if inspect.isfunction(found) and argument != "draw" else found


def call_of(name):
    """Return the call of a public name that `hostile_calls` does not have."""
    *_, owner, method = name.split(".")
    owner = owner if owner[:1].isupper() else ""
    function = getattr(made(owner), method) if owner else public()[name]
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    arguments = {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind in kinds or parameter.name in BOUND:
            continue
        if not owner and method in DRAWN and parameter.name in ("line", "result", "scan"):
            arguments[parameter.name] = made(DRAWN[method])
        else:
            arguments[parameter.name] = value(owner, method, parameter.name)
    return function, arguments


@cache
def calls():
    """Return a function and valid arguments for all that is public, by name."""
    found = hostile_calls.calls()
    jackknife, arguments = found["jackknife of"]
    found["jackknife of"] = functools.wraps(statistics.jackknife)(jackknife), arguments
    labels = {name.partition(" ")[0] for name in found}
    covered = {underlying(function) for function, _ in found.values()}
    for name, function in public().items():
        tail = name.removeprefix("spinglass.")
        if underlying(function) in covered or {tail, tail.rpartition(".")[2]} & labels:
            continue
        found[tail] = call_of(name)
    return found
