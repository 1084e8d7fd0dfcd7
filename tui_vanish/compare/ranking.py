"""The columns of a place in a ranking."""

from engine.tracking.ranking import Last, Place, Ranking
from tui_vanish.drawing import format
from tui_vanish.language import current, tr
from tui_vanish.language.below import spoken


def point(ranking: Ranking) -> str:
    """The epoch, or the seconds, at which all are compared."""
    if not ranking.at:
        return tr("no epoch yet")
    return (
        tr("epoch {number}", number=format.count(round(ranking.at)))
        if ranking.axis == "epochs"
        else format.duration(ranking.at)
    )


def ranked(ranking: Ranking) -> str:
    """Whom the ranking compares: `all`, or how many if some ended before its point."""
    left = sum(place.number is not None for place in ranking.places)
    if left == len(ranking.places):
        return tr("all")
    return tr("{some} of {all}", some=left, all=len(ranking.places))


def ending(place: Place, ranking: Ranking) -> str:
    """How an entrant ended early, with its rank where it ended if it is not in the ranking."""
    if place.last is None or not place.ended:
        return spoken(place.ended)
    last = place.last
    if ranking.axis == "epochs":
        at = tr("epoch {number}", number=format.count(round(last.at)))
    else:
        at = format.duration(last.at)
    ended = spoken(place.ended)
    return tr("{ended} after {at}, {rank}", ended=ended, at=at, rank=rank_there(last))


def missing(place: Place, ranking: Ranking) -> str:
    """Why a run that did not end early is not in the ranking; empty if it is."""
    if place.number is not None or place.ended:
        return ""
    if not ranking.at:
        return tr("no epoch finished yet")
    return (
        tr("no epoch finished by {time}", time=point(ranking))
        if ranking.axis == "seconds"
        else tr("no result of {epoch}", epoch=point(ranking))
    )


def rank_there(last: Last) -> str:
    """The rank of a run where it ended: `then 2nd of 5`."""
    return tr("then {rank} of {all}", rank=_ordinal(last.number), all=last.of)


def _ordinal(number: int) -> str:
    if current() != "en":
        return str(number)
    suffix = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if number % 100 in (11, 12, 13) else suffix}"


def number(place: Place) -> str:
    """The number of the place, with ≈ if the order may be due to the seeds alone."""
    return format.MISSING if place.number is None else f"{'≈' if place.tied else ''}{place.number}"


def span(place: Place) -> str:
    """The range of the accuracies of its seeds in %; one seed has no range."""
    if place.low is None or place.high is None or place.seeds < 2:
        return format.MISSING
    return f"{100 * place.low:.1f}–{100 * place.high:.1f}"


def gap(place: Place, base: Place) -> str:
    """The difference to the baseline's accuracy in points of %, with ≈ if their ranges overlap."""
    if place.accuracy is None or base.accuracy is None:
        return format.MISSING
    return f"{'≈' if place.overlaps(base) else ''}{100 * (place.accuracy - base.accuracy):+.1f}"
