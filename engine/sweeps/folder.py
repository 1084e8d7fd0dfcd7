"""The folder of a sweep: `sweep.json` says what it trains, and each of its runs has a folder in it.

The runs are ordinary ones, so the folder of a sweep is a folder of runs, too. Which runs are missing is read
from them, and nothing else keeps count. `summary.json` is for the list in which the sweep is one line.
"""

import json
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.storage.nested import SWEEP_FILE
from engine.storage.run_index import RunEntry, list_runs
from engine.storage.run_log import NotARun, refuse_newer
from engine.storage.sweep_line import SWEEP
from scenarios.problems import ScenarioError
from scenarios.sweep import Cell, Sweep, from_record
from vanish_recorder.protocol.event import SCHEMA
from vanish_recorder.protocol.json_text import parse
from vanish_recorder.protocol.status import Status
from vanish_recorder.storage.atomic import remove_leftovers, write_atomically
from vanish_recorder.storage.guarded import read_guarded
from vanish_recorder.storage.log_file import DESCRIPTION as RUN
from vanish_recorder.storage.private import make_private_folder
from vanish_recorder.storage.summary import Summary, write_summary

DESCRIPTION = SWEEP_FILE


class NotASweep(NotARun):
    """A folder is not a sweep that this version can read. The text says why."""


@dataclass(frozen=True, slots=True)
class Means:
    """With what a sweep trains. A resumed sweep keeps it, because the bits of its runs depend on it.

    Attributes:
        device: auto, cpu, cuda or cuda:N.
        data: the absolute path that `--data` named, or "sample"; None for the first source that exists.
        threads: torch threads of each run.
        keep_checkpoints: whether the runs keep their checkpoints, and every sample, when they have finished.
    """

    device: str = "auto"
    data: str | None = None
    threads: int = 1
    keep_checkpoints: bool = False

    @classmethod
    def from_record(cls, record: Any) -> "Means":
        """Read it from JSON. Raises KeyError or TypeError if it is damaged."""
        device, data, threads = record["device"], record["data"], record["threads"]
        keep = record["keep_checkpoints"]
        is_typed = isinstance(device, str) and isinstance(data, str | None) and isinstance(keep, bool)
        if not is_typed or type(threads) is not int or threads < 1:
            raise TypeError("not the means of a sweep")
        return cls(device, data, threads, keep)

    def to_record(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "device": self.device,
            "data": self.data,
            "threads": self.threads,
            "keep_checkpoints": self.keep_checkpoints,
        }


@dataclass(frozen=True, slots=True)
class SweepFolder:
    """A sweep and its folder.

    Attributes:
        path: the folder.
        sweep: what it trains.
        means: with what.
    """

    path: Path
    sweep: Sweep
    means: Means

    @classmethod
    def create(cls, path: Path, sweep: Sweep, means: Means) -> "SweepFolder":
        """Make the folder of a new sweep.

        Raises:
            OSError: it cannot be made, or there is one.
        """
        make_private_folder(path.parent)
        path.mkdir(mode=0o700)
        made = cls(path, sweep, means)
        made.describe()
        save_summary(made, (), Status.STOPPED, 0.0, None)  # until it trains: it can be continued
        return made

    @classmethod
    def read(cls, path: Path) -> "SweepFolder":
        """Read the description in the folder of a sweep.

        Raises:
            NotASweep: there is none, it is damaged, or a newer version wrote it.
        """
        try:
            record = parse(read_guarded(path / DESCRIPTION))
        except (FileNotFoundError, NotADirectoryError):
            raise NotASweep(f"not a sweep: {DESCRIPTION} is missing") from None
        except OSError as error:
            raise NotASweep(f"cannot be read: {error.strerror}") from None
        except ValueError:
            raise NotASweep(f"damaged: {DESCRIPTION} is not JSON") from None
        try:
            refuse_newer(record)
            return cls(path, from_record(record), Means.from_record(record))
        except NotARun as error:
            raise NotASweep(str(error)) from None
        except ScenarioError as error:
            raise NotASweep(f"damaged: {error}") from None
        except (KeyError, TypeError, ValueError):
            raise NotASweep(f"damaged: {DESCRIPTION} does not describe a sweep") from None

    def describe(self) -> None:
        """Write the description of the sweep, without which it can neither be listed nor continued.

        Raises:
            OSError: it cannot be written.
        """
        record = {
            "schema": SCHEMA,
            "kind": SWEEP,
            "sweep": self.path.name,
            **self.sweep.to_record(),
            **self.means.to_record(),
        }
        write_atomically(self.path / DESCRIPTION, json.dumps(record, ensure_ascii=False, indent=1).encode())

    def run_of(self, cell: Cell) -> str:
        """The name of a cell's run: that of the sweep and the cell's number, so it is unique everywhere."""
        return f"{self.path.name}-{cell.number:0{len(str(self.sweep.size))}d}"

    def has_begun(self, run: str) -> bool:
        """Whether a run has begun, so that it continues from its last save.

        A run begins only in a new folder. What is left of one that could not write its description, because
        it was killed or the disk was full, is removed.
        """
        path = self.path / run
        if os.path.exists(path / RUN):
            return True
        with suppress(OSError):  # there is none, or it holds something else: then the run says so
            remove_leftovers(path, (RUN,))
            path.rmdir()
        return False

    @property
    def cell_names(self) -> str:
        """How the names of its runs begin."""
        return f"{self.path.name}-"

    def entries(self) -> dict[str, RunEntry]:
        """The runs that exist, by name.

        Raises:
            OSError: the folder cannot be read.
        """
        return {entry.name: entry for entry in list_runs(self.path) if entry.name.startswith(self.cell_names)}


def is_done(entry: RunEntry | None) -> bool:
    """Whether a cell needs no more training. A run that failed, or was stopped, does."""
    return (
        entry is not None
        and entry.summary is not None
        and entry.state == "ended"
        and entry.summary.status in (Status.FINISHED, Status.DIVERGED)
    )


def save_summary(
    folder: SweepFolder, entries: Iterable[RunEntry], status: Status, seconds: float, left: float | None
) -> None:
    """Write the line that a list shows of a sweep: `epoch` of `epochs` counts its finished runs.

    Args:
        folder: of the sweep.
        entries: of its runs.
        status: of the sweep.
        seconds: for which it has been trained, in all sessions.
        left: the seconds that it will take from now; None if that is not known.

    Raises:
        OSError: it cannot be written.
    """
    done = [entry.summary for entry in entries if is_done(entry) and entry.summary is not None]
    accuracies = [run.test_accuracy for run in done if run.test_accuracy is not None]
    summary = Summary(
        scenario=folder.sweep.name,
        seed=folder.sweep.seed,
        status=status,
        step=len(done),
        steps=folder.sweep.size,
        epoch=len(done),
        epochs=folder.sweep.size,
        time=seconds,
        test_accuracy=max(accuracies, default=None),
        best_test_accuracy=max(accuracies, default=None),
        device=done[0].device if done else "",
        threads=folder.means.threads,
        data=done[0].data if done else "",
        train_images=done[0].train_images if done else None,
        test_images=done[0].test_images if done else None,
        kind=SWEEP,
        left=left,
    )
    write_summary(folder.path, summary)
