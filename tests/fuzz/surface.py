"""All that is public: every function, class and method that a user can call, by its dotted name.

What is public is what `__all__` names, of the package, of its namespaces and of their inner ones,
and the methods of the classes named there. A method that several classes share is one function, so
a call of any of them covers it.
"""

import inspect
from importlib import import_module

NAMESPACES = (
    "spinglass", "spinglass.adapters", "spinglass.exact", "spinglass.experiments",
    "spinglass.meanfield",
    "spinglass.plotting", "spinglass.statistics", "spinglass.theory",
)  # fmt: skip

# Results: the package makes them, and nothing but their methods is there to be called.
RESULTS = {
    "Annealing", "Avalanches", "Basins", "BidirectionalRecall", "Binning", "CapacityGrowth",
    "CapacityLine",
    "CapacityScan", "CriticalLoad", "Crossing",
    "Descent", "DisorderAverage", "EnergyTrace", "Equilibration", "FiniteSizeFit", "Flow",
    "GlassEquilibration", "HalfPoint", "IsingScan", "LadderRun", "Landscape", "LogLikelihood",
    "LogPartition", "MeanField", "MeanFieldLattice", "MemoryTable", "ModernRecall",
    "ObservableSummary", "OverlapSummary", "Overlaps", "Patterns",
    "PhaseDiagram", "RbmLikelihood", "RbmTraining", "Recall", "RecallPictures",
    "Relaxation", "Renormalization", "ReplicaSymmetric", "ReplicaSymmetryBreaking", "Reweighting",
    "Run", "SkResult", "Snapshot", "Solution", "SparseRecall", "SpuriousStates", "Status",
    "StoredScan", "Summary", "TemperedRun", "Tours", "Trajectory", "Worker",
}  # fmt: skip

# What experiments of one's own are made of: a config is checked by the experiment that takes it.
PARTS = {
    "AvalanchesConfig", "BasinsConfig", "CapacityConfig", "DisorderConfig", "Experiment",
    "IsingConfig", "LandscapeConfig", "MeanFieldConfig", "MemoryTableConfig", "RbmConfig",
    "RecallPicturesConfig", "RenormalizeConfig", "Result", "Share", "SkConfig", "SpinModel",
    "SpuriousConfig", "Task",
}  # fmt: skip

# What an experiment makes its result with, and an interruption an unfinished one.
MADE_BY_EXPERIMENTS = {"RbmLikelihood.of", "RbmTraining.unfinished"}

# What scikit-learn asks of estimators, once its metadata routing is switched on.
ROUTING = {"set_fit_request", "set_partial_fit_request", "set_score_request"}


def underlying(function):
    """Return what two ways to the same code share: the function of a method."""
    return inspect.unwrap(getattr(function, "__func__", function))


def is_ours(value):
    return (getattr(value, "__module__", None) or "").partition(".")[0] == "spinglass"


def members():
    """Yield the public things of the package that can be called, with their names."""
    seen, left = set(), list(NAMESPACES)
    while left:
        name = left.pop(0)
        module = import_module(name)
        for inner in module.__all__:
            value = getattr(module, inner)
            if inspect.ismodule(value):
                left += [x for x in [value.__name__] if x not in NAMESPACES]
            elif callable(value) and id(value) not in seen:
                seen.add(id(value))
                yield f"{name}.{inner}", value


def methods(name, kind):
    for inner in dir(kind):
        value = inspect.getattr_static(kind, inner)
        if not inner.startswith("_") and callable(getattr(value, "__func__", value)):
            yield f"{name}.{inner}", getattr(kind, inner)


def public():
    """Return the functions, the classes with arguments of their own, and the methods, by name."""
    found = {}
    for name, value in members():
        if not inspect.isclass(value):
            found[name] = value
        elif not issubclass(value, BaseException):
            if value.__name__ not in RESULTS:
                if value.__name__ in PARTS:
                    continue
                found[name] = value
            found |= dict(methods(name, value))
    return {
        name: value
        for name, value in found.items()
        if is_ours(underlying(value)) and not name.endswith((*MADE_BY_EXPERIMENTS, *ROUTING))
    }
