"""The restricted Boltzmann machine, where scikit-learn has it and beyond.

P. Smolensky, in Parallel Distributed Processing vol. 1, 194 (1986); G. E. Hinton, Neural Comput.
14, 1771 (2002) (contrastive divergence); T. Tieleman, Proc. 25th ICML, 1064 (2008) (chains that
persist). The energy is E(v, h) = -a.v - b.h - h W v with units 0 and 1. Learning follows the
gradient of the log-likelihood, <v h> under the data minus <v h> under the model, the latter from
Markov chains.

Fields of units 0 and 1 are sums of integers, and the same seed gives the same bits on any machine
and any number of threads. Parameters are single precision.
"""

from __future__ import annotations

import operator
import warnings
from collections.abc import Callable, Sequence
from typing import Any, Literal, Self, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass._arguments import check_memory, choice
from spinglass._progress import Progress
from spinglass._random import RandomState, random_word
from spinglass.machines import files
from spinglass.machines.checkpoint import Checkpoint
from spinglass.machines.fitting import Epoch, Fit
from spinglass.machines.machine import Machine
from spinglass.machines.options import LearningRate, Options, learning_rates
from spinglass.machines.rows import (
    bias_of,
    check_within_unit,
    core_data,
    output_dtype,
    some_of,
    table,
)
from spinglass.machines.trained import Trained

# What a trainer is made with; the rest may change at any time.
_OPTIONS = operator.attrgetter(
    "k", "persistent", "tempering", "momentum", "weight_decay", "sparsity", "centered"
)


class BernoulliRBM(Machine):
    """A restricted Boltzmann machine with units 0 and 1, a drop-in for that of scikit-learn.

    The defaults do what ``sklearn.neural_network.BernoulliRBM`` does (persistent contrastive
    divergence, one step an update), but that each phase is averaged over its own number of rows.

    Parameters
    ----------
    n_components : int
        Hidden units.
    learning_rate : float, pair of float, or callable
        Of each update; ``(first, last)`` falls linearly over a fit; a callable is given the number
        of the update, from 0, and how many there are (infinitely many in ``partial_fit``).
    batch_size : int
        Rows an update; the last batch of an epoch may be smaller.
    n_iter : int
        Epochs of a fit. Rows are taken in the order in which they stand.
    verbose : int
        Print a line after each epoch, as scikit-learn does.
    random_state : None, int, SeedSequence, Generator or RandomState
        Fixes everything random. None draws from NumPy's global state.
    k : int
        Gibbs steps of the chains between updates.
    persistent : bool
        Whether chains go on from update to update (PCD-k) or begin at the data of each (CD-k).
    n_chains : int, optional
        Chains that persist; ``batch_size`` by default.
    tempering : array_like, optional
        Ascending inverse temperatures up to 1: ``n_chains`` chains at each, which swap states.
    momentum : float
        Share of the last gradient that is followed again, below 1.
    weight_decay : float
        Pulls weights towards 0 by this times ``learning_rate`` each update.
    sparsity : pair of float, optional
        ``(target, cost)``: mean activity that hidden units are drawn to, and how strongly.
    centered : bool
        Follow the gradient of units from which their mean is subtracted, which does not depend on
        which value is called 1.
    precision : {"full", "fast"}
        Weights of 24 or of 16 bits while fields are summed; both take the same time.
    num_threads : int, optional
        Threads to use; all that the process may use by default. Never changes a bit.

    Attributes
    ----------
    components_ : numpy.ndarray, (n_components, n_features)
        W. This and the next three are copies that cannot be written to; assigning to the attribute
        changes the machine. float32 if the data were, else float64.
    intercept_hidden_ : numpy.ndarray, (n_components,)
        b.
    intercept_visible_ : numpy.ndarray, (n_features,)
        a.
    h_samples_ : numpy.ndarray, (n_chains, n_components)
        Hidden states of the chains (those at beta = 1 with ``tempering``).
    n_features_in_ : int
        Visible units.
    feature_names_in_ : numpy.ndarray of str objects, (n_features,)
        Only if the data were a DataFrame whose columns are named by strings.

    Notes
    -----
    Data of exactly 0 and 1, in whatever dtype, take the fast path, in integers. Other values in
    [0, 1] are used as they are and never drawn; values outside give a warning.

    Examples
    --------
    >>> import numpy as np
    >>> from spinglass import BernoulliRBM
    >>> X = np.array([[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
    >>> model = BernoulliRBM(n_components=2, random_state=0)
    >>> model.fit(X)
    BernoulliRBM(n_components=2, random_state=0)
    >>> model.transform(X).shape
    (4, 2)
    >>> model.log_likelihood(X).log_partition.method
    'exact'
    """

    def __init__(
        self,
        n_components: int = 256,
        *,
        learning_rate: LearningRate = 0.1,
        batch_size: int = 10,
        n_iter: int = 10,
        verbose: int = 0,
        random_state: RandomState = None,
        k: int = 1,
        persistent: bool = True,
        n_chains: int | None = None,
        tempering: ArrayLike | None = None,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        sparsity: tuple[float, float] | None = None,
        centered: bool = False,
        precision: Literal["full", "fast"] = "full",
        num_threads: int | None = None,
    ) -> None:
        self.n_components = n_components
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.n_iter = n_iter
        self.verbose = verbose
        self.random_state = random_state
        self.k = k
        self.persistent = persistent
        self.n_chains = n_chains
        self.tempering = tempering
        self.momentum = momentum
        self.weight_decay = weight_decay
        self.sparsity = sparsity
        self.centered = centered
        self.precision = precision
        self.num_threads = num_threads

    def fit(
        self,
        X: Any,
        y: Any = None,
        *,
        initial_bias: Literal["zeros", "data"] = "zeros",
        checkpoint: Any = None,
        every: int | None = None,
        callbacks: Sequence[Callable[[Epoch], object]] = (),
        progress: Progress = False,
    ) -> Self:
        """Learn from data, from scratch or from a checkpoint.

        Parameters
        ----------
        X : array_like or sparse matrix, (n_samples, n_features)
            Rows of 0 and 1, or of numbers between.
        y : ignored
        initial_bias : {"zeros", "data"}
            Visible biases to begin with: 0, as in scikit-learn, or those of independent units with
            the means of the data (Hinton, A Practical Guide to Training RBMs (2010)), which spares
            the hidden units to learn them together and be stuck on ever after.
        checkpoint : path, optional
            File to write to, whole or not at all. If it is there, the fit goes on from it, with the
            bits of one that was never stopped; it must be of the same data and parameters
            (``n_iter`` may have grown).
        every : int, optional
            Epochs between two writes; 1 by default.
        callbacks : sequence of callable
            Each is called with an :class:`Epoch` after every epoch; True ends the fit.
        progress : bool or callable
            True for a bar, or a callable of ``(done, total)`` in updates.

        Returns
        -------
        BernoulliRBM
            Itself.

        Raises
        ------
        ValueError, TypeError
            If a parameter or the data are not as described, or the training diverges.
        KeyboardInterrupt
            On Ctrl-C. The model stays as of the last update, and the checkpoint is written.

        Warns
        -----
        UserWarning
            If values lie outside [0, 1].
        RuntimeWarning
            If nearly all hidden units are saturated after an early epoch.
        """
        options = Options.of(self)
        rows = table(X, type(self).__name__)
        data = core_data(rows)
        check_within_unit(data)
        callbacks = _callables(callbacks)
        from_data = choice(initial_bias, "initial_bias", ("zeros", "data")) == "data"
        n_updates = options.n_iter * -(-data.n_rows // options.batch_size)
        check_memory(16 * n_updates, f"n_iter: the learning rates of {n_updates} updates")
        rates = learning_rates(self.learning_rate, 0, n_updates, n_updates)
        word = random_word(self.random_state)
        file = Checkpoint.of(checkpoint, every, rows, from_data)
        fixed = None if self.random_state is None else word
        found = file and file.resume(type(self).__name__, options, data.n_visible, rates, fixed)
        if found:
            trained, finished = found
            trained.dtype = output_dtype(X)
        else:
            trained, finished = Trained.begin(options, data.n_visible, output_dtype(X), word), False
            if from_data:
                trained.set_parameter("intercept_visible", bias_of(rows))
        trained.given = _OPTIONS(self)
        trained.data_means = some_of(rows).mean(axis=0, dtype=np.float32)
        self._take_feature_names(X, reset=True)
        self._trained, self.n_features_in_ = trained, data.n_visible
        if not finished:
            Fit(self, trained, rows, data, rates, callbacks, file, progress).run()
        return self

    def partial_fit(self, X: Any, y: Any = None) -> Self:
        """Do one update with all rows given.

        Parameters
        ----------
        X : array_like or sparse matrix, (n_samples, n_features)
        y : ignored

        Returns
        -------
        BernoulliRBM
            Itself.
        """
        trained = self.__dict__.get("_trained")
        if trained is None:
            options, rows = Options.of(self), table(X, type(self).__name__)
            data, word = core_data(rows), random_word(self.random_state)
            trained = Trained.begin(options, data.n_visible, output_dtype(X), word)
            trained.given = _OPTIONS(self)
            trained.next_rate(self.learning_rate)
            self._take_feature_names(X, reset=True)
            self._trained, self.n_features_in_ = trained, data.n_visible
        else:
            given = _OPTIONS(self)
            if not all(map(operator.is_, given, trained.given)):
                trained.use(Options.of(self), given)
            data = core_data(self._table(X))
        if not data.within_unit:
            check_within_unit(data)
        rates, n_rows = trained.next_rate(self.learning_rate), data.n_rows
        trained.trainer.train(data, 0, n_rows, n_rows, rates, self._threads)
        return self

    def _hidden_probabilities(self, rows: NDArray[Any]) -> NDArray[np.float32]:
        return self._trained.machine.hidden_probabilities(core_data(rows), self._threads)

    def save(self, path: Any) -> None:
        """Write the model to a safetensors file, whole or not at all.

        All of it: a model that is loaded goes on training with the same bits. Parameters that are
        no numbers or text (a schedule, a RandomState) are not kept; of a schedule there is a
        UserWarning.

        Parameters
        ----------
        path : path
        """
        self._check_is_fitted()
        if callable(self.learning_rate):
            warnings.warn(
                "learning_rate is a schedule, which a file does not keep: what is loaded has the "
                "default, until it is given another",
                UserWarning,
                stacklevel=2,
            )
        files.write(self, path)

    @classmethod
    def load(cls, path: Any) -> Self:
        """Read a model that :meth:`save` or a checkpoint of :meth:`fit` has written.

        Parameters
        ----------
        path : path

        Raises
        ------
        ValueError
            If the file is none of these, or broken. Nothing in it is run.
        """
        return cast(Self, files.load(cls, path))


def _callables(callbacks: Any) -> Sequence[Callable[[Epoch], object]]:
    if callable(callbacks):
        raise TypeError(f"callbacks must be a sequence of callables, got {callbacks!r} alone")
    found = tuple(callbacks)
    for callback in found:
        if not callable(callback):
            raise TypeError(f"callbacks must be callables, got {callback!r}")
    return found
