"""The restricted Boltzmann machine, compatible with that of scikit-learn and with more options.

P. Smolensky, in Parallel Distributed Processing vol. 1, 194 (1986); G. E. Hinton, Neural Comput.
14, 1771 (2002) (contrastive divergence); T. Tieleman, Proc. 25th ICML, 1064 (2008) (persistent
chains). The energy is E(v, h) = -a.v - b.h - h W v with units 0 and 1. Learning follows the
gradient of the log-likelihood, <v h> under the data minus <v h> under the model. The second average
comes from Markov chains.

Fields of units 0 and 1 are sums of integers, so the same seed gives the same bits on any computer
and any number of threads. Parameters are single precision.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, Self, cast, final, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass import _core
from spinglass._arguments import choice, thread_count
from spinglass._caller import warn_caller
from spinglass._progress import Progress
from spinglass._random import RandomState
from spinglass.machines import chains, divergence, files, fitting, likelihood, observables
from spinglass.machines.bernoulli_options import BernoulliOptions
from spinglass.machines.checkpoint import Checkpoint
from spinglass.machines.equilibration import equilibration
from spinglass.machines.fitting import Callbacks, Fit
from spinglass.machines.likelihood import LogLikelihood, Method
from spinglass.machines.parameters import HiddenStates, Parameter, upload
from spinglass.machines.protocols import LearningRate
from spinglass.machines.rows import (
    bias_of,
    binary_states,
    check_within_unit,
    core_data,
    output_dtype,
    some_of,
)
from spinglass.machines.trained import Rows, Trained, fitted, rows_of
from spinglass.machines.transformer import Transformer
from spinglass.models.energy import Layered
from spinglass.models.forms import spin_form
from spinglass.models.ising import Ising
from spinglass.partition.log_partition import LogPartition


class RbmIsing(NamedTuple):
    """A machine in spins s = 2 (v, h) - 1, visible units first: E(v, h) = model.energy(s) + offset.

    Attributes
    ----------
    model : Ising
        An Ising model of n_features + n_components spins.
    offset : float
        The constant that the change of variables adds to every energy.

    Examples
    --------
    >>> import numpy as np
    >>> import spinglass
    >>> X = np.random.default_rng(1).integers(0, 2, (200, 6))
    >>> machine = spinglass.BernoulliRBM(3, random_state=1).fit(X)
    >>> found = machine.to_ising()
    >>> found.model.n_spins
    9
    """

    model: Ising
    offset: float


@final
class BernoulliRBM(Transformer):
    """A restricted Boltzmann machine with units 0 and 1, which can replace that of scikit-learn.

    The defaults do what ``sklearn.neural_network.BernoulliRBM`` does (persistent contrastive
    divergence, one step per update), except that each phase is averaged over its own number of
    rows.

    Parameters
    ----------
    n_components : int
        Number of hidden units.
    learning_rate : float, pair of float, or callable
        Learning rate of each update. ``(first, last)`` decreases linearly over a fit. A callable
        gets the number of the update, from 0, and the number of updates (infinity in
        ``partial_fit``).
    batch_size : int
        Rows per update. The last batch of an epoch may be smaller.
    n_iter : int
        Epochs of a fit. Rows are taken in the order of the data.
    verbose : int
        If not 0, print a line after each epoch, as scikit-learn does.
    random_state : None, int, SeedSequence, Generator or RandomState
        Fixes all random numbers. None draws from NumPy's global state.
    k : int
        Gibbs steps of the chains between updates.
    persistent : bool
        Whether chains continue from update to update (PCD-k), or start from the data of each update
        (CD-k).
    n_chains : int, optional
        Number of persistent chains; ``batch_size`` by default.
    tempering : array_like, optional
        Ascending inverse temperatures up to 1. There are ``n_chains`` chains at each of them, and
        they exchange states.
    momentum : float
        Fraction of the last step that is added to the next one, below 1.
    weight_decay : float
        Fraction, times ``learning_rate``, by which each update reduces the weights.
    sparsity : pair of float, optional
        ``(target, cost)``: the target of the mean activity of hidden units, and the strength of
        this term.
    centered : bool
        Whether to follow the gradient of units with their mean subtracted. That gradient does not
        depend on which value is called 1.
    precision : {"full", "fast"}
        Whether fields are summed with weights of 24 or of 16 bits. Both take the same time.
    num_threads : int, optional
        Number of threads; by default all that the process may use. It does not affect the result.

    Attributes
    ----------
    components_ : numpy.ndarray, (n_components, n_features)
        W. This and the next three are read-only copies. Assigning to the attribute changes the
        machine. The dtype is float32 if the data had it, else float64.
    intercept_hidden_ : numpy.ndarray, (n_components,)
        b.
    intercept_visible_ : numpy.ndarray, (n_features,)
        a.
    h_samples_ : numpy.ndarray, (n_chains, n_components)
        Hidden states of the chains (with ``tempering``, of those at beta = 1).
    n_features_in_ : int
        Number of visible units.
    feature_names_in_ : numpy.ndarray of str objects, (n_features,)
        Names of the columns, only if the data were a DataFrame with strings as column names.

    Notes
    -----
    Data of exactly 0 and 1, in any dtype, are handled fast, in integers. Other values in [0, 1] are
    used as they are and never drawn. Every method warns of values outside [0, 1]. Only rows of 0
    and 1 have a probability, so :meth:`log_likelihood` warns of all other rows.

    With ``sample_weight`` w the gradient of a batch is the mean of w_r (<v h> given row r, minus
    <v h> of the chains), for weights that are 1 on average over the rows of the fit. The steps of
    an epoch then add up to the gradient of sum_r w_r ln p(v_r). A chain that starts from a row
    (``persistent=False``) has its weight. Equal weights have the bits of no weights.

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

    components_ = Parameter("W, (n_components, n_features); assigning uploads.")
    intercept_hidden_ = Parameter("b, (n_components,); assigning uploads.")
    intercept_visible_ = Parameter("a, (n_features,); assigning uploads.")
    h_samples_ = HiddenStates("Hidden states of the chains; assigning uploads.")
    _trained: Trained[_core.RbmMachine]

    partial_fit = fitting.partial_fit
    transform = observables.transform
    free_energy = observables.free_energy
    score_samples = observables.score_samples
    sample = chains.sample
    gibbs = chains.gibbs
    reconstruct = chains.reconstruct
    equilibration = equilibration

    _options_class = BernoulliOptions
    _data = staticmethod(core_data)
    _doubts = staticmethod(divergence.saturated_or_grown)
    _pseudo_likelihood = observables.pseudo_likelihood_of_units
    _reconstructed = chains.reconstructed

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
        sample_weight: Any = None,
        *,
        initial_bias: Literal["zeros", "data"] = "zeros",
        checkpoint: Any = None,
        every: int | None = None,
        callbacks: Callbacks = (),
        progress: Progress = False,
    ) -> Self:
        """Train on data, from new parameters or from a checkpoint.

        Parameters
        ----------
        X : array_like or sparse matrix, (n_samples, n_features)
            Rows of 0 and 1, or of numbers between.
        y : ignored
        sample_weight : array_like, (n_samples,), optional
            What each row counts; all alike by default. Only ratios matter: a row of weight 2 is as
            two equal rows, and a row of weight 0 is left out. See the notes.
        initial_bias : {"zeros", "data"}
            Visible biases at the start: 0, as in scikit-learn, or those of independent units with
            the means of the data (Hinton, A Practical Guide to Training RBMs (2010)). Without the
            latter all hidden units first learn the means together, and can stay at 1 afterwards.
        checkpoint : path, optional
            File to write, completely or not at all. If the file exists, the fit continues from it,
            with the same bits as a fit that was never stopped. It must be of the same data and
            parameters (``n_iter`` may be larger).
        every : int, optional
            Epochs between two writes; 1 by default.
        callbacks : sequence of callable
            Each is called with an :class:`Epoch` after every epoch. A return value of True ends the
            fit.
        progress : bool or callable
            True for a bar, or a callable of ``(done, total)`` in updates.

        Returns
        -------
        BernoulliRBM
            The estimator itself.

        Raises
        ------
        ValueError, TypeError
            If a parameter or the data are not as described, or if the training diverges.
        KeyboardInterrupt
            On Ctrl-C. The model keeps the state after the last update, and the checkpoint is
            written.

        Warns
        -----
        UserWarning
            If values lie outside [0, 1].
        RuntimeWarning
            If nearly all hidden units are saturated after an early epoch.
        """
        from_data = choice(initial_bias, "initial_bias", ("zeros", "data")) == "data"
        training = Fit.of(self, X, callbacks, progress, sample_weight)
        self._check_data(training.rows)
        rows, weights = training.rows, training.weights
        word = None if self.random_state is None else training.word
        file = Checkpoint.of(checkpoint, every, rows, weights, from_data)
        found = file and file.resume(
            type(self), training.options, rows.shape[1], training.rates, word
        )
        if found:
            trained, finished = found
            trained.dtype = output_dtype(X)
        else:
            trained, finished = training.begin(), False
            if from_data:
                upload(trained, "intercept_visible", bias_of(rows, weights))
        with np.errstate(over="ignore"):  # of numbers near the end of single precision
            trained.data_means = some_of(training.typical).mean(axis=0, dtype=np.float32)
        training.run(trained, file, finished)
        return self

    def save(self, path: Any) -> None:
        """Write the model to a safetensors file, completely or not at all.

        The file has the whole state: a model that is loaded continues its training with the same
        bits. Parameters that are not numbers or text (a schedule, a RandomState) are not kept. A
        schedule causes a UserWarning.

        Parameters
        ----------
        path : path
            A link is followed. A folder, a pipe or a device is not replaced.

        Raises
        ------
        OSError
            If the file cannot be written.
        """
        fitted(self)
        if callable(self.learning_rate):
            warn_caller(
                "learning_rate is a schedule, which a file does not keep: what is loaded has the "
                "default, until it is given another",
            )
        files.write(self, path)

    @classmethod
    def load(cls, path: Any) -> Self:
        """Read a model that :meth:`save` or a checkpoint of :meth:`fit` wrote.

        Parameters
        ----------
        path : path

        Raises
        ------
        ValueError
            If the file is not such a file, or is damaged. No code in it is executed. Files of
            earlier versions have no digest, so a changed byte is not always found.
        OSError
            If the file cannot be read, or is not a regular file.
        MemoryError
            If the model does not fit in memory.
        """
        model: Self = files.load(cls, path)
        return model

    _structure_is_checked = True

    def structure(self) -> Layered:
        """Return weights and biases: the structure of the energy."""
        machine = fitted(self).machine
        return Layered(
            visible="units",
            weights=machine.components(),
            visible_biases=machine.intercept_visible(),
            hidden_biases=machine.intercept_hidden(),
        )

    def energy(self, visible: ArrayLike, hidden: ArrayLike) -> NDArray[np.float64]:
        """Return E(v, h) = -a.v - b.h - h W v.

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
        v = binary_states(visible, "visible", machine.n_visible).astype(np.float64)
        h = binary_states(hidden, "hidden", machine.n_hidden).astype(np.float64)
        if len(v) != len(h):
            raise ValueError(f"visible and hidden must have as many rows, got {len(v)}, {len(h)}")
        pairs = np.einsum("nj,ji,ni->n", h, machine.components(), v, optimize=True)
        energies: NDArray[np.float64] = -(
            v @ machine.intercept_visible() + h @ machine.intercept_hidden() + pairs
        )
        return energies

    def log_partition(
        self,
        method: Method = "auto",
        *,
        n_chains: int = 100,
        betas: int | ArrayLike = 10_000,
        warmup: int = 1000,
        random_state: RandomState = None,
        progress: Progress = False,
    ) -> LogPartition:
        """Return ln Z, exactly or with an error.

        Parameters
        ----------
        method : {"auto", "exact", "ais", "reverse-ais"}
            ``"exact"`` sums over all states of the smaller layer, which has at most 30 units.
            ``"ais"`` estimates ln Z from below by annealed importance sampling, so likelihoods are
            too high on average. ``"reverse-ais"`` estimates it from above, if its chains start in
            equilibrium. ``"auto"`` is exact up to 25 units, and for larger layers it runs both and
            reports the gap between them.
        n_chains : int
            Number of annealed chains.
        betas : int or array_like
            Inverse temperatures of the annealing, 0 to 1, or their number.
        warmup : int
            Gibbs steps between the chains of the training and the start of the reverse annealing.
            (The machine at beta = 0 has the means of the data of :meth:`fit`.)
        random_state : None, int, SeedSequence, Generator or RandomState
            None continues the random numbers of the model.
        progress : bool or callable
            True for a bar, or a callable of ``(done, total)``.

        Returns
        -------
        LogPartition

        Warns
        -----
        UserWarning
            If the two sides differ by more than a nat, or if the weights are so uneven that few
            chains dominate the estimate.

        Examples
        --------
        >>> import spinglass
        >>> machine = spinglass.BernoulliRBM(2, n_iter=1, random_state=0).fit([[0, 1, 1]])
        >>> exact, up = machine.log_partition(), machine.log_partition("ais", betas=100)
        >>> exact.method, bool(abs(up.value - exact.value) < 4 * up.error + 1e-6)
        ('exact', True)
        """
        trained = fitted(self)
        return likelihood.log_partition(
            trained, method, n_chains, betas, warmup, trained.next_word(random_state),
            thread_count(self.num_threads), progress,
        )  # fmt: skip

    def log_likelihood(
        self, X: Any, log_partition: LogPartition | Method = "auto"
    ) -> LogLikelihood:
        """Return the mean of ln p(v) over rows of data, from both sides, with the error of ln Z.

        Parameters
        ----------
        X : array_like or sparse matrix, (n_samples, n_features)
        log_partition : LogPartition or str
            The result of :meth:`log_partition`, which can be used for many sets of data, or the
            name of its method.

        Returns
        -------
        LogLikelihood

        Raises
        ------
        ValueError
            If ``log_partition`` belongs to other parameters.

        Warns
        -----
        UserWarning
            If ``X`` has values other than 0 and 1, whose probability is not defined.
        """
        data = core_data(rows_of(self, X))
        if not data.binary:
            warn_caller(
                "X has values other than 0 and 1, of which the machine has no probability: what is "
                "returned is -F(v) - ln Z, and no log-likelihood"
            )
        free = fitted(self).machine.free_energy(data, thread_count(self.num_threads))
        if isinstance(log_partition, str):
            method = choice(log_partition, "log_partition", get_args(Method))
            log_partition = self.log_partition(cast(Method, method))
        trained = fitted(self)
        return likelihood.log_likelihood(
            free,
            log_partition,
            likelihood.fingerprint(trained),
            likelihood.rounding(trained.machine),
        )

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Return the mean log-likelihood of rows of data, ln p(v), as tools of scikit-learn ask it.

        It is :meth:`log_likelihood`: exact if the smaller layer has at most 25 units. For larger
        layers ln Z is estimated from both sides, which takes time, and a warning tells if the sides
        disagree. ln Z is kept until the next update, so further calls are cheap. Mean
        :meth:`score_samples` is another number, the pseudo-likelihood.

        Parameters
        ----------
        X : array_like or sparse matrix, (n_samples, n_features)
            Rows of 0 and 1.
        y : ignored
        sample_weight : array_like, (n_samples,), optional
            What each row counts in the mean; all alike by default.

        Returns
        -------
        float
            In nats per row. The same call has the same result.

        Warns
        -----
        UserWarning
            As :meth:`log_partition` and :meth:`log_likelihood`.
        """
        trained = fitted(self)
        known = trained.copy("log_partition", lambda: self.log_partition(random_state=trained.word))
        return self.log_likelihood(X, known).mean(sample_weight)

    def to_ising(self) -> RbmIsing:
        """Return the same machine in spins -1 and +1, and the constant difference of the energies.

        Returns
        -------
        RbmIsing
            ``(model, offset)``: an Ising model of all units, visible ones first.

        Examples
        --------
        >>> import spinglass
        >>> machine = spinglass.BernoulliRBM(2, n_iter=1, random_state=0).fit([[0, 1, 1]])
        >>> model, offset = machine.to_ising()
        >>> difference = machine.energy([[0, 1, 1]], [[1, 0]]) - model.energy([-1, 1, 1, 1, -1])
        >>> bool(abs(difference[0] - offset) < 1e-12)
        True
        """
        form = spin_form(self)
        return RbmIsing(form.to_ising(), form.constant)

    def _check_data(self, rows: Rows) -> None:
        check_within_unit(rows)
