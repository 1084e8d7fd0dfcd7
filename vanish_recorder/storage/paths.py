"""The folder for runs, and the names of runs."""

import os
import re
import stat
import sys
import unicodedata
from datetime import datetime
from pathlib import Path

_PACKAGE = "vanish-tui"
# What Debian names as the home of a user who has none. It can't be created, so each use says why it fails.
NO_HOME = Path("/nonexistent")
_LONGEST_NAME = 60  # characters of a run's name that its folder keeps


def state_folder() -> Path:
    """The program's folder for what it keeps, by the rules of the platform. Never raises, creates nothing.

    It is the folder that platformdirs names, which other people's scripts need not have.
    """
    home = Path(os.path.expanduser("~"))
    if not home.is_absolute():  # no HOME, and the system does not know the user
        home = NO_HOME
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / _PACKAGE
    named = os.environ.get("XDG_STATE_HOME", "").strip()
    return (Path(named) if named else home / ".local" / "state") / _PACKAGE


def default_runs_folder() -> Path:
    """The default folder for runs."""
    return state_folder() / "runs"


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


def name_in_folder(name: str) -> str:
    """A user's name for a run as a part of its folder's name: ASCII letters, digits, dots, - and _."""
    plain = unicodedata.normalize("NFKD", name.replace("đ", "d").replace("Đ", "D"))
    kept = re.sub(r"[^A-Za-z0-9._]+", "-", plain.encode("ascii", "ignore").decode())
    return kept.strip("-.")[:_LONGEST_NAME].strip("-.") or "run"
