"""What the course's published runs gave, to be held against what is measured here."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Figures:
    """Loss and accuracy in [0, 1] on the training and the test set."""

    train_loss: float
    train_accuracy: float
    test_loss: float
    test_accuracy: float


@dataclass(frozen=True, slots=True)
class Published:
    """One published run after `epochs` epochs; `source` is its letter in published.toml."""

    scenario: str
    epochs: int
    source: str
    figures: Figures


@cache
def published() -> tuple[Published, ...]:
    """All of them."""
    with (Path(__file__).parent / "published.toml").open("rb") as file:
        rows = tomllib.load(file)["result"]
    return tuple(
        Published(row["scenario"], row["epochs"], row["source"], Figures(*row["train"], *row["test"]))
        for row in rows
    )


def published_for(scenario: str, epochs: int) -> Published | None:
    """The published run of `scenario` at exactly that many epochs, if there is one."""
    return next((run for run in published() if (run.scenario, run.epochs) == (scenario, epochs)), None)
