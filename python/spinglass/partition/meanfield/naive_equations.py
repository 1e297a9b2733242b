r"""Naive mean field: the best product of independent spins.

Of all products Q(s) = prod_i (1 + m_i s_i) / 2 find the one nearest to the Boltzmann distribution.
Its free energy F[Q] = E[m] - S[m] / beta exceeds the exact F by D_KL(Q||P) / beta (Gibbs,
Bogoliubov, Feynman), so it is a bound, and it is smallest where

    m_i = tanh(beta (h_i + sum_j J_ij m_j))                                       (Weiss 1907).

**Coordinate ascent.** Given the others, this value of m_i is the one that maximises
-beta F[Q], which is strictly concave in m_i: every single update raises it. Spins without a bond
between them do not enter each other's update, so a whole independent set may be updated at once
and it is still coordinate ascent: sparse models go colour by colour of their graph. Dense ones go
spin by spin, in blocks: one matrix product gives the fields of a block, and inside it each update
corrects the fields that follow. (Updating all spins at once is neither monotone nor sure to end.)

References
----------
P. Weiss, J. Phys. Theor. Appl. 6, 661 (1907); M. I. Jordan, Z. Ghahramani, T. S. Jaakkola,
L. K. Saul, Mach. Learn. 37, 183 (1999); D. M. Blei, A. Kucukelbir, J. D. McAuliffe, J. Am. Stat.
Assoc. 112, 859 (2017).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass import _random
from spinglass._caller import takes_beta
from spinglass._progress import Progress
from spinglass.models.energy import HasEnergy
from spinglass.partition.meanfield.iteration import State, Values, options_of, solve
from spinglass.partition.meanfield.problem import Floats, Problem, problem_of
from spinglass.partition.meanfield.solution import MeanField

_BLOCK = 64  # spins whose fields one matrix product gives


@takes_beta
def naive(
    model: HasEnergy,
    beta: float,
    *,
    damping: float = 0.0,
    max_iterations: int = 2000,
    tolerance: float = 1e-10,
    separation: float = 1e-4,
    initial: ArrayLike | None = None,
    n_starts: int = 8,
    seed: _random.Seed = None,
    progress: Progress = False,
) -> MeanField:
    r"""Solve m_i = tanh(beta (h_i + sum_j J_ij m_j)) by coordinate ascent.

    Its free energy F[Q] is an upper bound of the exact one, and each update lowers it.

    Parameters
    ----------
    model : SpinModel, SpinForm, UnitForm, BernoulliRBM, or anything else with a ``structure()``
        Whose energy has pairs of spins or units, or two layers of units. Units u are taken as spins
        s = 2u - 1, visible ones first: m_i is 2 <u_i> - 1, in ``initial`` and in what comes back.
    beta : float
        Inverse temperature, finite and >= 0.
    damping : float
        0 <= damping < 1: how much of the old m_i is kept at an update. None is needed here, and
        the bound improves at every update with any.
    max_iterations : int
        Sweeps; a start that has not settled by then has failed.
    tolerance : float
        A start has settled when no m_i changes by more in a sweep (damping left out).
    separation : float
        Solutions that differ by no more at every spin are one.
    initial : array_like, (n_spins,) or (n_starts, n_spins), optional
        Magnetizations to start from, between -1 and +1. m = 0 is a solution of every model without
        fields, and is kept though it may be unstable. By default all up, all down, and then
        uniform random numbers.
    n_starts : int
        How many starts, without ``initial``.
    seed : None, int, numpy.random.SeedSequence or numpy.random.Generator
        Start k depends on (seed, k) alone.
    progress : bool or callable
        True for a bar, or a callable of ``(done, total)`` in starts.

    Returns
    -------
    MeanField
        The distinct solutions; printed, it is the report of convergence.

    Raises
    ------
    ValueError, TypeError
        If an argument has another shape, type or range.
    Interrupted
        On Ctrl-C: a KeyboardInterrupt that carries what has converged.

    Notes
    -----
    On a lattice with q neighbours it orders at T = q J. The square lattice, q = 4, does at 2.269 J,
    and a chain, q = 2, never.

    Examples
    --------
    >>> import spinglass
    >>> from spinglass import meanfield
    >>> found = meanfield.naive(spinglass.SquareLattice(8), beta=0.3, n_starts=2)
    >>> [round(float(x.magnetizations[0]), 6) for x in found.solutions]  # m = tanh(4 beta m)
    [0.65857, -0.65857]
    """
    problem = problem_of(model, beta)
    options = options_of(
        problem.n_spins, damping, max_iterations, tolerance, separation, initial, n_starts, seed
    )
    return solve(model, problem, _Naive(problem), options, progress)


class _Naive:
    """Sweeps of coordinate ascent; the state is m."""

    name = "naive"
    bonds: None = None

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        # (spins, their rows of J, the couplings among them: None if they have none)
        self._groups: list[tuple[Any, Any, Floats | None]] = []
        J = problem.couplings
        if problem.is_sparse:
            colours = graph_colours(J)
            for colour in range(int(colours.max()) + 1):
                spins = np.flatnonzero(colours == colour)
                self._groups.append((spins, J[spins], None))
        else:
            for first in range(0, problem.n_spins, _BLOCK):
                block = slice(first, min(first + _BLOCK, problem.n_spins))
                self._groups.append((block, J[block], np.ascontiguousarray(J[block, block])))

    def begin(self, m: Floats) -> State:
        return (m.copy(),)

    def step(self, state: State, damping: float) -> tuple[State, Floats]:
        (m,) = state
        m = m.copy()
        beta, change = self._problem.beta, np.zeros(m.shape[1])
        for spins, rows, among in self._groups:
            fields = rows @ m + self._problem.fields[spins]
            before = m[spins]
            if among is None:
                after = np.tanh(beta * fields)
            else:
                after = np.empty_like(fields)
                for i in range(len(fields)):
                    np.tanh(beta * fields[i], out=after[i])
                    moved = (1.0 - damping) * (after[i] - before[i])
                    fields[i + 1 :] += among[i + 1 :, i, None] * moved
            difference = after - before
            m[spins] = before + (1.0 - damping) * difference
            np.maximum(change, np.abs(difference).max(axis=0), out=change)
        return (m,), change

    def magnetizations(self, state: State) -> Floats:
        return state[0]

    def evaluate(self, state: State) -> Values:
        (m,) = state
        sides = np.tanh(self._problem.beta * self._problem.local_fields(m)) - m
        residual = np.abs(sides).max(axis=0)
        return Values(self._problem.elbo(m), self._problem.energy(m), residual)


def graph_colours(couplings: Any) -> NDArray[np.intp]:
    """Give each spin a colour that none of its neighbours has: the first that is free.

    In the order of the spins, so a lattice with even sides becomes a checkerboard.

    Examples
    --------
    >>> import spinglass
    >>> graph_colours(spinglass.SquareLattice(4).couplings()).reshape(4, 4)[:2].tolist()
    [[0, 1, 0, 1], [1, 0, 1, 0]]
    """
    offsets, neighbours = couplings.indptr.tolist(), couplings.indices.tolist()
    colours = [-1] * couplings.shape[0]
    for i in range(len(colours)):
        taken = {colours[j] for j in neighbours[offsets[i] : offsets[i + 1]]}
        colour = 0
        while colour in taken:
            colour += 1
        colours[i] = colour
    return np.array(colours, dtype=np.intp)
