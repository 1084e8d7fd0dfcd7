"""A run has its own randomness: the same seed gives the same run, whatever else the process does."""

import hashlib

import pytest
import torch

from engine.data.fashion_mnist import Dataset
from engine.networks.mlp import build_head, build_hidden
from engine.randomness import epoch_order, generator
from engine.training.evaluation import weights_sha256
from engine.training.trainer import Trainer
from tests.engine.lab import begin, course, make_scenario, of_kind, random_data, train, watch_batches
from vanish_recorder.protocol.events import EpochFinished, RunFinished, RunStarted, Sample

CPU = torch.device("cpu")

VARIED = make_scenario(
    {"model.norm": "batch", "optimizer": {"name": "adam"}, "model.skip": [[1, 3]], "training.epochs": 5}
)


def bits(trainer: Trainer) -> str:
    return weights_sha256(trainer.network)


# -------------------------------------------------------------------------------- the draws


def test_a_draw_depends_on_seed_purpose_and_number_only() -> None:
    torch.manual_seed(1)
    first = torch.rand(4, generator=generator(7, "epoch", 2))
    torch.manual_seed(2)
    torch.rand(9)
    assert torch.equal(first, torch.rand(4, generator=generator(7, "epoch", 2)))
    others = [
        generator(8, "epoch", 2),
        generator(7, "epoch", 3),
        generator(7, "head", 2),
        generator(7, "init"),
    ]
    assert all(not torch.equal(first, torch.rand(4, generator=other)) for other in others)


def test_a_draw_leaves_torch_s_own_random_state_alone() -> None:
    before = torch.get_rng_state()
    build_hidden(make_scenario().mlp, 3, CPU)
    build_head(make_scenario().mlp, 3, 1, CPU)
    epoch_order(3, 1, 50, 2)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_whole_run_leaves_torch_s_own_random_state_alone() -> None:
    before = torch.get_rng_state()
    trainer, _ = begin(VARIED, random_data())
    train(trainer)
    assert torch.equal(torch.get_rng_state(), before)


def test_the_generator_is_seeded_from_the_first_8_bytes_of_sha_256() -> None:
    digest = hashlib.sha256(b"42:epoch:3").digest()
    assert generator(42, "epoch", 3).initial_seed() % 2**64 == int.from_bytes(digest[:8], "little")


def test_an_epoch_visits_every_image_once_in_an_order_of_its_own() -> None:
    first, second = epoch_order(1, 1, 100, 1), epoch_order(1, 2, 100, 1)
    for order in (first, second):
        assert sorted(order.tolist()) == list(range(100))
    assert not torch.equal(first, second)
    assert first.tolist() != list(range(100))


def test_an_epoch_of_ten_passes_visits_every_image_once_in_each() -> None:
    order = epoch_order(1, 1, 50, 10)
    passes = order.view(10, 50)
    assert all(sorted(row.tolist()) == list(range(50)) for row in passes)
    assert len({tuple(row.tolist()) for row in passes}) == 10


def test_a_deeper_network_begins_with_the_same_layers() -> None:
    """Layers are drawn from the input to the output."""
    shallow, _ = build_hidden(course(3).mlp, 9, CPU)
    deep, _ = build_hidden(course(5).mlp, 9, CPU)
    for ours, theirs in zip(shallow, deep, strict=False):
        assert torch.equal(ours.weight, theirs.weight)


# ------------------------------------------------------------------------ epochs and batches


def test_the_last_shorter_batch_is_kept() -> None:
    trainer, events = begin(make_scenario({"training.epochs": 1, "data.batch_size": 32}), random_data(70))
    assert of_kind(events, RunStarted)[0].steps_per_epoch == 3
    batches = watch_batches(trainer)
    train(trainer, 3)
    assert [len(batch) for batch in batches[:3]] == [32, 32, 6]


def test_on_the_sample_an_epoch_has_as_many_steps_as_on_the_full_data(sample_data: Dataset) -> None:
    _, events = begin(course(3), sample_data)
    assert of_kind(events, RunStarted)[0].steps_per_epoch == 118


def test_an_epoch_of_several_passes_trains_on_all_of_them() -> None:
    trainer, events = begin(make_scenario({"training.epochs": 1}), random_data(40, passes=3))
    train(trainer)
    (finished,) = of_kind(events, EpochFinished)
    assert (finished.step, finished.epoch) == (4, 1)  # 120 images in batches of 32


def test_batches_larger_than_the_data_are_the_data() -> None:
    trainer, events = begin(make_scenario({"data.batch_size": 500, "training.epochs": 3}), random_data(40))
    train(trainer)
    assert of_kind(events, RunFinished)[0].steps == 3


# -------------------------------------------------------------------- the same bits, or others


def test_the_same_seed_gives_the_same_bits_and_the_same_numbers() -> None:
    runs = [begin(VARIED, random_data(), seed=3) for _ in range(2)]
    for trainer, _ in runs:
        train(trainer)
    assert bits(runs[0][0]) == bits(runs[1][0])
    first, second = ([(e.step, e.loss, e.layers) for e in of_kind(events, Sample)] for _, events in runs)
    assert first == second


def test_another_seed_gives_other_weights_and_other_batches() -> None:
    (one, _), (two, _) = begin(VARIED, random_data(), seed=3), begin(VARIED, random_data(), seed=4)
    assert bits(one) != bits(two)
    first, second = watch_batches(one), watch_batches(two)
    train(one, 1)
    train(two, 1)
    assert not torch.equal(first[0], second[0])


def test_the_same_seed_gives_two_scenarios_the_same_batches() -> None:
    (one, _), (two, _) = begin(VARIED, random_data()), begin(make_scenario(), random_data())
    first, second = watch_batches(one), watch_batches(two)
    train(one, 5)
    train(two, 5)
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize(
    "changes",
    [
        {"model.norm": "batch", "optimizer": {"name": "adam"}},
        {"model.activation": "relu", "model.skip": [[1, 3]], "optimizer.momentum": 0.9},
        {"optimizer": {"name": "sdagd", "radius": 0.2}},
        {"model.gradient": "normalised", "model.norm": "custom"},
        {
            "model.norm": "batch",
            "stages": [{"sub_models": [1], "train": [1]}, {"sub_models": [1, 2], "train": [2]}],
        },
    ],
    ids=["batchnorm-adam", "relu-skip-momentum", "sdagd", "gradnorm-customnorm", "staged"],
)
def test_measuring_on_or_off_the_weights_end_in_the_same_bits(changes: dict[str, object]) -> None:
    scenario = make_scenario({"training.epochs": 6, **changes})
    (measured, events), (bare, bare_events) = (
        begin(scenario, random_data(), measuring=measuring) for measuring in (True, False)
    )
    train(measured)
    train(bare)
    assert bits(measured) == bits(bare)
    assert [s.loss for s in of_kind(events, Sample)] == [s.loss for s in of_kind(bare_events, Sample)]
    assert all(sample.layers for sample in of_kind(events, Sample))
    assert not any(sample.layers for sample in of_kind(bare_events, Sample))


def test_measuring_may_be_turned_off_and_on_between_two_steps() -> None:
    (alone, _), (turned, events) = begin(VARIED, random_data()), begin(VARIED, random_data())
    train(alone)
    for step in range(alone.steps):
        turned.measuring = step % 2 == 0
        turned.step()
    assert bits(turned) == bits(alone)
    assert {bool(sample.layers) for sample in of_kind(events, Sample)} == {True, False}
    assert all(bool(sample.layers) == (sample.step % 2 == 1) for sample in of_kind(events, Sample))


def test_a_neighbour_in_the_round_changes_no_bit() -> None:
    alone, _ = begin(VARIED, random_data())
    train(alone)
    beside, _ = begin(VARIED, random_data())
    neighbour, _ = begin(make_scenario({"training.epochs": 9}), random_data(), seed=8)
    for _ in range(15):
        train(beside, 1)
        train(neighbour, 1)
    assert bits(beside) == bits(alone)


def test_pausing_changes_no_bit() -> None:
    alone, _ = begin(VARIED, random_data())
    train(alone)
    paused, _ = begin(VARIED, random_data())
    for steps in (2, 1, 4):
        train(paused, steps)
        paused.pause("by hand")
        torch.rand(5)
        paused.resume("by hand")
    train(paused)
    assert bits(paused) == bits(alone)


def test_changing_lr_and_layers_back_and_forth_between_two_steps_changes_no_bit() -> None:
    alone, _ = begin(VARIED, random_data())
    train(alone)
    modified, _ = begin(VARIED, random_data())
    train(modified, 4)
    modified.set_learning_rate(5.0)
    modified.set_learning_rate(0.001)
    modified.freeze("layer2", frozen=True)
    modified.freeze("layer2", frozen=False)
    train(modified)
    assert bits(modified) == bits(alone)


def test_the_hash_is_over_each_tensor_s_own_bytes_in_state_dict_order() -> None:
    trainer, events = begin(VARIED, random_data())
    train(trainer)
    digest = hashlib.sha256()
    for tensor in trainer.network.state_dict().values():
        digest.update(tensor.numpy().tobytes())
    assert of_kind(events, RunFinished)[0].weights_sha256 == digest.hexdigest()
    keys = list(trainer.network.state_dict())
    assert keys[0] == "layer1.linear.weight"
    assert keys[-2:] == ["output.weight", "output.bias"]
    assert "layer2.norm.running_var" in keys
