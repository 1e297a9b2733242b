"""Samplers for dimod: simulated annealing and parallel tempering.

Both take a binary quadratic model of spins or of binary variables, and return states of its kind
with its labels and its energies. `spinglass.adapters.bqm` turns the signs.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, get_args

try:
    import dimod
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "spinglass.adapters.dimod needs dimod: pip install 'spinglass[dimod]'", name="dimod"
    ) from error
import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass._arguments import integer, inverse_temperature, real_array
from spinglass.adapters.reads import AnswerMode, Found, Generator, sample_set
from spinglass.models.ising import Ising
from spinglass.sampling import Annealing, TemperedRun, anneal, annealing_range, temper
from spinglass.sampling.cooling import cooling

__all__ = ["SpinglassSampler", "SpinglassTempering"]

# As in other annealers of dimod.
_SWEEPS = 1000

# With so many temperatures times sqrt(N) neighbours exchange their states in a third to a half of
# all attempts: glasses, Max-Cut and QUBOs of 64 to 10^4 variables.
_BETAS_PER_ROOT = 2
_FEWEST_BETAS = 8

_PROPERTIES: dict[str, Any] = {
    "answer_modes": get_args(AnswerMode),
    "initial_states_generators": get_args(Generator),
}
_PARAMETERS: dict[str, list[str]] = {
    "num_reads": [],
    "num_sweeps": [],
    "beta_range": [],
    "beta_schedule": [],
    "initial_states": [],
    "initial_states_generator": ["initial_states_generators"],
    "seed": [],
    "interrupt_function": [],
    "num_threads": [],
    "answer_mode": ["answer_modes"],
}


class SpinglassSampler(dimod.Sampler, dimod.Initialized):  # type: ignore[misc]
    """Simulated annealing for dimod: a search for states of low energy.

    Each read is a replica of :func:`spinglass.anneal`: it cools from random spins, and the better
    of its best and its final state descends to a local minimum. So reads are no samples of the
    Boltzmann law; those of :class:`SpinglassTempering` are.

    Examples
    --------
    >>> import dimod
    >>> from spinglass.adapters.dimod import SpinglassSampler
    >>> bqm = dimod.BinaryQuadraticModel.from_qubo({("a", "b"): 3.0, ("a", "a"): -1.0,
    ...                                             ("b", "b"): -1.5})
    >>> found = SpinglassSampler().sample(bqm, num_reads=10, num_sweeps=20, seed=1)
    >>> float(found.first.energy), {label: int(x) for label, x in found.first.sample.items()}
    (-1.5, {'a': 0, 'b': 1})
    """

    @property
    def parameters(self) -> dict[str, Any]:
        """The keyword arguments of :meth:`sample`, each with the properties that concern it."""
        return dict(_PARAMETERS)

    @property
    def properties(self) -> dict[str, Any]:
        """What the values of some parameters can be."""
        return dict(_PROPERTIES)

    def sample(
        self,
        bqm: dimod.BinaryQuadraticModel,
        *,
        num_reads: int | None = None,
        num_sweeps: int | None = None,
        beta_range: tuple[float, float] | None = None,
        beta_schedule: ArrayLike | None = None,
        initial_states: Any = None,
        initial_states_generator: Generator = "random",
        seed: int | None = None,
        interrupt_function: Callable[[], Any] | None = None,
        num_threads: int | None = None,
        answer_mode: AnswerMode = "raw",
        **unknown: Any,
    ) -> dimod.SampleSet:
        """Search for states of low energy.

        Parameters
        ----------
        bqm : dimod.BinaryQuadraticModel
            Of spins or of binary variables.
        num_reads : int, optional
            Independent searches. The default is the number of initial states, or 1.
        num_sweeps : int, optional
            Sweeps of each read: 1000 by default, or one at each beta of a schedule.
        beta_range : (float, float), optional
            The first and the last inverse temperature, with geometric steps between them. The
            default is that of :func:`spinglass.annealing_range`.
        beta_schedule : array_like, (n_betas,), optional
            The inverse temperatures, instead of a range. The sweeps are divided evenly among them.
        initial_states : samples_like, optional
            What :func:`dimod.as_samples` takes, one state for each read. By default spins are
            independent and uniform.
        initial_states_generator : {"random", "tile", "none"}
            Where further states come from if there are fewer than reads.
        seed : int, optional
            The same seed gives the same reads, on any number of threads.
        interrupt_function : callable, optional
            Called without arguments about ten times a second, after the first sweep. Once it
            returns True, the best states so far are returned, one for each read. They have not
            descended.
        num_threads : int, optional
            Number of threads; by default all that the process may use.
        answer_mode : {"raw", "histogram"}
            One row for each read, in the order of the reads; or different states only, sorted by
            energy, with ``num_occurrences``.

        Returns
        -------
        dimod.SampleSet
            Its ``info`` has ``beta_range``, ``num_sweeps``, ``seed`` and ``timing`` (in
            nanoseconds, as dwave-samplers has it).

        Raises
        ------
        ValueError, TypeError
            If an argument has another shape, type or range.
        MemoryError
            If the model or the reads do not fit in memory.
        spinglass.Interrupted
            On Ctrl-C. It is a KeyboardInterrupt whose ``result`` is the sample set so far.

        Warns
        -----
        dimod.exceptions.SamplerUnknownArgWarning
            If there are other keyword arguments. They are ignored.
        """
        self.remove_unknown_kwargs(**unknown)
        betas = _schedule(beta_schedule, beta_range)
        sweeps = num_sweeps
        if sweeps is None:
            sweeps = _SWEEPS if betas is None else len(betas)
        sweeps = integer(sweeps, "num_sweeps", at_least=1 if betas is None else len(betas))

        def search(model: Ising, initial: Any, **reads: Any) -> Annealing:
            return anneal(model, beta_range, sweeps, betas=betas, initial=initial, **reads)

        def found(model: Ising, result: Annealing) -> Found:
            info = {"beta_range": result.betas[[0, -1]].tolist() if result.sweeps else []}
            return Found(result.best_states, result.best_energy, result.sweeps, info)

        return sample_set(
            self,
            bqm,
            search,
            found,
            num_reads=num_reads,
            initial_states=initial_states,
            initial_states_generator=initial_states_generator,
            seed=seed,
            interrupt_function=interrupt_function,
            num_threads=num_threads,
            answer_mode=answer_mode,
        )


class SpinglassTempering(dimod.Sampler, dimod.Initialized):  # type: ignore[misc]
    """Parallel tempering for dimod: states of the Boltzmann law at one temperature.

    Each read is the state at the coldest temperature of a ladder of its own, after the sweeps of
    :func:`spinglass.temper`. With enough sweeps its law is exp(-beta E) / Z.

    Examples
    --------
    >>> import dimod
    >>> from spinglass.adapters.dimod import SpinglassTempering
    >>> bqm = dimod.BinaryQuadraticModel.from_ising({}, {("a", "b"): -1.0})
    >>> reads = SpinglassTempering().sample(bqm, num_reads=2000, beta_range=(0.1, 0.5), seed=1)
    >>> bool(abs(reads.record.energy.mean() - -0.4621) < 0.1)  # -tanh(0.5)
    True
    """

    @property
    def parameters(self) -> dict[str, Any]:
        """The keyword arguments of :meth:`sample`, each with the properties that concern it."""
        return {**_PARAMETERS, "num_betas": []}

    @property
    def properties(self) -> dict[str, Any]:
        """What the values of some parameters can be."""
        return dict(_PROPERTIES)

    def sample(
        self,
        bqm: dimod.BinaryQuadraticModel,
        *,
        num_reads: int | None = None,
        num_sweeps: int | None = None,
        beta_range: tuple[float, float] | None = None,
        beta_schedule: ArrayLike | None = None,
        num_betas: int | None = None,
        initial_states: Any = None,
        initial_states_generator: Generator = "random",
        seed: int | None = None,
        interrupt_function: Callable[[], Any] | None = None,
        num_threads: int | None = None,
        answer_mode: AnswerMode = "raw",
        **unknown: Any,
    ) -> dimod.SampleSet:
        """Sample the Boltzmann law at the coldest temperature of a ladder.

        Parameters
        ----------
        num_reads : int, optional
            Independent ladders. The default is the number of initial states, or 1.
        num_sweeps : int, optional
            Sweeps at every temperature before the read: 1000 by default.
        beta_range : (float, float), optional
            The first and the last inverse temperature, with geometric steps between them. The
            default is that of :func:`spinglass.annealing_range`.
        beta_schedule : array_like, (n_betas,), optional
            The inverse temperatures of the ladder, in any order, instead of a range.
        num_betas : int, optional
            How many temperatures a range has: 2 sqrt(n) by default, at least 8. ``info`` tells how
            often neighbours exchanged their states; a rate near 0 asks for more of them.
        bqm, initial_states, initial_states_generator, seed, num_threads, answer_mode
            As in :meth:`SpinglassSampler.sample`. A state is the start at all temperatures.
        interrupt_function : callable, optional
            Called without arguments about ten times a second, after the first sweep. Once it
            returns True, the states at that moment are returned, one for each read.

        Returns
        -------
        dimod.SampleSet
            Its ``info`` has ``beta_schedule`` (ascending), ``swap_rates``, ``num_sweeps``, ``seed``
            and ``timing``.

        Raises
        ------
        ValueError, TypeError, MemoryError, spinglass.Interrupted
            As in :meth:`SpinglassSampler.sample`.
        """
        self.remove_unknown_kwargs(**unknown)
        betas = _schedule(beta_schedule, beta_range)
        sweeps = integer(_SWEEPS if num_sweeps is None else num_sweeps, "num_sweeps", at_least=1)
        if num_betas is not None:
            integer(num_betas, "num_betas", at_least=1)

        def search(model: Ising, initial: Any, **reads: Any) -> TemperedRun:
            ladder = betas
            if ladder is None:
                default = annealing_range(model) if beta_range is None else None
                usual = math.ceil(_BETAS_PER_ROOT * math.sqrt(model.n_spins))
                count = num_betas or max(_FEWEST_BETAS, usual)
                ladder = cooling(beta_range, None, count, default)
            ladder = np.unique(ladder)
            if initial is not None:
                initial = initial[:, None].repeat(len(ladder), axis=1)
            return temper(model, ladder, sweeps, every=sweeps, initial=initial, measure=(), **reads)

        def found(model: Ising, result: TemperedRun) -> Found:
            states = result.final_states[:, -1]
            info = {
                "beta_schedule": result.betas.tolist(),
                "swap_rates": result.swap_rates.tolist(),
            }
            return Found(states, model.energy(states), result.sweeps, info)

        return sample_set(
            self,
            bqm,
            search,
            found,
            num_reads=num_reads,
            initial_states=initial_states,
            initial_states_generator=initial_states_generator,
            seed=seed,
            interrupt_function=interrupt_function,
            num_threads=num_threads,
            answer_mode=answer_mode,
        )


def _schedule(beta_schedule: ArrayLike | None, beta_range: Any) -> NDArray[np.float64] | None:
    """Return the inverse temperatures of a schedule, if there is one."""
    if beta_schedule is None:
        return None
    if beta_range is not None:
        raise ValueError("beta_schedule and beta_range must not both be given")
    values = real_array(beta_schedule, "beta_schedule")
    if values.ndim != 1 or not values.size:
        raise ValueError(
            f"beta_schedule must be a list of at least one number, got shape {values.shape}"
        )
    return np.array([inverse_temperature(beta, "beta_schedule") for beta in values])
