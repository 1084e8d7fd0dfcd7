"""How deep a network of one kind may be before its first gradients vanish or explode: χ and ξ.

In a deep network the variance of z settles at a fixed point q* = σ_w² E[φ(z)²] + σ_b². There each layer
multiplies the squared norm of the gradient by the same χ = σ_w² E[φ'(z)²], so over ξ = −1/ln χ layers it
changes by a factor e. Schoenholz et al. (2017, arXiv 1611.01232) found that networks learn up to about 6 ξ
layers. It needs no torch.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from engine.meanfield import gaussian
from engine.meanfield.prediction import predict, sigma_w2

if TYPE_CHECKING:
    from scenarios.schema import Scenario

REACH = 6  # multiples of ξ

_CRITICAL = 5e-5  # a χ that is nearer to 1 counts as 1: the integrals are no more exact
_EXACT = 1e-12  # of the fixed point, relative
_MOST_STEPS = 100  # about 8 are enough
_SMALLEST = 1e-300  # of σ_w² + σ_b²; the numbers below are not normal doubles
_FADED = math.log(1e-150)  # a fixed point below this is 0

_BY_FIRST_Q = ("silu", "gelu")
_RELU_FAR_FROM_0 = ("elu", "silu", "gelu")


@dataclass(frozen=True, slots=True)
class DepthScale:
    """What theory says about networks of one kind at initialization, whatever their depth.

    Attributes:
        sigma_w2: σ_w² = fan-in × variance of a weight.
        q: the variance of z deep in the network: 0 if the signal fades away, inf if it grows without end,
            None if it keeps the value that it starts with. With SiLU and GELU the first layer decides.
        chi: the factor by which the squared norm of dL/da changes on its way back through a layer.
        xi: −1/ln χ in layers: positive where gradients vanish, negative where they explode, None at χ = 1.
    """

    sigma_w2: float
    q: float | None
    chi: float
    xi: float | None

    @property
    def factor(self) -> float:
        """The factor √χ by which the norm of dL/da itself changes."""
        return math.sqrt(self.chi)

    @property
    def reach(self) -> float | None:
        """6 |ξ|: the number of layers after which the norm of dL/da has changed by e³ ≈ 20; None at χ = 1."""
        return None if self.xi is None else REACH * abs(self.xi)


def depth_scale(scenario: "Scenario") -> DepthScale | None:
    """χ and ξ of a scenario's hidden layers, which are those of any depth; None if it has none.

    `why_no_depth_scale` says why. Biases start at 0.

    Args:
        scenario: what to train.
    """
    if why_no_depth_scale(scenario):
        return None
    model = scenario.mlp
    return depth_scale_of(
        model.activation,
        sigma_w2(model.init, model.width, model.width),
        beta=model.beta or 0.0,
        first_q=predict(scenario).layers[0].q if model.activation in _BY_FIRST_Q else None,
    )


def why_no_depth_scale(scenario: "Scenario") -> str:
    """Why a scenario has no χ and ξ, as a clause; empty if it has.

    Args:
        scenario: what to train.
    """
    model = scenario.model
    if model.kind != "mlp":
        return "theory is about fully connected layers"
    if scenario.stages:
        return "its stages add layers, so its depth changes"
    if model.skip:
        return "a skip connection carries the gradient past layers"
    if model.norm != "none":
        return "a normalisation sets the variance of z at each layer"
    if model.dropout:
        return "dropout changes what each layer passes on"
    if model.gradient != "plain":
        return "the gradient is normalised at each layer"
    return ""


@lru_cache(maxsize=4096)
def depth_scale_of(
    activation: str,
    sigma_w2: float,
    *,
    sigma_b2: float = 0.0,
    beta: float = 0.0,
    first_q: float | None = None,
) -> DepthScale:
    """χ and ξ of wide layers with random weights.

    Args:
        activation: name of φ.
        sigma_w2: σ_w² = fan-in × variance of a weight.
        sigma_b2: σ_b², the variance of a bias; 0 for SiLU and GELU.
        beta: β of `sigmoid_beta`; it is in the backward pass only, so ξ is that of the gradient.
        first_q: variance of z in the first layer, on which it depends what becomes of it with SiLU and GELU;
            None takes 1. The others ignore it.

    Raises:
        KeyError: there is no activation with that name.
    """
    first_q = 1.0 if first_q is None else first_q
    q = _fixed_point(activation, sigma_w2, sigma_b2, first_q)
    # χ is the same at every q where q has no fixed point: with the identity, ReLU and leaky ReLU.
    at = first_q if q is None else 1.0 if q == math.inf else q
    slopes_of = "relu" if q == math.inf and activation in _RELU_FAR_FROM_0 else activation
    chi = sigma_w2 * gaussian.slope_product(slopes_of, at, at, beta)
    return DepthScale(sigma_w2, q, chi, _xi(chi))


def with_fixed_point(activation: str, q: float, *, beta: float = 0.0) -> DepthScale:
    """χ and ξ of the layers with biases 0 at which the variance of z settles at `q`.

    It is `depth_scale_of` the other way round, for curves: nothing has to be solved.

    Args:
        activation: name of φ: a sigmoid or tanh, whose σ_w² is a function of q.
        q: above 0.
        beta: β of `sigmoid_beta`.
    """
    sigma_w2 = q / gaussian.product(activation, q, q)
    chi = sigma_w2 * gaussian.slope_product(activation, q, q, beta)
    return DepthScale(sigma_w2, q, chi, _xi(chi))


def _xi(chi: float) -> float | None:
    if chi == 0:  # weights so small that their square is 0
        return 0.0
    return None if abs(chi - 1) <= _CRITICAL else -1 / math.log(chi)


def _fixed_point(activation: str, sigma_w2: float, sigma_b2: float, first_q: float) -> float | None:
    if activation in _BY_FIRST_Q:
        return _fate(activation, sigma_w2, sigma_b2, first_q)
    if activation in ("identity", "relu", "leaky_relu"):
        # q of the next layer is a straight line in q.
        gain = sigma_w2 * gaussian.product(activation, 1.0, 1.0)
        if abs(gain - 1) <= _CRITICAL and sigma_b2 == 0:
            return None
        return math.inf if gain >= 1 else sigma_b2 / (1 - gain)
    if activation in ("tanh", "elu") and sigma_b2 == 0 and sigma_w2 <= 1:
        return 0.0  # |φ(z)| < |z|
    if activation == "elu" and sigma_w2 / 2 > 1 - _CRITICAL:
        return math.inf
    return _positive_fixed_point(activation, sigma_w2, sigma_b2)


def _fate(activation: str, sigma_w2: float, sigma_b2: float, first_q: float) -> float | None:
    """What becomes of q with SiLU or GELU: 0, inf, or None if it stays.

    The next layer's q divided by q grows with q, so a q that shrinks once shrinks for ever.

    Raises:
        NotImplementedError: there are biases.
    """
    if sigma_b2:
        raise NotImplementedError
    if first_q < _SMALLEST:
        return 0.0
    gain = sigma_w2 * gaussian.product(activation, first_q, first_q) / first_q
    if abs(gain - 1) <= _CRITICAL:
        return None
    return math.inf if gain > 1 else 0.0


def _positive_fixed_point(activation: str, sigma_w2: float, sigma_b2: float) -> float:
    """The one q > 0 that a layer with a sigmoid, tanh or ELU maps to itself.

    The next layer's q divided by q falls as q grows, so there is only one. It is found by false position
    (the Illinois rule) in log q, because plain iteration is slow near the edge of chaos.
    """

    def growth(log_q: float) -> float:
        q = math.exp(log_q)
        return math.log(sigma_w2 * gaussian.product(activation, q, q) + sigma_b2) - log_q

    most = sigma_w2 + sigma_b2  # |φ| ≤ 1
    if activation == "elu":  # E[φ²] ≤ (q + 1)/2
        most = (sigma_w2 / 2 + sigma_b2) / (1 - sigma_w2 / 2)
    if most < _SMALLEST:
        return 0.0
    high, below = math.log(most), 1.0
    at_high = growth(high)
    while (at_low := growth(low := high - below)) <= 0:
        high, at_high, below = low, at_low, 2 * below
        if high < _FADED:
            return 0.0
    kept = 0  # which end the last step kept: −1 the lower, 1 the upper
    middle = low
    for _ in range(_MOST_STEPS):
        middle = (low * at_high - high * at_low) / (at_high - at_low)
        at_middle = growth(middle)
        if abs(at_middle) <= _EXACT:
            break
        if at_middle > 0:
            low, at_low, at_high = middle, at_middle, at_high / (2 if kept == 1 else 1)
            kept = 1
        else:
            high, at_high, at_low = middle, at_middle, at_low / (2 if kept == -1 else 1)
            kept = -1
    return math.exp(middle)
