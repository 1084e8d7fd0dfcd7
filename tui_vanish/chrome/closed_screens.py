"""Lets the memory of closed screens go.

Textual 8 caches `StylesCache.get_inner_outer`, a method, with `lru_cache`. The cache keeps the `StylesCache`
of each widget that was drawn, with all its drawn lines, until 1024 others have followed: some 0.2 MB for each
opening of the palette. The result depends on the two colours alone, so here they alone are the key. Delete
this module once Textual does the same: tests/tui/chrome/test_closed_screens.py then passes without it.
"""

from functools import lru_cache

from textual.color import Color
from textual.style import Style


def free_closed_screens() -> None:
    """Replace the cache. A version of Textual without it is left as it is."""
    try:
        from textual._styles_cache import StylesCache

        uncached = StylesCache.get_inner_outer.__wrapped__
    except (ImportError, AttributeError):
        return

    @lru_cache(1024)
    def by_colours(base_background: Color, background: Color) -> tuple[Style, Style]:
        found: tuple[Style, Style] = uncached(None, base_background, background)
        return found

    def get_inner_outer(_: StylesCache, base_background: Color, background: Color) -> tuple[Style, Style]:
        return by_colours(base_background, background)

    StylesCache.get_inner_outer = get_inner_outer  # type: ignore[method-assign,assignment]
