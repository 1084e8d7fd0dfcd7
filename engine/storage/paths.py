"""The folder for runs, and the names of runs."""

from datetime import datetime
from pathlib import Path

from platformdirs import user_state_path


def default_runs_folder() -> Path:
    """The default folder for runs."""
    return user_state_path("vanish-tui") / "runs"


def new_run_name(scenario_id: str, now: datetime | None = None) -> str:
    """A new name for a run and its folder: YYYYMMDD-HHMMSS-SCENARIO-xxxx, with random hexadecimal digits."""
    import secrets  # imports hashlib, so only when a run is started

    moment = now or datetime.now()
    return f"{moment:%Y%m%d-%H%M%S}-{scenario_id}-{secrets.token_hex(2)}"
