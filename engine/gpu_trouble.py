"""What is wrong with a GPU, in sentences that say what to do; PyTorch's texts speak of its source code."""

import os
import re

_HIDDEN = ("", "-1", "NoDevFiles")
_AGAIN = "start vanish-tui again and resume the run, on another GPU or with --device cpu"
_TOO_OLD = (
    "the driver of the GPU is too old for this PyTorch: update it, or install a PyTorch for an older CUDA"
)
_NO_CODE = "this PyTorch has no code for this GPU: install a PyTorch that supports it, or use --device cpu"
_FAILED = f"the GPU failed while it computed: {_AGAIN}"
_LOST = f"the machine has lost the GPU: {_AGAIN}"
# Parts of CUDA's, ROCm's and PyTorch's texts.
_ERRORS = {
    r"cuda\sout\sof\smemory": "the GPU has too little free memory: `vanish-tui doctor` lists the processes "
    "that hold it; resume the run when there is more",
    r"uncorrectable\secc\serror": f"the memory of the GPU is damaged (ECC error): {_AGAIN}",
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
