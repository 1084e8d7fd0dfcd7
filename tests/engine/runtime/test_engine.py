"""The engine: its thread, its queue, what it publishes, and the files that it writes.

It is long because all tests share one engine with its data and one listener.
"""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from engine.protocol.commands import (
    Freeze,
    NextStage,
    Pause,
    Resume,
    SetEpochs,
    SetLearningRate,
    Stop,
    Unfreeze,
)
from engine.protocol.spec import RunSpec
from engine.runtime.engine import Engine
from engine.runtime.state import EngineSnapshot, Settings
from engine.storage.run_log import read_events
from engine.tracking.snapshot import RunView, Snapshot
from scenarios.schema import Scenario
from tests.engine.lab import DEADLINE, Listener, begin, make_scenario, of_kind, train, write_data
from vanish_recorder.protocol.events import (
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
from vanish_recorder.storage.log_file import EVENTS

ENDLESS = make_scenario({"training.epochs": 1_000_000})

Start = Callable[..., Engine]


@pytest.fixture(scope="session")
def data_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """80 training and 20 test images: three steps of 32 per epoch."""
    return write_data(tmp_path_factory.mktemp("data"))


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def start(data_folder: Path, tmp_path: Path, listener: Listener) -> Iterator[Start]:
    """Start an engine that writes to `tmp_path / "runs"`. It is closed after the test."""
    engines: list[Engine] = []

    def start(**settings: object) -> Engine:
        known = {"device": "cpu", "data": data_folder, "runs_dir": tmp_path / "runs"}
        engine = Engine(Settings(**{**known, **settings}), on_event=listener)  # type: ignore[arg-type]
        engines.append(engine)
        engine.start()
        return engine

    yield start
    for engine in engines:
        engine.close()


def alone(scenario: Scenario, data_folder: Path, seed: int = 1) -> str | None:
    """The hash of the final weights from a trainer without an engine."""
    from engine.data.fashion_mnist import find_source, load

    trainer, events = begin(scenario, load(find_source(data_folder), "cpu"), seed)
    train(trainer)
    return of_kind(events, RunFinished)[0].weights_sha256


def run_of(engine: Engine, name: str) -> Snapshot:
    return next(run for run in engine.snapshot().runs if run.run == name)


def train_together(engine: Engine, listener: Listener, wanted: list[tuple[Scenario, int]]) -> list[str]:
    """Start runs that take their first step in the same round."""
    listener.gate.clear()
    names = [engine.train(scenario, seed) for scenario, seed in wanted]
    listener.gate.set()
    return names


# ---------------------------------------------------------------------------------- life cycle


def test_torch_is_not_imported_before_the_first_run() -> None:
    code = (
        "import sys\n"
        "from engine.runtime.engine import Engine, Settings\n"
        "engine = Engine(Settings())\n"
        "engine.start()\n"
        "engine.close()\n"
        "print({'torch', 'torchvision', 'numpy', 'textual', 'rich', 'plotext'} & set(sys.modules))\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (result.returncode, result.stdout, result.stderr) == (0, "set()\n", "")


def test_the_thread_is_not_a_daemon_and_ends_with_close(start: Start) -> None:
    engine = start()
    (thread,) = (thread for thread in threading.enumerate() if thread.name == "engine")
    assert not thread.daemon
    engine.close()
    assert not thread.is_alive()
    engine.close()  # twice does no harm


def test_an_engine_that_was_never_started_can_be_closed() -> None:
    Engine(Settings()).close()


def test_a_run_trains_to_its_end_and_its_log_has_the_events_that_the_listener_got(
    start: Start, listener: Listener, data_folder: Path, tmp_path: Path
) -> None:
    engine = start()
    scenario = make_scenario()
    name = engine.train(scenario, 1)
    end = listener.wait_for(RunFinished)
    engine.close()
    assert (end.status, end.run, end.steps) == (Status.FINISHED, name, 6)
    assert end.weights_sha256 == alone(scenario, data_folder)
    assert listener.events[0] == of_kind(listener.events, RunStarted)[0]
    assert read_events(tmp_path / "runs" / name / EVENTS) == listener.events
    assert (tmp_path / "runs" / name / "run.json").is_file()


def test_the_published_snapshot_is_what_the_events_of_the_log_give(
    start: Start, listener: Listener, tmp_path: Path
) -> None:
    engine = start()
    name = engine.train(make_scenario({"training.epochs": 5}), 1)
    listener.wait_for(RunFinished)
    engine.close()
    view = RunView(name, RunSpec.of(make_scenario({"training.epochs": 5}).resolved()), 1)
    for event in read_events(tmp_path / "runs" / name / EVENTS):
        view.apply(event)
    assert run_of(engine, name) == view.snapshot()


def test_closing_stops_every_run_and_each_log_has_its_end(
    start: Start, listener: Listener, tmp_path: Path
) -> None:
    engine = start()
    names = [engine.train(ENDLESS, seed) for seed in (1, 2)]
    for name in names:
        listener.wait_for(Sample, run=name)
    engine.close()
    for name in names:
        end = read_events(tmp_path / "runs" / name / EVENTS)[-1]
        assert isinstance(end, RunFinished)
        assert end.status is Status.STOPPED
        assert end.weights_sha256
        assert run_of(engine, name).status is Status.STOPPED


def test_the_snapshot_has_the_device_the_data_and_the_runs_in_order(start: Start, listener: Listener) -> None:
    engine = start()
    assert engine.snapshot() == EngineSnapshot()
    names = [engine.train(make_scenario(), seed) for seed in (3, 1, 2)]
    listener.wait_for(RunFinished, 3)
    engine.close()
    snapshot = engine.snapshot()
    assert [run.run for run in snapshot.runs] == names
    assert [run.seed for run in snapshot.runs] == [3, 1, 2]
    title = "not the known Fashion-MNIST 80/20"
    assert (snapshot.device, snapshot.data, snapshot.activity) == ("cpu", title, "")
    assert [notice.number for notice in snapshot.notices] == [1, 2, 3]
    assert {notice.severity for notice in snapshot.notices} == {"information"}
    assert not engine.importing


def test_while_a_run_is_prepared_the_snapshot_says_what_it_waits_for(
    start: Start, listener: Listener
) -> None:
    engine = start()
    seen: list[EngineSnapshot] = []
    listener.answer = lambda event: seen.append(engine.snapshot())
    name = engine.train(make_scenario(), 1)
    listener.wait_for(RunFinished)
    assert seen[0].activity == "reading Fashion-MNIST"
    assert (seen[0].runs[0].run, seen[0].runs[0].status) == (name, Status.LOADING)


def test_published_sequences_grow(start: Start, listener: Listener) -> None:
    engine = start()
    sequences: list[int] = []
    listener.answer = lambda event: sequences.append(engine.snapshot().sequence)
    engine.train(make_scenario({"training.epochs": 30}), 1)
    listener.wait_for(RunFinished)
    assert all(before <= after for before, after in pairwise(sequences))
    engine.close()
    assert engine.snapshot().sequence > sequences[0]


# ------------------------------------------------------------------------------ lockstep


@pytest.mark.parametrize("side_by_side", [1, 2])
def test_runs_advance_in_lockstep_and_end_bit_identical_to_runs_alone(
    start: Start, listener: Listener, data_folder: Path, side_by_side: int
) -> None:
    engine = start(side_by_side=side_by_side)
    scenarios = [
        make_scenario({"training.epochs": 8, "model.norm": "batch"}),
        make_scenario({"training.epochs": 8, "optimizer": {"name": "adam"}}),
        make_scenario({"training.epochs": 8, "model.activation": "relu"}),
    ]
    names = train_together(engine, listener, [(scenario, 1) for scenario in scenarios])
    listener.wait_for(RunFinished, len(names))
    ends = {end.run: end for end in of_kind(listener.events, RunFinished)}
    assert [ends[name].weights_sha256 for name in names] == [
        alone(scenario, data_folder) for scenario in scenarios
    ]
    steps = [(event.step, names.index(event.run)) for event in of_kind(listener.events, Sample)]
    assert steps == sorted(steps)  # a round is a step of each, told in the order of the runs
    assert len(steps) == 3 * 11  # steps 1 to 10, and 20 of 24


def test_an_automatic_number_of_threads_is_chosen_before_the_first_run(
    start: Start, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[int] = []
    monkeypatch.setattr("engine.runtime.threads.measure", lambda most, data: (tried.append(most), 1)[1])  # type: ignore[func-returns-value]
    engine = start(threads=3, choose_threads=True)
    for seed in (1, 2):
        engine.train(make_scenario(), seed)
    listener.wait_for(RunFinished, 2)
    assert tried == [3]
    assert [event.threads for event in of_kind(listener.events, RunStarted)] == [1, 1]


def test_a_run_that_starts_later_and_one_that_diverges_do_not_change_the_others(
    start: Start, listener: Listener, data_folder: Path
) -> None:
    engine = start(side_by_side=2)
    steady = make_scenario({"training.epochs": 8, "optimizer": {"name": "adam"}})
    bursts = make_scenario(
        {"model.activation": "identity", "model.init.std": 1e3, "optimizer.lr": 100.0, "training.epochs": 9}
    )
    late = make_scenario({"training.epochs": 4, "model.norm": "batch"})
    joined: list[str] = []

    def join(run: str) -> None:
        if not joined:
            joined.append(engine.train(late, 1))

    listener.answer = at_step(5, join)
    first, broken = train_together(engine, listener, [(steady, 1), (bursts, 1)])
    assert listener.wait_for(RunFinished, run=broken).status is Status.DIVERGED
    assert listener.wait_for(RunFinished, run=first).weights_sha256 == alone(steady, data_folder)
    assert listener.wait_for(RunFinished, run=joined[0]).weights_sha256 == alone(late, data_folder)
    samples = [(event.run, event.step) for event in of_kind(listener.events, Sample)]
    assert samples.index((joined[0], 1)) > samples.index((first, 5))
    assert samples.index((joined[0], 1)) < samples.index((first, 10))


def test_six_runs_share_one_data_set(
    start: Start, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.training.trainer import Trainer

    seen: list[int] = []
    plain_step = Trainer.step

    def step(trainer: Trainer) -> None:
        seen.append(trainer._data.train_images.data_ptr())
        plain_step(trainer)

    monkeypatch.setattr(Trainer, "step", step)
    engine = start()
    train_together(engine, listener, [(make_scenario(), seed) for seed in range(6)])
    listener.wait_for(RunFinished, 6)
    assert len(seen) == 6 * 6
    assert len(set(seen)) == 1


def test_all_events_are_reported_in_the_engine_s_thread(start: Start, listener: Listener) -> None:
    threads: set[str] = set()
    listener.answer = lambda event: threads.add(threading.current_thread().name)
    engine = start(side_by_side=2)
    for seed in (1, 2):
        engine.train(make_scenario(), seed)
    listener.wait_for(RunFinished, 2)
    assert threads == {"engine"}


# ------------------------------------------------------------------------------- commands


def at_step(step: int, action: Callable[[str], None]) -> Callable[[RunEvent], None]:
    """A callback that acts once, between that step and the next."""

    def answer(event: RunEvent) -> None:
        if isinstance(event, Sample) and event.step == step:
            action(event.run)

    return answer


def test_a_paused_run_takes_no_step_and_resumes_bit_identically(
    start: Start, listener: Listener, data_folder: Path
) -> None:
    engine = start()
    listener.answer = at_step(4, lambda run: engine.send(Pause(name)) if run == name else None)
    scenario = make_scenario({"training.epochs": 5})
    (name,) = train_together(engine, listener, [(scenario, 1)])
    paused = listener.wait_for(Paused)
    assert (paused.step, paused.reason) == (4, "by hand")
    neighbour = engine.train(make_scenario(), 2)  # trains to its end meanwhile
    listener.wait_for(RunFinished, run=neighbour)
    assert run_of(engine, name).status is Status.PAUSED
    assert of_kind(listener.events, Sample)[-1].run == neighbour
    engine.send(Resume(name, "by hand"))
    assert listener.wait_for(Resumed).step == 4
    assert listener.wait_for(RunFinished, run=name).weights_sha256 == alone(scenario, data_folder)


def test_stopping_one_run_leaves_the_others(start: Start, listener: Listener) -> None:
    engine = start()
    one, two = engine.train(ENDLESS, 1), engine.train(ENDLESS, 2)
    listener.wait_for(Sample, run=two)
    engine.send(Stop(one))
    assert listener.wait_for(RunFinished).run == one
    count = len([sample for sample in of_kind(listener.events, Sample) if sample.run == two])
    listener.wait_for(Sample, count + 2, run=two)
    assert run_of(engine, two).status is Status.RUNNING


def test_a_paused_run_can_be_stopped(start: Start, listener: Listener) -> None:
    engine = start()
    name = engine.train(ENDLESS, 1)
    engine.send(Pause(name))
    listener.wait_for(Paused)
    engine.send(Stop(name))
    assert listener.wait_for(RunFinished).status is Status.STOPPED


def test_lr_layers_stages_and_budget_change_between_two_steps(start: Start, listener: Listener) -> None:
    stages = [{"sub_models": [1], "train": [1]}, {"sub_models": [1, 2], "train": [1, 2]}]
    engine = start()

    def change(run: str) -> None:
        for command in (
            SetLearningRate(run, 0.25),
            Freeze(run, "layer1"),
            Unfreeze(run, "layer1"),
            SetEpochs(run, 3),
            NextStage(run),
        ):
            engine.send(command)

    listener.answer = at_step(2, change)
    engine.train(make_scenario({"stages": stages, "training.epochs": 9}), 1)
    end = listener.wait_for(RunFinished)
    changes = of_kind(listener.events, Intervened)
    assert [(change.kind, change.layer, change.value, change.step) for change in changes] == [
        ("lr", None, 0.25, 2),
        ("freeze", "layer1", None, 2),
        ("unfreeze", "layer1", None, 2),
        ("epochs", None, 3, 2),
        ("next_stage", None, None, 2),
    ]
    assert [stage.stage for stage in of_kind(listener.events, StageStarted)] == [1, 2]
    assert {sample.lr for sample in of_kind(listener.events, Sample) if sample.step > 2} == {0.25}
    assert (end.epochs, end.steps) == (1 + 3, 2 + 9)


def test_a_layer_that_cannot_be_frozen_gives_a_warning_and_the_run_continues(
    start: Start, listener: Listener
) -> None:
    engine = start()
    listener.answer = at_step(1, lambda run: engine.send(Freeze(run, "layer9")))
    name = engine.train(make_scenario(), 1)
    assert listener.wait_for(RunFinished).status is Status.FINISHED
    engine.close()
    warning = engine.snapshot().notices[0]
    assert (warning.run, warning.severity, warning.text) == (
        name,
        "warning",
        "layer9 is not built in stage 1",
    )


def test_commands_for_a_finished_or_unknown_run_change_nothing(start: Start, listener: Listener) -> None:
    engine = start()
    name = engine.train(make_scenario(), 1)
    listener.wait_for(RunFinished)
    for command in (Pause(name), Resume(name), Stop(name), SetLearningRate(name, 1.0), Stop("unknown")):
        engine.send(command)
    other = engine.train(make_scenario(), 2)
    listener.wait_for(RunFinished, run=other)
    assert [end.run for end in of_kind(listener.events, RunFinished)] == [name, other]
    assert not of_kind(listener.events, Paused)
    assert not of_kind(listener.events, Intervened)


def test_pausing_twice_is_reported_once(start: Start, listener: Listener) -> None:
    engine = start()
    name = engine.train(ENDLESS, 1)
    for command in (Pause(name), Pause(name), Resume(name), Resume(name), Stop(name)):
        engine.send(command)
    listener.wait_for(RunFinished)
    assert [type(event) for event in listener.events if isinstance(event, Paused | Resumed)] == [
        Paused,
        Resumed,
    ]


# ------------------------------------------------------------------------- what goes wrong


def test_without_data_the_run_fails_with_the_message_and_the_engine_continues(
    start: Start, listener: Listener, data_folder: Path, tmp_path: Path
) -> None:
    missing = tmp_path / "nowhere"
    engine = start(data=missing)
    engine.train(make_scenario(), 1)
    end = listener.wait_for(RunFinished)
    assert end.status is Status.FAILED
    assert end.error is not None
    assert end.error.startswith(f"{missing}: expected a folder with")
    assert end.traceback is None
    missing.symlink_to(data_folder)  # the next try finds it
    name = engine.train(make_scenario(), 1)
    assert listener.wait_for(RunFinished, run=name).status is Status.FINISHED


def test_with_a_missing_device_the_run_fails_with_one_sentence(start: Start, listener: Listener) -> None:
    engine = start(device="cuda:99")
    engine.train(make_scenario(), 1)
    end = listener.wait_for(RunFinished)
    assert end.status is Status.FAILED
    assert end.error is not None
    assert end.error.startswith("cuda:99 is not available")


def test_an_exception_fails_its_run_and_does_not_change_the_others(
    start: Start, listener: Listener, data_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.training.trainer import Trainer

    plain_step = Trainer.step

    def step(trainer: Trainer) -> None:
        plain_step(trainer)
        if trainer.seed == 13 and trainer.optimizer.lr == 0.5:
            raise RuntimeError("no memory left")

    monkeypatch.setattr(Trainer, "step", step)
    engine = start()
    scenario = make_scenario({"training.epochs": 6})
    listener.answer = at_step(3, lambda run: engine.send(SetLearningRate(bad, 0.5)) if run == bad else None)
    good, bad = train_together(engine, listener, [(scenario, 1), (scenario, 13)])
    failed = listener.wait_for(RunFinished, run=bad)
    assert (failed.status, failed.error, failed.steps) == (Status.FAILED, "RuntimeError: no memory left", 4)
    assert failed.traceback is not None
    assert "no memory left" in failed.traceback
    assert listener.wait_for(RunFinished, run=good).weights_sha256 == alone(scenario, data_folder)
    assert read_events(tmp_path / "runs" / bad / EVENTS)[-1] == failed
    later = engine.train(make_scenario(), 1)
    assert listener.wait_for(RunFinished, run=later).status is Status.FINISHED
    engine.close()
    (error,) = (notice for notice in engine.snapshot().notices if notice.severity == "error")
    assert error.text == "small failed: RuntimeError: no memory left"


def test_a_state_that_cannot_be_copied_fails_its_run_and_the_engine_continues(
    start: Start, listener: Listener, data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.runtime import live_run

    def lose_the_device(state: object) -> None:
        raise RuntimeError("the device is gone")

    engine = start()
    monkeypatch.setattr(live_run, "copied", lose_the_device)
    lost = engine.train(ENDLESS, 1)
    end = listener.wait_for(RunFinished, run=lost)
    assert (end.status, end.error) == (Status.FAILED, "RuntimeError: the device is gone")
    monkeypatch.undo()
    well = engine.train(make_scenario(), 1)
    assert listener.wait_for(RunFinished, run=well).weights_sha256 == alone(make_scenario(), data_folder)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_internal_error_that_ends_the_engine_is_reported(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_: object) -> None:
        raise ZeroDivisionError("one over nothing")

    monkeypatch.setattr("engine.runtime.rounds.Rounds.advance", break_down)
    engine = start()
    engine.train(ENDLESS, 1)
    engine._thread.join(DEADLINE)
    assert not engine.alive
    (notice,) = engine.snapshot().notices
    assert notice.severity == "error"
    assert "ZeroDivisionError: one over nothing" in notice.text


def test_runs_that_start_in_the_same_second_have_different_names(monkeypatch: pytest.MonkeyPatch) -> None:
    names = iter(["one", "one", "one", "two"])
    monkeypatch.setattr("engine.runtime.engine.new_run_name", lambda scenario_id: next(names))
    engine = Engine(Settings())
    assert [engine.train(make_scenario(), seed) for seed in (1, 2)] == ["one", "two"]


def test_a_network_that_cannot_be_built_fails_its_run(
    start: Start, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise MemoryError("too wide")

    monkeypatch.setattr("engine.training.stages.build_hidden", refuse)
    engine = start()
    engine.train(make_scenario(), 1)
    expected = "there is not enough memory: resume the run when there is more"
    assert listener.wait_for(RunFinished).error == expected


def test_a_last_batch_of_one_image_with_batchnorm_fails_the_run_with_a_remedy(
    start: Start, listener: Listener
) -> None:
    engine = start()  # on 80 images
    engine.train(make_scenario({"model.norm": "batch", "data.batch_size": 79}), 1)
    error = listener.wait_for(RunFinished).error
    assert error == (
        "with data.batch_size = 79 only one of the 80 images is left for the last batch, but BatchNorm needs "
        "at least two: use another size, such as 78"
    )


def test_training_continues_with_a_notice_if_nothing_can_be_written(
    start: Start, listener: Listener, tmp_path: Path
) -> None:
    obstacle = tmp_path / "a file"
    obstacle.write_text("")
    engine = start(runs_dir=obstacle)
    name = engine.train(make_scenario(), 1)
    assert listener.wait_for(RunFinished).status is Status.FINISHED
    engine.close()
    assert engine.snapshot().unsaved == {name: f"{obstacle / name}: Not a directory"}
    warning, last = engine.snapshot().notices
    assert warning.severity == "warning"
    assert warning.text.startswith(f"not saved, {obstacle}")
    assert warning.text.endswith("Training continues.")
    assert last.text.startswith("small finished, test accuracy")


def test_a_full_disk_gives_one_notice_and_training_continues(
    start: Start, listener: Listener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.storage.run_log import RunLog

    plain_flush = RunLog._flush

    def flush(log: RunLog) -> int:
        if b'"step":3' in log._unwritten:
            raise OSError(28, "No space left on device")
        return plain_flush(log)

    monkeypatch.setattr(RunLog, "_flush", flush)
    engine = start()
    name = engine.train(make_scenario(), 1)
    assert listener.wait_for(RunFinished).status is Status.FINISHED
    engine.close()
    (warning,) = (notice for notice in engine.snapshot().notices if notice.text.startswith("not saved"))
    assert warning.severity == "warning"
    assert warning.text.endswith("No space left on device. Training continues.")
    assert read_events(tmp_path / "runs" / name / EVENTS)[-1].step == 2


def test_a_diverged_run_is_an_error_notice_and_the_next_one_trains(start: Start, listener: Listener) -> None:
    engine = start()
    exploding = make_scenario(
        {"model.activation": "identity", "model.init.std": 1e3, "optimizer.lr": 100.0, "training.epochs": 9}
    )
    name = engine.train(exploding, 1)
    end = listener.wait_for(RunFinished)
    assert (end.status, end.run) == (Status.DIVERGED, name)
    engine.train(make_scenario(), 1)
    assert listener.wait_for(RunFinished, 2).status is Status.FINISHED
    engine.close()
    first = engine.snapshot().notices[0]
    assert first.severity == "error"
    assert first.text == (
        f"small diverged at step {end.first_bad_step}: not finite in {', '.join(end.nonfinite or ())}"
    )
