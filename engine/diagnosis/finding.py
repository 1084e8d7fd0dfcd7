"""What a rule finds, and how grave it is."""

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal[
    "non_finite",
    "exploding",
    "vanishing",
    "forward_collapse",
    "dead",
    "immovable",
    "saturated",
    "stuck",
    "signal_shrinks",
    "frozen",
    "learning",
    "healthy",
]

# The gravest first: what ends the run, then the causes from the strongest to the mildest, then what follows.
GRAVITY: tuple[str, ...] = (
    "non_finite",
    "exploding",
    "vanishing",
    "forward_collapse",
    "dead",
    "immovable",
    "saturated",
    "stuck",
    "signal_shrinks",
    "frozen",
    "learning",
    "healthy",
)
# While one of these holds a network is not healthy.
FAULTS = frozenset(GRAVITY[: GRAVITY.index("frozen")])


def gravity(kind: str) -> int:
    """Sorts kinds, the gravest first; one that is not known here (a newer version's) comes last."""
    return GRAVITY.index(kind) if kind in GRAVITY else len(GRAVITY)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found.

    Attributes:
        kind: see GRAVITY.
        variant: which of the kind's sentences says it.
        cause: which of the kind's causes ends the sentence; "" for none.
        layer: the layer it is about; None where it is about the whole network.
        reference: the layer that it is held against.
        layers: all that are affected, from the input on.
        evidence: the numbers that it rests on, by name.
        since: its first step, if that is not the one at which it was found.
    """

    kind: Kind
    variant: str = "plain"
    cause: str = ""
    layer: str | None = None
    reference: str | None = None
    layers: tuple[str, ...] = ()
    evidence: dict[str, float | None] = field(default_factory=dict)
    since: int | None = None
