"""The diagonal curvature that SDAGD adds to its step: never negative. Costs one extra backward pass."""

import torch
from torch import Tensor

from engine.networks.activations import derivative
from engine.networks.mlp import Network, Tape
from scenarios.schema import Mlp


def diagonal_curvature(network: Network, model: Mlp, tape: Tape) -> list[tuple[Tensor, Tensor]]:
    """Approximate the second derivative of the loss by each weight and bias.

    The recursion is that of Becker and LeCun (1988), "Improving the convergence of back-propagation learning
    with second order methods": p(1 − p) at a softmax cross-entropy output, h_z = φ'(z)² Σ w² h_z of the layer
    above, h_w = h_z · input², each as the mean over the batch. At the output layer this is the exact diagonal
    of the Gauss-Newton matrix; below it, cross terms are dropped.

    Args:
        network: without norms and skips, for which the recursion is not defined here.
        model: of the scenario, for its activation.
        tape: of the forward pass.

    Returns:
        For each layer, from the input to the output: (h of its weight [out, in], h of its bias [out]).
    """
    layers = network.layers
    inputs = [tape.images, *tape.h[:-1]]  # of each layer, [batch, in]
    probabilities = torch.softmax(tape.a[-1].detach(), dim=1)  # [batch, classes]
    h_z = probabilities * (1 - probabilities)  # [batch, classes]
    curvature: list[tuple[Tensor, Tensor]] = []
    for number in range(len(layers) - 1, -1, -1):
        below = inputs[number].detach()  # [batch, in]
        curvature.append((h_z.T @ (below * below) / len(below), h_z.mean(0)))  # [out, in], [out]
        if number:
            weight = layers[number].weight.detach()  # [out, in]
            slope = derivative(model.activation, tape.kept[number - 1].detach(), model.beta)  # [batch, in]
            h_z = slope * slope * (h_z @ (weight * weight))  # [batch, in]
    return curvature[::-1]
