r"""The observables of a simulation in equilibrium, each with its error.

From the total energy E and the magnetization per spin m of every measurement, with N spins:

    specific heat  beta^2 (<E^2> - <E>^2) / N,     Binder cumulant  1 - <m^4> / (3 <m^2>^2) [1]_,
    susceptibility  beta N (<m^2> - <|m|>^2)  and  beta N <m^2>.

Averages have the standard error of their memory, functions of averages that of a jackknife with
blocks of many autocorrelation times.

.. [1] K. Binder, Z. Phys. B 43, 119 (1981).
"""

from __future__ import annotations

import math
import textwrap
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from spinglass import _arguments
from spinglass.statistics.correlation import Correlations, Floats, correlations, measurements
from spinglass.statistics.estimate import Estimate
from spinglass.statistics.resampling import cuts_for_memory, jackknifed

__all__ = ["Summary", "summarize"]

_ENOUGH = 50.0  # autocorrelation times below which the errors are too small


@dataclass(frozen=True)
class Summary:
    """Observables of one temperature; ``print`` shows them as a table.

    Attributes
    ----------
    n_spins, n_replicas, n_measurements : int
        N, the number of replicas, and of measurements in each.
    beta : float
        Inverse temperature.
    energy : Estimate
        <E> / N.
    magnetization, absolute_magnetization, squared_magnetization : Estimate
        <m>, <|m|> and <m^2>. Without a field <m> is 0 in equilibrium; below the ordering
        temperature its error measures how seldom m changes its sign.
    specific_heat : Estimate
        beta^2 (<E^2> - <E>^2) / N, in units of Boltzmann's constant; NaN at ``beta=inf``.
    susceptibility : Estimate
        Connected, beta N (<m^2> - <|m|>^2): the one to use below the ordering temperature, where
        <|m|> stands for the spontaneous magnetization. Above, it is 1 - 2/pi of the other one.
    paramagnetic_susceptibility : Estimate
        beta N <m^2>: the response to a field above the ordering temperature, where <m> = 0.
    binder_cumulant : Estimate
        U = 1 - <m^4> / (3 <m^2>^2): 0 for a normal distribution, 2/3 for m = +-m_0.
    tau_energy, tau_magnetization, tau_absolute_magnetization : float
        Integrated autocorrelation times of E, m and |m|, in measurements.
    n_effective : float
        Independent measurements that all of them are worth, by the longer memory of E and |m|.
    note : str
        What to know about the errors, in words; empty if there is nothing.
    """

    n_spins: int
    n_replicas: int
    n_measurements: int
    beta: float
    energy: Estimate
    magnetization: Estimate
    absolute_magnetization: Estimate
    squared_magnetization: Estimate
    specific_heat: Estimate
    susceptibility: Estimate
    paramagnetic_susceptibility: Estimate
    binder_cumulant: Estimate
    tau_energy: float
    tau_magnetization: float
    tau_absolute_magnetization: float
    n_effective: float
    note: str = ""

    def __str__(self) -> str:
        """Return a table of at most 80 columns."""
        rows = [
            ("energy per spin", "<E>/N", self.energy, "energy", self.tau_energy),
            ("magnetization", "<m>", self.magnetization, "", self.tau_magnetization),
            ("", "<|m|>", self.absolute_magnetization, "", self.tau_absolute_magnetization),
            ("", "<m^2>", self.squared_magnetization, "", None),
            ("specific heat", "beta^2 var(E)/N", self.specific_heat, "k_B", None),
            ("susceptibility", "beta N var|m|", self.susceptibility, "1/energy", None),
            ("", "beta N <m^2>", self.paramagnetic_susceptibility, "1/energy", None),
            ("Binder cumulant", "1-<m^4>/3<m^2>^2", self.binder_cumulant, "", None),
        ]
        replicas = f"{self.n_replicas} replica" + "s" * (self.n_replicas != 1)
        times = f"{self.n_measurements} measurement" + "s" * (self.n_measurements != 1)
        lines = [
            f"{self.n_spins} spins at beta = {self.beta:g}",
            f"{replicas} of {times}, worth {self.n_effective:.3g} independent",
            "",
            f"{'':15}  {'':16}  {'value(error)':>22}  {'unit':8}  {'tau':>9}",
        ]
        for name, formula, estimate, unit, tau in rows:
            memory = "" if tau is None else f"{tau:.3g}"
            lines.append(
                f"{name:15}  {formula:16}  {estimate!s:>22}  {unit:8}  {memory:>9}".rstrip()
            )
        if self.note:
            lines += ["", *textwrap.wrap(f"Note: {self.note}.", 80)]
        return "\n".join(lines)


def summarize(energy: ArrayLike, magnetization: ArrayLike, n_spins: int, beta: float) -> Summary:
    """Turn the measurements of a simulation in equilibrium into observables with errors.

    Parameters
    ----------
    energy : array_like, shape (n_measurements,) or (n_replicas, n_measurements)
        Total energy of each measurement, in units in which ``beta`` is an inverse energy.
    magnetization : array_like, the same shape
        Magnetization per spin, with its sign.
    n_spins : int
        N.
    beta : float
        Inverse temperature >= 0 of all measurements; ``inf`` is zero temperature.

    Returns
    -------
    Summary
        Errors are NaN where there are too few measurements for one.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> spins = rng.choice([-1, 1], size=(4, 1000, 64))  # independent: beta = 0
    >>> found = summarize(np.zeros((4, 1000)), spins.mean(axis=2), n_spins=64, beta=0.0)
    >>> print(found.squared_magnetization)  # 1/64 = 0.015625
    0.0161(3)
    >>> round(found.tau_magnetization, 1)
    0.5
    """
    E, m = measurements(energy, "energy"), measurements(magnetization, "magnetization")
    if np.shape(energy) != np.shape(magnetization):
        raise ValueError(
            f"magnetization must have the shape of energy, {np.shape(energy)}, "
            f"got {np.shape(magnetization)}"
        )
    N = _arguments.integer(n_spins, "n_spins", at_least=1)
    beta = _arguments.inverse_temperature(beta)
    size = np.abs(m)
    memory_e, memory_size = correlations(E), correlations(size)
    memory_m = _at_least_independent(m, correlations(m))
    square = m * m
    memory_square = correlations(square)
    longest = max(memory_e.time, memory_size.time)

    # Variances of deviations: E^2 and <E>^2 share most of their digits.
    around = E - E.mean()
    cuts_e = cuts_for_memory(E.shape, max(memory_e.time, correlations(around**2).time))
    cuts_m = cuts_for_memory(m.shape, max(memory_square.time, memory_size.time))
    spread = Estimate(*jackknifed(_variance, [around**2, around], cuts_e))
    scatter = Estimate(*jackknifed(_variance, [square, size], cuts_m))
    # At beta = inf a ground state has no fluctuations, and inf times 0 no value.
    chi, heat = (beta * N, beta * beta / N) if math.isfinite(beta) else (math.nan, math.nan)
    return Summary(
        n_spins=N,
        n_replicas=E.shape[0],
        n_measurements=E.shape[1],
        beta=beta,
        energy=_mean(E, memory_e, 1.0 / N),
        magnetization=_mean(m, memory_m),
        absolute_magnetization=_mean(size, memory_size),
        squared_magnetization=_mean(square, memory_square),
        specific_heat=Estimate(heat * spread.value, heat * spread.error),
        susceptibility=Estimate(chi * scatter.value, chi * scatter.error),
        paramagnetic_susceptibility=_mean(square, memory_square, chi),
        binder_cumulant=Estimate(*jackknifed(_binder, [square, square * square], cuts_m)),
        tau_energy=memory_e.time,
        tau_magnetization=memory_m.time,
        tau_absolute_magnetization=memory_size.time,
        n_effective=E.size / (2.0 * longest),
        note=_note(E.size, {"E": memory_e, "|m|": memory_size, "m": memory_m}),
    )


def _at_least_independent(rows: Floats, memory: Correlations) -> Correlations:
    """Return the memory of a signed magnetization, never less than that of independent numbers.

    At small beta a Metropolis sweep turns over nearly all spins. Measurements then alternate, which
    would make their mean look far better known than it is: the alternation itself has a memory.
    """
    if memory.time >= 0.5 or rows.size < 2:
        return memory
    return memory._replace(time=0.5, standard_error=float(rows.std() / math.sqrt(rows.size)))


def _mean(rows: Floats, memory: Correlations, unit: float = 1.0) -> Estimate:
    error = memory.standard_error if rows.size > 1 else math.nan
    return Estimate(unit * float(rows.mean()), unit * error)


def _variance(second: Floats, first: Floats) -> Floats:
    return second - first * first


def _binder(second: Floats, fourth: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):  # m = 0 always: there is no cumulant
        return 1.0 - np.divide(fourth, 3.0 * np.multiply(second, second))


def _note(n: int, memories: dict[str, Correlations]) -> str:
    if n == 1:
        return "a single measurement has no error"
    short = [name for name, memory in memories.items() if n < _ENOUGH * memory.time]
    if not short:
        return ""
    names = " and ".join([", ".join(short[:-1]), short[-1]] if short[1:] else short)
    return (
        f"fewer than {_ENOUGH:g} tau of {names} were measured: their tau, and the "
        "errors of what is made of them, are too small"
    )
