"""Couplings are kept as the rows or lists that sweep faster, which the matrix alone decides."""

import pickle

import numpy as np
import pytest
from scipy import sparse

import reference
import spinglass
from sampling.models import FIELDS, random_couplings
from spinglass import Ising, exact
from spinglass.models.layout import faster_layout

FORMS = {"dense": np.asarray, "sparse": sparse.csr_array}
LAYOUTS = ["dense", "sparse"]


def circulant(n_spins, degree):
    """Every spin is coupled to so many others around a ring: all, or an even number."""
    row = np.zeros(n_spins)
    row[1 : degree // 2 + 1] = row[n_spins - degree // 2 :] = 1
    row[1:] = 1 if degree == n_spins - 1 else row[1:]
    return np.array([np.roll(row, i) for i in range(n_spins)])


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("n_spins", "degree", "layout"),
    [
        (2, 1, "sparse"),
        (205, 204, "sparse"),  # the largest full matrix: 192 + 205 / 16 = 204.8
        (206, 205, "dense"),
        (320, 212, "sparse"),  # 192 + 320 / 16
        (320, 214, "dense"),
        (640, 232, "sparse"),
        (640, 234, "dense"),
    ],
)
def test_the_number_of_neighbours_decides(n_spins, degree, layout, form):
    couplings = FORMS[form](circulant(n_spins, degree))
    assert Ising(couplings).layout == faster_layout(couplings) == layout
    assert Ising(couplings, np.ones(n_spins)).layout == layout


def test_a_sparse_matrix_of_few_pairs_stays_sparse():
    # As rows it would take more than three times the memory.
    assert faster_layout(circulant(1200, 280)) == "dense"
    assert faster_layout(sparse.csr_array(circulant(1200, 280))) == "sparse"


def test_replicas_threads_and_processor_do_not_decide(monkeypatch):
    couplings = random_couplings(60, 1)
    chosen = Ising(couplings)
    for name, value in (("SPINGLASS_SIMD", "portable"), ("SPINGLASS_NUM_THREADS", "1")):
        monkeypatch.setenv(name, value)
        assert Ising(couplings).layout == chosen.layout
        assert Ising(couplings)._model.digest() == chosen._model.digest()


@pytest.mark.parametrize("fields", [None, FIELDS], ids=["no fields", "fields"])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("form", FORMS)
def test_whatever_is_kept_the_form_given_comes_back(form, layout, fields):
    given = FORMS[form](random_couplings(7, 2, 0.6))
    model = Ising(given, fields, layout=layout)
    assert model.layout == layout
    for one in (model, pickle.loads(pickle.dumps(model)), model.to_ising()):
        assert type(one.couplings()) is type(given)
        assert abs(one.couplings() - given).max() == 0
        assert one._model.digest() == model._model.digest()
        assert repr(one) == repr(model)
        assert one.layout == layout
    assert sparse.issparse(model.structure().couplings) == sparse.issparse(given)


def test_repr_says_what_was_chosen():
    couplings = random_couplings(5, 3)
    many = random_couplings(300, 3)
    thin = sparse.csr_array(couplings)
    full = sparse.csr_array(many)
    kept_as = {
        "Ising(<dense couplings of 5 spins, kept as sparse>)": Ising(couplings),
        "Ising(<dense couplings of 5 spins>)": Ising(couplings, layout="dense"),
        "Ising(<sparse couplings of 5 spins>, fields=...)": Ising(thin, np.ones(5)),
        "Ising(<dense couplings of 300 spins>)": Ising(many),
        "Ising(<sparse couplings of 300 spins, kept as dense>)": Ising(full),
        "Ising(<sparse couplings of 300 spins>)": Ising(full, layout="sparse"),
    }
    for words, model in kept_as.items():
        assert repr(model) == words
        assert spinglass.sample(model, 0.5, 1, seed=1).model == words


@pytest.mark.parametrize("form", FORMS)
def test_energies_fields_and_law_do_not_depend_on_the_layout(form):
    couplings = random_couplings(7, 4, 0.7)
    states = reference.all_states(7)
    dense, lists = (Ising(FORMS[form](couplings), FIELDS, layout=layout) for layout in LAYOUTS)
    truth = reference.ising_energies(couplings, states, FIELDS)
    # Sums of 28 numbers of about 1 are rounded some 30 times.
    for model in (dense, lists):
        np.testing.assert_allclose(model.energy(states), truth, rtol=0, atol=1e-13)
        fields = states @ couplings + FIELDS
        np.testing.assert_allclose(model.local_fields(states), fields, rtol=0, atol=1e-13)
        law, energies = reference.ising_law(model, 1.3)
        assert exact.mean_energy(model, 1.3) == pytest.approx(law @ energies, rel=1e-12)
        run = spinglass.sample(model, 1.3, 20, n_replicas=4000, seed=5, every=20)
        means = run.energy[:, -1]
        error = means.std(ddof=1) / np.sqrt(len(means))
        assert abs(means.mean() - law @ energies) < 5 * error


@pytest.mark.parametrize("layout", ["auto", *LAYOUTS])
def test_no_couplings_at_all(layout):
    for n_spins in (1, 6):
        for form in FORMS.values():
            model = Ising(form(np.zeros((n_spins, n_spins))), np.ones(n_spins), layout=layout)
            assert model.energy(np.ones(n_spins)) == -n_spins
            run = spinglass.sample(model, np.inf, 40, seed=1)
            assert (run.final_states == 1).all()
            free = Ising(form(np.zeros((n_spins, n_spins))), layout=layout)
            assert (spinglass.sample(free, 1.0, 3, seed=1).energy == 0).all()
    with pytest.raises(ValueError, match="couplings must have shape"):
        Ising(np.zeros((0, 0)), layout=layout)


@pytest.mark.parametrize("layout", ["auto", *LAYOUTS])
def test_stored_zeros_and_double_entries_are_those_of_the_matrix(layout):
    ends = ([0, 1, 0, 1, 0, 2, 1, 2], [1, 0, 1, 0, 2, 0, 2, 1])
    stored = sparse.coo_array(([1, 1, 2, 2, 0, 0, -1, -1], ends), shape=(3, 3))
    model, plain = (Ising(x, layout=layout) for x in (stored, stored.toarray()))
    assert stored.toarray()[0, 1] == 3
    assert model._model.digest() == plain._model.digest()
    np.testing.assert_array_equal(model.couplings().toarray(), plain.couplings())


def test_stored_zeros_are_no_neighbours():
    n_spins, degree = 320, 200
    rows = sparse.csr_array(np.ones((n_spins, n_spins)))
    rows.data[:] = circulant(n_spins, degree).ravel()
    assert rows.nnz == n_spins**2
    assert Ising(rows).layout == "sparse"


def test_sites_numbered_otherwise_are_kept_in_the_same_way():
    couplings = circulant(320, 200)
    order = np.random.default_rng(3).permutation(len(couplings))
    assert Ising(couplings[order][:, order]).layout == Ising(couplings).layout


def test_models_that_know_their_kernel_keep_it_as_a_matrix():
    for model, layout in (
        (spinglass.SherringtonKirkpatrick(9, seed=1), "dense"),
        (spinglass.EdwardsAnderson((3, 3), seed=1), "sparse"),
    ):
        assert model.to_ising().layout == layout
        assert model.to_ising()._model.digest() == model._model.digest()


def test_a_wrong_layout_is_named():
    with pytest.raises(ValueError, match='layout must be "auto", "dense" or "sparse", got'):
        Ising([[0, 1], [1, 0]], layout="rows")


def test_dense_rows_that_do_not_fit_are_refused_with_their_cost(monkeypatch):
    thin = sparse.csr_array(circulant(400, 2))
    monkeypatch.setattr("spinglass._arguments.available_memory", lambda: 1_000_000)
    assert Ising(thin).layout == "sparse"
    with pytest.raises(MemoryError, match=r"400 spins, kept as dense, needs 3\.2 MB"):
        Ising(thin, layout="dense")
