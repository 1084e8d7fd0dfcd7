"""The screen of all saved runs: find one, show it, resume it, name it, delete it.

The file is longer than others because the screen has a dozen keys for the highlighted run. Each takes a few
lines, and they share the run, the marks and the trash.
"""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.getters import query_one
from textual.widgets import Input

from engine.protocol.commands import Stop
from engine.storage import trash
from engine.storage.labels import Labels, write_labels
from engine.storage.run_index import RunEntry, list_runs, recorded_entries
from engine.storage.run_log import NotARun
from scenarios.problems import printable
from tui_vanish.actions import bindings
from tui_vanish.chrome.key_footer import KeyFooter
from tui_vanish.chrome.screen import LiveScreen
from tui_vanish.chrome.sweep_actions import Deed, SweepActions
from tui_vanish.chrome.title_bar import TitleBar
from tui_vanish.drawing.text import Piece, Row
from tui_vanish.language import marked, paragraph, tr, tr_in
from tui_vanish.language.below import spoken
from tui_vanish.monitor import origin_text
from tui_vanish.runs.columns import COLUMNS, labels
from tui_vanish.runs.run_list import RunList
from tui_vanish.widgets.frame import FrameLine
from tui_vanish.widgets.line_input import LineInput
from tui_vanish.widgets.table import TableRows
from vanish_recorder.diagnosis.wording import PAGES
from vanish_recorder.storage.run_lock import Owner, RunInUse

if TYPE_CHECKING:
    from tui_vanish.chrome.host import Host
    from tui_vanish.session.session import Session

_REFRESH_SECONDS = 5.0
_STOPPED_SECONDS = 0.5  # until a stopped run has been saved
MOST_EPOCHS = 1_000_000
_ONLY_ITS_SCRIPT = marked(
    "It was recorded from a script of yours, which alone can continue it: start the script again, with"
    " watch(..., resume=True)."
)


class RunsScreen(LiveScreen[str | None]):
    """The runs folder. It is dismissed with the id of a scenario to show in the lab, or None."""

    CSS_PATH = "runs.tcss"
    AUTO_FOCUS = "#run-list"
    TARGET = "runs"
    LEAVE = "leave_runs"
    BINDINGS = bindings("runs")

    _top_line = query_one("#runs-top", FrameLine)
    _list = query_one("#run-list", RunList)
    _line = query_one("#run-filter", Input)
    _origin = query_one("#runs-origin", TableRows)
    _end_line = query_one("#runs-end", FrameLine)
    _key_footer = query_one(KeyFooter)

    def __init__(self, session: "Session", host: "Host") -> None:
        super().__init__(session, host)
        self._entries: Sequence[RunEntry] = ()
        self._marked: dict[str, RunEntry] = {}
        self._deleted: list[str] = []  # names, the latest last
        self._reading: asyncio.Task[None] | None = None
        self._outdated = False
        self._with_recorded = False
        self._awaited = True  # a key has changed something that the list does not show yet
        self._here = Owner.present()
        self._sweeps = SweepActions(self, self._read_again)

    def compose(self) -> ComposeResult:
        """The list in its frame, and the line for a filter, hidden at first."""
        yield TitleBar()
        yield FrameLine("top", title="Runs", id="runs-top")
        yield RunList(id="run-list")
        yield LineInput(id="run-filter", placeholder=tr("part of a name, tag, status or verdict"))
        yield FrameLine("middle", id="runs-origin-top")
        yield TableRows(id="runs-origin")
        yield FrameLine("bottom", id="runs-end")
        yield KeyFooter()

    @property
    def scenario_id(self) -> str | None:
        """The id of the highlighted run's scenario."""
        entry = self._list.current
        return entry.summary.scenario if entry and entry.summary and not entry.is_sweep else None

    @property
    def theory_page(self) -> str | None:
        """The page about the highlighted run's scenario, or about the verdict of a watched run."""
        summary = self._list.current.summary if self._list.current else None
        return PAGES.get(summary.verdict) if summary and summary.is_watched else super().theory_page

    @property
    def reported(self) -> tuple[Sequence[str], Path | None]:
        """The marked runs, or else the highlighted run or sweep."""
        entry = self._list.current
        if self._marked or entry is None:
            return tuple(self._marked), None
        return ((), entry.folder) if entry.is_sweep else ((entry.name,), None)

    @property
    def help_text(self) -> str:
        """The first text of the help page."""
        return paragraph(RunList.HELP)

    @property
    def is_filled(self) -> bool:
        """Whether the list shows what the keys before have led to, so that the next key may act on it."""
        return not self._awaited

    def on_mount(self) -> None:
        """Read the folder now, and again every few seconds."""
        self._line.display = False
        self._read()
        self.set_interval(_REFRESH_SECONDS, self._read)
        self.show()

    # --------------------------------------------------------------------------- what is shown

    def _read(self) -> None:
        if self.is_current and (self._reading is None or self._reading.done()):
            self._reading = asyncio.create_task(self._read_folder())

    def _read_again(self) -> None:
        """Read the folder after a change; a read that is in progress began before it."""
        self._outdated = self._awaited = True
        self._read()

    async def _read_folder(self) -> None:
        folder, problem = self.session.engine.runs_folder, ""
        self._outdated = True
        while self._outdated:
            self._outdated = False
            recorded = await asyncio.to_thread(recorded_entries) if self._with_recorded else []
            try:
                self._deleted = await asyncio.to_thread(trash.empty, folder)
                self._entries = [*await asyncio.to_thread(list_runs, folder), *recorded]
            except OSError as error:
                self._entries, problem = recorded, f"{folder}: {error.strerror}"
        self._awaited = False
        if self.has_parts:
            self._list.show(self._entries, frozenset(self._marked), problem)
            self.show()

    def show(self) -> None:
        """Update the title, the counts and the footer."""
        if not self.has_parts or self.size.area == 0:
            return
        self.show_title()
        self._show_frame()
        self._show_footer()

    @on(RunList.Highlighted)
    @on(RunList.Arranged)
    def _show_highlighted(self) -> None:
        self._show_frame()
        self._show_footer()

    def _show_frame(self) -> None:
        runs = self._list
        live = sum(entry.state == "live" for entry in self._entries)
        counts = tr(
            "{shown} of {all} · {live} live · by {column}",
            shown=len(runs.items),
            all=len(self._entries),
            live=live,
            column=tr_in("column", COLUMNS[runs.order.column].heading),
        )
        self._top_line.show((Piece(tr_in("heading", "Runs"), "title"),), (Piece(counts, "dim"),))
        entry = runs.current
        is_run = entry is not None and entry.summary is not None and not entry.is_sweep
        known = self.session.origins.of(entry.name) if entry and is_run else None
        self._origin.show(lambda width, ascii: origin_text.rows(entry, known, width) if entry else ())
        about = spoken(entry.problem) or self._trainer(entry) if entry else ""
        left: Row = (Piece(f"{printable(entry.name)}  {labels(entry)}".rstrip(), "dim"),) if entry else ()
        if runs.filter:
            left = (Piece(f"/{runs.filter}", "accent"),)
        self._end_line.show(left, (Piece(about, "warn"),) if about else ())

    def _trainer(self, entry: RunEntry) -> str:
        if entry.state == "handing over":
            return tr("handed over to {successor}, which is starting", successor=entry.successor)
        if entry.owner is None:
            return ""
        return (
            tr("trained here")
            if entry.owner == self._here
            else tr("trained by {owner}", owner=spoken(str(entry.owner)))
        )

    def _can_be_taken(self, entry: RunEntry) -> bool:
        if entry.summary is not None and entry.summary.is_watched:
            return False  # only its script can train it
        return entry.owner is not None and entry.owner.is_here and entry.owner != self._here

    def _show_footer(self) -> None:
        if self._line.has_focus:
            self._key_footer.show(
                {}, hint=tr("type part of a name, tag, status or verdict   ⏎ keep   esc clear")
            )
            return
        entry = self._list.current
        usable = entry is not None and entry.summary is not None
        watched = entry is not None and entry.summary is not None and entry.summary.is_watched
        live = entry is not None and entry.state in ("live", "handing over")
        can_train = self.session.engine.can_train
        recorded = entry is not None and entry.is_recorded
        deletable = entry is not None and not live and not recorded and (usable or trash.is_run(entry.folder))
        if entry is not None and entry.is_sweep:
            self._key_footer.show(self._footer_of_sweep(entry))
            return
        labels = {
            "leave_runs": "back",
            "open_run": "open" if usable else "",
            "resume_run": "resume"
            if usable and not live and can_train and not watched and not recorded
            else "",
            "stop_run": "stop" if can_train and entry is not None and entry.owner == self._here else "",
            "take_over_run": "take over"
            if can_train and entry is not None and self._can_be_taken(entry)
            else "",
            "mark_run": "mark" if usable else "",
            "compare_runs": "compare" if self._can_compare else "",
            "sort_runs": "sort",
            "find_run": "find",
            "rename_run": "name" if usable and not recorded else "",
            "tag_run": "tags" if usable and not recorded else "",
            "show_recorded": "recorded" if not self._with_recorded else "hide recorded",
            "delete_run": "delete" if deletable else "",
            "undo_delete": "undo" if self._deleted else "",
            "help": "help",
        }
        self._key_footer.show(labels)

    def _footer_of_sweep(self, entry: RunEntry) -> dict[str, str]:
        can_train = self.session.engine.can_train
        return {
            "leave_runs": "back",
            "open_run": "map",
            "resume_run": "continue" if can_train and not self._sweeps.why_no_resume(entry) else "",
            "stop_run": "stop" if can_train and entry.owner is not None and entry.owner.is_here else "",
            "compare_runs": "compare" if self._can_compare else "",
            "sort_runs": "sort",
            "find_run": "find",
            "rename_run": "name",
            "tag_run": "tags",
            "delete_run": "delete" if entry.owner is None else "",
            "undo_delete": "undo" if self._deleted else "",
            "help": "help",
        }

    # ------------------------------------------------------------------------------------- list

    def action_cursor(self, by: str) -> None:
        """Go to the next or the previous run."""
        self._list.move(int(by))

    def action_page(self, by: str) -> None:
        """Turn a page."""
        self._list.page(int(by))

    def action_edge(self, which: str) -> None:
        """Go to the first or the last run."""
        self._list.edge(which)

    def action_sort_runs(self, by: str) -> None:
        """Sort by the next column, or in the opposite order."""
        order = self._list.order
        self._list.sort(order.next() if by == "1" else order.reversed())

    def action_show_recorded(self) -> None:
        """Show or hide the recorded runs."""
        self._with_recorded = not self._with_recorded
        if not self._with_recorded:
            self._marked = {name: entry for name, entry in self._marked.items() if not entry.is_recorded}
        self._read_again()

    def action_find_run(self) -> None:
        """Show the line for the filter."""
        self._line.display = True
        self._line.value = self._list.filter
        self.set_focus(self._line)  # not later, because the next key may be part of the text
        self._show_footer()

    @on(Input.Changed, "#run-filter")
    def _filter(self, message: Input.Changed) -> None:
        self._list.set_filter(message.value)

    @on(Input.Submitted, "#run-filter")
    def _keep_filter(self) -> None:
        self._line.display = False
        self.set_focus(self._list)
        self._show_footer()

    def action_leave_runs(self) -> None:
        """Clear the filter, or go back."""
        if self._line.display or self._list.filter:
            self._list.set_filter("")
            self._keep_filter()
        else:
            self.dismiss(None)

    @on(RunList.Chosen)
    def action_open_run(self) -> None:
        """Show the run in the lab."""
        if (chosen := self._list.current) is not None and chosen.is_sweep:
            self.host.open_map(chosen.folder)
            return
        if (entry := self._usable()) is not None:
            self.dismiss(self.session.runs.open(entry))

    # ------------------------------------------------------------------------------ the run itself

    def _usable(self) -> RunEntry | None:
        """The highlighted run; None, with a message, if it cannot be used."""
        entry = self._list.current
        if entry is not None and entry.summary is None:
            text = f"{printable(entry.name)}: {entry.problem}"
            self.notify(text, severity="warning", markup=False)
            return None
        return entry

    def _refused(self, what: Deed) -> bool:
        """Whether a sweep is highlighted, which has no such action; the user is told what there is."""
        entry = self._list.current
        if entry is None or not entry.is_sweep:
            return False
        self.refuse(self._sweeps.refusal(what))
        return True

    def _comes_with_the_program(self) -> bool:
        """Whether a recorded run is highlighted, which cannot be changed; the user is told so."""
        entry = self._list.current
        if entry is None or not entry.is_recorded:
            return False
        self.refuse(tr("A recorded run comes with the program; it is never changed."))
        return True

    def action_resume_run(self) -> None:
        """Resume the run, or what is missing in a sweep. For a finished run, ask for the epochs first."""
        if (entry := self._list.current) is not None and entry.is_sweep:
            self._sweeps.resume(entry)
            return
        if self._comes_with_the_program() or (entry := self._usable()) is None or entry.summary is None:
            return
        if self._is_handed_over(entry):
            return
        if entry.summary.is_watched:
            self.notify(tr(_ONLY_ITS_SCRIPT), severity="warning", markup=False, timeout=8)
        elif entry.owner is not None:
            trainer = self._trainer(entry)
            if self._can_be_taken(entry):
                text = tr("The run is {trained_by}; T takes it over.", trained_by=trainer)
            else:
                text = tr("The run is {trained_by}.", trained_by=trainer)
            self.notify(text, severity="warning", markup=False)
        elif entry.summary.status == "finished":
            self._ask_epochs(entry)
        else:
            self._resume(entry, None)

    def _is_handed_over(self, entry: RunEntry) -> bool:
        """Whether another process is starting to train the run, which is then reported."""
        if entry.state != "handing over":
            return False
        self.notify(
            tr("The run is {trained_by}. Try again in a moment.", trained_by=self._trainer(entry)),
            markup=False,
        )
        return True

    def _ask_epochs(self, entry: RunEntry) -> None:
        from tui_vanish.chrome.dialogs import ValueScreen, whole_number

        assert entry.summary is not None
        had = max(1, entry.summary.epochs // entry.summary.stages)
        if entry.summary.stages > 1:
            question = tr("It is finished. How many epochs in each stage?")
        else:
            question = tr("It is finished. How many epochs in total?")

        def on_answer(text: str | None) -> None:
            if text is not None:
                self._resume(entry, int(text))

        check = whole_number(had + 1, MOST_EPOCHS)
        self.app.push_screen(ValueScreen(question, str(2 * had), check, tr_in("enter", "resume")), on_answer)

    def _resume(self, entry: RunEntry, epochs: int | None) -> None:
        self.session.runs.resume(entry, epochs)
        assert entry.summary is not None
        self.dismiss(entry.summary.scenario)

    def action_stop_run(self) -> None:
        """Stop and save the run, if this app trains it, or a sweep of this machine."""
        entry = self._list.current
        if entry is None:
            return
        if entry.is_sweep:
            self._sweeps.stop(entry)
        elif entry.owner == self._here:
            self.session.send(Stop(entry.name))
            self.set_timer(_STOPPED_SECONDS, self._read)
        elif entry.owner is not None and entry.summary is not None and entry.summary.is_watched:
            self.notify(
                tr("Your script trains it: open it with enter, then s stops the script."), markup=False
            )
        elif entry.owner is not None:
            trainer = self._trainer(entry)
            if self._can_be_taken(entry):
                text = tr("The run is {trained_by}; T takes it over, then s stops it.", trained_by=trainer)
            else:
                text = tr("The run is {trained_by}.", trained_by=trainer)
            self.notify(text, severity="warning", markup=False)
        else:
            self.notify(tr("The run is not training."), timeout=3)

    def action_take_over_run(self) -> None:
        """Take the run over from its process."""
        if self._refused("take over"):
            return
        entry = self._list.current
        if entry is not None and entry.owner is not None:
            self.session.runs.open(entry)
            self.session.runs.take_over(entry.name)

    def action_mark_run(self) -> None:
        """Mark or unmark the run for a comparison."""
        if self._refused("mark"):
            return
        if (entry := self._usable()) is not None and self._marked.pop(entry.name, None) is None:
            self._marked[entry.name] = entry
        self._list.show(self._entries, frozenset(self._marked))

    @property
    def _can_compare(self) -> bool:
        """Whether two runs are marked, or one run while there is a comparison to add it to."""
        return len(self._marked) > (0 if self.session.comparison.lineup.runs else 1)

    def action_compare_runs(self) -> None:
        """Compare the marked runs, which are read from their logs."""
        if not self._can_compare:
            self.refuse(tr("Mark at least two runs with space, then press c."))
            return
        for entry in self._marked.values():
            self.session.runs.open(entry)
        names = list(self._marked)
        self.dismiss(None)
        self.session.comparison.begin_with_runs(names)
        self.host.open_comparison()

    def action_rename_run(self) -> None:
        """Change the name of the run."""
        self._ask_label(
            tr("Name of the run:"),
            lambda labels: labels.name,
            lambda labels, text: Labels(text, labels.tags),
        )

    def action_tag_run(self) -> None:
        """Change the tags of the run."""
        self._ask_label(
            tr("Tags of the run, separated by spaces or commas:"),
            lambda labels: " ".join(labels.tags),
            lambda labels, text: Labels(labels.name, tuple(dict.fromkeys(text.replace(",", " ").split()))),
        )

    def _ask_label(
        self, question: str, present: Callable[[Labels], str], changed: Callable[[Labels, str], Labels]
    ) -> None:
        from tui_vanish.chrome.dialogs import ValueScreen

        if self._comes_with_the_program() or (entry := self._usable()) is None:
            return

        def on_answer(text: str | None) -> None:
            if text is not None:
                self._try(lambda: write_labels(entry.folder, changed(entry.labels, text)))

        self.app.push_screen(ValueScreen(question, present(entry.labels), lambda text: ""), on_answer)

    def action_delete_run(self) -> None:
        """Move the run to the trash."""
        entry = self._list.current
        if entry is None or self._comes_with_the_program() or self._is_handed_over(entry):
            return
        if self._try(lambda: trash.delete(entry.folder)):
            self._marked.pop(entry.name, None)
            text = tr("{name} was deleted. z restores it within 24 hours.", name=printable(entry.name))
            self.notify(text, timeout=6, markup=False)

    def action_undo_delete(self) -> None:
        """Restore the run that was deleted last, also by another process."""
        if self._deleted:
            name = self._deleted.pop()
            self._try(lambda: trash.restore(self.session.engine.runs_folder / name))

    def _try(self, change: Callable[[], None]) -> bool:
        """Change something in the folder and read it again; False, with a message, if this fails."""
        try:
            change()
        except RunInUse as error:
            self.notify(
                tr("Not changed: {error}.", error=spoken(str(error))), severity="warning", markup=False
            )
        except NotARun as error:
            self.notify(f"{printable(str(error))}.", severity="warning", markup=False)
        except OSError as error:
            text = f"{printable(str(error.filename))}: {error.strerror}"
            self.notify(text, severity="error", markup=False)
        else:
            self._read_again()
            return True
        return False
