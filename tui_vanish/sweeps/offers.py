"""The sweeps that the app can train: those of the program, and those with runs missing."""

import os
from dataclasses import dataclass
from pathlib import Path

from engine.storage.labels import read_labels
from engine.storage.nested import is_sweep
from engine.storage.run_index import read_entry
from scenarios.sweep_files import built_in_sweeps, load_sweep

_MOST = 5  # unfinished sweeps, the latest first


@dataclass(frozen=True, slots=True)
class Offer:
    """A sweep that can be trained.

    Attributes:
        name: what the user calls it.
        title: what it is, in a few words.
        amount: how many runs it has, or how many of them are done.
        question: what it answers; may be empty.
        folder: of a sweep that can be continued; None of a new one.
    """

    name: str
    title: str
    amount: str
    question: str = ""
    folder: Path | None = None


def offers(runs: Path) -> list[Offer]:
    """The sweeps that can be continued in a folder of runs, then those that can be begun."""
    new = []
    for name, path in built_in_sweeps().items():
        sweep = load_sweep(path)
        new.append(Offer(name, sweep.title, f"{sweep.size} runs", sweep.question))
    return [*_unfinished(runs), *new]


def _unfinished(runs: Path) -> list[Offer]:
    """The latest sweeps that miss some runs and that no process trains."""
    try:
        names = sorted((entry.name for entry in os.scandir(runs)), reverse=True)
    except OSError:
        return []
    found: list[Offer] = []
    for name in names:
        if len(found) == _MOST:
            break
        if not is_sweep(runs / name):
            continue
        entry = read_entry(runs / name)
        line = entry.summary
        if line is None or entry.owner is not None or line.epoch >= line.epochs:
            continue
        label = read_labels(runs / name).name or name
        done = f"{line.epoch} of {line.epochs} runs"
        found.append(Offer(label, f"continue {line.scenario}", done, folder=runs / name))
    return found
