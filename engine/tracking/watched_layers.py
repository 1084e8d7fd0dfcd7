"""The layers of a watched run: its blocks, or without activations the modules that own matrices."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from engine.protocol.spec import MOST_LAYERS, LayerSpec
from vanish_recorder.protocol.events import LayerSample
from vanish_recorder.protocol.quantities import QUANTITIES
from vanish_recorder.protocol.structure import TensorSpec
from vanish_recorder.protocol.watch_events import Columns, Measured, StructureFound

_Key = TypeVar("_Key")
_Known = Sequence[tuple[str, Sequence[float | None]]]  # the columns of blocks that this version knows
_HELD = frozenset("fo")  # the letters of a tensor that no optimizer changes


@dataclass(frozen=True, slots=True)
class WatchedLayers:
    """How the numbers of a sample are arranged into layers.

    Attributes:
        specs: one for each layer, from the input to the output.
        tensors: for each layer, the numbers of its tensors in the structure.
        from_blocks: whether the layers are the structure's blocks.
        structure: what they were found in.
    """

    specs: tuple[LayerSpec, ...]
    tensors: tuple[tuple[int, ...], ...]
    from_blocks: bool
    structure: StructureFound

    def samples(self, event: Measured) -> tuple[LayerSample, ...]:
        """What was measured at each layer. Columns that are too short leave their last layers without."""
        known = [(name, column) for name, column in event.blocks.items() if name in QUANTITIES]
        measured = self._of_blocks if self.from_blocks else self._of_matrices
        any_held = not _HELD.isdisjoint(event.states)
        return tuple(
            LayerSample(
                name=spec.name,
                frozen=any_held and _are_held(event.states, self.tensors[number]),
                **measured(event, known, number),
            )
            for number, spec in enumerate(self.specs)
        )

    def _of_blocks(self, _: Measured, known: _Known, number: int) -> dict[str, float | None]:
        return {name: column[number] for name, column in known if number < len(column)}

    def _of_matrices(self, event: Measured, _: _Known, number: int) -> dict[str, float | None]:
        """The matrices of a module together, as one vector."""
        tensors = self.structure.tensors
        matrices = [index for index in self.tensors[number] if tensors[index].role != "bias"]

        def values(name: str) -> list[float | None]:
            return [_at(event.tensors, name, index) for index in matrices]

        sizes = [float(math.prod(tensors[index].shape)) for index in matrices]
        weights = values("weight_norm")
        changes = [
            None if ratio is None or weight is None else ratio * weight
            for ratio, weight in zip(values("update_ratio"), weights, strict=True)
        ]
        change, weight = _norm(changes), _norm(weights)
        return {
            "grad_norm": _norm(values("grad_norm")),
            "weight_norm": weight,
            "update_ratio": change / weight if change is not None and weight else None,
            "unmoved": _average(values("unmoved"), sizes),
        }


def layers_of(structure: StructureFound) -> WatchedLayers:
    """The layers that a structure has."""
    tensors = structure.tensors
    if structure.blocks:
        specs = tuple(
            LayerSpec(name=block.name, kind=block.kind, activation="relu" if block.rectified else "")
            for block in structure.blocks[:MOST_LAYERS]
        )
        members = _grouped(tensors, lambda tensor: tensor.block)
        return WatchedLayers(
            specs, tuple(members.get(number, ()) for number in range(len(specs))), True, structure
        )
    by_module = _grouped(tensors, lambda tensor: module_of(tensor.name))
    with_matrices = dict.fromkeys(
        module_of(each.name) for each in tensors if each.role in ("matrix", "embedding")
    )
    names = tuple(islice(with_matrices, MOST_LAYERS))
    specs = tuple(LayerSpec(name=name, kind="") for name in names)
    return WatchedLayers(specs, tuple(by_module[name] for name in names), False, structure)


def module_of(tensor: str) -> str:
    """The name of the module that owns a tensor; the tensor's own if the model itself owns it."""
    return tensor.rpartition(".")[0] or tensor


def _grouped(tensors: Sequence[TensorSpec], key: Callable[[TensorSpec], _Key]) -> dict[_Key, tuple[int, ...]]:
    groups: dict[_Key, list[int]] = {}
    for number, tensor in enumerate(tensors):
        groups.setdefault(key(tensor), []).append(number)
    return {name: tuple(numbers) for name, numbers in groups.items()}


def _are_held(states: str, tensors: Sequence[int]) -> bool:
    """Whether no optimizer changes any of these tensors; not so if nothing is known about them."""
    letters = [states[number] for number in tensors if number < len(states)]
    return bool(letters) and all(letter in _HELD for letter in letters)


def _at(columns: Columns, name: str, number: int) -> float | None:
    column = columns.get(name, ())
    return column[number] if number < len(column) else None


def _norm(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return math.hypot(*known) if known else None


def _average(values: Sequence[float | None], sizes: Sequence[float]) -> float | None:
    known = [(value, size) for value, size in zip(values, sizes, strict=True) if value is not None]
    total = sum(size for _, size in known)
    return sum(value * size for value, size in known) / total if total else None
