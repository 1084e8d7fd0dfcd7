"""The columns of a place in a ranking."""

from engine.tracking.ranking import Last, Place, Ranking
from tui_vanish.drawing import format


def point(ranking: Ranking) -> str:
    """The epoch, or the seconds, at which all are compared."""
    if not ranking.at:
        return "no epoch yet"
    return (
        f"epoch {format.count(round(ranking.at))}"
        if ranking.axis == "epochs"
        else format.duration(ranking.at)
    )


def ranked(ranking: Ranking) -> str:
    """Whom the ranking compares: `all`, or how many if some ended before its point."""
    left = sum(place.number is not None for place in ranking.places)
    return "all" if left == len(ranking.places) else f"{left} of {len(ranking.places)}"


def ending(place: Place, ranking: Ranking) -> str:
    """How an entrant ended early, with its rank where it ended if it is not in the ranking."""
    if place.last is None or not place.ended:
        return place.ended
    last = place.last
    where = (
        f"after epoch {format.count(round(last.at))}"
        if ranking.axis == "epochs"
        else f"after {format.duration(last.at)}"
    )
    return f"{place.ended} {where}, {rank_there(last)}"


def missing(place: Place, ranking: Ranking) -> str:
    """Why a run that did not end early is not in the ranking; empty if it is."""
    if place.number is not None or place.ended:
        return ""
    if not ranking.at:
        return "no epoch finished yet"
    return (
        f"no epoch finished by {point(ranking)}"
        if ranking.axis == "seconds"
        else f"no result of {point(ranking)}"
    )


def rank_there(last: Last) -> str:
    """The rank of a run where it ended: `then 2nd of 5`."""
    return f"then {_ordinal(last.number)} of {last.of}"


def _ordinal(number: int) -> str:
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
