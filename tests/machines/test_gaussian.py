"""The machine of real numbers against its mixture of normal distributions."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit, logsumexp

from machines.enumeration import all_states
from spinglass import GaussianBernoulliRBM


class Mixture:
    """The machine with these parameters as what it is: 2^n_hidden normal distributions."""

    def __init__(self, W, c, b, s):
        self.W, self.c, self.b, self.s = (np.asarray(x, float) for x in (W, c, b, s))
        self.h = all_states(len(self.c))
        self.means = self.b + self.h @ self.W
        m = self.means - self.b
        exponents = self.h @ self.c + ((self.b * m + m**2 / 2) / self.s).sum(axis=1)
        self.log_partition = logsumexp(exponents) + np.log(2 * np.pi * self.s).sum() / 2
        self.law = np.exp(exponents - logsumexp(exponents))

    def log_density(self, v):
        squares = (v[:, None] - self.means) ** 2 / self.s + np.log(2 * np.pi * self.s)
        return logsumexp(-squares.sum(axis=2) / 2, b=self.law, axis=1)

    def draw(self, n, seed):
        rng = np.random.default_rng(seed)
        numbers = rng.choice(len(self.law), n, p=self.law)
        return self.means[numbers] + rng.normal(size=(n, len(self.b))) * np.sqrt(self.s)

    def estimator(self, **parameters):
        model = GaussianBernoulliRBM(
            len(self.c), **({"n_iter": 0, "random_state": 0} | parameters)
        ).fit(np.zeros((1, len(self.b))))
        model.components_, model.intercept_hidden_ = self.W, self.c
        model.intercept_visible_, model.variances_ = self.b, self.s
        return model


def mixture(n_hidden=3, n_visible=2, seed=0):
    rng = np.random.default_rng(seed)
    return Mixture(
        rng.normal(size=(n_hidden, n_visible)),
        rng.normal(size=n_hidden) / 2,
        rng.normal(size=n_visible),
        rng.uniform(0.3, 2.0, n_visible),
    )


def test_densities_are_those_of_the_mixture():
    exact = mixture()
    model = exact.estimator()
    v = exact.draw(200, seed=1)
    assert model.log_partition().value == pytest.approx(exact.log_partition, abs=1e-12)
    likelihood = model.log_likelihood(v)
    assert np.allclose(likelihood.rows, exact.log_density(v), atol=1e-11)
    assert likelihood.value == pytest.approx(exact.log_density(v).mean())
    assert (likelihood.error, likelihood.log_partition.method) == (0.0, "exact")
    assert np.allclose(model.transform(v), expit(exact.c + v / exact.s @ exact.W.T), atol=1e-14)


def test_the_free_energy_sums_the_energy_over_hidden_states():
    exact = mixture()
    model = exact.estimator()
    v, h = exact.draw(1, seed=2), exact.h
    energies = model.energy(np.repeat(v, len(h), axis=0), h)
    assert model.free_energy(v)[0] == pytest.approx(-logsumexp(-energies), abs=1e-12)
    by_hand = (
        ((v - exact.b) ** 2 / (2 * exact.s)).sum()
        - h @ exact.c
        - h @ exact.W @ (v[0] / exact.s)
    )  # fmt: skip
    assert np.allclose(energies, by_hand, atol=1e-12)


def test_the_pseudo_likelihood_is_the_conditional_density():
    exact = mixture(n_hidden=3, n_visible=3)
    model = exact.estimator(random_state=np.random.RandomState(5))
    v = exact.draw(40, seed=3)
    units = np.random.RandomState(5)
    units.randint(0, 2**64, dtype=np.uint64)  # what fit drew
    units = units.randint(0, 3, len(v))
    scores = model.score_samples(v)
    grid = np.linspace(-30, 30, 6001)
    for row, unit, score in zip(v, units, scores, strict=True):
        moved = np.repeat(row[None], len(grid), axis=0)
        moved[:, unit] = grid
        integral = logsumexp(exact.log_density(moved)) + np.log(grid[1] - grid[0])
        assert score == pytest.approx(3 * (exact.log_density(row[None])[0] - integral), abs=1e-8)


def test_samples_have_the_moments_of_the_mixture():
    exact = mixture(2, 2)
    model = exact.estimator()
    n = 50_000
    drawn = model.sample(n, 100, random_state=1)
    reference = exact.draw(1_000_000, seed=2)
    for statistic in (
        lambda v: v, lambda v: v**2, lambda v: v**3, lambda v: v[:, :1] * v[:, 1:],
    ):  # fmt: skip
        ours, theirs = statistic(drawn), statistic(reference)
        error = theirs.std(axis=0) * np.sqrt(1 / n + 1 / len(theirs))
        assert (np.abs(ours.mean(axis=0) - theirs.mean(axis=0)) < 5 * error).all()


def test_one_gibbs_step_leaves_the_mixture_as_it_is():
    exact = mixture(2, 2)
    start = exact.draw(100_000, seed=3)
    after = exact.estimator().gibbs(start)
    error = np.sqrt(2 / len(start)) * start.std(axis=0)
    assert (np.abs(after.mean(axis=0) - start.mean(axis=0)) < 5 * error).all()
    error = np.sqrt(2 / len(start)) * (start**2).std(axis=0)
    assert (np.abs((after**2).mean(axis=0) - (start**2).mean(axis=0)) < 5 * error).all()
    assert (after != start).all()


def test_means_have_no_noise_and_samples_do():
    exact = mixture(2, 2)
    model = exact.estimator()
    assert np.allclose(model.mean(exact.h), exact.means, atol=1e-15)
    v = exact.draw(10, seed=4)
    p = expit(exact.c + v / exact.s @ exact.W.T)
    assert np.allclose(model.reconstruct(v), exact.b + p @ exact.W, atol=1e-14)
    assert (model.reconstruct(v) == model.reconstruct(v)).all()
    n = 40_000
    arguments = {"n": n, "n_steps": 20, "random_state": 7}
    means, samples = model.sample_means(**arguments), model.sample(**arguments)
    distances = np.abs(means[:, None] - exact.means).max(axis=2).min(axis=1)
    assert (distances < 1e-14).all()  # each is one of the four
    noise = (samples - means) ** 2
    assert (np.abs(noise.mean(axis=0) - exact.s) < 5 * exact.s * np.sqrt(2 / n)).all()


def test_chains_start_where_they_are_told_to():
    exact = Mixture([[8.0]], [-32.0], [0.0], [1.0])  # two peaks that no chain leaves
    model = exact.estimator()
    assert (model.sample(20, 5, initial=[8.0], random_state=0) > 3).all()
    assert (model.sample(20, 5, initial=[0.0], random_state=0) < 5).all()
    both = model.sample(n_steps=5, initial=[[0.0], [8.0]], random_state=0)
    assert both[0, 0] < 5 > 3 < both[1, 0]


def test_training_finds_the_mixture_that_made_the_data():
    exact = Mixture([[3.0, -1.0]], [9.0], [0.0, 4.0], [1.0, 0.25])
    X = exact.draw(2000, seed=5)
    model = GaussianBernoulliRBM(
        1, n_iter=40, batch_size=50, learning_rate=(0.1, 0.0), variance_rate=0.5, random_state=0
    ).fit(X)
    best = exact.log_density(X).mean()
    assert abs(model.log_likelihood(X).value - best) < 0.02
    assert np.allclose(model.variances_, exact.s, rtol=0.15)
    found = model.mean([[0], [1]])
    assert np.allclose(found[found[:, 0].argsort()], exact.means, atol=0.2)


def whitened(X):
    """Rows in units of their principal axes, and what that adds to a log-density."""
    values, vectors = np.linalg.eigh(np.cov(X.T, bias=True).reshape(X.shape[1], X.shape[1]))
    return (X - X.mean(axis=0)) @ vectors / np.sqrt(values), np.log(values).sum() / 2


def clusters(n_clusters, n_features, seed, n_rows=1000):
    """Whitened clusters at least 14 standard deviations apart: rows, and their mixture's density.

    Returns the rows, the mean log-density of the mixture that made them, and that of one normal
    distribution.
    """
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(n_clusters, n_features))
    if n_clusters == 2:  # along one axis
        centres[:, 1:] = 0.0
    return around(spread(centres, 14.0), np.ones(n_clusters), rng, n_rows)


def spread(centres, least):
    """Centres of which the nearest two are so far apart."""
    gaps = np.linalg.norm(centres[:, None] - centres, axis=2)
    return centres * least / gaps[gaps > 0].min()


def around(centres, weights, rng, n_rows=1000):
    """Rows around centres, whitened, as `clusters` returns them."""
    law, n_features = weights / weights.sum(), centres.shape[1]
    X = centres[rng.choice(len(law), n_rows, p=law)] + rng.normal(size=(n_rows, n_features))
    squares = ((X[:, None] - centres) ** 2).sum(axis=2)
    density = logsumexp(-squares / 2, b=law, axis=1).mean()
    X, volume = whitened(X)
    constant = n_features / 2 * np.log(2 * np.pi)
    return X, density + volume - constant, -n_features / 2 - constant


def centres_of(X, n_clusters):
    """Centres of clusters far apart: of the rows about a row that is far from those before."""
    chosen = [X[0]]
    for _ in range(n_clusters - 1):
        gaps = np.linalg.norm(X[:, None] - chosen, axis=2).min(axis=1)
        chosen.append(X[gaps.argmax()])
    nearest = np.linalg.norm(X[:, None] - chosen, axis=2).argmin(axis=1)
    return np.array([X[nearest == k].mean(axis=0) for k in range(n_clusters)])


def chance(n_components, n_features, n_rows):
    """Nats a row that the start takes for chance: twice Schwarz's, for so many units."""
    return n_components * (n_features + 1) * np.log(n_rows) / n_rows


@pytest.mark.parametrize("n_features", [1, 2, 5, 10])
@pytest.mark.parametrize("n_components", [1, 2, 6])
@pytest.mark.parametrize("seed", range(4))
def test_two_whitened_clusters_are_found_with_the_defaults(n_features, n_components, seed):
    X, truth, one = clusters(2, n_features, seed)
    found = [
        GaussianBernoulliRBM(n_components, n_iter=n_iter, random_state=seed)
        .fit(X)
        .log_likelihood(X)
        .value
        for n_iter in (1, 10)
    ]
    # Updates carry the noise of ten rows each, which costs likelihood: a fifth of the distance to
    # one normal distribution is far beyond that.
    assert min(found) > truth - 0.2 * (truth - one)


def likeliest(X, n_components, seeds, start):
    """The highest mean log-likelihood that SciPy finds, from these weights and random machines."""
    n_features, h = X.shape[1], all_states(n_components)

    def parts(x):
        W, c, b, z = np.split(x, np.cumsum([n_components * n_features, n_components, n_features]))
        return W.reshape(n_components, n_features), c, b, z

    def loss(x):
        W, a, b, z = parts(x)
        s, d = np.exp(z), X - b
        K = W / s @ W.T
        exponents = h @ (a - np.diag(K) / 2) + np.einsum("sj,jk,sk->s", h, K, h) / 2
        law = np.exp(exponents - logsumexp(exponents))
        fields = d / s @ W.T + a - np.diag(K) / 2
        p = expit(fields)
        value = (
            np.logaddexp(0, fields).sum(axis=1).mean()
            - (d**2 / s).sum(axis=1).mean() / 2
            - logsumexp(exponents)
            - z.sum() / 2
            - n_features / 2 * np.log(2 * np.pi)
        )
        on, both = p.mean(axis=0) - law @ h, (h * law[:, None]).T @ h @ W
        moment = p.T @ d / len(X) - both
        gz = ((d**2).mean(axis=0) - s - (W * both).sum(axis=0)) / 2
        gz += (W * (W * on[:, None] / 2 - moment)).sum(axis=0)
        gb = (d.mean(axis=0) - law @ h @ W - on @ W) / s
        gW = (moment - W * on[:, None]) / s
        return -value, -np.concatenate([gW.ravel(), on, gb, gz / s])

    shape = (n_components, n_features)
    best = -np.inf
    for W in [start] + [np.random.default_rng(seed).normal(size=shape) for seed in seeds]:
        K = W / X.var(axis=0) @ W.T
        odds = (np.diag(K) - K.sum(axis=1)) / 2  # each unit is on as often as off
        x = np.concatenate([W.ravel(), odds, X.mean(0) - W.sum(0) / 2, np.log(X.var(0))])
        best = max(best, -minimize(loss, x, jac=True, method="L-BFGS-B").fun)
    return best


# With others SciPy takes a minute.
@pytest.mark.parametrize(("n_features", "seed"), [(2, 0), (2, 3), (5, 3)])
def test_three_whitened_clusters_are_told_apart_as_well_as_scipy_can(n_features, seed):
    X, _, _ = clusters(3, n_features, seed)
    model = GaussianBernoulliRBM(3, random_state=seed).fit(X)
    # One unit a cluster, from the mean of the data to its centre.
    best = likeliest(X, 3, range(2), centres_of(X, 3))
    # Two units tell three clusters apart; a third is not taken where it may be chance.
    assert model.log_likelihood(X).value > best - chance(1, n_features, len(X))


@pytest.mark.parametrize("share", [0.01, 0.02, 0.05])
@pytest.mark.parametrize("seed", range(2))
def test_a_small_cluster_is_found(share, seed):
    centres, shares = np.array([[0.0, 0.0], [11.2, 8.4]]), np.array([1 - share, share])
    X, truth, _ = around(centres, shares, np.random.default_rng(seed), n_rows=4000)
    model = GaussianBernoulliRBM(4, random_state=seed).fit(X)
    assert model.log_likelihood(X).value > truth - chance(1, 2, len(X))


@pytest.mark.parametrize("n_features", [2, 3, 5])
@pytest.mark.parametrize("seed", range(4))
def test_four_whitened_clusters_are_told_apart_further_than_in_two(n_features, seed):
    X, truth, one = clusters(4, n_features, seed)
    model = GaussianBernoulliRBM(4, random_state=seed).fit(X)
    # There are many local maxima; two clusters alone, the first unit, are not half of the way.
    assert model.log_likelihood(X).value > truth - 0.5 * (truth - one)


def corners(lengths, n_features, rng):
    """The corners of a box, turned at random."""
    axes = np.linalg.qr(rng.normal(size=(n_features, len(lengths))))[0].T
    return all_states(len(lengths)) @ (np.asarray(lengths)[:, None] * axes)


SCENES = {
    "triangle": (lambda rng: 14.0 * np.eye(3), [1, 1, 1], 4),
    "triangle of unequal weights": (lambda rng: 14.0 * np.eye(3), [6, 3, 1], 4),
    "simplex of five": (lambda rng: 14.0 * np.eye(5), [1] * 5, 6),
    "square": (lambda rng: corners([14.0, 20.0], 5, rng), [1] * 4, 2),
    "box": (lambda rng: corners([14.0, 18.0, 25.0], 5, rng), [1] * 8, 4),
    "near box": (lambda rng: corners([5.0, 7.0, 9.0], 5, rng), [1] * 8, 4),
    "many features": (lambda rng: spread(rng.normal(size=(3, 30)), 14.0), [1] * 3, 4),
}


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("persistent", [False, True])
def test_clusters_that_a_machine_can_tell_apart_are_found(scene, persistent):
    """Simplices and boxes are machines themselves: a unit a corner from the centre, or a side."""
    centres, weights, n_components = SCENES[scene]
    rng = np.random.default_rng(0)
    X, truth, _ = around(centres(rng), np.array(weights, float), rng)
    model = GaussianBernoulliRBM(n_components, persistent=persistent, random_state=0).fit(X)
    # The likeliest machine is likelier than the true one by half a nat a parameter in the mean
    # (Wilks, Ann. Math. Stat. 9, 60 (1938)): what is found may fall short of the truth by no more.
    parameters = n_components * (X.shape[1] + 1) + 2 * X.shape[1]
    assert model.log_likelihood(X).value > truth - parameters / (2 * len(X))


@pytest.mark.parametrize("n_clusters", [3, 4, 8])
@pytest.mark.parametrize("seed", range(3))
def test_a_machine_of_many_units_tells_clusters_apart_in_part(n_clusters, seed):
    X, _, one = clusters(n_clusters, 5, seed)
    model = GaussianBernoulliRBM(16, random_state=seed).fit(X)
    # By its first unit, which is taken if it tells more than chance.
    assert model.log_likelihood(X).value > one + chance(1, 5, len(X))


@pytest.mark.parametrize("n_rows", [1, 2, 3, 5, 20, 1000])
@pytest.mark.parametrize("n_features", [1, 3, 30])
def test_one_normal_distribution_is_not_cut_in_two(n_rows, n_features):
    X = np.random.default_rng(n_rows).normal(size=(n_rows, n_features))
    model = GaussianBernoulliRBM(3, n_iter=0, random_state=0).fit(X)
    spread = X.std(axis=0) if n_rows > 1 else np.ones(n_features)
    # Nine normal deviates of 0.01 and more: none beyond six of their standard deviations.
    assert (np.abs(model.components_) < 0.06 * spread).all()
    assert np.allclose(model.variances_, spread**2)


@pytest.mark.parametrize("persistent", [True, False])
def test_updates_have_no_bias_where_the_likelihood_is_highest(persistent):
    """Data of the machine itself: steps vanish within their errors, CD-1 included."""
    exact = mixture(2, 2)
    X = exact.draw(100_000, seed=6)
    steps = []
    for seed in range(20):
        model = exact.estimator(
            persistent=persistent, batch_size=5_000, k=60 if persistent else 1,
            learning_rate=1e-4, variance_rate=1.0, random_state=seed,
        )  # fmt: skip
        names = ("components_", "intercept_hidden_", "intercept_visible_", "variances_")
        before = [np.ravel(getattr(model, name)) for name in names]
        model.partial_fit(X[seed * 5_000 : (seed + 1) * 5_000])
        after = [np.ravel(getattr(model, name)) for name in names]
        steps.append(np.concatenate(after) - np.concatenate(before))
    steps = np.array(steps)
    error = steps.std(axis=0, ddof=1) / np.sqrt(len(steps))
    # Student's t of 19 degrees of freedom: beyond 7 once in 10^6.
    assert (np.abs(steps.mean(axis=0)) < 7 * error).all()
    assert (error > 0).all()
