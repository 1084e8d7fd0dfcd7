"""What single pages show: the slides' products, formulas, grey images, and the use of a wide screen."""

import math

import pytest

from engine.theory.depth_map import ACTIVATIONS, reach
from engine.theory.through_time import Activation
from scenarios.theory import page_ids
from tests.tui.theory.test_pages import SIZES, drawn, settings
from tui_vanish.drawing.canvas import Canvas, grey_role, greys
from tui_vanish.theory.page_view import draw_page
from tui_vanish.theory.pages.chain import Chain
from tui_vanish.theory.pages.depth_map import DepthMap
from tui_vanish.theory.pages.low_precision import LowPrecision
from tui_vanish.theory.pages.through_time import ThroughTime
from tui_vanish.theory.pages.weights import Weights
from tui_vanish.theory.pictures import column_marks, columns, image
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
        factor, product = last.split("∂a[1]/∂w[1]")[1].split()[:2]
        assert float(factor) == 1
        assert float(product) == pytest.approx(0.9 ** (layers - 1), rel=0.005)


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


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("page_id", "words"),
    [
        (
            "skip-connection",
            ["x ──┬──▶ layers of F ──▶ F(x) ──▶ + ──▶ H(x)", "╰─────── x, unchanged ────────╯"],
        ),
        ("sdagd", ["a vanishing g moves the weight only if h vanishes faster."]),
        (
            "signs",
            [
                "“Exploding gradients can make learning unstable” (Goodfellow, Bengio, Courville: Deep",
                "At best, updates are so large that learning is unstable and does not converge",
                "at worst, weights become NaN and can no longer be updated.",
            ],
        ),
    ],
)
def test_what_the_slides_say_is_on_the_page(page_id: str, words: list[str], size: tuple[int, int]) -> None:
    text = " ".join(drawn(Pages().open(page_id), *size).split())
    assert [part for part in words if part not in text] == []


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


@pytest.mark.parametrize("ascii", [False, True])
def test_a_mark_of_theory_keeps_the_bar_behind_it(ascii: bool) -> None:
    canvas = Canvas(4, 4)
    sheet = Sheet(canvas, ascii)
    bars = [1.0, 0.0, 0.3, 0.0]
    columns(sheet, bars, "series-1", 1.0)
    before = [canvas.line(y) for y in range(4)]
    column_marks(sheet, [0.6] * 4, bars, "series-2", 1.0)
    roles = [run.role for run in canvas.runs(1)]  # from 0.5 to 0.75
    assert "series-2-on-bar" in roles
    assert "series-2" in roles
    assert [canvas.line(y) for y in (0, 2, 3)] == [before[y] for y in (0, 2, 3)]


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


def the_map(activation: str, std: float, layers: int) -> DepthMap:
    page = Pages().open("map")
    assert isinstance(page, DepthMap)
    page.activation.set(activation)
    page.std.set(std)
    page.layers.set(layers)
    return page


@pytest.mark.parametrize(
    ("activation", "std", "layers", "says"),
    [
        ("sigmoid", 0.05, 1, "6ξ is 1.5 layers. A network of 1 layer should learn"),
        (
            "sigmoid",
            0.05,
            3,
            "should learn slowly: the gradient at layer 1 is 0.019 times",
        ),
        ("sigmoid", 0.05, 7, "each layer leaves 0.139 of a gradient, and 6ξ is 1.5 layers"),
        ("sigmoid", 0.05, 7, "A network of 7 layers should not learn with plain SGD"),
        (
            "sigmoid",
            0.897,
            100,
            "χ is 1: a gradient keeps its size, and a network of 100 layers",
        ),
        ("relu", 0.125, 50, "χ is 1: a gradient keeps its size"),
        (
            "relu",
            0.3,
            3,
            "multiplies a gradient by 2.4, and 6|ξ| is 3.4 layers. A network of 3",
        ),
        ("relu", 0.3, 3, "3 layers may learn if the learning rate suits such weights: the gradient"),
        ("sigmoid", 3.0, 2, "Its logits start with a standard deviation of 24."),
        ("relu", 0.3, 4, "A network of 4 layers is likely to diverge"),
        ("sigmoid_beta", 0.05, 7, "β = 0.05 acts on the way back only"),
    ],
)
def test_the_map_says_in_words_what_a_network_at_its_mark_does(
    activation: str, std: float, layers: int, says: str
) -> None:
    for width, height in SIZES:
        text = " ".join(drawn(the_map(activation, std, layers), width, height).split())
        assert says in text


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_map_is_filled_up_to_six_xi(activation: str) -> None:
    text = drawn(the_map(activation, 0.05, 100), 118, 33, ascii=True)
    lines = [line.ljust(118) for line in text.splitlines()]
    ticks = {line[36:43].strip(): y for y, line in enumerate(lines) if line[43:44] == "+"}
    one, hundred = ticks["1"], ticks["1e2"]
    axis = next(line for line in lines if line[40:].strip().startswith("1e-2 "))
    left, right = axis.index("1e-2", 36) + 1, axis.rindex("1e1") + 1
    for std in (0.01, 0.03, 0.2, 2.0, 10.0):
        column = round(left + (math.log10(std) + 2) / 3 * (right - left))
        filled = [y for y in range(hundred, one + 1) if lines[y][column] in ".*"]
        layers = min(100.0, reach(activation, 128, std))
        top = one - math.log10(layers) / 2 * (one - hundred)
        if top > one:
            assert filled == []
        else:
            assert filled[-1] == one
            assert abs(filled[0] - top) <= 1


@pytest.mark.parametrize(
    ("start", "activation", "radius", "said"),
    [
        ("normal", "tanh", 0.5, "cannot learn from what it saw at the beginning"),
        (
            "orthogonal",
            "identity",
            1.0,
            "gets 1 times the gradient of the last; ρ alone",
        ),
        ("orthogonal", "identity", 2.0, "far too much"),
        ("orthogonal", "tanh", 1.0, "cannot learn"),
    ],
)
def test_through_time_says_what_becomes_of_the_first_step(
    start: str, activation: Activation, radius: float, said: str
) -> None:
    page = Pages().open("through-time")
    assert isinstance(page, ThroughTime)
    page.start.set(start)
    page.activation.set(activation)
    page.radius.set(radius)
    assert said in " ".join(drawn(page, 118, 33).split())


@pytest.mark.parametrize(
    ("kind", "gradient", "scale", "rate", "said"),
    [
        ("fp16", 1e-9, 1, 0.01, "fp16 has no number for g = 1e-9: its smallest number above 0 is 5.96e-8"),
        ("fp16", 1e-12, 256, 0.01, "no number for S·g = 2.56e-10 either"),
        ("fp16", 1e-9, 2**16, 10.0, "fp16 holds S·g = 6.55e-5 with an error of"),
        ("fp16", 1.0, 2**16, 0.01, "S·g = 6.55e4 overflows: the largest number of fp16 is 6.55e4"),
        ("bf16", 1e-9, 1, 0.01, "bf16 holds g = 1e-9 with an error of"),
        ("bf16", 1e-3, 1, 0.01, "it is rounded away, now and in each later step. A weight in fp32 moves."),
        ("bf16", 0.1, 1, 0.1, "the distance to the next number of bf16, 2.44e-4: w moves."),
        ("fp32", 1e-12, 1, 0.01, "A weight in fp32 stays as well."),
    ],
)
def test_low_precision_says_what_becomes_of_gradient_and_update(
    kind: str, gradient: float, scale: int, rate: float, said: str
) -> None:
    page = Pages().open("low-precision")
    assert isinstance(page, LowPrecision)
    page.kind.set(kind)
    page.gradient.set(gradient)
    page.scale.set(scale)
    page.rate.set(rate)
    for size in SIZES:
        assert said in " ".join(drawn(page, *size).split())
