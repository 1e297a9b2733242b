r"""A study of a glass by tempering, in bins of the logarithm of time.

The run is divided into legs, each as long as all before it. The legs end at n, n/2, n/4, ...
sweeps, so a leg is the second half of all sweeps up to its end. In equilibrium the averages of the
legs agree.

**The identity of Gaussian couplings.** Let each bond b between sites i and j have a normal coupling
of variance J^2, and [...] be the average over the couplings. An integration by parts over J_b gives

    [J_b <s_i s_j>] = J^2 [d<s_i s_j>/dJ_b] = beta J^2 (1 - [<s_i s_j>^2]).

The energy is minus the sum of J_b s_i s_j over the N_b bonds. The square of <s_i s_j> is the mean
of s_i s_j s'_i s'_j over two independent replicas, and the mean of that over the bonds is the link
overlap q_l. So, per spin,

    [<e>] = -beta J^2 (N_b / N) (1 - [<q_l>]).

This is exact on every graph of any size, with the actual number of bonds: a pair of sites with two
bonds counts twice. On a lattice with z neighbours N_b / N is z/2. If all pairs are coupled, then
N_b = N (N - 1) / 2 and q_l = (N q^2 - 1) / (N - 1), and with J^2 = 1/N the right-hand side is
-(beta/2) (1 - [<q^2>]), without a further factor. Both sides depend on the time in opposite ways.
Random states have a high energy, which decreases. Two random states have a q_l near 0, which
increases, and so does the right-hand side.

References
----------
A. J. Bray, M. A. Moore, J. Phys. C 13, 419 (1980), for all pairs coupled; H. G. Katzgraber,
M. Palassini, A. P. Young, Phys. Rev. B 63, 184422 (2001), as a test of equilibrium.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from spinglass._arguments import choice, integer, ladder
from spinglass._caller import takes_beta
from spinglass._random import seed_word
from spinglass.experiments.kinds import positive
from spinglass.experiments.legs import leg_ends
from spinglass.models.energy import structure_of
from spinglass.sampling.ladder_runs import TemperedRun
from spinglass.sampling.observables.measured import Measure
from spinglass.sampling.plan import Dynamics, Sampled, sampled
from spinglass.sampling.tempering import temper

# Measurements of a leg, at most: two beside each other are much alike.
_MEASUREMENTS = 1024

# Of the pairs of a model that keeps no bonds so many are coupled at least: a normal coupling that
# is rounded to 0 is rarer than one in a million.
_ALL = 0.999


@dataclass(frozen=True)
class TemperedGlass:
    """A study of a glass for `disorder_average`: tempering, with averages in bins of log time.

    Parameters
    ----------
    betas : sequence of float
        The ladder of inverse temperatures, strictly ascending and finite.
    n_sweeps : int
        Sweeps at every temperature, from random states. The test of equilibrium needs 64 or more.
    n_replicas : int
        Independent ladders, at least 2. Overlaps are those of all pairs.
    dynamics : {"metropolis", "heat-bath", "wolff", "swendsen-wang"}
        As in `spinglass.temper`.
    coupling_variance : float, optional
        J^2, if the couplings are normal with mean 0 and this variance on every bond. By default
        that of the model, if it is an `EdwardsAnderson` or `SherringtonKirkpatrick` model with
        ``disorder="gaussian"``. Without it there is no ``energy_from_links``.

    Notes
    -----
    It is called with a model and a seed, and returns a dict. Averages are arrays of shape (n_bins,
    n_betas), over replicas and the sweeps of a bin: ``energy`` (per spin), ``absolute_overlap``
    <abs q>, ``squared_overlap`` <q^2>, ``quartic_overlap`` <q^4>, ``link_overlap`` <q_l>, and
    ``energy_from_links``, the energy that the link overlap tells in equilibrium. ``swap_rate`` has
    the accepted exchanges between neighbours in the last bin, (n_betas - 1,). ``beta`` (n_betas,)
    and ``last_sweep`` (n_bins,), the last sweep of each bin, are the same in all samples.

    `DisorderAverage.equilibration` tells whether the glasses reached equilibrium.

    Examples
    --------
    >>> import spinglass
    >>> from spinglass.experiments import TemperedGlass
    >>> study = TemperedGlass(betas=(0.5, 1.0, 1.5), n_sweeps=100)
    >>> glass = spinglass.EdwardsAnderson((4, 4), disorder="gaussian", seed=1)
    >>> found = study(glass, seed=1)
    >>> found["last_sweep"].tolist(), found["energy"].shape
    ([25, 50, 100], (3, 3))
    """

    betas: Sequence[float]
    n_sweeps: int
    n_replicas: int = 2
    dynamics: Dynamics = "metropolis"
    coupling_variance: float | None = None

    def __post_init__(self) -> None:
        betas = tuple(ladder(self.betas).tolist())
        if not math.isfinite(betas[-1]):
            raise ValueError("betas must be finite, got inf")
        variance = self.coupling_variance
        checked = {
            "betas": betas,
            "n_sweeps": integer(self.n_sweeps, "n_sweeps", at_least=1, at_most=2**53),
            "n_replicas": integer(self.n_replicas, "n_replicas", at_least=2, at_most=2**16),
            "dynamics": choice(self.dynamics, "dynamics", get_args(Dynamics)),
            "coupling_variance": variance
            if variance is None
            else positive(variance, "coupling_variance"),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    def __call__(self, model: Any, seed: int) -> dict[str, Any]:
        """Temper a model and return the averages of each bin."""
        target = sampled(model)
        n, beta, variance = target.n_spins, np.array(self.betas), self._variance(model)
        measure: tuple[Measure, ...] = ("overlap", "link_overlap")
        n_bonds = target.core.n_bonds()
        if not n_bonds:
            n_bonds, measure = _all_pairs(model, target), ("overlap",)
        run: TemperedRun | None = None
        bins: list[dict[str, Any]] = []
        begin, ends = 0, leg_ends(self.n_sweeps)
        for end in ends:
            run = temper(
                model,
                self.betas,
                end - begin,
                self.n_replicas,
                self.dynamics,
                every=-(-(end - begin) // _MEASUREMENTS),
                initial=run,
                measure=measure,
                seed=seed_word(seed, 1) if run is None else None,
            )
            bins.append(_averages(run))
            begin = end
        assert run is not None
        found = {name: np.array([one[name] for one in bins]) for name in bins[0]}
        if variance is not None:
            bonds = beta * variance * n_bonds * (1 - found["link_overlap"])
            found["energy_from_links"] = (target.constant - bonds) / n
        last = {"beta": beta, "last_sweep": np.array(ends), "swap_rate": run.swap_rates}
        return found | last

    def _variance(self, model: Any) -> float | None:
        """Return J^2 if the couplings are normal."""
        if self.coupling_variance is None:
            is_normal = getattr(model, "disorder", None) == "gaussian"
            return model.coupling_variance if is_normal else None
        fields = structure_of(model).fields  # type: ignore[union-attr]
        if fields is not None and np.any(fields):
            raise ValueError(
                "coupling_variance: energy and link overlap are related in a model without fields "
                "only; leave it out"
            )
        return self.coupling_variance


# A dataclass makes the function that is to tell of beta whoever gives it a temperature.
TemperedGlass.__init__ = takes_beta(TemperedGlass.__init__)  # type: ignore[method-assign]


def _all_pairs(model: Any, target: Sampled) -> int:
    """Return the number of pairs of a model that couples all of them."""
    from scipy.sparse import issparse

    pairs = target.n_spins * (target.n_spins - 1)
    couplings = structure_of(model).couplings  # type: ignore[union-attr]
    count = couplings.count_nonzero() if issparse(couplings) else np.count_nonzero(couplings)
    if count < _ALL * pairs:
        raise ValueError(
            "model must keep its bonds if they are not all pairs, for their overlap: "
            f'Ising(couplings, layout="sparse"), got {target.name}'
        )
    return pairs // 2


def _averages(run: TemperedRun) -> dict[str, NDArray[np.float64]]:
    """Return the averages of a leg, (n_betas,) each."""
    n = run.n_spins
    pairs = [run.overlaps(k) for k in range(len(run.betas))]
    q = np.array([one.values for one in pairs])
    links = [one.link_values for one in pairs]
    of_links = (n * q**2 - 1) / (n - 1) if links[0] is None else np.array(links)
    of_pairs = {
        "absolute_overlap": np.abs(q),
        "squared_overlap": q**2,
        "quartic_overlap": q**4,
        "link_overlap": of_links,
    }
    means = {name: values.mean(axis=(1, 2)) for name, values in of_pairs.items()}
    return {"energy": run.energy.mean(axis=(0, 2)) / n, **means}
