"""The component classes of a chart's line colours, for every widget that shows or names a line."""

from tui_vanish.drawing.chart import SERIES_ROLES, series_role

CLASSES = frozenset(f"canvas--{series_role(number)}" for number in range(SERIES_ROLES))
