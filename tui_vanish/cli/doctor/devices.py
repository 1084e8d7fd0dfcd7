"""Which devices PyTorch sees, and the processes on each GPU: asked in subprocesses with a time limit."""

import json
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tui_vanish.jobs import children

_TORCH_SECONDS = 60
_QUERY_SECONDS = 10

# A broken driver can hang or crash the process that calls it, so another interpreter runs this.
_ASK_TORCH = """
import json, torch
from engine.gpu_trouble import why_none
available = torch.cuda.is_available()
gpus = []
for number in range(torch.cuda.device_count() if available else 0):
    free, total = torch.cuda.mem_get_info(number)
    properties = torch.cuda.get_device_properties(number)
    gpus.append({"name": properties.name, "uuid": str(getattr(properties, "uuid", "")),
                 "free_bytes": free, "total_bytes": total})
why = "" if available else why_none()
print(json.dumps({"cuda": torch.version.cuda, "gpus": gpus, "why": why}))
"""


@dataclass(frozen=True, slots=True)
class Occupant:
    """A process that holds memory of a GPU."""

    pid: int
    name: str
    user: str
    bytes: int | None


@dataclass(frozen=True, slots=True)
class Gpu:
    """One GPU as PyTorch names it."""

    device: str
    name: str
    free_bytes: int
    total_bytes: int
    occupants: tuple[Occupant, ...]


@dataclass(frozen=True, slots=True)
class Devices:
    """What can train.

    Attributes:
        cuda: the version that PyTorch was built with, or None.
        gpus: those that PyTorch sees.
        occupants_known: whether nvidia-smi listed the processes on them.
        problem: why PyTorch does not work here; empty if it does.
        why_none: why PyTorch sees no GPU; empty if it sees one.
    """

    cuda: str | None
    gpus: tuple[Gpu, ...]
    occupants_known: bool
    problem: str
    why_none: str = ""


def find_devices() -> Devices:
    """Ask PyTorch and, if there are GPUs, nvidia-smi."""
    found, problem = json_of(["-c", _ASK_TORCH], _TORCH_SECONDS)
    if found is None:
        return Devices(None, (), False, f"PyTorch does not work here: {problem}")
    occupants = _occupants() if found["gpus"] else None
    gpus = tuple(
        Gpu(
            f"cuda:{number}",
            gpu["name"],
            gpu["free_bytes"],
            gpu["total_bytes"],
            tuple((occupants or {}).get(gpu["uuid"].removeprefix("GPU-"), ())),
        )
        for number, gpu in enumerate(found["gpus"])
    )
    return Devices(found["cuda"], gpus, occupants is not None, "", found["why"])


def _occupants() -> dict[str, list[Occupant]] | None:
    """Processes by the GPU's UUID, or None if nvidia-smi does not answer."""
    smi = shutil.which("nvidia-smi")
    if smi is None:
        return None
    fields = "gpu_uuid,pid,process_name,used_gpu_memory"
    command = [smi, f"--query-compute-apps={fields}", "--format=csv,noheader,nounits"]
    answer, _ = _answer_of(
        lambda: subprocess.run(command, capture_output=True, text=True, timeout=_QUERY_SECONDS, check=False)
    )
    return None if answer is None else parse_occupants(answer)


def parse_occupants(answer: str) -> dict[str, list[Occupant]]:
    """The processes in nvidia-smi's CSV, by the GPU's UUID without its prefix; memory in bytes."""
    occupants: dict[str, list[Occupant]] = {}
    for line in answer.splitlines():
        fields = [field.strip() for field in line.split(",")]
        if len(fields) < 4 or not fields[1].isdecimal():
            continue  # "No running processes found", or a driver's warning
        uuid, pid, name, mebibytes = fields[0], int(fields[1]), ", ".join(fields[2:-1]), fields[-1]
        size = int(mebibytes) * 2**20 if mebibytes.isdecimal() else None
        occupants.setdefault(uuid.removeprefix("GPU-"), []).append(Occupant(pid, name, _owner(pid), size))
    return occupants


def _owner(pid: int) -> str:
    """The user of the process; empty if it cannot be seen, as in a container."""
    from pathlib import Path

    try:
        return Path(f"/proc/{pid}").owner()
    except (OSError, KeyError):
        return ""


def json_of(arguments: Sequence[str], seconds: float) -> tuple[Any, str]:
    """The JSON that a Python process of the program prints, or None and the reason."""
    answer, problem = _answer_of(lambda: children.ask(arguments, seconds))
    if answer is None:
        return None, problem
    try:
        return json.loads(answer), ""
    except ValueError:
        return None, "it gave no answer"


def _answer_of(run: "Callable[[], subprocess.CompletedProcess[str]]") -> tuple[str | None, str]:
    """A command's output, or None and the reason."""
    try:
        done = run()
    except subprocess.TimeoutExpired as error:
        return None, f"no answer within {error.timeout:.0f} s"
    except OSError as error:
        return None, str(error)
    if done.returncode == 0:
        return done.stdout, ""
    last = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
    return None, last[0]
