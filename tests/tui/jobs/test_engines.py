"""Several GPUs on the command line: how they are named, and that a comparison is spread over them."""

import json
from pathlib import Path

import pytest
import torch

from engine import devices
from engine.attach.spread_engine import SpreadEngine
from engine.runtime.engine import Engine
from engine.runtime.state import EngineSnapshot, Settings
from engine.storage.run_index import list_runs
from tests.engine.lab import write_data
from tui_vanish.chrome.title_bar import title_of
from tui_vanish.cli.main import main
from tui_vanish.jobs.engines import engine_for
from tui_vanish.sweeps.places import places
from vanish_recorder.storage.run_lock import Owner


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(devices, "gpus", lambda: ["cuda:0", "cuda:1"])


@pytest.mark.parametrize(
    ("device", "reason"),
    [
        ("cuda:0,cpu", "expected GPUs such as cuda:0,cuda:2, found 'cuda:0,cpu'"),
        ("auto,cuda:0", "expected GPUs such as cuda:0,cuda:2"),
        ("cuda:0,", "expected GPUs such as cuda:0,cuda:2"),
        ("cuda,cuda:1", "expected GPUs such as cuda:0,cuda:2"),
        ("cuda:1,cuda:01", "expected each GPU once, found 'cuda:1,cuda:01'"),
        ("cuda:0,cuda:7", "cuda:7 is not available: the GPUs here are cuda:0 to cuda:1"),
        ("mps", "mps cannot be used: the measurements need float64"),
        ("gpu", "expected auto, cpu, cuda or cuda:N, found 'gpu'"),
    ],
)
@pytest.mark.parametrize("command", [["compare", "depth-3", "relu"], ["run", "relu"], ["bench"]])
@pytest.mark.usefixtures("two_gpus")
def test_a_list_that_is_none_is_one_sentence(
    command: list[str], device: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if command == ["bench"] and device == "cuda:0,cuda:7":
        reason = "bench uses one device: name one GPU, such as cuda:0"
    assert main([*command, "--device", device, "--data", "sample"]) == 2
    error = capsys.readouterr().err
    assert reason in error
    assert error.count("\n") == 1


@pytest.mark.usefixtures("two_gpus")
@pytest.mark.parametrize("device", ["cuda", "cuda:1,cuda:0"])
def test_several_runs_are_spread_and_one_run_is_not(device: str) -> None:
    several = engine_for(Settings(device=device), runs=2)
    assert isinstance(several, SpreadEngine)
    several.close()
    one = engine_for(Settings(device=device), runs=1)
    assert isinstance(one, Engine)
    assert one._settings.device == ("cuda:0" if device == "cuda" else "cuda:1")


def test_one_device_needs_no_other_process(monkeypatch: pytest.MonkeyPatch) -> None:
    for device in ("auto", "cpu", "cuda:1"):
        assert isinstance(engine_for(Settings(device=device)), Engine)
    monkeypatch.setattr(devices, "gpus", lambda: ["cuda:0"])
    assert isinstance(engine_for(Settings(device="cuda")), Engine)


def test_a_sweep_uses_the_gpus_that_are_named() -> None:
    assert places("cuda:2,cuda:0", None, 1, 1) == [("cuda:2", "GPU 2"), ("cuda:0", "GPU 0")]


def test_the_title_names_two_gpus_and_counts_more() -> None:
    def device(names: str) -> str:
        return title_of(EngineSnapshot(device=names), "box", 1).device

    assert device("cuda:0, cuda:1") == "cuda:0, cuda:1"
    assert device("cuda:0, cuda:1, cuda:3") == "3 GPUs"


def test_a_comparison_over_two_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The processes train on the CPU here, for want of GPUs."""
    monkeypatch.setattr(devices, "resolve", lambda name: torch.device("cpu"))
    monkeypatch.setattr(devices, "spread", lambda name: ("cpu", "cpu"))
    owners: list[Owner] = []
    on_message = SpreadEngine._on_message

    def watched(engine: SpreadEngine, *message: object) -> None:
        on_message(engine, *message)  # type: ignore[arg-type]
        owners.extend(entry.owner for entry in list_runs(tmp_path / "runs") if entry.owner is not None)

    monkeypatch.setattr(SpreadEngine, "_on_message", watched)
    words = ["--set", "data.batch_size=32", "--data", str(write_data(tmp_path / "data", 160))]
    command = ["compare", "depth-3", "relu", "--epochs", "2", "--json", "--device", "cuda", *words]
    assert main([*command, "--runs-dir", str(tmp_path / "runs")]) == 0
    *events, comparison = map(json.loads, capsys.readouterr().out.splitlines())
    assert {event["run"] for event in events if event["event"] == "run_finished"} == {
        entry.name for entry in list_runs(tmp_path / "runs")
    }
    assert comparison["event"] == "comparison"
    assert len({owner.pid for owner in owners}) == 2
    (command_line, _) = [
        json.loads(path.read_text())["command"] for path in (tmp_path / "runs").glob("*/run.json")
    ]
    assert command_line.startswith("vanish-tui")
