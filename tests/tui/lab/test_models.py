"""The user's own models in the lab: runs that were recorded from scripts, beside the scenarios.

This file is longer than 300 lines because its tests share one way of showing a made-up run.
"""

from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.protocol.spec import RunSpec
from engine.tracking.snapshot import RunView
from tests.engine import made_up_watched as made_up
from tests.tui.lab_bench import LARGE, NARROW, WIDE, Bench, opened
from tui_vanish.drawing import format
from tui_vanish.monitor.tensor_list import Node
from tui_vanish.monitor.tensor_screen import TensorScreen
from tui_vanish.runs.screen import RunsScreen
from vanish_recorder import control
from vanish_recorder.protocol.events import Intervened, Paused, RunEvent, VerdictChanged
from vanish_recorder.protocol.status import Status
from vanish_recorder.storage.run_lock import Owner, RunLock
from vanish_recorder.storage.summary import Summary, write_summary

WORDS_OF_SCENARIOS = ("healthy", "guessing", "scenario", "matches its", "try:", "seed 42 ", "stage ")


class Watched:
    """A watched run in the fake engine."""

    def __init__(
        self,
        bench: Bench,
        events: Iterable[RunEvent],
        *,
        live: bool = True,
        run: str = made_up.RUN,
        **about: Any,
    ) -> None:
        self.name, self._bench = run, bench
        self.view = RunView(self.name, RunSpec.of_watched(made_up.description(**about)), 0)
        for event in events:
            self.view.apply(event)
        bench.engine.runs.append(self)  # type: ignore[arg-type]
        if live:
            bench.engine.owners[self.name] = Owner("gpu-7", "", 4321, None)
        bench.engine.followed_only.add(self.name)
        bench.engine.sequence += 1

    def add(self, *events: RunEvent) -> None:
        for event in events:
            self.view.apply(event)
        self._bench.engine.sequence += 1


@pytest.fixture(params=[NARROW, WIDE, LARGE], ids=str)
async def bench(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    async with opened(tmp_path, request.param) as found:
        yield found


@pytest.fixture
async def wide(tmp_path: Path) -> AsyncIterator[Bench]:
    async with opened(tmp_path, WIDE) as found:
        yield found


async def shown(bench: Bench, events: Iterable[RunEvent], **about: Any) -> Watched:
    """The run in the lab's list, highlighted, and its pane."""
    run = Watched(bench, events, **about)
    await bench.settle()
    layout = bench.lab._layout
    if layout is None or not layout.run:
        await bench.press("enter")
    return run


async def test_enter_in_the_list_of_runs_shows_a_model_that_trains_no_more(tmp_path: Path) -> None:
    events = [*made_up.course(range(1, 101, 10)), made_up.finished(100)]
    folder = made_up.write(tmp_path / "runs", events)
    write_summary(folder, Summary("gpt-small", None, Status.FINISHED, kind="watched"))
    async with opened(tmp_path, WIDE) as bench:
        bench.engine.runs_folder = folder.parent
        await bench.press("r")
        runs = bench.app.screen
        assert isinstance(runs, RunsScreen)
        assert runs._reading is not None
        await runs._reading
        await bench.press("enter")
        assert bench.engine.followed == [made_up.RUN]
        Watched(bench, events, live=False)  # its log has been read
        await bench.settle()
        assert bench.lab.shown_run is not None
        assert bench.lab.shown_run.run == made_up.RUN
        assert "finished" in bench.text
        await bench.highlight("depth-7")
        bench.engine.sequence += 1
        await bench.settle()
        assert bench.lab.shown_run is None, "the highlight moves once, and then it is the user's"


async def test_a_live_watched_run_is_shown_as_soon_as_it_is_seen(bench: Bench) -> None:
    await shown(bench, made_up.course(range(1, 101, 10)))
    text = bench.text
    assert "gpt-small" in text
    if bench.app.size.width > 80:
        assert "Weight gradient by block" in text
    for block in ("h.0", "h.1", "h.2", "h.3"):
        assert block in text
    assert "step 91" in text
    assert "Nothing found so far." in text
    pane = "\n".join(row[32:] if bench.app.size.width > 80 else row for row in text.splitlines()[1:-1])
    pane = pane if bench.app.size.width < 150 else ""
    assert not [word for word in WORDS_OF_SCENARIOS if word in pane]


async def test_a_column_without_any_number_is_not_shown_and_the_columns_do_not_jump(bench: Bench) -> None:
    def columns() -> list[str]:
        head = next(line for line in bench.text.splitlines() if "‖dL/d" in line)
        return [word for word in head.split() if word in ("upd/W", "sat", "dead", "sample", "delta", "grad")]

    what = made_up.structure()
    run = await shown(bench, made_up.course([1, 11], what))
    before = columns()
    assert "upd/W" in before
    assert "sat" not in before
    run.add(made_up.measured(21, what, blocks={"grad_norm": (1.0, 2.0, 3.0, 4.0)}))
    await bench.settle()
    assert columns() == before


async def test_an_open_verdict_says_until_when_it_is_true(wide: Bench) -> None:
    what = made_up.structure()
    verdict = VerdictChanged(
        **made_up.at(3), state="began", kind="vanishing", layer="h.0", since_step=3,
        evidence={}, text="It vanishes.", suggestions=(),
    )  # fmt: skip
    await shown(wide, [*made_up.course([1, 3], what), verdict, made_up.measured(960, what)])
    await wide.press("w")
    assert "since step 3, h.0 · numbers of step 3 · still true at step 960" in wide.text


async def test_what_helps_is_on_the_page_and_the_key_to_it_is_shown(bench: Bench) -> None:
    what = made_up.structure()
    cure = " ".join(["Skip connections carry the gradient back."] * 8)
    verdict = VerdictChanged(
        **made_up.at(3), state="began", kind="vanishing", layer="h.0", since_step=3,
        evidence={"hops": 3.0}, text="It vanishes.", suggestions=(), cure=cure, page="chain",
    )  # fmt: skip
    await shown(bench, [*made_up.course([1, 3], what), verdict])
    assert "w the numbers, and what helps" in bench.text
    await bench.press("w")
    words = " ".join(bench.text.replace("│", " ").split())
    assert words.count("Skip connections carry the gradient back.") == 8
    assert "blocks between 3" in words


async def test_a_module_whose_name_is_a_number_is_shown_with_its_class(wide: Bench) -> None:
    what = made_up.structure()
    blocks = tuple(replace(each, name=str(2 * n), kind="Linear") for n, each in enumerate(what.blocks))
    await shown(wide, made_up.course([1, 11], replace(what, blocks=blocks)))
    assert " 6 Linear" in wide.text


async def test_the_footer_has_the_key_for_the_learning_rate_and_the_title_no_seed(bench: Bench) -> None:
    run = await shown(bench, made_up.course([1, 11]))
    lines = bench.text.splitlines()
    assert " + lr " in lines[-1]
    assert "seed" not in lines[0]
    halved = Intervened(**made_up.at(12), kind="lr_factor", value=0.5)
    assert "by hand" not in bench.text
    run.add(halved)
    await bench.settle()
    seen = []
    for _ in range(6):
        seen.append("without ×0.5 by hand" in bench.text)
        await bench.press("l")
    assert any(seen)


async def test_models_with_saved_runs_are_listed_at_the_start_and_enter_opens_the_latest(
    tmp_path: Path,
) -> None:
    events = [*made_up.course(range(1, 101, 10)), made_up.finished(100)]
    folder = made_up.write(tmp_path / "runs", events)
    write_summary(folder, Summary("gpt-small", None, Status.FINISHED, kind="watched"))
    async with opened(tmp_path, WIDE) as bench:
        bench.engine.runs_folder = folder.parent
        await bench.lab._read_saved_results()
        await bench.settle()
        assert "gpt-small" in bench.text
        await bench.highlight("~gpt-small")
        assert "⏎ open" in bench.text
        await bench.press("enter")
        assert bench.engine.followed == [made_up.RUN]
        Watched(bench, events, live=False)  # its log has been read
        await bench.settle()
        assert bench.lab.shown_run is not None
        assert bench.lab.shown_run.run == made_up.RUN


async def test_its_section_is_in_the_list_beside_the_scenarios(wide: Bench) -> None:
    await shown(wide, made_up.course([1, 11]))
    rows = [row[:31].strip(" │") for row in wide.text.splitlines()]
    assert rows[rows.index("Your models") + 1].lstrip("▸ ").startswith("gpt-small")
    assert "The problem" in rows


async def test_a_model_and_a_scenario_of_the_same_name_are_two_lines(wide: Bench) -> None:
    await wide.train("depth-7")
    name = made_up.description(name="depth-7")
    events = [replace(made_up.started(), watched=name), *list(made_up.course([1]))[1:]]
    Watched(wide, events, name="depth-7")
    await wide.settle()
    run = wide.lab.shown_run
    assert run is not None
    assert run.watched is not None
    await wide.highlight("depth-7")
    run = wide.lab.shown_run
    assert run is not None
    assert run.watched is None


async def test_the_heading_says_pace_rate_scale_and_what_measuring_costs(wide: Bench) -> None:
    what = made_up.structure()
    run = await shown(wide, made_up.course([1, 11, 21], what, scale=65536.0, skipped=3))
    assert "lr 0.0003" in wide.text
    assert "scale 65 536" in wide.text
    assert "3 skipped" in wide.text
    run.add(made_up.measured(31, what, scale=None, logged={}))
    await wide.settle()
    assert "scale" not in wide.text.splitlines()[1]


async def test_a_script_that_logs_no_loss_says_so_and_l_shows_what_it_logs(bench: Bench) -> None:
    what = made_up.structure()
    samples = [made_up.measured(step, what, logged={}) for step in (1, 11)]
    run = await shown(bench, [made_up.started(), what, *samples])
    assert "no loss was seen or logged" in bench.text
    run.add(made_up.measured(21, what, logged={"reward": 7.25, "entropy": 0.5}))
    await bench.settle()
    assert "reward" in bench.text
    await bench.press("l")
    assert "entropy" in bench.text


async def test_without_blocks_the_modules_with_matrices_are_shown(bench: Bench) -> None:
    what = made_up.structure(0, without_activations="the model is compiled")
    tensors = made_up.structure(2).tensors
    what = replace(what, tensors=tuple(replace(each, block=None) for each in tensors))
    await shown(bench, [made_up.started(), what, made_up.measured(1, what), made_up.measured(11, what)])
    if bench.app.size.width > 80:
        assert "Weight gradient by layer" in bench.text
    assert "h.0.attn" in bench.text
    assert "the model is compiled" in bench.text.replace("\n", " ")


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("E", "script itself decides how many epochs"),
        ("right_square_bracket", "no stages"),
        ("e", "change the script itself"),
        ("T", "cannot be taken over"),
        ("R", "start it again in a terminal"),
        ("x", "No scenario is suggested"),
        ("O", "no scenario file"),
        ("S", "list of runs"),
    ],
)
async def test_keys_for_scenarios_say_why_they_do_nothing(wide: Bench, key: str, words: str) -> None:
    await shown(wide, made_up.course([1, 11]))
    sent = len(wide.engine.sent)
    await wide.press(key)
    assert words in wide.text
    assert len(wide.engine.sent) == sent


class Script:
    """The folder of a run that this process holds, and the requests that arrive there."""

    def __init__(self, runs: Path, **about: Any) -> None:
        self.folder = made_up.write(runs, made_up.course([1, 11]), watched=made_up.description(**about))
        self._lock = RunLock(self.folder)
        self._inbox = control.Inbox(self.folder, clock=iter(range(1000)).__next__)

    @property
    def requests(self) -> list[control.Request]:
        return self._inbox.poll()

    def end(self) -> None:
        self._lock.release()


async def test_keys_change_the_script_after_a_question(wide: Bench, tmp_path: Path) -> None:
    script = Script(tmp_path / "runs")
    wide.engine.runs_folder = tmp_path / "runs"
    run = await shown(wide, made_up.course([1, 11]))
    await wide.press("plus")
    assert "Change the running script of gpt-small?" in wide.text
    assert script.requests == []
    await wide.press("enter")
    assert script.requests == [control.SetFactor(2.0)]
    run.add(Intervened(**made_up.at(11), kind="lr_factor", value=2.0))
    await wide.settle()
    await wide.press("minus", "minus")
    assert script.requests == [control.SetFactor(1.0), control.SetFactor(1.0)]
    wide.lab.look(layer="h.1")
    await wide.press("f", "M", "p")
    assert script.requests == [control.Freeze("h.1"), control.SetEvery(5), control.Pause()]
    run.add(Intervened(**made_up.at(11), kind="freeze", layer="h.1"))
    run.add(Paused(**made_up.at(11), reason="by hand"))
    await wide.settle()
    await wide.press("f", "p")
    assert script.requests == [control.Unfreeze("h.1"), control.Continue()]
    assert "Paused after step 11" in wide.text
    await wide.press("s")
    assert "after this step?" in wide.text
    await wide.press("escape")
    assert script.requests == []
    await wide.press("s", "enter")
    assert script.requests == [control.Stop()]
    script.end()


async def test_a_change_by_hand_is_a_mark_on_the_charts_and_in_the_heading(wide: Bench) -> None:
    run = await shown(wide, made_up.course([1, 11, 21]))
    run.add(Intervened(**made_up.at(21), kind="lr_factor", value=0.5))
    run.add(made_up.measured(31, made_up.structure()))
    await wide.settle()
    assert "lr ×0.5" in wide.text
    assert "lr 0.00015" in wide.text


@pytest.mark.parametrize(
    ("about", "words"), [({"control": False}, "control=False"), ({"world_size": 4}, "several processes")]
)
async def test_a_script_that_takes_no_changes_is_told(
    wide: Bench, tmp_path: Path, about: dict[str, Any], words: str
) -> None:
    script = Script(tmp_path / "runs", **about)
    wide.engine.runs_folder = tmp_path / "runs"
    watched = made_up.description(**about)
    events = [replace(made_up.started(), watched=watched), *list(made_up.course([1, 11]))[1:]]
    await shown(wide, events, **about)
    await wide.press("s", "enter")
    assert words in wide.text
    assert script.requests == []
    script.end()


async def test_a_script_that_has_ended_cannot_be_changed(wide: Bench) -> None:
    run = await shown(wide, made_up.course([1, 11]))
    run.add(made_up.finished(20, status=Status.STOPPED))
    await wide.settle()
    await wide.press("p")
    assert "The script has ended." in wide.text


async def test_enter_opens_the_tree_of_tensors(bench: Bench) -> None:
    await shown(bench, made_up.course([1, 11]))
    await bench.press("enter")
    assert isinstance(bench.app.screen, TensorScreen)
    assert "h.0" in bench.text
    assert "h.0.attn.weight" not in bench.text
    await bench.press("enter")
    assert "h.0.attn.weight" in bench.text
    assert "h.1.attn.weight" not in bench.text
    await bench.press("j")
    assert "an optimizer stepped it; lr 0.0003" in bench.text
    await bench.press("enter")
    assert "h.0.attn.weight" not in bench.text
    await bench.press("slash", *"attn", "enter")
    assert "8 of 16 tensors" in bench.text
    assert "h.3.attn.bias" in bench.text
    assert "mlp" not in bench.text
    await bench.press("escape", "escape")
    assert not isinstance(bench.app.screen, TensorScreen)


async def test_tensors_are_sorted_by_trouble(bench: Bench) -> None:
    what = made_up.structure(3)
    unmoved = (*(0.0,) * 9, 1.0, *(0.0,) * 2)
    tensors = {**made_up.measured(1, what).tensors, "unmoved": unmoved}
    await shown(bench, [made_up.started(), what, made_up.measured(1, what, tensors=tensors)])
    await bench.press("enter", "o")
    rows = [row for row in bench.text.splitlines() if ("h." in row and "weight" in row) or "bias" in row]
    assert "h.2.attn.bias" in rows[0]
    assert "100 %" in rows[0]


class NeverRead(tuple[Node, ...]):
    """A tree whose nodes must not be read one by one."""

    def __iter__(self) -> Iterator[Node]:
        raise AssertionError("all nodes were read")


async def test_a_key_in_a_long_list_of_tensors_does_not_read_them_all(
    wide: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shown(wide, made_up.course([1, 11], made_up.structure(blocks=20, tensors_per_block=100)))
    await wide.press("enter", "g", "enter")
    screen = wide.app.screen
    assert isinstance(screen, TensorScreen)
    assert f"{format.count(2000)} tensors" in wide.text
    monkeypatch.setattr(screen._list, "_tree", NeverRead(screen._list._tree))
    await wide.press("j")
    assert "an optimizer stepped it; lr 0.0003" in wide.text
    await wide.press("k", "G", "g")
    assert f"{format.count(2000)} tensors" in wide.text


async def test_names_are_shown_whole_or_cut_and_cannot_control_the_terminal(bench: Bench) -> None:
    name = "evil\x1b[31m\x07\x9b2J"
    what = made_up.structure(1)
    block = replace(what.blocks[0], name="模块.блок." + "x" * 60 + "\x1b]0;pwned\x07")
    watched = made_up.description(name=name, script="a\x1b[2Jb.py", host="h\x1b[1m", arguments=["\x07"])
    events: list[RunEvent] = [
        replace(made_up.started(), watched=watched),
        replace(what, blocks=(block,)),
        made_up.measured(1, what),
        made_up.disabled(1, "x\x1b[2J", "y\x1b[2J"),
    ]
    await shown(bench, events, name=name)
    await bench.press("enter", "enter")
    assert bench.text.replace("\n", "").isprintable()
    assert isinstance(bench.app.screen, TensorScreen)


async def test_the_details_list_the_script_and_its_config(tmp_path: Path) -> None:
    async with opened(tmp_path, LARGE) as bench:
        await shown(bench, made_up.course([1, 11]))
        text = " ".join(bench.text.split())
        assert "/home/anna/gpt/train.py" in text
        assert "optimizer.lr 0.0003" in text
        assert "0123456789ab" in text
