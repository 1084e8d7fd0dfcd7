"""Deleting runs in a way that can be undone: they are kept in a trash folder for a day."""

import errno
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import time

from engine.storage.atomic import for_the_user_alone
from engine.storage.run_lock import RunLock
from engine.storage.run_log import DESCRIPTION, EVENTS, NotARun
from engine.storage.summary import SUMMARY

TRASH = ".trash"
KEPT_SECONDS = 24 * 3600.0
# `delete` adds this file to a run; its time is that of the deletion. Only folders with it are removed.
DELETED = ".deleted"


def delete(folder: Path) -> None:
    """Move a run to the trash of its runs folder.

    Raises:
        NotARun: the folder is not a run, so this program must not delete it.
        RunInUse: a process trains the run.
        OSError: it cannot be moved, or the trash is not a folder of this user.
    """
    if folder.is_symlink() or not any((folder / name).is_file() for name in (DESCRIPTION, EVENTS, SUMMARY)):
        raise NotARun(f"{folder.name} is not a run: delete it yourself")
    lock = RunLock(folder)
    try:
        with suppress(FileExistsError):
            (folder.parent / TRASH).mkdir(mode=0o700)
        with _opened(folder.parent) as trash:
            _mark(folder)
            try:
                os.rename(folder, folder.name, dst_dir_fd=trash)
            except OSError:
                (folder / DELETED).unlink(missing_ok=True)
                raise
    finally:
        lock.release()


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
                shutil.rmtree(name, ignore_errors=True, dir_fd=trash)
            else:
                kept.append((at, name))
    return [name for _, name in sorted(kept)]


@contextmanager
def _opened(runs: Path) -> Iterator[int]:
    """Open the trash as a descriptor, which refers to the same folder even if the path is replaced."""
    path = runs / TRASH
    try:
        trash = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
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


def _mark(folder: Path) -> None:
    """Mark a run as deleted now."""
    (folder / DELETED).unlink(missing_ok=True)
    with open(folder / DELETED, "xb", opener=for_the_user_alone):
        pass


def _deleted_at(trash: int, name: str) -> float | None:
    """The time when `delete` moved this run to the trash; None for anything else."""
    try:
        if not stat.S_ISDIR(os.stat(name, dir_fd=trash, follow_symlinks=False).st_mode):
            return None
        mark = os.stat(f"{name}/{DELETED}", dir_fd=trash, follow_symlinks=False)
    except OSError:
        return None
    return mark.st_mtime if stat.S_ISREG(mark.st_mode) and mark.st_uid == os.geteuid() else None
