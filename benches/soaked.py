"""The pieces of work of `soak.py`: small, random, and each knows what must come of it.

A piece can be done, also on a store or an executor if it is a scan; its results can be compared bit
for bit; and it says whether what an interruption carries belongs to the whole.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np

import spinglass
from spinglass import experiments


@dataclass
class Piece:
    """Work that is done again and again with other numbers.

    Attributes
    ----------
    kind : str
        What it is.
    call : callable
        Does it, on ``num_threads`` threads and, if it ``is_scan``, a ``store`` and an ``executor``.
    interruption : type
        What Ctrl-C raises.
    belongs : callable
        Says of (interruption, whole result) whether what was kept is right.
    is_scan : bool
        Whether it can be stored and spread.
    """

    kind: str
    call: Callable[..., Any]
    interruption: type[BaseException]
    belongs: Callable[[Any, Any], bool]
    is_scan: bool = False


def alike(a: Any, b: Any) -> bool:
    """Say whether two results are the same, bit for bit."""
    if isinstance(a, np.ndarray):
        same_kind = isinstance(b, np.ndarray) and a.dtype == b.dtype and a.shape == b.shape
        return same_kind and a.tobytes() == b.tobytes()
    if type(a) is not type(b):
        return False
    if dataclasses.is_dataclass(a):
        return all(alike(getattr(a, x.name), getattr(b, x.name)) for x in dataclasses.fields(a))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(alike(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(alike, a, b))
    return bool(a == b or (a != a and b != b))


def _among(rows: Any, whole: Any) -> bool:
    return {row.tobytes() for row in rows} <= {row.tobytes() for row in whole}


def capacity(draw: Random) -> Piece:
    arguments = {
        "n_spins": sorted(draw.sample(range(50, 1500), draw.randint(1, 3))),
        "loads": [draw.choice([0.05, 0.1, 0.14, 0.16]), draw.uniform(0.18, 0.3)],
        "n_instances": draw.randint(5, 300),
        "n_starts": draw.randint(1, 2),
        "flip": draw.choice([0.0, 0.05]),
        "seed": draw.getrandbits(64),
    }
    return Piece(
        "capacity",
        lambda **where: experiments.capacity(**arguments, **where),
        spinglass.Interrupted,
        lambda stopped, whole: _among(stopped.result.trials, whole.trials),
        is_scan=True,
    )


def ising(draw: Random) -> Piece:
    dynamics = draw.choice(["metropolis", "wolff"])
    arguments = {
        "sizes": draw.sample([4, 6, 8, 16, 32], 2),
        "temperatures": sorted(draw.uniform(1, 4) for _ in range(draw.randint(2, 6))),
        "n_sweeps": draw.randint(100, 20_000 if dynamics == "metropolis" else 300),
        "n_replicas": draw.randint(2, 8),
        "dynamics": dynamics,
        "snapshot_size": draw.choice([None, 64]),
        "seed": draw.getrandbits(64),
    }
    return Piece(
        "ising",
        lambda **where: experiments.ising(**arguments, **where),
        spinglass.Interrupted,
        lambda stopped, whole: _among(stopped.result.points, whole.points),
        is_scan=True,
    )


def sk(draw: Random) -> Piece:
    arguments = {
        "n_spins": draw.sample([8, 16, 24, 32], 2),
        "n_instances": draw.randint(2, 24),
        "n_sweeps": draw.choice([64, 256, 500]),
        "beta_max": draw.uniform(1.5, 4),
        "disorder": draw.choice(["gaussian", "pm1"]),
        "seed": draw.getrandbits(64),
    }
    return Piece(
        "sk",
        lambda **where: experiments.sk(**arguments, **where),
        spinglass.Interrupted,
        lambda stopped, whole: all(
            any(alike(one, other) for other in whole.instances) for one in stopped.result.instances
        ),
        is_scan=True,
    )


def recall(draw: Random) -> Piece:
    n, seed = draw.randint(100, 3000), draw.getrandbits(64)
    network = spinglass.Hopfield(spinglass.random_patterns(max(1, n // 8), n, seed=seed))
    states = spinglass.corrupt(network.patterns[: draw.randint(1, n // 8)], 0.2, seed=seed)
    arguments: dict[str, Any] = draw.choice(
        [{}, {"update": "random"}, {"update": "synchronous"}, {"beta": 5.0, "max_sweeps": 20}]
    )

    def belongs(stopped: Any, whole: Any) -> bool:
        return alike(stopped.result.overlap, whole.overlap[stopped.finished]) and alike(
            stopped.result.states, whole.states[stopped.finished]
        )

    return Piece(
        "recall",
        lambda **where: network.recall(states, seed=seed, **arguments, **where),
        spinglass.Interrupted,
        belongs,
    )


def model(draw: Random) -> Any:
    seed = draw.getrandbits(64)
    return draw.choice(
        [
            lambda: spinglass.SquareLattice(draw.choice([4, 8, 64])),
            lambda: spinglass.CubicLattice(draw.choice([4, 8])),
            lambda: spinglass.SherringtonKirkpatrick(draw.randint(10, 200), seed=seed),
            lambda: spinglass.EdwardsAnderson((8, 8), seed=seed),
            lambda: spinglass.EdwardsAnderson((4, 4, 4), "gaussian", seed=seed),
            lambda: spinglass.Hopfield(spinglass.random_patterns(10, 100, seed=seed)),
        ]
    )()


def _run(draw: Random, kind: str, call: Callable[..., Any], **given: Any) -> Piece:
    """Return a piece of sampling: what was measured before an interruption is the beginning."""
    arguments = {
        "n_sweeps": draw.randint(100, 20_000),
        "n_replicas": draw.randint(1, 8),
        "seed": draw.getrandbits(64),
        **given,
    }

    def belongs(stopped: Any, whole: Any) -> bool:
        kept = stopped.result.energy
        return alike(kept, np.ascontiguousarray(whole.energy[..., : kept.shape[-1]]))

    return Piece(kind, lambda **where: call(**arguments, **where), spinglass.Interrupted, belongs)


def sample(draw: Random) -> Piece:
    of, beta = model(draw), draw.uniform(0, 2)
    return _run(draw, "sample", lambda **x: spinglass.sample(of, beta, **x))


def temper(draw: Random) -> Piece:
    of, betas = model(draw), np.linspace(0.1, draw.uniform(0.5, 2), draw.randint(2, 8))
    n_sweeps = draw.randint(100, 3000)
    return _run(draw, "temper", lambda **x: spinglass.temper(of, betas, **x), n_sweeps=n_sweeps)


def anneal(draw: Random) -> Piece:
    of = model(draw)
    n_sweeps = draw.randint(1000, 50_000)
    return _run(
        draw, "anneal", lambda **x: spinglass.anneal(of, (0.1, 3.0), **x), n_sweeps=n_sweeps
    )


def _fit(draw: Random, kind: str, estimator: Callable[..., Any], rows: Any) -> Piece:
    """Return a fit: its attributes are compared, and an interrupted one is simply begun again."""

    def call(num_threads: int | None = None) -> dict[str, Any]:
        fitted = estimator(num_threads).fit(rows)
        return {name: x for name, x in vars(fitted).items() if isinstance(x, np.ndarray)}

    return Piece(kind, call, KeyboardInterrupt, lambda stopped, whole: bool(whole))


def rbm(draw: Random) -> Piece:
    rows = np.random.default_rng(draw.getrandbits(64)).random((1000, draw.randint(8, 64))) < 0.5
    arguments = {
        "n_components": draw.randint(2, 64),
        "n_iter": draw.randint(10, 300),
        "random_state": draw.getrandbits(31),
        "persistent": draw.random() < 0.5,
        "k": draw.randint(1, 3),
    }
    return _fit(
        draw,
        "rbm",
        lambda threads: spinglass.BernoulliRBM(**arguments, num_threads=threads),
        rows.astype(np.uint8),
    )


def inverse(draw: Random) -> Piece:
    n = draw.randint(4, 40)
    rows = np.random.default_rng(draw.getrandbits(64)).choice(
        [-1, 1], (draw.randint(200, 20_000), n)
    )
    method = draw.choice(["pseudolikelihood", "flow", "boltzmann", "tap", "mean-field"])
    arguments = {"l2": 0.01} if method in ("pseudolikelihood", "flow") else {}
    if method == "boltzmann":
        arguments = {
            "max_iter": 300,
            "n_chains": 64,
            "random_state": draw.getrandbits(31),
            "tol": 9,
        }
    return _fit(
        draw,
        "inverse",
        lambda threads: spinglass.InverseIsing(method, **arguments, num_threads=threads),
        rows.astype(np.int8),
    )


ALL = (capacity, ising, sk, recall, sample, temper, anneal, rbm, inverse)
