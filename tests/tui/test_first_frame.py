"""What the app has imported when its first frame stands."""

import json
import subprocess
import sys
from pathlib import Path

# Everything from outside the standard library; what is added here is paid for at every start.
NEEDED = {
    "engine", "scenarios", "tui_vanish",
    "textual", "rich", "platformdirs",
    "markdown_it", "mdurl", "pygments", "typing_extensions",  # of textual and rich
}  # fmt: skip

SCRIPT = """
import asyncio, json, sys
from pathlib import Path
from engine.runner import Engine, Settings
from tui_vanish.app import VanishApp

async def first_frame():
    app = VanishApp(Engine(Settings(runs_dir=Path(sys.argv[1]))))
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        assert "depth-3" in str(app.screen.query_one("ScenarioList").entries), "no list"
        names = {name.partition(".")[0] for name in sys.modules}
        print(json.dumps(sorted(names - sys.stdlib_module_names)))

asyncio.run(first_frame())
"""


def test_the_first_frame_needs_nothing_but_this(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    loaded = {name for name in json.loads(done.stdout) if not name.startswith(("_", "sitecustomize"))}
    assert loaded == NEEDED
