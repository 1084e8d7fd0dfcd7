"""Exercises: which runs count, what the others lack, and that the lecture says so while they train."""

from pathlib import Path

import pytest

import scenarios
from scenarios.index import built_in
from scenarios.lecture import Exercise
from scenarios.lecture_files import load_lecture
from scenarios.schema import Scenario
from scenarios.sweep import with_settings
from tests.tui.fake_engine import FakeEngine, FakeRun
from tests.tui.lab_bench import NARROW
from tests.tui.lecture.test_walk import go_to, lecture, press
from tui_vanish.language import use
from tui_vanish.lecture.exercises import attempts

EXERCISES = {step.id: step.exercise for step in load_lecture().steps if step.exercise is not None}


def scenario(name: str, *changes: str) -> Scenario:
    return with_settings(scenarios.load(built_in()[name].path), changes)


def trained(engine: FakeEngine, chosen: Scenario, epochs: int, accuracy: float) -> FakeRun:
    """A run that has finished so many epochs, while its accuracy rose evenly to the last one."""
    engine.train(chosen, 42)
    run = engine.runs[-1]
    run.start()
    run.train_epochs(epochs, final_accuracy=accuracy, every=100)
    return run


def lacks(exercise: Exercise, engine: FakeEngine) -> list[tuple[str, ...]]:
    base = scenarios.load(built_in()[exercise.base].path)
    return [attempt.lacks for attempt in attempts(exercise, base, engine.snapshot().runs)]


@pytest.mark.parametrize(
    ("exercise", "name", "changes", "epochs", "accuracy", "said"),
    [
        ("one-change", "depth-7", ["model.activation=relu"], 4, 0.6, [()]),
        ("one-change", "depth-7", ["model.activation=relu"], 100, 0.9, [("20 epochs",)]),
        ("one-change", "depth-7", ["model.activation=relu"], 4, 0.3, [("30.0 %",)]),
        ("one-change", "depth-7", ["model.activation=relu", "optimizer.lr=0.1"], 4, 0.6, [("2 settings",)]),
        ("one-change", "depth-7", [], 4, 0.6, []),
        ("critical-std", "depth-7", ["model.init.std=0.9"], 1, 0.1, [()]),
        ("critical-std", "depth-7", ["model.init.std=0.2"], 1, 0.1, [("χ is 0.203",)]),
        ("critical-std", "depth-7", ["model.init.std=1", "model.width=64"], 1, 0.1, [("must stay", "χ is")]),
        ("critical-std", "depth-7", ["model.activation=relu"], 1, 0.1, []),
        ("better-stages", "staged", [], 35, 0.34, [("34.0 % in 35 epochs",)]),
        ("better-stages", "staged", [], 200, 0.78, [("35 epochs",)]),
        ("better-stages", "staged", ["optimizer.lr=0.1"], 35, 0.8, [()]),
        ("better-stages", "depth-7", ["optimizer.lr=0.1"], 35, 0.8, []),
    ],
)  # fmt: skip
def test_a_run_counts_or_the_reason_is_said(
    exercise: str, name: str, changes: list[str], epochs: int, accuracy: float, said: list[tuple[str, ...]]
) -> None:
    engine = FakeEngine()
    trained(engine, scenario(name, *changes), epochs, accuracy)
    found = lacks(EXERCISES[exercise], engine)
    assert [len(each) for each in found] == [len(each) for each in said]
    for reasons, words in zip(found, said, strict=True):
        for reason, part in zip(reasons, words, strict=True):
            assert part in reason


def test_a_run_that_solved_it_stays_a_solution_while_it_trains_on() -> None:
    engine = FakeEngine()
    run = trained(engine, scenario("depth-7", "model.activation=relu"), 20, 0.6)
    for epoch in range(21, 24):
        run.epoch = epoch
        run.finish_epoch(test_accuracy=0.3)
    assert lacks(EXERCISES["one-change"], engine) == [()]


def test_a_run_that_was_changed_by_hand_does_not_count() -> None:
    engine = FakeEngine()
    trained(engine, scenario("depth-7", "model.activation=relu"), 4, 0.6).intervene("lr", value=0.5)
    assert lacks(EXERCISES["one-change"], engine) == [("it was changed by hand while it trained",)]


@pytest.mark.parametrize(
    ("language", "solved"), [("en", "depth-7: solved."), ("vi", "depth-7: đã giải xong.")]
)
async def test_the_step_says_what_counts_while_runs_train(language: str, solved: str, tmp_path: Path) -> None:
    use(language)
    async with lecture(tmp_path, NARROW) as bench:
        screen = await go_to(bench, "one-change")
        assert solved not in bench.text
        trained(bench.engine, scenario("depth-7", "optimizer.lr=0.1"), 3, 0.2)
        trained(bench.engine, scenario("depth-7", "model.activation=relu"), 3, 0.7)
        await press(bench, "f13")
        assert solved in bench.text
        assert "20.0 %" in bench.text
        assert screen.hidden_rows == 0
