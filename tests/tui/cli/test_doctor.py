"""What `vanish-tui doctor` finds, prints and concludes."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.data.fashion_mnist import DEBIAN, FILES, SAMPLE, DataError, cache_folder, inspect
from engine.gpu_occupants import Occupant
from tests.engine.lab import write_data
from tui_vanish.cli.doctor.devices import Devices, Gpu, find_devices
from tui_vanish.cli.doctor.login import Session, find_session, find_terminal
from tui_vanish.cli.main import main

NO_GPU = Devices("13.0", (), False, "")


@pytest.fixture
def with_devices(monkeypatch: pytest.MonkeyPatch) -> Callable[[Devices], None]:
    """Pretends what PyTorch sees, because asking PyTorch takes seconds."""

    def pretend(devices: Devices) -> None:
        monkeypatch.setattr("tui_vanish.cli.doctor.checks.find_devices", lambda: devices)

    pretend(NO_GPU)
    return pretend


def report(capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, object]:
    main(["doctor", "--json", *options])
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.usefixtures("with_devices")
def test_a_machine_with_torch_and_data_can_train(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--data", "sample"]) == 0
    text = capsys.readouterr().out
    assert "This machine can train." in text
    assert "sample  in use" in text


def test_a_broken_torch_is_a_problem(
    with_devices: Callable[[Devices], None], capsys: pytest.CaptureFixture[str]
) -> None:
    with_devices(Devices(None, (), False, "PyTorch does not work here: ImportError: libcudart.so"))
    assert main(["doctor"]) == 1
    text = capsys.readouterr().out
    assert "problem: PyTorch does not work here: ImportError: libcudart.so" in text
    assert "cannot train" in text


@pytest.mark.usefixtures("with_devices")
def test_damaged_data_is_a_problem_if_training_would_use_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / f"{FILES[0]}.gz").write_bytes(b"no gzip")
    assert main(["doctor", "--data", str(tmp_path)]) == 1
    assert str(tmp_path) in capsys.readouterr().out


@pytest.mark.usefixtures("with_devices")
def test_a_terminal_gets_wrapped_words_and_a_program_one_line_per_fact(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", "--data", "sample"]) == 0
    versions, devices, *_ = capsys.readouterr().out.splitlines()
    assert len(versions) > 80
    assert devices.startswith("devices")

    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setattr("os.get_terminal_size", lambda *_: os.terminal_size((80, 24)))
    monkeypatch.setattr("sys.stdout.fileno", lambda: 1)
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["doctor", "--data", "sample"]) == 0
    broken, _, _ = capsys.readouterr().out.partition("\ndevices")
    assert max(map(len, broken.splitlines())) <= 80
    assert broken.split() == versions.split()


@pytest.mark.usefixtures("with_devices")
def test_other_files_under_the_names_of_fashion_mnist_are_called_that(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_data(tmp_path)
    main(["doctor", "--data", str(tmp_path)])
    assert f"not the known Fashion-MNIST 80/20 in {tmp_path}" in capsys.readouterr().out


@pytest.mark.usefixtures("with_devices")
def test_the_places_of_the_data_are_listed_in_the_order_of_the_search(
    capsys: pytest.CaptureFixture[str],
) -> None:
    shutil.copytree(SAMPLE, cache_folder())
    found = report(capsys)["data"]
    assert isinstance(found, list)
    assert [(place["kind"], place["path"]) for place in found] == [
        ("cache", str(cache_folder())),
        ("debian", str(DEBIAN)),
        ("sample", str(SAMPLE)),
    ]
    assert [place["used"] for place in found] == [True, False, False]


@pytest.mark.usefixtures("with_devices")
def test_a_note_mentions_a_runs_folder_that_is_not_writable(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    found = report(capsys, "--runs-dir", str(tmp_path / "file"))
    assert any("--runs-dir" in str(remark) for remark in found["remarks"])  # type: ignore[attr-defined]
    assert found["problems"] == []


def test_every_gpu_is_listed_with_its_processes(
    with_devices: Callable[[Devices], None], capsys: pytest.CaptureFixture[str]
) -> None:
    occupant = Occupant(4242, "python train.py", "maria", 3 << 30)
    with_devices(
        Devices("13.0", (Gpu("cuda:0", "NVIDIA H200", 100 << 30, 141 << 30, (occupant,)),), True, "")
    )
    assert main(["doctor"]) == 0
    text = capsys.readouterr().out
    assert "cuda:0  NVIDIA H200, 100.0 of 141.0 GiB free" in text
    assert "used by python train.py (process 4242, user maria, 3.0 GiB)" in text


def test_a_driver_that_hangs_does_not_hang_the_doctor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "tui_vanish.cli.doctor.devices._ASK_TORCH", "import threading; threading.Event().wait()"
    )
    monkeypatch.setattr("tui_vanish.cli.doctor.devices._TORCH_SECONDS", 0.2)
    assert "no answer" in find_devices().problem


def test_the_last_line_of_a_failed_import_is_reported_as_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui_vanish.cli.doctor.devices._ASK_TORCH", "raise ImportError('no such library')")
    assert find_devices().problem == "PyTorch does not work here: ImportError: no such library"


def test_the_installed_torch_works() -> None:
    assert find_devices().problem == ""


@pytest.mark.parametrize(
    ("environment", "colours"),
    [
        ({"TERM": "xterm-256color"}, 256),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, 1 << 24),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, 0),
        ({"TERM": "linux"}, 16),
        ({"TERM": "dumb"}, 0),
    ],
)
def test_the_environment_says_how_many_colours_there_are(environment: dict[str, str], colours: int) -> None:
    assert find_terminal(environment).colours == colours


def test_ssh_and_tmux_are_detected() -> None:
    terminal = find_terminal({"SSH_TTY": "/dev/pts/3", "TMUX": "/tmp/tmux-0/default,1,0"})
    assert (terminal.ssh, terminal.multiplexer) == (True, "tmux")


@pytest.mark.parametrize(("answer", "expected"), [("b true", True), ("b false", False), ("", None)])
def test_logind_is_asked_whether_it_ends_processes(
    answer: str, expected: bool | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answered(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 0 if answer else 1, answer + "\n", "")

    monkeypatch.setattr("tui_vanish.cli.doctor.login.shutil.which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr("tui_vanish.cli.doctor.login.subprocess.run", answered)
    assert find_session() == Session(kills_processes=expected, lingering=None)


@pytest.mark.usefixtures("with_devices")
def test_the_download_happens_before_the_report(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fetched(progress: Callable[[str, int, int], None]) -> object:
        shutil.copytree(SAMPLE, cache_folder())
        progress("train-images-idx3-ubyte.gz", 1, 2)
        return inspect("cache", cache_folder())

    monkeypatch.setattr("tui_vanish.cli.commands.doctor.download", fetched)
    assert main(["doctor", "--download"]) == 0
    out, err = capsys.readouterr()
    assert "cache   in use" in out
    assert str(cache_folder()) in err


@pytest.mark.usefixtures("with_devices")
def test_a_failed_download_gives_a_one_line_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def failed(_: object) -> object:
        raise DataError("Fashion-MNIST could not be downloaded")

    monkeypatch.setattr("tui_vanish.cli.commands.doctor.download", failed)
    assert main(["doctor", "--download"]) == 1
    assert capsys.readouterr().err == "vanish-tui: Fashion-MNIST could not be downloaded\n"


def test_a_user_without_a_name_is_not_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 2**31 - 7)
    assert find_session() is not None
