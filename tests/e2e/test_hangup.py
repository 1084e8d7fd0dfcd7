"""A run survives its terminal: a detached process continues it, the next app shows it and takes it back."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.processes import command, measured, run_names, saved, wait_for_end
from tests.e2e.pseudo_terminal import PseudoTerminal
from tests.engine.lab import write_data
from tui_vanish.cli.options import user_scenarios
from vanish_recorder.storage.paths import default_runs_folder
from vanish_recorder.storage.run_lock import Owner, owner_of

Open = Callable[..., PseudoTerminal]

_BRIEF = """
extends = "depth-7"
title = "Brief"
[model]
hidden_layers = 3
width = 16
[model.init]
std = 0.3
[data]
batch_size = 32
[training]
epochs = {epochs}
"""


@pytest.fixture
def data(tmp_path: Path) -> tuple[str, str]:
    return "--data", str(write_data(tmp_path / "data", train=800))


def brief(epochs: int) -> str:
    """Write a scenario of the user, which is the last one in the list."""
    user_scenarios().mkdir(parents=True, exist_ok=True)
    (user_scenarios() / "brief.toml").write_text(_BRIEF.format(epochs=epochs))
    return "brief"


def train(app: PseudoTerminal, scenario: str) -> None:
    app.wait_for("Scenarios")
    app.type("G")
    app.wait_for(f"▸ {scenario}")
    app.type("\r")


def owner(run: str) -> Owner:
    found = owner_of(default_runs_folder() / run)
    assert found is not None
    return found


def trains_here(text: str) -> bool:
    """Whether the app itself trains the run on its screen: no other process does, and it is loaded."""
    return (
        "1 training" in text
        and "in another process" not in text
        and "loading" not in text
        and epoch_of(text) >= 2
    )


def epoch_of(text: str) -> int:
    """The epoch on the screen; 0 if there is none."""
    found = re.search(r"epoch\s+(\d+)/", text)
    return int(found[1]) if found else 0


def has_no_gap(run: str, data: tuple[str, str], folder: Path) -> None:
    """Assert that the log holds, step for step, what an uninterrupted run measures."""
    records = saved(run)
    epochs = str(records[-1]["epoch"] + 1)
    arguments = ("run", "brief", *data, "--epochs", epochs, "--runs-dir", str(folder))
    assert command(*arguments).returncode == 0
    (whole,) = run_names(folder)
    seen = measured(records)[:-1]
    assert len(seen) > 10
    assert seen == measured(saved(whole, folder))[: len(seen)]


def test_a_run_survives_its_terminal_and_the_next_app_takes_it_back(
    open_terminal: Open, data: tuple[str, str], tmp_path: Path
) -> None:
    first = open_terminal(*data)
    train(first, brief(20_000))
    first.wait_for(lambda text: epoch_of(text) >= 2)
    first.hang_up()
    assert first.wait_for_end() == 129
    (run,) = run_names()

    second = open_terminal(*data)
    second.wait_for("in another process")
    shown = second.wait_for(lambda text: epoch_of(text) >= 2)
    second.wait_for(lambda text: epoch_of(text) > epoch_of(shown))
    taken_up_by = owner(run)
    assert taken_up_by.pid not in (first.process.pid, second.process.pid)
    assert os.getsid(taken_up_by.pid) == taken_up_by.pid

    second.type("p")
    second.wait_for("T takes it over")
    second.type("T")
    wait_for_end(taken_up_by.pid)
    second.wait_for(trains_here)
    assert owner(run).pid == second.process.pid
    here = epoch_of(second.text)
    second.wait_for(lambda text: epoch_of(text) > here)
    second.type("s")
    second.wait_for("stopped")
    second.type("q")
    assert second.wait_for_end() == 0
    records = saved(run)
    assert [record["status"] for record in records if record["event"] == "run_finished"] == ["stopped"] * 3
    has_no_gap(run, data, tmp_path / "whole")


def test_q_leaves_a_run_running_when_asked(open_terminal: Open, data: tuple[str, str]) -> None:
    app = open_terminal(*data)
    train(app, brief(20_000))
    app.wait_for(lambda text: epoch_of(text) >= 2)
    app.type("q")
    app.wait_for("enter: quit, and continue the run in the background")
    app.type("\r")
    assert app.wait_for_end() == 0
    assert app.is_restored()
    (run,) = run_names()
    assert f"{run} continues in the background" in app.text

    watching = open_terminal("watch", run)
    before = watching.wait_for(lambda text: epoch_of(text) >= 2)
    watching.wait_for(lambda text: epoch_of(text) > epoch_of(before))
    watching.type("q")
    assert watching.wait_for_end() == 0


def test_q_stops_and_saves_a_run_when_asked(open_terminal: Open, data: tuple[str, str]) -> None:
    app = open_terminal(*data)
    train(app, brief(20_000))
    app.wait_for(lambda text: epoch_of(text) >= 2)
    app.type("q")
    app.wait_for("enter: quit, and continue the run in the background")
    app.type("s")
    assert app.wait_for_end() == 0
    (run,) = run_names()
    assert saved(run)[-1]["status"] == "stopped"
    assert owner_of(default_runs_folder() / run) is None


def test_a_run_that_another_app_trains_is_shown_and_can_be_taken_over(
    open_terminal: Open, data: tuple[str, str], tmp_path: Path
) -> None:
    first = open_terminal(*data)
    train(first, brief(20_000))
    first.wait_for(lambda text: epoch_of(text) >= 2)
    (run,) = run_names()
    second = open_terminal(*data)
    second.wait_for("in another process")
    second.type("T")
    assert first.wait_for_end() == 143
    assert first.is_restored()
    second.wait_for(trains_here)
    assert owner(run).pid == second.process.pid
    second.type("s")
    second.wait_for("stopped")
    has_no_gap(run, data, tmp_path / "whole")


def test_the_runs_screen_resumes_an_abandoned_run(open_terminal: Open, data: tuple[str, str]) -> None:
    first = open_terminal(*data)
    train(first, brief(20_000))
    first.wait_for(lambda text: epoch_of(text) >= 2)
    first.process.kill()
    first.process.wait()
    (run,) = run_names()
    second = open_terminal(*data)
    second.wait_for("Scenarios")
    second.type("r")
    second.wait_for("abandoned")
    second.type("p")
    second.wait_for(lambda text: epoch_of(text) >= 2)
    assert owner(run).pid == second.process.pid
    assert "after a crash" in {record.get("reason") for record in saved(run)}
