"""Events of made-up watched runs."""

from pathlib import Path
from typing import Any

from vanish_recorder.protocol.events import RunFinished, VerdictChanged
from vanish_recorder.protocol.status import Status
from vanish_recorder.protocol.structure import BlockSpec, OptimizerSpec, TensorSpec
from vanish_recorder.protocol.watch_events import EpochLogged, Measured, StructureFound
from vanish_recorder.recording import Recording

WATCHED = {
    "script": "train.py",
    "arguments": ["--lr", "0.1"],
    "folder": "/home/me",
    "git": None,
    "versions": {"python": "3.11.2", "torch": "2.4.0"},
    "host": "box",
    "pid": 4711,
    "device": "cpu",
    "dtype": "float32",
    "world_size": 1,
    "config": {"lr": 0.1},
    "every": "auto",
    "budget": 0.02,
    "layers": None,
    "control": True,
}


def recording(runs: Path, name: str = "net", *, resume: bool = False, **watched: Any) -> Recording:
    return Recording.create(runs, name, {**WATCHED, **watched}, device="cpu", parameters=1234, resume=resume)


def at(run: str, step: int) -> dict[str, Any]:
    return {"run": run, "step": step, "epoch": 0, "stage": 0, "time": step / 100}


def structure(run: str, blocks: int = 2, tensors: int = 3, step: int = 0) -> StructureFound:
    return StructureFound(
        **at(run, step),
        blocks=tuple(BlockSpec(name=f"h.{number}", kind="Linear") for number in range(blocks)),
        tensors=tuple(
            TensorSpec(name=f"h.{number}.weight", shape=(4, 4), dtype="float32", block=number % blocks)
            for number in range(tensors)
        ),
        optimizers=(OptimizerSpec(name="AdamW", eps=1e-8, tensors=tensors),),
    )


def measured(run: str, step: int, blocks: int = 2, tensors: int = 3, loss: float | None = None) -> Measured:
    """A sample whose numbers have as many digits as real ones."""

    def column(size: int, scale: float) -> tuple[float, ...]:
        return tuple(
            scale * (1 + ((step * 7919 + number * 104729) % 99991) / 99991) for number in range(size)
        )

    return Measured(
        **at(run, step),
        logged={"loss": 1 + 1 / step if loss is None else loss, "lr": 0.1},
        blocks={name: column(blocks, 1e-3) for name in ("delta_norm", "activation_std", "grad_norm")},
        tensors={
            name: column(tensors, scale)
            for name, scale in (
                ("grad_norm", 1e-5),
                ("update_ratio", 1e-4),
                ("weight_norm", 10.0),
                ("grad_rms", 1e-7),
            )
        },
        states="s" * tensors,
        lr=(0.1,) * tensors,
        seconds=0.001,
    )


def epoch_logged(run: str, step: int, **logged: float) -> EpochLogged:
    return EpochLogged(**at(run, step), logged=logged)


def verdict(run: str, step: int, state: Any = "began", kind: str = "vanishing") -> VerdictChanged:
    return VerdictChanged(
        **at(run, step),
        state=state,
        kind=kind,
        layer="h.0",
        since_step=step,
        evidence={"factor": 1e-6},
        text="The gradient vanishes.",
        suggestions=(),
    )


def finished(run: str, step: int, status: Status = Status.FINISHED) -> RunFinished:
    return RunFinished(
        **at(run, step),
        status=status,
        epochs=0,
        steps=step,
        test_loss=None,
        test_accuracy=None,
        best_test_accuracy=None,
        seconds=step / 100,
        weights_sha256=None,
    )
