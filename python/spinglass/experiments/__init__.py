"""Experiments, one folder for each question: a frozen config in, a result object out.

Every folder has the same files, and further files named after their contents:

- ``config.py`` has a frozen config. Its fields give the allowed values and the meaning of each
  argument (see `spinglass.experiments.config`). The command line is made of them;
- ``experiment.py`` has the public function. Its signature gives the defaults, and its docstring
  explains the arguments. If there is a grid of tasks, it is here too. A grid goes to the runner by
  ``return measured(TheExperiment, TheResult, locals())``;
- ``result.py`` has the result: a `spinglass._result.Result`, which names its tables and figure;
- ``report.py`` has the text that the command prints.

Shared code is beside the folders: the kinds of arguments (``kinds.py``), tables, points of the
square lattice, recalls of a memory that is given as an object (``recalls.py``), and shares with
their errors.
"""

from spinglass._interrupted import ExperimentStopped, Interrupted
from spinglass._result import Result
from spinglass.experiments.attraction_basins.config import BasinsConfig
from spinglass.experiments.attraction_basins.experiment import basins
from spinglass.experiments.attraction_basins.result import Basins
from spinglass.experiments.energy_landscape.config import LandscapeConfig
from spinglass.experiments.energy_landscape.experiment import landscape
from spinglass.experiments.energy_landscape.result import Landscape
from spinglass.experiments.ising_transition.config import IsingConfig
from spinglass.experiments.ising_transition.experiment import ising
from spinglass.experiments.ising_transition.result import IsingScan, Snapshot
from spinglass.experiments.mean_field_lattice.config import MeanFieldConfig
from spinglass.experiments.mean_field_lattice.experiment import meanfield
from spinglass.experiments.mean_field_lattice.result import MeanFieldLattice
from spinglass.experiments.memory_table.config import MemoryTableConfig
from spinglass.experiments.memory_table.experiment import memories
from spinglass.experiments.memory_table.result import MemoryTable
from spinglass.experiments.picture_recall.config import RecallPicturesConfig
from spinglass.experiments.picture_recall.experiment import recall_pictures
from spinglass.experiments.picture_recall.result import EnergyTrace, RecallPictures
from spinglass.experiments.quenched_disorder.config import DisorderConfig
from spinglass.experiments.quenched_disorder.equilibration import GlassEquilibration
from spinglass.experiments.quenched_disorder.experiment import disorder_average
from spinglass.experiments.quenched_disorder.result import DisorderAverage
from spinglass.experiments.quenched_disorder.tempered_glass import TemperedGlass
from spinglass.experiments.rbm_training.config import RbmConfig
from spinglass.experiments.rbm_training.experiment import rbm
from spinglass.experiments.rbm_training.images import DIGITS
from spinglass.experiments.rbm_training.measures import RbmLikelihood
from spinglass.experiments.rbm_training.result import RbmTraining
from spinglass.experiments.renormalization_flow.config import RenormalizeConfig
from spinglass.experiments.renormalization_flow.experiment import renormalize
from spinglass.experiments.renormalization_flow.result import Flow, Renormalization
from spinglass.experiments.retrieval_capacity.config import CapacityConfig
from spinglass.experiments.retrieval_capacity.experiment import capacity
from spinglass.experiments.retrieval_capacity.finite_size import CriticalLoad, HalfPoint
from spinglass.experiments.retrieval_capacity.growth import CapacityGrowth
from spinglass.experiments.retrieval_capacity.line import CapacityLine
from spinglass.experiments.retrieval_capacity.result import CapacityScan
from spinglass.experiments.sherrington_kirkpatrick.config import SkConfig
from spinglass.experiments.sherrington_kirkpatrick.experiment import sk
from spinglass.experiments.sherrington_kirkpatrick.result import SkResult
from spinglass.experiments.spin_avalanches.config import AvalanchesConfig
from spinglass.experiments.spin_avalanches.experiment import avalanches
from spinglass.experiments.spin_avalanches.result import Avalanches
from spinglass.experiments.spurious_states.config import SpuriousConfig
from spinglass.experiments.spurious_states.experiment import spurious
from spinglass.experiments.spurious_states.result import SpuriousStates
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
    "Avalanches",
    "AvalanchesConfig",
    "Basins",
    "BasinsConfig",
    "CapacityConfig",
    "CapacityGrowth",
    "CapacityLine",
    "CapacityScan",
    "CriticalLoad",
    "DisorderAverage",
    "DisorderConfig",
    "EnergyTrace",
    "Experiment",
    "ExperimentInterrupted",
    "ExperimentStopped",
    "Flow",
    "GlassEquilibration",
    "HalfPoint",
    "Interrupted",
    "IsingConfig",
    "IsingScan",
    "Landscape",
    "LandscapeConfig",
    "MeanFieldConfig",
    "MeanFieldLattice",
    "MemoryTable",
    "MemoryTableConfig",
    "PointsInterrupted",
    "RbmConfig",
    "RbmInterrupted",
    "RbmLikelihood",
    "RbmTraining",
    "RecallPictures",
    "RecallPicturesConfig",
    "Renormalization",
    "RenormalizeConfig",
    "Result",
    "ScanInterrupted",
    "Share",
    "SkConfig",
    "SkInterrupted",
    "SkResult",
    "Snapshot",
    "SpuriousConfig",
    "SpuriousStates",
    "Status",
    "StoreError",
    "StoredScan",
    "Task",
    "TemperedGlass",
    "Worker",
    "avalanches",
    "basins",
    "capacity",
    "disorder_average",
    "ising",
    "landscape",
    "meanfield",
    "memories",
    "open_store",
    "rbm",
    "recall_pictures",
    "renormalize",
    "run",
    "sk",
    "spurious",
]
