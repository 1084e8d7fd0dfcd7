"""A run's verdicts on the screen: the most severe in full, the others by name."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from tui_vanish.drawing import format
from tui_vanish.drawing.text import Piece, Row
from tui_vanish.language import marked_in, tr, tr_in
from tui_vanish.language.below import spoken
from vanish_recorder.protocol.verdicts import severity

if TYPE_CHECKING:
    from engine.tracking.snapshot import Snapshot
    from vanish_recorder.protocol.events import VerdictChanged

_GOOD = frozenset({"healthy", "learning"})
# What the numbers of a watched run's verdicts are, where their names do not say it.
_MEANINGS = {
    "factor": marked_in("evidence", "what each block passes on"),
    "ratio": marked_in("evidence", "the same over all blocks between"),
    "hops": marked_in("evidence", "blocks between"),
    "delta_norm": marked_in("evidence", "gradient there, dL/dh"),
    "delta_norm_of_last": marked_in("evidence", "gradient at the last block"),
    "update_ratio": marked_in("evidence", "a step, by weight norm"),
    "update_ratio_of_last": marked_in("evidence", "the same, last block"),
    "starved": marked_in("evidence", "blocks with little gradient"),
    "spread": marked_in("evidence", "difference within a batch"),
    "spread_of_first": marked_in("evidence", "the same, first block"),
    "unmoved": marked_in("evidence", "weights that did not move"),
    "of_matrices": marked_in("evidence", "matrices in all"),
    "norm_weights": marked_in("evidence", "norm weights that hold"),
    "of_norm_weights": marked_in("evidence", "norm weights in all"),
    "spacing": marked_in("evidence", "spacing of the dtype"),
    "lr": marked_in("evidence", "learning rate"),
    "share": marked_in("evidence", "share of the steps"),
    "skipped": marked_in("evidence", "skipped steps so far"),
    "scale": marked_in("evidence", "loss scale"),
    "scale_at_first": marked_in("evidence", "loss scale at first"),
    "underflow": marked_in("evidence", "gradient lost in fp16"),
    "grad_rms": marked_in("evidence", "gradient, root mean sq."),
    "eps": marked_in("evidence", "Adam's eps"),
    "decades": marked_in("evidence", "powers of ten lost"),
    "time_steps": marked_in("evidence", "time steps"),
    "reached": marked_in("evidence", "time steps with gradient"),
    "part": marked_in("evidence", "what the first ones get"),
    "dead": marked_in("evidence", "dead units"),
    "sample_before": marked_in("evidence", "the sample before"),
}
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
        Piece(" " + tr("since step {step}.", step=format.count(verdict.since_step))),
        Piece(f" {spoken(verdict.text)} {spoken(verdict.cure)}".rstrip()),
    )


def others(verdicts: "Sequence[VerdictChanged]") -> tuple[Row, ...]:
    """The key that shows all verdicts, with their names; the short form only says that there are more."""
    row: list[Piece] = []
    for verdict in verdicts:
        row += [Piece(", "), kind_name(verdict)]
    key = Piece("w", "accent")
    return ((key, Piece(f" {tr('also:')} "), *row[1:]), (key, Piece(f" {tr('more')}"))) if row else ()


def in_full(run: "Snapshot") -> tuple[Row, ...]:
    """The key that shows the leading verdict with what helps, if there is little room for it here."""
    verdict = leading(run)
    if verdict is None or not verdict.cure:
        return ()
    return ((Piece("w", "accent"), Piece(" " + tr("the numbers, and what helps"))),)


def to_try(run: "Snapshot") -> tuple[Row, ...]:
    """The key that opens the suggested scenarios, with their names."""
    names = suggestions(run)
    return (
        ((Piece("x", "accent"), Piece(f" {tr('try:')} "), Piece(", ".join(names), "strong")),)
        if names
        else ()
    )


def evidence(verdict: "VerdictChanged") -> list[tuple[str, str]]:
    """The numbers that the verdict is based on: name and value, without those that do not apply."""
    names = _MEANINGS if verdict.cure else {}  # those of a scenario's verdicts are in the glossary
    return [
        (_meaning(names, name), _number(value))
        for name, value in verdict.evidence.items()
        if value is not None
    ]


def _meaning(names: Mapping[str, str], name: str) -> str:
    return tr_in("evidence", names[name]) if name in names else _evidence_name(name)


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
