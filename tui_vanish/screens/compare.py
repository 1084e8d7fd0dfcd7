"""The comparison: runs in lockstep, overlaid and side by side, and only what differs between them."""

from collections.abc import Sequence
from dataclasses import replace

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Static

from engine.comparison import Entrant
from engine.events import Pause, Resume, Status, Stop
from engine.runview import Snapshot
from tui_vanish import comparison_views, views
from tui_vanish.actions import bindings
from tui_vanish.lab_layout import SMALLEST
from tui_vanish.lineup import Lineup, View
from tui_vanish.screens.following import FollowingScreen
from tui_vanish.widgets.footer import KeyFooter
from tui_vanish.widgets.frame_line import FrameLine
from tui_vanish.widgets.line_chart import LineChart
from tui_vanish.widgets.rows import Piece, Row
from tui_vanish.widgets.table_rows import MakeRows, TableRows
from tui_vanish.widgets.title_bar import TitleBar

_ROWS_FOR_DIFFERENCES = 32  # from which they are in sight whatever else is
_LEAST_CHART = 46  # cells that profiles beside it have to leave


class CompareScreen(FollowingScreen[str | None]):
    """The app's comparison. It is dismissed with the id of a scenario to open in the lab, or None."""

    CSS_PATH = "../styles/compare.tcss"
    BINDINGS = bindings("compare")

    def __init__(self) -> None:
        super().__init__()
        self._views: tuple[View, ...] = ("chart",)

    def compose(self) -> ComposeResult:
        """Everything; `show` decides what has room."""
        yield TitleBar()
        yield FrameLine("top", id="compare-top")
        with Horizontal(id="compare-upper"):
            yield LineChart(id="compare-chart")
            yield TableRows(id="compare-profiles")
        yield FrameLine("middle", title="Standings", id="standings-top")
        yield TableRows(id="compare-standings")
        yield FrameLine("middle", title="Only what differs", id="differences-top")
        yield TableRows(id="compare-differences")
        yield FrameLine("bottom", id="compare-end")
        yield Static(id="compare-too-small")
        yield KeyFooter()

    @property
    def _field(self) -> tuple[Entrant, ...]:
        return self._lineup.field(self.vanish.snapshot.runs)

    @property
    def _lineup(self) -> Lineup:
        return self.vanish.comparing.lineup

    def on_mount(self) -> None:
        """Show the first state."""
        self.show()

    def on_resize(self, event: events.Resize) -> None:
        """Give everything its place anew."""
        self.show()

    # --------------------------------------------------------------------------- what is shown

    def show(self) -> None:
        """Bring everything up to date with the app's snapshot and lineup."""
        if not self.is_mounted or self.size.area == 0:
            return
        snapshot, lineup, field = self.vanish.snapshot, self._lineup, self._field
        self.query_one(TitleBar).show(views.title(snapshot, self.vanish.host, self.vanish.seed))
        self._arrange(field)
        if field:
            self.query_one(LineChart).show(comparison_views.chart(field, lineup.metric))
        self._table("#compare-profiles", lambda width, ascii: _profiles(field, ascii))
        self._table("#compare-standings", lambda width, ascii: _standings(field, lineup, width))
        self._table("#compare-differences", lambda width, ascii: _differences(field, lineup, width))
        self._show_lines(field)
        self._show_footer(field)

    def _arrange(self, field: Sequence[Entrant]) -> None:
        width, height = self.size
        too_small = width < SMALLEST.width or height < SMALLEST.height
        self.set_class(too_small, "-too-small")
        self.query_one("#compare-too-small", Static).update(
            f"vanish-tui needs {SMALLEST.width}×{SMALLEST.height}; this is {width}×{height}"
        )
        tall = height >= _ROWS_FOR_DIFFERENCES
        columns = comparison_views.profile_width(len(field)) + 2
        beside = width - columns >= _LEAST_CHART
        self._views = (
            "chart",
            *(() if beside else ("profiles",)),
            *(() if tall else ("differences",)),
        )
        view = self._lineup.view if self._lineup.view in self._views else "chart"
        profiles = self.query_one("#compare-profiles")
        self.query_one("#compare-chart").display = view == "chart"
        profiles.display = view == "profiles" or (beside and view == "chart")
        profiles.styles.width = columns if beside else "1fr"
        self.query_one("#compare-upper").display = view != "differences"
        for selector in ("#differences-top", "#compare-differences"):
            self.query_one(selector).display = tall or view == "differences"
        rows = len(_differences(field, self._lineup, width))
        self.query_one("#compare-differences").styles.height = min(rows, height // 3) if tall else "1fr"
        self.query_one("#compare-standings").styles.height = len(field) + 1

    def _show_lines(self, field: Sequence[Entrant]) -> None:
        lineup = self._lineup
        runs = [run for entrant in field for run in entrant.runs]
        epoch = max((run.epoch for run in runs), default=0)
        top = self.query_one("#compare-top", FrameLine)
        words = comparison_views.words(lineup.metric)
        title = (Piece("Compare", "title"), Piece(f"  {words}", "text"))
        top.show(title, (Piece(f"{len(runs)} runs · epoch {epoch}"),))
        seeds = max((len(entrant.runs) for entrant in field), default=1)
        remark = f"median of {seeds} seeds, ± half the range" if seeds > 1 else "one seed: no spread known"
        self.query_one("#standings-top", FrameLine).show(
            (Piece("Standings", "title"),), (Piece(f"at equal epochs · {remark}", "dim"),)
        )

    def _show_footer(self, field: Sequence[Entrant]) -> None:
        runs = [run for entrant in field for run in entrant.runs]
        active = any(not run.status.ended for run in runs)
        paused = active and all(run.status.ended or run.status is Status.PAUSED for run in runs)
        labels = {
            "leave_comparison": "back",
            "pause_all": "go on" if paused else "pause" if active else "",
            "stop_one": "stop one" if active else "",
            "stop_all": "stop all" if active else "",
            "next_metric": "metric",
            "next_view": "view" if len(self._views) > 1 else "",
            "set_baseline": "baseline",
            "drop": "drop",
            "add": "add",
            "another_seed": "seed",
            "open_in_lab": "lab",
            "help": "help",
            "quit": "quit",
        }
        self.query_one(KeyFooter).show(labels)

    def _table(self, selector: str, make: MakeRows) -> None:
        self.query_one(selector, TableRows).show(make)

    # ----------------------------------------------------------------------------------- keys

    def action_cursor(self, by: str) -> None:
        """Focus the next or the previous entrant."""
        if field := self._field:
            self._change(self._lineup.moved(field, int(by)))

    def action_next_metric(self, by: str) -> None:
        """Show another metric in the chart."""
        self._change(replace(self._lineup.next_metric(int(by)), view="chart"))

    def action_next_view(self) -> None:
        """Show the next of chart, profiles and differences, where there is room for one."""
        self._change(self._lineup.next_view(self._views))

    def action_set_baseline(self) -> None:
        """Show the differences against the focused entrant."""
        if focused := self._focused:
            self._change(replace(self._lineup, baseline=focused.label))

    def action_pause_all(self) -> None:
        """Pause all runs, or let all go on."""
        active = [run for entrant in self._field for run in entrant.runs if not run.status.ended]
        running = [run for run in active if run.status is not Status.PAUSED]
        for run in running or active:
            self.vanish.bridge.send(Pause(run.run) if running else Resume(run.run))

    def action_stop_one(self) -> None:
        """Stop the focused entrant."""
        if focused := self._focused:
            self._stop(focused.runs)

    def action_stop_all(self) -> None:
        """Stop all of them."""
        for entrant in self._field:
            self._stop(entrant.runs)

    def action_drop(self) -> None:
        """Take the focused entrant out of the comparison; a run that trains is stopped, and saved."""
        if (focused := self._focused) is None:
            return
        self._stop(focused.runs)
        self._change(self._lineup.without(run.run for run in focused.runs))
        if not self._field:
            self.dismiss(None)

    def action_add(self) -> None:
        """Go back to the list to mark another; `c` brings it here."""
        self.notify("Mark others with space; c brings them into the comparison.", timeout=5)
        self.dismiss(None)

    def action_another_seed(self) -> None:
        """Train every entrant with one more seed."""
        self.vanish.comparing.add_seed(self._field)

    def action_open_in_lab(self) -> None:
        """Look at the focused entrant in the lab."""
        if focused := self._focused:
            self.dismiss(focused.runs[-1].scenario_id)

    def action_leave_comparison(self) -> None:
        """Back to the lab; everything goes on."""
        self.dismiss(None)

    @property
    def _focused(self) -> Entrant | None:
        field = self._field
        return field[self._lineup.focus_place(field)] if field else None

    def _change(self, lineup: Lineup) -> None:
        self.vanish.comparing.lineup = lineup
        self.show()

    def _stop(self, runs: Sequence[Snapshot]) -> None:
        for run in runs:
            if not run.status.ended:
                self.vanish.bridge.send(Stop(run.run))


def _profiles(field: Sequence[Entrant], ascii: bool) -> list[Row]:
    return comparison_views.profile_rows(field, ascii=ascii) if field else []


def _standings(field: Sequence[Entrant], lineup: Lineup, width: int) -> list[Row]:
    if not field:
        return [(Piece(" The runs are being set up…", "dim"),)]
    return comparison_views.standings(field, lineup, width)


def _differences(field: Sequence[Entrant], lineup: Lineup, width: int) -> list[Row]:
    return comparison_views.difference_rows(field, lineup, width) if field else []
