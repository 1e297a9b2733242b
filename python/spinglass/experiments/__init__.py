"""Experiments, one question a file: a frozen config in, a result object out."""

from spinglass._interrupted import ExperimentStopped, Interrupted
from spinglass.experiments.energy_landscape.experiment import landscape
from spinglass.experiments.energy_landscape.result import Landscape, LandscapeConfig
from spinglass.experiments.ising_transition.experiment import ising
from spinglass.experiments.ising_transition.result import IsingConfig, IsingScan, Snapshot
from spinglass.experiments.mean_field_lattice.experiment import meanfield
from spinglass.experiments.mean_field_lattice.result import MeanFieldConfig, MeanFieldLattice
from spinglass.experiments.picture_recall.experiment import (
    EnergyTrace,
    RecallPictures,
    RecallPicturesConfig,
    recall_pictures,
)
from spinglass.experiments.rbm_training.experiment import rbm
from spinglass.experiments.rbm_training.images import DIGITS
from spinglass.experiments.rbm_training.measures import RbmLikelihood
from spinglass.experiments.rbm_training.result import RbmConfig, RbmTraining
from spinglass.experiments.renormalization_flow.experiment import renormalize
from spinglass.experiments.renormalization_flow.result import (
    Flow,
    Renormalization,
    RenormalizeConfig,
)
from spinglass.experiments.retrieval_capacity.experiment import capacity
from spinglass.experiments.retrieval_capacity.finite_size import CriticalLoad, HalfPoint
from spinglass.experiments.retrieval_capacity.result import CapacityConfig, CapacityScan
from spinglass.experiments.sherrington_kirkpatrick.experiment import sk
from spinglass.experiments.sherrington_kirkpatrick.result import SkConfig, SkResult
from spinglass.runner.loop import run
from spinglass.runner.stores.database import StoreError
from spinglass.runner.stores.lock import Worker
from spinglass.runner.stores.status import Status
from spinglass.runner.stores.stored_scan import StoredScan, open_store
from spinglass.runner.task import Experiment, Share, Task

# Names that it had when each experiment had its own.
ExperimentInterrupted = PointsInterrupted = Interrupted
RbmInterrupted = ScanInterrupted = SkInterrupted = Interrupted

__all__ = [
    "DIGITS",
    "CapacityConfig",
    "CapacityScan",
    "CriticalLoad",
    "EnergyTrace",
    "Experiment",
    "ExperimentInterrupted",
    "ExperimentStopped",
    "Flow",
    "HalfPoint",
    "Interrupted",
    "IsingConfig",
    "IsingScan",
    "Landscape",
    "LandscapeConfig",
    "MeanFieldConfig",
    "MeanFieldLattice",
    "PointsInterrupted",
    "RbmConfig",
    "RbmInterrupted",
    "RbmLikelihood",
    "RbmTraining",
    "RecallPictures",
    "RecallPicturesConfig",
    "Renormalization",
    "RenormalizeConfig",
    "ScanInterrupted",
    "Share",
    "SkConfig",
    "SkInterrupted",
    "SkResult",
    "Snapshot",
    "Status",
    "StoreError",
    "StoredScan",
    "Task",
    "Worker",
    "capacity",
    "ising",
    "landscape",
    "meanfield",
    "open_store",
    "rbm",
    "recall_pictures",
    "renormalize",
    "run",
    "sk",
]
