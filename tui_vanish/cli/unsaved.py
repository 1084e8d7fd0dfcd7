"""What is said about a run that could not be saved to its end."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.storage.checkpoint import CHECKPOINT
from scenarios.problems import printable
from tui_vanish.jobs.telling import tell
from tui_vanish.language import tr
from tui_vanish.language.below import spoken

if TYPE_CHECKING:
    from tui_vanish.jobs.train import Ending


def report_unsaved(endings: "Sequence[Ending]") -> bool:
    """Print a sentence about each run that is not saved; returns whether there is one."""
    return say_unsaved({ending.finished.run: ending.unsaved for ending in endings if ending.unsaved})


def say_unsaved(unsaved: Mapping[str, str]) -> bool:
    """Print a sentence about each run that is not saved; returns whether there is one.

    Args:
        unsaved: by the run's name, its folder and why it could not be saved, as in EngineSnapshot.
    """
    for run, why in unsaved.items():
        folder, _, _ = why.partition(": ")
        if os.path.exists(Path(folder) / CHECKPOINT):
            remedy = tr("make room, then continue from its last save: vanish-tui run --resume {run}", run=run)
        else:
            remedy = tr("make room or name another folder with --runs-dir, then train it again")
        tell(tr("not saved: {why}; {remedy}", why=spoken(printable(why)), remedy=printable(remedy)))
    return bool(unsaved)
