"""Screens, widgets and the command line; `watch`, which records any PyTorch model; `show`, for notebooks.

Importing this package loads neither torch nor Textual.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tui_vanish.report.notebook import show as show
    from vanish_recorder import watch as watch


def __getattr__(name: str) -> Any:
    if name == "watch":
        from vanish_recorder import watch

        return watch
    if name == "show":
        from tui_vanish.report.notebook import show

        return show
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
