"""Whether the glasses of an average reached equilibrium: bins of log time, and an identity.

Averages over samples are compared between bins, each as long as all before it. Bins of one sample
are correlated, since it is the same glass. So bins are compared by the differences within samples,
whose scatter is much less than that from glass to glass. The identity of `tempered_glass` is tested
in the same way. Both tests can only refute: a run can be too short for anything to change in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinglass._printed import printed
from spinglass._registry import drawn_by
from spinglass._text import counted, page
from spinglass.experiments.tables import columns, mean_and_error, table_of
from spinglass.statistics import format_estimate

# What is compared between bins, and its column of the printed table.
OBSERVED = {
    "energy": "<e>",
    "absolute_overlap": "<|q|>",
    "squared_overlap": "<q^2>",
    "link_overlap": "<q_l>",
}
# The other side of the identity, and the column of the printed table.
IDENTITY = {"energy_from_links": "from q_l", "difference": "difference"}

# What else a study must return for the test: the temperatures, and where its bins end.
AXES = ("beta", "last_sweep")

# Means that differ by so many standard errors, of many samples, are different. Of few samples the
# error is itself uncertain, and the limit is that of Student's t with the same probability.
_STANDARD_ERRORS = 3.0

# Bins that must agree.
BINS = 3


@printed
@dataclass(frozen=True, eq=False)
class GlassEquilibration:
    """Averages over samples in bins of log time, at one temperature, and whether they agree.

    Every error is a standard error over samples. It is NaN for a single sample.

    Attributes
    ----------
    beta : float
        The inverse temperature.
    n_samples : int
        Number of samples.
    bins : structured array, (n_bins,)
        One row for each bin of sweeps, ``first_sweep`` (excluded) to ``last_sweep``. With their
        errors (``energy_error``, ...): ``energy`` (per spin), ``absolute_overlap``,
        ``squared_overlap``, ``link_overlap``, ``energy_from_links`` (the energy that the link
        overlap tells in equilibrium) and ``difference`` (``energy`` minus ``energy_from_links``,
        from differences within samples). The last two are NaN without Gaussian couplings.
    changes : structured array
        What changes from earlier bins to the last: ``quantity``, ``last_sweep`` of the earlier bin,
        ``change`` (the last bin minus the earlier one, from differences within samples) and
        ``change_error``. The earlier bins are the two before the last.

    Examples
    --------
    >>> from functools import partial
    >>> import spinglass
    >>> from spinglass.experiments import TemperedGlass, disorder_average
    >>> glass = partial(spinglass.EdwardsAnderson, (4, 4), "gaussian")
    >>> def sample(seed):
    ...     return glass(seed=seed)
    >>> study = TemperedGlass(betas=(0.5, 1.0, 1.5), n_sweeps=400)
    >>> found = disorder_average(sample, 30, study).equilibration()
    >>> found.beta, found.is_equilibrated
    (1.5, True)
    """

    beta: float
    n_samples: int
    bins: NDArray[np.void] = field(repr=False)
    changes: NDArray[np.void] = field(repr=False)

    @property
    def has_identity(self) -> bool:
        """Whether there are both sides of the identity."""
        return not bool(np.isnan(self.bins["energy_from_links"]).any())

    @property
    def verdict(self) -> str:
        """What the tests say, in words."""
        if self.n_samples < 2 or len(self.bins) < BINS:
            return (
                f"unknown: the test needs at least 2 samples and {BINS} bins, got "
                f"{counted(self.n_samples, 'sample')} and {counted(len(self.bins), 'bin')}"
            )
        moved = self._differs(self.changes["change"], self.changes["change_error"])
        if moved.any():
            names = dict.fromkeys(self.changes["quantity"][moved].tolist())
            return f"not in equilibrium: {', '.join(names)} still changed in the last {BINS} bins"
        agree = f"the last {BINS} bins agree within their errors"
        if not self.has_identity:
            return f"no sign of change: {agree}"
        last = self.bins[-1]
        if self._differs(last["difference"], last["difference_error"]):
            return (
                "not in equilibrium: the energy is not that which the link overlap tells, though "
                f"{agree}"
            )
        return f"in equilibrium: {agree}, and so do energy and link overlap"

    @property
    def is_equilibrated(self) -> bool:
        """Whether the last three bins agree, and both sides of the identity if it holds.

        A difference counts if chance makes one as large less than once in 370 times, which is
        three standard errors of many samples. False also if nothing is known, because there are too
        few bins or samples.
        """
        return self.verdict.startswith(("in equilibrium", "no sign of change"))

    def _differs(self, difference: Any, error: Any) -> Any:
        """Return whether differences are no chance; True also if that is not known."""
        from scipy.special import ndtr, stdtrit  # late: `--help` needs no part of SciPy

        limit = stdtrit(self.n_samples - 1, ndtr(_STANDARD_ERRORS))
        return ~(np.abs(difference) <= limit * error)

    def __str__(self) -> str:
        names = OBSERVED | (IDENTITY if self.has_identity else {})
        rows = [["sweeps", *names.values()]]
        rows += [
            [
                f"{row['first_sweep'] + 1}-{row['last_sweep']}",
                *(format_estimate(row[name], row[f"{name}_error"]) for name in names),
            ]
            for row in self.bins
        ]
        widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
        lines = [f"{counted(self.n_samples, 'sample')} at beta = {self.beta:g}"]
        for row in rows:
            lines.append("  ".join(x.rjust(w) for x, w in zip(row, widths, strict=True)))
        return page(lines, [f"{self.verdict}."])

    plot = drawn_by(
        "glass_equilibration",
        "Draw both sides of the identity, and the overlaps, against sweeps.",
        panels=True,
    )


def equilibration_of(values: Mapping[str, NDArray[np.float64]], index: int) -> GlassEquilibration:
    """Return the test at one temperature of what `TemperedGlass` measured."""
    ends = values["last_sweep"][0].astype(np.int64)
    at = {name: values[name][:, :, index] for name in OBSERVED}
    unknown = np.full_like(at["energy"], np.nan)
    from_links = values.get("energy_from_links", np.empty(0))
    at["energy_from_links"] = from_links[:, :, index] if from_links.size else unknown
    at["difference"] = at["energy"] - at["energy_from_links"]
    means = [pair for series in at.values() for pair in mean_and_error(series)]
    names = " ".join(f"{name} {name}_error" for name in at)
    bins = table_of(
        columns(f"first_sweep last_sweep {names}", "first_sweep last_sweep"),
        zip([0, *ends[:-1]], ends, *means, strict=True),
    )
    kind = [("quantity", "U24"), ("last_sweep", "i8"), ("change", "f8"), ("change_error", "f8")]
    changes = [
        (name, ends[k], *mean_and_error(at[name][:, -1] - at[name][:, k]))
        for name in OBSERVED
        for k in range(max(0, len(ends) - BINS), len(ends) - 1)
    ]
    beta = float(values["beta"][0, index])
    return GlassEquilibration(beta, len(unknown), bins, table_of(np.dtype(kind), changes))
