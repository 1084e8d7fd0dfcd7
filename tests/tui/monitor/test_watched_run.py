"""A run without a scenario, with layers of any name, is followed, diagnosed and shown like others."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from engine.diagnosis import Diagnosis
from engine.protocol.spec import LayerSpec, RunSpec
from engine.tracking import facts
from engine.tracking.comparison import entrants
from engine.tracking.snapshot import RunView, Snapshot
from tui_vanish.compare import profiles
from tui_vanish.drawing.text import Row
from tui_vanish.monitor import present, theory_marks, verdicts
from tui_vanish.monitor.charts import accuracy_chart, loss_chart
from tui_vanish.monitor.looks import Looks
from tui_vanish.monitor.schedule import blocks
from vanish_recorder.protocol.events import (
    EpochFinished,
    Intervened,
    LayerSample,
    RunEvent,
    RunStarted,
    Sample,
    StageStarted,
    VerdictChanged,
)

NAMES = ("encoder.fc1", "encoder.fc2", "head.linear")
SPEC = RunSpec(
    id="my-classifier",
    layers=(
        LayerSpec(name=NAMES[0], activation="relu"),
        LayerSpec(name=NAMES[1], activation="relu"),
        LayerSpec(name=NAMES[2], role="output"),
    ),
    rate=0.1,
    origin="watched",
)
FADING = (1e-9, 1e-3, 1e-1)  # gradients from the input to the output
STEADY = (0.02, 0.02, 0.04)


def where(step: int, epoch: int = 1) -> dict[str, Any]:
    return {"run": "r", "step": step, "epoch": epoch, "stage": 1, "time": 0.1 * step}


def beginning() -> list[RunEvent]:
    started = RunStarted(
        **{**where(0, 0), "stage": 0},
        schema=1,
        scenario={},
        seed=3,
        device="cpu",
        threads=2,
        data={},
        versions={},
        parameters=1000,
        steps_per_epoch=10,
        stages=1,
    )
    return [started, StageStarted(**where(0, 0), trainable=NAMES, frozen=())]


def sample(step: int, gradients: Sequence[float] = FADING) -> Sample:
    layers = tuple(
        LayerSample(name=name, grad_norm=size, delta_norm=size, update_ratio=size * 1e-3, weight_norm=5.0)
        for name, size in zip(NAMES, gradients, strict=True)
    )
    return Sample(**where(step), loss=2.0, accuracy=0.3, lr=0.1, layers=layers)


def epoch(number: int) -> EpochFinished:
    return EpochFinished(
        **where(10 * number, number),
        train_loss=2.0,
        train_accuracy=0.3,
        test_loss=2.0,
        test_accuracy=0.4,
        seconds=1.0,
        evaluation_seconds=0.1,
    )


def follow(events: Sequence[RunEvent], spec: RunSpec = SPEC) -> tuple[Snapshot, list[VerdictChanged]]:
    view, diagnosis, said = RunView("r", spec, 3), Diagnosis(spec), []
    for event in events:
        view.apply(event)
        for verdict in diagnosis.follow(event):
            view.apply(verdict)
            said.append(verdict)
    return view.snapshot(), said


@pytest.fixture
def run() -> Snapshot:
    return follow([*beginning(), *map(sample, range(1, 11)), epoch(1)])[0]


def words(row: Row) -> str:
    return "".join(piece.text for piece in row)


def test_its_events_are_applied_and_unknown_values_stay_unknown(run: Snapshot) -> None:
    assert run.spec is SPEC
    assert (run.scenario_id, run.step, run.epoch) == ("my-classifier", 10, 1)
    assert (run.epochs, run.steps, run.course.ends, run.images_per_second) == (0, 0, 0, None)
    assert (facts.epochs_per_stage(run), facts.learning_rate(run), facts.stage_count(run)) == (None, 0.1, 1)


def test_its_layers_are_judged_by_their_roles_and_named_as_they_are() -> None:
    _, said = follow([*beginning(), *map(sample, range(1, 11))])
    (vanishing,) = [verdict for verdict in said if verdict.kind == "vanishing"]
    assert vanishing.layer == "encoder.fc1"
    assert vanishing.text == (
        "On average each layer passes on 1/1e6 of the gradient;"
        " encoder.fc1 gets 1e-6 of what encoder.fc2 gets."
    )


def test_a_sentence_lists_layers_by_their_own_names() -> None:
    unfrozen = sample(1, STEADY)
    frozen = replace(unfrozen, layers=tuple(replace(layer, frozen=True) for layer in unfrozen.layers))
    _, said = follow([*beginning(), frozen])
    (verdict,) = [verdict for verdict in said if verdict.kind == "frozen"]
    assert verdict.text.startswith("Encoder.fc1, encoder.fc2 and the output layer: frozen")


def test_without_the_loss_of_guessing_there_is_no_verdict_on_the_progress() -> None:
    events = [sample(step, STEADY) for step in range(1, 11)]
    _, said = follow([*beginning(), *events, *map(epoch, range(1, 9))])
    assert {verdict.kind for verdict in said} <= {"healthy"}


def test_the_bars_and_the_heatmap_have_a_row_per_layer(run: Snapshot) -> None:
    profile = present.bar_profile(run, Looks(), {})
    assert [(row.name, row.built, profile.value(row)) for row in profile.rows] == [
        (name, True, size) for name, size in zip(NAMES, FADING, strict=True)
    ]
    assert profile.accused == verdicts.accused(run) == "encoder.fc1"
    assert present.heat(run, Looks()).names == NAMES


def test_the_heading_and_the_progress_leave_out_what_is_unknown(run: Snapshot) -> None:
    assert words(present.heading(run, 60)) == "my-classifier"
    assert "epoch 1 " in words(present.progress(run, 60))
    assert "1/0" not in words(present.progress(run, 60))
    changed = Intervened(**where(11, 2), kind="lr", value=0.05)
    modified, _ = follow([*beginning(), sample(1), changed])
    assert words(present.heading(modified, 60)) == "my-classifier  changed by hand: lr 0.05"


def test_the_note_begins_with_its_verdict(run: Snapshot) -> None:
    note = present.note(run, "", ())
    assert note.title == "Verdict"
    assert words(note.paragraphs[0]).startswith("VANISHING since step 1. On average each layer passes on")


def test_it_has_charts_and_no_schedule(run: Snapshot) -> None:
    assert blocks(run) == ()
    for chart in (loss_chart(run, Looks().charts), accuracy_chart(run, Looks().charts)):
        assert [len(line.xs) for line in chart.lines] == [10, 1, 1]
    changed = Intervened(**where(11, 2), kind="lr", value=0.05)
    modified, _ = follow([*beginning(), sample(1), changed])
    assert [mark.letter for mark in accuracy_chart(modified, Looks().charts).marks] == ["-"]


def test_there_is_no_prediction_and_the_measured_factor_excludes_the_output(run: Snapshot) -> None:
    assert theory_marks._predict(run.spec) is None
    assert theory_marks.measured_factor(run) == pytest.approx(1e6)


def first_column(*runs: Snapshot) -> list[str]:
    rows = profiles.profile_rows(entrants(runs), 80, ascii=False)
    return [words(row[:1]).strip() for row in rows[1:]]


def test_beside_another_run_its_gradients_have_a_row_per_layer(run: Snapshot) -> None:
    assert first_column(run) == ["…oder.fc1", "…oder.fc2", "…d.linear"]
    shallow_spec = replace(SPEC, id="shallow", layers=SPEC.layers[1:])
    first = sample(1)
    shallow, _ = follow([*beginning(), replace(first, layers=first.layers[1:])], shallow_spec)
    assert first_column(run, shallow) == ["…oder.fc1", "…oder.fc2", "…d.linear"], "their names agree"
    other_spec = replace(SPEC, id="other", layers=(LayerSpec(name="a"), LayerSpec(name="b")))
    layers = tuple(replace(each, name=name) for each, name in zip(first.layers, "ab", strict=False))
    other, _ = follow([*beginning(), replace(first, layers=layers)], other_spec)
    assert first_column(run, other) == ["2 before the last", "1 before the last", "last"], (
        "they are aligned at the output"
    )
