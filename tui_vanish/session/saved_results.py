"""The last result of each scenario, from the index of the saved runs; no log is read."""

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tui_vanish.session.models import key_of_summary

if TYPE_CHECKING:
    from vanish_recorder.protocol.status import Status


class Result(NamedTuple):
    """How the latest saved run of a scenario, or of the user's own model, ended.

    Attributes:
        status: of the run.
        accuracy: the last one on the test images.
        run: its name.
    """

    status: "Status"
    accuracy: float | None
    run: str


def has_runs(folder: Path) -> bool:
    """Whether a run was ever saved in the folder. It looks for one only, so even the first frame may ask."""
    try:
        with os.scandir(folder) as found:
            return any(not each.name.startswith(".") for each in found)
    except OSError:
        return False


async def read_results(folder: Path) -> Mapping[str, Result]:
    """The latest saved run of each scenario, by id; empty if the folder cannot be read.

    The work is done in a thread, so that the screen stays usable.
    """
    return await asyncio.to_thread(_results, folder)


def _results(folder: Path) -> Mapping[str, Result]:
    from engine.storage.run_index import list_runs
    from vanish_recorder.protocol.status import Status  # not needed for the first frame

    try:
        entries = list_runs(folder)
    except OSError:
        return {}
    latest: dict[str, Result] = {}
    for entry in entries:  # the latest first
        if (summary := entry.summary) is not None and not entry.problem and not entry.is_sweep:
            status = Status.STOPPED if entry.state == "abandoned" else summary.status
            latest.setdefault(key_of_summary(summary), Result(status, summary.test_accuracy, entry.name))
    return latest
