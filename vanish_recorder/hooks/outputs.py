"""Reads the outputs of blocks, and the gradients that reach them, in one forward and backward pass.

The hooks are torch's global ones, and they are there only while a sample is armed. Nothing is put on a
module, so that a model can be copied, saved and sent to other processes at any time.
"""

import math
import sys
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from torch.utils.hooks import RemovableHandle

from vanish_recorder.guard import Guard
from vanish_recorder.measure.norms import norm, norm_on_host
from vanish_recorder.measure.outputs import Moments, first_tensor, moments, statistics
from vanish_recorder.measure.readout import Readout
from vanish_recorder.model.boundaries import Boundary
from vanish_recorder.protocol.structure import BlockSpec

MOST_CALLS = 1000  # of one module in a pass; later ones are not measured


@dataclass
class Block:
    """What was read of one block.

    Attributes:
        boundary: where.
        rectified: whether its output comes from a ReLU.
        moments: of its output in the first call.
        deltas: ‖dL/dh‖ of each call, by the call's number; on the CPU as a number.
        over_time: ‖dL/dx_t‖ of a whole sequence, [time].
        calls: how often it was called.
        extensions: how many normalisations and activations followed its first call.
        output: of its latest call, until the pass ends.
        version: of that output when the block returned it; torch counts the changes in place.
        handle: of the hook on that output.
    """

    boundary: Boundary
    rectified: bool
    moments: Moments | None = None
    deltas: dict[int, float | Tensor] = field(default_factory=dict)
    over_time: Tensor | None = None
    calls: int = 0
    extensions: int = 0
    output: Tensor | None = None
    version: int = 0
    handle: RemovableHandle | None = None

    @property
    def spec(self) -> BlockSpec:
        """Its description."""
        where = self.boundary
        return BlockSpec(name=where.name, kind=where.kind, role=where.role, rectified=self.rectified)


class OutputProbe:
    """Reads one pass. It only reads.

    Args:
        model: whose outputs are read while it is in training mode.
        boundaries: by identity of the module.
        guard: keeps errors away from the training.
        extensions: by name of a block, how many normalisations and activations followed it in each of the
            two latest passes. If there were as many, only the last output is read. The probe adds its pass.
        kept: the name of a block whose output is kept for a histogram; None for none.

    Attributes:
        seconds: that reading took so far.
    """

    def __init__(
        self,
        model: nn.Module,
        boundaries: Mapping[int, Boundary],
        guard: Guard,
        extensions: dict[str, tuple[int, int]],
        kept: str | None = None,
    ) -> None:
        self._model = weakref.ref(model)
        self._boundaries = boundaries
        self._guard = guard
        self._extensions = extensions
        self._kept = kept
        self.kept_output: Tensor | None = None
        self.seconds = 0.0
        self._done = False  # the first backward pass has ended
        self.blocks: dict[str, Block] = {}  # in the order of their first calls
        self._latest: Block | None = None
        # For each block, the number of its part and the row in it; of the deltas the part or the numbers.
        self._parts: list[tuple[Block, int, int, int | list[float], int | None]] = []
        has_sequences = any(each.kind in ("RNN", "LSTM", "GRU") for each in boundaries.values())
        self._handles = [register_module_forward_hook(self._after_forward)]
        if has_sequences:
            self._handles.append(register_module_forward_pre_hook(self._before_forward))

    def remove(self) -> None:
        """Take the hooks away."""
        for handle in self._handles:
            handle.remove()
        self._handles.clear()
        for block in self.blocks.values():
            block.output, block.handle = None, None
        self._latest = None

    def end_pass(self) -> None:
        """The backward pass ended: what follows, for example a second batch, is not read."""
        if any(block.deltas for block in self.blocks.values()):
            self._done = True
            for block in self.blocks.values():
                self._read_after_all(block)
                block.output, block.handle = None, None
            self._latest = None

    def _read_after_all(self, block: Block) -> None:
        """Read the output of a block that nothing followed this time, unless it was changed in place."""
        if (
            block.moments is None
            and block.calls == 1
            and block.output is not None
            and block.output._version == block.version
        ):
            self._measure(block, block.output)

    # -------------------------------------------------------------------------------- forward

    def _is_read(self) -> bool:
        model = self._model()
        return (
            not self._done
            and model is not None
            and model.training
            and torch.is_grad_enabled()
            and torch._C._current_graph_task_id() == -1  # else it is computed again, within the backward pass
        )

    def _after_forward(self, module: nn.Module, _inputs: Any, output: Any) -> None:
        boundary = self._boundaries.get(id(module))
        if boundary is not None:
            began = perf_counter()
            self._guard("activations", self._read, boundary, _inputs, output)
            self.seconds += perf_counter() - began

    def _read(self, boundary: Boundary, inputs: Any, output: Any) -> None:
        found = first_tensor(output)
        if found is None or not found.requires_grad or not self._is_read():
            return
        if boundary.extends:
            self._extend(boundary, inputs, found)
            return
        block = self.blocks.get(boundary.name)
        if block is None:
            block = self.blocks[boundary.name] = Block(boundary, boundary.rectifies)
        self._latest = block
        block.calls += 1
        if block.calls <= MOST_CALLS:
            self._take(block, found)

    def _extend(self, boundary: Boundary, inputs: Any, output: Tensor) -> None:
        """A normalisation or an activation: its output is that of the block whose output it was given."""
        block = self._latest
        given = inputs[0] if isinstance(inputs, tuple) and inputs else None
        if block is None or block.output is None or given is not block.output or block.calls > MOST_CALLS:
            return
        if block.handle is not None:
            block.handle.remove()
        if block.calls == 1:
            block.rectified = boundary.rectifies
            block.extensions += 1
        self._take(block, output)

    def _take(self, block: Block, output: Tensor) -> None:
        block.output, block.version, block.handle = output, output._version, None
        if block.extensions < min(self._extensions.get(block.boundary.name, (0, 0))):
            return
        if block.calls == 1:
            self._measure(block, output)
        block.handle = _hooked(output, partial(self._on_gradient, block, block.calls))

    def _measure(self, block: Block, output: Tensor) -> None:
        if not output.numel():  # of an expert that got no token
            return
        block.moments = moments(output, block.boundary.unit_axis, rectified=block.rectified)
        if block.boundary.name == self._kept:
            self.kept_output = output.detach().clone()

    def _before_forward(self, module: nn.Module, inputs: Any) -> Any:
        boundary = self._boundaries.get(id(module))
        if boundary is None or boundary.kind not in ("RNN", "LSTM", "GRU"):
            return None
        return self._guard("activations", self._follow_sequence, module, boundary, inputs)

    def _follow_sequence(self, module: nn.Module, boundary: Boundary, inputs: Any) -> Any:
        """Let the gradient reach the sequence that a recurrent layer is given; its values are the same."""
        sequence = inputs[0] if inputs else None
        if not isinstance(sequence, Tensor) or not sequence.is_floating_point() or not self._is_read():
            return None
        if not sequence.requires_grad:
            sequence = sequence.detach().requires_grad_()
        if sequence.ndim == 3:
            time = 1 if getattr(module, "batch_first", False) else 0
            _hooked(sequence, partial(self._on_sequence_gradient, boundary.name, time))
        return (sequence, *inputs[1:])

    # ------------------------------------------------------------------------------- backward

    def _on_gradient(self, block: Block, call: int, gradient: Tensor) -> None:
        began = perf_counter()
        self._guard("activations", self._read_gradient, block, call, gradient)
        self.seconds += perf_counter() - began

    def _read_gradient(self, block: Block, call: int, gradient: Tensor) -> None:
        gradient = gradient.detach()
        block.deltas[call] = norm_on_host(gradient) if gradient.device.type == "cpu" else norm(gradient)

    def _on_sequence_gradient(self, name: str, time: int, gradient: Tensor) -> None:
        self._guard("activations", self._read_sequence_gradient, name, time, gradient)

    @torch.no_grad()
    def _read_sequence_gradient(self, name: str, time: int, gradient: Tensor) -> None:
        block = self.blocks.get(name)
        if block is not None and block.over_time is None:
            by_time = gradient.detach().movedim(time, 0).flatten(1)
            block.over_time = torch.linalg.vector_norm(by_time, dim=1, dtype=torch.float64)

    # --------------------------------------------------------------------------------- result

    def put(self, readout: Readout) -> None:
        """Add what was read to a sample's readout."""
        alike: dict[tuple[torch.device, torch.dtype, int], list[tuple[Block, Moments]]] = {}
        for block in self.blocks.values():
            self._read_after_all(block)
            latest = self._extensions.get(block.boundary.name, (0, 0))[1]
            self._extensions[block.boundary.name] = latest, block.extensions
            if block.moments is not None:
                means = block.moments.means
                alike.setdefault((means.device, means.dtype, len(means)), []).append((block, block.moments))
        for members in alike.values():
            part = readout.put(statistics([each for _, each in members]))
            for row, (block, _) in enumerate(members):
                deltas = [block.deltas[call] for call in sorted(block.deltas)]
                on_device = [each for each in deltas if isinstance(each, Tensor)]
                delta = readout.put(torch.stack(on_device)) if on_device else [float(each) for each in deltas]
                over = readout.put(block.over_time) if block.over_time is not None else None
                self._parts.append((block, part, row, delta, over))

    def values(
        self, readout: Readout, scale: float
    ) -> tuple[dict[str, dict[str, float]], dict[str, tuple[float, ...]]]:
        """The numbers by block and quantity, and those over time by block, after the readout was fetched.

        Args:
            readout: that `put` was given.
            scale: of the loss, which the gradients hold.
        """
        found: dict[str, dict[str, float]] = {}
        times: dict[str, tuple[float, ...]] = {}
        for block, part, place, delta, over in self._parts:
            mean, deviation, difference, dead = readout.numbers(part)[4 * place : 4 * place + 4]
            row = {"activation_mean": mean, "activation_std": deviation, "sample_std": difference}
            if dead >= 0:
                row["dead"] = dead
            numbers = delta if isinstance(delta, list) else readout.numbers(delta)
            if numbers:
                each = [value / scale for value in numbers]
                row["delta_norm"] = math.hypot(*each)
                if len(each) > 1 and block.boundary.role == "recurrent":
                    times[block.boundary.name] = tuple(each)
            if over is not None:
                times[block.boundary.name] = tuple(value / scale for value in readout.numbers(over))
            found[block.boundary.name] = row
        return found, times


def _hooked(tensor: Tensor, hook: Callable[[Tensor], None]) -> RemovableHandle:
    handle: RemovableHandle = tensor.register_hook(hook)  # type: ignore[no-untyped-call]
    return handle


def compiled(model: nn.Module) -> str:
    """Why outputs are not measured: the model, or something else in the script, is compiled; empty if not."""
    for module in model.modules():
        if (
            type(module).__name__ == "OptimizedModule"
            or getattr(module, "_compiled_call_impl", None) is not None
        ):
            return "the model is compiled with torch.compile, where hooks would break its graphs"
    counters = getattr(sys.modules.get("torch._dynamo.utils"), "counters", {})
    if counters.get("frames"):
        return "the script uses torch.compile, where hooks would break its graphs"
    if any(isinstance(module, torch.jit.ScriptModule) for module in model.modules()):
        return "the model is a TorchScript module, which takes no hooks"
    return ""
