"""Zoom and cursor of a run's charts: each function returns how they are drawn after a key."""

from dataclasses import replace

from tui_vanish.monitor.looks import SMOOTHING, ChartLooks, next_unit

STEP = 1 / 40  # of the cursor, as a part of what is visible
_DEEPEST = 1 / 1024  # of the run; a deeper zoom would show only two points


def zoomed(looks: ChartLooks, extent: float, by: int) -> ChartLooks:
    """Show half of the visible part, or twice as much, around the cursor.

    Without a cursor the right end of the visible part keeps its place.

    Args:
        looks: how the charts are drawn now.
        extent: the place of the run's newest point on the x axis.
        by: 1 zooms in, -1 out.
    """
    low, high = _in_sight(looks, extent)
    span = (high - low) * 0.5**by
    if extent <= 0 or span >= extent:
        return replace(looks, window=None)
    if span < extent * _DEEPEST:
        return looks
    middle = looks.cursor if looks.cursor is not None else high - span / 2
    low = min(max(0.0, middle - span / 2), extent - span)
    return replace(looks, window=(low, low + span))


def moved(looks: ChartLooks, extent: float, by: float) -> ChartLooks:
    """Move the cursor `by` times STEP to the right, and the view with it. It appears at the newest point."""
    if extent <= 0:
        return looks
    low, high = _in_sight(looks, extent)
    if looks.cursor is None:
        return replace(looks, cursor=min(high, extent))
    cursor = min(max(0.0, looks.cursor + by * STEP * (high - low)), extent)
    window = looks.window
    if window is not None:
        shift = min(0.0, cursor - low) + max(0.0, cursor - high)
        window = (low + shift, high + shift)
    return replace(looks, cursor=cursor, window=window)


def at_first(looks: ChartLooks) -> ChartLooks:
    """Move the cursor to the first step."""
    window = looks.window
    return replace(looks, cursor=0.0, window=None if window is None else (0.0, window[1] - window[0]))


def smoother(looks: ChartLooks) -> ChartLooks:
    """Smooth more; after the strongest smoothing, not at all."""
    return replace(looks, smoothing=(looks.smoothing + 1) % len(SMOOTHING))


def in_next_unit(looks: ChartLooks) -> ChartLooks:
    """Use the next unit on the x axis. Zoom and cursor are removed: they were places in the old unit."""
    return whole(replace(looks, unit=next_unit(looks.unit)))


def whole(looks: ChartLooks) -> ChartLooks:
    """Show the whole run, without a cursor."""
    return replace(looks, window=None, cursor=None)


def plain(looks: ChartLooks) -> ChartLooks:
    """Remove the cursor, or the zoom if there is no cursor."""
    return replace(looks, cursor=None) if looks.cursor is not None else replace(looks, window=None)


def _in_sight(looks: ChartLooks, extent: float) -> tuple[float, float]:
    return looks.window if looks.window is not None else (0.0, extent)
