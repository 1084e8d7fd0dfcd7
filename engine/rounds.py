"""A round: one step of each active run, side by side where cores are spare."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from engine.liverun import LiveRun


class Rounds:
    """Takes runs forward a step each, in a small thread pool with a barrier at the end of each round.

    Which thread takes a step changes no bit of it: every run has as many torch threads as it would have
    alone, and its events are told in the caller's thread, in the order of the runs.

    Args:
        workers: how many steps may run side by side.
        threads: torch threads of each.
    """

    def __init__(self, workers: int, threads: int) -> None:
        self._threads = threads
        self._pool = ThreadPoolExecutor(workers, "round", self._prepare) if workers > 1 else None

    def advance(self, runs: Sequence[LiveRun]) -> None:
        """One step of each run, then what each has to tell."""
        if self._pool is None or len(runs) < 2:
            for run in runs:
                run.step()
        else:
            list(self._pool.map(LiveRun.step, runs))
        for run in runs:
            run.deliver()

    def close(self) -> None:
        """End the pool's threads."""
        if self._pool is not None:
            self._pool.shutdown()

    def _prepare(self) -> None:
        import torch

        torch.set_num_threads(self._threads)
