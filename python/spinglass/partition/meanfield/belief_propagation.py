r"""The Bethe approximation: neighbours correlated, loops ignored; belief propagation.

Take spin j away. On a tree its neighbours then know nothing of each other, so the field that each
hands on is a matter of that neighbour's other neighbours alone:

    h_{i->j} = h_i + sum_{k != j} u_{k->i},
    u_{i->j} = artanh(tanh(beta J_ij) tanh(beta h_{i->j})) / beta,
    m_i = tanh(beta (h_i + sum_k u_{k->i})).

On a tree, or on several, this ends and is exact. On a graph with loops, a ring already, it is an
approximation that may have several solutions or not settle. Its fixed points are the stationary
points of the Bethe free energy,

    ln Z = sum_i ln Z_i - sum_(ij) ln Z_ij,
    Z_i = sum_s e^{beta h_i s} prod_k 2 cosh(beta (J_ik s + h_{k->i})),
    Z_ij = sum_{s,s'} exp(beta (J_ij s s' + h_{i->j} s + h_{j->i} s')),

which is **no bound** (of a ferromagnet it is one, which is a theorem of its own: Ruozzi 2012).
The two spins of a bond have the correlation that the four terms of Z_ij say.

**Large numbers.** artanh(tanh a tanh b) = (ln cosh(a+b) - ln cosh(a-b)) / 2; where the product of
the two is near 1 it is taken from the right, with ln cosh x = |x| + ln(1 + e^{-2|x|}) - ln 2.

References
----------
H. A. Bethe, Proc. R. Soc. A 150, 552 (1935); J. Pearl, Probabilistic reasoning in intelligent
systems (1988); J. S. Yedidia, W. T. Freeman, Y. Weiss, IEEE Trans. Inf. Theory 51, 2282 (2005);
M. Mezard, A. Montanari, Information, physics, and computation (2009), ch. 14.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from spinglass import _arguments, _random
from spinglass._caller import takes_beta
from spinglass._progress import Progress
from spinglass.models.energy import HasEnergy
from spinglass.partition.meanfield.iteration import State, Values, options_of, solve
from spinglass.partition.meanfield.problem import Floats, Problem, log_two_cosh, problem_of
from spinglass.partition.meanfield.solution import MeanField

_NEAR_ONE = 0.9  # products of two tanh above which artanh loses digits
_ARRAYS = 8  # of the size of the messages, that an iteration needs


@takes_beta
def bethe(
    model: HasEnergy,
    beta: float,
    *,
    damping: float = 0.5,
    max_iterations: int = 2000,
    tolerance: float = 1e-10,
    separation: float = 1e-4,
    initial: ArrayLike | None = None,
    n_starts: int = 8,
    seed: _random.Seed = None,
    progress: Progress = False,
) -> MeanField:
    r"""Solve the Bethe approximation by belief propagation.

    Exact if the bonds form no loop, whatever the start; on a ring it is not. Its free energy is
    **no bound** of the exact one.

    Parameters
    ----------
    model : SpinModel, SpinForm, UnitForm, BernoulliRBM, or anything else with a ``structure()``
        Whose energy has pairs of spins or units, or two layers of units. Units u are taken as spins
        s = 2u - 1, visible ones first: m_i is 2 <u_i> - 1, in ``initial`` and in what comes back.
        There are two messages a bond: N (N - 1) for a start of a dense model.
    beta : float
        Inverse temperature, finite and >= 0.
    damping : float
        0 <= damping < 1: how much of the old messages is kept at an iteration. Without any, an
        antiferromagnet that starts all up swings for ever.
    max_iterations : int
        Iterations; a start that has not settled by then has failed.
    tolerance : float
        A start has settled when no message beta u changes by more in an iteration (damping left
        out; relative to messages above 1).
    separation : float
        Solutions whose m_i differ by no more at every spin are one.
    initial : array_like, (n_spins,) or (n_starts, n_spins), optional
        Magnetizations to start from, between -1 and +1: the first messages are those of spins that
        have them. By default all up, all down, and then uniform random numbers.
    n_starts : int
        How many starts, without ``initial``.
    seed : None, int, numpy.random.SeedSequence or numpy.random.Generator
        Start k depends on (seed, k) alone.
    progress : bool or callable
        True for a bar, or a callable of ``(done, total)`` in starts.

    Returns
    -------
    MeanField
        The distinct solutions, with ``correlations`` for each of the ``bonds``; printed, it is the
        report of convergence.

    Raises
    ------
    ValueError, TypeError
        If an argument has another shape, type or range.
    MemoryError
        If the messages do not fit.
    Interrupted
        On Ctrl-C: a KeyboardInterrupt that carries what has converged.

    Notes
    -----
    On a lattice with q neighbours it orders at T = 2 J / ln(q / (q - 2)), on the square lattice
    at 2.885 J instead of 2.269 J; in one dimension it does not.

    Examples
    --------
    A chain of three spins with a field at one end is a tree:

    >>> import math, spinglass
    >>> from spinglass import meanfield
    >>> chain = spinglass.Ising([[0, 1, 0], [1, 0, 1], [0, 1, 0]], fields=[0.5, 0, 0])
    >>> end = meanfield.bethe(chain, beta=1.0, n_starts=1).best
    >>> bool(abs(end.magnetizations[2] - math.tanh(0.5) * math.tanh(1) ** 2) < 1e-9)
    True
    """
    problem = problem_of(model, beta)
    options = options_of(
        problem.n_spins, damping, max_iterations, tolerance, separation, initial, n_starts, seed
    )
    count = options.starts.shape[1]
    J = problem.couplings
    directed = int(J.nnz if problem.is_sparse else np.count_nonzero(J))
    what = f"belief propagation with {directed} messages from {count} starts"
    _arguments.check_memory(8 * directed * (_ARRAYS * count + 6), what)
    return solve(model, problem, _Bethe(problem), options, progress)


class _Bethe:
    """Belief propagation; the state is the messages.

    Bonds are counted twice, in the order of the rows of J: entry e of row i, in column j, holds
    beta u_{j->i}, what comes in at i from j, so that the sum over a row is the field.
    """

    name = "bethe"

    def __init__(self, problem: Problem) -> None:
        from scipy.sparse import csr_array

        self._problem = problem
        J = csr_array(problem.couplings)
        J.sort_indices()
        n, count = problem.n_spins, J.nnz
        self._couplings = J.data[:, None]
        self._strengths = problem.beta * self._couplings
        self._tanh = np.tanh(self._strengths)
        self._row = np.repeat(np.arange(n), np.diff(J.indptr))
        self._column = np.asarray(J.indices, dtype=np.intp)
        # J is symmetric, so its transpose has the same places: entry e goes where j, i stands.
        numbers = csr_array((np.arange(count), J.indices, J.indptr), shape=(n, n))
        self._back = np.asarray(numbers.T.tocsr().data, dtype=np.intp)
        entries = (np.ones(count), np.arange(count), J.indptr)
        self._sum_rows = csr_array(entries, shape=(n, count))
        self._once = np.flatnonzero(self._row < self._column)
        self.bonds = np.stack([self._row[self._once], self._column[self._once]], axis=1)

    def begin(self, m: Floats) -> State:
        with np.errstate(divide="ignore"):
            cavity = np.arctanh(m)[self._row]  # of spins that have these magnetizations
        return (self._message(cavity)[self._back],)

    def step(self, state: State, damping: float) -> tuple[State, Floats]:
        (u,) = state
        if not len(u):  # no bonds, nothing to wait for
            return state, np.zeros(u.shape[1])
        _, cavity = self._fields(u)
        after = self._message(cavity)[self._back]
        # In place from here: the messages of a dense model fill the memory, and new pages cost more
        # than what is computed on them.
        scale = np.maximum(1.0, np.abs(after)) if _beyond(after, 1.0) else None
        after -= u
        moved = after if scale is None else after / scale
        change = np.maximum(moved.max(axis=0), -moved.min(axis=0))
        after *= 1.0 - damping
        after += u
        return (after,), change

    def _fields(self, u: Floats) -> tuple[Floats, Floats]:
        """Return beta times the field at each spin, and without what comes from each neighbour."""
        total = self._problem.beta * self._problem.fields + self._sum_rows @ u
        cavity = total[self._row]
        cavity -= u
        return total, cavity

    def _message(self, cavity: Floats) -> Floats:
        """Return artanh(tanh(beta J) tanh(x)) of every entry."""
        product = np.tanh(cavity)
        product *= self._tanh
        if not _beyond(product, _NEAR_ONE):
            return np.asarray(np.arctanh(product, out=product))
        near = np.abs(product) > _NEAR_ONE
        x = cavity[near]
        a = np.broadcast_to(self._strengths, cavity.shape)[near]
        product[near] = 0.0
        message = np.arctanh(product, out=product)
        # |a+x| - |a-x| is 2 min(|a|, |x|) with the sign of a x: no difference of near equals, and
        # right for a spin that is held, x = inf.
        rest = np.log1p(np.exp(-2.0 * np.abs(a + x))) - np.log1p(np.exp(-2.0 * np.abs(a - x)))
        smaller = np.minimum(np.abs(a), np.abs(x))
        message[near] = np.sign(a) * np.sign(x) * smaller + 0.5 * rest
        return np.asarray(message)

    def magnetizations(self, state: State) -> Floats:
        return np.asarray(np.tanh(self._fields(state[0])[0]))

    def evaluate(self, state: State) -> Values:
        (u,) = state
        total, cavity = self._fields(u)
        a = self._strengths
        # A spin and its neighbours: 2 cosh(a s + x) = exp(c + v s). With the message v that x makes
        # (not the u it was made of) ln Z is stationary: what is left of a residual enters squared.
        c = 0.5 * (log_two_cosh(a + cavity) + log_two_cosh(a - cavity))
        fields, _ = self._fields(self._message(cavity)[self._back])
        spins = log_two_cosh(fields).sum(axis=0) + c.sum(axis=0)
        # The two spins of a bond: equal, or opposite.
        x, y, bond = cavity[self._once], cavity[self._back[self._once]], a[self._once]
        equal, opposite = bond + log_two_cosh(x + y), log_two_cosh(x - y) - bond
        correlations = np.tanh(0.5 * (equal - opposite))
        m = np.tanh(total)
        pairs = (self._couplings[self._once] * correlations).sum(axis=0)
        constant = self._problem.constant
        log_partition = spins - np.logaddexp(equal, opposite).sum(axis=0)
        return Values(
            log_partition - self._problem.beta * constant,
            constant - pairs - (self._problem.fields * m).sum(axis=0),
            self.step(state, 0.0)[1],
            correlations,
        )


def _beyond(values: Floats, limit: float) -> bool:
    """Return whether any value is above the limit in size, without a copy of them."""
    return bool(values.size and max(values.max(), -values.min()) > limit)
