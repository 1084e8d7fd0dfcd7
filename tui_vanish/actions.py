"""The actions of the app and of its main screens: the lab, the comparison, the theory and the list of runs.

Each row has a name, keys, a description, and the app or screen that carries the action out. The bindings of
these screens, their footers, the help page and the command palette are built from this table. Dialogs, the
editor and reading pages, such as the help and the verdicts, bind their own keys.

The file is longer than others because one table makes it easy to see that no key is used twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from textual.actions import ActionParseResult, parse
from textual.binding import Binding, BindingType

Target = Literal["app", "lab", "compare", "theory", "runs", "map", "lecture"]


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that the user can do.

    Attributes:
        name: the target has a method `action_<name>`; it takes `argument` if there is one.
        keys: Textual's names of the keys; the first one is shown.
        label: for the footer, at most two words.
        help: one sentence without a full stop, for the help page and the palette.
        target: the app, or the screen of that name, that carries the action out.
        group: its heading on the help page.
        argument: passed to the method; several actions may share one method.
        rank: a narrow footer drops the actions with the highest rank first; 0 is never in the footer.
        everywhere: the key also works in dialogs, and takes precedence over the focused widget.
        opens_line: opens a text input. It must do so before the next key is handled, because several keys
            may arrive at once over a slow connection.
        palette: whether the command palette offers it.
        changes: whether it starts, changes or deletes something that outlives the app, so that an app that is
            read-only refuses it.
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
    changes: bool = False

    @property
    def call(self) -> str:
        """The action in the form that Textual parses."""
        return f"{self.name}({self.argument!r})" if self.argument else self.name

    @property
    def shown_keys(self) -> tuple[str, ...]:
        """The keys as they are shown to the user."""
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
    "comma": ",",
    "full_stop": ".",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
    "pagedown": "page down",
    "pageup": "page up",
}

# The headings of the app's keys: those that leave, help and find, and those that open something.
APP, OTHER_SCREENS = "App", "Other screens"

ACTIONS: tuple[Action, ...] = (
    Action(
        "train", ("enter",), "train", "Train the highlighted scenario", "lab", "Run", rank=1, changes=True
    ),
    Action("pause", ("p",), "pause", "Pause or resume the run", "lab", "Run", rank=2, changes=True),
    Action("stop", ("s",), "stop", "Stop the run and save it", "lab", "Run", rank=3, changes=True),
    Action(
        "copy_command",
        ("Y",),
        "copy",
        "Copy the run's command line to the clipboard",
        "lab",
        "Run",
        rank=10,
    ),
    Action("mark", ("space",), "mark", "Mark the scenario for a comparison", "lab", "Compare", rank=4),
    Action(
        "compare",
        ("c",),
        "compare",
        "Compare the marked scenarios in lockstep",
        "lab",
        "Compare",
        rank=4,
        changes=True,
    ),
    Action(
        "race", ("C",), "", "Race one scenario per cure against the problem", "lab", "Compare", changes=True
    ),
    Action(
        "compare_section",
        ("S",),
        "",
        "Compare the whole section with the problem",
        "lab",
        "Compare",
        changes=True,
    ),
    Action(
        "freeze",
        ("f",),
        "freeze",
        "Freeze or unfreeze the selected layer",
        "lab",
        "Change by hand",
        rank=9,
        changes=True,
    ),
    Action(
        "rate",
        ("plus", "equals_sign"),
        "lr ×2",
        "Double the learning rate",
        "lab",
        "Change by hand",
        argument="1",
        rank=11,
        changes=True,
    ),
    Action(
        "rate",
        ("minus",),
        "",
        "Halve the learning rate",
        "lab",
        "Change by hand",
        argument="-1",
        changes=True,
    ),
    Action(
        "next_stage",
        ("right_square_bracket",),
        "next stage",
        "End the current stage",
        "lab",
        "Change by hand",
        rank=7,
        changes=True,
    ),
    Action(
        "measure_often",
        ("M",),
        "measure more",
        "Measure your own model more often",
        "lab",
        "Change by hand",
        changes=True,
    ),
    Action("set_epochs", ("E",), "epochs", "Set the number of epochs", "lab", "Change by hand", changes=True),
    Action(
        "new_seed",
        ("R",),
        "",
        "Train the scenario again with another seed",
        "lab",
        "Change by hand",
        changes=True,
    ),
    Action(
        "edit", ("e",), "edit", "Edit the scenario, then train or save it", "lab", "Run", rank=6, changes=True
    ),
    Action("show_code", ("K",), "", "Show the network and its PyTorch script", "lab", "Run"),
    Action(
        "edit_file",
        ("O",),
        "open the file",
        "Open your scenario's file in your text editor",
        "lab",
        "Run",
        rank=4,
        changes=True,
    ),
    Action("try_next", ("x",), "try", "Go to the scenario that the verdict suggests", "lab", "Run", rank=3),
    Action(
        "layer_detail",
        ("d",),
        "detail",
        "Show one layer's values as histograms",
        "lab",
        "View",
        rank=10,
    ),
    Action("why", ("w",), "why", "Show all verdicts in full, and the theory", "lab", "View"),
    Action("log_loss", ("y",), "log", "Switch the loss axis: linear or logarithmic", "lab", "Charts"),
    Action("smooth", ("o",), "smooth", "Change how much the curves are smoothed", "lab", "Charts"),
    Action("unit", ("u",), "unit", "Switch the x axis: epochs, steps or seconds", "lab", "Charts"),
    Action("zoom", ("z",), "zoom", "Zoom in around the cursor", "lab", "Charts", argument="1", rank=7),
    Action("zoom", ("Z",), "", "Zoom out", "lab", "Charts", argument="-1"),
    Action(
        "move_cursor",
        ("right",),
        "cursor",
        "Move the cursor; everything shows that step",
        "lab",
        "Charts",
        argument="1",
        rank=6,
    ),
    Action("move_cursor", ("left",), "", "Move the cursor left", "lab", "Charts", argument="-1"),
    Action("move_cursor", ("shift+right",), "", "Move the cursor far right", "lab", "Charts", argument="10"),
    Action("move_cursor", ("shift+left",), "", "Move the cursor far left", "lab", "Charts", argument="-10"),
    Action("moment", ("home",), "", "Go to the first step", "lab", "Charts", argument="first"),
    Action("moment", ("end",), "now", "Go back to now", "lab", "Charts", argument="now", rank=2),
    Action("play", ("comma",), "play", "Play the run, or pause", "lab", "Charts", rank=5),
    Action("pace", ("greater_than_sign",), "", "Play faster", "lab", "Charts", argument="1"),
    Action("pace", ("less_than_sign",), "", "Play slower", "lab", "Charts", argument="-1"),
    Action("recorded", ("b",), "recorded", "Show the scenario's recorded run", "lab", "Run", rank=10),
    Action(
        "over_time",
        ("h",),
        "over time",
        "Show the layers over time, or as they are now",
        "lab",
        "View",
        rank=8,
    ),
    Action("cycle_bars", ("v",), "bars", "Show another quantity of the layers", "lab", "View", rank=7),
    Action(
        "cycle_chart",
        ("l",),
        "chart",
        "Show the next chart: loss, accuracy, or what was logged",
        "lab",
        "View",
        rank=6,
    ),
    Action(
        "toggle_about",
        ("i",),
        "about",
        "Show or hide the scenario's text",
        "lab",
        "View",
        rank=8,
    ),
    Action(
        "toggle_list", ("backslash",), "list", "Show or hide the list of scenarios", "lab", "View", rank=5
    ),
    Action(
        "theme",
        ("ctrl+t",),
        "theme",
        "Next colour theme: dark, light, safe, plain",
        "app",
        "View",
    ),
    Action("language", ("ctrl+g",), "language", "Switch the language: English or Tiếng Việt", "app", "View"),
    Action("redraw", ("ctrl+l",), "redraw", "Draw the whole screen again", "app", "View", everywhere=True),
    Action("meters", ("H",), "meters", "Show or hide the load of cores, memory and GPUs", "app", "View"),
    Action("mouse", ("m",), "mouse", "Switch the mouse on or off", "app", "View"),
    Action("cursor", ("down", "j"), "", "Next line", "lab", "Move", argument="1", palette=False),
    Action("cursor", ("up", "k"), "", "Previous line", "lab", "Move", argument="-1", palette=False),
    Action("page", ("pagedown", "ctrl+d"), "", "A page down", "lab", "Move", argument="1", palette=False),
    Action("page", ("pageup", "ctrl+u"), "", "A page up", "lab", "Move", argument="-1", palette=False),
    Action("edge", ("g",), "", "First line", "lab", "Move", argument="first", palette=False),
    Action("edge", ("G",), "", "Last line", "lab", "Move", argument="last", palette=False),
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
        "step", ("enter",), "step", "Do one step, or open the page", "theory", "Theory", rank=1, palette=False
    ),
    Action(
        "run_steps",
        ("space",),
        "run",
        "Run the steps, or stop them",
        "theory",
        "Theory",
        rank=2,
        palette=False,
    ),
    Action(
        "restart",
        ("r",),
        "restart",
        "Go back to before the first step",
        "theory",
        "Theory",
        rank=8,
        palette=False,
    ),
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
        "Select the next knob",
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
        "Select the previous knob",
        "theory",
        "Theory",
        argument="-1",
        palette=False,
    ),
    Action(
        "next_page",
        ("tab", "right_square_bracket"),
        "next page",
        "Go to the next page",
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
        "Go to the previous page",
        "theory",
        "Theory",
        argument="-1",
        palette=False,
    ),
    Action(
        "contents", ("t",), "list", "Show the list of all pages", "theory", "Theory", rank=5, palette=False
    ),
    Action("close", ("escape",), "back", "Go back", "theory", "Theory", rank=1, palette=False),
    Action("cursor", ("down", "j"), "", "Next run", "compare", "Comparison", argument="1", palette=False),
    Action("cursor", ("up", "k"), "", "Previous run", "compare", "Comparison", argument="-1", palette=False),
    Action(
        "page",
        ("pagedown", "ctrl+d"),
        "",
        "Scroll down",
        "compare",
        "Comparison",
        argument="1",
        palette=False,
    ),
    Action(
        "page", ("pageup", "ctrl+u"), "", "Scroll up", "compare", "Comparison", argument="-1", palette=False
    ),
    Action("open_in_lab", ("enter",), "lab", "Open the run in the lab", "compare", "Comparison", rank=4),
    Action(
        "pause_one", ("p",), "pause", "Pause or resume the run", "compare", "Comparison", rank=2, changes=True
    ),
    Action(
        "pause_all",
        ("P",),
        "pause all",
        "Pause or resume all runs",
        "compare",
        "Comparison",
        rank=8,
        changes=True,
    ),
    Action(
        "stop_one", ("s",), "stop", "Stop the run and save it", "compare", "Comparison", rank=5, changes=True
    ),
    Action(
        "stop_all",
        ("S",),
        "stop all",
        "Stop all runs of the comparison",
        "compare",
        "Comparison",
        rank=9,
        changes=True,
    ),
    Action(
        "drop", ("d",), "drop", "Stop the run and remove it", "compare", "Comparison", rank=7, changes=True
    ),
    Action(
        "drop_all",
        ("D",),
        "",
        "Stop all runs and start a new comparison",
        "compare",
        "Comparison",
        changes=True,
    ),
    Action(
        "add",
        ("a",),
        "add",
        "Add another scenario from the list",
        "compare",
        "Comparison",
        rank=6,
        changes=True,
    ),
    Action(
        "another_seed",
        ("x",),
        "seed",
        "Train all scenarios with one more seed",
        "compare",
        "Comparison",
        rank=8,
        changes=True,
    ),
    Action("set_baseline", ("b",), "base", "Show differences to this run", "compare", "Comparison", rank=6),
    Action("next_metric", ("l",), "metric", "Next metric", "compare", "Comparison", argument="1", rank=3),
    Action("next_metric", ("L",), "", "Previous metric", "compare", "Comparison", argument="-1"),
    Action(
        "move_cursor",
        ("right",),
        "",
        "Move the cursor; everything shows that place",
        "compare",
        "Comparison",
        argument="1",
    ),
    Action("move_cursor", ("left",), "", "Move the cursor left", "compare", "Comparison", argument="-1"),
    Action(
        "move_cursor",
        ("shift+right",),
        "",
        "Move the cursor far right",
        "compare",
        "Comparison",
        argument="10",
    ),
    Action(
        "move_cursor",
        ("shift+left",),
        "",
        "Move the cursor far left",
        "compare",
        "Comparison",
        argument="-10",
    ),
    Action("moment", ("home",), "", "Go to the first step", "compare", "Comparison", argument="first"),
    Action("moment", ("end",), "", "Go back to now", "compare", "Comparison", argument="now"),
    Action("play", ("comma",), "", "Play the runs, or pause", "compare", "Comparison"),
    Action("pace", ("greater_than_sign",), "", "Play faster", "compare", "Comparison", argument="1"),
    Action("pace", ("less_than_sign",), "", "Play slower", "compare", "Comparison", argument="-1"),
    Action(
        "next_view",
        ("v",),
        "view",
        "Show the chart, profiles or differences",
        "compare",
        "Comparison",
        rank=3,
    ),
    Action(
        "leave_comparison", ("escape", "c"), "back", "Go back to the list", "compare", "Comparison", rank=1
    ),
    Action("cursor", ("down", "j"), "", "Next run", "runs", "Runs", argument="1", palette=False),
    Action("cursor", ("up", "k"), "", "Previous run", "runs", "Runs", argument="-1", palette=False),
    Action("page", ("pagedown", "ctrl+d"), "", "A page down", "runs", "Runs", argument="1", palette=False),
    Action("page", ("pageup", "ctrl+u"), "", "A page up", "runs", "Runs", argument="-1", palette=False),
    Action("edge", ("g", "home"), "", "First run", "runs", "Runs", argument="first", palette=False),
    Action("edge", ("G", "end"), "", "Last run", "runs", "Runs", argument="last", palette=False),
    Action("open_run", ("enter",), "open", "Open the run in the lab", "runs", "Runs", rank=1),
    Action(
        "resume_run",
        ("p",),
        "resume",
        "Resume the run from its last save",
        "runs",
        "Runs",
        rank=2,
        changes=True,
    ),
    Action(
        "stop_run",
        ("s",),
        "stop",
        "Stop and save the run that trains here",
        "runs",
        "Runs",
        rank=2,
        changes=True,
    ),
    Action(
        "take_over_run",
        ("T",),
        "take over",
        "Take over the run from another process",
        "runs",
        "Runs",
        rank=2,
        changes=True,
    ),
    Action("mark_run", ("space",), "mark", "Mark the run for a comparison", "runs", "Runs", rank=4),
    Action("compare_runs", ("c",), "compare", "Compare the marked runs", "runs", "Runs", rank=4),
    Action("sort_runs", ("o",), "sort", "Sort by the next column", "runs", "Runs", argument="1", rank=5),
    Action("sort_runs", ("O",), "", "Reverse the order", "runs", "Runs", argument="0"),
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
    Action("rename_run", ("e",), "name", "Give the run a name", "runs", "Runs", rank=7, changes=True),
    Action("tag_run", ("a",), "tags", "Give the run tags", "runs", "Runs", rank=8, changes=True),
    Action(
        "delete_run", ("x",), "delete", "Delete the run; z restores it", "runs", "Runs", rank=9, changes=True
    ),
    Action("show_recorded", ("b",), "recorded", "Show or hide the recorded runs", "runs", "Runs", rank=10),
    Action("undo_delete", ("z",), "undo", "Restore the deleted run", "runs", "Runs", rank=3, changes=True),
    Action("leave_runs", ("escape",), "back", "Clear the filter, or go back", "runs", "Runs", rank=1),
    Action("cell", ("right", "l"), "", "Next column", "map", "Map", argument="right", palette=False),
    Action("cell", ("left", "h"), "", "Previous column", "map", "Map", argument="left", palette=False),
    Action("cell", ("up", "k"), "", "Next row", "map", "Map", argument="up", palette=False),
    Action("cell", ("down", "j"), "", "Previous row", "map", "Map", argument="down", palette=False),
    Action("leave_map", ("escape",), "back", "Go back to the screen before", "map", "Map", rank=1),
    Action("open_cell", ("enter",), "open", "Open the run of the cell in the lab", "map", "Map", rank=1),
    Action(
        "next_measure", ("v",), "quantity", "Show another quantity of the runs", "map", "Map", "1", rank=2
    ),
    Action("next_measure", ("V",), "", "Show the quantity before", "map", "Map", argument="-1"),
    Action("borders", ("b",), "lines", "Show or hide the lines between the cells", "map", "Map", rank=3),
    Action("mark_cell", ("space",), "mark", "Mark the cell for a comparison", "map", "Map", rank=4),
    Action("compare_cells", ("c",), "compare", "Compare the marked cells", "map", "Map", rank=4),
    Action(
        "resume_sweep",
        ("p",),
        "continue",
        "Train the runs that are missing",
        "map",
        "Map",
        rank=2,
        changes=True,
    ),
    Action(
        "stop_sweep", ("s",), "stop", "Stop the sweep and save its runs", "map", "Map", rank=2, changes=True
    ),
    Action("turn_axis", ("x",), "axes", "Next setting on the horizontal axis", "map", "Map", "x", rank=5),
    Action("turn_axis", ("y",), "", "Next setting on the vertical axis", "map", "Map", argument="y"),
    Action(
        "step_fixed",
        ("right_square_bracket",),
        "value",
        "Next value of the setting that is no axis",
        "map",
        "Map",
        argument="1",
        rank=5,
    ),
    Action(
        "step_fixed",
        ("left_square_bracket",),
        "",
        "Previous value of the setting that is no axis",
        "map",
        "Map",
        argument="-1",
    ),
    Action("next_fixed", ("tab",), "setting", "Choose the setting that [ ] change", "map", "Map", rank=6),
    Action(
        "take_over",
        ("T",),
        "take over",
        "Take over the run from another process",
        "lab",
        "Run",
        rank=2,
        changes=True,
    ),
    Action(
        "leave_lecture", ("escape",), "back", "Go back to the screen before", "lecture", "Lecture", rank=1
    ),
    Action(
        "next_step",
        ("space", "right"),
        "next",
        "Show the result, then the next step",
        "lecture",
        "Lecture",
        rank=1,
    ),
    Action("previous_step", ("left", "backspace"), "previous", "Previous step", "lecture", "Lecture", rank=3),
    Action("answer", ("1",), "answer", "Answer 1", "lecture", "Lecture", argument="1", rank=2, palette=False),
    Action("answer", ("2",), "", "Answer 2", "lecture", "Lecture", argument="2", palette=False),
    Action("answer", ("3",), "", "Answer 3", "lecture", "Lecture", argument="3", palette=False),
    Action("answer", ("4",), "", "Answer 4", "lecture", "Lecture", argument="4", palette=False),
    Action("answer", ("5",), "", "Answer 5", "lecture", "Lecture", argument="5", palette=False),
    Action("answer", ("6",), "", "Answer 6", "lecture", "Lecture", argument="6", palette=False),
    Action("answer", ("7",), "", "Answer 7", "lecture", "Lecture", argument="7", palette=False),
    Action("answer", ("8",), "", "Answer 8", "lecture", "Lecture", argument="8", palette=False),
    Action(
        "contents_of_lecture", ("c",), "contents", "Show the table of contents", "lecture", "Lecture", rank=4
    ),
    Action(
        "choose_step",
        ("down", "j"),
        "",
        "Next step in the contents, or a row down",
        "lecture",
        "Lecture",
        argument="1",
        palette=False,
    ),
    Action(
        "choose_step",
        ("up", "k"),
        "",
        "Step before in the contents, or a row up",
        "lecture",
        "Lecture",
        argument="-1",
        palette=False,
    ),
    Action(
        "explore",
        ("enter",),
        "open",
        "Open what the step shows, in the theory or the lab",
        "lecture",
        "Lecture",
        rank=2,
    ),
    Action("notes", ("p",), "notes", "Show or hide the teacher's notes", "lecture", "Lecture", rank=5),
    Action(
        "blank", ("full_stop",), "blank", "Blank the screen, or show it again", "lecture", "Lecture", rank=7
    ),
    Action(
        "enlarge",
        ("plus", "equals_sign"),
        "large",
        "Fewer and larger things, for a room",
        "lecture",
        "Lecture",
        rank=8,
    ),
    Action("runs", ("r",), "runs", "Show all saved runs", "app", OTHER_SCREENS, rank=8),
    Action("map", ("X",), "map", "Show the map of the last sweep", "app", OTHER_SCREENS, rank=9),
    Action("sweep", ("A",), "sweep", "Train a sweep, or continue one", "app", OTHER_SCREENS, changes=True),
    Action("report", ("F",), "", "Write what is shown as an HTML report", "app", OTHER_SCREENS, changes=True),
    Action(
        "picture",
        ("I",),
        "",
        "Save a picture of the screen as an SVG file",
        "app",
        OTHER_SCREENS,
        changes=True,
    ),
    Action("lecture", ("L",), "lecture", "Open the lecture of the slides", "app", OTHER_SCREENS, rank=10),
    Action("theory", ("t",), "theory", "Open the theory page for the scenario", "app", OTHER_SCREENS, rank=9),
    Action(
        "glossary",
        ("W",),
        "words",
        "Explain the columns, verdicts and signs",
        "app",
        OTHER_SCREENS,
        rank=10,
    ),
    Action("help", ("question_mark", "f1"), "help", "Show all keys on one page", "app", APP, rank=4),
    Action(
        "command_palette",
        ("ctrl+p", "colon"),
        "palette",
        "Find an action or a scenario by name",
        "app",
        APP,
        palette=False,
    ),
    Action("suspend", ("ctrl+z",), "", "Suspend the app and pause training", "app", APP, everywhere=True),
    Action("quit", ("q",), "quit", "Quit; asks first if a run has not finished", "app", APP, rank=4),
    Action("leave", ("ctrl+c",), "", "Quit at once; runs are saved", "app", APP, everywhere=True),
)

# What footers call an action in some situations, besides the labels of the table.
OTHER_LABELS = (
    "again",
    "baseline",
    "choose",
    "continue",
    "formulas",
    "freeze",
    "hide recorded",
    "histograms",
    "next station",
    "no lines",
    "now",
    "open",
    "resume",
    "resume all",
    "run again",
    "show",
    "small",
    "tensors",
    "text",
    "unfreeze",
)

READ_ONLY_CLASS = "-read-only"  # of an app that refuses what changes something
_CHANGES = frozenset(action.name for action in ACTIONS if action.changes)
LINE_OPENERS = frozenset(action.name for action in ACTIONS if action.opens_line)


def changes(action: "str | ActionParseResult") -> bool:
    """Whether an action, as Textual is given it, starts, changes or deletes something."""
    _, name, _ = parse(action) if isinstance(action, str) else action
    return name in _CHANGES


def bindings(target: Target) -> list[BindingType]:
    """The key bindings of the actions that `target` carries out."""
    return [_bind(action, "") for action in ACTIONS if action.target == target]


def bindings_everywhere() -> list[BindingType]:
    """The bindings that every dialog needs, because keys do not reach the app through a dialog."""
    return [_bind(action, "app.") for action in ACTIONS if action.everywhere]


def groups(here: Target | None = None) -> Iterator[tuple[str, list[Action]]]:
    """The actions by heading, in the order of the table: the screen `here` first, then the app."""
    table = sorted(
        ACTIONS, key=lambda action: (action.target != here, here is None or action.target != "app")
    )
    for group in dict.fromkeys(action.group for action in table):
        yield group, [action for action in table if action.group == group]


def footer() -> list[Action]:
    """The actions that a footer may show, in the order of the table."""
    return [action for action in ACTIONS if action.rank]


def _bind(action: Action, namespace: str) -> Binding:
    return Binding(
        ",".join(action.keys),
        namespace + action.call,
        action.help,
        show=False,
        priority=action.everywhere or action.opens_line,
    )
