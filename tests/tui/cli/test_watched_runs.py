"""What the commands do with a run that a script recorded."""

import csv
import io
from pathlib import Path

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests.recorder.training import batches, mlp, samples_of, step, structure_of
from tui_vanish import watch
from tui_vanish.cli.main import main
from vanish_recorder.lab import Lab
from vanish_recorder.storage.paths import default_runs_folder


@pytest.fixture
def lab() -> Lab:
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    lab = watch(model, optimizer, name="mine", runs_dir=default_runs_folder(), quiet=True)
    for _ in range(3):
        step(model, optimizer, next(batches()))
    lab.epoch(train_loss=1.5, test_accuracy=0.25)
    lab.close()
    return lab


def test_csv_has_a_row_per_block_and_per_tensor_of_each_sample(
    lab: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", lab.run, "--csv"]) == 0
    table = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    found = structure_of(lab)
    names = [*(each.name for each in found.blocks), *(each.name for each in found.tensors)]
    measured = [row for row in table if row["event"] == "measured"]
    samples = samples_of(lab)
    assert [(int(row["step"]), row["layer"]) for row in measured] == [
        (sample.step, name) for sample in samples for name in names
    ]
    first = {row["layer"]: row for row in measured[: len(names)]}
    for quantity in ("delta_norm", "activation_std", "grad_norm"):
        assert float(first["2"][quantity]) == samples[0].blocks[quantity][1]
    for quantity in ("grad_norm", "update_ratio", "unmoved", "weight_norm"):
        assert float(first["2.weight"][quantity]) == samples[0].tensors[quantity][2]
    assert float(first["2.weight"]["loss"]) == samples[0].logged["loss"]
    assert {row["lr"] for row in measured} == {"0.1"}
    (epoch,) = [row for row in table if row["event"] == "epoch_logged"]
    assert (epoch["train_loss"], epoch["test_accuracy"]) == ("1.5", "0.25")


def test_tensorboard_reads_what_was_logged_and_measured(lab: Lab, tmp_path: Path) -> None:
    assert main(["export", lab.run, "--tensorboard", str(tmp_path)]) == 0
    read = EventAccumulator(str(tmp_path / lab.run))
    read.Reload()
    samples = samples_of(lab)
    assert [each.step for each in read.Scalars("loss/batch")] == [1, 2, 3]
    assert read.Scalars("delta_norm/2")[0].value == pytest.approx(samples[0].blocks["delta_norm"][1])
    assert read.Scalars("grad_norm/2.weight")[2].value == pytest.approx(samples[2].tensors["grad_norm"][2])
    assert read.Scalars("accuracy/test")[0].value == 0.25


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["compare", "{}", "depth-7"], "recorded from a script"),
        (["run", "--resume", "{}"], "recorded from a script of yours, which alone can continue it"),
    ],
)
def test_what_only_a_scenario_can_do_is_refused_in_one_sentence(
    arguments: list[str], words: str, lab: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([each.format(lab.run) for each in arguments]) != 0
    said = capsys.readouterr().err.strip()
    assert words in said
    assert len(said.splitlines()) == 1
