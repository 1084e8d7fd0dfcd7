"""Deleting runs in a way that can be undone: they are kept in a trash folder for a day."""

import errno
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import time

from engine.storage.run_log import NotARun
from vanish_recorder.storage.log_file import DESCRIPTION, EVENTS
from vanish_recorder.storage.run_lock import RunLock
from vanish_recorder.storage.summary import SUMMARY

TRASH = ".trash"
KEPT_SECONDS = 24 * 3600.0
# `delete` adds this file to a run; its time is that of the deletion. Only folders with it are removed.
DELETED = ".deleted"
_A_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def is_run(folder: Path) -> bool:
    """Whether the folder has a file of a run, so that it can be deleted."""
    return not os.path.islink(folder) and any(
        os.path.isfile(folder / name) for name in (DESCRIPTION, EVENTS, SUMMARY)
    )


def delete(folder: Path) -> None:
    """Move a run to the trash of its runs folder.

    Raises:
        NotARun: the folder is not a run, so this program must not delete it.
        RunInUse: a process trains the run.
        OSError: it cannot be moved, or the trash belongs to another user, is not a folder, or already has a
            run of this name.
    """
    if not is_run(folder):
        raise NotARun(f"{folder.name} is not a run: delete it yourself")
    run = os.open(folder, _A_FOLDER)
    try:
        lock = RunLock(folder)
        try:
            with suppress(FileExistsError):
                (folder.parent / TRASH).mkdir(mode=0o700)
            with _opened(folder.parent) as trash:
                _check(folder, run, trash)
                _mark(run)
                try:
                    os.rename(folder, folder.name, dst_dir_fd=trash)
                except OSError:
                    os.unlink(DELETED, dir_fd=run)
                    raise
        finally:
            lock.release()
    finally:
        os.close(run)


def restore(folder: Path) -> None:
    """Restore the run that was deleted from `folder`.

    Raises:
        OSError: it is no longer in the trash, or cannot be moved.
    """
    with _opened(folder.parent) as trash:
        if os.path.lexists(folder):
            raise FileExistsError(errno.EEXIST, "this run exists already", str(folder))
        os.rename(folder.name, folder, src_dir_fd=trash)
    (folder / DELETED).unlink(missing_ok=True)


def empty(runs: Path) -> list[str]:
    """Remove runs that were deleted more than a day ago.

    Only folders that `delete` moved to the trash are removed. If the trash is a link, nothing is removed.

    Returns:
        The names of the runs that can still be restored, the last deleted one last.
    """
    kept: list[tuple[float, str]] = []
    with suppress(OSError), _opened(runs) as trash:
        for name in os.listdir(trash):
            if (at := _deleted_at(trash, name)) is None:
                continue
            if time() - at > KEPT_SECONDS:
                with suppress(RecursionError):  # folders that are nested more than a thousand times stay
                    shutil.rmtree(name, ignore_errors=True, dir_fd=trash)
            else:
                kept.append((at, name))
    return [name for _, name in sorted(kept)]


@contextmanager
def _opened(runs: Path) -> Iterator[int]:
    """Open the trash as a descriptor, which refers to the same folder even if the path is replaced."""
    path = runs / TRASH
    try:
        trash = os.open(path, _A_FOLDER)
    except (NotADirectoryError, FileNotFoundError) as error:
        is_missing = isinstance(error, FileNotFoundError)
        reason = "it does not exist" if is_missing else "it is a link or a file: remove it to delete runs"
        raise type(error)(error.errno, reason, str(path)) from None
    try:
        if os.fstat(trash).st_uid != os.geteuid():
            raise PermissionError(errno.EPERM, "it belongs to another user", str(path))
        yield trash
    finally:
        os.close(trash)


def _check(folder: Path, run: int, trash: int) -> None:
    """Check that the folder is still the one that was opened, and that its name is free in the trash.

    Raises:
        FileNotFoundError: another folder has taken its place.
        FileExistsError: the trash has something of this name.
    """
    if not os.path.samestat(os.stat(folder, follow_symlinks=False), os.fstat(run)):
        raise FileNotFoundError(errno.ENOENT, "another folder has taken its place", str(folder))
    with suppress(FileNotFoundError):
        os.stat(folder.name, dir_fd=trash, follow_symlinks=False)
        reason = "the trash already has a run of this name: restore or remove that one first"
        raise FileExistsError(errno.EEXIST, reason, str(folder.parent / TRASH / folder.name))


def _mark(run: int) -> None:
    """Mark a run as deleted now. By its descriptor, so that no folder in its place is marked."""
    with suppress(FileNotFoundError):
        os.unlink(DELETED, dir_fd=run)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    os.close(os.open(DELETED, flags, 0o600, dir_fd=run))


def _deleted_at(trash: int, name: str) -> float | None:
    """The time when `delete` moved this run to the trash; None for anything else."""
    try:
        folder = os.stat(name, dir_fd=trash, follow_symlinks=False)
        if not stat.S_ISDIR(folder.st_mode):
            return None
        mark = os.stat(f"{name}/{DELETED}", dir_fd=trash, follow_symlinks=False)
    except OSError:
        return None
    if not stat.S_ISREG(mark.st_mode) or mark.st_uid != os.geteuid():
        return None
    # The mark stays in a run that was restored by hand. Moving the folder changes the folder's own time.
    return max(mark.st_mtime, folder.st_ctime)
