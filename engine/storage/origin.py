"""What a run's bits depend on besides scenario and seed: the data, device and threads it began with."""

import os
import re
import shlex
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

from engine.data.fashion_mnist import SAMPLE_PASSES
from vanish_recorder.protocol.event import Record
from vanish_recorder.protocol.events import RunStarted
from vanish_recorder.protocol.values import LARGEST_INTEGER

if TYPE_CHECKING:
    from engine.data.fashion_mnist import Dataset

_MOST_THREADS = 1024  # as many as can be asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What a run began with. It is written to `run.json` before the first step, for a later resume.

    Attributes:
        source: a short name for the data source.
        folder: the folder that `--data` named; None for a source without a path.
        train: number of training images.
        test: number of test images.
        passes: how many times an epoch goes over the training images.
        sha256: of the images and labels; empty if an earlier version began the run.
        device: its name in torch.
        threads: number of torch threads.
        host: the machine; empty if an earlier version began the run.
        command: the command line that began the run; empty if an earlier version did. Host and command do
            not change the bits, so they are not compared.
    """

    source: str
    folder: Path | None
    train: int
    test: int
    passes: int
    sha256: str
    device: str
    threads: int
    host: str = field(default="", compare=False)
    command: str = field(default="", compare=False)

    @classmethod
    def of(cls, data: "Dataset", threads: int) -> Self:
        """The origin of a run that begins now."""
        return cls(
            source=data.source,
            folder=data.folder,
            train=len(data.train_labels),
            test=len(data.test_labels),
            passes=data.passes,
            sha256=data.sha256,
            device=str(data.train_images.device),
            threads=threads,
            host=os.uname().nodename,
            command=shlex.join(["vanish-tui", *sys.argv[1:]]),
        )

    @classmethod
    def of_event(cls, started: RunStarted) -> Self | None:
        """The origin of a run that an earlier version began, from its first event, which has no checksum.

        Returns:
            The origin; None if the event does not describe it.
        """
        data = started.data
        if not isinstance(data, dict):
            return None
        source, train, test = (data.get(name) for name in ("source", "train", "test"))
        is_described = (
            isinstance(source, str)
            and _is_count(train)
            and _is_count(test)
            and _is_count(started.threads, _MOST_THREADS)
            and _is_device(started.device)
        )
        if not is_described:
            return None
        return cls(
            source=str(source),
            folder=Path(str(source)) if str(source).startswith("/") else None,
            train=data["train"],
            test=data["test"],
            passes=SAMPLE_PASSES if source == "sample" else 1,
            sha256="",
            device=started.device,
            threads=started.threads,
        )

    @classmethod
    def from_record(cls, record: Record) -> Self | None:
        """Read the origin from a `run.json`; None if an earlier version wrote the file, without an origin.

        Raises:
            ValueError: it is damaged.
        """
        if "data" not in record:
            return None
        data, device, threads = record["data"], record.get("device"), record.get("threads")
        if not isinstance(data, dict):
            raise ValueError("the data are not described")
        source, folder, sha256 = (data.get(name) for name in ("source", "folder", "sha256"))
        sizes = [data.get(name) for name in ("train", "test", "passes")]
        is_typed = (
            all(isinstance(text, str) for text in (source, sha256))
            and _is_device(device)
            and (folder is None or isinstance(folder, str))
            and all(map(_is_count, sizes))
            and _is_count(threads, _MOST_THREADS)
        )
        if not is_typed:
            raise ValueError("the data, the device or the threads are not described")
        return cls(
            source=str(source),
            folder=None if folder is None else Path(folder),
            train=data["train"],
            test=data["test"],
            passes=data["passes"],
            sha256=str(sha256),
            device=str(device),
            threads=record["threads"],
            **{name: text for name in ("host", "command") if isinstance(text := record.get(name), str)},
        )

    @property
    def data_option(self) -> Path | None:
        """The value of `--data` for the same source; None if the option is not needed."""
        return Path("sample") if self.source == "sample" else self.folder


def to_record(origin: Origin) -> Record:
    """The origin in the form of `run.json`."""
    return {
        "device": origin.device,
        "threads": origin.threads,
        "host": origin.host,
        "command": origin.command,
        "data": {
            "source": origin.source,
            "folder": None if origin.folder is None else str(origin.folder),
            "train": origin.train,
            "test": origin.test,
            "passes": origin.passes,
            "sha256": origin.sha256,
        },
    }


def _is_device(value: object) -> bool:
    """Whether it can be the name of a device, in the form that torch uses."""
    return isinstance(value, str) and re.fullmatch(r"[a-z]+(:\d+)?", value, re.ASCII) is not None


def _is_count(value: object, largest: int = LARGEST_INTEGER) -> bool:
    """Whether it can be a number of images, passes or threads."""
    return type(value) is int and 0 < value <= largest  # True is an int, too
