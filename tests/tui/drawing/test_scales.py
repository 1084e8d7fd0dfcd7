"""Ticks and values: the same dot for both, equal distances between ticks, at every range and height."""

import math
from collections.abc import Callable
from itertools import pairwise
from random import Random

import pytest

from tui_vanish.drawing.canvas import Canvas
from tui_vanish.drawing.chart import Chart, Line
from tui_vanish.drawing.chart_drawing import render
from tui_vanish.drawing.scales import Axis, across_axis, cell, decades_axis, dot, linear_axis, ratio_axis
from tui_vanish.theory.plot import Plot
from tui_vanish.theory.sheet import Sheet

RANGES = 60


def _range(random: Random) -> tuple[float, float]:
    low = random.choice([0.0, random.uniform(-5, 5), random.uniform(-1, 1) * 10 ** random.randrange(-9, 9)])
    span = 10 ** random.uniform(-2, 4) * max(abs(low), random.choice([1e-6, 1.0, 100.0]))
    return low, low + span


def _labelled(line: str, tick: str) -> str | None:
    label, found, _ = line.partition(tick)
    return label.strip() if found and label.strip() else None


def _dot_rows(line: str, first: int) -> set[int]:
    """The rows of the braille dots in a line, from the top of the cell."""
    bits = (0x09, 0x12, 0x24, 0xC0)
    cells = [ord(sign) - 0x2800 for sign in line[first:] if 0x2800 < ord(sign) <= 0x28FF]
    return {row for row, mask in enumerate(bits) if any(cell & mask for cell in cells)}


@pytest.mark.parametrize("log", [False, True], ids=["linear", "log"])
def test_a_line_at_a_ticks_value_is_on_the_ticks_dot(log: bool) -> None:
    random = Random(6)
    for _ in range(RANGES):
        low, high = _range(random)
        if log:
            low, high = sorted(10 ** random.uniform(-9, 6) for _ in range(2))
        height = random.randrange(4, 40)
        ends = Line("", (0, 1), (low, high), "points")
        empty = render(Chart(lines=(ends,), y_log=log), 60, height)
        ticks = {y: text for y in range(height) if (text := _labelled(empty.line(y), "┤"))}
        assert len(ticks) >= 2, (low, high, height)
        assert len({b - a for a, b in pairwise(sorted(ticks))}) == 1, (low, high, height)
        for row, text in ticks.items():
            value = float(text)
            if not low <= value <= high:
                continue
            chart = Chart(lines=(ends, Line("", (0.2, 0.8), (value, value))), y_log=log)
            canvas = render(chart, 60, height)
            found = {y: rows for y in range(height) if (rows := _dot_rows(canvas.line(y), 5))}
            assert found == {row: {2}}, (low, high, height, text)


def _plotted(low: float, high: float, height: int, value: float | None, *, ascii: bool, log: bool) -> Canvas:
    """The theory's plot from `low` to `high`, with a line at a value."""
    canvas = Canvas(70, height)
    plot = Plot(Sheet(canvas, ascii), (0, 7), (low, high), log_y=log)
    if value is not None:
        plot.line([(0, value), (7, value)], "text")
    plot.finish()
    return canvas


@pytest.mark.parametrize("log", [False, True], ids=["linear", "log"])
@pytest.mark.parametrize("ascii", [False, True], ids=["utf8", "ascii"])
def test_a_tick_of_the_theorys_plot_is_where_its_value_is(ascii: bool, log: bool) -> None:
    random = Random(7)
    for _ in range(RANGES):
        low, high = _range(random)
        if log:
            low, high = sorted(random.uniform(-50, 50) for _ in range(2))
            high += 1
        height, tick = random.randrange(4, 40), "+" if ascii else "┤"

        ticks = {
            y: text
            for y in range(height - 1)
            if (text := _labelled(_plotted(low, high, height, None, ascii=ascii, log=log).line(y), tick))
        }
        assert len({b - a for a, b in pairwise(sorted(ticks))}) == 1, (low, high, height)
        for row, text in ticks.items():
            value = math.log10(float(text)) if log else float(text)
            if abs(float(text)) > 1e4 or abs(value) < 1e-3:
                continue  # the label is rounded
            canvas = _plotted(low, high, height, value, ascii=ascii, log=log)
            if ascii:
                assert [y for y in range(height - 1) if "*" in canvas.line(y)] == [row], (
                    low,
                    high,
                    height,
                    text,
                )
            else:
                assert {y: rows for y in range(height) if (rows := _dot_rows(canvas.line(y), 7))} == {
                    row: {2}
                }


@pytest.mark.parametrize("make", [linear_axis, decades_axis, ratio_axis])
def test_an_axis_contains_its_range_and_uses_most_of_its_cells(
    make: Callable[[float, float, int], Axis],
) -> None:
    random = Random(8)
    for _ in range(2000):
        low, high = _range(random)
        if make is decades_axis:
            low, high = sorted(random.uniform(-300, 300) for _ in range(2))
            high += 1
        elif make is ratio_axis:
            low = 10 ** random.uniform(-5, 5)
            high = low * random.uniform(1.05, 30)
        cells = random.randrange(5, 60)
        axis = make(low, high, cells)
        begin, end = (10**axis.low, 10**axis.high) if make is ratio_axis else (axis.low, axis.high)
        assert begin <= low + abs(low) * 1e-6 + 1e-9 * (high - low)
        assert end >= high * (1 - 1e-9) if high > 0 else end >= high * (1 + 1e-9)
        used = (
            math.log(high / low) / math.log(end / begin)
            if make is ratio_axis
            else (high - low) / (end - begin)
        )
        assert used > (0.4 if cells > 8 else 0.2), (low, high, cells, axis)
        places = [
            round((place - axis.low) / (axis.high - axis.low) * (cells - 1), 6) for place, _ in axis.ticks
        ]
        assert all(place == round(place) for place in places), (low, high, cells, places)
        assert len({round(b - a) for a, b in pairwise(places)}) == 1, (low, high, cells)
        assert len({label for _, label in axis.ticks}) == len(axis.ticks), (low, high, cells, axis.ticks)


def test_ticks_across_are_even_and_the_axis_begins_where_it_is_told_to() -> None:
    random = Random(9)
    for _ in range(2000):
        low, high = _range(random)
        cells = random.randrange(10, 200)
        axis = across_axis(low, high, cells, least_gap=7)
        assert axis.low == low
        assert axis.high >= high * (1 - 1e-9) if high > 0 else axis.high >= high * (1 + 1e-9)
        columns = [cell(axis.fraction_of_place(place), cells, 2) for place, _ in axis.ticks]
        assert len({b - a for a, b in pairwise(columns)}) <= 1, (low, high, cells, columns)
        assert (high - low) / (axis.high - low) > 0.5 or cells < 16


def test_a_place_is_on_the_same_dot_in_every_cell() -> None:
    for cells in range(2, 50):
        assert [dot(cell / (cells - 1), cells, 4) for cell in range(cells)] == [
            4 * n + 1 for n in range(cells)
        ]
        assert [dot(cell / (cells - 1), cells, 2) for cell in range(cells)] == [2 * n for n in range(cells)]
