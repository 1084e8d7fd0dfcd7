"""`vanish-tui run` as a program or a shell uses it: its lines, exit codes and signals."""

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.e2e.pseudo_terminal import PATIENCE, PROGRAM, PseudoTerminal, child_environment, take_signals
from vanish_recorder.protocol.events import LayerSample
from vanish_recorder.protocol.status import Status
from vanish_recorder.storage.paths import default_runs_folder

Record = dict[str, Any]
SavedRuns = Callable[[], dict[str, list[Record]]]

SAMPLE = ("--data", "sample")
COMMON = {"event", "run", "step", "epoch", "stage", "time"}
KEYS = {
    "run_started": {
        "schema",
        "scenario",
        "seed",
        "device",
        "threads",
        "data",
        "versions",
        "parameters",
        "steps_per_epoch",
        "stages",
    },
    "stage_started": {"trainable", "frozen"},
    "sample": {"loss", "accuracy", "lr", "layers"},
    "epoch_finished": {
        "train_loss",
        "train_accuracy",
        "test_loss",
        "test_accuracy",
        "seconds",
        "evaluation_seconds",
    },
    "verdict": {"state", "kind", "layer", "since_step", "evidence", "text", "try"},
    "run_finished": {
        "status",
        "epochs",
        "steps",
        "test_loss",
        "test_accuracy",
        "best_test_accuracy",
        "seconds",
        "weights_sha256",
    },
}
OF_THE_DIVERGED = {"first_bad_step", "nonfinite"}
LAYER_KEYS = set(LayerSample.__dataclass_fields__)
UNCOUNTED = {"always_zero", "underflow"}  # only where units can be dead, and in fp16


def run(*arguments: str, **options: Any) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*PROGRAM, "run", *arguments],
        capture_output=True,
        text=True,
        env=child_environment({}),
        timeout=PATIENCE,
        check=False,
        **options,
    )


@contextmanager
def running(*arguments: str, **options: Any) -> Iterator["subprocess.Popen[str]"]:
    """A run whose standard output is read while it trains."""
    with subprocess.Popen(
        [*PROGRAM, "run", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=child_environment({}),
        preexec_fn=take_signals,
        **options,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def parsed(text: str) -> list[Record]:
    return [
        json.loads(line, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
        for line in text.splitlines()
    ]


def test_every_json_line_is_an_event_with_all_of_its_keys(saved_runs: SavedRuns) -> None:
    done = run("depth-3", *SAMPLE, "--epochs", "2", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    records = parsed(done.stdout)
    for record in records:
        assert record.keys() == COMMON | KEYS[record["event"]]
    kinds = [record["event"] for record in records]
    assert kinds[:2] == ["run_started", "stage_started"]
    assert kinds[-1] == "run_finished"
    assert kinds.count("epoch_finished") == 2
    assert saved_runs()["depth-3"] == records

    started, finished = records[0], records[-1]
    assert started["scenario"]["id"] == "depth-3"
    assert started["scenario"]["training"]["epochs"] == 2
    assert (started["seed"], started["device"], started["threads"], started["schema"]) == (42, "cpu", 1, 1)
    size = {"train": 6000, "test": 1000}
    assert started["data"] == {"name": "fashion-mnist", "source": "sample", **size, "known": True}
    assert (started["step"], started["epoch"], started["time"]) == (0, 0, 0)
    assert (finished["status"], finished["epochs"], finished["steps"]) == ("finished", 2, 236)
    assert len(finished["weights_sha256"]) == 64

    samples = [record for record in records if record["event"] == "sample"]
    assert [record["step"] for record in samples] == [*range(1, 11), *range(20, 237, 10)]
    for record in samples:
        assert [layer["name"] for layer in record["layers"]] == ["layer1", "layer2", "layer3", "output"]
        assert all(LAYER_KEYS - UNCOUNTED <= layer.keys() <= LAYER_KEYS for layer in record["layers"])
        assert 0 <= record["accuracy"] <= 1


def test_a_diverged_run_is_reported_with_exit_code_3() -> None:
    done = run("linear-exploding", *SAMPLE, "--epochs", "1", "--json")
    assert done.returncode == 3
    records = parsed(done.stdout)
    finished = records[-1]
    assert finished.keys() == COMMON | KEYS["run_finished"] | OF_THE_DIVERGED
    assert finished["status"] == Status.DIVERGED
    assert finished["first_bad_step"] == 2
    assert finished["nonfinite"]
    assert any(record.get("loss") in ("nan", "inf") for record in records)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)]
)
def test_a_signal_stops_the_run_and_saves_it(
    number: signal.Signals, code: int, saved_runs: SavedRuns
) -> None:
    with running("depth-3", *SAMPLE, "--json") as process:
        assert process.stdout is not None
        while '"sample"' not in process.stdout.readline():
            pass
        process.send_signal(number)
        rest, errors = process.communicate(timeout=PATIENCE)
    assert (process.returncode, errors) == (code, "")
    last = parsed(rest)[-1]
    assert (last["event"], last["status"]) == ("run_finished", "stopped")
    assert last["weights_sha256"]
    assert saved_runs()["depth-3"][-1] == last


def test_a_signal_that_the_caller_ignores_stays_ignored() -> None:
    def as_under_nohup() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    with subprocess.Popen(
        [*PROGRAM, "run", "depth-3", *SAMPLE, "--epochs", "1", "--json"],
        stdout=subprocess.PIPE,
        text=True,
        env=child_environment({}),
        preexec_fn=as_under_nohup,
    ) as process:
        assert process.stdout is not None
        while '"sample"' not in process.stdout.readline():
            pass
        process.send_signal(signal.SIGHUP)
        rest, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert parsed(rest)[-1]["status"] == "finished"


def test_ctrl_c_during_the_import_of_torch_exits_at_once(
    open_terminal: Callable[..., PseudoTerminal],
) -> None:
    terminal = open_terminal("run", "depth-3", *SAMPLE)
    terminal.wait_for("loading PyTorch")
    terminal.type("\x03")
    assert terminal.wait_for_end() == 130
    assert terminal.is_restored()
    assert not default_runs_folder().exists()  # it would exist if the import had been waited for


def test_a_terminal_shows_a_moving_bar_and_then_a_summary(
    open_terminal: Callable[..., PseudoTerminal],
) -> None:
    terminal = open_terminal("run", "depth-3", *SAMPLE, "--epochs", "3", columns=80, rows=24)
    terminal.wait_for("━")
    terminal.wait_for("epoch 2/3")
    assert terminal.wait_for_end() == 0
    assert terminal.is_restored()
    assert terminal.text.startswith("depth-3 finished: 3 epochs")
    assert "━" not in terminal.text


def test_a_reader_that_closes_the_output_stops_the_run_quietly(saved_runs: SavedRuns) -> None:
    with running("depth-3", *SAMPLE, "--json") as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["event"] == "run_started"
        process.stdout.close()
        assert process.wait(PATIENCE) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""
    assert saved_runs()["depth-3"][-1]["status"] == "stopped"


def test_standard_output_on_a_full_disk_does_not_stop_the_run(
    saved_runs: SavedRuns,
) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*PROGRAM, "run", "depth-3", *SAMPLE, "--epochs", "1", "--json"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env=child_environment({}),
            timeout=PATIENCE,
            check=False,
        )
    assert (done.returncode, done.stderr) == (
        1,
        "vanish-tui: some output was lost: it could not be written to standard output"
        " (No space left on device)\n",
    )
    assert saved_runs()["depth-3"][-1]["status"] == "finished"


def test_without_a_terminal_the_app_refuses_to_start_with_a_one_line_error() -> None:
    done = subprocess.run(
        PROGRAM,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=child_environment({}),
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("vanish-tui: the app needs a terminal")
    assert done.stderr.count("\n") == 1


def test_closed_standard_streams_do_not_disturb_a_run() -> None:
    def close_output() -> None:
        os.close(1)
        os.close(2)

    with subprocess.Popen(
        [*PROGRAM, "run", "depth-3", *SAMPLE, "--epochs", "1"],
        env=child_environment({}),
        preexec_fn=close_output,
    ) as process:
        assert process.wait(PATIENCE) == 1  # its output was lost
