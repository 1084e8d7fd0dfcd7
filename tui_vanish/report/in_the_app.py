"""The keys that write a report of what a screen shows, and a picture of the screen itself."""

import asyncio
import os
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.protocol.recorded import is_recorded
from engine.storage.nested import run_folder
from engine.storage.run_index import read_entry, recorded_entry
from scenarios.problems import printable
from tui_vanish.jobs.exits import FailedError, RefusedError
from tui_vanish.language import tr
from tui_vanish.language.below import spoken
from vanish_recorder.storage.atomic import write_atomically

if TYPE_CHECKING:
    from tui_vanish.chrome.screen import LiveScreen

_MOST_FILES = 1000  # of the same name, which are numbered
# The picture names fonts on a server; without them, a viewer takes a font of its own, and asks no server.
_FONT_FACE = re.compile(r"@font-face\s*\{[^}]*\}")


def begin_report(screen: "LiveScreen[Any]") -> None:
    """Write a report of the runs that a screen shows, in a thread, and say where it is."""
    runs, sweep = screen.reported
    if not runs and sweep is None:
        screen.refuse(tr("There is no run here to report: open a run, a comparison or the map of a sweep."))
        return
    folder = screen.session.engine.runs_folder
    screen.notify(tr("Writing the report…"), timeout=3)

    async def work() -> None:
        try:
            path = await asyncio.to_thread(write_report, runs, sweep, folder)
        except (RefusedError, FailedError) as reason:
            screen.notify(spoken(str(reason)), severity="warning", markup=False, timeout=8)
        except OSError as error:
            screen.notify(_why(error), severity="error", markup=False, timeout=8)
        else:
            screen.notify(printable(tr("Report: {path}", path=path)), markup=False, timeout=10)

    screen.run_worker(work())


def write_report(runs: Sequence[str], sweep: Path | None, folder: Path) -> Path:
    """Write a report into the working folder; an existing file is kept.

    Args:
        runs: their names.
        sweep: folder of a sweep, which is reported in place of runs.
        folder: of the runs.

    Raises:
        RefusedError: a run cannot be read.
        OSError: the report cannot be written.
    """
    from tui_vanish.report import write

    if sweep is not None:
        entries = write.runs_of(sweep)
    else:
        entries = [
            recorded_entry(run) if is_recorded(run) else read_entry(run_folder(folder, run)) for run in runs
        ]
    html, _ = write.report(entries, sweep)
    path = free_path(write.file_name([sweep.name] if sweep is not None else list(runs)))
    write.write(path, html)
    return path


def save_picture(screen: "LiveScreen[Any]", svg: str) -> None:
    """Write the present screen as SVG, and say where it is."""
    path = free_path(f"vanish-tui-{datetime.now():%Y%m%d-%H%M%S}.svg")
    try:
        write_atomically(path, _FONT_FACE.sub("", svg).encode())
    except OSError as error:
        screen.notify(_why(error), severity="error", markup=False, timeout=8)
    else:
        screen.notify(printable(tr("Picture of the screen: {path}", path=path)), markup=False, timeout=10)


def free_path(name: str) -> Path:
    """A path in the working folder that does not exist: the name, or the name with a number."""
    folder = Path(os.path.abspath(""))
    stem, suffix = os.path.splitext(name)
    for number in range(1, _MOST_FILES):
        path = folder / (name if number == 1 else f"{stem}-{number}{suffix}")
        if not os.path.lexists(path):
            return path
    return folder / name


def _why(error: OSError) -> str:
    where = printable(str(error.filename or os.path.abspath("")))
    return f"{where}: {error.strerror}"
