"""The line that says why nothing was recorded."""

import subprocess
import sys
from pathlib import Path

import pytest

from vanish_recorder.automatic.bootstrap.sitecustomize import note
from vanish_recorder.automatic.report import open_report, sentence


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["python"], "did not import torch"),
        (["python", "torch"], "no optimizer made a step"),
        (["python", "torch", "bare LBFGS"], "LBFGS stepped tensors that belong to no module"),
        (["python", "torch", "trouble the folder is gone"], "the folder is gone"),
        (["old 3.8"], "Python 3.8 is too old"),
        ([], "started no Python program"),
    ],
)
def test_each_reason_is_told(lines: list[str], words: str) -> None:
    text = sentence("".join(f"{line}\n" for line in lines))
    assert text.startswith("nothing was recorded: ")
    assert words in text
    assert "\n" not in text


def test_nothing_is_said_if_one_process_has_recorded_something() -> None:
    assert sentence("python\ntorch\ntrouble no room\nrecorded 2026-run\n") == ""


def test_what_hindered_it_is_told_unless_another_python_ran() -> None:
    assert sentence("", "python -I ignores the environment") == (
        "nothing was recorded: python -I ignores the environment"
    )
    assert "torch" in sentence("python\n", "python -I ignores the environment")


def test_other_processes_add_lines_until_the_first_has_ended() -> None:
    code = (
        "from vanish_recorder.automatic.report import open_report\n"
        "descriptor, path = open_report()\n"
        "print(path, flush=True)\n"
        "input()\n"
        "print(open(path).read())"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        path = process.stdout.readline().strip()
        note(path, "recorded", "a name\nof two lines")
        note(path, "torch")
        rest, _ = process.communicate("\n")
    assert rest == "recorded a name of two lines\ntorch \n\n"
    assert not Path(path).exists()
    note(path, "torch")  # too late: it raises nothing


def test_the_report_survives_a_low_limit_of_descriptors() -> None:
    code = (
        "import resource, os\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))\n"
        "from vanish_recorder.automatic.report import open_report\n"
        "descriptor, path = open_report()\n"
        "assert os.get_inheritable(descriptor) and os.path.exists(path)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    descriptor, _ = open_report()
    assert descriptor >= 200
