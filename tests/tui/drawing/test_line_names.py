"""The lines of a chart can be told apart without colour: by their shapes, and by the names at their ends."""

from dataclasses import replace

import pytest

from tui_vanish.drawing.chart import Chart, Line
from tui_vanish.drawing.chart_drawing import render
from tui_vanish.drawing.glyphs import alphabet


@pytest.mark.parametrize("ascii", [False, True], ids=["utf8", "ascii"])
@pytest.mark.parametrize(("width", "height"), [(34, 7), (45, 12), (78, 9)])
@pytest.mark.parametrize("epochs", [3, 9, 10, 60])
@pytest.mark.parametrize("gap", [0.0, 0.3], ids=["equal", "apart"])
def test_every_line_has_its_shape_in_plot_and_legend_and_its_name_at_its_end(
    ascii: bool, width: int, height: int, epochs: int, gap: float
) -> None:
    xs = tuple(map(float, range(1, epochs + 1)))
    chart = Chart(
        lines=(
            Line("batch 1", xs[:1], (1.6,), "points", marker=2, name="batch", series=2),
            Line("train 2", xs, tuple(2.3 / x for x in xs), marker=0, name="train", series=0),
            Line("test 3", xs, tuple(2.3 / x + gap for x in xs), "dashed", marker=1, name="test", series=1),
        )
    )
    canvas = render(chart, width, height, ascii=ascii)
    legend, plot = canvas.line(0), [canvas.line(y)[6:] for y in range(1, height - 1)]
    for shape, word in zip(alphabet(ascii).markers, ("train", "test", "batch"), strict=True):
        assert shape in legend.split(word)[0].split()[-1]
        assert any(shape in row for row in plot) or (word == "batch" and epochs > 3)  # not shown so late
    assert [sum(name in row for row in plot) for name in ("train", "test")] == [1, 1]


def test_a_name_at_the_end_of_a_line_covers_no_line() -> None:
    xs = tuple(map(float, range(40)))
    steep, flat = tuple(x / 40 for x in xs), tuple(0.97 for _ in xs)
    for limits in (None, (0.0, 39.0)):
        lines = (Line("", xs, steep, name=" " * 6), Line("", xs, flat, name=" " * 6))
        bare = Chart(lines=lines, x_limits=limits)
        named = replace(bare, lines=tuple(replace(line, name="a name") for line in bare.lines))
        for height in range(3, 12):
            without, with_names = render(bare, 40, height), render(named, 40, height)
            for y in range(height):
                pairs = zip(without.line(y), with_names.line(y), strict=True)
                assert all(before in (" ", after) for before, after in pairs)
