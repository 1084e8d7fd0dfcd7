"""The last words of the app: whether its runs continue in another process."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from scenarios.problems import printable
from tui_vanish.jobs.telling import tell

if TYPE_CHECKING:
    from tui_vanish.jobs.background import Successor

_PATIENCE_SECONDS = 120.0  # importing torch from a network file system takes long


def say_farewell(runs: Sequence[str], successor: "Successor | None", problem: str) -> bool:
    """Wait until another process holds the runs, and print whether it does.

    ctrl+c ends the wait, not the other process.

    Args:
        runs: their names.
        successor: the process that was started to continue them; None if none could be started.
        problem: why it could not be started.

    Returns:
        Whether nothing has failed.
    """
    held: tuple[str, ...] = ()
    problems = [problem] if problem else []
    if successor is not None:
        what = printable(runs[0]) if len(runs) == 1 else f"{len(runs)} runs"
        print(f"Handing {what} over to process {successor.pid}…", file=sys.stderr, flush=True)
        try:
            outcome = successor.wait(_PATIENCE_SECONDS)
        except KeyboardInterrupt:
            outcome = None
        if outcome is None or not outcome.is_complete:
            print(f"Process {successor.pid} is still starting; vanish-tui runs shows when it has the runs.")
            return True
        held, problems = outcome.runs, [*problems, *outcome.problems]
    if len(held) == 1:
        print(f"{printable(held[0])} continues in the background; vanish-tui shows it again.")
    elif held:
        print(f"{len(held)} runs continue in the background; vanish-tui shows them again.")
    lost = [printable(run) for run in runs if run not in held]
    if lost:
        does = "does" if len(lost) == 1 else "do"
        reason = "; ".join(problems).rstrip(".") or "the other process has not started it"
        tell(
            f"{', '.join(lost)} {does} not continue in the background: {printable(reason)}."
            f" Its progress is saved; to continue: vanish-tui run --resume {' '.join(lost)}"
        )
    return not lost
