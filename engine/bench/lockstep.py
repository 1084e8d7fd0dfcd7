"""Runs in lockstep, compared with the same runs one after another: with logs, saving and evaluation."""

import queue
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from engine.bench.deadline import Deadline
from engine.bench.spread import Spread
from engine.runtime.engine import Engine
from engine.runtime.state import Settings
from scenarios.schema import Scenario
from vanish_recorder.protocol.events import RunEvent, RunFinished, RunStarted
from vanish_recorder.protocol.status import Status


class RunFailedError(Exception):
    """A run failed while it was timed. The text is one sentence."""


@dataclass(frozen=True, slots=True)
class Lockstep:
    """Runs of one epoch in lockstep, and the same runs one after another, in seconds.

    Attributes:
        runs: the number of runs.
        side_by_side: how many of them compute their step in parallel.
    """

    runs: int
    side_by_side: int
    together: Spread
    in_turn: Spread
    over_in_turn: Spread


def measure_lockstep(
    settings: Settings, scenario: Scenario, deadline: Deadline, *, runs: int, side_by_side: int, repeats: int
) -> Lockstep:
    """Train both ways, in turn.

    Raises:
        OutOfTimeError: the deadline passed during the first repetition.
        RunFailedError: a run failed, so that nothing was measured.
    """
    settings = replace(settings, side_by_side=side_by_side)
    brief = scenario.model_copy(update={"training": scenario.training.model_copy(update={"epochs": 1})})

    def repetition() -> tuple[float, float]:
        several = [brief] * runs
        together = _time_runs(settings, several, deadline, at_once=True)
        return together, _time_runs(settings, several, deadline, at_once=False)

    together, in_turn = zip(*deadline.repeat(repetition, repeats), strict=True)
    over = Spread.of_ratios(together, in_turn)
    return Lockstep(runs, side_by_side, Spread.of(together), Spread.of(in_turn), over)


def _time_runs(
    settings: Settings, scenarios: Sequence[Scenario], deadline: Deadline, *, at_once: bool
) -> float:
    """Seconds from the start of the first run to the end of the last run.

    Args:
        settings: for the engine; the runs are saved in a temporary folder.
        scenarios: one per run.
        deadline: is looked at with every event of a run.
        at_once: train all in lockstep; otherwise each starts when the one before it has ended.
    """
    news: queue.SimpleQueue[RunEvent] = queue.SimpleQueue()
    began = 0.0
    with TemporaryDirectory(prefix="vanish-tui-bench-") as folder:
        engine = Engine(replace(settings, runs_dir=Path(folder)), on_event=news.put)
        engine.start()
        try:
            for first in range(0, len(scenarios), len(scenarios) if at_once else 1):
                group = scenarios[first:] if at_once else scenarios[first : first + 1]
                for scenario in group:
                    engine.train(scenario, seed=1)
                waiting = len(group)
                while waiting:
                    event = news.get()
                    deadline.check()
                    if isinstance(event, RunFinished) and event.status is Status.FAILED:
                        raise RunFailedError(event.error)
                    began = began or (perf_counter() if isinstance(event, RunStarted) else 0.0)
                    waiting -= isinstance(event, RunFinished)
            return perf_counter() - began
        finally:
            engine.close()
