"""A run that was stopped, killed or copied at any moment ends bit-identical to an uninterrupted one.

It is long because every kind of interruption is compared with the same undisturbed runs.
"""

import json
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.data.fashion_mnist import TRAIN_LABELS
from engine.protocol.commands import ResumeRun, RunCommand, SetEpochs, SetLearningRate, Stop
from engine.runtime.engine import Engine
from engine.runtime.state import Settings
from engine.storage.checkpoint import CHECKPOINT, PREVIOUS, copied
from engine.storage.follower import Follower
from engine.storage.run_log import NotARun, read_events
from engine.storage.summary import read_summary
from scenarios.schema import Scenario
from tests.engine.lab import Listener, make_scenario, of_kind, write_data
from tests.engine.mortal import Lives, name_of
from vanish_recorder.protocol.codec import from_line, to_line
from vanish_recorder.protocol.events import (
    EpochFinished,
    Intervened,
    Paused,
    Resumed,
    RunEvent,
    RunFinished,
    RunStarted,
    Sample,
    StageStarted,
)
from vanish_recorder.protocol.status import Status
from vanish_recorder.storage.log_file import DESCRIPTION, EVENTS
from vanish_recorder.storage.run_lock import LOCK

STAGES = [
    {"sub_models": [1], "train": [1]},
    {"sub_models": [1, 1], "train": [2]},
    {"sub_models": [1, 1, 1], "train": [1, 3]},
]
SCENARIOS = {
    "plain": make_scenario({"training.epochs": 6}),
    "batchnorm with adam": make_scenario(
        {"model.norm": "batch", "optimizer": {"name": "adam"}, "training.epochs": 6}
    ),
    "staged with momentum": make_scenario(
        {"stages": STAGES, "optimizer.momentum": 0.9, "model.norm": "batch", "training.epochs": 2}
    ),
}
ALWAYS = 0.0  # seconds between two checkpoints


class Lab:
    """Engines that use one runs folder, one after the other."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder / "runs"
        self.settings: dict[str, Any] = {
            "device": "cpu",
            "data": write_data(folder / "data"),
            "runs_dir": self.folder,
            "save_seconds": ALWAYS,
        }
        self._stack = stack

    def start(
        self, answer: Callable[[Engine, RunEvent], None] | None = None, **settings: Any
    ) -> tuple[Engine, Listener]:
        listener = Listener()
        engine = Engine(Settings(**{**self.settings, **settings}), on_event=listener)
        if answer is not None:
            listener.answer = lambda event: answer(engine, event)
        engine.start()
        self._stack.callback(engine.close)
        return engine, listener

    def whole(self, scenario: Scenario, commands: dict[int, RunCommand] | None = None) -> list[RunEvent]:
        """The events of an uninterrupted run, with commands after the samples of given steps."""
        engine, listener = self.start(_doing(commands or {}))
        engine.train(scenario, 1)
        listener.wait_for(RunFinished)
        engine.close()
        return listener.events

    def resumed(self, name: str, folder: Path | None = None, **settings: Any) -> list[RunEvent]:
        """Resume a run to its end; returns all events of its log."""
        folder = folder or self.folder
        engine, listener = self.start(runs_dir=folder, **settings)
        engine.send(ResumeRun(name))
        end = listener.wait_for(RunFinished)
        engine.close()
        assert end.status is Status.FINISHED, end.error
        return read_events(folder / name / EVENTS)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with ExitStack() as stack:
        yield Lab(tmp_path, stack)


@pytest.fixture(scope="module")
def lives() -> Iterator[Lives]:
    with Lives() as lives:
        yield lives


def _doing(commands: dict[int, RunCommand]) -> Callable[[Engine, RunEvent], None]:
    def answer(engine: Engine, event: RunEvent) -> None:
        if isinstance(event, Sample) and (command := commands.get(event.step)) is not None:
            engine.send(_for(event.run, command))

    return answer


def _for(run: str, command: RunCommand) -> RunCommand:
    return replace(command, run=run)


def said(events: list[RunEvent]) -> list[tuple[object, ...]]:
    """What a run measured, without times and name, and only its last end."""
    samples = [
        (e.step, e.epoch, e.stage, e.loss, e.accuracy, e.lr, e.layers) for e in of_kind(events, Sample)
    ]
    epochs = [
        (e.step, e.epoch, e.train_loss, e.train_accuracy, e.test_loss, e.test_accuracy)
        for e in of_kind(events, EpochFinished)
    ]
    stages = [(e.step, e.stage, e.trainable, e.frozen) for e in of_kind(events, StageStarted)]
    hands = [(e.step, e.kind, e.layer, e.value) for e in of_kind(events, Intervened)]
    end = of_kind(events, RunFinished)[-1]
    return [*samples, *epochs, *stages, *hands, (end.steps, end.epochs, end.weights_sha256)]


def stopped(lab: Lab, scenario: Scenario, step: int) -> str:
    """Stop a run at the first sample from `step` on; returns its name."""

    def answer(engine: Engine, event: RunEvent) -> None:
        if isinstance(event, Sample) and event.step >= step:
            engine.send(Stop(event.run))

    engine, listener = lab.start(answer)
    name = engine.train(scenario, 1)
    assert listener.wait_for(RunFinished).status is Status.STOPPED
    engine.close()
    return name


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.parametrize("step", [1, 5, 9])
def test_a_stopped_run_resumes_from_its_last_step(lab: Lab, name: str, step: int) -> None:
    whole = lab.whole(SCENARIOS[name])
    run = stopped(lab, SCENARIOS[name], step)
    events = lab.resumed(run)
    assert said(events) == said(whole)
    assert [event.reason for event in of_kind(events, Resumed)] == ["by hand"]
    assert [event.status for event in of_kind(events, RunFinished)] == [Status.STOPPED, Status.FINISHED]


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_run_that_is_killed_repeatedly_ends_like_an_uninterrupted_one(
    lab: Lab, lives: Lives, name: str
) -> None:
    scenario = SCENARIOS[name]
    whole = lab.whole(scenario)
    settings = {**lab.settings, "runs_dir": lab.folder / "killed"}
    for moment in range(1, len(whole), 4):
        shutil.rmtree(settings["runs_dir"], ignore_errors=True)
        assert lives.live(scenario, settings, moment) == -signal.SIGKILL
        run = name_of(settings["runs_dir"])
        assert lives.live(run, settings, 3) == -signal.SIGKILL
        assert lives.live(run, settings) == 0
        events = read_events(settings["runs_dir"] / run / EVENTS)
        assert said(events) == said(whole), f"killed in event {moment}"
        assert {event.reason for event in of_kind(events, Resumed)} <= {"after a crash"}


def test_changes_by_hand_after_the_checkpoint_are_repeated_at_their_steps(lab: Lab, tmp_path: Path) -> None:
    hands: dict[int, RunCommand] = {4: SetLearningRate("", 0.02), 7: SetEpochs("", 7)}
    copies = tmp_path / "copied"

    def answer(engine: Engine, event: RunEvent) -> None:
        _doing(hands)(engine, event)
        if isinstance(event, RunStarted):
            shutil.copytree(lab.folder / event.run, copies / event.run)
        if event.step == 10 and isinstance(event, Sample):
            shutil.copy(lab.folder / event.run / EVENTS, copies / event.run / EVENTS)

    engine, listener = lab.start(answer, save_seconds=1e9)
    run = engine.train(SCENARIOS["plain"], 1)
    listener.wait_for(RunFinished)
    engine.close()
    assert [event.step for event in of_kind(listener.events, Intervened)] == [4, 7]
    assert not (copies / run / CHECKPOINT).exists()
    assert said(lab.resumed(run, copies)) == said(listener.events)


def test_a_paused_run_is_saved_and_resumes_as_running(lab: Lab) -> None:
    from engine.protocol.commands import Pause

    def answer(engine: Engine, event: RunEvent) -> None:
        if isinstance(event, Sample) and event.step == 5:
            engine.send(Pause(event.run))

    engine, listener = lab.start(answer)
    run = engine.train(SCENARIOS["plain"], 1)
    listener.wait_for(Paused)
    engine.close()
    assert said(lab.resumed(run)) == said(lab.whole(SCENARIOS["plain"]))


def test_a_finished_run_is_only_resumed_for_more_epochs(lab: Lab) -> None:
    scenario, longer = make_scenario({"training.epochs": 2}), make_scenario({"training.epochs": 4})
    engine, listener = lab.start()
    run = engine.train(scenario, 1)
    listener.wait_for(RunFinished)
    size = (lab.folder / run / EVENTS).stat().st_size

    engine.send(ResumeRun(run))
    refused = listener.wait_for(RunFinished, 2)
    assert (
        refused.error
        == f"{run} cannot be resumed: it finished after 2 epochs: pass a larger --epochs to train it longer"
    )
    engine.send(ResumeRun(run, epochs=2))
    assert "it has already had 2 epochs" in (listener.wait_for(RunFinished, 3).error or "")
    assert (lab.folder / run / EVENTS).stat().st_size == size

    engine.send(ResumeRun(run, epochs=4))
    end = listener.wait_for(RunFinished, 4)
    engine.close()
    assert end.weights_sha256 == of_kind(lab.whole(longer), RunFinished)[0].weights_sha256
    assert end.epochs == 4


def test_a_diverged_run_is_not_resumed(lab: Lab) -> None:
    engine, listener = lab.start()
    run = engine.train(
        make_scenario({"model.activation": "identity", "model.init.std": 1e3, "optimizer.lr": 100.0}), 1
    )
    assert listener.wait_for(RunFinished).status is Status.DIVERGED
    engine.send(ResumeRun(run))
    assert "it diverged" in (listener.wait_for(RunFinished, 2).error or "")


def test_other_data_are_refused_and_nothing_changes(lab: Lab, tmp_path: Path) -> None:
    run = stopped(lab, SCENARIOS["plain"], 3)
    before = (lab.folder / run / EVENTS).read_bytes()
    engine, listener = lab.start(data=write_data(tmp_path / "other", train=96))
    engine.send(ResumeRun(run))
    end = listener.wait_for(RunFinished)
    assert end.error is not None
    assert "it was trained on 80/20 images" in end.error
    assert "but the data here are 96/20: pass the same data with --data" in end.error
    assert (lab.folder / run / EVENTS).read_bytes() == before


def test_other_contents_of_the_same_size_are_refused_and_nothing_changes(lab: Lab) -> None:
    run = stopped(lab, SCENARIOS["plain"], 3)
    before = {path.name: path.read_bytes() for path in (lab.folder / run).iterdir()}
    labels = lab.settings["data"] / TRAIN_LABELS
    content = bytearray(labels.read_bytes())
    content[-1] = (content[-1] + 1) % 10
    labels.write_bytes(content)
    engine, listener = lab.start()
    engine.send(ResumeRun(run))
    assert "it was trained on other images" in (listener.wait_for(RunFinished).error or "")
    engine.close()
    after = {path.name: path.read_bytes() for path in (lab.folder / run).iterdir()}
    assert {**after, LOCK: b""} == {**before, LOCK: b""}


@pytest.mark.parametrize("damage", ["first line", "whole log", "checkpoint and log"])
def test_a_run_knows_its_data_even_if_its_log_is_damaged(damage: str, lab: Lab, tmp_path: Path) -> None:
    run = stopped(lab, SCENARIOS["plain"], 9)
    log = lab.folder / run / EVENTS
    content = log.read_bytes()
    log.write_bytes(b"#" + content[1:] if damage == "first line" else b"")
    if damage == "checkpoint and log":
        for name in (CHECKPOINT, PREVIOUS):
            (lab.folder / run / name).unlink()
    other = write_data(tmp_path / "other", train=96)
    engine, listener = lab.start(data=other)
    engine.send(ResumeRun(run))
    assert "it was trained on 80/20 images" in (listener.wait_for(RunFinished).error or "")
    engine.close()
    engine, listener = lab.start()
    engine.send(ResumeRun(run))
    ended = listener.wait_for(RunFinished)
    engine.close()
    assert ended.weights_sha256 == of_kind(lab.whole(SCENARIOS["plain"]), RunFinished)[0].weights_sha256


def test_a_run_of_an_earlier_version_is_resumed_only_if_its_log_has_its_data(lab: Lab) -> None:
    run = stopped(lab, SCENARIOS["plain"], 9)
    of_an_earlier_version(lab.folder / run)
    description = lab.folder / run / DESCRIPTION
    record = json.loads(description.read_text())
    for key in ("data", "device", "threads"):
        del record[key]
    description.write_text(json.dumps(record))
    log = lab.folder / run / EVENTS
    content = log.read_bytes()
    log.write_bytes(b"#" + content[1:])
    engine, listener = lab.start()
    engine.send(ResumeRun(run))
    error = listener.wait_for(RunFinished).error or ""
    engine.close()
    assert "its data, device and threads are unknown, because the first line of its log is lost" in error
    assert "vanish-tui run small --seed 1" in error
    log.write_bytes(content)
    assert said(lab.resumed(run)) == said(lab.whole(SCENARIOS["plain"]))


def test_another_number_of_threads_is_refused(lab: Lab) -> None:
    run = stopped(lab, SCENARIOS["plain"], 3)
    engine, listener = lab.start(threads=2)
    engine.send(ResumeRun(run))
    error = listener.wait_for(RunFinished).error or ""
    assert "it was trained with --threads 1, but the number here is 2" in error


def test_a_run_that_another_process_trains_is_refused(lab: Lab) -> None:
    engine, listener = lab.start()
    run = engine.train(make_scenario({"training.epochs": 1_000_000}), 1)
    listener.wait_for(EpochFinished)
    second, heard = lab.start()
    second.send(ResumeRun(run))
    assert "it is being trained by process" in (heard.wait_for(RunFinished).error or "")
    assert heard.events[0].run == run
    listener.wait_for(EpochFinished, 3)
    assert engine.snapshot().runs[0].status is Status.RUNNING


def test_the_previous_checkpoint_replaces_a_damaged_one(lab: Lab) -> None:
    run = stopped(lab, SCENARIOS["plain"], 9)
    path = lab.folder / run / CHECKPOINT
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert (lab.folder / run / PREVIOUS).exists()
    engine, listener = lab.start()
    engine.send(ResumeRun(run))
    assert listener.wait_for(RunFinished).status is Status.FINISHED
    engine.close()
    assert "checkpoint.pt is damaged" in engine.snapshot().notices[0].text
    events = read_events(lab.folder / run / EVENTS)
    assert said(events) == said(lab.whole(SCENARIOS["plain"]))


def of_an_earlier_version(folder: Path) -> None:
    """Remove the checksums of a run's checkpoints."""
    description = folder / DESCRIPTION
    record = json.loads(description.read_text())
    del record["checkpoints"]
    description.write_text(json.dumps(record))
    for path in (folder / CHECKPOINT, folder / PREVIOUS):
        content = path.read_bytes()
        line = content.rfind(b"\nsha256 ")
        assert len(content) - line == 138
        path.write_bytes(content[:line])


def test_a_checkpoint_of_an_earlier_version_is_used(lab: Lab) -> None:
    run = stopped(lab, SCENARIOS["plain"], 9)
    of_an_earlier_version(lab.folder / run)
    engine, listener = lab.start()
    engine.send(ResumeRun(run))
    assert listener.wait_for(RunFinished).status is Status.FINISHED
    engine.close()
    assert [event for event in listener.events if isinstance(event, Sample) and event.step < 9] == []
    assert said(read_events(lab.folder / run / EVENTS)) == said(lab.whole(SCENARIOS["plain"]))


def _with_another_rate(trainer: dict[str, Any]) -> None:
    trainer["progress"]["lr"] = 0.123


def _with_an_epoch_less(trainer: dict[str, Any]) -> None:
    trainer["progress"]["epochs_per_stage"] -= 1


def _with_another_weight(trainer: dict[str, Any]) -> None:
    next(iter(trainer["network"].values())).view(-1)[0] += 1e-3


@pytest.mark.parametrize("change", [_with_another_rate, _with_an_epoch_less, _with_another_weight])
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_run_whose_checkpoint_was_changed_ends_with_the_same_weights(
    name: str, change: Callable[[dict[str, Any]], None], lab: Lab
) -> None:
    run = stopped(lab, SCENARIOS[name], 9)
    path = lab.folder / run / CHECKPOINT
    record = torch.load(path, weights_only=True)
    change(record["trainer"])
    torch.save(record, path)
    assert said(lab.resumed(run)) == said(lab.whole(SCENARIOS[name]))


def test_a_run_with_the_checkpoint_of_another_seed_is_not_resumed(lab: Lab) -> None:
    run = stopped(lab, SCENARIOS["plain"], 9)
    engine, listener = lab.start()
    other = engine.train(SCENARIOS["plain"], 2)
    listener.wait_for(Sample)
    engine.send(Stop(other))
    listener.wait_for(RunFinished)
    engine.close()
    shutil.copy(lab.folder / other / CHECKPOINT, lab.folder / run / CHECKPOINT)
    assert refusal(lab, run) == (
        f"{run} cannot be resumed: checkpoint.pt belongs to a run with another scenario, seed or data:"
        " remove it, and the run resumes from the checkpoint before it or from the start"
    )
    (lab.folder / run / CHECKPOINT).unlink()
    assert said(lab.resumed(run)) == said(lab.whole(SCENARIOS["plain"]))


def test_a_run_that_ran_out_of_memory_resumes_from_its_last_save(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = SCENARIOS["plain"]
    whole = lab.whole(scenario)
    with monkeypatch.context() as full:
        calls = iter(range(4))

        def run_out(state: Any) -> Any:
            if next(calls, None) is None:
                raise MemoryError
            return copied(state)

        full.setattr("engine.runtime.live_run.copied", run_out)
        engine, listener = lab.start()
        run = engine.train(scenario, 1)
        end = listener.wait_for(RunFinished)
        engine.close()
    assert (end.status, end.error) == (
        Status.FAILED,
        "there is not enough memory: resume the run when there is more",
    )
    assert read_summary(lab.folder / run).status is Status.FAILED
    assert said(lab.resumed(run)) == said(whole)


def test_a_resume_removes_what_a_killed_process_has_left(lab: Lab) -> None:
    run = stopped(lab, SCENARIOS["plain"], 9)
    for name in (".summary.json.1.tmp", ".run.json.2.tmp", ".mine.json.3.tmp", ".labels.json.4.tmp"):
        (lab.folder / run / name).write_text("a part")
    (lab.folder / run / "checkpoint.tmp").write_text("a part")
    lab.resumed(run)
    left = {path.name for path in (lab.folder / run).glob("*.tmp")}
    assert left == {".mine.json.3.tmp", ".labels.json.4.tmp"}


def test_without_a_checkpoint_the_run_restarts(lab: Lab) -> None:
    run = stopped(lab, SCENARIOS["plain"], 9)
    (lab.folder / run / CHECKPOINT).write_bytes(b"rubbish")
    (lab.folder / run / PREVIOUS).unlink()
    assert said(lab.resumed(run)) == said(lab.whole(SCENARIOS["plain"]))


def refusal(lab: Lab, run: str) -> str | None:
    """Why a run cannot be resumed. Checks that its files do not change."""
    before = {path.name: path.read_bytes() for path in (lab.folder / run).iterdir() if path.is_file()}
    engine, listener = lab.start()
    engine.send(ResumeRun(run))
    end = listener.wait_for(RunFinished)
    engine.close()
    assert end.status is Status.FAILED
    after = {path.name: path.read_bytes() for path in (lab.folder / run).iterdir() if path.is_file()}
    assert after == before
    return end.error


def test_a_scenario_that_this_version_refuses_is_not_resumed(lab: Lab) -> None:
    run = stopped(lab, SCENARIOS["plain"], 9)
    path = lab.folder / run / DESCRIPTION
    path.write_text(path.read_text().replace('"sigmoid"', '"mish"'))
    assert refusal(lab, run) == f"{run} cannot be resumed: its scenario is not valid in this version"


def test_a_log_whose_first_line_describes_no_run_is_damage(lab: Lab) -> None:
    run = stopped(lab, SCENARIOS["plain"], 9)
    path = lab.folder / run / EVENTS
    first, rest = path.read_bytes().split(b"\n", 1)
    started = from_line(first)
    assert isinstance(started, RunStarted)
    described = to_line(replace(started, scenario={"id": "x"})).encode()
    path.write_bytes(described.ljust(len(first)) + b"\n" + rest)  # as long as before: the checkpoint fits
    damage = "the description has no training.loss"
    assert refusal(lab, run) == f"{run} cannot be resumed: {damage}"
    with pytest.raises(NotARun, match=rf"^its log is damaged \({damage}\)$"):
        Follower(lab.folder / run).poll()


def test_a_run_whose_log_lost_its_beginning_resumes_from_the_checkpoint(lab: Lab) -> None:
    run = stopped(lab, SCENARIOS["plain"], 9)
    (lab.folder / run / EVENTS).write_bytes(b"")
    events = lab.resumed(run)
    assert isinstance(events[0], RunStarted)
    whole = of_kind(lab.whole(SCENARIOS["plain"]), RunFinished)[0]
    assert of_kind(events, RunFinished)[-1].weights_sha256 == whole.weights_sha256


def test_a_follower_sees_what_the_engine_shows_and_survives_a_resume(lab: Lab) -> None:
    run = stopped(lab, SCENARIOS["plain"], 9)
    follower = Follower(lab.folder / run)
    assert follower.poll()
    assert not follower.poll()
    assert follower.snapshot().status is Status.STOPPED
    (lab.folder / run / CHECKPOINT).unlink()  # so that the resume cuts deep
    lab.resumed(run)
    assert follower.poll()
    fresh = Follower(lab.folder / run)
    fresh.poll()
    assert follower.snapshot() == fresh.snapshot()
    assert follower.snapshot().status is Status.FINISHED


def test_a_follower_waits_for_the_end_of_an_incomplete_line(lab: Lab) -> None:
    run = stopped(lab, SCENARIOS["plain"], 9)
    path = lab.folder / run / EVENTS
    whole = path.read_bytes()
    path.write_bytes(whole[:-7])
    follower = Follower(lab.folder / run)
    follower.poll()
    assert follower.snapshot().finished is None
    path.write_bytes(whole)
    assert follower.poll()
    assert follower.snapshot().finished is not None


def test_resuming_a_copy_with_hard_links_does_not_change_the_original(lab: Lab) -> None:
    run = stopped(lab, SCENARIOS["plain"], 9)
    shutil.copytree(lab.folder / run, lab.folder / "copy", copy_function=os.link)
    before = {path.name: path.read_bytes() for path in (lab.folder / run).iterdir()}
    assert said(lab.resumed("copy")) == said(lab.whole(SCENARIOS["plain"]))
    assert {path.name: path.read_bytes() for path in (lab.folder / run).iterdir()} == before
    assert said(lab.resumed(run)) == said(lab.whole(SCENARIOS["plain"]))


def test_a_run_whose_lock_was_replaced_is_not_written_any_more(lab: Lab) -> None:
    sizes: list[int] = []

    def answer(engine: Engine, event: RunEvent) -> None:
        folder = lab.folder / event.run
        if isinstance(event, EpochFinished) and event.epoch == 2:
            (folder / LOCK).unlink()
            (folder / LOCK).write_text("")
            sizes.append((folder / EVENTS).stat().st_size)
        if isinstance(event, RunFinished):
            sizes.append((folder / EVENTS).stat().st_size)

    engine, listener = lab.start(answer)
    run = engine.train(SCENARIOS["plain"], 1)
    listener.wait_for(RunFinished)
    engine.close()
    sizes.append((lab.folder / run / EVENTS).stat().st_size)
    assert len(set(sizes)) == 1
    texts = [notice.text for notice in engine.snapshot().notices]
    assert any("run.lock was replaced by another program" in text for text in texts)


def test_a_damaged_line_that_may_be_a_change_by_hand_is_not_ignored(lab: Lab) -> None:
    run = stopped(lab, SCENARIOS["plain"], 9)
    log = lab.folder / run / EVENTS
    for name in (CHECKPOINT, PREVIOUS):
        (lab.folder / run / name).unlink()
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join([*lines[:4], b'{"event":"intervention","run":\n', *lines[4:]]))
    reason = "line 5 of events.jsonl is damaged, and may be a change by hand that no checkpoint has"
    assert reason in (refusal(lab, run) or "")
    log.write_bytes(b"".join([*lines[:4], b'{"event":"sample","run":\n', *lines[4:]]))
    assert said(lab.resumed(run)) == said(lab.whole(SCENARIOS["plain"]))


def test_the_files_of_a_saved_run_are_for_the_user_alone(lab: Lab) -> None:
    run = stopped(lab, SCENARIOS["plain"], 3)
    files = list((lab.folder / run).iterdir())
    assert {file.name for file in files} >= {CHECKPOINT, PREVIOUS, EVENTS, LOCK, "run.json", "summary.json"}
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
