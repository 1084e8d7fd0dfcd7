"""Opens the screens, and acts on the results that they return.

It is long because every way from one screen to another is here.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_vanish.chrome.screen import LiveScreen, SizedScreen
from tui_vanish.lab.screen import LabScreen
from tui_vanish.language import tr

if TYPE_CHECKING:
    from textual.app import App
    from textual.worker import Worker

    from scenarios import Entry
    from scenarios.branches import Branch
    from scenarios.schema import Scenario
    from tui_vanish.chrome.leave import Answer
    from tui_vanish.chrome.meters_switch import MetersSwitch
    from tui_vanish.editor.screen import Edited
    from tui_vanish.lecture.files import Translations
    from tui_vanish.lecture.state import Progress
    from tui_vanish.poller import Poller
    from tui_vanish.session.session import Session
    from tui_vanish.session.terms import Terms
    from tui_vanish.theory.registry import Pages

_ABOVE_THE_LAB = ("runs", "map", "theory", "lecture")


class Navigation:
    """Opens every screen; it is the `Host` of all of them.

    Most screens are imported when they are first opened, because the first frame needs only the lab.

    Args:
        app: owns the stack of screens.
        session: passed to the screens.
        poller: knows whether the app is quitting.
        undisturbed: while another program has the terminal, the app ignores ctrl+c.
    """

    def __init__(
        self,
        app: "App[Any]",
        session: "Session",
        poller: "Poller",
        undisturbed: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._app, self._session, self._poller = app, session, poller
        self._undisturbed = undisturbed
        self._listed = session.runs.entries
        self._theory: Pages | None = None
        self._meters: MetersSwitch | None = None
        self._opening: Worker[None] | None = None
        self._lecture: tuple[Progress, Translations] | None = None

    @property
    def is_opening(self) -> bool:
        """Whether a thread reads what a dialog shows, so that the next keys are for the dialog."""
        return self._opening is not None and not self._opening.is_finished

    # ------------------------------------------------------------------------- as a screen's host

    @property
    def leaving(self) -> bool:
        """Whether the app is quitting, so that the screen must not be updated any more."""
        return self._poller.stopped

    @property
    def meters(self) -> "MetersSwitch | None":
        """How busy this machine is; None until the user wants to see it."""
        return self._meters

    def show_in_lab(self, scenario_id: str) -> None:
        """Highlight a scenario in the lab."""
        for lab in self._labs():
            lab.action_select(scenario_id)

    def open_recorded(self, scenario_id: str, *, step: int | None = None, speed: float | None = None) -> None:
        """Show the recorded run of a scenario in the lab.

        Args:
            scenario_id: of the scenario.
            step: to show, from 1 on; None for the end of the run.
            speed: at which it is played from there on; None to stay there.
        """
        run = self._session.runs.open_recorded(scenario_id)
        for lab in self._labs():
            lab.action_select(scenario_id)
            lab.visit_later(run, step, speed)

    def begin_comparison(self, entries: "Sequence[Entry]", *, alone: bool) -> None:
        """Ask for the terms, add scenarios to the comparison, and show it; without new runs, show it at once.

        Args:
            entries: the scenarios.
            alone: whether they begin a new comparison.
        """
        comparison = self._session.comparison
        if comparison.is_complete(entries, alone=alone):
            comparison.unmark()
            self.open_comparison()
            return
        names, staged = [entry.id for entry in entries], self._session.catalogue.staged(entries)
        self._ask_terms(names, staged, lambda terms: comparison.start(entries, terms, alone=alone))

    def open_comparison(self) -> None:
        """Show the current comparison."""
        from tui_vanish.compare.screen import CompareScreen

        self._app.push_screen(CompareScreen(self._session, self), self._show_chosen)

    def open_map(self, sweep: Path) -> None:
        """Show the map of the sweep in that folder."""
        from tui_vanish.map.screen import MapScreen

        self._app.push_screen(MapScreen(self._session, self, sweep), self._show_chosen)

    def open_editor(self, base: "Scenario") -> None:
        """Edit a scenario's values, then train or save the variant."""
        from scenarios.variants import free_id
        from tui_vanish.editor.screen import EditorScreen

        taken = {each.id for each in self._session.catalogue.entries}
        self._app.push_screen(EditorScreen(base, taken, free_id(base.id, taken)), self._finish_edit)

    def edit_file(self, path: Path) -> None:
        """Open a file in the user's text editor, and wait until it ends; if it can't be opened, say why."""
        from tui_vanish.text_editor import edit

        if problem := edit(path, self._app.suspend, self._undisturbed):
            self._app.notify(problem, severity="warning", timeout=8, markup=False)

    def copy(self, text: str) -> None:
        """Copy to the clipboard of the user's terminal (OSC 52, also over SSH), and show what was copied."""
        self._app.copy_to_clipboard(text)
        self._app.notify(text, title=tr("Copied if the terminal allows it"), timeout=8, markup=False)

    # ------------------------------------------------------------------------------- for the app

    def lab(self) -> LabScreen:
        """Create a lab screen."""
        return LabScreen(self._session, self)

    def open_help(self) -> None:
        """Show the help page; it starts with the pane that has the focus."""
        from tui_vanish.chrome.help import HelpScreen

        here = self._app.screen
        about = (lambda: here.help_text) if isinstance(here, LiveScreen) else str
        self._app.push_screen(HelpScreen(about, here.TARGET if isinstance(here, SizedScreen) else None))

    def open_glossary(self) -> None:
        """Show the glossary."""
        from tui_vanish.chrome.glossary import GlossaryScreen

        self._app.push_screen(GlossaryScreen())

    def open_theory(self, page_id: str = "") -> None:
        """Open the theory.

        Args:
            page_id: of the page; if empty, open the page about the current scenario or run, else the page
                that was open last, else the list.
        """
        from tui_vanish.theory.registry import Pages
        from tui_vanish.theory.screen import TheoryScreen

        if isinstance(self._app.screen, TheoryScreen):
            if page_id:
                self._app.screen.open(page_id)
            return
        if self._theory is None:
            self._theory = Pages()  # kept, so that the pages keep their state
        screens = (screen for screen in reversed(self._app.screen_stack) if isinstance(screen, LiveScreen))
        page = page_id or next((screen.theory_page for screen in screens), None)
        self._app.push_screen(TheoryScreen(self._theory, page or self._theory.last))

    def toggle_runs(self) -> None:
        """Show all saved runs; on that screen, go back."""
        from tui_vanish.runs.screen import RunsScreen

        here = self._app.screen
        if isinstance(here, LiveScreen) and here.TARGET == "map":
            here.dismiss(None)  # it may have been opened from the list
            here = self._app.screen
            if isinstance(here, RunsScreen):
                return
        if isinstance(here, RunsScreen):
            here.dismiss(None)
        elif isinstance(here, LiveScreen):
            self._app.push_screen(RunsScreen(self._session, self), self._show_chosen)

    def toggle_map(self) -> None:
        """Show the map of the sweep that was started last; on that screen, go back."""
        from tui_vanish.sweeps.find import last_sweep

        here = self._app.screen
        if not isinstance(here, SizedScreen):
            return
        if self._return_to_map():
            return
        if here.TARGET == "map":
            here.dismiss(None)
        elif (sweep := last_sweep(self._session.engine.runs_folder)) is None:
            here.refuse(tr("There is no sweep yet: A trains one."))
        else:
            self.open_map(sweep)

    def prepare_lecture(self, path: Path | None, *, asks: bool = True, large: bool = False) -> None:
        """Choose the lecture that is opened later.

        Args:
            path: of its file; None for that of the course.
            asks: whether its questions are asked.
            large: whether it is shown for a room.

        Raises:
            ScenarioError: it is not valid.
        """
        from tui_vanish.lecture.files import Translations
        from tui_vanish.lecture.state import begin

        translations = Translations() if path is None else Translations(path)
        progress = begin(translations, self._session.preferences.lecture)
        progress.asks, progress.large = asks, large
        self._lecture = progress, translations

    def toggle_lecture(self) -> None:
        """Show the lecture where it was left; on that screen, go back."""
        from tui_vanish.lecture.screen import LectureScreen

        here = self._app.screen
        if isinstance(here, LectureScreen):
            here.dismiss(None)
            return
        if not isinstance(here, SizedScreen):
            return
        if any(isinstance(screen, LectureScreen) for screen in self._app.screen_stack):
            here.dismiss(None)  # it was opened from the lecture
            return
        if self._lecture is None:
            self.prepare_lecture(None)
        if self._lecture is not None:
            progress, translations = self._lecture
            self._app.push_screen(LectureScreen(self._session, self, progress, translations))

    def toggle_meters(self) -> None:
        """Show or hide how busy this machine is."""
        from tui_vanish.chrome.meters_switch import MetersSwitch

        def show() -> None:
            for here in self._app.screen_stack[-1:]:  # none once the app ends
                if isinstance(here, LiveScreen):
                    here.show_title()

        self._meters = self._meters or MetersSwitch(self._app, show)
        self._meters.toggle()

    def write_report(self) -> None:
        """Write a report of what the screen shows."""
        from tui_vanish.report.in_the_app import begin_report

        if isinstance(here := self._app.screen, LiveScreen):
            begin_report(here)

    def save_picture(self) -> None:
        """Save the screen as a picture."""
        from tui_vanish.report.in_the_app import save_picture

        if isinstance(here := self._app.screen, LiveScreen):
            save_picture(here, self._app.export_screenshot())

    def choose_sweep(self) -> None:
        """Ask which sweep to train in the background, start it, and show its map."""
        here = self._app.screen
        if not isinstance(here, SizedScreen):
            return
        if not self._session.engine.can_train:
            here.refuse(tr("This app only shows runs: vanish-tui sweep trains a sweep."))
            return
        from tui_vanish.jobs.pytorch import why_no_training

        if reason := why_no_training():
            here.refuse(reason)
            return
        if self.is_opening:
            return
        from tui_vanish.map.start_sweep import choose_sweep

        self._opening = self._app.run_worker(choose_sweep(self._app, self._session, self._show_sweep))

    def _show_sweep(self, sweep: Path) -> bool:
        """Show the map of a sweep in place of another map; returns whether the screen has room for it."""
        self._return_to_map()
        here = self._app.screen
        if not isinstance(here, SizedScreen):
            return False  # a dialog or a long text, which the user may be reading
        if here.TARGET == "map":
            here.dismiss(None)
        self.open_map(sweep)
        return True

    def _return_to_map(self) -> bool:
        """Close the theory if it was opened from a map; returns whether it was."""
        *_, below, here = (None, *self._app.screen_stack)
        is_over_map = isinstance(below, SizedScreen) and below.TARGET == "map"
        if is_over_map and isinstance(here, SizedScreen) and here.TARGET == "theory":
            here.dismiss(None)
            return True
        return False

    def open_palette(self) -> None:
        """Show the command palette."""
        from tui_vanish.palette import Palette

        below = self._app.screen

        async def carry_out(call: str | None) -> None:
            if call is not None:
                await below.run_action(call)

        if not isinstance(below, Palette):
            self._app.push_screen(Palette(below), carry_out)

    def leave(self, on_leave: Callable[[bool], None]) -> None:
        """Quit the app; ask first if a run has not finished.

        Args:
            on_leave: quits the app; its argument says whether the runs continue in another process.
        """
        if self._session.engine.pending_takeovers:
            text = tr(
                "A takeover is still in progress. Press q again in a moment, "
                "or ctrl+c to quit and leave the run stopped."
            )
            self._app.notify(text, severity="warning", timeout=4)
            return
        unfinished = [run.scenario_id for run in self._session.runs.unfinished()]
        if not unfinished:
            on_leave(False)
            return
        from tui_vanish.chrome.leave import LeaveScreen

        def on_answer(answer: "Answer | None") -> None:
            if answer is not None and answer != "stay":
                on_leave(answer == "leave running")

        self._app.push_screen(LeaveScreen(unfinished), on_answer)

    def show_news(self) -> None:
        """Show the session's latest snapshot on the screens."""
        wanted = self._session.runs.list_new_runs()
        if self._session.runs.entries != self._listed:
            self._list_entries()
        for scenario_id in wanted:
            self.show_in_lab(scenario_id)
        for screen in reversed(self._app.screen_stack):
            if isinstance(screen, LiveScreen):
                screen.show()
            if not screen.is_modal:
                break  # the screens below are hidden, and catch up when they are visible again

    # ------------------------------------------------------------------------- the screens' results

    def _show_chosen(self, scenario_id: str | None) -> None:
        if scenario_id is None:
            return
        # A run that was chosen on one of these screens, or on one above them, is shown in the lab.
        while isinstance(here := self._app.screen, SizedScreen) and here.TARGET in _ABOVE_THE_LAB:
            here.dismiss(None)
        self.show_in_lab(scenario_id)

    def _finish_edit(self, edited: "Edited | None") -> None:
        if edited is None:
            return
        catalogue = self._session.catalogue
        if edited.wish == "compare":
            self._compare_variants(edited.variants)
            return
        scenario = edited.variants[0].scenario
        if edited.wish == "train":
            entry = catalogue.keep(scenario)
            self._show_listed(entry)
            self._session.runs.train(entry)
            return
        try:
            entry = catalogue.save(scenario)
        except OSError as error:
            text = tr("Not saved: {reason}", reason=error.strerror or error)
            self._app.notify(text, severity="error", timeout=8, markup=False)
            return
        self._show_listed(entry)
        self._app.notify(tr("Saved as {path}", path=entry.path), timeout=6, markup=False)

    def _compare_variants(self, variants: "Sequence[Branch]") -> None:
        """Ask for the terms of a comparison of variants, which are listed when it starts."""
        named = self._session.catalogue.with_free_ids(variants)

        def start(terms: "Terms") -> None:
            entries = [self._session.catalogue.keep(branch.scenario) for branch in named]
            labels = {branch.scenario.id: branch.label for branch in named}
            self._list_entries()
            self._session.comparison.start(entries, terms, alone=True, labels=labels)

        staged = [branch.scenario for branch in named if branch.scenario.stages]
        self._ask_terms([branch.label for branch in named], staged, start)

    def _ask_terms(
        self, names: "Sequence[str]", staged: "Sequence[Scenario]", start: "Callable[[Terms], None]"
    ) -> None:
        """Ask for the terms of a comparison, start it, and show it.

        Args:
            names: what is compared.
            staged: those of the scenarios that train in stages.
            start: called with the terms, unless the user cancels.
        """
        from tui_vanish.compare.terms_dialog import TermsDialog
        from tui_vanish.session.terms import preferred, terms_of

        def on_answer(terms: "Terms | None") -> None:
            if terms is not None:
                self._session.prefer(**preferred(terms))
                start(terms)
                self.open_comparison()

        self._app.push_screen(TermsDialog(names, terms_of(self._session.preferences), staged), on_answer)

    def _show_listed(self, entry: "Entry") -> None:
        """Show the catalogue's new list in the lab, and highlight a scenario in it."""
        self._list_entries()
        self.show_in_lab(entry.id)

    def _list_entries(self) -> None:
        self._listed = self._session.runs.entries
        for lab in self._labs():
            lab.show_entries(self._listed)

    def _labs(self) -> Iterator[LabScreen]:
        return (screen for screen in self._app.screen_stack if isinstance(screen, LabScreen))
