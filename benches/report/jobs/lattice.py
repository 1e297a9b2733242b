"""Metropolis sweeps of the square lattice."""

import numpy as np
from benches.report.contest import Contender, Job, within
from benches.report.jobs.compiled import jit_parallel, prange

import spinglass
from spinglass.theory import ising2d

BETA = 0.35  # above the transition: ten sweeps forget the start


class Checkerboard:
    """Half of the sites at a time, by array operations; the fastest plain NumPy we know."""

    def __init__(self, size):
        self.odd = np.indices((size, size)).sum(axis=0) % 2 == 1
        sums = np.arange(-4, 5)
        chances = [np.exp(np.minimum(0, -2 * BETA * spin * sums)) for spin in (-1, 1)]
        self.accept = dict(zip((-1, 1), np.array(chances, np.float32), strict=True))

    def sums(self, s):
        return sum(np.roll(s, step, axis) for axis in (0, 1) for step in (1, -1))

    def run(self, n_sweeps):
        rng = np.random.default_rng(1)
        s = np.ones(self.odd.shape, np.int8)
        for _ in range(n_sweeps):
            for colour in (self.odd, ~self.odd):
                sums = self.sums(s) + np.int8(4)
                chance = np.where(s > 0, self.accept[1][sums], self.accept[-1][sums])
                s[colour & (rng.random(s.shape, dtype=np.float32) < chance)] *= -1
        return energy(s)


def energy(s):
    return -float(np.mean(s * (np.roll(s, 1, 0) + np.roll(s, 1, 1))))


@jit_parallel
def sweeps(s, accept, seeds, n_sweeps):
    """Checkerboard Metropolis, the random numbers by xorshift, each row with a state of its own."""
    size = len(s)
    for _ in range(n_sweeps):
        for colour in range(2):
            for i in prange(size):
                state = seeds[i]
                up, down = s[i - 1], s[(i + 1) % size]
                for j in range((i + colour) % 2, size, 2):
                    around = up[j] + down[j] + s[i, j - 1] + s[i, (j + 1) % size]
                    state ^= state << np.uint64(13)
                    state ^= state >> np.uint64(7)
                    state ^= state << np.uint64(17)
                    if state <= accept[s[i, j] * around + 4]:
                        s[i, j] = -s[i, j]
                seeds[i] = state


def by_numba(size, n_sweeps):
    chances = np.minimum(1.0, np.exp(-2 * BETA * np.arange(-4.0, 5.0)))
    accept = (chances * float(2**63) * 1.999999).astype(np.uint64)
    accept[:5] = np.iinfo(np.uint64).max
    seeds = np.random.default_rng(1).integers(1, 2**63, size, dtype=np.uint64)
    s = np.ones((size, size), np.int8)
    sweeps(s, accept, seeds, n_sweeps)
    return energy(s)


def job(quick):
    size, n_sweeps = (32, 20) if quick else (1024, 60)
    model, board = spinglass.SquareLattice(size), Checkerboard(size)
    up = np.ones(size * size, np.int8)

    def ours(n_threads):
        run = spinglass.sample(
            model, BETA, n_sweeps, initial=up, every=n_sweeps, seed=1, num_threads=n_threads
        )
        return energy(run.final_states.reshape(size, size))

    # The energy of one configuration per spin has the variance c / (beta^2 N).
    heat = ising2d.finite_specific_heat(size, BETA)
    error = (heat / (BETA * size) ** 2) ** 0.5

    def agree(found):
        exact = {"Kaufman": ising2d.finite_energy(size, BETA)} | found
        errors = dict.fromkeys(found, error) | {"Kaufman": 0.0}
        return within(exact, errors, "final energies per spin and Kaufman's")

    return Job(
        "Square lattice, Metropolis",
        f"{n_sweeps} sweeps of {size} x {size} spins at beta = {BETA} from all spins up.",
        n_sweeps * size * size, "spin updates",
        [
            Contender("spinglass", ours, threads=True, needs="spinglass"),
            Contender("NumPy, checkerboard", lambda _: board.run(n_sweeps)),
            Contender(
                "numba, checkerboard", lambda _: by_numba(size, n_sweeps), threads=True,
                needs="numba",
            ),
        ],
        agree,
    )  # fmt: skip
