"""The quantities that bars and heatmap can show, in the order of their key, and what each is called."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Quantity = Literal["grad_norm", "delta_norm", "update_ratio", "activation_std", "saturated"]


@dataclass(frozen=True, slots=True)
class QuantityText:
    """How a quantity is called: in words, as a symbol (and one in ASCII), over a column."""

    words: str
    symbol: str
    symbol_ascii: str
    column: str


QUANTITIES: Mapping[Quantity, QuantityText] = MappingProxyType(
    {
        "grad_norm": QuantityText("weight gradient", "‖dL/dW‖", "|dL/dW|", "grad"),
        "delta_norm": QuantityText("delta", "‖dL/da‖", "|dL/da|", "delta"),
        "update_ratio": QuantityText("update-to-weight ratio", "‖ΔW‖/‖W‖", "|dW|/|W|", "upd/W"),
        "activation_std": QuantityText("activation spread", "std(h)", "std(h)", "std"),
        "saturated": QuantityText("saturation", "saturated", "saturated", "sat"),
    }
)


def next_quantity(quantity: Quantity) -> Quantity:
    """The one that the bars show next."""
    order = tuple(QUANTITIES)
    return order[(order.index(quantity) + 1) % len(order)]
