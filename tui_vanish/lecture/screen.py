"""The lecture on the screen: one step after the other, with what it shows and what it asks.

The file is longer than others because the screen has a key for each of a dozen actions, which share the
place in the lecture.
"""

from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.getters import query_one

import scenarios
from engine.protocol.budget import Budget
from scenarios.index import built_in
from scenarios.lecture import Lecture, Step
from tui_vanish.actions import bindings
from tui_vanish.chrome.key_footer import KeyFooter
from tui_vanish.chrome.screen import LiveScreen
from tui_vanish.drawing.text import Piece, Row, cut
from tui_vanish.language import current, paragraph, tr
from tui_vanish.lecture import frame, words
from tui_vanish.lecture.contents import StepList, lines
from tui_vanish.lecture.exercises import Attempt, attempts
from tui_vanish.lecture.exhibit import Exhibit, Shown, nothing_recorded
from tui_vanish.lecture.files import Translations
from tui_vanish.lecture.measured import measure, scenarios_of
from tui_vanish.lecture.page_work import PageWork
from tui_vanish.lecture.runs import LectureRuns
from tui_vanish.lecture.state import SKIPPED, Progress
from tui_vanish.lecture.steps import heading, scenarios_needed, scenarios_shown, set_knobs
from tui_vanish.theory.registry import Pages
from tui_vanish.widgets.frame import FrameLine
from tui_vanish.widgets.table import MakeRows, TableRows

if TYPE_CHECKING:
    from tui_vanish.chrome.host import Host
    from tui_vanish.session.session import Session
    from tui_vanish.theory.page import Page

_FRAME = 4  # rows: two lines, the line between text and picture, and the footer
_LEAST_PAGE, _LEAST_RUN = 20, 13  # rows that a picture needs
_AHEAD = 3  # steps before which a live run is started, and recorded runs are read


class LectureScreen(LiveScreen[None]):
    """A lecture.

    Args:
        session: of the app.
        host: opens other screens.
        progress: of the lecture; the screen changes it.
        translations: the lecture in each language.
    """

    CSS_PATH = "lecture.tcss"
    AUTO_FOCUS = ""
    TARGET = "lecture"
    LEAVE = "leave_lecture"
    BINDINGS = bindings("lecture")
    HELP = """
    A lecture goes step by step. Before a step shows its result it asks for a prediction, which a number key
    gives. The right answer is computed from the run, as it was measured. enter opens what is shown: a theory
    page with its knobs, or the run in the lab; L continues here.
    """

    _top_line = query_one("#lecture-top", FrameLine)
    _text = query_one("#lecture-text", TableRows)
    _list = query_one(StepList)
    _middle_line = query_one("#lecture-middle", FrameLine)
    _exhibit = query_one(Exhibit)
    _end_line = query_one("#lecture-end", FrameLine)
    _key_footer = query_one(KeyFooter)

    def __init__(
        self, session: "Session", host: "Host", progress: Progress, translations: Translations
    ) -> None:
        super().__init__(session, host)
        self._progress, self._translations = progress, translations
        self._pages = Pages()
        self._page: Page | None = None
        self._opened = ""  # the step whose page has its knobs set
        self._alone = False  # whether the picture has the screen for itself
        self._lists = self._notes = self._blank = False
        self._started: set[str] = set()
        self._runs = LectureRuns(session, self._read)
        self._work = PageWork(self, self._redraw_page)

    def compose(self) -> ComposeResult:
        """The text, and below it what the step shows."""
        yield FrameLine("top", id="lecture-top")
        text = TableRows(id="lecture-text")
        text.can_focus = False
        yield text
        yield StepList()
        yield FrameLine("middle", id="lecture-middle")
        yield Exhibit()
        yield FrameLine("bottom", id="lecture-end")
        yield KeyFooter()

    def on_mount(self) -> None:
        """Show the step that was shown last."""
        self._go(self._progress.place)

    @property
    def help_text(self) -> str:
        """The first text of the help page."""
        return paragraph(self.HELP)

    @property
    def progress(self) -> Progress:
        """Where the lecture is."""
        return self._progress

    @property
    def lecture(self) -> Lecture:
        """The lecture in the language in use."""
        return self._translations.get(current())

    @property
    def step(self) -> Step | None:
        """The step that is shown; None for the score."""
        steps, place = self.lecture.steps, self._progress.place
        return steps[place] if place < len(steps) else None

    @property
    def scenario_id(self) -> str | None:
        """The scenario that the step shows."""
        return next(iter(scenarios_shown(self.step)), None) if self.step else None

    @property
    def theory_page(self) -> str | None:
        """The theory page that the step shows, or that explains what it shows."""
        return self.step.show.page if self.step and self.step.show.page else super().theory_page

    @property
    def is_reading(self) -> bool:
        """Whether a recorded run that the step needs is being read."""
        return self.step is not None and self._runs.is_reading(*scenarios_needed(self.step))

    @property
    def hidden_rows(self) -> int:
        """The rows of the text that have no room."""
        return self._text.hidden_below if self._text.display else 0

    @property
    def right_answer(self) -> int | None:
        """The place of the right answer, as measured; None if it cannot be computed."""
        question = self.step.question if self.step else None
        found = measure(question, self._runs.get) if question else None
        return found.right(question) if question and found else None

    # -------------------------------------------------------------------------- what is shown

    def _read(self) -> None:
        if self.has_parts:
            self.show()

    def _redraw_page(self) -> None:
        if self.has_parts and self._page is not None:
            self._exhibit.page.redraw()

    def show(self) -> None:
        """Show the step as it is now."""
        if not self.has_parts or self.size.area == 0:
            return
        for part in (self._top_line, self._end_line, self._key_footer):
            part.visible = not self._blank and not self.has_class("-too-small")
        if self._blank:
            for hidden in (self._text, self._list, self._middle_line, self._exhibit):
                hidden.display = False
            return
        step = self.step
        self._list.display = self._lists
        if self._lists:
            self._list.show_items(lines(self.lecture, self._progress))
            self._text.display = self._middle_line.display = self._exhibit.display = False
        elif step is None:
            self._show_text(lambda width, ascii: self._score(width, ascii=ascii), alone=True)
        else:
            self._show_step(step)
        self._show_frame()
        self._show_footer(step)

    def _show_step(self, step: Step) -> None:
        width, height = self.size.width - 2, self.size.height - _FRAME
        ascii = self.app.has_class("-ascii")
        rows = self._rows(step, width, ascii=ascii)
        picture = self._has_picture(step)
        beside = picture and not self._notes and len(rows) + self._needs(step) <= height
        if beside and not self._progress.large:
            self._alone = False
            self._show_text(lambda room, ascii: self._rows(step, room, ascii=ascii), rows=len(rows))
        elif picture and self._alone and not self._notes:
            caption = words.wrapped(step.see or step.title, width, role="dim", ascii=ascii)[:2]
            self._show_text(lambda room, ascii: caption, rows=len(caption))
            rows = caption
        else:
            self._show_text(lambda room, ascii: self._rows(step, room, ascii=ascii), alone=True)
            return
        self._middle_line.display = self._exhibit.display = True
        self._middle_line.show((Piece(cut(heading(step), width - 4), "title"),))
        self._show_picture(step, width, height - len(rows))

    def _rows(self, step: Step, width: int, *, ascii: bool) -> list[Row]:
        """The text of a step with its question, what came out, or the notes."""
        large = self._progress.large
        if self._notes:
            return words.notes_rows(step, width, ascii=ascii)
        rows = words.wrapped(step.text, width, ascii=ascii, large=large)
        if step.exercise is not None:
            rows += [(), *words.wrapped(step.exercise.task, width, role="title", ascii=ascii, large=large)]
            rows += words.exercise_rows(step, self._attempts(step), width, ascii=ascii)
        if step.question is not None and self._progress.is_open(step):
            if measure(step.question, self._runs.get) is not None:
                rows += words.question_rows(step.question, width, ascii=ascii, large=large)
            elif not self.is_reading:
                missing = next((name for name in scenarios_of(step.question) if not self._runs.get(name)), "")
                rows += [(), (Piece(" "), *nothing_recorded(missing, reading=False))]
        return rows + words.result_rows(step, self._progress, width, ascii=ascii, large=large)

    def _show_text(self, make: MakeRows, *, rows: int = 0, alone: bool = False) -> None:
        self._text.display = True
        self._text.styles.height = "1fr" if alone else rows
        self._text.show(make)
        if alone:
            self._middle_line.display = self._exhibit.display = False

    def _score(self, width: int, *, ascii: bool) -> list[Row]:
        if not self._progress.asks:
            return words.wrapped(tr("This was the last step."), width, ascii=ascii)
        return words.score_rows(self._progress, self.lecture, width, ascii=ascii)

    def _needs(self, step: Step) -> int:
        """The rows that the step's picture needs."""
        return _LEAST_PAGE if step.show.page else _LEAST_RUN

    def _has_picture(self, step: Step) -> bool:
        """Whether the step shows something now: not before its question is answered."""
        asks = self._progress.is_open(step) and step.question is not None
        if asks and step.question is not None and measure(step.question, self._runs.get) is not None:
            return False
        return bool(step.show.page or scenarios_shown(step)) and not (asks and self.is_reading)

    def _show_picture(self, step: Step, width: int, height: int) -> None:
        show, exhibit = step.show, self._exhibit
        if show.page:
            self._page = self._pages.open(show.page)
            if self._opened != step.id:
                self._opened = step.id
                set_knobs(self._page, step)
                self._work.begin(self._page)
            exhibit.show_page(self._page)
            return
        names = scenarios_shown(step)
        trains = bool(show.live) and self.session.engine.can_train
        get = self._runs.live if trains else self._runs.get
        found = {name: run for name in names if (run := get(name)) is not None}
        missing = [name for name in names if name not in found]
        if missing and (not show.race or len(found) < 2):
            if trains:
                exhibit.show_message((Piece(tr("The training begins…"), "dim"),))
            else:
                exhibit.show_message(nothing_recorded(missing[0], reading=self._runs.is_reading(missing[0])))
            return
        if show.race:
            exhibit.show_race(found)
            return
        shown = []
        for name, run in found.items():
            then = self._runs.get(name, show.step) if show.step and not show.live else run
            shown.append(Shown(run, then or run, show.step if not show.live else None))
        exhibit.show_runs(shown, show.quantity, width, height, large=self._progress.large)

    def _show_frame(self) -> None:
        ascii = self.app.has_class("-ascii")
        lists, width = self._lists, self.size.width
        self._top_line.show(*frame.top(self.lecture, self._progress, width, lists=lists, ascii=ascii))
        self._end_line.show(*frame.end(self.lecture, self._progress, width, ascii=ascii))

    def _show_footer(self, step: Step | None) -> None:
        asks = step is not None and self._asks(step)
        labels = frame.labels(step, self._progress, asks=asks, notes=self._notes, lists=self._lists)
        self._key_footer.show(labels)

    def _asks(self, step: Step) -> bool:
        question = step.question
        return (
            question is not None
            and self._progress.is_open(step)
            and measure(question, self._runs.get) is not None
        )

    def _attempts(self, step: Step) -> list[Attempt]:
        assert step.exercise is not None
        base = scenarios.load(built_in()[step.exercise.base].path)
        return attempts(step.exercise, base, self.session.snapshot.runs)

    # ------------------------------------------------------------------------------------- keys

    def _go(self, place: int) -> None:
        steps = self.lecture.steps
        self._progress.place = place = min(max(0, place), len(steps))
        self._alone = self._notes = self._lists = False
        self._opened = ""
        self._work.stop()
        self.session.prefer(lecture=f"{self.lecture.name}:{steps[place].id if place < len(steps) else ''}")
        for step in steps[place : place + _AHEAD + 1]:
            self._runs.want(*scenarios_needed(step))
            self._train(step)
        self.show()

    def _train(self, step: Step) -> None:
        """Start the live run of a step, unless this session has one of that scenario."""
        live, session = step.show.live, self.session
        if not live or not session.engine.can_train or live in self._started or self._runs.is_trained(live):
            return
        entry = next((each for each in session.catalogue.entries if each.id == live), None)
        if entry is not None:
            self._started.add(live)
            session.runs.train(entry, budget=Budget(epochs=step.show.epochs))

    def open_step(self, step_id: str) -> None:
        """Show a step."""
        self._go([step.id for step in self.lecture.steps].index(step_id))

    def action_next_step(self) -> None:
        """Show the result of the question, the picture, or the next step."""
        step = self.step
        if self._blank:
            self.action_blank()
        elif self._lists or step is None:
            return
        elif self._asks(step):
            self._answer(step, SKIPPED)
        elif self._has_picture(step) and not self._exhibit.display and not self._notes:
            self._alone = True
            self.show()
        else:
            self._go(self._progress.place + 1)

    def action_previous_step(self) -> None:
        """Go back to the text, or to the step before."""
        if self._blank:
            self.action_blank()
        elif self._lists:
            return
        elif self._alone and not self._notes:
            self._alone = False
            self.show()
        elif self._progress.place:
            self._go(self._progress.place - 1)

    def action_answer(self, number: str) -> None:
        """Answer the question of this step."""
        step = self.step
        if step is None or step.question is None or not self._asks(step) or self._lists or self._blank:
            return
        if int(number) <= len(step.question.answers):
            self._answer(step, int(number) - 1)

    def _answer(self, step: Step, given: int) -> None:
        assert step.question is not None
        if (found := measure(step.question, self._runs.get)) is not None:
            self._progress.answer(step, given, found)
        self.show()

    def action_contents_of_lecture(self) -> None:
        """Show or hide the table of contents."""
        self._lists, self._blank = not self._lists, False
        self.show()
        if self._lists:
            self._list.select(self._progress.place)
            self.set_focus(self._list)

    def action_choose_step(self, by: str) -> None:
        """Highlight another step of the contents; elsewhere, scroll the text."""
        if self._lists:
            self._list.move(int(by))
        else:
            self._text.move(int(by))

    @on(StepList.Chosen)
    def _open_chosen(self) -> None:
        self.action_explore()

    def action_explore(self) -> None:
        """Open the highlighted step; or what this step shows, in the theory or in the lab."""
        step = self.step
        if self._lists:
            if (line := self._list.current) is not None:
                self._go(line.place)
        elif step is None or self._blank or self._asks(step):
            return
        elif step.show.page:
            from tui_vanish.theory.screen import TheoryScreen

            page = self._pages.open(step.show.page)
            if self._opened != step.id:
                self._opened = step.id
                set_knobs(page, step)
            self.app.push_screen(TheoryScreen(self._pages, page.id))
        elif scenario := step.exercise.base if step.exercise else next(iter(scenarios_shown(step)), ""):
            self._open_in_lab(scenario, step)

    def _open_in_lab(self, scenario: str, step: Step) -> None:
        self.dismiss()
        if self._runs.is_recorded(scenario) and step.exercise is None and not step.show.live:
            self.host.open_recorded(scenario, step=step.show.step)
        else:
            self.host.show_in_lab(scenario)

    def action_notes(self) -> None:
        """Show or hide the teacher's notes."""
        if self.step is not None and not self._lists:
            self._notes = not self._notes
            self.show()

    def action_blank(self) -> None:
        """Blank the screen, or show it again."""
        self._blank = not self._blank
        self.show()

    def action_enlarge(self) -> None:
        """Show fewer and larger things, for a room, or all again."""
        self._progress.large = not self._progress.large
        self.show()

    def action_leave_lecture(self) -> None:
        """Close the contents or the notes, or go back to the screen before."""
        if self._blank:
            self.action_blank()
        elif self._lists or self._notes:
            self._lists = self._notes = False
            self.show()
        else:
            self._work.stop()
            self.dismiss()
