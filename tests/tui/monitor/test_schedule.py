from pathlib import Path
from unittest.mock import PropertyMock, patch

import pytest

import scenarios
from engine.tracking import facts
from tests import goldens
from tests.tui.fake_engine import STEPS_PER_EPOCH, FakeEngine, FakeRun, vanishing_profile
from tests.tui.lab_bench import NARROW, WIDE, opened
from tui_vanish.drawing.glyphs import ASCII
from tui_vanish.instruments.timeline import Block, Timeline
from tui_vanish.monitor import charts, schedule
from tui_vanish.monitor.looks import ChartLooks, Unit
from vanish_recorder.protocol.status import Status


def staged() -> FakeRun:
    """A run of `staged` that has begun."""
    run = FakeRun(FakeEngine(), "r", scenarios.load("staged"), 42)
    run.start()
    return run


def train_stage(run: FakeRun, accuracy: float) -> None:
    """Train one epoch of the present stage."""
    run.sample(run.step + 1)
    run.epoch += run.step > run.epoch * STEPS_PER_EPOCH
    run.finish_epoch(test_accuracy=accuracy)


def test_each_stage_shows_which_sub_models_train_are_frozen_or_not_built() -> None:
    blocks = schedule.blocks(staged().view.snapshot())
    assert [block.number for block in blocks] == [1, 2, 3, 4, 5, 6, 7]
    assert blocks[0].parts == ("trains", "not built", "not built", "not built")
    assert blocks[3].parts == ("frozen", "frozen", "trains", "not built")
    assert blocks[6].parts == ("trains",) * 4


def test_a_finished_stage_shows_its_test_accuracy_and_the_present_one_its_epoch() -> None:
    run = staged()
    train_stage(run, 0.713)
    run.begin_stage()
    train_stage(run, 0.342)
    done, now, later, *_ = schedule.blocks(run.view.snapshot())
    assert (done.when, done.remark) == ("done", "71.3 %")
    assert (now.when, now.remark) == ("now", "1/100 34.2 %")
    assert (later.when, later.remark) == ("later", "")


def test_after_the_end_every_stage_is_over() -> None:
    run = staged()
    for number in range(7):
        train_stage(run, 0.5 + number / 100)
        if number < 6:
            run.begin_stage()
    run.end(Status.FINISHED)
    assert [block.when for block in schedule.blocks(run.view.snapshot())] == ["done"] * 7


def test_a_run_without_a_schedule_has_no_timeline() -> None:
    run = FakeRun(FakeEngine(), "r", scenarios.load("depth-7"), 42)
    run.start()
    assert schedule.blocks(run.view.snapshot()) == ()


def test_epochs_set_by_hand_are_shown_in_the_stages() -> None:
    run = staged()
    run.intervene("epochs", value=3)
    run.sample(1)
    assert facts.epochs_per_stage(run.view.snapshot()) == 3
    assert schedule.blocks(run.view.snapshot())[0].remark == "1/3"


def test_stage_boundaries_are_marked_on_the_charts() -> None:
    run = staged()
    train_stage(run, 0.7)
    run.begin_stage()
    train_stage(run, 0.3)
    places: dict[Unit, float] = {"epoch": 1.0, "step": STEPS_PER_EPOCH}
    for unit, place in places.items():
        chart = charts.loss_chart(run.view.snapshot(), ChartLooks(unit=unit))
        assert [(mark.x, mark.letter, mark.kind) for mark in chart.marks] == [(place, "2", "stage")]


@pytest.mark.parametrize("width", [9, 20, 46, 78, 118])
def test_the_present_stage_is_visible_at_any_width(width: int) -> None:
    blocks = tuple(
        Block(number, ("trains",) * 4, "done" if number < 9 else "now" if number == 9 else "later", "12/100")
        for number in range(1, 13)
    )
    timeline = Timeline()
    timeline.show(blocks)
    with patch.object(Timeline, "alphabet", PropertyMock(return_value=ASCII)):
        assert ">9" in timeline.draw(width, 2).line(0)


@pytest.mark.parametrize("ascii", [False, True], ids=["utf8", "ascii"])
@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "120x36"])
async def test_a_staged_run_matches_its_golden(size: tuple[int, int], ascii: bool, tmp_path: Path) -> None:
    entries = tuple(entry for entry in scenarios.entries() if entry.id == "staged")
    async with opened(tmp_path, size, ascii=ascii, entries=entries) as bench:
        run = await bench.train("staged")
        train_stage(run, 0.713)
        run.begin_stage()
        train_stage(run, 0.342)
        run.begin_stage()
        run.step += 1
        run.epoch += 1
        run.sample(run.step, layers=vanishing_profile(["layer1", "layer2", "layer3", "layer4", "output"]))
        await bench.settle()
        await bench.app.workers.wait_for_complete()
        await bench.settle()
        text = bench.text
    if ascii:
        assert text.isascii()
    goldens.check(f"lab/staged-{size[0]}x{size[1]}-{'ascii' if ascii else 'utf8'}", text)
