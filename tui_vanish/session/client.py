"""The session's connection to the engine: it sends commands, and holds the latest snapshot."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from engine.runtime.state import EngineSnapshot

if TYPE_CHECKING:
    from engine.protocol.commands import RunCommand
    from engine.runtime.state import Severity
    from scenarios.schema import Scenario
    from tui_vanish.session.engine import EngineLife, EngineLike


class Notify(Protocol):
    """Shows a message to the user."""

    def __call__(self, text: str, *, severity: "Severity" = "information", timeout: float = 5) -> None:
        """Show `text` for `timeout` seconds."""


def _discard(text: str, *, severity: "Severity" = "information", timeout: float = 5) -> None:
    """Show nothing: there is no app yet."""


class EngineClient:
    """Sends all commands to the engine, so that the app can poll for the effect at once.

    Args:
        engine: not started yet.
        seed: of the runs that are started here.

    Attributes:
        snapshot: the latest one of the engine; the app sets it.
        on_order: called after each command.
        notify: shows a message to the user.
    """

    def __init__(self, engine: "EngineLike", seed: int) -> None:
        self._engine, self.seed = engine, seed
        self.snapshot = EngineSnapshot()
        self.on_order: Callable[[], None] = lambda: None
        self.notify: Notify = _discard

    @property
    def engine(self) -> "EngineLife":
        """The engine, without the methods that send it commands."""
        return self._engine

    def send(self, command: "RunCommand") -> None:
        """Queue a command for a run."""
        self._engine.send(command)
        self.on_order()

    def train(self, scenario: "Scenario", seed: int | None = None, seconds: float | None = None) -> str:
        """Start a run, with the client's seed by default; returns the run's name."""
        name = self._engine.train(scenario, self.seed if seed is None else seed, seconds)
        self.on_order()
        return name

    def follow(self, run: str) -> None:
        """Include a saved run in the snapshots."""
        self._engine.follow(run)
        self.on_order()

    def take_over(self, run: str) -> str:
        """Resume here a run that another process trains.

        Returns:
            Why this is not possible; empty if the takeover has begun.
        """
        problem = self._engine.take_over(run)
        self.on_order()
        return problem
