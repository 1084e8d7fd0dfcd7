"""How long each run of a comparison trains: a number of epochs, or seconds of training."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scenarios.schema import Scenario

MOST_EPOCHS = 1_000_000
MOST_SECONDS = 86_400.0
EXPECTED = "a budget such as 10 epochs, 60 s or 2 min"

_SECONDS = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1.0),
    **dict.fromkeys(("m", "min", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hour", "hours"), 3600.0),
}
_EPOCHS = ("", "e", "epoch", "epochs")


@dataclass(frozen=True, slots=True)
class Budget:
    """What each run may use. Without either number, a run trains as long as its scenario says.

    Attributes:
        epochs: of the whole run, in place of the scenario's number. Its stages share them equally.
        seconds: of training; a run that has had all its epochs ends earlier.
    """

    epochs: int | None = None
    seconds: float | None = None

    def epochs_of(self, scenario: "Scenario") -> int:
        """How many epochs each stage of the scenario trains.

        Their sum is at most the budget, so that runs are compared after equally many epochs; but every stage
        trains for at least one.
        """
        if self.epochs is None:
            return scenario.training.epochs
        return max(1, self.epochs // max(1, len(scenario.stages)))

    def within(self, scenario: "Scenario") -> "Scenario":
        """The scenario with the budget's number of epochs."""
        epochs = self.epochs_of(scenario)
        if scenario.training.epochs == epochs:
            return scenario
        training = scenario.training.model_copy(update={"epochs": epochs})
        return scenario.model_copy(update={"training": training})

    def __str__(self) -> str:
        """The budget as a user types it."""
        if self.epochs is not None:
            return f"{self.epochs} {'epoch' if self.epochs == 1 else 'epochs'}"
        return "" if self.seconds is None else f"{self.seconds:g} s"


def parse_budget(text: str) -> Budget:
    """Read `10 epochs`, `10`, `60 s`, `2 min` or `1h`.

    Raises:
        ValueError: it is none; the text says what was expected.
    """
    found = re.fullmatch(r"([0-9]*\.?[0-9]+)\s*([a-z]*)", text.strip().lower(), re.ASCII)
    if found is None:
        raise ValueError(f"expected {EXPECTED}")
    number, unit = found[1], found[2]
    if unit in _EPOCHS:
        if not number.isdecimal() or not 1 <= float(number) <= MOST_EPOCHS:
            raise ValueError(f"expected a whole number of epochs from 1 to {MOST_EPOCHS}")
        return Budget(epochs=int(number))
    if unit not in _SECONDS:
        raise ValueError(f"expected {EXPECTED}")
    seconds = float(number) * _SECONDS[unit]
    if not 0 < seconds <= MOST_SECONDS:
        raise ValueError("expected a time above 0 s, at most 24 h")
    return Budget(seconds=seconds)
