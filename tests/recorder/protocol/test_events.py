"""Events are lines of strict JSON, read back as they were, and hold the names that programs rely on."""

import json
import math
import os
from dataclasses import fields, replace

import pytest

from engine.training.progress import Where
from tests.engine.lab import make_scenario
from vanish_recorder.protocol.codec import from_line, from_record, to_line, to_record
from vanish_recorder.protocol.events import (
    EpochFinished,
    Intervened,
    LayerSample,
    Paused,
    Resumed,
    RunEvent,
    RunFinished,
    RunStarted,
    Sample,
    StageStarted,
    VerdictChanged,
)
from vanish_recorder.protocol.status import Status

AT: Where = {"run": "20260101-120000-depth-7-ab12", "step": 30, "epoch": 1, "stage": 1, "time": 0.25}

STARTED = RunStarted(
    **AT,
    schema=1,
    scenario=make_scenario(
        {"model.skip": [[1, 3]], "stages": [{"sub_models": [3], "train": [1]}]}
    ).resolved(),
    seed=42,
    device="cpu",
    threads=1,
    data={"name": "fashion-mnist", "source": "nan", "train": 60000, "test": 10000},
    versions={"python": "3.11.2", "torch": "2.4.0"},
    parameters=200842,
    steps_per_epoch=118,
    stages=1,
)
SAMPLE = Sample(
    **AT,
    loss=2.3,
    accuracy=0.1,
    lr=0.01,
    layers=(
        LayerSample(name="layer1", grad_norm=1e-12, delta_norm=1e12, saturated=0.5, unmoved=1.0),
        LayerSample(name="output", weight_norm=3.25, frozen=True),
    ),
)
FINISHED = RunFinished(
    **AT,
    status=Status.FINISHED,
    epochs=100,
    steps=11800,
    test_loss=2.3,
    test_accuracy=0.1,
    best_test_accuracy=0.1,
    seconds=80.0,
    weights_sha256="00ff",
)
NOT_FINITE = Sample(
    **AT,
    loss=math.nan,
    accuracy=0.0,
    lr=math.inf,
    layers=(
        LayerSample(name="layer1", grad_norm=math.inf, activation_mean=-math.inf),
        LayerSample(name="output", grad_norm=math.nan),
    ),
)

EVENTS: dict[str, RunEvent] = {
    "run_started": STARTED,
    "stage_started": StageStarted(**AT, trainable=("layer3", "output"), frozen=("layer1", "layer2")),
    "sample": SAMPLE,
    "sample, not finite": NOT_FINITE,
    "epoch_finished": EpochFinished(
        **AT,
        train_loss=2.3,
        train_accuracy=0.1,
        test_loss=math.inf,
        test_accuracy=0.1,
        seconds=0.9,
        evaluation_seconds=0.1,
    ),
    "intervention": Intervened(**AT, kind="lr", value=0.5),
    "intervention on a layer": Intervened(**AT, kind="freeze", layer="layer2"),
    "paused": Paused(**AT, reason="by hand"),
    "resumed": Resumed(**AT, reason="after a crash"),
    "a reason that reads like a number": Paused(**AT, reason="inf"),
    "verdict": VerdictChanged(
        **AT,
        state="began",
        kind="vanishing",
        layer=None,
        since_step=1,
        evidence={"ratio": 7.2, "theory": None, "limit": -math.inf},
        text='σ’ ≤ 0.25: "vanishing",\nsince step 1',
        suggestions=("relu", "adam"),
    ),
    "run_finished": FINISHED,
    "run_finished, diverged": RunFinished(
        **AT,
        status=Status.DIVERGED,
        epochs=1,
        steps=2,
        test_loss=None,
        test_accuracy=None,
        best_test_accuracy=None,
        seconds=0.1,
        weights_sha256="00ff",
        first_bad_step=2,
        nonfinite=("output",),
    ),
    "run_finished, failed": RunFinished(
        **AT,
        status=Status.FAILED,
        epochs=0,
        steps=0,
        test_loss=None,
        test_accuracy=None,
        best_test_accuracy=None,
        seconds=0.0,
        weights_sha256=None,
        error="RuntimeError: nan",
        traceback="Traceback (most recent call last):\n …",
    ),
}

COMMON = {"event", "run", "step", "epoch", "stage", "time"}
PROMISED: dict[str, set[str]] = {
    "run_started": {
        "schema", "scenario", "seed", "device", "threads", "data", "versions", "parameters",
    },
    "stage_started": {"trainable", "frozen"},
    "sample": {"loss", "accuracy", "lr", "layers"},
    "epoch_finished": {
        "train_loss", "train_accuracy", "test_loss", "test_accuracy", "seconds", "evaluation_seconds",
    },
    "intervention": {"kind", "layer", "value"},
    "paused": {"reason"},
    "resumed": {"reason"},
    "verdict": {"state", "kind", "layer", "since_step", "evidence", "text", "try"},
    "run_finished": {
        "status", "epochs", "steps", "test_loss", "test_accuracy", "best_test_accuracy", "seconds",
        "weights_sha256",
    },
}  # fmt: skip
LAYER = [
    "name", "grad_norm", "delta_norm", "update_ratio", "unmoved", "weight_norm", "activation_mean",
    "activation_std", "sample_std", "saturated", "inactive", "dead", "frozen",
]  # fmt: skip


def refuse(constant: str) -> float:
    raise AssertionError(f"{constant} is not JSON")


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_is_read_back_from_its_line_as_it_was(name: str) -> None:
    event = EVENTS[name]
    again = from_line(to_line(event))
    assert type(again) is type(event)
    assert repr(again) == repr(event)  # nan is equal to nothing, but it looks the same


@pytest.mark.parametrize("name", EVENTS)
def test_a_line_is_one_line_of_strict_json(name: str) -> None:
    line = to_line(EVENTS[name])
    assert "\n" not in line
    record = json.loads(line, parse_constant=refuse)
    assert record == to_record(EVENTS[name])


@pytest.mark.parametrize("kind", PROMISED)
def test_the_names_that_programs_rely_on_are_there(kind: str) -> None:
    record = json.loads(to_line(EVENTS[kind]))
    assert record["event"] == kind
    assert COMMON | PROMISED[kind] <= record.keys()


def test_every_kind_of_event_is_in_the_table() -> None:
    assert {event.event for event in EVENTS.values()} == PROMISED.keys()


def test_a_sample_s_layers_hold_every_quantity_by_its_name_null_where_it_does_not_apply() -> None:
    layer = json.loads(to_line(SAMPLE))["layers"][0]
    assert list(layer) == LAYER
    assert layer["grad_norm"] == 1e-12
    assert layer["dead"] is None
    assert layer["frozen"] is False


def test_data_and_scenario_hold_what_is_promised() -> None:
    record = json.loads(to_line(STARTED))
    assert record["schema"] == 1
    assert {"name", "source", "train", "test"} <= record["data"].keys()
    assert record["scenario"]["id"] == "small"


def test_numbers_that_are_not_finite_travel_as_strings() -> None:
    record = json.loads(to_line(NOT_FINITE), parse_constant=refuse)
    assert (record["loss"], record["lr"]) == ("nan", "inf")
    assert record["layers"][0]["activation_mean"] == "-inf"


def test_a_diverged_run_says_when_and_where_and_a_finished_one_does_not() -> None:
    diverged = json.loads(to_line(EVENTS["run_finished, diverged"]))
    assert (diverged["first_bad_step"], diverged["nonfinite"]) == (2, ["output"])
    assert diverged["test_loss"] is None
    assert not {"first_bad_step", "nonfinite", "error", "traceback"} & to_record(FINISHED).keys()


def test_texts_are_written_as_they_are() -> None:
    assert "σ’ ≤ 0.25" in to_line(EVENTS["verdict"])


def test_the_name_of_a_folder_that_is_no_utf_8_can_be_written() -> None:
    odd = os.fsdecode(b"/data/\xff")
    line = to_line(replace(STARTED, data={**STARTED.data, "source": odd}))
    assert json.loads(line.encode())["data"]["source"] == "/data/?"


def test_kinds_that_a_newer_version_wrote_are_passed_over() -> None:
    assert from_line('{"event": "weather_changed", "run": "x"}') is None
    assert from_line("{}") is None


def test_fields_that_a_newer_version_added_are_passed_over() -> None:
    record = to_record(SAMPLE) | {"mood": "fine"}
    record["layers"] = [{**layer, "colour": "red"} for layer in record["layers"]]
    assert from_record(record) == SAMPLE


def test_a_quantity_that_an_older_version_did_not_write_is_null() -> None:
    record = to_record(SAMPLE)
    for layer in record["layers"]:
        del layer["dead"]
    assert from_record(record) == SAMPLE


@pytest.mark.parametrize("line", ["", "{", "not json", '"text"', "[1]", "null"])
def test_a_line_that_is_no_json_object_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        from_line(line)


def test_a_missing_field_is_refused() -> None:
    record = to_record(SAMPLE)
    del record["loss"]
    with pytest.raises(TypeError, match="loss"):
        from_record(record)


@pytest.mark.parametrize(
    ("field", "value"),
    [("step", "9"), ("time", None), ("loss", "much"), ("layers", [{"name": 3}]), ("layers", ["layer1"])],
)
def test_a_field_of_another_kind_is_refused(field: str, value: object) -> None:
    with pytest.raises(TypeError, match=r"cannot be|not a JSON object"):
        from_record(to_record(SAMPLE) | {field: value})


def test_a_whole_number_is_accepted_for_any_number() -> None:
    record = to_record(SAMPLE) | {"loss": 2, "time": 0}
    assert from_record(record) == replace(SAMPLE, loss=2.0, time=0.0)


def test_only_the_four_ends_are_ends() -> None:
    ended = {status for status in Status if status.ended}
    assert ended == {Status.FINISHED, Status.STOPPED, Status.DIVERGED, Status.FAILED}


def test_events_cannot_be_changed() -> None:
    for event in EVENTS.values():
        for field in fields(event):
            with pytest.raises(AttributeError):
                setattr(event, field.name, None)
