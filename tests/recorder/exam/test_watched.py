"""The exam through the real `watch`, whose numbers are compared with those of the independent loop."""

import math
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.recorder.exam import tasks
from tests.recorder.exam.cases import HEALTHY, OTHERS, SICK, Case
from tests.recorder.exam.plain_loop import PlainLoop
from tests.recorder.exam.sitting import result_of, sit_watched
from vanish_recorder import watch
from vanish_recorder.protocol.watch_events import Measured, StructureFound

SHORT = 40
GPT, SIGMOIDS = HEALTHY[1], SICK[0]


@pytest.fixture(autouse=True)
def same_threads() -> None:
    torch.set_num_threads(1)


@pytest.mark.parametrize("case", [*HEALTHY, *OTHERS], ids=lambda case: case.name)
def test_a_watched_network_that_learns_raises_no_alarm(case: Case, tmp_path: Path) -> None:
    result, _ = sit_watched(case, 0, SHORT, tmp_path)
    assert result.faults == []


@pytest.mark.parametrize("case", SICK, ids=lambda case: case.name)
def test_a_watched_sick_network_is_found_with_the_right_block(case: Case, tmp_path: Path) -> None:
    result, _ = sit_watched(case, 0, case.steps, tmp_path)
    assert result.found(case) is not None, result.said


@pytest.mark.parametrize("case", [GPT, SIGMOIDS], ids=lambda case: case.name)
def test_the_recorder_s_numbers_are_those_of_the_independent_loop(case: Case, tmp_path: Path) -> None:
    _, events = sit_watched(case, 3, 12, tmp_path)
    found = [event for event in events if isinstance(event, StructureFound)][-1]
    # A leaf is measured after the activation that follows it.
    names = [block.name for block in found.blocks if block.name != "head"]
    blocks = [name.removesuffix(".0") if name.startswith("layer") else name for name in names]
    model, optimizer, data = case.begin(3)
    loop = PlainLoop(model, optimizer, case.loss, blocks)
    names = [spec.name for spec in loop.structure().tensors]
    assert [spec.name for spec in found.tensors] == names
    recorded = [event for event in events if isinstance(event, Measured)]
    for ours, theirs in zip(loop.train(data, 12), recorded, strict=False):
        assert ours.step == theirs.step
        assert theirs.logged["loss"] == pytest.approx(ours.logged["loss"], rel=1e-5)
        for name in ("grad_norm", "update_ratio", "unmoved", "weight_norm", "grad_rms"):
            agree(ours.tensors[name], theirs.tensors[name], f"{name} in step {ours.step}")
        for name in ("delta_norm", "activation_mean", "activation_std"):
            agree(ours.blocks[name], theirs.blocks[name][: len(blocks)], f"{name} in step {ours.step}")
    assert len(recorded) >= 10


def agree(ours: Sequence[float | None], theirs: Sequence[float | None], what: str) -> None:
    """Two columns are the same within what float32 and 6 digits leave."""
    for place, (expected, value) in enumerate(zip(ours, theirs, strict=True)):
        if expected is None or value is None:
            assert expected is value, f"{what}, place {place}: {value} instead of {expected}"
        else:
            least = 1e-6 if what.startswith("activation_mean") else 0.0
            close = math.isclose(expected, value, rel_tol=2e-3, abs_tol=least)
            assert close, f"{what}, place {place}: {value} instead of {expected}"


class Gan(nn.Module):
    """A small DCGAN, both of its networks in one module."""

    def __init__(self) -> None:
        super().__init__()
        self.generator = nn.Sequential(
            nn.ConvTranspose2d(16, 16, 4),
            nn.BatchNorm2d(16),
            nn.ReLU(True),
            nn.ConvTranspose2d(16, 3, 4, 2, 1),
            nn.Tanh(),
        )
        self.discriminator = nn.Sequential(
            nn.Conv2d(3, 16, 4, 2, 1), nn.LeakyReLU(0.2, True), nn.Conv2d(16, 1, 4), nn.Flatten()
        )


def test_a_gan_raises_no_alarm(tmp_path: Path) -> None:
    torch.manual_seed(0)
    gan, data = Gan(), tasks.images(0)
    for part in gan.modules():
        if isinstance(part, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(part.weight, std=0.02)
    first = torch.optim.Adam(gan.discriminator.parameters(), lr=2e-4, betas=(0.5, 0.999))
    second = torch.optim.Adam(gan.generator.parameters(), lr=2e-4, betas=(0.5, 0.999))
    with watch(gan, runs_dir=tmp_path, every=10, quiet=True) as lab:
        for _ in range(60):
            real, _ = next(data)
            made = gan.generator(torch.randn(len(real), 16, 1, 1))
            gan.discriminator.zero_grad()
            loss = verdict_loss(gan, real, 1.0) + verdict_loss(gan, made.detach(), 0.0)
            loss.backward()  # type: ignore[no-untyped-call]
            first.step()
            gan.generator.zero_grad()
            verdict_loss(gan, made, 1.0).backward()  # type: ignore[no-untyped-call]
            second.step()
        assert lab.folder is not None
    result, _ = result_of(lab.folder)
    assert result.faults == []


def verdict_loss(gan: Gan, pictures: Tensor, label: float) -> Tensor:
    """How wrong the discriminator is."""
    said = gan.discriminator(pictures)
    return functional.binary_cross_entropy_with_logits(said, torch.full_like(said, label))
