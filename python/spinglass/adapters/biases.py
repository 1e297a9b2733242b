"""Sums of biases, as optimisation writes them, and the spin model of the same energy.

    E(x) = sum_i a_i x_i + sum_{pairs} b_ij x_i x_j + offset

of spins or of units 0 and 1. Here a positive bias costs energy, while a positive coupling or field
of this package gains some: J_ij = -b_ij and h_i = -a_i.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from spinglass._arguments import check_memory
from spinglass.models.energy import Pairwise, in_spins
from spinglass.models.ising import Ising

# Both directions of a pair as a sparse matrix, and several such at a time.
_BYTES_PER_PAIR = 150


def pairwise_of(
    variables: Literal["spins", "units"],
    linear: Any,
    pairs: tuple[Any, Any, Any],
    offset: float,
) -> Pairwise:
    """Return the energy with couplings instead of biases.

    Parameters
    ----------
    variables : {"spins", "units"}
        What x is.
    linear : array_like, (n,)
        a_i.
    pairs : (rows, columns, biases), each array_like, (n_pairs,)
        i, j and b_ij, with i != j. Those of one pair are added.
    offset : float
        A number that is added to every energy.
    """
    from scipy.sparse import coo_array

    rows, columns, biases = pairs
    n, n_pairs = len(linear), len(biases)
    check_memory(_BYTES_PER_PAIR * n_pairs, f"a model of {n} variables and {n_pairs} pairs")
    couplings = 0.0 - np.asarray(biases, dtype=np.float64)  # 0 and not -0
    one_way = coo_array((couplings, (rows, columns)), shape=(n, n)).tocsr()
    fields = 0.0 - np.asarray(linear, dtype=np.float64)
    return Pairwise(variables, one_way + one_way.T, fields, float(offset))


def ising_of(pairs: Pairwise, labels: Sequence[Hashable] | None) -> Ising:
    """Return the spin model with this energy, x = (1 + s) / 2 if it is one of units."""
    with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is refused
        spins = in_spins(pairs)
    fields = spins.fields if spins.fields is not None and spins.fields.any() else None
    return Ising(spins.couplings, fields, constant=spins.constant, labels=labels)


def sorted_labels(labels: Iterable[Hashable]) -> list[Hashable]:
    """Return each label once: sorted if they can be, otherwise as they first came."""
    different = dict.fromkeys(labels)
    try:
        return sorted(different)  # type: ignore[type-var]
    except TypeError:
        return list(different)


def places(labels: Sequence[Hashable], ends: Iterable[Hashable]) -> NDArray[np.int64]:
    """Return the number of each end of an edge among the labels."""
    number = {label: k for k, label in enumerate(labels)}
    return np.fromiter((number[end] for end in ends), dtype=np.int64)
