"""Where the outputs of a model are measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from torch import nn
from torch.nn.modules.batchnorm import _NormBase

from vanish_recorder.model.names import Names
from vanish_recorder.protocol.structure import BlockRole

_CONTAINERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict, nn.ParameterList, nn.ParameterDict)
_RECURRENT = (nn.RNNBase, nn.RNNCellBase)
# These have children, but are called as one: `MultiheadAttention` never calls its own `out_proj`.
_ONE = (nn.MultiheadAttention, *_RECURRENT)
_RECTIFIERS = (nn.ReLU, nn.ReLU6)
_NORMS = (_NormBase, nn.LayerNorm, nn.GroupNorm, nn.LocalResponseNorm)
_LEAST_CHAIN = 2


@dataclass(frozen=True, slots=True)
class Boundary:
    """A module whose output is measured.

    Attributes:
        name: without the prefixes of wrappers.
        kind: its class.
        role: see BlockSpec.
        extends: whether it only changes the output of the module before it: a normalisation or an activation,
            whose output is then that block's.
        rectifies: whether its output comes from a ReLU.
        unit_axis: the dimension of its output that counts units or channels; None: by the output's shape.
    """

    name: str
    kind: str
    role: BlockRole
    extends: bool = False
    rectifies: bool = False
    unit_axis: int | None = None


def find_boundaries(model: nn.Module, patterns: Sequence[str] = ()) -> dict[int, Boundary]:
    """The modules whose outputs are measured, by identity.

    They are those that match a pattern; else the longest chain of modules of one class, for example the
    blocks of a transformer or of a residual network; else the modules that have no others inside them.

    Args:
        model: the outermost module.
        patterns: names of modules; `*` is any part between two dots.
    """
    clean = Names(model).clean
    named = [(clean(path), module) for path, module in model.named_modules() if module is not model]
    if patterns:
        chosen = [(name, module) for name, module in named if _matches(name, patterns)]
        return {id(module): _boundary(name, module, "block") for name, module in chosen}
    chain = _longest_chain(named)
    if chain:
        found = {id(module): _boundary(name, module, "block") for name, module in chain}
        inside = tuple(f"{name}." for name, _ in chain)
        for name, module in named:
            if isinstance(module, _RECURRENT) and id(module) not in found and not name.startswith(inside):
                found[id(module)] = _boundary(name, module, "recurrent")
        return found
    leaves = _leaves([("", model), *named])
    return {id(module): _boundary(name, module, "leaf") for name, module in leaves}


def _matches(name: str, patterns: Sequence[str]) -> bool:
    parts = name.split(".")
    return any(
        len(wanted := pattern.split(".")) == len(parts)
        and all(fnmatchcase(part, each) for part, each in zip(parts, wanted, strict=True))
        for pattern in patterns
    )


def _longest_chain(named: Sequence[tuple[str, nn.Module]]) -> list[tuple[str, nn.Module]]:
    """The largest group of modules of one class that have modules inside them, but not each other.

    Of two groups of one size, the outer one.
    """
    groups: dict[type, list[tuple[str, nn.Module]]] = {}
    for name, module in named:
        if isinstance(module, (*_CONTAINERS, *_ONE)) or not any(True for _ in module.children()):
            continue
        if not any(True for _ in module.parameters()):
            continue
        members = groups.setdefault(type(module), [])
        if not any(name.startswith(f"{other}.") for other, _ in members):
            members.append((name, module))
    longest = max(groups.values(), key=len, default=[])  # `max` takes the first, which is the outer one
    return longest if len(longest) >= _LEAST_CHAIN else []


def _leaves(named: Sequence[tuple[str, nn.Module]]) -> list[tuple[str, nn.Module]]:
    whole = [name for name, module in named if isinstance(module, _ONE)]
    return [
        (name, module)
        for name, module in named
        if (isinstance(module, _ONE) or not any(True for _ in module.children()))
        and not any(name.startswith(f"{other}.") for other in whole)
    ]


def _boundary(name: str, module: nn.Module, role: BlockRole) -> Boundary:
    has_matrix = any(each.ndim >= 2 for each in module.parameters())
    is_channels_first = "conv" in type(module).__name__.lower() or isinstance(module, _NormBase)
    return Boundary(
        name=name or type(module).__name__,
        kind=type(module).__name__,
        role="recurrent" if isinstance(module, _RECURRENT) else role,
        extends=role == "leaf" and (not has_matrix or isinstance(module, _NORMS)),
        rectifies=isinstance(module, _RECTIFIERS),
        unit_axis=1 if is_channels_first else None,
    )
