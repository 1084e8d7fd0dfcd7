"""The interface between a session and an engine."""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from engine.protocol.commands import RunCommand
    from engine.runtime.state import EngineSnapshot
    from scenarios.schema import Scenario


class EngineLife(Protocol):
    """The part of an engine that the session makes available to the app: life cycle and state."""

    @property
    def importing(self) -> bool:
        """Whether torch is being imported."""

    @property
    def runs_folder(self) -> "Path":
        """The folder with the run directories."""

    @property
    def pending_takeovers(self) -> "Sequence[str]":
        """The runs that are being taken over, but that the other process has not released yet."""

    @property
    def can_train(self) -> bool:
        """Whether runs can be started, resumed and taken over; False if they are only shown."""

    def start(self) -> None:
        """Start the thread."""

    def snapshot(self) -> "EngineSnapshot":
        """Return the latest state."""

    def close(self) -> None:
        """Stop and save all runs, and end the thread."""


class EngineLike(EngineLife, Protocol):
    """A whole engine: `engine.attach.shared_engine.SharedEngine`, or a replacement in tests.

    Only `EngineClient` sends it commands.
    """

    def train(self, scenario: "Scenario", seed: int, seconds: float | None = None) -> str:
        """Start a run, which stops after so many seconds of training; returns its name."""

    def send(self, command: "RunCommand") -> None:
        """Queue a command."""

    def follow(self, run: str) -> None:
        """Include a saved run in the snapshots."""

    def take_over(self, run: str) -> str:
        """Resume here a run that another process trains; returns why not, or an empty string."""
