"""What the app's screens have in common: the smallest size, and for most of them a session to show."""

from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual import events
from textual.geometry import Size
from textual.screen import Screen
from textual.widgets import Input

from tui_vanish.actions import LINE_OPENERS, Target
from tui_vanish.chrome.compositor import use_narrow_updates

if TYPE_CHECKING:
    from collections.abc import Collection

    from rich.console import RenderableType

    from tui_vanish.chrome.host import Host
    from tui_vanish.session.session import Session

SMALLEST = Size(80, 24)

T = TypeVar("T")


class SizedScreen(Screen[T]):
    """Base of the screens that need a terminal of 80×24; a smaller one only says so.

    TARGET is the screen's name in the table of actions; None of one that has none there. LEAVE is the action
    that leaves the screen: in a terminal that is too small it is the only one that does anything.
    """

    TARGET: ClassVar[Target | None] = None
    LEAVE: ClassVar[str] = ""
    # The children are hidden by their visibility, because most of them set their `display` themselves.
    DEFAULT_CSS = """
    SizedScreen.-too-small {
        content-align: center middle;
        overflow: hidden;

        & > * {
            visibility: hidden;
        }
    }
    """

    def on_resize(self, event: events.Resize) -> None:
        """Lay everything out for the new size."""
        self.lay_out()

    def on_screen_resume(self) -> None:
        """Catch up with what happened while another screen hid this one."""
        if self.is_mounted:
            self.lay_out()

    def lay_out(self) -> None:
        """Say so if the terminal is too small, then bring everything up to date.

        Textual's HORIZONTAL_BREAKPOINTS and VERTICAL_BREAKPOINTS could set the class. They do so after
        `on_resize`, so `show` would give the keyboard to a pane that is still hidden, and they set a second
        class in every larger terminal, which styles the whole screen again before the first frame.
        """
        size = self.app.size
        self.set_class(size.width < SMALLEST.width or size.height < SMALLEST.height, "-too-small")
        self.show()

    def show(self) -> None:
        """Bring everything up to date."""

    def render(self) -> "RenderableType":
        """The background, and in a terminal that is too small what is needed."""
        if not self.has_class("-too-small"):
            return super().render()
        need, have = (f"{size.width}×{size.height}" for size in (SMALLEST, self.app.size))
        return f"vanish-tui needs {need}; this is {have}"

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether a key of the screen does anything now: what isn't shown can't be changed."""
        return not self.has_class("-too-small") or action == self.LEAVE


class LiveScreen(SizedScreen[T]):
    """Base of the screens that show a session: while one is seen, its `show` is called when there is news.

    Args:
        session: what is shown, and changed.
        host: opens other screens.
    """

    def __init__(self, session: "Session", host: "Host") -> None:
        super().__init__()
        self.session, self.host = session, host
        use_narrow_updates(self)

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

        The key that opens a line is a letter like any other while something is being typed.
        """
        typing = action in LINE_OPENERS and isinstance(self.focused, Input)
        return not typing and super().check_action(action, parameters)
