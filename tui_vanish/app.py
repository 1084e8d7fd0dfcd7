"""The app: its life cycle, its themes, its terminal, and the keys that work on every screen.

It is long because Textual calls one short method here for each event in the life of the app.
"""

import gc
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.actions import ActionParseResult
from textual.app import App
from textual.dom import DOMNode
from textual.events import Event
from textual.filter import LineFilter
from textual.notifications import SeverityLevel

from engine.runtime.state import EngineSnapshot
from tui_vanish import terminal
from tui_vanish.actions import READ_ONLY_CLASS, bindings, changes
from tui_vanish.chrome.announcements import Announcements
from tui_vanish.chrome.closed_screens import free_closed_screens
from tui_vanish.chrome.message_line import MessageLine
from tui_vanish.chrome.own_screen import OwnScreen
from tui_vanish.faults import Faults
from tui_vanish.jobs.telling import lines_of
from tui_vanish.keyboard.turns import Turns, is_input
from tui_vanish.lab.screen import LabScreen
from tui_vanish.language import tr
from tui_vanish.language.below import spoken
from tui_vanish.language.translation import next_language, use
from tui_vanish.navigation import Navigation
from tui_vanish.poller import Poller
from tui_vanish.session.catalogue import FOLLOW_SECONDS
from tui_vanish.session.engine import EngineLike
from tui_vanish.session.session import READ_ONLY, Session
from tui_vanish.shutdown import Shutdown
from tui_vanish.suspension import Suspension
from tui_vanish.themes import DARK, THEMES, first_theme, next_theme
from tui_vanish.widgets.ascii_filter import AsciiOnly
from tui_vanish.widgets.guarded import Guarded

if TYPE_CHECKING:
    from textual.driver import Driver

DEFAULT_REFRESH = 2.0


class VanishApp(Guarded, App[int]):
    """The whole program on the screen. `run` returns the exit code.

    Args:
        engine: not started yet; the app starts it, and closes it at the end.
        seed: of the runs that the app starts.
        refresh: how many times per second the screen is updated.
        ascii: draw without braille and box characters.
        mouse: whether the mouse is on at the start.
        user_dir: the folder of the user's scenario files.
        memory: the file that stores the preferences; None to store nothing.
        read_only: nothing is started, changed or deleted.
        errors: the folder for the traces of internal errors, which the app survives; None to end with the
            first one, as tests need it.
    """

    TITLE = "vanish-tui"
    CSS_PATH = ["app.tcss", "lab/lab.tcss"]  # noqa: RUF012
    BINDINGS = bindings("app")
    ENABLE_COMMAND_PALETTE = False  # Textual's; see tui_vanish.palette

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
        read_only: bool = False,
        errors: Path | None = None,
    ) -> None:
        # With NO_COLOR alone, Textual would still draw greys: it blends colours before it removes them.
        plain = "NO_COLOR" in os.environ
        super().__init__(ansi_color=True if plain else None)
        free_closed_screens()
        self.session = Session(engine, seed=seed, user_dir=user_dir, memory=memory, read_only=read_only)
        self.poller = Poller(self, engine, self.show, refresh)
        self._message_line = MessageLine(self)
        self.turns = Turns(self)
        self._faults = None if errors is None else Faults(self, errors)
        self._first: Callable[[], None] | None = None
        self.failure = ""
        self._announcements = Announcements(self, self._set_title)
        self.session.client.notify = self._announcements.notify
        self.session.catalogue.on_read = self.poller.show_again
        self.session.origins.on_read = self.poller.show_again
        self.session.past.on_read = self.poller.show_again
        self.set_class(ascii, "-ascii", update=False)  # widgets read this class when they draw
        self.set_class(read_only, READ_ONLY_CLASS, update=False)
        self.animation_level = "none"
        self._ascii_filter = AsciiOnly()
        self._mouse_on = mouse
        self._window_title = terminal.Title()
        self._suspension = Suspension(self.session)
        self.ending = Shutdown(self, self.session, stop_showing=self.poller.stop)
        self.navigation = Navigation(self, self.session, self.poller, self.ending.ignoring_interrupts)
        for theme in THEMES.values():
            self.register_theme(theme)
        self._begin_with(first_theme(self.session.preferences.theme, plain=plain))

    def _begin_with(self, theme: str) -> None:
        """Set the theme before the first frame."""
        if theme == DARK.name:
            # Textual also starts dark. Setting the theme quietly avoids styling everything again before the
            # first frame.
            self.set_reactive(App.theme, theme)
            self.stylesheet.set_variables(self.get_css_variables())
        else:
            self.theme = theme

    # ------------------------------------------------------------------------------- life cycle

    def run(self, **options: Any) -> int:
        """Run the app until the user quits; App.run describes the options.

        Returns:
            The exit code: 0, 128 plus the number of the signal that ended it, or 1 after an internal error.
        """
        if not options.get("headless"):
            self.ending.watch()
        try:
            code = super().run(**{"mouse": self._mouse_on, **options})
        except Exception as error:
            if self._faults is None:
                raise
            self._faults.report(error)
            code = self._end_after_fault()
        finally:
            self.session.engine.close()
            self.ending.hand_over()
            self.ending.stop_listening()
        return self.return_code or 0 if code is None else code

    def get_driver_class(self) -> "type[Driver]":
        """Ours for a terminal; or the one that the environment names, for example for a browser."""
        driver = super().get_driver_class()
        try:
            from tui_vanish.keyboard.driver import TerminalDriver
        except (ImportError, AttributeError):  # a version of Textual that it does not fit
            return driver
        return TerminalDriver if driver is TerminalDriver.__base__ else driver

    async def on_event(self, event: Event) -> None:
        """Act on an event; what the user does waits for its turn."""
        if not is_input(event) or self.turns.passes(event):
            await super().on_event(event)

    def post_display_hook(self) -> None:
        """Textual has drawn, or has not because frames are held back."""
        self.turns.lose_frame()

    def get_default_screen(self) -> LabScreen:
        """The lab is the first screen."""
        return self.navigation.lab()

    def on_mount(self) -> None:
        """Start to poll the engine and to watch for signals."""
        self.call_after_refresh(self._start_engine)
        self._message_line.listen()
        self.poller.start()
        self.set_interval(FOLLOW_SECONDS, self.session.catalogue.follow)
        self.session.client.on_order = self.poller.expect
        self.app_resume_signal.subscribe(self, lambda _: self._resume_suspended())
        if self._faults is not None:
            self._faults.watch_tasks()
        if not self.is_headless:
            self.ending.listen()

    def _start_engine(self) -> None:
        """Start the engine after the first frame, so that its threads do not delay that frame."""
        gc.enable()
        self.session.engine.start()
        if self._first is not None:
            self._first()

    def call_after_start(self, first: Callable[[], None]) -> None:
        """Call this once, when the first frame was drawn and the engine has started."""
        self._first = first

    @property
    def suspended(self) -> tuple[str, ...]:
        """The runs that are paused while the app is suspended."""
        return self._suspension.runs

    def _set_title(self, text: str) -> None:
        if self._driver is not None and not self.is_headless:
            self._window_title.set(self._driver, text)

    def restore_title(self) -> None:
        """Restore the window's title from before the start."""
        if self._driver is not None and not self.is_headless:
            self._window_title.restore(self._driver)

    def restore_terminal(self) -> None:
        """Restore the terminal when the app ends without Textual's usual shutdown."""
        if self._driver is not None:
            self._driver.stop_application_mode()
            self._driver.close()

    def restore_terminal_by_force(self, number: signal.Signals) -> None:
        """Restore the terminal even if it accepts no output or is now the shell's; see terminal.put_back."""
        if self._driver is not None:
            terminal.put_back(self._driver, self._window_title, number)

    def resume(self) -> None:
        """Take the terminal again after a suspension."""
        if self._driver is not None:
            terminal.resume(self._driver)

    def lose_input(self, error: Exception) -> None:
        """End after the terminal could not be read; if it is lost, the app is already being ended."""
        if not self.ending.is_forced():
            if self._faults is not None:
                self._faults.report(error)
            self.exit(self._end_after_fault())

    def _handle_exception(self, error: Exception) -> None:
        """Survive an internal error; if that is impossible, the runs continue in the background."""
        if self._faults is None:
            super()._handle_exception(error)
        elif not self.ending.is_forced() and not self._faults.survives(error):
            self.exit(self._end_after_fault())

    def _end_after_fault(self) -> int:
        """Leave the runs to another process, as after a hang-up; returns the exit code."""
        details = self._faults.details.rstrip(".") if self._faults is not None else ""
        where = f" ({details[0].lower()}{details[1:]})" if details else ""
        self.failure = tr("internal error, the app had to end{details}.", details=where)
        self.ending.leave_running()
        return 1

    @property
    def is_filled(self) -> bool:
        """Whether the effect of the last command is shown: `enter` and `p` together pause the new run."""
        return not self.poller.is_expecting and not self.navigation.is_opening

    def show(self, snapshot: EngineSnapshot) -> None:
        """Update the screen, and announce what is new once."""
        before, self.session.client.snapshot = self.session.snapshot, snapshot
        self.session.time_left.see((run.course for run in snapshot.runs), snapshot.owners)
        self.navigation.show_news()
        self._announcements.announce(before, snapshot)

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        """Show a message in place of the keys. It replaces Textual's toasts, which cover what is read.

        Every message of the app passes here, and is made printable here: names and errors may hold anything.
        """
        text = spoken(message)
        text = lines_of(f"{title}: {text}" if title else text)
        self._message_line.say(text, severity, self.NOTIFICATION_TIMEOUT if timeout is None else timeout)

    # ----------------------------------------------------------------------------------- actions

    async def run_action(
        self,
        action: "str | ActionParseResult",
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """Carry out an action, of a key, the footer or the palette; a read-only app refuses some."""
        if self.session.read_only and changes(action):
            self.notify(tr(READ_ONLY), severity="warning", timeout=4)
            return True
        return await super().run_action(action, default_namespace, namespaces)

    def action_help(self) -> None:
        """Show the help page."""
        self.navigation.open_help()

    def action_glossary(self) -> None:
        """Show the glossary."""
        self.navigation.open_glossary()

    def action_theory(self, page_id: str = "") -> None:
        """Open a theory page; see Navigation.open_theory for which one."""
        self.navigation.open_theory(page_id)

    def action_runs(self) -> None:
        """Show all saved runs; on that screen, go back."""
        self.navigation.toggle_runs()

    def action_map(self) -> None:
        """Show the map of the last sweep; on that screen, go back."""
        self.navigation.toggle_map()

    def action_report(self) -> None:
        """Write a report of the runs that the screen shows."""
        self.navigation.write_report()

    def action_picture(self) -> None:
        """Save the screen as a picture."""
        self.navigation.save_picture()

    def action_lecture(self) -> None:
        """Show the lecture; on that screen, go back."""
        self.navigation.toggle_lecture()

    def action_meters(self) -> None:
        """Show or hide how busy the cores, the memory and the GPUs of this machine are."""
        self.navigation.toggle_meters()

    def action_sweep(self) -> None:
        """Choose a sweep, and train it in the background."""
        self.navigation.choose_sweep()

    def action_command_palette(self) -> None:
        """Show the command palette."""
        self.navigation.open_palette()

    def action_theme(self) -> None:
        """Change to the next theme."""
        if self.no_color:
            self.notify(tr("NO_COLOR is set, so the theme cannot be changed."), timeout=3)
            return
        words, theme = next_theme(self.theme)
        self.theme = theme.name
        self.session.prefer(theme=theme.name)
        self.notify(tr("Theme: {name}", name=tr(words)), timeout=3)

    def action_language(self) -> None:
        """Change to the next language."""
        code, name = next_language()
        use(code)
        self.session.prefer(language=code)
        for screen in self.screen_stack:
            if isinstance(screen, OwnScreen):
                screen.change_language()
        self.notify(tr("Language: {name}", name=name), timeout=3)

    def action_redraw(self) -> None:
        """Send the whole screen again, for example after other output has overwritten it."""
        self.refresh(layout=True)
        self.screen.refresh(layout=True)

    def action_mouse(self) -> None:
        """Switch the mouse on or off."""
        self._mouse_on = not self._mouse_on
        if self._driver is not None and not self.is_headless:
            terminal.set_mouse(self._driver, self._mouse_on)
        if self._mouse_on:
            self.notify(tr("The mouse is on."), timeout=3)
        else:
            self.notify(tr("The mouse is off: the terminal selects text."), timeout=3)

    async def action_suspend(self) -> None:
        """Pause all training runs, and suspend the process until the shell continues it."""
        if self._driver is not None and not (self.is_headless or self._driver.can_suspend):
            self.notify(tr("The app cannot be suspended here: there is no shell to continue it."), timeout=4)
            return
        await self._suspension.begin()
        self.poller.poll()
        self.action_suspend_process()

    def _resume_suspended(self) -> None:
        if self._suspension.end():
            text = tr("Training was paused while the app was suspended; it continues now.")
            self.notify(text, timeout=5)
        self.action_redraw()

    async def action_quit(self) -> None:
        """Quit; ask first if a run has not finished."""
        self.navigation.leave(lambda running: self.ending.leave(running=running))

    def action_leave(self) -> None:
        """Quit at once; all runs are saved."""
        self.ending.leave(at_once=True)

    # ----------------------------------------------------------------------------------- drawing

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Defaults for our own colour names, which the themes of Textual do not define."""
        heat = (f"heat-{number}" for number in range(1, 6))
        series = (f"series-{number}" for number in range(1, 8))
        own = ("line", "quiet", *heat, *series)
        return dict.fromkeys(own, "ansi_default")

    def get_line_filters(self) -> Sequence[LineFilter]:
        """With --ascii, a filter replaces all other characters that a widget draws."""
        filters = super().get_line_filters()
        return [*filters, self._ascii_filter] if self.has_class("-ascii") else filters
