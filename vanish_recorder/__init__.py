"""Records how a PyTorch model trains. It needs torch and the standard library only.

It is imported into other people's scripts, so it imports nothing else of this project, and no module of it
has a name that a script's own folder could hide. `watch` and `Lab` are loaded when they are first used.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vanish_recorder.lab import Lab as Lab
    from vanish_recorder.watching import watch as watch

__all__ = ["Lab", "watch"]


def __getattr__(name: str) -> Any:
    if name == "watch":
        from vanish_recorder.watching import watch

        return watch
    if name == "Lab":
        from vanish_recorder.lab import Lab

        return Lab
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
