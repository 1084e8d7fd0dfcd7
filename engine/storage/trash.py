"""Deleting runs so that it can be undone: they go to a folder beside the runs, and stay there for a while."""

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
# In a run that `delete` put into the trash; its time is that of the deletion. Nothing else is ever removed.
DELETED = ".deleted"


def delete(folder: Path) -> None:
    """Put a run into the trash of its runs folder.

    Raises:
        NotARun: it is something else, which is not for this program to delete.
        RunInUse: it is being trained.
        OSError: it cannot be moved, or the trash is not a folder of this user.
    """
    if folder.is_symlink() or not any((folder / name).is_file() for name in (DESCRIPTION, EVENTS, SUMMARY)):
        raise NotARun(f"{folder.name} is no run: delete it yourself")
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
    """Bring back the run that was deleted from `folder`.

    Raises:
        OSError: it is not in the trash any more, or cannot be moved.
    """
    with _opened(folder.parent) as trash:
        if os.path.lexists(folder):
            raise FileExistsError(errno.EEXIST, "there is such a run already", str(folder))
        os.rename(folder.name, folder, src_dir_fd=trash)
    (folder / DELETED).unlink(missing_ok=True)


def empty(runs: Path) -> list[str]:
    """Remove for good what was deleted more than a day ago.

    Only folders that `delete` put there are removed; anything else in the trash stays, and a trash that is a
    link is not looked into.

    Returns:
        The names of the runs that can still be brought back, the latest deleted last.
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
    """A descriptor of the trash, which stays the same folder if something else is put in its place."""
    path = runs / TRASH
    try:
        trash = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except (NotADirectoryError, FileNotFoundError) as error:
        is_missing = isinstance(error, FileNotFoundError)
        reason = "it is not there" if is_missing else "it is a link or a file: remove it to delete runs"
        raise type(error)(error.errno, reason, str(path)) from None
    try:
        if os.fstat(trash).st_uid != os.geteuid():
            raise PermissionError(errno.EPERM, "it is another user's folder", str(path))
        yield trash
    finally:
        os.close(trash)


def _mark(folder: Path) -> None:
    """Say in the run that it was deleted, and when."""
    (folder / DELETED).unlink(missing_ok=True)
    with open(folder / DELETED, "xb", opener=for_the_user_alone):
        pass


def _deleted_at(trash: int, name: str) -> float | None:
    """When a run was put into the trash; None for everything that `delete` did not put there."""
    try:
        if not stat.S_ISDIR(os.stat(name, dir_fd=trash, follow_symlinks=False).st_mode):
            return None
        mark = os.stat(f"{name}/{DELETED}", dir_fd=trash, follow_symlinks=False)
    except OSError:
        return None
    return mark.st_mtime if stat.S_ISREG(mark.st_mode) and mark.st_uid == os.geteuid() else None
