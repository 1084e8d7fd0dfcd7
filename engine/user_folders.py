"""The folders of the user in which the program keeps its files."""

import os
from pathlib import Path
from typing import Literal

from platformdirs import user_cache_path, user_config_path, user_state_path

_PACKAGE = "vanish-tui"
# What Debian names as the home of a user who has none. It can't be created, so each use says why it fails.
_NO_HOME = Path("/nonexistent")
_FIND = {"cache": user_cache_path, "config": user_config_path, "state": user_state_path}


def user_folder(kind: Literal["cache", "config", "state"]) -> Path:
    """The program's own folder of a kind, by the rules of the platform. Never raises, and creates nothing."""
    try:
        return _FIND[kind](_PACKAGE)
    except RuntimeError:  # no HOME, and the system does not know the user
        return _NO_HOME / kind / _PACKAGE


def has_home() -> bool:
    """Whether the system knows the user's home folder."""
    return os.path.isabs(os.path.expanduser("~"))
