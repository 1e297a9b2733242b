"""The restricted Boltzmann machine for real numbers, with variances that are learned.

A. Krizhevsky, technical report, University of Toronto (2009); K. Cho, A. Ilin and T. Raiko, ICANN
2011, LNCS 6791, 10. The energy is E(v, h) = sum_i (v_i - b_i)^2 / (2 s_i) - c.h - sum_ij h_j W_ji
v_i / s_i with real v, h of 0 and 1, and variances s. Given h, v is normal with the mean
b + h W and the variances s; summed over h, it is a mixture of 2^n_components such distributions.
"""

from __future__ import annotations

from typing import Any, Self, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass import _core
from spinglass._arguments import thread_count
from spinglass._caller import takes_beta
from spinglass._progress import Progress
from spinglass._random import RandomState
from spinglass.machines import divergence, fitting, gaussian_chains, likelihood, observables
from spinglass.machines.fitting import Callbacks, Fit
from spinglass.machines.gaussian_options import GaussianOptions
from spinglass.machines.hopfield_machine import store_network
from spinglass.machines.likelihood import LogLikelihood
from spinglass.machines.parameters import HiddenStates, Parameter
from spinglass.machines.protocols import LearningRate
from spinglass.machines.rows import binary_states, reals
from spinglass.machines.trained import Rows, Trained, fitted, rows_of
from spinglass.machines.transformer import Transformer
from spinglass.models.energy import Layered
from spinglass.models.hopfield import Hopfield
from spinglass.partition.log_partition import LogPartition, exactly

# As in the core: squares of it are still doubles.
_LARGEST = 1e100


@final
class GaussianBernoulliRBM(Transformer):
    """A restricted Boltzmann machine with real visible units and hidden units 0 and 1.

    If the data have clusters, some hidden units distinguish them from the start of training. With
    more than 12 hidden units, only one of them does. All other units start with small weights. The
    training does not depend on the zero or the scale of a feature, so data need not be
    standardized.

    Parameters
    ----------
    n_components : int
        Hidden units.
    learning_rate : float, pair of float, or callable
        Step size of each update. ``(first, last)`` changes linearly over a fit. A callable gets the
        number of the update, from 0, and the number of all updates (infinite in ``partial_fit``).
        The gradients of weights and visible biases are multiplied by the variance.
    variance_rate : float
        Factor of the learning rate for the logarithms of the variances. With 0 the variances stay.
    batch_size : int
        Rows in an update, and number of persistent chains. The last batch of an epoch may be
        smaller.
    n_iter : int
        Epochs of a fit. Each takes the rows in their order.
    verbose : int
        Print a line after each epoch.
    random_state : None, int, SeedSequence, Generator or RandomState
        Determines all random numbers. None draws from NumPy's global state.
    k : int
        Gibbs steps of the chains between updates. It has no effect where the gradient is an exact
        sum over hidden states. This is done with at most 12 hidden units if two or more of them
        (one, if ``persistent``) started with clusters.
    persistent : bool
        Whether chains continue from update to update (PCD-k) or start at the data of each update
        (CD-k). Between clusters that are many standard deviations apart, no chain moves. With more
        than 12 hidden units and persistent chains, the weights of such clusters then drift until
        the training diverges.
    momentum : float
        Fraction of the last step that each update repeats, below 1.
    weight_decay : float
        Each update moves the weights towards 0 by this times ``learning_rate``.
    num_threads : int, optional
        Number of threads; by default all that the process may use. The result does not depend on
        it.

    Attributes
    ----------
    components_ : numpy.ndarray, (n_components, n_features)
        W, in units of the data. This and the next four are read-only copies. To change the machine,
        assign to the attribute. float32 if the data were float32, else float64.
    intercept_hidden_ : numpy.ndarray, (n_components,)
        c.
    intercept_visible_ : numpy.ndarray, (n_features,)
        b.
    variances_ : numpy.ndarray, (n_features,)
        s = sigma^2, the variances of the visible units given the hidden ones. A feature that is
        constant in the first data keeps the variance 1.
    h_samples_ : numpy.ndarray, (batch_size, n_components)
        Hidden states of the chains.
    n_features_in_ : int
        Visible units.
    feature_names_in_ : numpy.ndarray of str objects, (n_features,)
        Exists only if the data were a DataFrame with strings as names of its columns.

    Notes
    -----
    :meth:`sample` and :meth:`gibbs` return visible states with their noise; :meth:`mean`,
    :meth:`reconstruct` and :meth:`sample_means` return means given hidden units, without it.

    With ``sample_weight`` the steps of an epoch add up to the gradient of sum_r w_r ln p(v_r), as
    for :class:`BernoulliRBM`. Means, variances and clusters at the start are those of rows that are
    repeated or left out in proportion to their weights.

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
    >>> bool((model.variances_ < X.var(axis=0) / 2).all())  # hidden units explain the rest
    True
    >>> model.sample(3, n_steps=100, random_state=1).shape
    (3, 2)
    """

    components_ = Parameter("W, (n_components, n_features); assigning uploads.")
    intercept_hidden_ = Parameter("c, (n_components,); assigning uploads.")
    intercept_visible_ = Parameter("b, (n_features,); assigning uploads.")
    variances_ = Parameter("The variances of the visible units, (n_features,); assigning uploads.")
    h_samples_ = HiddenStates("Hidden states of the chains; assigning uploads.")
    _trained: Trained[_core.GaussianRbmMachine]

    partial_fit = fitting.partial_fit
    transform = observables.transform
    free_energy = observables.free_energy
    score_samples = observables.score_samples
    sample = gaussian_chains.sample
    sample_means = gaussian_chains.sample_means
    sample_hidden = gaussian_chains.sample_hidden
    gibbs = gaussian_chains.gibbs
    mean = gaussian_chains.mean
    reconstruct = gaussian_chains.reconstruct

    _options_class = GaussianOptions
    _data = staticmethod(reals)
    _doubts = staticmethod(divergence.saturated)
    _pseudo_likelihood = observables.pseudo_likelihood_of_reals
    _reconstructed = gaussian_chains.reconstructed

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
        persistent: bool = False,
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

    @classmethod
    @takes_beta
    def from_hopfield(
        cls,
        network: Hopfield,
        beta: float,
        *,
        random_state: RandomState = None,
        num_threads: int | None = None,
    ) -> Self:
        """Return the machine whose hidden units have the Boltzmann law of a Hopfield network.

        The P visible units are real numbers, one for each pattern. The N hidden ones are the spins,
        s = 2h - 1. The marginal law of the spins is exp(-beta E) exactly, with thresholds as well.

        Parameters
        ----------
        network : Hopfield
            The patterns, and the thresholds if it has any.
        beta : float
            Inverse temperature, finite and >= 0.
        random_state : None, int, SeedSequence, Generator or RandomState
            Determines the random numbers of the machine.
        num_threads : int, optional
            As of the class.

        Returns
        -------
        GaussianBernoulliRBM
            With ``n_components`` N and ``n_features_in_`` P. It counts as fitted, and can be
            trained further. :meth:`sample_hidden` draws the spins.

        Raises
        ------
        ValueError, TypeError
            If ``network`` is no Hopfield network, or ``beta`` is out of range.
        MemoryError
            If the N x P weights do not fit in memory, which take 40 bytes each; the network itself
            has a bit for each.

        Notes
        -----
        Given the spins, visible unit mu is normal with mean sqrt(beta N) m^mu and variance 1. A
        Gibbs step draws all spins at once, where :meth:`Hopfield.recall` and :func:`sample` draw
        them in turn. It is slow to leave a pattern, as they are.
        :meth:`log_partition` is that of the machine, which is larger than ln Z of the network by
        P (beta + ln 2 pi) / 2 - beta sum_mu X_mu^2 / (2 N) - beta sum_i theta_i, with
        X_mu = sum_i xi_i^mu.

        A. Barra, A. Bernacchia, E. Santucci and P. Contucci, Neural Netw. 34, 1 (2012).

        Examples
        --------
        >>> import spinglass
        >>> network = spinglass.Hopfield(spinglass.random_patterns(3, 200, seed=1))
        >>> machine = spinglass.GaussianBernoulliRBM.from_hopfield(network, 2.0, random_state=0)
        >>> spins = spinglass.to_spins(machine.sample_hidden(4, n_steps=100, random_state=1))
        >>> spins.shape, bool((abs(network.overlaps(spins)).max(axis=1) > 0.8).all())
        ((4, 200), True)
        """
        machine = cls(random_state=random_state, num_threads=num_threads)
        store_network(machine, network, beta)
        return machine

    def fit(
        self,
        X: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        callbacks: Callbacks = (),
        progress: Progress = False,
    ) -> Self:
        """Learn from data, from scratch.

        Parameters
        ----------
        X : array_like or sparse matrix, (n_samples, n_features)
            Rows of real numbers.
        y : ignored
        sample_weight : array_like, (n_samples,), optional
            What each row counts; all alike by default. Only ratios matter: a row of weight 2 is as
            two equal rows, and a row of weight 0 is left out. See the notes.
        callbacks : sequence of callable
            Each is called with an ``Epoch`` after every epoch. If one returns True, the fit ends.
        progress : bool or callable
            True for a bar, or a callable of ``(done, total)`` in updates.

        Returns
        -------
        GaussianBernoulliRBM
            Itself.

        Raises
        ------
        ValueError, TypeError
            If a parameter or the data are not as described, or if the training diverges: a
            parameter is not finite, or a variance goes to 0. The model keeps the last good
            parameters.
        KeyboardInterrupt
            On Ctrl-C. The model keeps the last update.
        """
        training = Fit.of(self, X, callbacks, progress, sample_weight)
        training.run(training.begin())
        return self

    _structure_is_checked = True

    def structure(self) -> Layered:
        """Return weights, biases and variances: the structure of the energy."""
        machine = fitted(self).machine
        return Layered(
            visible="real",
            weights=machine.components(),
            visible_biases=machine.intercept_visible(),
            hidden_biases=machine.intercept_hidden(),
            variances=machine.variances(),
        )

    def energy(self, visible: ArrayLike, hidden: ArrayLike) -> NDArray[np.float64]:
        """Return E(v, h) = sum_i (v_i - b_i)^2 / (2 s_i) - c.h - sum_ij h_j W_ji v_i / s_i.

        Parameters
        ----------
        visible : array_like, (n_samples, n_features)
        hidden : array_like, (n_samples, n_components)
            Units 0 and 1.

        Returns
        -------
        numpy.ndarray of float64, (n_samples,)
        """
        machine = fitted(self).machine
        v = rows_of(self, visible, "visible").astype(np.float64)
        if not np.isfinite(v).all():
            raise ValueError(f"visible must hold finite numbers, got {v[~np.isfinite(v)][0]}")
        if (largest := np.abs(v).max()) > _LARGEST:
            raise ValueError(f"visible must be at most {_LARGEST:g} in size, got {largest:g}")
        h = binary_states(hidden, "hidden", machine.n_hidden).astype(np.float64)
        if len(v) != len(h):
            raise ValueError(f"visible and hidden must have as many rows, got {len(v)}, {len(h)}")
        s = machine.variances()
        squares = (v - machine.intercept_visible()) ** 2 / (2 * s)
        pairs = (h @ machine.components()) * v / s
        energies: NDArray[np.float64] = (squares - pairs).sum(axis=1)
        return energies - h @ machine.intercept_hidden()

    def log_partition(self) -> LogPartition:
        """Return ln Z, summed over all states of at most 30 hidden units.

        Returns
        -------
        LogPartition
            Its method is ``"exact"``.

        Raises
        ------
        ValueError
            If there are more hidden units.
        """
        trained = fitted(self)
        value = trained.machine.log_partition(thread_count(self.num_threads))
        return exactly(value, trained.word, model=likelihood.fingerprint(trained))

    def log_likelihood(self, X: Any, log_partition: LogPartition | None = None) -> LogLikelihood:
        """Return ln p(v) of each row of data, and the mean; p is a density.

        Parameters
        ----------
        X : array_like or sparse matrix, (n_samples, n_features)
        log_partition : LogPartition, optional
            The result of :meth:`log_partition`, which can be used for many sets of data.

        Returns
        -------
        LogLikelihood

        Raises
        ------
        ValueError
            If there are more than 30 hidden units, or ``log_partition`` is of another machine.
        """
        free, trained = self.free_energy(X), fitted(self)
        if log_partition is None:
            log_partition = trained.copy("log_partition", self.log_partition)
        return likelihood.log_likelihood(free, log_partition, likelihood.fingerprint(trained))

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Return the mean log-likelihood of rows of data, as tools of scikit-learn ask for it.

        It is :meth:`log_likelihood`, of densities, so it depends on the units of the data. ln Z is
        kept until the next update.

        Parameters
        ----------
        X : array_like or sparse matrix, (n_samples, n_features)
        y : ignored
        sample_weight : array_like, (n_samples,), optional
            What each row counts in the mean; all alike by default.

        Returns
        -------
        float
            In nats per row.

        Raises
        ------
        ValueError
            If there are more than 30 hidden units, whose states are too many to sum over.
        """
        return self.log_likelihood(X).mean(sample_weight)

    def _check_data(self, rows: Rows) -> None:
        """All finite numbers are its domain."""
