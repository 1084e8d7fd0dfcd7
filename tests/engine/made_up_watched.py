"""Made-up watched runs: their events, and their folders as the recorder writes them."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from vanish_recorder.protocol.event import SCHEMA, Record
from vanish_recorder.protocol.events import RunEvent, RunFinished
from vanish_recorder.protocol.status import Status
from vanish_recorder.protocol.structure import BlockSpec, OptimizerSpec, TensorSpec
from vanish_recorder.protocol.watch_events import (
    EpochLogged,
    HistogramsTaken,
    Measured,
    PartDisabled,
    StructureFound,
    WatchStarted,
)
from vanish_recorder.storage.log_file import LogFile

RUN = "20260101-120000-gpt-small"
SECONDS_PER_STEP = 0.05


def description(name: str = "gpt-small", **changes: Any) -> Record:
    """What is recorded about a script, as `run.json` and the first line of a log hold it."""
    return {
        "name": name,
        "script": "/home/anna/gpt/train.py",
        "arguments": ["--layers", "4"],
        "folder": "/home/anna/gpt",
        "git": {"commit": "0123456789abcdef0123456789abcdef01234567", "dirty": False},
        "versions": {"python": "3.12.4", "torch": "2.8.0", "cuda": None},
        "host": "gpu-7",
        "pid": 4321,
        "device": "cpu",
        "dtype": "float32",
        "world_size": 1,
        "config": {"optimizer.lr": 0.0003, "model.layers": 4, "batch": 64},
        "every": "auto",
        "budget": 0.02,
        "layers": None,
        "control": True,
    } | changes


def at(step: int, epoch: int = 1, run: str = RUN) -> dict[str, Any]:
    """Where in the run an event is."""
    return {"run": run, "step": step, "epoch": epoch, "stage": 0, "time": step * SECONDS_PER_STEP}


def started(watched: Record | None = None, run: str = RUN) -> WatchStarted:
    """The first line of the log."""
    return WatchStarted(
        **at(0, 0, run), schema=SCHEMA, watched=watched or description(), device="cpu", parameters=1_234_567
    )


def structure(blocks: int = 4, tensors_per_block: int = 4, **changes: Any) -> StructureFound:
    """Blocks `h.0`, `h.1` and so on, each with a weight, a bias, and more matrices.

    Args:
        blocks: how many; 0 without activations.
        tensors_per_block: at least 2.
        changes: fields of the event.
    """
    fields: dict[str, Any] = {
        **at(0, 0),
        "blocks": tuple(BlockSpec(name=f"h.{number}", kind="Block") for number in range(blocks)),
        "tensors": tuple(
            TensorSpec(name=f"h.{block}.{name}", shape=shape, dtype="float32", role=role, block=block)
            for block in range(blocks)
            for name, shape, role in _tensors(tensors_per_block)
        ),
        "optimizers": (OptimizerSpec(name="AdamW", eps=1e-8, tensors=blocks * tensors_per_block),),
    }
    return StructureFound(**fields | changes)


def _tensors(count: int) -> Iterator[tuple[str, tuple[int, ...], Any]]:
    yield "attn.weight", (64, 32), "matrix"
    yield "attn.bias", (64,), "bias"
    for number in range(count - 2):
        yield f"mlp.{number}.weight", (32, 32), "matrix"


def measured(
    step: int,
    what: StructureFound,
    *,
    epoch: int = 1,
    falls_by: float = 2.0,
    loss: float | None = 3.0,
    **changes: Any,
) -> Measured:
    """A sample in which the gradient falls by a factor from each block to the one before it.

    Args:
        step: of the sample.
        what: the structure.
        epoch: of the sample.
        falls_by: the factor.
        loss: that the script has; None if it logs none.
        changes: fields of the event.
    """
    blocks, tensors = len(what.blocks), len(what.tensors)
    norms = [falls_by ** -(blocks - 1 - number) for number in range(blocks)]
    depth = [norms[each.block] if each.block is not None and norms else 1.0 for each in what.tensors]
    fields: dict[str, Any] = {
        **at(step, epoch),
        "logged": {} if loss is None else {"loss": loss, "lr": 3e-4},
        "blocks": {
            "delta_norm": tuple(norms),
            "grad_norm": tuple(3 * each for each in norms),
            "update_ratio": tuple(1e-3 * each for each in norms),
            "unmoved": (0.0,) * blocks,
            "weight_norm": (12.0,) * blocks,
            "activation_mean": (0.1,) * blocks,
            "activation_std": (1.0,) * blocks,
            "sample_std": (0.5,) * blocks,
        }
        if blocks
        else {},
        "tensors": {
            "grad_norm": tuple(depth),
            "update_ratio": tuple(1e-3 * each for each in depth),
            "unmoved": (0.0,) * tensors,
            "weight_norm": (4.0,) * tensors,
        },
        "states": "s" * tensors,
        "lr": (3e-4,) * tensors,
        "seconds": 0.001,
    }
    return Measured(**fields | changes)


def epoch_logged(step: int, epoch: int, **logged: float) -> EpochLogged:
    """The end of an epoch."""
    return EpochLogged(**at(step, epoch), logged=logged)


def histograms(step: int, block: str) -> HistogramsTaken:
    """Histograms of a block, of 20 bars each."""
    counts = tuple(float(min(number, 19 - number)) for number in range(20))
    return HistogramsTaken(
        **at(step),
        block=block,
        histograms={
            "weights": (-0.5, 0.5, *counts),
            "gradients": (-1e-3, 1e-3, *counts),
            "activations": (-4.0, 4.0, *counts),
        },
    )


def disabled(step: int, part: str = "activations", reason: str = "RuntimeError: no") -> PartDisabled:
    """A part of the recorder failed."""
    return PartDisabled(**at(step), part=part, reason=reason)


def finished(step: int, epoch: int = 1, status: Status = Status.FINISHED) -> RunFinished:
    """The end of the script."""
    return RunFinished(
        **at(step, epoch),
        status=status,
        epochs=epoch,
        steps=step,
        test_loss=None,
        test_accuracy=None,
        best_test_accuracy=None,
        seconds=step * SECONDS_PER_STEP,
        weights_sha256=None,
    )


def course(
    steps: Iterable[int] = range(1, 101, 10), what: StructureFound | None = None, **changes: Any
) -> Iterator[RunEvent]:
    """A whole run without its end: its start, its structure, and samples in which the loss falls."""
    what = structure() if what is None else what
    yield started()
    yield what
    for step in steps:
        yield measured(step, what, **{"loss": 3.0 / step**0.2} | changes)


def write(
    runs: Path, events: Iterable[RunEvent], run: str = RUN, watched: Mapping[str, Any] | None = None
) -> Path:
    """Write the folder of a run, with these events.

    Args:
        runs: the folder of all runs.
        events: in their order.
        run: the name of its folder.
        watched: its description; the usual one without it.

    Returns:
        The folder.
    """
    about = {"schema": SCHEMA, "kind": "watched", "run": run, "watched": dict(watched or description())}
    log = LogFile(runs / run, json.dumps(about).encode())
    for event in events:
        log.keep(event)
    log.flush()
    log.close()
    return runs / run
