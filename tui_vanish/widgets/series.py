"""The colours of a chart's lines, wherever something stands for a line."""

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
    """The rules by which a widget of that name has these colours."""
    rules = (
        f"& > .canvas--{series_role(number)} {{ color: {each}; }}" for number, each in enumerate(_COLOURS)
    )
    return f"{widget} {{ {' '.join(rules)} }}"
