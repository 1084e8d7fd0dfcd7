"""Reads the terminal: bytes to keys, for the app's queue.

Textual's driver ends the app at a byte that is not UTF-8 and at a key code out of range, reads 100 kB for a
minute, and wakes the app for each key. This module replaces private parts of it. If they have changed in a
version of Textual, the app uses Textual's driver; tests/tui/keyboard then fails.
"""

import os
import selectors
from codecs import getincrementaldecoder
from collections.abc import Iterable
from inspect import signature
from time import monotonic
from typing import TYPE_CHECKING, Protocol, cast

from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Key, Resize
from textual.keys import Keys

from tui_vanish.keyboard.pastes import SILENCE_SECONDS, Pastes
from tui_vanish.keyboard.turns import FIRST, LAST, Turns, is_input
from tui_vanish.terminal import SERVED

if TYPE_CHECKING:
    from textual.message import Message

_SECONDS = 0.1  # between two looks at whether reading has to end
_BYTES, _PIECES = 4096, 64  # that are read at once, and in a row
_NO_CHARACTER = "\N{REPLACEMENT CHARACTER}"  # the decoder's, for bytes that are not UTF-8


if tuple(signature(XTermParser._sequence_to_key_events).parameters) != ("self", "sequence", "alt"):
    raise ImportError("XTermParser has other methods in this version of Textual")


class TakesTurns(Protocol):
    """An app with a queue for its input."""

    turns: Turns

    def lose_input(self, error: Exception) -> None:
        """End after the terminal could not be read."""


class TerminalDriver(LinuxDriver):
    """Textual's driver, with another way from the terminal's bytes to the app."""

    @property
    def can_suspend(self) -> bool:
        """Whether a shell could continue the app; there is none behind a browser."""
        return SERVED not in os.environ

    def run_input_thread(self) -> None:
        """Read until the driver stops."""
        parser, pastes = Parser(self._debug), Pastes()
        decode = getincrementaldecoder("utf-8")("replace").decode
        silent_since = monotonic()
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                if selector.select(_SECONDS):
                    silent_since = monotonic()
                    text = self._shortened(pastes.shorten(decode(os.read(self.fileno, _BYTES))), pastes)
                    for _ in range(_PIECES):
                        if not (self._is_too_much(text, pastes) and selector.select(0)):
                            break
                        more = pastes.shorten(decode(os.read(self.fileno, _BYTES)))
                        text = self._shortened(text + more, pastes)
                elif monotonic() - silent_since > SILENCE_SECONDS:
                    text = pastes.close()
                else:
                    text = ""
                if text:
                    self._process(parser.feed(text))
                self._process(parser.tick())

    def _run_input_thread(self) -> None:
        try:
            self.run_input_thread()
        except Exception as error:
            self._app.call_later(cast(TakesTurns, self._app).lose_input, error)

    def process_message(self, message: "Message") -> None:
        """Pass a message on, unless it cannot come from a terminal that works."""
        if isinstance(message, Key) and message.character == _NO_CHARACTER:
            return
        if isinstance(message, Resize) and not self._in_band_window_resize:
            return  # not asked for, so the size may be anything
        super().process_message(message)

    def send_message(self, message: "Message") -> None:
        """Send a message to the app: what the user does to the queue, which wakes the app once for many."""
        if not is_input(message):
            super().send_message(message)
        elif self._turns.put(message):
            self._loop.call_soon_threadsafe(self._turns.begin)

    @property
    def _turns(self) -> Turns:
        return cast(TakesTurns, self._app).turns

    def _is_too_much(self, text: str, pastes: Pastes) -> bool:
        """Whether the queue is full, and this are only more characters."""
        return self._turns.is_full and not pastes.is_open and "\x1b" not in text

    def _shortened(self, text: str, pastes: Pastes) -> str:
        """The text without the keys that the queue would forget; to parse them takes long."""
        if pastes.is_open or "\x1b" in text:
            return text
        kept = text[-LAST:] if self._turns.is_full else text[:FIRST] + text[max(FIRST, len(text) - LAST) :]
        self._turns.ignore(len(text) - len(kept))
        return kept

    def _process(self, messages: "Iterable[Message]") -> None:
        for message in messages:
            self.process_message(message)


class Parser(XTermParser):
    """Textual's parser; a key code without a character is ignored."""

    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> Iterable[Key]:
        try:
            return list(super()._sequence_to_key_events(sequence, alt))
        except (ValueError, OverflowError):
            return [Key(Keys.Ignore, sequence)]
