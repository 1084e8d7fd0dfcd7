"""The processes on each GPU, as nvidia-smi prints them or as the driver's library counts them."""

import ctypes
import os
import shutil
import subprocess
from typing import Any

import pytest

from engine import nvml
from engine.gpu_occupants import Occupant, find_occupants, parse_occupants


def test_the_output_of_nvidia_smi_is_grouped_by_gpu_uuid() -> None:
    answer = (
        "GPU-1111, 10, /usr/bin/python3, 2048\n"
        "GPU-1111, 11, name, with a comma, [N/A]\n"
        "GPU-2222, 12, python, 1\n"
        "No running processes found\n"
    )
    occupants = parse_occupants(answer)
    assert [(each.pid, each.name, each.bytes) for each in occupants["1111"]] == [
        (10, "/usr/bin/python3", 2 << 30),
        (11, "name, with a comma", None),
    ]
    assert [each.pid for each in occupants["2222"]] == [12]


def answer(monkeypatch: pytest.MonkeyPatch, code: int, text: str = "") -> None:
    """What nvidia-smi does: it ends with this code, or hangs if that is below 0."""

    def run(command: list[str], **options: Any) -> "subprocess.CompletedProcess[str]":
        assert command[1].startswith("--query-compute-apps=gpu_uuid,pid,process_name,used_gpu_memory")
        if code < 0:
            raise subprocess.TimeoutExpired(command, options["timeout"])
        return subprocess.CompletedProcess(command, code, text, "")

    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(subprocess, "run", run)


def test_nvidia_smi_is_asked_first(monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, 0, "GPU-1111, 1, train.py, 2048\n")
    (found,) = (find_occupants(lambda: {}) or {})["1111"]
    assert (found.pid, found.name, found.bytes) == (1, "train.py", 2 << 30)


@pytest.mark.parametrize("code", [9, -1])
def test_without_an_answer_of_nvidia_smi_the_library_is_asked(
    code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(monkeypatch, code)
    (own, gone) = (find_occupants(lambda: {"1111": [(os.getpid(), 7), (2**31 - 5, 8)]}) or {})["1111"]
    assert (own.pid, own.bytes) == (os.getpid(), 7)
    assert own.name
    assert own.user
    assert gone == Occupant(2**31 - 5, "a program", "", 8)
    assert find_occupants(lambda: None) is None


class Driver:
    """A driver with two GPUs, of which the first has two processes; the second does not answer."""

    def nvmlInit_v2(self) -> int:
        return 0

    def nvmlDeviceGetCount_v2(self, count: Any) -> int:
        count._obj.value = 2
        return 0

    def nvmlDeviceGetHandleByIndex_v2(self, number: ctypes.c_uint, device: Any) -> int:
        device._obj.value = number.value + 1
        return 0

    def nvmlDeviceGetUUID(self, device: ctypes.c_void_p, text: Any, length: ctypes.c_uint) -> int:
        text.value = b"GPU-1111"
        return 0

    def nvmlDeviceGetComputeRunningProcesses_v3(self, device: ctypes.c_void_p, length: Any, held: Any) -> int:
        if device.value == 2:
            return 15
        held[0].pid, held[0].memory = 4242, 3 << 30
        held[1].pid, held[1].memory = 4243, 1 << 30
        length._obj.value = 2
        return 0


class OldDriver(Driver):
    nvmlDeviceGetComputeRunningProcesses_v3 = property()


def test_the_library_lists_the_processes_of_each_gpu() -> None:
    assert nvml.processes(lambda name: Driver()) == {"1111": [(4242, 3 << 30), (4243, 1 << 30)]}
    assert nvml.processes(lambda name: OldDriver()) is None
