"""Descent to the nearest local minimum, without a temperature."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass import _core
from spinglass._arguments import check_memory, clamp_rows, integer, spin_array, thread_count
from spinglass._interrupted import Interrupted
from spinglass._printed import printed
from spinglass._progress import Progress, progress_callback
from spinglass.models.energy import HasEnergy
from spinglass.models.pattern_overlaps import overlaps_of
from spinglass.sampling.plan import sampled


@printed
@dataclass(frozen=True, eq=False)
class Descent:
    """The result of :func:`spinglass.descend`: the states after the descent.

    For a single state every field except ``states`` is a scalar. For a batch it is an array with
    one value per state.

    Attributes
    ----------
    states : numpy.ndarray of int8, (n_spins,) or (n_states, n_spins)
        The final states. ``overlaps_with`` compares them with patterns; products of bytes would
        overflow.
    energy : float
        Total energy of the final state.
    converged : bool
        Whether a whole sweep flipped nothing, so that the state is a fixed point.
    sweeps : int
        Number of sweeps, including the one that flipped nothing.
    flips : int
        Number of flips.
    model : str
        Description of the model.
    max_sweeps : int
        As given.
    version : str
        Version of the package.

    Examples
    --------
    >>> import spinglass
    >>> found = spinglass.descend(spinglass.Mattis([1] * 8), [[1] * 6 + [-1] * 2])
    >>> found.states.tolist(), found.flips.tolist(), found.converged.tolist()
    ([[1, 1, 1, 1, 1, 1, 1, 1]], [2], [True])
    """

    states: NDArray[np.int8] = field(repr=False)
    energy: Any
    converged: Any
    sweeps: Any
    flips: Any
    model: str
    max_sweeps: int
    version: str

    overlaps_with = overlaps_of("states", "the final states")


def descend(
    model: HasEnergy,
    states: ArrayLike,
    *,
    clamp: ArrayLike | None = None,
    max_sweeps: int = 1000,
    num_threads: int | None = None,
    progress: Progress = False,
) -> Descent:
    """Let states follow their local fields until no spin flips any more.

    Parameters
    ----------
    model : SpinModel, SpinForm, or anything else with the ``structure()`` of pairs of spins
        As in :func:`sample`.
    states : array_like, (n_spins,) or (n_states, n_spins)
        The starts, -1 and +1. They are not changed.
    clamp : array_like of bool, (n_spins,) or (n_states, n_spins), optional
        True where a spin keeps its value.
    max_sweeps : int
        Largest number of sweeps.
    num_threads : int, optional
        Number of threads; by default all that the process may use. It does not affect the result.
    progress : bool or callable
        True for a bar, or a callable of ``(done, total)`` in states.

    Returns
    -------
    Descent

    Raises
    ------
    ValueError, TypeError
        If an argument has another shape, type or range.
    MemoryError
        If the states do not fit in memory.
    Interrupted
        On Ctrl-C. It is a KeyboardInterrupt that carries the finished states.

    Notes
    -----
    A sweep visits sites 0 to N - 1. A spin flips if it points against its local field; a spin in a
    zero field keeps its value. Every flip lowers the energy, so a descent ends in a local minimum,
    in which no single flip lowers the energy. This is the zero-temperature dynamics of J. J.
    Hopfield, Proc. Natl. Acad. Sci. USA 79, 2554 (1982), as in ``Hopfield.recall``. The field is
    summed at each visit from the couplings as given, so a sweep costs one product with the
    couplings.

    Examples
    --------
    >>> import spinglass
    >>> glass = spinglass.EdwardsAnderson((8, 8), seed=1)
    >>> found = spinglass.descend(glass, [1] * 64)
    >>> found.converged, found.energy < glass.energy([1] * 64)
    (True, True)
    >>> bool((glass.local_fields(found.states) * found.states >= 0).all())
    True
    """
    target = sampled(model)
    n = target.n_spins
    spins = spin_array(states, "states", n)
    if spins.ndim > 2:
        raise ValueError(f"states must have shape ({n},) or (n_states, {n}), got {spins.shape}")
    batch = np.atleast_2d(spins)
    max_sweeps = integer(max_sweeps, "max_sweeps", at_least=1)
    held = None if clamp is None else clamp_rows(clamp, len(batch), n)
    check_memory(3 * batch.size, f"states: {len(batch)} states of {n} spins")
    with progress_callback(progress, "descend", "states") as callback:
        columns, interruption = _core.descend(
            target.core,
            batch,
            max_sweeps=max_sweeps,
            clamp=held,
            num_threads=thread_count(num_threads),
            progress=callback,
        )
    finished = np.flatnonzero(columns.pop("finished"))
    if interruption is not None:
        columns = {name: column[finished] for name, column in columns.items()}
    columns["energy"] = target.total(columns["energy"])
    final = columns.pop("states")
    if spins.ndim == 1 and finished.size:
        final, columns = final[0], {name: column[0].item() for name, column in columns.items()}
    result = Descent(
        states=final,
        **columns,
        model=target.name,
        max_sweeps=max_sweeps,
        version=_core.__version__,
    )
    if isinstance(interruption, KeyboardInterrupt):
        raise Interrupted(result, finished.size, len(batch), "descents", finished) from interruption
    if interruption is not None:
        raise interruption
    return result
