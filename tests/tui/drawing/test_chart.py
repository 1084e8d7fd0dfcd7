import math
import struct
import subprocess
import sys
from dataclasses import replace
from random import Random

import pytest

from tests import goldens
from tui_vanish.drawing.canvas import Canvas
from tui_vanish.drawing.chart import Chart, Line, Mark
from tui_vanish.drawing.chart_drawing import label_width, render

EPOCHS = tuple(float(epoch) for epoch in range(1, 13))
STEPS = tuple(12 * step / 200 for step in range(1, 200))
LEARNING = Chart(
    title="loss",
    lines=(
        Line("train 0.6070", STEPS, tuple(2.3 * math.exp(-x / 9) + 0.03 * math.sin(9 * x) for x in STEPS)),
        Line("test 0.6562", EPOCHS, tuple(2.3 * math.exp(-x / 9) + 0.2 for x in EPOCHS), "dashed"),
    ),
    x_label="epoch",
    marks=(Mark(4, "2"), Mark(8.5, "f", "intervention")),
)
PLATEAU = Chart(
    title="loss",
    lines=(Line("train 2.3027", STEPS, tuple(2.3026 + 0.002 * math.sin(50 * x) for x in STEPS)),),
    x_label="epoch",
)
ACCURACY = Chart(
    title="accuracy",
    lines=(
        Line("train 9.8 %", STEPS, tuple(1 - math.exp(-x / 9) for x in STEPS)),
        Line("test 10.0 %", EPOCHS, tuple(0.95 - math.exp(-x / 9) for x in EPOCHS), "points"),
    ),
    x_label="epoch",
    y_percent=True,
    y_limits=(0, 100),
)
SIX_RUNS = Chart(
    title="test accuracy",
    lines=tuple(
        Line(f"run {number}", STEPS, tuple(1 - math.exp(-x / (3 + 3 * number)) for x in STEPS), letter=letter)
        for number, letter in enumerate("ABCDEF")
    ),
    y_percent=True,
)
STRANGE = Chart(
    lines=(Line("", (1, 2, 3, 4, 5, 6), (1e-7, 0.0, 1e3, math.inf, 1e5, math.nan)),),
    x_label="step",
    y_log=True,
)
EMPTY = Chart(title="loss", x_label="epoch", hint="no epoch has ended yet")


@pytest.mark.parametrize("ascii", [False, True], ids=["utf8", "ascii"])
@pytest.mark.parametrize(
    ("name", "chart", "width", "height"),
    [
        ("learning", LEARNING, 90, 14),
        ("learning", LEARNING, 45, 8),
        ("learning", LEARNING, 36, 7),
        ("learning-log", replace(LEARNING, y_log=True), 60, 9),
        ("plateau", PLATEAU, 78, 7),
        ("accuracy", ACCURACY, 45, 7),
        ("six-runs", SIX_RUNS, 100, 20),
        ("strange", STRANGE, 45, 8),
        ("empty", EMPTY, 45, 6),
    ],
)
def test_a_chart_matches_its_golden(name: str, chart: Chart, width: int, height: int, ascii: bool) -> None:
    text = render(chart, width, height, ascii=ascii).text()
    assert text.isascii() or not ascii
    goldens.check(f"charts/{name}-{width}x{height}-{'ascii' if ascii else 'utf8'}", text)


def _random_floats(random: Random, count: int) -> tuple[float, ...]:
    special = (
        0.0,
        -0.0,
        math.inf,
        -math.inf,
        math.nan,
        5e-324,
        1e300,
        -1e300,
        1.7e308,
        -1.7e308,
        1e-300,
        1.0,
    )
    return tuple(
        random.choice(special) if random.random() < 0.5 else struct.unpack("<d", random.randbytes(8))[0]
        for _ in range(count)
    )


def test_no_number_breaks_a_chart() -> None:
    random = Random(1)
    for _ in range(150):
        count = random.randrange(8)
        lines = tuple(
            Line(
                random.choice(["", "train"]),
                tuple(sorted(x for x in _random_floats(random, count) if not math.isnan(x))),
                _random_floats(random, count),
                random.choice(["solid", "dashed", "points"]),
                random.choice(["", "A"]),
            )
            for _ in range(random.randrange(3))
        )
        chart = Chart(
            title=random.choice(["", "loss"]),
            lines=lines,
            x_label="epoch",
            y_limits=random.choice([(None, None), (0, None), (None, 0), (0, 100)]),
            y_percent=random.random() < 0.5,
            y_log=random.random() < 0.5,
            marks=(Mark(random.choice(_random_floats(random, 1)), "2"),),
            hint="nothing yet",
        )
        width, height = random.randrange(100), random.randrange(20)
        canvas = render(chart, width, height, ascii=random.random() < 0.5)
        assert [len(canvas.line(y)) for y in range(height)] == [width] * height


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("size", [1e-300, 1e-12, 1.0, 1e12, 1e297])
def test_a_line_of_any_magnitude_uses_the_height_of_the_plot(size: float, log: bool) -> None:
    chart = Chart(lines=(Line("", (0, 1, 2, 3), (size, 2 * size, 50 * size, 100 * size)),), y_log=log)
    rows = render(chart, 60, 10, ascii=True).text().splitlines()
    drawn = [y for y, row in enumerate(rows) if "*" in row]
    assert len(drawn) >= 7 or (size == 1e-300 and not log)


def test_a_single_point_is_visible() -> None:
    canvas = render(Chart(lines=(Line("", (1,), (2.3,)),)), 40, 8)
    assert canvas.text().count("•") == 1


def test_nan_and_inf_do_not_change_the_axis() -> None:
    ys = (2.5, 2.4, 2.3, 2.2)
    clean = Chart(lines=(Line("", (1, 2, 3, 4, 5, 6), (*ys, 2.2, 2.2)),))
    broken = Chart(lines=(Line("", (1, 2, 3, 4, 5, 6), (*ys, math.inf, math.nan)),))

    def axis(chart: Chart) -> list[str]:
        canvas = render(chart, 60, 10)
        return [canvas.line(y)[:6] for y in range(10)]

    assert axis(broken) == axis(clean)
    assert render(broken, 60, 10).line(0).count("×") == 2


def test_zero_on_a_logarithmic_axis_is_marked_at_the_bottom() -> None:
    canvas = render(Chart(lines=(Line("", (1, 2, 3), (1.0, 0.0, 0.01)),), y_log=True), 60, 8)
    assert [run.text.strip() for run in canvas.runs(6) if run.role == "not-finite"] == ["0"]


def test_lines_on_top_of_each_other_keep_their_letters() -> None:
    lines = tuple(Line(f"run {letter}", (0.0, 1.0), (0.1, 0.1), letter=letter) for letter in "ABC")
    drawn = render(Chart("accuracy", lines), 40, 8, ascii=True).text()
    assert any(line.rstrip().endswith("CBA") for line in drawn.splitlines())


def test_points_without_a_letter_are_not_moved_by_another_line() -> None:
    xs, ys = (0.0, 5.0, 10.0), (1.0, 1.0, 1.0)
    lines = (Line("", xs, ys, "points"), Line("", xs, ys, "points"))
    one, both = (render(Chart(lines=lines[:count]), 40, 8).text() for count in (1, 2))
    assert one == both


def test_a_spike_narrower_than_a_cell_is_not_lost() -> None:
    xs = tuple(x / 100 for x in range(1001))
    ys = tuple(50.0 if x == 497 else 1.0 for x in range(1001))
    canvas = render(Chart(lines=(Line("", xs, ys),)), 40, 10, ascii=True)
    assert any("*" in canvas.line(y) for y in range(3))


def test_a_dashed_line_on_a_solid_one_is_visible_without_colour() -> None:
    xs, ys = (0.0, 5.0, 10.0), (1.0, 1.0, 1.0)
    chart = Chart(lines=(Line("", xs, ys), Line("", xs, ys, "dashed")))
    row = next(line for line in render(chart, 60, 6, ascii=True).text().splitlines() if "*" in line)
    assert "**---**---**" in row
    roles = {run.role for y in range(6) for run in render(chart, 60, 6).runs(y)}
    assert {"series-1", "series-2"} <= roles


def test_the_x_axis_rarely_changes_its_scale() -> None:
    def frame(epochs: int) -> str:
        xs = tuple(float(x) for x in range(1, epochs + 1))
        return render(Chart(lines=(Line("", xs, xs),), y_limits=(0, 200)), 60, 8).line(7)

    assert len({frame(epochs) for epochs in range(1, 101)}) <= 22


def test_a_line_with_all_points_outside_the_limits_crosses_the_plot() -> None:
    line = Line("", (0.0, 1.0, 2.0), (2.3, 2.3, 2.1))
    canvas = render(Chart(lines=(line,), x_label="epoch", x_limits=(1.2, 1.6)), 60, 8, ascii=True)
    columns = [x for y in range(7) for x, sign in enumerate(canvas.line(y)) if sign == "*"]
    assert (min(columns), max(columns)) == (5, 59)
    assert canvas.line(7).split()[:3] == ["1.2", "1.3", "1.4"]


def test_a_cut_line_is_not_drawn_towards_nan_or_inf() -> None:
    for ys in ((2.3, math.nan), (math.inf, 2.3), (-1.7e308, 1.7e308)):
        for xs in ((0.0, 3.0), (-1.7e308, 1.7e308)):
            chart = Chart(lines=(Line("", xs, ys), Line("", xs, ys, "points")), x_limits=(1, 2))
            canvas = render(chart, 40, 8, ascii=True)
            assert "*" not in canvas.text() or ys == (-1.7e308, 1.7e308)


def test_values_close_together_fill_a_logarithmic_axis() -> None:
    plateau = render(replace(PLATEAU, y_log=True), 60, 10)
    ticks = [float(plateau.line(y).split("┤")[0]) for y in range(10) if "┤" in plateau.line(y)]
    assert len(ticks) >= 3
    assert max(ticks) / min(ticks) < 1.1


def test_without_room_the_title_loses_its_remarks_first() -> None:
    chart = replace(LEARNING, remarks=("log", "smoothed 0.6"))
    legends = [render(chart, width, 8).line(0) for width in (70, 45, 40, 35)]
    assert [legend.split("⠤")[0].strip() for legend in legends] == [
        "loss log smoothed 0.6",
        "loss log",
        "loss",
        "",
    ]


def test_single_points_are_the_first_to_lose_their_label() -> None:
    lines = (Line("batch 2.3", (1,), (2.3,), "points"), *LEARNING.lines)
    legend = render(replace(LEARNING, lines=lines), 40, 8).line(0)
    assert "train" in legend
    assert "test" in legend
    assert "batch" not in legend


def test_numbers_in_the_legend_are_whole_or_left_out() -> None:
    for width in range(10, 60):
        legend = render(LEARNING, width, 8).line(0)
        for word in legend.split():
            assert word in {"loss", "⠤⠤⠤", "train", "0.6070", "⠤", "test", "0.6562"}
        assert ("train" in legend) == ("0.6070" in legend)


def test_the_plot_keeps_its_place_when_given_the_width_of_the_labels() -> None:
    wide = replace(PLATEAU, lines=(Line("", (1, 2), (1.2e8, 1.21e8)),))
    assert label_width(wide, 60, 9) > label_width(PLATEAU, 60, 9)
    aligned = render(PLATEAU, 60, 9, label_width=label_width(wide, 60, 9))

    def axis(canvas: Canvas) -> int:
        return min(canvas.line(y).find(sign) for sign in "│┤" for y in range(1, 8) if sign in canvas.line(y))

    assert axis(aligned) == axis(render(wide, 60, 9)) > axis(render(PLATEAU, 60, 9))


def test_a_mark_does_not_cover_the_line() -> None:
    chart = Chart(lines=(Line("", (0, 10), (1, 1)),), marks=(Mark(5, "s"),))
    column = [render(chart, 60, 9, ascii=True).line(y)[5 + 27] for y in range(8)]
    assert column[0] == "s"
    assert "*" in column
    assert column.count(":") >= 5


def test_plotext_is_imported_with_the_first_line_only() -> None:
    code = """
import sys
from tui_vanish.drawing.chart import Chart, Line
from tui_vanish.drawing.chart_drawing import render
render(Chart(title="loss", hint="nothing yet"), 60, 10)
assert "plotext" not in sys.modules
render(Chart(lines=(Line("", (1, 2), (1, 2)),)), 60, 10)
assert "plotext" in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)
