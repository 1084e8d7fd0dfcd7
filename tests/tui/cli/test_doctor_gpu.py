"""`vanish-tui doctor --gpu` runs each part in its own process, and names each one that fails."""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import asdict

import pytest

from engine.bench.bits import Bits
from tests.tui.cli.test_doctor import NO_GPU
from tui_vanish.cli.doctor.devices import Devices, Gpu
from tui_vanish.cli.main import main
from tui_vanish.jobs import children

GPU = Gpu("cuda:0", "NVIDIA H200", 100 << 30, 141 << 30, ())
ROWS = [
    Bits("depth-7", 30, 1, 1.2e-7, 3.4e-6, 5.6e-7, (None, None)),
    Bits("linear-exploding", 30, None, 0.0, 0.0, None, (2, 2)),
    Bits("adam", 30, 4, 0.0, 0.5, None, (None, 8)),
]
TIMES = {"median": 0.0021, "low": 0.002, "high": 0.003, "count": 3}
ANSWERS = {
    "bits": json.dumps([asdict(row) for row in ROWS]),
    "step": json.dumps({"step": TIMES, "launch": TIMES, "bound": "launch"}),
    "lockstep": json.dumps(
        {"runs": 6, "together": TIMES | {"median": 1.5}, "in_turn": TIMES | {"median": 3.25}}
    ),
}


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What the processes of the parts print; a part without an answer dies of a signal."""
    texts = dict(ANSWERS)

    def ask(arguments: Sequence[str], seconds: float) -> "subprocess.CompletedProcess[str]":
        assert arguments[:2] == ["-m", "engine.bench.gpu_parts"]
        text = texts.get(arguments[2])
        if text is None:
            return subprocess.CompletedProcess(arguments, -11, "", "")
        if text == "hangs":
            raise subprocess.TimeoutExpired(list(arguments), seconds)
        return subprocess.CompletedProcess(arguments, 0, text, "")

    monkeypatch.setattr(children, "ask", ask)
    devices = Devices("13.0", (GPU,), True, "")
    monkeypatch.setattr("tui_vanish.cli.doctor.checks.find_devices", lambda: devices)
    return texts


@pytest.mark.usefixtures("answers")
def test_all_parts_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--gpu", "--data", "sample"]) == 0
    out, err = capsys.readouterr()
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert "depth-7 from step 1 1.2e-07 3.4e-06 5.6e-07" in lines
    assert "linear-exploding never 0.0e+00 0.0e+00 diverged at step 2" in lines
    assert "adam from step 4 0.0e+00 5.0e-01 diverged at step – and 8" in lines
    assert "takes 2.10 ms on cuda; launching it takes 2.10 ms of that. (launch-bound)" in out
    assert "6 runs of one epoch take 1.5 s in lockstep, and 3.2 s one after another." in out
    assert "measured in" in err


@pytest.mark.parametrize(("answer", "reason"), [(None, "exit code -11"), ("hangs", "no answer within")])
def test_a_part_that_dies_or_hangs_is_named_and_the_others_run(
    answer: str | None, reason: str, answers: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    answers.pop("step")
    if answer is not None:
        answers["step"] = answer
    assert main(["doctor", "--gpu", "cuda:0", "--data", "sample"]) == 1
    out, err = capsys.readouterr()
    assert f"vanish-tui: a step on cuda:0: {reason}" in err
    assert "in lockstep, and" in out
    assert "depth-7" in out


@pytest.mark.usefixtures("answers")
def test_json_has_every_part(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--gpu", "--json", "--data", "sample"]) == 0
    found = json.loads(capsys.readouterr().out)["gpu"]
    assert [part["key"] for part in found] == ["bits", "step", "lockstep"]
    assert found[0]["result"][0]["differs_at"] == 1


@pytest.mark.usefixtures("answers")
def test_a_gpu_that_is_not_here_is_one_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["doctor", "--gpu", "cuda:7", "--data", "sample"]) == 1
    assert "cuda:7 cannot be checked: there is no such GPU" in capsys.readouterr().err
    monkeypatch.setattr("tui_vanish.cli.doctor.checks.find_devices", lambda: NO_GPU)
    assert main(["doctor", "--gpu", "--data", "sample"]) == 1
    assert "cuda cannot be checked" in capsys.readouterr().err


def test_auto_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--gpu", "auto"]) == 2
    assert "expected cpu, cuda or cuda:N" in capsys.readouterr().err
