"""Findings: what a rule returns."""

from dataclasses import dataclass, field

from engine.protocol.verdicts import Kind


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of a rule.

    Attributes:
        kind: see engine.protocol.verdicts.
        variant: selects one of the kind's sentences.
        cause: selects how the sentence explains it; "" for no explanation.
        layer: the layer it is about; None if it is about the whole network.
        reference: the layer that `layer` is compared with.
        layers: all affected layers, from the input on.
        evidence: the numbers that it is based on, by name.
        since: its first step, if that is earlier than the step at which it was found.
    """

    kind: Kind
    variant: str = "plain"
    cause: str = ""
    layer: str | None = None
    reference: str | None = None
    layers: tuple[str, ...] = ()
    evidence: dict[str, float | None] = field(default_factory=dict)
    since: int | None = None
