"""The diagonal curvature that SDAGD adds to its step: non-negative, and one backward sweep dear."""

import torch
from torch import Tensor

from engine.networks.activations import derivative
from engine.networks.mlp import Network, Tape
from scenarios.schema import Model


def diagonal_curvature(network: Network, model: Model, tape: Tape) -> list[tuple[Tensor, Tensor]]:
    """The curvature of each weight and bias, from the input to the output.

    As Becker and LeCun (1988), "Improving the convergence of back-propagation learning with second order
    methods", propagate it: p(1 − p) at a softmax cross-entropy output, h_z = φ'(z)² Σ w² h_z of the layer
    above, h_w = h_z · input², each the mean over the batch. At the output layer this is the exact diagonal
    of the Gauss-Newton matrix; below it, cross terms are dropped.

    Args:
        network: without norms and skips, for which the recursion is not defined here.
        model: the scenario's, for its activation.
        tape: of the forward pass.

    Returns:
        For each layer (h of its weight [out, in], h of its bias [out]).
    """
    layers = network.layers
    inputs = [tape.images, *tape.h[:-1]]
    probabilities = torch.softmax(tape.a[-1].detach(), dim=1)
    h_z = probabilities * (1 - probabilities)
    curvature: list[tuple[Tensor, Tensor]] = []
    for number in range(len(layers) - 1, -1, -1):
        below = inputs[number].detach()
        curvature.append((h_z.T @ (below * below) / len(below), h_z.mean(0)))
        if number:
            weight = layers[number].weight.detach()
            slope = derivative(model.activation, tape.a[number - 1].detach(), model.beta)
            h_z = slope * slope * (h_z @ (weight * weight))
    return curvature[::-1]
