"""The layers of a run's network, as the record of its scenario describes them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from engine.protocol.data_spec import FASHION_MNIST
from engine.protocol.record_fields import NotARunSpec, flag, items, positive, text, unusable

if TYPE_CHECKING:
    from vanish_recorder.protocol.event import Record

Role = Literal["hidden", "output", "weights"]

MLP = "mlp"  # the kind of the slides' networks, which a record need not name
OUTPUT = "output"  # the name of a scenario's output layer
MOST_LAYERS = 4096  # far more than a scenario may have: a damaged number must not fill the memory
CELL = "cell"  # the weights that all time steps of a recurrent network use
TIME_STEPS = FASHION_MNIST.shape[0]  # an image is read row by row
PATCHES = "patches"  # the first block of a transformer: an image as tokens
CNN_STAGES = 3
STEM_STRIDE = 2  # so that an epoch takes seconds on one core: the stages see 14×14, 7×7 and 4×4 pixels


def hidden_name(number: int) -> str:
    """The name of a scenario's hidden layer, counted from 1 at the input."""
    return f"layer{number}"


def time_name(number: int) -> str:
    """The name of a time step, counted from 1."""
    return f"t{number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerSpec:
    """One layer.

    Attributes:
        name: unique in its network; events name the layer by it.
        role: whether it is the output layer, whose results the loss is computed from; `weights` has only
            weights, and its outputs are listed as places of their own.
        kind: what it computes: `linear`, `convolution`, `residual`, or the class of a watched module; empty
            if unknown.
        activation: the nonlinearity behind it, as scenarios name them; empty if none or unknown.
        norm: the normalisation before the activation, as scenarios name them.
        skip_from: the layer whose output is added to this one's; None without a skip connection.
        number: what sentences call it by (`layer 7`); None where they use its name.
    """

    name: str
    role: Role = "hidden"
    kind: str = "linear"
    activation: str = ""
    norm: str = "none"
    skip_from: str | None = None
    number: int | None = None


def layers_of(record: "Record") -> tuple[LayerSpec, ...]:
    """The layers, or of other kinds of network the places where something is measured, input first.

    Args:
        record: a resolved scenario.

    Raises:
        NotARunSpec: it is damaged, or a kind that only a newer version knows.
    """
    kind = text(record, "model.kind", MLP)
    if kind not in _LAYERS:
        raise NotARunSpec(f"this version does not know networks of the kind {kind[:40]!r}")
    return _LAYERS[kind](record)


def _of_mlp(record: "Record") -> tuple[LayerSpec, ...]:
    hidden = _at_most(record, "model.hidden_layers")
    activation, norm = text(record, "model.activation"), text(record, "model.norm", "none")
    sources = {target: source for source, target in _pairs(record, "model.skip")}
    layers = [
        LayerSpec(
            name=hidden_name(number),
            activation=activation,
            norm=norm,
            skip_from=hidden_name(sources[number]) if number in sources else None,
            number=number,
        )
        for number in range(1, hidden + 1)
    ]
    return (*layers, LayerSpec(name=OUTPUT, role="output"))


def _of_cnn(record: "Record") -> tuple[LayerSpec, ...]:
    blocks = CNN_STAGES * _at_most(record, "model.blocks")
    kind = "residual" if flag(record, "model.residual") else "convolutions"
    norm = text(record, "model.norm", "none")
    return (
        LayerSpec(name="stem", kind="convolution", norm=norm),
        *(LayerSpec(name=f"block{number}", kind=kind, norm=norm) for number in range(1, blocks + 1)),
        LayerSpec(name=OUTPUT, role="output"),
    )


def _of_rnn(record: "Record") -> tuple[LayerSpec, ...]:
    return (
        LayerSpec(name=CELL, role="weights", kind=text(record, "model.cell")),
        *(LayerSpec(name=time_name(number), kind="time") for number in range(1, TIME_STEPS + 1)),
        LayerSpec(name=OUTPUT, role="output"),
    )


def _of_transformer(record: "Record") -> tuple[LayerSpec, ...]:
    blocks = _at_most(record, "model.blocks")
    norm = f"{text(record, 'model.norm_place')}-LN"
    return (
        LayerSpec(name=PATCHES, kind="patches"),
        *(LayerSpec(name=f"block{number}", kind=norm) for number in range(1, blocks + 1)),
        LayerSpec(name=OUTPUT, role="output"),
    )


def _at_most(record: "Record", key: str) -> int:
    found = positive(record, key)
    if found > MOST_LAYERS:
        raise unusable(key)
    return found


def _pairs(record: "Record", key: str) -> list[tuple[int, int]]:
    """Skip connections as (source, target), in which the source comes first."""
    found = []
    for pair in items(record, key):
        match pair:
            case [int(source), int(target)] if 1 <= source < target:
                found.append((source, target))
            case _:
                raise unusable(key)
    return found


_LAYERS = {MLP: _of_mlp, "cnn": _of_cnn, "rnn": _of_rnn, "transformer": _of_transformer}
