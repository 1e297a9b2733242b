"""The restricted Boltzmann machine for real numbers, with variances that are learned.

A. Krizhevsky, technical report, University of Toronto (2009); K. Cho, A. Ilin and T. Raiko, ICANN
2011, LNCS 6791, 10. The energy is E(v, h) = sum_i (v_i - b_i)^2 / (2 s_i) - c.h - sum_ij h_j W_ji
v_i / s_i with real v, h of 0 and 1, and variances s. Given h, v is normal with the mean
b + h W and the variances s; summed over h, it is a mixture of 2^n_components such distributions.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any, Self, cast

import numpy as np
from numpy.typing import NDArray

from spinglass import _core
from spinglass._arguments import check_memory
from spinglass._progress import Progress
from spinglass._random import RandomState, random_word
from spinglass.machines.fitting import Epoch, Fit
from spinglass.machines.gaussian import GaussianOptions, GaussianTrained, reals
from spinglass.machines.gaussian_machine import GaussianMachine
from spinglass.machines.options import LearningRate, learning_rates
from spinglass.machines.rows import output_dtype, table

__all__ = ["GaussianBernoulliRBM"]

# What a trainer is made with; the rest may change at any time.
_OPTIONS = operator.attrgetter("k", "persistent", "variance_rate", "momentum", "weight_decay")


class GaussianBernoulliRBM(GaussianMachine):
    """A restricted Boltzmann machine with real visible units and hidden units 0 and 1.

    Training begins with the means and variances of the data, and does not depend on the zero and
    the unit of a feature: data need not be standardized.

    Parameters
    ----------
    n_components : int
        Hidden units.
    learning_rate : float, pair of float, or callable
        Of each update; ``(first, last)`` falls linearly over a fit; a callable is given the number
        of the update, from 0, and how many there are (infinitely many in ``partial_fit``). Steps of
        weights and visible biases are the gradient times the variance.
    variance_rate : float
        What the learning rate is multiplied by for the logarithms of the variances; 0 keeps them.
    batch_size : int
        Rows an update, and chains that persist; the last batch of an epoch may be smaller.
    n_iter : int
        Epochs of a fit. Rows are taken in the order in which they stand.
    verbose : int
        Print a line after each epoch.
    random_state : None, int, SeedSequence, Generator or RandomState
        Fixes everything random. None draws from NumPy's global state.
    k : int
        Gibbs steps of the chains between updates.
    persistent : bool
        Whether chains go on from update to update (PCD-k) or begin at the data of each (CD-k).
        Clusters that lie many standard deviations apart want CD-k, or a falling rate: no chain goes
        from one to the other, and the weights of clusters drift.
    momentum : float
        Share of its last step that an update repeats, below 1.
    weight_decay : float
        Pulls weights towards 0 by this times ``learning_rate`` each update.
    num_threads : int, optional
        Threads to use; all that the process may use by default. Never changes a bit.

    Attributes
    ----------
    components_ : numpy.ndarray, (n_components, n_features)
        W, in units of the data. This and the next four are copies that cannot be written to;
        assigning to the attribute changes the machine. float32 if the data were, else float64.
    intercept_hidden_ : numpy.ndarray, (n_components,)
        c.
    intercept_visible_ : numpy.ndarray, (n_features,)
        b.
    variances_ : numpy.ndarray, (n_features,)
        s = sigma^2, the variances of the visible units given the hidden ones. That of a feature
        which is constant in the first data stays 1.
    h_samples_ : numpy.ndarray, (batch_size, n_components)
        Hidden states of the chains.
    n_features_in_ : int
        Visible units.
    feature_names_in_ : numpy.ndarray of str objects, (n_features,)
        Only if the data were a DataFrame whose columns are named by strings.

    Notes
    -----
    :meth:`sample` and :meth:`gibbs` return visible states with their noise; :meth:`mean`,
    :meth:`reconstruct` and :meth:`sample_means` return means given hidden units, without it.

    Examples
    --------
    >>> import numpy as np
    >>> from spinglass import GaussianBernoulliRBM
    >>> rng = np.random.default_rng(0)
    >>> centres = np.array([[-2.0, 0.0], [2.0, 10.0]])
    >>> X = centres[rng.integers(0, 2, 500)] + rng.normal(scale=[0.5, 1.0], size=(500, 2))
    >>> model = GaussianBernoulliRBM(n_components=2, n_iter=60, learning_rate=0.05, random_state=0)
    >>> model.fit(X).transform(X).shape
    (500, 2)
    >>> bool((model.variances_ < X.var(axis=0) / 2).all())  # the hidden units know the centre
    True
    >>> model.sample(3, n_steps=100, random_state=1).shape
    (3, 2)
    """

    def __init__(
        self,
        n_components: int = 256,
        *,
        learning_rate: LearningRate = 0.01,
        variance_rate: float = 0.1,
        batch_size: int = 10,
        n_iter: int = 10,
        verbose: int = 0,
        random_state: RandomState = None,
        k: int = 1,
        persistent: bool = True,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        num_threads: int | None = None,
    ) -> None:
        self.n_components = n_components
        self.learning_rate = learning_rate
        self.variance_rate = variance_rate
        self.batch_size = batch_size
        self.n_iter = n_iter
        self.verbose = verbose
        self.random_state = random_state
        self.k = k
        self.persistent = persistent
        self.momentum = momentum
        self.weight_decay = weight_decay
        self.num_threads = num_threads

    def fit(
        self,
        X: Any,
        y: Any = None,
        *,
        callbacks: Sequence[Callable[[Epoch], object]] = (),
        progress: Progress = False,
    ) -> Self:
        """Learn from data, from scratch.

        Parameters
        ----------
        X : array_like or sparse matrix, (n_samples, n_features)
            Rows of real numbers.
        y : ignored
        callbacks : sequence of callable
            Each is called with an ``Epoch`` after every epoch; True ends the fit.
        progress : bool or callable
            True for a bar, or a callable of ``(done, total)`` in updates.

        Returns
        -------
        GaussianBernoulliRBM
            Itself.

        Raises
        ------
        ValueError, TypeError
            If a parameter or the data are not as described, or the training diverges: parameters
            that are not finite, a variance that collapses. The parameters before it are kept.
        KeyboardInterrupt
            On Ctrl-C. The model stays as of the last update.
        """
        options = GaussianOptions.of(self)
        rows = table(X, type(self).__name__)
        data, callbacks = reals(rows), tuple(callbacks)
        for callback in callbacks:
            if not callable(callback):
                raise TypeError(f"callbacks must be callables, got {callback!r}")
        n_updates = options.n_iter * -(-data.n_rows // options.batch_size)
        check_memory(16 * n_updates, f"n_iter: the learning rates of {n_updates} updates")
        rates = learning_rates(self.learning_rate, 0, n_updates, n_updates)
        trained = self._begin(X, options, data)
        Fit(self, trained, rows, cast(Any, data), rates, callbacks, None, progress).run()
        return self

    def partial_fit(self, X: Any, y: Any = None) -> Self:
        """Do one update with all rows given.

        The first call takes means and variances to begin with from its rows.

        Parameters
        ----------
        X : array_like or sparse matrix, (n_samples, n_features)
        y : ignored

        Returns
        -------
        GaussianBernoulliRBM
            Itself.
        """
        if "_trained" in self.__dict__:
            trained, given = self._machine_in_training(), _OPTIONS(self)
            if not all(map(operator.is_, given, trained.given)):
                trained.use(GaussianOptions.of(self), given)
            data = reals(self._table(X))
            rates = trained.next_rate(self.learning_rate)
        else:
            options = GaussianOptions.of(self)
            data = reals(table(X, type(self).__name__))
            learning_rates(self.learning_rate, 0, 1, np.inf)  # refused before anything is learned
            trained = self._begin(X, options, data)
            rates = trained.next_rate(self.learning_rate)
        trained.trainer.train(data, 0, data.n_rows, data.n_rows, rates, self._threads)
        return self

    def _hidden_probabilities(self, rows: NDArray[Any]) -> NDArray[Any]:
        machine = self._machine_in_training().gaussian
        return machine.hidden_probabilities(reals(rows), self._threads)

    def _begin(
        self, X: Any, options: GaussianOptions, data: _core.GaussianRbmData
    ) -> GaussianTrained:
        word = random_word(self.random_state)
        trained = GaussianTrained.first(options, data, output_dtype(X), word)
        trained.given = _OPTIONS(self)
        self._take_feature_names(X, reset=True)
        self._trained, self.n_features_in_ = trained, data.n_visible
        return trained
