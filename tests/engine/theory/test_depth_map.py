import math

import pytest

from engine.theory.depth_map import ACTIVATIONS, at, chi, critical_std, reach

WIDTHS = (32, 128, 1024)
STDS = (0.01, 0.03, 0.0884, 0.125, 0.5, 0.9, 2.0, 10.0)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("width", WIDTHS)
def test_the_curve_is_within_half_a_percent_of_chi(activation: str, width: int) -> None:
    for std in STDS:
        found = at(activation, width, std)
        assert chi(activation, width, std) == pytest.approx(found.chi, rel=0.005)
        if found.reach is not None and found.reach < 100:
            assert reach(activation, width, std) == pytest.approx(found.reach, rel=0.05)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("width", WIDTHS)
def test_chi_is_1_at_the_critical_std_and_below_1_before_it(activation: str, width: int) -> None:
    critical = critical_std(activation, width)
    assert at(activation, width, critical).chi == pytest.approx(1.0, abs=1e-5)
    assert at(activation, width, 0.9 * critical).chi < 0.99
    assert at(activation, width, 1.5 * critical).chi > 1.001


def test_the_critical_stds_are_those_of_the_scenarios_and_initializations() -> None:
    assert critical_std("sigmoid", 128) == pytest.approx(0.897, abs=5e-4)
    assert critical_std("relu", 128) == pytest.approx(math.sqrt(2 / 128))  # He
    assert critical_std("tanh", 128) == pytest.approx(math.sqrt(1 / 128))  # Xavier, with as many nodes before


def test_a_wider_layer_reaches_the_same_chi_with_smaller_weights() -> None:
    for activation in ACTIVATIONS:
        assert at(activation, 512, 0.05).chi == pytest.approx(at(activation, 128, 0.1).chi)
