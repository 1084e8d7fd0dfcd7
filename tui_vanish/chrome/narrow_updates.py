"""Sends only the changed cells to the terminal, in as few bytes as possible.

Textual crops an update at the right end of the change, but starts it at the left edge of the widget
(`ChopsUpdate.render_segments`, "TODO: crop to x extents"). It also sets and resets the colours per piece.
Each sample changes the instruments near their right end, in many small pieces of two or three styles, so
these two habits would cause most of the traffic over SSH.

This module replaces private classes of Textual. It is imported only through `tui_vanish.chrome.compositor`,
which falls back to Textual's own compositor if these classes are not as expected.
"""

from inspect import signature

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.console import Console
from rich.control import Control
from rich.style import Style
from textual._compositor import ChopsUpdate, Compositor
from textual.strip import Strip

# Checked at import, because otherwise an update would fail long after the app has started.
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
        """Return the next update, or None."""
        update = super().render_partial_update()
        return None if update is None else NarrowUpdate(update.chops, update.spans, update.chop_ends)


class NarrowUpdate(ChopsUpdate):
    """Changed spans of rows, cropped on both sides, and grouped by style."""

    def render_segments(self, console: Console) -> str:
        """The update as terminal sequences."""
        colors = console._color_system or ColorSystem.TRUECOLOR  # as in Strip.render
        return "".join(
            Strip.render_style(style, placed, colors) for style, placed in self._by_style().items()
        )

    def _by_style(self) -> dict[Style, str]:
        """The changed pieces by style, each after the code that moves the cursor to its place."""
        placed: dict[Style, list[str]] = {}
        reached: dict[Style, tuple[int, int]] = {}  # the cursor's place after the last piece
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
