"""Each rule on made-up measurements: what it calls by its name, and what it just doesn't.

It is long because every rule has its cases here, on one set of made-up windows.
"""

import math
from dataclasses import replace
from typing import Any

import pytest

from tests.engine.lab import number
from tests.engine.made_up_runs import MadeUpRun, geometric, kinds, layers
from vanish_recorder.protocol.events import LayerSample

LN10 = math.log(10)


def holding(*profiles: tuple[LayerSample, ...], **changes: Any) -> set[str]:
    return set(MadeUpRun(changes.get("changes"), changes.get("hidden", 7)).measure(*profiles).holding)


# ------------------------------------------------------------------------- vanishing and exploding


def test_a_delta_that_falls_by_a_factor_a_layer_vanishes_from_the_first_step_on() -> None:
    run = MadeUpRun().measure(layers(delta_norm=geometric(0.024, 7.2), update_ratio=1e-6))
    verdict = run.holding["vanishing"]
    assert (verdict.layer, verdict.since_step) == ("layer1", 1)
    assert number(verdict.evidence["factor"]) == pytest.approx(1 / 7.2)
    assert number(verdict.evidence["ratio"]) == pytest.approx(7.2**-6)
    assert verdict.text.startswith(
        "On average each layer passes on 1/7.2 of the gradient; layer 1 gets 7.2e-6 of what layer 7 gets"
    )


def test_absolute_sizes_alone_are_no_sign_of_anything() -> None:
    for size in (1e-30, 1e-8, 1.0, 1e8):
        assert holding(layers(delta_norm=size, grad_norm=size)) == {"healthy"}


def test_a_flat_profile_of_weight_gradients_does_not_hide_a_vanishing_delta() -> None:
    relu = layers(
        delta_norm=geometric(0.024, 2.5), grad_norm=2e-3, update_ratio=4e-6, saturated=None, dead=0.0
    )
    assert "vanishing" in holding(relu, changes={"model.activation": "relu"})


def test_a_weight_gradient_that_falls_while_the_delta_keeps_its_size_is_not_vanishing() -> None:
    assert holding(layers(grad_norm=geometric(0.1, 3.0))) == {"healthy"}


def test_two_sigmoid_layers_are_neither_vanishing_nor_healthy() -> None:
    assert holding(layers(2, delta_norm=[0.003, 0.0216], update_ratio=1e-5), hidden=2) == set()


def test_what_the_optimizer_makes_up_for_is_vanishing_only_until_the_layers_are_seen_to_move() -> None:
    moving = layers(delta_norm=geometric(0.024, 7.2), update_ratio=5e-3)
    run = MadeUpRun().measure(*[moving] * 12)  # ten fill the window, and then it takes 30 steps
    assert "vanishing" in run.holding
    assert "vanishing" not in run.measure(moving).holding
    still = layers(delta_norm=geometric(0.024, 7.2), update_ratio=[5e-5, *[5e-3] * 6])
    assert "vanishing" in MadeUpRun().measure(*[still] * 12).holding


def test_a_frozen_layer_never_vanishes_and_never_dies() -> None:
    frozen = [
        LayerSample(name=f"layer{n}", activation_mean=0.0, activation_std=0.0, dead=0.5, frozen=True)
        for n in (1, 2)
    ]
    rest = layers(4, dead=0.0, saturated=None)[2:]
    verdicts = MadeUpRun({"model.activation": "relu"}).measure((*frozen, *rest)).holding
    assert kinds(verdicts) == {"frozen"}
    assert verdicts["frozen"].layer == "layer1"
    assert verdicts["frozen"].text.startswith("Layers 1-2: frozen")


def test_a_layer_that_is_frozen_by_hand_and_still_passes_its_delta_on_is_not_accused() -> None:
    profile = list(layers(delta_norm=[1e-6, *[0.02] * 6], update_ratio=1e-6))
    assert "vanishing" in holding(tuple(profile))
    profile[0] = LayerSample(name="layer1", delta_norm=1e-6, frozen=True)
    assert "vanishing" not in holding(tuple(profile))


def test_the_path_around_starving_layers_is_seen() -> None:
    skip = layers(delta_norm=[3.3e-3, 4.6e-4, 3.3e-3, 0.0244, 4.6e-4, 3.3e-3, 0.0244], update_ratio=5e-6)
    around = MadeUpRun({"model.skip": ((1, 3), (4, 7))}).measure(skip).holding["vanishing"]
    assert around.text == (
        "Little gradient reaches layers 2-3 and 5-6: layer 2 gets 1/53 of what layer 7 gets."
        " The skip connections carry it past."
    )
    assert "The skip connections" not in MadeUpRun().measure(skip).holding["vanishing"].text


def test_a_skip_connection_that_ends_below_vanishing_layers_carries_nothing() -> None:
    plain = layers(delta_norm=geometric(0.024, 7.2), update_ratio=1e-6)
    assert "around" not in MadeUpRun({"model.skip": ((1, 3),)}).measure(plain).holding["vanishing"].text


def test_vanishing_ends_well_after_the_point_at_which_it_would_begin() -> None:
    def profile(times: float) -> tuple[LayerSample, ...]:
        return layers(delta_norm=[0.02 / times, *[0.02] * 6], update_ratio=1e-5)

    assert "vanishing" not in holding(profile(19))
    run = MadeUpRun().measure(profile(21))
    for times in (19, 15, 19, 21, 11):
        assert "vanishing" in run.measure(*[profile(times)] * 5).holding
    assert "vanishing" not in run.measure(*[profile(9)] * 8).holding
    assert [verdict.state for verdict in run.said if verdict.kind == "vanishing"] == ["began", "ended"]


def test_one_odd_sample_changes_nothing() -> None:
    good, odd = layers(), layers(delta_norm=geometric(0.02, 7.2), update_ratio=1e-6, saturated=0.9)
    run = MadeUpRun().measure(*[good] * 5, odd, *[good] * 5)
    assert [(verdict.state, verdict.kind) for verdict in run.said] == [("began", "healthy")]


def test_a_delta_that_grows_on_its_way_back_and_takes_the_steps_along_explodes() -> None:
    grown = geometric(7.0, 1 / 3.2)
    run = MadeUpRun().measure(layers(delta_norm=grown, update_ratio=[9e-3, *[1e-4] * 6]))
    verdict = run.holding["exploding"]
    assert verdict.layer == "layer1"
    assert number(verdict.evidence["factor"]) == pytest.approx(3.2)
    assert verdict.text.startswith(
        "On average each layer multiplies the gradient by 3.2 on its way back; layer 1 gets 1100"
    )


def test_an_explosion_is_over_once_a_full_window_is_without_it() -> None:
    grown, even = geometric(7.0, 1 / 3.2), layers(update_ratio=2e-4)
    run = MadeUpRun().measure(layers(delta_norm=grown, update_ratio=[9e-3, *[1e-4] * 6]))
    run.measure(*[layers(delta_norm=grown, update_ratio=[2e-4, *[1e-4] * 6])] * 20)
    assert "exploding" in run.holding  # its steps are still larger than the last layer's
    run.measure(*[even] * 12)
    assert "exploding" in run.holding
    assert "healthy" not in run.holding
    run.measure(*[even] * 3)
    assert "exploding" not in run.holding
    assert "healthy" in run.holding


def test_a_delta_that_grows_is_not_exploding_while_the_optimizer_evens_the_steps_out() -> None:
    assert "exploding" not in holding(layers(delta_norm=geometric(0.1, 1 / 2), update_ratio=7e-4))


def test_steps_that_raise_the_loss_are_too_large() -> None:
    large, small = layers(update_ratio=[0.1, 3.0, *[0.1] * 5]), layers(update_ratio=1e-3)
    assert "exploding" not in MadeUpRun().measure(*[large] * 9, loss=2.3).holding
    run = MadeUpRun().measure(large).measure(*[small] * 4, loss=400.0)
    verdict = run.holding["exploding"]
    assert (verdict.layer, verdict.since_step) == ("layer2", 5)
    assert verdict.text == (
        "The steps are too large (lr 0.01): step 1 changed layer 2 by 3 times its own size, and the loss rose"
        " from 2.3 to 400. Try a third or less."
    )
    huge = layers(update_ratio=[0.1, 5.0, *[0.1] * 5])
    verdict = MadeUpRun().measure(huge).measure(*[small] * 4, loss=400.0).holding["exploding"]
    assert verdict.text.endswith(
        " by 5 times its own size, and the loss rose from 2.3 to 400. Try a tenth or less."
    )
    assert "exploding" not in MadeUpRun().measure(small).measure(*[small] * 9, loss=400.0).holding


def test_a_loss_that_was_there_before_any_step_is_not_the_doing_of_the_steps() -> None:
    run = MadeUpRun().measure(*[layers(update_ratio=7e-4)] * 3, loss=5e10)
    assert "exploding" not in run.holding
    verdict = run.measure(*[layers(update_ratio=0.6)] * 30, loss=4e10).holding["exploding"]
    assert verdict.text == (
        "The weights make the outputs too large: the loss was 5e+10 before the first update and is 5e+10 now,"
        " far above the 2.303 of guessing."
    )
    assert [each.kind for each in run.said if each.state == "began"].count("exploding") == 1


def test_a_run_that_guesses_since_a_huge_step_is_told_of_the_step() -> None:
    run = MadeUpRun().measure(layers(update_ratio=0.3), *[layers()] * 20).finish_epochs((2.31, 0.1))
    verdict = run.holding["exploding"]
    assert verdict.text.startswith(
        "The steps are too large (lr 0.01): step 1 changed layer 1 by 0.3 times its"
    )
    assert "now the loss is 2.3, where guessing gives 2.303" in verdict.text
    learns = MadeUpRun().measure(layers(update_ratio=0.3), *[layers()] * 20).finish_epochs((2.0, 0.3))
    assert "exploding" not in learns.holding
    vanished = layers(delta_norm=geometric(0.024, 7.2), update_ratio=0.3, weight_norm=0.01)
    assert "exploding" not in MadeUpRun().measure(vanished).finish_epochs((2.31, 0.1)).holding


def test_a_run_that_may_yet_recover_from_a_large_step_is_not_told_of_it() -> None:
    run = MadeUpRun().measure(*[layers()] * 14, layers(update_ratio=0.3), *[layers()] * 5)
    run.finish_epochs((2.31, 0.1))
    assert "exploding" not in run.holding
    run.measure(*[layers()] * 9).finish_epochs((2.31, 0.1))
    assert run.holding["exploding"].evidence["at_step"] == 60


def test_a_network_is_not_healthy_while_a_step_is_as_large_as_its_weights() -> None:
    assert holding(layers(update_ratio=130.0)) == set()
    run = MadeUpRun().measure(layers())
    assert set(run.holding) == {"healthy"}
    assert not run.measure(layers(update_ratio=[1e-3, 1.2, *[1e-3] * 5])).holding
    assert not MadeUpRun().measure(layers()).measure(layers(), loss=30.0).holding


# ------------------------------------------------------------------------------ the forward signal


def test_a_signal_that_shrinks_with_its_differences_has_not_collapsed() -> None:
    relu = layers(
        activation_mean=geometric(1e-3, 1 / 2.5),
        activation_std=geometric(2.4e-3, 1 / 2.5),
        sample_std=geometric(8e-4, 1 / 2.5),
        saturated=None,
        dead=0.0,
    )
    assert kinds(holding(relu, changes={"model.activation": "relu"})) == {"signal_shrinks"}


def test_a_signal_that_keeps_its_size_and_loses_its_differences_has_collapsed() -> None:
    verdict = MadeUpRun().measure(layers(sample_std=geometric(6e-7, 1 / 7.2))).holding["forward_collapse"]
    assert verdict.layer == "layer7"
    assert number(verdict.evidence["spread"]) == pytest.approx(6e-7 / math.hypot(0.5, 0.2))


def test_differences_of_a_third_of_a_percent_are_no_collapse() -> None:
    assert "forward_collapse" not in holding(layers(sample_std=[0.09, 0.013, 0.0018] + [0.0018] * 4))
    assert "forward_collapse" in holding(layers(sample_std=[0.09, 0.013, 0.0018] + [5e-4] * 4))


def test_biases_that_outgrow_a_shrunken_signal_are_no_collapse() -> None:
    linear = layers(
        activation_mean=0.0,
        activation_std=[0.12, 0.012, 1e-3, 1e-4, 1e-5, 2e-6, 1e-5],
        sample_std=[0.07, 7e-3, 7e-4, 7e-5, 7e-6, 7e-7, 7e-9],
        saturated=None,
    )
    assert kinds(holding(linear, changes={"model.activation": "identity"})) == {"signal_shrinks"}


@pytest.mark.parametrize(
    ("spread", "words"), [(0.5, "images still differ"), (1e-3, "the same for every image")]
)
def test_of_a_signal_that_shrinks_it_is_said_whether_the_images_still_differ(
    spread: float, words: str
) -> None:
    means = geometric(1e-3, 1 / 2.5)
    shrunken = layers(
        activation_mean=means,
        activation_std=0.0,
        sample_std=[spread * mean for mean in means],
        saturated=None,
    )
    assert (
        words in MadeUpRun({"model.activation": "identity"}).measure(shrunken).holding["signal_shrinks"].text
    )


def test_a_collapsed_layer_that_a_path_goes_around_is_no_collapse_of_the_network() -> None:
    assert holding(layers(sample_std=[0.09, 0.01, 0.09, 0.01, 2e-3, 2e-4, 0.01])) == {"healthy"}


# ------------------------------------------------------------------------------------------- units


def test_half_a_layer_in_the_flat_parts_is_saturated_and_less_is_not() -> None:
    verdict = MadeUpRun().measure(layers(saturated=[0.1, 0.2, 0.52, 0.1, 0, 0, 0])).holding["saturated"]
    assert (verdict.layer, verdict.evidence["saturated_layer3"]) == ("layer3", 0.52)
    assert "saturated" not in holding(layers(saturated=0.48))


def test_dead_units_count_from_a_fifth_of_a_layer_on() -> None:
    relu = {"model.activation": "relu"}
    assert "dead" not in holding(*[layers(dead=0.17, saturated=None)] * 12, changes=relu)
    assert "dead" in holding(*[layers(dead=[0, 0, 0.22, 0, 0, 0, 0], saturated=None)] * 12, changes=relu)


def test_dead_units_are_counted_over_several_samples_if_the_log_says_so() -> None:
    relu = {"model.activation": "relu"}

    def counted(always_zero: float, dead: float) -> tuple[LayerSample, ...]:
        *hidden, output = layers(dead=dead, saturated=None)
        return (*(replace(layer, always_zero=always_zero) for layer in hidden), output)

    for size in (16, 341, 512):
        changes = relu | {"data.batch_size": size}
        assert "dead" not in holding(*[counted(0.04, 0.4)] * 12, changes=changes)
        run = MadeUpRun(changes).measure(*[counted(0.4, 0.8)] * 12)
        assert run.holding["dead"].evidence["dead"] == 0.4


def test_units_that_come_back_after_the_first_steps_are_not_dead_and_a_silent_layer_is_said_at_once() -> None:
    relu = {"model.activation": "relu", "data.batch_size": 256}

    def counted(share: float) -> tuple[LayerSample, ...]:
        *hidden, output = layers(dead=share, saturated=None)
        return (*(replace(layer, always_zero=share) for layer in hidden), output)

    run = MadeUpRun(relu).measure(*[counted(0.35)] * 10, *[counted(0.08)] * 10)
    assert "dead" not in {verdict.kind for verdict in run.said}
    assert "dead" in MadeUpRun(relu).measure(*[counted(0.35)] * 13).holding
    assert "dead" in MadeUpRun(relu).measure(*[counted(0.95)] * 5).holding


def test_a_count_of_dead_units_is_not_smoothed_again() -> None:
    relu = {"model.activation": "relu", "data.batch_size": 256}
    *hidden, output = layers(dead=0.3, saturated=None)
    before, now = ((*(replace(layer, always_zero=share) for layer in hidden), output) for share in (0.0, 0.3))
    assert MadeUpRun(relu).measure(*[before] * 15, now).holding["dead"].evidence["dead"] == 0.3


def test_units_that_are_off_by_turns_are_said_to_be_so_and_the_network_is_not_healthy() -> None:
    relu = {"model.activation": "relu", "data.batch_size": 166}
    *hidden, output = layers(dead=[0, 0, 0, 0.1, 0.3, 0.38, 0.6], saturated=None)
    by_turns = (*(replace(layer, always_zero=0.1) for layer in hidden), output)
    run = MadeUpRun(relu).measure(*[by_turns] * 12)
    assert run.holding["dead"].layer == "layer7"
    assert run.holding["dead"].text.startswith("In each batch about 60 % of the units of layer 7 are zero")
    assert "healthy" not in run.holding
    run.measure(*[(*(replace(layer, always_zero=layer.dead) for layer in hidden), output)] * 12)
    assert run.holding["dead"].text.startswith("60 % of the units of layer 7 are zero for every image of the")
    small = relu | {"data.batch_size": 16}
    assert "dead" not in holding(*[by_turns] * 12, changes=small)


def test_without_a_count_a_small_batch_says_nothing_of_dead_units() -> None:
    small = {"model.activation": "relu", "data.batch_size": 16}
    assert "dead" not in holding(*[layers(dead=0.4, saturated=None)] * 300, changes=small)
    whole = layers(dead=[0.4, 0.4, 1.0, 0.4, 0.4, 0.4, 0.4], saturated=None)
    assert "dead" in holding(whole, changes=small)


def test_a_layer_that_falls_silent_ends_the_one_verdict_and_begins_the_other() -> None:
    relu = {"model.activation": "relu"}
    run = MadeUpRun(relu).measure(*[layers(dead=[0, 0, 0.31, 0, 0, 0, 0.1], saturated=None)] * 12)
    assert run.holding["dead"].layer == "layer3"
    run.measure(*[layers(dead=[0, 0, 0.31, 0, 0, 0, 1.0], saturated=None)] * 6)
    verdict = run.holding["dead"]
    assert verdict.layer == "layer7"
    assert verdict.text.startswith("100 % of the units of layer 7 are zero for every image")


def test_the_named_layer_and_its_number_follow_the_worst() -> None:
    run = MadeUpRun().measure(layers(saturated=[0.5, *[0.1] * 6]))
    run.measure(*[layers(saturated=[0.5, 0.1, 0.1, 0.1, 0.97, 0.1, 0.1])] * 15)
    assert (run.holding["saturated"].layer, run.holding["saturated"].evidence["saturated"]) == (
        "layer5",
        0.97,
    )


def test_a_silent_layer_is_dead_and_nothing_below_it_vanishes_or_collapses() -> None:
    silent = layers(
        dead=[0.1, 0.1, 1.0, 1.0, 1.0, 1.0, 1.0],
        delta_norm=[0.0, 0.0, 0.0, 0.02, 0.02, 0.02, 0.02],
        grad_norm=0.0,
        update_ratio=0.0,
        unmoved=None,
        sample_std=[0.1, 0.1, 0.0, 0.0, 0.0, 0.0, 0.0],
        activation_mean=[0.5, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0],
        activation_std=[0.2, 0.2, 0.0, 0.0, 0.0, 0.0, 0.0],
        saturated=None,
    )
    run = MadeUpRun({"model.activation": "relu"}).measure(silent)
    assert set(run.holding) == {"dead"}
    assert run.holding["dead"].text.startswith("100 % of the units of layer 3 are zero for every image")


def test_layers_whose_updates_are_rounded_away_are_immovable() -> None:
    run = MadeUpRun().measure(layers(unmoved=[0.983, 0.911, 0.508, 0.084, 0.02, 0.0, 0.0]))
    verdict = run.holding["immovable"]
    assert verdict.layer == "layer1"
    assert verdict.text.startswith(
        "Layers 1-3 can hardly move: 98 %, 91 % and 51 % of the weights do not change"
    )
    assert "immovable" not in holding(layers(unmoved=0.45))


# ---------------------------------------------------------------------------------------- progress


def test_guessing_for_three_epochs_is_stuck_since_the_first_step() -> None:
    run = MadeUpRun().measure(layers(7)).finish_epochs((2.307, 0.1), (2.303, 0.1))
    assert "stuck" not in run.holding
    verdict = run.finish_epochs((2.303, 0.1)).holding["stuck"]
    assert verdict.since_step == 1
    assert number(verdict.evidence["guessing"]) == pytest.approx(LN10)
    assert "A plateau can still end" in verdict.text


def test_a_plateau_ends_when_the_loss_leaves_that_of_guessing_and_learning_follows() -> None:
    run = MadeUpRun().finish_epochs(*[(2.302, 0.12)] * 20, (2.29, 0.15))
    assert set(run.holding) == {"stuck"}
    run.finish_epochs((2.25, 0.15))
    assert set(run.holding) == {"learning"}
    assert run.said[-2].text == f"The plateau ended: it lasted from step 1 to step {run.step}."


def test_a_plateau_ends_when_the_accuracy_has_clearly_left_guessing() -> None:
    run = MadeUpRun().finish_epochs(*[(2.303, 0.1)] * 3, (2.302, 0.21), (2.302, 0.14))
    assert set(run.holding) == {"stuck"}  # one good epoch does not prove it
    assert not run.finish_epochs((2.301, 0.21), (2.301, 0.22)).holding
    assert not MadeUpRun().finish_epochs((2.302, 0.15), (2.301, 0.2), *[(2.298, 0.26)] * 3).holding


def test_no_plateau_begins_at_the_end_of_an_epoch_that_has_left_guessing() -> None:
    def after(test_accuracy: float) -> MadeUpRun:
        run = MadeUpRun().finish_epochs((2.303, 0.1), (2.302, 0.12))
        return run.finish_epochs((2.301, 0.16), test_accuracy=test_accuracy)

    assert set(after(0.19).holding) == {"stuck"}
    assert not after(0.22).holding  # the train accuracy is a mean over the epoch


def test_a_loss_above_guessing_with_most_images_right_is_no_plateau() -> None:
    run = MadeUpRun().finish_epochs((9.0, 0.5), (6.0, 0.6), (4.0, 0.65))
    assert set(run.holding) == {"learning"}
    assert run.holding["learning"].text == (
        "By then the training accuracy was 50 %. The train loss, an average over the epoch, was still 9;"
        " guessing gives 2.303."
    )


def test_a_loss_above_guessing_that_falls_is_neither_stuck_nor_learning() -> None:
    assert not MadeUpRun().finish_epochs((90.0, 0.1), (70.0, 0.11), (55.0, 0.1), (45.0, 0.1)).holding
    assert not MadeUpRun().finish_epochs((6.30, 0.12), (4.17, 0.18), (3.28, 0.23)).holding
    assert not MadeUpRun().finish_epochs((97.1, 0.1), (138.3, 0.1), (102.1, 0.12)).holding
    run = MadeUpRun().finish_epochs((90.0, 0.1), (88.0, 0.11), (91.0, 0.1))
    assert set(run.holding) == {"stuck"}
    assert "worse than that of guessing" in run.holding["stuck"].text


def test_a_loss_that_stops_half_way_is_stuck_until_it_continues() -> None:
    run = MadeUpRun().finish_epochs((2.151, 0.14), (1.697, 0.2), (1.686, 0.2))
    assert not run.holding
    run.finish_epochs((1.675, 0.2))
    assert set(run.holding) == {"stuck"}
    assert run.holding["stuck"].since_step == 119
    run.finish_epochs((1.497, 0.32))
    assert set(run.holding) == {"learning"}


def test_a_loss_that_stops_when_it_is_low_is_not_stuck() -> None:
    run = MadeUpRun().finish_epochs((0.8, 0.7), (0.45, 0.84), *[(0.39, 0.87)] * 6)
    assert set(run.holding) == {"learning"}


def test_a_good_first_epoch_is_learning_at_once() -> None:
    assert set(MadeUpRun().finish_epochs((1.34, 0.55)).holding) == {"learning"}


def test_binary_cross_entropy_is_held_against_its_own_loss_of_guessing() -> None:
    guessing = 0.3250829733914482  # -(0.1 ln 0.1 + 0.9 ln 0.9)
    run = MadeUpRun({"training.loss": "bce"}).finish_epochs((0.35, 0.1), (guessing, 0.1), (guessing, 0.1))
    assert number(run.holding["stuck"].evidence["guessing"]) == pytest.approx(guessing)
    run.finish_epochs((0.30, 0.2), (0.27, 0.25))
    assert set(run.holding) == {"learning"}


def test_an_even_gradient_with_nothing_wrong_is_healthy_until_the_run_is_stuck() -> None:
    run = MadeUpRun().measure(layers())
    assert set(run.holding) == {"healthy"}
    assert set(run.finish_epochs(*[(LN10, 0.1)] * 3).holding) == {"stuck"}


def test_one_hidden_layer_has_to_learn_before_it_is_called_healthy() -> None:
    run = MadeUpRun(hidden=1).measure(layers(1))
    assert not run.holding
    run.finish_epochs((1.2, 0.6))
    assert set(run.holding) == {"learning", "healthy"}


def test_a_healthy_network_stays_so_while_its_gradient_drifts_apart_a_little() -> None:
    run = MadeUpRun().measure(layers())
    run.measure(*[layers(delta_norm=geometric(0.02, 1 / 1.4))] * 5)
    assert set(run.holding) == {"healthy"}


def test_when_the_layer_that_is_named_recovers_another_one_that_is_not_well_is_named() -> None:
    run = MadeUpRun().measure(layers(saturated=[0, 0, 0.6, 0, 0, 0, 0.55]))
    assert run.holding["saturated"].layer == "layer3"
    run.measure(*[layers(saturated=[0, 0, 0.45, 0, 0, 0, 0.7])] * 10)
    assert run.holding["saturated"].layer == "layer3"  # it isn't well yet
    run.measure(*[layers(saturated=[0, 0, 0.1, 0, 0, 0, 0.7])] * 10)
    verdict = run.holding["saturated"]
    assert (verdict.layer, verdict.evidence["saturated"]) == ("layer7", 0.7)
    assert verdict.since_step > 11
