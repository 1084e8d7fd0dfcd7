"""What is measured at each layer, and how. The results stay on the device until one copy to the CPU.

A quantity is a row in vanish_recorder.protocol.quantities and a function here, registered by the row's name.
The function is called with one of four sources:

- `of_weights`: the weights before and after the update; it returns [layers];
- `of_outputs`: the outputs h of layers; it returns [layers];
- `of_activations`: the output a of one layer's activation; it returns a scalar;
- `of_deltas`: one layer's dL/da, float [batch, units], during the backward pass; it returns a scalar.

A source computes once what several functions need. A function only reads its source, unless it is registered
with `overwrites`. It returns float64.

Norms and deviations are computed in double precision: the squares of a vanishing gradient are below the
range of float32 long before the gradient itself is, and those of an exploding one are above it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain
from typing import Generic, TypeVar

import torch
from torch import Tensor

from engine.networks.activations import SIGMOIDS
from vanish_recorder.measure.norms import norm
from vanish_recorder.measure.weights import underflow
from vanish_recorder.protocol.quantities import QUANTITIES
from vanish_recorder.protocol.quantity import Layers

# A unit is saturated if its slope is below this fraction of the largest slope (sigmoid 1/4, tanh 1).
SATURATED_SLOPE = 0.05

Source = TypeVar("Source")
Function = Callable[[Source], Tensor]


class Functions(Generic[Source]):
    """The functions that measure quantities at one kind of source, by quantity.

    `@functions("name")` adds one. Which layers a source is about decides which of them are called.

    Args:
        kinds: the `Quantity.layers` that this kind of source has the tensors for.
    """

    def __init__(self, *kinds: Layers) -> None:
        self._kinds = kinds
        self._reading: dict[str, Function[Source]] = {}
        self._overwriting: dict[str, Function[Source]] = {}
        self._applying: dict[tuple[str, str, tuple[Layers, ...]], dict[str, Function[Source]]] = {}

    def __iter__(self) -> Iterator[str]:
        return chain(self._reading, self._overwriting)

    def __call__(
        self, name: str, *, overwrites: bool = False
    ) -> Callable[[Function[Source]], Function[Source]]:
        """Let the decorated function measure the quantity called `name`.

        Args:
            name: of a row in QUANTITIES.
            overwrites: the function writes over its source's tensors, which saves a copy; it is called last,
                and so there is at most one for each kind of source.

        Raises:
            ValueError: there is no such row, it applies to layers that this kind of source has no tensors
                for, or another function overwrites the source already.
        """
        row = QUANTITIES.get(name)
        if row is None:
            raise ValueError(f"{name}: no such quantity")
        if row.layers not in self._kinds:
            raise ValueError(f"{name}: here are no tensors for {row.layers} layers")
        if overwrites and self._overwriting:
            raise ValueError(f"{name}: {next(iter(self._overwriting))} overwrites the same tensors")

        def add(function: Function[Source]) -> Function[Source]:
            (self._overwriting if overwrites else self._reading)[name] = function
            self._applying.clear()
            return function

        return add

    def applying(
        self, activation: str, *kinds: Layers, precision: str = "fp32"
    ) -> Mapping[str, Function[Source]]:
        """Those whose quantities apply to layers of all these kinds, in the order to call them in."""
        known = self._applying.get((activation, precision, kinds))
        if known is None:
            known = self._applying[activation, precision, kinds] = {
                name: function
                for name, function in chain(self._reading.items(), self._overwriting.items())
                if QUANTITIES[name].applies(kinds, activation, precision)
            }
        return known


# --------------------------------------------------------------------------------------- weights


class Weights:
    """The weights of layers with the same shape, stacked into one tensor.

    All of the layers train, or all are frozen. Stacking saves time: with layers as small as these, most of an
    operation's cost is the call.

    Args:
        before: the weights before the step's update, float [layers, units, in].
        after: the weights after it, float [units, in] each, with their gradients.
        scale: of the loss in this step, a scalar tensor; None without one. The gradients are without it.

    Attributes:
        norm: of the weights before the update, float64 [layers].
        trained: whether the layers have gradients. The next two exist only if they have.
        gradient: dL/dW, float [layers, units, in].
        update: the change of the weights, float [layers, units, in].

    Differences and counts are those of float32 also where the weights have 16 bits: these have no room for
    them.
    """

    gradient: Tensor
    update: Tensor

    def __init__(self, before: Tensor, after: Sequence[Tensor], scale: Tensor | None = None) -> None:
        self.before, self.scale = _wide(before), scale
        self.norm = norm(self.before, dim=(1, 2))
        gradients = [weight.grad for weight in after if weight.grad is not None]
        self.trained = bool(gradients)
        if gradients:
            self.gradient = _wide(torch.stack(gradients))
            self.update = _wide(torch.stack([weight.detach() for weight in after])).sub_(self.before)


of_weights = Functions[Weights]("all", "trained")


@of_weights("weight_norm")
def _weight_norm(weights: Weights) -> Tensor:
    """‖W‖ before the update, float64 [layers]."""
    return weights.norm


@of_weights("grad_norm")
def _grad_norm(weights: Weights) -> Tensor:
    """‖dL/dW‖, float64 [layers]."""
    return norm(weights.gradient, dim=(1, 2))


@of_weights("update_ratio")
def _update_ratio(weights: Weights) -> Tensor:
    """‖ΔW‖ / ‖W‖, float64 [layers]."""
    return norm(weights.update, dim=(1, 2)) / weights.norm


@of_weights("underflow")
def _underflow(weights: Weights) -> Tensor:
    """The fraction of dL/dW that fp16 cannot hold, float64 [layers]."""
    return underflow(weights.gradient, weights.scale, dim=(1, 2))


@of_weights("unmoved", overwrites=True)
def _unmoved(weights: Weights) -> Tensor:
    """The fraction of the weights with dL/dW ≠ 0 that did not change, float64 [layers]; nan without any."""
    pushed = weights.gradient.ne_(0)  # 1 where the gradient is not 0; in place, as floats (see Activations)
    moved = weights.update.ne_(0).mul_(pushed)  # 1 where such a weight changed
    return 1 - moved.sum((1, 2)).double() / pushed.sum((1, 2))


# ------------------------------------------------------------------------- a layer's output, h


class Outputs:
    """The outputs of layers with the same width, and their mean and variance.

    Args:
        outputs: h of these layers, float [batch, units] each.

    Attributes:
        unit_means: over the batch, float64 [layers, units].
        unit_variances: over the batch, float64 [layers, units].
        means: over batch and units, float64 [layers].
    """

    def __init__(self, outputs: Sequence[Tensor]) -> None:
        self.outputs = outputs
        means, variances = [], []
        for output in outputs:
            deviation = output.double()  # [batch, units]
            unit_mean = deviation.mean(0)  # [units]
            means.append(unit_mean)
            variances.append(deviation.sub_(unit_mean).square_().mean(0))
        self.unit_means, self.unit_variances = torch.stack(means), torch.stack(variances)
        self.means = self.unit_means.mean(1)


of_outputs = Functions[Outputs]("all", "hidden")


@of_outputs("activation_mean")
def _activation_mean(outputs: Outputs) -> Tensor:
    """The mean of h over batch and units, float64 [layers]."""
    return outputs.means


@of_outputs("activation_std")
def _activation_std(outputs: Outputs) -> Tensor:
    """The standard deviation of h over batch and units, float64 [layers]."""
    # The law of total variance: that within units plus that between the means of the units. [layers]
    between = (outputs.unit_means - outputs.means[:, None]).square_().mean(1)
    return (outputs.unit_variances.mean(1) + between).sqrt()


@of_outputs("sample_std")
def _sample_std(outputs: Outputs) -> Tensor:
    """The standard deviation of h over the batch, averaged over the units, float64 [layers]."""
    return outputs.unit_variances.sqrt().mean(1)


# ------------------------------------------------------------------ an activation's output, a


class Activations:
    """The output of one hidden layer's activation.

    Masks of it are floats, computed in place: they are several times cheaper to compute and count than masks
    of booleans.

    Args:
        a: float [batch, units].
        activation: name of the activation.
    """

    def __init__(self, a: Tensor, activation: str) -> None:
        self.a, self.activation = _wide(a), activation

    @cached_property
    def zero(self) -> Tensor:
        """1 where a is 0, else 0; float [batch, units]."""
        return self.a.clone().eq_(0)

    @cached_property
    def zero_units(self) -> Tensor:
        """1 for each unit that is 0 for the whole batch, else 0; float [units]."""
        return self.zero.amin(0)


of_activations = Functions[Activations]("hidden")


@of_activations("saturated")
def _saturated(layer: Activations) -> Tensor:
    """The fraction of a [batch, units] where the slope is almost 0, a float64 scalar tensor."""
    a = layer.a
    if layer.activation in SIGMOIDS:
        return _share(torch.addcmul(a, a, a, value=-1).lt_(SATURATED_SLOPE * 0.25))
    return _share(a.square().gt_(1 - SATURATED_SLOPE))


@of_activations("inactive")
def _inactive(layer: Activations) -> Tensor:
    """The fraction of a [batch, units] that is 0, a float64 scalar tensor."""
    return _share(layer.zero)


@of_activations("dead")
def _dead(layer: Activations) -> Tensor:
    """The fraction of units that are 0 for the whole batch, a float64 scalar tensor."""
    return _share(layer.zero_units)


# ------------------------------------------------------------------------------- a layer's dL/da

of_deltas = Functions[Tensor]("reached")


@of_deltas("delta_norm")
def _delta_norm(delta: Tensor) -> Tensor:
    """‖dL/da‖ over dL/da [batch, units], a float64 scalar tensor."""
    return norm(delta)


def _wide(values: Tensor) -> Tensor:
    """The values in float32, if they have 16 bits."""
    return values.float() if values.itemsize < torch.float32.itemsize else values


def _share(mask: Tensor) -> Tensor:
    """The fraction of ones in a mask of ones and zeros. The float32 sum is exact up to 2^24 ones.

    Args:
        mask: float, of any shape.

    Returns:
        A float64 scalar tensor.
    """
    return mask.sum().double() / mask.numel()
