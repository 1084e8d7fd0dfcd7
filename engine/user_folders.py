"""The folders of the user for the cache and the configuration; that for runs is the recorder's."""

import os
from pathlib import Path
from typing import Literal

from platformdirs import user_cache_path, user_config_path

from vanish_recorder.storage.paths import NO_HOME

_PACKAGE = "vanish-tui"
_FIND = {"cache": user_cache_path, "config": user_config_path}


def user_folder(kind: Literal["cache", "config"]) -> Path:
    """The program's own folder of a kind, by the rules of the platform. Never raises, and creates nothing."""
    try:
        return _FIND[kind](_PACKAGE)
    except RuntimeError:  # no HOME, and the system does not know the user
        return NO_HOME / kind / _PACKAGE


def has_home() -> bool:
    """Whether the system knows the user's home folder."""
    return os.path.isabs(os.path.expanduser("~"))
