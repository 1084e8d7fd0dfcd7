"""What a name on the command line means where both scenarios and runs may be given."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from engine.protocol.recorded import is_recorded
from tui_vanish.cli.options import load_scenario
from tui_vanish.jobs.exits import NotFoundError
from tui_vanish.language import marked
from vanish_recorder.storage.log_file import DESCRIPTION

if TYPE_CHECKING:
    from engine.storage.run_index import RunEntry
    from scenarios.schema import Scenario


def scenario_or_run(name: str, overrides: list[str], runs_dir: Path | None) -> "Scenario | RunEntry":
    """A scenario, a scenario file, or a saved run.

    Args:
        name: as it was given; that of a recorded run begins with `recorded:`.
        overrides: of the scenario's values.
        runs_dir: the folder of the runs; None for the usual one.

    Raises:
        NotFoundError: it is none of these.
        RefusedError: it is one that cannot be used.
    """
    if name == "@last" or is_recorded(name) or (os.sep in name and os.path.exists(Path(name, DESCRIPTION))):
        return _run(name, runs_dir)
    try:
        return load_scenario(name, overrides, marked("scenario and no run"))
    except NotFoundError as neither:
        try:
            return _run(name, runs_dir)
        except NotFoundError:
            raise neither from None


def _run(name: str, runs_dir: Path | None) -> "RunEntry":
    from tui_vanish.jobs.resume import find_run  # slow to import

    return find_run(name, runs_dir)
