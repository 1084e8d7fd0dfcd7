"""The numbers of a watched run, by the names of its blocks and tensors."""

from collections.abc import Iterator

from engine.tracking.watched_layers import WatchedLayers, layers_of
from vanish_recorder.protocol.events import LayerSample, RunEvent
from vanish_recorder.protocol.quantities import QUANTITIES
from vanish_recorder.protocol.watch_events import Measured, StructureFound

_FROZEN = "fo"  # the letters of a tensor that no optimizer changes


class WatchedRows:
    """Follows the events of a run, because a sample holds columns without names."""

    def __init__(self) -> None:
        self._layers: WatchedLayers | None = None

    def follow(self, event: RunEvent) -> None:
        """Take the structure that the next samples have."""
        if isinstance(event, StructureFound):
            self._layers = layers_of(event)

    def of(self, event: Measured) -> Iterator[tuple[LayerSample, float | None]]:
        """What was measured at each block and each tensor, and a tensor's learning rate.

        A block and a tensor never have the same name: a tensor's is that of its module with its own after it.
        """
        if self._layers is None:
            return
        for layer in self._layers.samples(event):
            yield layer, None
        for number, spec in enumerate(self._layers.structure.tensors):
            values = {
                name: column[number]
                for name, column in event.tensors.items()
                if name in QUANTITIES and number < len(column)
            }
            held = event.states[number : number + 1] in tuple(_FROZEN)
            rate = event.lr[number] if number < len(event.lr) else None
            yield LayerSample(name=spec.name, frozen=held, **values), rate
