"""Which processes hold the memory of each GPU: from nvidia-smi, or else from the driver's library."""

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine import nvml

_QUERY_SECONDS = 5
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Occupant:
    """A process that holds memory of a GPU.

    Attributes:
        name: of its program.
        user: empty if it cannot be seen, as in a container.
        bytes: None if the driver does not say.
    """

    pid: int
    name: str
    user: str
    bytes: int | None


def find_occupants(
    processes: Callable[[], dict[str, list[tuple[int, int]]] | None] = nvml.processes,
) -> dict[str, list[Occupant]] | None:
    """Processes by the GPU's UUID without its prefix, or None if the driver does not answer.

    Args:
        processes: asks the driver's library, for a container without nvidia-smi.
    """
    answer = _ask_smi()
    if answer is not None:
        return parse_occupants(answer)
    if (found := processes()) is None:
        return None
    return {
        uuid: [Occupant(pid, _name(pid), _owner(pid), size) for pid, size in held]
        for uuid, held in found.items()
    }


def _ask_smi() -> str | None:
    """What nvidia-smi prints; None without it, or without an answer."""
    if (smi := shutil.which("nvidia-smi")) is None:
        return None
    fields = "gpu_uuid,pid,process_name,used_gpu_memory"
    command = [smi, f"--query-compute-apps={fields}", "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_QUERY_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def parse_occupants(answer: str) -> dict[str, list[Occupant]]:
    """The processes in nvidia-smi's CSV, by the GPU's UUID without its prefix; memory in bytes."""
    occupants: dict[str, list[Occupant]] = {}
    for line in answer.splitlines():
        fields = [field.strip() for field in line.split(",")]
        if len(fields) < 4 or not fields[1].isdecimal():
            continue  # "No running processes found", or a driver's warning
        uuid, pid, name, mebibytes = fields[0], int(fields[1]), ", ".join(fields[2:-1]), fields[-1]
        size = int(mebibytes) * 2**20 if mebibytes.isdecimal() else None
        occupants.setdefault(uuid.removeprefix(nvml.PREFIX), []).append(
            Occupant(pid, name, _owner(pid), size)
        )
    return occupants


def listed(occupants: list[Occupant]) -> str:
    """The processes, the largest first, in every language the same: `train.py 4242 (maria, 3.0 GiB), +2`."""
    ordered = sorted(occupants, key=lambda each: -(each.bytes or 0))
    words = []
    for each in ordered[:_SHOWN]:
        size = "" if each.bytes is None else f"{each.bytes / 2**30:.1f} GiB"
        about = ", ".join(part for part in (each.user, size) if part)
        name = "vanish-tui" if each.pid == os.getpid() else each.name
        words.append(f"{name} {each.pid}" + (f" ({about})" if about else ""))
    more = len(ordered) - len(words)
    return ", ".join([*words, *([f"+{more}"] if more > 0 else [])])


def _name(pid: int) -> str:
    """The program of a process."""
    try:
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return "a program"


def _owner(pid: int) -> str:
    """The user of the process; empty if it cannot be seen, as in a container."""
    try:
        return Path(f"/proc/{pid}").owner()
    except (OSError, KeyError):
        return ""
