"""How many cores this process may use."""

import os
from pathlib import Path

_TOPOLOGY = Path("/sys/devices/system/cpu")


def physical_cores(topology: Path = _TOPOLOGY) -> int:
    """The number of cores behind the processors that this process may use: two hyperthreads share a core."""
    processors = os.sched_getaffinity(0)
    siblings = set()
    for processor in processors:
        try:
            siblings.add((topology / f"cpu{processor}/topology/thread_siblings_list").read_text())
        except OSError:  # not Linux, or hidden in a container
            return len(processors)
    return len(siblings)


def spare_cores() -> int:
    """The number of cores for training that leaves one core for the screen; at least one."""
    return max(1, physical_cores() - 1)
