"""Keeps a widget or screen alive when its code raises."""

from textual.css.query import NoMatches
from textual.message import Message
from textual.message_pump import MessagePump


class Guarded(MessagePump):
    """Mixed in before Textual's class, so that an error while one message is handled loses only that message.

    Textual ends the loop of an object whose handler has raised: it would never act on a message again.
    """

    @property
    def is_gone(self) -> bool:
        """Whether it was closed, so that a handler that still runs may miss parts of it without a fault."""
        return False

    async def _dispatch_message(self, message: Message) -> None:
        try:
            await super()._dispatch_message(message)
        except Exception as error:
            if not (isinstance(error, NoMatches) and self.is_gone):
                self.app._handle_exception(error)
