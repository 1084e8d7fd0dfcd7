"""Writes the folder of a watched run: its description, log and summary.

Nothing here raises into the training once a recording was created. A thread of its own does what may wait for
the disk: it shows that the process is alive, syncs the log, writes the summary, and thins a long log.
"""

import os
import threading
import weakref
from contextlib import suppress
from pathlib import Path
from typing import Self

from vanish_recorder.protocol.event import SCHEMA, Record
from vanish_recorder.protocol.events import Resumed, RunEvent, RunFinished, VerdictChanged
from vanish_recorder.protocol.failures import reason_of
from vanish_recorder.protocol.watch_events import (
    EpochLogged,
    HistogramsTaken,
    Measured,
    PartDisabled,
    WatchStarted,
)
from vanish_recorder.storage.atomic import remove_leftovers, write_atomically
from vanish_recorder.storage.line_index import LineIndex, read_past
from vanish_recorder.storage.locked_log import LockedLog
from vanish_recorder.storage.log_file import DESCRIPTION, EVENTS, LogFile
from vanish_recorder.storage.paths import name_in_folder, new_run_name
from vanish_recorder.storage.results import Results
from vanish_recorder.storage.run_lock import HEARTBEAT_SECONDS, RunInUse, RunLock
from vanish_recorder.storage.summary import SUMMARY, write_summary
from vanish_recorder.storage.thinner import Busy, Thinner
from vanish_recorder.storage.watched_description import describe, newest_named

_ATTEMPTS = 5  # to find a name that no other run has
_MOST_UNWRITTEN = 2**24  # bytes that wait for a full disk; then samples are left out


class _InThread(threading.local):
    """Whether this thread writes an event now."""

    writes = False


class Recording:
    """The folder of a watched run while it trains. Make one with `create`.

    Attributes:
        run: name of the run.
        folder: of the run.
        first_step: the steps that the run had before this process; 0 for a new run.
        first_epoch: the epochs that it had.
        first_time: the training time that it had, in seconds.
        notice: what the user should know about how the recording began; empty if nothing.
    """

    def __init__(self, log: LogFile, lock: RunLock | None, results: Results) -> None:
        self.run, self.folder = log.folder.name, log.folder
        self.first_step, self.first_epoch, self.first_time = 0, 0, 0.0
        self.notice = ""
        self._stage = 0
        self._log = log
        self._locked = LockedLog(log, lock)
        self._results = results
        self._process = os.getpid()
        # The training thread writes, the keeper's saves. A signal's handler may close in the middle of both.
        self._mutex, self._saving = threading.RLock(), threading.RLock()
        self._here = _InThread()
        self._end: RunFinished | None = None  # to be written after the event under way
        self._thinner = Thinner(log, self._mutex, LineIndex())
        self._latest: RunEvent | None = None
        self._trouble = ""
        self._closed, self._wake = threading.Event(), threading.Event()

    @classmethod
    def create(
        cls, runs: Path, name: str, watched: Record, *, device: str, parameters: int, resume: bool
    ) -> Self:
        """Begin a run, or a second segment of one.

        Args:
            runs: the folder for runs.
            name: of the run, as the user gave it.
            watched: what is recorded; `run.json` holds it.
            device: of the model, as torch names it.
            parameters: how many numbers the model learns.
            resume: continue the newest run with this name. If there is none, or another process still
                trains it, a new run begins, and `notice` says why.

        Raises:
            OSError: no folder for the run can be found. A disk that is full does not raise.
            TypeError: `watched` holds what JSON cannot.
        """
        watched = {**watched, "name": name}
        recording, notice = None, ""
        if resume and (folder := newest_named(runs, name)) is not None:
            try:
                recording = cls._continued(folder, name, watched)
            except RunInUse as error:
                notice = f"{folder.name} cannot be continued, because {error}: a new run begins."
            except (OSError, ValueError) as error:
                notice = f"{folder.name} cannot be continued ({reason_of(error)}): a new run begins."
        if recording is None:
            recording = cls._new(runs, name, watched)
            recording.notice = notice
        recording._begin(watched, device, parameters)
        return recording

    @classmethod
    def _new(cls, runs: Path, name: str, watched: Record) -> Self:
        for attempt in range(1, _ATTEMPTS + 1):
            folder = runs / new_run_name(name_in_folder(name))
            try:
                return cls(LogFile(folder, describe(folder, watched)), None, Results(name))
            except FileExistsError:
                if attempt == _ATTEMPTS:
                    raise
        raise AssertionError("unreachable")

    @classmethod
    def _continued(cls, folder: Path, name: str, watched: Record) -> Self:
        """Raises RunInUse if another process trains it, OSError or ValueError if it cannot be read."""
        lock = RunLock(folder)
        try:
            index, results = LineIndex(), Results(name)
            past = read_past(folder / EVENTS, index)
            write_atomically(folder / DESCRIPTION, describe(folder, watched))
            recording = cls(LogFile.reopen(folder, past.size), lock, results)
        except BaseException:
            lock.release()
            raise
        recording._thinner.index = index
        for event in past.events:
            results.apply(event)
        if past.last is not None:
            recording.first_step = past.last.step
            has_ended = any(isinstance(e, EpochLogged) and e.epoch == past.last.epoch for e in past.events)
            recording.first_epoch = past.last.epoch + has_ended
            recording.first_time = past.last.time
            recording._stage = past.last.stage
        return recording

    def _begin(self, watched: Record, device: str, parameters: int) -> None:
        _open_here.add(self)
        if self.first_step or self.first_time or self._thinner.index.ends:
            self._continue()
        self.write(
            WatchStarted(**self._now(), schema=SCHEMA, watched=watched, device=device, parameters=parameters)
        )
        keeper = threading.Thread(
            target=_keep,
            args=(weakref.ref(self), self._closed, self._wake),
            name="vanish recorder",
            daemon=True,
        )
        with suppress(RuntimeError):  # no thread can be started: the summary is written at the end
            keeper.start()

    def _continue(self) -> None:
        """Say that the run continues. What was true of it before is not known any more."""
        self.write(Resumed(**self._now(), reason="the script was started again"))
        for verdict in self._results.open_verdicts:
            self.write(
                VerdictChanged(
                    **self._now(),
                    state="ended",
                    kind=verdict.kind,
                    layer=verdict.layer,
                    since_step=self.first_step,
                    evidence={},
                    text="The script was started again. What is true since then is judged from there.",
                    suggestions=(),
                )
            )

    def _now(self) -> Record:
        return {
            "run": self.run,
            "step": self.first_step,
            "epoch": self.first_epoch,
            "stage": self._stage,
            "time": self.first_time,
        }

    @property
    def trouble(self) -> str:
        """Why the run cannot be saved; empty if it can."""
        return self._trouble or self._locked.trouble

    def write(self, event: RunEvent) -> None:
        """Append an event to the log, now or as soon as the disk allows it. It never raises.

        A forked child writes nothing. On a disk that stays full, samples are left out in the end, so that
        the script's memory does not fill.
        """
        if self._closed.is_set() or os.getpid() != self._process:
            return
        outer = self._here.writes
        try:
            self._here.writes = True
            with self._mutex:
                self._append(event)
        except Exception as error:  # an event that cannot be written must not end the training
            self._trouble = reason_of(error)
        finally:
            self._here.writes = outer
            if self._end is not None and not outer:
                self.close(self._end)

    def _append(self, event: RunEvent) -> None:
        if isinstance(event, Measured | HistogramsTaken) and self._log.unwritten > _MOST_UNWRITTEN:
            return
        self._locked.write(event)
        self._thinner.index.add(event.event, event.step, self._log.size)
        self._results.apply(event)
        self._latest = event
        if self._thinner.is_due:
            self._wake.set()

    def keep_up(self) -> None:
        """Show that the process is alive, and save what a list shows. It never raises.

        The recording's own thread does this every few seconds, and when the log has become long.
        """
        if self._closed.is_set() or os.getpid() != self._process:
            return
        with self._saving:
            if self._thinner.is_due:
                self._save()  # also puts a folder that was moved in its place again
            self._thin()
            self._save()

    def _thin(self) -> None:
        """Thin the log if it has become long. If that fails, it is never tried again, and the log says so."""
        if not self._thinner.is_due or self._locked.trouble:
            return
        try:
            self._locked.acquire_lock()
            self._thinner.thin(self._write_summary)
        except Busy:
            pass  # at the next save
        except Exception as error:
            self._thinner.disable()
            with self._mutex:
                latest = self._latest
                if latest is not None and not isinstance(latest, RunFinished):
                    at = {name: getattr(latest, name) for name in ("run", "step", "epoch", "stage", "time")}
                    self._append(PartDisabled(**at, part="thinning of the log", reason=reason_of(error)))

    def _write_summary(self, log_bytes: int) -> None:
        with self._mutex:
            summary = self._results.summary(log_bytes)
        write_summary(self.folder, summary)

    def _save(self) -> None:
        try:
            self._locked.sync()
            self._locked.beat()
            self._write_summary(self._log.size)
        except Exception as error:
            self._trouble = reason_of(error)
        else:
            self._trouble = ""

    def close(self, event: RunFinished) -> None:
        """Write the end of the run, and give its lock back. It never raises; a second call does nothing.

        A signal's handler may call it while the same thread writes an event. The other thread may wait for
        that event, so this does not wait for the other thread: the run is closed after the event.
        """
        if self._closed.is_set() or os.getpid() != self._process:
            return
        if self._here.writes:
            self._end = event
            return
        self._end = None
        with self._saving:
            self._thin()
        self.write(event)
        with self._saving:
            self._closed.set()
            self._wake.set()
            self._save()
            try:
                remove_leftovers(self.folder, (EVENTS, DESCRIPTION, SUMMARY))
                self._locked.close()
            except Exception as error:
                self._trouble = reason_of(error)
        _open_here.discard(self)

    def abandon(self) -> None:
        """Give the run up in a forked child, which must not keep the parent's lock after it has ended."""
        self._locked.abandon()  # `_closed` is not touched: another thread may have had its lock


def _keep(recording: "weakref.ref[Recording]", closed: threading.Event, wake: threading.Event) -> None:
    """The thread: it keeps neither the recording nor the process alive, and a forked child has none."""
    while (this := recording()) is not None:
        this.keep_up()
        del this
        wake.wait(HEARTBEAT_SECONDS)
        wake.clear()
        if closed.is_set():
            return


_open_here: "weakref.WeakSet[Recording]" = weakref.WeakSet()


def _abandon_all() -> None:
    with suppress(Exception):
        for recording in _open_here:
            recording.abandon()


os.register_at_fork(after_in_child=_abandon_all)
