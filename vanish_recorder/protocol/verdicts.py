"""The kinds of verdicts, and their severity."""

from typing import Literal

Kind = Literal[
    "non_finite",
    "exploding",
    "vanishing",
    "forward_collapse",
    "dead",
    "skipped_steps",
    "underflow",
    "immovable",
    "below_eps",
    "saturated",
    "stuck",
    "signal_shrinks",
    "vanishing_in_time",
    "frozen",
    "learning",
    "healthy",
]

# The most severe first: what ends a run, then causes from the strongest to the mildest, then consequences.
SEVERITY: tuple[str, ...] = (
    "non_finite",
    "exploding",
    "vanishing",
    "skipped_steps",
    "underflow",
    "forward_collapse",
    "dead",
    "immovable",
    "below_eps",
    "saturated",
    "stuck",
    "signal_shrinks",
    "vanishing_in_time",
    "frozen",
    "learning",
    "healthy",
)
# The kinds that only a watched run can have.
WATCHED_ONLY = frozenset({"below_eps", "vanishing_in_time"})
# The findings that a watched script is told about on its stderr.
SEVERE = frozenset(SEVERITY[: SEVERITY.index("below_eps")])
# A network with one of these verdicts is not healthy.
FAULTS = frozenset(SEVERITY[: SEVERITY.index("frozen")])


def severity(kind: str) -> int:
    """Sort key for kinds: the most severe first. A kind from a newer version, unknown here, comes last."""
    return SEVERITY.index(kind) if kind in SEVERITY else len(SEVERITY)
