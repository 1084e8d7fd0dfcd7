"""Names of devices, and one sentence where there is none."""

import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch

from engine import devices
from engine.devices import DeviceError, resolve, spread
from engine.nvml import Gpu


@pytest.fixture
def gpus(monkeypatch: pytest.MonkeyPatch) -> dict[int, int]:
    """Free memory by GPU, as torch sees it; a test fills it in."""
    free: dict[int, int] = {}
    monkeypatch.setattr(torch.cuda, "is_available", lambda: bool(free))
    monkeypatch.setattr(torch.cuda, "device_count", lambda: len(free))
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda number: (free[number], 100))
    monkeypatch.setattr(
        torch.cuda, "get_device_properties", lambda number: SimpleNamespace(uuid=f"uuid-{number}")
    )
    driver(monkeypatch)
    return free


def driver(monkeypatch: pytest.MonkeyPatch, **free: int) -> None:
    """What the driver's library says, by the end of a GPU's UUID."""
    read = tuple(
        Gpu(number, 0.0, 100 - size, 100, f"uuid-{name[1:]}")
        for number, (name, size) in enumerate(free.items())
    )
    monkeypatch.setattr(devices, "gpu_reader", lambda: lambda: read)


def test_without_a_gpu_auto_is_the_cpu(gpus: dict[int, int]) -> None:
    assert resolve("auto") == resolve("cpu") == torch.device("cpu")


def test_auto_is_the_gpu_with_the_most_free_memory(gpus: dict[int, int]) -> None:
    gpus.update({0: 10, 1: 70, 2: 30})
    assert resolve("auto") == torch.device("cuda", 1)


def test_auto_asks_the_driver_and_takes_no_memory_on_the_gpus(
    gpus: dict[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """PyTorch may count the GPUs in another order than the driver."""
    gpus.update({0: 1, 1: 1, 2: 1})
    driver(monkeypatch, u2=30, u0=70, u1=10)

    def held(number: int) -> tuple[int, int]:
        raise AssertionError("a context takes memory of the GPU")

    monkeypatch.setattr(torch.cuda, "mem_get_info", held)
    assert resolve("auto") == torch.device("cuda", 0)


def test_auto_asks_pytorch_about_a_part_of_a_gpu_that_the_driver_does_not_count(
    gpus: dict[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    gpus.update({0: 10, 1: 70})
    driver(monkeypatch, u0=99)
    assert resolve("auto") == torch.device("cuda", 1)


def test_cuda_is_spread_over_every_visible_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "gpus", lambda: ["cuda:0", "cuda:1"])
    assert spread("cuda") == ("cuda:0", "cuda:1")
    assert spread("cuda:1") == ("cuda:1",)
    assert spread("cuda:3,cuda:1") == ("cuda:3", "cuda:1")
    assert spread("auto") == ("auto",)
    monkeypatch.setattr(devices, "gpus", lambda: [])
    assert spread("cuda") == ("cuda",)


def test_mps_has_no_float64(gpus: dict[int, int]) -> None:
    with pytest.raises(DeviceError, match=r"^mps cannot be used: .*float64.*use --device cpu"):
        resolve("mps")


def test_a_gpu_is_named_by_its_number_or_is_the_first(gpus: dict[int, int]) -> None:
    gpus.update({0: 10, 1: 70})
    assert resolve("cuda") == torch.device("cuda", 0)
    assert resolve("cuda:1") == torch.device("cuda", 1)


def test_the_cpu_is_the_cpu_where_there_are_gpus(gpus: dict[int, int]) -> None:
    gpus[0] = 10
    assert resolve("cpu") == torch.device("cpu")


@pytest.mark.parametrize("name", ["cuda", "cuda:0", "cuda:3"])
def test_cuda_without_a_gpu_says_what_to_do(gpus: dict[int, int], name: str) -> None:
    with pytest.raises(DeviceError, match=f"^{name} is not available.*use --device cpu"):
        resolve(name)


def test_a_number_that_is_too_high_says_which_there_are(gpus: dict[int, int]) -> None:
    gpus.update({0: 10, 1: 70})
    with pytest.raises(DeviceError, match="the GPUs here are cuda:0 to cuda:1"):
        resolve("cuda:2")


@pytest.mark.parametrize("name", ["gpu", "", "cuda:x", "cuda:-1", "mps:0", "cpu:0"])
def test_a_name_that_is_none_says_what_was_expected(gpus: dict[int, int], name: str) -> None:
    gpus[0] = 10
    with pytest.raises(DeviceError, match="expected auto, cpu, cuda or cuda:N"):
        resolve(name)


_TWICE = """
import gc
from engine.devices import preload_torch
preload_torch()
frozen = gc.get_freeze_count()
garbage = [[number] for number in range(1_000)]
preload_torch()
print(frozen, gc.get_freeze_count() - frozen)
"""


def test_only_what_the_first_import_of_torch_created_is_kept_from_the_garbage_collection() -> None:
    """Each opening of a measured theory page asks for torch; what is frozen then would never be freed."""
    done = subprocess.run([sys.executable, "-c", _TWICE], stdout=subprocess.PIPE, text=True, check=True)
    frozen, more = map(int, done.stdout.split())
    assert frozen > 50_000
    assert more <= 0
