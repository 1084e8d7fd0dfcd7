"""The rules about gradients, signals and numbers that are not finite, on made-up columns."""

import math
from dataclasses import replace

import pytest

from tests.recorder.diagnosis.made_up import Run, kinds, only, profile, structure, with_blocks
from vanish_recorder.protocol.structure import BlockSpec


def test_a_healthy_run_says_nothing() -> None:
    run = Run(structure(norms=True, eps=1e-8))
    assert run.repeat(run.healthy(), 60) == []


def test_a_gradient_that_shrinks_in_blocks_that_do_not_move_vanishes() -> None:
    run = Run(structure())
    still = [1e-9] * 10 + [1e-3] * 6
    said = run.repeat(with_blocks(run.healthy(), {"delta_norm": profile(1 / 7), "update_ratio": still}), 5)
    found = only(said, "vanishing")
    assert kinds(said) == ["vanishing"]
    assert (found.layer, found.since_step, found.suggestions, found.page) == ("h.0", 3, (), "chain")
    assert found.evidence["factor"] == pytest.approx(1 / 7)
    assert found.text == (
        "On its way back each block passes on 1/7 of the gradient: h.0 gets 2.1e-13 of what h.15 gets, and a "
        "step changes its weights by 1e-9 of their size (h.15: 1/1000)."
    )
    assert "He et al." in found.cure


def test_a_step_that_changes_nothing_is_set_beside_what_it_changes_at_the_end() -> None:
    run = Run(structure())
    still = [0.0] * 10 + [1e-3] * 6
    said = run.repeat(with_blocks(run.healthy(), {"delta_norm": profile(1 / 7), "update_ratio": still}), 5)
    assert only(said, "vanishing").text.endswith(
        "and a step does not change its weights (h.15: by 1/1000 of their size)."
    )


def test_the_same_in_blocks_that_move_is_said_only_if_it_is_sure() -> None:
    run = Run(structure(blocks=8))
    moving = with_blocks(run.healthy(), {"delta_norm": profile(1 / 2.5, 8)})  # 600 in all
    assert run.repeat(moving, 20) == []
    deep = Run(structure())
    found = only(deep.repeat(with_blocks(deep.healthy(), {"delta_norm": profile(1 / 2.5)}), 5), "vanishing")
    assert "its weights still move" in found.text


@pytest.mark.parametrize(("factor", "blocks"), [(1 / 1.22, 32), (1 / 1.15, 24), (1 / 6, 3), (1 / 1.5, 9)])
def test_a_slow_fall_or_a_short_one_is_no_verdict(factor: float, blocks: int) -> None:
    run = Run(structure(blocks=blocks))
    still = [1e-9] * blocks
    columns = {"delta_norm": profile(factor, blocks), "update_ratio": still}
    assert "vanishing" not in kinds(run.repeat(with_blocks(run.healthy(), columns), 20))


def test_a_slow_fall_is_said_once_it_is_large_in_all_and_the_blocks_do_not_move() -> None:
    run = Run(structure(blocks=24))
    fall = {"delta_norm": profile(1 / 1.4, 24)}  # 2300 in all
    assert run.repeat(with_blocks(run.healthy(), fall), 20) == []
    still = {**fall, "update_ratio": [3e-5] * 20 + [1e-3] * 4}
    assert kinds(run.repeat(with_blocks(run.healthy(), still), 5)) == ["vanishing"]


def test_decay_alone_is_no_movement() -> None:
    run = Run(structure(blocks=8))
    updates = [1.5e-4] * 7 + [1e-3]
    columns = {"delta_norm": profile(1 / 2.5, 8), "update_ratio": updates}
    assert only(run.repeat(with_blocks(run.healthy(), columns), 5), "vanishing").layer == "h.0"


def test_a_gradient_that_reaches_the_input_by_another_way_does_not_vanish() -> None:
    run = Run(structure())
    deltas = [0.1, *profile(1 / 7)[1:]]
    columns = {"delta_norm": deltas, "update_ratio": [1e-9] * 16}
    assert run.repeat(with_blocks(run.healthy(), columns), 20) == []


def test_blocks_that_do_not_train_are_not_starved() -> None:
    run = Run(structure())
    columns: dict[str, list[float] | list[None]] = {"delta_norm": profile(1 / 7), "update_ratio": [None] * 16}
    assert "vanishing" not in kinds(run.repeat(with_blocks(run.healthy(), columns), 20))


def test_one_odd_batch_is_ignored_and_an_end_takes_its_time() -> None:
    run = Run(structure())
    sick = with_blocks(run.healthy(), {"delta_norm": profile(1 / 7), "update_ratio": [1e-9] * 16})
    assert run.repeat(run.healthy(), 10) + run.follow(sick) + run.repeat(run.healthy(), 5) == []
    assert kinds(run.repeat(sick, 6)) == ["vanishing"]
    said = run.repeat(run.healthy(), 10)
    assert kinds(said) == ["-vanishing"]
    assert (said[0].cure, said[0].page) == ("", "")
    assert said[0].step - run.said[0].since_step >= 60


def test_a_gradient_and_steps_that_grow_explode() -> None:
    run = Run(structure())
    columns = {"delta_norm": profile(2.0), "update_ratio": [0.05] * 15 + [1e-3]}
    found = only(run.repeat(with_blocks(run.healthy(), columns), 5), "exploding")
    assert found.layer == "h.0"
    assert found.evidence["factor"] == pytest.approx(2.0)
    even = Run(structure())
    assert even.repeat(with_blocks(even.healthy(), {"delta_norm": profile(2.0)}), 20) == []


def test_steps_that_replace_the_weights_explode() -> None:
    run = Run(structure())
    columns = {"update_ratio": [1e-3] * 5 + [1.3] + [1e-3] * 10}
    found = only(run.repeat(with_blocks(run.healthy(), columns), 6), "exploding")
    assert (found.layer, found.since_step) == ("h.5", 5)


def test_leaf_modules_are_compared_with_more_room() -> None:
    leaves = tuple(BlockSpec(name=f"h.{number}", kind="Linear", role="leaf") for number in range(6))
    run = Run(replace(structure(blocks=6), blocks=leaves))
    columns = {"delta_norm": profile(1 / 3, 6), "update_ratio": [1e-9] * 6}  # 243 in all
    assert run.repeat(with_blocks(run.healthy(), columns), 20) == []


def test_leaf_modules_that_move_are_not_starved() -> None:
    """They may lie on side branches, as the parts of LoRA do."""
    leaves = tuple(BlockSpec(name=f"h.{number}", kind="Linear", role="leaf") for number in range(16))
    run = Run(replace(structure(), blocks=leaves))
    assert run.repeat(with_blocks(run.healthy(), {"delta_norm": profile(1 / 3)}), 20) == []


def test_a_dead_block_explains_why_no_gradient_gets_below_it() -> None:
    blocks = tuple(BlockSpec(name=f"h.{number}", kind="Layer", rectified=True) for number in range(16))
    run = Run(replace(structure(), blocks=blocks))
    columns = {
        "dead": [0.2] * 9 + [1.0] + [0.2] * 6,
        "delta_norm": [0.0] * 9 + [0.1] * 7,
        "update_ratio": [0.0] * 9 + [1e-3] * 7,
    }
    assert kinds(run.repeat(with_blocks(run.healthy(), columns), 20)) == ["dead"]


def test_outputs_that_are_alike_collapse_only_if_they_differed_before() -> None:
    run = Run(structure())
    spreads = [0.5 * 0.3**number for number in range(16)]
    found = only(run.repeat(with_blocks(run.healthy(), {"sample_std": spreads}), 5), "forward_collapse")
    assert (found.layer, found.evidence["spread_of_first"]) == ("h.15", 0.5)
    alike = Run(structure())
    assert alike.repeat(with_blocks(alike.healthy(), {"sample_std": [0.001] * 16}), 20) == []


def test_units_are_dead_in_rectified_blocks_after_some_steps() -> None:
    blocks = tuple(BlockSpec(name=f"h.{number}", kind="Layer", rectified=True) for number in range(16))
    found = replace(structure(), blocks=blocks)
    run = Run(found)
    some = with_blocks(run.healthy(), {"dead": [0.84] * 16})
    assert run.repeat(some, 30) == []
    most = with_blocks(run.healthy(), {"dead": [0.45] * 7 + [0.93] + [0.45] * 8})
    assert only(run.repeat(most, 5), "dead").layer == "h.7"
    early = Run(found)
    assert early.repeat(most, 10) == []
    silent = with_blocks(run.healthy(), {"dead": [0.0] * 7 + [1.0] + [0.0] * 8})
    assert "almost nothing passes" in only(Run(found).repeat(silent, 3), "dead").text


def test_what_is_not_finite_is_named_in_the_order_of_computing() -> None:
    bad = math.nan
    run = Run(structure())
    run.repeat(run.healthy(), 12)
    means = [0.0] * 5 + [bad] * 11
    sample = with_blocks(run.healthy(), {"activation_mean": means, "delta_norm": [bad] * 16})
    found = only(run.follow(replace(sample, logged={"loss": bad})), "non_finite")
    assert (found.layer, found.since_step) == ("h.5", 40)
    assert found.text == (
        "At step 40 the output of h.5 is the first in the forward pass that is not finite; at step 30, which "
        "was measured before it, everything was finite."
    )
    back = Run(structure())
    deltas = [bad] * 9 + [0.1] * 7
    assert only(back.follow(with_blocks(back.healthy(), {"delta_norm": deltas})), "non_finite").layer == "h.8"
    loss = Run(structure())
    assert only(loss.follow(replace(loss.healthy(), logged={"loss": math.inf})), "non_finite").layer is None


def test_an_overflow_in_a_step_that_was_skipped_is_not_one() -> None:
    run = Run(structure())
    overflow = with_blocks(run.healthy(), {"delta_norm": [math.inf] * 16})
    assert run.follow(replace(overflow, states="k" * 32)) == []


def test_a_gradient_that_is_lost_over_time_is_said_once_the_gates_could_open() -> None:
    run = Run(structure(blocks=1))
    lost = tuple(10.0 ** (-11 * (49 - number) / 49) for number in range(50))
    assert run.repeat(replace(run.healthy(), over_time={"rnn": lost}), 18) == []
    found = only(run.repeat(replace(run.healthy(), over_time={"rnn": lost}), 4), "vanishing_in_time")
    assert (found.layer, found.evidence["reached"]) == ("rnn", 14)
    even = Run(structure(blocks=1))
    kept = tuple(0.1 + 0.01 * number for number in range(50))
    assert even.repeat(replace(even.healthy(), over_time={"rnn": kept}), 40) == []


def test_a_new_structure_begins_its_samples_again() -> None:
    run = Run(structure())
    sick = with_blocks(run.healthy(), {"delta_norm": profile(1 / 7), "update_ratio": [1e-9] * 16})
    run.repeat(sick, 5)
    run.found = structure(blocks=4)
    assert run.diagnosis.apply(run.found) == []
    assert kinds(run.repeat(run.healthy(), 12)) == ["-vanishing"]


def test_a_new_structure_does_not_begin_the_run_again() -> None:
    """Dead units count after the first steps of the run, not of the structure."""
    run = Run(structure())
    run.repeat(run.healthy(), 20)
    rectified = tuple(replace(block, rectified=True) for block in run.found.blocks)
    run.diagnosis.apply(replace(run.found, blocks=rectified))
    said = run.repeat(with_blocks(run.healthy(), {"dead": [0.93] * 16}), 3)
    assert kinds(said) == ["dead"]
