r"""What does a Hopfield network recall? Pictures stored, spoiled, and found again.

Each picture is a pattern of size x size spins, +1 where it is light and -1 where it is dark. All of
them are stored by Hebb's rule; the network starts at each with a fraction ``flip`` of its pixels
flipped and runs sequential zero-temperature dynamics to the fixed point. The energy

    E(s) = -(1/2) sum_{i != j} J_ij s_i s_j = -(1/2N) [sum_mu M_mu^2 - N P],  M_mu = xi^mu . s,

falls with every flip, since a spin turns only against its field.

Hebb's rule is made for patterns with as many +1 as -1 that have nothing in common: a picture is cut
in two at the grey level that leaves the halves most nearly equal. What pictures still have in
common is crosstalk: a network of alike pictures recalls mixtures, and the result says so.

References
----------
J. J. Hopfield, Proc. Natl. Acad. Sci. USA 79, 2554 (1982).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinglass import _arguments, _random
from spinglass._core import __version__
from spinglass._files import as_json, plain, write_result
from spinglass._registry import above
from spinglass.experiments.picture_recall.images import (
    FIGURES,
    Image,
    as_spins,
    label,
    listed,
    resolved_size,
)
from spinglass.models.hopfield import Hopfield
from spinglass.models.patterns import corrupt


@dataclass(frozen=True)
class RecallPicturesConfig:
    """What was asked, everything resolved.

    Attributes
    ----------
    images : tuple of str or None
        The files as they were named, ``array k`` for an array; None for the built-in figures.
    flip : float
        Fraction of the pixels flipped at the start.
    size : int
        Pictures have size x size pixels.
    max_sweeps : int
        A recall that has not converged by then is ended.
    seed : int
        Chooses the pixels that are flipped.
    """

    images: tuple[str, ...] | None
    flip: float
    size: int
    max_sweeps: int
    seed: int


@dataclass(frozen=True, eq=False)
class EnergyTrace:
    """The energy along a recall; it is constant between the flips.

    Attributes
    ----------
    updates : numpy.ndarray of int64, (n_flips + 1,)
        0 for the start, then for each flip the number of sites visited by then, its own included.
    energy : numpy.ndarray of float64, (n_flips + 1,)
        From there on; total, not per spin.
    """

    updates: NDArray[np.int64] = field(repr=False)
    energy: NDArray[np.float64] = field(repr=False)


@dataclass(frozen=True, eq=False)
class RecallPictures:
    """Pictures and what became of them, one entry a picture.

    Attributes
    ----------
    config : RecallPicturesConfig
        What was asked.
    version : str
        The version of spinglass that ran it.
    names : tuple of str
        As the mapping has them; of a file, the last part of its path.
    stored, start, recalled : numpy.ndarray of int8, (n_pictures, size, size)
        +1 light, -1 dark.
    start_overlap, overlap : numpy.ndarray of float64, (n_pictures,)
        Of the start and of the final state with the picture stored.
    best_picture : numpy.ndarray of int64, (n_pictures,)
        Number of the picture of largest overlap with the final state.
    best_overlap : numpy.ndarray of float64, (n_pictures,)
        That overlap.
    stored_energy : numpy.ndarray of float64, (n_pictures,)
        Energy of the picture stored, total.
    flips, sweeps : numpy.ndarray of int64, (n_pictures,)
        Pixels turned on the way, and sweeps run, the last without a flip included.
    converged : numpy.ndarray of bool, (n_pictures,)
        Whether a fixed point was reached.
    traces : tuple of EnergyTrace
        The energy on the way.
    """

    config: RecallPicturesConfig
    version: str
    names: tuple[str, ...]
    stored: NDArray[np.int8] = field(repr=False)
    start: NDArray[np.int8] = field(repr=False)
    recalled: NDArray[np.int8] = field(repr=False)
    start_overlap: NDArray[np.float64]
    overlap: NDArray[np.float64]
    best_picture: NDArray[np.int64]
    best_overlap: NDArray[np.float64]
    stored_energy: NDArray[np.float64]
    flips: NDArray[np.int64]
    sweeps: NDArray[np.int64]
    converged: NDArray[np.bool_]
    traces: tuple[EnergyTrace, ...] = field(repr=False)

    def plot(self, ax: Any = None) -> Any:
        """Draw the pictures and the energy (needs Matplotlib).

        Parameters
        ----------
        ax : matplotlib Axes or sequence of Axes, optional
            One Axes gets the energy against the updates, 3 k + 1 also the first k pictures, as
            stored, started from and recalled. By default a new figure.

        Returns
        -------
        The Axes drawn on, or an array of them.
        """
        return above("plotting").pictures(self, ax)

    def to_dict(self) -> dict[str, Any]:
        """Return what ``recall.json`` holds: plain numbers, no pixels."""
        images = self.config.images or self.names
        pictures = [
            {
                "name": name,
                "image": images[k],
                "start_overlap": float(self.start_overlap[k]),
                "overlap": float(self.overlap[k]),
                "best_picture": self.names[self.best_picture[k]],
                "best_overlap": float(self.best_overlap[k]),
                "stored_energy": float(self.stored_energy[k]),
                "start_energy": float(self.traces[k].energy[0]),
                "energy": float(self.traces[k].energy[-1]),
                "flips": int(self.flips[k]),
                "sweeps": int(self.sweeps[k]),
                "converged": bool(self.converged[k]),
            }
            for k, name in enumerate(self.names)
        ]
        content = {"pictures": pictures, "config": asdict(self.config), "version": self.version}
        return {name: plain(value) for name, value in content.items()}

    def save(self, directory: str | os.PathLike[str], figure: bool = True) -> tuple[Path, ...]:
        """Write recall.json and recall.png into ``directory``.

        Each file appears whole or not at all. Without ``figure``, or without Matplotlib, there is
        no recall.png (nor one left from an earlier run). Returns the paths written.
        """

        def draw() -> bytes:
            plotting = above("plotting")
            picture: bytes = plotting.png(plotting.pictures, self, *plotting.pictures_layout(self))
            return picture

        contents = {"recall.json": lambda: as_json(self.to_dict())}
        return write_result(directory, contents, "recall.png", draw if figure else None)


def recall_pictures(
    images: Iterable[Image] | Mapping[str, Image] | None = None,
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
        where transparent), or arrays of grey levels, larger is lighter. Each is cropped to its
        central square, resized, and cut in two at the grey level that leaves light and dark most
        nearly equal; an array that holds only -1 and +1 and has the size is taken as it is. By
        default five figures of 11 x 11 pixels, the first a cross, with overlaps of at most 0.12.
    flip : float
        Fraction of the pixels that are flipped at the start: round(flip N) of them.
    size : int, optional
        Pixels a side, 2 to 1024. By default 64, or that of the arrays if all are square and alike.
    seed : None, int, SeedSequence or Generator
        Chooses the flipped pixels; ``None`` draws a seed, which the result's config records.
    num_threads : int, optional
        Threads; by default all that the process may use. The result does not depend on it.
    max_sweeps : int
        A recall that has not converged by then is ended, ``converged`` False.

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
        If files are to be read, or arrays resized, without Pillow.

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
    given = None if images is None else listed(images)
    labels = None if given is None else tuple(label(x, k) for k, x in enumerate(given))
    names = tuple(FIGURES) if labels is None else tuple(Path(x).name or x for x in labels)
    if isinstance(images, Mapping):
        names = tuple(map(str, images))
    # Names go to terminals and figures: control characters and undecodable bytes do not.
    names = tuple("".join(c if c.isprintable() else "?" for c in name) for name in names)
    known = _random.repeatable(seed)
    config = RecallPicturesConfig(
        images=labels,
        flip=_arguments.fraction(flip, "flip"),
        size=resolved_size(given, size),
        max_sweeps=_arguments.integer(max_sweeps, "max_sweeps", at_least=1),
        seed=known if isinstance(known, int) else _random.seed_word(known),
    )
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
    start = corrupt(patterns, config.flip, config.seed)
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
