"""Where to train: `auto`, `cpu`, `cuda` or `cuda:N`, and how torch comes into the process."""

import ctypes
import gc
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


class DeviceError(Exception):
    """The device asked for is not there; its text is one sentence for the user."""


def preload_torch() -> None:
    """Import torch in this thread without holding up the others for long.

    `dlopen` through ctypes lets go of the interpreter lock, the import statement doesn't: with the shared
    libraries already there, what is left of the import stalls the app for a tenth of a second at a time.
    """
    spec = find_spec("torch")
    if spec is not None and spec.origin is not None:
        libraries = Path(spec.origin).parent / "lib"
        for name in ("libtorch_global_deps.so", "libtorch_python.so"):
            try:
                ctypes.CDLL(str(libraries / name), mode=ctypes.RTLD_GLOBAL)
            except OSError:  # another layout: the import finds its own way, only slower
                break
    import torch  # noqa: F401

    # What is here now stays to the end: a collection that walks all of it would stall the screen for 0.1 s.
    gc.freeze()


def resolve(name: str) -> "torch.device":
    """The device that `name` means. `auto` is the visible GPU with the most free memory, else the CPU.

    Raises:
        DeviceError: there is no such device here.
    """
    import torch

    if name == "cpu":
        return torch.device("cpu")
    visible = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if name == "auto":
        if not visible:
            return torch.device("cpu")
        return torch.device(
            "cuda", max(range(visible), key=lambda number: torch.cuda.mem_get_info(number)[0])
        )
    kind, _, number = name.partition(":")
    if kind != "cuda" or (number and not number.isdecimal()):
        raise DeviceError(f"unknown device {name!r}: expected auto, cpu, cuda or cuda:N")
    if not visible:
        raise DeviceError(f"{name} is not available: PyTorch sees no CUDA GPU here; use --device cpu")
    index = int(number or 0)
    if index >= visible:
        raise DeviceError(f"{name} is not available: the GPUs here are cuda:0 to cuda:{visible - 1}")
    return torch.device("cuda", index)
