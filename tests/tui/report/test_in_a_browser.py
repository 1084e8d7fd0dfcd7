"""The report in Chromium: zoom, numbers under the cursor, keys, both themes, print, a screen reader."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Dialog, Locator, Page, Request, sync_playwright

from engine.storage.labels import Labels, write_labels
from tests.engine import made_up_watched as made_up
from tests.tui.report.test_report import HOSTILE
from tui_vanish.cli.main import main

CHROMIUM = next((path for name in ("chromium", "google-chrome") if (path := shutil.which(name))), None)
if CHROMIUM is None and not os.environ.get("CI"):  # where it is missing in CI, the tests fail
    pytest.skip("Chromium is not installed", allow_module_level=True)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "two.html"
    assert main(["report", "recorded:depth-7", "recorded:relu", "-o", str(path), "--lang", "en"]) == 0
    return path


@pytest.fixture
def page(browser: Browser, report: Path) -> Iterator[Page]:
    """The report, in a browser without a network. Anything that it complains about is a failure."""
    complaints: list[str] = []
    context = browser.new_context(offline=True, color_scheme="light", viewport={"width": 1000, "height": 900})
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))

    def on_request(request: Request) -> None:
        if not request.url.startswith("file:"):
            complaints.append(request.url)

    page.on("request", on_request)
    page.goto(report.as_uri())
    yield page
    context.close()
    assert complaints == []


def curve(page: Page) -> tuple[Locator, Locator]:
    figure = page.locator('figure[data-figure="curve-test-accuracy"]')
    return figure.locator(".plot"), figure.locator(".readout")


def steps(page: Page) -> list[float]:
    """The steps that the first curve shows, by the labels that its axis would have."""
    plot, readout = curve(page)
    plot.focus()
    found = []
    for key in ("Home", "End"):
        page.keyboard.press(key)
        found.append(float(readout.inner_text().split()[1]))
    return found


def test_the_mouse_reads_the_numbers_and_zooms(page: Page) -> None:
    plot, readout = curve(page)
    whole = steps(page)
    assert whole == [118, 11800]
    box = plot.locator(".u-over").bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.5 * box["width"], middle)
    first = readout.inner_text()
    assert "depth-7 recorded: " in first
    assert "relu recorded: " in first
    page.mouse.move(box["x"] + 0.25 * box["width"], middle)
    assert readout.inner_text() != first
    page.mouse.down()
    page.mouse.move(box["x"] + 0.5 * box["width"], middle, steps=4)
    page.mouse.up()
    begin, end = steps(page)
    assert 2700 < begin < 3300
    assert 5500 < end < 6100
    page.mouse.dblclick(box["x"] + 0.5 * box["width"], middle)
    assert steps(page) == whole


def test_keys_read_the_numbers_and_zoom(page: Page) -> None:
    plot, readout = curve(page)
    plot.focus()
    page.keyboard.press("Home")
    assert readout.inner_text().startswith("step 118")
    page.keyboard.press("ArrowRight")
    assert readout.inner_text().startswith("step 236")
    page.keyboard.press("+")
    begin, end = steps(page)
    assert end - begin < 0.6 * 11800
    plot.focus()
    page.keyboard.press("0")
    assert steps(page) == [118, 11800]


def test_the_axis_shows_steps_or_epochs(page: Page) -> None:
    plot, readout = curve(page)
    page.locator("#unit").click()
    plot.focus()
    page.keyboard.press("Home")
    assert readout.inner_text().startswith("epoch 1 ")
    page.keyboard.press("End")
    assert readout.inner_text().startswith("epoch 100 ")
    assert "relu recorded, published: 75.00 %" in readout.inner_text()
    page.locator("#unit").click()
    assert steps(page) == [118, 11800]


def test_both_themes_have_their_own_colours_and_can_be_read(page: Page) -> None:
    body = page.locator("body")
    seen = []
    for _ in range(2):
        seen.append(body.evaluate("each => getComputedStyle(each).backgroundColor"))
        found = Axe().run(page)
        serious = [each for each in found.response["violations"] if each["impact"] in ("serious", "critical")]
        assert serious == []
        page.locator("#theme").click()
    assert seen == ["rgb(255, 255, 255)", "rgb(13, 17, 23)"]


def test_the_theme_is_that_of_the_system(browser: Browser, report: Path) -> None:
    page = browser.new_page(color_scheme="dark")
    page.goto(report.as_uri())
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.close()


def test_print_shows_every_figure_as_svg_without_the_controls(page: Page) -> None:
    page.locator("#theme").click()  # dark, which paper is not
    page.emulate_media(media="print")
    colour = "each => getComputedStyle(each).color + getComputedStyle(each).backgroundColor"
    assert page.locator("body").evaluate(colour) == "rgb(27, 31, 36)rgb(255, 255, 255)"
    figures = page.locator("figure")
    assert figures.count() > 8
    for svg in figures.locator("> svg").all():
        assert svg.is_visible()
    assert not curve(page)[0].is_visible()
    assert not page.locator("#theme").is_visible()


def test_without_scripts_the_figures_are_there(browser: Browser, report: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report.as_uri())
    assert all(svg.is_visible() for svg in page.locator("figure > svg").all())
    context.close()


def test_hostile_names_do_nothing(browser: Browser, tmp_path: Path) -> None:
    watched = made_up.description(HOSTILE, config={HOSTILE: HOSTILE})
    made_up.write(tmp_path, [made_up.started(watched), *list(made_up.course([1, 2, 3]))[1:]], watched=watched)
    write_labels(tmp_path / made_up.RUN, Labels(HOSTILE, ()))
    path = tmp_path / "hostile.html"
    assert main(["report", made_up.RUN, "--runs-dir", str(tmp_path), "-o", str(path)]) == 0
    page = browser.new_page()
    dialogs: list[str] = []

    def on_dialog(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", on_dialog)
    page.on("console", lambda message: dialogs.append(message.text))
    page.goto(path.as_uri())
    assert page.locator(".plot canvas").count() >= 1
    assert page.locator("img").count() == 0
    assert "<script>alert(1)</script>" in page.locator("h1").inner_text()
    assert dialogs == []
    page.close()
