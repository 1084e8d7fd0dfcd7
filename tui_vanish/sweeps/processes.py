"""Trains the runs of a sweep in processes on this machine: one per core, or some per GPU."""

import json
import queue
import subprocess
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.sweeps.folder import Means
from tui_vanish.jobs import children
from tui_vanish.sweeps.tasks import Report, Task
from vanish_recorder.protocol.failures import reason_of
from vanish_recorder.storage.private import for_the_user_alone

if TYPE_CHECKING:
    from subprocess import Popen

LOG = ".workers.log"
_PATIENCE = 60.0  # seconds for a process to save its run and end


class Processes:
    """An executor of local processes.

    A process that dies is replaced, and its run reported as lost.

    Args:
        folder: of the sweep.
        means: with what to train.
        places: the device of each process, and its name for people, such as ("cuda:1", "GPU 1").
        carried: the record of the data, if they are a copy of another machine's.
    """

    resumes = True

    def __init__(
        self,
        folder: Path,
        means: Means,
        places: Sequence[tuple[str, str]],
        carried: dict[str, Any] | None = None,
    ) -> None:
        self._folder, self._means, self._places = folder, means, places
        self._more = [] if carried is None else [json.dumps(carried)]
        self._tasks: queue.Queue[Task | None] = queue.Queue()
        self._hosts: list[_Host] = []
        self._stopping = threading.Event()

    @property
    def slots(self) -> int:
        """How many runs train at the same time."""
        return len(self._places)

    def start(self, report: Callable[[Report], None]) -> None:
        """Start the processes. They load PyTorch while the first tasks are given out."""
        for device, where in self._places:
            host = _Host(
                self._folder,
                self._means,
                self._more,
                device,
                where,
                self._tasks,
                self._stopping,
                report,
            )
            self._hosts.append(host)
            host.start()

    def submit(self, task: Task) -> None:
        """Train a run in the next process that is free."""
        self._tasks.put(task)

    def stop(self) -> None:
        """Stop and save what trains; tasks that have not begun are dropped without a report."""
        self._stopping.set()
        with suppress(queue.Empty):
            while True:
                self._tasks.get_nowait()
        for host in self._hosts:
            self._tasks.put(None)
            host.stop()

    def close(self) -> None:
        """End the processes, and wait for them."""
        self.stop()
        for host in self._hosts:
            host.join()


class _Host:
    """Gives tasks to one process, one at a time, and passes on what it reports."""

    def __init__(
        self,
        folder: Path,
        means: Means,
        more: list[str],
        device: str,
        where: str,
        tasks: "queue.Queue[Task | None]",
        stopping: threading.Event,
        report: Callable[[Report], None],
    ) -> None:
        self._folder, self._means, self._more = folder, means, more
        self._device, self._where = device, where
        self._tasks, self._stopping, self._report = tasks, stopping, report
        self._process: Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._work, name=f"sweep {where}", daemon=True)

    def start(self) -> None:
        """Begin to take tasks."""
        self._thread.start()

    def join(self) -> None:
        """Wait until its process has ended."""
        self._thread.join()

    def _work(self) -> None:
        """Work until a None comes in place of a task."""
        try:
            while (task := self._tasks.get()) is not None:
                try:
                    self._train(task)
                except Exception as error:  # the sweep must hear of every task
                    problem = f"no process could be started: {reason_of(error)}"
                    self._report(Report(task.number, "lost", self._where, problem=problem))
        finally:
            self.stop()
            if self._process is not None:
                self._end(self._process)

    def stop(self) -> None:
        """Close the input of the process, so that it saves its run and ends."""
        with self._lock:
            if self._process is not None and self._process.stdin is not None:
                with suppress(OSError):  # it has died
                    self._process.stdin.close()

    def _train(self, task: Task) -> None:
        process = self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        with suppress(OSError, ValueError), self._lock:  # it has died, or its input was closed
            process.stdin.write(task.to_line())
            process.stdin.flush()
        while line := process.stdout.readline():
            try:
                report = Report.from_line(line)
            except (ValueError, TypeError):  # a line that was cut when the process was killed
                continue
            self._report(report)
            if report.kind == "ended":
                return
        code = self._end(process)
        self._process = None
        reason = (
            f"its process was ended by signal {-code}" if code < 0 else f"its process ended with code {code}"
        )
        self._report(Report(task.number, "lost", self._where, problem=reason))

    def _started(self) -> "Popen[bytes]":
        with self._lock:
            if self._process is None and not self._stopping.is_set():
                self._process = self._begin()
            if self._process is None:
                raise OSError(0, "the sweep is stopping")
            return self._process

    def _begin(self) -> "Popen[bytes]":
        means = self._means
        keep = "keep" if means.keep_checkpoints else "thin"
        words = [
            str(self._folder),
            self._device,
            means.data or "",
            str(means.threads),
            keep,
            self._where,
            *self._more,
        ]
        with open(self._folder / LOG, "ab", opener=for_the_user_alone) as errors:
            return children.start(
                ["-m", "tui_vanish.sweeps.worker", *words],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,  # ctrl+c reaches only the leading process, which stops this one
            )

    def _end(self, process: "Popen[bytes]") -> int:
        try:
            return process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()
        finally:
            if process.stdout is not None:
                process.stdout.close()
