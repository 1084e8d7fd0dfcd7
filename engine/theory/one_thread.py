"""Torch in the thread of a page that measures, while runs train beside it."""

from engine.devices import preload_torch


def load_torch() -> None:
    """Load torch, and keep the calling thread to one torch thread.

    Torch counts its threads for each thread of the program anew, and begins with all cores. On cores that
    train already they wait for one another, and make page and run many times slower.
    """
    preload_torch()
    import torch

    torch.set_num_threads(1)
