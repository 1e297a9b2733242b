r"""The extrapolation of ground-state energies of finite glasses to that of the infinite one.

The mean ground-state energy per spin of the Sherrington-Kirkpatrick model approaches its limit as

    e_N = e_inf + a N^(-2/3),

with the exponent that theory gives for the energy at and below the critical temperature [1]_, and
that simulations find for ground states [2]_ [3]_, with a = 0.70(1). Weighted least squares fits
e_inf and a. Very small glasses need further terms. So the fit leaves out the smallest sizes, one by
one, until chi-square is no longer unlikely. The quoted result is the interval of e_inf over every
law

    e_N = e_inf + a N^(-2/3) + b N^(-y),    0.8 <= y <= 2,

of all sizes that chi-square does not reject, including the law of the fit. The reason is that a
further term moves e_inf by more than the noise. Fewer than three sizes give no e_inf.

.. [1] G. Parisi, F. Ritort, F. Slanina, J. Phys. A 26, 247 (1993).
.. [2] S. Boettcher, Eur. Phys. J. B 46, 501 (2005).
.. [3] M. Palassini, J. Stat. Mech. P10005 (2008).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass._printed import printed

EXPONENT = 2 / 3

# a in the literature.
AMPLITUDE = 0.70

# A fit of sizes that chi-square finds less likely than this is not believed.
_UNLIKELY = 0.05

# A fit has two parameters: with fewer sizes chi-square tells nothing.
_FEWEST = 3

# Exponents of a further term: of small glasses it is about 1/N.
_FURTHER = np.arange(0.8, 2.01, 0.05)

# Chi-square of one degree of freedom, 95 %.
_NOT_REJECTED = 3.84


@printed
@dataclass(frozen=True)
class GroundEnergy:
    """The ground-state energy per spin at infinite N; NaN where the sizes do not determine it.

    Attributes
    ----------
    interval : tuple of float
        Lower and upper end of e_inf over all laws with a further term that the sizes do not reject
        at 95 %. Quote this interval.
    value, error : float
        e_inf of the fit, and its standard error if that law holds.
    spread : float
        The change of e_inf if the fit leaves out the smallest of its sizes too. It is the effect of
        the choice of sizes, not an independent error. NaN with fewer than four sizes.
    amplitude, amplitude_error : float
        a and its standard error.
    chi_square : float
        Chi-square of the fit.
    p_value : float
        Probability of a larger chi-square if the law holds.
    n_spins : tuple of int
        The sizes in the fit.
    """

    value: float
    error: float
    spread: float
    amplitude: float
    amplitude_error: float
    chi_square: float
    p_value: float
    n_spins: tuple[int, ...]
    interval: tuple[float, float] = (math.nan, math.nan)

    def at(self, n_spins: ArrayLike) -> NDArray[np.float64]:
        """Return the fitted e_N."""
        sizes = np.asarray(n_spins, dtype=np.float64)
        return np.asarray(self.value + self.amplitude * sizes**-EXPONENT)


def extrapolate(n_spins: ArrayLike, energy: ArrayLike, error: ArrayLike) -> GroundEnergy:
    """Fit e_N = e_inf + a N^(-2/3) to ground-state energies per spin with their standard errors.

    The fit does not use sizes without a finite positive error. It leaves out the smallest sizes one
    by one while the p-value is below 5 % and more than three sizes remain.

    Parameters
    ----------
    n_spins, energy, error : array_like, (n_sizes,)
        N, the mean ground-state energy per spin, and its standard error.

    Returns
    -------
    GroundEnergy
        All NaN with fewer than three sizes.

    Examples
    --------
    >>> import numpy as np
    >>> sizes = np.array([64, 128, 256, 512])
    >>> found = extrapolate(sizes, -0.76 + 0.7 * sizes ** (-2 / 3), np.full(4, 1e-3))
    >>> round(found.value, 6), round(found.amplitude, 6), found.n_spins
    (-0.76, 0.7, (64, 128, 256, 512))
    """
    sizes, energies, errors = (np.asarray(x, dtype=np.float64) for x in (n_spins, energy, error))
    order = np.argsort(sizes)
    order = order[np.isfinite(errors[order]) & (errors[order] > 0)]
    sizes, energies, errors = sizes[order], energies[order], errors[order]
    if len(sizes) < _FEWEST:
        nan = math.nan
        return GroundEnergy(nan, nan, nan, nan, nan, nan, nan, tuple(sizes.astype(int).tolist()))
    first = 0
    while True:
        fit = _fit(sizes[first:], energies[first:], errors[first:])
        if not fit.p_value < _UNLIKELY or len(sizes) - first <= _FEWEST:
            break
        first += 1
    spread = math.nan
    if len(sizes) - first > _FEWEST:
        without = _fit(*(x[first + 1 :] for x in (sizes, energies, errors)))
        spread = abs(without.value - fit.value)
    interval = _over_forms(sizes, energies, errors, fit)
    return replace(fit, spread=spread, interval=interval)


def _over_forms(
    sizes: NDArray[np.float64],
    energies: NDArray[np.float64],
    errors: NDArray[np.float64],
    fit: GroundEnergy,
) -> tuple[float, float]:
    """Return the range of e_inf over laws with a further term, and of the fit."""
    found = []
    for y in _FURTHER:
        columns = np.stack([np.ones(len(sizes)), sizes**-EXPONENT, sizes**-y], axis=1)
        inverse = np.linalg.pinv(columns / errors[:, None])
        terms = inverse @ (energies / errors)
        chi_square = (((energies - columns @ terms) / errors) ** 2).sum()
        found.append((terms[0], np.linalg.norm(inverse[0]), chi_square))
    value, sigma, chi = np.array(found).T
    left = np.maximum(chi.min() + _NOT_REJECTED - chi, 0.0)
    arm, own = sigma * np.sqrt(left), math.sqrt(_NOT_REJECTED) * fit.error
    allowed = left > 0
    low, high = (value - arm)[allowed].min(), (value + arm)[allowed].max()
    return min(float(low), fit.value - own), max(float(high), fit.value + own)


def _fit(
    sizes: NDArray[np.float64], energies: NDArray[np.float64], errors: NDArray[np.float64]
) -> GroundEnergy:
    """Fit the law to all the sizes."""
    from scipy.special import chdtrc

    columns = np.stack([np.ones(len(sizes)), sizes**-EXPONENT], axis=1) / errors[:, None]
    covariance = np.linalg.inv(columns.T @ columns)
    value, amplitude = covariance @ columns.T @ (energies / errors)
    residuals = energies / errors - columns @ [value, amplitude]
    chi_square, freedom = float(residuals @ residuals), len(sizes) - 2
    return GroundEnergy(
        value=float(value),
        error=math.sqrt(covariance[0, 0]),
        spread=math.nan,
        amplitude=float(amplitude),
        amplitude_error=math.sqrt(covariance[1, 1]),
        chi_square=chi_square,
        p_value=float(chdtrc(freedom, chi_square)),
        n_spins=tuple(int(n) for n in sizes),
    )
