"""A run's verdicts on the screen: the most severe in full, the others by name."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from tui_vanish.drawing import format
from tui_vanish.drawing.text import Piece, Row
from vanish_recorder.protocol.verdicts import severity

if TYPE_CHECKING:
    from engine.tracking.snapshot import Snapshot
    from vanish_recorder.protocol.events import VerdictChanged

_GOOD = frozenset({"healthy", "learning"})
_MILD = frozenset({"below_eps", "saturated", "stuck", "signal_shrinks", "vanishing_in_time"})
_NEUTRAL = frozenset({"frozen"})
_LARGE = 10_000  # larger numbers are shown with an exponent


class Note(NamedTuple):
    """The text under the bars.

    Attributes:
        title: its heading.
        paragraphs: the most important first; the last ones are left out if there is little room.
        ending: the parts of a last row that is always shown, each with its forms from the longest to the
            shortest; the last parts are left out if it is too long.
    """

    title: str
    paragraphs: tuple[Row, ...]
    ending: tuple[tuple[Row, ...], ...] = ()


def most_severe_first(verdicts: "Sequence[VerdictChanged]") -> "list[VerdictChanged]":
    """The verdicts by severity, the most severe first, and then by age, the oldest first."""
    return sorted(verdicts, key=lambda verdict: (severity(verdict.kind), verdict.since_step))


def leading(run: "Snapshot") -> "VerdictChanged | None":
    """The most severe verdict; None if there is none yet."""
    return next(iter(most_severe_first(run.verdicts)), None)


def accused(run: "Snapshot") -> str | None:
    """The layer that the leading verdict names, if this verdict is a problem."""
    verdict = leading(run)
    return None if verdict is None or verdict.kind in _GOOD | _NEUTRAL else verdict.layer


def suggestions(run: "Snapshot") -> tuple[str, ...]:
    """The scenarios to try next, those of the most severe verdict first."""
    verdicts = most_severe_first(run.verdicts)
    return tuple(dict.fromkeys(name for verdict in verdicts for name in verdict.suggestions))


def kind_name(verdict: "VerdictChanged") -> Piece:
    """The kind of the verdict, in capitals and in the colour of its severity."""
    return Piece(verdict.kind.replace("_", " ").upper(), _role(verdict.kind))


def sentence(verdict: "VerdictChanged") -> Row:
    """The verdict in full: kind, first step and reason."""
    return (
        kind_name(verdict),
        Piece(f" since step {format.count(verdict.since_step)}. {verdict.text} {verdict.cure}".rstrip()),
    )


def others(verdicts: "Sequence[VerdictChanged]") -> tuple[Row, ...]:
    """The key that shows all verdicts, with their names; the short form only says that there are more."""
    row: list[Piece] = []
    for verdict in verdicts:
        row += [Piece(", "), kind_name(verdict)]
    key = Piece("w", "accent")
    return ((key, Piece(" also: "), *row[1:]), (key, Piece(" more"))) if row else ()


def to_try(run: "Snapshot") -> tuple[Row, ...]:
    """The key that opens the suggested scenarios, with their names."""
    names = suggestions(run)
    return ((Piece("x", "accent"), Piece(" try: "), Piece(", ".join(names), "strong")),) if names else ()


def evidence(verdict: "VerdictChanged") -> list[tuple[str, str]]:
    """The numbers that the verdict is based on: name and value, without those that do not apply."""
    numbers = verdict.evidence.items()
    return [(_evidence_name(name), _number(value)) for name, value in numbers if value is not None]


def _evidence_name(name: str) -> str:
    """`unmoved layer 1` for `unmoved_layer1`."""
    return " ".join(map(format.layer_name, name.split("_")))


def _number(value: float) -> str:
    if float(value).is_integer():
        return format.count(int(value))
    return format.fixed(value, 3, 8) if abs(value) < _LARGE else format.scientific(value)


def _role(kind: str) -> str:
    if kind in _GOOD:
        return "good"
    if kind in _NEUTRAL:
        return "dim"
    return "warn" if kind in _MILD else "bad"
