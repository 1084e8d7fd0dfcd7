"""All pages, drawn without an app: no text is cut, ASCII mode is pure ASCII, every knob has an effect."""

from collections.abc import Iterator
from random import Random

import pytest

from engine.theory import circle
from engine.theory.circle import Round
from engine.theory.weights import signals
from scenarios.theory import page_ids
from tests import goldens
from tests.tui import made_up_measurements
from tui_vanish.drawing.canvas import Canvas
from tui_vanish.theory.formulas import in_ascii
from tui_vanish.theory.page import Page, number
from tui_vanish.theory.page_view import draw_page
from tui_vanish.theory.pages import learning_circle
from tui_vanish.theory.pages.optimizers import Optimizers
from tui_vanish.theory.pages.weights import Weights
from tui_vanish.theory.pictures import rebinned
from tui_vanish.theory.registry import Pages

TURNS = 60
SIZES = [(78, 21), (118, 33)]  # inside the frame, in terminals of 80×24 and 120×36


def settings(page: Page) -> Iterator[str]:
    """Turn random knobs and take steps; yields a description of each state, the initial one first."""
    yield "as it opens"
    draw = Random(7)
    for _ in range(TURNS):
        knob = draw.choice(page.knobs())
        knob.turn(draw.choice((-100, -1, 1, 100)))
        if draw.random() < 0.3:
            page.step()
        yield ", ".join(f"{knob.name} = {knob.shown}" for knob in page.knobs())


def drawn(page: Page, width: int = 118, height: int = 33, *, ascii: bool = False) -> str:
    canvas = Canvas(width, height)
    draw_page(page, canvas, knob=page.knobs()[0], ascii=ascii)
    return canvas.text()


@pytest.mark.parametrize("ascii", [False, True], ids=["utf8", "ascii"])
@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("page_id", page_ids())
def test_nothing_is_cut(page_id: str, width: int, height: int, ascii: bool) -> None:
    page = Pages().open(page_id)
    for setting in settings(page):
        overflow = draw_page(page, Canvas(width, height), knob=page.knobs()[0], ascii=ascii)
        assert not overflow.texts, setting


@pytest.mark.parametrize("page_id", page_ids())
def test_ascii_mode_draws_only_ascii(page_id: str) -> None:
    page = Pages().open(page_id)
    for setting in settings(page):
        text = drawn(page, ascii=True)
        assert text.isascii(), (setting, {sign for sign in text if not sign.isascii()})
        assert "?" not in text.replace("?)", ""), setting


@pytest.mark.parametrize("ascii", [False, True], ids=["utf8", "ascii"])
@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("page_id", page_ids())
def test_a_page_matches_its_golden(page_id: str, width: int, height: int, ascii: bool) -> None:
    page = Pages().open(page_id)
    text = drawn(page, width, height, ascii=ascii)
    goldens.check(f"theory/{page_id}-{width}x{height}-{'ascii' if ascii else 'utf8'}", text)


MEASURED = {
    "weights": "weights",
    "normalisation": "normalisation",
    "skip-connection": "skip-connection",
    "signs-nan": "signs",
    "signs-unmoved": "signs",
}


@pytest.mark.parametrize("ascii", [False, True], ids=["utf8", "ascii"])
@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("name", MEASURED)
def test_a_measured_page_matches_its_golden(
    name: str, width: int, height: int, ascii: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_up_measurements.pretend(monkeypatch)
    page = Pages().open(MEASURED[name])
    if name == "signs-unmoved":
        page.knobs()[0].turn(-1)
    measure(page)
    text = drawn(page, width, height, ascii=ascii)
    goldens.check(f"theory/{name}-measured-{width}x{height}-{'ascii' if ascii else 'utf8'}", text)


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("page_id", ["weights", "normalisation", "skip-connection", "signs"])
def test_nothing_is_cut_on_a_measured_page(page_id: str, width: int, height: int) -> None:
    page = Pages().open(page_id)
    measure(page)
    for ascii in (False, True):
        assert page.work() is None
        overflow = draw_page(page, Canvas(width, height), knob=page.knobs()[0], ascii=ascii)
        assert not overflow.texts


def test_work_stops_when_it_is_given_up() -> None:
    page = Pages().open("signs")
    work = page.work()
    assert work is not None
    work(lambda: True)
    assert page.work() is not None


@pytest.mark.parametrize("page_id", page_ids())
def test_every_knob_changes_the_drawing(page_id: str) -> None:
    page = Pages().open(page_id)
    for knob in page.knobs():
        before = knob.value
        seen = set()
        for by in (0, 1, -2):
            knob.turn(by)
            if page.id != "signs":  # the text of a sign is drawn before its run begins
                measure(page)
            seen.add(body(page))
        assert len(seen) > 1, knob.name
        knob.set(before)


def test_the_learning_circle_keeps_two_rounds_however_long_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    page = Pages().open("learning-circle")
    calls: list[object] = []

    def go_round(*arguments: object) -> Round:
        calls.append(arguments)
        return circle.go_round(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(learning_circle, "go_round", go_round)
    for _ in range(60):
        page.step()
        drawn(page)
    assert len(calls) == 2 + 5
    assert "round 6" in drawn(page)
    calls.clear()
    page.knobs()[3].turn(1)
    assert "round 1" in drawn(page)
    assert len(calls) == 2


def test_a_restarted_circle_is_in_its_initial_state() -> None:
    page = Pages().open("learning-circle")
    before = drawn(page)
    for _ in range(30):
        page.step()
    assert drawn(page) != before
    page.restart()
    assert drawn(page) == before


@pytest.mark.parametrize("std", [0.05, 0.897, 1.0, 10.0])
def test_the_weights_page_describes_chi_correctly(std: float) -> None:
    page = Pages().open("weights")
    assert isinstance(page, Weights)
    page.std.set(std)
    for layer in range(2, 8):
        page.layer.set(layer)
        chi = signals(std, layer)[-1].chi
        text = " ".join(drawn(page).split())
        theory = text[text.index("χ ") :].split()[1]
        assert float(theory) == float(number(chi))  # the same in the table and in the sentence
        if theory == "1":
            assert "χ is 1 to three digits: " in text
            assert "< 1" not in text
        else:
            assert f"χ = {number(chi)} {'<' if chi < 1 else '>'} 1:" in text
        assert ("χ tends to 1 with depth" in text) == (std == 0.897)
    page.layer.set(1)
    assert "for the weights χ counts from layer 2 on" in drawn(page)


@pytest.mark.parametrize("optimizer", ["SGD", "momentum", "Adam", "SDAGD"])
def test_very_small_numbers_fit_beside_the_rules(optimizer: str) -> None:
    page = Pages().open("optimizers")
    assert isinstance(page, Optimizers)
    page.surface.turn(-1)
    page.optimizer.set(optimizer)
    page.x.set(0.5)
    page.y.set(0.5)
    page.restart()
    for _ in range(120):
        for _ in range(4):
            page.step()
        for ascii in (False, True):
            assert not draw_page(page, Canvas(*SIZES[0]), knob=None, ascii=ascii).texts


def test_every_line_of_beta_sigmoids_algorithm_is_visible_and_explained() -> None:
    page = Pages().open("beta-sigmoid")
    page.knobs()[0].turn(2)
    for line in page.text.tables["algorithm"]:
        text = drawn(page, *SIZES[0])
        assert line["code"] in text
        assert f"Line {line['code'].split(':')[0]} of 25" in text
        page.knobs()[1].turn(1)


def measure(page: Page) -> None:
    """Do the work that the app does in a thread."""
    if work := page.work():
        work(lambda: False)


def body(page: Page) -> str:
    """The text below the knobs."""
    return "\n".join(drawn(page, *SIZES[0]).splitlines()[2:])


@pytest.mark.parametrize("intervals", [1, 37, 57, 98, 240])
def test_a_uniform_histogram_stays_uniform_in_other_intervals(intervals: int) -> None:
    found = rebinned([1 / 240] * 240, intervals)
    assert found == pytest.approx([1 / intervals] * intervals)


def test_rebinning_keeps_the_shares_at_the_ends() -> None:
    found = rebinned([0.25, *[0.0] * 238, 0.75], 57)
    assert (found[0], found[-1]) == pytest.approx((0.25, 0.75))


@pytest.mark.parametrize(
    ("unicode", "ascii"),
    [
        ("10⁷ and 1.4·10⁻⁴⁵", "10^7 and 1.4*10^-45"),
        ("m̂ ← m/(1 − β₁ᵗ)", "m_hat <- m/(1 - beta_1^t)"),
        ("∂L/∂W¹", "dL/dW^1"),
        ("a⁽ˡ⁻¹⁾", "a^(l-1)"),
        ("Giới thiệu vấn đề", "Gioi thieu van de"),
        ("plain", "plain"),
    ],
)
def test_formulas_in_ascii(unicode: str, ascii: str) -> None:
    assert in_ascii(unicode) == ascii
