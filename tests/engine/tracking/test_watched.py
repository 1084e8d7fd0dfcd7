"""The fold of a watched run: the events that the recorder wrote for a script of the user's."""

import math
from dataclasses import replace

import pytest

from engine.protocol.spec import NotARunSpec, RunSpec
from engine.tracking.facts import frozen_layers, learning_rate, rate_factor
from engine.tracking.order import Order, OutOfOrder
from engine.tracking.snapshot import RunView, Snapshot
from tests.engine import made_up_watched as made_up
from vanish_recorder.protocol.codec import from_line, to_line
from vanish_recorder.protocol.events import RESTARTED, Intervened, Resumed, RunEvent
from vanish_recorder.protocol.status import Status
from vanish_recorder.protocol.structure import TensorSpec


def fold(*events: RunEvent) -> Snapshot:
    """The events through the codec, as a log holds them, and then through the fold."""
    view = RunView(made_up.RUN, RunSpec.of_watched(made_up.description()), 0)
    for event in events:
        read = from_line(to_line(event))
        assert read is not None
        view.apply(read)
    return view.snapshot()


def test_the_blocks_of_a_watched_run_are_its_layers() -> None:
    what = made_up.structure(blocks=3)
    seen = fold(*made_up.course([1, 11], what, falls_by=10.0))
    assert seen.spec.is_watched
    assert seen.scenario_id == "gpt-small"
    assert seen.has_begun
    assert seen.spec.title == "train.py --layers 4"
    assert seen.spec.layer_names == tuple(layer.name for layer in seen.layers) == ("h.0", "h.1", "h.2")
    assert [layer.delta_norm for layer in seen.layers] == pytest.approx([0.01, 0.1, 1.0])
    assert [layer.grad_norm for layer in seen.layers] == pytest.approx([0.03, 0.3, 3.0])
    assert not any(layer.frozen for layer in seen.layers)
    assert (seen.status, seen.step, seen.lr) == (Status.RUNNING, 11, 3e-4)
    assert seen.finite_layers == seen.layers
    assert len(seen.charts.profiles) == 2
    assert seen.structure == what
    assert seen.measured is not None
    assert seen.measured.step == 11


def test_without_blocks_the_layers_are_the_modules_that_own_matrices() -> None:
    def tensor(name: str, role: str, *shape: int) -> TensorSpec:
        return TensorSpec(name=name, shape=shape, dtype="float32", role=role)  # type: ignore[arg-type]

    what = made_up.structure(
        0,
        tensors=(
            tensor("rnn.weight_ih", "matrix", 3, 1),
            tensor("rnn.weight_hh", "matrix", 1, 1),
            tensor("rnn.bias", "bias", 3),
            tensor("norm.weight", "norm", 3),
            tensor("scale", "matrix", 2, 2),
        ),
    )
    sample = made_up.measured(
        1,
        what,
        blocks={},
        tensors={
            "grad_norm": (3.0, 4.0, 100.0, 1.0, None),
            "weight_norm": (6.0, 8.0, 0.0, 1.0, 2.0),
            "update_ratio": (0.1, 0.1, None, 0.5, 0.0),
            "unmoved": (0.0, 1.0, 0.0, 0.0, None),
        },
        states="sssff",
    )
    rnn, scale = fold(made_up.started(), what, sample).layers
    assert (rnn.name, rnn.frozen, scale.name, scale.frozen) == ("rnn", False, "scale", True)
    assert (rnn.grad_norm, rnn.weight_norm) == (5.0, 10.0)
    assert rnn.update_ratio == pytest.approx(0.1)  # both matrices changed by a tenth, so together, too
    assert rnn.unmoved == 0.25  # one number of four
    assert (scale.grad_norm, scale.unmoved, scale.update_ratio) == (None, None, 0.0)


def test_a_structure_that_is_found_again_replaces_the_layers() -> None:
    small, large = made_up.structure(blocks=2), made_up.structure(blocks=5, **made_up.at(5))
    seen = fold(*made_up.course([1], small), large, made_up.measured(6, large))
    assert len(seen.layers) == len(seen.spec.layers) == 5
    assert [len(profile.layers) for profile in seen.charts.profiles] == [2, 5]


def test_a_loss_is_a_chart_and_every_other_number_a_series_by_name() -> None:
    what = made_up.structure()
    samples = [
        made_up.measured(step, what, logged={"loss": 2.0, "grad_norm": 0.5 * step}) for step in (1, 2, 3)
    ]
    seen = fold(made_up.started(), what, *samples)
    assert [point.value for point in seen.charts.batch_loss] == [2.0, 2.0, 2.0]
    assert seen.watched is not None
    assert [point.value for point in seen.watched.series["grad_norm"]] == [0.5, 1.0, 1.5]
    assert seen.logged == {"loss": 2.0, "grad_norm": 1.5}
    assert (seen.loss, seen.lr) == (2.0, None)


def test_a_script_that_logs_no_loss_has_none() -> None:
    seen = fold(*made_up.course([1, 2], loss=None))
    assert (seen.loss, seen.charts.batch_loss, seen.logged) == (None, (), {})
    assert seen.finite_layers == seen.layers != ()


def test_epochs_fill_the_usual_charts_with_what_was_logged() -> None:
    what = made_up.structure()
    seen = fold(
        *made_up.course([1], what),
        made_up.epoch_logged(10, 1, train_loss=1.5, test_accuracy=0.5, perplexity=9.0),
        made_up.epoch_logged(20, 2, train_loss=1.2, test_accuracy=0.4),
    )
    assert [point.value for point in seen.charts.train_loss] == [1.5, 1.2]
    assert [point.value for point in seen.charts.test_accuracy] == [0.5, 0.4]
    assert (seen.charts.test_loss, seen.charts.train_accuracy) == ((), ())
    assert seen.last_epoch is not None
    assert (seen.last_epoch.test_loss, seen.last_epoch.test_accuracy) == (None, 0.4)
    assert seen.best_test_accuracy == 0.5
    assert [each.epoch for each in seen.results] == [1, 2]
    assert seen.watched is not None
    assert [point.value for point in seen.watched.epoch_series["perplexity"]] == [9.0]


def test_an_accuracy_in_percent_is_a_series_but_no_share() -> None:
    seen = fold(*made_up.course([1]), made_up.epoch_logged(10, 1, test_accuracy=97.5))
    assert seen.watched is not None
    assert seen.logged["test_accuracy"] == 97.5
    assert [point.value for point in seen.watched.epoch_series["test_accuracy"]] == [97.5]
    assert (seen.charts.test_accuracy, seen.best_test_accuracy, seen.results) == ((), None, ())


def test_nothing_is_planned_for_a_watched_run() -> None:
    seen = fold(*made_up.course())
    assert (seen.epochs, seen.steps, seen.course.ends, seen.course.stage_ends) == (0, 0, 0, 0)
    assert seen.images_per_second is None
    assert seen.seconds_per_step == pytest.approx(made_up.SECONDS_PER_STEP)


def test_how_much_measuring_costs_is_a_share_of_the_latest_time() -> None:
    seen = fold(*made_up.course(range(1, 101, 10)))
    assert seen.watched is not None
    assert seen.watched.cost == pytest.approx(0.001 / (10 * made_up.SECONDS_PER_STEP))


def change(step: int, kind: str, value: float | None = None, layer: str | None = None) -> Intervened:
    return Intervened(**made_up.at(step), kind=kind, value=value, layer=layer)  # type: ignore[arg-type]


def test_what_is_changed_by_hand_acts_until_the_script_is_started_again() -> None:
    what = made_up.structure()
    changes = (
        change(11, "lr_factor", 0.5),
        change(11, "every", 2.0),
        change(11, "freeze", layer="h.1"),
        change(11, "freeze", layer="h.2"),
        change(11, "unfreeze", layer="h.1"),
    )
    seen = fold(*made_up.course([1, 11], what), *changes)
    assert rate_factor(seen) == 0.5
    assert learning_rate(seen) == pytest.approx(1.5e-4)
    assert frozen_layers(seen) == {"h.2"}
    assert len(seen.interventions) == 5
    again = Resumed(**made_up.at(11), reason=RESTARTED)
    seen = fold(*made_up.course([1, 11], what), *changes, made_up.disabled(11), again)
    assert rate_factor(seen) == 1.0
    assert frozen_layers(seen) == frozenset()
    assert seen.watched is not None
    assert not seen.watched.disabled
    assert seen.status is Status.RUNNING
    seen = fold(*made_up.course([1, 11], what), *changes, again, change(11, "lr_factor", 3.0))
    assert rate_factor(seen) == 3.0


def test_a_second_segment_follows_the_end_of_the_first() -> None:
    what, order = made_up.structure(), Order()
    events = (
        *made_up.course([1, 11], what),
        made_up.finished(15, status=Status.STOPPED),
        Resumed(**made_up.at(15), reason=RESTARTED),
        replace(what, **made_up.at(15)),
        made_up.measured(16, what),
        made_up.finished(20),
    )
    for event in events:
        order.check(event)
    assert fold(*events[:-1]).status is Status.RUNNING
    seen = fold(*events)
    assert seen.status is Status.FINISHED
    assert [each.step for each in seen.charts.profiles] == [1, 11, 16]


def test_a_sample_is_taken_at_most_once_at_a_step_and_a_log_begins_once() -> None:
    what, order = made_up.structure(), Order()
    for event in made_up.course([1, 11], what):
        order.check(event)
    with pytest.raises(OutOfOrder):
        order.check(made_up.measured(11, what))
    with pytest.raises(OutOfOrder):
        order.check(made_up.started())


def test_histograms_and_failed_parts_are_kept() -> None:
    seen = fold(*made_up.course([1]), made_up.histograms(5, "h.1"), made_up.disabled(7))
    assert seen.watched is not None
    assert seen.watched.histograms["h.1"].histograms["weights"][:2] == (-0.5, 0.5)
    assert seen.watched.disabled["activations"].reason == "RuntimeError: no"


def test_numbers_that_are_not_finite_are_shown_and_the_last_finite_profile_is_kept() -> None:
    what = made_up.structure(blocks=2)
    bad = made_up.measured(11, what, loss=math.nan)
    seen = fold(*made_up.course([1], what), bad)
    assert seen.loss is not None
    assert math.isnan(seen.loss)
    assert seen.finite_layers_step == 1


def test_columns_that_are_too_short_leave_the_last_blocks_without_numbers() -> None:
    what = made_up.structure(blocks=3)
    seen = fold(*made_up.course([1], what, blocks={"delta_norm": (1.0,), "unheard_of": (1.0,) * 3}))
    assert [layer.delta_norm for layer in seen.layers] == [1.0, None, None]


def test_many_layers_keep_fewer_profiles() -> None:
    what = made_up.structure(blocks=1024, tensors_per_block=2)
    seen = fold(*made_up.course(range(1, 101), what))
    assert len(seen.charts.profiles) <= 33
    assert seen.charts.profiles[-1].step == 100


@pytest.mark.parametrize(
    "record",
    [None, {}, {"name": ""}, {"name": 3}, {"name": "x", "script": 1}, {"name": "x", "arguments": [1]}],
)
def test_a_damaged_description_is_refused(record: object) -> None:
    with pytest.raises(NotARunSpec):
        RunSpec.of_watched(record)
