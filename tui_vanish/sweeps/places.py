"""Where the runs of a sweep train on this machine: on cores, or on GPUs."""

from tui_vanish.jobs.cores import physical_cores
from tui_vanish.jobs.exits import RefusedError


def places(device: str, jobs: int | None, per_gpu: int, threads: int) -> list[tuple[str, str]]:
    """The device and the name of each place.

    Args:
        device: auto, cpu, cuda for every visible GPU, or some of them, such as cuda:0,cuda:2.
        jobs: how many places; None for one per core, or `per_gpu` per GPU.
        per_gpu: how many runs share a GPU.
        threads: torch threads of each run.

    Raises:
        RefusedError: there is no such GPU.
    """
    gpus = [] if device == "cpu" else _gpus(device)
    if not gpus:
        count = jobs or max(1, physical_cores() // threads)
        return [("cpu", f"core {number + 1}") for number in range(count)]
    shared = [gpu for _ in range(per_gpu) for gpu in gpus]
    chosen = [shared[number % len(shared)] for number in range(jobs)] if jobs else shared
    return [(gpu, f"GPU {gpu.removeprefix('cuda:')}") for gpu in chosen]


def _gpus(device: str) -> list[str]:
    """The GPUs that a device stands for; `auto` stands for none where there is none. Imports torch."""
    from engine import devices

    if device == "auto" and not devices.gpus():
        return []
    if device in ("auto", "cuda"):
        try:
            devices.resolve("cuda")
        except devices.DeviceError as error:
            raise RefusedError(str(error)) from None
        return devices.gpus()
    return device.split(",")
