"""Outputs that cannot be written: closed, full, or drawn over by a library."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.processes import run_names
from tests.e2e.pseudo_terminal import PATIENCE, PROGRAM, child_environment
from tui_vanish.cli.output import Output

SMALL = ("--data", "sample", "--epochs", "1", "--set", "model.width=16")
LOST = "vanish-tui: some output was lost: it could not be written to"


def shell(redirection: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run `vanish-tui ARGUMENTS` with a redirection of the shell."""
    return subprocess.run(
        ["sh", "-c", f'"$@" {redirection}', "sh", *PROGRAM, *arguments],
        capture_output=True,
        text=True,
        env=child_environment({}),
        timeout=PATIENCE,
        check=False,
    )


@pytest.mark.parametrize(
    ("redirection", "why"), [(">/dev/full", "No space left on device"), (">&-", "it is closed")]
)
@pytest.mark.parametrize("command", [("list",), ("runs", "--json"), ("--help",), ("--version",)])
def test_output_that_cannot_be_written_is_reported_in_one_sentence(
    redirection: str, why: str, command: tuple[str, ...]
) -> None:
    done = shell(redirection, *command)
    assert (done.returncode, done.stderr) == (1, f"{LOST} standard output ({why})\n")


def test_training_continues_when_its_progress_cannot_be_printed() -> None:
    done = shell("2>/dev/full", "run", "depth-3", *SMALL)
    assert done.returncode == 1
    assert done.stdout.startswith("depth-3 finished: 1 epoch")
    assert done.stdout.endswith(f"{LOST} standard error (No space left on device)\n")


def test_json_lines_stay_json_lines_when_a_warning_is_lost(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.touch()  # a file in place of the folder: there is something to warn of
    done = subprocess.run(
        ["sh", "-c", '"$@" 2>/dev/full', "sh", *PROGRAM, "run", "depth-3", *SMALL, "--json"],
        capture_output=True,
        text=True,
        env=child_environment({"XDG_STATE_HOME": str(state)}),
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 1
    assert json.loads(done.stdout.splitlines()[-1])["event"] == "run_finished"


def test_with_all_descriptors_closed_a_run_is_trained_and_its_log_holds_only_events() -> None:
    done = shell(">&- 2>&- <&-", "run", "depth-3", *SMALL)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")
    (name,) = run_names()
    log = Path(os.environ["XDG_STATE_HOME"]) / "vanish-tui/runs" / name / "events.jsonl"
    events = [json.loads(line)["event"] for line in log.read_text().splitlines()]
    assert (events[0], events[-1]) == ("run_started", "run_finished")


def test_a_descriptor_that_accepts_nothing_now_is_waited_for() -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    content = bytes(1 << 20)
    drain = f"import os; n = {len(content)}\nwhile n: n -= len(os.read(0, 65536))"
    with subprocess.Popen([sys.executable, "-c", drain], stdin=reading) as reader:
        os.close(reading)
        output, view = Output(writing), memoryview(content)
        while view:
            view = view[output.write(view) :]
        os.close(writing)
        assert reader.wait(PATIENCE) == 0
    assert output.lost == ""


_ASIDE = """
import os, sys
from pathlib import Path
from tui_vanish.cli.output import kept_off_the_screen
with kept_off_the_screen(Path(sys.argv[1])):
    os.write(2, b"libgomp: Invalid value\\n")
    sys.__stderr__.write("drawn ")
os.write(2, b"after\\n")
"""


@pytest.mark.parametrize("folder", ["state", "file"])
def test_what_a_library_writes_goes_to_a_file_while_the_app_has_the_screen(
    folder: str, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    log = tmp_path / folder / "libraries.log"
    done = subprocess.run(
        [sys.executable, "-c", _ASIDE, str(log)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    if folder == "file":  # the log cannot be opened
        assert done.stderr == "drawn after\n"
        return
    assert done.stderr == f"drawn Libraries have written messages; they are in {log}\nafter\n"
    assert log.read_text() == "libgomp: Invalid value\n"
    assert log.stat().st_mode & 0o777 == 0o600


def test_the_log_of_libraries_does_not_grow_for_ever(tmp_path: Path) -> None:
    log = tmp_path / "libraries.log"
    log.write_bytes(bytes((1 << 20) + 1))
    subprocess.run([sys.executable, "-c", _ASIDE, str(log)], capture_output=True, check=True)
    assert log.read_text() == "libgomp: Invalid value\n"
