"""What each key does, on a fake engine.

It is long because it tries every key of the app once.
"""

from pathlib import Path

import pytest
from textual.events import Key

from engine.protocol.commands import Pause, Resume, Stop
from engine.runtime.state import Notice
from tests.tui.lab_bench import LARGE, NARROW, WIDE, opened
from tui_vanish.actions import ACTIONS, APP, groups
from tui_vanish.chrome.help import HelpScreen
from tui_vanish.chrome.leave import LeaveScreen
from tui_vanish.palette import CommandList, Palette
from tui_vanish.themes import DARK, LIGHT
from tui_vanish.widgets.line_input import LineInput
from vanish_recorder.protocol.status import Status


async def test_enter_trains_the_highlighted_scenario_with_the_apps_seed(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await bench.press("k", "enter")
        assert [(run.scenario.id, run.seed) for run in bench.engine.runs] == [("depth-3", 42)]


async def test_enter_does_not_start_a_second_run_of_a_scenario_that_is_training(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await bench.train()
        await bench.press("enter")
        assert len(bench.engine.runs) == 1


async def test_enter_trains_again_after_the_run_has_ended(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        run = await bench.train()
        run.end(Status.STOPPED)
        await bench.settle()
        await bench.press("enter")
        assert len(bench.engine.runs) == 2


async def test_enter_first_shows_a_hidden_run(tmp_path: Path) -> None:
    async with opened(tmp_path, NARROW) as bench:
        run = await bench.train()
        run.end(Status.STOPPED)
        await bench.press("escape")
        assert "Scenarios" in bench.text
        await bench.press("enter")
        assert "Scenarios" not in bench.text
        assert len(bench.engine.runs) == 1


async def test_enter_on_a_bad_file_says_that_it_cannot_be_used(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await bench.highlight("broken")
        await bench.press("enter")
        assert not bench.engine.runs
        assert "broken.toml cannot be used" in bench.text


async def test_the_text_of_a_scenario_whose_file_has_become_invalid_lists_the_problems(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as bench:
        entry = bench.app.session.catalogue.entries[0]
        entry.path.write_text("title = 1", encoding="utf-8")
        await bench.highlight(entry.id)
        await bench.settle()
        assert "Cannot be used" in bench.text
        assert "model: missing, expected a table" in bench.text


async def test_training_a_scenario_whose_file_has_become_invalid_shows_the_problem(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        bench.app.session.catalogue.entries[0].path.write_text("title = 1", encoding="utf-8")
        await bench.press("k", "enter")
        assert not bench.engine.runs
        assert "title" in bench.text


async def test_p_pauses_and_resumes(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        run = await bench.train()
        await bench.press("p")
        assert bench.engine.sent == [Pause(run.name)]
        assert "‖ paused" in bench.text
        assert "p resume" in bench.footer
        await bench.press("p")
        assert bench.engine.sent[-1] == Resume(run.name)
        assert "● epoch" in bench.text
        assert "p pause" in bench.footer


async def test_s_stops_a_run_only_once(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        run = await bench.train()
        await bench.press("s")
        assert bench.engine.sent == [Stop(run.name)]
        assert "■ stopped" in bench.text
        await bench.press("s", "p")
        assert bench.engine.sent == [Stop(run.name)]
        assert "This scenario is not training." in bench.text


async def test_keys_act_on_the_run_of_the_highlighted_scenario(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        first = await bench.train("depth-3")
        await bench.press("1")
        await bench.train("depth-7")
        await bench.press("1")
        await bench.highlight("depth-3")
        await bench.press("p")
        assert bench.engine.sent == [Pause(first.name)]


async def test_vi_keys_and_arrows_move_in_the_list(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        for key, expected in (
            ("j", "linear-exploding"),
            ("k", "depth-7"),
            ("up", "depth-3"),
            ("up", "depth-3"),
            ("down", "depth-7"),
            ("G", "broken"),
            ("j", "broken"),
            ("g", "depth-3"),
            ("end", "broken"),
            ("home", "depth-3"),
            ("pagedown", "broken"),
            ("pageup", "depth-3"),
        ):
            await bench.press(key)
            assert f"▸ {expected}" in bench.text, key


async def test_a_filter_shows_the_matches_and_n_cycles_through_them(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await bench.press("slash", *"depth", "enter")
        assert "linear-exploding" not in bench.text
        for key, expected in (("n", "depth-3"), ("n", "depth-7"), ("n", "depth-3"), ("N", "depth-7")):
            await bench.press(key)
            assert f"▸ {expected}" in bench.text
        await bench.press("escape")
        assert "linear-exploding" in bench.text
        assert "▸ depth-7" in bench.text


async def test_escape_while_typing_removes_the_filter(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await bench.press("slash", "z", "z")
        assert "Nothing matches" in bench.text
        await bench.press("escape")
        assert "▸ depth-7" in bench.text
        await bench.press("k")
        assert "▸ depth-3" in bench.text


async def test_letters_of_a_filter_are_not_keys(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await bench.train()
        await bench.press("1", "slash", *"psq?")
        assert bench.engine.sent == []
        assert not isinstance(bench.app.screen, LeaveScreen | HelpScreen)


async def test_a_filter_whose_keys_arrive_at_once_is_typed_completely(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        for character in "/th-7/":
            bench.app.post_message(Key("slash" if character == "/" else character, character))
        await bench.settle()
        assert "/th-7/" in bench.text
        assert bench.app.screen is bench.lab


async def test_backslash_hides_and_shows_the_list(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await bench.train()
        await bench.press("backslash")
        assert "Scenarios" not in bench.text
        await bench.press("backslash")
        assert "Scenarios" in bench.text


async def test_the_run_replaces_the_list_if_there_is_no_room_for_both(tmp_path: Path) -> None:
    async with opened(tmp_path, NARROW) as bench:
        await bench.train()
        assert "Scenarios" not in bench.text
        assert "‖dL/dW‖" in bench.text


async def test_l_switches_between_loss_and_accuracy(tmp_path: Path) -> None:
    async with opened(tmp_path, NARROW) as bench:
        run = await bench.train()
        run.train_epochs(1)
        await bench.settle()
        assert "loss" in bench.text
        assert "accuracy" not in bench.text
        await bench.press("l")
        assert "accuracy" in bench.text


async def test_v_cycles_through_the_quantities_of_the_bars(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        run = await bench.train()
        run.sample(1)
        seen = []
        for _ in range(6):
            seen.append(next(line for line in bench.text.splitlines() if " by layer " in line))
            await bench.press("v")
        titles = ["Weight gradient", "Delta", "Update-to-weight ratio", "Activation spread", "Saturation"]
        assert all(f"─ {title} by layer" in line for title, line in zip(titles, seen, strict=False))
        assert "Weight gradient" in seen[5]


async def test_i_shows_the_scenarios_text_instead_of_its_run(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await bench.train()
        await bench.press("i")
        assert "Question" in bench.text
        await bench.press("i")
        assert "Question" not in bench.text


async def test_a_large_terminal_shows_the_text_beside_the_run(tmp_path: Path) -> None:
    async with opened(tmp_path, LARGE) as bench:
        await bench.train()
        assert "Question" in bench.text
        assert "‖dL/dW‖" in bench.text


async def test_digits_and_tab_move_between_the_panes(tmp_path: Path) -> None:
    async with opened(tmp_path, LARGE) as bench:
        await bench.train()
        for key, focused in (("1", "list"), ("2", "charts"), ("3", "layers"), ("4", "text"), ("tab", "list")):
            await bench.press(key)
            assert bench.focused == focused
        await bench.press("shift+tab")
        assert bench.focused == "text"


async def test_in_the_layers_pane_the_arrows_select_a_layer(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        run = await bench.train()
        run.sample(1)
        await bench.press("3", "j", "j")
        assert "▸layer 2" in bench.text
        await bench.press("G")
        assert "▸output" in bench.text
        await bench.press("escape")
        assert "▸output" not in bench.text


async def test_capital_y_copies_the_run_as_a_command_line(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        run = await bench.train()
        await bench.press("Y")
        assert bench.app.clipboard == "vanish-tui run depth-7 --seed 42"
        assert bench.app.clipboard in bench.text
        run.start(threads=2)
        await bench.settle()
        await bench.press("Y")
        assert bench.app.clipboard == "vanish-tui run depth-7 --seed 42 --threads 2"


async def test_ctrl_t_changes_the_theme(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        assert bench.app.theme == DARK.name
        await bench.press("ctrl+t")
        assert bench.app.theme == LIGHT.name


async def test_the_help_page_names_every_key(tmp_path: Path) -> None:
    async with opened(tmp_path, (80, 240)) as bench:
        await bench.press("question_mark")
        text = bench.text
        for action in ACTIONS:
            assert action.help in text
            assert all(key in text for key in action.shown_keys)
        await bench.press("escape")
        assert not isinstance(bench.app.screen, HelpScreen)


@pytest.mark.parametrize(("way", "heading"), [("", "Run"), ("r", "Runs"), ("t", "Theory")])
async def test_the_help_page_starts_with_the_keys_of_the_app_and_of_the_screen_below_it(
    way: str, heading: str, tmp_path: Path
) -> None:
    async with opened(tmp_path, (100, 200)) as bench:
        await bench.press(*way, "question_mark")
        headings = [line.strip(" │") for line in bench.text.splitlines()]
        others = [group for group, _ in groups() if group != APP]
        assert min(headings.index(group) for group in others) == headings.index(heading)
        assert headings.index(APP) < headings.index(heading)


@pytest.mark.parametrize("key", ["ctrl+p", "colon"])
async def test_the_palette_finds_an_action_and_carries_it_out(key: str, tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        run = await bench.train()
        await bench.press(key)
        await bench.press(*"pause or resume")
        await bench.app.workers.wait_for_complete()
        await bench.press("enter")
        await bench.settle()
        assert bench.engine.sent == [Pause(run.name)]


@pytest.mark.parametrize("typed", ["\u0301", "\u0301\u0323", "\u0301 \u0301"])
async def test_the_palette_offers_everything_while_only_marks_are_typed(typed: str, tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await bench.press("colon")
        palette = bench.app.screen
        assert isinstance(palette, Palette)
        palette.query_one(LineInput).value = "xyzxyz"
        await bench.settle()
        assert not palette.query_one(CommandList).items
        palette.query_one(LineInput).value = typed
        await bench.settle()
        assert len(palette.query_one(CommandList).items) > 20


async def test_the_palette_goes_to_a_scenario(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await bench.press("colon")
        await bench.press(*"linear-exploding")
        await bench.app.workers.wait_for_complete()
        await bench.press("enter")
        await bench.settle()
        assert "▸ linear-exploding" in bench.text


async def test_q_quits_if_no_run_is_training(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        run = await bench.train()
        run.end(Status.FINISHED)
        await bench.settle()
        await bench.pilot.press("q")
        await bench.pilot._wait_for_screen()
        assert bench.engine.closed
    assert bench.app.return_value == 0


async def test_q_asks_first_if_a_run_has_not_finished(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await bench.train()
        await bench.press("q")
        assert "depth-7 has not finished" in bench.text
        await bench.press("escape")
        assert not bench.engine.closed
        await bench.press("q")
        await bench.pilot.press("y")
    assert bench.engine.closed
    assert bench.app.return_value == 0


async def test_q_waits_for_a_takeover(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        bench.engine.pending_takeovers.append("depth-7")
        await bench.press("q")
        assert "A takeover is still in progress. Press q again in a moment" in bench.text
        assert not bench.engine.closed
        bench.engine.pending_takeovers.clear()
        await bench.pilot.press("q")
    assert bench.engine.closed


@pytest.mark.parametrize("before", ["", "question_mark", "q", "colon", "slash"])
async def test_ctrl_c_quits_from_every_screen(before: str, tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await bench.train()
        if before:
            await bench.press(before)
        await bench.pilot.press("ctrl+c")
    assert bench.engine.closed


async def test_the_end_of_a_visible_run_is_not_announced_by_a_toast(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as bench:
        run = await bench.train("linear-exploding")
        bench.engine.notify(Notice(1, run.name, "warning", "what else there is"))
        run.diverge()
        bench.engine.notify(Notice(2, run.name, "error", "its last words"))
        await bench.settle()
        assert "what else there is" in bench.text
        assert "its last words" not in bench.text
        other = await bench.train("depth-3")
        await bench.highlight("depth-7")
        other.end(Status.STOPPED)
        bench.engine.notify(Notice(3, other.name, "information", "depth-3 stopped"))
        await bench.settle()
        assert "depth-3 stopped" in bench.text


async def test_many_notices_at_once_become_one_toast(tmp_path: Path) -> None:
    async with opened(tmp_path, WIDE) as bench:
        run = await bench.train()
        for number in range(1, 7):
            bench.engine.notify(Notice(number, run.name, "warning", f"word {number}"))
        await bench.settle()
        assert [f"word {number}" in bench.text for number in range(1, 5)] == [True, True, False, False]
        assert bench.text.count("and 4 more") == 1


async def test_each_notice_is_shown_once(tmp_path: Path) -> None:
    async with opened(tmp_path, WIDE) as bench:
        run = await bench.train()
        bench.engine.notify(Notice(1, run.name, "warning", "not saved: the disk is full"))
        await bench.settle()
        assert bench.text.count("the disk is full") == 1
        run.sample(1)
        await bench.settle()
        assert bench.text.count("the disk is full") == 1


async def test_ctrl_z_pauses_training_runs_and_resumes_them_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(tmp_path) as bench:
        by_hand = await bench.train("depth-3")
        await bench.press("p")
        await bench.press("1")
        run = await bench.train("depth-7")
        suspended: list[Status] = []
        monkeypatch.setattr(
            bench.app, "action_suspend_process", lambda: suspended.append(run.view.snapshot().status)
        )
        await bench.press("ctrl+z")
        assert suspended == [Status.PAUSED]
        assert bench.engine.sent[1:] == [Pause(run.name, "by signal")]
        bench.app.app_resume_signal.publish(bench.app)
        await bench.settle()
        assert bench.engine.sent[2:] == [Resume(run.name, "by signal")]
        assert by_hand.view.snapshot().status is Status.PAUSED
