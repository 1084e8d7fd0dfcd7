"""What is seen of runs that other processes train."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.storage.run_lock import Owner
    from engine.tracking.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen at one look: runs as they stand, and who trains them."""

    runs: tuple["Snapshot", ...] = ()
    owners: "Mapping[str, Owner]" = field(default_factory=dict)
