"""What a terminal may send: keys, pastes, reports of the mouse, halves of all these, and noise."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from tui_vanish.actions import ACTIONS

SIZES = [(80, 24), (120, 36), (200, 50), (79, 23), (1, 1), (2, 3), (30, 5), (100, 1), (81, 24), (150, 40)]

# The bytes of the keys whose names are not characters.
_BYTES = {
    "backslash": b"\\",
    "colon": b":",
    "down": b"\x1b[B",
    "end": b"\x1b[F",
    "enter": b"\r",
    "equals_sign": b"=",
    "escape": b"\x1b",
    "f1": b"\x1bOP",
    "home": b"\x1b[H",
    "left": b"\x1b[D",
    "left_square_bracket": b"[",
    "minus": b"-",
    "pagedown": b"\x1b[6~",
    "pageup": b"\x1b[5~",
    "plus": b"+",
    "question_mark": b"?",
    "right": b"\x1b[C",
    "right_square_bracket": b"]",
    "shift+left": b"\x1b[1;2D",
    "shift+right": b"\x1b[1;2C",
    "shift+tab": b"\x1b[Z",
    "slash": b"/",
    "space": b" ",
    "tab": b"\t",
    "up": b"\x1b[A",
}
_ARROWS = [b"\x1b[A", b"\x1b[B", b"\x1b[C", b"\x1b[D"]
_EDITING = [*_ARROWS, b"\r", b"\x1b", b"\x7f", b"\t", b" ", b"\x13", b"\x01"]
_LETTERS = [*"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", "ạ", "漢", "\u0301", "🧪"]
# To the screens, each from the lab.
_WAYS = [*"tr?WewdhERC:/", "q", "qs", "q\r", "j j c", "rj\r", "t\r", "r/", "\t\t"]
_ESCAPE = b"\x1b[27u"  # in a notation that makes no alt+key of the next byte
_BEGIN, _END = b"\x1b[200~", b"\x1b[201~"
_HALVES = [
    b"\x1b[",
    b"\x1bO",
    b"\x1b[1;5",
    b"\x1b[<0;10",
    b"\x1b[<35;1;1",
    b"\x1b[M",
    b"\x1b[200",
    b"\x1b[20",
    b"\x1b[201~",
    b"\x1b[200~never ended",
    b"\x1b]11;rgb:ff",
    b"\x1bP1$r",
    b"\x1b[97;",
    b"\xe1\xba",
    b"\xf0\x9f",
]
_REPORTS = [
    b"\x1b[I",
    b"\x1b[O",
    b"\x1b[?2026;2$y",
    b"\x1b[?2048;0$y",
    b"\x1b[48;24;80;480;640t",
    b"\x1b[48;-1;99999999999;0;0t",
    b"\x1b[10;10R",
    b"\x1b[97;5u",
    b"\x1b[57441;2u",
    b"\x1b[99999999999u",
    b"\x1b[?62;4c",
    b"\x1b]11;rgb:0000/0000/0000\x1b\\",
]


def key(name: str) -> bytes:
    """What a terminal sends for a key, by Textual's name of it."""
    if name.startswith("ctrl+"):
        return bytes([ord(name[-1]) & 31])
    return _BYTES.get(name) or name.encode("ascii")


# ctrl+z stops the process until a shell continues it; tests/e2e has a shell.
KEYS = [key(name) for name in sorted({name for action in ACTIONS for name in action.keys} - {"ctrl+z"})]


@dataclass(frozen=True, slots=True)
class Burst:
    """What arrives together.

    Attributes:
        data: the bytes.
        size: the terminal's new size before them; None if it stays.
    """

    data: bytes
    size: tuple[int, int] | None = None

    def __str__(self) -> str:
        size = "" if self.size is None else f"{self.size[0]}x{self.size[1]} "
        data = repr(self.data)
        return size + (data if len(data) <= 200 else f"{data[:180]}... {len(self.data)} bytes")


def bursts(source: random.Random, number: int) -> Iterator[Burst]:
    """Random bursts; some of them first go to the lab, and from there to another screen."""
    for _ in range(number):
        data = b""
        if source.random() < 0.5:
            data = _ESCAPE * 3 + source.choice(_WAYS).encode()
        data += b"".join(_piece(source) for _ in range(source.randrange(2, 8)))
        yield Burst(data, source.choice(SIZES) if source.random() < 0.25 else None)


def _piece(source: random.Random) -> bytes:
    kind = source.random()
    if kind < 0.45:
        return b"".join(source.choice(KEYS) for _ in range(source.randrange(1, 6)))
    if kind < 0.6:
        return "".join(source.choice(_LETTERS) for _ in range(source.randrange(1, 6))).encode()
    if kind < 0.75:
        return b"".join(source.choice(_EDITING) for _ in range(source.randrange(1, 6)))
    if kind < 0.8:
        return _BEGIN + _text(source) + source.choice([_END, _END, b""])
    if kind < 0.83:
        return _text(source)
    if kind < 0.88:
        return source.choice(_HALVES)
    if kind < 0.9:
        return source.choice(_REPORTS)
    if kind < 0.92:
        return source.randbytes(source.randrange(1, 12)).replace(b"\x1a", b"").replace(b"\x03", b"")
    return _mouse(source)


def _text(source: random.Random) -> bytes:
    """What somebody pastes: a line, a piece of a program, a whole file."""
    line = "".join(source.choice([*_LETTERS, " ", "(", ")", "=", "\t", "\n"]) for _ in range(60))
    return (line * source.choice([1, 1, 5, 100]))[: source.randrange(4_000)].encode()


def _mouse(source: random.Random) -> bytes:
    x, y = source.choice([0, 1, 40, 100, 300, 99_999]), source.randrange(60)
    if source.random() < 0.1:
        return b"\x1b[M" + bytes([32 + source.randrange(4), 33 + x % 200, 33 + y])
    button = source.choice([0, 0, 0, 1, 2, 32, 35, 64, 65, 66, 128, 9_999])
    if button or source.random() < 0.3:
        return b"\x1b[<%d;%d;%d%c" % (button, x, y, source.choice(b"Mm"))
    return b"\x1b[<0;%d;%dM\x1b[<0;%d;%dm" % (x, y, x, y)  # a click
