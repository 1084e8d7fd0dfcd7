"""Shortens what is pasted, before it is parsed character by character."""

MOST = 4096  # characters of one paste; no input takes more
SILENCE_SECONDS = 1.0  # a paste that pauses for so long has lost its end
BEGIN, END = "\x1b[200~", "\x1b[201~"


class Pastes:
    """Keeps the first characters of each paste, and the marks around it.

    Terminals put marks around what they paste. They may be cut anywhere, because text arrives in pieces.
    """

    def __init__(self) -> None:
        self.is_open = False
        self._kept = 0
        self._tail = ""  # may be the beginning of a mark

    def shorten(self, text: str) -> str:
        """The next piece of text without what is too much of a paste."""
        shortened = []
        while text:
            part, text = self._next_inside(text) if self.is_open else self._next_outside(text)
            shortened.append(part)
        return "".join(shortened)

    def close(self) -> str:
        """End a paste whose end is missing; returns what the parser needs for that."""
        if not self.is_open:
            return ""
        self.is_open, self._tail = False, ""
        return END

    def _next_outside(self, text: str) -> tuple[str, str]:
        """What belongs before a paste, and the rest. Nothing is held back: it may be a key."""
        seen = self._tail + text
        begin = seen.find(BEGIN)
        if begin < 0:
            self._tail = seen[1 - len(BEGIN) :]
            return text, ""
        self.is_open, self._kept, self._tail = True, 0, ""
        end = begin + len(BEGIN) - (len(seen) - len(text))
        return text[:end], text[end:]

    def _next_inside(self, text: str) -> tuple[str, str]:
        """What is kept of a paste, and the rest. The beginning of the end mark is held back."""
        text = self._tail + text
        end = text.find(END)
        if end < 0:
            held = next((size for size in range(len(END) - 1, 0, -1) if text.endswith(END[:size])), 0)
            inside, self._tail = text[: len(text) - held], text[len(text) - held :]
            return self._keep(inside), ""
        self.is_open, self._tail = False, ""
        return self._keep(text[:end]) + END, text[end + len(END) :]

    def _keep(self, text: str) -> str:
        kept = text[: MOST - self._kept]
        self._kept += len(kept)
        return kept
