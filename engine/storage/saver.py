"""Saves runs in a separate thread, while they train."""

import threading
from collections.abc import Callable
from dataclasses import replace
from time import monotonic

from engine.storage.run_directory import RunDirectory, Save
from vanish_recorder.storage.run_lock import HEARTBEAT_SECONDS

RETRY_SECONDS = 5.0
_GLANCE_SECONDS = 0.5  # between two checks that the thread is alive


class Saver:
    """Writes what is submitted. If a run is submitted again before it was written, only the newest is.

    A save that fails for any reason is tried again every few seconds, until it succeeds or until `close`. If
    the thread ends in spite of that, nothing waits for it.

    Args:
        seconds: how often a run that trains should be submitted at least.
        on_change: called in the saver's thread when a run can no longer be saved, or can be saved again.
    """

    def __init__(self, seconds: float, on_change: Callable[[], None]) -> None:
        self.seconds = seconds
        self._on_change = on_change
        self._changed = threading.Condition()
        self._waiting: dict[RunDirectory, Save] = {}
        self._refused: dict[RunDirectory, Save] = {}
        self._open: set[RunDirectory] = set()
        self._busy: RunDirectory | None = None
        self._closing = False
        self._worked_to_the_end = False
        self._thread = threading.Thread(target=self._work, name="saver")

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def submit(self, directory: RunDirectory, save: Save) -> None:
        """Save a run soon. The caller must not change its tensors any more."""
        with self._changed:
            older = self._waiting.get(directory) or self._refused.pop(directory, None)
            if save.checkpoint is None and older is not None:
                save = replace(save, checkpoint=older.checkpoint)
            self._waiting[directory] = save
            self._open.add(directory)
            self._changed.notify_all()

    def finish(self, directory: RunDirectory) -> None:
        """Wait until the saver has tried everything that was submitted of a run."""
        with self._changed:
            while directory in self._waiting or self._busy is directory:
                if not self._thread.is_alive():
                    return
                self._changed.wait(_GLANCE_SECONDS)

    def close(self) -> None:
        """Save what is left, close every directory, and end the thread."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread.ident is not None:
            self._thread.join()
        if not self._worked_to_the_end:  # an internal error has ended it
            self._save_the_rest()
        for directory in self._open:
            directory.close()

    def _work(self) -> None:
        beat_at = retry_at = monotonic()
        while not self._closing:
            with self._changed:
                patience = RETRY_SECONDS if self._refused else HEARTBEAT_SECONDS
                self._changed.wait_for(lambda: self._waiting or self._closing, patience)
            now = monotonic()
            if now >= beat_at:
                beat_at = now + HEARTBEAT_SECONDS
                for directory in list(self._open):
                    try:
                        directory.beat()
                    except Exception as error:
                        directory.note(error)
            if now >= retry_at:
                self._try_again()
            while self._waiting:
                if not self._save_one():
                    retry_at = monotonic() + RETRY_SECONDS
        self._save_the_rest()
        self._worked_to_the_end = True

    def _save_the_rest(self) -> None:
        self._try_again()
        while self._waiting:
            self._save_one()

    def _try_again(self) -> None:
        with self._changed:
            self._waiting = {**self._refused, **self._waiting}
            self._refused = {}

    def _save_one(self) -> bool:
        with self._changed:
            self._busy = directory = next(iter(self._waiting))
            save = self._waiting.pop(directory)
        before, saved = directory.trouble, False
        try:
            saved = directory.save(save)
        except Exception as error:  # an internal error: the other runs must be saved all the same
            directory.note(error)
        except BaseException:  # the thread ends, and `close` tries again
            self._busy = None
            self._refused.setdefault(directory, save)
            raise
        with self._changed:
            self._busy = None
            if saved and save.last:
                self._open.discard(directory)
            elif not saved and directory not in self._waiting:
                self._refused[directory] = save
            elif not saved and self._waiting[directory].checkpoint is None:
                self._waiting[directory] = replace(self._waiting[directory], checkpoint=save.checkpoint)
            self._changed.notify_all()
        if directory.trouble != before:
            self._on_change()
        return saved
