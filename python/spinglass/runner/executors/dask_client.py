"""Who speaks to a Dask cluster: a client of the user, or one made from an address."""

from __future__ import annotations

import threading
from typing import Any
from urllib.parse import urlsplit

import distributed

# Seconds to connect.
_CONNECT = 10.0

_PORT = 8786
_SCHEMES = {"dask": "tcp", "tcp": "tcp", "tls": "tls", "ws": "ws", "wss": "wss", "ucx": "ucx"}


def client_of(executor: Any) -> tuple[Any, bool, dict[str, Any]]:
    """Return a client, whether it is ours to close, and what goes with each task."""
    if isinstance(executor, str):
        return _connected(executor), True, {}
    if isinstance(getattr(executor, "scheduler_address", None), str):  # a cluster of Dask
        return distributed.Client(executor, set_as_default=False), True, {}
    # That of `Client.get_executor` has a client and says which workers are to be used.
    client = getattr(executor, "_client", executor)
    if not isinstance(client, distributed.Client):
        raise TypeError(f"executor must be a client or a cluster of Dask, got {executor!r}")
    if client.asynchronous:
        raise ValueError("executor must be a client that is not asynchronous")
    if client.status != "running":
        raise ValueError(f"executor must be a client that is connected, but it is {client.status}")
    return client, False, dict(getattr(executor, "_kwargs", {}))


def _connected(address: str) -> Any:
    """Return a client of our own."""
    expected = 'the address of a Dask scheduler, such as "dask://host:8786"'
    try:
        parts = urlsplit(address)
        scheme, host, port = _SCHEMES[parts.scheme], parts.hostname, parts.port
    except (KeyError, ValueError):  # a port that is none
        host = None
    if not host or parts.path.strip("/") or parts.query or parts.fragment or parts.username:
        raise ValueError(f"executor must be {expected}, got {address!r}")
    host = f"[{host}]" if ":" in host else host
    where = f"{scheme}://{host}:{_PORT if port is None else port}"
    try:
        return _in_time(where)
    except OSError as error:
        raise ConnectionError(
            f"executor: there is no Dask scheduler at {where} (waited for {_CONNECT:g} s); start "
            f"one there (dask scheduler) and workers for it (dask worker {where})"
        ) from error
    except (TypeError, ValueError) as error:  # of TLS without certificates
        raise ValueError(f"executor: cannot connect to {where}: {error}") from error


def _in_time(where: str) -> Any:
    """Return a client, or raise OSError in time: with what is no scheduler Dask waits for ever."""
    made: list[Any] = []

    def make() -> None:
        try:
            made.append(distributed.Client(where, timeout=_CONNECT, set_as_default=False))
        except BaseException as error:
            made.append(error)

    thread = threading.Thread(target=make, daemon=True)
    thread.start()
    thread.join(_CONNECT + 2.0)
    if not made:
        raise TimeoutError(f"no answer from {where}")
    if isinstance(made[0], BaseException):
        raise made[0]
    return made[0]
