"""The engine as a session knows it: what it is told, and what it said last."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from engine.runtime.state import EngineSnapshot

if TYPE_CHECKING:
    from engine.protocol.commands import RunCommand
    from engine.runtime.state import Severity
    from scenarios.schema import Scenario
    from tui_vanish.session.engine import EngineLife, EngineLike


class Notify(Protocol):
    """Says something to a person."""

    def __call__(self, text: str, *, severity: "Severity" = "information", timeout: float = 5) -> None:
        """Say it for `timeout` seconds."""


def _nobody(text: str, *, severity: "Severity" = "information", timeout: float = 5) -> None:
    """Nobody is there to hear it."""


class EngineClient:
    """Everything that is told to the engine goes through here, so that its answer is looked for at once.

    Args:
        engine: not yet started.
        seed: of the runs that are started here.

    Attributes:
        snapshot: the engine's latest; whoever polls the engine sets it.
        on_order: is called whenever the engine was told something.
        notify: says something to a person.
    """

    def __init__(self, engine: "EngineLike", seed: int) -> None:
        self._engine, self.seed = engine, seed
        self.snapshot = EngineSnapshot()
        self.on_order: Callable[[], None] = lambda: None
        self.notify: Notify = _nobody

    @property
    def engine(self) -> "EngineLife":
        """The engine, without the methods that give it orders."""
        return self._engine

    def send(self, command: "RunCommand") -> None:
        """Queue a command for a run."""
        self._engine.send(command)
        self.on_order()

    def train(self, scenario: "Scenario", seed: int | None = None) -> str:
        """Start a run, with a seed of its own if need be; its name."""
        name = self._engine.train(scenario, self.seed if seed is None else seed)
        self.on_order()
        return name

    def follow(self, run: str) -> None:
        """Have a saved run among the others."""
        self._engine.follow(run)
        self.on_order()

    def take_over(self, run: str) -> str:
        """Resume here a run that another process trains; returns why not, empty if it is under way."""
        problem = self._engine.take_over(run)
        self.on_order()
        return problem
