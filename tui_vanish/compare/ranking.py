"""The columns of a place in a ranking."""

from engine.tracking.ranking import Place, Ranking
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
