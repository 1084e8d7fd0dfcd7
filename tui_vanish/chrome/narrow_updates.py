"""Sends the terminal the cells that changed, in as few bytes as it takes.

Textual crops an update to the right end of what changed, but begins it at the left edge of the widget
(`ChopsUpdate.render_segments`, "TODO: crop to x extents"), and it sets colours and takes them back for every
piece. The instruments change near their right end with every sample, in many small pieces of two or three
styles: over SSH those two are most of the traffic.

It replaces private classes of Textual, so it is imported only through `tui_vanish.chrome.compositor`, which
does without it where they are not as expected.
"""

from inspect import signature

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.console import Console
from rich.control import Control
from rich.style import Style
from textual._compositor import ChopsUpdate, Compositor
from textual.strip import Strip

# What this module relies on; without it, an update would fail long after the app has started.
_EXPECTED = (
    (ChopsUpdate, ("chops", "spans", "chop_ends")),
    (ChopsUpdate.render_segments, ("self", "console")),
    (Compositor, ()),
    (Compositor.render_partial_update, ("self",)),
    (Strip.render_style, ("style", "text", "color_system")),
)
for _used, _parameters in _EXPECTED:
    if tuple(signature(_used).parameters) != _parameters:
        raise ImportError(f"{_used.__qualname__} has other parameters in this version of Textual")
if set(vars(ChopsUpdate([], [], []))) != {"chops", "spans", "chop_ends"}:
    raise ImportError("ChopsUpdate has other attributes in this version of Textual")


class NarrowCompositor(Compositor):
    """Textual's compositor with narrow updates."""

    def render_partial_update(self) -> ChopsUpdate | None:
        """The update that is due, or None."""
        update = super().render_partial_update()
        return None if update is None else NarrowUpdate(update.chops, update.spans, update.chop_ends)


class NarrowUpdate(ChopsUpdate):
    """Changed spans of rows, cropped on both sides; what has the same style goes out together."""

    def render_segments(self, console: Console) -> str:
        """The update as terminal sequences."""
        colors = console._color_system or ColorSystem.TRUECOLOR  # as Strip.render has it
        return "".join(
            Strip.render_style(style, placed, colors) for style, placed in self._by_style().items()
        )

    def _by_style(self) -> dict[Style, str]:
        """What changed, each piece behind a move of the cursor to its place."""
        placed: dict[Style, list[str]] = {}
        reached: dict[Style, tuple[int, int]] = {}  # where the cursor stands behind the last piece
        for y, begin, end in self.spans:
            for chop_end, (chop, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                left, right = max(chop, begin), min(chop_end, end)
                if strip is None or left >= right:
                    continue
                for text, style_or_none, _ in strip.crop(left - chop, right - chop):
                    style = style_or_none or Style.null()
                    move = "" if reached.get(style) == (left, y) else Control.move_to(left, y).segment.text
                    placed.setdefault(style, []).append(move + text)
                    left += cell_len(text)
                    reached[style] = left, y
        return {style: "".join(pieces) for style, pieces in placed.items()}
