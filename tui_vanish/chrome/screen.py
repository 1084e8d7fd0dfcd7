"""Base classes of the app's screens: one checks the terminal's size, the other also shows a session."""

from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual import events
from textual.geometry import Size
from textual.widgets import Input

from tui_vanish.actions import LINE_OPENERS, Target
from tui_vanish.chrome.compositor import use_narrow_updates
from tui_vanish.chrome.own_screen import OwnScreen
from tui_vanish.chrome.title_bar import TitleBar, title_of
from tui_vanish.language import tr

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from rich.console import RenderableType

    from tui_vanish.chrome.host import Host
    from tui_vanish.session.session import Session

SMALLEST = Size(80, 24)

T = TypeVar("T")


class SizedScreen(OwnScreen[T]):
    """Base of the screens that need a terminal of 80×24; in a smaller terminal they only show that message.

    TARGET is the screen's name in the table of actions; None if it is not there. LEAVE is the action that
    leaves the screen; in a terminal that is too small, no other action works.
    """

    TARGET: ClassVar[Target | None] = None
    LEAVE: ClassVar[str] = ""
    # The children are hidden with `visibility`, because most of them set their `display` themselves.
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
        """Catch up with the changes made while another screen hid this one."""
        if self.is_mounted:
            self.lay_out()

    def lay_out(self) -> None:
        """Check the terminal's size, then update everything.

        Textual's HORIZONTAL_BREAKPOINTS and VERTICAL_BREAKPOINTS could set the class. They do so after
        `on_resize`, so `show` would give the keyboard to a pane that is still hidden, and they set a second
        class in every larger terminal, which styles the whole screen again before the first frame.
        """
        size = self.app.size
        self.set_class(size.width < SMALLEST.width or size.height < SMALLEST.height, "-too-small")
        self.show()

    def show(self) -> None:
        """Update everything on the screen."""

    def change_language(self) -> None:
        """Show everything in the language that is now in use."""
        self.show()
        super().change_language()

    def refuse(self, text: str) -> None:
        """Say why a key does nothing at the moment. The footer offers no key that is refused."""
        self.notify(text, severity="warning", timeout=4, markup=False)

    def render(self) -> "RenderableType":
        """The background; in a terminal that is too small, the size that is needed."""
        if not self.has_class("-too-small"):
            return super().render()
        need, have = (f"{size.width}×{size.height}" for size in (SMALLEST, self.app.size))
        return tr("vanish-tui needs {need}; this is {have}", need=need, have=have)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether an action works now: nothing can be changed while it is not visible."""
        return not self.has_class("-too-small") or action == self.LEAVE


class LiveScreen(SizedScreen[T]):
    """Base of the screens that show a session. While one is visible, each new snapshot calls its `show`.

    Args:
        session: shown and changed by the screen.
        host: opens other screens.
    """

    def __init__(self, session: "Session", host: "Host") -> None:
        super().__init__()
        self.session, self.host = session, host
        use_narrow_updates(self)

    def show_title(self) -> None:
        """Show the first row, and the meters below it while they are on."""
        if self.size.area and (bars := self.query(TitleBar)):
            session, meters = self.session, self.host.meters
            title = title_of(session.snapshot, session.machine, self.seed)
            if meters is None:
                bars.first().show(title)
            else:
                bars.first().show(title, meters.reading, has_meters=meters.is_on)

    @property
    def seed(self) -> int | None:
        """The seed of the next run, for the first row; None if it says nothing about what is shown."""
        return self.session.client.seed

    @property
    def scenario_id(self) -> str | None:
        """The id of the current scenario, or None."""
        return None

    @property
    def theory_page(self) -> str | None:
        """The id of the theory page that `t` opens, about the current scenario; None if there is none."""
        from scenarios.theory import page_for  # the first frame does not need it

        return page_for(self.scenario_id) if self.scenario_id else None

    @property
    def runs_in_sight(self) -> "Collection[str]":
        """The runs whose end is visible on the screen, so that no toast is needed."""
        return ()

    @property
    def reported(self) -> "tuple[Sequence[str], Path | None]":
        """What a report of the screen is about: names of runs, or the folder of a sweep."""
        return (), None

    @property
    def help_text(self) -> str:
        """The first text of the help page, about the pane that has the focus."""
        return ""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether an action works now.

        While the user types, the key that opens a text input is an ordinary letter.
        """
        typing = action in LINE_OPENERS and isinstance(self.focused, Input)
        return not typing and super().check_action(action, parameters)
