"""What a rule finds."""

from dataclasses import dataclass, field

from engine.protocol.verdicts import Kind


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found.

    Attributes:
        kind: see SEVERITY.
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
