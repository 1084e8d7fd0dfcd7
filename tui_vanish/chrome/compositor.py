"""Chooses the compositor that draws a screen: ours, which sends fewer bytes, or Textual's own.

Ours replaces a private class of Textual, because Textual offers no other way to change how an update is
written to the terminal. A version of Textual may rename that class or change its parameters at any time. The
app then still runs and draws the same cells; it only sends more bytes for them.

When that happens, tests/tui/chrome/test_compositor.py fails. Compare `textual._compositor.ChopsUpdate` with
`tui_vanish.chrome.narrow_updates` and adapt that module. If Textual itself crops its updates on both sides
and sets a style once for neighbouring pieces by then, delete both modules.
"""

from typing import Any

from textual.screen import Screen


def use_narrow_updates(screen: Screen[Any]) -> None:
    """Draw `screen` with narrow updates if this version of Textual allows it. Call it in `__init__`."""
    try:
        from tui_vanish.chrome.narrow_updates import NarrowCompositor
    except (ImportError, AttributeError):
        return
    screen._compositor = NarrowCompositor()
