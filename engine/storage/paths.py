"""Where runs are kept, and what each is called."""

from datetime import datetime
from pathlib import Path

from platformdirs import user_state_path


def default_runs_folder() -> Path:
    """Where runs are kept unless someone says otherwise."""
    return user_state_path("vanish-tui") / "runs"


def new_run_name(scenario_id: str, now: datetime | None = None) -> str:
    """A run's name, and its folder's: YYYYMMDD-HHMMSS-SCENARIO-xxxx."""
    import secrets  # with all of hashlib: only when something is trained

    moment = now or datetime.now()
    return f"{moment:%Y%m%d-%H%M%S}-{scenario_id}-{secrets.token_hex(2)}"
