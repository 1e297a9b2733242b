"""Training of a restricted Boltzmann machine by the same updates as scikit-learn's (PCD-1)."""

import numpy as np
from benches.report.contest import Contender, Job, within

import spinglass

SEEDS = 4


def fitted(kind, X, seed, options, **more):
    return kind(random_state=seed, **options, **more).fit(X)


def scikit_learn(X, seed, options):
    from sklearn.neural_network import BernoulliRBM

    return fitted(BernoulliRBM, X, seed, options)


def ours(X, seed, options, n_threads):
    return fitted(spinglass.BernoulliRBM, X, seed, options, num_threads=n_threads)


def likelihood(model, X, options):
    """Return the exact mean log-likelihood of what either has learned, few hidden units given."""
    own = spinglass.BernoulliRBM(**options | {"n_iter": 1}, random_state=0).fit(X)
    for name in ("components_", "intercept_hidden_", "intercept_visible_"):
        setattr(own, name, getattr(model, name))
    return own.log_likelihood(X).value


def contenders(X, options):
    return [
        Contender("spinglass", lambda k: ours(X, 0, options, k), threads=True, needs="spinglass"),
        Contender(
            "scikit-learn", lambda _: scikit_learn(X, 0, options), threads=True,
            needs="scikit-learn",
        ),
    ]  # fmt: skip


def digits(quick):
    """Return the job on 8 x 8 digits; trainings differ by their random numbers, so seeds do."""
    rows = _digits()[: 60 if quick else 1790]
    options = {"n_components": 16, "learning_rate": 0.05, "batch_size": 10}
    options["n_iter"] = 2 if quick else 10

    def agree(found):
        fits = {
            name: [likelihood(fit(seed), rows, options) for seed in range(SEEDS)]
            for name, fit in {
                "spinglass": lambda seed: ours(rows, seed, options, None),
                "scikit-learn": lambda seed: scikit_learn(rows, seed, options),
            }.items()
            if any(x.startswith(name) for x in found)
        }
        means = {name: float(np.mean(x)) for name, x in fits.items()}
        errors = {name: float(np.std(x, ddof=1)) / SEEDS**0.5 for name, x in fits.items()}
        return within(means, errors, f"exact log-likelihoods, means of {SEEDS} seeds,")

    return Job(
        "Boltzmann machine, digits",
        f"`fit` of {len(rows):,} digits of 64 pixels with 16 hidden units, batches of 10, "
        f"{options['n_iter']} epochs of PCD-1.",
        options["n_iter"] * -(-len(rows) // 10), "updates", contenders(rows, options), agree,
    )  # fmt: skip


def images(quick):
    """Return the job of the size of MNIST: 784 pixels, of which 13 % are on, 500 hidden units."""
    n_rows, n_hidden = (256, 8) if quick else (4096, 500)
    X = (np.random.default_rng(1).random((n_rows, 784)) < 0.13).astype(np.float32)
    options = {"n_components": n_hidden, "learning_rate": 0.01, "batch_size": 128, "n_iter": 1}

    def agree(found):
        biases = {name: model.intercept_visible_ for name, model in found.items()}
        means = {name: float(np.mean(x)) for name, x in biases.items()}
        errors = {name: float(np.std(x, ddof=1)) / 784**0.5 for name, x in biases.items()}
        return within(means, errors, "mean visible biases")

    return Job(
        "Boltzmann machine, size of MNIST",
        f"`fit` of {n_rows:,} images of 784 pixels, 13 % of them on, with {n_hidden} hidden units, "
        "batches of 128, one epoch of PCD-1, data in float32.",
        -(-n_rows // 128), "updates", contenders(X, options), agree,
    )  # fmt: skip


def _digits():
    """Return scikit-learn's digits as units; random ones of their kind without it."""
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        return (np.random.default_rng(0).random((1797, 64)) < 0.3).astype(np.float64)
    return (load_digits().data > 7).astype(np.float64)
