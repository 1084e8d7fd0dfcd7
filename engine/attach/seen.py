"""What is known about runs of other processes, and the interface through which a shared engine reads it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from engine.runtime.state import Severity
    from engine.tracking.snapshot import Snapshot
    from vanish_recorder.storage.run_lock import Owner


@dataclass(frozen=True, slots=True)
class Seen:
    """What one look found: the runs, and who trains them.

    Attributes:
        runs: those whose logs have been read.
        owners: the processes that train some of them.
        reading: which log is being read, and how far, in a few words; empty if none is.
    """

    runs: tuple["Snapshot", ...] = ()
    owners: "Mapping[str, Owner]" = field(default_factory=dict)
    reading: str = ""


class News(NamedTuple):
    """Something to report once about a run."""

    run: str
    severity: "Severity"
    text: str


class PeerSource(Protocol):
    """Reads the runs of other processes: `engine.attach.peers.Peers`, or a test's stand-in.

    `look`, `released` and `news` are called in one thread at a time.
    """

    @property
    def pending_takeovers(self) -> Sequence[str]:
        """Runs whose process was asked to end and still holds them."""

    def look(self, wanted: Sequence[str]) -> Seen:
        """Read what is new, also of the runs that are `wanted` from now on."""

    def released(self) -> Sequence[str]:
        """The runs that can be resumed here now, because their process has ended as asked; each once."""

    def news(self) -> Sequence[News]:
        """What there is to report since the last call."""

    def take_over(self, run: str) -> str:
        """Ask the process that trains `run` to save and end; returns why not, empty if it was asked."""
