"""Trains the runs of a sweep on the nodes of a Ray cluster."""

import json
import socket
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from engine.sweeps.folder import Means
from tui_vanish.jobs import children
from tui_vanish.jobs.exits import FailedError, RefusedError
from tui_vanish.sweeps.processes import LOG
from tui_vanish.sweeps.tasks import Report, Task
from vanish_recorder.storage.private import for_the_user_alone

HERE = ""  # in place of an address: the cluster that runs on this machine, or else a new one
_REACHED_WITHIN = 10.0  # seconds
_PATIENCE = 60.0  # seconds for the nodes to stop


def check(address: str, device: str) -> None:
    """Check what can be checked before a sweep has a folder.

    Raises:
        RefusedError: Ray is missing, or these cannot be used with it.
        FailedError: nothing answers at the address.
    """
    if find_spec("ray") is None:
        raise RefusedError("--ray needs Ray, which is not installed: pip install 'vanish-tui[ray]'")
    if address.startswith("ray://"):
        raise RefusedError(
            f"--ray {address}: start the sweep on a node of the cluster, and give HOST:PORT or no address"
        )
    if ":" in device:
        raise RefusedError(f"{device} is one GPU of one machine: with --ray, use --device cuda")
    if address:
        _reach(address)


def _reach(address: str) -> None:
    """Check that something answers at HOST:PORT. Ray itself tries for minutes.

    Raises:
        FailedError: nothing does.
    """
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), _REACHED_WITHIN).close()
    except (OSError, OverflowError) as error:
        reason = (error.strerror if isinstance(error, OSError) else "") or str(error)
        raise FailedError(f"the Ray cluster {address} cannot be reached: {reason}") from None


class RayCluster:
    """An executor on a Ray cluster. A run that is lost begins again on another node.

    Args:
        folder: of the sweep.
        means: with what to train.
        address: HOST:PORT of the cluster, or HERE.
        jobs: how many runs train at the same time; None for as many as there is room for.
        per_gpu: how many runs share a GPU.
    """

    resumes = False

    def __init__(self, folder: Path, means: Means, address: str, jobs: int | None, per_gpu: int) -> None:
        self._name = folder.name
        word = json.dumps(
            {
                "folder": str(folder.absolute()),
                "means": means.to_record(),
                "address": address,
                "jobs": jobs,
                "per_gpu": per_gpu,
            }
        )
        with open(folder / LOG, "ab", opener=for_the_user_alone) as errors:
            self._process = children.start(
                ["-m", "tui_vanish.sweeps.ray_driver", word],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,  # ctrl+c reaches only the leading process, which stops this one
            )
        self._slots = 1
        self._open: set[int] = set()
        self._lock = threading.Lock()
        self._is_stopping = False
        self._thread: threading.Thread | None = None

    def connect(self, say: Callable[[str], None]) -> None:
        """Wait until the cluster is there.

        Args:
            say: tells the user what happens.

        Raises:
            FailedError: it cannot be reached, or cannot train.
        """
        try:
            while True:
                record = self._read()
                if record is None:
                    raise FailedError(f"Ray did not start; {LOG} in the folder of the sweep says why")
                if "slots" in record:
                    self._slots = record["slots"]
                    return
                if record.get("kind") != "said":
                    raise FailedError(str(record["problem"]))
                say(record["problem"])
        except BaseException:
            self.close()
            raise

    @property
    def slots(self) -> int:
        """How many runs train at the same time."""
        return self._slots

    def start(self, report: Callable[[Report], None]) -> None:
        """Pass on reports from now on."""
        self._thread = threading.Thread(target=self._listen, args=(report,), name="sweep ray", daemon=True)
        self._thread.start()

    def submit(self, task: Task) -> None:
        """Train a run on the next node that is free."""
        assert self._process.stdin is not None
        with self._lock, suppress(OSError, ValueError):  # the cluster is lost, or was stopped
            self._open.add(task.number)
            self._process.stdin.write(task.to_line())
            self._process.stdin.flush()

    def stop(self) -> None:
        """Stop what trains."""
        assert self._process.stdin is not None
        self._is_stopping = True
        with self._lock, suppress(OSError):
            self._process.stdin.close()

    def close(self) -> None:
        """Stop, and wait until the cluster is left."""
        self.stop()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._thread is not None:
            self._thread.join()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _listen(self, report: Callable[[Report], None]) -> None:
        while (record := self._read()) is not None:
            try:
                news = Report(**record)
            except TypeError:  # not a report, such as a line of a library
                continue
            if news.kind == "ended":
                self._open.discard(news.number)
            report(news)
        if not self._is_stopping:
            text = f"the Ray cluster is lost; to continue: vanish-tui sweep --resume {self._name}"
            report(Report(0, "gone", problem=text))
            return
        for number in sorted(self._open):  # a node that was lost reports nothing
            report(Report(number, "ended", status="stopped"))

    def _read(self) -> dict[str, Any] | None:
        """The next record; None after the last one."""
        assert self._process.stdout is not None
        while line := self._process.stdout.readline():
            with suppress(ValueError):  # a line that was cut when the process was killed
                record = json.loads(line)
                if isinstance(record, dict):
                    return record
        return None
