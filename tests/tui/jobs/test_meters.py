"""How busy a made-up machine is, and what the driver of its GPUs answers."""

import ctypes
import os
from pathlib import Path
from typing import Any

import pytest

from engine.nvml import Gpu, gpu_reader
from tui_vanish.jobs.meters import Meters, Reading

MEMORY = "MemTotal:       16000000 kB\nMemFree:          100000 kB\nMemAvailable:   12000000 kB\n"


def no_gpus() -> tuple[Gpu, ...]:
    return ()


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 2})


def describe(proc: Path, first: str, second: str, third: str) -> None:
    (proc / "stat").write_text(
        f"cpu  9 9 9 9 9 9 9 9 9 9\ncpu0 {first}\ncpu1 {second}\ncpu2 {third}\nintr 1 2 3\n"
    )
    (proc / "meminfo").write_text(MEMORY)


def test_the_load_is_that_between_two_readings(tmp_path: Path) -> None:
    describe(tmp_path, "900 0 0 100 0 0 0 0 50 0", "0 0 0 0 0 0 0 0 0 0", "5 5 5 70 5 5 5 5 0 0")
    meters = Meters(tmp_path, no_gpus)
    describe(tmp_path, "910 0 5 180 5 0 0 0 60 0", "99 0 0 0 0 0 0 0 0 0", "30 5 30 70 5 5 5 55 0 0")
    assert meters.read() == Reading((0.15, 1.0), 4_096_000_000, 16_384_000_000, ())
    assert meters.read().cores == (0.0, 0.0), "no time has passed"


def test_what_the_system_hides_is_unknown(tmp_path: Path) -> None:
    assert Meters(tmp_path, no_gpus).read() == Reading((), 0, 0, ())


def test_a_core_that_appears_later_is_read(tmp_path: Path) -> None:
    describe(tmp_path, "0 0 0 100 0 0 0 0 0 0", "", "")
    meters = Meters(tmp_path, no_gpus)
    describe(tmp_path, "50 0 0 150 0 0 0 0 0 0", "", "10 0 0 30 0 0 0 0 0 0")
    assert meters.read().cores == (0.5, 0.25)


def test_this_machine_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    reading = Meters().read()
    assert len(reading.cores) in (0, len(os.sched_getaffinity(0)))
    assert 0 <= reading.used <= reading.total


class Driver:
    """A driver with three GPUs: the second cannot be asked, and the third has no load of its own."""

    def __init__(self, starts: bool = True) -> None:
        self._starts = starts

    def nvmlInit_v2(self) -> int:
        return 0 if self._starts else 9

    def nvmlDeviceGetCount_v2(self, count: Any) -> int:
        count._obj.value = 3
        return 0

    def nvmlDeviceGetHandleByIndex_v2(self, number: ctypes.c_uint, device: Any) -> int:
        device._obj.value = number.value + 1
        return 15 if number.value == 1 else 0

    def nvmlDeviceGetMemoryInfo(self, device: ctypes.c_void_p, memory: Any) -> int:
        memory._obj.total, memory._obj.used = 80 * 10**9, (device.value or 0) * 10**9
        return 0

    def nvmlDeviceGetUUID(self, device: ctypes.c_void_p, text: Any, length: ctypes.c_uint) -> int:
        text.value = f"GPU-{device.value}".encode()
        return 0

    def nvmlDeviceGetUtilizationRates(self, device: ctypes.c_void_p, use: Any) -> int:
        use._obj.gpu = 83
        return 3 if device.value == 3 else 0


def test_each_gpu_that_answers_is_read() -> None:
    assert gpu_reader(lambda name: Driver())() == (
        Gpu(0, 0.83, 10**9, 80 * 10**9, "1"),
        Gpu(2, None, 3 * 10**9, 80 * 10**9, "3"),
    )


def test_without_a_driver_there_are_no_gpus() -> None:
    def missing(name: str) -> Any:
        raise OSError(f"{name}: cannot open shared object file")

    assert gpu_reader(missing)() == ()
    assert gpu_reader(lambda name: Driver(starts=False))() == ()
