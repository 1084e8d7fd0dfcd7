"""The compare screen on a fake engine: its keys, and its pictures as text.

It is long because all its keys are tried on the same comparison.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

import scenarios
from engine.protocol.commands import Pause, Resume, Stop
from engine.runtime.state import Notice
from engine.tracking.ranking import Entrant
from engine.tracking.time_left import TimeLeft
from scenarios import Entry
from tests import goldens
from tests.tui.fake_engine import FakeRun
from tests.tui.lab_bench import NARROW, WIDE, Bench, catalogue, opened
from tui_vanish.compare import profiles, tables
from tui_vanish.compare.screen import CompareScreen
from tui_vanish.drawing.chart import Line
from tui_vanish.drawing.text import row_width
from tui_vanish.lab.screen import LabScreen
from tui_vanish.session.lineup import Lineup, View
from vanish_recorder.protocol.status import Status

SIX = ("depth-7", "init-std-1", "relu", "adam", "batchnorm", "skip")


def six(folder: Path) -> tuple[Entry, ...]:
    """The entries of the problem and of five cures."""
    numbers = (
        "",
        "[model.init]\nstd = 1.0",
        '[model]\nactivation = "relu"',
        '[optimizer]\nname = "adam"\nlr = 0.001',
        '[model]\nnorm = "batch"',
        "[model]\nskip = [[1, 3], [4, 7]]",
    )
    entries = []
    for name, text in zip(SIX, numbers, strict=True):
        path = folder / f"{name}.toml"
        path.write_text(f'extends = "depth-7"\ntitle = "{name}"\n{text}', encoding="utf-8")
        entries.append(Entry(name, name, "The problem", path, built_in=True, of_slides=True))
    return tuple(entries)


def entrants(bench: Bench) -> tuple[Entrant, ...]:
    return bench.app.session.comparison.lineup.entrants(bench.app.session.snapshot.runs)


def curve(entrants: Sequence[Entrant], label: str) -> Line:
    lines = tables.chart(entrants, "test_accuracy").lines
    return next(line for line in lines if line.label == label)


async def mark(bench: Bench, *names: str) -> None:
    for name in names:
        await bench.highlight(name)
        await bench.press("space")


async def compare(bench: Bench, *names: str) -> list[FakeRun]:
    """Mark and compare scenarios, and begin every run."""
    before = len(bench.engine.runs)
    await mark(bench, *names)
    await bench.press("c", "enter")
    started = bench.engine.runs[before:]
    bench.engine.be_ready()
    for run in started:
        run.start()
    await bench.settle()
    return started


async def race_two(bench: Bench) -> list[FakeRun]:
    """Compare depth-7, which does not learn, with depth-3, which does."""
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


async def test_a_second_space_removes_the_mark(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await mark(bench, "depth-7", "depth-3", "depth-7")
        assert bench.app.session.comparison.marked == {"depth-3"}


async def test_a_bad_file_cannot_be_marked(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await mark(bench, "broken")
        assert bench.app.session.comparison.marked == frozenset()


@pytest.mark.parametrize("status", [None, Status.FINISHED, Status.STOPPED])
async def test_a_comparison_starts_fresh_beside_the_runs_that_exist(
    tmp_path: Path, status: Status | None
) -> None:
    async with opened(tmp_path) as bench:
        run = await bench.train("depth-7")
        run.train_epochs(95)
        if status:
            run.end(status)
        await bench.settle()
        started = await compare(bench, "depth-7", "depth-3")
        assert [each.scenario.id for each in started] == ["depth-7", "depth-3"]
        assert bench.app.session.comparison.lineup.runs == tuple(each.name for each in started)
        assert "95/100" not in bench.text
        assert bench.engine.sent == [], "the existing run continues"
        told = "depth-7 starts again from step 1, beside its run at epoch 95." in " ".join(bench.text.split())
        assert told == (status is not Status.STOPPED)


async def test_a_run_joins_as_it_is_if_it_was_marked_itself(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        run = await bench.train("depth-7")
        run.train_epochs(95)
        other = await bench.train("depth-3")
        other.train_epochs(2)
        await bench.settle()
        bench.app.session.comparison.begin_with_runs([run.name, other.name])
        bench.app.navigation.open_comparison()
        await bench.settle()
        assert "95/100" in bench.text
        assert len(bench.engine.runs) == 2


async def test_a_race_starts_fresh_once_and_its_key_returns_to_it(tmp_path: Path) -> None:
    async with opened(tmp_path, entries=six(tmp_path)) as bench:
        alone = await bench.train("depth-7")
        alone.train_epochs(95)
        await bench.settle()
        await bench.press("C", "enter")
        raced = bench.engine.runs[1:]
        assert "depth-7" in [run.scenario.id for run in raced]
        for run in raced:
            run.start()
        await bench.settle()
        await bench.press("escape", "C")
        assert isinstance(bench.app.screen, CompareScreen)
        assert bench.engine.runs[1:] == raced, "the same race is shown"
        await bench.press("S")
        await bench.settle()
        await bench.press("escape", "C", "enter")
        again = bench.engine.runs[1 + len(raced) :]
        assert [run.scenario.id for run in again] == [run.scenario.id for run in raced]
        assert bench.app.session.comparison.lineup.runs == tuple(run.name for run in again)


async def test_a_scenario_that_is_compared_already_is_not_started_twice(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        first = await compare(bench, "depth-7", "depth-3")
        await bench.press("escape")
        (added,) = await compare(bench, "depth-3", "linear-exploding")
        names = [run.name for run in (*first, added)]
        assert bench.app.session.comparison.lineup.runs == tuple(names)


async def test_p_pauses_the_focused_run_and_capital_p_all(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        first, second = [run.name for run in await race_two(bench)]
        await bench.press("j", "p")
        assert runs_of(bench.engine.sent, Pause) == [second]
        await bench.press("P")
        assert runs_of(bench.engine.sent, Pause) == [second, first]
        await bench.press("p")
        assert runs_of(bench.engine.sent, Resume) == [second]
        await bench.press("p", "P")
        assert runs_of(bench.engine.sent, Pause) == [second, first, second]
        assert runs_of(bench.engine.sent, Resume) == [second, first, second]


async def test_s_stops_the_focused_run_and_capital_s_all(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        first, second = [run.name for run in await race_two(bench)]
        await bench.press("j", "s")
        assert runs_of(bench.engine.sent, Stop) == [second]
        await bench.press("S")
        assert runs_of(bench.engine.sent, Stop) == [second, first]


async def test_dropping_the_last_run_goes_back_to_the_lab(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        first, second = await race_two(bench)
        await bench.press("d")
        assert bench.app.session.comparison.lineup.runs == (second.name,)
        assert runs_of(bench.engine.sent, Stop) == [first.name]
        await bench.press("d")
        assert isinstance(bench.app.screen, LabScreen)


async def test_what_is_said_if_no_setting_differs_is_true(tmp_path: Path) -> None:
    def said(*entrants: Entrant) -> str:
        ((piece,),) = tables.difference_rows(entrants, Lineup(()), 80)
        return piece.text.strip()

    async with opened(tmp_path) as bench:
        first, _ = await race_two(bench)
        one = Entrant("depth-7", (first.view.snapshot(),))
        same = replace(one, label="again")
        other = replace(same, runs=(replace(one.runs[0], seed=7),))
        assert said(one) == "One run so far; a adds another."
        assert said(one, same) == "All settings are identical."
        assert said(one, other) == "Only the seeds differ."


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
        assert len(bench.app.session.comparison.lineup.runs) == 3
        await bench.press("escape")
        await bench.press("c")
        assert isinstance(bench.app.screen, CompareScreen)
        assert len(bench.app.session.comparison.lineup.runs) == 3


async def test_dropping_all_begins_a_new_comparison(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        first, second = await race_two(bench)
        await bench.press("D")
        assert isinstance(bench.app.screen, LabScreen)
        assert runs_of(bench.engine.sent, Stop) == [first.name, second.name]
        await compare(bench, "depth-3", "linear-exploding")
        assert [entrant.label for entrant in entrants(bench)] == ["depth-3", "linear-exploding"]


async def test_enter_opens_the_focused_run_even_if_there_is_a_later_one(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        first = await bench.train("depth-7")
        first.end(Status.FINISHED)
        later = await bench.train("depth-7")
        other = await bench.train("depth-3")
        await bench.highlight("depth-7")
        assert bench.lab.shown_run is not None
        assert bench.lab.shown_run.run == later.name
        bench.app.session.comparison.begin_with_runs([first.name, other.name])
        bench.app.navigation.open_comparison()
        await bench.pilot.pause()
        await bench.press("enter")
        assert bench.lab.shown_run.run == first.name


async def test_a_run_with_other_settings_is_not_used_for_the_scenario(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        changed = scenarios.load(tmp_path / "depth-7.toml")
        changed = changed.model_copy(update={"training": changed.training.model_copy(update={"epochs": 3})})
        bench.engine.train(changed, bench.app.session.client.seed)  # as `run depth-7 --epochs 3` elsewhere
        await bench.settle()
        await compare(bench, "depth-7", "depth-3")
        assert [run.scenario.id for run in bench.engine.runs] == ["depth-7", "depth-7", "depth-3"]


async def test_a_single_saved_run_joins_the_present_comparison(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        third = await bench.train("linear-exploding")
        two = await race_two(bench)
        await bench.press("escape")
        bench.app.session.comparison.begin_with_runs([third.name])
        bench.app.navigation.open_comparison()
        await bench.pilot.pause()
        assert bench.app.session.comparison.lineup.runs == (*(run.name for run in two), third.name)


async def test_the_limit_counts_scenarios_and_not_seeds(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await race_two(bench)
        await bench.press("x", "x", "x", "a")
        await compare(bench, "linear-exploding")
        assert [(entrant.label, len(entrant.runs)) for entrant in entrants(bench)] == [
            ("depth-7", 4),
            ("depth-3", 4),
            ("linear-exploding", 1),
        ]


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
        assert "49.0–55.0" in bench.text, "at 6 epochs, the most that all have"


async def test_a_difference_inside_the_range_of_the_seeds_is_marked(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await compare(bench, "depth-7", "depth-3")
        await bench.press("x")
        for run, accuracy in zip(bench.engine.runs, (0.5, 0.52, 0.6, 0.7), strict=True):
            if run.stage == 0:
                run.start()
            run.train_epochs(1, final_loss=1.5, final_accuracy=accuracy)
        await bench.settle()
        assert "≈: inside the range" in bench.text
        assert "≈+6.0" in bench.text
        assert "≈2" in bench.text


async def test_a_new_seed_does_not_shorten_the_curve(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await race_two(bench)
        before = bench.app.session.comparison.lineup.entrants(bench.app.session.snapshot.runs)
        await bench.press("x")
        for run in bench.engine.runs[2:]:
            run.start()
            run.train_epochs(2, final_accuracy=0.3)
        await bench.settle()
        line = curve(entrants(bench), "depth-7")
        alone = curve(before, "depth-7")
        assert line.xs == alone.xs
        assert line.ys[1] == pytest.approx((alone.ys[1] + 0.3) / 2)
        assert line.ys[2:] == alone.ys[2:]


async def test_a_diverged_seed_does_not_change_the_curve_of_the_others(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await race_two(bench)
        await bench.press("x")
        stuck, _ = bench.engine.runs[2:]
        stuck.start()
        stuck.diverge()
        await bench.settle()
        assert len(curve(entrants(bench), "depth-7").xs) == 6
        assert "1 of 2 diverged at step 2" in bench.text


async def test_verdicts_are_shown_with_their_step_and_a_name_is_never_cut(tmp_path: Path) -> None:
    async with opened(tmp_path, NARROW) as bench:
        stuck, _ = await race_two(bench)
        stuck.find("vanishing", "Each layer passes 1/7.2 on.", layer="layer1", since=1)
        stuck.find("forward_collapse", "All images look alike.", layer="layer7", since=12)
        await bench.settle()
        row = next(row for row in bench.text.splitlines() if "A ● depth-7" in row)
        assert "vanishing since step 1" in row
        assert "…" not in row
        await bench.pilot.resize_terminal(*WIDE)
        await bench.settle()
        assert "vanishing since step 1, forward collapse" in bench.text


async def test_a_failed_run_shows_the_reason(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        stuck, _ = await race_two(bench)
        stuck.end(Status.FAILED, error="MemoryError: too wide")
        await bench.settle()
        assert "failed: MemoryError: too wide" in bench.text


async def test_a_race_stopped_at_unequal_epochs_is_ranked_where_all_were_and_keeps_its_verdicts(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as bench:
        stuck, learns = await race_two(bench)  # 6 and 8 epochs
        stuck.find("vanishing", "Each layer passes 1/7.2 on.", layer="layer1", since=1)
        learns.find("dead_units", "Some are dead.", layer="layer1", since=20)
        await bench.press("S")
        await bench.settle()
        rows = bench.text.splitlines()
        assert "all at epoch 6, and at " in bench.text
        (first,) = (row for row in rows if " depth-7 " in row and "/100" in row)
        (second,) = (row for row in rows if " depth-3 " in row and "/100" in row)
        assert "6/100     10.0 %    base          2          2" in first
        assert "8/100     49.0 %   +39.0          1          1" in second, "what it had at epoch 6"
        assert "stopped after epoch 6 · vanishing" in first
        assert "stopped after epoch 8 · dead units" in second
        await bench.pilot.resize_terminal(*NARROW)
        await bench.settle()
        (row,) = (row for row in bench.text.splitlines() if " depth-7 " in row and "/100" in row)
        assert "stopped · vanishing" in row


async def test_a_stopped_run_does_not_hold_back_the_race_and_says_where_it_was(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        stuck, learns, other = await compare(bench, "depth-7", "depth-3", "linear-exploding")
        learns.train_epochs(3, final_accuracy=0.5)
        other.train_epochs(3, final_accuracy=0.3)
        stuck.train_epochs(3)
        await bench.press("s")  # depth-7 has the arrow
        learns.train_epochs(7, final_accuracy=0.6)
        other.train_epochs(6, final_accuracy=0.7)
        await bench.settle()
        assert "2 of 3 at epoch 6, and at " in bench.text
        (row,) = (row for row in bench.text.splitlines() if " depth-7 " in row and "/100" in row)
        assert "3/100          –    base          –          –" in row
        assert "stopped after epoch 3, then 3rd of 3" in row
        (leads,) = (row for row in bench.text.splitlines() if " linear-exploding " in row and "/100" in row)
        assert "6/100     70.0 %       –          1          1" in leads
        await bench.pilot.resize_terminal(*NARROW)
        await bench.settle()
        assert "2 of 3 at epoch 6 " in bench.text
        (row,) = (row for row in bench.text.splitlines() if " depth-7 " in row and "/100" in row)
        assert "stopped after epoch 3" in row


async def test_the_comparison_shows_when_its_last_run_will_end_by_the_clock(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        now = [0.0]
        bench.app.session.time_left = TimeLeft(clock=lambda: now[0])
        runs = await compare(bench, "depth-7", "depth-3")
        for step in range(1, 100, 10):
            for run in runs:
                run.sample(step)
            now[0] += 1.0  # ten steps of both; each believes that its own took 0.065 s
            await bench.settle()
        left = (11_800 - 91) / 10
        expected = f"{int(left // 60)}:{round(left % 60):02} left"
        assert f"2 runs · epoch 1 · 1 % · {expected} ─╮" in bench.text
        await bench.press("p")
        assert " left" not in bench.text, "when it will continue is unknown"
        await bench.press("escape")
        await bench.highlight("depth-3")
        assert " left" not in bench.text, "without its neighbour it has no pace yet"


async def test_a_value_too_long_for_its_column_is_listed_by_letter(tmp_path: Path) -> None:
    async with opened(tmp_path, NARROW, entries=six(tmp_path)) as bench:
        await compare(bench, *SIX)
        await bench.press("v", "v")
        (row,) = (row for row in bench.text.splitlines() if "optimizer.betas" in row)
        assert "A –  D 0.9 0.999" in row


async def test_tables_with_more_rows_than_room_show_how_many_and_have_pages(tmp_path: Path) -> None:
    path = tmp_path / "deep.toml"
    path.write_text('extends = "depth-7"\ntitle = "Deep"\n[model]\nhidden_layers = 30', encoding="utf-8")
    deep = Entry("deep", "Deep", "Your own", path, built_in=False, of_slides=False)
    async with opened(tmp_path, NARROW, entries=(*catalogue(tmp_path), deep)) as bench:
        run, _ = await compare(bench, "deep", "depth-7")
        run.sample(1)
        await bench.settle()
        assert "16 more ↓" in bench.text
        assert " output  " not in bench.text
        await bench.press("pagedown", "pagedown")
        assert "more ↓" not in bench.text
        assert " output  " in bench.text


async def test_the_race_takes_two_keys(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await bench.press("C", "enter")
        assert isinstance(bench.app.screen, CompareScreen)
        assert [run.scenario.id for run in bench.engine.runs] == ["depth-7"], "what this catalogue has of it"


async def test_a_section_is_compared_with_the_problem(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await bench.highlight("linear-exploding")
        await bench.press("S", "enter")
        assert [run.scenario.id for run in bench.engine.runs] == ["depth-7", "linear-exploding"]


async def test_metrics_go_round(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await race_two(bench)
        seen = []
        for _ in range(4):
            seen.append(bench.app.session.comparison.lineup.metric)
            await bench.press("l")
        assert seen == ["test_accuracy", "train_accuracy", "test_loss", "train_loss"]
        await bench.press("L")
        assert bench.app.session.comparison.lineup.metric == "train_loss"


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


async def test_layers_of_networks_of_unequal_depth_are_counted_from_the_output_in_words(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as bench:
        await race_two(bench)
        compared = entrants(bench)

        def named(width: int) -> tuple[str, str]:
            rows = profiles.profile_rows(compared, width, ascii=False)
            assert all(row_width(row) <= width for row in rows)
            return rows[1][0].text.strip(), rows[-1][0].text.strip()

        wide, narrow = (profiles.profile_width(compared, most) for most in (78, 1))
        assert (wide, narrow) == (2 + 19 + 2 * 9, 2 + 9 + 2 * 9)
        assert named(78) == named(wide) == ("7 before the output", "output")
        assert named(wide - 1) == ("7 before output", "output")
        assert named(narrow) == ("7 before", "output")


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("view", ["chart", "profiles", "differences"])
async def test_picture_of_six_scenarios(tmp_path: Path, size: tuple[int, int], view: View) -> None:
    async with opened(tmp_path, size, entries=six(tmp_path)) as bench:
        for number, run in enumerate(await compare(bench, *SIX)):
            run.train_epochs(5, final_loss=2.3 - number / 5, final_accuracy=0.1 + number / 8)
        await bench.settle()
        bench.app.session.comparison.lineup = replace(bench.app.session.comparison.lineup, view=view)
        bench.app.show(bench.app.session.snapshot)
        await bench.settle()
        goldens.check(f"compare/six-{view}-{size[0]}x{size[1]}", bench.text)


@pytest.mark.parametrize("size", [NARROW, (150, 40)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_picture_of_three_seeds_each(tmp_path: Path, size: tuple[int, int]) -> None:
    async with opened(tmp_path, size) as bench:
        await compare(bench, "depth-7", "depth-3")
        await bench.press("x", "x")
        for number, run in enumerate(bench.engine.runs):
            if number > 1:
                run.start()
            run.train_epochs(5, final_loss=1.5, final_accuracy=0.1 if number % 2 == 0 else 0.5 + number / 50)
        await bench.settle()
        goldens.check(f"compare/seeds-{size[0]}x{size[1]}", bench.text)


async def test_below_the_smallest_size_a_line_says_so_and_the_screen_recovers(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await race_two(bench)
        await bench.pilot.resize_terminal(79, 24)
        await bench.settle()
        assert bench.text.strip() == "vanish-tui needs 80×24; this is 79×24"
        await bench.press("S", "P", "D")
        assert bench.engine.sent == []
        await bench.pilot.resize_terminal(80, 24)
        await bench.settle()
        assert "Standings" in bench.text
        await bench.pilot.resize_terminal(79, 24)
        await bench.press("escape")
        assert bench.app.screen is bench.lab


async def test_an_end_that_the_standings_show_has_no_toast(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        runs = await compare(bench, "depth-3", "depth-7")
        for number, run in enumerate(runs, 1):
            run.end(Status.STOPPED)
            bench.engine.notify(Notice(number, run.name, "information", f"{run.scenario.id} ended"))
        await bench.settle()
        assert "stopped" in bench.text
        assert "ended" not in bench.text


async def test_the_reason_why_a_compared_run_failed_is_shown_in_full(tmp_path: Path) -> None:
    async with opened(tmp_path, NARROW) as bench:
        run, _ = await compare(bench, "depth-3", "depth-7")
        run.end(Status.FAILED)
        bench.engine.notify(Notice(1, run.name, "error", "why it failed"))
        await bench.settle()
        assert "why it failed" in bench.text


async def test_the_palette_offers_the_comparison_s_own_actions(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        runs = await compare(bench, "depth-3", "depth-7")
        await bench.press("colon", *"stop all")
        await bench.app.workers.wait_for_complete()
        await bench.press("enter")
        assert bench.engine.sent == [Stop(run.name) for run in runs]
