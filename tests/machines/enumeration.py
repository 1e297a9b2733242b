"""Small machines of which everything is known: sums over all states, in double precision."""

from functools import cached_property

import numpy as np
from scipy.special import expit, logsumexp

from spinglass import BernoulliRBM


def all_states(n_units):
    """Every state of n units 0 and 1, in the order of binary numbers, first unit highest."""
    return np.arange(2**n_units)[:, None] >> np.arange(n_units)[::-1] & 1


def state_numbers(states):
    """The place of each state in `all_states`."""
    n_units = states.shape[1]
    return states.astype(int) @ (1 << np.arange(n_units)[::-1])


class Exact:
    """A machine with weights W (n_hidden, n_visible) and biases b (hidden), a (visible)."""

    def __init__(self, W, b, a):
        # What the core holds is single precision.
        self.W, self.b, self.a = (np.asarray(x, np.float32).astype(float) for x in (W, b, a))
        self.n_hidden, self.n_visible = self.W.shape

    @cached_property
    def _minus_energies(self):
        v, h = all_states(self.n_visible), all_states(self.n_hidden)
        return (v @ self.a)[:, None] + h @ self.b + v @ self.W.T @ h.T

    @cached_property
    def log_partition(self):
        return logsumexp(self._minus_energies)

    @cached_property
    def joint(self):
        """p(v, h), one row a visible state."""
        return np.exp(self._minus_energies - self.log_partition)

    @property
    def visible(self):
        return self.joint.sum(axis=1)

    @property
    def hidden(self):
        return self.joint.sum(axis=0)

    def hidden_given(self, v):
        return expit(v @ self.W.T + self.b)

    def visible_given(self, h):
        return expit(h @ self.W + self.a)

    def free_energy(self, v):
        return -(v @ self.a) - np.logaddexp(0, v @ self.W.T + self.b).sum(axis=1)

    def transition(self):
        """T(v, v') of one Gibbs step: h given v, then v' given h."""
        v, h = all_states(self.n_visible), all_states(self.n_hidden)
        up = np.where(
            h[None] == 1, self.hidden_given(v)[:, None], 1 - self.hidden_given(v)[:, None]
        )
        down = np.where(
            v[None] == 1, self.visible_given(h)[:, None], 1 - self.visible_given(h)[:, None]
        )
        return up.prod(axis=2) @ down.prod(axis=2)

    def estimator(self, **parameters):
        """An estimator with these weights and biases."""
        parameters = {"random_state": 0, "n_iter": 0} | parameters
        model = BernoulliRBM(self.n_hidden, **parameters)
        model.fit(np.zeros((1, self.n_visible)))
        model.components_, model.intercept_hidden_, model.intercept_visible_ = (
            self.W,
            self.b,
            self.a,
        )
        return model


def random_machine(n_hidden, n_visible, seed, width=1.0):
    rng = np.random.default_rng(seed)
    return Exact(
        rng.normal(scale=width, size=(n_hidden, n_visible)),
        rng.normal(scale=0.5, size=n_hidden),
        rng.normal(scale=0.5, size=n_visible),
    )


def striped(n_rows, n_features, seed, noise=0.1):
    """Binary rows of a few kinds, with noise."""
    rng = np.random.default_rng(seed)
    kinds = rng.random((3, n_features)) < 0.5
    return (kinds[rng.integers(0, 3, n_rows)] ^ (rng.random((n_rows, n_features)) < noise)).astype(
        np.uint8
    )


def chi_square(numbers, law):
    """Pearson's statistic and its degrees of freedom; rare states are counted together."""
    counts = np.bincount(numbers, minlength=len(law))
    assert not counts[law == 0].any()
    counts, law = counts[law > 0], law[law > 0]
    order = np.argsort(law, kind="stable")
    expected = law[order] * counts.sum()
    # Bins that are expected to hold ten or more; what is left over joins the last.
    bins = np.minimum(np.floor(np.cumsum(expected) / 10 - 1e-9), counts.sum() // 10 - 1).astype(int)
    bins = np.unique(bins, return_inverse=True)[1]
    seen = np.bincount(bins, weights=counts[order])
    wanted = np.bincount(bins, weights=expected)
    return float(((seen - wanted) ** 2 / wanted).sum()), len(wanted) - 1
