"""What the screen says of a run's verdicts: the most severe in full, the others by name."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from engine.protocol.verdicts import severity
from tui_vanish.drawing import format
from tui_vanish.drawing.text import Piece, Row

if TYPE_CHECKING:
    from engine.protocol.events import VerdictChanged
    from engine.tracking.snapshot import Snapshot

_GOOD = frozenset({"healthy", "learning"})
_MILD = frozenset({"saturated", "stuck", "signal_shrinks"})
_NEUTRAL = frozenset({"frozen"})
_LARGE = 10_000  # from here on a number has an exponent


class Note(NamedTuple):
    """What stands under the bars.

    Attributes:
        title: its heading.
        paragraphs: from the most important to the least; where room is short the last give way.
        ending: parts of a row that stays in sight whatever gives way, each from its longest form to its
            shortest; the last of them go if it is too long.
    """

    title: str
    paragraphs: tuple[Row, ...]
    ending: tuple[tuple[Row, ...], ...] = ()


def most_severe_first(verdicts: "Sequence[VerdictChanged]") -> "list[VerdictChanged]":
    """The verdicts that hold, the most severe first, then the oldest."""
    return sorted(verdicts, key=lambda verdict: (severity(verdict.kind), verdict.since_step))


def leading(run: "Snapshot") -> "VerdictChanged | None":
    """The verdict to show first; None while nothing is known."""
    return next(iter(most_severe_first(run.verdicts)), None)


def accused(run: "Snapshot") -> str | None:
    """The layer that the leading verdict names, if it finds fault."""
    verdict = leading(run)
    return None if verdict is None or verdict.kind in _GOOD | _NEUTRAL else verdict.layer


def suggestions(run: "Snapshot") -> tuple[str, ...]:
    """The scenarios to try next, those of the most severe verdict first."""
    verdicts = most_severe_first(run.verdicts)
    return tuple(dict.fromkeys(name for verdict in verdicts for name in verdict.suggestions))


def kind_name(verdict: "VerdictChanged") -> Piece:
    """What it finds, in capitals, in the colour of its severity."""
    return Piece(verdict.kind.replace("_", " ").upper(), _role(verdict.kind))


def sentence(verdict: "VerdictChanged") -> Row:
    """What it finds, since when, and why."""
    return (kind_name(verdict), Piece(f" since step {format.count(verdict.since_step)}. {verdict.text}"))


def others(verdicts: "Sequence[VerdictChanged]") -> tuple[Row, ...]:
    """Verdicts by name, behind the key that shows them in full; then that there are more."""
    row: list[Piece] = []
    for verdict in verdicts:
        row += [Piece(", "), kind_name(verdict)]
    key = Piece("w", "accent")
    return ((key, Piece(" also: "), *row[1:]), (key, Piece(" more"))) if row else ()


def to_try(run: "Snapshot") -> tuple[Row, ...]:
    """The scenarios to try next, behind the key that opens them."""
    names = suggestions(run)
    return ((Piece("x", "accent"), Piece(" try: "), Piece(", ".join(names), "strong")),) if names else ()


def evidence(verdict: "VerdictChanged") -> list[tuple[str, str]]:
    """The numbers that it rests on: name and value."""
    return [(name.replace("_", " "), _number(value)) for name, value in verdict.evidence.items()]


def _number(value: float | None) -> str:
    if value is None:
        return format.MISSING
    if float(value).is_integer():
        return format.count(int(value))
    return format.fixed(value, 3, 8) if abs(value) < _LARGE else format.scientific(value)


def _role(kind: str) -> str:
    if kind in _GOOD:
        return "good"
    if kind in _NEUTRAL:
        return "dim"
    return "warn" if kind in _MILD else "bad"
