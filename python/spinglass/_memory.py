"""How much memory this process may still take.

The smallest of several limits: what the machine has left, what the limits of the process leave, and
what every control group leaves that the process is in, from its own up to the root. A batch system
or a container gives its limit to a group far below the root, and a parent may have less left than
its child is allowed, so the whole way up is read.

Where the groups are is said by two files of Linux (proc(5), cgroups(7)): ``/proc/self/cgroup`` has
the path of the group, ``/proc/self/mountinfo`` where that hierarchy is mounted and which of its
groups is the top of the mount. Version 1 has a hierarchy of its own for memory, version 2 one for
all; a machine may have both, with memory in either.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

# Where the hierarchies are by custom, in case the mounts cannot be read.
_CUSTOMARY = ("/sys/fs/cgroup/memory", "/sys/fs/cgroup")

# A limit of version 1 from here on is none: it has no word for that.
_NO_LIMIT = 2**62


def available_memory(root: str = "/") -> int | None:
    """Return the bytes this process may still take, or None where the system does not say.

    Where no limit is told (macOS) it is all the memory there is. ``root`` is for tests: the folder
    that has ``proc`` and ``sys``.
    """
    limits = [*_of_machine(root), *_of_process(root), *_of_groups(root)]
    if not limits and "SC_PHYS_PAGES" in getattr(os, "sysconf_names", ()):
        limits.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    return max(0, min(limits)) if limits else None


def _of_machine(root: str) -> Iterator[int]:
    found = re.search(r"^MemAvailable:\s*(\d+) kB", _read(root, "proc/meminfo"), re.MULTILINE)
    if found:
        yield int(found[1]) * 1024


def _of_process(root: str) -> Iterator[int]:
    """Yield what `ulimit -v` and `ulimit -d` leave, which batch systems set too."""
    try:
        import resource
    except ImportError:  # Windows
        return
    pages = _read(root, "proc/self/statm").split()
    # All that is mapped counts for the one limit, private data and stack for the other.
    for kind, place in ((resource.RLIMIT_AS, 0), (resource.RLIMIT_DATA, 5)):
        limit = resource.getrlimit(kind)[0]
        if limit != resource.RLIM_INFINITY:
            taken = int(pages[place]) if len(pages) > place else 0
            yield limit - taken * resource.getpagesize()


def _of_groups(root: str) -> Iterator[int]:
    mounts = _read(root, "proc/self/mountinfo").splitlines()
    groups = [line.split(":", 2) for line in _read(root, "proc/self/cgroup").splitlines()]
    paths = {
        kind: path
        for _, controllers, path in (group for group in groups if len(group) == 3)
        for kind in controllers.split(",")
    }
    hierarchies = [found for line in mounts if (found := _mount_of_memory(line))]
    if not hierarchies:
        hierarchies = [("memory", "/", _CUSTOMARY[0]), ("", "/", _CUSTOMARY[1])]
    for kind, top, mount in hierarchies:
        inside = _inside(paths.get(kind, "/"), top)
        for depth in range(len(inside), -1, -1):
            yield from _of_group("/".join([root, mount, *inside[:depth]]), is_first=kind != "")


def _mount_of_memory(line: str) -> tuple[str, str, str] | None:
    """Return controller (none in version 2), top group and folder of a mount, if memory is there.

    A line is: number, parent, device, top, folder, options, optional fields, ``-``, file system,
    source, options of the file system (for version 1 its controllers).
    """
    mounted, _, system = line.partition(" - ")
    fields, of_system = mounted.split(" "), system.split(" ")
    if len(fields) < 5 or len(of_system) < 3:
        return None
    is_first = of_system[0] == "cgroup" and "memory" in of_system[2].split(",")
    if not is_first and of_system[0] != "cgroup2":
        return None
    top, mount = (re.sub(r"\\([0-7]{3})", lambda x: chr(int(x[1], 8)), f) for f in fields[3:5])
    return "memory" if is_first else "", top, mount


def _inside(group: str, top: str) -> list[str]:
    """Return the way from the top of a mount down to a group, empty if it does not lie there.

    In a container the group may be named as the machine names it, and the mount show the
    container's own group as if it were the root.
    """
    way, above = _names(group), _names(top)
    if ".." in way or way[: len(above)] != above:
        return []
    return way[len(above) :]


def _names(path: str) -> list[str]:
    return [name for name in path.split("/") if name]


def _of_group(folder: str, is_first: bool) -> Iterator[int]:
    """Yield what the limits of a group leave; ``is_first`` says that it is of version 1."""
    names = ("memory.limit_in_bytes",) if is_first else ("memory.max", "memory.high")
    limits = [int(text) for name in names if (text := _read(folder, name).strip()).isdecimal()]
    used = _read(folder, "memory.usage_in_bytes" if is_first else "memory.current").strip()
    if not limits or min(limits) >= _NO_LIMIT or not used.isdecimal():
        return
    # Cached files count as used, but the kernel drops them when memory is wanted. Version 1 has
    # the sums over the groups below under names of their own, and the limit of what is above.
    statistics = dict(re.findall(r"^(\w+) (\d+)$", _read(folder, "memory.stat"), re.MULTILINE))
    cached = int(statistics.get("total_inactive_file" if is_first else "inactive_file", 0))
    limits.append(int(statistics.get("hierarchical_memory_limit", _NO_LIMIT)))
    yield min(limits) - int(used) + cached


def _read(folder: str, name: str) -> str:
    """Return the text of a file, nothing if there is none to be read."""
    try:
        return Path(folder, name).read_text(encoding="utf-8", errors="replace")
    except (OSError, ValueError):
        return ""
