"""What the theory pages measure in real networks."""

import gc
import math
from threading import Thread
from weakref import ref

import pytest
import torch

from engine.theory import live, preactivations, ways_back
from engine.theory.one_thread import load_torch
from engine.theory.weights import signals

EDGES = (-12.0, 12.0, 240)


@pytest.mark.parametrize("std", [0.05, 1.0])
def test_measured_preactivations_are_near_theory(std: float) -> None:
    theory = signals(std, 7)
    for layer in (2, 4, 7):
        found = preactivations.of_layer(std, layer, -40, 40, 80)
        assert sum(found.shares) == pytest.approx(1)
        assert found.std == pytest.approx(math.sqrt(theory[layer - 1].q), rel=0.15)
        assert preactivations.chi(std, layer) == pytest.approx(theory[layer - 1].chi, rel=0.15)


def test_a_histogram_counts_what_is_outside_at_its_ends() -> None:
    found = preactivations.histogram(torch.tensor([-9.0, -0.5, 0.5, 0.6, 9.0]), -1, 1, 2)
    assert found.shares == pytest.approx((0.4, 0.6))
    assert found.in_range == pytest.approx(0.6)


def test_batchnorm_in_training_gives_the_deviation_gamma_around_beta() -> None:
    found = preactivations.normalised(1.0, 3, "BatchNorm", 2.0, -1.0, None, EDGES)
    assert found.mean == pytest.approx(-1, abs=1e-5)
    assert found.std == pytest.approx(2, abs=0.05)


def test_batchnorm_in_evaluation_does_nothing_before_it_has_seen_a_batch() -> None:
    before = preactivations.normalised(1.0, 3, "none", 1.0, 0.0, None, EDGES)
    unseen = preactivations.normalised(1.0, 3, "BatchNorm", 1.0, 0.0, 0, EDGES)
    seen = preactivations.normalised(1.0, 3, "BatchNorm", 1.0, 0.0, 100, EDGES)
    assert unseen.std == pytest.approx(before.std, rel=1e-3)
    assert seen.std == pytest.approx(1, abs=0.05)


def test_customnorm_brings_the_whole_tensor_to_mean_0_and_deviation_1() -> None:
    found = preactivations.normalised(1.0, 3, "CustomNorm", 5.0, 5.0, 3, EDGES)
    assert found.mean == pytest.approx(0, abs=1e-5)
    assert found.std == pytest.approx(1, abs=1e-3)


def test_past_f_the_gradient_goes_whole_and_through_f_little_is_left() -> None:
    skip, plain = ways_back.measure("skip"), ways_back.measure("depth-7")
    assert [(block.source, block.target) for block in skip.blocks] == [(1, 3), (4, 7)]
    assert plain.blocks == ()
    for block in skip.blocks:
        assert block.arriving == pytest.approx(skip.deltas[block.target - 1], rel=1e-5)
        assert block.through_layers < block.arriving / 20
        # What arrives at the block's input is the sum of the two ways.
        total = skip.deltas[block.source - 1]
        assert abs(total - block.arriving) <= block.through_layers * 1.001
    assert skip.deltas[0] > 1000 * plain.deltas[0]


def test_a_page_measures_with_one_torch_thread_and_leaves_the_others_theirs() -> None:
    counts = []

    def measure() -> None:
        torch.set_num_threads(3)  # whatever this machine begins with
        load_torch()
        counts.append(torch.get_num_threads())

    here = torch.get_num_threads()
    thread = Thread(target=measure)
    thread.start()
    thread.join()
    assert counts == [1]
    assert torch.get_num_threads() == here


def test_without_skips_the_delta_grows_by_the_facts_factor_a_layer() -> None:
    deltas = ways_back.measure("depth-7").deltas
    assert (deltas[-1] / deltas[0]) ** (1 / 6) == pytest.approx(7.21, rel=0.02)


def test_a_live_run_is_the_scenarios_own_and_ends_where_it_diverges() -> None:
    found = list(live.samples("linear-exploding", (), 40))
    assert [sample.step for sample in found] == [1, 2]
    assert 1e7 < found[0].loss < 1e10
    assert not math.isfinite(found[1].loss)


def test_overrides_reach_a_live_run() -> None:
    (found,) = live.samples("depth-7", ("model.hidden_layers=2",), 1)
    assert [layer.name for layer in found.layers] == ["layer1", "layer2", "output"]


def test_a_pass_is_kept_only_for_the_last_settings() -> None:
    """Each holds 8 MB, and a knob has dozens of settings. The images are in memory once."""
    passes = [preactivations._pass(std) for std in (0.1, 0.2, 0.3, 0.4, 0.5)]
    assert len({tape.images.data_ptr() for _, tape in passes}) == 1
    networks = [ref(network) for network, _ in passes]
    del passes
    gc.collect()
    assert [network() is not None for network in networks] == [False, False, False, True, True]
    preactivations.of_layer(0.5, 3, -1, 1, 2)
    assert networks[-1]() is preactivations._pass(0.5)[0], "what is shown is not computed again"
