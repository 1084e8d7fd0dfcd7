"""A screen that follows the engine."""

from typing import TYPE_CHECKING, TypeVar, cast

from textual.screen import Screen

from tui_vanish.narrow_updates import NarrowCompositor

if TYPE_CHECKING:
    from tui_vanish.app import VanishApp

T = TypeVar("T")


class FollowingScreen(Screen[T]):
    """Base of the screens that show runs: the app calls `show` whenever there is something new."""

    def __init__(self) -> None:
        super().__init__()
        self._compositor = NarrowCompositor()

    @property
    def vanish(self) -> "VanishApp":
        """The app, as what it is."""
        return cast("VanishApp", self.app)

    @property
    def help_text(self) -> str:
        """What the help page says first, about what has the keyboard."""
        return ""

    def show(self) -> None:
        """Bring everything up to date with the app's snapshot."""
        raise NotImplementedError
