"""The last words of the app: whether its runs continue in another process."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from scenarios.problems import printable
from tui_vanish.jobs.telling import tell

if TYPE_CHECKING:
    from tui_vanish.jobs.background import Successor

_PATIENCE_SECONDS = 120.0  # importing torch from a network file system takes long


def say_farewell(runs: Sequence[str], successor: "Successor | None", problem: str, failure: str = "") -> bool:
    """Wait until another process holds the runs, and print whether it does.

    ctrl+c ends the wait, not the other process.

    Args:
        runs: their names; empty if none is left to another process.
        successor: the process that was started to continue them; None if none could be started.
        problem: why it could not be started.
        failure: the error that ended the app, in a sentence. One message then says everything.

    Returns:
        Whether no run is lost to the other process.
    """
    if successor is not None:
        what = printable(runs[0]) if len(runs) == 1 else f"{len(runs)} runs"
        print(f"Handing {what} over to process {successor.pid}…", file=sys.stderr, flush=True)
    done, lost = _what_became_of(runs, successor, problem)
    if failure:
        tell(" ".join(text for text in (failure, done, lost) if text))
        return not lost
    if done:
        print(done)
    if lost:
        tell(lost)
    return not lost


def _what_became_of(runs: Sequence[str], successor: "Successor | None", problem: str) -> tuple[str, str]:
    """What continues, and what does not, in a sentence each; empty if there is no such run."""
    held: tuple[str, ...] = ()
    problems = [problem] if problem else []
    if successor is not None:
        try:
            outcome = successor.wait(_PATIENCE_SECONDS)
        except KeyboardInterrupt:
            outcome = None
        if outcome is None or not outcome.is_complete:
            text = f"Process {successor.pid} is still starting; vanish-tui runs shows when it has the runs."
            return text, ""
        held, problems = outcome.runs, [*problems, *outcome.problems]
    done = ""
    if len(held) == 1:
        done = f"{printable(held[0])} continues in the background; vanish-tui shows it again."
    elif held:
        done = f"{len(held)} runs continue in the background; vanish-tui shows them again."
    missing = [printable(run) for run in runs if run not in held]
    if not missing:
        return done, ""
    does = "does" if len(missing) == 1 else "do"
    reason = "; ".join(problems).rstrip(".") or "the other process has not started it"
    return done, (
        f"{', '.join(missing)} {does} not continue in the background: {printable(reason)}."
        f" Its progress is saved; to continue: vanish-tui run --resume {' '.join(missing)}"
    )
