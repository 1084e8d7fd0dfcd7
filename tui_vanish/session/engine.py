"""What a session asks of an engine."""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from engine.protocol.commands import RunCommand
    from engine.runtime.state import EngineSnapshot
    from scenarios.schema import Scenario


class EngineLike(Protocol):
    """What the app asks of an engine: `engine.runtime.engine.Engine`, or a test's stand-in."""

    @property
    def importing(self) -> bool:
        """Whether torch is being imported."""

    @property
    def runs_folder(self) -> "Path":
        """Where run directories are."""

    def follow(self, run: str) -> None:
        """Have a saved run among the others."""

    def take_over(self, run: str) -> str:
        """Go on with a run that another process trains; returns what keeps it from being done."""

    @property
    def pending_takeovers(self) -> "Sequence[str]":
        """Runs that are being taken over, and that their process hasn't let go yet."""

    def start(self) -> None:
        """Start the thread."""

    def train(self, scenario: "Scenario", seed: int) -> str:
        """Ask for a run; returns its name."""

    def send(self, command: "RunCommand") -> None:
        """Queue a command."""

    def snapshot(self) -> "EngineSnapshot":
        """The latest state."""

    def close(self) -> None:
        """Stop and save every run, and end the thread."""
