"""Why the gradient shrinks or grows on its way back from the last hidden layer to another one.

dL/da of a layer is that of the layer above, times the slopes and the weights of the layer above. So the cause
is looked for in the layers above, down to the one that is compared, and it is named only if it accounts for
what was measured: for the layers' random weights, the factor is about slope × ‖W‖/√width.
"""

import math
from collections.abc import Sequence

from engine.diagnosis.layer import Layer
from engine.diagnosis.network import Network
from engine.diagnosis.slopes import BY_SIZE
from engine.diagnosis.thresholds import ACCOUNTED, DRIFTED, FLATTENED, NOT_GROWING, SATURATED
from engine.diagnosis.window import Window
from engine.protocol.spec import MLP

_STEEPEST = {"sigmoid": 0.25, "sigmoid_beta": 0.25}  # of the others it is about 1
_RECTIFIERS = BY_SIZE | {"relu"}  # their slope is near 1 above 0 and small far below it


def between(window: Window, layer: Layer, last: Layer) -> tuple[Layer, ...]:
    """The layers that the gradient passes on its way from `last` to `layer`, without `layer` itself."""
    return tuple(each for each in window.hidden if layer.number < each.number <= last.number)


def ratio_at_first(window: Window, layer: Layer, last: Layer) -> float | None:
    """The layer's dL/da divided by that of `last`, in the stage's first sample; None if it is unknown."""
    found = {each.name: each.delta for each in window.first_layers}
    below, above = found.get(layer.name), found.get(last.name)
    return below / above if below and above else None


def without_beta(window: Window, layer: Layer, last: Layer) -> float | None:
    """About what the factor per layer would be without the β in the slopes; None where there is none."""
    beta, passed = window.network.beta, between(window, layer, last)
    if not beta or not passed or not layer.delta or not last.delta or _skipped(window, layer, last):
        return None
    if any(each.slope is None for each in passed):
        return None
    measured: float = (layer.delta / last.delta) ** (1 / len(passed))
    parts = [(each.slope or 0.0) / ((each.slope or 0.0) + beta) for each in passed]
    return measured * float(math.prod(part ** (1 / len(parts)) for part in parts))


def most_saturated(passed: Sequence[Layer]) -> Layer | None:
    """The layer with the largest part on the flat ends of its activation."""
    known = [layer for layer in passed if layer.saturated is not None]
    return max(known, key=lambda layer: layer.saturated or 0.0, default=None)


def of_shrinking(window: Window, layer: Layer, last: Layer) -> str:
    """The cause, as the sentences of `vanishing` name it; "" if it is unknown."""
    network, passed = window.network, between(window, layer, last)
    if network.kind != MLP:
        return "drifted" if _has_drifted(window, layer, last) else ""
    flat, drifted = most_saturated(passed), _has_drifted(window, layer, last)
    if flat is not None and (flat.saturated or 0.0) >= SATURATED and _is_flattened(network, flat):
        return "saturated_since" if drifted else "saturated"
    if drifted:
        return "drifted"
    if network.norm not in ("", "none"):
        return "" if _skipped(window, layer, last) else "normalised"
    if not _accounts_for_it(window, layer, last):
        return ""
    steepest = _STEEPEST.get(network.activation, 1.0) + (network.beta or 0.0)
    too_small = network.activation in _RECTIFIERS or steepest * _weights(network, passed) < 1
    return network.activation if too_small else "slope"


def of_growing(window: Window, layer: Layer, last: Layer) -> str:
    """The cause, as the sentences of `exploding` name it; "" if it is unknown."""
    network = window.network
    if _has_drifted(window, layer, last):
        return "drifted"
    if network.kind != MLP:
        return ""
    if (without := without_beta(window, layer, last)) is not None and without < NOT_GROWING:
        return "beta"
    if network.norm not in ("", "none"):
        return "" if _skipped(window, layer, last) else "normalised"
    if not _accounts_for_it(window, layer, last):
        return ""
    return "identity" if network.activation == "identity" else "weights"


def _has_drifted(window: Window, layer: Layer, last: Layer) -> bool:
    """Whether training made most of the difference between the layers."""
    first = ratio_at_first(window, layer, last)
    if not first or not layer.delta or not last.delta:
        return False
    now = math.log(layer.delta) - math.log(last.delta)
    return math.log(first) / now < DRIFTED if now else False


def _is_flattened(network: Network, layer: Layer) -> bool:
    """Whether the layer's slopes are small because of its saturated units, and nothing is added to them."""
    steepest = _STEEPEST.get(network.activation, 1.0)
    return layer.slope is not None and layer.slope + (network.beta or 0.0) <= FLATTENED * steepest


def _accounts_for_it(window: Window, layer: Layer, last: Layer) -> bool:
    """Whether slopes and sizes of weights give the factor that was measured, per layer."""
    passed = between(window, layer, last)
    if not passed or not layer.delta or not last.delta or _skipped(window, layer, last):
        return False
    if window.network.width is None or any(each.slope is None or not each.weights for each in passed):
        return False
    measured: float = (layer.delta / last.delta) ** (1 / len(passed))
    weights, slopes = (
        _weights(window.network, passed),
        [_slopes(each, window.network.beta) for each in passed],
    )
    low, high = (
        weights * math.prod(slope ** (1 / len(passed)) for slope in bound)
        for bound in zip(*slopes, strict=True)
    )
    return bool(low / ACCOUNTED <= measured <= high * ACCOUNTED)


def _slopes(layer: Layer, beta: float | None) -> tuple[float, float]:
    """Bounds of the root mean square of a layer's slopes, from their mean m.

    Slopes p are between 0 and the steepest s, so m² ≤ E[p²] ≤ s·m.
    """
    steepest, mean, added = _STEEPEST.get(layer.spec.activation, 1.0), layer.slope or 0.0, beta or 0.0
    low = mean + added
    if layer.spec.activation in _RECTIFIERS:  # the mean of the squares is known
        return math.sqrt(mean), math.sqrt(mean)
    return low, math.sqrt(steepest * mean + 2 * added * mean + added**2)


def _weights(network: Network, passed: Sequence[Layer]) -> float:
    """By how much the layers' weights multiply a gradient: ‖W‖/√width, as a geometric mean."""
    if network.width is None or not passed:
        return math.inf
    sizes = [(layer.weights or 0.0) / math.sqrt(network.width) for layer in passed]
    return float(math.prod(size ** (1 / len(sizes)) for size in sizes))


def _skipped(window: Window, layer: Layer, last: Layer) -> bool:
    """Whether a skip connection carries gradient past one of the layers between."""
    return any(source < last.number and target > layer.number for source, target in window.skips)
