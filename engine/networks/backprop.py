"""Backpropagation, Algorithm 1 of the slides: the gradients of one step, layer by layer from the output down.

It is written out for two reasons: autograd takes longer for networks as small as these, and dL/da, which is
passed down from layer to layer, is exactly what this laboratory measures. It uses autograd's operations in
autograd's order, so its gradients are bit-identical to autograd's; tests compare the two. Only normalisations
are left to autograd.

In 16 bits, gradients have the types that they have under torch.autocast: that of the product or output whose
gradient they are. Those of float32 weights become float32 at the end, so what 16 bits have lost stays lost.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from engine.networks.activations import normalise_gradient
from engine.networks.mlp import Network, Tape

OnDelta = Callable[[int, Tensor], None]  # (layer, counted from 0; dL/da [batch, units])


@torch.no_grad()
def backpropagate(network: Network, tape: Tape, error: Tensor, on_delta: OnDelta | None = None) -> None:
    """Set the gradient of every parameter that trains. Stops at the lowest layer that trains.

    Args:
        network: unchanged since the tape was recorded.
        tape: of the forward pass; its `norms` are consumed.
        error: dL/dlogits, float32 [batch, classes].
        on_delta: called with each layer, counted from 0, and its dL/da [batch, units], from the output down
            to the lowest layer that trains.
    """
    layers, inputs = network.layers, [tape.images, *tape.h]  # inputs[i]: what layer i sees, [batch, in]
    lowest = next((number for number, layer in enumerate(layers) if layer.trains), len(layers))
    computes = network.computes
    # By layer: dL/dh summed over the paths so far, [batch, units].
    arriving = {len(layers) - 1: error if computes is None else error.to(tape.h[-1].dtype)}
    for number in range(len(layers) - 1, lowest - 1, -1):
        layer = layers[number]
        dh = arriving.pop(number)  # dL/dh [batch, units]
        if layer.skip_from is not None:  # h = a + h of the source, so dL/dh reaches the source unchanged
            source = layer.skip_from - 1
            _add(arriving, source, dh if computes is None else dh.to(tape.h[source].dtype))
        if number in tape.masks:  # from here on it is dL/da
            dh = dh * tape.masks[number]
        da = normalise_gradient(dh) if layer.normalises_gradient else dh  # dL/da [batch, units]
        if on_delta is not None:
            on_delta(number, da)
        if computes is not None:
            da = da.to(tape.a[number].dtype)
        dz = layer.activation.backward(da, tape.kept[number])  # dL/dz = dL/da · φ'(z) [batch, units]
        if layer.norm is not None:
            dz = tape.norms.pop(number).backward(dz)  # dL/d(W·x + b) [batch, units]
        del dh, da  # so that the next tensors can reuse their memory while it is in the cache
        x, weight = (inputs[number], layer.weight) if computes is None else tape.multiplied[number]
        if layer.trains:
            dw, db = dz.T @ x, dz.sum(0)  # dL/dW [units, in] = [units, batch] @ [batch, in]; dL/db [units]
            layer.weight.grad, layer.bias.grad = dw.to(layer.weight.dtype), db.to(layer.bias.dtype)
        if number > lowest:
            below = dz @ weight  # dL/dx [batch, in] = [batch, units] @ [units, in]
            _add(arriving, number - 1, below if computes is None else below.to(tape.h[number - 1].dtype))


def _add(arriving: dict[int, Tensor], number: int, gradient: Tensor) -> None:
    """Add dL/dh [batch, units] of one path to what has reached the layer on other paths."""
    arriving[number] = arriving[number] + gradient if number in arriving else gradient
