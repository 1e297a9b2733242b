"""Bad parameters, bad data, and data that no finite couplings explain."""

import numpy as np
import pytest

from inverse.models import drawn, exact_data, glass
from spinglass import InverseIsing
from spinglass.inverse.samples import Samples
from spinglass.inverse.separability import refuse_infinite

X = drawn(*glass(5, seed=1), 100, seed=1)
ITERATIVE = ["pseudolikelihood", "flow"]
ALL = [*ITERATIVE, "mean-field", "tap", "boltzmann"]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"method": "plm"}, 'method must be "pseudolikelihood", "mean-field", "tap", "flow" or'),
        ({"l1": -1.0}, "l1 must be >= 0, got -1.0"),
        ({"l2": np.inf}, "l2 must be finite, got inf"),
        ({"tol": 0.0}, "tol must be > 0, got 0.0"),
        ({"max_iter": 0}, "max_iter must be an integer >= 1, got 0"),
        ({"method": "tap", "l1": 0.1}, 'l1 must be 0 with method="tap", got 0.1'),
        ({"method": "boltzmann", "n_chains": 1}, "n_chains must be an integer >= 2, got 1"),
        ({"sweeps": 0}, "sweeps must be an integer >= 1, got 0"),
        ({"learning_rate": 0.0}, "learning_rate must be > 0, got 0.0"),
        ({"num_threads": 0}, "num_threads must be an integer >= 1, got 0"),
        ({"method": "boltzmann", "random_state": -1}, "random_state must be None, an integer >= 0"),
        ({"method": "tap", "random_state": -1}, "random_state must be None, an integer >= 0"),
    ],
)
def test_a_bad_parameter_is_refused_by_name_in_fit(parameters, message):
    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        InverseIsing(**parameters).fit(X)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (np.where(X > 0, 1, 0), "X must hold only -1 and .1, got 0 in row .*; to_spins turns"),
        (np.where(X > 0, 0.5, -1), "got 0.5 in row"),
        (np.where(X > 0, np.nan, -1), "got NaN in row"),
        (np.where(X > 0, 255, -1), "got 255 in row [0-9]*, column [0-9]*$"),
        (X.astype(np.uint8), r"got 255 in row .*, which is what -1 becomes as uint8; X.astype"),
        (X[:1], "X must have at least two samples, got 1 sample"),
        (X[0], "Expected 2D array, got 1D array instead"),
        (X[:0], r"Found array with 0 sample\(s\)"),
        (X[:, :0], r"Found array with 0 feature\(s\)"),
        (np.ma.masked_equal(X, 1), "X must hold -1 and .1, got masked values"),
    ],
)
def test_what_is_no_table_of_spins_is_refused(data, message):
    with pytest.raises(ValueError, match=message):
        InverseIsing().fit(data)


def test_a_sparse_matrix_is_refused():
    from scipy.sparse import csr_array

    with pytest.raises(TypeError, match="X must be a dense array, got a sparse one"):
        InverseIsing().fit(csr_array(X))


@pytest.mark.parametrize("kind", [bool, np.int8, np.int64, np.float32, object, list])
def test_any_dtype_of_spins_is_taken(kind):
    if kind is bool:
        with pytest.raises(ValueError, match="got False"):
            InverseIsing().fit(X > 0)
        return
    rows = X.tolist() if kind is list else X.astype(kind)
    assert (InverseIsing().fit(rows).couplings_ == InverseIsing().fit(X).couplings_).all()


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.ones(3), r"sample_weight must have shape \(100,\), got \(3,\)"),
        (-np.ones(100), "sample_weight must be finite and >= 0, got -1.0"),
        (np.full(100, np.nan), "sample_weight must be finite and >= 0, got nan"),
        (np.zeros(100), "sample_weight must not be zero for all samples"),
    ],
)
def test_bad_weights_are_refused(weights, message):
    with pytest.raises(ValueError, match=message):
        InverseIsing().fit(X, sample_weight=weights)


@pytest.mark.parametrize("method", ALL)
@pytest.mark.parametrize("l2", [0.0, 0.1])
def test_a_constant_column_is_named(method, l2):
    rows = np.where(np.arange(5) == 3, -1, X)
    with pytest.raises(ValueError, match=r"column 3 of X is -1 in all samples.*drop the column"):
        InverseIsing(method, l2=l2).fit(rows)
    weights = (X[:, 3] == 1).astype(float)
    with pytest.raises(ValueError, match=r"column 3 of X is \+1"):
        InverseIsing(method, l2=l2).fit(X, sample_weight=weights)


@pytest.mark.parametrize("method", ALL)
@pytest.mark.parametrize("sign", [1, -1])
def test_columns_that_are_always_equal_are_named_or_penalised(method, sign):
    rows = X.copy()
    rows[:, 4] = sign * rows[:, 1]
    what = "equal" if sign == 1 else "opposite"
    with pytest.raises(ValueError, match=f"columns 1 and 4 of X are {what} in all samples"):
        InverseIsing(method).fit(rows)
    model = InverseIsing(method, l2=0.01, n_chains=None).fit(rows)
    assert sign * model.couplings_[1, 4] > np.abs(np.delete(model.couplings_[1], 4)).max()


@pytest.mark.parametrize("method", ALL)
def test_random_state_is_checked_by_every_method_and_drawn_from_only_by_chains(method):
    with pytest.raises(TypeError, match="random_state must be None, an integer >= 0"):
        InverseIsing(method, random_state="a").fit(X)
    for kind in (np.random.default_rng, np.random.RandomState):
        random = kind(1)
        InverseIsing(method, random_state=random, n_chains=None).fit(X)
        assert random.normal() == kind(1).normal()


@pytest.mark.parametrize("method", ALL)
def test_too_few_samples_are_named_or_penalised(method):
    rows = np.random.default_rng(1).choice([-1, 1], (12, 14))
    what = r"spins 0 and 2 are never both \+1 in the samples \([0-9]+ more pairs like that\)"
    if method == "boltzmann":
        with pytest.warns(RuntimeWarning, match=what):
            assert not InverseIsing(method, n_chains=None, max_iter=3000).fit(rows).converged_
    else:
        closed = method in ("mean-field", "tap")
        with pytest.raises(ValueError, match="singular, of 12" if closed else "run away"):
            InverseIsing(method).fit(rows)
    model = InverseIsing(method, l2=0.1, n_chains=None).fit(rows)
    assert model.converged_
    assert np.abs(model.couplings_).max() < 2.0


@pytest.mark.parametrize("method", ALL)
@pytest.mark.parametrize("cell", [(1, 1), (1, -1), (-1, 1), (-1, -1)])
def test_a_cell_that_is_empty_is_named_where_it_means_an_infinite_coupling(method, cell):
    rows = np.random.default_rng(1).choice([-1, 1], (2000, 5))
    weights = np.where((rows[:, [1, 3]] == cell).all(axis=1), 0.0, 1.0)
    model = InverseIsing(method, n_chains=None)
    a, b = cell
    what = f"spins 1 and 3 are never both {a:+d} in the samples: the best coupling is infinite"
    if a != b:
        what = f"spin 1 is never {a:+d} where spin 3 is {b:+d} in the samples: the best coupling"
    if method in ("mean-field", "tap"):
        found = model.fit(rows, sample_weight=weights).couplings_[1, 3]
        assert np.sign(found) == -a * b
        assert abs(found) < 2.0
    else:
        for kept, given in ((rows, weights), (rows[weights > 0], None)):
            with pytest.warns(RuntimeWarning, match=what.replace("+", r"\+")):
                model.fit(kept, sample_weight=given)
            assert not model.converged_
            assert np.sign(model.couplings_[1, 3]) == -a * b
        assert model.set_params(l2=0.01).fit(rows, sample_weight=weights).converged_


@pytest.mark.parametrize("share", [1e-3, 1e-13])
def test_a_cell_that_is_hardly_ever_seen_is_not_empty(share):
    rows = np.random.default_rng(1).choice([-1, 1], (2000, 5)).astype(np.int8)
    weights = np.where((rows[:, [1, 3]] == 1).all(axis=1), share, 1.0)
    refuse_infinite(Samples.of(rows, weights, 1), None, penalised=False, closed=False)
    if share == 1e-3:
        assert InverseIsing().fit(rows, sample_weight=weights).converged_


@pytest.mark.parametrize("method", ITERATIVE)
def test_data_that_can_be_separated_run_away_though_no_cell_is_empty(method):
    # Each spin has more couplings than there are samples to explain.
    rows = np.random.default_rng(2).choice([-1, 1], (60, 100))
    with pytest.raises(ValueError, match="the couplings run away"):
        InverseIsing(method).fit(rows)
    assert InverseIsing(method, l2=0.1).fit(rows).converged_


@pytest.mark.parametrize("method", ITERATIVE)
def test_a_spin_that_others_decide_runs_away(method):
    # The sixth is the majority of the first three: only infinite couplings say so.
    rows = np.column_stack([X, np.sign(X[:, 0] + X[:, 1] + X[:, 2])])
    with pytest.raises(ValueError, match="the couplings run away"):
        InverseIsing(method).fit(rows)
    assert InverseIsing(method, l1=0.01).fit(rows).converged_


def test_strong_couplings_that_the_data_bound_are_found():
    couplings = np.array([[0.0, 6.5], [6.5, 0.0]])
    states, chances = exact_data(couplings, np.array([0.3, 0.0]))
    for method in ITERATIVE:
        model = InverseIsing(method, tol=1e-7).fit(states, sample_weight=chances)
        assert model.couplings_[0, 1] == pytest.approx(6.5, abs=0.1)


def test_columns_that_depend_on_others_are_refused_where_the_covariance_is_inverted():
    # As a + b = c + d in every row, though no two columns are equal.
    rows = np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, -1, -1, 1], [-1, 1, -1, 1], [-1, 1, 1, -1]])
    with pytest.raises(ValueError, match="covariance of X is singular, as some columns"):
        InverseIsing("tap").fit(rows)


def test_a_fit_that_stops_early_warns():
    with pytest.warns(RuntimeWarning, match="InverseIsing has not converged: after 1 iterations"):
        model = InverseIsing(max_iter=1).fit(X)
    assert not model.converged_
    assert model.n_iter_ == 1


def test_a_minimiser_that_gives_up_says_that_more_iterations_are_no_help():
    with pytest.warns(RuntimeWarning, match=r"the minimiser gave up after .*tol=1e-30: raise tol$"):
        model = InverseIsing(tol=1e-30).fit(X)
    assert model.n_iter_ < 1000


def test_a_single_spin_has_a_field_and_no_coupling():
    rows = np.array([[1], [1], [1], [-1]])
    for method in ALL:
        model = InverseIsing(method, n_chains=None).fit(rows)
        assert model.fields_ == pytest.approx(np.arctanh([0.5]), abs=1e-5)
        assert model.couplings_.tolist() == [[0.0]]


def test_more_spins_than_can_be_summed_need_chains():
    rows = np.random.default_rng(1).choice([-1, 1], (200, 21))
    with pytest.raises(ValueError, match="n_chains must be given for more than 20 spins"):
        InverseIsing("boltzmann", n_chains=None).fit(rows)


def test_another_number_of_spins_is_refused_by_score():
    model = InverseIsing().fit(X)
    with pytest.raises(ValueError, match="X has 4 features, but InverseIsing is expecting 5"):
        model.score(X[:, :4])
