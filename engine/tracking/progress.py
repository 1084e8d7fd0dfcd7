"""How far several runs are together."""

from collections.abc import Iterable

from engine.tracking.time_left import Course


def progress(runs: Iterable[Course]) -> float | None:
    """The share of a comparison that is done, from 0 to 1, in seconds of training.

    A run that has ended is done, wherever it ended. One that trains will take, for each step that is left,
    what its steps took so far on average, or will stop when its budget is over. A run without a step takes as
    long per step as the others on average.

    Returns:
        None if there are no runs, or if the last step of one that has not ended is unknown.
    """
    known = list(runs)
    if not known or any(run.ends <= 0 for run in known if not run.status.ended):
        return None
    paces = [run.time / run.step for run in known if run.step > 0 and run.time > 0]
    if not paces:
        return 1.0 if all(run.status.ended for run in known) else 0.0
    usual = sum(paces) / len(paces)
    done = whole = 0.0
    for run in known:
        done += run.time
        whole += run.time if run.status.ended else max(run.time, _seconds(run, usual))
    return done / whole if whole > 0 else 1.0


def _seconds(run: Course, usual: float) -> float:
    """How long a run will have trained when it ends."""
    pace = run.time / run.step if run.step > 0 and run.time > 0 else usual
    return min(pace * run.ends, run.budget) if run.budget else pace * run.ends
