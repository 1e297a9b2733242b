"""What every observable is, by its definition, from the states of a run."""

import numpy as np

import spinglass
from sampling.test_overlaps import bonds_of, overlaps_of_states


def lattice_shape(model):
    return getattr(model, "shape", None)


def names_of(model):
    """The names that this model can measure, those of pairs too."""
    names = ["overlap", "abs_magnetization", "abs_local_field", "local_fields"]
    if len(bonds_of(model)):
        names.append("link_overlap")
    shape = lattice_shape(model)
    if shape is not None and not any(side % 2 for side in shape):
        names.append("staggered_magnetization")
    if isinstance(model, spinglass.Hopfield):
        names.append("largest_overlap")
    return names


def observables_of(model):
    """What this model can measure, with all that has arguments."""
    found = names_of(model)
    if isinstance(model, spinglass.Hopfield):
        found.append(spinglass.PatternOverlaps(range(model.n_patterns)[::-1]))
    if shape := lattice_shape(model):
        vectors = some_vectors(len(shape))
        found += [spinglass.StructureFactor(vectors), spinglass.OverlapStructureFactor(vectors)]
    return found


def some_vectors(dimension):
    """k = 0, along each axis, along all of them, and outside of the first zone."""
    along = np.eye(dimension, dtype=int)
    return np.concatenate(
        [0 * along[:1], along, along[:1] - along[-1:], [[-2] * dimension, [9] * dimension]]
    )


def structure_factors(model, states, vectors):
    """S(k) of states (..., n_spins), by the definition, on a last axis."""
    sites = np.indices(model.shape).reshape(len(model.shape), -1)
    turns = vectors / np.array(model.shape) @ sites
    phases = np.exp(2j * np.pi * (turns % 1.0))
    return np.abs(states @ phases.T) ** 2 / model.n_spins


def rounding(model):
    """A bound for the rounding of S(k), twice that of N terms: |A|^2 / N with |A| <= N."""
    return 2 * 2 * model.n_spins**1.5 * 8 * np.finfo(float).eps


def of_states(model, states, name):
    """The series of a name, (n_replicas or n_pairs, n_measurements, ...), from (..., n_spins)."""
    n = model.n_spins
    sums = states.astype(np.int64)
    if name == "overlap":
        return overlaps_of_states(states, bonds_of(model))[0]
    if name == "link_overlap":
        return overlaps_of_states(states, bonds_of(model))[1]
    if name == "abs_magnetization":
        return np.abs(sums.sum(-1) / n)
    if name == "staggered_magnetization":
        signs = (-1) ** np.indices(model.shape).sum(axis=0).ravel()
        return sums @ signs / n
    if name == "largest_overlap":
        return (sums @ model.patterns[:].T.astype(np.int64) / n).max(-1)
    if name == "pattern_overlaps":
        return sums @ model.patterns[::-1].T.astype(np.int64) / n
    if name == "structure_factor":
        return structure_factors(model, sums, some_vectors(len(model.shape)))
    if name == "overlap_structure_factor":
        first, second = np.triu_indices(len(states), 1)
        return structure_factors(model, sums[first] * sums[second], some_vectors(len(model.shape)))
    fields = np.array([model.local_fields(rows) for rows in states])
    if name == "local_fields":
        return fields
    assert name == "abs_local_field"
    return np.abs(fields).cumsum(-1)[..., -1] / n  # one after the other, as in the core
