"""The checksum at the end of a checkpoint: of the file, and of the run that it belongs to.

A value that was changed in a file that is whole, or the checkpoint of another run in its place, would lead to
other weights without any error.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

ALGORITHM = "sha256"
_LINE = re.compile(rb"\nsha256 ([0-9a-f]{64}) ([0-9a-f]{64})\n")  # of the run, and of run and content
_LENGTH = 138  # bytes of this line
# What the weights depend on, in `run.json`. Device and threads are compared with the log and with those here.
_RUN, _DATA = ("seed", "scenario"), ("train", "test", "passes", "sha256")


class Changed(Exception):
    """The file is not as it was written. The text says why, as a clause."""


class AnotherRuns(Exception):
    """The file is unchanged, and a run with other weights wrote it."""


@dataclass(frozen=True, slots=True)
class Checksum:
    """The checksum of a run's checkpoints.

    Attributes:
        identity: what `identity_of` returned for the run.
        required: whether each of its checkpoints has one. Those of earlier versions have none.
    """

    identity: str = 64 * "0"
    required: bool = False

    def line(self, content: bytes | memoryview) -> bytes:
        """The last line of the file with this content."""
        return f"\n{ALGORITHM} {self.identity} {_digest(self.identity, content)}\n".encode()

    def check(self, file: bytes) -> None:
        """Check the file of a checkpoint.

        Raises:
            Changed: it was changed.
            AnotherRuns: it belongs to another run.
        """
        found = _LINE.fullmatch(file, max(0, len(file) - _LENGTH))
        if found is None:
            if self.required:
                raise Changed("its checksum is missing")
            return
        identity, digest = found[1].decode(), found[2].decode()
        if digest != _digest(identity, memoryview(file)[: found.start()]):
            raise Changed("checksum")
        if identity != self.identity:
            raise AnotherRuns


def identity_of(description: dict[str, Any]) -> str:
    """What tells the run with this `run.json` from runs with other weights."""
    data = description.get("data")
    values = [
        *(description.get(key) for key in _RUN),
        *(data.get(key) for key in _DATA if isinstance(data, dict)),
    ]
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def _digest(identity: str, content: bytes | memoryview) -> str:
    digest = hashlib.sha256(identity.encode())
    digest.update(content)
    return digest.hexdigest()
