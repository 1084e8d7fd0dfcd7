"""The results of the course's published runs, to compare with results measured here."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Figures:
    """Loss and accuracy in [0, 1] on the training and the test set."""

    train_loss: float
    train_accuracy: float
    test_loss: float
    test_accuracy: float


@dataclass(frozen=True, slots=True)
class Published:
    """One published run after `epochs` epochs; `source` is its letter in `sources`."""

    scenario: str
    epochs: int
    source: str
    figures: Figures


@cache
def published() -> tuple[Published, ...]:
    """All published runs."""
    return tuple(
        Published(row["scenario"], row["epochs"], row["source"], Figures(*row["train"], *row["test"]))
        for row in _file()["result"]
    )


def sources() -> dict[str, str]:
    """Where the published runs can be found, by letter."""
    return dict(_file()["sources"])


def published_for(scenario: str, epochs: int) -> Published | None:
    """The published run of `scenario` at exactly that many epochs, if there is one."""
    return next((run for run in published() if (run.scenario, run.epochs) == (scenario, epochs)), None)


@cache
def _file() -> dict[str, Any]:
    with (Path(__file__).parent / "published.toml").open("rb") as file:
        return tomllib.load(file)
