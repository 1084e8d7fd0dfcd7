"""`vanish-tui export`: every number of a run, as CSV and as read by TensorBoard's own reader."""

import csv
import io
import math
import struct
from pathlib import Path

import pytest

from engine.export.tensorboard import crc32c
from engine.storage.run_log import RunLog
from tests.engine.lab import begin, make_scenario, origin, random_data, train
from tui_vanish.cli.commands.export import COLUMNS
from tui_vanish.cli.main import main
from vanish_recorder.protocol.events import EpochFinished, LayerSample, RunEvent, Sample
from vanish_recorder.storage.log_file import EVENTS
from vanish_recorder.storage.paths import default_runs_folder


@pytest.fixture
def events() -> list[RunEvent]:
    trainer, events = begin(make_scenario(), random_data())
    train(trainer)
    return events


@pytest.fixture
def run(events: list[RunEvent]) -> str:
    """The name of a saved run."""
    log = RunLog(
        default_runs_folder() / "20260101-120000-small-ab12", make_scenario().resolved(), 1, origin()
    )
    for event in events:
        log.write(event)
    log.close()
    return log.folder.name


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_csv_has_a_row_per_layer_of_each_sample_and_a_row_per_epoch(
    run: str, events: list[RunEvent], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", run, "--csv"]) == 0
    table = rows(capsys.readouterr().out)
    assert tuple(table[0]) == COLUMNS
    samples = [event for event in events if isinstance(event, Sample)]
    of_layers = [row for row in table if row["event"] == "sample"]
    assert [(int(row["step"]), row["layer"]) for row in of_layers] == [
        (sample.step, layer.name) for sample in samples for layer in sample.layers
    ]
    measured = [(sample, layer) for sample in samples for layer in sample.layers]
    for row, (sample, layer) in zip(of_layers, measured, strict=True):
        assert float(row["loss"]) == sample.loss
        assert float(row["grad_norm"]) == layer.grad_norm
        assert row["inactive"] == ""
    epochs = [row for row in table if row["event"] == "epoch_finished"]
    assert [float(row["test_loss"]) for row in epochs] == [
        event.test_loss for event in events if isinstance(event, EpochFinished)
    ]


def test_csv_has_the_columns_that_programs_rely_on() -> None:
    assert ",".join(COLUMNS) == (
        "event,step,epoch,stage,time,loss,accuracy,lr,train_loss,train_accuracy,test_loss,test_accuracy,"
        "seconds,evaluation_seconds,layer,grad_norm,delta_norm,update_ratio,unmoved,weight_norm,"
        "activation_mean,activation_std,sample_std,saturated,inactive,dead,underflow,frozen,scale,skipped"
    )


def test_csv_goes_to_a_file_when_one_is_named(run: str, tmp_path: Path) -> None:
    assert main(["export", run, "--csv", str(tmp_path / "run.csv")]) == 0
    assert rows((tmp_path / "run.csv").read_text())[0]["event"] == "sample"
    assert (tmp_path / "run.csv").stat().st_mode & 0o777 == 0o600


def test_tensorboard_s_own_reader_reads_the_same_numbers(
    run: str, events: list[RunEvent], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    assert main(["export", run, "--tensorboard", str(tmp_path / "board")]) == 0
    assert capsys.readouterr().out == f"tensorboard --logdir {tmp_path / 'board'}\n"
    reader = EventAccumulator(str(tmp_path / "board" / run), size_guidance={"scalars": 0})
    reader.Reload()

    samples = [event for event in events if isinstance(event, Sample)]
    read = reader.Scalars("loss/batch")
    assert [(each.step, each.value) for each in read] == [(s.step, single(s.loss)) for s in samples]
    times = [each.wall_time - read[0].wall_time for each in read]
    assert times == pytest.approx([sample.time - samples[0].time for sample in samples], abs=1e-5)
    for place, name in enumerate(layer.name for layer in samples[0].layers):
        for quantity in LayerSample.__dataclass_fields__:
            expected = [(s.step, getattr(s.layers[place], quantity)) for s in samples]
            if quantity in ("name", "frozen") or expected[0][1] is None:
                assert f"{quantity}/{name}" not in reader.Tags()["scalars"]
                continue
            measured = [(each.step, each.value) for each in reader.Scalars(f"{quantity}/{name}")]
            assert measured == [(step, single(value)) for step, value in expected]
    epochs = [event for event in events if isinstance(event, EpochFinished)]
    assert [(each.step, each.value) for each in reader.Scalars("accuracy/test")] == [
        (event.step, single(event.test_accuracy)) for event in epochs
    ]


def single(value: float) -> float:
    """The value rounded to float32."""
    return float(struct.unpack("<f", struct.pack("<f", value))[0])


def test_numbers_that_are_not_finite_reach_tensorboard(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    from engine.export.tensorboard import write_events

    def sample(step: int, loss: float) -> Sample:
        return Sample(
            run="run", step=step, epoch=1, stage=1, time=0.0, loss=loss, accuracy=0.1, lr=0.1, layers=()
        )

    with open(tmp_path / "events.out.tfevents.1.host", "wb") as file:
        write_events(file, [sample(300, math.nan), sample(301, math.inf), sample(302, 1e300)], 1e9)
    reader = EventAccumulator(str(tmp_path))
    reader.Reload()
    values = {each.step: each.value for each in reader.Scalars("loss/batch")}
    assert math.isnan(values[300])
    assert (values[301], values[302]) == (math.inf, math.inf)


def test_the_checksum_is_castagnoli_s() -> None:
    assert crc32c(b"123456789") == 0xE3069283  # RFC 3720's own example
    assert crc32c(bytes(32)) == 0x8A9136AA


def test_an_existing_folder_is_not_overwritten(
    run: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", run, "--tensorboard", str(tmp_path)]) == 0
    (written,) = (tmp_path / run).iterdir()
    content = written.read_bytes()
    capsys.readouterr()
    assert main(["export", run, "--tensorboard", str(tmp_path)]) == 2
    assert capsys.readouterr().err == (
        f"vanish-tui: {tmp_path / run} already exists: name another folder, or use --force to replace its"
        " event files\n"
    )
    written.rename(written.with_name("events.out.tfevents.1.another-machine"))
    (tmp_path / run / "notes.txt").touch()
    assert main(["export", run, "--tensorboard", str(tmp_path), "--force"]) == 0
    assert {path.name for path in (tmp_path / run).iterdir()} == {written.name, "notes.txt"}
    assert written.read_bytes() == content


def test_an_existing_file_is_not_overwritten_without_force(
    run: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = tmp_path / "mine.csv"
    mine.write_text("not to be lost")
    assert main(["export", run, "--csv", str(mine)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"vanish-tui: {mine} already exists: name another file, or use --force to overwrite it\n"
    assert mine.read_text() == "not to be lost"
    assert main(["export", run, "--csv", str(mine), "--force"]) == 0
    assert rows(mine.read_text())[0]["event"] == "sample"
    assert main(["export", run, "--csv", "/dev/null"]) == 0, "there is nothing to lose"


def test_a_link_is_not_written_through(run: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "link.csv").symlink_to(tmp_path / "nothing yet")
    assert main(["export", run, "--csv", str(tmp_path / "link.csv")]) == 2
    assert "already exists" in capsys.readouterr().err
    assert not (tmp_path / "nothing yet").exists()


def test_a_damaged_line_is_reported_and_the_rest_is_written(
    run: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = default_runs_folder() / run / EVENTS
    path.write_bytes(b"rubbish\n" + path.read_bytes())
    assert main(["export", run, "--csv"]) == 0
    out, err = capsys.readouterr()
    assert f"vanish-tui: {run}: line 1 (" in err
    assert err.endswith(") of events.jsonl is damaged and left out\n")
    assert rows(out)[0]["event"] == "sample"


@pytest.mark.parametrize("form", ["--csv", "--tensorboard"])
def test_a_text_without_an_encoding_is_damage(
    form: str, run: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = default_runs_folder() / run / EVENTS
    path.write_bytes(path.read_bytes().replace(b'"layer1"', b'"\\ud800"', 1))
    target = tmp_path / "exported"
    assert main(["export", run, form, str(target)]) == 0
    assert "(a text is not Unicode) of events.jsonl is damaged and left out" in capsys.readouterr().err
    assert target.exists()


def test_a_part_of_a_name_is_enough_and_an_unknown_name_is_refused(
    run: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", "ab12", "--csv"]) == 0
    assert main(["export", "nothing", "--csv"]) == 2
    assert "there is no run 'nothing'" in capsys.readouterr().err
