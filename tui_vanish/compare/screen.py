"""The comparison: runs in lockstep in one chart, their gradients, their ranks, and how they differ.

It is long because every key of the comparison is one short action here, next to what it shows.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.getters import query_one

from engine.protocol.commands import Pause, Resume, Stop
from engine.tracking.in_common import any_watched, metrics
from engine.tracking.progress import progress
from engine.tracking.ranking import Entrant
from engine.tracking.snapshot import Snapshot
from tui_vanish.actions import bindings
from tui_vanish.chrome.key_footer import KeyFooter
from tui_vanish.chrome.screen import LiveScreen
from tui_vanish.chrome.title_bar import TitleBar
from tui_vanish.compare import cursor, profiles, tables
from tui_vanish.compare.places import places
from tui_vanish.drawing import format
from tui_vanish.drawing.text import Piece, Row, cut
from tui_vanish.instruments.line_chart import LineChart
from tui_vanish.language import paragraph, plural, tr, tr_in
from tui_vanish.monitor.playback import Playback
from tui_vanish.monitor.theory_page import page_of
from tui_vanish.monitor.visit import NOW_KEY, speed_in_words
from tui_vanish.session.lineup import MOST, Lineup, View
from tui_vanish.widgets.frame import FrameLine
from tui_vanish.widgets.table import TableRows
from vanish_recorder.protocol.status import Status

if TYPE_CHECKING:
    from pathlib import Path

    from tui_vanish.chrome.host import Host
    from tui_vanish.session.session import Session

_ROWS_FOR_DIFFERENCES = 32  # from this height on the differences are always shown
_SHARE_OF_CHART = 0.45  # of the height, where the differences are shown as well
_OTHER_ROWS = 6  # title, the frame's lines, footer
_LEAST_CHART = 46  # cells; profiles are next to the chart only if it keeps this width
_WIDE = 100  # cells; from this width on the frame also shows the seconds


class CompareScreen(LiveScreen[str | None]):
    """The app's comparison. It is dismissed with the id of a scenario to open in the lab, or None."""

    CSS_PATH = "compare.tcss"
    TARGET = "compare"
    LEAVE = "leave_comparison"
    BINDINGS = bindings("compare")

    HELP = """
    A dialog asks for the budget of each new run, the seeds, and whether runs that exist take part; enter
    starts with what it shows. The keys act on the run with the arrow, their capitals on all runs. Runs are
    compared at the last epoch that all in the race have, and at equal seconds of training. A stopped run is
    not ranked after its last epoch, and says which rank it had then; d drops it. x trains one more seed of
    each. With several seeds a line is the median, small letters are the lowest and the highest seed, and ≈
    marks a difference inside their range. b chooses the baseline for gaps and differences. All new runs start
    together, from step 1. To add a run as it is, mark it in the list of saved runs. The lowest line says on
    how many cores, or on which GPU, a run trains, and which part of the time it does: runs that take turns
    wait for each other. ← and → move a cursor: everything below the chart shows the runs as they were there;
    comma plays.
    """

    _top_line = query_one("#compare-top", FrameLine)
    _chart = query_one("#compare-chart", LineChart)
    _table = query_one("#compare-table", TableRows)
    _standings_top = query_one("#standings-top", FrameLine)
    _standings = query_one("#compare-standings", TableRows)
    _differences_top = query_one("#differences-top", FrameLine)
    _differences = query_one("#compare-differences", TableRows)
    _end_line = query_one("#compare-end", FrameLine)
    _key_footer = query_one(KeyFooter)

    def __init__(self, session: "Session", host: "Host") -> None:
        super().__init__(session, host)
        self._views: tuple[View, ...] = ("chart",)
        self._cursor: float | None = None  # a place on the shared axis
        self.playback = Playback(self, self._play_on)

    @property
    def reported(self) -> "tuple[Sequence[str], Path | None]":
        """The runs of the comparison."""
        return tuple(self._lineup.runs), None

    def compose(self) -> ComposeResult:
        """All parts; `show` hides those without room."""
        yield TitleBar()
        yield FrameLine("top", id="compare-top")
        with Horizontal(id="compare-upper"):
            yield LineChart(id="compare-chart")
            yield TableRows(id="compare-table")
        yield FrameLine("middle", title="Standings", id="standings-top")
        yield TableRows(id="compare-standings")
        yield FrameLine("middle", title="Only what differs", id="differences-top")
        yield TableRows(id="compare-differences")
        yield FrameLine("bottom", id="compare-end")
        yield KeyFooter()

    @property
    def _entrants(self) -> tuple[Entrant, ...]:
        return self._lineup.entrants(self.session.snapshot.runs)

    @property
    def _lineup(self) -> Lineup:
        return self.session.comparison.lineup

    @property
    def runs_in_sight(self) -> tuple[str, ...]:
        """The compared runs without the failed ones: the standings have no room for the reason."""
        runs = (run for entrant in self._entrants for run in entrant.runs)
        return tuple(run.run for run in runs if run.status is not Status.FAILED)

    @property
    def help_text(self) -> str:
        """The first text of the help page."""
        return paragraph(self.HELP)

    def on_mount(self) -> None:
        """Show the first state."""
        self.show()

    # --------------------------------------------------------------------------- what is shown

    def show(self) -> None:
        """Show the latest state of the session."""
        if not self.has_parts or self.size.area == 0:
            return
        lineup, entrants = self._lineup, self._entrants
        self.show_title()
        if entrants:
            metric = lineup.shown_metric(metrics(entrants))
            self._chart.show(tables.chart(entrants, metric, self._cursor))
        now = entrants
        if self._cursor is not None:  # all that is not the chart
            entrants = cursor.seen_at(self.session.past, now, self._cursor)
        view = self._arrange(entrants)
        table = _differences if view == "differences" else _profiles
        self._table.show(lambda width, ascii: table(entrants, lineup, width, ascii))
        self._standings.show(lambda width, ascii: _standings(entrants, lineup, width, ascii))
        self._differences.show(lambda width, ascii: _differences(entrants, lineup, width, ascii))
        self._show_lines(entrants, view)
        self._show_more()
        self._show_footer(now)

    def _arrange(self, entrants: Sequence[Entrant]) -> View:
        """Place or hide each part; returns the view in the upper part."""
        width, height = self.size
        standings, rows = len(entrants) + 1, len(_differences(entrants, self._lineup, width - 2, False))
        room = max(3, height - _OTHER_ROWS - standings - round(_SHARE_OF_CHART * height))
        tall = height >= _ROWS_FOR_DIFFERENCES
        columns = profiles.profile_width(entrants, width - _LEAST_CHART - 2) + 2
        beside = width - columns >= _LEAST_CHART
        self._views = (
            "chart",
            *(() if beside else ("profiles",)),
            *(() if tall and rows <= room else ("differences",)),
        )
        view = self._lineup.view if self._lineup.view in self._views else "chart"
        self._chart.display = view == "chart"
        self._table.display = view != "chart" or beside
        self._table.styles.width = columns if view == "chart" else "1fr"
        self._differences_top.display = self._differences.display = tall and view != "differences"
        self._differences.styles.height = min(rows, room)
        self._standings.styles.height = standings
        return view

    def _show_lines(self, entrants: Sequence[Entrant], view: View) -> None:
        runs = [run for entrant in entrants for run in entrant.runs]
        epoch = max((run.epoch for run in runs), default=0)
        words = tables.title(view, entrants, self._lineup.shown_metric(metrics(entrants)))
        title = (Piece(tr_in("heading", "Compare"), "title"), Piece(f"  {words}", "text"))
        known = sum(run.run in self._lineup.runs for run in self.session.snapshot.runs)
        left_out = ""
        if len(entrants) == MOST and known > len(runs):
            left_out = " · " + tr("{number} shown at once", number=MOST)
        where = tr("epoch {number}", number=format.count(epoch))
        if any_watched(entrants):
            where = tr("step {step}", step=format.count(max(run.step for run in runs)))
        counted = plural("{number} run", "{number} runs", len(runs))
        if self.size.width >= _WIDE or any_watched(entrants):  # the standings show the epochs, too
            counted += f" · {where}"
        counted += left_out
        courses = [run.course for run in runs]
        if not all(run.status.ended for run in runs) and (done := progress(courses)) is not None:
            counted += f" · {format.percent(done)}"
        if left := self.session.time_left.of_all(courses):
            time = format.time_left(left.seconds)
            counted += " · " + (time if left.whole else tr("at least {time_left}", time_left=time))
        row: Row = (Piece(counted),)
        if self._cursor is not None:
            row = (Piece(self._where_in_the_past(self._cursor), "accent"),)
        self._top_line.show(title, row)
        remark = tables.equal(entrants, wide=self.size.width >= _WIDE) if entrants else ""
        self._standings_top.show(
            (Piece(tr_in("heading", "Standings"), "title"),), (Piece(remark, "dim"),) if remark else ()
        )

    def _where_in_the_past(self, place: float) -> str:
        """The place of the cursor, and how to go back to now."""
        now, speed = self._entrants, self.playback.speed
        pace = tr("playing {speed}", speed=speed_in_words(speed)) + " · " if speed is not None else ""
        back = cursor.reading(self.session.past, now) or tr("{key} returns to now", key=NOW_KEY)
        at = tr("at {place}", place=cursor.in_words(place, cursor.newest(now), now))
        return f"{pace}{at} · {back}"

    @on(TableRows.Scrolled)
    def _show_more(self) -> None:
        """Show where the runs train, and how many rows of the tables are hidden below."""
        hidden = sum(table.hidden_below for table in self._tables_in_sight())
        more = plural("{number} more ↓", "{number} more ↓", hidden) if hidden else ""
        where = places(self._entrants, self.session.snapshot.owners, self.session.time_left.share_of)
        where = cut(where, self.size.width - 8 - len(more))
        self._end_line.show(*((Piece(text, "dim"),) if text else () for text in (where, more)))

    def _tables_in_sight(self) -> Iterator[TableRows]:
        for table in self.query(TableRows):
            if table.display:
                yield table

    def _show_footer(self, entrants: Sequence[Entrant]) -> None:
        runs = [run for entrant in entrants for run in entrant.runs]
        focused, can_train = self._focused, self.session.engine.can_train
        labels = {
            "leave_comparison": "back",
            "pause_one": _pause_label(self._changeable(focused.runs if focused else ())),
            "pause_all": _pause_label(self._changeable(runs), " all"),
            "stop_one": "stop" if focused and self._changeable(focused.runs) else "",
            "stop_all": "stop all" if self._changeable(runs) else "",
            "moment": "now" if self._cursor is not None else "",
            "play": ("pause" if self.playback.speed is not None else "play")
            if self._cursor is not None
            else "",
            "next_metric": "metric",
            "next_view": "view" if len(self._views) > 1 else "",
            "set_baseline": "baseline",
            "drop": "drop",
            "add": "add" if can_train else "",
            "another_seed": "seed" if can_train and runs else "",
            "open_in_lab": "lab",
            "help": "help",
            "quit": "quit",
        }
        self._key_footer.show(labels)

    def _changeable(self, runs: Iterable[Snapshot]) -> list[Snapshot]:
        """The runs that have not ended, and that this process trains."""
        if not self.session.engine.can_train:
            return []
        return [run for run in _active(runs) if run.run not in self.session.snapshot.owners]

    # ----------------------------------------------------------------------------------- keys

    def action_cursor(self, by: str) -> None:
        """Focus the next or the previous run."""
        if entrants := self._entrants:
            self._change(self._lineup.moved(entrants, int(by)))

    def action_move_cursor(self, by: str) -> None:
        """Move the cursor on the shared axis; everything shows the runs as they were there."""
        self.playback.pause()
        self._go_to(cursor.moved(self._cursor, cursor.newest(self._entrants), int(by)))

    def action_moment(self, which: str) -> None:
        """Go to the first step, or back to now."""
        self.playback.pause()
        self._go_to(0.0 if which == "first" and cursor.newest(self._entrants) > 0 else None)

    def action_play(self) -> None:
        """Play the comparison from the cursor on, or pause."""
        if self.playback.speed is not None:
            self.playback.pause()
            self.show()
        else:
            self._play()

    def action_pace(self, by: str) -> None:
        """Play faster or slower."""
        self.playback.change_speed(int(by))
        if self.playback.speed is None:
            self._play()
        else:
            self.show()

    def _play(self) -> None:
        end = cursor.newest(self._entrants)
        if end <= 0:
            self.refuse(tr("There is nothing to play yet."))
            return
        self.playback.play()
        self._go_to(0.0 if self._cursor is None or self._cursor >= end else self._cursor)

    def _play_on(self, part: float) -> bool:
        """Move the cursor by a part of the axis; returns whether there is more to play."""
        if self._cursor is None:
            return False
        if self.app.screen is not self:  # another one is above it
            return True
        end = cursor.newest(self._entrants)
        after = cursor.moved(self._cursor, end, part / cursor.STEP)
        is_over = after is None or after >= end
        self._go_to(None if is_over else after)
        return not is_over

    def _go_to(self, place: float | None) -> None:
        self._cursor = place
        self.show()

    def action_next_metric(self, by: str) -> None:
        """Show another metric in the chart."""
        entrants = self._entrants
        self._change(replace(self._lineup.next_metric(int(by), metrics(entrants)), view="chart"))

    def action_next_view(self) -> None:
        """Show the next of chart, profiles and differences, if there is room for only one."""
        self._change(self._lineup.next_view(self._views))

    def action_set_baseline(self) -> None:
        """Make the focused run the baseline for gaps and differences."""
        if focused := self._focused:
            self._change(replace(self._lineup, baseline=focused.label))

    def action_page(self, by: str) -> None:
        """Turn a page in the tables that have more rows than room."""
        for table in self._tables_in_sight():
            table.page(int(by))
        self._show_more()

    def action_pause_one(self) -> None:
        """Pause or resume the focused run."""
        if focused := self._focused:
            self._pause(focused.runs)

    def action_pause_all(self) -> None:
        """Pause all runs, or resume all."""
        self._pause([run for entrant in self._entrants for run in entrant.runs])

    def action_stop_one(self) -> None:
        """Stop the focused run."""
        if focused := self._focused:
            self._stop(focused.runs)

    def action_stop_all(self) -> None:
        """Stop all runs."""
        for entrant in self._entrants:
            self._stop(entrant.runs)

    def action_drop(self) -> None:
        """Remove the focused run from the comparison. If it trains, it is stopped and saved."""
        if focused := self._focused:
            self._drop([focused])

    def action_drop_all(self) -> None:
        """Remove all runs, so that the next marks begin a new comparison."""
        self._drop(self._entrants)

    def action_add(self) -> None:
        """Go back to the list to mark another scenario; `c` adds it."""
        self.notify(tr("Mark more with space, then press c to add them."), timeout=5)
        self.dismiss(None)

    def action_another_seed(self) -> None:
        """Train one more seed of each."""
        self.session.comparison.add_seed(self._entrants)

    def action_open_in_lab(self) -> None:
        """Show the focused run in the lab."""
        if focused := self._focused:
            self.dismiss(self.session.runs.look_at(focused.present))

    def action_leave_comparison(self) -> None:
        """Go back to now, or to the lab. The runs continue."""
        if self._cursor is not None:
            self.action_moment("now")
        else:
            self.dismiss(None)

    @property
    def scenario_id(self) -> str | None:
        """The id of the focused run's scenario; None of a run without one."""
        run = self._focused.runs[-1] if self._focused else None
        return None if run is None or run.spec.is_watched else run.scenario_id

    @property
    def theory_page(self) -> str | None:
        """The page about the focused run's scenario, or about the verdict of a watched run."""
        return page_of(self._focused.runs[-1]) if self._focused else None

    @property
    def _focused(self) -> Entrant | None:
        entrants = self._entrants
        return entrants[self._lineup.focus_place(entrants)] if entrants else None

    def _change(self, lineup: Lineup) -> None:
        self.session.comparison.lineup = lineup
        self.show()

    def _pause(self, runs: Sequence[Snapshot]) -> None:
        active = _active(runs)
        running = [run for run in active if run.status is not Status.PAUSED]
        for run in running or active:
            self.session.send(Pause(run.run) if running else Resume(run.run))

    def _stop(self, runs: Sequence[Snapshot]) -> None:
        for run in _active(runs):
            self.session.send(Stop(run.run))

    def _drop(self, entrants: Sequence[Entrant]) -> None:
        runs = [run for entrant in entrants for run in entrant.runs]
        others = self.session.snapshot.owners  # a run of another process continues: it cannot be stopped here
        self._stop([run for run in runs if run.run not in others])
        self._change(self._lineup.without(run.run for run in runs))
        if not self._entrants:
            self.session.comparison.clear()
            self.dismiss(None)


def _active(runs: Iterable[Snapshot]) -> list[Snapshot]:
    return [run for run in runs if not run.status.ended]


def _pause_label(runs: Iterable[Snapshot], which: str = "") -> str:
    active = _active(runs)
    if not active:
        return ""
    return f"{'resume' if all(run.status is Status.PAUSED for run in active) else 'pause'}{which}"


def _profiles(entrants: Sequence[Entrant], lineup: Lineup, width: int, ascii: bool) -> Sequence[Row]:
    return profiles.profile_rows(entrants, width, ascii=ascii) if entrants else ()


def _standings(entrants: Sequence[Entrant], lineup: Lineup, width: int, ascii: bool) -> Sequence[Row]:
    if not entrants:
        return [(Piece(" " + tr("The runs are starting…"), "dim"),)]
    return tables.standings(entrants, lineup, width)


def _differences(entrants: Sequence[Entrant], lineup: Lineup, width: int, ascii: bool) -> Sequence[Row]:
    return tables.difference_rows(entrants, lineup, width) if entrants else ()
