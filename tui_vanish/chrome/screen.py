"""A screen that follows the engine."""

from typing import TYPE_CHECKING, ClassVar, TypeVar, cast

from textual.geometry import Size
from textual.screen import Screen
from textual.widgets import Input

from tui_vanish.actions import LINE_OPENERS, Target
from tui_vanish.chrome.compositor import NarrowCompositor

if TYPE_CHECKING:
    from collections.abc import Collection

    from tui_vanish.chrome.host import Host
    from tui_vanish.session.session import Session

SMALLEST = Size(80, 24)

T = TypeVar("T")


class LiveScreen(Screen[T]):
    """Base of the screens that show runs: while one is seen, the app calls `show` when there is news.

    TARGET is the screen's name in the table of actions; None of one that has none there.
    """

    TARGET: ClassVar[Target | None] = None

    def __init__(self) -> None:
        super().__init__()
        self._compositor = NarrowCompositor()

    @property
    def host(self) -> "Host":
        """The app, as a screen knows it."""
        return cast("Host", self.app)

    @property
    def session(self) -> "Session":
        """What is shown, and changed."""
        return self.host.session

    @property
    def scenario_id(self) -> str | None:
        """The scenario that the screen is about, whose theory `t` opens; None if it is about none."""
        return None

    @property
    def runs_in_sight(self) -> "Collection[str]":
        """The runs whose end the screen shows by itself."""
        return ()

    @property
    def help_text(self) -> str:
        """What the help page says first, about what has the keyboard."""
        return ""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether a key of the screen does anything now.

        The key that opens a line is a letter like any other while something is being typed; and what a
        terminal that is too small doesn't show can only be left.
        """
        if self.has_class("-too-small"):
            return action.startswith("leave_")
        return not (action in LINE_OPENERS and isinstance(self.focused, Input))

    def on_screen_resume(self) -> None:
        """Catch up with what happened while another screen hid this one."""
        if self.is_mounted:
            self.show()

    def show(self) -> None:
        """Bring everything up to date with the app's snapshot."""
        raise NotImplementedError
