"""What a process may still take is the smallest limit on the way up, whatever kind of groups."""

import os
import subprocess
import sys

import pytest

from spinglass._memory import available_memory

GB = 10**9
NONE = 9223372036854771712  # how version 1 says that there is no limit

V1 = "35 31 0:32 {top} /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory"
V2 = "41 31 0:38 {top} /sys/fs/cgroup rw,relatime - cgroup2 cgroup2 rw"
BESIDE = V2.replace("/sys/fs/cgroup", "/sys/fs/cgroup/unified")
OTHER = "32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu"


def machine(folder, mounts, groups, free=32 * GB):
    """Lay out the files of a machine in a folder."""
    files = {
        "proc/meminfo": f"MemTotal:  99 kB\nMemAvailable:   {free // 1024} kB\n",
        "proc/self/mountinfo": "".join(line.format(top="/") + "\n" for line in mounts),
        "proc/self/cgroup": "".join(line + "\n" for line in groups),
    }
    for name, text in files.items():
        write(folder / name, text)
    return folder


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def first(folder, limit, used, **statistics):
    """Give a group of version 1 its files."""
    write(folder / "memory.limit_in_bytes", f"{limit}\n")
    write(folder / "memory.usage_in_bytes", f"{used}\n")
    write(folder / "memory.stat", "".join(f"{k} {v}\n" for k, v in statistics.items()))


def second(folder, limit, used, high="max", **statistics):
    """Give a group of version 2 its files."""
    write(folder / "memory.max", f"{limit}\n")
    write(folder / "memory.high", f"{high}\n")
    write(folder / "memory.current", f"{used}\n")
    write(folder / "memory.stat", "".join(f"{k} {v}\n" for k, v in statistics.items()))


def free(folder):
    return available_memory(str(folder))


def test_the_limit_of_a_nested_group_counts_in_version_1(tmp_path):
    machine(tmp_path, [OTHER, V1], ["4:memory:/job/step", "1:cpu:/other", "0::/"])
    memory = tmp_path / "sys/fs/cgroup/memory"
    first(memory, NONE, 30 * GB)
    first(memory / "job", NONE, 2 * GB)
    first(memory / "job/step", 5 * GB, 2 * GB)
    first(memory / "other", 1 * GB, 0)
    assert free(tmp_path) == 3 * GB


def test_the_limit_of_a_nested_group_counts_in_version_2(tmp_path):
    machine(tmp_path, [V2], ["0::/user.slice/job"])
    second(tmp_path / "sys/fs/cgroup/user.slice/job", 4 * GB, 1 * GB)
    assert free(tmp_path) == 3 * GB


@pytest.mark.parametrize(
    ("mount", "group", "files"), [(V1, "4:memory:", first), (V2, "0::", second)]
)
def test_a_parent_may_have_less_left_than_its_child(tmp_path, mount, group, files):
    machine(tmp_path, [mount], [f"{group}/job/step"])
    top = tmp_path / ("sys/fs/cgroup/memory" if files is first else "sys/fs/cgroup")
    files(top / "job/step", 5 * GB, 1 * GB)
    files(top / "job", 6 * GB, 4 * GB)
    assert free(tmp_path) == 2 * GB


@pytest.mark.parametrize("memory", ["first", "second"])
def test_with_both_versions_it_is_the_one_that_has_memory(tmp_path, memory):
    groups = ["4:memory:/job", "0::/job"] if memory == "first" else ["4:cpu:/job", "0::/job"]
    machine(tmp_path, [OTHER, V1, BESIDE] if memory == "first" else [OTHER, BESIDE], groups)
    if memory == "first":
        first(tmp_path / "sys/fs/cgroup/memory/job", 5 * GB, 2 * GB)
    else:
        second(tmp_path / "sys/fs/cgroup/unified/job", 5 * GB, 2 * GB)
    assert free(tmp_path) == 3 * GB


def test_a_controller_that_shares_its_hierarchy_is_found(tmp_path):
    mount = V1.replace("rw,memory", "rw,cpuset,memory")
    machine(tmp_path, [mount], ["4:cpuset,memory:/job"])
    first(tmp_path / "sys/fs/cgroup/memory/job", 5 * GB, 2 * GB)
    assert free(tmp_path) == 3 * GB


def test_a_mount_that_shows_a_group_as_its_root_is_understood(tmp_path):
    machine(tmp_path, [], ["4:memory:/docker/1f/job"])
    write(tmp_path / "proc/self/mountinfo", V1.format(top="/docker/1f") + "\n")
    first(tmp_path / "sys/fs/cgroup/memory", 9 * GB, 2 * GB)
    first(tmp_path / "sys/fs/cgroup/memory/job", 5 * GB, 1 * GB)
    assert free(tmp_path) == 4 * GB


@pytest.mark.parametrize("group", ["/docker/1f", "/../outside", "/kubepods/pod7/1f"])
def test_a_group_that_is_not_below_the_mount_falls_back_to_what_is_seen(tmp_path, group):
    machine(tmp_path, [V2], [f"0::{group}"])
    second(tmp_path / "sys/fs/cgroup", 5 * GB, 2 * GB)
    second(tmp_path / "sys/fs/outside", 1 * GB, 0)
    assert free(tmp_path) == 3 * GB


def test_without_a_list_of_mounts_the_customary_places_are_read(tmp_path):
    machine(tmp_path, [], ["0::/job"])
    (tmp_path / "proc/self/mountinfo").unlink()
    second(tmp_path / "sys/fs/cgroup/job", 5 * GB, 2 * GB)
    assert free(tmp_path) == 3 * GB


def test_a_mount_point_with_a_blank_in_its_name_is_found(tmp_path):
    machine(tmp_path, [V2.replace("/sys/fs/cgroup", r"/mnt/all\040groups")], ["0::/job"])
    second(tmp_path / "mnt/all groups/job", 5 * GB, 2 * GB)
    assert free(tmp_path) == 3 * GB


def test_cached_files_are_no_hindrance(tmp_path):
    machine(tmp_path, [V1, BESIDE], ["4:memory:/job", "0::/job"])
    # Version 1 has the group alone as inactive_file, with all below it as total_inactive_file.
    first(
        tmp_path / "sys/fs/cgroup/memory/job",
        5 * GB,
        4 * GB,
        inactive_file=1,
        total_inactive_file=GB,
    )
    assert free(tmp_path) == 2 * GB
    second(tmp_path / "sys/fs/cgroup/unified/job", 5 * GB, 4 * GB, inactive_file=GB // 2)
    assert free(tmp_path) == 3 * GB // 2


def test_the_limit_above_what_a_container_sees_counts_in_version_1(tmp_path):
    machine(tmp_path, [V1], ["4:memory:/"])
    first(tmp_path / "sys/fs/cgroup/memory", NONE - 1, 0)
    assert free(tmp_path) == 32 * GB // 1024 * 1024
    first(tmp_path / "sys/fs/cgroup/memory", 8 * GB, GB, hierarchical_memory_limit=5 * GB)
    assert free(tmp_path) == 4 * GB


def test_the_limit_that_slows_a_group_down_counts_in_version_2(tmp_path):
    machine(tmp_path, [V2], ["0::/job"])
    second(tmp_path / "sys/fs/cgroup/job", "max", GB, high=4 * GB)
    assert free(tmp_path) == 3 * GB


def test_without_limits_it_is_what_the_machine_has_left(tmp_path):
    machine(tmp_path, [V1, BESIDE], ["4:memory:/", "0::/"], free=7 * 1024**3)
    first(tmp_path / "sys/fs/cgroup/memory", NONE, 30 * GB)
    assert free(tmp_path) == 7 * 1024**3


def test_a_group_that_is_over_its_limit_leaves_nothing(tmp_path):
    machine(tmp_path, [V2], ["0::/job"])
    second(tmp_path / "sys/fs/cgroup/job", GB, 2 * GB)
    assert free(tmp_path) == 0


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("proc/meminfo", b"MemAvailable: many kB\n"),
        ("proc/self/mountinfo", b"\xff\xfe - - -\n\n1 2 - cgroup2\n41 31 0:38 / - cgroup2 x\n"),
        ("proc/self/cgroup", b"no colons\n0::\n:::::\n\n"),
        ("proc/self/statm", b""),
        ("sys/fs/cgroup/memory.max", b"-1\n"),
        ("sys/fs/cgroup/memory.current", b"much"),
        ("sys/fs/cgroup/memory.stat", b"inactive_file\n\x00"),
    ],
)
def test_nothing_that_stands_in_these_files_is_an_error(tmp_path, name, content):
    machine(tmp_path, [V2], ["0::/job"])
    second(tmp_path / "sys/fs/cgroup", 5 * GB, 2 * GB)
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    assert free(tmp_path) >= 3 * GB


def test_where_nothing_is_told_it_is_all_the_memory_there_is(tmp_path):
    if "SC_PHYS_PAGES" not in getattr(os, "sysconf_names", ()):
        pytest.skip("this system does not say")
    assert free(tmp_path) == os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(sys.platform != "linux", reason="Linux counts what is mapped")
def test_the_limits_of_the_process_count_less_what_it_has():
    code = """
import resource
from spinglass._memory import available_memory
for kind in (resource.RLIMIT_AS, resource.RLIMIT_DATA):
    hard = resource.getrlimit(kind)[1]
    resource.setrlimit(kind, (4 * 10**9, hard))
    before = available_memory()
    held = bytearray(10**9)
    print(before, available_memory())
    del held
    resource.setrlimit(kind, (hard, hard))
"""
    lines = subprocess.check_output([sys.executable, "-c", code], text=True).splitlines()
    assert len(lines) == 2
    for line in lines:
        before, after = map(int, line.split())
        assert 10**9 < before < 4 * 10**9
        assert abs(before - after - 10**9) < 10**8
