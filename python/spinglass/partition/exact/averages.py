"""Exact sums over all states: ln Z, free energy, entropy, magnetizations, ground states.

For any model of up to 30 spins, and any restricted Boltzmann machine whose smaller layer has up to
30 units. With p(s) = exp(-beta E(s)) / Z, Z = sum_s exp(-beta E(s)), the free energy is F = -ln Z /
beta = <E> - S / beta, where S = -sum_s p(s) ln p(s) is in nats (R. P. Feynman, Statistical
Mechanics (1972), ch. 1).

State number k of N spins has spin i up if bit N - 1 - i of k is set, as :func:`states` lists them.
So a table over all states, reshaped to ``(2,) * N``, has an axis for each spin, on which index 0 is
-1 and index 1 is +1.

A spin model's energies are summed as integers, in units of 2^-61 of the sum of all couplings and
fields or less: as exact as doubles, and states whose energies differ by less than the rounding of
the couplings have the same. ``beta=inf`` is zero temperature: the
ground states, each as probable as the others.

The variables of a machine are its visible units, then its hidden ones, 0 and 1. Those of a
Gaussian-Bernoulli machine are real numbers and bits; its Z is an integral over the numbers, and its
entropy can be negative. Of a machine the core sums ln Z; all other averages go through NumPy, which
has threads of its own, and take some hundred times as long.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spinglass._arguments import check_memory, integer, inverse_temperature, thread_count
from spinglass._caller import takes_beta
from spinglass._progress import Progress
from spinglass.models.energy import HasEnergy, Layered, Pairwise, name_of, structure_of
from spinglass.partition.exact.layers import LayeredSums
from spinglass.partition.exact.spins import MOST_SPINS, SpinSums, spins_of
from spinglass.partition.exact.units import UnitSums

# Variables of which a table over all states is made.
MOST_IN_TABLE = 20


@takes_beta
def log_partition(
    model: HasEnergy,
    beta: float = 1.0,
    *,
    num_threads: int | None = None,
    progress: Progress = False,
) -> float:
    """Return ln Z, in nats.

    Parameters
    ----------
    model : SpinModel, SpinForm, UnitForm, BernoulliRBM, GaussianBernoulliRBM, ...
        Anything whose energy has pairs, of at most 30 spins or units, or two layers, of at most 30
        units in the smaller one (for real numbers, the hidden one).
    beta : float
        The inverse temperature, 0 to infinity; finite for machines.
    num_threads : int, optional
        Threads; by default all that the process may use. The result does not depend on it.
    progress : bool or callable
        True shows a bar; a callable gets (states done, states in total).

    Returns
    -------
    float
        At ``beta=inf`` its limit: infinite, or the logarithm of the number of ground states if
        their energy is 0.

    Raises
    ------
    ValueError, TypeError
        If the model has too many spins (the message says how long they would take, and what
        estimates ln Z instead), or an argument has another type or range.

    Examples
    --------
    >>> import spinglass
    >>> pair = spinglass.Ising([[0, 1], [1, 0]])
    >>> round(spinglass.exact.log_partition(pair), 6)  # ln(2 e + 2 / e)
    1.820075
    """
    return _sums(model, num_threads, progress).log_partition(inverse_temperature(beta))


@takes_beta
def free_energy(
    model: HasEnergy,
    beta: float = 1.0,
    *,
    num_threads: int | None = None,
    progress: Progress = False,
) -> float:
    """Return the free energy F = -ln Z / beta = <E> - S / beta.

    Parameters
    ----------
    model, beta, num_threads, progress
        As in :func:`log_partition`.

    Returns
    -------
    float
        In the units of the energy, total. The energy of the ground state at ``beta=inf``, minus
        infinity at ``beta=0``.

    Raises
    ------
    ValueError, TypeError
        As :func:`log_partition`.

    Examples
    --------
    >>> import spinglass
    >>> pair = spinglass.Ising([[0, 1], [1, 0]])
    >>> spinglass.exact.free_energy(pair, beta=float("inf"))
    -1.0
    """
    return _sums(model, num_threads, progress).free_energy(inverse_temperature(beta))


@takes_beta
def mean_energy(
    model: HasEnergy,
    beta: float = 1.0,
    *,
    num_threads: int | None = None,
    progress: Progress = False,
) -> float:
    """Return <E> = -d ln Z / d beta.

    Parameters
    ----------
    model, beta, num_threads, progress
        As in :func:`log_partition`.

    Returns
    -------
    float
        Total, not per spin.

    Raises
    ------
    ValueError, TypeError
        As :func:`log_partition`.

    Examples
    --------
    >>> import spinglass
    >>> pair = spinglass.Ising([[0, 1], [1, 0]])
    >>> round(spinglass.exact.mean_energy(pair), 6)  # -tanh(1)
    -0.761594
    """
    return _sums(model, num_threads, progress).mean_energy(inverse_temperature(beta))


@takes_beta
def entropy(
    model: HasEnergy,
    beta: float = 1.0,
    *,
    num_threads: int | None = None,
    progress: Progress = False,
) -> float:
    """Return the entropy S = -sum_s p(s) ln p(s) = ln Z + beta <E>.

    Parameters
    ----------
    model, beta, num_threads, progress
        As in :func:`log_partition`.

    Returns
    -------
    float
        In nats, total. At ``beta=inf`` the logarithm of the number of ground states.

    Raises
    ------
    ValueError, TypeError
        As :func:`log_partition`.

    Examples
    --------
    Three antiferromagnetic bonds cannot all be satisfied: six states are equally good.

    >>> import spinglass
    >>> triangle = spinglass.Ising([[0, -1, -1], [-1, 0, -1], [-1, -1, 0]])
    >>> round(spinglass.exact.entropy(triangle, beta=float("inf")), 6)  # ln 6
    1.791759
    """
    return _sums(model, num_threads, progress).entropy(inverse_temperature(beta))


@takes_beta
def magnetizations(
    model: HasEnergy,
    beta: float = 1.0,
    *,
    num_threads: int | None = None,
    progress: Progress = False,
) -> NDArray[np.float64]:
    """Return the mean <s_i> of every spin, or unit of a machine.

    Parameters
    ----------
    model, beta, num_threads, progress
        As in :func:`log_partition`.

    Returns
    -------
    numpy.ndarray of float64, (n_spins,) or (n_visible + n_hidden,)

    Raises
    ------
    ValueError, TypeError
        As :func:`log_partition`.

    Examples
    --------
    >>> import spinglass
    >>> single = spinglass.Ising([[0]], fields=[0.5])
    >>> spinglass.exact.magnetizations(single).round(6).tolist()  # tanh(0.5)
    [0.462117]
    """
    return _sums(model, num_threads, progress).magnetizations(inverse_temperature(beta))


@takes_beta
def correlations(
    model: HasEnergy,
    beta: float = 1.0,
    *,
    num_threads: int | None = None,
    progress: Progress = False,
) -> NDArray[np.float64]:
    """Return <s_i s_j> for every pair. The products of the means are not taken off.

    Parameters
    ----------
    model, beta, num_threads, progress
        As in :func:`log_partition`.

    Returns
    -------
    numpy.ndarray of float64, (n_spins, n_spins) or (n_visible + n_hidden,) twice
        Symmetric. The diagonal is 1 for spins, <x_i> for units 0 and 1.

    Raises
    ------
    ValueError, TypeError
        As :func:`log_partition`.
    MemoryError
        If the matrix does not fit.

    Examples
    --------
    >>> import spinglass
    >>> pair = spinglass.Ising([[0, 1], [1, 0]])
    >>> spinglass.exact.correlations(pair).round(6).tolist()  # tanh(1)
    [[1.0, 0.761594], [0.761594, 1.0]]
    """
    return _sums(model, num_threads, progress).correlations(inverse_temperature(beta))


@takes_beta
def distribution(
    model: HasEnergy,
    beta: float = 1.0,
    *,
    num_threads: int | None = None,
    progress: Progress = False,
) -> NDArray[np.float64]:
    """Return the probability of every state, for up to 20 spins (or units in all).

    Parameters
    ----------
    model, beta, num_threads, progress
        As in :func:`log_partition`.

    Returns
    -------
    numpy.ndarray of float64, (2**n_spins,)
        In the order of :func:`states`.

    Raises
    ------
    ValueError, TypeError
        If there are more spins, or as :func:`log_partition`.

    Examples
    --------
    >>> import spinglass
    >>> pair = spinglass.Ising([[0, 1], [1, 0]])
    >>> spinglass.exact.distribution(pair).round(3).tolist()  # --, -+, +-, ++
    [0.44, 0.06, 0.06, 0.44]
    """
    sums = _sums(model, num_threads, progress)
    if sums.n_variables > MOST_IN_TABLE:
        raise ValueError(
            f"model must have at most {MOST_IN_TABLE} spins or units for a table of all states, "
            f"got {sums.n_variables}"
        )
    return sums.distribution(inverse_temperature(beta))


def ground_states(
    model: HasEnergy, *, num_threads: int | None = None, progress: Progress = False
) -> NDArray[np.int8] | NDArray[np.uint8]:
    """Return all states of lowest energy.

    Parameters
    ----------
    model, num_threads, progress
        As in :func:`log_partition`.

    Returns
    -------
    numpy.ndarray of int8, (n_ground_states, n_spins)
        Spins -1 and +1, in the order of :func:`states`. For a machine uint8, units 0 and 1.
        Products of bytes overflow: :func:`spinglass.overlaps` compares them with patterns.

    Raises
    ------
    ValueError, TypeError
        As :func:`log_partition`.
    MemoryError
        If there are more of them than fit.

    Examples
    --------
    >>> import spinglass
    >>> pair = spinglass.Ising([[0, 1], [1, 0]])
    >>> spinglass.exact.ground_states(pair).tolist()
    [[-1, -1], [1, 1]]
    """
    return _sums(model, num_threads, progress).ground_states()


def states(n_spins: int) -> NDArray[np.int8]:
    """Return all states of up to 30 spins, in the order in which they are numbered.

    Parameters
    ----------
    n_spins : int

    Returns
    -------
    numpy.ndarray of int8, (2**n_spins, n_spins)
        Row k has spin i up if bit n_spins - 1 - i of k is set.
        Products of bytes overflow: :func:`spinglass.overlaps` compares them with patterns.

    Raises
    ------
    ValueError, TypeError
        If ``n_spins`` is not between 1 and 30.
    MemoryError
        If they do not fit.

    Examples
    --------
    >>> import spinglass
    >>> spinglass.exact.states(2).tolist()
    [[-1, -1], [-1, 1], [1, -1], [1, 1]]
    """
    n = integer(n_spins, "n_spins", at_least=1, at_most=MOST_SPINS)
    check_memory(2**n * (n + 24), f"n_spins: all states of {n} spins")
    return spins_of(np.arange(2**n, dtype=np.int64), n)


def _sums(
    model: HasEnergy, num_threads: int | None, progress: Progress
) -> SpinSums | UnitSums | LayeredSums:
    threads, structure = thread_count(num_threads), structure_of(model)
    if isinstance(structure, Layered):
        return LayeredSums(structure, threads, progress)
    if isinstance(structure, Pairwise):
        pairwise = SpinSums if structure.variables == "spins" else UnitSums
        return pairwise(structure, threads, progress)
    raise TypeError(f"model must have pairs or two layers, got {name_of(structure)}")
