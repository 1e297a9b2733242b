r"""Parisi's replica symmetry breaking in k steps, for the Sherrington-Kirkpatrick model.

Without a field, the overlaps of pairs of states take the values q_0 < ... < q_k. An overlap is
below q_i with the probability m_i (m_0 = 0, m_{k+1} = q_{k+1} = 1). A spin sees k + 1 Gaussian
fields [1]_ [2]_:

    phi_k(h) = T ln 2cosh(h / T) + (1 - q_k) / (2T),
    phi_{i-1}(h) = T/m_i ln <exp(m_i phi_i(h + sqrt(q_i - q_{i-1}) z) / T)>,
    f = -<phi_0(sqrt(q_0) z)> + 1/(4T) sum_{i=1}^{k+1} m_i (q_i^2 - q_{i-1}^2),

where z is normal. The result is the largest f over all q and m. For every k it is a lower bound of
the free energy per spin [3]_. It approaches the free energy with many steps [4]_, as k^-4 [5]_.
The density of the field at step i is
p_i(h') = int p_{i-1}(h) G(h' - h) exp(m_i (phi_i(h') - phi_{i-1}(h)) / T), where G is the normal
density. The derivatives are

    df/dq_i = (m_{i+1} - m_i) / (2T) (<phi_i'^2>_i - q_i),
    df/dm_i = (q_i^2 - q_{i-1}^2) / (4T) - (<phi_i>_i - <phi_{i-1}>_{i-1}) / m_i.

.. [1] G. Parisi, J. Phys. A 13, L115 (1980).
.. [2] M. Mezard, G. Parisi, M. A. Virasoro, Spin Glass Theory and Beyond (1987), chapter III.
.. [3] F. Guerra, Commun. Math. Phys. 233, 1 (2003).
.. [4] M. Talagrand, Ann. Math. 163, 221 (2006).
.. [5] R. Oppermann, M. J. Schmidt, D. Sherrington, Phys. Rev. Lett. 98, 127201 (2007).
"""

from __future__ import annotations

from functools import lru_cache
from math import asinh, ceil, copysign, exp, log, pi, sqrt
from typing import NamedTuple, TypeAlias

import numpy as np
import scipy  # its submodules load when first used: --help does not wait for them
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]

COLDEST, WARMEST = 0.02, 0.85
"""Temperatures between which the equations are solved. Nearer to the critical temperature 1 the
derivatives by m, of third order in 1 - T, drown in the errors of the quadratures."""

_RUNG = log(1.5)  # of log(T / (1 - T)), from one solution to the next
_FIELD = 10.0  # largest field: beyond, every density is below 1e-15
_POINTS = 240  # of the even functions of the field
_REACH = 8.5  # of the normal variables, in standard deviations: the tilt takes some of it


class Solution(NamedTuple):
    """The stationary point of k steps."""

    temperature: float
    free_energy: float
    energy: float  # -(1 - int q^2 dx) / 2T
    overlaps: Floats  # q_0 ... q_k
    breakpoints: Floats  # m_1 ... m_k


class _Level(NamedTuple):
    """phi_i as T ln 2cosh(h / T) plus a smooth even rest."""

    rest: scipy.interpolate.CubicSpline
    temperature: float

    def __call__(self, field: Floats) -> Floats:
        h = np.abs(field)
        bare = h + self.temperature * np.log1p(np.exp(-2.0 * h / self.temperature))
        return np.asarray(bare + self.rest(np.minimum(h, _FIELD)))

    def slope(self, field: Floats) -> Floats:
        return np.asarray(np.tanh(field / self.temperature) + self.rest(field, 1))


@lru_cache(maxsize=4096)
def solve(temperature: float, steps: int) -> Solution:
    """Find the q and m where f is stationary, at a temperature from COLDEST to WARMEST."""
    x = _stationary(log(temperature / (1.0 - temperature)) / _RUNG, steps)
    q, m = _steps(x[: steps + 1]), _steps(x[steps + 1 :])
    f = free_energy(q, m, temperature)[0]
    energy = -0.5 / temperature * (1.0 - float(np.diff(m, prepend=0.0, append=1.0) @ q**2))
    return Solution(temperature, f, energy, q, m)


@lru_cache(maxsize=4096)
def _stationary(place: float, steps: int) -> Floats:
    """Solve on a ladder from T = 1/2, of whole places, on which the last two rungs lead on.

    The place is log(T / (1 - T)) in rungs: near T = 1 all q and m are proportional to 1 - T, near
    T = 0 all 1 - q and m to T, so that the logarithms become straight lines at both ends. Many
    steps have soft directions, in which a far guess would be led by rounding.
    """
    temperature = 1.0 / (1.0 + exp(-place * _RUNG))
    if place == 0.0:
        i = np.arange(1.0, steps + 2.0)
        q, m = 0.64 * (i - 0.5) / (steps + 0.5), 0.445 * i[:-1] / (steps + 0.5)
        guess = np.concatenate([_logarithms(q), _logarithms(m)])
    elif place == -1.0:
        guess = _stationary(0.0, steps) + _RUNG * np.repeat([1.0, -0.7], [steps + 1, steps])
    else:
        rung = max(ceil(abs(place) - 1e-9) - 1.0, 0.0)
        near, far = copysign(rung, place), copysign(rung - 1.0, place) if rung else -1.0
        known = _stationary(near, steps)
        slope = (known - _stationary(far, steps)) / (near - far)
        guess = known + slope * (place - near)

    def equations(x: Floats) -> Floats:
        q, m = _steps(x[: steps + 1]), _steps(x[steps + 1 :])
        _, by_q, by_m = free_energy(q, m, temperature)
        by_q = by_q / np.diff(m, prepend=0.0, append=1.0)
        return np.asarray(temperature * np.concatenate([by_q, by_m / np.diff(q) ** 2]))

    def jacobian(x: Floats) -> Floats:
        # Of differences wide beside the rounding, 1e-12 at most: singular values go down to 1e-6.
        pairs = [(equations(x + d), equations(x - d)) for d in 1e-3 * np.eye(len(x))]
        return np.stack([(above - below) / 2e-3 for above, below in pairs], axis=1)

    found = scipy.optimize.root(equations, guess, jac=jacobian, tol=1e-9)
    if not np.abs(found.fun).max() < 1e-10:
        raise ArithmeticError(f"no solution of {steps} steps was found at T = {temperature:.6g}")
    return np.asarray(found.x)


def free_energy(q: Floats, m: Floats, temperature: float) -> tuple[float, Floats, Floats]:
    """Return f and its derivatives by the overlaps and by the breakpoints."""
    beta = 1.0 / temperature
    steps = len(m)
    width = temperature  # of the kink at zero field, which the averages round off
    unit = min(width, 1.0)
    ds = asinh(_FIELD / unit) / (_POINTS - 1)
    s = ds * np.arange(_POINTS)
    field, weight = unit * np.sinh(s), 2.0 * ds * unit * np.cosh(s)  # even: half a line, twice
    weight[0] *= 0.5
    variance = np.diff(q)

    level = _Level(_spline(field, np.full(_POINTS, 0.5 * beta * (1.0 - q[-1]))), temperature)
    levels, nodes = [level], []
    for i in range(steps - 1, -1, -1):
        nodes.append(_normal(sqrt(variance[i]), width))
        noise, density = nodes[-1]
        exponent = beta * m[i] * level(field[:, None] + noise)
        lifted = temperature / m[i] * _log_average(exponent, density)
        bare = field + temperature * np.log1p(np.exp(-2.0 * beta * field))
        level = _Level(_spline(field, lifted - bare), temperature)
        levels.append(level)
        width = sqrt(width**2 + variance[i])
    levels.reverse()  # phi_0 ... phi_k
    nodes.reverse()

    # The density of the field, step by step, in logarithms.
    log_p = -0.5 * field**2 / q[0] - 0.5 * log(2.0 * pi * q[0])
    phi = levels[0](field)
    squares, averages = np.empty(steps + 1), np.empty(steps + 1)
    for i, level in enumerate(levels):
        if i:
            slope = beta * m[i - 1]
            tilt = scipy.interpolate.CubicSpline(
                field, log_p - slope * phi, bc_type=((1, 0.0), (2, 0.0))
            )
            noise, density = nodes[i - 1]
            h = np.abs(field[:, None] + noise)
            inside = np.where(h <= _FIELD, tilt(np.minimum(h, _FIELD)), -np.inf)
            log_p = _log_average(inside, density) + slope * level(field)
        phi = level(field)
        p = weight * np.exp(log_p)
        squares[i] = p @ level.slope(field) ** 2
        averages[i] = p @ phi
    by_q = 0.5 * beta * np.diff(m, prepend=0.0, append=1.0) * (squares - q)
    by_m = 0.25 * beta * np.diff(q**2) - np.diff(averages) / m
    energy = 0.25 * beta * float(np.append(m, 1.0) @ np.diff(np.append(q, 1.0) ** 2))
    return energy - float(averages[0]), by_q, by_m


def _spline(field: Floats, rest: Floats) -> scipy.interpolate.CubicSpline:
    """Even at zero field, flat at the largest."""
    return scipy.interpolate.CubicSpline(field, rest, bc_type=((1, 0.0), (1, 0.0)))


def _normal(deviation: float, width: float) -> tuple[Floats, Floats]:
    """Nodes and logarithmic weights of a normal average, fine enough for a kink of that width."""
    step = min(0.25, 0.4 * width / deviation)
    count = int(_REACH / step)
    z: Floats = step * np.arange(-float(count), count + 1.0)
    return deviation * z, -0.5 * z * z + log(step / sqrt(2.0 * pi))


def _log_average(exponent: Floats, density: Floats) -> Floats:
    total = exponent + density
    largest = total.max(axis=1, keepdims=True)
    return np.asarray(np.log(np.exp(total - largest).sum(axis=1)) + largest[:, 0])


def _steps(x: Floats) -> Floats:
    """Rising numbers between 0 and 1, from the logarithms of their steps beside the last, to 1."""
    parts = np.exp(x - max(float(x.max()), 0.0))
    last = np.exp(-max(float(x.max()), 0.0))
    return np.asarray(np.cumsum(parts) / (parts.sum() + last))


def _logarithms(values: Floats) -> Floats:
    return np.asarray(np.log(np.diff(values, prepend=0.0) / (1.0 - values[-1])))
