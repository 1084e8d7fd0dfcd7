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

# The most severe first: what ends the run, then the causes from the strongest to the mildest, then the
# effects.
SEVERITY: tuple[str, ...] = (
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
FAULTS = frozenset(SEVERITY[: SEVERITY.index("frozen")])


def severity(kind: str) -> int:
    """Sorts kinds, the most severe first; one that is not known here (a newer version's) comes last."""
    return SEVERITY.index(kind) if kind in SEVERITY else len(SEVERITY)
