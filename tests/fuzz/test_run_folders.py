"""Damaged folders of runs under every command and in the app's list.

Only these outcomes are allowed: the command works; or it is refused in one sentence, with exit code 1 or 2.
Beside a damaged run every other one is listed as before, and its files do not change by a byte. A resume that
succeeds ends with the weights of the undamaged run.
"""

import io
import json
import os
import shutil
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from engine.attach.shared_engine import NoEngine, SharedEngine
from engine.protocol.commands import ResumeRun, Stop
from engine.runtime.engine import Engine
from engine.runtime.state import Settings
from engine.storage.checkpoint import CHECKPOINT, PREVIOUS
from engine.storage.labels import Labels, write_labels
from engine.storage.run_index import list_runs
from engine.storage.trash import restore
from engine.tracking.comparison import entrants, to_record
from engine.tracking.snapshot import Snapshot
from scenarios.schema import Scenario
from tests.engine.lab import Listener, make_scenario, write_data
from tests.fuzz.budget import Case, cases
from tests.fuzz.damage import damage
from tests.tui.lab_bench import opened
from tui_vanish.cli.main import main
from tui_vanish.runs.screen import RunsScreen
from vanish_recorder.protocol.events import RunEvent, RunFinished, Sample
from vanish_recorder.protocol.status import Status
from vanish_recorder.storage.run_lock import LOCK

PATIENCE = 100  # seconds until a command counts as hanging, on a busy machine
GOOD, HURT = "good", "hurt"
KEYS = ("r", "j", "space", "j", "space", "k", "p", "r", "k", "enter", "r", "T", "g", "x", "z", "g", "x")
STAGES = [{"sub_models": [1], "train": [1]}, {"sub_models": [1, 2], "train": [1, 2]}]
SCENARIOS = {
    "plain": make_scenario({"training.epochs": 4}),
    "adam": make_scenario(
        {
            "model.activation": "relu",
            "model.norm": "batch",
            "optimizer": {"name": "adam"},
            "training.epochs": 4,
        }
    ),
    "staged": make_scenario({"stages": STAGES, "optimizer.momentum": 0.9}),
}


@dataclass(frozen=True)
class Base:
    """Undamaged runs: one that was stopped, for each scenario, and a finished one.

    Attributes:
        folder: holds each of them in a folder of its scenario's name.
        weights: the hash of the weights at the end of an uninterrupted run, by scenario.
    """

    folder: Path
    weights: dict[str, str | None]

    def copy(self, case: Case, runs: Path) -> str:
        """A runs folder with a good run and one to hurt; returns its scenario's name."""
        kind = case.random.choice(sorted(SCENARIOS))
        shutil.rmtree(runs, ignore_errors=True)
        runs.mkdir()
        shutil.copytree(self.folder / GOOD, runs / GOOD)
        shutil.copytree(self.folder / kind, runs / HURT)
        for folder in (runs / GOOD, runs / HURT):
            os.utime(folder, (1e9, 1e9))  # so that the index keeps their rows
        assert [entry.problem for entry in list_runs(runs)] == ["", ""]
        return kind


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Base:
    folder = tmp_path_factory.mktemp("base")
    data = write_data(folder / "data", train=64)
    weights = {}
    with pytest.MonkeyPatch.context() as patch:
        clock = count()  # so that a case finds the same logs again
        patch.setattr("engine.training.awake.AwakeClock.__call__", lambda _: next(clock) / 1024)
        for name, scenario in SCENARIOS.items():
            end = _trained(folder / name, data, scenario)
            weights[name] = end.weights_sha256
            if name != "plain":
                shutil.rmtree(folder / name)
        (folder / "plain").rename(folder / GOOD)
        for name, scenario in SCENARIOS.items():
            # Stopped twice, so that the previous checkpoint is the one of the first time.
            assert _trained(folder / name, data, scenario, stop_at=3).status is Status.STOPPED
            earlier = (folder / name / CHECKPOINT).read_bytes()
            assert _trained(folder / name, data, None, stop_at=5).status is Status.STOPPED
            (folder / name / PREVIOUS).write_bytes(earlier)
            if name == "plain":
                (folder / GOOD / PREVIOUS).write_bytes(earlier)
    for run in (*SCENARIOS, GOOD):
        write_labels(folder / run, Labels("a name", ("tag", "other")))
    return Base(folder, weights)


def _trained(folder: Path, data: Path, scenario: Scenario | None, stop_at: int | None = None) -> RunFinished:
    """Train a run, or resume it, until its end or until a step."""
    runs = folder.with_name("training")

    def answer(event: RunEvent) -> None:
        if isinstance(event, Sample) and stop_at is not None and event.step >= stop_at:
            engine.send(Stop(event.run))

    listener = Listener(answer)
    engine = Engine(Settings(device="cpu", data=data, runs_dir=runs, save_seconds=0.0), on_event=listener)
    engine.start()
    if scenario is None:
        folder.rename(runs / folder.name)
        engine.send(ResumeRun(folder.name))
        name = folder.name
    else:
        name = engine.train(scenario, 1)
    end = listener.wait_for(RunFinished)
    engine.close()
    (runs / name).rename(folder)
    return end


@contextmanager
def deadline(label: str) -> Iterator[None]:
    """End a command that hangs."""

    def late(_: int, __: FrameType | None) -> None:
        raise AssertionError(f"{label}: it hangs")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(PATIENCE)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def answer(label: str, *arguments: str) -> tuple[int, str]:
    """The exit code of a command and its standard output, of which both must be allowed outcomes."""
    out, err = io.StringIO(), io.StringIO()
    label = f"{label}: {' '.join(arguments)}"
    with deadline(label), redirect_stdout(out), redirect_stderr(err):
        try:
            code = main(arguments)
        except Exception as error:
            raise AssertionError(f"{label}: {type(error).__name__}: {error}") from error
    said = out.getvalue() + err.getvalue()
    assert code in (0, 1, 2), f"{label}: exit code {code}\n{said}"
    assert all(c.isprintable() or c == "\n" for c in said), f"{label}: control characters in {said!r}"
    for word in ("Traceback", "internal error", "Internal error", "Error:"):
        assert word not in said, f"{label}: {said}"
    start = "" if arguments[0] == "validate" else "vanish-tui: "
    sentences = [line for line in err.getvalue().splitlines() if line.startswith(start)]
    if code:
        assert sentences, f"{label}: exit code {code}, and no sentence\n{said}"
        assert len(sentences[-1]) < 1000, f"{label}: {len(sentences[-1])} characters"
    return code, out.getvalue()


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != LOCK}


def of_good(label: str, runs: Path) -> Any:
    """What `runs --json` says about the undamaged run."""
    code, out = answer(label, "runs", "--json", "--runs-dir", str(runs))
    assert code == 0, label
    listed = {entry["run"]: entry for entry in json.loads(out)}
    assert set(listed) == {GOOD, HURT}, label
    return listed[GOOD]


def test_no_command_fails_on_a_damaged_run(base: Base, tmp_path: Path) -> None:
    outcomes = Counter(examined(case, base, tmp_path) for case in cases("run folders", at_least=8))
    print(dict(outcomes))


def examined(case: Case, base: Base, folder: Path) -> str:
    """Try every command on a damaged run; returns what a resume did, in a word."""
    runs = folder / "runs"
    kind = base.copy(case, runs)
    before, listed = contents(runs / GOOD), of_good(case.label, runs)
    label = f"{case.label} ({kind}: {', '.join(damage(runs / HURT, case.random))})"
    where = ("--runs-dir", str(runs))
    assert of_good(label, runs) == listed, label
    for arguments in (
        ("runs",),
        ("watch", HURT),
        ("export", HURT, "--csv", str(folder / "run.csv")),
        ("export", HURT, "--tensorboard", str(folder / "boards")),
        ("compare", GOOD, HURT),
    ):
        answer(label, *arguments, *where)
    shutil.rmtree(folder / "boards", ignore_errors=True)
    (folder / "run.csv").unlink(missing_ok=True)
    for command in ("show", "validate"):
        answer(label, command, str(runs / HURT / case.random.choice(sorted(os.listdir(runs / HURT)))))
    compare(label, runs)
    outcome = resumed(label, runs, base.weights[kind])
    answer(label, "runs", *where)
    assert of_good(label, runs) == listed, label
    assert contents(runs / GOOD) == before, f"{label}: the other run was changed"
    return outcome


def compare(label: str, runs: Path) -> None:
    """Compare both runs as the app reads them."""
    engine = SharedEngine(NoEngine(runs), find_live=False)
    for name in (GOOD, HURT):
        engine.follow(name)
    with deadline(label):
        engine.look()
        snapshot = engine.snapshot()
    names = [run.run for run in snapshot.runs]
    assert GOOD in names, label
    assert HURT in names or snapshot.notices, f"{label}: neither shown nor reported"
    ranked(label, snapshot.runs)


def ranked(label: str, seen: "tuple[Snapshot, ...]") -> None:
    try:
        json.dumps(to_record(entrants(seen)))
    except Exception as error:
        raise AssertionError(f"{label}: compared: {type(error).__name__}: {error}") from error


def resumed(label: str, runs: Path, weights: str | None) -> str:
    """Resume the damaged run; returns what happened, in a word."""
    code, out = answer(label, "run", "--resume", HURT, "--json", "--runs-dir", str(runs))
    ends = [json.loads(line) for line in out.splitlines() if '"event":"run_finished"' in line]
    if code == 2:
        return "refused"
    assert ends, label
    if code == 1:
        assert ends[-1]["status"] in ("finished", "failed"), label
        return "not saved"
    assert ends[-1]["status"] == "finished", label
    assert ends[-1]["weights_sha256"] == weights, f"{label}: resumed with other weights"
    return "resumed"


async def test_the_app_lists_every_other_run_beside_damaged_ones(base: Base, tmp_path: Path) -> None:
    runs = tmp_path / "app"
    for case in cases("run folders in the app", at_least=1):
        base.copy(case, runs)
        done = []
        for number in range(12):
            name = f"hurt-{number:02}"
            kind = case.random.choice(sorted(SCENARIOS))
            shutil.copytree(base.folder / kind, runs / name)
            done.append(f"{name}: {', '.join(damage(runs / name, case.random))}")
        label = f"{case.label} ({'; '.join(done)})"
        before = contents(runs / GOOD)
        async with opened(tmp_path) as bench:
            bench.engine.runs_folder = runs
            for key in (
                "r",
                "j",
                "space",
                "j",
                "space",
                "end",
                "p",
                "r",
                "k",
                "enter",
                "r",
                "e",
                "escape",
                "x",
            ):
                await bench.press(key)
                screen = bench.app.screen
                if isinstance(screen, RunsScreen) and screen._reading is not None:
                    await screen._reading
                await bench.settle()
                text = bench.text
                assert all(c.isprintable() or c == "\n" for c in text), label
            assert bench.app.is_running, label
        if not (runs / GOOD).exists():  # x has moved it to the trash
            restore(runs / GOOD)
        assert contents(runs / GOOD) == before, f"{label}: the other run was changed"
        listed = {entry.name: entry for entry in list_runs(runs)}
        assert listed[GOOD].problem == "", label
