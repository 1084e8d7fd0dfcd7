"""Series and profiles stay bounded, and what they hold stays right."""

import itertools
import math
import statistics

import pytest

from engine.tracking.series import Profiles, Series
from vanish_recorder.protocol.events import LayerSample


def series(values: list[float], capacity: int) -> Series:
    result = Series(capacity)
    for step, value in enumerate(values, 1):
        result.add(step, step / 10, value)
    return result


def test_what_fits_is_kept_as_it_is() -> None:
    points = series([3.0, 1.0, 2.0], 4).points()
    assert [tuple(point) for point in points] == [
        (1, 0.1, 3.0, 3.0, 3.0),
        (2, 0.2, 1.0, 1.0, 1.0),
        (3, 0.3, 2.0, 2.0, 2.0),
    ]


@pytest.mark.parametrize("capacity", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("count", [1, 7, 8, 9, 100, 257])
def test_a_series_holds_no_more_than_its_capacity_and_all_of_the_run(capacity: int, count: int) -> None:
    values = [float(value * value % 97) for value in range(count)]
    points = series(values, capacity).points()
    assert len(points) <= capacity
    assert len(points) >= min(count, (capacity + 1) // 2)
    starts = [point.step for point in points]
    assert starts[0] == 1
    assert starts == sorted(set(starts))
    for point, end in zip(points, [*starts[1:], count + 1], strict=True):
        bucket = values[point.step - 1 : end - 1]
        assert point.value == pytest.approx(statistics.fmean(bucket))
        assert (point.low, point.high) == (min(bucket), max(bucket))
        assert point.time == pytest.approx(point.step / 10)


def test_buckets_are_equally_long_except_for_the_last() -> None:
    starts = [point.step for point in series([0.0] * 1000, 64).points()]
    strides = {after - before for before, after in itertools.pairwise(starts)}
    assert len(strides) == 1


def test_values_that_are_not_finite_count_in_no_mean() -> None:
    (point,) = series([1.0, math.nan, 3.0, math.inf], 1).points()
    assert (point.value, point.low, point.high) == (2.0, 1.0, 3.0)


def test_a_bucket_of_nothing_finite_is_nan() -> None:
    points = series([1.0, 2.0, math.nan, -math.inf], 2).points()
    assert tuple(points[0])[2:] == (1.5, 1.0, 2.0)
    assert all(math.isnan(value) for value in tuple(points[1])[2:])


def test_a_mean_is_weighted_by_what_was_finite() -> None:
    (point,) = series([9.0, math.nan, 1.0, 2.0, 3.0, 5.0], 1).points()
    assert point.value == pytest.approx(4.0)


def test_the_sharpest_spike_of_a_long_run_is_still_seen() -> None:
    values = [0.0] * 5000
    values[1234] = 77.0
    assert max(point.high for point in series(values, 16).points()) == 77.0


def profiles(count: int, capacity: int) -> Profiles:
    result = Profiles(capacity)
    for step in range(1, count + 1):
        result.add(step, step / 10, (LayerSample(name="layer1", grad_norm=float(step)),))
    return result


@pytest.mark.parametrize("capacity", [2, 3, 4, 7])
@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6, 7, 8, 9, 30, 101])
def test_profiles_are_bounded_and_hold_the_first_and_the_newest(capacity: int, count: int) -> None:
    kept = profiles(count, capacity).profiles()
    steps = [profile.step for profile in kept]
    assert len(steps) <= capacity + 1
    assert (steps[0], steps[-1]) == (1, count)
    assert steps == sorted(set(steps))
    assert all(profile.layers[0].grad_norm == profile.step for profile in kept)
    strides = {after - before for before, after in itertools.pairwise(steps[:-1])}
    assert len(strides) <= 1  # evenly spaced, except the newest


def test_there_are_no_profiles_before_the_first() -> None:
    assert Profiles().profiles() == ()
