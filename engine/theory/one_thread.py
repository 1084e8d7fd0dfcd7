"""Loading torch in the thread of a page that measures while runs train."""

from engine.devices import preload_torch


def load_torch() -> None:
    """Import torch, and limit the calling thread to one torch thread.

    Torch sets its number of threads per program thread, and starts with one for each core. If the cores are
    training already, all these threads wait for each other, and both page and run become many times slower.
    """
    preload_torch()
    import torch

    torch.set_num_threads(1)
