"""The load and the memory of NVIDIA's GPUs, from the driver's own library: no process, no CUDA."""

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_LIBRARY = "libnvidia-ml.so.1"
_OK = 0
_UUID_LENGTH = 96
_MOST_PROCESSES = 256
PREFIX = "GPU-"


@dataclass(frozen=True, slots=True)
class Gpu:
    """A GPU at one moment.

    Attributes:
        number: as the driver counts them.
        load: the part of the last second in which it computed, from 0 to 1; None if that is unknown.
        used: bytes of its memory.
        total: bytes of its memory.
        uuid: as CUDA names it, without its prefix; empty if it is unknown.
    """

    number: int
    load: float | None
    used: int
    total: int
    uuid: str = ""

    @property
    def free(self) -> int:
        """Bytes of its memory that no process holds."""
        return self.total - self.used


class _Utilization(ctypes.Structure):
    _fields_ = (("gpu", ctypes.c_uint), ("memory", ctypes.c_uint))


class _Memory(ctypes.Structure):
    _fields_ = (
        ("total", ctypes.c_ulonglong),
        ("free", ctypes.c_ulonglong),
        ("used", ctypes.c_ulonglong),
    )


class _Process(ctypes.Structure):
    _fields_ = (
        ("pid", ctypes.c_uint),
        ("memory", ctypes.c_ulonglong),
        ("gpu_instance", ctypes.c_uint),
        ("compute_instance", ctypes.c_uint),
    )


def gpu_reader(load: Callable[[str], Any] = ctypes.CDLL) -> Callable[[], tuple[Gpu, ...]]:
    """A function that returns the GPUs of this machine as they are now; it returns none without a driver.

    Args:
        load: loads a library by its name.
    """
    if (nvml := _library(load)) is None:
        return tuple

    def read() -> tuple[Gpu, ...]:
        count = ctypes.c_uint()
        if nvml.nvmlDeviceGetCount_v2(ctypes.byref(count)) != _OK:
            return ()
        found = (_gpu(nvml, number) for number in range(count.value))
        return tuple(gpu for gpu in found if gpu is not None)

    return read


def processes(load: Callable[[str], Any] = ctypes.CDLL) -> dict[str, list[tuple[int, int]]] | None:
    """The processes that compute on each GPU, by its UUID: (pid, bytes of its memory); None without a driver.

    Args:
        load: loads a library by its name.
    """
    if (nvml := _library(load)) is None:
        return None
    count = ctypes.c_uint()
    if nvml.nvmlDeviceGetCount_v2(ctypes.byref(count)) != _OK:
        return None
    found: dict[str, list[tuple[int, int]]] = {}
    for number in range(count.value):
        device, held = ctypes.c_void_p(), (_Process * _MOST_PROCESSES)()
        length = ctypes.c_uint(_MOST_PROCESSES)
        if nvml.nvmlDeviceGetHandleByIndex_v2(ctypes.c_uint(number), ctypes.byref(device)) != _OK:
            continue
        try:
            answer = nvml.nvmlDeviceGetComputeRunningProcesses_v3(device, ctypes.byref(length), held)
        except AttributeError:  # a driver of before 2022
            return None
        if answer == _OK:
            found[_uuid(nvml, device)] = [(each.pid, each.memory) for each in held[: length.value]]
    return found


def _library(load: Callable[[str], Any]) -> Any:
    """The driver's library, ready to be asked; None if there is none."""
    try:
        nvml = load(_LIBRARY)
        return nvml if nvml.nvmlInit_v2() == _OK else None
    except (OSError, AttributeError):
        return None


def _uuid(nvml: Any, device: ctypes.c_void_p) -> str:
    """The UUID of a GPU; empty if it is unknown."""
    text = ctypes.create_string_buffer(_UUID_LENGTH)
    if nvml.nvmlDeviceGetUUID(device, text, ctypes.c_uint(_UUID_LENGTH)) != _OK:
        return ""
    return text.value.decode(errors="replace").removeprefix(PREFIX)


def _gpu(nvml: Any, number: int) -> Gpu | None:
    """One GPU; None if it cannot be asked."""
    device, memory, use = ctypes.c_void_p(), _Memory(), _Utilization()
    if nvml.nvmlDeviceGetHandleByIndex_v2(ctypes.c_uint(number), ctypes.byref(device)) != _OK:
        return None
    if nvml.nvmlDeviceGetMemoryInfo(device, ctypes.byref(memory)) != _OK:
        return None
    # Parts of a divided GPU have no load of their own.
    is_known = nvml.nvmlDeviceGetUtilizationRates(device, ctypes.byref(use)) == _OK
    return Gpu(number, use.gpu / 100 if is_known else None, memory.used, memory.total, _uuid(nvml, device))
