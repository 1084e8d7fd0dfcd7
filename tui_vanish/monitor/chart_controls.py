"""Zoom and cursor on a run's charts: from how they are looked at to how they are looked at next."""

from dataclasses import replace

from tui_vanish.monitor.looks import SMOOTHING, ChartLooks, next_unit

_STEPS = 40  # of the cursor across what is in sight
_DEEPEST = 1 / 1024  # of the run: a zoom any deeper shows two points


def zoomed(looks: ChartLooks, extent: float, by: int) -> ChartLooks:
    """Half of what is in sight around the cursor, or twice as much.

    Without a cursor the end of what is in sight stays where it is.

    Args:
        looks: the present ones.
        extent: where the run's newest point stands.
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


def moved(looks: ChartLooks, extent: float, by: int) -> ChartLooks:
    """The cursor `by` steps to the right; what is in sight follows it. It appears at the newest point."""
    if extent <= 0:
        return looks
    low, high = _in_sight(looks, extent)
    if looks.cursor is None:
        return replace(looks, cursor=min(high, extent))
    cursor = min(max(0.0, looks.cursor + by * (high - low) / _STEPS), extent)
    window = looks.window
    if window is not None:
        shift = min(0.0, cursor - low) + max(0.0, cursor - high)
        window = (low + shift, high + shift)
    return replace(looks, cursor=cursor, window=window)


def smoother(looks: ChartLooks) -> ChartLooks:
    """Smoothed more, and after the most not at all."""
    return replace(looks, smoothing=(looks.smoothing + 1) % len(SMOOTHING))


def in_next_unit(looks: ChartLooks) -> ChartLooks:
    """The x axis in its next unit; what was in sight and the cursor were places in the old one."""
    return whole(replace(looks, unit=next_unit(looks.unit)))


def whole(looks: ChartLooks) -> ChartLooks:
    """All of the run in sight, and no cursor."""
    return replace(looks, window=None, cursor=None)


def plain(looks: ChartLooks) -> ChartLooks:
    """Without the cursor; if there is none, without the zoom."""
    return replace(looks, cursor=None) if looks.cursor is not None else replace(looks, window=None)


def _in_sight(looks: ChartLooks, extent: float) -> tuple[float, float]:
    return looks.window if looks.window is not None else (0.0, extent)
