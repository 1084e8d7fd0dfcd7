"""The compare screen on a fake engine: its keys, and its pictures as text."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from engine.events import Pause, Resume, Status, Stop
from tests import goldens
from tests.tui.fake_engine import FakeRun
from tests.tui.lab_bench import NARROW, WIDE, Bench, opened
from tui_vanish.screens.compare import CompareScreen
from tui_vanish.screens.lab import LabScreen


async def mark(bench: Bench, *names: str) -> None:
    for name in names:
        await bench.highlight(name)
        await bench.press("space")


async def compare(bench: Bench, *names: str) -> list[FakeRun]:
    """Mark, compare, and let every run have begun."""
    before = len(bench.engine.runs)
    await mark(bench, *names)
    await bench.press("c")
    started = bench.engine.runs[before:]
    bench.engine.be_ready()
    for run in started:
        run.start()
    await bench.settle()
    return started


async def race_two(bench: Bench) -> list[FakeRun]:
    """depth-7 stays where it is, depth-3 learns."""
    stuck, learns = await compare(bench, "depth-7", "depth-3")
    stuck.train_epochs(6)
    learns.train_epochs(8, final_loss=1.1, final_accuracy=0.62)
    await bench.settle()
    return [stuck, learns]


def runs_of(commands: Sequence[object], kind: type) -> list[str]:
    return [command.run for command in commands if isinstance(command, kind)]  # type: ignore[attr-defined]


async def test_one_mark_is_not_enough(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await mark(bench, "depth-7")
        await bench.press("c")
        assert isinstance(bench.app.screen, LabScreen)
        assert bench.engine.runs == []


async def test_marked_scenarios_train_with_the_same_seed_in_the_order_of_their_marks(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await compare(bench, "depth-7", "depth-3")
        assert isinstance(bench.app.screen, CompareScreen)
        assert [(run.scenario.id, run.seed) for run in bench.engine.runs] == [
            ("depth-7", 42),
            ("depth-3", 42),
        ]


async def test_a_second_space_takes_the_mark_away(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await mark(bench, "depth-7", "depth-3", "depth-7")
        assert bench.app.comparing.marked == {"depth-3"}


async def test_a_bad_file_cannot_be_marked(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await mark(bench, "broken")
        assert bench.app.comparing.marked == frozenset()


async def test_a_finished_run_joins_without_training_again(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        run = await bench.train("depth-7")
        run.train_epochs(3)
        run.end(Status.FINISHED)
        await bench.settle()
        await compare(bench, "depth-7", "depth-3")
        assert [each.scenario.id for each in bench.engine.runs] == ["depth-7", "depth-3"]
        assert run.name in bench.app.comparing.lineup.runs


async def test_a_stopped_run_is_trained_again(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        run = await bench.train("depth-7")
        run.train_epochs(1)
        run.end(Status.STOPPED)
        await bench.settle()
        await compare(bench, "depth-7", "depth-3")
        assert [each.scenario.id for each in bench.engine.runs] == ["depth-7", "depth-7", "depth-3"]


async def test_pause_holds_all_and_lets_all_go_on(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        names = [run.name for run in await race_two(bench)]
        await bench.press("p")
        assert runs_of(bench.engine.sent, Pause) == names
        await bench.press("p")
        assert runs_of(bench.engine.sent, Resume) == names


async def test_stop_ends_the_focused_run_and_capital_s_the_others_too(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        first, second = [run.name for run in await race_two(bench)]
        await bench.press("j", "s")
        assert runs_of(bench.engine.sent, Stop) == [second]
        await bench.press("S")
        assert runs_of(bench.engine.sent, Stop) == [second, first]


async def test_dropping_the_last_but_none_goes_back_to_the_lab(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        first, second = await race_two(bench)
        await bench.press("d")
        assert bench.app.comparing.lineup.runs == (second.name,)
        assert runs_of(bench.engine.sent, Stop) == [first.name]
        await bench.press("d")
        assert isinstance(bench.app.screen, LabScreen)


async def test_differences_are_shown_against_the_chosen_baseline(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await race_two(bench)
        assert "+39.0" in bench.text, "depth-3 against depth-7, the first"
        assert "-39.0" not in bench.text
        await bench.press("j", "b")
        rows = bench.text.splitlines()
        stuck = next(row for row in rows if "depth-7" in row and "/100" in row)
        assert "base" in next(row for row in rows if "depth-3" in row and "/100" in row)
        assert "-39.0" in stuck, "at 6 epochs, the most that both have"


async def test_enter_opens_the_focused_run_in_the_lab(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await race_two(bench)
        await bench.press("j", "enter")
        assert bench.app.screen is bench.lab
        entry = bench.lab.highlighted
        assert entry is not None
        assert entry.id == "depth-3"


async def test_marks_made_later_join_and_c_shows_the_comparison_again(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await race_two(bench)
        await bench.press("a")
        assert isinstance(bench.app.screen, LabScreen)
        await compare(bench, "linear-exploding")
        assert len(bench.app.comparing.lineup.runs) == 3
        await bench.press("escape")
        await bench.press("c")
        assert isinstance(bench.app.screen, CompareScreen)
        assert len(bench.app.comparing.lineup.runs) == 3


async def test_another_seed_trains_every_scenario_once_more(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await race_two(bench)
        await bench.press("x")
        added = bench.engine.runs[2:]
        assert [(run.scenario.id, run.seed) for run in added] == [("depth-7", 43), ("depth-3", 43)]
        for run, accuracy in zip(added, (0.1, 0.7), strict=True):
            run.start()
            run.train_epochs(8, final_loss=1.0, final_accuracy=accuracy)
        await bench.settle()
        assert "depth-3 ×2" in bench.text
        assert "±" in bench.text


async def test_the_race_takes_one_key(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await bench.press("C")
        assert isinstance(bench.app.screen, CompareScreen)
        assert [run.scenario.id for run in bench.engine.runs] == ["depth-7"], "what this catalogue has of it"


async def test_a_section_is_compared_with_the_problem(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await bench.highlight("linear-exploding")
        await bench.press("S")
        assert [run.scenario.id for run in bench.engine.runs] == ["depth-7", "linear-exploding"]


async def test_metrics_go_round(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await race_two(bench)
        seen = []
        for _ in range(4):
            seen.append(bench.app.comparing.lineup.metric)
            await bench.press("l")
        assert seen == ["test_accuracy", "train_accuracy", "test_loss", "train_loss"]
        await bench.press("L")
        assert bench.app.comparing.lineup.metric == "train_loss"


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("ascii", [False, True], ids=["utf8", "ascii"])
@pytest.mark.parametrize("view", ["chart", "profiles", "differences"])
async def test_pictures(tmp_path: Path, size: tuple[int, int], ascii: bool, view: str) -> None:
    async with opened(tmp_path, size, ascii=ascii) as bench:
        stuck, learns, explodes = await compare(bench, "depth-7", "depth-3", "linear-exploding")
        stuck.train_epochs(6)
        learns.train_epochs(6, final_loss=1.1, final_accuracy=0.62)
        explodes.diverge()
        await bench.settle()
        for _ in range(("chart", "profiles", "differences").index(view)):
            await bench.press("v")
        letters = "ascii" if ascii else "utf8"
        goldens.check(f"compare/{view}-{size[0]}x{size[1]}-{letters}", bench.text)


@pytest.mark.parametrize("size", [NARROW, (150, 40)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_picture_of_six_runs(tmp_path: Path, size: tuple[int, int]) -> None:
    async with opened(tmp_path, size) as bench:
        await compare(bench, "depth-7", "depth-3")
        await bench.press("x", "x")
        for number, run in enumerate(bench.engine.runs):
            if number > 1:
                run.start()
            run.train_epochs(5, final_loss=1.5, final_accuracy=0.1 if number % 2 == 0 else 0.5 + number / 50)
        await bench.settle()
        goldens.check(f"compare/seeds-{size[0]}x{size[1]}", bench.text)


async def test_below_the_smallest_size_one_line_says_so_and_it_recovers(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await race_two(bench)
        await bench.pilot.resize_terminal(79, 24)
        await bench.settle()
        assert "vanish-tui needs 80×24; this is 79×24" in bench.text
        await bench.pilot.resize_terminal(80, 24)
        await bench.settle()
        assert "Standings" in bench.text
