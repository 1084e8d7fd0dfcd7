"""What people meet on shared GPU boxes, in one sentence each. The errors are CUDA's and PyTorch's texts."""

import os
from types import SimpleNamespace

import pytest
import torch

from engine import gpu_trouble
from engine.devices import DeviceError, resolve
from engine.gpu_occupants import Occupant
from engine.runtime.endings import reason_of

NO_GPU = RuntimeError("No CUDA GPUs are available")
TOO_OLD = RuntimeError(
    "The NVIDIA driver on your system is too old (found version 11040). Please update your GPU driver by "
    "downloading and installing a new version from the URL"
)
NO_DRIVER = RuntimeError("Found no NVIDIA driver on your system. Please check that you have an NVIDIA GPU")


def without_gpu(monkeypatch: pytest.MonkeyPatch, error: Exception | None = NO_GPU) -> None:
    """A PyTorch with CUDA whose driver answers with this error."""

    def init() -> None:
        if error is not None:
            raise error

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "init", init)
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    monkeypatch.setattr(torch.version, "hip", None)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


def said(name: str = "cuda") -> str:
    with pytest.raises(DeviceError) as refused:
        resolve(name)
    return str(refused.value)


def test_a_machine_without_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    without_gpu(monkeypatch)
    assert said() == "cuda is not available: PyTorch sees no CUDA GPU here; use --device cpu"
    without_gpu(monkeypatch, NO_DRIVER)
    assert said("cuda:1") == "cuda:1 is not available: this machine has no driver for a GPU; use --device cpu"


@pytest.mark.parametrize("visible", ["", "-1", " "])
def test_a_variable_that_hides_all_gpus(visible: str, monkeypatch: pytest.MonkeyPatch) -> None:
    without_gpu(monkeypatch)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert said() == "cuda is not available: CUDA_VISIBLE_DEVICES hides all GPUs; use --device cpu"


@pytest.mark.parametrize("visible", ["7", "GPU-5ebe9b2e", "MIG-GPU-5ebe9b2e/1/0", "no"])
@pytest.mark.parametrize("error", [NO_GPU, None])
def test_a_variable_that_names_no_gpu_of_this_machine(
    visible: str, error: Exception | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_gpu(monkeypatch, error)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert f"CUDA_VISIBLE_DEVICES={visible} is none of this machine's GPUs" in said()
    assert "nvidia-smi -L" in said()


def test_rocm_has_a_variable_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    without_gpu(monkeypatch)
    monkeypatch.setattr(torch.version, "cuda", None)
    monkeypatch.setattr(torch.version, "hip", "6.4")
    monkeypatch.setenv("HIP_VISIBLE_DEVICES", "")
    assert "HIP_VISIBLE_DEVICES hides all GPUs" in said()


def test_a_driver_that_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    without_gpu(monkeypatch, TOO_OLD)
    assert "the driver of the GPU is too old for this PyTorch: update it" in said()


def test_a_pytorch_for_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    without_gpu(monkeypatch, AssertionError("Torch not compiled with CUDA enabled"))
    monkeypatch.setattr(torch.version, "cuda", None)
    assert said() == "cuda is not available: this PyTorch was built for the CPU only; use --device cpu"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "CUDA error: uncorrectable ECC error encountered\nCUDA kernel errors might be",
            "damaged (ECC error)",
        ),
        ("CUDA error: no kernel image is available for execution on the device", "has no code for this GPU"),
        ("HIP error: invalid device function", "has no code for this GPU"),
        ("CUDA error: CUDA-capable device(s) is/are busy or unavailable", "for itself (exclusive mode)"),
        (
            "CUDA error: CUDA driver version is insufficient for CUDA runtime version",
            "driver of the GPU is too",
        ),
        ("CUDA error: an illegal memory access was encountered", "failed while it computed"),
        ("CUDA error: unspecified launch failure", "failed while it computed"),
        ("GPU has fallen off the bus", "the machine has lost the GPU"),
        ("CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has a total capacity", "vanish-tui doctor"),
        ("HIP out of memory. Tried to allocate 20.00 MiB.", "vanish-tui doctor"),
    ],
)
def test_an_error_in_the_middle_of_a_run_says_what_to_do(text: str, words: str) -> None:
    reason = reason_of(RuntimeError(text))
    assert words in reason
    assert "\n" not in reason
    assert any(advice in reason for advice in ("--device cpu", "install", "resume"))


def test_another_error_is_left_as_it_is() -> None:
    assert gpu_trouble.in_words(ValueError("no such layer")) is None
    assert reason_of(ValueError("no such layer")) == "ValueError: no such layer"


OUT_OF_MEMORY = torch.OutOfMemoryError(
    "CUDA out of memory. Tried to allocate 20.00 MiB. GPU 1 has a total capacity of 139.81 GiB of which 5 MiB"
    " is free."
)


def test_too_little_memory_says_who_holds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    uuids = {1: SimpleNamespace(uuid="1111")}
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda number: uuids[number])
    held = {
        "1111": [
            Occupant(os.getpid(), "python", "me", 3 << 30),
            Occupant(10, "a", "", None),
            Occupant(4242, "train.py", "maria", 120 << 30),
            Occupant(11, "b", "", 1 << 20),
        ],
        "2222": [Occupant(12, "elsewhere", "", 1 << 40)],
    }
    assert gpu_trouble.who_holds(OUT_OF_MEMORY, lambda: held) == (
        f"the GPU has too little free memory: train.py 4242 (maria, 120.0 GiB), vanish-tui {os.getpid()}"
        " (me, 3.0 GiB), b 11 (0.0 GiB), +1 hold it; resume the run when enough is free"
    )
    for unknown in (None, {}, {"2222": held["2222"]}):
        assert gpu_trouble.who_holds(OUT_OF_MEMORY, lambda unknown=unknown: unknown) is None  # type: ignore[misc]
    uuids.clear()
    assert gpu_trouble.who_holds(OUT_OF_MEMORY, lambda: held) is None, "the GPU is lost"
    assert gpu_trouble.who_holds(ValueError("GPU 1 has a total capacity"), lambda: held) is None


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("CUDA error: uncorrectable ECC error encountered", True),
        ("GPU has fallen off the bus", True),
        ("CUDA error: unspecified launch failure", True),
        ("CUDA out of memory. Tried to allocate 20.00 MiB.", False),
    ],
)
def test_after_some_trouble_a_process_cannot_use_the_gpu_any_more(text: str, ends: bool) -> None:
    assert gpu_trouble.ends_process(reason_of(RuntimeError(text))) is ends
