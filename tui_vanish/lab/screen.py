"""The lab: the list of scenarios, and the run of the highlighted one.

It is long because the lab has the most keys of all screens, and each key is one short action here.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.geometry import Size
from textual.getters import query_one
from textual.widget import Widget

from engine.protocol.recorded import recorded_run
from engine.tracking.facts import stage_count
from tui_vanish.actions import bindings
from tui_vanish.chrome.key_footer import KeyFooter
from tui_vanish.chrome.title_bar import TitleBar
from tui_vanish.drawing.text import Piece, Row
from tui_vanish.keyboard.turns import update
from tui_vanish.lab import overview
from tui_vanish.lab.footer import Situation, labels
from tui_vanish.lab.layout import BESIDE, Layout, lay_out
from tui_vanish.lab.run_controls import RunControls
from tui_vanish.lab.scenario_list import START, ScenarioList
from tui_vanish.lab.scenario_pane import ScenarioPane
from tui_vanish.lab.scenario_text import Paragraph, ScenarioText
from tui_vanish.lab.scenario_text_pane import ScenarioTextPane
from tui_vanish.language import paragraph, tr
from tui_vanish.language.below import spoken
from tui_vanish.monitor import chart_controls
from tui_vanish.session import prose
from tui_vanish.session.models import Model, shown_name
from tui_vanish.session.saved_results import has_runs

if TYPE_CHECKING:
    from pathlib import Path

    from engine.tracking.snapshot import Snapshot
    from scenarios import Entry
    from tui_vanish.chrome.host import Host
    from tui_vanish.lab.run_pane import RunPane
    from tui_vanish.session.saved_results import Result
    from tui_vanish.session.session import Session

# The widget that gets the focus in each pane, in the order of the keys 1 to 4.
PANES: Mapping[str, str] = {"scenarios": "#list", "charts": "#charts", "layers": "#layers", "about": "#text"}


class LabScreen(RunControls):
    """The scenarios on the left; on the right the latest run of the highlighted one, or its text."""

    AUTO_FOCUS = "#list"
    TARGET = "lab"
    BINDINGS = bindings("lab")

    _body = query_one("#body", Horizontal)
    _scenarios = query_one("#scenarios", ScenarioPane)
    _about = query_one("#about", ScenarioTextPane)
    _key_footer = query_one(KeyFooter)

    def __init__(self, session: "Session", host: "Host") -> None:
        super().__init__(session, host)
        self._list_wanted: bool | None = None  # None: the size of the terminal decides
        self._about_wanted = False
        self._layout: Layout | None = None
        self._run_pane: RunPane | None = None
        self._saved: Mapping[str, Result] = {}
        self._first_time = not has_runs(session.engine.runs_folder)
        self._recorded_runs: frozenset[str] = frozenset()

    def compose(self) -> ComposeResult:
        """All panes except the run's, which is added later; the layout decides which are visible."""
        yield TitleBar()
        with Horizontal(id="body"):
            yield ScenarioPane(self.session.runs.entries, id="scenarios")
            yield ScenarioTextPane(id="about")
        yield KeyFooter()

    @property
    def shown_run(self) -> "Snapshot | None":
        """The latest run of the highlighted scenario; None until the run's pane exists."""
        entry = self.highlighted
        if entry is None or self._run_pane is None:
            return None
        return self.session.runs.latest_run(entry.id)

    @property
    def runs_in_sight(self) -> tuple[str, ...]:
        """The run on the screen, if there is one."""
        run = self.shown_run
        return (run.run,) if run is not None and self._layout is not None and self._layout.run else ()

    @property
    def reported(self) -> "tuple[Sequence[str], Path | None]":
        """The shown run."""
        return ((run.run,), None) if (run := self.shown_run) is not None else ((), None)

    @property
    def highlighted(self) -> "Entry | None":
        """The highlighted scenario; None if no scenario matches the filter."""
        return self._scenarios.list.current

    @property
    def scenario_id(self) -> str | None:
        """The highlighted scenario's id."""
        return self.highlighted.id if self.highlighted else None

    @property
    def theory_page(self) -> str | None:
        """The page about the highlighted scenario, or about the verdict of a watched run."""
        from tui_vanish.monitor.theory_page import page_of  # the first frame does not need it

        run = self.seen_run
        return page_of(run) if run is not None and run.watched is not None else super().theory_page

    # --------------------------------------------------------------------------- what is shown

    def on_mount(self) -> None:
        """Restore the layout of the last session, and add the run's pane after the first frame."""
        self._list_wanted = self.session.preferences.list_wanted or None  # without a run the list is needed
        self.call_after_refresh(self._add_run_pane)

    async def _add_run_pane(self) -> None:
        """Mount the run's pane: half of all widgets, which the first frame does not need."""
        from tui_vanish.lab.run_pane import RunPane

        pane = RunPane(id="run")
        pane.display = False
        if not self.host.leaving:  # a key before the first frame may have quit the app
            await self._body.mount(pane, before="#about")
        if pane.is_whole and not self.host.leaving:
            self._run_pane = pane
            self.show()
        self.run_worker(self._read_saved_results(), exit_on_error=False)

    async def _read_saved_results(self) -> None:
        """Show how the scenarios ended in earlier sessions."""
        from engine.storage.recorded import recorded_runs  # not needed for the first frame
        from tui_vanish.session.saved_results import read_results

        self._recorded_runs = frozenset(recorded_runs())
        self._saved = await read_results(self.session.engine.runs_folder)
        if not self.host.leaving:
            self.session.runs.know_saved(self._saved)
            self.show_entries(self.session.runs.entries)
            self.show()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Show which pane has the focus."""
        self.show()

    @property
    def seed(self) -> int | None:
        """The seed of the next run; None beside a run of the user's own model, whose script has another."""
        run = self.shown_run
        return None if run is not None and run.watched is not None else super().seed

    def show(self) -> None:
        """Update everything from the latest snapshot and from this screen's state."""
        if not self.has_parts or self.size.area == 0:
            return
        snapshot, run = self.session.snapshot, self.shown_run
        if run is not None:
            self.reset_charts_for(run.run)
        self.show_title()
        self._scenarios.list.show_standings(
            overview.standings(snapshot, self._saved), self.session.comparison.marked
        )
        layout = self._arrange(run)
        if self._run_pane is not None and run is not None and layout.run:
            prediction = self.predictions.of(run)
            unsaved = snapshot.unsaved.get(run.run, "")
            left = self.session.time_left.of(run.run)
            self._run_pane.show(
                run,
                snapshot.activity,
                layout,
                self.looks,
                prediction,
                unsaved,
                left,
                self.visit,
                self.playback.speed,
            )
        if layout.about:
            self._show_about(run, layout)
        self._keep_focus()
        self._show_footer(run, layout)

    def _arrange(self, run: "Snapshot | None") -> Layout:
        """Place the panes, and hide those without room."""
        self._layout = layout = lay_out(
            self.size - Size(0, self._key_footer.further_rows),
            layers=max(run.watched is not None, len(run.spec.layers)) if run else 0,
            list_wanted=self._list_wanted,
            about_wanted=self._about_wanted,
            chart=self.looks.chart,
            staged=run is not None and stage_count(run) > 1,
            over_time=self.looks.over_time,
        )
        self.set_class(not layout.framed, "-bare")
        pane = self._pane
        self._scenarios.lay_out(layout, pane == "scenarios")
        if self._run_pane is not None:
            self._run_pane.lay_out(layout, pane)
        self._about.lay_out(layout, pane == "about")
        return layout

    def _show_about(self, run: "Snapshot | None", layout: Layout) -> None:
        entry = self._scenarios.list.current
        if entry is None:
            self._about.show((), (), [Paragraph("", tr("Nothing matches the filter; esc clears it."))])
            return
        room = layout.about_width - cell_len(shown_name(entry)) - 8
        remark: Row = ()
        if run is not None and not layout.run:
            from tui_vanish.monitor.present import progress  # not needed by the first frame

            remark = progress(run, room, self.session.time_left.of(run.run))
        paragraphs = self._paragraphs(entry)
        if entry.id == START and self._first_time and not self.session.snapshot.runs:
            paragraphs.insert(0, overview.welcome(can_train=self.session.engine.can_train))
        self._about.show((Piece(shown_name(entry), "strong"),), remark, paragraphs)

    def _paragraphs(self, entry: "Entry") -> list[Paragraph]:
        if isinstance(entry, Model):
            return self._paragraphs_of_model(entry)
        if entry.problems:
            listed = "\n".join(spoken(str(problem)) for problem in entry.problems)
            return [
                Paragraph("", prose.title_of(entry)),
                Paragraph(tr("{path} cannot be used", path=entry.path), listed),
            ]
        scenario = self.session.catalogue.read(entry)
        if scenario is None:
            return [Paragraph("", prose.title_of(entry))]
        if isinstance(scenario, str):
            return [Paragraph("", prose.title_of(entry)), Paragraph(tr("Cannot be used"), spoken(scenario))]
        return [*overview.about(prose.title_of(entry), scenario), *self._paragraphs_of_run()]

    def _paragraphs_of_model(self, entry: Model) -> list[Paragraph]:
        """The script of a watched run, its machine and its settings."""
        from tui_vanish.monitor import watched_text  # not needed by the first frame

        run = self.session.runs.latest_run(entry.id)
        found = watched_text.details(run) if run is not None else []
        if run is None:
            found = [(tr("Saved"), tr("Its latest run is opened with enter; r lists all of them."))]
        return [Paragraph("", entry.name), *(Paragraph(heading, text) for heading, text in found)]

    def _paragraphs_of_run(self) -> list[Paragraph]:
        """What the run of the highlighted scenario was trained on, where, when and by which command."""
        run = self.shown_run
        if run is None or run.started is None:
            return []
        from tui_vanish.monitor import origin_text  # not needed by the first frame

        known = self.session.origins.of(run.run)
        place = origin_text.where_and_when(run.run, known)
        begun = tr("{where_and_when}, with seed {seed}", where_and_when=place, seed=run.seed)
        return [
            Paragraph(tr("Trained on"), origin_text.of_started(run.started)),
            Paragraph(tr("Begun"), begun),
            Paragraph(tr("Command"), origin_text.command(known)),
        ]

    def _show_footer(self, run: "Snapshot | None", layout: Layout) -> None:
        if self._scenarios.filtering:
            self._key_footer.show({}, hint=tr("type part of a name   ⏎ keep   esc clear"))
            return
        owner = self.session.runs.owner(run.run) if run is not None else None
        now = Situation(
            entry=self.highlighted,
            run=run,
            seen=self.seen_run,
            can_train=self.session.engine.can_train,
            elsewhere=owner is not None,
            in_memory=run is not None and run.run not in self.session.snapshot.followed,
            can_take_over=owner is not None and owner.is_here,
            can_compare=self.session.comparison.can_open,
            pane=self._pane,
            layout=layout,
            looks=self.looks,
            trying=self.trying,
            playing=self.playback.speed is not None,
            has_recorded=self._recorded is not None,
        )
        of_script = run is not None and run.watched is not None  # its learning rate is changed by + and -
        self._key_footer.show(labels(now), kept="rate" if of_script else "")

    # ------------------------------------------------------------------------------------ panes

    @property
    def _pane(self) -> str | None:
        """The pane that has the focus."""
        if self._scenarios.filtering:
            return "scenarios"
        focused = f"#{self.focused.id}" if self.focused else None
        return next((pane for pane, selector in PANES.items() if selector == focused), None)

    @property
    def help_text(self) -> str:
        """The help text about the pane that has the focus, and about the parts next to it."""
        match self._pane:
            case "scenarios":
                return paragraph(ScenarioList.HELP)
            case "about":
                return paragraph(ScenarioText.HELP)
            case "charts" | "layers" as pane if self._run_pane is not None:
                return self._run_pane.help_text(pane, self.looks)
            case _:
                return ""

    def _panes_in_sight(self) -> Iterator[str]:
        for pane, selector in PANES.items():
            if any(map(_in_sight, self.query(selector))):
                yield pane

    def _keep_focus(self) -> None:
        """Move the focus to a visible pane if the focused one is hidden."""
        if self._pane is not None and self.focused is not None and _in_sight(self.focused):
            return
        panes = list(self._panes_in_sight())
        if panes and self._pane not in panes:
            self.set_focus(self.query_one(PANES["layers" if "layers" in panes else panes[0]]))

    def action_pane(self, name: str) -> None:
        """Move the focus to a pane, and show the pane if it is hidden."""
        if name == "scenarios":
            self._list_wanted = True
        elif name == "about":
            self._about_wanted = True
        elif self.shown_run is not None:
            self._make_room_for_run()
        self.show()
        if name in self._panes_in_sight():
            self.set_focus(self.query_one(PANES[name]))

    def action_next_pane(self) -> None:
        """Move the focus to the next pane."""
        self._go_round(1)

    def action_previous_pane(self) -> None:
        """Move the focus to the previous pane."""
        self._go_round(-1)

    def _go_round(self, by: int) -> None:
        panes = list(self._panes_in_sight())
        if panes:
            place = panes.index(self._pane) + by if self._pane in panes else 0
            self.set_focus(self.query_one(PANES[panes[place % len(panes)]]))

    def action_cursor(self, by: str) -> None:
        """Move by a line in the pane that has the focus."""
        match self._pane:
            case "about":
                self._about.text.move(int(by))
            case "layers" | "charts":
                self.select_layer(int(by))
            case _:
                self._scenarios.list.move(int(by))

    def action_page(self, by: str) -> None:
        """Move by a page in the pane that has the focus."""
        match self._pane:
            case "about":
                self._about.text.page(int(by))
            case "layers" | "charts":
                self.select_layer(5 * int(by))
            case _:
                self._scenarios.list.page(int(by))

    def action_moment(self, which: str) -> None:
        """Go to the first step, or back to now; without a run in sight, to the ends of the list."""
        if not self.runs_in_sight:
            self.action_edge("first" if which == "first" else "last")
        else:
            super().action_moment(which)

    def action_edge(self, which: str) -> None:
        """Move to the first or the last line of the pane that has the focus."""
        match self._pane:
            case "about":
                self._about.text.edge(which)
            case "layers" | "charts":
                self.select_layer(1_000_000 if which == "last" else -1_000_000)
            case _:
                self._scenarios.list.edge(which)

    # ------------------------------------------------------------------------------------- list

    @on(ScenarioList.Highlighted)
    def _show_highlighted(self) -> None:
        self.look(layer=None, charts=chart_controls.whole(self.looks.charts))

    @on(ScenarioList.Chosen)
    def _open_chosen(self) -> None:
        self.action_train()

    @on(ScenarioPane.Filtered)
    def _show_filtered(self) -> None:
        update(self, self.show)

    def show_entries(self, entries: "Sequence[Entry]") -> None:
        """Show these entries in the list."""
        self._scenarios.list.show_entries(entries)

    def action_select(self, scenario_id: str) -> None:
        """Highlight a scenario by its id."""
        self._scenarios.close_filter(keep=False)
        self._scenarios.list.select(scenario_id)

    def action_find(self) -> None:
        """Open the input for a filter, and show the list if it is hidden."""
        self._list_wanted = True
        self.show()
        self._scenarios.open_filter()

    def action_match(self, by: str) -> None:
        """Go to the next or the previous scenario that matches the filter."""
        self._scenarios.list.move_around(int(by))

    def action_back(self) -> None:
        """Clear the first of these that is set: filter, cursor, zoom, layer, text; else go to the list."""
        if self._scenarios.filtered:
            self._scenarios.close_filter(keep=False)
        elif self.clear_charts():
            pass
        elif self.looks.layer is not None:
            self.look(layer=None)
        elif self._about_wanted:
            self._about_wanted = False
        else:
            self.action_pane("scenarios")
        self.show()

    # ------------------------------------------------------------------------------------- view

    def action_toggle_list(self) -> None:
        """Show or hide the list."""
        self._list_wanted = not self._scenarios.display
        self.session.prefer(list_wanted=self._list_wanted)
        self.show()
        if self._list_wanted:
            self.set_focus(self._scenarios.list)

    def action_toggle_about(self) -> None:
        """Show or hide the scenario's text; without a run it is always shown."""
        if self.shown_run is None:
            return
        shown = bool(self._about.display)
        if shown:
            self._make_room_for_run()
        self._about_wanted = not shown
        self.show()

    def _make_room_for_run(self) -> None:
        self._about_wanted = False
        if self.size.width < BESIDE or self.session.preferences.list_wanted is False:
            self._list_wanted = False

    # ------------------------------------------------------------------------------------- runs

    def action_train(self) -> None:
        """Show the highlighted scenario's run if it is hidden; else train it, unless it is training."""
        entry, run = self._scenarios.list.current, self.shown_run
        if entry is None:
            return
        if isinstance(entry, Model):
            self._open_model(run)
            return
        if entry.problems:
            self.notify(tr("{name} cannot be used", name=entry.path.name), severity="error", markup=False)
            return
        in_sight = self._layout is not None and self._layout.run
        if (run is None or (run.status.ended and in_sight)) and not self.session.runs.train(entry):
            return
        self._make_room_for_run()
        if run is not None:
            self.show()

    def _open_model(self, run: "Snapshot | None") -> None:
        """Show a watched run if it is hidden; else its tensors."""
        in_sight = self._layout is not None and self._layout.run
        self._make_room_for_run()
        self.show()
        if run is None and (entry := self._scenarios.list.current) is not None:
            self.session.runs.open_saved(entry.id)
        elif run is not None and in_sight:
            from tui_vanish.monitor.tensor_screen import TensorScreen

            step = self.visit.step if self.visit is not None else None
            self.app.push_screen(TensorScreen(self.session, self.host, run.run, self.looks.layer, step))

    @property
    def _recorded(self) -> str | None:
        """The recorded run of the highlighted scenario; None if there is none."""
        entry = self.highlighted
        name = recorded_run(entry.id) if entry is not None and entry.built_in else ""
        return name if name in self._recorded_runs else None

    def action_recorded(self) -> None:
        """Show the scenario's recorded run; if it is shown, the latest other run."""
        entry, run = self.highlighted, self.shown_run
        if entry is None or self._recorded is None:
            self.refuse(tr("There is no recorded run of this scenario."))
        elif run is not None and run.is_recorded:
            self.session.runs.close_recorded(entry.id)
        else:
            self.session.runs.open_recorded(entry.id)
            self._make_room_for_run()
        self.show()

    def action_mark(self) -> None:
        """Mark the highlighted scenario for a comparison, and move to the next one."""
        if self.refuses_model(tr("Mark runs of your own models in the list of runs (r), then press c.")):
            return
        if (entry := self._scenarios.list.current) is not None:
            self.session.comparison.toggle(entry)
            self._scenarios.list.move(1)
            self.show()

    def action_compare(self) -> None:
        """Compare the marked scenarios."""
        if not self.session.comparison.can_open:
            self.refuse(tr("Mark at least two scenarios with space, then press c."))
            return
        self.host.begin_comparison(self.session.comparison.marked_entries, alone=False)

    def action_race(self) -> None:
        """Race one scenario per cure against the problem of the highlighted section."""
        current = self._scenarios.list.current
        self.host.begin_comparison(self.session.comparison.race(current), alone=True)

    def action_compare_section(self) -> None:
        """Compare the section of the highlighted scenario with the problem."""
        if self.refuses_model(tr("Mark runs of your own models in the list of runs (r), then press c.")):
            return
        if (entry := self._scenarios.list.current) is not None:
            self.host.begin_comparison(self.session.comparison.section(entry), alone=True)


def _in_sight(widget: Widget) -> bool:
    """Whether neither the widget nor anything around it is hidden."""
    return all(node.display for node in widget.ancestors_with_self if isinstance(node, Widget))
