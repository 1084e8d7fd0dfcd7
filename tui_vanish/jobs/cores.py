"""How many cores this process may use."""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

_TOPOLOGY = Path("/sys/devices/system/cpu")
_MEMBERSHIP, _CGROUPS = Path("/proc/self/cgroup"), Path("/sys/fs/cgroup")


def processors() -> int:
    """The number of logical processors that this process may use."""
    return len(os.sched_getaffinity(0))


def physical_cores(topology: Path = _TOPOLOGY) -> int:
    """The number of cores for training, at least one.

    Two hyperthreads share a core, and a container's CPU quota limits how many cores can be busy all the time.
    """
    quota = cpu_quota()
    cores = _cores(topology)
    return cores if quota is None else max(1, min(cores, int(quota)))


def spare_cores() -> int:
    """The number of cores for training that leaves one core for the screen; at least one."""
    return max(1, physical_cores() - 1)


def cpu_quota(membership: Path = _MEMBERSHIP, cgroups: Path = _CGROUPS) -> float | None:
    """The CPU time per second that control groups allow this process, in seconds; None without a limit.

    Args:
        membership: names the groups of the process, in both versions of control groups.
        cgroups: where they are mounted. In a container, the folder of a group may be the mounted one itself.
    """
    try:
        lines = membership.read_text().splitlines()
    except OSError:  # not Linux, or hidden
        return None
    quotas: list[float] = []
    for line in lines:
        _, controllers, group = line.split(":", 2)
        if not controllers:
            for base in (cgroups, cgroups / "unified"):
                quotas += _quotas(base, group, _version_2)
        elif "cpu" in controllers.split(","):
            for name in {"cpu", controllers}:
                quotas += _quotas(cgroups / name, group, _version_1)
    return min(quotas, default=None)


def _cores(topology: Path) -> int:
    siblings = set()
    for processor in os.sched_getaffinity(0):
        try:
            siblings.add((topology / f"cpu{processor}/topology/thread_siblings_list").read_text())
        except OSError:  # hidden in a container
            return processors()
    return len(siblings)


def _quotas(base: Path, group: str, read: Callable[[Path], tuple[str, str]]) -> Iterator[float]:
    """The quotas of a group and of the groups around it; each of them limits the process."""
    folder = base / group.lstrip("/")
    for place in (folder, *folder.parents):
        with suppress(OSError, ValueError):  # there is none here, or it says "max"
            quota, period = map(int, read(place))
            if quota > 0 and period > 0:
                yield quota / period
        if place == base:
            return


def _version_2(group: Path) -> tuple[str, str]:
    quota, period = (group / "cpu.max").read_text().split()
    return quota, period


def _version_1(group: Path) -> tuple[str, str]:
    return (group / "cpu.cfs_quota_us").read_text(), (group / "cpu.cfs_period_us").read_text()
