"""The map of a sweep: two settings are the axes, and each cell shows how its run went.

The file is longer than others because the screen has a key for each of a dozen actions, which share the
cursor, the axes and the marks.
"""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.getters import query_one

from engine.storage.run_index import read_entry
from engine.sweeps.folder import NotASweep
from engine.sweeps.results import WAITING
from scenarios.problems import ScenarioError, printable
from tui_vanish.actions import bindings
from tui_vanish.chrome.key_footer import KeyFooter
from tui_vanish.chrome.screen import LiveScreen
from tui_vanish.chrome.sweep_actions import SweepActions
from tui_vanish.chrome.title_bar import TitleBar
from tui_vanish.drawing.text import Piece, Row
from tui_vanish.language import paragraph, tr, tr_in
from tui_vanish.language.below import spoken
from tui_vanish.map import readout
from tui_vanish.map.borders import Borders, borders_of
from tui_vanish.map.grid import Choice, Grid, Point, grid_of
from tui_vanish.map.map_view import MapView, Picture, Place
from tui_vanish.map.measures import MEASURES, legend
from tui_vanish.map.reading import Reading, SweepReader
from tui_vanish.session import prose
from tui_vanish.session.lineup import MOST
from tui_vanish.widgets.frame import FrameLine
from tui_vanish.widgets.table import TableRows

if TYPE_CHECKING:
    from tui_vanish.chrome.host import Host
    from tui_vanish.session.session import Session

_REFRESH_SECONDS = 1.0


class MapScreen(LiveScreen[str | None]):
    """The map of a sweep. It is dismissed with the id of a scenario to show in the lab, or None.

    Args:
        session: of the app.
        host: opens other screens.
        path: folder of the sweep.
    """

    CSS_PATH = "map.tcss"
    AUTO_FOCUS = "#map"
    TARGET = "map"
    LEAVE = "leave_map"
    BINDINGS = bindings("map")
    HELP = """
    The runs of a sweep: each cell is one run, or the runs of several seeds, of which a number is the median.
    ● is training, ■ was stopped, ✗ diverged, ! failed, · has not begun. v shows another quantity. The lines
    between the cells are theory's border, 6 ξ layers, and the measured one: a test accuracy of 50 %. Where
    theory has χ = 1, gradients neither vanish nor explode.
    """

    _top_line = query_one("#map-top", FrameLine)
    _map = query_one("#map", MapView)
    _middle_line = query_one("#map-middle", FrameLine)
    _cell = query_one("#map-cell", TableRows)
    _end_line = query_one("#map-end", FrameLine)
    _key_footer = query_one(KeyFooter)

    def __init__(self, session: "Session", host: "Host", path: Path) -> None:
        super().__init__(session, host)
        self._path = path
        self._reader = SweepReader(path)
        self._reading: Reading | None = None
        self._problem = ""
        self._looking: asyncio.Task[None] | None = None
        self._choice: Choice | None = None
        self._grid: Grid | None = None
        self._cursor: Place = (0, 0)
        self._marked: dict[str, None] = {}  # runs, in the order in which they were marked
        self._measure = 0
        self._borders, self._borders_on = Borders(), True
        self._fixed = 0  # which of the settings that are no axis the keys change
        self._sweeps = SweepActions(self, self._read)

    @property
    def reported(self) -> tuple[tuple[str, ...], Path | None]:
        """The sweep of the map."""
        return (), self._path

    def compose(self) -> ComposeResult:
        """The map in its frame, and two rows about the cell under the cursor."""
        yield TitleBar()
        yield FrameLine("top", title="Map", id="map-top")
        yield MapView(id="map")
        yield FrameLine("middle", id="map-middle")
        yield TableRows(id="map-cell")
        yield FrameLine("bottom", id="map-end")
        yield KeyFooter()

    @property
    def help_text(self) -> str:
        """The first text of the help page."""
        return paragraph(self.HELP)

    @property
    def scenario_id(self) -> str | None:
        """The id of the scenario that the sweep varies."""
        return self._reading.folder.sweep.base.id if self._reading else None

    def on_mount(self) -> None:
        """Read the sweep now, and again every second."""
        self._map.show_message((Piece(" " + tr("Reading the sweep…"), "dim"),))
        self._read()
        self.set_interval(_REFRESH_SECONDS, self._read)
        self.show()

    # --------------------------------------------------------------------------- what is shown

    def _read(self) -> None:
        if self.is_current and (self._looking is None or self._looking.done()):
            self._looking = asyncio.create_task(self._read_sweep())

    async def _read_sweep(self) -> None:
        before, logs = self._reading, MEASURES[self._measure].needs_logs
        try:
            self._reading, self._problem = await asyncio.to_thread(self._reader.read, logs=logs), ""
        except (NotASweep, ScenarioError) as error:
            self._problem = spoken(printable(str(error)))
        except OSError as error:
            self._problem = f"{printable(str(self._path))}: {error.strerror}"
        if self._choice is None and self._reading is not None:
            self._choice = Choice.of(self._reading.folder.sweep)
        if self.has_parts and (self._reading != before or self._problem):
            self._take_in()

    def _take_in(self) -> None:
        """Arrange the cells after the sweep, the axes or the settings have changed."""
        if self._reading is not None and self._choice is not None:
            self._grid = grid_of(self._reading, self._choice)
            columns, rows = len(self._grid.points), len(self._grid.points[0])
            self._cursor = min(self._cursor[0], columns - 1), min(self._cursor[1], rows - 1)
            self._borders = borders_of(self._grid)  # here, because a key must not wait for all cells
        self.show()

    def show(self) -> None:
        """Update everything."""
        if not self.has_parts or self.size.area == 0:
            return
        self.show_title()
        if self._grid is not None and self._reading is not None and self._choice is not None:
            self._show_map(self._grid, self._reading, self._choice)
        elif self._problem:
            self._map.show_message((Piece(f" {self._problem}", "bad"),))
        self._show_footer()

    def _show_map(self, grid: Grid, reading: Reading, choice: Choice) -> None:
        measure, sweep = MEASURES[self._measure], reading.folder.sweep
        borders = self._borders if self._borders_on else Borders()
        marked = frozenset(
            (x, y)
            for x, column in enumerate(grid.points)
            for y, point in enumerate(column)
            if any(result.run in self._marked for result in point.results)
        )
        self._map.show(Picture(grid, measure, borders, self._cursor, marked))
        title = prose.sweep_title(sweep)
        about = (Piece(tr_in("heading", "Map"), "title"), Piece(f"  {printable(title)}"))
        self._top_line.show(about, (Piece(readout.progress(reading), "dim"),))
        ascii, words = self.has_ascii, legend(grid, measure)
        heading = tr_in("measure", measure.title)
        right = readout.lines(borders, self.size.width - len(heading) - 10, ascii=ascii)
        self._middle_line.show(readout.written((Piece(heading, "title"),), ascii=ascii), right)
        self._cell.show(lambda width, ascii: self._about_cell(ascii=ascii))
        left = readout.fixed(reading.folder, choice, self._fixed % max(1, len(choice.others(sweep))))
        columns, rows = self._map.hidden
        remark = self._problem or words or readout.more(columns, rows)
        self._end_line.show(left, (Piece(remark, "bad" if self._problem else "dim"),) if remark else ())

    def _about_cell(self, *, ascii: bool) -> list[Row]:
        rows = readout.about(self._point) if self._point else []
        return [readout.written(row, ascii=ascii) for row in rows]

    @property
    def has_ascii(self) -> bool:
        """Whether only ASCII is drawn."""
        return self.app.has_class("-ascii")

    @property
    def _point(self) -> Point | None:
        return self._grid.points[self._cursor[0]][self._cursor[1]] if self._grid else None

    def _show_footer(self) -> None:
        reading, point, choice = self._reading, self._point, self._choice
        can_train = self.session.engine.can_train
        has_begun = point is not None and any(result.status != WAITING for result in point.results)
        others = choice.others(reading.folder.sweep) if choice and reading else []
        several = reading is not None and sum(len(axis.values) > 1 for axis in reading.folder.sweep.axes) > 2
        owner = reading.entry.owner if reading else None
        summary = reading.entry.summary if reading else None
        unfinished = (
            summary is not None and reading is not None and not self._sweeps.why_no_resume(reading.entry)
        )
        labels = {
            "leave_map": "back",
            "open_cell": "open" if has_begun else "",
            "next_measure": "quantity",
            "borders": ("no lines" if self._borders_on else "lines") if self._has_lines else "",
            "mark_cell": "mark" if has_begun else "",
            "compare_cells": "compare" if len(self._marked) > 1 else "",
            "resume_sweep": "continue" if can_train and unfinished else "",
            "stop_sweep": "stop" if can_train and owner is not None and owner.is_here else "",
            "turn_axis": "axes" if several else "",
            "step_fixed": "value" if others else "",
            "next_fixed": "setting" if len(others) > 1 else "",
            "help": "help",
        }
        self._key_footer.show(labels)

    @property
    def _has_lines(self) -> bool:
        return bool(self._borders)

    # ----------------------------------------------------------------------------------- keys

    def action_move(self, x: int, y: int) -> None:
        """Move the cursor."""
        if self._grid is not None:
            columns, rows = len(self._grid.points), len(self._grid.points[0])
            self._go(
                (min(max(0, self._cursor[0] + x), columns - 1), min(max(0, self._cursor[1] + y), rows - 1))
            )

    def action_cell(self, way: str) -> None:
        """Go to the next cell in a direction."""
        self.action_move(*{"left": (-1, 0), "right": (1, 0), "up": (0, 1), "down": (0, -1)}[way])

    @on(MapView.Clicked)
    def _select(self, message: MapView.Clicked) -> None:
        if message.place == self._cursor:
            self.action_open_cell()
        else:
            self._go(message.place)

    def _go(self, place: Place) -> None:
        self._cursor = place
        self.show()

    def action_next_measure(self, by: str) -> None:
        """Show another quantity."""
        self._measure = (self._measure + int(by)) % len(MEASURES)
        self.show()
        self._read()

    def action_borders(self) -> None:
        """Show or hide the borders."""
        if not self._has_lines:
            self.refuse(tr("There are lines only if the number of layers is an axis and theory has a χ."))
            return
        self._borders_on = not self._borders_on
        self.show()

    def action_turn_axis(self, which: str) -> None:
        """Put the next setting on an axis."""
        if self._reading is None or self._choice is None:
            return
        turned = self._choice.turned(self._reading.folder.sweep, which)
        if turned == self._choice:
            self.refuse(tr("Only one setting of this sweep has several values."))
            return
        self._choice, self._fixed = turned, 0
        self._take_in()

    def action_step_fixed(self, by: str) -> None:
        """Show the next value of a setting that is no axis."""
        if self._reading is None or self._choice is None:
            return
        others = self._choice.others(self._reading.folder.sweep)
        if not others:
            self.refuse(tr("All settings that vary are axes, and there is one seed."))
            return
        key, _ = others[self._fixed % len(others)]
        self._choice = self._choice.stepped(self._reading.folder.sweep, key, int(by))
        self._take_in()

    def action_next_fixed(self) -> None:
        """Choose which setting the next key changes."""
        self._fixed += 1
        self.show()

    def action_open_cell(self) -> None:
        """Show the run of the cell in the lab."""
        if self._point is None:
            return
        begun = [result for result in self._point.results if result.status != WAITING]
        if not begun:
            self.refuse(tr("This run has not begun."))
            return
        self._follow(begun[0].run)

    def _follow(self, run: str) -> None:
        entry = read_entry(self._path / run)
        if entry.summary is None:
            self.refuse(f"{printable(entry.name)}: {spoken(entry.problem)}")
            return
        self.dismiss(self.session.runs.open(entry))

    def action_mark_cell(self) -> None:
        """Mark or unmark the runs of the cell for a comparison."""
        if self._point is None:
            return
        runs = [result.run for result in self._point.results if result.status != WAITING]
        if not runs:
            self.refuse(tr("This run has not begun."))
        elif any(run in self._marked for run in runs):
            for run in runs:
                self._marked.pop(run, None)
        elif len(self._marked) + len(runs) > MOST:
            self.refuse(tr("At most {most} runs can be compared.", most=MOST))
        else:
            self._marked.update(dict.fromkeys(runs))
        self.show()

    def action_compare_cells(self) -> None:
        """Compare the marked runs."""
        if len(self._marked) < 2:
            self.refuse(tr("Mark at least two cells with space, then press c."))
            return
        for run in self._marked:
            entry = read_entry(self._path / run)
            if entry.summary is not None:
                self.session.runs.open(entry)
        self.session.comparison.begin_with_runs(list(self._marked))
        self.host.open_comparison()

    def action_resume_sweep(self) -> None:
        """Train what is missing, in the background."""
        if self._reading is not None and self._reading.entry.summary is not None:
            self._sweeps.resume(self._reading.entry)

    def action_stop_sweep(self) -> None:
        """Stop the sweep."""
        if self._reading is not None:
            self._sweeps.stop(self._reading.entry)

    def action_leave_map(self) -> None:
        """Go back. The sweep continues."""
        self.dismiss(None)
