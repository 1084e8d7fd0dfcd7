"""A headless run that is stopped by SIGSTOP or ctrl+z, and continued."""

import signal
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from engine.training.awake import SUSPENDED_SECONDS
from tests.e2e.processes import SMALL, read_until, run_names, saved, training
from tests.engine.lab import write_data


def test_the_time_for_which_a_run_is_suspended_is_not_training(tmp_path: Path) -> None:
    data = ("--data", str(write_data(tmp_path / "data", train=800)))
    suspended = 3 * SUSPENDED_SECONDS
    with training("depth-3", *SMALL, *data, "--epochs", "60") as process:
        read_until(process, lambda record: record["epoch"] == 3)
        process.send_signal(signal.SIGSTOP)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(suspended)
        process.send_signal(signal.SIGCONT)
        end = read_until(process, lambda record: record["event"] == "run_finished")
        assert process.wait() == 0
    assert end["status"] == "finished"
    times = [record["time"] for record in saved(run_names()[0])]
    assert max(after - before for before, after in pairwise(times)) < suspended
