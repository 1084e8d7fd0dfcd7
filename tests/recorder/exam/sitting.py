"""One network sits the exam: it trains, the rules follow its measurements, and the verdicts are marked."""

from dataclasses import dataclass
from pathlib import Path
from statistics import median

from torch import nn

from tests.recorder.exam.cases import Case
from tests.recorder.exam.plain_loop import PlainLoop
from vanish_recorder import watch
from vanish_recorder.diagnosis import Diagnosis
from vanish_recorder.protocol.codec import from_line
from vanish_recorder.protocol.events import RunEvent, VerdictChanged
from vanish_recorder.protocol.structure import BlockRole
from vanish_recorder.protocol.verdicts import FAULTS
from vanish_recorder.protocol.watch_events import Measured, PartDisabled


@dataclass(frozen=True)
class Result:
    """What was said of a network.

    Attributes:
        said: every verdict that began.
        loss: a median of the first three samples, and of the last.
    """

    said: tuple[VerdictChanged, ...]
    loss: tuple[float, float]

    @property
    def faults(self) -> list[str]:
        """What was said to be wrong: a false alarm, if the network is healthy."""
        return [
            f"step {each.step}: {each.kind} [{each.layer}] {each.text}"
            for each in self.said
            if each.kind in FAULTS
        ]

    def found(self, case: Case) -> VerdictChanged | None:
        """The first verdict that finds what is wrong, with the right block."""
        right = (each for each in self.said if each.kind in case.finds)
        return next((each for each in right if (each.layer or "").startswith(case.at)), None)


def sit(case: Case, seed: int, steps: int) -> Result:
    """Train a case with the independent loop, which gives the rules its own measurements."""
    model, optimizer, data = case.begin(seed)
    blocks = list(case.blocks) or leaves(model)
    role: BlockRole = "block" if case.blocks else "leaf"
    rectified = [name for name in blocks if is_rectified(model.get_submodule(name))]
    loop = PlainLoop(model, optimizer, case.loss, blocks, role=role, rectified=rectified)
    diagnosis, losses = Diagnosis(), []
    said = diagnosis.apply(loop.structure())
    for event in loop.train(data, steps):
        losses.append(event.logged["loss"])
        said += diagnosis.apply(event)
    return Result(
        tuple(each for each in said if each.state == "began"), (median(losses[:3]), median(losses[-3:]))
    )


def sit_watched(case: Case, seed: int, steps: int, runs: Path) -> tuple[Result, list[RunEvent]]:
    """Train a case in a plain loop that `watch` records, and read the verdicts in its log."""
    model, optimizer, data = case.begin(seed)
    with watch(model, optimizer, runs_dir=runs, every=10, quiet=True) as lab:
        for _ in range(steps):
            optimizer.zero_grad()
            case.loss(model, next(data)).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        assert lab.folder is not None
    return result_of(lab.folder)


def result_of(folder: Path) -> tuple[Result, list[RunEvent]]:
    """What a watched run's log says, and all its events."""
    lines = (folder / "events.jsonl").read_bytes().splitlines()
    events = [event for line in lines if (event := from_line(line)) is not None]
    disabled = [event for event in events if isinstance(event, PartDisabled)]
    assert disabled == []
    losses = [event.logged["loss"] for event in events if isinstance(event, Measured)]
    said = (event for event in events if isinstance(event, VerdictChanged) and event.state == "began")
    return Result(tuple(said), (median(losses[:3]), median(losses[-3:]))), events


def leaves(model: nn.Module) -> list[str]:
    """The modules without modules of their own."""
    return [name for name, module in model.named_modules() if name and not list(module.children())]


def is_rectified(block: nn.Module) -> bool:
    """Whether the block's output comes from a ReLU: here, whether its last module is one."""
    inside = [module for module in block.modules() if not list(module.children())]
    last = getattr(block, "relu", inside[-1])
    return isinstance(last, nn.ReLU)
