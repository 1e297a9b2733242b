"""What an average over disorder found: every sample, and means with errors over samples."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinglass._arguments import integer, shown
from spinglass._result import Result
from spinglass.experiments.quenched_disorder.config import DisorderConfig
from spinglass.experiments.quenched_disorder.equilibration import (
    AXES,
    OBSERVED,
    GlassEquilibration,
    equilibration_of,
)
from spinglass.experiments.quenched_disorder.report import report
from spinglass.experiments.tables import mean_and_error, rows_of, table_of
from spinglass.statistics import Estimate, jackknife


@dataclass(frozen=True, eq=False)
class DisorderAverage(
    Result,
    figure="disorder_average",
    tables={"samples.csv": "samples", "means.csv": "means"},
):
    """Samples of disorder, and averages over them.

    Every error is a standard error over samples. It is NaN for a single sample.

    Attributes
    ----------
    config : DisorderConfig
        The resolved arguments.
    version : str
        The version of spinglass that computed the result.
    seeds : numpy.ndarray of int64, (n_samples,)
        The seeds of the samples, in the order of the config; some are missing if interrupted.
    values : dict of numpy.ndarray of float64
        By the name of each quantity its value in every sample: the shape is that which the study
        returned, after the axis of samples.

    Examples
    --------
    >>> import spinglass
    >>> from spinglass.experiments import disorder_average
    >>> def glass(seed):
    ...     return spinglass.EdwardsAnderson((3, 3), "gaussian", seed=seed)
    >>> def moments(model, seed):
    ...     J = model.couplings().data
    ...     return {"square": (J**2).mean(), "fourth": (J**4).mean()}
    >>> result = disorder_average(glass, 200, moments)
    >>> result.values["square"].shape, len(result.samples)
    ((200,), 200)
    >>> square = result.mean("square")
    >>> bool(abs(square.value - 1) < 4 * square.error)
    True
    """

    config: DisorderConfig
    version: str
    seeds: NDArray[np.int64] = field(repr=False)
    values: dict[str, NDArray[np.float64]] = field(repr=False)

    report = report

    @property
    def n_samples(self) -> int:
        """Number of finished samples."""
        return len(self.seeds)

    @property
    def complete(self) -> bool:
        """Whether every sample was finished."""
        return self.n_samples == len(self.config.seeds)

    def mean(self, name: str) -> Estimate:
        """Return the mean of a quantity over samples.

        Parameters
        ----------
        name : str
            One of the names that the study returned.

        Returns
        -------
        Estimate
            Its value and error have the shape that the study returned. The error is NaN for a
            single sample.

        Raises
        ------
        ValueError
            If no sample has such a quantity.
        """
        return _estimate(*mean_and_error(self._of(name)))

    def summary(self) -> dict[str, Estimate]:
        """Return the means of all quantities by name, as `mean` returns them."""
        return {name: self.mean(name) for name in self.values}

    def jackknife(self, function: Callable[..., Any], *names: str) -> Estimate:
        """Return a function of means over samples, with its error by the jackknife.

        Parameters
        ----------
        function : callable
            Called as ``function(mean_1, mean_2, ...)``, elementwise, as in
            `spinglass.statistics.jackknife`: of arrays it gets one element of each at a time.
        *names : str
            The quantities whose means it takes: all of one shape, or numbers.

        Returns
        -------
        Estimate
            Without the bias of order 1/n_samples. The error is NaN for fewer than two samples, and
            if all samples are equal.

        Raises
        ------
        ValueError, TypeError
            If no sample has such a quantity, or if the shapes do not fit, or if values are not
            finite, or if the function does not return numbers.

        Examples
        --------
        The Binder ratio of the overlap, [1] at every bin and temperature:

        >>> import spinglass
        >>> from spinglass.experiments import TemperedGlass, disorder_average
        >>> def glass(seed):
        ...     return spinglass.SherringtonKirkpatrick(16, seed=seed)
        >>> result = disorder_average(glass, 10, TemperedGlass((0.5, 1.0), 100))
        >>> binder = result.jackknife(
        ...     lambda q2, q4: (3 - q4 / q2**2) / 2, "squared_overlap", "quartic_overlap"
        ... )
        >>> binder.value.shape
        (3, 2)

        .. [1] K. Binder, Z. Phys. B 43, 119 (1981).
        """
        if not callable(function):
            raise TypeError(f"function must be callable, got {shown(function)}")
        if not names:
            raise ValueError("names must be those of one quantity or more, got none")
        given = [self._of(name) for name in names]
        shapes = {x.shape[1:] for x in given} - {()}
        if len(shapes) > 1:
            raise ValueError(f"names must be of quantities of one shape, got {sorted(shapes)}")
        if not all(np.isfinite(x).all() for x in given):
            raise ValueError(f"names must be of quantities that are finite, got {shown(names)}")
        shape, n = next(iter(shapes), ()), self.n_samples
        series = [np.broadcast_to(x.reshape(n, -1), (n, math.prod(shape))).T for x in given]
        found = [
            jackknife(function, *one, n_blocks=n)
            if n > 1
            else (float(function(*(float(x[0]) for x in one))), math.nan)
            for one in zip(*series, strict=True)
        ]
        value, error = np.array(found).reshape(-1, 2).T
        return _estimate(value.reshape(shape), error.reshape(shape))

    def equilibration(self, index: int = -1) -> GlassEquilibration:
        """Return whether the glasses of `TemperedGlass` reached equilibrium at one temperature.

        Parameters
        ----------
        index : int
            The temperature, as an index into the betas; by default the coldest.

        Returns
        -------
        GlassEquilibration
            It prints as a table with a verdict.

        Raises
        ------
        ValueError, TypeError
            If the study was none that measures in bins of sweeps, or no sample is finished, or
            there is no temperature of this index.
        """
        if not self.has_bins:
            raise ValueError(
                "equilibration needs finished samples of a study that has "
                f"{', '.join((*OBSERVED, *AXES))}, such as TemperedGlass, got "
                f"{', '.join(self.values) or 'none'}"
            )
        n_betas = self.values["beta"].shape[1]
        index = integer(index, "index", at_least=-n_betas, at_most=n_betas - 1)
        return equilibration_of(self.values, index)

    @property
    def has_bins(self) -> bool:
        """Whether `equilibration` can be asked: `TemperedGlass` measured at least one sample."""
        return {*OBSERVED, *AXES} <= set(self.values)

    @property
    def samples(self) -> NDArray[np.void]:
        """One row for each sample: its ``seed``, and every number that the study returned.

        The columns of an array are called ``name[0]``, or ``name[0,0]``, and so on.
        """
        numbers = {
            column: self.values[name].reshape(self.n_samples, -1)[:, k]
            for name in self.values
            for k, column in enumerate(self._columns_of(name))
        }
        kind = np.dtype([("seed", np.int64), *((column, np.float64) for column in numbers)])
        table = np.empty(self.n_samples, dtype=kind)
        table["seed"] = self.seeds
        for column, values in numbers.items():
            table[column] = values
        return table

    @property
    def means(self) -> NDArray[np.void]:
        """One row for each number that the study returned: ``quantity``, ``mean``, ``error``.

        The quantities are the columns of `samples`.
        """
        rows = [
            (column, *pair)
            for name in self.values
            for column, pair in zip(
                self._columns_of(name),
                zip(*(np.ravel(x) for x in self.mean(name)), strict=True),
                strict=True,
            )
        ]
        width = max((len(row[0]) for row in rows), default=1)
        kind = np.dtype([("quantity", f"U{width}"), ("mean", "f8"), ("error", "f8")])
        return table_of(kind, rows)

    def _of(self, name: str) -> NDArray[np.float64]:
        if not isinstance(name, str) or name not in self.values:
            known = ", ".join(self.values) or "none, since no sample is finished"
            raise ValueError(f"name must be that of a quantity ({known}), got {shown(name)}")
        return self.values[name]

    def _columns_of(self, name: str) -> list[str]:
        """Return a name for each number of a quantity."""
        shape = self.values[name].shape[1:]
        places = (",".join(map(str, place)) for place in np.ndindex(*shape))
        return [f"{name}[{place}]" for place in places] if shape else [name]

    def _summary(self) -> dict[str, Any]:
        return {"n_samples": self.n_samples, "means": rows_of(self.means)}


def _estimate(value: Any, error: Any) -> Estimate:
    """Return arrays as an estimate: floats if they hold a single number without an axis."""
    return Estimate(*(x if np.ndim(x) else float(x) for x in (value, error)))
