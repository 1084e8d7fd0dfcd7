"""Numbers set into a sentence, each in the style that the sentence names after a colon."""

import math
import string
from collections.abc import Mapping, Sequence
from typing import Any

_FEW = 3  # numbers that are listed one by one; of more, the smallest and the largest


def filled(template: str, values: Mapping[str, Any]) -> str:
    """The sentence with its values, which are named in braces: `{ratio:part}`.

    Styles: factor (3.2, 1/7.2), part (1/53, 7e-6), times, percent, loss, power, count.
    """
    return _FORMATTER.vformat(template, (), values)


def listed(parts: Sequence[str]) -> str:
    """a, b and c."""
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts)


class _Formatter(string.Formatter):
    """The styles that numbers come in; a sentence names one after a colon."""

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, list):
            few = len(value) <= _FEW
            parts = [self.format_field(item, format_spec) for item in (value if few else sorted(value))]
            return listed(parts) if few else f"{parts[0]} to {parts[-1]}"
        if isinstance(value, float | int) and format_spec in _STYLES:
            return _STYLES[format_spec](value)
        return "nothing" if value is None else str(value)


def _factor(value: float) -> str:
    return f"1/{_times(1 / value)}" if 0 < value < 1 else _times(value)


def _part(value: float) -> str:
    if value == 0:
        return "nothing"
    if not 0 < value < 0.5:
        return _times(value)
    return f"1/{1 / value:.0f}" if value >= 0.001 else _power(value)


def _times(value: float) -> str:
    return _power(value) if value >= 10_000 and math.isfinite(value) else f"{float(f'{value:.2g}'):g}"


def _power(value: float) -> str:
    """1.2e-6, 1e7."""
    mantissa, _, exponent = f"{value:.1e}".partition("e")
    return f"{mantissa.removesuffix('.0')}e{int(exponent)}"


def _percent(value: float) -> str:
    if 0.995 <= value < 1:
        return f"{100 * min(value, 0.9999):.4g} %"  # 100 % is only what is all of it
    return f"{100 * value:.2g} %" if value < 0.01 else f"{100 * value:.0f} %"


def _loss(value: float) -> str:
    return f"{value:.4g}"


def _count(value: float) -> str:
    return f"{value:.0f}"


_STYLES = {
    "factor": _factor,
    "part": _part,
    "times": _times,
    "percent": _percent,
    "loss": _loss,
    "power": _power,
    "count": _count,
}
_FORMATTER = _Formatter()
