"""What mean-field theory predicts for a scenario's first step: signal and gradient at each layer.

With wide layers and independent weights, z is Gaussian. A variance and a covariance then describe two
samples, and each layer maps them to those of the next layer (Poole et al. 2016, arXiv 1606.05340; Schoenholz
et al. 2017, arXiv 1611.01232). This is true only at initialization. It needs no torch; the first prediction
takes up to 0.2 s.
"""

import math
import operator
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import pairwise
from typing import TYPE_CHECKING

from engine.meanfield import gaussian, rectifiers
from engine.meanfield.output_error import output_error
from engine.meanfield.pairs import CLASSES, Pairs, Signal
from engine.protocol import data_spec
from engine.protocol.spec import OUTPUT, hidden_name

if TYPE_CHECKING:
    from scenarios.schema import Init, Mlp, Scenario

NORMALISED_EPS = 1e-6  # as in engine.networks.activations

# Measured on the training images: means over pixels and over pairs of images. E[x²] = 0.2064.
FASHION_MNIST = Signal(
    products=Pairs(own=0.2064, same=0.1540, other=0.1156),
    sizes=Pairs(own=0.2064, same=0.1936, other=0.1878),
    mean=0.2860,
)

# Within these bounds the predicted norm of dL/dW was within 25 % of the mean over seeds; see
# _why_no_grad_norm.
_DEEPEST = 10  # hidden layers
_NARROWEST = 32  # nodes
_FAINT_LOGITS = 0.01  # variance
_SMALL_LOGITS = 1.0

_SMALLEST = 1e-150  # its square is still a normal double


@dataclass(frozen=True, slots=True)
class LayerTheory:
    """The prediction at one layer.

    Attributes:
        name: of the layer.
        q: variance of z, after the normalisation if there is one.
        chi: the factor by which the squared norm of dL/da changes on its way back through this layer. At the
            output it contains no φ'.
        delta_norm: norm of dL/da over the batch; at the output, of dL/dlogits.
        grad_norm: norm of dL/dW; None where the theory does not hold.
    """

    name: str
    q: float
    chi: float
    delta_norm: float
    grad_norm: float | None


@dataclass(frozen=True, slots=True)
class Prediction:
    """The prediction for a scenario's first step.

    Attributes:
        layers: from the input to the output.
        no_grad_norm: why the weight gradients are not predicted; empty if they are.
    """

    layers: tuple[LayerTheory, ...]
    no_grad_norm: str

    @property
    def delta_factor(self) -> float | None:
        """The factor from the norm of dL/da at one hidden layer to that at the next, towards the output.

        It is the geometric mean over the hidden layers. None if there is only one, or if dL/da is 0.
        """
        norms = [layer.delta_norm for layer in self.layers[:-1]]
        # In a deep network the squares can be outside the range of a double.
        steps = [
            after / before for before, after in pairwise(norms) if before > _SMALLEST and after < math.inf
        ]
        return math.prod(steps) ** (1 / len(steps)) if steps else None


@dataclass(frozen=True, slots=True)
class _Layer:
    """The forward pass at a hidden layer.

    Attributes:
        fan_in: inputs per unit.
        sigma: fan-in × variance of a weight.
        below: the layer's input.
        scale: the product of the factors by which a normalisation multiplies two samples.
        z: the input of the activation.
        h: what the next layer sees.
    """

    fan_in: int
    sigma: float
    below: Signal
    scale: Pairs
    z: Signal
    h: Signal


def predict(scenario: "Scenario", images: Signal = FASHION_MNIST) -> Prediction:
    """Predict the first step of a scenario; for a staged scenario, the first step of its first stage.

    Args:
        scenario: what to train, with a network of the slides' kind.
        images: the training images.
    """
    stages = scenario.stages
    depth = sum(stages[0].sub_models) if stages else scenario.mlp.hidden_layers
    return _predict(
        scenario.mlp, depth, bool(stages), scenario.training.loss, scenario.data.batch_size, images
    )


def prediction_to_show(scenario: "Scenario") -> Prediction | None:
    """The prediction beside a run's measurements; None in 16 bits, with which it was not compared.

    There is none for other kinds of network than the slides' either.
    """
    compared = scenario.model.kind == "mlp" and scenario.training.precision == "fp32"
    return predict(scenario) if compared else None


def sigma_w2(init: "Init", fan_in: int, fan_out: int) -> float:
    """σ_w² = fan-in × variance of a weight.

    Args:
        init: how the layer is drawn.
        fan_in: inputs per unit.
        fan_out: units.
    """
    match init.scheme:
        case "normal":
            return fan_in * init.std**2
        case "xavier":
            return init.gain**2 * 2 * fan_in / (fan_in + fan_out)
        case "he":
            return init.gain**2 * 2
        case "orthogonal":
            return init.gain**2 * fan_in / max(fan_in, fan_out)
        case "pytorch":
            return 1 / 3


@lru_cache(maxsize=64)
def _predict(
    model: "Mlp", depth: int, default_head: bool, loss: str, batch: int, images: Signal
) -> Prediction:
    hidden = _forward(model, depth, images)
    last = hidden[-1].h
    # PyTorch's default output layer: weights and biases from U(±1/√width), with variance 1/(3 width).
    head = 1 / 3 if default_head else sigma_w2(model.init, model.width, CLASSES)
    logits = last.scaled(head).shifted(1 / (3 * model.width) if default_head else 0.0)
    error = output_error(loss, logits, batch)
    reason = _why_no_grad_norm(model, depth, loss, logits.products.own)

    def grad_norm(delta: Pairs, below: Signal, fan_in: int) -> float | None:
        """‖dL/dW‖² is the sum of (δ·δ')(h·h') over all pairs of samples."""
        return None if reason else math.sqrt(max(0.0, fan_in * delta.times(below.products).total(batch)))

    layers = [
        LayerTheory(
            name=hidden_name(number),
            q=layer.z.products.own,
            chi=layer.sigma * layer.scale.own * _slopes(model, layer.z).own,
            delta_norm=math.sqrt(batch * delta.own),
            grad_norm=grad_norm(_before_norm(model, layer, delta), layer.below, layer.fan_in),
        )
        for number, (layer, delta) in enumerate(
            zip(hidden, _deltas(model, hidden, error.scaled(head)), strict=True), 1
        )
    ]
    output = LayerTheory(
        name=OUTPUT,
        q=logits.products.own,
        chi=head,
        delta_norm=math.sqrt(batch * error.own),
        grad_norm=grad_norm(error, last, model.width),
    )
    return Prediction((*layers, output), reason)


def _forward(model: "Mlp", depth: int, images: Signal) -> list[_Layer]:
    layers: list[_Layer] = []
    below, fan_in = images, data_spec.FASHION_MNIST.inputs
    for number in range(1, depth + 1):
        sigma = sigma_w2(model.init, fan_in, model.width)
        if model.norm == "batch":
            below = _centred(below)
        z, scale = _normalised(model.norm, below, sigma)
        h = _activated(model.activation, z)
        if model.dropout:
            h = Signal(_dropped(model.dropout, h.products), h.sizes.scaled(1 / (1 - model.dropout)), h.mean)
        for source, target in model.skip:
            if target == number:
                h = _sum(h, layers[source - 1].h)
        layers.append(_Layer(fan_in, sigma, below, scale, z, h))
        below, fan_in = h, model.width
    return layers


def _centred(signal: Signal) -> Signal:
    """The signal minus each unit's mean over the batch, which BatchNorm removes from z and the gradient."""
    products = signal.products.shifted(-signal.products.mean())
    return Signal(products, Pairs(*[products.own] * 3), 0.0)


def _normalised(norm: str, below: Signal, sigma: float) -> tuple[Signal, Pairs]:
    """z after a normalisation, and the product of the factors by which it multiplied two samples."""
    match norm:
        case "none":
            return below.scaled(sigma), Pairs(1.0, 1.0, 1.0)
        case "layer":  # divides each sample by its own size
            divisors = below.sizes
        case _:
            divisors = Pairs(*[below.sizes.own] * 3)
    z = Signal(
        below.products.combined(operator.truediv, divisors),
        below.sizes.combined(operator.truediv, divisors),
        0.0,
    )
    return z, Pairs(*(1 / variance if variance else math.inf for variance in divisors.scaled(sigma)))


def _dropped(part: float, pairs: Pairs) -> Pairs:
    """Products after dropout. Two samples have independent masks, so only a sample's own product grows."""
    return pairs._replace(own=pairs.own / (1 - part))


def _activated(activation: str, z: Signal) -> Signal:
    product = partial(gaussian.product, activation)
    return Signal(
        products=z.sizes.combined(product, z.products),
        sizes=z.sizes.combined(product, z.sizes),
        mean=gaussian.mean(activation, z.sizes.own),
    )


def _sum(a: Signal, skipped: Signal) -> Signal:
    """The sum of a layer and a skip. Their weights are independent, so only their means interact."""
    crossed = 2 * a.mean * skipped.mean
    return Signal(
        a.products.plus(skipped.products).shifted(crossed),
        a.sizes.plus(skipped.sizes).shifted(crossed),
        a.mean + skipped.mean,
    )


def _deltas(model: "Mlp", hidden: list[_Layer], arriving: Pairs) -> list[Pairs]:
    """Predict the products of two samples' dL/da, summed over units.

    Args:
        model: of the scenario.
        hidden: the forward pass.
        arriving: the products of dL/dh at the last hidden layer.

    Returns:
        From the first hidden layer to the last.
    """
    at_h: dict[int, Pairs] = {}
    deltas: list[Pairs] = []
    for number in range(len(hidden), 0, -1):
        layer = hidden[number - 1]
        for source, target in model.skip:
            if source == number and target in at_h:
                arriving = arriving.plus(at_h[target])
        at_h[number] = arriving
        delta = _dropped(model.dropout, arriving) if model.dropout else arriving
        if model.gradient == "normalised":
            deviation = math.sqrt(delta.own / model.width)
            delta = delta.scaled((deviation + NORMALISED_EPS) ** -2)
        deltas.append(delta)
        arriving = _before_norm(model, layer, delta).scaled(layer.sigma)
    return deltas[::-1]


def _before_norm(model: "Mlp", layer: _Layer, delta: Pairs) -> Pairs:
    """The products of two samples' gradients at the output of the linear layer, from those of dL/da."""
    return delta.times(_slopes(model, layer.z)).times(layer.scale)


def _slopes(model: "Mlp", z: Signal) -> Pairs:
    product = partial(gaussian.slope_product, model.activation, beta=model.beta or 0.0)
    return z.sizes.combined(product, z.products)


def _why_no_grad_norm(model: "Mlp", depth: int, loss: str, logits: float) -> str:
    """Why the weight gradients are not predicted; empty if they are.

    The prediction uses the mean pair of each kind. Outside these bounds it matters how much the pairs of one
    kind differ, or that the layers are not infinitely wide.
    """
    if depth > _DEEPEST or model.width < _NARROWEST:
        return f"it holds for up to {_DEEPEST} hidden layers of {_NARROWEST} or more nodes"
    if model.dropout and model.skip:
        return "with dropout it was off beside a skip connection"
    if model.activation in ("identity", "relu", *rectifiers.NAMES) and model.norm != "layer":
        bound, where = _FAINT_LOGITS, f"with {model.activation}"
    elif model.activation == "tanh":
        bound, where = _SMALL_LOGITS, "with tanh"
    elif loss == "bce":
        bound, where = _SMALL_LOGITS, "with binary cross entropy"
    else:
        return ""
    return "" if logits <= bound else f"{where} it holds only while the logits start near 0"
