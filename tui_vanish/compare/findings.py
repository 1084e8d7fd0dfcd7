"""What is said of a compared run besides its numbers: how it ended, and its verdicts."""

from engine.tracking.ranking import BROKEN, OUT, Entrant, Place, left_early
from tui_vanish.compare import ranking
from tui_vanish.drawing import format
from tui_vanish.drawing.text import Piece, Row, cut, row_width
from tui_vanish.language import tr
from tui_vanish.language.below import spoken
from tui_vanish.monitor import verdicts
from vanish_recorder.protocol.status import Status

_SEPARATOR = " · "


def findings(entrant: Entrant, place: Place, width: int, missing: str = "") -> Row:
    """How a run ended early, and its verdicts by name, as many as there is room for.

    Args:
        entrant: the run, or the runs with other seeds.
        place: its place by epochs.
        width: of the row, in cells.
        missing: why it has no rank by seconds; left out if there is no room for a verdict beside it.
    """
    ending = _ending(entrant, short=False)
    then = f", {ranking.rank_there(place.last)}" if place.last is not None else ""
    if not ending:
        found = _verdicts(entrant, width - len(missing) - len(_SEPARATOR), whole=True) if missing else ()
        said = Piece(missing, "dim"), Piece(_SEPARATOR, "dim")
        if found or not missing or entrant.furthest.verdicts:
            return (*said, *found) if found else _verdicts(entrant, width)
        return (Piece(cut(missing, width), "dim"),)
    out = next(run for run in (*filter(left_early, entrant.runs), *entrant.runs) if run.status in OUT)
    role = "bad" if out.status in BROKEN else "dim" if out.is_out_of_budget else "warn"
    # The reason of a failure is more important than a verdict.
    short = ending if out.status is Status.FAILED else _ending(entrant, short=True)
    for words in dict.fromkeys((ending + then, ending, short)):
        found = _verdicts(entrant, width - len(words) - len(_SEPARATOR), whole=True)
        if found:
            return (Piece(words, role), Piece(_SEPARATOR, "dim"), *found)
    fitting = (each for each in (ending + then, ending, short) if len(each) <= width)
    return (Piece(next(fitting, cut(ending, width)), role),)


def _verdicts(entrant: Entrant, width: int, *, whole: bool = False) -> Row:
    """The verdicts by name, the most severe first; with `whole`, none if the first one must be cut."""
    found: list[Piece] = []
    for verdict in verdicts.most_severe_first(entrant.furthest.verdicts):
        since = " " + tr("since step {step}", step=format.count(verdict.since_step)) if not found else ""
        role = verdicts.kind_name(verdict).role
        name = Piece((", " if found else "") + verdict.kind.replace("_", " "), role)
        for piece in (Piece(name.text + since, name.role), name):
            if row_width((*found, piece)) <= width:
                found.append(piece)
                break
        else:
            return tuple(found) or (() if whole else (Piece(cut(name.text, width), name.role),))
    return tuple(found)


def _ending(entrant: Entrant, *, short: bool) -> str:
    """How the first of the runs that ended early ended; empty if none did."""
    out = [run for run in entrant.runs if left_early(run)]
    out = out or [run for run in entrant.runs if run.is_out_of_budget]
    if not out:
        return ""
    several = len(entrant.runs) > 1
    some = tr("{some} of {all}", some=len(out), all=len(entrant.runs)) + " " if several else ""
    run, end = out[0], out[0].finished
    if run.status is Status.FAILED and end is not None and end.error and not short:
        return some + tr("failed: {error}", error=spoken(end.error))
    word = tr("out of budget") if run.is_out_of_budget else spoken(str(run.status))
    if short:
        return f"{some}{word}"
    if run.status is Status.STOPPED and run.watched is not None:
        return some + tr("{ended} after step {step}", ended=word, step=format.count(run.step))
    if run.status is Status.STOPPED:
        epochs = run.results[-1].epoch if run.results else 0
        if not epochs:
            return some + tr("{ended} in its first epoch", ended=word)
        return some + tr("{ended} after epoch {epoch}", ended=word, epoch=format.count(epochs))
    step = end.first_bad_step if end is not None else None
    at = format.count(run.step if step is None else step)
    return some + tr("{ended} at step {step}", ended=spoken(str(run.status)), step=at)
