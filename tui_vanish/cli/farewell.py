"""The last words of the app: whether its runs continue in another process."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from scenarios.problems import printable
from tui_vanish.jobs.telling import say, tell
from tui_vanish.language import plural, tr
from tui_vanish.language.below import spoken

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
        what = printable(runs[0]) if len(runs) == 1 else plural("{number} run", "{number} runs", len(runs))
        say(
            tr("Handing {what} over to process {pid}…", what=what, pid=successor.pid),
            error=True,
        )
    done, lost = _what_became_of(runs, successor, problem)
    if failure:
        tell(" ".join(text for text in (failure, done, lost) if text))
        return not lost
    if done:
        say(done)
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
            text = tr(
                "Process {pid} is still starting; vanish-tui runs shows when it has the runs.",
                pid=successor.pid,
            )
            return text, ""
        held, problems = outcome.runs, [*problems, *outcome.problems]
    done = ""
    if len(held) == 1:
        done = tr("{run} continues in the background; vanish-tui shows it again.", run=printable(held[0]))
    elif held:
        done = plural(
            "{number} run continues in the background; vanish-tui shows it again.",
            "{number} runs continue in the background; vanish-tui shows them again.",
            len(held),
        )
    missing = [printable(run) for run in runs if run not in held]
    if not missing:
        return done, ""
    reason = "; ".join(problems).rstrip(".") or tr("the other process has not started it")
    return done, plural(
        "{names} does not continue in the background: {reason}."
        " Its progress is saved; to continue: vanish-tui run --resume {runs}",
        "{names} do not continue in the background: {reason}."
        " Its progress is saved; to continue: vanish-tui run --resume {runs}",
        len(missing),
        names=", ".join(missing),
        reason=spoken(printable(reason)),
        runs=" ".join(missing),
    )
