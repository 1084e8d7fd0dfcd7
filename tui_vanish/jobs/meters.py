"""How busy this machine is: its cores, its memory and its GPUs."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.nvml import Gpu, gpu_reader

_PROC = Path("/proc")
_IDLE = (3, 4)  # the fields of a core in /proc/stat in which it waits: idle, iowait
_FIELDS = 8  # user, nice, system, idle, iowait, irq, softirq, steal; time of guests is in user already


@dataclass(frozen=True, slots=True)
class Reading:
    """The machine between two readings.

    Attributes:
        cores: the load of each core that this process may use, from 0 to 1; empty if that is unknown.
        used: bytes of memory that are in use, by all programs.
        total: bytes of memory; 0 if that is unknown.
        gpus: NVIDIA's.
    """

    cores: tuple[float, ...]
    used: int
    total: int
    gpus: tuple[Gpu, ...]


class Meters:
    """Reads the machine again and again. The load of a core is measured from one reading to the next.

    Args:
        proc: where the system describes itself.
        gpus: reads the GPUs; None for those of this machine.
    """

    def __init__(self, proc: Path = _PROC, gpus: Callable[[], tuple[Gpu, ...]] | None = None) -> None:
        self._proc, self._gpus = proc, gpus or gpu_reader()
        self._before = self._ticks()

    def read(self) -> Reading:
        """The machine since the last reading."""
        before, self._before = self._before, self._ticks()
        loads = []
        for core, (busy, whole) in self._before.items():
            was_busy, was_whole = before.get(core, (0, 0))
            passed = whole - was_whole
            loads.append(min(1.0, max(0.0, (busy - was_busy) / passed)) if passed > 0 else 0.0)
        used, total = self._memory()
        return Reading(tuple(loads), used, total, self._gpus())

    def _ticks(self) -> dict[int, tuple[int, int]]:
        """Of each core: for how long it was busy since the system began, and how long that is, in ticks."""
        found = {}
        allowed = os.sched_getaffinity(0)
        for line in self._lines("stat"):
            name, *figures = line.split() or [""]
            if not name.startswith("cpu") or not name[3:].isdecimal() or len(figures) < _FIELDS:
                continue
            if int(name[3:]) not in allowed:
                continue
            spent = [int(figure) for figure in figures[:_FIELDS]]
            whole = sum(spent)
            found[int(name[3:])] = (whole - sum(spent[place] for place in _IDLE), whole)
        return found

    def _memory(self) -> tuple[int, int]:
        """(bytes in use, bytes in all)."""
        kilobytes = {}
        for line in self._lines("meminfo"):
            name, _, rest = line.partition(":")
            if name in ("MemTotal", "MemAvailable"):
                kilobytes[name] = int(rest.split()[0])
        total = kilobytes.get("MemTotal", 0)
        return 1024 * (total - kilobytes.get("MemAvailable", total)), 1024 * total

    def _lines(self, name: str) -> list[str]:
        try:
            return (self._proc / name).read_text().splitlines()
        except OSError:  # hidden in a container
            return []
