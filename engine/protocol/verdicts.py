"""The kinds of verdict, and how grave each is."""

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
