"""Every tensor of a watched model, in a tree that opens block by block."""

from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.getters import query_one
from textual.widgets import Input

from tui_vanish.actions import bindings_everywhere
from tui_vanish.chrome.key_footer import KeyFooter
from tui_vanish.chrome.screen import LiveScreen
from tui_vanish.drawing import format
from tui_vanish.drawing.text import Piece, Row
from tui_vanish.language import marked, paragraph, plural, tr
from tui_vanish.monitor.tensor_list import TensorList, state_in_words
from tui_vanish.monitor.theory_page import page_of
from tui_vanish.widgets.frame import FrameLine
from tui_vanish.widgets.line_input import LineInput

if TYPE_CHECKING:
    from engine.tracking.snapshot import Snapshot
    from tui_vanish.chrome.host import Host
    from tui_vanish.session.session import Session

_KEYS = marked("esc back   ⏎ open, close   o sort   / find   j k move   g G ends")


class TensorScreen(LiveScreen[str]):
    """The tensors of a run. It is dismissed with the block that was highlighted last.

    Args:
        session: has the run.
        host: opens other screens.
        run: name of the run.
        block: the block to open first; None for none.
        step: in the past that is shown; None for now.
    """

    LEAVE = "back"
    BINDINGS = [  # noqa: RUF012
        Binding("escape", "back", "Back"),
        Binding("q", "back", "Back"),
        Binding("down,j", "cursor(1)", "Next line"),
        Binding("up,k", "cursor(-1)", "Previous line"),
        Binding("pagedown,ctrl+d", "page(1)", "A page down"),
        Binding("pageup,ctrl+u", "page(-1)", "A page up"),
        Binding("g,home", "edge('first')", "First line"),
        Binding("G,end", "edge('last')", "Last line"),
        Binding("enter,space", "open", "Open or close the block"),
        Binding("o", "sort", "Sort by trouble or by depth"),
        Binding("slash", "find", "Filter by name", priority=True),
        *bindings_everywhere(),
    ]
    DEFAULT_CSS = """
    TensorScreen {
        & > TensorList { height: 1fr; }
    }
    """

    _top_line = query_one("#tensors-top", FrameLine)
    _list = query_one("#tensors", TensorList)
    _line = query_one("#tensor-filter", LineInput)
    _end_line = query_one("#tensors-end", FrameLine)
    _key_footer = query_one(KeyFooter)

    def __init__(
        self, session: "Session", host: "Host", run: str, block: str | None, step: int | None = None
    ) -> None:
        super().__init__(session, host)
        self._run_name, self._first, self._step = run, block, step

    def compose(self) -> ComposeResult:
        """The tree in a frame, and the line for a filter, hidden at first."""
        yield FrameLine("top", id="tensors-top")
        yield TensorList(id="tensors")
        yield LineInput(id="tensor-filter", placeholder=tr("part of a name"))
        yield FrameLine("bottom", id="tensors-end")
        yield KeyFooter()

    def on_mount(self) -> None:
        """Show the run, and open the block that was selected."""
        self._line.display = False
        self._key_footer.show({}, hint=tr(_KEYS))
        self.set_focus(self._list)
        self.call_later(self._open)  # the screen is mounted only after this event

    def _open(self) -> None:
        self.show()
        self._list.open_first(self._first)
        self.show()

    @property
    def _shown_run(self) -> "Snapshot | None":
        run = next((run for run in self.session.snapshot.runs if run.run == self._run_name), None)
        if run is None or self._step is None:
            return run
        return self.session.past.at(run, self._step) or run

    @property
    def scenario_id(self) -> str | None:
        """None: a watched run has no scenario."""
        return None

    @property
    def theory_page(self) -> str | None:
        """The page about the run's verdict."""
        return page_of(self._shown_run) if self._shown_run else None

    @property
    def help_text(self) -> str:
        """The first text of the help page."""
        return paragraph(TensorList.HELP)

    def show(self) -> None:
        """Show the latest sample."""
        run = self._shown_run
        if not self.has_parts or run is None or self.size.area == 0:
            return
        self._list.show(run)
        listed, all_tensors = self._list.counts
        order = tr("by trouble") if self._list.by_trouble else tr("by depth")
        title: Row = (
            Piece(run.scenario_id, "strong"),
            Piece(f"  {tr('Tensors')}", "title"),
            Piece(f"  {order}", "dim"),
        )
        self._top_line.show(title, (Piece(tr("step {step}", step=format.count(run.layers_step)), "dim"),))
        total = format.count(all_tensors)
        if self._list.filter:
            found = plural(
                "{listed} of {total} tensor",
                "{listed} of {total} tensors",
                all_tensors,
                listed=format.count(listed),
                total=total,
            )
        else:
            found = plural("{total} tensor", "{total} tensors", all_tensors, total=total)
        node = self._list.current
        words = state_in_words(run, node) if node is not None else ""
        left: Row = (Piece(f"/{self._list.filter}", "accent"),) if self._list.filter else ()
        if not left and words:
            left = (Piece(words, "dim"),)
        self._end_line.show(left, (Piece(found, "dim"),))

    def action_cursor(self, by: int) -> None:
        """Move by a line."""
        self._list.move(by)
        self.show()

    def action_page(self, by: int) -> None:
        """Move by a page."""
        self._list.page(by)
        self.show()

    def action_edge(self, which: str) -> None:
        """Move to the first or the last line."""
        self._list.edge(which)
        self.show()

    def action_open(self) -> None:
        """Open or close the block."""
        self._list.toggle()
        self.show()

    def action_sort(self) -> None:
        """Sort by trouble, or again by depth."""
        self._list.sort()
        self.show()

    def action_find(self) -> None:
        """Open the line for a filter."""
        self._line.value = ""
        self._line.display = True
        self.set_focus(self._line)

    @on(Input.Changed)
    def _filter(self, message: Input.Changed) -> None:
        if message.input.display:
            self._list.set_filter(message.value)
            self.show()

    @on(Input.Submitted)
    def _keep_filter(self) -> None:
        self._close_filter()

    def _close_filter(self) -> None:
        self._line.display = False
        self.set_focus(self._list)
        self.show()

    def action_back(self) -> None:
        """Close the filter's line, then remove the filter, then leave."""
        if self._line.display:
            self._close_filter()
        elif self._list.filter:
            self._list.set_filter("")
            self.show()
        else:
            node = self._list.current
            self.dismiss(node.block if node is not None else "")
