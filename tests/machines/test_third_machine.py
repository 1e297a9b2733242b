"""A third machine, of which the package knows nothing, is made of the parts of the other two."""

import operator
import pickle
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from spinglass import BernoulliRBM, GaussianBernoulliRBM, exact
from spinglass._arguments import integer
from spinglass._estimator import Estimator
from spinglass.machines import fitting
from spinglass.machines.fitting import Fit
from spinglass.machines.options import check_learning_rate
from spinglass.machines.parameters import Parameter
from spinglass.machines.trained import fitted
from spinglass.machines.transformer import Transformer
from spinglass.models.energy import Pairwise


class Parameters:
    """Couplings and fields of spins -1 and +1: what stands for a machine of the core."""

    def __init__(self, couplings, fields):
        self.arrays = np.array(couplings, float), np.array(fields, float)

    def couplings(self):
        return self.arrays[0].copy()

    def fields(self):
        return self.arrays[1].copy()


class Trainer:
    """Gradient ascent of the likelihood, whose negative phase is a sum over all states."""

    def __init__(self, machine, penalty, updates=0):
        self._machine, self.penalty, self.updates = machine, penalty, updates

    def machine(self):
        return self._machine

    def set_machine(self, machine):
        self._machine = machine

    def state(self):
        (J, h), updates = self._machine.arrays, np.array([self.updates])
        return {"couplings": J, "fields": h, "updates": updates}

    def update(self, data, *, first, rows, batch_size, rates, num_threads=None, progress=None):
        for batch, rate in enumerate(rates):
            start = first + batch * batch_size
            s = data[start : min(start + batch_size, first + rows)]
            J, h = self._machine.arrays
            states = exact.states(len(h)).astype(float)
            log_p = np.einsum("ki,ij,kj->k", states, J, states) / 2 + states @ h
            p = np.exp(log_p - log_p.max())
            p /= p.sum()
            moments = s.T @ s / len(s) - states.T @ (p[:, None] * states)
            with np.errstate(over="ignore"):
                J = J + rate * (moments - self.penalty * J)
            h = h + rate * (s.mean(axis=0) - p @ states)
            if not np.isfinite(J).all():
                raise ValueError(f"training diverged at update {self.updates + 1}")
            np.fill_diagonal(J, 0.0)
            self._machine, self.updates = Parameters(J, h), self.updates + 1
            if progress:
                progress(batch + 1, len(rates))


@dataclass(frozen=True)
class Options:
    PARAMETERS: ClassVar = ("couplings", "fields")
    given: ClassVar = operator.attrgetter("penalty", "num_threads")

    batch_size: int
    n_iter: int
    penalty: float

    @classmethod
    def of(cls, model):
        check_learning_rate(model.learning_rate)
        n_iter = integer(model.n_iter, "n_iter", at_least=0, at_most=2**53)
        return cls(integer(model.batch_size, "batch_size", at_least=1), n_iter, model.penalty)

    def changed_to(self, options):
        return options

    def begin(self, data, word):
        n = data.shape[1]
        return self, Trainer(Parameters(np.zeros((n, n)), np.zeros(n)), self.penalty)

    def from_state(self, state):
        machine = Parameters(state["couplings"], state["fields"])
        return Trainer(machine, self.penalty, int(state["updates"][0]))

    def machine(self, parameters):
        return Parameters(**parameters)


class SpinMachine(Estimator):
    """All couplings between visible spins: E(s) = -1/2 s J s - h s at beta = 1."""

    couplings_ = Parameter("J; assigning uploads.")
    fields_ = Parameter("h; assigning uploads.")

    partial_fit = fitting.partial_fit
    _options_class = Options
    _data = staticmethod(lambda rows: rows.astype(float))

    def __init__(
        self, *, learning_rate=0.1, batch_size=10, n_iter=10, penalty=0.0, verbose=0,
        random_state=None, num_threads=None,
    ):  # fmt: skip
        self.learning_rate, self.batch_size, self.n_iter = learning_rate, batch_size, n_iter
        self.penalty, self.verbose = penalty, verbose
        self.random_state, self.num_threads = random_state, num_threads

    def fit(self, X, y=None, *, callbacks=(), progress=False):
        training = Fit.of(self, X, callbacks, progress)
        training.run(training.begin())
        return self

    def structure(self):
        machine = fitted(self).machine
        couplings = machine.couplings()  # sums of products by BLAS: symmetric up to rounding
        return Pairwise("spins", couplings / 2 + couplings.T / 2, machine.fields())

    def _check_data(self, data):
        assert (np.abs(data) == 1).all()

    def _doubts(self, trainer):
        return None

    def _means(self, rows):
        return np.tanh(rows @ self.couplings_ + self.fields_)

    def _pseudo_likelihood(self, rows, random):
        return np.log((1 + rows * self._means(rows)) / 2).sum(axis=1)

    def _reconstructed(self, rows, word):
        return self._means(rows)

    def __sklearn_is_fitted__(self):
        return "_trained" in self.__dict__


# Couplings of order 1/2, of which the likelihood is curved enough in every direction.
SHIFT = np.array([0.3, 0, 0, -0.4, 0])
X = np.sign(SHIFT + np.random.default_rng(0).normal(size=(60, 5))).astype(np.int8)
X[:30, 1] = X[:30, 0]


def fit(**parameters):
    return SpinMachine(**({"n_iter": 3, "learning_rate": 0.2} | parameters)).fit(X)


@pytest.mark.parametrize("machine", [BernoulliRBM, GaussianBernoulliRBM])
def test_a_machine_inherits_from_nothing_but_what_scikit_learn_asks_for(machine):
    assert machine.__mro__ == (machine, Transformer, Estimator, object)
    assert machine.__final__


def test_it_learns_the_moments_of_the_data():
    """In an exponential family the likelihood is highest where the moments are those of data."""
    model = fit(n_iter=2000, batch_size=60)
    # The curvature is the covariance of the statistics: what is left falls by this factor a step.
    states, p = exact.states(5).astype(float), exact.distribution(model)
    pairs = np.triu_indices(5, 1)
    statistics = np.c_[states, states[:, pairs[0]] * states[:, pairs[1]]]
    centred = statistics - p @ statistics
    slowest = np.linalg.eigvalsh(centred.T @ (p[:, None] * centred))[0]
    assert (1 - 0.2 * slowest) ** 2000 < 1e-16  # nothing but rounding, of 2000 steps of order 1
    rounding = 2000 * np.finfo(float).eps
    assert np.abs(exact.magnetizations(model) - X.mean(axis=0)).max() < rounding
    moments = X.T.astype(float) @ X / len(X)
    assert np.abs(exact.correlations(model) - moments).max() < rounding
    # Couplings tell more of the data than independent spins with the same means do.
    independent = SpinMachine(n_iter=0).fit(X)
    independent.fields_ = np.arctanh(X.mean(axis=0))
    free = [x.structure().fields @ X.mean(axis=0) for x in (model, independent)]
    energy = np.einsum("ij,ij->", model.couplings_, moments) / 2 + free[0]
    assert energy - exact.log_partition(model) > free[1] - exact.log_partition(independent)


def test_it_is_fitted_as_the_others_are():
    seen, told = [], []
    model = SpinMachine(n_iter=4, learning_rate=(0.2, 0.0))
    model.fit(
        X,
        callbacks=[seen.append, lambda epoch: epoch.number == 3],
        progress=lambda *count: told.append(count),
    )
    assert [(epoch.number, epoch.updates, epoch.n_epochs) for epoch in seen] == [
        (1, 6, 4), (2, 12, 4), (3, 18, 4),
    ]  # fmt: skip
    assert told[-1] == (18, 24)
    assert seen[-1].learning_rate == pytest.approx(0.2 * (1 - 17 / 24))
    assert seen[-1].pseudo_likelihood < 0 < seen[-1].reconstruction_error

    def interrupt(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        model.fit(X, callbacks=[interrupt])
    assert "interrupted after 6 of 24 updates" in caught.value.__notes__[0]
    with pytest.raises(ValueError, match="training diverged at update 2") as diverged:
        fit(learning_rate=1e30, penalty=1e300)
    assert "The model keeps the parameters from before" in diverged.value.__notes__[0]


def test_updates_copies_and_assignments_go_on_as_those_of_the_others():
    whole, model = fit(n_iter=1), fit(n_iter=0)
    for first in range(0, 60, 10):
        model.partial_fit(X[first : first + 10])
    assert (model.couplings_ == whole.couplings_).all()
    again = pickle.loads(pickle.dumps(model)).set_params(penalty=0.5)
    assert (again.partial_fit(X).couplings_ != model.partial_fit(X).couplings_).any()
    with pytest.raises(ValueError, match="read-only"):
        model.fields_ += 1
    model.fields_ = np.arange(5)
    assert fitted(model).machine.fields().tolist() == [0, 1, 2, 3, 4]
    with pytest.raises(ValueError, match=r"couplings_ must hold real numbers of shape \(5, 5\)"):
        model.couplings_ = np.zeros((4, 5))


def test_what_it_refuses_is_named_as_by_the_others():
    with pytest.raises(AttributeError, match="This SpinMachine instance is not fitted yet"):
        _ = SpinMachine().fields_
    with pytest.raises(ValueError, match="X has 4 features, but SpinMachine is expecting 5"):
        fit().partial_fit(X[:, :4])
    with pytest.raises(ValueError, match="learning_rate must be > 0, got -1"):
        fit(learning_rate=-1)
    with pytest.raises(TypeError, match="callbacks must be callables, got 3"):
        SpinMachine().fit(X, callbacks=[3])
    assert repr(SpinMachine(penalty=0.5)) == "SpinMachine(penalty=0.5)"
