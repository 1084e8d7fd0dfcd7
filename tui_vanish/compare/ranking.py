"""A place in a ranking, in a few cells."""

from collections.abc import Sequence

from engine.tracking.comparison import Place
from tui_vanish.drawing import format


def number(places: Sequence[Place], place: Place) -> str:
    """Which it is, with the sign of a tie where seeds alone may have decided it."""
    if place.accuracy is None:
        return format.MISSING
    return f"{'≈' if place.tied else ''}{places.index(place) + 1}"


def span(place: Place) -> str:
    """The range of its seeds' accuracies in per cent; one seed has none."""
    if place.low is None or place.high is None or place.seeds < 2:
        return format.MISSING
    return f"{100 * place.low:.1f}–{100 * place.high:.1f}"


def gap(place: Place, base: Place) -> str:
    """From the baseline's accuracy, in per cent of the images, with a sign if it is inside the range."""
    if place.accuracy is None or base.accuracy is None:
        return format.MISSING
    return f"{'≈' if place.overlaps(base) else ''}{100 * (place.accuracy - base.accuracy):+.1f}"
