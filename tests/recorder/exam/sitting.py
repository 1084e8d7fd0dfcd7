"""One network sits the exam: it trains, the rules follow its measurements, and the verdicts are marked."""

from dataclasses import dataclass
from statistics import median

from torch import nn

from tests.recorder.exam.cases import Case
from tests.recorder.exam.plain_loop import PlainLoop
from vanish_recorder.diagnosis import Diagnosis
from vanish_recorder.protocol.events import VerdictChanged
from vanish_recorder.protocol.structure import BlockRole
from vanish_recorder.protocol.verdicts import FAULTS


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
    """Train a case with the independent loop, and judge it."""
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


def leaves(model: nn.Module) -> list[str]:
    """The modules without modules of their own."""
    return [name for name, module in model.named_modules() if name and not list(module.children())]


def is_rectified(block: nn.Module) -> bool:
    """Whether the block's output comes from a ReLU: here, whether its last module is one."""
    inside = [module for module in block.modules() if not list(module.children())]
    last = getattr(block, "relu", inside[-1])
    return isinstance(last, nn.ReLU)
