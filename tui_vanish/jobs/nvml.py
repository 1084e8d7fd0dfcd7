"""The load and the memory of NVIDIA's GPUs, from the driver's own library: no process, no CUDA."""

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_LIBRARY = "libnvidia-ml.so.1"
_OK = 0


@dataclass(frozen=True, slots=True)
class Gpu:
    """A GPU at one moment.

    Attributes:
        number: as the driver counts them.
        load: the part of the last second in which it computed, from 0 to 1; None if that is unknown.
        used: bytes of its memory.
        total: bytes of its memory.
    """

    number: int
    load: float | None
    used: int
    total: int


class _Utilization(ctypes.Structure):
    _fields_ = (("gpu", ctypes.c_uint), ("memory", ctypes.c_uint))


class _Memory(ctypes.Structure):
    _fields_ = (
        ("total", ctypes.c_ulonglong),
        ("free", ctypes.c_ulonglong),
        ("used", ctypes.c_ulonglong),
    )


def gpu_reader(load: Callable[[str], Any] = ctypes.CDLL) -> Callable[[], tuple[Gpu, ...]]:
    """A function that returns the GPUs of this machine as they are now; it returns none without a driver.

    Args:
        load: loads a library by its name.
    """
    try:
        nvml = load(_LIBRARY)
        began = nvml.nvmlInit_v2() == _OK
    except (OSError, AttributeError):
        began = False
    if not began:
        return tuple

    def read() -> tuple[Gpu, ...]:
        count = ctypes.c_uint()
        if nvml.nvmlDeviceGetCount_v2(ctypes.byref(count)) != _OK:
            return ()
        found = (_gpu(nvml, number) for number in range(count.value))
        return tuple(gpu for gpu in found if gpu is not None)

    return read


def _gpu(nvml: Any, number: int) -> Gpu | None:
    """One GPU; None if it cannot be asked."""
    device, memory, use = ctypes.c_void_p(), _Memory(), _Utilization()
    if nvml.nvmlDeviceGetHandleByIndex_v2(ctypes.c_uint(number), ctypes.byref(device)) != _OK:
        return None
    if nvml.nvmlDeviceGetMemoryInfo(device, ctypes.byref(memory)) != _OK:
        return None
    # Parts of a divided GPU have no load of their own.
    is_known = nvml.nvmlDeviceGetUtilizationRates(device, ctypes.byref(use)) == _OK
    return Gpu(number, use.gpu / 100 if is_known else None, memory.used, memory.total)
