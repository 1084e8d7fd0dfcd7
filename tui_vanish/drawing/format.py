"""Numbers, counts and times as short texts of limited width, so that columns do not move during training.

No text is cut: a value that does not fit its width is written with fewer digits.
"""

import math
from collections.abc import Sequence
from typing import Any

from tui_vanish.language import plural, tr

MISSING = "–"
MISSING_ASCII = "-"

_SMALL, _LARGE = 1e-3, 1e4  # numbers from the first up to the second are written without an exponent
_SPAN = 1e4  # so are the numbers of a column, unless the largest is this many times the smallest


def scientific(value: float | None, digits: int = 2, width: int = 7, *, ascii: bool = False) -> str:
    """A value of any size as `1.9e-6`, `1.9`, `0`, `inf`, `nan`, or a dash; at most `width` (≥ 7) cells."""
    special = _special(value, ascii)
    if special is not None or value is None:
        return special or ""
    for count in range(digits, 1, -1):
        text = _with_exponent(value, count)
        if len(text) <= width:
            return text
    return _with_exponent(value, 1)


def fixed(value: float | None, places: int = 4, width: int = 7, *, ascii: bool = False) -> str:
    """A value near 1 with `places` decimals, as `2.3027`; at most `width` (≥ 7) cells.

    A large value is written with fewer decimals, and a value far from 1 with an exponent.
    """
    special = _special(value, ascii)
    if special is not None or value is None:
        return special or ""
    if abs(value) >= 10.0 ** (1 - places):
        for count in range(places, 0, -1):
            text = f"{value:.{count}f}"
            if len(text) <= width:
                return text
    return scientific(value, 2, width)


def column(values: Sequence[float | None], digits: int = 2, *, ascii: bool = False) -> list[str]:
    """The numbers of one column in one format: all as `0.250`, or all as `6.1e-5`.

    The smallest has `digits` digits. Among numbers with an exponent, those from 1 to 10 have none, and 0 and
    1 are `0` and `1`.
    """
    sizes = [abs(value) for value in values if value and math.isfinite(value)]
    if not sizes:
        return [_special(value, ascii) or "" for value in values]
    smallest, largest = min(sizes), max(sizes)
    plain = smallest >= _SMALL and largest < _LARGE and largest / smallest < _SPAN
    places = max(0, digits - 1 - math.floor(math.log10(smallest))) if plain else digits - 1
    texts: list[tuple[str, str]] = []
    for value in values:
        special = _special(value, ascii)
        if special is not None or value is None or (value == 1 and not plain):
            texts.append(("", "1" if special is None else special))
        else:
            mantissa, _, exponent = f"{value:.{places}{'f' if plain else 'e'}}".partition("e")
            texts.append((mantissa, "" if plain else _exponent(exponent)))
    written = [mantissa for mantissa, _ in texts if mantissa]
    if places:
        zeros = min((len(each) - len(each.rstrip("0")) for each in written), default=0)
        cut = places + 1 if zeros >= places else zeros  # with the point, if nothing follows it
        texts = [(mantissa[: len(mantissa) - cut] if mantissa else "", rest) for mantissa, rest in texts]
    return [mantissa + rest for mantissa, rest in texts]


def percent(fraction: float | None, places: int = 0, *, ascii: bool = False) -> str:
    """A fraction of 1 as `98 %`; a value that would be rounded to 0 or 100 is `<1 %` or `>99 %`."""
    special = _special(fraction, ascii)
    if fraction is None or (special is not None and fraction != 0):
        return special or ""
    smallest = 10.0**-places
    hundred = fraction * 100
    if 0 < hundred < smallest / 2:
        return f"<{smallest:.{places}f} %"
    if 100 - smallest / 2 < hundred < 100:
        return f">{100 - smallest:.{places}f} %"
    return f"{hundred:.{places}f} %"


def count(value: int) -> str:
    """A count with its thousands separated by spaces: `60 000`."""
    return f"{value:,}".replace(",", " ")


def short_count(value: float) -> str:
    """A count in at most five characters: `850`, `1.2k`, `79k`, `2.5M`."""
    for size, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size * 0.9995:  # 999.5k and more would be shown as 1000k, so it is 1M
            scaled = value / size
            places = 0 if scaled >= 9.95 or scaled.is_integer() else 1
            return f"{scaled:.{places}f}{letter}"
    return f"{value:.0f}"


def duration(seconds: float | None, *, ascii: bool = False) -> str:
    """A duration as `0:09`, `1:28`, `2:03:10`, `3 d 4 h`; a dash if it is unknown."""
    if seconds is None or not math.isfinite(seconds):
        return MISSING_ASCII if ascii else MISSING
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    if hours >= 48:
        return f"{hours // 24} d {hours % 24} h"
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def time_left(seconds: float, what: str = "") -> str:
    """How long something will still take, as `4:05 left`, or `0:12 left in stage`; never `0:00 left`."""
    time = duration(max(1.0, seconds))
    return tr("{time} left in {what}", time=time, what=what) if what else tr("{time} left", time=time)


def images_per_second(value: float | None, *, short: bool = False, ascii: bool = False) -> str:
    """Throughput as `79 000 img/s`, or `79k img/s` if `short`; two digits, as a third one would flicker."""
    if value is None or not math.isfinite(value) or value <= 0:
        return tr("{number} img/s", number=MISSING_ASCII if ascii else MISSING)
    size: float = 10.0 ** max(0, math.floor(math.log10(value)) - 1)
    rounded = int(round(value / size) * size)
    return tr("{number} img/s", number=short_count(rounded) if short else count(rounded))


def layer_name(name: str) -> str:
    """The name of a layer as it is shown: `layer 1` for `layer1`."""
    number = name.removeprefix("layer")
    return tr("layer {layer}", layer=number) if number != name and number.isdecimal() else name


def block_name(name: str, kind: str) -> str:
    """The name of a layer as bars show it: `25 Linear` for a module whose name is a number."""
    return f"{name} {kind}" if kind and name.replace(".", "").isdecimal() else layer_name(name)


def setting(key: str, value: Any) -> str:
    """The value of a scenario's setting, such as `model.skip`, as a short text; a dash if it has none."""
    if value is None or value == []:
        return MISSING
    if key == "stages":
        return plural("{number} stage", "{number} stages", len(value))
    if key == "model.skip":
        return " ".join(f"{start}-{end}" for start, end in value)
    if isinstance(value, list):
        return " ".join(setting("", part) for part in value)
    if isinstance(value, float):
        return f"{value:g}".replace("e-0", "e-").replace("e+0", "e")
    return str(value)


def _special(value: float | None, ascii: bool) -> str | None:
    if value is None:
        return MISSING_ASCII if ascii else MISSING
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    return "0" if value == 0 else None


def _with_exponent(value: float, digits: int) -> str:
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    return f"{mantissa}{_exponent(exponent)}"


def _exponent(digits: str) -> str:
    """The exponent as it is shown: none for 10⁰."""
    return f"e{int(digits)}" if int(digits) else ""
