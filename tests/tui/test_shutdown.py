"""Shutdown: in order, at once while torch is being imported, and without a terminal."""

import asyncio
import os
import signal
import threading
from pathlib import Path
from typing import NoReturn

import pytest

from tests.tui.lab_bench import Bench, opened
from tui_vanish import terminal
from tui_vanish.jobs import background
from tui_vanish.shutdown import Shutdown


class LeftError(Exception):
    """Raised instead of ending the process."""


@pytest.fixture
def exits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The exit codes with which the process would have ended."""
    codes: list[int] = []

    def leave(code: int) -> NoReturn:
        codes.append(code)
        raise LeftError

    monkeypatch.setattr(os, "_exit", leave)
    return codes


def shutdown_of(bench: Bench, **seconds: float) -> Shutdown:
    """A shutdown of the app that waits other times than the app's own."""
    return Shutdown(bench.app, bench.app.session, bench.app.poller.stop, **seconds)


async def test_while_torch_is_imported_the_app_quits_without_saving(
    tmp_path: Path, exits: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal, "is_lost", lambda: True)
    async with opened(tmp_path) as bench:
        bench.engine.importing = True
        with pytest.raises(LeftError):
            bench.app.ending.leave()
        assert exits == [0]
        assert not bench.engine.closed
        bench.engine.importing = False


async def test_a_hanging_step_does_not_delay_ctrl_c(
    tmp_path: Path, exits: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal, "is_lost", lambda: True)
    async with opened(tmp_path) as bench:
        hanging = asyncio.Event()

        async def hang(*_: object) -> None:
            await hanging.wait()

        monkeypatch.setattr(asyncio, "to_thread", hang)
        before = asyncio.all_tasks()
        shutdown_of(bench, save_seconds=0.01).leave(at_once=True)
        (task,) = asyncio.all_tasks() - before
        with pytest.raises(LeftError):
            await task
        assert exits == [0]


async def test_a_hangup_hands_runs_over_even_if_saving_takes_too_long(
    tmp_path: Path, exits: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    handed_over: list[list[str]] = []
    monkeypatch.setattr(background, "hand_over", lambda runs, folder: handed_over.append(list(runs)))
    async with opened(tmp_path) as bench:
        run = await bench.train()
        bench.engine.runs_folder = tmp_path
        (tmp_path / run.name).mkdir()
        step = threading.Event()
        monkeypatch.setattr(bench.engine, "close", step.wait)
        with pytest.raises(LeftError):
            shutdown_of(bench, save_seconds=0.01).save_and_exit(signal.SIGHUP)
        step.set()
        assert (exits, handed_over) == ([129], [[run.name]])


async def test_a_signal_ends_the_process_even_if_saving_hangs(
    tmp_path: Path, exits: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(tmp_path) as bench:
        disk = threading.Event()
        ending = shutdown_of(bench, last_seconds=0.01)
        monkeypatch.setattr(ending, "save_and_exit", lambda number: disk.wait())
        with pytest.raises(LeftError):
            ending.on_signal(signal.SIGTERM)
        disk.set()
        assert exits == [143]


async def test_sigterm_hands_nothing_over(
    tmp_path: Path, exits: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    handed_over: list[list[str]] = []
    monkeypatch.setattr(background, "hand_over", lambda runs, folder: handed_over.append(list(runs)))
    async with opened(tmp_path) as bench:
        run = await bench.train()
        bench.engine.runs_folder = tmp_path
        (tmp_path / run.name).mkdir()
        with pytest.raises(LeftError):
            bench.app.ending.save_and_exit(signal.SIGTERM)
        assert bench.engine.closed
        assert (exits, handed_over) == ([143], [])


async def test_the_app_quits_even_if_no_process_can_be_started(
    tmp_path: Path, exits: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(runs: object, folder: object) -> None:
        raise BlockingIOError(11, "no more processes")

    monkeypatch.setattr(background, "hand_over", refuse)
    async with opened(tmp_path) as bench:
        run = await bench.train()
        bench.engine.runs_folder = tmp_path
        (tmp_path / run.name).mkdir()
        with pytest.raises(LeftError):
            bench.app.ending.save_and_exit(signal.SIGHUP)
        assert bench.engine.closed
        ending = bench.app.ending
        assert (exits, ending.left) == ([129], [run.name])
        assert (ending.successor, ending.problem) == (None, "no process could be started: no more processes")


async def test_resumed_runs_are_handed_over_while_torch_is_imported(
    tmp_path: Path, exits: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    handed_over: list[list[str]] = []
    monkeypatch.setattr(background, "hand_over", lambda runs, folder: handed_over.append(list(runs)))
    async with opened(tmp_path) as bench:
        run = await bench.train(ready=False)
        bench.engine.runs_folder = tmp_path
        (tmp_path / run.name).mkdir()
        bench.engine.importing = True
        with pytest.raises(LeftError):
            bench.app.ending.save_and_exit(signal.SIGHUP)
        bench.engine.importing = False
        assert (exits, handed_over) == ([129], [[run.name]])


async def test_a_lost_terminal_saves_the_runs_and_exits_with_the_code_of_sighup(
    tmp_path: Path, exits: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(tmp_path) as bench:
        with pytest.raises(LeftError):
            bench.app.ending.save_and_exit(signal.SIGHUP)
        assert bench.engine.closed
        assert exits == [129]


async def test_an_app_without_a_terminal_from_the_start_is_not_forced_to_quit(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        assert not bench.app.ending.is_forced()
        assert not bench.engine.closed


def test_a_hung_up_terminal_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    master, slave = os.openpty()
    with open(slave, closefd=True) as stdin:
        monkeypatch.setattr("sys.__stdin__", stdin)
        assert not terminal.is_lost()
        os.close(master)
        assert terminal.is_lost()


async def test_callbacks_after_the_end_need_no_screen(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        lab, app = bench.lab, bench.app
        app.poller.stop()
        await lab.query("*").remove()
        await lab._add_run_pane()
        await app.session.catalogue.read_later(app.session.catalogue.entries[0])
        assert not lab.query("#run")
