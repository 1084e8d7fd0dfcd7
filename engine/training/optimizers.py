"""Optimizers by name: their update rules, one parameter at a time.

They do not come from torch.optim, because its classes import PyTorch's compiler, which makes the start 2 s
longer, and call hooks that are not used here. SGD, Adam, AdamW and RMSprop are bit-identical to those of
torch.optim; tests compare them. All are in this file, which is longer than 300 lines, so that they can be
read side by side.
"""

import math
from typing import Any

import torch
from torch import Tensor, nn

from engine.networks.mlp import Network, Tape
from engine.storage.checkpoint import Unfit
from engine.training.curvature import diagonal_curvature
from engine.training.loss_scale import LossScale
from engine.training.restored import has_keys, real, table, tensor, tensors, whole
from scenarios import schema

State = dict[str, Any]


class Optimizer:
    """Base class of the rules. A parameter whose gradient is None does not change, whatever its momentum is.

    Args:
        parameters: all that may ever train: also the frozen ones, because they may be unfrozen later.
        lr: the learning rate. It may be changed between two steps.

    Attributes:
        factor: of the learning rate in the next step, as `engine.training.rates` plans it.
        clip_norm: the largest norm over all gradients that a step uses as it is; None for no limit.
        loss_scale: by which the gradients of a step are too large; None without one. It is set before the
            first step.
    """

    def __init__(self, parameters: list[nn.Parameter], lr: float) -> None:
        self.parameters = parameters
        self.lr = lr
        self.factor = 1.0
        self.clip_norm: float | None = None
        self.loss_scale: LossScale | None = None

    @property
    def rate(self) -> float:
        """The learning rate of the next step."""
        return self.lr * self.factor

    def zero_grad(self) -> None:
        """Remove the gradients of the previous step."""
        for parameter in self.parameters:
            parameter.grad = None

    def begin(self) -> Tensor | None:
        """By what the loss of the next step is multiplied, a scalar tensor; None without a loss scale."""
        return None if self.loss_scale is None else self.loss_scale.begin()

    def readout(self) -> Tensor | None:
        """See `LossScale.readout`; None without a loss scale."""
        return None if self.loss_scale is None else self.loss_scale.readout()

    def observe(self, tape: Tape) -> None:
        """Read what the rule needs from the forward pass besides gradients. Most rules need nothing.

        Args:
            tape: of this step's forward pass; see `engine.networks.mlp.Tape`.
        """

    @torch.no_grad()
    def step(self) -> None:
        """Update every parameter that has a gradient, unless a scaled gradient overflowed.

        Gradients lose their scale here. What is clipped is a copy, because gradients are measured.
        """
        if self.loss_scale is None:
            self._apply()
            return
        moving = [parameter for parameter in self.parameters if parameter.grad is not None]
        self.loss_scale.unscale([parameter.grad for parameter in moving if parameter.grad is not None])
        before = {key: each.clone() for key, each in self._kept().items()}
        parameters = [parameter.clone() for parameter in moving]
        self._apply()
        for parameter, each in zip(moving, parameters, strict=True):
            self.loss_scale.take_back(parameter, each)
        for key, each in self._kept().items():  # what the step has added is 0 before it
            self.loss_scale.take_back(each, before.get(key, torch.zeros_like(each)))
        self.loss_scale.update()

    def _kept(self) -> dict[tuple[str, int], Tensor]:
        """Every tensor of the state, by its name and the number of its parameter."""
        return {
            (name, number): each
            for name, by_number in self._state().items()
            for number, each in by_number.items()
            if isinstance(each, Tensor)
        }

    def _apply(self) -> None:
        kept = self._part_kept()
        for number, parameter in enumerate(self.parameters):
            if parameter.grad is not None:
                self._update(number, parameter, parameter.grad if kept is None else parameter.grad * kept)

    def _part_kept(self) -> Tensor | None:
        """By what clipping multiplies all gradients, a scalar tensor; None if nothing is clipped.

        Its operations are those of `torch.nn.utils.clip_grad_norm_`, for its bits. They read nothing from
        the device.
        """
        if self.clip_norm is None:
            return None
        gradients = [parameter.grad for parameter in self.parameters if parameter.grad is not None]
        norms = torch.stack([torch.linalg.vector_norm(gradient) for gradient in gradients])
        part: Tensor = self.clip_norm / (torch.linalg.vector_norm(norms) + 1e-6)
        return part.clamp(max=1.0)

    def state_dict(self) -> State:
        """What `load_state_dict` needs: tensors by the number of their parameter, and plain values.

        Each tensor has the shape of its parameter. They are not copied.
        """
        scale = {} if self.loss_scale is None else {"loss_scale": self.loss_scale.state()}
        return {"lr": self.lr, **scale, **self._state()}

    def load_state_dict(self, state: State) -> None:
        """Continue from the state of another optimizer over the same parameters, on any device.

        Raises:
            Unfit: `state` is of no such optimizer.
        """
        has_keys(table(state, "optimizer"), set(self.state_dict()), "optimizer")
        self.lr = real(state["lr"], "learning rate")
        if self.loss_scale is not None:
            self.loss_scale.restore(state["loss_scale"])
        self._restore(state)

    def _update(self, number: int, parameter: nn.Parameter, gradient: Tensor) -> None:
        """Update a parameter in place.

        Args:
            number: of the parameter in `parameters`; rules keep their state by it.
            parameter: a weight [units, in] or a bias [units].
            gradient: of the loss at the parameter, with the same shape.
        """
        raise NotImplementedError

    def _state(self) -> State:
        return {}

    def _restore(self, state: State) -> None:
        pass

    def _on_device(self, saved: Any) -> dict[int, Tensor]:
        """Copy tensors to the devices of their parameters, where they are not there already.

        Args:
            saved: by the number of their parameter, each with its shape.
        """
        numbers = range(len(self.parameters))
        if not all(type(number) is int and number in numbers for number in table(saved, "optimizer")):
            raise Unfit("its optimizer has other parameters")
        like = {number: self.parameters[number] for number in saved}
        return {
            number: each.to(like[number].device) for number, each in tensors(saved, like, "optimizer").items()
        }


class SGD(Optimizer):
    """v ← momentum · v + g; θ ← θ − lr · v. Without momentum, v is g."""

    def __init__(self, parameters: list[nn.Parameter], lr: float, momentum: float) -> None:
        super().__init__(parameters, lr)
        self._momentum = momentum
        self._velocity: dict[int, Tensor] = {}

    def _update(self, number: int, parameter: nn.Parameter, gradient: Tensor) -> None:
        if self._momentum:
            if number in self._velocity:
                gradient = self._velocity[number].mul_(self._momentum).add_(gradient)
            else:
                gradient = self._velocity[number] = gradient.clone()
        parameter.add_(gradient, alpha=-self.rate)

    def _state(self) -> State:
        return {"velocity": self._velocity}

    def _restore(self, state: State) -> None:
        self._velocity = self._on_device(state["velocity"])
        if self._velocity and not self._momentum:
            raise Unfit("its optimizer has a momentum")


class Adam(Optimizer):
    """Adam with bias correction: Kingma and Ba (2015), Algorithm 1, as on the slide.

    Each parameter counts its own steps, so that the bias correction is right for one that is unfrozen late.
    With a loss scale, only the device knows which steps were skipped, so it counts there.
    """

    def __init__(
        self, parameters: list[nn.Parameter], lr: float, betas: tuple[float, float], eps: float
    ) -> None:
        super().__init__(parameters, lr)
        self._betas = betas
        self._eps = eps
        self._steps: dict[int, int | Tensor] = {}
        self._first: dict[int, Tensor] = {}
        self._second: dict[int, Tensor] = {}

    def _update(self, number: int, parameter: nn.Parameter, gradient: Tensor) -> None:
        if number not in self._steps:
            none = torch.zeros((), dtype=torch.float64, device=parameter.device)
            self._steps[number] = 0 if self.loss_scale is None else none
            self._first[number], self._second[number] = torch.zeros_like(gradient), torch.zeros_like(gradient)
        step, (beta1, beta2) = self._steps[number] + 1, self._betas
        self._steps[number] = step
        first = self._first[number].lerp_(gradient, 1 - beta1)
        second = self._second[number].mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
        # θ ← θ − lr · m̂ / (√v̂ + eps). Both bias corrections are applied to scalars where possible, in the
        # order of torch.optim, for its bits.
        if isinstance(step, Tensor):
            denominator = (second.sqrt() / (1 - beta2**step).sqrt()).add_(self._eps)
            parameter.add_(first * (-self.rate / (1 - beta1**step)) / denominator)
        else:
            denominator = (second.sqrt() / math.sqrt(1 - beta2**step)).add_(self._eps)
            parameter.addcdiv_(first, denominator, value=-self.rate / (1 - beta1**step))

    def _state(self) -> State:
        return {"steps": self._steps, "first": self._first, "second": self._second}

    def _restore(self, state: State) -> None:
        self._first, self._second = self._on_device(state["first"]), self._on_device(state["second"])
        steps = table(state["steps"], "optimizer")
        if not steps.keys() == self._first.keys() == self._second.keys():
            raise Unfit("its optimizer has other parameters")
        self._steps = {number: self._count(number, count) for number, count in steps.items()}

    def _count(self, number: int, count: Any) -> int | Tensor:
        """How many steps a parameter took, from a saved state."""
        if self.loss_scale is None:
            return whole(count, "number of steps", 1)
        scalar = torch.zeros((), dtype=torch.float64, device="meta")
        return tensor(count, scalar, "number of steps").to(self.parameters[number].device)


class AdamW(Adam):
    """θ ← θ − lr · weight decay · θ, and then Adam's step: Loshchilov and Hutter (2019)."""

    def __init__(
        self,
        parameters: list[nn.Parameter],
        lr: float,
        betas: tuple[float, float],
        eps: float,
        weight_decay: float,
    ) -> None:
        super().__init__(parameters, lr, betas, eps)
        self._weight_decay = weight_decay

    def _update(self, number: int, parameter: nn.Parameter, gradient: Tensor) -> None:
        parameter.mul_(1 - self.rate * self._weight_decay)
        super()._update(number, parameter, gradient)


class RMSprop(Optimizer):
    """s ← α · s + (1 − α) · g²; v ← momentum · v + g / (√s + eps); θ ← θ − lr · v."""

    def __init__(
        self, parameters: list[nn.Parameter], lr: float, alpha: float, momentum: float, eps: float
    ) -> None:
        super().__init__(parameters, lr)
        self._alpha, self._momentum, self._eps = alpha, momentum, eps
        self._square: dict[int, Tensor] = {}
        self._velocity: dict[int, Tensor] = {}

    def _update(self, number: int, parameter: nn.Parameter, gradient: Tensor) -> None:
        if number not in self._square:
            self._square[number] = torch.zeros_like(gradient)
            if self._momentum:
                self._velocity[number] = torch.zeros_like(gradient)
        square = self._square[number].mul_(self._alpha).addcmul_(gradient, gradient, value=1 - self._alpha)
        root = square.sqrt().add_(self._eps)
        if self._momentum:
            velocity = self._velocity[number].mul_(self._momentum).addcdiv_(gradient, root)
            parameter.add_(velocity, alpha=-self.rate)
        else:
            parameter.addcdiv_(gradient, root, value=-self.rate)

    def _state(self) -> State:
        return {"square": self._square, "velocity": self._velocity}

    def _restore(self, state: State) -> None:
        self._square, self._velocity = self._on_device(state["square"]), self._on_device(state["velocity"])
        if self._velocity.keys() != (self._square.keys() if self._momentum else set()):
            raise Unfit("its optimizer has other parameters")


class SDAGD(Optimizer):
    """Stochastic diagonal approximate greatest descent: ΔW = −g / (μ + h) elementwise, μ = ‖g‖ / R.

    Tan and Lim (2020), "Vanishing Gradient Analysis in Stochastic Diagonal Approximate Greatest Descent
    Optimization". The published pages give no schedule for R, so this is a reconstruction: R is constant,
    and h is the diagonal curvature of Becker and LeCun (engine.training.curvature). Where h is much smaller
    than μ, the step has length R along the gradient. Where μ is small, it is a diagonal Newton step.

    `lr` holds the radius, because it sets the length of a step.

    Args:
        network: its parameters are updated.
        model: of the scenario.
        radius: R.
        norm: `layer` computes ‖g‖ over a layer's weight and bias, `global` over the whole network.
    """

    def __init__(self, network: Network, model: schema.Mlp, radius: float, norm: str) -> None:
        self._layers = [(layer.weight, layer.bias) for layer in network.layers]
        super().__init__(list(network.parameters()), radius)
        self._network = network
        self._model = model
        self._norm = norm
        self._curvature: list[tuple[Tensor, Tensor]] = []

    @torch.no_grad()
    def observe(self, tape: Tape) -> None:
        """Compute the curvature of the batch for the next step.

        Args:
            tape: of this step's forward pass.
        """
        self._curvature = diagonal_curvature(self._network, self._model, tape)

    @torch.no_grad()
    def step(self) -> None:
        """Update every parameter that has a gradient. Call `observe` first."""
        norms = [_norm(layer) for layer in self._layers]
        if self._norm == "global":
            norms = [torch.linalg.vector_norm(torch.stack(norms))] * len(norms)
        for layer, norm, curvatures in zip(self._layers, norms, self._curvature, strict=True):
            mu = norm / self.rate
            for parameter, curvature in zip(layer, curvatures, strict=True):
                if parameter.grad is not None:
                    smallest = torch.finfo(parameter.dtype).tiny  # a gradient of 0 moves nothing
                    parameter.sub_(parameter.grad / (curvature + mu).clamp_min(smallest))


def build(config: schema.Optimizer, network: nn.Module, model: schema.Model) -> Optimizer:
    """Build a new optimizer over every parameter of `network`."""
    parameters = list(network.parameters())
    match config:
        case schema.Sgd():
            return SGD(parameters, config.lr, config.momentum)
        case schema.Adam():
            return Adam(parameters, config.lr, config.betas, config.eps)
        case schema.AdamW():
            return AdamW(parameters, config.lr, config.betas, config.eps, config.weight_decay)
        case schema.RmsProp():
            return RMSprop(parameters, config.lr, config.alpha, config.momentum, config.eps)
        case schema.Sdagd():
            assert isinstance(network, Network)  # SDAGD with another kind is a scenario's conflict
            assert isinstance(model, schema.Mlp)
            return SDAGD(network, model, config.radius, config.norm)


def _norm(parameters: tuple[Tensor, ...]) -> Tensor:
    """The norm of the gradients of some parameters, a float64 scalar tensor.

    Double precision is needed: the squares of a vanishing gradient are 0 in float32, and a norm of 0 would
    make the step explode.

    Args:
        parameters: of any shapes; those without a gradient are left out.
    """
    norms = [
        torch.linalg.vector_norm(parameter.grad, dtype=torch.float64)
        for parameter in parameters
        if parameter.grad is not None
    ]
    if not norms:
        return torch.zeros((), dtype=torch.float64, device=parameters[0].device)
    norm: Tensor = torch.linalg.vector_norm(torch.stack(norms))
    return norm
