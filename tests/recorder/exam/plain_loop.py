"""A training loop that measures with plain hooks in float64, and shares no code with the recorder.

Its numbers are the truth that the recorder's are compared with, and its events what the rules are tried on.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from vanish_recorder.protocol.structure import BlockRole, BlockSpec, OptimizerSpec, TensorRole, TensorSpec
from vanish_recorder.protocol.watch_events import Measured, StructureFound

NORMS = (nn.LayerNorm, nn.GroupNorm, nn.modules.batchnorm._NormBase)
Loss = Callable[[nn.Module, tuple[Tensor, ...]], Tensor]


class PlainLoop:
    """Trains and measures.

    Args:
        model: to train.
        optimizer: of its parameters.
        loss: of the model for a batch.
        blocks: names of the modules at whose outputs is measured, from the input to the output.
        role: of the blocks.
        rectified: names of those blocks whose output comes from a ReLU.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        loss: Loss,
        blocks: Iterable[str],
        *,
        role: BlockRole = "block",
        rectified: Iterable[str] = (),
    ) -> None:
        self.model, self.optimizer, self.loss = model, optimizer, loss
        self.modules = {name: model.get_submodule(name) for name in blocks}
        self.parameters = dict(model.named_parameters())
        self.role, self.rectified = role, set(rectified)
        self.step = 0

    def structure(self) -> StructureFound:
        """What the recorder would say that the model is."""
        names = list(self.modules)
        eps = self.optimizer.defaults.get("eps")
        blocks = tuple(
            BlockSpec(name=name, kind=type(module).__name__, role=self.role, rectified=name in self.rectified)
            for name, module in self.modules.items()
        )
        tensors = tuple(
            TensorSpec(
                name=name,
                shape=tuple(weight.shape),
                dtype=str(weight.dtype).removeprefix("torch."),
                role=self._role(name, weight),
                block=next((n for n, block in enumerate(names) if name.startswith(f"{block}.")), None),
            )
            for name, weight in self.parameters.items()
        )
        found = OptimizerSpec(name=type(self.optimizer).__name__, eps=eps, tensors=len(tensors))
        return StructureFound(**self._when(), blocks=blocks, tensors=tensors, optimizers=(found,))

    def _role(self, name: str, weight: Tensor) -> TensorRole:
        owner = self.model.get_submodule(name.rpartition(".")[0])
        if isinstance(owner, NORMS) and name.endswith("weight"):
            return "norm"
        if isinstance(owner, nn.Embedding | nn.EmbeddingBag):
            return "embedding"
        return "matrix" if weight.dim() > 1 else "bias"

    def _when(self) -> dict[str, Any]:
        return {"run": "plain", "step": self.step, "epoch": 0, "stage": 0, "time": float(self.step)}

    def train(self, batches: Iterator[tuple[Tensor, ...]], steps: int) -> Iterator[Measured]:
        """Take steps, and yield what was measured in the first ten and in every tenth."""
        for self.step in range(1, steps + 1):
            batch = next(batches)
            if self.step > 10 and self.step % 10:
                self._plain_step(batch)
            else:
                yield self._measured_step(batch)

    def _plain_step(self, batch: tuple[Tensor, ...]) -> Tensor:
        self.optimizer.zero_grad()
        loss = self.loss(self.model, batch)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        return loss.detach()

    def _measured_step(self, batch: tuple[Tensor, ...]) -> Measured:
        forward: dict[str, dict[str, float]] = {}
        backward: dict[str, float] = {}
        over_time: dict[str, tuple[float, ...]] = {}

        def hook(name: str) -> Callable[[nn.Module, Any, object], None]:
            def measure(module: nn.Module, inputs: Any, output: object) -> None:
                out = output[0] if isinstance(output, tuple) else output
                assert isinstance(out, Tensor)
                forward[name] = _activations(out.detach().double())
                if out.requires_grad:
                    on_gradient(out, lambda g: backward.__setitem__(name, float(g.double().norm())))
                if isinstance(module, nn.RNNBase) and inputs[0].requires_grad:
                    on_gradient(inputs[0], lambda g: over_time.__setitem__(name, _by_time(g)))

            return measure

        handles = [module.register_forward_hook(hook(name)) for name, module in self.modules.items()]
        before = {name: weight.detach().clone() for name, weight in self.parameters.items()}
        loss = self._plain_step(batch)
        for handle in handles:
            handle.remove()
        return self._event(float(loss), forward, backward, before, over_time)

    def _event(
        self,
        loss: float,
        forward: Mapping[str, Mapping[str, float]],
        backward: Mapping[str, float],
        before: Mapping[str, Tensor],
        over_time: Mapping[str, tuple[float, ...]],
    ) -> Measured:
        tensors: dict[str, list[float | None]] = {
            each: [] for each in ("grad_norm", "update_ratio", "unmoved", "weight_norm", "grad_rms")
        }
        half = any(weight.dtype == torch.float16 for weight in self.parameters.values())
        if half:
            tensors["underflow"] = []
        states = ""
        for name, weight in self.parameters.items():
            row = _tensor(before[name], weight.detach(), weight.grad)
            states += "s" if weight.grad is not None else "u" if weight.requires_grad else "f"
            for key, column in tensors.items():
                column.append(row.get(key))
        blocks: dict[str, list[float | None]] = {"delta_norm": [backward.get(name) for name in self.modules]}
        for key in ("activation_mean", "activation_std", "sample_std", "dead"):
            blocks[key] = [
                None if key == "dead" and name not in self.rectified else forward.get(name, {}).get(key)
                for name in self.modules
            ]
        for key, column in self._per_block(before).items():
            blocks[key] = column
        lr = float(self.optimizer.param_groups[0]["lr"])
        return Measured(
            **self._when(),
            logged={"loss": loss, "lr": lr},
            blocks={key: tuple(column) for key, column in blocks.items()},
            tensors={key: tuple(column) for key, column in tensors.items()},
            states=states,
            lr=tuple(lr for _ in states),
            over_time=over_time,
        )

    def _per_block(self, before: Mapping[str, Tensor]) -> dict[str, list[float | None]]:
        found: dict[str, list[float | None]] = {
            key: [] for key in ("grad_norm", "update_ratio", "weight_norm")
        }
        for block in self.modules:
            inside = [
                (before[name].double(), weight.detach().double(), weight.grad)
                for name, weight in self.parameters.items()
                if name.startswith(f"{block}.") and self._role(name, weight) == "matrix"
            ]
            size = math.sqrt(sum(float(old.square().sum()) for old, _, _ in inside))
            moved = math.sqrt(sum(float((new - old).square().sum()) for old, new, _ in inside))
            grads = [float(g.double().square().sum()) for _, _, g in inside if g is not None]
            found["weight_norm"].append(size if inside else None)
            found["update_ratio"].append(moved / size if size else None)
            found["grad_norm"].append(math.sqrt(sum(grads)) if grads else None)
        return found


def on_gradient(values: Tensor, tell: Callable[[Tensor], None]) -> None:
    """Tell the gradient of a tensor when it is known."""
    values.register_hook(tell)  # type: ignore[no-untyped-call]


def _by_time(gradient: Tensor) -> tuple[float, ...]:
    """‖dL/dx_t‖ by time step, of a batch whose second dimension is time."""
    return tuple(gradient.double().norm(dim=(0, 2)).tolist())


def _activations(h: Tensor) -> dict[str, float]:
    alone = h.shape[0] < 2
    zero = (h == 0).transpose(1, -1 if h.dim() == 3 else 1).flatten(2) if h.dim() > 2 else h == 0
    whole = zero.all(0) if h.dim() < 3 else zero.all(2).all(0)
    return {
        "activation_mean": float(h.mean()),
        "activation_std": float(h.std(correction=0)),
        "sample_std": math.nan if alone else float(h.std(0, correction=0).mean()),
        "dead": float(whole.double().mean()),
    }


def _tensor(old: Tensor, new: Tensor, grad: Tensor | None) -> dict[str, float | None]:
    size = float(old.double().norm())
    change = float((new.double() - old.double()).norm())
    found: dict[str, float | None] = {"weight_norm": size, "update_ratio": change / size if size else None}
    if grad is None:
        return found
    dense = grad.to_dense().double() if grad.is_sparse else grad.double()
    pushed = dense != 0
    found["grad_norm"] = float(dense.norm())
    found["grad_rms"] = float(dense.square().mean().sqrt())
    found["unmoved"] = float((new == old)[pushed].double().mean()) if bool(pushed.any()) else None
    found["underflow"] = float((~pushed).double().mean())
    return found
