"""The theory screen: the list of pages, or one page, whose values the arrow keys change."""

import sys
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.getters import query_one
from textual.worker import Worker, WorkerState, get_current_worker

from scenarios.theory import BEYOND, PageText, page_ids
from tui_vanish.actions import bindings
from tui_vanish.chrome.key_footer import KeyFooter
from tui_vanish.chrome.screen import SizedScreen
from tui_vanish.drawing.text import Piece, cut
from tui_vanish.language import tr
from tui_vanish.theory.formulas import in_ascii
from tui_vanish.theory.page_view import Contents, PageView
from tui_vanish.theory.registry import Pages
from tui_vanish.widgets.frame import FrameLine

if TYPE_CHECKING:
    from tui_vanish.theory.page import Page

_STEP_SECONDS = 0.1  # between two steps while a page runs by itself
_WORK_SECONDS = 0.2  # between two updates of the page while a thread measures


class TheoryScreen(SizedScreen[None]):
    """The theory screen.

    Args:
        pages: all pages, which keep their state.
        page_id: the page to open; None opens the list.
    """

    TARGET = "theory"
    LEAVE = "close"
    BINDINGS = bindings("theory")

    _top_line = query_one("#theory-top", FrameLine)
    _contents = query_one(Contents)
    _view = query_one(PageView)
    _end_line = query_one("#theory-end", FrameLine)
    _key_footer = query_one(KeyFooter)

    def __init__(self, pages: Pages, page_id: str | None = None) -> None:
        super().__init__()
        self._pages = pages
        self._page: Page | None = None if page_id is None else pages.open(page_id)
        self._from_contents = page_id is None
        self._stepping = False
        self._work: Worker[None] | None = None
        self._activity = ""
        self._failure = ""

    def compose(self) -> ComposeResult:
        """The list and the page, one of which is shown."""
        yield FrameLine("top", id="theory-top")
        yield Contents()
        yield PageView()
        yield FrameLine("bottom", id="theory-end")
        yield KeyFooter()

    def on_mount(self) -> None:
        """Show the page or the list."""
        self._steps = self.set_interval(_STEP_SECONDS, self._step_by_itself, pause=True)
        self._looks = self.set_interval(_WORK_SECONDS, self._show_page, pause=True)
        self.open(self._page.id if self._page else None)

    @property
    def page_id(self) -> str | None:
        """The id of the shown page; None if the list is shown."""
        return self._page.id if self._page else None

    # ------------------------------------------------------------------------------ what is shown

    def open(self, page_id: str | None) -> None:
        """Show this page; None shows the list."""
        self._stop()
        self._page = None if page_id is None else self._pages.open(page_id)
        self._contents.display = self._page is None
        self._view.display = self._page is not None
        if self._page is None:
            self._contents.select(self._pages.last or page_ids()[0])
            self.set_focus(self._contents)
        else:
            self._begin_work()
        self.show()

    def show(self) -> None:
        """Show the present state of the page or the list."""
        if not self.has_parts:
            return
        self._show_page()
        page, top = self._page, self._top_line
        if page is None:
            top.show(
                (Piece(tr("Theory"), "title"),),
                (Piece(tr("the slides, with values to change"), "dim"),),
            )
        else:
            title = f"{page_ids().index(page.id) + 1} {page.text.title}"
            slides = _source(page.text)
            if self._view.alphabet.ascii:
                title, slides = in_ascii(title), in_ascii(slides)
            room = self.size.width - len(title) - 12
            top.show((Piece(title, "title"),), (Piece(cut(slides, room), "dim"),))
        self._show_footer()

    def _show_page(self) -> None:
        if not self.has_parts:  # it was closed while a thread measured
            return
        page, status = self._page, ""
        if page is not None:
            self._view.show(page)
            if self._failure:
                status = self._failure
            elif self._work is not None:
                status = self._activity
        explained = ", ".join(page.text.explains) if page else ""
        room = self.size.width - len(status) - 14
        right = (Piece(cut(tr("scenarios: {names}", names=explained), room), "dim"),) if explained else ()
        self._end_line.show((Piece(status, "accent"),) if status else (), right)

    def _show_footer(self) -> None:
        page, labels = self._page, {"close": "back", "help": "help", "quit": "quit"}
        if page is None:
            labels |= {"step": "open", "choose_knob": "choose"}
        else:
            labels |= {"contents": "list", "next_page": "next page", "step": page.step_label}
            labels |= {"run_steps": ("stop" if self._stepping else page.run_label) if page.run_label else ""}
            labels |= {
                "restart": "restart" if page.run_label else "",
                "turn_knob": "turn" if page.knobs() else "",
            }
            labels |= {"choose_knob": "knob" if len(page.knobs()) > 1 else ""}
        self._key_footer.show(labels)

    # ----------------------------------------------------------------------- work in a thread

    def _begin_work(self) -> None:
        work = self._page.work() if self._page else None
        self._failure = ""
        if work is None:
            return
        begin = work
        if self._work is None:
            self._activity = tr("measuring…") if "torch" in sys.modules else tr("loading PyTorch…")

        def in_thread() -> None:
            worker = get_current_worker()
            begin(lambda: worker.is_cancelled)

        self._work = self.run_worker(
            in_thread, group="work", exclusive=True, thread=True, exit_on_error=False
        )
        self._looks.resume()

    @on(Worker.StateChanged)
    def _end_work(self, message: Worker.StateChanged) -> None:
        if message.worker is not self._work or not message.worker.is_finished:
            return
        self._work = None
        self._looks.pause()
        if message.state is WorkerState.ERROR:
            self._failure = _why_not_measured(message.worker.error)
        self.show()

    def _stop(self) -> None:
        """Stop the steps and the work of this page."""
        self._stepping = False
        self._steps.pause()
        self._looks.pause()
        if self._work is not None:
            self._work.cancel()
            self._work = None

    # --------------------------------------------------------------------------------- actions

    def action_turn_knob(self, by: str) -> None:
        """Change the selected value."""
        knob = self._view.knob
        if self._page is not None and knob is not None:
            knob.turn(int(by))
            self._begin_work()
            self.show()

    def action_choose_knob(self, by: str) -> None:
        """Select another value, or highlight another page of the list."""
        if self._page is None:
            self._contents.move(int(by))
        else:
            self._view.choose(int(by))

    def action_step(self) -> None:
        """Take one step on the page, or open the highlighted page of the list."""
        if self._page is None:
            self._from_contents = True
            self.open(self._contents.page_id)
        elif self._page.step_label:
            self._page.step()
            self._begin_work()
            self.show()

    @on(Contents.Chosen)
    def _open_chosen(self) -> None:
        self.action_step()

    def action_run_steps(self) -> None:
        """Start taking step after step, or stop."""
        if self._page is not None and self._page.run_label:
            self._stepping = not self._stepping
            (self._steps.resume if self._stepping else self._steps.pause)()
            self.show()

    def _step_by_itself(self) -> None:
        if self._page is None or not self._page.advance():
            self._stepping = False
            self._steps.pause()
        self.show()

    def action_restart(self) -> None:
        """Go back to before the first step."""
        if self._page is not None:
            self._page.restart()
            self._begin_work()
            self.show()

    def action_next_page(self, by: str) -> None:
        """Go to the next or the previous page."""
        if self._page is not None:
            self.open(self._pages.beside(self._page.id, int(by)))

    def action_contents(self) -> None:
        """Show the list, or go back from it to the last page."""
        if self._page is not None:
            self._from_contents = True
            self.open(None)
        elif self._pages.last:
            self.open(self._pages.last)

    def action_close(self) -> None:
        """Go back to where the page was opened from."""
        if self._page is not None and self._from_contents:
            self.open(None)
        else:
            self._stop()
            self.dismiss()


def _source(text: PageText) -> str:
    """What a page covers, in a line."""
    return tr("slides: {titles}", titles="; ".join(text.slides)) if text.slides else tr(BEYOND)


def _why_not_measured(error: BaseException | None) -> str:
    """Why a page could not measure what it shows, for its frame."""
    from tui_vanish.jobs.pytorch import why_no_training

    if why_no_training():
        return tr("measuring needs PyTorch: pip install torch")
    return tr("cannot be measured: {reason}", reason=error)
