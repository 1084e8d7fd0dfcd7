"""A process that holds the locks of runs, as one does that trains them, until it is asked to end."""

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Self

from vanish_recorder.storage.run_lock import LOCK, Owner, owner_of

_PROGRAM = """
import signal, sys
from pathlib import Path
from vanish_recorder.storage.run_lock import RunLock
locks = []
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
for line in sys.stdin:
    locks.append(RunLock(Path(line.rstrip("\\n"))))
    print("held", flush=True)
"""
_ROOT = Path(__file__).parent.parent.parent


class OwnerProcess:
    """Use it as a context; `hold` takes a run's lock in the other process."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=_ROOT,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    @property
    def is_there(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def hold(self, folder: Path) -> Owner:
        """Take a run's lock; returns the owner that the lock then names."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{folder}\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "held\n"
        owner = owner_of(folder)
        assert owner is not None
        assert owner.pid == self.pid
        return owner

    def wait(self) -> int:
        """Its exit code, once it has ended."""
        return self._process.wait(60)


def forge(folder: Path, **changes: object) -> Path:
    """Write a lock that names a process of ours which does not hold it; returns the lock's path."""
    record = {**asdict(Owner.present()), **changes}
    (folder / LOCK).write_text(json.dumps(record) + "\n")
    return folder / LOCK
