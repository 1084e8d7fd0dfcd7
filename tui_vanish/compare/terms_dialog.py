"""The dialog before a comparison: how long each run trains, with how many seeds, and from where."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.getters import query_one
from textual.widgets import Input, Static

from tui_vanish.actions import bindings_everywhere
from tui_vanish.chrome.dialogs import whole_number
from tui_vanish.chrome.own_screen import Dialog
from tui_vanish.drawing.text import cut
from tui_vanish.language import marked, plural, tr
from tui_vanish.language.below import spoken
from tui_vanish.session.terms import MOST_SEEDS, Terms, budget_of
from tui_vanish.widgets.choice import Choice
from tui_vanish.widgets.line_input import LineInput

if TYPE_CHECKING:
    from engine.protocol.budget import Budget
    from scenarios.schema import Scenario

_NEW = marked("new runs, all from step 1")
_EXISTING = marked("runs that exist, as they are")
_MOST_NAMES = 3 * 54  # cells: what three lines have room for


class TermsDialog(Dialog[Terms | None]):
    """Asks for the terms of a comparison; `enter` takes them as they are. The result is None after `esc`.

    Args:
        names: what will be compared.
        terms: what the fields show at first.
        staged: those of the scenarios that train in stages, which share the epochs of the budget.
    """

    BINDINGS = [  # noqa: RUF012
        Binding("escape", "cancel", "Cancel"),
        Binding("enter", "start", "Start"),
        Binding("down,tab", "app.focus_next", "Next field"),
        Binding("up,shift+tab", "app.focus_previous", "Previous field"),
        *bindings_everywhere(),
    ]

    _budget = query_one("#budget", LineInput)
    _seeds = query_one("#seeds", LineInput)
    _start = query_one("#start", Choice)
    _stages = query_one("#stages", Static)
    _problem = query_one("#problem", Static)

    def __init__(self, names: Sequence[str], terms: Terms, staged: "Sequence[Scenario]" = ()) -> None:
        super().__init__()
        self._names, self._terms, self._staged = names, terms, staged
        self._check_seeds = whole_number(1, MOST_SEEDS)

    def compose(self) -> ComposeResult:
        """The names, a field for each of the terms, what is wrong, and what the keys do."""
        terms, names = self._terms, ", ".join(self._names)
        with Vertical(classes="question"):
            yield Static(cut(tr("Compare {names}", names=names), _MOST_NAMES), markup=False)
            yield Static("\n" + tr("Budget of a run: 10 epochs, 60 s, 2 min; or empty"), markup=False)
            yield self._field(tr("Budget"), LineInput(str(terms.budget), select_on_focus=True, id="budget"))
            yield self._field(tr("Seeds"), LineInput(str(terms.seeds), select_on_focus=True, id="seeds"))
            start = Choice((tr(_NEW), tr(_EXISTING)), tr(_EXISTING if terms.existing else _NEW), id="start")
            yield self._field(tr("Start"), start)
            stages = Static("", id="stages", markup=False)
            stages.display = bool(self._staged)
            yield stages
            yield Static("", id="problem", markup=False)
            yield Static(tr("enter: start · tab: next · ← →: choose · esc: cancel"), markup=False)

    @staticmethod
    def _field(label: str, value: LineInput | Choice) -> Horizontal:
        return Horizontal(Static(label, classes="label", markup=False), value, classes="field")

    def on_mount(self) -> None:
        """Focus the budget."""
        self.set_focus(self._budget)

    @on(Input.Changed)
    def _show_problem(self) -> None:
        problem = self._wrong()
        self._problem.update(problem)
        if self._staged and not problem:
            budget = budget_of(self._budget.value)
            self._stages.update("\n".join(_about_stages(scenario, budget) for scenario in self._staged))

    def _wrong(self) -> str:
        """What is wrong with the fields; empty if nothing is."""
        try:
            budget_of(self._budget.value)
        except ValueError as error:
            return tr("Budget: {problem}", problem=spoken(str(error)))
        problem = self._check_seeds(self._seeds.value.strip())
        return tr("Seeds: {problem}", problem=problem[0].lower() + problem[1:]) if problem else ""

    @on(Input.Submitted)
    def _submit(self) -> None:
        self.action_start()

    def action_start(self) -> None:
        """Close the dialog with the terms, unless a field cannot be read."""
        if self._wrong():
            return
        budget, seeds = budget_of(self._budget.value), int(self._seeds.value)
        self.dismiss(Terms(budget, seeds, self._start.value == tr(_EXISTING)))

    def action_cancel(self) -> None:
        """Start nothing."""
        self.dismiss(None)


def _about_stages(scenario: "Scenario", budget: "Budget") -> str:
    """What a budget means for a scenario with stages."""
    stages, epochs = len(scenario.stages), budget.epochs_of(scenario)
    text = plural(
        "{name}: {number} epoch in each of its {stages} stages",
        "{name}: {number} epochs in each of its {stages} stages",
        epochs,
        name=scenario.id,
        stages=stages,
    )
    if budget.epochs is not None and budget.epochs < stages * epochs:
        return tr("{stages}, which is more than the budget", stages=text)
    return text
