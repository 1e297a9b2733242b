"""A QUBO becomes a spin model whose energies are those of the QUBO."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from scipy import sparse

import spinglass
from spinglass import Ising, exact

N, OFFSET = 6, 2.5
Q = np.random.default_rng(3).integers(-8, 9, (N, N)).astype(float)
UNITS = np.array(list(product([0, 1], repeat=N)))


def energies(matrix, offset=OFFSET):
    """Return x Q x + offset of all x."""
    return np.einsum("si,ij,sj->s", UNITS, matrix, UNITS) + offset


FORMS = {
    "full": (Q, Q),
    "upper": (np.triu(Q), np.triu(Q)),
    "lower": (np.tril(Q), np.tril(Q)),
    "integers": (Q.astype(np.int8), Q),
    "singles": (Q.astype(np.float32), Q),
    "lists": (Q.tolist(), Q),
    "csr": (sparse.csr_array(Q), Q),
    "coo of integers, upper": (sparse.coo_array(np.triu(Q).astype(int)), np.triu(Q)),
    "matrix class": (sparse.csc_matrix(np.tril(Q)), np.tril(Q)),
    "dict": ({(i, j): Q[i, j] for i in range(N) for j in range(N)}, Q),
    "dict in another order": (
        {(j, i): Q[i, j] for i in reversed(range(N)) for j in range(i, N)},
        np.triu(Q),
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_energies_are_those_of_the_qubo(form):
    given, matrix = FORMS[form]
    model = Ising.from_qubo(given, OFFSET)
    assert model.labels == range(N)
    # The biases are integers, so quarters of them and their sums are exact.
    assert model.energy(spinglass.to_spins(UNITS)).tolist() == energies(matrix).tolist()
    assert exact.log_partition(model, 0.3) == pytest.approx(
        np.log(np.exp(-0.3 * energies(matrix)).sum()), rel=1e-12
    )


def test_the_form_decides_whether_couplings_are_sparse():
    for form, (given, _) in FORMS.items():
        is_dense = isinstance(given, np.ndarray | list)
        assert sparse.issparse(Ising.from_qubo(given).couplings()) != is_dense, form


@pytest.mark.parametrize("kind", ["bsr", "coo", "csc", "csr", "dia", "dok", "lil"])
def test_a_sparse_matrix_of_every_format_has_all_its_variables(kind):
    matrix = np.diag([0.0, 1.0, 0.0, 0.0])
    matrix[1, 2] = -3.0
    for suffix in ("array", "matrix"):
        model = Ising.from_qubo(getattr(sparse, f"{kind}_{suffix}")(matrix))
        assert model.labels == range(4)
        assert model.energy(spinglass.to_spins([0, 1, 1, 0])) == -2.0


def test_a_sparse_matrix_that_is_out_of_order_is_refused():
    Q = sparse.csr_array(np.ones((4, 4)))
    Q.indptr[1] = 10**6
    with pytest.raises(ValueError, match="Q must be a sparse matrix in order, got one: "):
        Ising.from_qubo(Q)


def test_entries_of_a_sparse_matrix_that_come_twice_are_added():
    entries = ([1.0, 2.0, 4.0, 8.0], ([0, 0, 1, 1], [1, 1, 0, 1]))
    model = Ising.from_qubo(sparse.coo_array(entries, shape=(2, 2)))
    assert model.energy([[1, 1], [-1, 1]]).tolist() == [15.0, 8.0]


def test_labels_of_a_dict_come_back_sorted_if_they_can_be():
    assert Ising.from_qubo({("b", "a"): 1.0}).labels == ("a", "b")
    assert Ising.from_qubo({(7, 3): 1.0, (5, 5): 1.0}).labels == (3, 5, 7)
    mixed = {("b", ("a", 1)): 1.0, ("b", None): -2.0}
    assert Ising.from_qubo(mixed).labels == ("b", ("a", 1), None)
    assert Ising.from_qubo(mixed).energy([1, -1, 1]) == -2.0


def test_the_best_state_is_that_of_lowest_energy():
    state, energy = spinglass.anneal(
        Ising.from_qubo(Q, OFFSET), n_sweeps=100, n_replicas=8, seed=1
    ).best
    assert energy == energies(Q).min()
    x = spinglass.to_bits(state).astype(int)
    assert x @ Q @ x + OFFSET == energy
    np.testing.assert_array_equal(spinglass.to_spins(x), state)


def test_one_variable_and_an_offset_alone():
    model = Ising.from_qubo({("x", "x"): -3.0}, 1.0)
    assert model.energy([[1], [-1]]).tolist() == [-2.0, 1.0]
    assert Ising.from_qubo([[0.0]], 4.0).energy([1]) == 4.0
    assert Ising.from_qubo(sparse.csr_array((2, 2)), 4.0).energy([1, 1]) == 4.0


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({}, ValueError, "Q must have at least one variable"),
        ({"ab": 1.0}, TypeError, r"Q must have pairs of labels as keys, got 'ab'"),
        ({(1, 2, 3): 1.0}, TypeError, r"Q must have pairs of labels as keys, got \(1, 2, 3\)"),
        ({(0, 1): "1"}, TypeError, "Q must hold real numbers"),
        ({(0, 1): 1j}, TypeError, "Q must hold real numbers"),
        ({(0, 1): Fraction(1, 2)}, TypeError, "Q must hold real numbers"),
        ({(0, 1): np.nan}, ValueError, "Q must be finite, got nan"),
        (np.ones((2, 3)), ValueError, r"shape \(n, n\), got shape \(2, 3\)"),
        (np.ones(4), ValueError, r"shape \(n, n\), got shape \(4,\)"),
        (np.ones((0, 0)), ValueError, r"shape \(n, n\), got shape \(0, 0\)"),
        ([[np.inf]], ValueError, "Q must be finite, got inf"),
        (np.full((2, 2), 1e308), ValueError, "finite|at most"),
        ({(0, 0): 1e308, (1, 1): 1e308}, ValueError, "finite|at most"),
        (sparse.csr_array(np.ones((2, 3))), ValueError, r"got shape \(2, 3\)"),
        (sparse.csr_array([[1j]]), TypeError, "Q must hold real numbers"),
        (sparse.csr_array([[np.nan]]), ValueError, "Q must be finite, got nan"),
        (None, TypeError, "Q must hold real numbers"),
    ],
)
def test_what_is_no_qubo_is_refused(given, error, message):
    with pytest.raises(error, match=message):
        Ising.from_qubo(given)


@pytest.mark.parametrize("offset", [np.inf, "1", None])
def test_an_offset_is_a_finite_number(offset):
    with pytest.raises((TypeError, ValueError), match="offset must be"):
        Ising.from_qubo(Q, offset)


def test_a_dict_of_couplings_is_told_the_right_door():
    with pytest.raises(TypeError, match=r"got a dict; Ising.from_qubo\(Q\) takes that of a QUBO"):
        Ising({(0, 1): 1.0})
