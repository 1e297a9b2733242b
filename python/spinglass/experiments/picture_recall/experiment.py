r"""What does a Hopfield network recall? Pictures stored, spoiled, and found again.

Each picture is a pattern of size x size spins, +1 where it is light and -1 where it is dark. Hebb's
rule stores all pictures. The network starts at each picture with a fraction ``flip`` of its pixels
flipped, and runs sequential zero-temperature dynamics to the fixed point. The energy

    E(s) = -(1/2) sum_{i != j} J_ij s_i s_j = -(1/2N) [sum_mu M_mu^2 - N P],  M_mu = xi^mu . s,

falls with every flip, because a spin turns only if it opposes its field.

Hebb's rule is made for uncorrelated patterns with as many +1 as -1. So a picture is divided at the
grey level that makes the numbers of light and dark pixels most nearly equal. The remaining
correlation of the pictures is crosstalk. A network of similar pictures recalls mixtures, and the
result shows this.

References
----------
J. J. Hopfield, Proc. Natl. Acad. Sci. USA 79, 2554 (1982).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spinglass import _arguments, _random
from spinglass._core import __version__
from spinglass.experiments.config import asked
from spinglass.experiments.picture_recall.config import RecallPicturesConfig
from spinglass.experiments.picture_recall.images import FIGURES, Image, as_spins
from spinglass.experiments.picture_recall.result import EnergyTrace, RecallPictures
from spinglass.models.hopfield import Hopfield
from spinglass.models.patterns import corrupt


@asked(RecallPicturesConfig)
def recall_pictures(
    images: Iterable[Image] | Mapping[str, Image] | None = None,
    *,
    flip: float = 0.3,
    size: int | None = None,
    seed: _random.Seed = 0,
    num_threads: int | None = None,
    max_sweeps: int = 1000,
) -> RecallPictures:
    """Store pictures in a Hopfield network and recall each from a spoiled copy.

    Parameters
    ----------
    images : sequence of paths and 2-D arrays, or such with names as a mapping, optional
        The pictures: files that Pillow reads (the first frame of an animation, upright, on white
        where transparent), or arrays of grey levels, where larger is lighter. Each picture is
        cropped to its central square and resized. It is then divided at the grey level that makes
        the numbers of light and dark pixels most nearly equal. An array of this size that holds
        only -1 and +1 is used unchanged. The default is five figures of 11 x 11 pixels, the first a
        cross, with overlaps of at most 0.12.
    flip : float
        Fraction of the pixels that are flipped at the start: round(flip N) of them.
    size : int, optional
        Pixels of each side, 2 to 1024. The default is 64, or the side of the arrays if all are
        squares of the same size.
    seed : None, int, SeedSequence or Generator
        Determines the flipped pixels. ``None`` draws a seed, which the result's config records.
    num_threads : int, optional
        Number of threads; by default all that the process may use. The result does not depend on
        it.
    max_sweeps : int
        A recall ends after this many sweeps. If it has not converged, ``converged`` is False.

    Returns
    -------
    RecallPictures

    Raises
    ------
    OSError
        If a file cannot be opened.
    ValueError, TypeError
        If a picture cannot be read or is of one grey, or another argument is out of range.
    MemoryError
        If the pictures do not fit in memory.
    ImportError
        If files must be read, or arrays resized, and Pillow is not installed.

    Examples
    --------
    >>> from spinglass.experiments import recall_pictures
    >>> result = recall_pictures(flip=0.3)
    >>> result.names[0], round(float(result.start_overlap[0]), 2), float(result.overlap[0])
    ('cross', 0.4, 1.0)
    >>> bool((result.recalled[0] == result.stored[0]).all())
    True

    References
    ----------
    J. J. Hopfield, Proc. Natl. Acad. Sci. USA 79, 2554 (1982).
    """
    asked_for = RecallPicturesConfig.check(locals())
    given = asked_for.images
    config = RecallPicturesConfig.resolved(asked_for)
    labels = config.images
    names = tuple(FIGURES) if labels is None else tuple(Path(x).name or x for x in labels)
    if isinstance(images, Mapping):
        names = tuple(map(str, images))
    # Names go to terminals and figures: control characters and undecodable bytes do not.
    names = tuple("".join(c if c.isprintable() else "?" for c in name) for name in names)
    threads = _arguments.thread_count(num_threads)
    n_pictures, n_spins = len(names), config.size**2
    # Stored, start, recalled, two states of the trace and what the network makes of them.
    what = f"the recall of {n_pictures} pictures of {config.size} x {config.size} pixels"
    _arguments.check_memory(16 * n_pictures * n_spins + 32 * n_spins, what)
    if given is None:
        stored = np.where(np.stack(list(FIGURES.values())), -1, 1).astype(np.int8)
    else:
        stored = np.stack([as_spins(x, config.size) for x in given])
    patterns = stored.reshape(n_pictures, n_spins)
    network = Hopfield(patterns)
    start = corrupt(patterns, config.flip, seed=config.seed)
    result = network.recall(start, max_sweeps=config.max_sweeps, num_threads=threads)

    def own(states: NDArray[np.int8]) -> NDArray[np.float64]:
        sums: NDArray[np.int64] = np.einsum("ki,ki->k", patterns, states, dtype=np.int64)
        return sums / n_spins

    return RecallPictures(
        config=config,
        version=__version__,
        names=names,
        stored=stored,
        start=start.reshape(stored.shape),
        recalled=result.states.reshape(stored.shape),
        start_overlap=own(start),
        overlap=own(result.states),
        best_picture=result.best_pattern,
        best_overlap=result.best_overlap,
        stored_energy=network.energy(patterns),
        flips=result.flips,
        sweeps=result.sweeps,
        converged=result.converged,
        stable=network.stable_patterns(num_threads=threads),
        traces=_traces(network, patterns, start, threads, config.max_sweeps),
    )


# ---- the energy on the way ---------------------------------------------------------------------


def _traces(
    network: Hopfield,
    patterns: NDArray[np.int8],
    start: NDArray[np.int8],
    num_threads: int | None,
    max_sweeps: int,
) -> tuple[EnergyTrace, ...]:
    """Follow each recall flip by flip.

    The network runs one sweep at a time. A sweep visits each site once and in order, so the sites
    at which the states before and after differ are its flips, in their order.
    """
    n_spins = network.n_spins
    updates: list[list[NDArray[np.int64]]] = [[np.zeros(1, np.int64)] for _ in start]
    energy = [[network.energy(row[None])] for row in start]
    moving, before = np.arange(len(start)), start
    for sweep in range(max_sweeps):
        after = network.recall(before, max_sweeps=1, num_threads=num_threads).states
        for k, old, new in zip(moving, before, after, strict=True):
            sites = np.flatnonzero(old != new)
            updates[k].append(sweep * n_spins + sites + 1)
            sums = np.rint(network.overlaps(old) * n_spins).astype(np.int64)
            energy[k].append(_energies(patterns, old, sums, sites))
        turned = (before != after).any(axis=1)
        moving, before = moving[turned], after[turned]
        if moving.size == 0:
            break
    traces = tuple(
        EnergyTrace(np.concatenate(u), np.concatenate(e))
        for u, e in zip(updates, energy, strict=True)
    )
    # The network's own flips, so this is a theorem: a spin turns only against its field.
    assert all((np.diff(trace.energy) < 0).all() for trace in traces)
    return traces


def _energies(
    patterns: NDArray[np.int8],
    state: NDArray[np.int8],
    sums: NDArray[np.int64],
    sites: NDArray[np.intp],
) -> NDArray[np.float64]:
    """Return the energy after each of the flips of ``sites``, in this order, from ``state``.

    ``sums`` are the M_mu of that state. 2 N E = N P - sum_mu M_mu^2 is an integer, and a flip of
    s_i adds -2 s_i xi_i^mu to M_mu.
    """
    n_patterns, n_spins = patterns.shape
    energies = []
    for part in np.split(sites, range(1024, len(sites), 1024)):  # bounds the memory
        steps = -2 * patterns[:, part].astype(np.int64) * state[part]
        path = sums[:, None] + np.cumsum(steps, axis=1)
        energies.append((n_spins * n_patterns - (path**2).sum(axis=0)) / (2 * n_spins))
        sums = path[:, -1] if len(part) else sums
    return np.concatenate(energies)
