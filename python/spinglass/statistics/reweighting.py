r"""What happens between the temperatures of runs: averages at any beta, from runs at a few.

A measurement that was made at beta_0 belongs to beta with the weight exp(-(beta - beta_0) E) [1]_.
The runs of several temperatures are pooled by the multiple-histogram equations [2]_ [3]_, which
`mixture` solves: a measurement then has the weight w exp(-beta E) / D(E), D the density of all runs
together. Autocorrelation enters by w = 1 / (2 tau): a measurement of a slow run stands for fewer
independent ones. So the partition function is known up to a factor, and averages without one,

    Z(beta) = sum_n w_n exp(-beta E_n) / D(E_n),
    <A> = sum_n A_n w_n exp(-beta E_n) / D(E_n) / Z(beta).

The derivative of an average by beta is -(<A E> - <A> <E>), and those of functions of averages
follow. At the critical point of a size L, derivatives of the Binder cumulant and of the logarithms
of <|m|> and <m^2> grow as L^(1/nu) [5]_.

**Errors** are those of a jackknife. It leaves out one block of the runs at a time: a stretch of one
replica, of a whole ladder in a tempered run. Without a block D is another function. It is followed
to first order, by one step of Newton with the block's gradient. Blocks are compared within their
run, and the variances of runs are added. Errors are widened for the number of blocks, and those of
variances reach up, as in `summarize`.

**Where the runs do not reach**, the weight is that of a few measurements. The effective number

    n(beta) = (sum_n w_n q_n)^2 / sum_n w_n q_n^2,     q_n = exp(-beta E_n) / D(E_n),

says how many independent measurements carry an average [4]_. If there are fewer than 50, an average
is NaN. A run that met too little of a tail does not know it, and finds too large a number. So there
is a note up to 250. A difference of ln Z needs 50 at each temperature on the way.

.. [1] A. M. Ferrenberg, R. H. Swendsen, Phys. Rev. Lett. 61, 2635 (1988).
.. [2] A. M. Ferrenberg, R. H. Swendsen, Phys. Rev. Lett. 63, 1195 (1989).
.. [3] M. R. Shirts, J. D. Chodera, J. Chem. Phys. 129, 124105 (2008).
.. [4] L. Kish, Survey Sampling (Wiley, 1965).
.. [5] A. M. Ferrenberg, D. P. Landau, Phys. Rev. B 44, 5081 (1991).
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from spinglass import _arguments
from spinglass._caller import takes_beta
from spinglass._printed import printed
from spinglass._registry import drawn_by
from spinglass.statistics.correlation import Floats
from spinglass.statistics.estimate import Estimate
from spinglass.statistics.samples import LARGEST, samples_of
from spinglass.statistics.weighted_averages import Function, Moments, WeightedAverages

__all__ = ["Reweighting", "reweight"]


@printed
@dataclass(frozen=True, eq=False)
class Reweighting:
    """Averages between the temperatures of runs; ``print`` shows them as a table.

    Estimates have arrays of values and errors, one for each ``beta``, or numbers if ``beta`` is
    one.

    Attributes
    ----------
    n_spins : int
        N.
    run_betas : numpy.ndarray
        The inverse temperatures of the runs, ascending.
    beta : float or numpy.ndarray
        The inverse temperatures that were asked for.
    energy : Estimate
        <E> / N.
    absolute_magnetization, squared_magnetization : Estimate
        <|m|> and <m^2>.
    specific_heat : Estimate
        beta^2 (<E^2> - <E>^2) / N.
    susceptibility, paramagnetic_susceptibility : Estimate
        beta N (<m^2> - <|m|>^2) and beta N <m^2>.
    binder_cumulant : Estimate
        U = 1 - <m^4> / (3 <m^2>^2).
    log_partition_ratio : Estimate
        ln Z(beta) - ln Z(reference), of the whole system.
    reference : float
        Where this difference is zero.
    observables : dict of Estimate
        Means of the series that were asked for, by name.
    derivatives : dict of Estimate
        Derivatives by beta, of ``"absolute_magnetization"``, ``"binder_cumulant"``,
        ``"log_absolute_magnetization"`` (ln <|m|>), ``"log_squared_magnetization"`` (ln <m^2>), and
        of each of ``observables``, by name.
    n_effective : float or numpy.ndarray
        Number of independent measurements that carry the averages at each beta.
    note : str
        A warning about the errors in words, or empty.

    Examples
    --------
    >>> import spinglass
    >>> run = spinglass.sample(spinglass.SquareLattice(8), 0.4, 2000, n_replicas=4, seed=1)
    >>> found = spinglass.statistics.reweight(run, [0.38, 0.4, 0.42])
    >>> (found.energy.error > 0).all() and (found.n_effective > 50).all()
    np.True_
    """

    n_spins: int
    run_betas: Floats
    beta: Any
    energy: Estimate
    absolute_magnetization: Estimate
    squared_magnetization: Estimate
    specific_heat: Estimate
    susceptibility: Estimate
    paramagnetic_susceptibility: Estimate
    binder_cumulant: Estimate
    log_partition_ratio: Estimate
    reference: float
    observables: dict[str, Estimate]
    derivatives: dict[str, Estimate]
    n_effective: Any
    note: str = ""

    def __str__(self) -> str:
        """Return a table with a row for each beta, and the note below it."""
        columns = {
            "<E>/N": self.energy, "C": self.specific_heat, "<|m|>": self.absolute_magnetization,
            "Binder U": self.binder_cumulant, "ln Z/Z_0": self.log_partition_ratio,
        }  # fmt: skip
        first, last = f"{self.run_betas[0]:.4g}", f"{self.run_betas[-1]:.4g}"
        where = f"beta = {first}" if len(self.run_betas) == 1 else f"beta = {first} to {last}"
        lines = [f"{self.n_spins} spins, from runs at {where}; Z_0 at {self.reference:.4g}", ""]
        lines.append(f"{'beta':>6}{'n_eff':>9}" + "".join(f"{name:>13}" for name in columns))
        for k, beta in enumerate(np.atleast_1d(self.beta)):
            numbers = [Estimate(*(np.atleast_1d(x)[k] for x in one)) for one in columns.values()]
            words = "".join(f" {one!s:>12}" for one in numbers)
            lines.append(f"{beta:>6.4g}{np.atleast_1d(self.n_effective)[k]:>9.3g}{words}")
        if self.note:
            lines += ["", *textwrap.wrap(f"Note: {self.note}.", 80)]
        return "\n".join(lines)

    plot = drawn_by("reweighting", "Draw averages against beta, with errors.", panels=True)


@takes_beta
def reweight(
    runs: Any,
    beta: ArrayLike,
    observables: Any = None,
    *,
    reference: float | None = None,
) -> Reweighting:
    """Return averages at any inverse temperature, from runs at one or several.

    Parameters
    ----------
    runs : Run, TemperedRun, or several of them
        Runs of one model in equilibrium. Runs that know their model must have the same: a lattice
        and its matrix are two. Anything with ``energy``, ``magnetization``, ``beta`` and
        ``n_spins`` of the same meaning is taken as well, and is not compared.
    beta : float or array_like
        Where averages are wanted, finite.
    observables : dict or sequence of str, optional
        Further series to be averaged: a dict of arrays by name, each of the shape of
        ``energy`` (or one for each of several runs), or names of what the runs measured
        (``measure=``) or of their attributes.
    reference : float, optional
        The inverse temperature at which ``log_partition_ratio`` is zero; by default the smallest
        one of the runs.

    Returns
    -------
    Reweighting
        An average that fewer than 50 independent measurements carry is NaN, and ``note`` says so.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    Two runs of a ring of 8 spins in no field, which has <E>/N = -tanh(beta) up to 10^-3:

    >>> import spinglass
    >>> ring = np.roll(np.eye(8), 1, axis=1)
    >>> model = spinglass.Ising(ring + ring.T)
    >>> runs = [spinglass.sample(model, b, 5000, n_replicas=4, seed=1) for b in (0.3, 0.5)]
    >>> found = reweight(runs, 0.4)
    >>> abs(found.energy.value + np.tanh(0.4)) < 4 * found.energy.error + 1e-3
    np.True_
    """
    betas = np.array(_arguments.real_array(beta, "beta"), dtype=float)
    if betas.ndim > 1 or not betas.size or not ((betas >= 0) & (betas <= LARGEST)).all():
        raise ValueError(
            f"beta must be a number from 0 to {LARGEST:g}, or a list of them, "
            f"got {_arguments.shown(beta)}"
        )
    samples = samples_of(runs, observables)
    start = samples.betas[0] if reference is None else _arguments.finite(reference, "reference")
    if not 0.0 <= start <= LARGEST:
        raise ValueError(f"reference must be a number from 0 to {LARGEST:g}, got {start:g}")
    found = WeightedAverages(samples, betas.reshape(-1), float(start))
    N, scale = samples.n_spins, betas.reshape(-1)

    def estimate(
        function: Function, unit: Any = 1.0, limit: float | None = None, shift: Any = 0.0
    ) -> Estimate:
        value, error = found.estimate(function, limit)
        return Estimate(*(x.reshape(betas.shape)[()] for x in (unit * value + shift, unit * error)))

    def mean(name: str, unit: Any = 1.0) -> Estimate:
        return estimate(lambda M: _mean(M, name), unit)

    own = {name: partial(_slope, name=name) for name in samples.observables}
    if taken := sorted(_SLOPES.keys() & own.keys()):
        raise ValueError(f"observables must have names of their own, got {taken[0]!r}")
    slopes = _SLOPES | own
    return Reweighting(
        n_spins=N,
        run_betas=samples.betas,
        beta=betas[()],
        energy=estimate(lambda M: _mean(M, "", 1), 1.0 / N, shift=found.origin / N),
        absolute_magnetization=mean("|m|"),
        squared_magnetization=mean("m^2"),
        specific_heat=estimate(_variance_of_energy, scale**2 / N, limit=0.0),
        susceptibility=estimate(_variance_of_size, scale * N, limit=0.0),
        paramagnetic_susceptibility=mean("m^2", scale * N),
        binder_cumulant=estimate(_binder, limit=2 / 3),
        log_partition_ratio=Estimate(
            *(x.reshape(betas.shape)[()] for x in found.log_partition_ratio())
        ),
        reference=float(start),
        observables={name: mean(name) for name in samples.observables},
        derivatives={name: estimate(function) for name, function in slopes.items()},
        n_effective=found.n_effective.reshape(betas.shape)[()],
        note=found.note(),
    )


def _mean(M: Moments, name: str, power: int = 0) -> Any:
    """Return the mean of something times a power of the energy, relative to an origin."""
    return M[name, power] / M["", 0]


def _variance_of_energy(M: Moments) -> Floats:
    return np.asarray(_mean(M, "", 2) - _mean(M, "", 1) ** 2)


def _variance_of_size(M: Moments) -> Floats:
    return np.asarray(_mean(M, "m^2") - _mean(M, "|m|") ** 2)


def _binder(M: Moments) -> Floats:
    return np.asarray(1.0 - _mean(M, "m^4") / (3.0 * _mean(M, "m^2") ** 2))


def _slope(M: Moments, name: str) -> Any:
    """Return the derivative of a mean by beta, -(<A E> - <A> <E>)."""
    return _mean(M, name) * _mean(M, "", 1) - _mean(M, name, 1)


def _relative_slope(M: Moments, name: str) -> Floats:
    return np.asarray(_slope(M, name) / _mean(M, name))


def _slope_of_binder(M: Moments) -> Floats:
    ratio = _mean(M, "m^4") / (3.0 * _mean(M, "m^2") ** 2)
    return np.asarray(ratio * (2.0 * _relative_slope(M, "m^2") - _relative_slope(M, "m^4")))


_SLOPES: dict[str, Function] = {
    "absolute_magnetization": partial(_slope, name="|m|"),
    "binder_cumulant": _slope_of_binder,
    "log_absolute_magnetization": partial(_relative_slope, name="|m|"),
    "log_squared_magnetization": partial(_relative_slope, name="m^2"),
}
