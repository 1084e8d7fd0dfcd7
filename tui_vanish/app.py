"""The app: its life cycle, its themes, the terminal around it, and what its keys do on every screen."""

import gc
import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.app import App
from textual.filter import LineFilter

from engine.runtime.state import EngineSnapshot
from tui_vanish import terminal
from tui_vanish.actions import bindings
from tui_vanish.chrome.announcements import Announcements
from tui_vanish.lab.screen import LabScreen
from tui_vanish.navigation import Navigation
from tui_vanish.poller import Poller
from tui_vanish.session.engine import EngineLike
from tui_vanish.session.session import Session
from tui_vanish.shutdown import Shutdown
from tui_vanish.suspension import Suspension
from tui_vanish.themes import DARK, THEMES, first_theme, next_theme
from tui_vanish.widgets.ascii_filter import AsciiOnly

if TYPE_CHECKING:
    from textual.command import Provider

DEFAULT_REFRESH = 2.0


def _commands() -> "type[Provider]":
    from tui_vanish.palette import Commands

    return Commands


class VanishApp(App[int]):
    """The laboratory. `run` returns the exit code.

    Args:
        engine: not yet started; the app starts it, and closes it in the end.
        seed: of the runs that are started here.
        refresh: how often a second the screen follows the engine.
        ascii: draw without braille and box characters.
        mouse: whether to report the mouse, until a key switches it.
        user_dir: the user's own scenario files.
        memory: where layout and options are remembered; None for nowhere.
    """

    TITLE = "vanish-tui"
    CSS_PATH = ["app.tcss", "lab/lab.tcss"]  # noqa: RUF012
    BINDINGS = bindings("app")
    COMMANDS = {_commands}  # noqa: RUF012

    def __init__(
        self,
        engine: EngineLike,
        *,
        seed: int = 42,
        refresh: float = DEFAULT_REFRESH,
        ascii: bool = False,
        mouse: bool = True,
        user_dir: Path | None = None,
        memory: Path | None = None,
    ) -> None:
        # NO_COLOR alone would still leave greys: Textual mixes its colours before it takes them away.
        plain = "NO_COLOR" in os.environ
        super().__init__(ansi_color=True if plain else None)
        self.session = Session(engine, seed=seed, user_dir=user_dir, memory=memory)
        self.poller = Poller(self, engine, self.show, refresh)
        self.navigation = Navigation(self, self.session, self.poller)
        self._announcements = Announcements(self, self._set_title)
        self.session.client.notify = self._announcements.notify
        self.session.catalogue.on_read = self.poller.show_again
        self.set_class(ascii, "-ascii", update=False)  # which widgets draw by
        self.animation_level = "none"
        self._ascii_filter = AsciiOnly()
        self._mouse_on = mouse
        self._window_title = terminal.Title()
        self._suspension = Suspension(self.session)
        self._ending = Shutdown(self, self.session, stop_showing=self.poller.stop)
        for theme in THEMES.values():
            self.register_theme(theme)
        self._begin_with(first_theme(self.session.preferences.theme, plain=plain))

    def _begin_with(self, theme: str) -> None:
        """Have a theme from the start."""
        if theme == DARK.name:
            # Textual starts dark, too: nothing has to be styled anew, for which the first frame would wait.
            self.set_reactive(App.theme, theme)
            self.stylesheet.set_variables(self.get_css_variables())
        else:
            self.theme = theme

    # ------------------------------------------------------------------------------- life cycle

    def run(self, **options: Any) -> int:
        """Run the app until it is left; see App.run for the options.

        Returns:
            The exit code: 0, by a signal 128 and its number, 1 if the app itself failed.
        """
        try:
            code = super().run(**{"mouse": self._mouse_on, **options})
        finally:
            self.session.engine.close()
            self._ending.listen_no_more()
        return self.return_code or 0 if code is None else code

    def get_default_screen(self) -> LabScreen:
        """The lab."""
        return self.navigation.lab()

    def on_mount(self) -> None:
        """Follow the engine, and listen to signals."""
        self.call_after_refresh(self._start_engine)
        self.poller.start()
        self.session.client.on_order = self.poller.expect
        self.app_resume_signal.subscribe(self, lambda _: self._resume_suspended())
        if not self.is_headless:
            self._ending.listen()

    def _start_engine(self) -> None:
        """Now that the first frame stands: its threads would have taken time from it."""
        gc.enable()
        self.session.engine.start()

    @property
    def left_running(self) -> list[str]:
        """The runs that went on in another process when the app was left."""
        return self._ending.left

    @property
    def suspended(self) -> tuple[str, ...]:
        """The runs that are paused while the app is suspended."""
        return self._suspension.runs

    def _set_title(self, text: str) -> None:
        if self._driver is not None and not self.is_headless:
            self._window_title.set(self._driver, text)

    def restore_title(self) -> None:
        """Give the window the title that it had before."""
        if self._driver is not None and not self.is_headless:
            self._window_title.restore(self._driver)

    def restore_terminal(self) -> None:
        """Put the terminal back as it was, for an end without the usual farewell."""
        if self._driver is not None:
            self._driver.stop_application_mode()
            self._driver.close()

    def restore_terminal_by_force(self, number: signal.Signals) -> None:
        """Put the terminal back although it takes nothing; see terminal.put_back."""
        if self._driver is not None:
            terminal.put_back(self._driver, self._window_title, number)

    def panic(self, *renderables: Any) -> None:
        """Leave after an error of the app itself; reading from a lost terminal is none."""
        if not self._ending.is_forced():
            super().panic(*renderables)

    # --------------------------------------------------------------------------------- snapshots

    def show(self, snapshot: EngineSnapshot) -> None:
        """Bring the screen up to date, and say once what a person should hear of."""
        before, self.session.client.snapshot = self.session.snapshot, snapshot
        self.navigation.show_news()
        self._announcements.announce(before, snapshot)

    # ----------------------------------------------------------------------------------- actions

    def action_help(self) -> None:
        """Show the help page."""
        self.navigation.open_help()

    def action_glossary(self) -> None:
        """Show what the words and signs on the screen mean."""
        self.navigation.open_glossary()

    def action_theory(self, page_id: str = "") -> None:
        """Open the theory: that page, else that of the scenario at hand, else the last one, else the list."""
        self.navigation.open_theory(page_id)

    def action_runs(self) -> None:
        """Show every saved run, or go back from there."""
        self.navigation.toggle_runs()

    def action_command_palette(self) -> None:
        """Show the palette."""
        self.navigation.open_palette()

    def action_theme(self) -> None:
        """Change to the next theme."""
        if self.no_color:
            self.notify("NO_COLOR is set: there are no colours to change.", timeout=3)
            return
        words, theme = next_theme(self.theme)
        self.theme = theme.name
        self.session.prefer(theme=theme.name)
        self.notify(f"Theme: {words}", timeout=3)

    def action_redraw(self) -> None:
        """Send the whole screen again, whatever the terminal shows."""
        self.refresh(layout=True)
        self.screen.refresh(layout=True)

    def action_mouse(self) -> None:
        """Switch the mouse on or off."""
        self._mouse_on = not self._mouse_on
        if self._driver is not None and not self.is_headless:
            terminal.set_mouse(self._driver, self._mouse_on)
        state = "on" if self._mouse_on else "off: the terminal selects text"
        self.notify(f"The mouse is {state}.", timeout=3)

    async def action_suspend(self) -> None:
        """Pause what trains, and give the terminal back until the process is continued."""
        await self._suspension.begin()
        self.poller.poll()
        self.action_suspend_process()

    def _resume_suspended(self) -> None:
        if self._suspension.end():
            self.notify("Training was paused while the app was suspended; it goes on.", timeout=5)
        self.action_redraw()

    async def action_quit(self) -> None:
        """Leave; ask first if that would stop a run."""
        self.navigation.leave(lambda running: self._ending.leave(running=running))

    def action_leave(self) -> None:
        """Leave at once; all runs are saved."""
        self._ending.leave(at_once=True)

    # ----------------------------------------------------------------------------------- drawing

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """The colours of our own, for a theme of somebody else's."""
        own = ("line", "quiet", *(f"heat-{number}" for number in range(1, 6)))
        return dict.fromkeys(own, "ansi_default")

    def get_line_filters(self) -> Sequence[LineFilter]:
        """With ASCII only, nothing else leaves the app, whatever a widget draws."""
        filters = super().get_line_filters()
        return [*filters, self._ascii_filter] if self.has_class("-ascii") else filters
