"""Replaces the characters that the screens are drawn with by ASCII."""

import re
import unicodedata
from functools import lru_cache

from rich.cells import cell_len

_ONE_FOR_ONE = str.maketrans(
    {
        "○": "o",
        "●": "*",
        "‖": "|",
        "✓": "v",
        "■": "s",
        "◆": "r",
        "✗": "x",
        "▸": ">",
        "·": "-",
        "…": ".",
        "–": "-",
        "—": "-",
        "−": "-",
        "×": "x",
        "⏎": ">",
        "↑": "^",
        "↓": "v",
        "→": ">",
        "←": "<",
        "│": "|",
        "┊": ":",
        "▇": "#",
        "░": "=",
        "─": "-",
        "“": '"',
        "”": '"',
        "‘": "'",
        "’": "'",
        "Đ": "D",
        "đ": "d",
        "\N{NO-BREAK SPACE}": " ",
        **dict.fromkeys("╭╮╰╯├┤┌┐└┘┬┴┼", "+"),
    }
)
_POWER = re.compile("[⁻⁰¹²³⁴-⁹]+")
_KEY_NAMES = {"⏎": "enter", "↑": "up", "↓": "down", "←": "left", "→": "right"}
_SPELT_OUT = {
    "σ": "sigma",
    "φ": "phi",
    "χ": "chi",
    "ξ": "xi",
    "β": "beta",
    "μ": "mu",
    "ρ": "rho",
    "γ": "gamma",
    "δ": "delta",
    "Δ": "Delta",
    "∂": "d",
    "‖": "||",
    "≤": "<=",
    "≥": ">=",
    "≈": "~",
    "√": "sqrt ",
    "…": "...",
    "→": "->",
    "Đ": "D",
    "đ": "d",
}


def spelt_out(text: str) -> str:
    """`text` in ASCII, to be called before wrapping: Greek letters by name, powers with ^, no accents."""
    text = _POWER.sub(lambda power: "^" + unicodedata.normalize("NFKC", power[0]), text)
    return ascii_cells("".join(_SPELT_OUT.get(character, character) for character in text))


def key_name(key: str, *, ascii: bool) -> str:
    """How a key is shown: as a symbol such as ↑, or in ASCII by its name."""
    return _KEY_NAMES.get(key, key) if ascii else key


@lru_cache(maxsize=4096)
def ascii_cells(text: str) -> str:
    """`text` in ASCII, with the same width in cells."""
    if text.isascii():
        return text
    return "".join(
        character if character.isascii() else _ascii_cell(character)
        for character in text.translate(_ONE_FOR_ONE)
    )


def _ascii_cell(character: str) -> str:
    base = unicodedata.normalize("NFKD", character)[:1]
    width = cell_len(character)
    return base if base.isascii() and width == 1 else "?" * width
