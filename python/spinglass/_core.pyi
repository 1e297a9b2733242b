"""The Rust core. Private: the package in front of it is the interface."""

from collections.abc import Callable, Sequence
from typing import Any, BinaryIO, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "BidirectionalMemory",
    "CapacityTrials",
    "CoupledMemory",
    "DenseMemory",
    "ExactSums",
    "ExponentialMemory",
    "GaussianRbmData",
    "GaussianRbmMachine",
    "GaussianRbmTrainer",
    "HopfieldNetwork",
    "InverseData",
    "PackedPatterns",
    "RbmData",
    "RbmMachine",
    "RbmTrainer",
    "SequenceMemory",
    "SpinModel",
    "__version__",
    "anneal",
    "available_threads",
    "corrupt_states",
    "dense_model",
    "descend",
    "dream",
    "edwards_anderson",
    "landscape",
    "lattice_model",
    "load_numpy",
    "minover_rule",
    "perceptron_rule",
    "random_spins",
    "rbm_initial_weights",
    "sample",
    "sherrington_kirkpatrick",
    "simd_level",
    "sparse_model",
    "temper",
]

__version__: str

_Progress = Callable[[int, int], object] | None
_Spins = NDArray[np.int8]

def simd_level() -> str:
    """Return the instruction set in use: "portable", "avx2" or "avx512"."""

def load_numpy() -> None: ...
def available_threads() -> int: ...
def corrupt_states(states: _Spins, count: int, seed: int) -> _Spins: ...

@final
class SpinModel:
    """A model of spins -1 and +1. Never changes."""

    @property
    def n_spins(self) -> int: ...
    def couplings(self) -> Any:
        """As they are kept: (n, n), rows (offsets, columns, values), or None."""
    def digest(self) -> str:
        """Of couplings and fields, as they are kept."""
    def rounding(self, beta: float, num_threads: int | None = None) -> tuple[int, float] | None:
        """Return the site whose local field sweeps round with most harm, and the error; or None."""
    def overlaps_are_cheap(self) -> bool:
        """Return whether comparing a few replicas costs little beside their sweeps."""
    def n_bonds(self) -> int:
        """Return how many bonds there are whose overlap can be measured."""
    def energy(self, states: _Spins, num_threads: int | None = None) -> NDArray[np.float64]: ...
    def local_fields(
        self, states: _Spins, num_threads: int | None = None
    ) -> NDArray[np.float64]: ...

def lattice_model(shape: Sequence[int], coupling: float, field: float) -> SpinModel: ...
def dense_model(
    couplings: NDArray[np.float64], fields: NDArray[np.float64] | None = None
) -> SpinModel: ...
def sparse_model(
    offsets: NDArray[np.int64],
    neighbours: NDArray[np.int64],
    couplings: NDArray[np.float64],
    fields: NDArray[np.float64] | None = None,
) -> SpinModel: ...
def sherrington_kirkpatrick(n_spins: int, disorder: str, seed: int) -> SpinModel: ...
def edwards_anderson(shape: Sequence[int], disorder: str, seed: int) -> SpinModel: ...

@final
class PackedPatterns:
    @staticmethod
    def random(
        n_patterns: int, n_spins: int, seed: int, num_threads: int | None = None
    ) -> PackedPatterns: ...
    @staticmethod
    def from_array(spins: _Spins) -> PackedPatterns: ...
    @staticmethod
    def from_bytes(n_patterns: int, n_spins: int, bytes: bytes) -> PackedPatterns: ...
    @staticmethod
    def map(n_patterns: int, n_spins: int, descriptor: int, offset: int) -> PackedPatterns: ...
    @staticmethod
    def read(n_patterns: int, n_spins: int, file: BinaryIO, n_bytes: int) -> PackedPatterns: ...
    @staticmethod
    def joined(parts: Sequence[tuple[PackedPatterns, int, int]]) -> PackedPatterns: ...
    @property
    def n_patterns(self) -> int: ...
    @property
    def n_spins(self) -> int: ...
    @property
    def nbytes(self) -> int: ...
    def padding_is_zero(self) -> bool: ...
    def same_bits(self, other: PackedPatterns) -> bool: ...
    def to_bytes(self) -> bytes: ...
    def write(self, file: BinaryIO) -> None: ...
    def digest(self) -> bytes: ...
    def gram(self, num_threads: int | None = None) -> NDArray[np.int32]:
        """Return the overlaps of the patterns with each other, N m: integers."""
    def unpack(self, which: Sequence[int]) -> _Spins: ...

@final
class HopfieldNetwork:
    def __new__(
        cls, patterns: PackedPatterns, thresholds: NDArray[np.float64] | None = None
    ) -> HopfieldNetwork: ...
    def spin_model(self) -> SpinModel: ...
    def overlaps(self, states: _Spins, num_threads: int | None = None) -> NDArray[np.int64]: ...
    def couplings(self, out: NDArray[Any], num_threads: int | None = None) -> None: ...
    def recall(
        self,
        states: _Spins,
        *,
        update: str,
        beta: float,
        max_sweeps: int,
        seed: int,
        clamp: NDArray[np.bool_] | None = None,
        num_threads: int | None = None,
        progress: _Progress = None,
    ) -> tuple[dict[str, NDArray[Any]], BaseException | None]: ...

@final
class SequenceMemory:
    def __new__(cls, patterns: PackedPatterns, cyclic: bool) -> SequenceMemory: ...
    def couplings(self) -> NDArray[np.float64]: ...
    def overlaps(self, states: _Spins, num_threads: int | None = None) -> NDArray[np.int64]: ...
    def local_fields(
        self, states: _Spins, num_threads: int | None = None
    ) -> NDArray[np.float64]: ...
    def recall(
        self,
        states: _Spins,
        *,
        update: str,
        beta: float,
        max_sweeps: int,
        seed: int,
        clamp: NDArray[np.bool_] | None = None,
        num_threads: int | None = None,
        progress: _Progress = None,
    ) -> tuple[dict[str, NDArray[Any]], BaseException | None]: ...

@final
class BidirectionalMemory:
    def __new__(cls, x: PackedPatterns, y: PackedPatterns) -> BidirectionalMemory: ...
    def couplings(self) -> NDArray[np.float64]: ...
    def overlaps(
        self, states: _Spins, *, side: str, num_threads: int | None = None
    ) -> NDArray[np.int64]: ...
    def local_fields(
        self, states: _Spins, *, side: str, num_threads: int | None = None
    ) -> NDArray[np.float64]: ...
    def energy(self, x: _Spins, y: _Spins) -> NDArray[np.float64]: ...
    def recall(
        self,
        states: _Spins,
        *,
        side: str,
        beta: float,
        max_sweeps: int,
        seed: int,
        num_threads: int | None = None,
        progress: _Progress = None,
    ) -> tuple[dict[str, NDArray[Any]], BaseException | None]: ...

@final
class CoupledMemory:
    def __new__(
        cls,
        patterns: PackedPatterns,
        couplings: NDArray[np.float64],
        fields: NDArray[np.float64] | None = None,
    ) -> CoupledMemory: ...
    @property
    def is_symmetric(self) -> bool: ...
    def couplings(self) -> NDArray[np.float64]: ...
    def overlaps(self, states: _Spins, num_threads: int | None = None) -> NDArray[np.int64]: ...
    def energy(self, states: _Spins, num_threads: int | None = None) -> NDArray[np.float64]: ...
    def local_fields(
        self, states: _Spins, num_threads: int | None = None
    ) -> NDArray[np.float64]: ...
    def recall(
        self,
        states: _Spins,
        *,
        update: str,
        beta: float,
        max_sweeps: int,
        seed: int,
        clamp: NDArray[np.bool_] | None = None,
        num_threads: int | None = None,
        progress: _Progress = None,
    ) -> tuple[dict[str, NDArray[Any]], BaseException | None]: ...

def perceptron_rule(
    patterns: PackedPatterns,
    *,
    margin: float,
    max_epochs: int,
    num_threads: int | None = None,
    progress: _Progress = None,
) -> tuple[dict[str, NDArray[Any]], BaseException | None]: ...
def minover_rule(
    patterns: PackedPatterns,
    *,
    tolerance: float,
    max_updates: int,
    num_threads: int | None = None,
    progress: _Progress = None,
) -> tuple[dict[str, NDArray[Any]], BaseException | None]: ...

@final
class DenseMemory:
    def __new__(cls, patterns: PackedPatterns, order: int, rectified: bool) -> DenseMemory: ...
    def overlaps(self, states: _Spins, num_threads: int | None = None) -> NDArray[np.int64]: ...
    def energy(self, states: _Spins, num_threads: int | None = None) -> NDArray[np.float64]: ...
    def local_fields(
        self, states: _Spins, num_threads: int | None = None
    ) -> NDArray[np.float64]: ...
    def recall(
        self,
        states: _Spins,
        *,
        update: str,
        beta: float,
        max_sweeps: int,
        seed: int,
        clamp: NDArray[np.bool_] | None = None,
        num_threads: int | None = None,
        progress: _Progress = None,
    ) -> tuple[dict[str, NDArray[Any]], BaseException | None]: ...

@final
class ExponentialMemory:
    """A memory whose patterns weigh as the exponentials of their overlaps."""

    def __new__(cls, patterns: PackedPatterns) -> ExponentialMemory: ...
    def overlaps(self, states: _Spins, num_threads: int | None = None) -> NDArray[np.int64]: ...
    def nearest(
        self, states: _Spins, num_threads: int | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the nearest pattern of each state, the first of several, and N m with it."""
    def energy(self, states: _Spins, num_threads: int | None = None) -> NDArray[np.float64]: ...
    def local_fields(
        self, states: _Spins, num_threads: int | None = None
    ) -> NDArray[np.float64]: ...
    def recall(
        self,
        states: _Spins,
        *,
        update: str,
        beta: float,
        max_sweeps: int,
        seed: int,
        clamp: NDArray[np.bool_] | None = None,
        num_threads: int | None = None,
        progress: _Progress = None,
    ) -> tuple[dict[str, NDArray[Any]], BaseException | None]: ...

@final
class CapacityTrials:
    def __new__(
        cls,
        n_spins: Sequence[int],
        n_patterns: Sequence[int],
        seeds: Sequence[int],
        n_flips: Sequence[int],
        n_starts: int,
        sweeps: Sequence[int],
        beta: float,
        average: float,
        abandon: float | None,
    ) -> CapacityTrials: ...
    def run(self, num_threads: int | None = None, progress: _Progress = None) -> None: ...
    def rows(self) -> dict[str, NDArray[Any]]: ...

@final
class ExactSums:
    """A model whose states are enumerated; spin 0 is the most significant bit of their numbers."""

    def __new__(
        cls, couplings: NDArray[np.float64], fields: NDArray[np.float64] | None = None
    ) -> ExactSums: ...
    def moments(
        self,
        beta: float,
        with_spins: bool,
        num_threads: int | None = None,
        progress: _Progress = None,
    ) -> dict[str, Any]: ...
    def distribution(
        self, beta: float, num_threads: int | None = None, progress: _Progress = None
    ) -> NDArray[np.float64]: ...
    def ground_states(
        self, num_threads: int | None = None, progress: _Progress = None
    ) -> NDArray[np.uint32]: ...

_Outcome: TypeAlias = tuple[dict[str, Any], BaseException | None]
# Visible states, hidden states, P(v=1|h) of the last step, the visible states kept.
_Chains: TypeAlias = tuple[
    NDArray[np.uint8], NDArray[np.uint8], NDArray[np.float32], NDArray[np.uint8] | None
]

def landscape(
    couplings: NDArray[np.float64],
    fields: NDArray[np.float64] | None = None,
    num_threads: int | None = None,
    progress: _Progress = None,
) -> dict[str, Any]: ...
def dream(
    patterns: PackedPatterns,
    stored: NDArray[np.int32],
    *,
    rate: float,
    n_dreams: int,
    seed: int,
    reinforced: NDArray[np.int64] | None = None,
    num_threads: int | None = None,
    progress: _Progress = None,
) -> tuple[NDArray[np.int32], int, BaseException | None]:
    """Return what the dreams add up to, how many were finished, and what ended them before."""

def random_spins(
    seed: int, n_replicas: int, n_spins: int, num_threads: int | None = None
) -> _Spins: ...
def sample(
    model: SpinModel,
    *,
    dynamics: str,
    betas: NDArray[np.float64],
    initial: _Spins,
    n_betas: int,
    seed: int,
    sweeps: int,
    streams: NDArray[np.uint64],
    warmup: int,
    n_sweeps: int,
    every: int,
    keep_states: bool,
    measure: list[dict[str, Any]],
    clamp: NDArray[np.bool_] | None = None,
    num_threads: int | None = None,
    progress: _Progress = None,
) -> _Outcome: ...
def anneal(
    model: SpinModel,
    *,
    dynamics: str,
    schedule: NDArray[np.float64],
    initial: _Spins,
    seed: int,
    sweeps: int = 0,
    streams: NDArray[np.uint64] | None = None,
    target: float | None = None,
    max_seconds: float | None = None,
    clamp: NDArray[np.bool_] | None = None,
    reversed: bool = False,
    num_threads: int | None = None,
    progress: _Progress = None,
) -> _Outcome: ...
def temper(
    model: SpinModel,
    *,
    dynamics: str,
    betas: NDArray[np.float64],
    initial: _Spins,
    seed: int,
    sweeps: int,
    order: NDArray[np.uint32],
    seen: NDArray[np.uint8],
    streams: NDArray[np.uint64],
    warmup: int,
    n_sweeps: int,
    every: int,
    keep_states: bool,
    measure: list[dict[str, Any]],
    clamp: NDArray[np.bool_] | None = None,
    num_threads: int | None = None,
    progress: _Progress = None,
) -> _Outcome: ...
def descend(
    model: SpinModel,
    states: _Spins,
    *,
    max_sweeps: int,
    clamp: NDArray[np.bool_] | None = None,
    num_threads: int | None = None,
    progress: _Progress = None,
) -> _Outcome: ...

@final
class InverseData:
    """Samples of spins -1 and +1 with their weights. Never changes."""

    def __new__(
        cls, spins: NDArray[np.int8], weights: NDArray[np.float64] | None = None
    ) -> InverseData: ...
    @property
    def n_rows(self) -> int: ...
    @property
    def n_spins(self) -> int: ...
    @property
    def total(self) -> float: ...
    def pseudolikelihood(
        self,
        couplings: NDArray[np.float64],
        fields: NDArray[np.float64],
        num_threads: int | None = None,
    ) -> tuple[float, NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]: ...
    def flow(
        self,
        couplings: NDArray[np.float64],
        fields: NDArray[np.float64],
        num_threads: int | None = None,
    ) -> tuple[float, NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]: ...

@final
class RbmData:
    """Rows of units for a restricted Boltzmann machine; exactly 0 and 1 are packed into bits."""

    def __new__(cls, rows: NDArray[Any]) -> RbmData: ...
    @property
    def n_rows(self) -> int: ...
    @property
    def n_visible(self) -> int: ...
    @property
    def binary(self) -> bool: ...

@final
class RbmMachine:
    """Weights and biases of a restricted Boltzmann machine. Never changes."""

    def __new__(
        cls,
        components: NDArray[np.float32],
        intercept_hidden: NDArray[np.float32],
        intercept_visible: NDArray[np.float32],
        precision: str = "full",
    ) -> RbmMachine: ...
    def components(self) -> NDArray[np.float32]: ...
    def intercept_hidden(self) -> NDArray[np.float32]: ...
    def intercept_visible(self) -> NDArray[np.float32]: ...
    @property
    def n_hidden(self) -> int: ...
    @property
    def n_visible(self) -> int: ...
    @property
    def precision(self) -> str: ...
    @property
    def scale(self) -> float: ...
    def hidden_probabilities(
        self, data: RbmData, num_threads: int | None = None, progress: _Progress = None
    ) -> NDArray[np.float32]: ...
    def visible_probabilities(
        self, hidden: NDArray[np.uint8], num_threads: int | None = None
    ) -> NDArray[np.float32]: ...
    def free_energy(
        self, data: RbmData, num_threads: int | None = None, progress: _Progress = None
    ) -> NDArray[np.float64]: ...
    def gibbs(
        self,
        visible: NDArray[np.uint8],
        n_steps: int,
        seed: int,
        clamp: NDArray[np.bool_] | None = None,
        every: int | None = None,
        num_threads: int | None = None,
        progress: _Progress = None,
    ) -> _Chains: ...
    def gibbs_from_hidden(
        self,
        hidden: NDArray[np.uint8],
        n_steps: int,
        seed: int,
        every: int | None = None,
        num_threads: int | None = None,
        progress: _Progress = None,
    ) -> _Chains: ...
    def log_partition(
        self, beta: float = 1.0, num_threads: int | None = None, progress: _Progress = None
    ) -> float: ...
    def annealed(
        self,
        betas: NDArray[np.float64],
        n_chains: int,
        seed: int,
        base: NDArray[np.float32],
        start: NDArray[np.uint8] | None = None,
        num_threads: int | None = None,
        progress: _Progress = None,
    ) -> NDArray[np.float64]: ...

@final
class RbmTrainer:
    """A machine, its chains, and what else training remembers between updates."""

    @staticmethod
    def begin(
        machine: RbmMachine, hidden: NDArray[np.uint8], seed: int, options: dict[str, Any]
    ) -> RbmTrainer: ...
    @staticmethod
    def from_state(
        state: dict[str, NDArray[Any]], options: dict[str, Any], precision: str
    ) -> RbmTrainer: ...
    def update(
        self,
        data: RbmData,
        *,
        first: int,
        rows: int,
        batch_size: int,
        rates: NDArray[np.float32],
        weights: NDArray[np.float64] | None = None,
        num_threads: int | None = None,
        progress: _Progress = None,
    ) -> None: ...
    def machine(self) -> RbmMachine: ...
    def set_machine(self, machine: RbmMachine) -> None: ...
    def hidden(self) -> NDArray[np.uint8]: ...
    def set_hidden(self, hidden: NDArray[np.uint8]) -> None: ...
    def activity(self) -> NDArray[np.float64]: ...
    @property
    def updates(self) -> int: ...
    def state(self) -> dict[str, NDArray[Any]]: ...
    def visible(self) -> NDArray[np.uint8]: ...

@final
class GaussianRbmData:
    """Rows of real numbers for a restricted Boltzmann machine."""

    def __new__(cls, rows: NDArray[np.float64]) -> GaussianRbmData: ...
    @property
    def n_rows(self) -> int: ...
    @property
    def n_visible(self) -> int: ...
    def moments(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]: ...

_Drawn = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]

@final
class GaussianRbmMachine:
    """Weights, biases and variances of a machine of real numbers. Never changes."""

    def __new__(
        cls,
        components: NDArray[np.float64],
        intercept_hidden: NDArray[np.float64],
        intercept_visible: NDArray[np.float64],
        variances: NDArray[np.float64],
    ) -> GaussianRbmMachine: ...
    @staticmethod
    def initial(
        n_hidden: int, data: GaussianRbmData, seed: int
    ) -> tuple[GaussianRbmMachine, int]: ...
    def initial_chains(self, count: int, data: GaussianRbmData, seed: int) -> NDArray[np.uint8]: ...
    def components(self) -> NDArray[np.float64]: ...
    def intercept_hidden(self) -> NDArray[np.float64]: ...
    def intercept_visible(self) -> NDArray[np.float64]: ...
    def variances(self) -> NDArray[np.float64]: ...
    @property
    def n_hidden(self) -> int: ...
    @property
    def n_visible(self) -> int: ...
    def hidden_probabilities(
        self, data: GaussianRbmData, num_threads: int | None = None
    ) -> NDArray[np.float64]: ...
    def visible_means(
        self, hidden: GaussianRbmData, num_threads: int | None = None
    ) -> NDArray[np.float64]: ...
    def free_energy(
        self, data: GaussianRbmData, num_threads: int | None = None
    ) -> NDArray[np.float64]: ...
    def conditional(
        self, data: GaussianRbmData, units: NDArray[np.int64], num_threads: int | None = None
    ) -> NDArray[np.float64]: ...
    def log_partition(self, num_threads: int | None = None) -> float: ...
    def gibbs(
        self,
        visible: GaussianRbmData,
        n_steps: int,
        seed: int,
        num_threads: int | None = None,
        progress: _Progress = None,
    ) -> _Drawn: ...
    def gibbs_from_hidden(
        self,
        hidden: GaussianRbmData,
        n_steps: int,
        seed: int,
        num_threads: int | None = None,
        progress: _Progress = None,
    ) -> _Drawn: ...

@final
class GaussianRbmTrainer:
    """A machine of real numbers, its chains, and what training remembers between updates."""

    @staticmethod
    def begin(
        machine: GaussianRbmMachine, hidden: NDArray[np.uint8], seed: int, options: dict[str, Any]
    ) -> GaussianRbmTrainer: ...
    @staticmethod
    def from_state(
        state: dict[str, NDArray[Any]], options: dict[str, Any]
    ) -> GaussianRbmTrainer: ...
    def update(
        self,
        data: GaussianRbmData,
        *,
        first: int,
        rows: int,
        batch_size: int,
        rates: NDArray[np.float32],
        weights: NDArray[np.float64] | None = None,
        num_threads: int | None = None,
        progress: _Progress = None,
    ) -> None: ...
    def machine(self) -> GaussianRbmMachine: ...
    def set_machine(self, machine: GaussianRbmMachine) -> None: ...
    def hidden(self) -> NDArray[np.uint8]: ...
    def set_hidden(self, hidden: NDArray[np.uint8]) -> None: ...
    def activity(self) -> NDArray[np.float64]: ...
    @property
    def updates(self) -> int: ...
    def state(self) -> dict[str, NDArray[Any]]: ...

def rbm_initial_weights(
    n_hidden: int, n_visible: int, scale: float, seed: int
) -> NDArray[np.float32]: ...
