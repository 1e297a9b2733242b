"""The inverse Ising problem: couplings and fields from samples.

The model is p(s) = exp(sum_{i<j} J_ij s_i s_j + sum_i h_i s_i) / Z with spins -1 and +1. The
inverse temperature is part of J and h. The likelihood needs Z. Cheaper methods replace it by an
approximation (mean field), or by another consistent objective (pseudo-likelihood, probability
flow). H. C. Nguyen, R. Zecchina and J. Berg, Adv. Phys. 66, 197 (2017) review all of them.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Literal, Self, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass._arguments import check_memory, choice, finite, integer, thread_count
from spinglass._caller import warn_caller
from spinglass._estimator import Estimator, weighted
from spinglass._progress import Progress, progress_callback, say
from spinglass._random import RandomState, random_word
from spinglass._registry import above
from spinglass.inverse.boltzmann_learning import Chains, doubted, learn, likelihood
from spinglass.inverse.closed_form import mean_field, tap
from spinglass.inverse.conditional import conditional, fit_conditional
from spinglass.inverse.minimization import Descent, DivergingError, Penalty, Report
from spinglass.inverse.samples import Samples, core_data, spin_rows
from spinglass.inverse.separability import refuse_infinite
from spinglass.inverse.solution import Solution
from spinglass.models.ising import Ising

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Method = Literal["pseudolikelihood", "mean-field", "tap", "flow", "boltzmann"]

# Spins whose states can be summed hundreds of times.
_MOST_EXACT = 20


class InverseIsing(Estimator):
    """Couplings and fields of an Ising model from samples of it.

    Parameters
    ----------
    method : {"pseudolikelihood", "mean-field", "tap", "flow", "boltzmann"}
        ``"pseudolikelihood"`` maximises the product of the probabilities of each spin given the
        others. It is consistent, and nearly as precise as the likelihood. ``"flow"`` minimises the
        flow of probability out of the samples by single flips. It is consistent too.
        ``"mean-field"`` and ``"tap"`` invert the covariance. They are fast, and biased where
        couplings are strong. ``"boltzmann"`` maximises the likelihood itself, with Markov chains.
    l1, l2 : float
        Penalty on couplings: l1 sum_{i<j} |J_ij| + (l2 / 2) sum_{i<j} J_ij^2 is added to the
        objective, which is a mean over samples (see the notes). Fields have no penalty. l1 requires
        ``"pseudolikelihood"`` or ``"flow"``.
    tol : float
        The search ends when no component of the gradient (with l1: of the smallest subgradient) is
        larger. Chains, mean-field and tap do not use it.
    max_iter : int
        Largest number of iterations of the minimiser, or of updates by chains.
    n_chains : int, optional
        Number of chains of ``"boltzmann"``. None sums over all states instead, of at most 20 spins.
    sweeps : int
        Sweeps of the chains in each update.
    learning_rate : float
        Rate of the first updates by chains; it falls as 1 / sqrt(t).
    random_state : None, int, SeedSequence, Generator or RandomState
        Determines the chains. None draws from NumPy's global state.
    num_threads : int, optional
        Threads to use; all that the process may use by default.
    verbose : int
        Print a line after each iteration.

    Attributes
    ----------
    couplings_ : numpy.ndarray, (n_features, n_features)
        beta J_ij: symmetric, with a zero diagonal.
    fields_ : numpy.ndarray, (n_features,)
        beta h_i.
    n_iter_ : int
        Iterations or updates; 1 for mean-field and tap.
    converged_ : bool
        Whether the gradient is below ``tol``. With chains, whether the moments of the model agree
        with those of the samples within the noise of the chains. With ``"boltzmann"`` it is False
        where couplings are strong and the pseudo-likelihood has no maximum, because the couplings
        may diverge.
    objective_ : float or None
        The minimum of the objective, penalties included. None for methods that do not evaluate it
        (mean-field, tap, chains).
    n_negative_discriminants_ : int
        With tap only: number of pairs i < j whose quadratic equation has no real root.
    n_features_in_ : int
        Spins.
    feature_names_in_ : numpy.ndarray of str objects, (n_features,)
        Only if the data were a DataFrame whose columns are named by strings.

    Notes
    -----
    With f_i = h_i + sum_j J_ij s_j, the objective is the mean over samples of

    - sum_i ln(1 + exp(-2 s_i f_i)) for the pseudo-likelihood (Besag, The Statistician 24, 179
      (1975); with l1 Ravikumar, Wainwright and Lafferty, Ann. Stat. 38, 1287 (2010); for spin
      glasses Aurell and Ekeberg, Phys. Rev. Lett. 108, 090201 (2012)). Each J_ij is one variable
      for both of its sites;
    - sum_i exp(-s_i f_i) for the flow (Sohl-Dickstein, Battaglino and DeWeese, Phys. Rev. Lett.
      107, 220601 (2011)). Flow that ends in another sample counts as well, although the authors
      leave it out. With it the objective is the interaction screening of Vuffray, Misra, Lokhov and
      Chertkov (2016), which is convex, and consistent for any share of all states in the samples;
    - -ln p(s) for ``"boltzmann"`` (Ackley, Hinton and Sejnowski, Cogn. Sci. 9, 147 (1985));
    - minus the log-likelihood of a Gaussian for ``"mean-field"`` (Kappen and Rodriguez 1998) and
      ``"tap"`` (Tanaka 1998; Roudi, Aurell and Hertz 2009). There l2 is on all of the inverse
      covariance.

    Ctrl-C stops a fit within a fraction of a second. The exception is the eigenvalues of
    ``"mean-field"`` and ``"tap"``. LAPACK computes them in one call, which takes some seconds for
    2,500 features and eight times as long for twice as many.

    The number of threads and the machine do not affect values and gradients. The results that
    SciPy and LAPACK compute from them agree to rounding.

    Examples
    --------
    >>> import spinglass
    >>> glass = spinglass.SherringtonKirkpatrick(10, seed=1)
    >>> run = spinglass.sample(glass, beta=0.5, n_sweeps=100, n_replicas=2000, seed=2)
    >>> model = spinglass.InverseIsing().fit(run.final_states)
    >>> bool(abs(model.couplings_ - 0.5 * glass.couplings()).max() < 0.15)
    True
    """

    couplings_: NDArray[np.float64]
    fields_: NDArray[np.float64]
    n_iter_: int
    converged_: bool
    objective_: float | None
    n_negative_discriminants_: int

    def __init__(
        self,
        method: Method = "pseudolikelihood",
        *,
        l1: float = 0.0,
        l2: float = 0.0,
        tol: float = 1e-6,
        max_iter: int = 1000,
        n_chains: int | None = 1000,
        sweeps: int = 5,
        learning_rate: float = 0.5,
        random_state: RandomState = None,
        num_threads: int | None = None,
        verbose: int = 0,
    ) -> None:
        self.method = method
        self.l1 = l1
        self.l2 = l2
        self.tol = tol
        self.max_iter = max_iter
        self.n_chains = n_chains
        self.sweeps = sweeps
        self.learning_rate = learning_rate
        self.random_state = random_state
        self.num_threads = num_threads
        self.verbose = verbose

    def fit(
        self, X: Any, y: Any = None, sample_weight: Any = None, *, progress: Progress = False
    ) -> Self:
        """Find the couplings and fields.

        Parameters
        ----------
        X : array_like, (n_samples, n_features)
            Spins -1 and +1.
        y : ignored
        sample_weight : array_like, (n_samples,), optional
            How often each sample counts; 1 by default.
        progress : bool or callable
            True for a bar, or a callable of ``(done, total)`` in iterations of ``max_iter``.

        Returns
        -------
        InverseIsing
            Itself.

        Raises
        ------
        ValueError, TypeError
            If a parameter or the data are not as described; if a spin never changes; or if the best
            couplings are infinite, because two spins are always equal or opposite, or there are too
            few samples.

        Warns
        -----
        RuntimeWarning
            If it has not converged; if one of the four states of a pair never occurs, so that its
            best coupling is infinite; or if couplings of ``"boltzmann"`` seem to diverge.
        """
        penalty = self._check_parameters()
        rows, weights = weighted(spin_rows(X, type(self).__name__), sample_weight)
        n_spins = rows.shape[1]
        check_memory(200 * n_spins**2, f"the couplings of {n_spins} spins")
        self._take_feature_names(X, reset=True)
        samples = Samples.of(rows, weights, self._threads)
        doubt = refuse_infinite(
            samples,
            self.__dict__.get("feature_names_in_"),
            penalised=bool(penalty.l1 or penalty.l2),
            closed=self.method in ("mean-field", "tap"),
        )
        with progress_callback(progress, type(self).__name__, "iterations") as tell:
            try:
                solution = self._solve(samples, penalty, tell)
            except DivergingError as error:
                if doubt is None or error.found is None:
                    raise
                solution = error.found
        self.couplings_, self.fields_ = solution.couplings, solution.fields
        self.n_iter_, self.converged_ = solution.n_iter, solution.converged and doubt is None
        self.objective_, self.n_features_in_ = solution.objective, n_spins
        self.__dict__.pop("n_negative_discriminants_", None)
        if solution.n_negative_discriminants is not None:
            self.n_negative_discriminants_ = solution.n_negative_discriminants
        if not self.converged_:
            warn_caller(
                f"{type(self).__name__} has not converged: {doubt or solution.message}",
                RuntimeWarning,
            )
        return self

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Return the mean log-pseudo-likelihood of samples: sum_i ln p(s_i | the other spins).

        Parameters
        ----------
        X : array_like, (n_samples, n_features)
        y : ignored
        sample_weight : array_like, (n_samples,), optional

        Returns
        -------
        float
            In nats a sample. It is at most 0, and -n_features ln 2 without couplings and fields.
        """
        self._check_is_fitted()
        self._take_feature_names(X, reset=False)
        rows = spin_rows(X, type(self).__name__)
        if rows.shape[1] != self.n_features_in_:
            raise ValueError(
                f"X has {rows.shape[1]} features, but {type(self).__name__} is expecting "
                f"{self.n_features_in_} features as input"
            )
        rows, weights = weighted(rows, sample_weight)
        objective = conditional(core_data(rows, weights)[0], "pseudolikelihood", self._threads)
        return -objective(self.couplings_, self.fields_)[0]

    def to_ising(self) -> Ising:
        """Return the model, to be sampled at beta = 1."""
        self._check_is_fitted()
        return Ising(self.couplings_, self.fields_)

    def plot(self, true_couplings: ArrayLike | None = None, ax: Axes | None = None) -> Axes:
        """Draw the couplings against the true ones, or as a matrix.

        Parameters
        ----------
        true_couplings : array_like or sparse array, (n_features, n_features), optional
            beta J_ij.
        ax : matplotlib Axes, optional
            Where to draw; by default a new figure.

        Returns
        -------
        Axes
        """
        self._check_is_fitted()
        drawn: Axes = above("plotting").inverse(self, true_couplings, ax)
        return drawn

    @property
    def _threads(self) -> int | None:
        return thread_count(self.num_threads)

    def __sklearn_is_fitted__(self) -> bool:
        return "couplings_" in self.__dict__

    def _check_parameters(self) -> Penalty:
        choice(self.method, "method", get_args(Method))
        integer(self.max_iter, "max_iter", at_least=1)
        integer(self.sweeps, "sweeps", at_least=1)
        if self.n_chains is not None:
            integer(self.n_chains, "n_chains", at_least=2)
        if not isinstance(self.verbose, bool | np.bool_):
            integer(self.verbose, "verbose", at_least=0)
        for name in ("l1", "l2"):
            if finite(getattr(self, name), name) < 0:
                raise ValueError(f"{name} must be >= 0, got {getattr(self, name)!r}")
        for name in ("tol", "learning_rate"):
            if finite(getattr(self, name), name) <= 0:
                raise ValueError(f"{name} must be > 0, got {getattr(self, name)!r}")
        if self.l1 and self.method not in ("pseudolikelihood", "flow"):
            raise ValueError(
                f'l1 must be 0 with method="{self.method}", got {self.l1!r}: only '
                '"pseudolikelihood" and "flow" have it'
            )
        state: Any = self.random_state
        if not (
            state is None
            or state is np.random
            or isinstance(state, np.random.RandomState | np.random.Generator)
        ):
            random_word(state)  # which draws nothing: it only says what is wrong
        return Penalty(float(self.l1), float(self.l2))

    def _solve(self, samples: Samples, penalty: Penalty, tell: Any) -> Solution:
        if self.method == "mean-field":
            return mean_field(samples, penalty.l2)
        if self.method == "tap":
            return tap(samples, penalty.l2)
        report = self._report(tell)
        if self.method != "boltzmann":
            return fit_conditional(
                samples,
                self.method,
                penalty,
                float(self.tol),
                int(self.max_iter),
                report,
                self._threads,
            )
        if self.n_chains is not None:
            word = random_word(self.random_state)
            chains = Chains(
                int(self.n_chains),
                int(self.sweeps),
                float(self.learning_rate),
                int(self.max_iter),
                word,
                self._threads,
            )
            return learn(samples, penalty.l2, chains, report)
        n_spins = len(samples.magnetizations)
        if n_spins > _MOST_EXACT:
            raise ValueError(
                f"n_chains must be given for more than {_MOST_EXACT} spins, whose states are "
                f"too many to sum over, got None and {n_spins} spins"
            )
        objective = likelihood(samples, self._threads)
        found = Descent(
            objective, samples, penalty, float(self.tol), int(self.max_iter), report
        ).run()
        return doubted(found, samples, penalty.l2, self._threads)

    def _report(self, tell: Any) -> Report:
        name = type(self).__name__

        def report(iteration: int, value: float, gradient: float) -> None:
            if tell is not None:
                tell(iteration, self.max_iter)
            if self.verbose:
                objective = "" if np.isnan(value) else f"objective = {value:.8g}, "
                line = f"[{name}] Iteration {iteration}, {objective}gradient = {gradient:.2e}"
                say(line, sys.stdout)

        return report
