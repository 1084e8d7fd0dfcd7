"""The last row of a screen: the keys that do something at the moment, or messages."""

from collections.abc import Mapping, Sequence

from textual.events import Click

from tui_vanish.actions import READ_ONLY_CLASS, Action, footer
from tui_vanish.chrome.messages import Message, message_rows
from tui_vanish.drawing.ascii import key_name
from tui_vanish.drawing.text import Piece, Row, row_width
from tui_vanish.language import tr_in
from tui_vanish.widgets.rows import Rows

_GAP = 2


class KeyFooter(Rows):
    """Keys and what they do, from the table of actions. If there is too little room, some are left out."""

    DEFAULT_CSS = "KeyFooter { height: 1; dock: bottom; }"

    def __init__(self) -> None:
        super().__init__()
        self._labels: Mapping[str, str] = {}
        self._hint = self._kept = ""
        self._places: list[tuple[int, int, Action]] = []
        self._messages: tuple[Message, ...] = ()

    @property
    def further_rows(self) -> int:
        """The rows that messages take besides the one that the footer always has."""
        return max(0, len(self._message_rows(self.app.size.width)) - 1)

    def show_messages(self, messages: Sequence[Message]) -> bool:
        """Show these messages instead of the keys; returns whether the footer's height has changed."""
        before, self._messages = self.further_rows, tuple(messages)
        self.styles.height = 1 + self.further_rows
        self.redraw()
        return self.further_rows != before

    def show(self, labels: Mapping[str, str], hint: str = "", kept: str = "") -> None:
        """Set the labels of the actions in English, by name; an action without a label is not shown.

        If there is a `hint`, it is shown instead, for example while the user types a filter.

        Args:
            labels: by action.
            hint: see above.
            kept: an action that is shown even if there is little room.
        """
        if (labels, hint, kept) != (self._labels, self._hint, self._kept):
            self._labels, self._hint, self._kept = labels, hint, kept
            self.redraw()

    def rows(self, width: int, height: int) -> list[Row]:
        """The row; the actions with the highest rank are left out first."""
        if self._messages:
            self._places = []
            return self._message_rows(width)
        if self._hint:
            hint = self._hint.replace("⏎", key_name("⏎", ascii=self.alphabet.ascii))
            return [(Piece(" "), Piece(hint, "dim"))]
        refused = self.app.has_class(READ_ONLY_CLASS)
        shown = [
            action
            for action in footer()
            if self._labels.get(action.name) and not (action.changes and refused)
        ]
        while shown and row_width(self._row(shown)) > width:
            shown.remove(max(shown, key=lambda action: action.rank * (action.name != self._kept)))
        return [self._row(shown)]

    def _message_rows(self, width: int) -> list[Row]:
        return message_rows(self._messages, width, ascii=self.alphabet.ascii)

    def _row(self, actions: list[Action]) -> Row:
        pieces: list[Piece] = [Piece(" ")]
        self._places = []
        for action in actions:
            start = row_width(tuple(pieces))
            pieces += [
                Piece(self._key(action), "accent"),
                Piece(f" {tr_in('key', self._labels[action.name])}", "dim"),
            ]
            self._places.append((start, row_width(tuple(pieces)), action))
            pieces.append(Piece(" " * _GAP))
        return tuple(pieces[:-1])

    def _key(self, action: Action) -> str:
        key = action.shown_keys[0]
        return key_name("⏎" if key == "enter" else key, ascii=self.alphabet.ascii)

    async def on_click(self, event: Click) -> None:
        """Carry out the action that was clicked."""
        for start, end, action in self._places:
            if start <= event.x < end:
                await self.run_action(f"{'app' if action.target == 'app' else 'screen'}.{action.call}")
