import math
import threading
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest

import scenarios
from engine.meanfield.prediction import Prediction, predict
from engine.protocol.spec import RunSpec
from engine.tracking.snapshot import Snapshot
from tests.tui.fake_engine import FakeEngine, FakeRun
from tests.tui.lab_bench import opened
from tui_vanish.drawing.text import Piece
from tui_vanish.monitor import theory_marks
from tui_vanish.monitor.theory_marks import passed_on
from vanish_recorder.protocol.quantities import QUANTITIES


def trained(scenario: str) -> tuple[Snapshot, Prediction]:
    loaded = scenarios.load(scenario)
    run = FakeRun(FakeEngine(), "r", loaded, 42)
    run.start()
    run.sample(1)
    return run.view.snapshot(), predict(loaded)


def text(row: tuple[Piece, ...]) -> str:
    return "".join(piece.text for piece in row)


def test_the_marks_of_delta_are_the_prediction_for_every_layer() -> None:
    run, prediction = trained("depth-7")
    marks = theory_marks.marks(run, QUANTITIES["delta_norm"], prediction)
    assert marks == {layer.name: layer.delta_norm for layer in prediction.layers}


def test_other_kinds_of_network_have_no_prediction() -> None:
    assert theory_marks._predict(RunSpec.of(scenarios.load("depth-7").resolved())) is not None
    assert theory_marks._predict(RunSpec.of(scenarios.load("resnet-20").resolved())) is None


def test_the_weight_gradient_is_marked_only_where_the_theory_is_valid() -> None:
    run, prediction = trained("depth-7")
    assert prediction.no_grad_norm == ""
    assert set(theory_marks.marks(run, QUANTITIES["grad_norm"], prediction)) == {
        layer.name for layer in run.layers
    }
    run, prediction = trained("linear-exploding")
    assert prediction.no_grad_norm
    assert theory_marks.marks(run, QUANTITIES["grad_norm"], prediction) == {}
    assert theory_marks.marks(run, QUANTITIES["delta_norm"], prediction)


@pytest.mark.parametrize("quantity", ["update_ratio", "activation_std", "saturated"])
def test_what_theory_does_not_predict_has_no_marks(quantity: str) -> None:
    run, prediction = trained("depth-7")
    assert theory_marks.marks(run, QUANTITIES[quantity], prediction) == {}


def test_a_later_stage_has_no_marks_because_it_begins_with_trained_layers() -> None:
    run, prediction = trained("staged")
    assert theory_marks.marks(run, QUANTITIES["delta_norm"], prediction)
    later = replace(run, stage=2)
    assert theory_marks.marks(later, QUANTITIES["delta_norm"], prediction) == {}
    assert "theory" not in text(theory_marks.in_words(later, prediction))


def test_the_measured_and_the_predicted_factor_are_shown() -> None:
    run, prediction = trained("depth-7")
    assert text(theory_marks.in_words(run, prediction)) == "each layer passes on 1/7.2; theory 1/7.21 ┊"
    assert text(theory_marks.in_words(run, None)) == "each layer passes on 1/7.2"
    unmarked = theory_marks.in_words(run, prediction, marked=False)
    assert text(unmarked) == "each layer passes on 1/7.2; theory 1/7.21"


def test_with_less_room_the_text_is_shorter() -> None:
    run, prediction = trained("depth-7")
    said = {text(theory_marks.in_words(run, prediction, room=room)) for room in range(50)}
    full = "each layer passes on 1/7.2; theory 1/7.21 ┊"
    assert said == {full, "passes on 1/7.2; theory 1/7.21 ┊", "passes on 1/7.2", ""}


def test_without_a_measurement_the_text_is_empty() -> None:
    run, prediction = trained("depth-7")
    assert theory_marks.in_words(replace(run, finite_layers=()), prediction) == ()


def test_layers_without_a_delta_are_left_out_of_the_measured_factor() -> None:
    run, _ = trained("depth-7")
    layers = tuple(
        replace(layer, delta_norm=None) if layer.name in ("layer1", "layer2") else layer
        for layer in run.finite_layers
    )
    factor = theory_marks.measured_factor(replace(run, finite_layers=layers))
    assert factor is not None
    assert math.isclose(factor, 7.2, rel_tol=1e-9)
    nothing = tuple(replace(layer, delta_norm=0.0) for layer in run.finite_layers)
    assert theory_marks.measured_factor(replace(run, finite_layers=nothing)) is None


@pytest.mark.parametrize(
    ("factor", "words"),
    [
        (7.213, "1/7.2"),
        (99.99, "1/100"),
        (1.0, "1×"),
        (0.31, "3.2×"),
        (0.1, "10×"),
        (123456.0, "1/1.2e5"),
    ],
)
def test_what_a_layer_passes_on_is_the_inverse_of_the_growth_towards_the_output(
    factor: float, words: str
) -> None:
    assert passed_on(factor) == words


async def test_a_frame_does_not_wait_for_its_prediction(tmp_path: Path) -> None:
    begun, may_continue = threading.Event(), threading.Event()

    def slow(spec: RunSpec) -> Prediction | None:
        begun.set()
        assert may_continue.wait(30)
        return real(spec)

    real = theory_marks._predict
    with patch.object(theory_marks, "_predict", slow):
        async with opened(tmp_path) as bench:
            run = await bench.train(ready=False)
            run.start()
            run.sample(1)
            bench.app.poller.poll()
            await bench.pilot.pause()
            assert begun.wait(30)
            assert "each layer passes on 1/7.2" in bench.text
            assert "theory" not in bench.text
            may_continue.set()
            await bench.app.workers.wait_for_complete()
            await bench.settle()
            assert "each layer passes on 1/7.2; theory 1/7.21 ┊" in bench.text
