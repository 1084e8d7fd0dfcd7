"""A look at the past of a run: the step, the run as it was then, and what the screen says about it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_vanish.drawing import format
from tui_vanish.drawing.text import Piece, Row, row_width
from tui_vanish.language import tr
from tui_vanish.language.below import spoken

if TYPE_CHECKING:
    from engine.tracking.snapshot import Snapshot
    from tui_vanish.session.past import PastRuns

NOW_KEY = "end"


@dataclass(frozen=True, slots=True)
class Visit:
    """What a screen shows of the past.

    Attributes:
        step: that is shown.
        last: the latest step of the run.
        then: the run as it was; None while its log is read, and if there is none.
        reading: how far the log has been read, in a few words; empty if it is not being read.
        problem: why there is no past; empty if there is one.
    """

    step: int
    last: int
    then: "Snapshot | None" = None
    reading: str = ""
    problem: str = ""


def visit(past: "PastRuns", run: "Snapshot", step: int) -> Visit:
    """Look at a run at a step.

    Args:
        past: has the runs as they were.
        run: as it is now.
        step: from 1 on.
    """
    then = past.at(run, step)
    return Visit(step, run.step, then, past.reading(run.run), past.problem(run.run))


def visit_words(where: Visit, width: int, speed: float | None = None) -> Row:
    """Where in the past the screen is, in at most `width` cells.

    Args:
        where: the visit.
        width: in cells; the text is shorter in a narrow place.
        speed: at which it plays; None if it does not.
    """
    step, last = format.count(where.step), format.count(where.last)
    pace = tr("playing {speed}", speed=speed_in_words(speed)) + " · " if speed is not None else ""
    here = tr("the log cannot be read") if where.problem else tr("{key} returns to now", key=NOW_KEY)
    back = spoken(where.reading) or here
    at, place = (
        tr("at step {step} of {last}", step=step, last=last),
        tr("step {step} of {last}", step=step, last=last),
    )
    now = tr("{key}: now", key=NOW_KEY)
    variants = [
        f"{pace}{at} · {back}",
        f"{at} · {back}",
        f"{pace}{place} · {now}",
        f"{place} · {now}",
        place,
    ]
    if speed is not None:  # the speed is more important than the key
        variants = [variants[0], variants[2], pace + tr("step {step}", step=step), variants[4]]
    rows: list[Row] = [(Piece(text, "accent"),) for text in variants]
    return next((row for row in rows if row_width(row) <= width), rows[-1])


def speed_in_words(speed: float) -> str:
    """`2×` or `1/4×`."""
    return f"{speed:g}×" if speed >= 1 else f"1/{1 / speed:g}×"
