"""The colours of a chart's lines, for every widget that shows or names a line."""

from tui_vanish.drawing.chart import SERIES_ROLES, series_role

_COLOURS = (
    "$primary",
    "$text-warning",
    "$text-success",
    "$text-error",
    "$foreground 60%",
    "$foreground",
    "$secondary",
)

CLASSES = frozenset(f"canvas--{series_role(number)}" for number in range(SERIES_ROLES))


def css(widget: str) -> str:
    """The CSS rules that give these colours to the widget class `widget`."""
    rules = (
        f"& > .canvas--{series_role(number)} {{ color: {each}; }}" for number, each in enumerate(_COLOURS)
    )
    return f"{widget} {{ {' '.join(rules)} }}"
