"""The places and the labels of an axis's ticks."""

import math
from collections.abc import Sequence

from tui_vanish.drawing.format import short_count

_STEPS = (1.0, 2.0, 5.0, 10.0)
# An axis that grows with a run ends at one of these times a power of ten, so its scale rarely changes.
_ENDS = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
_MOST_DECIMALS = 4
_MOST_DIGITS = 6


def nice_step(span: float, intervals: int) -> float:
    """The smallest of 1, 2, 5 times a power of ten that covers `span` in at most `intervals` steps."""
    raw = max(span / max(1, intervals), 1e-300)
    power = 10.0 ** math.floor(math.log10(raw))
    return next((step * power for step in _STEPS if step * power >= raw * (1 - 1e-9)), 10.0 * power)


def nice_end(value: float) -> float:
    """The next round number from `value` (> 0) on, at most a third larger."""
    power = 10.0 ** math.floor(math.log10(value))
    return next((end * power for end in _ENDS if end * power >= value * (1 - 1e-9)), 10.0 * power)


def within(low: float, high: float, step: float) -> list[float]:
    """The multiples of `step` from `low` to `high`."""
    slack = 1e-6
    first, last = math.ceil(low / step - slack), math.floor(high / step + slack)
    return [multiple * step for multiple in range(first, last + 1)]


def decades(low: int, high: int, most: int) -> list[int]:
    """The exponents of ten for the ticks from 10^low to 10^high, at most `most` if possible.

    They are a power of two apart, and 0 is among them if it is in the range.
    """
    step = 1 if high - low <= 2 else 2
    while (high - low) // step + 1 > max(1, most):
        step *= 2
    return [power for power in range(low, high + 1) if power % step == 0]


def power_label(power: int) -> str:
    """The label of the tick at 10^power."""
    return "1" if power == 0 else f"1e{power}"


def label(text: str) -> str:
    """The label of a tick at a number like "2e-3": without exponent if the number is near 1."""
    value = float(text)
    return f"{value:g}" if 1e-3 <= value < 1e5 else text


def count_labels(values: Sequence[float], step: float) -> list[str]:
    """The labels of ticks at whole numbers `step` apart: `0`, `50`, `20k`."""
    if step >= 1000 and min(values, default=0.0) >= 0:
        short = [short_count(value) for value in values]
        if len(set(short)) == len(short):
            return short
    return labels(values, step)


def labels(values: Sequence[float], step: float) -> list[str]:
    """The labels of ticks `step` apart: enough digits to distinguish them, the same decimals in all."""
    largest = max((abs(value) for value in values), default=0.0) or step
    decimals = -math.floor(math.log10(step) + 1e-9)
    multiple = step * 10.0 ** min(decimals, 300)
    decimals += abs(multiple - round(multiple)) > 1e-6  # a step of 2.5
    if decimals <= _MOST_DECIMALS and largest < 1e5:
        places = max(0, decimals)
        return [f"{value:.{places}f}" if abs(value) > step / 2 else "0" for value in values]
    digits = max(0, math.floor(math.log10(largest)) + decimals)
    return [_exponential(value, min(digits, _MOST_DIGITS)) for value in values]


def _exponential(value: float, digits: int) -> str:
    if value == 0:
        return "0"
    mantissa, exponent = f"{value:.{digits}e}".split("e")
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return f"{mantissa}e{int(exponent)}"
