"""Shows messages in the row of the footer, on every screen, for some seconds.

Toasts would lie over what the user reads. A message takes the place of the keys; one that needs more rows
makes the screen above it smaller.
"""

from typing import TYPE_CHECKING, Any

from textual.screen import Screen

from tui_vanish.chrome.key_footer import KeyFooter
from tui_vanish.chrome.messages import Message
from tui_vanish.chrome.screen import SizedScreen

if TYPE_CHECKING:
    from textual.app import App


class MessageLine:
    """The messages that are shown now.

    Args:
        app: its screens show them.
    """

    def __init__(self, app: "App[Any]") -> None:
        self._app = app
        self._messages: list[Message] = []

    def listen(self) -> None:
        """Show the messages also on screens that are opened later."""
        self._app.screen_change_signal.subscribe(self._app, self._show_on)

    def say(self, text: str, severity: str, timeout: float) -> None:
        """Show a message for `timeout` seconds; one that is shown already is not repeated."""
        message = Message(text, severity)
        if message in self._messages:
            self._messages.remove(message)
        self._messages.append(message)
        self._app.set_timer(timeout, lambda: self._drop(message))
        self._show()

    def _drop(self, message: Message) -> None:
        self._messages = [each for each in self._messages if each is not message]
        self._show()

    def _show(self) -> None:
        for screen in self._app.screen_stack:
            self._show_on(screen)

    def _show_on(self, screen: Screen[Any]) -> None:
        for footer in screen.query(KeyFooter):
            if footer.show_messages(self._messages) and isinstance(screen, SizedScreen):
                screen.lay_out()
