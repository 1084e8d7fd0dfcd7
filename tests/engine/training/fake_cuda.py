"""CUDA tensors without a GPU: PyTorch's fake tensor mode, and a watcher of the values that leave the device.

A fake tensor has a shape, a dtype and a device, but no values. An operation on tensors of two devices fails,
and so does reading a value. Where training reads one, the watcher gives a made-up one, and remembers how it
was read.

Four things are not as on a GPU. Autograd's engine wants a real device, so the backward pass through a
normalisation, or through a whole network, is replaced by one that checks devices and shapes. `Module.to`
cannot swap fake parameters, so it replaces them. Deep copies look at a tensor's memory, so they are clones.
There is no stream to wait for.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
from torch.overrides import TorchFunctionMode

from engine.data.fashion_mnist import Dataset
from engine.networks.norms import NormRecord

CUDA = torch.device("cuda", 0)


class Unpinned(AssertionError):
    """Values were copied to memory that the device cannot write to by itself."""


class Copies(TorchFunctionMode):
    """Watches what leaves the device.

    Attributes:
        seen: each way in which values left it: "pinned" for a copy that the device makes by itself, or the
            method that made the CPU wait.
    """

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self._pinned: list[Tensor] = []

    def __torch_function__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if func == torch.empty and kwargs.pop("pin_memory", False):
            self._pinned.append(func(*args, **kwargs))
            return self._pinned[-1]
        if func == Tensor.copy_ and args[0].device.type == "cpu" and args[1].device == CUDA:
            if not (self._is_pinned(args[0]) and kwargs.get("non_blocking")):
                raise Unpinned
            self.seen.append("pinned")
        result = func(*args, **kwargs)
        if (
            isinstance(result, Tensor)
            and result.device.type == "cpu"
            and func != Tensor.copy_
            and any(isinstance(each, Tensor) and each.device == CUDA for each in args)
        ):
            self.seen.append(func.__name__)
        return result

    def read(self, values: Tensor) -> list[float]:
        """Made-up values, in place of those of a fake vector.

        Raises:
            Unpinned: it is not what the device has written into pinned memory.
        """
        if not self._is_pinned(values):
            raise Unpinned
        return [1.0] * values.numel()

    def _is_pinned(self, values: Tensor) -> bool:
        return any(each is values for each in self._pinned)


class _Stream:
    def synchronize(self) -> None:
        """There is nothing to wait for."""


def _moved(moved: nn.Module, device: torch.device, dtype: torch.dtype | None = None) -> nn.Module:
    for module in moved.modules():
        for name, parameter in list(module._parameters.items()):
            if parameter is not None:
                setattr(module, name, nn.Parameter(parameter.detach().to(device, dtype)))
        for name, buffer in list(module._buffers.items()):
            if buffer is not None:
                module._buffers[name] = buffer.to(device)
    return moved


def _all_backward(logits: Tensor, error: Tensor) -> None:
    """Autograd's backward pass through a network, without values: each parameter gets a gradient."""
    assert (logits.device, logits.shape) == (error.device, error.shape)
    nodes = [logits.grad_fn]
    seen = set(nodes)
    for node in nodes:  # it grows
        if node is not None and hasattr(node, "variable"):
            node.variable.grad = torch.empty_like(node.variable)
        for above, _ in node.next_functions if node is not None else ():
            if above is not None and above not in seen:
                seen.add(above)
                nodes.append(above)


def _copied(values: Tensor, memo: dict[int, Any]) -> Tensor:
    copy = values.detach().clone()
    if isinstance(values, nn.Parameter):
        copy = nn.Parameter(copy, values.requires_grad)
    memo[id(values)] = copy
    return copy


def _backward(record: NormRecord, gradient: Tensor) -> Tensor:
    """The shapes and devices of the backward pass through a normalisation."""
    assert gradient.device == record._after.device
    assert gradient.shape == record._after.shape
    for parameter in record._norm.parameters():
        if parameter.requires_grad:
            parameter.grad = torch.empty_like(parameter)
    return torch.empty_like(record._before)


@contextmanager
def fake_cuda() -> Iterator[Copies]:
    """A machine that seems to have a GPU, for tensors that are made within."""
    with pytest.MonkeyPatch.context() as patches:
        patches.setattr(torch.cuda, "current_stream", lambda device=None: _Stream())
        patches.setattr(NormRecord, "backward", _backward)
        patches.setattr(nn.Module, "to", _moved)
        patches.setattr(torch.autograd, "backward", _all_backward)
        patches.setattr(FakeTensor, "__deepcopy__", _copied, raising=False)
        copies = Copies()
        patches.setattr(FakeTensor, "tolist", lambda values: copies.read(values))
        with FakeTensorMode(allow_non_fake_inputs=True), copies:
            yield copies


def on_cuda(data: Dataset) -> Dataset:
    """Fake data of the same shapes on the GPU. Call it within `fake_cuda`."""

    def there(part: Tensor) -> Tensor:
        return torch.empty(part.shape, dtype=part.dtype, device=CUDA)

    return replace(
        data,
        train_images=there(data.train_images),
        train_labels=there(data.train_labels),
        test_images=there(data.test_images),
        test_labels=there(data.test_labels),
    )
