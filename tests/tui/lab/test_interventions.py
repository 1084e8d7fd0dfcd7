from pathlib import Path

import pytest

import scenarios
from engine.protocol.commands import Freeze, NextStage, SetEpochs, SetLearningRate, Unfreeze
from engine.tracking import facts
from tests import goldens
from tests.tui.fake_engine import FakeEngine, FakeRun
from tests.tui.lab_bench import NARROW, WIDE, Bench, opened
from tui_vanish.chrome.dialogs import ConfirmScreen, ValueScreen, whole_number
from tui_vanish.drawing.text import cut_row
from tui_vanish.monitor import charts, present
from tui_vanish.monitor.looks import ChartLooks
from vanish_recorder.protocol.status import Status


async def training(bench: Bench) -> FakeRun:
    run = await bench.train()
    run.sample(10)
    await bench.settle()
    return run


async def test_the_first_change_must_be_confirmed_and_cancel_changes_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        run = await training(bench)
        await bench.press("plus")
        assert isinstance(bench.app.screen, ConfirmScreen)
        assert "Change depth-7 by hand?" in bench.text
        assert "enter: set lr to 0.02 · esc: cancel" in bench.text
        assert bench.engine.sent == []
        await bench.press("escape")
        assert bench.engine.sent == []
        await bench.press("plus", "enter")
        assert bench.engine.sent == [SetLearningRate(run.name, 0.02)]
        await bench.press("plus", "minus", "minus")
        rates = [sent.value for sent in bench.engine.sent if isinstance(sent, SetLearningRate)]
        assert rates == [0.02, 0.04, 0.02, 0.01]


async def test_the_first_change_of_another_run_must_be_confirmed_again(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await training(bench)
        await bench.press("plus", "enter")
        run = await bench.train("depth-3")
        run.sample(10)
        await bench.settle()
        await bench.press("plus")
        assert isinstance(bench.app.screen, ConfirmScreen)


def test_a_heading_never_cuts_its_numbers() -> None:
    run = FakeRun(FakeEngine(), "r", scenarios.load("depth-7"), 42)
    run.start()
    run.intervene("lr", value=0.005)
    rows = {
        "".join(piece.text for piece in cut_row(present.heading(run.view.snapshot(), width), width))
        for width in range(20, 50)
    }
    assert any("changed by hand: lr 0.005" in row for row in rows)
    assert all("lr 0" not in row or "lr 0.005" in row for row in rows)


async def test_f_freezes_and_unfreezes_the_selected_layer(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        run = await training(bench)
        await bench.press("f")
        assert "Select a layer first" in bench.text
        await bench.press("3", "j", "j", "f", "enter")
        assert bench.engine.sent == [Freeze(run.name, "layer2")]
        assert bench.label_of["freeze"] == "unfreeze"
        await bench.press("f")
        assert bench.engine.sent[1:] == [Unfreeze(run.name, "layer2")]
        assert bench.label_of["freeze"] == "freeze"


async def test_a_modified_run_shows_what_was_changed(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await training(bench)
        assert "by hand" not in bench.text
        assert "modified" not in bench.text
        await bench.press("plus", "enter")
        assert "changed by hand: lr 0.02" in bench.text
        assert "it no longer matches its scenario" in bench.text


async def test_epochs_are_asked_for_and_checked(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        run = await training(bench)
        await bench.press("E")
        assert isinstance(bench.app.screen, ValueScreen)
        await bench.press("backspace", "backspace", "backspace", "0", "enter")
        assert "Enter a whole number from 1 to 1000000." in bench.text
        assert bench.engine.sent == []
        await bench.press("backspace", "2", "5", "enter", "enter")
        assert bench.engine.sent == [SetEpochs(run.name, 25)]
        assert "epoch  1/25" in bench.text


async def test_the_same_number_of_epochs_changes_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await training(bench)
        await bench.press("E", "enter")
        assert bench.engine.sent == []
        await bench.press("E", "escape")
        assert bench.app.screen is bench.lab


async def test_a_stage_can_be_ended_except_the_last_one(tmp_path: Path) -> None:
    entries = tuple(entry for entry in scenarios.entries() if entry.id == "staged")
    async with opened(tmp_path, entries=entries) as bench:
        run = await bench.train("staged")
        run.sample(1)
        await bench.settle()
        await bench.press("right_square_bracket")
        assert "enter: end stage 1 · esc: cancel" in bench.text
        await bench.press("enter")
        assert bench.engine.sent == [NextStage(run.name)]
        assert "stage 2/7" in bench.text
        for _ in range(5):
            await bench.press("right_square_bracket")
        assert bench.label_of["next_stage"] == ""
        await bench.press("right_square_bracket")
        assert len(bench.engine.sent) == 6
        assert "This is the last stage" in bench.text


async def test_a_run_with_one_stage_has_no_next_one(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await training(bench)
        await bench.press("right_square_bracket")
        assert bench.engine.sent == []
        assert "This is the only stage" in bench.text


async def test_the_scenario_is_trained_again_with_another_seed(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        run = await training(bench)
        await bench.press("R", "enter")
        again = bench.engine.runs[-1]
        assert again is not run
        assert again.seed == 43
        assert again.scenario == run.scenario


async def test_a_run_that_has_ended_cannot_be_changed(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        run = await training(bench)
        run.end(Status.STOPPED)
        await bench.settle()
        await bench.press("plus", "f", "E", "right_square_bracket")
        assert bench.engine.sent == []
        assert "This scenario is not training." in bench.text


def test_a_stage_freezes_its_own_layers_and_the_next_stage_resets_changes_by_hand() -> None:
    run = FakeRun(FakeEngine(), "r", scenarios.load("staged"), 42)
    run.start()
    run.intervene("freeze", layer="layer1")
    assert facts.frozen_layers(run.view.snapshot()) == {"layer1"}
    run.begin_stage()
    assert facts.frozen_layers(run.view.snapshot()) == {"layer1", "layer2"}
    run.intervene("unfreeze", layer="layer2")
    assert facts.frozen_layers(run.view.snapshot()) == {"layer1"}


def test_the_rate_of_sdagd_is_its_radius() -> None:
    run = FakeRun(FakeEngine(), "r", scenarios.load("sdagd"), 42)
    run.start()
    assert (facts.rate_name(run.view.snapshot()), facts.learning_rate(run.view.snapshot())) == ("radius", 0.2)


def test_the_charts_mark_every_change_by_hand() -> None:
    run = FakeRun(FakeEngine(), "r", scenarios.load("depth-7"), 42)
    run.start()
    for step, change in enumerate(
        (("lr", 0.02), ("lr", 0.01), ("freeze", None), ("unfreeze", None), ("epochs", 5)), 1
    ):
        run.sample(step * 118)
        kind, value = change
        run.intervene(kind, layer="layer1" if value is None else None, value=value)  # type: ignore[arg-type]
    marks = charts.loss_chart(run.view.snapshot(), ChartLooks()).marks
    assert [(mark.x, mark.letter) for mark in marks] == [(1, "+"), (2, "-"), (3, "F"), (4, "U"), (5, "E")]
    assert {mark.kind for mark in marks} == {"intervention"}


@pytest.mark.parametrize("text", ["", "-1", "1.5", "x", "0", "11", "99999999999999999999", "²"])
def test_other_texts_than_whole_numbers_in_the_range_are_refused(text: str) -> None:
    assert whole_number(1, 10)(text) == "Enter a whole number from 1 to 10."


@pytest.mark.parametrize("text", ["1", "10", "007"])
def test_a_number_in_the_range_is_accepted(text: str) -> None:
    assert whole_number(1, 100)(text) == ""


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "120x36"])
@pytest.mark.parametrize("state", ["modified", "asking", "epochs"])
async def test_the_screen_for_changes_by_hand_matches_its_golden(
    state: str, size: tuple[int, int], tmp_path: Path
) -> None:
    async with opened(tmp_path, size) as bench:
        run = await bench.train()
        run.train_epochs(4)
        if state == "modified":
            run.intervene("lr", value=0.02)
            run.intervene("freeze", layer="layer2")
            run.sample(4 * 118 + 10)
        await bench.settle()
        await bench.app.workers.wait_for_complete()
        await bench.settle()
        await bench.press(*{"modified": (), "asking": ("plus",), "epochs": ("E", "x")}[state])
        goldens.check(f"lab/by-hand-{state}-{size[0]}x{size[1]}-utf8", bench.text)
