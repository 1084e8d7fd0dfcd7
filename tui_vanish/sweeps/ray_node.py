"""What trains runs on a node of a Ray cluster: an actor with a process and a temporary folder of its own.

The class is sent to the nodes as it is, so that a node without vanish-tui can say so: at the top, this
module imports only the standard library.
"""

import os
import queue
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

NEEDED = ("vanish-tui", "torch")  # the bits of a run depend on their versions


def versions() -> dict[str, str]:
    """The installed version of each needed package, without the part that names the build; empty if none."""
    found = {}
    for name in NEEDED:
        try:
            found[name] = version(name).partition("+")[0]
        except PackageNotFoundError:
            found[name] = ""
    return found


class Node:
    """One place to train on a node. `train` and `stop` are called from different threads."""

    def __init__(self) -> None:
        self._folder: str | None = None
        self._processes: Any = None
        self._reports: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def about(self) -> tuple[str, dict[str, str]]:
        """The name of the node, and the versions there."""
        return os.uname().nodename, versions()

    def prepare(self, means: dict[str, Any], device: str, carried: dict[str, Any], files: list[Any]) -> str:
        """Get ready to train.

        Args:
            means: with what to train, for JSON.
            device: cpu or cuda.
            carried: the record of the data.
            files: a reference to the files of the data, which are fetched if this machine has no copy.

        Returns:
            Why it cannot train; empty if it can.
        """
        import ray

        from engine.data.carried import from_record, has_copy, unpack
        from engine.data.idx import DataError
        from engine.sweeps.folder import Means
        from tui_vanish.sweeps.processes import Processes

        source, sha256 = from_record(carried), carried["sha256"]
        where = os.uname().nodename
        if gpus := ray.get_gpu_ids():
            where += f" GPU {gpus[0]}"
        try:
            if not has_copy(source, sha256):
                unpack(source, sha256, ray.get(files[0]))
            self._folder = tempfile.mkdtemp(prefix="vanish-tui-sweep-")
        except DataError as error:
            return str(error)
        except OSError as error:
            return f"nothing can be written there: {error.strerror}"
        self._processes = Processes(
            Path(self._folder), Means.from_record(means), [(device, where)], carried=carried
        )
        self._processes.start(self._reports.put)
        return ""

    def train(self, line: bytes) -> Iterator[bytes | dict[str, bytes]]:
        """Train a run from its beginning. Yields reports as lines; before the last one, the run's files."""
        from tui_vanish.sweeps.tasks import Task

        assert self._folder is not None
        task = Task.from_line(line)
        folder = os.path.join(self._folder, task.run)
        self._processes.submit(task)
        while True:
            report = self._reports.get()
            if report.kind == "ended" and report.status != "stopped":
                yield files_in(folder)
            if report.kind in ("ended", "lost"):
                shutil.rmtree(folder, ignore_errors=True)
                yield report.to_line()
                return
            yield report.to_line()

    def stop(self) -> None:
        """Stop what trains, and leave nothing behind."""
        if self._processes is not None:
            self._processes.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


def files_in(folder: str) -> dict[str, bytes]:
    """The files of a run, except hidden ones such as its lock; none if it has no folder."""
    found = {}
    with suppress(FileNotFoundError), os.scandir(folder) as listing:
        for item in listing:
            is_file = os.path.isfile(item.path) and not os.path.islink(item.path)
            if is_file and not item.name.startswith("."):
                with open(item.path, "rb") as file:
                    found[item.name] = file.read()
    return found
