"""The parameters of a model, with their names, found by identity."""

import sys
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from vanish_recorder.model.names import Names
from vanish_recorder.protocol.structure import TensorRole, TensorSpec

_IN_PARTS = "each process holds a part of it, and only one of them records"
_USUAL = (torch.float32, torch.bfloat16, torch.float16)


@dataclass(frozen=True, slots=True)
class Tensors:
    """The parameters of a model at one moment.

    Attributes:
        parameters: each once, in the order of `named_parameters()`.
        specs: of each.
        numbers: of each, by identity.
        in_parts: identities of those that FSDP1 divides among the processes.
    """

    parameters: tuple[nn.Parameter, ...]
    specs: tuple[TensorSpec, ...]
    numbers: Mapping[int, int]
    in_parts: frozenset[int] = frozenset()

    @property
    def learnt(self) -> int:
        """How many numbers the model learns."""
        return sum(each.numel() for each in self.parameters if each.requires_grad and not _without_data(each))

    def cannot_be_measured(self, parameter: torch.Tensor) -> str:
        """Why nothing can be measured of a parameter; empty if something can."""
        return _IN_PARTS if id(parameter) in self.in_parts else _cannot_be_measured(parameter)


def fingerprint(model: nn.Module) -> Hashable:
    """What is equal for two moments between which no module or parameter was replaced.

    It is compared at each sample, which is many times faster than to find the parameters each time.
    """
    found: list[Hashable] = []
    modules, seen = [model], {id(model)}
    for module in modules:  # it grows
        found.append(f"{type(module).__module__}.{type(module).__qualname__}")
        for key, parameter in module._parameters.items():
            if parameter is not None:
                shape = None if is_lazy(parameter) else parameter.shape
                found.append((key, id(parameter), shape, parameter.dtype))
        for key, child in module._modules.items():
            if child is not None:
                found.append((key, id(child)))
                if id(child) not in seen:
                    seen.add(id(child))
                    modules.append(child)
    return tuple(found)


def find_tensors(model: nn.Module, blocks: Sequence[str] = ()) -> Tensors:
    """The parameters of `model`.

    Args:
        model: the outermost module.
        blocks: names of blocks, to which the parameters inside them are assigned.
    """
    clean = Names(model).clean
    found: dict[int, nn.Parameter] = {}
    names: dict[int, list[str]] = {}
    roles: dict[int, TensorRole] = {}
    for path, module in model.named_modules():
        for key, parameter in module._parameters.items():
            if parameter is None:
                continue
            identity = id(parameter)
            if identity not in found:
                found[identity], names[identity] = parameter, []
                roles[identity] = _role(module, key, parameter)
            names[identity].append(clean(f"{path}.{key}" if path else key))
    places = {name: number for number, name in enumerate(blocks)}
    return Tensors(
        parameters=tuple(found.values()),
        specs=tuple(
            TensorSpec(
                name=names[identity][0],
                shape=() if _without_data(parameter) else tuple(parameter.shape),
                dtype=str(parameter.dtype).removeprefix("torch."),
                role=roles[identity],
                block=_block_of(names[identity][0], places),
                also=tuple(names[identity][1:]),
            )
            for identity, parameter in found.items()
        ),
        numbers={identity: number for number, identity in enumerate(found)},
        in_parts=_in_parts(model),
    )


def _in_parts(model: nn.Module) -> frozenset[int]:
    """The parameters that FullyShardedDataParallel (FSDP1) divides among the processes."""
    if "torch.distributed.fsdp.fully_sharded_data_parallel" not in sys.modules:
        return frozenset()
    return frozenset(
        id(parameter)
        for module in model.modules()
        if type(module).__name__ == "FullyShardedDataParallel" and getattr(module, "world_size", 1) > 1
        if getattr(getattr(module, "sharding_strategy", None), "name", "") != "NO_SHARD"
        for parameter in module.parameters()
    )


def _block_of(name: str, places: Mapping[str, int]) -> int | None:
    """The number of the innermost block that a parameter lies in."""
    while name:
        name = name.rpartition(".")[0]
        if name in places:
            return places[name]
    return places.get("")


def _role(module: nn.Module, key: str, parameter: nn.Parameter) -> TensorRole:
    if isinstance(module, nn.Embedding | nn.EmbeddingBag):
        return "embedding"
    if "norm" in type(module).__name__.lower():
        return "norm"
    if "bias" in key:
        return "bias"
    if _without_data(parameter):
        return "other"
    return "matrix" if parameter.ndim >= 2 else "other"


def _without_data(parameter: nn.Parameter) -> bool:
    return is_lazy(parameter)


def _cannot_be_measured(parameter: torch.Tensor) -> str:
    """Why nothing can be measured of a parameter; empty if something can."""
    if (
        type(parameter) is nn.Parameter
        and parameter.dtype in _USUAL
        and parameter.device.type in ("cpu", "cuda")
    ):
        return "" if parameter.layout is torch.strided else "its layout is not supported"
    if is_lazy(parameter):
        return "it has no shape before the first forward pass"
    if parameter.is_meta:
        return "it is on the meta device and has no data"
    if not (parameter.is_floating_point() or parameter.is_complex()):
        return f"{str(parameter.dtype).removeprefix('torch.')} weights are not measured"
    parts = sum(1 for each in getattr(parameter, "placements", ()) if each.is_shard())
    if parts and parameter.device_mesh.size() > 1:  # type: ignore[attr-defined]
        return _IN_PARTS
    if parameter.is_quantized or parameter.layout is not torch.strided:
        return "its layout is not supported"
    return ""
