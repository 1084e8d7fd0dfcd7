"""Made-up samples of a watched run, for the rules."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from vanish_recorder.diagnosis import Diagnosis
from vanish_recorder.protocol.events import VerdictChanged
from vanish_recorder.protocol.structure import BlockSpec, OptimizerSpec, TensorSpec
from vanish_recorder.protocol.watch_events import Measured, StructureFound

WHEN: dict[str, Any] = {"run": "made-up", "epoch": 0, "stage": 0}


def structure(
    blocks: int = 16, *, norms: bool = False, dtype: str = "float32", eps: float | None = None, **changes: Any
) -> StructureFound:
    """A chain of blocks, each with a matrix, a bias and, if `norms`, the weight of a normalisation."""
    tensors: list[TensorSpec] = []
    for number in range(blocks):
        tensors.append(TensorSpec(name=f"h.{number}.weight", shape=(8, 8), dtype=dtype, block=number))
        tensors.append(
            TensorSpec(name=f"h.{number}.bias", shape=(8,), dtype=dtype, role="bias", block=number)
        )
        if norms:
            name = f"h.{number}.norm.weight"
            tensors.append(TensorSpec(name=name, shape=(8,), dtype=dtype, role="norm", block=number))
    found = StructureFound(
        **WHEN,
        step=0,
        time=0.0,
        blocks=tuple(BlockSpec(name=f"h.{number}", kind="Layer") for number in range(blocks)),
        tensors=tuple(tensors),
        optimizers=(OptimizerSpec(name="SGD", eps=eps, tensors=len(tensors)),),
    )
    return replace(found, **changes)


def healthy(found: StructureFound, step: int) -> Measured:
    """A sample in which nothing is wrong."""
    blocks, tensors = len(found.blocks), len(found.tensors)
    return Measured(
        **WHEN,
        step=step,
        time=float(step),
        logged={"loss": 1.0},
        blocks={
            "delta_norm": (0.1,) * blocks,
            "activation_mean": (0.0,) * blocks,
            "activation_std": (1.0,) * blocks,
            "sample_std": (0.7,) * blocks,
            "update_ratio": (1e-3,) * blocks,
        },
        tensors={
            "grad_norm": (0.1,) * tensors,
            "grad_rms": (0.01,) * tensors,
            "update_ratio": (1e-3,) * tensors,
            "unmoved": (0.0,) * tensors,
            "weight_norm": (1.0,) * tensors,
        },
        states="s" * tensors,
        lr=(0.1,) * tensors,
    )


def with_blocks(sample: Measured, columns: Mapping[str, Sequence[float | None]]) -> Measured:
    """The sample with other columns of blocks."""
    return replace(sample, blocks={**sample.blocks, **{name: tuple(each) for name, each in columns.items()}})


def with_tensors(sample: Measured, columns: Mapping[str, Sequence[float | None]]) -> Measured:
    """The sample with other columns of tensors."""
    return replace(
        sample, tensors={**sample.tensors, **{name: tuple(each) for name, each in columns.items()}}
    )


class Run:
    """A run that a diagnosis follows: samples in the first ten steps, then in every tenth."""

    def __init__(self, found: StructureFound) -> None:
        self.found = found
        self.diagnosis = Diagnosis()
        self.step = 0
        self.said: list[VerdictChanged] = self.diagnosis.apply(found)

    def next_step(self) -> int:
        """The step of the next sample."""
        return self.step + (1 if self.step < 10 else 10)

    def healthy(self) -> Measured:
        """The next sample, in which nothing is wrong."""
        return healthy(self.found, self.next_step())

    def follow(self, sample: Measured) -> list[VerdictChanged]:
        """Let the diagnosis follow a sample of the next step."""
        self.step = self.next_step()
        said = self.diagnosis.apply(replace(sample, step=self.step, time=float(self.step)))
        self.said += said
        return said

    def repeat(self, sample: Measured, times: int) -> list[VerdictChanged]:
        """Follow the same numbers several times."""
        return [change for _ in range(times) for change in self.follow(sample)]


def kinds(said: Sequence[VerdictChanged]) -> list[str]:
    """What began, as `kind`, and what ended, as `-kind`."""
    return [each.kind if each.state == "began" else f"-{each.kind}" for each in said]


def profile(factor: float, blocks: int = 16) -> list[float]:
    """‖dL/dh‖ that each block multiplies on its way back."""
    return [0.1 * factor ** (blocks - 1 - number) for number in range(blocks)]


def only(said: list[VerdictChanged], kind: str) -> VerdictChanged:
    found = [each for each in said if each.kind == kind and each.state == "began"]
    assert len(found) == 1, kinds(said)
    return found[0]
