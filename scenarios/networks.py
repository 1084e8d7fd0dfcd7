"""The kinds of network that a scenario file may describe, each a table with its own keys."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

CONFIG = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

ActivationName = Literal[
    "identity", "sigmoid", "tanh", "relu", "sigmoid_beta", "leaky_relu", "elu", "silu", "gelu"
]
NormName = Literal["none", "batch", "layer", "custom"]
GradientName = Literal["plain", "normalised"]
# Those that autograd trains: sigmoid_beta has a backward pass that is not the derivative of its forward pass.
PlainActivationName = Literal["identity", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "silu", "gelu"]
Pair = Annotated[tuple[int, int], Field(strict=False)]


class Table(BaseModel):
    """A table of the file: frozen, and an unknown key is an error."""

    model_config = CONFIG


class NormalInit(Table):
    """W ~ N(0, std²), as on the slides."""

    scheme: Literal["normal"]
    std: float = Field(gt=0, le=1000)


class ScaledInit(Table):
    """Schemes that derive the scale of the weights from the layer's shape.

    xavier: N(0, gain² · 2/(fan-in + fan-out)), Glorot and Bengio 2010; he: N(0, gain² · 2/fan-in), He et al.
    2015; orthogonal: gain times a random orthogonal matrix, Saxe et al. 2014.
    """

    scheme: Literal["xavier", "he", "orthogonal"]
    gain: float = Field(default=1.0, gt=0, le=1000)


class PyTorchInit(Table):
    """W ~ U(−1/√fan-in, 1/√fan-in): what PyTorch does by itself, with a variance of 1/(3 fan-in)."""

    scheme: Literal["pytorch"]


Init = Annotated[NormalInit | ScaledInit | PyTorchInit, Field(discriminator="scheme")]


class Mlp(Table):
    """The slides' network: hidden layers, each linear → norm → activation (+ skip), and an output layer.

    Attributes:
        kind: `mlp`, which a file need not say. It is not part of what a run's files hold, so that they are
            the same as before there were other kinds.
        hidden_layers: the number of hidden layers.
        width: nodes per hidden layer.
        activation: of the hidden layers.
        beta: what sigmoid_beta adds to the sigmoid's derivative in the backward pass.
        norm: the normalisation between the linear layer and the activation.
        dropout: the part of each hidden layer's activations that is 0 in a training step; the others are
            divided by what is left (Srivastava et al. 2014). Frozen layers and evaluation have none.
        gradient: `normalised` brings the gradient at each activation to mean 0 and standard deviation 1.
        skip: pairs (from, to): the output of layer `from` is added to that of layer `to`.
        init: how all weights are drawn, including those of the output layer; biases start at 0.
    """

    kind: Literal["mlp"] = Field(default="mlp", exclude=True)
    hidden_layers: int = Field(ge=1, le=256)
    width: int = Field(ge=1, le=8192)
    activation: ActivationName
    beta: float | None = Field(default=None, ge=0, le=10, description="a number from 0 to 10")
    norm: NormName = "none"
    gradient: GradientName = "plain"
    dropout: float | None = Field(default=None, ge=0, lt=1, description="a number from 0 to below 1")
    skip: Annotated[
        tuple[Pair, ...],
        Field(strict=False, description="a list of pairs of layers, such as [[1, 3], [4, 7]]"),
    ] = ()
    init: Init


class Cnn(Table):
    """A convolutional network as in He et al. (2016), section 4.2: a stem, three stages, an output layer.

    It has 6 · blocks + 2 layers with weights.

    Attributes:
        kind: `cnn`.
        blocks: of each stage, two 3×3 convolutions each.
        width: channels of the first stage; each later stage has twice as many on half the image.
        activation: after each convolution.
        norm: between each convolution and its activation.
        residual: whether a skip connection goes around each block.
        init: how all weights are drawn, including those of the output layer; biases start at 0.
    """

    kind: Literal["cnn"]
    blocks: int = Field(ge=1, le=40)
    width: int = Field(ge=1, le=1024)
    activation: PlainActivationName
    norm: Literal["none", "batch"] = "none"
    residual: bool = False
    init: Init


class Rnn(Table):
    """A recurrent network that reads an image row by row, and an output layer behind its last state.

    Attributes:
        kind: `rnn`.
        cell: the plain cell with tanh, LSTM or GRU.
        width: units of the state.
        init: how the weights of the input and of the output layer are drawn; biases start at 0.
        recurrent: how the weights from one time step to the next are drawn, each gate's by itself.
        forget_bias: the bias with which an LSTM's forget gates start (Gers et al. 2000).
    """

    kind: Literal["rnn"]
    cell: Literal["rnn", "lstm", "gru"]
    width: int = Field(ge=1, le=4096)
    init: Init
    recurrent: Init
    forget_bias: float | None = Field(default=None, ge=-10, le=10, description="a number from -10 to 10")


class Transformer(Table):
    """A transformer encoder that sees an image as patches, and an output layer on the mean over its tokens.

    Attributes:
        kind: `transformer`.
        blocks: each is attention and a perceptron with one hidden layer.
        width: of a token.
        heads: of the attention; they divide the width.
        patch: rows and columns of a patch; it divides 28.
        mlp_ratio: the width of the perceptron's hidden layer divided by that of a token.
        activation: of that hidden layer.
        norm_place: LayerNorm behind each skip connection (`post`), or before each part, with the skip
            connection left free (`pre`).
        init: how all matrices are drawn; biases start at 0, and the embeddings of the places are small.
    """

    kind: Literal["transformer"]
    blocks: int = Field(ge=1, le=128)
    width: int = Field(ge=1, le=2048)
    heads: int = Field(ge=1, le=64)
    patch: int = Field(ge=2, le=28)
    mlp_ratio: int = Field(default=4, ge=1, le=16)
    activation: PlainActivationName
    norm_place: Literal["post", "pre"]
    init: Init


def _of_a_kind(table: object) -> object:
    """A table that does not say its kind is one of the slides' networks."""
    return {"kind": "mlp", **table} if isinstance(table, dict) else table


Model = Annotated[Mlp | Cnn | Rnn | Transformer, Field(discriminator="kind"), BeforeValidator(_of_a_kind)]
