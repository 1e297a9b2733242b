r"""What does an energy landscape look like? All local minima, their basins, and the barriers.

The landscape of N spins consists of the energies of all 2^N states. Two states are neighbours if
they differ in one spin. A small model allows a complete list:

- the **local minima** are the states from which every path leads upwards. Connected states of equal
  energy are one minimum, a plateau. Energies count as equal if the rounding of the couplings cannot
  distinguish them;
- the **basins**: every state moves to its lowest neighbour until it is in a minimum. If several
  neighbours are equally low, it moves to the one with the lowest number. Here a state and its
  mirror image (all spins turned) both have the smaller of their two numbers. Without fields, the
  path of a state with the first spin up is the mirror image of the path of its mirror image. So
  mirror images have equal basins;
- the **barriers**: on the way from one minimum to another, the energy must rise at least to that of
  the lowest saddle between them. These saddles are the joints of a tree. They are the energies at
  which the regions around the minima join as the energy rises.

The landscape depends only on the model. A model drawn here depends only on (seed, N, P).

References
----------
O. M. Becker, M. Karplus, J. Chem. Phys. 106, 1495 (1997), for the tree; T. Klotz, S. Kobe, J. Phys.
A 27, L95 (1994), for spin glasses; D. J. Amit, H. Gutfreund, H. Sompolinsky, Phys. Rev. A 32, 1007
(1985), for the mixtures of patterns in a Hopfield network.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinglass import _arguments, _core, _random
from spinglass._progress import Progress, progress_callback
from spinglass.experiments.config import asked
from spinglass.experiments.energy_landscape.config import MODELS, LandscapeConfig
from spinglass.experiments.energy_landscape.result import MERGE, Landscape, minima_table
from spinglass.models.energy import HasEnergy, structure_of
from spinglass.models.forms import spin_form
from spinglass.models.glass import Disorder, SherringtonKirkpatrick
from spinglass.models.hopfield import Hopfield
from spinglass.models.patterns import Patterns
from spinglass.partition.exact.spins import spins_of, warn_of_rounding

# As the core has it.
MOST_SPINS = 28

SPINS, PATTERNS = 20, 3

# Bytes a state: its energy, the step down from it, its basin; and some for sorting a part of them.
_BYTES = 14

# Seconds a state on two threads, to say what a larger model would take.
_SECONDS = 1e-7


@asked(LandscapeConfig)
def landscape(
    model: str | HasEnergy = "sk",
    n_spins: int | None = None,
    n_patterns: int | None = None,
    *,
    disorder: Disorder | None = None,
    seed: _random.Seed = 0,
    num_threads: int | None = None,
    progress: Progress = False,
) -> Landscape:
    """Find all local minima of a small model, their basins, and the tree of barriers.

    Parameters
    ----------
    model : {"sk", "hopfield"}, SpinModel, SpinForm, UnitForm, BernoulliRBM, ...
        A word draws a Sherrington-Kirkpatrick glass or a Hopfield network of random patterns. A
        model must have an energy of pairs of spins or units, or of two layers of units, and does
        not allow ``n_spins``, ``n_patterns`` and ``disorder``. Units u are shown as spins
        s = 2u - 1, visible ones first.
    n_spins : int, optional
        N, 2 to 28; 20 by default. Each further spin doubles time and memory: 24 spins take 230 MB
        and a second or two, 28 take 4 GB.
    n_patterns : int, optional
        P, for "hopfield"; 3 by default.
    disorder : {"gaussian", "pm1"}, optional
        The couplings, for "sk": normal (the default), or of one size and either sign.
    seed : None, int, SeedSequence or Generator
        Draws the model; ``None`` draws a seed, which the result's config records.
    num_threads : int, optional
        Number of threads; by default all that the process may use. The result does not depend on
        it.
    progress : bool or callable
        True shows a bar; a callable gets (states done, states in total).

    Returns
    -------
    Landscape

    Raises
    ------
    ValueError, TypeError
        For an argument out of range, or too many spins (the message states the memory and time).
    MemoryError
        If the landscape does not fit.
    KeyboardInterrupt
        On Ctrl-C. A partial landscape has no use, so nothing is kept.

    Examples
    --------
    A ferromagnet has two minima. The barrier between them is the energy of the bonds between one
    half of the spins and the other:

    >>> import spinglass
    >>> from spinglass.experiments import landscape
    >>> ferromagnet = spinglass.Mattis([1] * 8)
    >>> result = landscape(ferromagnet)
    >>> result.minima[["state", "energy", "plateau"]].tolist()
    [(0, -3.5, 1), (255, -3.5, 1)]
    >>> result.barrier(0, 1)
    4.0
    """
    threads = _arguments.thread_count(num_threads)
    drawn, config = _model(**vars(LandscapeConfig.check(locals())))
    form, n = spin_form(drawn), config.n_spins
    fields = form.fields if form.fields.any() else None
    _arguments.check_memory(_BYTES << n, f"the landscape of {n} spins")
    couplings = form.structure().dense_couplings()
    warn_of_rounding(couplings, fields, np.inf)
    with progress_callback(progress, "landscape", "states") as callback:

        def report(done: int, total: int) -> None:
            if callback:
                callback(2**n * done // total, 2**n)  # the core looks at each several times

        found = _core.landscape(couplings, fields, threads, report)
    energies, saddles = (levels + form.constant for levels in _energies(found))
    merges = np.zeros(len(saddles), MERGE)
    merges["energy"], merges["energy_per_spin"] = saddles, saddles / n
    merges["state"] = found["saddle_state"]
    merges["lower"], merges["higher"] = found["lakes"].T
    spins = spins_of(found["state"], n)
    network = drawn if hasattr(drawn, "overlaps") else None
    return Landscape(
        config=config,
        version=_core.__version__,
        model=drawn,
        minima=minima_table(found, energies, merges, spins, network, fields is None),
        spins=spins,
        merges=merges,
    )


def _energies(found: dict[str, Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the energies of minima and saddles: those equal within rounding as one number."""
    numbers = np.concatenate([found["energy"], found["saddle_energy"]])
    order = np.argsort(numbers, kind="stable")
    ascending = numbers[order]
    first = np.diff(ascending, prepend=ascending[0]) > found["tolerance"]
    first[0] = True
    # The core puts minima in order by the same rule.
    levels = np.empty(len(numbers), np.float64)
    levels[order] = ascending[np.flatnonzero(first)[np.cumsum(first) - 1]] * found["unit"]
    return levels[: len(found["energy"])], levels[len(found["energy"]) :]


def _model(
    model: Any, n_spins: Any, n_patterns: Any, disorder: Any, seed: int
) -> tuple[Any, LandscapeConfig]:
    """Draw the model, and resolve every argument, or say what was expected and what came."""
    if not isinstance(model, str | HasEnergy):
        expected = 'have an energy, or be "sk" or "hopfield"'
        raise TypeError(f"model must {expected}, got {type(model).__name__}")
    if not isinstance(model, str):
        n = structure_of(model).n_variables
        given = {"n_spins": n_spins, "n_patterns": n_patterns, "disorder": disorder}
        for name, value in given.items():
            if value is not None:
                raise ValueError(f"{name} must not be given with a model, got {value!r}")
        _check_size(n)
        return model, LandscapeConfig(type(model).__name__, n, None, None, None)
    kind = _arguments.choice(model, "model", MODELS)
    n = n_spins or SPINS
    _check_size(n)
    if kind == "sk":
        if n_patterns is not None:
            raise ValueError('n_patterns is for model="hopfield"')
        how: Disorder = disorder or "gaussian"
        glass = SherringtonKirkpatrick(n, how, seed=_random.seed_word(seed, n, 0))
        return glass, LandscapeConfig(kind, n, None, how, seed)
    if disorder is not None:
        raise ValueError('disorder is for model="sk"')
    p = n_patterns or PATTERNS
    network = Hopfield(Patterns.random(p, n, seed=_random.seed_word(seed, n, p)))
    return network, LandscapeConfig(kind, n, p, None, seed)


def _check_size(n_spins: int) -> None:
    """Refuse a model of more states than can be looked at, and say what they would cost."""
    if n_spins <= MOST_SPINS:
        return
    message = f"n_spins must be at most {MOST_SPINS} to see all states, got {n_spins}"
    if n_spins > 64:
        raise ValueError(f"{message}: 2^{n_spins} states would fit in no memory")
    raise ValueError(
        f"{message}: 2^{n_spins} states would take {_arguments.format_bytes(_BYTES * 2**n_spins)} "
        f"of memory and {_duration(_SECONDS * 2.0**n_spins)}"
    )


def _duration(seconds: float) -> str:
    """Return about how long that is, in words."""
    for name, unit, most in (("minute", 60, 120), ("hour", 3600, 72), ("day", 86_400, 730)):
        if seconds < most * unit:
            count = max(1, round(seconds / unit))
            return f"about {count} {name}{'s' if count > 1 else ''}"
    return "many years"
