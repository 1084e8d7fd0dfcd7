"""The layer bars: every kind of value, axis, column and width.

It is long because each case is drawn and read as text.
"""

import math
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from random import Random
from unittest.mock import PropertyMock, patch

import pytest
from textual.app import App, ComposeResult
from textual.geometry import Region

from tests import goldens
from tui_vanish.drawing.glyphs import UTF8
from tui_vanish.instruments.layer_bars import LayerBars
from tui_vanish.instruments.layer_profile import BarProfile, BarRow, visible
from tui_vanish.instruments.log_axis import LogAxis
from tui_vanish.instruments.quantities import IN_BARS, next_quantity
from vanish_recorder.protocol.events import LayerSample
from vanish_recorder.protocol.quantities import QUANTITIES

_GRADIENTS = (1.9e-6, 1.2e-5, 7.9e-5, 5.6e-4, 4.0e-3, 3.0e-2, 0.2)


def vanishing(**changes: float) -> tuple[BarRow, ...]:
    """depth-7 at its first step, about; `changes` are gradient norms by layer."""
    rows = [
        BarRow(
            f"layer{number}",
            LayerSample(
                name=f"layer{number}",
                grad_norm=gradient,
                delta_norm=gradient / 3,
                update_ratio=gradient * 2e-4,
                unmoved=0.99 / number**2,
                activation_std=0.5,
                sample_std=0.091 / 6 ** (number - 1),
                saturated=0.1 * number,
            ),
        )
        for number, gradient in enumerate(_GRADIENTS, 1)
    ]
    rows.append(
        BarRow("output", LayerSample(name="output", grad_norm=0.43, delta_norm=0.04, update_ratio=3e-3))
    )
    return tuple(
        BarRow(row.name, LayerSample(name=row.name, grad_norm=changes[row.name]))
        if row.name in changes
        else row
        for row in rows
    )


def deep(layers: int) -> tuple[BarRow, ...]:
    names = [*(f"layer{number}" for number in range(1, layers)), "output"]
    return tuple(
        BarRow(name, LayerSample(name=name, grad_norm=10 ** (-abs(place - layers * 0.6) / 5)))
        for place, name in enumerate(names)
    )


STRANGE = (
    BarRow("layer1", LayerSample(name="layer1", grad_norm=0.0, dead=0.3)),
    BarRow("layer2", LayerSample(name="layer2", grad_norm=math.inf, dead=0.998)),
    BarRow("layer3", LayerSample(name="layer3", grad_norm=math.nan)),
    BarRow("layer4", built=False),
    BarRow("layer5", LayerSample(name="layer5", frozen=True)),
    BarRow("layer6", LayerSample(name="layer6", frozen=True, grad_norm=1e-3)),
    BarRow("layer7", LayerSample(name="layer7", grad_norm=3e12)),
    BarRow("output"),
)
PROFILES = {
    "vanishing": BarProfile(
        vanishing(),
        marks={f"layer{number}": 2e-6 * 7.21 ** (number - 1) for number in range(1, 8)},
        selected="layer3",
        accused="layer1",
    ),
    "strange": BarProfile(STRANGE, note="last finite, step 1"),
    "delta": BarProfile(vanishing(), QUANTITIES["delta_norm"]),
    "update": BarProfile(vanishing(), QUANTITIES["update_ratio"]),
    "spread": BarProfile(vanishing(), QUANTITIES["activation_std"]),
    "saturated": BarProfile(vanishing(), QUANTITIES["saturated"]),
    "deep": BarProfile(deep(50), selected="layer20", accused="layer7"),
}


class Bench(App[None]):
    """One LayerBars of a given size."""

    def __init__(self, width: int, height: int, ascii_only: bool = False) -> None:
        super().__init__()
        self.set_class(ascii_only, "-ascii", update=False)
        self._wanted = (width, height)

    def compose(self) -> ComposeResult:
        bars = LayerBars()
        bars.styles.width, bars.styles.height = self._wanted
        yield bars

    @property
    def bars(self) -> LayerBars:
        return self.query_one(LayerBars)

    def lines(self) -> list[str]:
        """What is on the screen."""
        return [self.bars.render_line(y).text for y in range(self.bars.size.height)]


@contextmanager
def repaints(bars: LayerBars) -> Iterator[list[Region]]:
    """Collects the regions that the widget asks to have repainted."""
    asked: list[Region] = []
    original = bars.refresh

    def refresh(*regions: Region, **options: bool) -> LayerBars:
        asked.extend(regions or [bars.size.region])
        return original(*regions, **options)

    with patch.object(bars, "refresh", refresh):
        yield asked


@pytest.mark.parametrize("ascii", [False, True], ids=["utf8", "ascii"])
@pytest.mark.parametrize(
    ("name", "width", "height"),
    [
        ("vanishing", 80, 9),
        ("vanishing", 90, 9),
        ("vanishing", 50, 9),
        ("strange", 80, 9),
        ("strange", 120, 10),
        ("delta", 80, 9),
        ("update", 80, 9),
        ("spread", 80, 9),
        ("saturated", 80, 9),
        ("deep", 80, 10),
        ("deep", 80, 4),
    ],
)
async def test_a_profile_looks_as_it_did(name: str, width: int, height: int, ascii: bool) -> None:
    app = Bench(width, height, ascii)
    async with app.run_test(size=(130, 60)):
        app.bars.show(PROFILES[name])
        text = "\n".join(line.rstrip() for line in app.lines())
    assert text.isascii() or not ascii
    goldens.check(f"layer_bars/{name}-{width}x{height}-{'ascii' if ascii else 'utf8'}", text)


def test_v_goes_through_the_quantities_and_back_to_the_first() -> None:
    names = [
        "grad_norm",
        "delta_norm",
        "update_ratio",
        "activation_std",
        "saturated",
        "underflow",
        "grad_norm",
    ]
    shown = [QUANTITIES["grad_norm"]]
    while len(shown) < len(names):
        shown.append(next_quantity(shown[-1]))
    assert [quantity.name for quantity in shown] == names


async def test_nothing_to_show_is_an_axis() -> None:
    app = Bench(80, 9)
    async with app.run_test(size=(100, 20)):
        assert "1e-8" in app.lines()[0]


async def test_every_double_has_its_place_and_its_number() -> None:
    random = Random(2)
    special = (0.0, math.inf, -math.inf, math.nan, 5e-324, 1.7e308, -1.0, 1e-12, 1e12)
    app = Bench(80, 9)
    async with app.run_test(size=(130, 20)):
        for _ in range(200):
            values = [
                random.choice(special)
                if random.random() < 0.3
                else struct.unpack("<d", random.randbytes(8))[0]
                for _ in range(3)
            ]
            quantity = random.choice(IN_BARS)
            rows = tuple(
                BarRow(
                    name,
                    LayerSample(
                        name=name,
                        grad_norm=value,
                        delta_norm=value,
                        update_ratio=value,
                        activation_std=value,
                        sample_std=value,
                        saturated=random.choice([0.0, 1e-9, 0.5, 1.0]),
                        underflow=random.choice([0.0, 1e-9, 0.5, 1.0]),
                    ),
                )
                for name, value in zip(("layer1", "layer2", "output"), values, strict=True)
            )
            app.bars.show(BarProfile(rows, quantity, {"layer1": abs(values[0]), "layer2": math.nan}))
            lines = app.lines()
            assert [len(line) for line in lines] == [80] * 9
            for line, value in zip(lines[1:], values, strict=False):
                bar = line[11:57].strip(" ·")
                assert bar or (quantity.scale != "unit" and not value >= 0)


def test_large_spreads_have_an_exponent_as_the_numbers_beside_them() -> None:
    spreads = (7.1448, 73.37, 738.49, 69_647.6)
    rows = tuple(
        BarRow(f"layer{number}", LayerSample(name=f"layer{number}", grad_norm=1.0, sample_std=spread))
        for number, spread in enumerate(spreads, 1)
    )
    bars = LayerBars()
    bars.show(BarProfile(rows=rows))
    with patch.object(LayerBars, "alphabet", PropertyMock(return_value=UTF8)):
        canvas = bars.draw(100, 5)
    assert {"7.145", "73.370", "7.4e2", "7.0e4"} <= set(canvas.text().split())


async def test_the_axis_does_not_move_with_every_sample() -> None:
    app = Bench(80, 9)
    async with app.run_test(size=(100, 20)):
        heads = set()
        for step in range(50):
            app.bars.show(BarProfile(vanishing(layer1=1.9e-6 * (1 + 0.5 * math.sin(step)))))
            heads.add(app.lines()[0])
        assert len(heads) == 1
        app.bars.show(BarProfile(vanishing(layer1=1e-13)))
        assert "1e-12" in app.lines()[0]
        app.bars.show(BarProfile(vanishing()))
        assert "1e-12" in app.lines()[0]


async def test_another_run_has_a_fresh_axis() -> None:
    app = Bench(80, 9)
    async with app.run_test(size=(100, 20)):
        app.bars.show(BarProfile(vanishing(layer1=1e-30), run="one"))
        app.bars.show(BarProfile(vanishing(), run="two"))
        assert app.lines()[0].split()[1] == "1e-8"


async def test_only_what_changed_is_repainted() -> None:
    app = Bench(80, 9)
    async with app.run_test(size=(100, 20)):
        app.bars.show(BarProfile(vanishing()))
        with repaints(app.bars) as asked:
            app.bars.show(BarProfile(vanishing()))
            assert asked == []
            app.bars.show(BarProfile(vanishing(layer3=8.1e-5)))
        assert {region.y for region in asked} == {3}
        assert sum(region.width for region in asked) < 40


async def test_the_screen_shows_what_a_repaint_of_rows_left() -> None:
    """The compositor asks for the dirty rows only; what it then shows must be the whole new profile."""
    app = Bench(80, 9)
    async with app.run_test(size=(80, 9)) as pilot:
        app.bars.show(BarProfile(vanishing()))
        await pilot.pause()
        app.bars.show(BarProfile(vanishing(layer2=5e-1)))
        await pilot.pause()
        strips = app.screen._compositor.render_strips()
        assert [strip.text for strip in strips] == app.lines()
        assert "5.0e-1" in strips[2].text


async def test_resizing_draws_for_the_new_size() -> None:
    app = Bench(80, 9)
    async with app.run_test(size=(130, 20)) as pilot:
        app.bars.show(PROFILES["vanishing"])
        app.bars.styles.width = 100
        await pilot.pause()
        assert {len(line) for line in app.lines()} == {100}
        assert "unmoved" in app.lines()[0]


async def test_switching_the_theme_changes_the_colours() -> None:
    app = Bench(80, 9)
    async with app.run_test(size=(100, 20)) as pilot:
        app.bars.show(PROFILES["vanishing"])
        before = list(app.bars.render_line(1))
        app.theme = "gruvbox"
        await pilot.pause()
        after = list(app.bars.render_line(1))
        assert [segment.text for segment in before] == [segment.text for segment in after]
        assert [segment.style for segment in before] != [segment.style for segment in after]


async def test_a_clicked_layer_says_its_name() -> None:
    clicked: list[str] = []

    class Listening(Bench):
        def on_layer_bars_clicked(self, message: LayerBars.Clicked) -> None:
            clicked.append(message.layer)

    app = Listening(80, 9)
    async with app.run_test(size=(100, 20)) as pilot:
        app.bars.show(PROFILES["vanishing"])
        await pilot.click(LayerBars, offset=(5, 2))
        await pilot.click(LayerBars, offset=(5, 0))
    assert clicked == ["layer2"]


async def test_scrolling_keeps_first_worst_selected_and_output_in_sight() -> None:
    app = Bench(80, 12)
    async with app.run_test(size=(100, 20)):
        app.bars.show(PROFILES["deep"])
        seen = set()
        for _ in range(50):
            lines = app.lines()
            names = {line[1:9].strip() for line in lines[1:]}
            assert {"layer 1", "layer 7", "layer 20", "output"} <= names
            seen |= names
            app.bars.scroll_layers(1)
        assert {f"layer {number}" for number in range(20, 50)} <= seen


def test_no_room_is_wasted_and_none_exceeded() -> None:
    random = Random(3)
    for _ in range(2000):
        total, room = random.randrange(1, 60), random.randrange(0, 20)
        pinned = tuple(random.randrange(total) for _ in range(random.randrange(4)))
        rows = visible(total, room, pinned, random.randrange(-5, 65))
        places = [place for place in rows if place is not None]
        assert len(rows) <= room
        assert places == sorted(set(places))
        assert len(places) == total if total <= room else len(rows) >= room - 1
        for place in pinned[: max(0, (room - 1) // 2)]:
            assert place in places


def test_the_worst_layer_is_the_accused_else_not_finite_else_the_smallest() -> None:
    assert BarProfile(vanishing()).worst() == 0
    assert BarProfile(vanishing(layer5=math.nan)).worst() == 4
    assert BarProfile(vanishing(), accused="layer6").worst() == 5
    assert BarProfile(vanishing(), QUANTITIES["saturated"]).worst() == 6
    assert BarProfile(STRANGE).worst() == 1
    assert BarProfile(()).worst() is None


def test_a_frozen_layer_is_never_the_worst() -> None:
    rows = (
        BarRow("layer1", LayerSample(name="layer1", grad_norm=1e-9, frozen=True)),
        BarRow("layer2", LayerSample(name="layer2", grad_norm=1e-3)),
        BarRow("output", LayerSample(name="output", grad_norm=1.0)),
    )
    assert BarProfile(rows).worst() == 1


def test_the_axis_gives_decades_back_only_after_a_while() -> None:
    axis = LogAxis(patience=5)
    axis.fit([1e-13, 2e13])
    assert (axis.low, axis.high) == (-14, 14)
    for _ in range(4):
        axis.fit([1e-3, 1.0])
        assert (axis.low, axis.high) == (-14, 14)
    for _ in range(5):
        axis.fit([1e-3, 1.0])
    assert (axis.low, axis.high) == (-8, 0)


def test_the_axis_never_clips() -> None:
    axis = LogAxis()
    values = [5e-324, 1e-300, 1e-12, 1.0, 1e12, 1.7e308]
    axis.fit(values)
    places = [axis.fraction(value) for value in values]
    assert places == sorted(set(places))
    assert places[0] >= 0
    assert places[-1] <= 1


@pytest.mark.parametrize("width", [20, 44, 60, 120])
@pytest.mark.parametrize(("low", "high"), [(-8, 0), (-12, 12), (-324, 308), (-10, 0), (-2, 0)])
def test_tick_labels_are_apart(low: int, high: int, width: int) -> None:
    labels = LogAxis(low, high).ticks(width)
    ends = [(int(place * width), len(label)) for place, label in labels]
    assert len(labels) >= 1
    for (x, length), (following, _) in pairwise(ends):
        assert x + length < following
