"""The quantities that bars and heatmap can show, and a quantity's number as a text."""

from collections.abc import Sequence

from tui_vanish.drawing import format
from vanish_recorder.protocol.quantities import QUANTITIES
from vanish_recorder.protocol.quantity import Quantity

IN_BARS = tuple(quantity for quantity in QUANTITIES.values() if quantity.in_bars)
USUAL = IN_BARS[0]

_LARGE = 100  # from here on a fixed number has an exponent, as the columns beside it have


def next_quantity(quantity: Quantity, among: Sequence[Quantity] = IN_BARS) -> Quantity:
    """The one that the bars show next, of those that there are."""
    return among[(among.index(quantity) + 1) % len(among)]


def number(quantity: Quantity, value: float | None, *, ascii: bool = False) -> str:
    """A value as the quantity's numbers are written; a dash for None."""
    match quantity.notation:
        case "percent":
            return format.percent(value, quantity.digits, ascii=ascii)
        case "fixed" if value is None or abs(value) < _LARGE:
            return format.fixed(value, quantity.digits, ascii=ascii)
        case "fixed":
            return format.scientific(value, ascii=ascii)
        case "scientific":
            return format.scientific(value, quantity.digits, ascii=ascii)
