r"""The equations of Thouless, Anderson and Palmer: mean field that knows its own echo.

A spin polarises its neighbours, and part of their field on it is its own echo, which must not hold
it up. Taking it away (Onsager's reaction term) gives, for weak couplings to many,

    m_i = tanh(beta (h_i + sum_j J_ij m_j - beta m_i sum_j J_ij^2 (1 - m_j^2))).

They are the stationary points of the free energy, in Plefka's expansion the second order,

    -beta F = S[m] - beta E[m] + (beta^2 / 4) sum_{i != j} J_ij^2 (1 - m_i^2) (1 - m_j^2),

which is **no bound** of the exact one. For the Sherrington-Kirkpatrick model further orders vanish
as N grows; on lattices they do not. In zero field m = 0 then gives ln Z / N = ln 2 + beta^2 / 4,
exact above the transition of that model.

**Iteration.** With all terms at the same time the plain iteration diverges where the solution is
fine. Bolthausen's order, the echo with the magnetization of the step before,

    m(t+1) = tanh(beta (h + J m(t) - beta m(t-1) sum_j J^2 (1 - m(t)^2))),

converges for the Sherrington-Kirkpatrick model down to the de Almeida-Thouless line (proved for
N to infinity). Below that line nothing of the kind is known, and starts fail.

References
----------
D. J. Thouless, P. W. Anderson, R. G. Palmer, Phil. Mag. 35, 593 (1977); T. Plefka, J. Phys. A 15,
1971 (1982); E. Bolthausen, Commun. Math. Phys. 325, 333 (2014).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from spinglass import _arguments, _random
from spinglass._caller import takes_beta
from spinglass._progress import Progress
from spinglass.models.energy import HasEnergy
from spinglass.partition.meanfield.iteration import State, Values, options_of, solve
from spinglass.partition.meanfield.problem import Floats, Problem, problem_of
from spinglass.partition.meanfield.solution import MeanField


@takes_beta
def tap(
    model: HasEnergy,
    beta: float,
    *,
    order: str = "bolthausen",
    damping: float = 0.5,
    max_iterations: int = 2000,
    tolerance: float = 1e-10,
    separation: float = 1e-4,
    initial: ArrayLike | None = None,
    n_starts: int = 8,
    seed: _random.Seed = None,
    progress: Progress = False,
) -> MeanField:
    r"""Solve the equations of Thouless, Anderson and Palmer.

    Their free energy is **no bound**: it may lie on either side of the exact one.

    Parameters
    ----------
    model : SpinModel, SpinForm, UnitForm, BernoulliRBM, or anything else with a ``structure()``
        Whose energy has pairs of spins or units, or two layers of units. Units u are taken as spins
        s = 2u - 1, visible ones first: m_i is 2 <u_i> - 1, in ``initial`` and in what comes back.
        The equations are made for many weak couplings.
    beta : float
        Inverse temperature, finite and >= 0.
    order : {"bolthausen", "plain"}
        Whether the reaction term takes m_i of the step before, or of the same step as the rest.
    damping : float
        0 <= damping < 1: how much of the old m is kept at an iteration. Needed where all spins
        swing together, as in an antiferromagnet.
    max_iterations : int
        Iterations; a start that has not settled by then has failed.
    tolerance : float
        A start has settled when no m_i changes by more in an iteration (damping left out).
    separation : float
        Solutions that differ by no more at every spin are one.
    initial : array_like, (n_spins,) or (n_starts, n_spins), optional
        Magnetizations to start from, between -1 and +1. By default all up, all down, and then
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
        The distinct solutions; printed, it is the report of convergence. At low temperature expect
        starts that failed, in the report and in ``failed``.

    Raises
    ------
    ValueError, TypeError
        If an argument has another shape, type or range.
    Interrupted
        On Ctrl-C: a KeyboardInterrupt that carries what has converged.

    Examples
    --------
    >>> import math, spinglass
    >>> from spinglass import meanfield
    >>> glass = spinglass.SherringtonKirkpatrick(400, seed=1)
    >>> found = meanfield.tap(glass, beta=0.5, n_starts=4, seed=1)
    >>> [x.n_starts for x in found.solutions]
    [4]
    >>> abs(found.best.log_partition / 400 - (math.log(2) + 0.5**2 / 4)) < 1e-3
    True
    """
    problem = problem_of(model, beta)
    order = _arguments.choice(order, "order", ("bolthausen", "plain"))
    options = options_of(
        problem.n_spins, damping, max_iterations, tolerance, separation, initial, n_starts, seed
    )
    return solve(model, problem, _Tap(problem, order == "bolthausen"), options, progress)


class _Tap:
    """Iterations of the equations; the state is m, and m of the step before."""

    name = "tap"
    bonds: None = None

    def __init__(self, problem: Problem, bolthausen: bool) -> None:
        self._problem = problem
        self._bolthausen = bolthausen
        self._squares = problem.couplings * problem.couplings

    def begin(self, m: Floats) -> State:
        return m, m

    def step(self, state: State, damping: float) -> tuple[State, Floats]:
        m, before = state
        after = self._right(m, before if self._bolthausen else m)
        change = np.abs(after - m).max(axis=0)
        if self._bolthausen:  # a fixed point stays for two steps
            np.maximum(change, np.abs(m - before).max(axis=0), out=change)
        return (damping * m + (1.0 - damping) * after, m), change

    def _right(self, m: Floats, echo: Floats) -> Floats:
        """Return the right-hand side of the equations, with its reaction term for ``echo``."""
        beta = self._problem.beta
        reaction = beta * echo * (self._squares @ (1.0 - m * m))
        return np.asarray(np.tanh(beta * (self._problem.local_fields(m) - reaction)))

    def magnetizations(self, state: State) -> Floats:
        return state[0]

    def evaluate(self, state: State) -> Values:
        m, beta = state[0], self._problem.beta
        free = 1.0 - m * m
        fluctuations = np.einsum("is,is->s", free, self._squares @ free)
        return Values(
            self._problem.elbo(m) + 0.25 * beta * beta * fluctuations,
            self._problem.energy(m) - 0.5 * beta * fluctuations,
            np.abs(self._right(m, m) - m).max(axis=0),
        )
