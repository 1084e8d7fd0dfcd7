"""What the app imports and sends at the start, and while nothing changes."""

import subprocess
import sys
from pathlib import Path

import pytest
from textual.containers import Horizontal

from engine.runtime.state import EngineSnapshot
from tests.tui.lab_bench import Bench, opened
from tui_vanish.lab.run_pane import RunPane
from tui_vanish.poller import Poller
from tui_vanish.terminal import over_ssh


def test_importing_the_app_loads_nothing_heavy() -> None:
    code = "import sys, tui_vanish.app; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "textual" in loaded
    assert loaded.isdisjoint({"torch", "torchvision", "numpy", "plotext", "pydantic"})


async def test_the_app_starts_the_engine_and_closes_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        assert bench.engine.started
        await bench.pilot.press("ctrl+c")
    assert bench.engine.closed


async def test_a_snapshot_is_shown_once(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        shown: list[EngineSnapshot] = []
        poller = Poller(bench.app, bench.engine, shown.append, refresh=2.0)
        poller.poll()
        poller.poll()
        assert len(shown) == 1
        bench.engine.be_ready()
        poller.poll()
        assert [snapshot.device for snapshot in shown] == ["", "cpu"]


async def test_nothing_is_shown_after_the_poller_has_stopped(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        shown: list[EngineSnapshot] = []
        poller = Poller(bench.app, bench.engine, shown.append, refresh=2.0)
        poller.stop()
        bench.engine.be_ready()
        poller.poll()
        assert shown == []


def updates(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Collects everything that the app sends to the terminal from now on."""
    sent: list[object] = []
    display = bench.app._display

    def spy(screen: object, renderable: object) -> None:
        sent.append(renderable)
        display(screen, renderable)  # type: ignore[arg-type]

    monkeypatch.setattr(bench.app, "_display", spy)
    return sent


async def test_nothing_is_drawn_while_nothing_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(tmp_path) as bench:
        run = await bench.train()
        run.train_epochs(3)
        await bench.settle()
        await bench.press("p")
        sent = updates(bench, monkeypatch)
        for _ in range(5):
            await bench.settle()
        assert sent == []
        run.resume()
        await bench.settle()
        assert sent != []


@pytest.mark.parametrize(
    "keys", [["slash", "d"], ["colon"], ["question_mark"]], ids=["filter", "palette", "help"]
)
async def test_no_cursor_blinks(keys: list[str], tmp_path: Path) -> None:
    from textual.widgets import Input

    async with opened(tmp_path) as bench:
        await bench.press(*keys)
        await bench.app.workers.wait_for_complete()
        assert not any(line.cursor_blink for line in bench.app.screen.query(Input))


@pytest.mark.parametrize("name", ["SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"])
def test_ssh_is_detected_from_the_environment(name: str) -> None:
    assert over_ssh({name: "10.0.0.1 5000 22"})
    assert not over_ssh({"TERM": "xterm"})
    assert not over_ssh({name: ""})


async def test_no_color_sends_no_colour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with opened(tmp_path) as bench:
        run = await bench.train()
        run.train_epochs(3)
        for key in ("1", "3", "question_mark", "escape", "colon"):
            await bench.press(key)
            strips = bench.app.screen._compositor.render_strips(bench.app.size)
            styles = [segment.style for strip in strips for segment in strip if segment.style]
            assert all(not style.color or style.color.is_default for style in styles)
            assert all(not style.bgcolor or style.bgcolor.is_default for style in styles)
        assert any(style.reverse or style.bold for style in styles)


async def test_a_run_pane_without_its_instruments_is_never_laid_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pane is in this state if the app quits while mounting it."""
    monkeypatch.setattr(RunPane, "compose", lambda pane: [Horizontal(id="charts"), Horizontal(id="layers")])
    async with opened(tmp_path) as bench:
        await bench.press("enter")
        assert bench.app.return_value is None
        assert bench.lab.query_one(RunPane).display is False
