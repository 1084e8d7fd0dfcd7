"""One forward and one backward pass of a step: written out for the slides' networks, else by autograd."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.measure.block_probe import BlockProbe
from engine.measure.probe import Probe
from engine.networks.backprop import backpropagate
from engine.networks.block_network import BlockNetwork
from engine.networks.losses import Loss
from engine.networks.mlp import Network, Tape


@dataclass(slots=True)
class Pass:
    """What a forward and a backward pass left, besides the gradients of the parameters that train.

    Attributes:
        loss: the batch's mean, a scalar, outside autograd.
        logits: float [batch, classes], outside autograd.
        tape: of the forward pass; None if autograd did the backward pass.
        probe: has measured so far; None in a step that is not measured.
    """

    loss: Tensor
    logits: Tensor
    tape: Tape | None
    probe: Probe | BlockProbe | None


@torch.no_grad()  # the backward pass is our own, so autograd need not record
def written_out(
    network: Network,
    loss: Loss,
    tape: Tape,
    labels: Tensor,
    scale: Tensor | None,
    probe_of: Callable[[Tape], Probe] | None,
) -> Pass:
    """Backpropagation as the slides have it. The gradients of the step before were removed.

    Args:
        network: to train.
        loss: from logits and labels.
        tape: with the images, and the step's dropout.
        labels: int64 [batch].
        scale: of the loss, a scalar tensor; None without one.
        probe_of: makes the probe after the forward pass; None in a step that is not measured.
    """
    logits = network(tape.images, tape)  # [batch, classes]
    value, error = loss(logits, labels)  # scalar, the batch's mean; dL/dlogits [batch, classes]
    if scale is not None:
        error = error * scale
    probe = probe_of(tape) if probe_of is not None else None
    # Sets weight.grad [units, in] and bias.grad [units]. The probe gets each dL/da [batch, units].
    backpropagate(network, tape, error, probe.on_delta if probe else None)
    return Pass(value, logits, tape, probe)


def by_autograd(network: BlockNetwork, loss: Loss, images: Tensor, labels: Tensor, *, measured: bool) -> Pass:
    """Let autograd do the backward pass. The gradients of the step before were removed.

    Args:
        network: to train.
        loss: from logits and labels. Autograd starts with its dL/dlogits.
        images: float [batch, inputs], pixels in [0, 1].
        labels: int64 [batch].
        measured: whether the step is measured.
    """
    probe = BlockProbe(network) if measured else None
    with torch.enable_grad():
        logits = network(images, probe.see if probe else None)  # [batch, classes]
    value, error = loss(logits.detach(), labels)  # scalar; dL/dlogits [batch, classes]
    torch.autograd.backward(logits, error)
    return Pass(value, logits.detach(), None, probe)
