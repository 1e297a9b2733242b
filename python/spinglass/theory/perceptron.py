r"""How many patterns one neuron can learn, with any couplings.

The neuron has n inputs and the couplings J. It has learned pattern mu with the label zeta if
zeta^mu J . xi^mu / |J| >= kappa, the margin.

For n to infinity and random patterns the volume of such couplings vanishes at the load [1]_

    P / n = 1 / int_{-kappa}^infinity Dt (t + kappa)^2
          = 1 / ((1 + kappa^2) Phi(kappa) + kappa phi(kappa)),

which is 2 for kappa = 0. At finite n and kappa = 0 the answer is exact for patterns in general
position, of which no n are linearly dependent: P of them can be divided in two by
2 sum_{k<n} C(P-1, k) of the 2^P ways of labels [2]_. Patterns of -1 and +1 are often in no general
position if n is small, and then fewer divisions exist.

.. [1] E. Gardner, J. Phys. A 21, 257 (1988).
.. [2] T. M. Cover, IEEE Trans. Electron. Comput. EC-14, 326 (1965).
"""

from __future__ import annotations

from math import pi
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass._arguments import real_array, shown

__all__ = ["cover_probability", "gardner_load"]


def gardner_load(margin: ArrayLike = 0.0) -> float | NDArray[np.float64]:
    """Return the largest load P/n at which couplings with this margin exist.

    Parameters
    ----------
    margin : float or array of floats
        kappa, at least 0. Below, the symmetry of replicas is broken.

    Returns
    -------
    float or numpy.ndarray, shaped as margin

    Raises
    ------
    ValueError, TypeError
        If ``margin`` is negative, not finite or of another type.

    Examples
    --------
    >>> from spinglass.theory import memories
    >>> memories.gardner_load()
    2.0
    >>> memories.gardner_load([0.5, 1.0]).round(4)
    array([0.9612, 0.5196])
    """
    from scipy.special import ndtr

    kappa = real_array(margin, "margin").astype(np.float64)
    if not (np.isfinite(kappa) & (kappa >= 0)).all():
        raise ValueError(f"margin must be finite and at least 0, got {shown(margin)}")
    with np.errstate(over="ignore"):
        density = np.exp(-(kappa**2) / 2) / np.sqrt(2 * pi)
        loads: Any = 1 / ((1 + kappa**2) * ndtr(kappa) + kappa * density)
    return loads if np.ndim(loads) else float(loads)


def cover_probability(n_inputs: ArrayLike, n_patterns: ArrayLike) -> float | NDArray[np.float64]:
    """Return the probability that one neuron can learn random labels of patterns, exactly.

    Parameters
    ----------
    n_inputs, n_patterns : int or array of ints
        n and P, each at least 1. The patterns are in general position; the neuron has no threshold
        and a margin of 0.

    Returns
    -------
    float or numpy.ndarray
        2^(1-P) sum_{k<n} C(P-1, k). Arrays are broadcast.

    Raises
    ------
    ValueError, TypeError
        If a number is below 1 or not whole, or shapes do not fit.

    Examples
    --------
    >>> from spinglass.theory import memories
    >>> memories.cover_probability(40, [40, 80, 100]).round(3)
    array([1.   , 0.5  , 0.022])
    """
    from scipy.special import betainc

    n, P = (_whole(x, name) for x, name in ((n_inputs, "n_inputs"), (n_patterns, "n_patterns")))
    try:
        n, P = np.broadcast_arrays(n, P)
    except ValueError:
        raise ValueError(
            f"shapes must fit together, got n_inputs {np.shape(n)}, n_patterns {np.shape(P)}"
        ) from None
    # The lower tail of a binomial law of P - 1 coins.
    found: Any = np.where(n >= P, 1.0, betainc(np.maximum(P - n, 1), n, 0.5))
    return found if np.ndim(found) else float(found)


def _whole(values: ArrayLike, name: str) -> NDArray[np.float64]:
    numbers = real_array(values, name).astype(np.float64)
    if not (np.isfinite(numbers) & (numbers >= 1) & (numbers == np.round(numbers))).all():
        raise ValueError(f"{name} must be whole and at least 1, got {shown(values)}")
    return numbers
