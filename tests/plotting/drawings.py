"""Small results of every kind that can be drawn, by the name of the function that draws them."""

from functools import cache

import numpy as np

import spinglass
from spinglass import experiments, meanfield
from spinglass.theory import hopfield

GLASS = spinglass.SherringtonKirkpatrick(16, seed=1)
ROWS = np.random.default_rng(1).integers(0, 2, (60, 8))


@cache
def machine():
    return spinglass.BernoulliRBM(4, n_iter=2, random_state=1).fit(ROWS)


@cache
def disorder():
    def glass(seed):
        return spinglass.EdwardsAnderson((4, 4), "gaussian", seed=seed)

    study = experiments.TemperedGlass((0.5, 1.0, 1.5), 400)
    return experiments.disorder_average(glass, 12, study)


def _recalled():
    patterns = spinglass.random_patterns(20, 60, seed=1)
    network = spinglass.Hopfield(patterns)
    starts = spinglass.corrupt(np.repeat(patterns, 10, 0), flip=0.3, seed=2)
    return network.recall(starts, update="synchronous", max_sweeps=4)


def _curves():
    kinds = [
        (name, float)
        for name in ("epoch", "pseudo_likelihood", "optimistic", "pessimistic",
                     "reconstruction_error")
    ]  # fmt: skip
    return np.array([(k, -9.0 + k, -8.0 + k, -8.5 + k, 5.0 - k) for k in range(1, 5)], kinds)


# What each function draws: its arguments without the Axes.
MADE = {
    "annealing": lambda: (spinglass.anneal(GLASS, n_sweeps=50, n_replicas=5, seed=1),),
    "annealings": lambda: (
        [
            machine().log_partition(way, betas=n, n_chains=20, random_state=1)
            for n in (5, 50)
            for way in ("ais", "reverse-ais")
        ],
        2.0,
    ),
    "avalanches": lambda: (
        [
            experiments.avalanches(spinglass.Hopfield(spinglass.random_patterns(p, 200, seed=1)))
            for p in (10, 28)
        ],
    ),
    "basins": lambda: (
        [
            experiments.basins(spinglass.Hopfield(spinglass.random_patterns(p, 60, seed=1)))
            for p in (3, 6)
        ],
    ),
    "capacity": lambda: (
        experiments.capacity(
            (50, 100, 200, 400), loads=(0.1, 0.15, 0.2, 0.25, 0.3), n_instances=10
        ),
    ),
    "capacity_growth": lambda: (
        [
            experiments.capacity(
                (20, 30, 50), n_patterns=counts, n_instances=40, criterion=criterion
            )
            for criterion, counts in (("overlap", (5, 8, 13)), ("fixed_point", (3, 6, 12)))
        ],
    ),
    "memories": lambda: (experiments.memories(("projection", "storkey"), effort=0.02),),
    "capacity_line": lambda: (
        experiments.CapacityLine(
            tuple(
                experiments.capacity(
                    (50, 100, 200), (0.04, 0.08, 0.12, 0.2, 0.3), 20, beta=beta, sweeps=(5, 20)
                )
                for beta in (5.0, 10.0)
            )
        ),
    ),
    "chains": lambda: (np.zeros((3, 2, 9)), [0, 100]),
    "disorder_average": lambda: (disorder(),),
    "equilibration": lambda: (machine().equilibration(ROWS, n_steps=50, random_state=1),),
    "filters": lambda: (np.random.default_rng(1).normal(size=(5, 9)),),
    "glass_equilibration": lambda: (disorder().equilibration(),),
    "inverse": lambda: (
        spinglass.InverseIsing("tap").fit(
            spinglass.sample(GLASS, 0.5, 50, n_replicas=300, seed=2).final_states
        ),
        0.5 * GLASS.couplings(),
    ),
    "ising": lambda: (
        experiments.ising((4, 8, 16), (2.0, 2.25, 2.28, 2.5, 3.0), n_sweeps=400, snapshot_size=16),
    ),
    "landscape": lambda: (experiments.landscape("hopfield", n_spins=14, seed=2),),
    "learning_curves": lambda: (_curves(),),
    "log_partition": lambda: (
        spinglass.estimate_log_partition(GLASS, "bridge", beta=0.5, betas=20, seed=2),
    ),
    "meanfield": lambda: (experiments.meanfield(8, [2.0, 3.0, 4.5], n_sweeps=100),),
    "overlaps": lambda: (spinglass.sample(GLASS, 0.5, 50, n_replicas=6, seed=2).overlaps(),),
    "phase_diagram": lambda: (hopfield.phase_diagram(n_points=11),),
    "pictures": lambda: (experiments.recall_pictures(),),
    "recall": lambda: (_recalled(),),
    "reconstructions": lambda: (np.ones((2, 9)), np.arange(9) > 4, np.ones((2, 9))),
    "relaxation": lambda: (
        spinglass.GradedHopfield(GLASS, 5.0).relax(n_starts=9, max_time=12.0, seed=1),
    ),
    "renormalize": lambda: (experiments.renormalize(16, n_sweeps=200, picture_size=16),),
    "reweighting": lambda: (
        spinglass.sample(
            spinglass.SquareLattice(8), 0.4, 1000, n_replicas=4, warmup=50, seed=1
        ).reweight(np.linspace(0.3, 0.5, 21)),
    ),
    "run": lambda: (spinglass.sample(GLASS, 0.5, 100, n_replicas=3, seed=1),),
    "sk": lambda: (experiments.sk((16, 32, 64), n_instances=5, n_sweeps=100),),
    "solutions": lambda: (meanfield.naive(GLASS, beta=2.0, seed=1),),
    "spurious": lambda: (
        experiments.spurious(spinglass.Hopfield(spinglass.random_patterns(5, 60, seed=1)), 300),
    ),
    "tempered_run": lambda: (spinglass.temper(GLASS, [0.2, 0.5, 1.0], 50, n_replicas=2, seed=1),),
}


@cache
def drawn_from(name):
    """Return what a function of `spinglass.plotting` draws."""
    return MADE[name]()
