"""A round: one step of each active run, in parallel if there are free cores and it is faster."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.runtime.live_run import LiveRun

_TRIALS = 5  # rounds of each kind, alternately
_HOLDS = 1000  # rounds until both are tried again, because the load of the machine may have changed


class Rounds:
    """Advances runs by one step each, in a small thread pool, and waits for all of them in each round.

    The results do not depend on the thread that takes a step: every run has one torch thread, as it would
    have alone, and its events are delivered in the caller's thread, in the order of the runs. The pool is
    used only while its rounds are measured to be faster than steps in sequence. On a GPU or a busy machine
    they may be slower.

    Args:
        workers: how many steps may run at the same time.
        clock: returns seconds.
    """

    def __init__(self, workers: int = 1, clock: Callable[[], float] = perf_counter) -> None:
        self._pool = ThreadPoolExecutor(workers, "round", _use_one_thread) if workers > 1 else None
        self._clock = clock
        self._choices: defaultdict[int, _Choice] = defaultdict(_Choice)  # by the number of runs

    def advance(self, runs: "Sequence[LiveRun]") -> None:
        """Take one step of each run, then deliver the events of each."""
        if self._pool is None or len(runs) < 2:
            for run in runs:
                run.step()
        else:
            self._advance_by_choice(self._pool, runs)
        for run in runs:
            run.flush()

    def close(self) -> None:
        """End the pool's threads."""
        if self._pool is not None:
            self._pool.shutdown()

    def _advance_by_choice(self, pool: ThreadPoolExecutor, runs: "Sequence[LiveRun]") -> None:
        choice = self._choices[len(runs)]
        began = self._clock()
        if choice.side_by_side:
            list(pool.map(lambda run: run.step(), runs))
        else:
            for run in runs:
                run.step()
        choice.took(self._clock() - began)


class _Choice:
    """Whether rounds run in parallel. Both ways are tried alternately, then the faster one is used."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self.side_by_side = True
        self._round = 0
        self._seconds: dict[bool, list[float]] = {True: [], False: []}

    def took(self, seconds: float) -> None:
        """Record the seconds of a round, which ran as `side_by_side` says. This may change `side_by_side`."""
        self._round += 1
        if self._round > 2 * _TRIALS:
            if self._round == _HOLDS:
                self._begin()
            return
        self._seconds[self.side_by_side].append(seconds)
        self.side_by_side = not self.side_by_side
        if self._round == 2 * _TRIALS:
            beside, in_turn = (sorted(self._seconds[way])[_TRIALS // 2] for way in (True, False))
            self.side_by_side = beside < in_turn


def _use_one_thread() -> None:
    import torch

    torch.set_num_threads(1)
