"""Findings: what a rule returns."""

from dataclasses import dataclass, field

from vanish_recorder.protocol.verdicts import Kind

# The quantity that a kind of finding counts in each layer: its evidence has it as `unmoved_layer1`.
COUNTED = {"immovable": "unmoved", "saturated": "saturated", "dead": "dead"}


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of a rule.

    Attributes:
        kind: see vanish_recorder.protocol.verdicts.
        variant: selects one of the kind's sentences.
        cause: selects how the sentence explains it; "" for no explanation.
        layer: the layer it is about; None if it is about the whole network.
        reference: the layer that `layer` is compared with.
        layers: all affected layers, from the input on.
        evidence: the numbers that it is based on, by name; the sentence is made of these.
        named: layers that the sentence names besides, by the name of their placeholder.
        since: its first step, if that is earlier than the step at which it was found.
        share: how bad it is at `layer`, as a fraction of the layer, for kinds that count units or weights.
        ratio: how bad it is at `layer`, as a ratio, for kinds that compare two sizes.
    """

    kind: Kind
    variant: str = "plain"
    cause: str = ""
    layer: str | None = None
    reference: str | None = None
    layers: tuple[str, ...] = ()
    evidence: dict[str, float | None] = field(default_factory=dict)
    named: dict[str, str] = field(default_factory=dict)
    since: int | None = None
    share: float | None = None
    ratio: float | None = None
