"""Who speaks to a Dask cluster: a client of the user, or one made from an address."""

from __future__ import annotations

import re
import threading
from concurrent.futures import Future
from typing import Any

import distributed

from spinglass._arguments import shown

SECONDS_TO_CONNECT = 10.0

DEFAULT_PORT = "8786"

_ADDRESS = re.compile(r"(dask|tcp|tls|ws|wss|ucx)://(\[[^]]+\]|[^]\[/:?#@]+)(?::(\d+))?/?")


def client_of(executor: Any) -> tuple[Any, bool, dict[str, Any]]:
    """Return a client, whether it is ours to close, and what goes with each task."""
    if isinstance(executor, str):
        return _connected(executor), True, {}
    if isinstance(getattr(executor, "scheduler_address", None), str):  # a cluster of Dask
        return distributed.Client(executor, set_as_default=False), True, {}
    # That of `Client.get_executor` has a client and says which workers are to be used.
    client = getattr(executor, "_client", executor)
    if not isinstance(client, distributed.Client):
        raise TypeError(f"executor must be a client or a cluster of Dask, got {shown(executor)}")
    if client.asynchronous:
        raise ValueError("executor must be a client that is not asynchronous")
    if client.status != "running":
        raise ValueError(f"executor must be a client that is connected, but it is {client.status}")
    return client, False, dict(getattr(executor, "_kwargs", {}))


def _connected(address: str) -> Any:
    """Return a client of our own."""
    expected, why = 'the address of a Dask scheduler, such as "dask://host:8786"', ""
    found = _ADDRESS.fullmatch(address)
    if found and int(found[3] or DEFAULT_PORT) < 2**16:
        scheme, host, port = found.groups(DEFAULT_PORT)
        where = f"{'tcp' if scheme == 'dask' else scheme}://{host}:{port}"
        try:
            return _in_time(where)
        except OSError as error:
            raise ConnectionError(
                f"executor: there is no Dask scheduler at {where} (waited for "
                f"{SECONDS_TO_CONNECT:g} s); start one there (dask scheduler) and workers for it "
                f"(dask worker {where})"
            ) from error
        except (TypeError, ValueError) as error:  # of TLS without certificates
            why = f" ({error})"
    raise ValueError(f"executor must be {expected}, got {shown(address)}{why}")


def _in_time(where: str) -> Any:
    """Return a client, or raise OSError in time: with what is no scheduler Dask waits for ever."""
    made: Future[Any] = Future()

    def make() -> None:
        try:
            client = distributed.Client(where, timeout=SECONDS_TO_CONNECT, set_as_default=False)
            made.set_result(client)
        except BaseException as error:
            made.set_exception(error)

    threading.Thread(target=make, daemon=True).start()
    return made.result(SECONDS_TO_CONNECT + 2.0)
