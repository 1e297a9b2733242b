"""The runner of all experiments: tasks, the places that compute them, and the store."""

from spinglass.runner.loop import run
from spinglass.runner.stores.database import StoreError
from spinglass.runner.stores.lock import Worker
from spinglass.runner.stores.status import Status
from spinglass.runner.stores.stored_scan import StoredScan, open_store
from spinglass.runner.task import Experiment, Share, Task

__all__ = [
    "Experiment",
    "Share",
    "Status",
    "StoreError",
    "StoredScan",
    "Task",
    "Worker",
    "open_store",
    "run",
]
