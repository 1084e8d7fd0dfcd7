"""What single pages show: the slides' products, formulas, grey images, and the use of a wide screen."""

import math

import pytest

from scenarios.theory import page_ids
from tests.tui.theory.test_pages import SIZES, drawn, settings
from tui_vanish.drawing.canvas import Canvas, grey_role, greys
from tui_vanish.theory.page import number
from tui_vanish.theory.page_view import draw_page
from tui_vanish.theory.pages.chain import Chain
from tui_vanish.theory.pages.weights import Weights
from tui_vanish.theory.pictures import image
from tui_vanish.theory.registry import Pages
from tui_vanish.theory.sheet import Sheet


def test_the_chain_rule_is_shown_factor_by_factor_with_its_numbers() -> None:
    page = Pages().open("chain")
    assert isinstance(page, Chain)
    page.view.set("factors")
    text = drawn(page, *SIZES[0])
    assert "ŷ = W[7]ᵀ·W[6]ᵀ·…·W[2]ᵀ·W[1]ᵀ·x = 10^7 = 1e7" in text
    assert "∂L/∂w[1] = ∂L/∂a[7]·∂a[7]/∂a[6]·…·∂a[2]/∂a[1]·∂a[1]/∂w[1]" in text
    factors = [line.split()[-3:] for line in text.splitlines() if line.startswith(" a[")]
    assert [row[0] for row in factors] == [
        "∂L/∂a[7]",
        *(f"∂a[{layer}]/∂a[{layer - 1}]" for layer in range(7, 1, -1)),
        "∂a[1]/∂w[1]",
    ]
    assert math.prod(float(row[1]) for row in factors) == float(factors[-1][2]) == 1e6


@pytest.mark.parametrize("layers", [1, 2, 3, 50])
def test_the_table_of_factors_ends_with_the_gradient(layers: int) -> None:
    page = Pages().open("chain")
    assert isinstance(page, Chain)
    page.weight.set(0.9)
    page.layers.set(layers)
    for width, height in ((78, 21), (118, 33), (198, 47)):
        page.view.set("factors")
        last = next(line for line in drawn(page, width, height).splitlines() if f"a[{layers}] = w·" in line)
        assert last.split("∂a[1]/∂w[1]")[1].split()[:2] == ["1", number(0.9 ** (layers - 1))]


@pytest.mark.parametrize(("w", "top"), [(10.0, "1e6"), (0.1, "1"), (2.0, "1e2"), (0.99, "1")])
def test_the_axis_of_the_chain_is_for_what_is_shown(w: float, top: str) -> None:
    page = Pages().open("chain")
    assert isinstance(page, Chain)
    page.weight.set(w)
    ticks = [line.split("┤")[0].strip() for line in drawn(page, *SIZES[0]).splitlines() if "┤" in line]
    assert ticks[0] == top
    assert len(ticks) >= 2


def test_the_formulas_of_batchnorm_are_a_key_away_where_they_have_no_room() -> None:
    page = Pages().open("normalisation")
    assert page.text.lines["BatchNorm"][0] in drawn(page)
    assert page.step_label == ""
    assert page.text.lines["BatchNorm"][0] not in drawn(page, *SIZES[0])
    assert page.step_label == "formulas"
    page.step()
    text = drawn(page, *SIZES[0])
    assert all(line in text for line in page.text.lines["BatchNorm"])
    page.step()
    assert page.text.lines["BatchNorm"][0] not in drawn(page, *SIZES[0])


@pytest.mark.parametrize("page_id", page_ids())
def test_a_wide_screen_gives_text_a_readable_width_and_pictures_the_rest(page_id: str) -> None:
    page = Pages().open(page_id)
    for setting in settings(page):
        canvas = Canvas(198, 47)
        assert not draw_page(page, canvas, knob=page.knobs()[0], ascii=False).texts, setting
    used = max(len(canvas.line(y).rstrip()) for y in range(47))
    assert used > 150


def test_a_grey_image_has_two_pixels_in_a_cell() -> None:
    canvas = Canvas(30, 15)
    pixels = bytes(255 if y % 2 else 0 for y in range(28) for _ in range(28))
    image(Sheet(canvas, False, greys=True), pixels, 28)
    first = next(canvas.runs(0))
    assert first.text == "▀" * 28
    assert greys(first.role) == (0.0, 1.0)
    image(Sheet(canvas, False), pixels, 28)
    assert {run.text.strip() for run in canvas.runs(3)} == {"▒" * 28}


def test_a_blank_after_a_grey_cell_is_not_grey() -> None:
    canvas = Canvas(3, 1)
    canvas.put(0, 0, "▀", grey_role(255, 0))
    assert [run.text for run in canvas.runs(0)] == ["▀", "  "]


@pytest.mark.parametrize("std", [0.01, 0.05])
@pytest.mark.parametrize("reach", [0.2, 4.0, 30.0])
def test_the_peak_of_a_density_is_drawn_at_its_height(std: float, reach: float) -> None:
    page = Pages().open("weights")
    assert isinstance(page, Weights)
    page.std.set(std)
    page.reach.set(reach)
    lines = drawn(page, 118, 33).splitlines()
    rows = {y: line.split("┤")[0].strip() for y, line in enumerate(lines) if "┤" in line}
    (low, bottom), (high, top) = max(rows.items()), min(rows.items())
    peak = 1 / (std * math.sqrt(2 * math.pi))
    row = low - (peak - float(bottom)) / (float(top) - float(bottom)) * (low - high)
    drawn_at = min(
        y for y, line in enumerate(lines) if any(0x2800 < ord(sign) < 0x2900 for sign in line[:58])
    )
    assert drawn_at == round(row)
