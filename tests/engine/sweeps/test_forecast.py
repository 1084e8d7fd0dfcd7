"""How long a sweep will still take, for made-up runs whose truth is known."""

import pytest

import scenarios
from engine.sweeps.forecast import Forecast, cost, shared_out
from tests.engine.lab import make_scenario


def test_nothing_is_said_before_anything_is_measured() -> None:
    forecast = Forecast({1: 1.0, 2: 1.0}, at_once=2)
    assert forecast.left() is None
    forecast.note(1, 0.1, 2.0)
    assert forecast.left() is None  # less than three seconds in each place


def test_the_rest_takes_as_long_as_what_is_done_took() -> None:
    forecast = Forecast(dict.fromkeys(range(1, 9), 1.0), at_once=2)
    for number in (1, 2, 3, 4):
        forecast.note(number, 1.0, 10.0)
    assert forecast.left() == pytest.approx(20.0)
    forecast.note(5, 0.5, 5.0)
    forecast.note(6, 0.5, 5.0)
    assert forecast.left() == pytest.approx(15.0)  # 5 + 5 + 10 + 10 seconds in two places


def test_a_run_of_twice_the_cost_takes_twice_the_time() -> None:
    forecast = Forecast({1: 1.0, 2: 2.0}, at_once=1)
    forecast.note(1, 1.0, 10.0)
    assert forecast.left() == pytest.approx(20.0)


def test_runs_that_diverge_early_do_not_make_the_rest_look_short() -> None:
    forecast = Forecast(dict.fromkeys(range(1, 9), 1.0), at_once=1)
    for number in (1, 2, 3):
        forecast.end(number, 0.1, 1.0)
    forecast.end(4, 0.0, 2.0)  # nothing is known of its speed
    forecast.note(5, 0.5, 5.0)
    assert forecast.left() == pytest.approx(35.0)  # 5 + 10 + 10 + 10: each run takes 10 seconds


def test_the_longest_run_can_be_longer_than_a_fair_share() -> None:
    assert shared_out([10, 1, 1], at_once=2) == 10
    assert shared_out([3, 3, 2, 2, 2], at_once=2) == 7
    assert shared_out([], at_once=3) == 0


def test_deeper_wider_and_longer_runs_cost_more() -> None:
    base = cost(make_scenario())
    for change in (
        {"model.hidden_layers": 6},
        {"model.width": 64},
        {"training.epochs": 9},
        {"data.batch_size": 8},
    ):
        assert cost(make_scenario(change)) > base


def test_convolutions_cost_what_they_multiply() -> None:
    slides, small, wide, deep = (
        cost(scenarios.load(*each))
        for each in (
            ("depth-7",),
            ("resnet-20", ["training.epochs=100"]),
            ("resnet-20", ["training.epochs=100", "model.width=16"]),
            ("resnet-20", ["training.epochs=100", "model.blocks=6"]),
        )
    )
    assert 5 * slides < small < 40 * slides
    assert 3 * small < wide < 4 * small
    assert 1.8 * small < deep < 2.2 * small


def test_gates_cost_what_they_multiply() -> None:
    plain, lstm = (cost(scenarios.load(name)) for name in ("rnn-rows", "lstm-rows"))
    assert 3.5 * plain < lstm < 4.1 * plain


def test_patches_cost_what_they_multiply() -> None:
    small, wide, fine = (
        cost(scenarios.load("vit-pre-ln", each)) for each in ([], ["model.width=64"], ["model.patch=7"])
    )
    assert 2 * small < wide < 4 * small
    assert 2 * small < fine < 5 * small
