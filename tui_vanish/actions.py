"""Every action of the app in one table: its name, its keys, what it does, and who carries it out.

The key bindings, the footer, the help page and the command palette are all read from here. The file is longer
than others because the table is kept in one piece: a key that is used twice is seen only there.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from textual.binding import Binding, BindingType

Target = Literal["app", "lab", "compare", "theory", "runs"]


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that a person can do.

    Attributes:
        name: the target has a method `action_<name>` (or one that takes `argument`).
        keys: as Textual names them, the first is the one that is shown.
        label: two words at most, for the footer.
        help: one sentence, for the help page and the palette.
        target: who carries it out: the app, or the screen of that name.
        group: its heading on the help page.
        argument: what the method is called with, where several actions share one.
        rank: the lower, the longer it stays in a narrow footer; 0 is never there.
        everywhere: also on top of a dialogue, and before any widget gets the key.
        opens_line: opens a line to type in, before the next key is dealt with: over a slow connection several
            come at once.
        palette: whether the command palette offers it.
    """

    name: str
    keys: tuple[str, ...]
    label: str
    help: str
    target: Target
    group: str
    argument: str = ""
    rank: int = 0
    everywhere: bool = False
    opens_line: bool = False
    palette: bool = True

    @property
    def call(self) -> str:
        """The action as Textual parses it."""
        return f"{self.name}({self.argument!r})" if self.argument else self.name

    @property
    def shown_keys(self) -> tuple[str, ...]:
        """The keys as a person reads them."""
        return tuple(_SHOWN.get(key, key) for key in self.keys)


_SHOWN = {
    "question_mark": "?",
    "slash": "/",
    "backslash": "\\",
    "colon": ":",
    "plus": "+",
    "minus": "-",
    "equals_sign": "=",
    "escape": "esc",
    "shift+tab": "shift+tab",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
    "pagedown": "page down",
    "pageup": "page up",
}

ACTIONS: tuple[Action, ...] = (
    Action("train", ("enter",), "train", "Train the highlighted scenario", "lab", "Run", rank=1),
    Action("pause", ("p",), "pause", "Pause the run, or let it go on", "lab", "Run", rank=2),
    Action("stop", ("s",), "stop", "Stop the run; what it has learnt is saved", "lab", "Run", rank=3),
    Action(
        "copy_command",
        ("Y",),
        "copy",
        "Copy the run as a command line to the clipboard",
        "lab",
        "Run",
        rank=10,
    ),
    Action("mark", ("space",), "mark", "Mark the scenario for a comparison", "lab", "Compare", rank=4),
    Action("compare", ("c",), "compare", "Compare the marked ones in lockstep", "lab", "Compare", rank=4),
    Action("race", ("C",), "", "Race a scenario of every cure against the problem", "lab", "Compare"),
    Action("compare_section", ("S",), "", "Compare the whole section with the problem", "lab", "Compare"),
    Action("freeze", ("f",), "freeze", "Freeze the selected layer, or thaw it", "lab", "Wheel", rank=9),
    Action(
        "rate",
        ("plus", "equals_sign"),
        "lr ×2",
        "Double the learning rate",
        "lab",
        "Wheel",
        argument="1",
        rank=11,
    ),
    Action("rate", ("minus",), "", "Halve the learning rate", "lab", "Wheel", argument="-1"),
    Action(
        "next_stage",
        ("right_square_bracket",),
        "next stage",
        "End the present stage",
        "lab",
        "Wheel",
        rank=7,
    ),
    Action("set_epochs", ("E",), "epochs", "Set how many epochs it has", "lab", "Wheel"),
    Action("new_seed", ("R",), "", "Train the same again with another seed", "lab", "Wheel"),
    Action("edit", ("e",), "edit", "Edit the scenario, train it or save it", "lab", "Run", rank=6),
    Action("try_next", ("x",), "try", "Go to the scenario that the verdict suggests", "lab", "Run", rank=3),
    Action(
        "layer_detail",
        ("d",),
        "detail",
        "One layer's values as histograms",
        "lab",
        "View",
        rank=10,
    ),
    Action("why", ("w",), "why", "Every verdict in full, and the theory", "lab", "View"),
    Action("log_loss", ("y",), "log", "Put the loss on a logarithmic axis, or back", "lab", "Charts"),
    Action("smooth", ("o",), "smooth", "Smooth the curves more, or not at all", "lab", "Charts"),
    Action("unit", ("u",), "unit", "Count epochs, steps or seconds on the x axis", "lab", "Charts"),
    Action("zoom", ("z",), "zoom", "Zoom in, around the cursor", "lab", "Charts", argument="1", rank=7),
    Action("zoom", ("Z",), "", "Zoom out", "lab", "Charts", argument="-1"),
    Action(
        "move_cursor",
        ("right",),
        "cursor",
        "Move the cursor that reads values out",
        "lab",
        "Charts",
        argument="1",
        rank=6,
    ),
    Action("move_cursor", ("left",), "", "Move the cursor back", "lab", "Charts", argument="-1"),
    Action("move_cursor", ("shift+right",), "", "Move it far", "lab", "Charts", argument="10"),
    Action("move_cursor", ("shift+left",), "", "Move it far back", "lab", "Charts", argument="-10"),
    Action(
        "over_time",
        ("h",),
        "over time",
        "The layers over the training time, or now",
        "lab",
        "View",
        rank=8,
    ),
    Action("cycle_bars", ("v",), "bars", "Change what the bars of the layers show", "lab", "View", rank=7),
    Action("cycle_chart", ("l",), "chart", "Change between the loss and the accuracy", "lab", "View", rank=6),
    Action(
        "toggle_about",
        ("i",),
        "about",
        "Show or hide what the scenario asks and teaches",
        "lab",
        "View",
        rank=8,
    ),
    Action("toggle_list", ("backslash",), "list", "Show or hide the list", "lab", "View", rank=5),
    Action(
        "theme",
        ("ctrl+t",),
        "theme",
        "Next colours: dark, light, safe, plain",
        "app",
        "View",
    ),
    Action("redraw", ("ctrl+l",), "redraw", "Draw the whole screen anew", "app", "View", everywhere=True),
    Action("mouse", ("m",), "mouse", "Switch the mouse on or off", "app", "View"),
    Action("cursor", ("down", "j"), "", "Next line", "lab", "Move", argument="1", palette=False),
    Action("cursor", ("up", "k"), "", "Previous line", "lab", "Move", argument="-1", palette=False),
    Action("page", ("pagedown", "ctrl+d"), "", "A page down", "lab", "Move", argument="1", palette=False),
    Action("page", ("pageup", "ctrl+u"), "", "A page up", "lab", "Move", argument="-1", palette=False),
    Action("edge", ("g", "home"), "", "First line", "lab", "Move", argument="first", palette=False),
    Action("edge", ("G", "end"), "", "Last line", "lab", "Move", argument="last", palette=False),
    Action("pane", ("1",), "", "Go to the scenarios", "lab", "Move", argument="scenarios"),
    Action("pane", ("2",), "", "Go to the charts", "lab", "Move", argument="charts"),
    Action("pane", ("3",), "", "Go to the layers", "lab", "Move", argument="layers"),
    Action("pane", ("4",), "", "Go to the scenario's text", "lab", "Move", argument="about"),
    Action("next_pane", ("tab",), "", "Next pane", "lab", "Move", palette=False),
    Action("previous_pane", ("shift+tab",), "", "Previous pane", "lab", "Move", palette=False),
    Action(
        "find",
        ("slash",),
        "find",
        "Show only the scenarios that match",
        "lab",
        "Move",
        rank=9,
        opens_line=True,
    ),
    Action("match", ("n",), "", "Next match", "lab", "Move", argument="1", palette=False),
    Action("match", ("N",), "", "Previous match", "lab", "Move", argument="-1", palette=False),
    Action("back", ("escape",), "", "Clear the filter, or go back to the list", "lab", "Move", palette=False),
    Action(
        "step", ("enter",), "step", "Go a step, or open the page", "theory", "Theory", rank=1, palette=False
    ),
    Action(
        "run_steps",
        ("space",),
        "run",
        "Step after step, or stop",
        "theory",
        "Theory",
        rank=2,
        palette=False,
    ),
    Action("restart", ("r",), "restart", "Before the first step", "theory", "Theory", rank=8, palette=False),
    Action(
        "turn_knob",
        ("right", "l"),
        "turn",
        "Turn the knob up",
        "theory",
        "Theory",
        argument="1",
        rank=3,
        palette=False,
    ),
    Action(
        "turn_knob",
        ("left", "h"),
        "",
        "Turn the knob down",
        "theory",
        "Theory",
        argument="-1",
        palette=False,
    ),
    Action(
        "choose_knob",
        ("down", "j"),
        "knob",
        "Take the next knob in hand",
        "theory",
        "Theory",
        argument="1",
        rank=4,
        palette=False,
    ),
    Action(
        "choose_knob",
        ("up", "k"),
        "",
        "The previous knob",
        "theory",
        "Theory",
        argument="-1",
        palette=False,
    ),
    Action(
        "next_page",
        ("tab", "right_square_bracket"),
        "next page",
        "Turn to the next page",
        "theory",
        "Theory",
        argument="1",
        rank=6,
        palette=False,
    ),
    Action(
        "next_page",
        ("shift+tab", "left_square_bracket"),
        "",
        "Turn to the previous page",
        "theory",
        "Theory",
        argument="-1",
        palette=False,
    ),
    Action("contents", ("t",), "list", "The list of all pages", "theory", "Theory", rank=5, palette=False),
    Action("close", ("escape",), "back", "Go back", "theory", "Theory", rank=1, palette=False),
    Action("cursor", ("down", "j"), "", "Next run", "compare", "Comparison", argument="1", palette=False),
    Action("cursor", ("up", "k"), "", "Previous run", "compare", "Comparison", argument="-1", palette=False),
    Action(
        "page", ("pagedown", "ctrl+d"), "", "More rows", "compare", "Comparison", argument="1", palette=False
    ),
    Action(
        "page", ("pageup", "ctrl+u"), "", "Back up", "compare", "Comparison", argument="-1", palette=False
    ),
    Action("open_in_lab", ("enter",), "lab", "Look at the run in the lab", "compare", "Comparison", rank=4),
    Action("pause_one", ("p",), "pause", "Pause the run, or let it go on", "compare", "Comparison", rank=2),
    Action("pause_all", ("P",), "pause all", "Pause all, or let all go on", "compare", "Comparison", rank=8),
    Action(
        "stop_one",
        ("s",),
        "stop",
        "Stop the run; what it has learnt is saved",
        "compare",
        "Comparison",
        rank=5,
    ),
    Action(
        "stop_all", ("S",), "stop all", "Stop all runs of the comparison", "compare", "Comparison", rank=9
    ),
    Action("drop", ("d",), "drop", "Stop the run and take it out", "compare", "Comparison", rank=7),
    Action("drop_all", ("D",), "", "Stop all and begin a new comparison", "compare", "Comparison"),
    Action("add", ("a",), "add", "Mark another in the list", "compare", "Comparison", rank=6),
    Action("another_seed", ("x",), "seed", "Train all with one more seed", "compare", "Comparison", rank=8),
    Action(
        "set_baseline", ("b",), "base", "Show differences against this run", "compare", "Comparison", rank=6
    ),
    Action("next_metric", ("l",), "metric", "Next metric", "compare", "Comparison", argument="1", rank=3),
    Action("next_metric", ("L",), "", "Previous metric", "compare", "Comparison", argument="-1"),
    Action("next_view", ("v",), "view", "Chart, profiles or differences", "compare", "Comparison", rank=3),
    Action("leave_comparison", ("escape", "c"), "back", "Back to the list", "compare", "Comparison", rank=1),
    Action("cursor", ("down", "j"), "", "Next run", "runs", "Runs", argument="1", palette=False),
    Action("cursor", ("up", "k"), "", "Previous run", "runs", "Runs", argument="-1", palette=False),
    Action("page", ("pagedown", "ctrl+d"), "", "A page down", "runs", "Runs", argument="1", palette=False),
    Action("page", ("pageup", "ctrl+u"), "", "A page up", "runs", "Runs", argument="-1", palette=False),
    Action("edge", ("g", "home"), "", "First run", "runs", "Runs", argument="first", palette=False),
    Action("edge", ("G", "end"), "", "Last run", "runs", "Runs", argument="last", palette=False),
    Action("open_run", ("enter",), "open", "Look at the run in the lab", "runs", "Runs", rank=1),
    Action(
        "resume_run", ("p",), "go on", "Let the run go on from where it was saved", "runs", "Runs", rank=2
    ),
    Action(
        "take_over_run", ("T",), "take over", "Take the run over from its process", "runs", "Runs", rank=2
    ),
    Action("mark_run", ("space",), "mark", "Mark the run for a comparison", "runs", "Runs", rank=4),
    Action("compare_runs", ("c",), "compare", "Compare the marked runs", "runs", "Runs", rank=4),
    Action("sort_runs", ("o",), "sort", "Sort by the next column", "runs", "Runs", argument="1", rank=5),
    Action("sort_runs", ("O",), "", "Sort the other way round", "runs", "Runs", argument="0"),
    Action(
        "find_run",
        ("slash",),
        "find",
        "Show only the runs that match",
        "runs",
        "Runs",
        rank=6,
        opens_line=True,
    ),
    Action("rename_run", ("e",), "name", "Give the run a name", "runs", "Runs", rank=7),
    Action("tag_run", ("a",), "tags", "Give the run tags", "runs", "Runs", rank=8),
    Action("delete_run", ("x",), "delete", "Delete the run; it can be undone", "runs", "Runs", rank=9),
    Action("undo_delete", ("z",), "undo", "Bring the deleted run back", "runs", "Runs", rank=3),
    Action("leave_runs", ("escape",), "back", "Clear the filter, or go back", "runs", "Runs", rank=1),
    Action("take_over", ("T",), "take over", "Take the run over from its process", "lab", "Run", rank=2),
    Action("runs", ("r",), "runs", "Every run that was trained here", "app", "App", rank=8),
    Action("theory", ("t",), "theory", "Open the page that explains the scenario", "app", "App", rank=9),
    Action("glossary", ("W",), "words", "What the columns, verdicts and signs mean", "app", "App", rank=10),
    Action("help", ("question_mark", "f1"), "help", "Every key, on one page", "app", "App", rank=4),
    Action(
        "command_palette",
        ("ctrl+p", "colon"),
        "palette",
        "Find an action or a scenario by its name",
        "app",
        "App",
        palette=False,
    ),
    Action("suspend", ("ctrl+z",), "", "Suspend the app; training pauses", "app", "App", everywhere=True),
    Action("quit", ("q",), "quit", "Leave; asks if that stops a run", "app", "App", rank=4),
    Action("leave", ("ctrl+c",), "", "Leave at once; runs are saved", "app", "App", everywhere=True),
)

LINE_OPENERS = frozenset(action.name for action in ACTIONS if action.opens_line)


def bindings(target: Target) -> list[BindingType]:
    """The key bindings of `target`'s own actions."""
    return [_bind(action, "") for action in ACTIONS if action.target == target]


def bindings_everywhere() -> list[BindingType]:
    """What a dialogue binds, because keys don't pass through one to the app."""
    return [_bind(action, "app.") for action in ACTIONS if action.everywhere]


def groups(here: Target | None = None) -> Iterator[tuple[str, list[Action]]]:
    """The table by heading: what `here` has, then the rest, in the order in which they first appear."""
    table = sorted(ACTIONS, key=lambda action: action.target != here)
    for group in dict.fromkeys(action.group for action in table):
        yield group, [action for action in table if action.group == group]


def footer() -> list[Action]:
    """What a footer may show, in the table's order."""
    return [action for action in ACTIONS if action.rank]


def _bind(action: Action, namespace: str) -> Binding:
    return Binding(
        ",".join(action.keys),
        namespace + action.call,
        action.help,
        show=False,
        priority=action.everywhere or action.opens_line,
    )
