"""What the commands do with a run that a script recorded."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from engine.storage.log_tail import brought_up_to_date
from engine.storage.run_index import read_entry
from tests.engine import made_up_watched as made_up
from tests.recorder.training import batches, mlp, samples_of, step, structure_of
from tests.tui.cli.test_many_runs import small
from tui_vanish import watch
from tui_vanish.cli.main import main
from tui_vanish.drawing import format
from vanish_recorder.lab import Lab
from vanish_recorder.protocol.status import Status
from vanish_recorder.protocol.watch_events import Thinned
from vanish_recorder.storage.paths import default_runs_folder
from vanish_recorder.storage.summary import SUMMARY

__all__ = ["small"]  # a fixture


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


def test_csv_keeps_its_columns_whatever_a_script_logs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = {"step": 77.0, "time": 88.0, "layer": 3.0, "grad_norm": 9.0, "loss": 2.0}
    at = made_up.at(40)
    thinned = Thinned(
        **at,
        samples=1,
        span=4,
        steps=(40,),
        times=(at["time"],),
        logged={name: (value,) for name, value in own.items()},
    )
    events = [*made_up.course([1, 2, 3]), thinned, replace(made_up.epoch_logged(40, 1), logged=own)]
    made_up.write(tmp_path, events)
    assert main(["export", made_up.RUN, "--csv", "--runs-dir", str(tmp_path)]) == 0
    table = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    for kind in ("thinned", "epoch_logged"):
        (row,) = [each for each in table if each["event"] == kind]
        assert (row["step"], float(row["time"]), row["loss"]) == ("40", at["time"], "2.0")
        assert (row["layer"], row["grad_norm"]) == ("", "")


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


def test_compare_takes_watched_runs_beside_those_of_scenarios(
    lab: Lab, tmp_path: Path, small: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    runs, folder = tmp_path / "runs", str(lab.folder)
    made_up.write(runs, made_up.course([1, 2, 3]))
    quick = str(tmp_path / "quick.toml")
    assert main(["compare", folder, made_up.RUN, "--runs-dir", str(runs)]) == 0
    shown = capsys.readouterr().out
    assert "Loss (step 3, the last that all have)" in shown
    assert next(line.split() for line in shown.splitlines() if line.startswith("mine"))[1] == "3"
    assert "Only in some" in shown
    assert main(["compare", folder, quick, "--epochs", "1", *small]) == 0
    shown = capsys.readouterr().out
    assert "Loss (step" in shown
    assert "test_loss" in shown.partition("Only in some")[2]
    assert main(["compare", folder, made_up.RUN, "--runs-dir", str(runs), "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert [run["kind"] for run in record["runs"]] == ["watched", "watched"]
    assert record["loss"]["step"] == 3
    assert record["of_some"]["test_accuracy"] == ["mine"]


def test_show_prints_what_a_run_is_its_last_numbers_and_its_findings(
    lab: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", "mine"]) == 0
    shown = capsys.readouterr().out
    (sample,) = samples_of(lab)[-1:]
    assert shown.startswith(f"{lab.run}: ")
    assert "finished · step 3 · " in shown
    assert "SGD (8 tensors)" in shown
    assert "test_accuracy 0.2500" in shown
    assert "Blocks, at step 3" in shown
    for number, found in enumerate(structure_of(lab).blocks):
        row = next(line for line in shown.splitlines() if line.startswith(f"{found.name} "))
        assert format.scientific(sample.blocks["grad_norm"][number]) in row.split()
    assert "Nothing found so far." in shown


def test_show_as_json_holds_the_structure_and_the_last_sample(
    lab: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", lab.run, "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["kind"], shown["status"], shown["step"], shown["seed"]) == ("watched", "finished", 3, None)
    assert [each["name"] for each in shown["structure"]["tensors"]] == [
        each.name for each in structure_of(lab).tensors
    ]
    assert shown["logged"]["test_accuracy"] == 0.25
    assert shown["measured"]["tensors"]["grad_norm"] == list(samples_of(lab)[-1].tensors["grad_norm"])


def test_the_list_has_the_step_and_the_loss_and_no_planned_epochs(
    lab: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["runs"]) == 0
    headings, row = capsys.readouterr().out.splitlines()
    cells = row.split()
    assert headings.split()[:5] == ["run", "status", "epoch", "step", "loss"]
    assert cells[:5] == [lab.run, "finished", "1", "3", format.fixed(samples_of(lab)[-1].logged["loss"])]
    assert "unknown" not in row
    assert main(["runs", "--json"]) == 0
    (record,) = json.loads(capsys.readouterr().out)
    assert (record["kind"], record["step"]) == ("watched", 3)


def test_a_run_that_was_never_saved_or_whose_summary_is_damaged_is_still_a_watched_one(lab: Lab) -> None:
    assert lab.folder is not None
    summary = Path(lab.folder, SUMMARY)
    before = read_entry(Path(lab.folder)).summary
    summary.write_text("{")
    again = read_entry(Path(lab.folder)).summary
    assert before is not None
    assert again is not None
    assert again.loss == pytest.approx(before.loss, rel=1e-5)
    assert replace(again, loss=before.loss, stage=before.stage) == before
    summary.unlink()
    found = read_entry(Path(lab.folder)).summary
    assert found is not None
    assert (found.kind, found.scenario, found.seed) == ("watched", "mine", None)


def test_the_latest_numbers_of_a_live_run_come_from_the_end_of_its_log(lab: Lab) -> None:
    folder = lab.folder
    assert folder is not None
    saved = read_entry(Path(folder)).summary
    assert saved is not None
    old = replace(saved, status=Status.RUNNING, step=0, epoch=0, loss=None, test_accuracy=None, log_bytes=0)
    latest = brought_up_to_date(old, Path(folder))
    assert (latest.step, latest.epoch, latest.test_accuracy) == (3, 1, 0.25)
    assert latest.loss == samples_of(lab)[-1].logged["loss"]


def test_to_watch_a_run_whose_script_was_killed_says_who_can_continue_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made_up.write(tmp_path, made_up.course([1, 11]))
    assert main(["watch", made_up.RUN, "--runs-dir", str(tmp_path)]) == 0
    said = capsys.readouterr().err
    assert "only the script can continue it" in said
    assert "run --resume" not in said
