"""Changes by hand from the app, in a script that trains."""

import os
import signal
import threading
from pathlib import Path

import pytest
import torch

from tests.recorder.training import batches, events_of, linear, mlp, samples_of, state, step, weights_of
from tui_vanish import watch
from vanish_recorder import control
from vanish_recorder.control import (
    Continue,
    Freeze,
    Pause,
    SetEvery,
    SetFactor,
    Stop,
    TakeHistograms,
    Unfreeze,
    ask,
)
from vanish_recorder.lab import Lab
from vanish_recorder.protocol.events import Intervened, Paused, Resumed
from vanish_recorder.protocol.watch_events import HistogramsTaken


@pytest.fixture(autouse=True)
def _looks_at_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "_LOOK_SECONDS", 0.0)


def train(model: torch.nn.Module, optimizer: torch.optim.Optimizer) -> None:
    for _ in range(2):
        step(model, optimizer, next(batches()))


def folder_of(lab: Lab) -> Path:
    assert lab.folder is not None
    return lab.folder


def test_the_learning_rate_is_a_factor_that_the_script_never_sees(tmp_path: Path) -> None:
    def trained(*, by_hand: bool) -> tuple[torch.Tensor, float]:
        model = mlp()
        optimizer = torch.optim.SGD(model.parameters(), 0.1 if by_hand else 0.05)
        lab = watch(model, runs_dir=tmp_path, quiet=True)
        if by_hand:
            ask(folder_of(lab), SetFactor(0.5))
            lab._recorder._requests.follow()  # type: ignore[union-attr]
        source = batches()
        for _ in range(3):
            step(model, optimizer, next(source))
        lab.close()
        if by_hand:
            sample = samples_of(lab)[-1]
            assert sample.logged["lr"] == 0.1
            assert set(sample.lr) == {0.05}
            (change,) = [event for event in events_of(lab) if isinstance(event, Intervened)]
            assert (change.kind, change.value) == ("lr_factor", 0.5)
        return weights_of(model), optimizer.param_groups[0]["lr"]

    plain, changed = trained(by_hand=False), trained(by_hand=True)
    assert torch.equal(plain[0], changed[0])
    assert changed[1] == 0.1


def test_a_frozen_block_keeps_its_weights_and_gets_its_gradients_back(tmp_path: Path) -> None:
    model = mlp()
    optimizer = torch.optim.Adam(model.parameters(), 0.1, weight_decay=0.1)
    lab = watch(model, runs_dir=tmp_path, quiet=True)
    step(model, optimizer, next(batches()))
    step(model, optimizer, next(batches()))
    ask(folder_of(lab), Freeze("2"))
    step(model, optimizer, next(batches()))
    before = linear(model, 2).weight.detach().clone()
    step(model, optimizer, next(batches()))
    assert torch.equal(linear(model, 2).weight, before)
    assert linear(model, 2).weight.grad is not None
    assert linear(model, 2).weight.requires_grad
    ask(folder_of(lab), Unfreeze("2"))
    step(model, optimizer, next(batches()))
    step(model, optimizer, next(batches()))
    assert not torch.equal(linear(model, 2).weight, before)
    lab.close()
    assert "".join(state(lab, sample, "2.weight") for sample in samples_of(lab)) == "sssffs"


def test_a_pause_waits_between_two_steps(tmp_path: Path) -> None:
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    lab = watch(model, runs_dir=tmp_path, quiet=True)
    step(model, optimizer, next(batches()))
    ask(folder_of(lab), Pause())
    paused = threading.Event()

    def train_on() -> None:
        train(model, optimizer)
        paused.set()

    thread = threading.Thread(target=train_on)
    thread.start()
    assert not paused.wait(0.5)
    ask(folder_of(lab), Continue())
    thread.join(30)
    assert paused.is_set()
    lab.close()
    kinds = [type(event) for event in events_of(lab)]
    assert (kinds.count(Paused), kinds.count(Resumed)) == (1, 1)


def test_a_pause_ends_with_ctrl_c(tmp_path: Path) -> None:
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    lab = watch(model, runs_dir=tmp_path, quiet=True)
    step(model, optimizer, next(batches()))
    ask(folder_of(lab), Pause())
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        train(model, optimizer)
    lab.close()


def test_a_request_to_stop_is_seen_by_the_script(tmp_path: Path) -> None:
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    lab = watch(model, runs_dir=tmp_path, quiet=True, every=1000)
    ask(folder_of(lab), SetEvery(7))
    ask(folder_of(lab), Stop())
    steps = 0
    while not lab.should_stop:
        step(model, optimizer, next(batches()))
        steps += 1
        assert steps < 5
    lab.close()
    assert [event.value for event in events_of(lab) if isinstance(event, Intervened)] == [7.0]


def test_histograms_are_taken_once_at_the_next_sample(tmp_path: Path) -> None:
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    lab = watch(model, runs_dir=tmp_path, quiet=True, every=1000)
    for _ in range(12):
        step(model, optimizer, next(batches()))
    ask(folder_of(lab), TakeHistograms("2"))
    for _ in range(4):
        step(model, optimizer, next(batches()))
    lab.close()
    (taken,) = [event for event in events_of(lab) if isinstance(event, HistogramsTaken)]
    assert taken.block == "2"
    assert samples_of(lab)[-1].step == taken.step == 14
    low, high, *counts = taken.histograms["weights"]
    assert low < high
    assert sum(counts) == linear(model, 2).weight.numel()
    assert sum(taken.histograms["activations"][2:]) == 16 * 8
    assert set(taken.histograms) == {"weights", "gradients", "activations"}


def test_a_failure_while_a_step_is_changed_by_hand_gives_the_script_its_own_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("odd tensor")

    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    lab = watch(model, runs_dir=tmp_path, quiet=True)
    step(model, optimizer, next(batches()))
    ask(folder_of(lab), SetFactor(0.5))
    ask(folder_of(lab), Freeze("2"))
    step(model, optimizer, next(batches()))
    monkeypatch.setattr("vanish_recorder.model.tensors.Tensors.cannot_be_measured", fail)
    step(model, optimizer, next(batches()))
    assert optimizer.param_groups[0]["lr"] == 0.1
    assert linear(model, 2).weight.grad is not None
    lab.close()


def test_one_of_several_processes_changes_only_how_often_it_measures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    lab = watch(model, runs_dir=tmp_path, quiet=True)
    step(model, optimizer, next(batches()))
    ask(folder_of(lab), SetFactor(0.5))
    ask(folder_of(lab), SetEvery(3))
    step(model, optimizer, next(batches()))
    step(model, optimizer, next(batches()))
    lab.close()
    assert set(samples_of(lab)[-1].lr) == {0.1}
    assert [event.kind for event in events_of(lab) if isinstance(event, Intervened)] == ["every"]
