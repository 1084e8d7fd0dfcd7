"""Which devices PyTorch sees, and the processes on each GPU: asked in subprocesses with a time limit."""

import json
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from engine.gpu_occupants import Occupant, find_occupants
from tui_vanish.jobs import children

_TORCH_SECONDS = 60

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
        occupants_known: whether the driver listed the processes on them.
        problem: why PyTorch does not work here; empty if it does.
        why_none: why PyTorch sees no GPU; empty if it sees one.
    """

    cuda: str | None
    gpus: tuple[Gpu, ...]
    occupants_known: bool
    problem: str
    why_none: str = ""


def find_devices() -> Devices:
    """Ask PyTorch and, if there are GPUs, their driver."""
    found, problem = json_of(["-c", _ASK_TORCH], _TORCH_SECONDS)
    if found is None:
        return Devices(None, (), False, f"PyTorch does not work here: {problem}")
    occupants = find_occupants() if found["gpus"] else None
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
