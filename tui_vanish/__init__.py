"""Screens, widgets and the command line; and `watch`, which records any PyTorch model.

Importing this package loads neither torch nor Textual.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vanish_recorder import watch as watch


def __getattr__(name: str) -> Any:
    if name == "watch":
        from vanish_recorder import watch

        return watch
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
