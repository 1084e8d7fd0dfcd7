"""What a session asks of an engine."""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from engine.protocol.commands import RunCommand
    from engine.runtime.state import EngineSnapshot
    from scenarios.schema import Scenario


class EngineLife(Protocol):
    """How an engine lives and what it says: all of it that a session shows to the app around it."""

    @property
    def importing(self) -> bool:
        """Whether torch is being imported."""

    @property
    def runs_folder(self) -> "Path":
        """Where run directories are."""

    @property
    def pending_takeovers(self) -> "Sequence[str]":
        """Runs that are being taken over, and that their process hasn't let go yet."""

    def start(self) -> None:
        """Start the thread."""

    def snapshot(self) -> "EngineSnapshot":
        """The latest state."""

    def close(self) -> None:
        """Stop and save every run, and end the thread."""


class EngineLike(EngineLife, Protocol):
    """What a session asks of an engine: `engine.attach.shared_engine.SharedEngine`, or a test's stand-in.

    Only `EngineClient` gives it orders.
    """

    def train(self, scenario: "Scenario", seed: int) -> str:
        """Ask for a run; returns its name."""

    def send(self, command: "RunCommand") -> None:
        """Queue a command."""

    def follow(self, run: str) -> None:
        """Have a saved run among the others."""

    def take_over(self, run: str) -> str:
        """Resume here a run that another process trains; returns why not, empty if it is under way."""
