"""What the app has imported when its first frame is drawn."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

# All packages outside the standard library; each one added here slows down every start.
NEEDED = {
    "engine", "scenarios", "tui_vanish", "vanish_recorder",
    "textual", "rich", "platformdirs",
    "markdown_it", "mdurl", "pygments", "typing_extensions",  # textual and rich may bring these
}  # fmt: skip

# Our own modules that only a run, another screen or a thread needs.
LATER = {
    "vanish_recorder.protocol.events", "vanish_recorder.protocol.codec", "engine.protocol.spec",
    "engine.storage.run_log", "engine.tracking.snapshot",
    "engine.tracking.series",
    "engine.runtime.loop", "engine.runtime.rounds", "engine.storage.saver", "engine.storage.run_directory",
    "engine.storage.checkpoint", "engine.measure.inspection",
    "engine.storage.follower", "engine.storage.run_index", "vanish_recorder.storage.run_lock",
    "scenarios.schema", "scenarios.validation", "scenarios.theory",
    "engine.attach.peers", "tui_vanish.jobs.background", "tui_vanish.palette",
    "tui_vanish.monitor.present", "tui_vanish.monitor.charts", "tui_vanish.monitor.schedule",
    "tui_vanish.drawing.chart", "tui_vanish.drawing.chart_axes", "tui_vanish.drawing.chart_drawing",
    "tui_vanish.drawing.chart_lines",
    "tui_vanish.theory.registry", "tui_vanish.theory.page",
    "tui_vanish.compare.screen", "tui_vanish.theory.screen", "tui_vanish.editor.screen",
    "tui_vanish.chrome.help", "tui_vanish.monitor.layer_screen", "tui_vanish.chrome.leave",
    "tui_vanish.runs.screen", "tui_vanish.monitor.why_screen",
    "tui_vanish.lab.run_pane", "tui_vanish.monitor.note", "tui_vanish.instruments.layer_profile",
    "tui_vanish.instruments.heatmap", "tui_vanish.instruments.layer_bars",
    "tui_vanish.instruments.line_chart", "tui_vanish.instruments.timeline",
}  # fmt: skip

SCRIPT = """
import asyncio, json, sys
from pathlib import Path
from engine.runtime.engine import Engine, Settings
from tui_vanish.app import VanishApp
from engine.attach.shared_engine import SharedEngine

engine = SharedEngine(Engine(Settings(runs_dir=Path(sys.argv[1]))))
app = VanishApp(engine)
display, frames = app._display, []

def watched(screen, renderable):
    display(screen, renderable)
    rows = screen._compositor.render_strips(app.size)
    frames.append(("\\n".join(row.text for row in rows), sorted(sys.modules)))

app._display = watched

async def start():
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
    print(json.dumps(frames[0]))

try:
    asyncio.run(start())
finally:
    engine.close()  # its thread is no daemon: a failure must not wait for it
"""


@pytest.fixture(scope="module")
def first_frame(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, set[str]]:
    """Its text, and all modules that were loaded by then."""
    folder: Path = tmp_path_factory.mktemp("runs")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(folder)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    text, modules = json.loads(done.stdout)
    return text, set(modules)


def test_the_first_frame_has_the_list(first_frame: tuple[str, set[str]]) -> None:
    text, _ = first_frame
    assert "▸ depth-7" in text
    assert "depth-3" in text


def test_the_first_frame_says_what_this_is(first_frame: tuple[str, set[str]]) -> None:
    text, _ = first_frame
    assert text.startswith(" vanish-tui on ")
    assert "Train networks, and see in every layer why" in text


def test_the_first_frame_loads_only_the_needed_packages(first_frame: tuple[str, set[str]]) -> None:
    _, modules = first_frame
    packages = {name.partition(".")[0] for name in modules} - sys.stdlib_module_names
    loaded = {name for name in packages if not name.startswith(("_", "sitecustomize"))}
    assert {"engine", "scenarios", "tui_vanish"} <= loaded <= NEEDED


def test_modules_that_the_first_frame_does_not_need_are_imported_later(
    first_frame: tuple[str, set[str]],
) -> None:
    _, modules = first_frame
    assert modules & LATER == set()


def test_modules_that_are_imported_later_exist() -> None:
    assert [name for name in LATER if find_spec(name) is None] == []  # a module may have been renamed
