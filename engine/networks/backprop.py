"""Backpropagation, Algorithm 1 of the slides: the gradients of one step, layer by layer from the output down.

Written out rather than left to autograd, which takes longer for networks as small as these, and because what
is handed down, dL/da, is what this laboratory measures. It is done in the operations that autograd takes, in
its order: the gradients are autograd's to the bit, and tests hold them against it. Only normalisations are
left to it.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from engine.networks.activations import normalise_gradient
from engine.networks.mlp import Network, Tape

OnDelta = Callable[[int, Tensor], None]


@torch.no_grad()
def backpropagate(network: Network, tape: Tape, error: Tensor, on_delta: OnDelta | None = None) -> None:
    """Set the gradients of all that trains. Nothing is computed below the lowest layer that does.

    Args:
        network: as it was when the tape was recorded.
        tape: of the forward pass; its `norms` are used up.
        error: dL/dlogits [batch, classes].
        on_delta: is told of each layer, counted from 0, and its dL/da [batch, units], from the output down to
            the lowest that trains.
    """
    layers, inputs = network.layers, [tape.images, *tape.h]
    lowest = next((number for number, layer in enumerate(layers) if layer.trains), len(layers))
    arriving = {len(layers) - 1: error}  # dL/dh, by layer, as far as it has come down
    for number in range(len(layers) - 1, lowest - 1, -1):
        layer = layers[number]
        dh = arriving.pop(number)
        if layer.skip_from is not None:
            _add(arriving, layer.skip_from - 1, dh)
        da = normalise_gradient(dh) if layer.normalises_gradient else dh
        if on_delta is not None:
            on_delta(number, da)
        dz = layer.activation.backward(da, tape.a[number])
        if layer.norm is not None:
            dz = tape.norms.pop(number).backward(dz)
        del dh, da  # what comes next may lie where they did, in the cache
        weight = layer.weight
        if weight.requires_grad:
            weight.grad = dz.T @ inputs[number]
            layer.bias.grad = dz.sum(0)
        if number > lowest:
            _add(arriving, number - 1, dz @ weight)


def _add(arriving: dict[int, Tensor], number: int, gradient: Tensor) -> None:
    arriving[number] = arriving[number] + gradient if number in arriving else gradient
