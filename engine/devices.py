"""Where to train (`auto`, `cpu`, `cuda` or `cuda:N`), and how torch is imported."""

import ctypes
import gc
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from engine.gpu_trouble import why_none
from engine.nvml import PREFIX, gpu_reader

if TYPE_CHECKING:
    import torch


# What the drivers of GPUs make: NVIDIA's, that of Windows for WSL, AMD's.
_DRIVERS = ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd")


NO_TORCH = "training needs PyTorch, which is not installed: pip install torch torchvision"


class DeviceError(Exception):
    """The requested device does not exist. The text is one sentence for the user."""


def has_torch() -> bool:
    """Whether PyTorch can be found. It is not imported, which takes seconds."""
    return find_spec("torch") is not None


def preload_torch() -> None:
    """Import torch in this thread without blocking the other threads for long.

    Loading a library through ctypes releases the interpreter lock; the import statement does not. Once the
    shared libraries are loaded, the rest of the import blocks the app for only 0.1 s at a time.

    Raises:
        DeviceError: it is not installed.
    """
    if not has_torch():
        raise DeviceError(NO_TORCH)
    is_first = "torch" not in sys.modules
    if is_first:
        _load_libraries()
    import torch  # noqa: F401  # waits if another thread imports it

    # What torch's import created stays until the end. A garbage collection that visits all of it would block
    # the screen for 0.1 s. Only once: what is frozen is never freed, also if it is garbage already.
    if is_first:
        gc.freeze()


def _load_libraries() -> None:
    spec = find_spec("torch")
    if spec is None or spec.origin is None:
        return
    libraries = Path(spec.origin).parent / "lib"
    for name in ("libtorch_global_deps.so", "libtorch_python.so"):
        try:
            ctypes.CDLL(str(libraries / name), mode=ctypes.RTLD_GLOBAL)
        except OSError:  # another layout of the package: the import works too, but blocks longer
            return


def gpus() -> list[str]:
    """The names of the visible GPUs. Imports torch only if the system has a driver for one."""
    if not any(os.path.exists(path) for path in _DRIVERS):
        return []
    import torch

    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    return [f"cuda:{number}" for number in range(count)]


def spread(name: str) -> tuple[str, ...]:
    """The devices that the runs of a comparison are spread over: `cuda` is every visible GPU.

    Args:
        name: as in `--device`; several GPUs are separated by commas.
    """
    if name == "cuda":
        return tuple(gpus()) or (name,)
    return tuple(name.split(","))


def _freest(visible: int) -> int:
    """The number of the visible GPU with the most free memory."""
    import torch

    # The driver is asked first: PyTorch would take memory on every GPU to find it out.
    free = {gpu.uuid: gpu.free for gpu in gpu_reader()() if gpu.uuid}
    uuids = [str(getattr(torch.cuda.get_device_properties(number), "uuid", "")) for number in range(visible)]
    if all(uuid.removeprefix(PREFIX) in free for uuid in uuids):
        return max(range(visible), key=lambda number: free[uuids[number].removeprefix(PREFIX)])
    return max(range(visible), key=lambda number: torch.cuda.mem_get_info(number)[0])


def resolve(name: str) -> "torch.device":
    """The device that `name` stands for. `auto` is the visible GPU with the most free memory, or the CPU.

    Raises:
        DeviceError: the name is unknown, or this machine has no such device.
    """
    import torch

    if name == "cpu":
        return torch.device("cpu")
    visible = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if name == "auto":
        if not visible:
            return torch.device("cpu")
        return torch.device("cuda", _freest(visible))
    if name == "mps":
        raise DeviceError(
            "mps cannot be used: the measurements need float64, which Apple's GPUs do not have;"
            " use --device cpu"
        )
    kind, _, number = name.partition(":")
    if kind != "cuda" or (number and not number.isdecimal()):
        raise DeviceError(f"unknown device {name!r}: expected auto, cpu, cuda or cuda:N")
    if not visible:
        raise DeviceError(f"{name} is not available: {why_none()}; use --device cpu")
    index = int(number or 0)
    if index >= visible:
        raise DeviceError(f"{name} is not available: the GPUs here are cuda:0 to cuda:{visible - 1}")
    return torch.device("cuda", index)
