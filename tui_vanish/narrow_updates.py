"""Sends the terminal the cells that changed, and not all that stands left of them in the widget.

Textual crops an update to the right end of what changed, but begins it at the left edge of the widget
(`ChopsUpdate.render_segments`, "TODO: crop to x extents"). The instruments change near their right end with
every sample, and over SSH the difference is most of the traffic. A screen takes part by
`self._compositor = NarrowCompositor()` in its `__init__`.
"""

from rich.console import Console
from rich.control import Control
from textual._compositor import ChopsUpdate, Compositor


class NarrowCompositor(Compositor):
    """Textual's compositor with updates cropped on both sides."""

    def render_partial_update(self) -> ChopsUpdate | None:
        """The update that is due, or None."""
        update = super().render_partial_update()
        return None if update is None else NarrowUpdate(update.chops, update.spans, update.chop_ends)


class NarrowUpdate(ChopsUpdate):
    """Changed spans of rows, cropped on both sides."""

    def render_segments(self, console: Console) -> str:
        """The update as terminal sequences."""
        sequences: list[str] = []
        for y, begin, end in self.spans:
            for chop_end, (chop, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                left, right = max(chop, begin), min(chop_end, end)
                if strip is not None and left < right:
                    sequences.append(Control.move_to(left, y).segment.text)
                    sequences.append(strip.crop(left - chop, right - chop).render(console))
        return "".join(sequences)
