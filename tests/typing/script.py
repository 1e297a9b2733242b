"""A script as a user writes it, for ``mypy --strict``: what comes out has the types that it says.

`.ci/run` checks it against the installed package; nothing runs it.
"""

from collections.abc import Hashable
from typing import Any, assert_type

import numpy as np
import xarray
from matplotlib.axes import Axes
from numpy.typing import NDArray

import spinglass
from spinglass import exact, meanfield, plotting
from spinglass.experiments import capacity
from spinglass.experiments.retrieval_capacity.result import CapacityScan
from spinglass.sampling.summaries import Summaries
from spinglass.statistics import Estimate, OverlapSummary, Summary

lattice = spinglass.SquareLattice(16)
run = spinglass.sample(lattice, beta=0.44, n_sweeps=1000, n_replicas=4, seed=1)
assert_type(run, "spinglass.Run")
assert_type(run.beta, float)
assert_type(run.energy, NDArray[np.float64])
assert_type(run.summary(), Summary)
assert_type(run.summary().energy, Estimate)
assert_type(run.overlaps(), spinglass.Overlaps)
assert_type(run.overlaps().summary(), OverlapSummary)
assert_type(run.overlaps_with(np.ones(256)), NDArray[np.float64])
ax: Axes = run.plot()
assert_type(run.plot(ax), Axes)
assert_type(plotting.run(run), Axes)
assert_type(run.to_xarray(), xarray.Dataset)
assert_type(run.to_datatree(), xarray.DataTree)
longer: spinglass.Run = spinglass.sample(lattice, 0.44, 500, initial=run)

ladder = spinglass.temper(lattice, np.linspace(0.3, 0.5, 5), 1000, n_replicas=2)
assert_type(ladder, spinglass.TemperedRun)
assert_type(ladder.beta, NDArray[np.float64])
assert_type(ladder.summary(), Summaries[Summary])
assert_type(ladder.summary()[0], Summary)
assert_type(ladder.summary().energy, Estimate)
assert_type(ladder.summary().beta, NDArray[np.float64])
assert_type(ladder.overlap_summary(), Summaries[OverlapSummary])
for summary in ladder.summary():
    print(f"{summary.beta:.3f} {summary.binder_cumulant}")
assert_type(ladder.plot(), Axes)
assert_type(spinglass.TemperedRun.load("ladder.npz"), spinglass.TemperedRun)
apart = spinglass.sample(lattice, np.linspace(0.3, 0.5, 5), 1000, measure=["abs_magnetization"])
assert_type(apart, spinglass.LadderRun)
assert_type(apart.measured, dict[str, NDArray[np.float64]])
assert_type(apart.observable("abs_magnetization").mean, Estimate)
loaded = spinglass.Run.load("run.npz")
if isinstance(loaded, spinglass.TemperedRun):
    assert_type(loaded.swap_rates, NDArray[np.float64])


def mean_energy(some: spinglass.Run) -> float:
    """A run at one temperature has one summary; a ladder is refused here by its type."""
    return float(some.summary().energy)


mean_energy(run)
mean_energy(ladder)  # type: ignore[arg-type]
print(ladder.summary().enrgy)  # type: ignore[attr-defined]

found = spinglass.anneal(spinglass.EdwardsAnderson((4, 4), seed=1), n_sweeps=100)
assert_type(found.best, tuple[NDArray[np.int8], float])
assert_type(found.plot(), Axes)
assert_type(lattice.energy([1] * 256), float)
assert_type(lattice.energy([[1] * 256, [-1] * 256]), NDArray[np.float64])
assert_type(lattice.energy(run.final_states), Any)  # of one array or of many
energies: NDArray[np.float64] = lattice.energy(run.final_states)
assert_type(lattice.local_fields([1] * 256), NDArray[np.float64])
assert_type(spinglass.overlaps([1, -1], [1, 1]), float)
assert_type(spinglass.overlaps([[1, -1], [1, 1]], [1, 1]), NDArray[np.float64])
assert_type(spinglass.SherringtonKirkpatrick(8, seed=1).couplings(), NDArray[np.float64])
assert_type(spinglass.SherringtonKirkpatrick(8, seed=1).to_ising(), spinglass.Ising)
assert_type(exact.log_partition(spinglass.SquareLattice(4), 0.4), float)
assert_type(spinglass.overlaps([[1, -1]], spinglass.random_patterns(3, 2)), NDArray[np.float64])
assert_type(meanfield.elbo([0.5] * 16, spinglass.SquareLattice(4), 0.4), float)

X = np.zeros((20, 6), dtype=np.uint8)
machine = spinglass.BernoulliRBM(n_components=2, n_iter=1, random_state=0)
assert_type(machine.fit(X, sample_weight=np.ones(20)), spinglass.BernoulliRBM)
assert_type(machine.partial_fit(X), spinglass.BernoulliRBM)
assert_type(machine.set_fit_request(sample_weight=True), spinglass.BernoulliRBM)
hidden: NDArray[np.floating[Any]] = machine.transform(X)
assert_type(machine.fit_transform(X), NDArray[np.floating[Any]])
assert_type(machine.free_energy(X), NDArray[np.float64])
assert_type(machine.score(X), float)
assert_type(machine.score_samples(X), NDArray[np.float64])
assert_type(machine.sample(3, 10), NDArray[np.uint8])
assert_type(machine.sample(3, 10, means=True), NDArray[np.floating[Any]])
assert_type(machine.log_likelihood(X).value, float)
assert_type(machine.log_partition().plot(), Axes)
assert_type(machine.components_, NDArray[Any])
assert_type(spinglass.BernoulliRBM.load("machine.safetensors"), spinglass.BernoulliRBM)
assert_type(machine.equilibration(X).plot(), NDArray[np.object_])
assert_type(machine.equilibration(X).plot(ax), Axes)
reals = spinglass.GaussianBernoulliRBM(2).fit(X.astype(float))
assert_type(reals.sample(3), NDArray[np.floating[Any]])
inverse = spinglass.InverseIsing().fit(2 * X - 1)
assert_type(inverse.couplings_, NDArray[np.float64])
assert_type(inverse.score(2 * X - 1), float)
assert_type(inverse.plot(), Axes)

model = spinglass.Ising.from_qubo({("a", "b"): 1.0}, offset=2.0)
assert_type(model, spinglass.Ising)
assert_type(spinglass.Ising.from_networkx(object(), weight=None), spinglass.Ising)
assert_type(spinglass.adapters.read_max_cut("graph.txt"), spinglass.Ising)
state, energy = spinglass.anneal(model, n_sweeps=100).best
assert_type(energy, float)
sides: dict[Hashable, int] = dict(zip(model.labels, state.tolist(), strict=True))
spinglass.sample(model, 1.0, 10, dynamics="wolf")  # type: ignore[call-overload]

scan = capacity(n_spins=[100], loads=[0.1, 0.14])
assert_type(scan, CapacityScan)
assert_type(scan.plot(), Axes | NDArray[np.object_])
assert_type(scan.to_dict(), dict[str, Any])
network = spinglass.Hopfield(spinglass.random_patterns(3, 100, seed=1))
recall = network.recall(network.patterns[0])
assert_type(recall, spinglass.Recall)
assert_type(recall.plot(), Axes)
