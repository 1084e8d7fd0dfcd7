"""The command palette: all actions, scenarios and theory pages by name."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.widgets import Input

from scenarios.theory import page_ids, page_text
from tui_vanish.actions import ACTIONS, bindings_everywhere
from tui_vanish.chrome.screen import LiveScreen

if TYPE_CHECKING:
    from textual.screen import Screen


class Commands(Provider):
    """The entries of the palette."""

    async def discover(self) -> Hits:
        """All entries, while nothing is typed."""
        for name, help_text, call in self._commands():
            yield DiscoveryHit(name, self._callback(call), help=help_text)

    async def search(self, query: str) -> Hits:
        """The entries that match `query`."""
        matcher = self.matcher(query)
        for name, help_text, call in self._commands():
            if (score := matcher.match(name)) > 0:
                yield Hit(score, matcher.highlight(name), self._callback(call), help=help_text)

    def _commands(self) -> Iterator[tuple[str, str, str]]:
        live = self.screen if isinstance(self.screen, LiveScreen) else None
        here = live.TARGET if live else None
        for action in ACTIONS:
            if action.palette and action.target in ("app", here):
                target = "app" if action.target == "app" else "screen"
                yield action.help, f"key {action.shown_keys[0]}", f"{target}.{action.call}"
        if live and here == "lab":
            for entry in live.session.catalogue.entries:
                yield f"Go to {entry.id}", entry.title, f"screen.select({entry.id!r})"
        for page_id in page_ids():
            page = page_text(page_id)
            yield f"Theory: {page.title}", page.slides[0], f"app.theory({page_id!r})"

    def _callback(self, call: str) -> "_Call":
        return _Call(self.screen, call)


class _Call:
    """Carries out an action on the screen below the palette, after the palette has closed."""

    def __init__(self, screen: "Screen[object]", call: str) -> None:
        self._screen = screen
        self._call = call

    async def __call__(self) -> None:
        await self._screen.run_action(self._call)


class Palette(CommandPalette):
    """Textual's palette with a cursor that does not blink."""

    BINDINGS = bindings_everywhere()

    def on_mount(self) -> None:
        """Stop the cursor from blinking, because each blink sends data over a slow connection."""
        self.query_one(Input).cursor_blink = False
