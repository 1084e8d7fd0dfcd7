"""Translates formulas from Unicode to ASCII."""

import re

from tui_vanish.drawing.ascii import spelt_out

_HIGH = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ᴸᵀˡᵗ", "0123456789+-()LTlt", strict=True))
_LOW = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋ₜₖᵢ", "0123456789+-tki", strict=True))
_SUPERSCRIPT = re.compile(f"[{''.join(_HIGH)}]+")
_SUBSCRIPT = re.compile(f"[{''.join(_LOW)}]+")
_HAT = "\N{COMBINING CIRCUMFLEX ACCENT}"
_SIGNS = {
    "ŷ": "y_hat",
    _HAT: "_hat",
    "½": "1/2 ",
    "·": "*",
    "⊙": "*",
    "←": "<-",
    "∞": "inf",
    "∇": "grad ",
    "∈": "in",
    "≠": "!=",
    "≪": "<<",
    "≫": ">>",
    "Σ": "sum ",
    "θ": "theta",
    "η": "eta",
    "α": "alpha",
    "ξ": "xi",
    "ε": "eps",
    "Φ": "Phi",
    "π": "pi",
    "±": "+-",
    "σ√": "σ √",  # two names side by side
    "βz": "β z",
    "γx": "γ x",
    "μJ": "μ J",
    "√(": "sqrt(",
    "ŵ": "w_hat",
}


def in_ascii(text: str) -> str:
    """`text` with Greek letters by name, x² as x^2 and m₁ as m_1; plain ASCII text is unchanged."""
    if text.isascii():
        return text
    text = _SUPERSCRIPT.sub(lambda found: "^" + "".join(_HIGH[sign] for sign in found.group()), text)
    text = _SUBSCRIPT.sub(lambda found: "_" + "".join(_LOW[sign] for sign in found.group()), text)
    for sign, words in _SIGNS.items():
        text = text.replace(sign, words)
    return spelt_out(text)
