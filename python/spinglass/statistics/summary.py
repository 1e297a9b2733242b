r"""The observables of a simulation in equilibrium, each with its error.

From the total energy E and the magnetization per spin m of every measurement, with N spins:

    specific heat  beta^2 (<E^2> - <E>^2) / N,     Binder cumulant  1 - <m^4> / (3 <m^2>^2) [1]_,
    susceptibility  beta N (<m^2> - <|m|>^2)  and  beta N <m^2>.

The standard error of an average takes its autocorrelation time into account. Functions of averages
have the error of a jackknife with blocks of many autocorrelation times. All series use the window
and the blocks of the slowest of E, |m| and m^2, or of m if one of these follows it. If replicas
differ by more than these errors allow, the error is that of their spread.

**What an error means.** An error that is estimated from few independent parts of a run is too small
too often: the deviations follow Student's t and not a normal distribution. The errors here are
widened so that two of them cover 95.4 %. Variances, and the distance of the cumulant from 2/3, are
positive. A run in which they came out too small has too small an error as well, so their errors
reach as far as two errors of the logarithm. A series that never changed has no error (NaN).

.. [1] K. Binder, Z. Phys. B 43, 119 (1981).
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import scipy  # its submodules load when first used: --help does not wait for them
from numpy.typing import ArrayLike

from spinglass import _arguments
from spinglass._caller import takes_beta
from spinglass._printed import printed
from spinglass._text import counted
from spinglass.statistics.correlation import (
    Floats,
    Memory,
    changes,
    deviations,
    measurements,
    memory_of,
)
from spinglass.statistics.estimate import Estimate
from spinglass.statistics.resampling import cuts_for_memory, jackknifed

__all__ = ["Summary", "summarize"]

Function: TypeAlias = Callable[[Floats, Floats], Floats]

_ENOUGH = 50.0  # autocorrelation times below which the errors are too small
_UNDERRATED = 5.0  # the factor by which a run of 50 tau may find too short a tau
_CLEARLY = 4.0  # standard errors from which a correlation is not chance
_FEW_CHANGES = 20  # from which an error is known to a fourth
_WITHIN_TWO = 0.9772498680518208  # the normal distribution up to two standard deviations

# Fourth powers of it are still doubles.
_LARGEST = 1e70


@printed
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
        <m>, <|m|> and <m^2>. Without a field <m> is 0 in equilibrium, but below the ordering
        temperature the sign of m seldom changes. If it changed too seldom, <m> has no error. If it
        never changed, the error is that of the mean in this phase.
    specific_heat : Estimate
        beta^2 (<E^2> - <E>^2) / N, in units of Boltzmann's constant; NaN at ``beta=inf``.
    susceptibility : Estimate
        Connected, beta N (<m^2> - <|m|>^2). Use it below the ordering temperature, where <|m|> is
        the spontaneous magnetization. Above, it is 1 - 2/pi times the paramagnetic one.
    paramagnetic_susceptibility : Estimate
        beta N <m^2>: the response to a field above the ordering temperature, where <m> = 0.
    binder_cumulant : Estimate
        U = 1 - <m^4> / (3 <m^2>^2): 0 for a normal distribution, 2/3 for m = +-m_0.
    tau_energy, tau_magnetization, tau_absolute_magnetization : float
        Integrated autocorrelation times of E, m and |m|, in measurements; NaN if a series never
        changed.
    n_effective : float
        Number of independent measurements with the same information, from the longest of the
        autocorrelation times of E, |m| and m^2. NaN if none of them ever changed.
    note : str
        A warning about the errors in words, or empty.

    Examples
    --------
    >>> import spinglass
    >>> run = spinglass.sample(spinglass.SquareLattice(8), 0.3, 1000, n_replicas=4, seed=1)
    >>> summary = run.summary()
    >>> summary.energy.error > 0, summary.n_spins
    (True, 64)
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
        replicas = counted(self.n_replicas, "replica")
        times = counted(self.n_measurements, "measurement")
        return averages_table(self, f"{replicas} of {times}", rows)


def averages_table(summary: Any, measured: str, rows: Sequence[tuple[Any, ...]]) -> str:
    """Return a summary as text: what was measured, its averages, and the note.

    A row has a name, a formula, an estimate, a unit and tau; where no row has a unit there is no
    column of units, and where a row has no tau it is None.
    """
    known = math.isfinite(summary.n_effective)
    worth = f", worth {summary.n_effective:.3g} independent" if known else ""
    names, formulas, _, units, _ = zip(*rows, strict=True)
    table = [("", "", "value(error)", "unit", "tau")]
    table += [
        (name, formula, str(estimate), unit,
         "" if tau is None else "?" if math.isnan(tau) else f"{tau:.3g}")
        for name, formula, estimate, unit, tau in rows
    ]  # fmt: skip
    wide = max(map(len, names)), max(map(len, formulas))
    lines = [f"{summary.n_spins} spins at beta = {summary.beta:g}", f"{measured}{worth}", ""]
    for name, formula, estimate, unit, tau in table:
        unit = f"  {unit:8}" if any(units) else ""
        line = f"{name:{wide[0]}}  {formula:{wide[1]}}  {estimate:>22}{unit}  {tau:>9}"
        lines.append(line.rstrip())
    if summary.note:
        lines += ["", *textwrap.wrap(f"Note: {summary.note}.", 80)]
    return "\n".join(lines)


@takes_beta
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
        Errors are NaN if there are too few measurements, and for a series that never changed,
        because it has no information about its error.

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
    for name, series in (("energy", E), ("magnetization", m)):
        if (largest := np.abs(series).max()) > _LARGEST:
            raise ValueError(f"{name} must be at most {_LARGEST:g} in size, got {largest:g}")
    N = _arguments.integer(n_spins, "n_spins", at_least=1)
    beta = _arguments.inverse_temperature(beta)
    size, square = np.abs(m), m * m
    memories, of_m, slowest = _memories(E, m)
    memories = {name: checked(memory, slowest.window) for name, memory in memories.items()}
    longest = longest_of(memories.values())
    memory_m = signed(m, checked(of_m, slowest.window))

    def mean(rows: Floats, memory: Memory, unit: float = 1.0) -> Estimate:
        return mean_of(rows, memory) * unit

    def function(
        of: Function, rows: list[Floats], memory: Memory, unit: float = 1.0, limit: float = 0.0
    ) -> Estimate:
        found = function_of(of, rows, memory, longest, np.fmax(longest, slowest.time))
        return up_from(limit, found) * unit

    # Variances of deviations: E^2 and <E>^2 share most of their digits.
    around_e, around_m = deviations(E), deviations(size)
    # At beta = inf a ground state has no fluctuations, and inf times 0 no value.
    chi, heat = (beta * N, beta * beta / N) if math.isfinite(beta) else (math.nan, math.nan)
    return Summary(
        n_spins=N,
        n_replicas=E.shape[0],
        n_measurements=E.shape[1],
        beta=beta,
        energy=mean(E, memories["E"], 1.0 / N),
        magnetization=mean(m, memory_m),
        absolute_magnetization=mean(size, memories["|m|"]),
        squared_magnetization=mean(square, memories["m^2"]),
        specific_heat=function(_variance, [around_e**2, around_e], memories["E"], heat),
        susceptibility=function(_variance, [around_m**2, around_m], memories["|m|"], chi),
        paramagnetic_susceptibility=mean(square, memories["m^2"], chi),
        binder_cumulant=function(_binder, [square, square * square], memories["m^2"], limit=2 / 3),
        tau_energy=memories["E"].time,
        tau_magnetization=memory_m.time,
        tau_absolute_magnetization=memories["|m|"].time,
        n_effective=E.size / (2.0 * longest),
        note=note_on(memories, {"E": E, "|m|": size}),
    )


def _memories(E: Floats, m: Floats) -> tuple[dict[str, Memory], Memory, Memory]:
    """Return the memories of E, |m| and m^2, that of m, and the slowest that counts.

    One window serves all: a small part of the energy follows the magnetization, ten times slower
    than the rest, and the window of the energy alone closes before that tail. The sign of m counts
    where they follow it: without a field they do not.
    """
    rows_of = {"E": E, "|m|": np.abs(m), "m^2": m * m}
    memories = {name: memory_of(rows) for name, rows in rows_of.items()}
    slowest = max(memories.values(), key=lambda memory: memory.window)
    of_m = memory_of(m)
    if of_m.window > slowest.window and any(
        _follows(rows, memories[name], m, of_m) for name, rows in rows_of.items()
    ):
        slowest = of_m
    return memories, of_m, slowest


def slowest_of(energy: Floats, magnetization: Floats) -> int:
    """Return the window that all series of a run use."""
    return _memories(energy, magnetization)[-1].window


def longest_of(memories: Iterable[Memory]) -> float:
    """Return the longest autocorrelation time; NaN if no series ever changed."""
    return float(np.fmax.reduce([memory.time for memory in memories]))


def checked(memory: Memory, window: int) -> Memory:
    """Return the memory through the window, with the error by replicas if they disagree."""
    memory = memory.seen_through(window)
    return memory._replace(apart=memory.disagrees)


def _follows(rows: Floats, memory: Memory, m: Floats, of_m: Memory) -> bool:
    """Return whether a series is correlated with a signed magnetization whose memory is known.

    The standard error of a correlation of two series is at most that of the faster one's memory.
    """
    if not (memory.changes and of_m.size >= _ENOUGH * of_m.time):
        return False
    covariance = float((deviations(rows) * deviations(m)).mean())
    known = 2.0 * min(memory.time, of_m.time) / m.size * memory.variance * of_m.variance
    return covariance**2 > _CLEARLY**2 * known


def mean_of(rows: Floats, memory: Memory) -> Estimate:
    """Return the mean with its error."""
    return Estimate(float(rows.mean()), widened(memory.standard_error, memory.freedom))


def function_of(
    of: Callable[..., Floats],
    rows: list[Floats],
    memory: Memory,
    longest: float,
    slowest: float | None = None,
) -> Estimate:
    """Return a function of averages with the error of a jackknife over blocks, or over replicas.

    ``longest`` is the longest autocorrelation time of the series, and ``slowest`` that of a series
    they follow. ``memory`` says whether replicas are apart, and how well an error is known.
    """
    n_replicas, n = rows[0].shape
    cuts = cuts_for_memory((n_replicas, n), np.fmax(longest if slowest is None else slowest, 0.0))
    if memory.by_replicas:
        cuts = 1
    value, error = jackknifed(of, rows, cuts)
    if not memory.by_replicas:
        error *= shortfall(longest, cuts, n)
    return Estimate(value, widened(error, min(memory.freedom, n_replicas * cuts - 1)))


def shortfall(time: float, cuts: int, n_measurements: int) -> float:
    """Return the factor that is missing in the error from blocks.

    Blocks of b measurements are short by the share tau/b of the variance.
    """
    return 1.0 / math.sqrt(max(1.0 - time * cuts / n_measurements, 0.5))


def widened(error: float, freedom: float) -> float:
    """Return the error that the truth is within twice as often as for a normal distribution.

    Deviations in units of an error that is itself estimated follow Student's t.
    """
    if not freedom >= 1.0:
        return math.nan
    return error * float(scipy.special.stdtrit(freedom, _WITHIN_TWO)) / 2.0


def reaching_up(error: float, distance: float) -> float:
    """Return the error of what cannot cross a limit, from its distance to the limit.

    Of a variance the relative error is known, and a run that saw too little of it has too small an
    error as well. The error here reaches as far as two errors of its logarithm do, upwards.
    """
    if not error > 0.0:
        return error
    relative = min(2.0 * error / distance, 2.0) if distance > 0.0 else 2.0
    return error * math.expm1(relative) / relative


def up_from(limit: float, found: Estimate) -> Estimate:
    """Return an estimate of what cannot cross a limit, with the error that reaches up from it."""
    return Estimate(found.value, reaching_up(found.error, abs(found.value - limit)))


def signed(m: Floats, memory: Memory, each: Memory | None = None) -> Memory:
    """Return the memory of a signed magnetization, with what is particular to it.

    At small beta a Metropolis sweep flips nearly all spins. Measurements then alternate, which
    would make their mean look far better known than it is: the alternation itself has a memory, so
    this is never less than that of independent numbers. Near and below the ordering temperature the
    sign changes now and then, and a short run tells nothing of the mean but that. Where ``memory``
    is that of an average of the rows, in which their signs cancel, ``each`` is that of the rows.
    """
    if memory.time < 0.5:
        memory = memory._replace(time=0.5, times=np.full_like(memory.times, 0.5))
    both_signs = m.min() < 0.0 < m.max()
    each = each or memory
    if both_signs and each.size < 2.0 * _ENOUGH * each.time and not each.by_replicas:
        return memory._replace(changes=0)
    return memory


def _variance(second: Floats, first: Floats) -> Floats:
    return second - first * first


def _binder(second: Floats, fourth: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):  # m = 0 always: there is no cumulant
        return 1.0 - np.divide(fourth, 3.0 * np.multiply(second, second))


def note_on(memories: dict[str, Memory], rows: dict[str, Floats], who: str = "replicas") -> str:
    """Say what is wrong with the errors, the worst first; ``rows`` are of those that may be stuck.

    The signed magnetization is left out: below the ordering temperature it hardly ever changes its
    sign, in the best of runs. Its own error says so.
    """
    if all(one.size == 1 for one in rows.values()):
        return "a single measurement has no error"
    notes = []
    if frozen := [name for name, memory in memories.items() if not memory.changes]:
        notes.append(f"{_listed(frozen)} never changed, which says nothing of the errors")
    for name, series in rows.items():
        if stuck := _stuck(series):
            notes.append(f"{name} never changed in {stuck} of {len(series)} {who}")
    worth = {name: one.size / one.time for name, one in memories.items() if one.changes}
    if short := [name for name, times in worth.items() if times < _UNDERRATED * _ENOUGH]:
        fewest = min(worth.values())
        verb = "were" if fewest < _ENOUGH else "may have been"
        notes.append(
            f"fewer than {_ENOUGH:g} tau of {_listed(short)} {verb} measured ({fewest:.0f} of the "
            "tau found, which a short run finds too small), and the errors may be too small"
        )
    if apart := [name for name, one in memories.items() if one.apart]:
        notes.append(
            f"replicas disagree in {_listed(apart)} by more than their memories explain, and may "
            "sit in different valleys: the errors are those of the spread between replicas"
        )
    few = [name for name, one in memories.items() if 0 < one.changes < _FEW_CHANGES]
    if rare := [name for name in few if name not in short]:
        notes.append(f"{_listed(rare)} changed fewer than {_FEW_CHANGES} times")
    return "; ".join(notes)


def _stuck(rows: Floats) -> int:
    """Count the replicas that never changed, if others changed too often for this to be chance."""
    counts = changes(rows)
    by_chance = len(rows) * math.exp(-float(counts.mean()))
    return int((counts == 0).sum()) if counts.any() and by_chance < 0.01 else 0


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)
