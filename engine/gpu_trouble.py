"""What is wrong with a GPU, in sentences that say what to do; PyTorch's texts speak of its source code."""

import os
import re
from collections.abc import Callable

from engine.gpu_occupants import Occupant, find_occupants, listed
from engine.nvml import PREFIX

_HIDDEN = ("", "-1", "NoDevFiles")
_AGAIN = "start vanish-tui again and resume the run, on another GPU or with --device cpu"
_TOO_OLD = (
    "the driver of the GPU is too old for this PyTorch: update it, or install a PyTorch for an older CUDA"
)
_NO_MEMORY = (
    "the GPU has too little free memory: `vanish-tui doctor` lists the processes that hold it; resume the run"
    " when there is more"
)
_NO_CODE = "this PyTorch has no code for this GPU: install a PyTorch that supports it, or use --device cpu"
_FAILED = f"the GPU failed while it computed: {_AGAIN}"
_LOST = f"the machine has lost the GPU: {_AGAIN}"
_ECC = f"the memory of the GPU is damaged (ECC error): {_AGAIN}"
_GPU = re.compile(r"GPU\s(\d+)\shas\sa\stotal\scapacity")
# Parts of CUDA's, ROCm's and PyTorch's texts.
_ERRORS = {
    r"(cuda|hip)\sout\sof\smemory": _NO_MEMORY,
    r"uncorrectable\secc\serror": _ECC,
    r"no\skernel\simage\sis\savailable": _NO_CODE,
    r"invalid\sdevice\sfunction": _NO_CODE,  # how ROCm says it
    r"busy\sor\sunavailable": "another process has the GPU for itself (exclusive mode): wait for it, or use "
    "another GPU or --device cpu",
    r"driver\sversion\sis\sinsufficient": _TOO_OLD,
    r"driver\son\syour\ssystem\sis\stoo\sold": _TOO_OLD,
    r"found\sno\snvidia\sdriver": "this machine has no driver for a GPU",
    r"unspecified\slaunch\sfailure": _FAILED,
    r"illegal\smemory\saccess": _FAILED,
    r"fallen\soff\sthe\sbus": _LOST,
    r"gpu\sis\slost": _LOST,
}


def in_words(error: BaseException) -> str | None:
    """An error of CUDA in one sentence; None if it is another error, or not one that people meet."""
    text = str(error)
    return next((words for part, words in _ERRORS.items() if re.search(part, text, re.IGNORECASE)), None)


def who_holds(
    error: BaseException,
    find: Callable[[], dict[str, list[Occupant]] | None] = find_occupants,
) -> str | None:
    """Which processes hold the memory of a GPU that has too little, in one sentence; None if that is unknown.

    Args:
        error: PyTorch's, whose text names the GPU.
        find: asks the driver.
    """
    named = _GPU.search(str(error))
    if in_words(error) != _NO_MEMORY or named is None:
        return None
    import torch

    try:
        uuid = str(getattr(torch.cuda.get_device_properties(int(named[1])), "uuid", ""))
    except Exception:  # the GPU may be lost
        return None
    occupants = (find() or {}).get(uuid.removeprefix(PREFIX))
    if not occupants:
        return None
    return (
        f"the GPU has too little free memory: {listed(occupants)} hold it; resume the run when enough is free"
    )


def ends_process(sentence: str) -> bool:
    """Whether no further run can train in a process after this trouble; another process may work."""
    return sentence in (_ECC, _FAILED, _LOST)


def why_none() -> str:
    """Why PyTorch sees no GPU, as a clause. It asks the driver, which may take some seconds."""
    import torch

    on_rocm = torch.version.hip is not None
    if torch.version.cuda is None and not on_rocm:
        return "this PyTorch was built for the CPU only"
    hip = "HIP_VISIBLE_DEVICES"
    name = hip if on_rocm and hip in os.environ else "CUDA_VISIBLE_DEVICES"
    visible = os.environ.get(name)
    if visible is not None and visible.strip() in _HIDDEN:
        return f"{name} hides all GPUs"
    try:
        torch.cuda.init()  # type: ignore[no-untyped-call]
    except Exception as error:
        if (found := in_words(error)) is not None:
            return found
        if visible is None:
            return "PyTorch sees no CUDA GPU here"
    if visible is not None:
        return f"{name}={visible} is none of this machine's GPUs (`nvidia-smi -L` lists them)"
    return "PyTorch sees no CUDA GPU here"
