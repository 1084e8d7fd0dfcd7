"""The folder for runs, and the names of runs."""

import os
import stat
from datetime import datetime
from pathlib import Path

from engine.user_folders import user_folder


def default_runs_folder() -> Path:
    """The default folder for runs."""
    return user_folder("state") / "runs"


def obstacle(folder: Path) -> str:
    """Why no file can be written in a folder, which may not exist yet; empty if one can."""
    place = folder.absolute()
    while True:
        try:
            mode = os.stat(place).st_mode
            break
        except (FileNotFoundError, NotADirectoryError):
            if os.path.islink(place):
                return f"{place} is a link to a folder that does not exist"
            place = place.parent
        except (OSError, ValueError) as error:  # ValueError: a NUL in the name
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            return f"{place} cannot be used: {reason}"
    if not stat.S_ISDIR(mode):
        return f"{place} is not a folder"
    if not os.access(place, os.W_OK | os.X_OK):
        return f"you have no permission to write in {place}"
    return ""


def new_run_name(scenario_id: str, now: datetime | None = None) -> str:
    """A new name for a run and its folder: YYYYMMDD-HHMMSS-SCENARIO-xxxx, with random hexadecimal digits."""
    import secrets  # imports hashlib, so only when a run is started

    moment = now or datetime.now()
    return f"{moment:%Y%m%d-%H%M%S}-{scenario_id}-{secrets.token_hex(2)}"
