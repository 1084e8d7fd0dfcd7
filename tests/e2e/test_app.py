"""The app as a person uses it: in a real terminal, with real training on the sample.

It is long because each test drives the whole program in a terminal, with the same helpers.
"""

import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.processes import command, run_names
from tests.e2e.pseudo_terminal import PseudoTerminal
from tui_vanish.cli.options import user_scenarios
from vanish_recorder.storage.paths import default_runs_folder

Open = Callable[..., PseudoTerminal]
SavedRuns = Callable[[], dict[str, list[dict[str, Any]]]]

SAMPLE = ("--data", "sample")
CTRL_C = "\x03"
FIRST = "linear-exploding"


def epoch(text: str) -> int:
    """The epoch on the screen; 0 if there is none."""
    found = re.search(r"epoch\s+(\d+)/100", text)
    return int(found[1]) if found else 0


def chart(text: str) -> str:
    """The dots of the charts."""
    return "".join(character if "\u2800" < character <= "\u28ff" else " " for character in text)


def highlighted(text: str) -> str:
    """The scenario under the cursor of the list."""
    found = re.search(r"▸ (\S+)", text)
    return found[1] if found else ""


def highlight(app: PseudoTerminal, scenario: str) -> None:
    """Move from the top of the list down to a scenario; the app opens on depth-7."""
    app.wait_for(highlighted)
    app.type("g")
    app.wait_for(lambda text: highlighted(text) == FIRST)
    seen = {highlighted(app.wait_for(highlighted)), ""}  # the screen may be only partly updated
    while scenario not in seen:
        app.type("j")
        seen.add(highlighted(app.wait_for(lambda text: highlighted(text) not in seen)))


def train(app: PseudoTerminal, scenario: str) -> None:
    highlight(app, scenario)
    app.type("\r")


def test_a_run_trains_pauses_continues_and_stops_and_the_terminal_is_restored(
    open_terminal: Open, saved_runs: SavedRuns
) -> None:
    app = open_terminal(*SAMPLE)
    train(app, "depth-3")

    first = app.wait_for(lambda text: epoch(text) >= 2)
    assert "sample 6 000/1 000" in first
    later = app.wait_for(lambda text: epoch(text) >= 4 and chart(text) != chart(first))
    assert chart(later).strip()

    app.type("p")
    paused = app.wait_for("paused")
    assert saved_runs()["depth-3"][-1]["event"] == "paused"
    assert app.watch(1.0) == paused
    assert saved_runs()["depth-3"][-1]["event"] == "paused"

    app.type("p")
    app.wait_for(lambda text: "paused" not in text and epoch(text) > epoch(paused))

    app.type("s")
    app.wait_for("■ stopped")
    app.type("q")
    assert app.wait_for_end() == 0
    assert app.is_restored()
    events = [record["event"] for record in saved_runs()["depth-3"]]
    assert events[0] == "run_started"
    assert events[-1] == "run_finished"
    assert events.count("paused") == events.count("resumed") == 1


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_saves_the_run_and_restores_the_terminal(
    number: signal.Signals, code: int, open_terminal: Open, saved_runs: SavedRuns
) -> None:
    app = open_terminal(*SAMPLE)
    train(app, "depth-3")
    app.wait_for(lambda text: epoch(text) >= 1)
    app.process.send_signal(number)
    assert app.wait_for_end() == code
    assert app.is_restored()
    assert saved_runs()["depth-3"][-1]["status"] == "stopped"


def test_a_signal_during_the_import_of_torch_ends_the_app_at_once(open_terminal: Open) -> None:
    app = open_terminal(*SAMPLE)
    train(app, "depth-3")
    app.wait_for("loading PyTorch")
    app.process.send_signal(signal.SIGTERM)
    assert app.wait_for_end() == 143
    assert app.is_restored()
    assert not default_runs_folder().exists()  # it would exist if the import had been waited for


def test_a_closed_terminal_ends_the_app_and_saves_the_run(open_terminal: Open, saved_runs: SavedRuns) -> None:
    app = open_terminal(*SAMPLE)
    train(app, "depth-3")
    app.wait_for(lambda text: epoch(text) >= 1)
    app.hang_up()
    assert app.wait_for_end() == 129
    assert saved_runs()["depth-3"][-1]["status"] == "stopped"


def test_ctrl_c_quits_and_saves_the_run(open_terminal: Open, saved_runs: SavedRuns) -> None:
    app = open_terminal(*SAMPLE)
    train(app, "depth-3")
    app.wait_for(lambda text: epoch(text) >= 1)
    app.type(CTRL_C)
    assert app.wait_for_end() == 0
    assert app.is_restored()
    assert saved_runs()["depth-3"][-1]["status"] == "stopped"


def test_ctrl_c_quits_before_any_training(open_terminal: Open) -> None:
    app = open_terminal()
    app.wait_for("Scenarios")
    app.type(CTRL_C)
    assert app.wait_for_end() == 0
    assert app.is_restored()


def test_a_terminal_that_is_too_small_shows_a_message_until_it_is_resized(open_terminal: Open) -> None:
    app = open_terminal(columns=79, rows=24)
    app.wait_for("80×24")
    app.resize(80, 24)
    app.wait_for("depth-7")
    app.resize(80, 20)
    app.wait_for("80×24")
    app.resize(120, 36)
    app.wait_for("depth-7")
    app.type("q")
    assert app.wait_for_end() == 0


def test_a_dumb_terminal_is_refused_with_a_one_line_error(open_terminal: Open) -> None:
    app = open_terminal(environment={"TERM": "dumb"})
    assert app.wait_for_end() == 2
    assert app.text.strip().startswith("vanish-tui: the app needs a terminal")
    assert b"\x1b" not in app.sent


def test_a_missing_device_is_refused_before_the_first_frame(open_terminal: Open) -> None:
    app = open_terminal("--device", "cuda:99")
    assert app.wait_for_end() == 2
    assert app.text.strip().startswith("vanish-tui: cuda:99 is not available")
    assert b"\x1b[?1049h" not in app.sent


def test_the_ascii_option_draws_only_ascii(open_terminal: Open) -> None:
    app = open_terminal("--ascii")
    text = app.wait_for("depth-7")
    app.type("q")
    assert app.wait_for_end() == 0
    assert text.isascii()


def test_the_app_and_run_give_the_same_numbers(
    open_terminal: Open, saved_runs: SavedRuns, tmp_path: Path
) -> None:
    user_scenarios().mkdir(parents=True)
    (user_scenarios() / "brief.toml").write_text(
        'extends = "depth-7"\ntitle = "Brief"\n[model]\nhidden_layers = 3\n[training]\nepochs = 2\n'
    )
    app = open_terminal(*SAMPLE, "--seed", "7")
    app.wait_for("Scenarios")
    app.type("G")
    app.wait_for("▸ brief")
    app.type("\r")
    app.wait_for("✓ finished")
    app.type("q")
    assert app.wait_for_end() == 0
    in_app = saved_runs()["brief"]

    headless = open_terminal(
        "run", "brief", *SAMPLE, "--seed", "7", "--runs-dir", str(tmp_path / "runs"), columns=80
    )
    assert headless.wait_for_end() == 0
    assert headless.is_restored()
    (path,) = (tmp_path / "runs").glob("*/events.jsonl")
    from tests.e2e.conftest import records

    assert [numbers(record) for record in records(path)] == [numbers(record) for record in in_app]
    assert in_app[-1]["weights_sha256"]


def numbers(record: dict[str, Any]) -> dict[str, Any]:
    """A record without the run's name and the times."""
    clock = {"run", "time", "seconds", "evaluation_seconds"}
    return {key: value for key, value in record.items() if key not in clock}


@pytest.mark.parametrize(
    ("arguments", "environment", "expected"),
    [
        ((), {}, True),
        (("--no-mouse",), {}, False),
        ((), {"SSH_TTY": "/dev/pts/0"}, False),
        (("--mouse",), {"SSH_TTY": "/dev/pts/0"}, True),
    ],
)
def test_the_mouse_is_used_except_over_ssh_unless_an_option_decides(
    arguments: tuple[str, ...], environment: dict[str, str], expected: bool, open_terminal: Open
) -> None:
    app = open_terminal(*arguments, environment=environment)
    app.wait_for("depth-7")
    app.type("q")
    assert app.wait_for_end() == 0
    assert (b"\x1b[?1000h" in app.sent) is expected


# vanish-tui with a Textual in which the class that it replaces has another name.
_RENAMED = """
import sys
from importlib.machinery import PathFinder, SourceFileLoader
from pathlib import Path

class Renaming(SourceFileLoader):
    def get_code(self, name):
        return compile(Path(self.path).read_text().replace("ChopsUpdate", "CellsUpdate"), self.path, "exec")

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name != "textual._compositor":
            return None
        spec = PathFinder.find_spec(name, path)
        spec.loader = Renaming(name, spec.origin)
        return spec

sys.meta_path.insert(0, Finder())
import textual._compositor
assert not hasattr(textual._compositor, "ChopsUpdate")

from tui_vanish.__main__ import main
sys.exit(main())
"""


def test_the_app_starts_and_draws_where_textual_has_renamed_what_it_replaces(open_terminal: Open) -> None:
    app = open_terminal(*SAMPLE, program=(sys.executable, "-c", _RENAMED))
    highlight(app, "depth-7")
    app.type("?")
    app.wait_for("Freeze or unfreeze the selected layer")
    app.type("\x1b")
    app.wait_for(lambda text: highlighted(text) == "depth-7")
    app.type("q")
    assert app.wait_for_end() == 0
    assert app.is_restored()


# Sends the signal when the terminal has been changed, and the app has not been mounted yet.
_SIGNALLED_AT_THE_START = """
import os, signal, sys
from textual.drivers.linux_driver import LinuxDriver
number = signal.Signals[sys.argv.pop()]
start = LinuxDriver.start_application_mode
def start_and_signal(driver):
    start(driver)
    os.kill(os.getpid(), number)
LinuxDriver.start_application_mode = start_and_signal
from tui_vanish.__main__ import main
sys.exit(main())
"""


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGINT", 130), ("SIGHUP", 129)])
def test_a_signal_while_the_app_starts_restores_the_terminal(
    open_terminal: Open, name: str, code: int
) -> None:
    terminal = open_terminal(*SAMPLE, name, program=(sys.executable, "-c", _SIGNALLED_AT_THE_START))
    assert terminal.wait_for_end() == code
    assert terminal.is_restored()
    assert "Traceback" not in terminal.text


# ctrl+c while a class body of the app's modules is executed: Python 3.11 makes a RuntimeError of it.
_INTERRUPTED_IMPORT = """
import os, signal, sys

class Attribute:
    def __set_name__(self, owner, name):
        os.kill(os.getpid(), signal.SIGINT)

class Interrupter:
    def find_spec(self, name, path=None, target=None):
        if name == "tui_vanish.app":
            type("Interrupted", (), {"attribute": Attribute()})

sys.meta_path.insert(0, Interrupter())
from tui_vanish.__main__ import main
sys.exit(main())
"""


@pytest.mark.parametrize("arguments", [(), ("watch", "{run}")], ids=["app", "watch"])
def test_ctrl_c_while_the_app_is_imported_prints_no_traceback(
    arguments: tuple[str, ...], open_terminal: Open
) -> None:
    assert command("run", "depth-3", *SAMPLE, "--epochs", "1").returncode == 0
    (run,) = run_names()
    program = (sys.executable, "-c", _INTERRUPTED_IMPORT)
    terminal = open_terminal(*(each.format(run=run) for each in arguments), program=program)
    assert terminal.wait_for_end() == -signal.SIGINT
    assert terminal.sent == b""
