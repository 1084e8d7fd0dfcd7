"""Whether a sample of a watched run has a value for each block and tensor.

The names of both are only in the structure, so a column that is too short or too long has no meaning.
"""

from vanish_recorder.protocol.events import RunEvent
from vanish_recorder.protocol.watch_events import Measured, StructureFound


class DoesNotFit(ValueError):
    """A sample has another number of values than the model has blocks or tensors."""


class Fitting:
    """Checks one event after the other against the latest structure."""

    def __init__(self) -> None:
        self._structure: StructureFound | None = None

    def check(self, event: RunEvent) -> None:
        """Check that the columns of a sample are complete. Before a structure is known, nothing is checked.

        Raises:
            DoesNotFit: they are not.
        """
        if isinstance(event, StructureFound):
            self._structure = event
        elif isinstance(event, Measured) and self._structure is not None:
            blocks, tensors = len(self._structure.blocks), len(self._structure.tensors)
            for name, column in event.blocks.items():
                _compare(name, len(column), blocks, "blocks")
            for name, column in event.tensors.items():
                _compare(name, len(column), tensors, "tensors")
            for name, size in (("states", len(event.states)), ("lr", len(event.lr))):
                if size:  # they may be left out
                    _compare(name, size, tensors, "tensors")


def _compare(name: str, size: int, expected: int, of: str) -> None:
    if size != expected:
        raise DoesNotFit(f"{name} has {size} values for {expected} {of}")
