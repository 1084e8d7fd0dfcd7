"""The state of the app without its screens: the engine, the scenarios and the user's choices."""

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.tracking.time_left import TimeLeft
from tui_vanish.language import marked
from tui_vanish.session.catalogue import Catalogue
from tui_vanish.session.client import EngineClient
from tui_vanish.session.comparison import Comparison
from tui_vanish.session.open_runs import OpenRuns
from tui_vanish.session.origins import Origins
from tui_vanish.session.past import PastRuns
from tui_vanish.session.preferences import recall, remember

if TYPE_CHECKING:
    from engine.protocol.commands import RunCommand
    from engine.runtime.state import EngineSnapshot
    from tui_vanish.session.engine import EngineLife, EngineLike

READ_ONLY = marked("This app is read-only: it starts, changes and deletes nothing.")


class Session:
    """The state that all screens show and change.

    Args:
        engine: not started yet.
        seed: of the runs that are started here.
        user_dir: the folder of the user's scenario files.
        memory: the file that stores the preferences; None to store nothing.
        read_only: nothing is started, changed or deleted, and the preferences are not stored.

    Attributes:
        device: on which a sweep trains that is started here, as `--device` names it.
        data: what it trains on, as `--data` names it; empty for the first source that exists.
    """

    def __init__(
        self,
        engine: "EngineLike",
        *,
        seed: int = 42,
        user_dir: Path | None = None,
        memory: Path | None = None,
        read_only: bool = False,
    ) -> None:
        self.read_only = read_only
        self.machine = os.uname().nodename
        self.client = EngineClient(engine, seed)
        self.catalogue = Catalogue(user_dir)
        self.runs = OpenRuns(self.client, self.catalogue)
        self.comparison = Comparison(self.client, self.catalogue, self.runs)
        self.origins = Origins(lambda: self.engine.runs_folder)
        self.past = PastRuns(lambda: self.engine.runs_folder)
        self.time_left = TimeLeft()
        self.preferences = recall(memory)
        self.device, self.data = "auto", ""
        self._memory = memory

    @property
    def engine(self) -> "EngineLife":
        """The engine. Commands go through `send` and `runs`."""
        return self.client.engine

    @property
    def snapshot(self) -> "EngineSnapshot":
        """The engine's latest snapshot."""
        return self.client.snapshot

    def send(self, command: "RunCommand") -> None:
        """Queue a command for a run."""
        self.client.send(command)

    def prefer(self, **changes: Any) -> None:
        """Change the preferences."""
        self.preferences = replace(self.preferences, **changes)

    def remember(self) -> None:
        """Store the preferences for the next start."""
        if not self.read_only:
            remember(self._memory, self.preferences)
