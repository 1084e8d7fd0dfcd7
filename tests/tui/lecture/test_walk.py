"""The whole lecture by keys: every step in both languages and sizes, and each answer from the runs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from scenarios.lecture import Step
from scenarios.lecture_files import load_lecture
from tests import goldens
from tests.tui.lab_bench import NARROW, WIDE, Bench, opened
from tui_vanish.language import use
from tui_vanish.lecture.page_work import PageWork
from tui_vanish.lecture.screen import LectureScreen
from tui_vanish.lecture.state import score
from tui_vanish.theory.screen import TheoryScreen

LECTURE = load_lecture()


@asynccontextmanager
async def lecture(
    folder: Path, size: tuple[int, int] = NARROW, *, ascii: bool = False
) -> AsyncIterator[Bench]:
    """The lecture in the app, at its first step."""
    async with opened(folder, size, ascii=ascii) as bench:
        await press(bench, "L")
        yield bench


async def press(bench: Bench, *keys: str) -> LectureScreen:
    """Press keys, and wait until what the step needs has been read."""
    for key in keys:
        await bench.pilot.press(key)
        screen = bench.app.screen
        while isinstance(screen, LectureScreen) and screen.is_reading:
            await bench.pilot.pause()
        await bench.settle()
    screen = bench.app.screen
    assert isinstance(screen, LectureScreen)
    return screen


async def go_to(bench: Bench, step_id: str) -> LectureScreen:
    """Open a step."""
    screen = bench.app.screen
    assert isinstance(screen, LectureScreen)
    screen.open_step(step_id)
    return await press(bench, "f13")  # a key that does nothing


@pytest.fixture
def no_measuring(monkeypatch: pytest.MonkeyPatch) -> None:
    """Theory pages do not measure networks here; they have tests of their own."""
    monkeypatch.setattr(PageWork, "begin", lambda self, page: None)


def above_the_picture(bench: Bench, step: Step) -> str:
    """The screen; of a theory page, which has goldens of its own, only what is above it."""
    screen = bench.app.screen
    rows = bench.text.splitlines()
    if step.show.page:
        end = next((y for y, row in enumerate(rows) if row.startswith("├")), len(rows))
        rows = rows[: end + 1]
    assert isinstance(screen, LectureScreen)
    return "\n".join(rows)


@pytest.mark.usefixtures("no_measuring")
@pytest.mark.parametrize("language", ["en", "vi"])
@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "120x36"])
async def test_from_the_first_step_to_the_score(size: tuple[int, int], language: str, tmp_path: Path) -> None:
    """Every question is answered, every step shows what it has, and nothing is cut."""
    use(language)
    frames = []
    async with lecture(tmp_path, size) as bench:
        for place, step in enumerate(LECTURE.steps):
            screen = bench.app.screen
            assert isinstance(screen, LectureScreen)
            assert screen.progress.place == place
            assert screen.hidden_rows == 0, step.id
            if step.question is not None:
                right = screen.right_answer
                assert right is not None, step.id
                await press(bench, str(right + 1))
                assert screen.progress.is_right(step.id)
                assert screen.hidden_rows == 0, step.id
            frames.append(f"== {step.id}\n{above_the_picture(bench, step)}")
            await press(bench, "space")
            if screen.progress.place == place:
                assert screen.hidden_rows == 0, step.id
                frames.append(above_the_picture(bench, step))
                await press(bench, "space")
        asked = [step for step in LECTURE.steps if step.question]
        end = await press(bench, "f13")
        topics = score(end.progress, LECTURE)
        assert len(asked) >= 20
        assert sum(topic.right for topic in topics) == len(asked)
        assert sum(topic.asked for topic in topics) == sum(bool(step.question) for step in LECTURE.steps)
        frames.append(f"== score\n{bench.text}")
    goldens.check(f"lecture/{language}-{size[0]}x{size[1]}", "\n".join(frames))


@pytest.mark.usefixtures("no_measuring")
async def test_a_wrong_answer_says_why_and_counts_as_wrong(tmp_path: Path) -> None:
    async with lecture(tmp_path, WIDE) as bench:
        screen = await go_to(bench, "times-ten")
        assert "How large is the output" in bench.text
        assert "theory: Chain of products" not in bench.text
        await press(bench, "1")
        assert "Not so. Measured: 1e7" in bench.text
        assert "1 70: 70 is the sum." in bench.text
        assert "3 10 million: Seven factors of 10 are 10⁷." in bench.text
        await press(bench, "3")
        assert screen.progress.given == {"times-ten": 0}
        assert not screen.progress.is_right("times-ten")


@pytest.mark.usefixtures("no_measuring")
async def test_space_shows_the_result_without_an_answer(tmp_path: Path) -> None:
    async with lecture(tmp_path, WIDE) as bench:
        screen = await go_to(bench, "adam")
        assert bench.label_of["next_step"] == "show"
        await press(bench, "space")
        assert "Measured: epoch 6." in bench.text
        assert "adam" in bench.text
        assert not screen.progress.is_right("adam")


@pytest.mark.usefixtures("no_measuring")
async def test_the_place_is_remembered_and_notes_and_blank_are_keys(tmp_path: Path) -> None:
    async with lecture(tmp_path) as bench:
        await press(bench, "right", "right", "right")
        assert bench.app.session.preferences.lecture == "vanishing:forward"
        await press(bench, "p")
        assert "Write ŷ = W⁷…W¹x on the board" in bench.text
        assert "Slide: Forwarding" in bench.text
        await press(bench, "p", "right")
        assert "theory: Learning circle" in bench.text
        await press(bench, "p")
        assert "Write ŷ = W⁷…W¹x on the board" in bench.text, "notes are hidden by the picture"
        await press(bench, "p", "full_stop")
        assert bench.text.strip() == ""
        await press(bench, "full_stop", "left", "left")
        assert f"2/{len(LECTURE.steps)} The learning circle" in bench.text
        await bench.press("escape")
        assert bench.app.screen is bench.lab
        await press(bench, "L")
        assert f"2/{len(LECTURE.steps)} The learning circle" in bench.text


@pytest.mark.usefixtures("no_measuring")
async def test_the_contents_lead_to_a_step(tmp_path: Path) -> None:
    async with lecture(tmp_path) as bench:
        await press(bench, "c", "down", "down", "down", "down")
        assert "The learning circle" in bench.text
        assert "▸  5 ? All weights are 10" in bench.text
        screen = await press(bench, "enter")
        assert screen.step is not None
        assert screen.step.id == "times-ten"


@pytest.mark.usefixtures("no_measuring")
async def test_enter_opens_the_page_with_its_knobs_and_esc_comes_back(tmp_path: Path) -> None:
    async with lecture(tmp_path) as bench:
        await go_to(bench, "backward")
        await bench.press("enter")
        assert isinstance(bench.app.screen, TheoryScreen)
        assert "show ‹factors›" in bench.text or "show  factors" in bench.text
        await bench.press("escape")
        assert f"4/{len(LECTURE.steps)} Backpropagation" in bench.text


@pytest.mark.usefixtures("no_measuring")
async def test_enter_opens_the_run_in_the_lab(tmp_path: Path) -> None:
    async with lecture(tmp_path) as bench:
        await go_to(bench, "seven-layers")
        await press(bench, "1")
        await bench.press("enter")
        assert bench.app.screen is bench.lab
        assert bench.lab.seen_run is not None
        assert bench.lab.seen_run.run == "recorded:depth-7"


@pytest.mark.usefixtures("no_measuring")
async def test_a_live_run_starts_three_steps_before_and_once(tmp_path: Path) -> None:
    place = [step.id for step in LECTURE.steps].index("live")
    async with lecture(tmp_path) as bench:
        runs = bench.engine.runs
        await go_to(bench, LECTURE.steps[place - 4].id)
        assert runs == []
        await go_to(bench, LECTURE.steps[place - 3].id)
        assert [(run.scenario.id, run.scenario.training.epochs) for run in runs] == [("depth-7", 100)]
        await go_to(bench, "live")
        assert "The training begins…" in bench.text
        bench.engine.be_ready()
        runs[0].start()
        runs[0].train_epochs(2)
        await press(bench, "f13")
        assert "236" in bench.text
        await bench.press("escape")
        await press(bench, "L")
        assert len(runs) == 1


@pytest.mark.usefixtures("no_measuring")
async def test_where_nothing_can_be_trained_a_live_step_shows_the_recorded_run(tmp_path: Path) -> None:
    async with lecture(tmp_path) as bench:
        bench.engine.can_train = False
        await go_to(bench, "live")
        assert bench.engine.runs == []
        assert "of a recording" in bench.text or "recorded" in bench.text


async def test_a_page_that_measures_shows_its_numbers_in_the_lecture(tmp_path: Path) -> None:
    async with lecture(tmp_path, WIDE) as bench:
        await go_to(bench, "density")
        await press(bench, "space")
        await bench.app.workers.wait_for_complete()
        await press(bench, "f13")
        assert "0.0192 theory  0.0191 measured" in bench.text


@pytest.mark.usefixtures("no_measuring")
async def test_without_questions_nothing_is_asked(tmp_path: Path) -> None:
    async with opened(tmp_path, WIDE) as bench:
        bench.app.navigation.prepare_lecture(None, asks=False)
        await press(bench, "L")
        await go_to(bench, "times-ten")
        assert "How large is the output" not in bench.text
        assert "theory: Chain of products" in bench.text


@pytest.mark.usefixtures("no_measuring")
async def test_for_a_room_a_picture_has_the_screen_for_itself(tmp_path: Path) -> None:
    async with lecture(tmp_path, WIDE) as bench:
        await go_to(bench, "backward")
        assert "theory: Chain of products" in bench.text
        await press(bench, "plus")
        assert "theory: Chain of products" not in bench.text
        await press(bench, "space")
        assert "theory: Chain of products" in bench.text
        assert "The chain rule multiplies" not in bench.text


@pytest.mark.usefixtures("no_measuring")
@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "120x36"])
async def test_for_a_room_a_bar_has_two_rows(size: tuple[int, int], tmp_path: Path) -> None:
    def rows_of_bars() -> int:
        return sum("▇▇" in row for row in bench.text.splitlines())

    async with lecture(tmp_path, size) as bench:
        await go_to(bench, "seven-layers")
        await press(bench, "1")
        assert rows_of_bars() <= 8
        await press(bench, "plus", "space")
        assert rows_of_bars() == 16
        rows = bench.text.splitlines()
        (place,) = [y for y, row in enumerate(rows) if "layer 7" in row and "▇" in row]
        assert "▇▇▇▇" in rows[place + 1]
        assert "layer" not in rows[place + 1]


@pytest.mark.usefixtures("no_measuring")
async def test_ascii_is_ascii(tmp_path: Path) -> None:
    use("vi")
    async with lecture(tmp_path, ascii=True) as bench:
        for step_id in ("welcome", "seven-layers", "race"):
            await go_to(bench, step_id)
            assert bench.text.isascii(), step_id
            await press(bench, "1")
            assert bench.text.isascii(), step_id
