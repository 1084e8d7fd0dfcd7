"""What the app has imported when its first frame stands."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

# Everything from outside the standard library; what is added here is paid for at every start.
NEEDED = {
    "engine", "scenarios", "tui_vanish",
    "textual", "rich", "platformdirs",
    "markdown_it", "mdurl", "pygments", "typing_extensions",  # textual and rich may bring these
}  # fmt: skip

# Of our own what only a run, another screen or a thread has a use for.
LATER = {
    "engine.events", "engine.runlog", "engine.runview", "engine.history",
    "engine.loop", "engine.rounds", "engine.saver", "engine.rundir", "engine.checkpoint", "engine.inspection",
    "engine.follow", "engine.runindex", "engine.runlock",
    "scenarios.schema", "scenarios.validation", "scenarios.concepts",
    "tui_vanish.others", "tui_vanish.detached", "tui_vanish.palette",
    "tui_vanish.views", "tui_vanish.run_charts", "tui_vanish.schedule_view",
    "tui_vanish.charts", "tui_vanish.chart_axes", "tui_vanish.chart_lines",
    "tui_vanish.concepts.pages", "tui_vanish.concepts.page",
    "tui_vanish.screens.compare", "tui_vanish.screens.concepts", "tui_vanish.screens.editor",
    "tui_vanish.screens.help", "tui_vanish.screens.layer", "tui_vanish.screens.leave",
    "tui_vanish.screens.runs", "tui_vanish.screens.why",
    "tui_vanish.widgets.run_pane", "tui_vanish.widgets.run_note", "tui_vanish.widgets.bar_profile",
    "tui_vanish.widgets.heatmap", "tui_vanish.widgets.layer_bars", "tui_vanish.widgets.line_chart",
    "tui_vanish.widgets.timeline",
}  # fmt: skip

SCRIPT = """
import asyncio, json, sys
from pathlib import Path
from engine.runner import Engine, Settings
from tui_vanish.app import VanishApp
from tui_vanish.elsewhere import SharedEngine

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
    """Its text, and every module that was there with it."""
    folder: Path = tmp_path_factory.mktemp("runs")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(folder)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    text, modules = json.loads(done.stdout)
    return text, set(modules)


def test_the_first_frame_has_the_list(first_frame: tuple[str, set[str]]) -> None:
    text, _ = first_frame
    assert "▸ linear-exploding" in text
    assert "depth-3" in text


def test_the_first_frame_needs_nothing_from_outside_but_this(first_frame: tuple[str, set[str]]) -> None:
    _, modules = first_frame
    packages = {name.partition(".")[0] for name in modules} - sys.stdlib_module_names
    loaded = {name for name in packages if not name.startswith(("_", "sitecustomize"))}
    assert {"engine", "scenarios", "tui_vanish"} <= loaded <= NEEDED


def test_what_the_first_frame_has_no_use_for_is_imported_later(first_frame: tuple[str, set[str]]) -> None:
    _, modules = first_frame
    assert modules & LATER == set()


def test_what_is_imported_later_is_there() -> None:
    assert [name for name in LATER if find_spec(name) is None] == []  # a module may have been renamed
