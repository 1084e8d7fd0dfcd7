"""The engine as a session knows it: what it is told, and what it said last."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from engine.runtime.state import EngineSnapshot

if TYPE_CHECKING:
    from engine.protocol.commands import RunCommand
    from engine.runtime.state import Severity
    from scenarios.schema import Scenario
    from tui_vanish.session.engine import EngineLike


class Tell(Protocol):
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
        tell: says something to a person.
    """

    def __init__(self, engine: "EngineLike", seed: int) -> None:
        self.engine, self.seed = engine, seed
        self.snapshot = EngineSnapshot()
        self.on_order: Callable[[], None] = lambda: None
        self.tell: Tell = _nobody

    def send(self, command: "RunCommand") -> None:
        """Tell the engine."""
        self.engine.send(command)
        self.on_order()

    def train(self, scenario: "Scenario", seed: int | None = None) -> str:
        """Start a run, with a seed of its own if need be; its name."""
        name = self.engine.train(scenario, self.seed if seed is None else seed)
        self.on_order()
        return name

    def follow(self, run: str) -> None:
        """Have a saved run among the others."""
        self.engine.follow(run)
        self.on_order()
