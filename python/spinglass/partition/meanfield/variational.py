r"""Mean field as variational inference: the evidence lower bound, raised one spin at a time.

For a product Q of independent spins, q_i = Q(s_i = +1) = (1 + m_i) / 2,

    elbo(q) = sum_s Q(s) (-beta E(s) - ln Q(s)) = S[m] - beta E[m] = -beta F[Q],
    ln Z = elbo(q) + D_KL(Q||P),      that is      D_KL(Q||P) = beta (F[Q] - F).

What statistics calls the evidence lower bound and physics the variational free energy are one
number up to the factor -beta. The best q_i given the others is 1 / (1 + exp(-2 beta f_i)),
f_i = h_i + sum_j J_ij m_j: coordinate ascent on the bound is the equation of naive mean field.

References
----------
M. I. Jordan, Z. Ghahramani, T. S. Jaakkola, L. K. Saul, Mach. Learn. 37, 183 (1999); D. M. Blei,
A. Kucukelbir, J. D. McAuliffe, J. Am. Stat. Assoc. 112, 859 (2017).
"""

from __future__ import annotations

from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike

from spinglass import _arguments
from spinglass._caller import takes_beta
from spinglass._shapes import Many, One
from spinglass.models.energy import HasEnergy
from spinglass.partition.meanfield.problem import Floats, problem_of, spin_entropy


@overload
def elbo(q: One, model: HasEnergy, beta: float) -> float: ...
@overload
def elbo(q: Many, model: HasEnergy, beta: float) -> Floats: ...
@overload
def elbo(q: ArrayLike, model: HasEnergy, beta: float) -> Any: ...
@takes_beta
def elbo(q: ArrayLike, model: HasEnergy, beta: float) -> float | Floats:
    """Return the evidence lower bound of a product of independent spins: -beta F[Q] <= ln Z.

    Parameters
    ----------
    q : array_like, (n_spins,) or (n_products, n_spins)
        The probabilities of s_i = +1, or of units u_i = 1, between 0 and 1; q = (1 + m) / 2.
    model : SpinModel, SpinForm, UnitForm, BernoulliRBM, or anything else with a ``structure()``
        With P(s) = exp(-beta E(s)) / Z, and pairs of spins or units, or two layers of units
        (visible ones first).
    beta : float
        Inverse temperature, finite and >= 0.

    Returns
    -------
    float or numpy.ndarray of float64, (n_products,)
        In nats.

    Raises
    ------
    ValueError, TypeError
        If an argument has another shape, type or range.

    Examples
    --------
    >>> import spinglass
    >>> pair = spinglass.Ising([[0, 1], [1, 0]])
    >>> round(elbo([0.5, 0.5], pair, beta=1.0), 6)  # 2 ln 2; the exact ln Z is 1.820075
    1.386294
    """
    problem = problem_of(model, beta)
    products, single = _probabilities(q, problem.n_spins)
    values = problem.elbo(2.0 * products.T - 1.0)
    return float(values[0]) if single else values


@takes_beta
def coordinate_ascent(
    q: ArrayLike, model: HasEnergy, beta: float, n_sweeps: int = 1
) -> tuple[Floats, Floats]:
    """Raise the evidence lower bound one spin at a time, and record it after every update.

    The plain form of what :func:`naive` does in groups of spins: one spin after the other, 0 to
    N - 1, is set to its best value given the others.

    Parameters
    ----------
    q : array_like, (n_spins,)
        Probabilities of s_i = +1, or of units u_i = 1, to start from.
    model : SpinModel, SpinForm, UnitForm, BernoulliRBM, or anything else with a ``structure()``
        As in :func:`elbo`.
    beta : float
        Inverse temperature, finite and >= 0.
    n_sweeps : int
        How often to go through all spins.

    Returns
    -------
    q : numpy.ndarray of float64, (n_spins,)
        Where it ended.
    elbos : numpy.ndarray of float64, (n_sweeps * n_spins + 1,)
        The bound at the start and after every update. It never falls.

    Examples
    --------
    >>> import spinglass
    >>> q, elbos = coordinate_ascent([0.6] * 16, spinglass.SquareLattice(4), 0.5, n_sweeps=20)
    >>> bool((elbos[1:] >= elbos[:-1] - 1e-12).all()), len(elbos)
    (True, 321)
    """
    problem = problem_of(model, beta)
    n = problem.n_spins
    count = _arguments.integer(n_sweeps, "n_sweeps", at_least=1)
    products, single = _probabilities(q, n)
    if not single:
        raise ValueError(f"q must have shape ({n},), got {products.shape}")
    _arguments.check_memory(8 * (count * n + 1), f"n_sweeps: the bounds of {count} sweeps")
    m = 2.0 * products[0] - 1.0
    fields = problem.local_fields(m[:, None])[:, 0]
    elbos = np.empty(count * n + 1)
    elbos[0] = problem.elbo(m[:, None])[0]
    for k in range(count * n):
        i = k % n
        after = np.tanh(problem.beta * fields[i])
        entropies = spin_entropy(np.array([after, m[i]]))
        # What depends on m_i is S(m_i) + beta f_i m_i.
        gain = entropies[0] - entropies[1] + problem.beta * fields[i] * (after - m[i])
        elbos[k + 1] = elbos[k] + gain
        if problem.is_sparse:
            row = slice(problem.couplings.indptr[i], problem.couplings.indptr[i + 1])
            near, strengths = problem.couplings.indices[row], problem.couplings.data[row]
            fields[near] += strengths * (after - m[i])
        else:
            fields += problem.couplings[i] * (after - m[i])
        m[i] = after
    return 0.5 + 0.5 * m, elbos


@overload
def kl_divergence(q: One, model: HasEnergy, beta: float) -> float: ...
@overload
def kl_divergence(q: Many, model: HasEnergy, beta: float) -> Floats: ...
@overload
def kl_divergence(q: ArrayLike, model: HasEnergy, beta: float) -> Any: ...
@takes_beta
def kl_divergence(q: ArrayLike, model: HasEnergy, beta: float) -> float | Floats:
    """Return D_KL(Q||P) = ln Z - elbo(q) of a product Q to the exact distribution, in nats.

    Parameters
    ----------
    q : array_like, (n_spins,) or (n_products, n_spins)
        The probabilities of s_i = +1, or of units u_i = 1.
    model : SpinModel, SpinForm, UnitForm, BernoulliRBM, or anything else with a ``structure()``
        As in :func:`elbo`, and small enough to sum over all its states.
    beta : float
        Inverse temperature, finite and >= 0.

    Returns
    -------
    float or numpy.ndarray of float64, (n_products,)

    Raises
    ------
    ValueError, TypeError
        If an argument has another shape, type or range, or there are too many spins.

    Examples
    --------
    >>> import spinglass
    >>> pair = spinglass.Ising([[0, 1], [1, 0]])
    >>> round(kl_divergence([0.5, 0.5], pair, beta=1.0), 6)  # ln cosh 1
    0.433781
    """
    from spinglass.partition.exact import averages as exact

    bound = elbo(q, model, beta)
    difference = float(exact.log_partition(model, beta)) - bound
    return difference if np.ndim(bound) else float(difference)


def _probabilities(q: ArrayLike, n_spins: int) -> tuple[Floats, bool]:
    """Return q as a batch, and whether it was a single one."""
    array = _arguments.real_array(q, "q")
    if array.ndim not in (1, 2) or array.shape[-1] != n_spins:
        raise ValueError(
            f"q must have shape ({n_spins},) or (n_products, {n_spins}), got {array.shape}"
        )
    values = np.array(np.atleast_2d(array), dtype=np.float64)
    wrong = ~((values >= 0.0) & (values <= 1.0))
    if wrong.any():
        raise ValueError(f"q must hold probabilities between 0 and 1, got {values[wrong][0]}")
    return values, array.ndim == 1
