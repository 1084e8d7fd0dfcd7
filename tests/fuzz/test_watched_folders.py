"""Damaged folders of watched runs under every command, and on every screen of the app.

Only these outcomes are allowed: the command works; or it is refused in one sentence, with exit code 1 or 2. A
screen shows what is left, and never fails.
"""

import os
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from engine.storage.follower import Follower
from engine.storage.run_index import list_runs
from engine.storage.run_log import NotARun
from tests.engine import made_up_watched as made_up
from tests.fuzz.budget import cases
from tests.fuzz.damage import damage_watched
from tests.fuzz.test_run_folders import GOOD, HURT, answer, contents, of_good
from tests.tui.lab.test_models import Watched
from tests.tui.lab_bench import opened
from tui_vanish.monitor.tensor_screen import TensorScreen
from vanish_recorder.protocol.events import Intervened, RunEvent, VerdictChanged
from vanish_recorder.protocol.watch_events import Thinned
from vanish_recorder.storage.results import Results
from vanish_recorder.storage.run_lock import Owner
from vanish_recorder.storage.summary import write_summary

KEYS = ("v", "l", "w", "escape", "enter", "enter", "j", "o", "escape", "y", "escape", "i", "escape")


def course() -> list[RunEvent]:
    """A run with an event of each kind."""
    what = made_up.structure(blocks=3)
    at = made_up.at(80, 1)
    events: list[RunEvent] = [*made_up.course(range(1, 40, 4), what)]
    for step in range(90, 120, 10):
        over_time = {"h.1": (1e-9, 1e-6, 1e-3)}
        events.append(made_up.measured(step, what, loss=2.0, over_time=over_time, scale=1024.0, skipped=1))
    last = events[-1]
    verdict = VerdictChanged(
        **at,
        state="began",
        kind="vanishing",
        layer="h.0",
        since_step=1,
        evidence={"factor": 1e-6},
        text="The gradient vanishes.",
        suggestions=(),
    )
    thinned = Thinned(
        **at, samples=9, span=4, steps=(60, 70, 80), times=(0.1, 0.2, 0.3), logged={"loss": (3.0, None, 2.0)}
    )
    between: list[RunEvent] = [
        replace(thinned, times=tuple(at["time"] - 0.1 * each for each in (2, 1, 0))),
        verdict,
        made_up.epoch_logged(80, 1, train_loss=2.0, test_accuracy=0.5),
        made_up.histograms(80, "h.1"),
        made_up.disabled(80),
        Intervened(**at, kind="lr_factor", value=2.0, layer=None),
    ]
    events[-3:-3] = between
    return [*events, made_up.finished(last.step, last.epoch)]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    runs = tmp_path_factory.mktemp("base")
    for name in (GOOD, HURT):
        events = [replace(event, run=name) for event in course()]
        folder = made_up.write(runs, events, name)
        results = Results(str(made_up.description()["name"]))
        for event in events:
            results.apply(event)
        write_summary(folder, results.summary((folder / "events.jsonl").stat().st_size))
    return runs


def copied(base: Path, runs: Path) -> None:
    shutil.rmtree(runs, ignore_errors=True)
    shutil.copytree(base, runs)
    for name in (GOOD, HURT):
        os.utime(runs / name, (1e9, 1e9))
    assert [entry.problem for entry in list_runs(runs)] == ["", ""]
    for name in (GOOD, HURT):
        follower = Follower(runs / name)
        follower.poll()
        assert follower.damage == ""


def test_no_command_fails_on_a_damaged_watched_run(base: Path, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    where = ("--runs-dir", str(runs))
    outcomes: Counter[int] = Counter()
    for case in cases("watched folders", at_least=20):
        copied(base, runs)
        before, listed = contents(runs / GOOD), of_good(case.label, runs)
        label = f"{case.label} ({', '.join(damage_watched(runs / HURT, case.random))})"
        assert of_good(label, runs) == listed, label
        for arguments in (
            ("runs",),
            ("watch", HURT),
            ("export", HURT, "--csv", str(tmp_path / "run.csv")),
            ("export", HURT, "--tensorboard", str(tmp_path / "boards")),
            ("run", "--resume", HURT),
        ):
            outcomes[answer(label, *arguments, *where)[0]] += 1
        shutil.rmtree(tmp_path / "boards", ignore_errors=True)
        (tmp_path / "run.csv").unlink(missing_ok=True)
        assert of_good(label, runs) == listed, label
        assert contents(runs / GOOD) == before, f"{label}: the other run was changed"
    assert outcomes[0]
    assert outcomes[2]


async def test_every_screen_shows_what_is_left_of_a_damaged_watched_run(base: Path, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    shown = 0
    for case in cases("watched folders in the app", at_least=6):
        copied(base, runs)
        label = f"{case.label} ({', '.join(damage_watched(runs / HURT, case.random))})"
        follower = Follower(base / HURT)
        try:
            follower = Follower(runs / HURT)
            follower.poll()
        except (NotARun, OSError):
            continue
        async with opened(tmp_path) as bench:
            watched = Watched(bench, [], live=False)
            watched.view = follower.view
            bench.engine.followed_only.add(HURT)
            bench.engine.owners[HURT] = Owner("gpu-7", "", 4321, None)
            await bench.settle()
            layout = bench.lab._layout
            if layout is None or not layout.run:
                await bench.press("enter")
            for key in KEYS:
                await bench.press(key)
                assert bench.text.replace("\n", "").isprintable(), label
                shown += isinstance(bench.app.screen, TensorScreen)
            assert bench.app.is_running, label
    assert shown
