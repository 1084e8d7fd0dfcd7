"""The app: it owns the engine, the themes, the signals, and what holds on every screen."""

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.app import App
from textual.filter import LineFilter

import scenarios
from engine.protocol.commands import Pause, Resume
from engine.protocol.status import Status
from engine.runtime.state import EngineSnapshot
from tui_vanish import terminal
from tui_vanish.actions import bindings
from tui_vanish.chrome.screen import LiveScreen
from tui_vanish.chrome.toasts import toasts
from tui_vanish.lab.screen import LabScreen
from tui_vanish.poller import Poller
from tui_vanish.session.engine import EngineLike
from tui_vanish.session.session import Session
from tui_vanish.shutdown import Shutdown
from tui_vanish.themes import DARK, PLAIN, THEMES, next_theme
from tui_vanish.widgets.ascii_filter import AsciiOnly

if TYPE_CHECKING:
    from textual.command import Provider

    from engine.protocol.events import Record
    from engine.runtime.state import Severity
    from engine.tracking.snapshot import Snapshot
    from scenarios import Entry
    from scenarios.schema import Scenario
    from tui_vanish.chrome.leave import Answer
    from tui_vanish.editor.screen import Edited
    from tui_vanish.theory.registry import Pages

DEFAULT_REFRESH = 2.0
_PAUSE_SECONDS = 0.5  # a round takes far less
_RINGS = (Status.FINISHED, Status.DIVERGED, Status.FAILED)  # not what a person has stopped


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
        self.session.client.on_order = self.poller.expect
        self.session.client.tell = self._tell
        self.ascii_only = ascii
        self.animation_level = "none"
        self._ascii_filter = AsciiOnly()
        self._mouse_on = mouse
        self._window_title = terminal.Title()
        self._scenarios: dict[str, Record] = {}
        self.suspended: tuple[str, ...] = ()
        self._ending = Shutdown(self, self.session)
        self._reading: asyncio.Task[None] | None = None
        for theme in THEMES.values():
            self.register_theme(theme)
        wanted = self.session.preferences.theme
        known = wanted in (theme.name for theme in THEMES.values())
        self._begin_with(PLAIN.name if plain else wanted if known else DARK.name)

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
        return LabScreen()

    def on_mount(self) -> None:
        """Follow the engine, and listen to signals."""
        self.call_after_refresh(self._start_engine)
        self.poller.start()
        self.app_resume_signal.subscribe(self, lambda _: self._resume_suspended())
        if not self.is_headless:
            self._ending.listen()

    def _start_engine(self) -> None:
        """Now that the first frame stands: its threads would have taken time from it."""
        gc.enable()
        self.session.engine.start()

    @cached_property
    def theory(self) -> "Pages":
        """The theory pages, as their reader left them."""
        from tui_vanish.theory.registry import Pages

        return Pages()

    @property
    def left_running(self) -> list[str]:
        """The runs that went on in another process when the app was left."""
        return self._ending.left

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
        listed = self.session.catalogue.entries
        wanted = self.session.runs.meet()
        if self.session.catalogue.entries is not listed:
            self._list_entries()
        for scenario_id in wanted:
            self.show_in_lab(scenario_id)
        for screen in reversed(self.screen_stack):
            if isinstance(screen, LiveScreen):
                screen.show()
            if not screen.is_modal:
                break  # what lies below is hidden, and catches up when it is seen again
        had_ended = {run.run for run in before.runs if run.status.ended}
        ended = [run for run in snapshot.runs if run.status.ended and run.run not in had_ended]
        heard = before.notices[-1].number if before.notices else 0
        seen = self._farewells_in_sight(ended)
        fresh = [each for each in snapshot.notices if each.number > heard and each.number not in seen]
        for text, severity in toasts(fresh):
            self.notify(text, severity=severity, timeout=8, markup=False)
        for run in ended:
            self._announce_end(run)

    def _farewells_in_sight(self, ended: "Sequence[Snapshot]") -> frozenset[int]:
        """The last words of runs that have just ended before one's eyes: the screen says it itself."""
        in_sight = self.screen.runs_in_sight if isinstance(self.screen, LiveScreen) else ()
        last = {notice.run: notice.number for notice in self.session.snapshot.notices}
        return frozenset(last.get(run.run, 0) for run in ended if run.run in in_sight)

    def _announce_end(self, run: "Snapshot") -> None:
        if run.status in _RINGS:
            self.bell()
        if self._driver is not None and not self.is_headless:
            self._window_title.set(self._driver, f"vanish-tui: {run.scenario_id} {run.status}")

    def _tell(self, text: str, *, severity: "Severity" = "information", timeout: float = 5) -> None:
        self.notify(text, severity=severity, timeout=timeout, markup=False)

    @property
    def leaving(self) -> bool:
        """Whether the app ends, so that nothing is to be shown any more."""
        return self.poller.stopped

    def stop_showing(self) -> None:
        """Show nothing from here on."""
        self.poller.stop()

    # --------------------------------------------------------------------------------- scenarios

    def add(self, entry: "Entry") -> None:
        """Put a scenario that was made here into the list, and highlight it."""
        self._scenarios.pop(entry.id, None)
        self.session.catalogue.add(entry)
        self._list_entries()
        self.show_in_lab(entry.id)

    def _list_entries(self) -> None:
        """Have the lab list what there is now."""
        for screen in self.screen_stack:
            if isinstance(screen, LabScreen):
                screen.show_entries(self.session.catalogue.entries)

    def show_in_lab(self, scenario_id: str) -> None:
        """Highlight a scenario in the lab."""
        for screen in self.screen_stack:
            if isinstance(screen, LabScreen):
                screen.action_select(scenario_id)

    def scenario_shown(self, entry: "Entry") -> "Record | None":
        """The whole scenario; None while it is being read, after which the lab is shown anew."""
        if entry.id in self._scenarios:
            return self._scenarios[entry.id]
        if "pydantic" in sys.modules:
            self._read(entry)
            return self._scenarios[entry.id]
        if self._reading is None:
            # pydantic takes a tenth of a second to import, which the first frame doesn't wait for.
            self._reading = asyncio.create_task(self._read_later(entry))
        return None

    async def _read_later(self, entry: "Entry") -> None:
        await asyncio.to_thread(self._read, entry)
        if not self.poller.stopped:
            self.show(self.session.snapshot)

    def _read(self, entry: "Entry") -> None:
        try:
            self._scenarios[entry.id] = self.session.catalogue.load(entry).resolved()
        except (scenarios.ScenarioError, OSError) as error:
            self._scenarios[entry.id] = {"lesson": str(error)}

    # ----------------------------------------------------------------------------------- actions

    def action_help(self) -> None:
        """Show the help page."""
        from tui_vanish.chrome.help import HelpScreen

        about = self.screen.help_text if isinstance(self.screen, LiveScreen) else ""
        self.push_screen(HelpScreen(about, getattr(self.screen, "TARGET", None)))

    def action_concepts(self, page_id: str = "") -> None:
        """Open the theory: that page, else that of the scenario at hand, else the last one, else the list."""
        from scenarios.theory import page_for
        from tui_vanish.theory.screen import TheoryScreen

        if isinstance(self.screen, TheoryScreen):
            if page_id:
                self.screen.open(page_id)
            return
        screens = (screen for screen in reversed(self.screen_stack) if isinstance(screen, LiveScreen))
        at_hand = next((screen.scenario_id for screen in screens), None)
        page = page_id or (page_for(at_hand) if at_hand else None)
        self.push_screen(TheoryScreen(self.theory, page or self.theory.last))

    def action_runs(self) -> None:
        """Show every saved run, or go back from there."""
        from tui_vanish.runs.screen import RunsScreen

        if isinstance(self.screen, RunsScreen):
            self.screen.dismiss(None)
        elif isinstance(self.screen, LiveScreen):
            self.push_screen(RunsScreen(), lambda chosen: self.show_in_lab(chosen) if chosen else None)

    def action_command_palette(self) -> None:
        """Show the palette."""
        from tui_vanish.palette import Palette

        if not isinstance(self.screen, Palette):
            self.push_screen(Palette(placeholder="an action or a scenario"))

    def action_theme(self) -> None:
        """Change to the next theme."""
        if self.no_color:
            self.notify("NO_COLOR is set: there are no colours to change.", timeout=3)
            return
        words, theme = next_theme(self.theme)
        self.theme = theme.name
        self.session.prefer(theme=theme.name)
        self.notify(f"Theme: {words}", timeout=3)

    def open_comparison(self) -> None:
        """Show the present comparison."""
        from tui_vanish.compare.screen import CompareScreen

        def open_in_lab(scenario_id: str | None) -> None:
            if scenario_id is not None:
                self.show_in_lab(scenario_id)

        self.push_screen(CompareScreen(), open_in_lab)

    def open_editor(self, base: "Scenario") -> None:
        """Edit a scenario's values, to train the variant or to save it."""
        from scenarios.variants import free_id
        from tui_vanish.editor.screen import EditorScreen

        taken = {each.id for each in self.session.catalogue.entries}
        self.push_screen(EditorScreen(base, taken, free_id(base.id, taken)), self._take_edited)

    def _take_edited(self, edited: "Edited | None") -> None:
        if edited is None:
            return
        catalogue = self.session.catalogue
        if edited.wish == "train":
            entry = catalogue.keep(edited.scenario)
            self.add(entry)
            self.session.runs.train(entry)
            return
        try:
            entry = catalogue.save(edited.scenario)
        except OSError as error:
            self.notify(f"Not saved: {error.strerror or error}", severity="error", timeout=8, markup=False)
            return
        self.add(entry)
        self.notify(f"Saved as {entry.path}", timeout=6, markup=False)

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

    def copy(self, text: str) -> None:
        """Copy to the clipboard, also that of a terminal far away (OSC 52), and show what was copied."""
        self.copy_to_clipboard(text)
        self.notify(text, title="Copied, if the terminal allows it", timeout=8, markup=False)

    async def action_suspend(self) -> None:
        """Pause what trains, and give the terminal back until the process is continued."""
        training = tuple(run.run for run in self.session.snapshot.runs if run.status is Status.RUNNING)
        for name in training:
            self.session.engine.send(Pause(name, "by signal"))
        self.suspended = training
        deadline = asyncio.get_running_loop().time() + _PAUSE_SECONDS
        while training and asyncio.get_running_loop().time() < deadline:
            running = {run.run for run in self.session.engine.snapshot().runs if run.status is Status.RUNNING}
            if running.isdisjoint(training):
                break
            await asyncio.sleep(0.02)
        self.poller.poll()
        self.action_suspend_process()

    def _resume_suspended(self) -> None:
        suspended, self.suspended = self.suspended, ()
        for name in suspended:
            self.session.send(Resume(name, "by signal"))
        if suspended:
            self.notify("Training was paused while the app was suspended; it goes on.", timeout=5)
        self.action_redraw()

    async def action_quit(self) -> None:
        """Leave; ask first if that would stop a run."""
        if self.session.engine.pending_takeovers:
            text = "What is taken over is not here yet: q again in a moment, or ctrl+c to leave it stopped."
            self.notify(text, severity="warning", timeout=4)
            return
        active = [run.scenario_id for run in self.session.runs.unfinished()]
        if not active:
            self._ending.leave()
            return
        from tui_vanish.chrome.leave import LeaveScreen

        def take(answer: "Answer | None") -> None:
            if answer is not None and answer != "stay":
                self._ending.leave(running=answer == "leave running")

        self.push_screen(LeaveScreen(active), take)

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
        return [*filters, self._ascii_filter] if self.ascii_only else filters
