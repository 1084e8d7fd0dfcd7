"""Two threads write a run directory, and neither hides an error of the disk that the other one met."""

from pathlib import Path
from typing import Any

import pytest

from engine.protocol.spec import RunSpec
from engine.storage import run_directory
from engine.storage.run_directory import RunDirectory, Save
from engine.storage.run_log import RunLog
from engine.storage.summary import summarise
from engine.tracking.snapshot import RunView
from tests.engine.lab import begin, make_scenario, origin, random_data, train


def test_an_error_of_the_log_during_a_checkpoint_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer, events = begin(make_scenario(), random_data())
    train(trainer, 1)
    *first, last = events
    view = RunView("run", RunSpec.of(trainer.scenario.resolved()), 1)
    directory = RunDirectory.create(tmp_path / "run", trainer.scenario.resolved(), 1, origin())
    for event in first:
        view.apply(event)
        directory.write(event)
    assert directory.trouble == ""

    def refuse(log: RunLog) -> int:
        raise OSError(28, "No space left on device")

    def write_checkpoint(*_: Any) -> None:
        with monkeypatch.context() as full:
            full.setattr(RunLog, "_flush", refuse)
            directory.write(last)

    monkeypatch.setattr(run_directory, "write_checkpoint", write_checkpoint)
    checkpoint: Any = "what it holds"
    save = Save(checkpoint=checkpoint, summary=summarise(view.snapshot(), directory.log_bytes))
    assert directory.save(save)
    assert directory.trouble == "No space left on device"

    monkeypatch.undo()
    assert directory.save(Save(checkpoint=None, summary=save.summary, last=True))
    assert directory.trouble == ""
