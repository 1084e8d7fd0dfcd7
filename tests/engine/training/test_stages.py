"""The staged schedule as the course does it, and layers frozen and thawed by hand.

It is long because every way to end, freeze and skip a stage is tried on the same schedule.
"""

import pytest
import torch
from torch import Tensor

import scenarios
from engine.networks.mlp import Layer
from engine.protocol.commands import CannotFreeze
from engine.randomness import generator
from engine.training.evaluation import weights_sha256
from engine.training.schedule import plan
from engine.training.trainer import Trainer
from scenarios.schema import Scenario
from tests.engine.lab import begin, make_scenario, number, of_kind, random_data, train
from vanish_recorder.protocol.events import (
    EpochFinished,
    Intervened,
    RunFinished,
    RunStarted,
    Sample,
    StageStarted,
)
from vanish_recorder.protocol.status import Status

COURSE_STAGES = [
    {"sub_models": [2], "train": [1]},
    {"sub_models": [2, 2], "train": [2]},
    {"sub_models": [2, 2], "train": [1, 2]},
    {"sub_models": [2, 2, 2], "train": [3]},
    {"sub_models": [2, 2, 2], "train": [1, 2, 3]},
    {"sub_models": [2, 2, 2, 1], "train": [4]},
    {"sub_models": [2, 2, 2, 1], "train": [1, 2, 3, 4]},
]

# layers held, and layers frozen
COURSE_LAYERS = [(2, 0), (4, 2), (4, 0), (6, 4), (6, 0), (7, 6), (7, 0)]


def staged(changes: dict[str, object] | None = None) -> Scenario:
    """The course's seven stages with a narrow network, an epoch each."""
    return make_scenario(
        {"model.hidden_layers": 7, "stages": COURSE_STAGES, "training.epochs": 1, **(changes or {})}
    )


def names(first: int, last: int) -> tuple[str, ...]:
    return tuple(f"layer{place}" for place in range(first, last + 1))


def at_stage(stage: int, changes: dict[str, object] | None = None) -> Trainer:
    """A trainer at the beginning of a stage."""
    trainer, events = begin(staged(changes), random_data())
    while len(of_kind(events, StageStarted)) < stage:
        trainer.step()
    return trainer


def state(layer: Layer) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in layer.module.state_dict().items()}


def same(before: dict[str, Tensor], layer: Layer) -> bool:
    return all(torch.equal(before[name], tensor) for name, tensor in layer.module.state_dict().items())


# --------------------------------------------------------------------------- the seven stages


def test_the_catalogue_s_staged_scenario_is_the_course_s_schedule() -> None:
    scenario = scenarios.load("staged")
    assert [stage.model_dump() for stage in scenario.stages] == [
        {"sub_models": tuple(stage["sub_models"]), "train": tuple(stage["train"])} for stage in COURSE_STAGES
    ]
    assert scenario.training.epochs == 100


def test_each_stage_holds_and_freezes_what_the_course_says() -> None:
    trainer, events = begin(staged(), random_data())
    train(trainer)
    assert of_kind(events, RunStarted)[0].stages == 7
    stages = of_kind(events, StageStarted)
    expected = [((*names(frozen + 1, held), "output"), names(1, frozen)) for held, frozen in COURSE_LAYERS]
    assert [(stage.trainable, stage.frozen) for stage in stages] == expected
    assert [stage.stage for stage in stages] == list(range(1, 8))
    assert [stage.epoch for stage in stages] == list(range(7))  # an epoch each lies behind it
    (end,) = of_kind(events, RunFinished)
    assert (end.status, end.epochs, end.steps, end.stage) == (Status.FINISHED, 7, 21, 7)


def test_only_layers_that_the_stage_holds_are_measured() -> None:
    trainer, events = begin(staged(), random_data())
    train(trainer)
    for sample in of_kind(events, Sample):
        held, frozen = COURSE_LAYERS[sample.stage - 1]
        assert [layer.name for layer in sample.layers] == [*names(1, held), "output"]
        assert [layer.name for layer in sample.layers if layer.frozen] == list(names(1, frozen))


def test_sub_models_are_built_once_and_carry_on_what_they_learnt() -> None:
    trainer, _events = begin(staged(), random_data())
    seen: dict[str, Layer] = {}
    while trainer.status is Status.RUNNING:
        for layer in trainer.mlp.layers[:-1]:
            assert seen.setdefault(layer.name, layer) is layer
        trainer.step()
    assert list(seen) == list(names(1, 7))


def test_the_run_announces_the_parameters_of_the_whole_network() -> None:
    _, events = begin(staged(), random_data())
    weights = 784 * 16 + 6 * 16 * 16 + 16 * 10
    assert of_kind(events, RunStarted)[0].parameters == weights + 7 * 16 + 10


def test_every_stage_puts_a_new_output_layer_on_top() -> None:
    trainer, events = begin(staged(), random_data(), seed=6)
    heads: list[Tensor] = []
    for stage in range(1, 8):
        head = trainer.mlp.layers[-1]
        expected = torch.empty(10, 16).uniform_(-1 / 4, 1 / 4, generator=generator(6, "head", stage))
        assert torch.equal(head.weight.detach(), expected)
        assert head.bias.detach().abs().max() <= 1 / 4
        assert head.bias.detach().any()
        heads.append(expected)
        while len(of_kind(events, StageStarted)) == stage and trainer.status is Status.RUNNING:
            trainer.step()
    assert len({tuple(head.flatten().tolist()) for head in heads}) == 7


def test_a_plain_scenario_keeps_the_output_layer_that_was_drawn_with_the_others() -> None:
    (stage,) = plan(make_scenario())
    assert (stage.hidden, stage.frozen, stage.fresh_head) == (3, frozenset(), False)


@pytest.mark.parametrize("optimizer", [{"name": "sgd", "lr": 0.1, "momentum": 0.9}, {"name": "adam"}])
def test_every_stage_gets_a_fresh_optimizer(optimizer: dict[str, object]) -> None:
    trainer, events = begin(staged({"optimizer": optimizer}), random_data())
    train(trainer, 2)
    before = trainer.optimizer
    assert any(before.state_dict().get(key) for key in ("velocity", "first"))
    train(trainer, 1)
    assert len(of_kind(events, StageStarted)) == 2
    assert trainer.optimizer is not before
    assert not any(trainer.optimizer.state_dict().get(key) for key in ("velocity", "first"))


# -------------------------------------------------------------------------- what is frozen


@pytest.mark.parametrize("norm", ["none", "batch", "layer"])
@pytest.mark.parametrize("optimizer", [{"name": "sgd", "lr": 0.5, "momentum": 0.9}, {"name": "adam"}])
def test_frozen_sub_models_stay_bit_identical_with_their_running_statistics(
    norm: str, optimizer: dict[str, object]
) -> None:
    trainer = at_stage(4, {"model.norm": norm, "optimizer": optimizer, "training.epochs": 2})
    frozen, trained = trainer.mlp.layers[:4], trainer.mlp.layers[4:-1]
    before = [state(layer) for layer in trainer.mlp.layers[:-1]]
    train(trainer, 5)  # past an evaluation
    assert all(same(old, layer) for old, layer in zip(before[:4], frozen, strict=True))
    assert not any(same(old, layer) for old, layer in zip(before[4:], trained, strict=True))


def test_an_unfrozen_sub_model_trains_again_and_its_running_statistics_move() -> None:
    trainer = at_stage(3, {"model.norm": "batch", "optimizer.lr": 1.0})
    layer = trainer.mlp.layers[0]
    before = state(layer)
    train(trainer, 1)
    changed = [name for name, old in before.items() if not torch.equal(old, layer.module.state_dict()[name])]
    assert changed == list(before)


def test_frozen_layers_have_null_for_what_was_not_computed() -> None:
    trainer, events = begin(staged(), random_data())
    train(trainer)
    samples = [sample for sample in of_kind(events, Sample) if sample.stage == 4]
    assert samples
    for sample in samples:
        for layer in sample.layers[:4]:
            assert layer.frozen
            assert (layer.grad_norm, layer.delta_norm, layer.update_ratio, layer.unmoved) == (None,) * 4
            assert None not in (layer.weight_norm, layer.activation_std, layer.sample_std, layer.saturated)
        for layer in sample.layers[4:]:
            assert not layer.frozen
            assert None not in (layer.grad_norm, layer.delta_norm, layer.update_ratio)


@pytest.mark.parametrize("norm", ["none", "batch"])
def test_a_frozen_bottom_gets_no_gradients(norm: str) -> None:
    trainer = at_stage(6, {"model.norm": norm})
    train(trainer, 1)
    gradients = [p.grad for layer in trainer.mlp.layers[:6] for p in layer.module.parameters()]
    assert all(gradient is None for gradient in gradients)


# ------------------------------------------------------------------------ frozen by hand


def test_freezing_a_middle_layer_still_passes_the_gradient_on() -> None:
    trainer, events = begin(make_scenario({"optimizer.momentum": 0.9}), random_data())
    train(trainer, 2)  # so that there is momentum
    trainer.freeze("layer2", frozen=True)
    before = [state(layer) for layer in trainer.mlp.layers[:-1]]
    train(trainer, 1)
    moved = [not same(old, layer) for old, layer in zip(before, trainer.mlp.layers[:-1], strict=True)]
    assert moved == [True, False, True]
    layers = of_kind(events, Sample)[-1].layers
    assert [layer.frozen for layer in layers] == [False, True, False, False]
    assert (layers[1].grad_norm, layers[1].update_ratio, layers[1].unmoved) == (None, None, None)
    assert number(layers[0].grad_norm) > 0
    assert number(layers[1].delta_norm) > 0  # computed on the way to layer1


def test_the_layers_below_a_frozen_one_get_the_gradient_they_would_have_got() -> None:
    free, frozen = begin(make_scenario(), random_data()), begin(make_scenario(), random_data())
    frozen[0].freeze("layer2", frozen=True)
    for trainer, _ in (free, frozen):
        train(trainer, 1)
    ours, theirs = (of_kind(events, Sample)[0].layers for _, events in (free, frozen))
    assert ours[0] == theirs[0]
    assert ours[2:] == theirs[2:]


def test_unfreezing_by_hand_lets_the_layer_train_again() -> None:
    trainer, events = begin(make_scenario(), random_data())
    trainer.freeze("layer1", frozen=True)
    train(trainer, 1)
    trainer.freeze("layer1", frozen=False)
    before = state(trainer.mlp.layers[0])
    train(trainer, 1)
    assert not same(before, trainer.mlp.layers[0])
    assert [(event.kind, event.layer) for event in of_kind(events, Intervened)] == [
        ("freeze", "layer1"),
        ("unfreeze", "layer1"),
    ]


def test_freezing_twice_is_said_once() -> None:
    trainer, events = begin(make_scenario(), random_data())
    trainer.freeze("output", frozen=True)
    trainer.freeze("output", frozen=True)
    assert len(of_kind(events, Intervened)) == 1


def test_the_last_layer_that_trains_cannot_be_frozen() -> None:
    trainer, _ = begin(make_scenario({"model.hidden_layers": 1}), random_data())
    trainer.freeze("output", frozen=True)
    with pytest.raises(CannotFreeze, match="layer1 is the last layer that trains"):
        trainer.freeze("layer1", frozen=True)
    train(trainer, 1)


def test_a_layer_that_the_stage_does_not_hold_cannot_be_frozen() -> None:
    trainer, _ = begin(staged(), random_data())
    with pytest.raises(CannotFreeze, match="layer3 is not built in stage 1"):
        trainer.freeze("layer3", frozen=True)


def test_a_layer_frozen_by_hand_trains_again_in_the_next_stage() -> None:
    trainer, events = begin(staged(), random_data())
    trainer.freeze("layer2", frozen=True)
    train(trainer, 9)
    stage = of_kind(events, StageStarted)[2]
    assert "layer2" in stage.trainable


# --------------------------------------------------------------------- other interventions


def test_a_learning_rate_set_by_hand_holds_in_the_stages_to_come() -> None:
    trainer, events = begin(staged(), random_data())
    train(trainer, 1)
    trainer.set_learning_rate(0.0)
    before = state(trainer.mlp.layers[0])
    train(trainer, 2 + 3)
    assert same(before, trainer.mlp.layers[0])
    assert {sample.lr for sample in of_kind(events, Sample)[1:]} == {0.0}
    (event,) = of_kind(events, Intervened)
    assert (event.kind, event.value, event.step) == ("lr", 0.0, 1)


def test_the_next_stage_can_be_called_in_the_middle_of_an_epoch() -> None:
    trainer, events = begin(staged({"training.epochs": 5}), random_data())
    train(trainer, 2)
    trainer.next_stage()
    (epoch,) = of_kind(events, EpochFinished)  # what was trained of it is evaluated
    assert (epoch.step, epoch.epoch, epoch.stage) == (2, 1, 1)
    assert [stage.stage for stage in of_kind(events, StageStarted)] == [1, 2]
    train(trainer, 1)
    assert (events[-1].step, events[-1].epoch, events[-1].stage) == (3, 2, 2)


def test_after_the_last_stage_the_next_one_is_the_end() -> None:
    trainer, events = begin(make_scenario(), random_data())
    trainer.next_stage()
    assert trainer.status is Status.FINISHED
    assert of_kind(events, RunFinished)[0].status is Status.FINISHED


def test_a_smaller_budget_ends_the_stage_with_its_present_epoch() -> None:
    trainer, events = begin(make_scenario({"training.epochs": 50}), random_data())
    train(trainer, 4)  # three steps an epoch
    trainer.set_epochs(1)
    assert trainer.status is Status.RUNNING
    train(trainer)
    assert of_kind(events, RunFinished)[0].epochs == 2


def test_a_smaller_budget_between_two_epochs_ends_the_stage_at_once() -> None:
    trainer, _ = begin(make_scenario({"training.epochs": 50}), random_data())
    train(trainer, 6)
    trainer.set_epochs(2)
    assert trainer.status is Status.FINISHED


def test_a_larger_budget_trains_on() -> None:
    trainer, events = begin(make_scenario({"training.epochs": 1}), random_data())
    trainer.set_epochs(3)
    train(trainer)
    assert of_kind(events, RunFinished)[0].epochs == 3


def test_stopping_keeps_what_was_learnt_and_says_where() -> None:
    trainer, events = begin(make_scenario(), random_data())
    train(trainer, 4)
    trainer.stop()
    trainer.stop()
    (end,) = of_kind(events, RunFinished)
    assert (end.status, end.steps, end.epochs) == (Status.STOPPED, 4, 2)
    assert end.weights_sha256 == weights_sha256(trainer.network)
    assert end.test_accuracy == of_kind(events, EpochFinished)[-1].test_accuracy
